"""Zarr arrays: writing, reading and size, next to the codecs that Zarr has."""

from collections.abc import Iterator

from bench.peers.huffman_only_zstd import huffman_only_size
from bench.peers.zarr_arrays import ARRAY, BLOSC, CHUNK_STEPS, ZSTD, fields, stored
from bench.processes.timing import on_all_cpus
from bench.processes.workload import Subject, Workload
from bench.report import bars
from bench.report.effort import Effort, against, speed
from bench.report.rows import Quantity, Row
from bench.report.section import section

FULL = (256, (720, 1440))  # a quarter of a degree, 1.06 GB
QUICK = (16, (90, 180))
ROUNDS = 5
DIRECTIONS = ("write", "read", "decode")
HUFFMAN_ONLY = "zstd, Huffman only, shuffled"


@section(
    "Zarr array",
    "Float32 temperatures on a globe, smooth fields with noise, in memory; chunks of "
    f"{CHUNK_STEPS} fields are written and read one by one, from one thread or two, not "
    "pinned to one processor. “Decode” is `decompress` of the chunks, without Zarr, which "
    "copies what it reads in one thread. Medians of interleaved rounds; every array was seen "
    f"to return the data. Sizes are those of the chunks; “{HUFFMAN_ONLY}” was given whole "
    "chunks.",
)
def chunks(effort: Effort) -> Iterator[Row | str]:
    """Float32 fields in a Zarr array: speed, size, and what a second thread brings."""
    globe = QUICK if effort.quick else FULL
    works = {
        (direction, threads): Workload("zarr", (direction, threads, *globe))
        for direction in DIRECTIONS
        for threads in (1, 2)
    }
    if not works["write", 1].rows():
        yield "Zarr is not installed."
        return
    effort.progress("Zarr arrays")
    with on_all_cpus() as cpus:
        subjects = {
            f"{direction} {threads} {row}": Subject(work, row)
            for (direction, threads), work in works.items()
            for row in work.rows()
        }
        times = effort.time(subjects, most_rounds=ROUNDS, sample_seconds=0)
    n_bytes = fields(*globe).nbytes
    size, shown = f"{n_bytes / 1e9:.3g} GB", speed(n_bytes)
    for direction, threads in works:
        what = f"{direction}, {threads} thread{'s' if threads > 1 else ''}"
        for peer in works[direction, threads].rows()[1:]:
            judged = direction == "write" and peer == ZSTD
            bar = effort.unless_quick(bars.ZARR_WRITE) if judged else None
            names = (f"{direction} {threads} {row}" for row in (ARRAY, peer))
            yield against(what, size, times, *names, bar, shown, peer)
    for direction in DIRECTIONS if cpus > 1 else ():
        names = (f"{direction} {threads} {ARRAY}" for threads in (2, 1))
        bar = effort.unless_quick(bars.ZARR_TWO_THREADS)
        yield against(f"{direction}, second thread", size, times, *names, bar, shown, "1 thread")
    yield from _sizes(globe, size, effort)


def _sizes(globe: tuple[int, tuple[int, int]], size: str, effort: Effort) -> Iterator[Row]:
    effort.progress("Huffman-only zstd")
    values = fields(*globe)
    mine = stored(ARRAY, *globe).size
    for peer in (ZSTD, BLOSC):
        yield Row(
            "size, of the input's",
            size,
            Quantity(mine / values.nbytes, "%"),
            peer,
            Quantity(stored(peer, *globe).size / values.nbytes, "%"),
        )
    what, parts = "size of Huffman-only zstd's", range(0, len(values), CHUNK_STEPS)
    alone = [huffman_only_size(values[start : start + CHUNK_STEPS]) for start in parts]
    if None in alone:
        yield Row(what, size, Quantity(mine, "B"), "libzstd is not there")
        return
    total = sum(part for part in alone if part is not None)
    theirs = Quantity(total / values.nbytes, "%")
    bar = effort.unless_quick(bars.ZARR_SIZE_OF_HUFFMAN_ONLY)
    yield Row(what, size, Quantity(mine / total), HUFFMAN_ONLY, theirs, bar=bar)
