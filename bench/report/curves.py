"""What the pictures show: series of measurements, each with everything that it is compared to.

Every series is taken in interleaved rounds, as the bars are.
"""

import functools
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module, util

import numpy as np

import pyinfo
from bench.inputs.coding_inputs import (
    TEXT,
    WEIGHTS,
    Bytes,
    coding_data,
    entropy_of,
    geometric,
)
from bench.peers.candidates import NUMPY, PYINFO, candidates, check_agreement
from bench.peers.codecs import peer_codecs, pyinfo_codec
from bench.peers.measures import MEASURES
from bench.processes.children import Worker
from bench.processes.machine import available_isas, cache_sizes, seconds_per_byte
from bench.processes.timing import Call, Sampler, interleaved
from bench.report.rows import Effort

MEASURED = ("entropy", "kl_divergence")
SIZES = tuple(1 << k for k in range(2, 25))
ENTROPIES = (0.05, 0.25, 0.5, 1, 1.5, 2, 3, 4, 5, 6, 7, 7.5, 7.9)
CODED = 4 << 20
ROUNDS, SAMPLE_SECONDS = 5, 0.002


@dataclass(frozen=True)
class Growth:
    """Seconds of a call by n, for everything that computes a measure on float64."""

    measure: str
    bytes_per_item: int
    sizes: tuple[int, ...]
    seconds: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class Throughput:
    """GB/s by the entropy of the data, for each coder and direction."""

    entropies: tuple[float, ...]
    encode: Mapping[str, tuple[float, ...]]
    decode: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class Codec:
    """A point of the picture of sizes and speeds."""

    name: str
    part: float
    encode: float
    decode: float


@dataclass(frozen=True)
class Curves:
    """Everything that is drawn, and what the machine's memory gives."""

    caches: tuple[int, ...]
    bytes_per_second: float
    growth: list[Growth] = field(default_factory=list)
    throughput: Throughput | None = None
    pareto: Mapping[str, list[Codec]] = field(default_factory=dict)


def measured(effort: Effort) -> Curves:
    """All series, the memory's bandwidth among them."""
    return Curves(
        cache_sizes(),
        1 / seconds_per_byte(),
        [_growth(measure, effort) for measure in MEASURED],
        _throughput(effort),
        {kind: _pareto(kind, effort) for kind in (TEXT, WEIGHTS)},
    )


def _medians(samplers: Mapping[str, Sampler], effort: Effort) -> dict[str, float]:
    rounds = 3 if effort.quick else ROUNDS
    seconds = interleaved(samplers, rounds=rounds, sample_seconds=SAMPLE_SECONDS)
    return {name: float(np.median(times)) for name, times in seconds.items()}


def _growth(measure: str, effort: Effort) -> Growth:
    """One size after the other; the instruction sets' child processes live through all of them."""
    sizes = SIZES[:15] if effort.quick else SIZES
    workers = {f"{PYINFO} {isa}": Worker(isa=isa) for isa in available_isas()}
    found: dict[str, list[float]] = {}
    try:
        for n in sizes:
            effort.progress(f"{measure}, n = {n:,}")
            inputs = MEASURES[measure].inputs((n,))
            rows = candidates(measure, inputs)
            check_agreement(measure, inputs, rows)
            samplers = {row.name: row.call.sampler() for row in rows if row.name != PYINFO}
            for name, worker in workers.items():
                worker.prepare("measure", measure, "float64", [n], None, PYINFO)
                samplers[name] = worker.sample
            median = _medians(samplers, effort)
            best_line = min(median[row.name] for row in rows if row.owner == NUMPY)
            peers = {row.name for row in rows if row.owner not in (PYINFO, NUMPY)}
            shown = {**{name: median[name] for name in (*workers, *sorted(peers))}}
            shown["the best NumPy line"] = best_line
            for name, seconds in shown.items():
                found.setdefault(name, []).append(seconds)
    finally:
        for worker in workers.values():
            worker.close()
    touched = 8 * MEASURES[measure].distributions
    return Growth(measure, touched, sizes, {name: tuple(row) for name, row in found.items()})


def _throughput(effort: Effort) -> Throughput:
    encode: dict[str, list[float]] = {}
    decode: dict[str, list[float]] = {}
    reached = []
    for bits in ENTROPIES[::4] if effort.quick else ENTROPIES:
        effort.progress(f"coders at {bits} bits")
        data = geometric(bits, CODED // 16 if effort.quick else CODED)
        reached.append(entropy_of(data))
        codecs = [pyinfo_codec(coder, data) for coder in ("huffman", "rans")]
        codecs += [each for each in peer_codecs(data) if "readinto" not in each.name]
        for direction, speeds in (("encode", encode), ("decode", decode)):
            calls = {codec.name: getattr(codec, direction).sampler() for codec in codecs}
            for name, seconds in _medians(calls, effort).items():
                speeds.setdefault(name, []).append(data.size / seconds / 1e9)
    tuples = [{name: tuple(row) for name, row in each.items()} for each in (encode, decode)]
    return Throughput(tuple(reached), *tuples)


def _pareto(kind: str, effort: Effort) -> list[Codec]:
    """What the coded size costs in time: entropy coders and what looks for repetitions as well."""
    effort.progress(f"size and speed, {kind}")
    data = coding_data(kind, CODED // 16 if effort.quick else CODED)
    pairs = {
        **{
            f"pyinfo {coder}": (
                Call(pyinfo.compress, (data,), {"coder": coder}),
                functools.partial(pyinfo.decompress, out=np.empty_like(data)),
            )
            for coder in ("huffman", "rans")
        },
        **_libraries(data),
    }
    found = []
    for name, (encode, decode) in pairs.items():
        coded = encode()
        if not np.array_equal(np.frombuffer(memoryview(decode(coded)), np.uint8), data):
            raise AssertionError(f"{name} does not return what it was given")
        calls = {"encode": encode.sampler(), "decode": Call(decode, (coded,)).sampler()}
        seconds = _medians(calls, effort)
        speeds = (data.size / seconds[each] / 1e9 for each in ("encode", "decode"))
        found.append(Codec(name, memoryview(coded).nbytes / data.size, *speeds))
    return found


def _libraries(data: Bytes) -> dict[str, tuple[Call, Callable[..., object]]]:
    found: dict[str, tuple[Call, Callable[..., object]]] = {
        f"zlib {level}": (Call(zlib.compress, (data, level)), zlib.decompress) for level in (1, 6)
    }
    if util.find_spec("zstandard") is not None:
        zstandard = import_module("zstandard")
        for level in (1, 3, 9):
            compressor = zstandard.ZstdCompressor(level=level, write_checksum=True)
            decompress = zstandard.ZstdDecompressor().decompress
            found[f"zstd {level}"] = (Call(compressor.compress, (data,)), decompress)
    return found
