"""What the pictures show: series of measurements, each with everything that it is compared to.

Every series is taken in interleaved rounds, as the bars are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bench.inputs.coded_bytes import GEOMETRIC, TEXT, WEIGHTS, coding_data, entropy_of
from bench.peers.candidate import NUMPY, PYINFO, is_own, owner
from bench.peers.codecs import PARETO, ZSTANDARD_INTO, is_there, own_row
from bench.peers.measures import MEASURES
from bench.processes.machine import available_isas
from bench.processes.rounds import Times, take_rounds
from bench.processes.workload import Subject, Workload
from bench.report.effort import Effort
from pyinfo.testing.machine import cache_sizes, seconds_per_byte

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
    growth: list[Growth]
    throughput: Throughput
    pareto: Mapping[str, list[Codec]]


def measured(effort: Effort) -> Curves:
    """All series, the memory's bandwidth among them."""
    return Curves(
        cache_sizes(),
        1 / seconds_per_byte(),
        [_growth(measure, effort) for measure in MEASURED],
        _throughput(effort),
        {kind: _pareto(kind, effort) for kind in (TEXT, WEIGHTS)},
    )


def _times(subjects: Mapping[str, Subject], effort: Effort) -> Times:
    rounds = 3 if effort.quick else ROUNDS
    return take_rounds(subjects, rounds=rounds, sample_seconds=SAMPLE_SECONDS)


def _by_name(points: Iterator[dict[str, float]]) -> dict[str, tuple[float, ...]]:
    """A series for each name, of what every point has."""
    found: dict[str, list[float]] = {}
    for point in points:
        for name, value in point.items():
            found.setdefault(name, []).append(value)
    return {name: tuple(values) for name, values in found.items()}


def _growth(measure: str, effort: Effort) -> Growth:
    sizes = SIZES[:15] if effort.quick else SIZES
    touched = 8 * MEASURES[measure].distributions
    return Growth(measure, touched, sizes, _by_name(_seconds(measure, n, effort) for n in sizes))


def _seconds(measure: str, n: int, effort: Effort) -> dict[str, float]:
    """Of pyinfo with every instruction set, of the peers and of the best NumPy line."""
    effort.progress(f"{measure}, n = {n:,}")
    workload = Workload("measure", (measure, "float64", (n,), None))
    own = {f"{PYINFO} {isa}": Subject(workload, isa=isa) for isa in available_isas()}
    others = {row: Subject(workload, row) for row in workload.rows() if row != PYINFO}
    times = _times({**own, **others}, effort)
    lines = [row for row in others if owner(row) == NUMPY]
    shown = {name: times.median(name) for name in (*own, *sorted({*others} - {*lines}))}
    return {**shown, "the best NumPy line": min(map(times.median, lines))}


def _coded(direction: str, kind: str, rows: list[str], effort: Effort) -> dict[str, float]:
    """GB/s of codecs on a few MiB."""
    workload = Workload("coding", (direction, kind, _size(effort)))
    times = _times({row: Subject(workload, row) for row in rows}, effort)
    return {row: _size(effort) / times.median(row) / 1e9 for row in rows}


def _size(effort: Effort) -> int:
    return CODED // 16 if effort.quick else CODED


def _throughput(effort: Effort) -> Throughput:
    kinds = [f"{GEOMETRIC} {bits}" for bits in (ENTROPIES[::4] if effort.quick else ENTROPIES)]
    reached = tuple(entropy_of(coding_data(kind, _size(effort))) for kind in kinds)
    speeds = []
    for direction in ("encode", "decode"):
        effort.progress(f"coders by entropy, {direction}")
        peers = Workload("coding", (direction, kinds[0], _size(effort))).rows()
        rows = [*map(own_row, ("huffman", "rans"))]
        rows += [row for row in peers if not is_own(row) and row != ZSTANDARD_INTO]
        speeds.append(_by_name(_coded(direction, kind, rows, effort) for kind in kinds))
    return Throughput(reached, *speeds)


def _pareto(kind: str, effort: Effort) -> list[Codec]:
    """What the coded size costs in time: entropy coders and what looks for repetitions as well."""
    effort.progress(f"size and speed, {kind}")
    rows = [row for row in (*map(own_row, ("huffman", "rans")), *PARETO) if is_there(row)]
    encode, decode = (_coded(each, kind, rows, effort) for each in ("encode", "decode"))
    workload = Workload("coding", ("encode", kind, _size(effort)))
    parts = {row: workload.candidate(row).size / _size(effort) for row in rows}
    return [Codec(row, parts[row], encode[row], decode[row]) for row in rows]
