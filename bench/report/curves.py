"""What the pictures show: series of measurements, each with everything that it is compared to.

Every series is taken in interleaved rounds, as the bars are.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from bench.inputs.coded_bytes import GEOMETRIC, coding_data, entropy_of
from bench.peers.candidate import NUMPY, PYINFO, is_own, owner
from bench.peers.codecs import ZSTANDARD_INTO, own_row
from bench.processes.machine import available_isas
from bench.processes.rounds import Times, take_rounds
from bench.processes.workload import Subject, Workload
from bench.report.comparisons import Effort

SIZES = tuple(1 << k for k in range(2, 25))
ENTROPIES = (0.05, 0.25, 0.5, 1, 1.5, 2, 3, 4, 5, 6, 7, 7.5, 7.9)
CODED = 4 << 20
OWN_CODERS = (own_row("huffman"), own_row("rans"))
ROUNDS, SAMPLE_SECONDS = 5, 0.002

Series = Mapping[str, Sequence[float]]


class Codec(NamedTuple):
    """A point of the picture of sizes and speeds: the coded part of the size, and GB/s."""

    part: float
    encode: float
    decode: float


def growth(measure: str, effort: Effort) -> tuple[Sequence[int], Series]:
    """Sizes, and seconds of a call on float64 for everything that computes a measure.

    That is pyinfo with every instruction set, the peers, and the best NumPy line.
    """
    sizes = SIZES[:15] if effort.quick else SIZES
    points = []
    for n in sizes:
        effort.progress(f"{measure}, n = {n:,}")
        workload = Workload("measure", (measure, "float64", (n,), None))
        own = {f"{PYINFO} {isa}": Subject(workload, isa=isa) for isa in available_isas()}
        others = {row: Subject(workload, row) for row in workload.rows() if row != PYINFO}
        times = _times({**own, **others}, effort)
        lines = [row for row in others if owner(row) == NUMPY]
        shown = {name: times.median(name) for name in (*own, *sorted({*others} - {*lines}))}
        points.append({**shown, "the best NumPy line": min(map(times.median, lines))})
    return sizes, _by_name(points)


def speeds_by_entropy(effort: Effort) -> tuple[Sequence[float], Mapping[str, Series]]:
    """Entropies of the data, and GB/s by direction for each coder."""
    kinds = [f"{GEOMETRIC} {bits}" for bits in (ENTROPIES[::4] if effort.quick else ENTROPIES)]
    speeds = {}
    for direction in ("encode", "decode"):
        effort.progress(f"coders by entropy, {direction}")
        rows = Workload("coding", (direction, kinds[0], _size(effort))).rows()
        peers = [row for row in rows if not is_own(row) and row != ZSTANDARD_INTO]
        shown = [*OWN_CODERS, *peers]
        speeds[direction] = _by_name(_speeds(direction, kind, shown, effort) for kind in kinds)
    return [entropy_of(coding_data(kind, _size(effort))) for kind in kinds], speeds


def size_and_speed(kind: str, effort: Effort) -> Mapping[str, Codec]:
    """What the coded size costs in time: entropy coders and what looks for repetitions as well."""
    effort.progress(f"size and speed, {kind}")
    workload = Workload("every_codec", ("encode", kind, _size(effort)))
    rows = [
        row for row in workload.rows() if row in OWN_CODERS or row.startswith(("zlib", "zstd "))
    ]
    encode, decode = (_speeds(each, kind, rows, effort) for each in ("encode", "decode"))
    parts = {row: workload.candidate(row).size / _size(effort) for row in rows}
    return {row: Codec(parts[row], encode[row], decode[row]) for row in rows}


def _times(subjects: Mapping[str, Subject], effort: Effort) -> Times:
    rounds = 3 if effort.quick else ROUNDS
    return take_rounds(subjects, rounds=rounds, sample_seconds=SAMPLE_SECONDS)


def _by_name(points: Iterable[Mapping[str, float]]) -> Series:
    """A series for each name, of what every point has."""
    found: dict[str, list[float]] = {}
    for point in points:
        for name, value in point.items():
            found.setdefault(name, []).append(value)
    return found


def _speeds(direction: str, kind: str, rows: list[str], effort: Effort) -> dict[str, float]:
    """GB/s of codecs on a few MiB."""
    workload = Workload("every_codec", (direction, kind, _size(effort)))
    times = _times({row: Subject(workload, row) for row in rows}, effort)
    return {row: _size(effort) / times.median(row) / 1e9 for row in rows}


def _size(effort: Effort) -> int:
    return CODED // 16 if effort.quick else CODED
