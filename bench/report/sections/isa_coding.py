"""Decoding with each instruction set's kernels, one child process each, next to peers."""

import contextlib

import numpy as np

from bench.inputs.coding_inputs import FOUR_BITS, coding_data
from bench.peers.codecs import peer_codecs
from bench.processes.children import Worker
from bench.processes.machine import available_isas
from bench.processes.timing import interleaved, ratio
from bench.report import bars
from bench.report.rows import Effort, Quantity, Row, Section, bytes_text

N = 16 << 20
QUICK_N = 512 << 10


def by_isa(effort: Effort) -> Section:
    """How fast `decompress` is with each kernel table, the weakest ones above all."""
    section = Section(
        "Decoding by instruction set",
        "Whole calls with checksums into a buffer that is used again. One long-lived child process "
        "per instruction set (`PYINFO_ISA`), the peers in the parent, all on the same processor, "
        "their samples interleaved round by round. Of zstandard's two interfaces the faster one.",
    )
    n = QUICK_N if effort.quick else N
    peers = peer_codecs(coding_data(FOUR_BITS, n))
    for coder, barred in bars.DECODE_BY_ISA.items():
        effort.progress(f"decode {coder} by instruction set")
        isas = [isa for isa in available_isas() if isa in barred]
        owners = dict.fromkeys(owner for isa in isas for owner in barred[isa])
        with contextlib.ExitStack() as stack:
            samplers = {}
            for isa in isas:
                worker = stack.enter_context(Worker(isa=isa))
                worker.prepare("coding", "decode", FOUR_BITS, n, coder)
                samplers[isa] = worker.sample
            for peer in peers:
                if peer.owner in owners:
                    samplers[peer.name] = peer.decode.sampler()
            seconds = interleaved(
                samplers, rounds=effort.rounds, sample_seconds=effort.sample_seconds
            )
        median = {name: float(np.median(times)) for name, times in seconds.items()}
        speed = {name: Quantity(n / each / 1e9, "GB/s") for name, each in median.items()}
        for isa in isas:
            what = f"decode {coder}, {FOUR_BITS}, {isa}"
            for owner, bar in barred[isa].items():
                names = [peer.name for peer in peers if peer.owner == owner]
                if not names:
                    absent = f"{owner} (not installed)"
                    section.rows.append(Row(what, bytes_text(n), speed[isa], absent))
                    continue
                name = min(names, key=median.__getitem__)
                faster = ratio(seconds[name], seconds[isa])
                section.rows.append(
                    Row(what, bytes_text(n), speed[isa], name, speed[name], faster, bar)
                )
    return section
