"""Zarr arrays: writing, reading and size, next to the codecs that Zarr has."""

from collections.abc import Iterator

from bench.peers.huffman_only_zstd import huffman_only_size
from bench.peers.zarr_arrays import ARRAY, BLOSC, CHUNK_STEPS, ZSTD, fields, stored
from bench.processes.machine import on_all_cpus
from bench.processes.workload import Workload
from bench.report import bars
from bench.report.comparisons import Comparison, Effort, every_row, section, speed
from bench.report.tables import Quantity, Row

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
    subjects = {
        f"{direction} {threads} {row}": subject
        for direction in DIRECTIONS
        for threads in (1, 2)
        for row, subject in every_row(Workload("zarr", (direction, threads, *globe))).items()
    }
    if not subjects:
        yield "Zarr is not installed."
        return
    effort.progress("Zarr arrays")
    with on_all_cpus() as cpus:
        times = effort.time(subjects, most_rounds=ROUNDS, sample_seconds=0)
    n_bytes = fields(*globe).nbytes
    size, shown = f"{n_bytes / 1e9:.3g} GB", speed(n_bytes)
    for direction in ("write", "read"):
        for threads in (1, 2):
            what, which = f"{direction}, {threads} thread", f"{direction} {threads}"
            found = Comparison(what + "s" * (threads - 1), size, times, f"{which} {ARRAY}", shown)
            for peer in (ZSTD, BLOSC):
                judged = direction == "write" and peer == ZSTD
                bar = effort.unless_quick(bars.ZARR_WRITE) if judged else None
                yield found.against(f"{which} {peer}", bar, peer)
    for direction in DIRECTIONS if cpus > 1 else ():
        one, two = (f"{direction} {threads} {ARRAY}" for threads in (1, 2))
        found = Comparison(f"{direction}, second thread", size, times, two, shown)
        yield found.against(one, effort.unless_quick(bars.ZARR_TWO_THREADS), "1 thread")
    yield from _sizes(globe, size, effort)


def _sizes(globe: tuple[int, tuple[int, int]], size: str, effort: Effort) -> Iterator[Row]:
    effort.progress("Huffman-only zstd")
    values = fields(*globe)
    mine, *others = (stored(row, *globe).size for row in (ARRAY, ZSTD, BLOSC))
    for peer, other in zip((ZSTD, BLOSC), others, strict=True):
        part, theirs = (Quantity(each / values.nbytes, "%") for each in (mine, other))
        yield Row("size, of the input's", size, part, peer, theirs)
    what, parts = "size of Huffman-only zstd's", range(0, len(values), CHUNK_STEPS)
    alone = [huffman_only_size(values[start : start + CHUNK_STEPS]) or 0 for start in parts]
    if not all(alone):
        yield Row(what, size, Quantity(mine, "B"), "libzstd is not there")
        return
    ratio, theirs = Quantity(mine / sum(alone)), Quantity(sum(alone) / values.nbytes, "%")
    bar = effort.unless_quick(bars.ZARR_SIZE_OF_HUFFMAN_ONLY)
    yield Row(what, size, ratio, HUFFMAN_ONLY, theirs, bar=bar)
