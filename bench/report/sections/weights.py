"""Weights: files of tensors, patches between checkpoints, DFloat11's layout."""

import contextlib
from collections.abc import Iterator

import numpy as np

import pyinfo
from bench.inputs.weights import ADAM, DENSE
from bench.peers.candidate import PYINFO
from bench.peers.codecs import ZIPNN
from bench.peers.weights import DFLOAT11, XOR, stepped
from bench.processes.children import Worker
from bench.processes.machine import on_all_cpus
from bench.processes.workload import Workload
from bench.report import bars
from bench.report.comparisons import Comparison, Effort, every_row, section, speed
from bench.report.tables import Quantity, Row, size_text
from pyinfo.testing import resident_growth

TENSORS, ELEMENTS = 32, 1 << 22  # 256 MiB
LARGE = 1 << 26
STEP = 1 << 24
ENCODED = 1 << 18
ROUNDS = 5


@section(
    "Files of bfloat16 weights",
    f"{TENSORS} tensors from N(0, s) in a safetensors file that is in the page cache, into new "
    "arrays; medians of interleaved rounds, wall time, not pinned to one processor for the second "
    "thread. zipnn codes each tensor, copied first, in one thread. Memory is what the call adds to "
    "the peak of a fresh process, without the result and the file, which is mapped.",
)
def files(effort: Effort) -> Iterator[Row]:
    """`save_file`, `load_file` and one row, next to zipnn."""
    elements = effort.size(ELEMENTS) // 2048 * 2048
    n_bytes = 2 * TENSORS * elements
    shown, size = speed(n_bytes), f"{n_bytes / 2**20:.3g} MiB"
    works = {
        (direction, threads): Workload("weight_file", (direction, threads, TENSORS, elements))
        for direction in ("load", "save")
        for threads in (1, 2)
    }
    subjects = {
        f"{direction} {threads} {row}": subject
        for (direction, threads), work in works.items()
        for row, subject in every_row(work).items()
    }
    effort.progress(f"files of weights, {size}")
    with on_all_cpus() as cpus:
        times = effort.time(subjects, most_rounds=ROUNDS, sample_seconds=0)
    for direction, bar in bars.WEIGHT_FILES.items():
        found = Comparison(f"{direction}_file", size, times, f"{direction} 1 {PYINFO}", shown)
        if (peer := f"{direction} 1 {ZIPNN}") in subjects:
            yield found.against(peer, effort.unless_quick(bar), ZIPNN)
        else:
            yield found.alone(peer=f"{ZIPNN} (not installed)")
        if cpus > 1:
            found = found.of(f"{direction}_file, second thread", f"{direction} 2 {PYINFO}")
            judged = effort.unless_quick(bars.WEIGHT_THREADS)
            yield found.against(f"{direction} 1 {PYINFO}", judged, "1 thread")
    load = works["load", 1]
    sizes = {row: load.candidate(row).size / n_bytes for row in load.rows()}
    yield Row("size of the file", size, Quantity(sizes[PYINFO], "%"))
    if ZIPNN in sizes:
        less = Quantity(sizes[ZIPNN] - sizes[PYINFO], "%")
        theirs, judged = Quantity(sizes[ZIPNN], "%"), effort.unless_quick(bars.WEIGHT_FILE_LESS)
        yield Row("file smaller by, of the weights", size, less, ZIPNN, theirs, bar=judged)
    for direction, result in (("load", n_bytes * (1 + sizes[PYINFO])), ("save", 0)):
        grown = _resident(works[direction, 1])
        if grown is not None:
            extra, most = Quantity(max(grown - result, 0), "B"), bars.WEIGHT_FILE_MEMORY
            yield Row(f"{direction}_file, memory beyond the result", size, extra, bar=most)
    large = effort.size(LARGE) // 2048 * 2048
    row = Workload("weight_file", ("row", 1, 1, large))
    found = effort.compare("one row of a tensor", size_text(large), every_row(row))
    yield found.alone(effort.unless_quick(bars.WEIGHT_ROW_SECONDS))


def _resident(work: Workload) -> int | None:
    with contextlib.closing(Worker()) as child:
        sample = child.prepare(work, PYINFO)
        return resident_growth(lambda: sample(1), child.pid)


@section(
    "Patches between checkpoints",
    "bfloat16 weights from N(0, 0.02), simulated steps of Adam and a dense change; checksums of "
    "both states included. The peer is what training frameworks write: XOR by NumPy, then "
    "zstandard with its checksum. The entropy is that of (changed, step) given the old exponent.",
)
def patches(effort: Effort) -> Iterator[Row]:
    """`diff` and `apply`: speed, and size next to XOR and to the entropy."""
    n = effort.size(STEP)
    shown, size = speed(2 * n), size_text(n)
    for kind in (*ADAM, DENSE):
        for direction, bar in bars.PATCH_SPEED.items():
            work = Workload("patch", (direction, kind, n))
            found = effort.compare(
                f"{direction}, {kind}", size, every_row(work), shown=shown, most_rounds=7
            )
            judged: bars.Bars = {} if effort.quick or kind == DENSE else {XOR: bar}
            yield from found.against_all(judged)
        ratios = {
            row: Quantity(work.candidate(row).size / n * 8, "bits each") for row in work.rows()
        }
        if XOR in ratios:
            part = Quantity(ratios[PYINFO].value / ratios[XOR].value)
            bar = bars.DENSE_PATCH_SIZE if kind == DENSE else bars.PATCH_SIZE
            yield Row(
                f"size of XOR's, {kind}", size, part, XOR, ratios[XOR], bar=effort.unless_quick(bar)
            )
        entropy = _entropy(kind, n)
        part = Quantity(ratios[PYINFO].value / entropy)
        bits = Quantity(entropy, "bits each")
        near = None if kind == DENSE else effort.unless_quick(bars.PATCH_OF_ENTROPY)
        yield Row(f"size of the entropy, {kind}", size, part, "entropy", bits, bar=near)


def _entropy(kind: str, n: int) -> float:
    """Bits for each element."""
    old, new = (_ordered(bits) for bits in stepped(kind, n))
    return float(pyinfo.conditional_entropy(new - old, stepped(kind, n)[0] >> 7 & 0xFF))


def _ordered(bits: np.ndarray) -> np.ndarray:
    magnitude = (bits & 0x7FFF).astype(np.int32)
    return np.where(bits >> 15 == 1, ~magnitude, magnitude)


@section(
    "DFloat11's layout",
    "bfloat16 weights from N(0, 0.01), encoded as the package dfloat11 decodes them on GPUs, next "
    "to its own encoder, a loop of Python. The package is in no extra: it asks for CUDA.",
)
def layout(effort: Effort) -> Iterator[Row]:
    """Encoder of DFloat11's layout."""
    n = effort.size(ENCODED) // 2048 * 2048
    rows = every_row(Workload("dfloat11_layout", (n,)))
    found = effort.compare("encode", size_text(n), rows, shown=speed(2 * n), most_rounds=3)
    yield from found.against_all({DFLOAT11: bars.DFLOAT11_SPEED})
