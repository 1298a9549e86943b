"""Entropy with each instruction set's kernels, one child process each, in the same rounds."""

import contextlib

import numpy as np

from bench.peers.measure_peers import functions
from bench.processes.children import Child
from bench.processes.machine import available_isas
from bench.processes.timing import interleaved, ratio
from bench.report import bars
from bench.report.rows import Effort, Quantity, Row, Section, size_text

MEASURE, DTYPE, N = "entropy", "float64", 1_000_000


def by_isa(effort: Effort) -> Section:
    """How far each kernel table is from the best one and from SciPy."""
    section = Section(
        "Instruction sets",
        "One long-lived child process per instruction set (`PYINFO_ISA`) and one for SciPy, all on "
        "the same processor, their samples interleaved round by round. The ratio is how many times "
        "as fast as the peer.",
    )
    n = effort.size(N)
    effort.progress(f"{MEASURE} by instruction set")
    with contextlib.ExitStack() as stack:
        samplers = {}
        for isa in available_isas():
            child = stack.enter_context(Child(MEASURE, DTYPE, n, isa=isa))
            samplers[isa] = child.sample
        if any(peer.name == bars.SCIPY_ENTROPY for peer in functions(MEASURE)):
            scipy = stack.enter_context(Child(MEASURE, DTYPE, n, candidate=bars.SCIPY_ENTROPY))
            samplers[bars.SCIPY_ENTROPY] = scipy.sample
        seconds = interleaved(samplers, rounds=effort.rounds, sample_seconds=effort.sample_seconds)
    for isa in available_isas():
        barred, bar = bars.ISA.get(isa, ("", None))
        for peer in (bars.BEST_ISA, bars.SCIPY_ENTROPY):
            if peer in seconds and peer != isa:
                section.rows.append(
                    Row(
                        f"{MEASURE} {DTYPE}, {isa}",
                        size_text(n),
                        Quantity(float(np.median(seconds[isa])), "s"),
                        peer,
                        Quantity(float(np.median(seconds[peer])), "s"),
                        ratio(seconds[peer], seconds[isa]),
                        bar if peer == barred else None,
                    )
                )
    return section
