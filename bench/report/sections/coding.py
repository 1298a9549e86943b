"""Entropy coding: whole calls next to peers, messages, threads."""

from collections.abc import Iterator

from bench.inputs.coded_bytes import (
    ALMOST_RANDOM,
    BFLOAT16,
    FOUR_BITS,
    HALF_A_BIT,
    RANDOM,
    TEXT,
    WEIGHTS,
)
from bench.peers import messages as shared
from bench.peers.candidate import PYINFO, is_own, owner
from bench.peers.codecs import COPY, ZIPNN, ZSTANDARD, own_row
from bench.peers.threads import ONE, TWO
from bench.processes.machine import available_isas
from bench.processes.timing import on_all_cpus
from bench.processes.workload import Subject, Workload
from bench.report import bars
from bench.report.effort import Effort, against, against_all, alone, speed
from bench.report.rows import Quantity, Row, bytes_text
from bench.report.section import section
from bench.report.sections import sizes

N = 16 << 20
MANY = 256 << 20
WEIGHTS_N = 32 << 20
DIRECTIONS = ("decode", "encode")


def workload(direction: str, kind: str, n: int) -> Workload:
    return Workload("coding", (direction, kind, n))


@section(
    "Coding speed",
    "Whole calls in one thread, checksums included; medians of interleaved rounds. Every codec "
    "was seen to return the data before. Bars against zstandard are judged against the faster "
    "of its two interfaces. constriction is given int32 symbols and a finished model. Times of "
    "16 MiB; the rows of other data are shown for comparison.",
)
def speed_of_coders(effort: Effort) -> Iterator[Row]:
    """`compress` and `decompress` next to the peers."""
    n = sizes.some_bytes(effort, N)
    for kind in (FOUR_BITS, WEIGHTS, ALMOST_RANDOM, HALF_A_BIT, TEXT):
        judged = kind == FOUR_BITS
        coders = [*bars.CODERS] if judged else ["auto"]
        for direction in DIRECTIONS:
            effort.progress(f"{direction} {kind}")
            work = workload(direction, kind, n)
            peers = [
                row
                for row in work.rows()
                if not is_own(row) and (judged or owner(row) == ZSTANDARD)
            ]
            times = effort.time(
                {row: Subject(work, row) for row in (*map(own_row, coders), *peers)}
            )
            for coder in coders:
                barred = getattr(bars.CODERS[coder], direction) if judged else {}
                what = f"{direction} {coder}, {kind}"
                yield from against_all(what, bytes_text(n), times, own_row(coder), barred, speed(n))


@section(
    "Decoding by instruction set",
    "Whole calls with checksums into a buffer that is used again. One long-lived child process "
    "per instruction set (`PYINFO_ISA`), the peers in the parent, all on the same processor, "
    "their samples interleaved round by round. Of zstandard's two interfaces the faster one.",
)
def by_isa(effort: Effort) -> Iterator[Row]:
    """How fast `decompress` is with each kernel table, the weakest ones above all."""
    n = sizes.some_bytes(effort, N)
    work = workload("decode", FOUR_BITS, n)
    for coder, barred in bars.DECODE_BY_ISA.items():
        effort.progress(f"decode {coder} by instruction set")
        isas = [isa for isa in available_isas() if isa in barred]
        for isa in isas:
            own = f"{PYINFO} {isa}"
            peers = [row for row in work.rows() if owner(row) in barred[isa]]
            times = effort.time(
                {
                    own: Subject(work, own_row(coder), isa),
                    **{row: Subject(work, row) for row in peers},
                }
            )
            what = f"decode {coder}, {FOUR_BITS}, {isa}"
            yield from against_all(what, bytes_text(n), times, own, barred[isa], speed(n))


@section(
    "Incompressible data",
    "`compress` and `decompress` of random bytes, checksums included; `compress` makes new "
    "bytes each time. NumPy's copy into an array that is there is shown for scale.",
)
def incompressible(effort: Effort) -> Iterator[Row]:
    """Data that no code makes smaller: recognised and copied."""
    effort.progress(RANDOM)
    n, own = sizes.some_bytes(effort, N), own_row("auto")
    works = {direction: workload(direction, RANDOM, n) for direction in ("encode", "decode")}
    subjects = {direction: Subject(work, own) for direction, work in works.items()}
    times = effort.time({**subjects, COPY: Subject(works["encode"], COPY)})
    for direction in works:
        what, bar = f"{direction} auto, {RANDOM}", bars.INCOMPRESSIBLE_SPEED
        yield alone(what, bytes_text(n), times, direction, bar, speed(n), COPY)


@section(
    "Messages with a shared code",
    "One call per message of 4 KiB, 4.0 bits; `decode` fills `out`. Overhead: the largest of "
    f"1000 messages of {sizes.SHORT_MESSAGE} symbols, beyond what the code predicts for these "
    "symbols.",
)
def messages(effort: Effort) -> Iterator[Row]:
    """Short messages with a code that both sides have."""
    effort.progress("messages")
    times = effort.time(
        {
            f"{code}.{direction}": Subject(Workload("message", (direction, code)))
            for code in shared.CODES
            for direction in ("encode", "decode")
        }
    )
    n = shared.MESSAGE
    for name in times.seconds:
        yield alone(name, bytes_text(n), times, name, bars.MESSAGE_SPEED, speed(n))
    yield from sizes.of_messages()


@section(
    "bfloat16 weights",
    "Numbers from N(0, 0.02), whole calls in one thread, checksums included; `decompress` "
    "fills `out`. zipnn is given bytes, a copy of them each time, for it changes what it is "
    "given: the copy is timed as well, and takes a few percent. It makes no checksums.",
)
def weights(effort: Effort) -> Iterator[Row]:
    """`compress` and `decompress` of bfloat16 numbers next to zipnn."""
    effort.progress(BFLOAT16)
    n, own = WEIGHTS_N // 64 if effort.quick else WEIGHTS_N, own_row("auto")
    size = bytes_text(n)
    for direction, bar in bars.WEIGHTS.items():
        work = workload(direction, BFLOAT16, n)
        names = [row for row in work.rows() if row in (own, ZIPNN)]
        times = effort.time({name: Subject(work, name) for name in names})
        what = f"{direction} bfloat16"
        yield from against_all(what, size, times, own, {ZIPNN: bar}, speed(n))
    if ZIPNN in names:
        mine, theirs = (work.candidate(name).size for name in (own, ZIPNN))
        yield Row("coded size", size, Quantity(mine / n, "%"), ZIPNN, Quantity(theirs / n, "%"))
        yield Row("coded size, of zipnn's", size, Quantity(mine / theirs), bar=bars.WEIGHTS_SIZE)


@section(
    "Two threads",
    "The same calls with `threads=2` and `threads=1`, not pinned to one processor; "
    "`decompress` fills `out`. Data: the 4-bit bytes again and again.",
)
def two_threads(effort: Effort) -> Iterator[Row | str]:
    """Two threads next to one."""
    n = sizes.some_bytes(effort, MANY)
    with on_all_cpus() as cpus:
        if cpus < 2:
            yield "there is one processor."
            return
        for coder in ("huffman", "rans"):
            effort.progress(f"two threads, {coder}")
            for direction in ("encode", "decode"):
                work = Workload("threads", (direction, coder, sizes.some_bytes(effort, N), n))
                times = effort.time({row: Subject(work, row) for row in work.rows()})
                what = f"{direction} {coder}, {FOUR_BITS}, 2 threads"
                bar = effort.unless_quick(bars.TWO_THREADS)
                yield against(what, bytes_text(n), times, TWO, ONE, bar, speed(n), "1 thread")
