"""Entropy coding: whole calls next to peers, messages, threads."""

from collections.abc import Iterator

from bench.inputs import coded_bytes
from bench.inputs.coded_bytes import BFLOAT16, FOUR_BITS, RANDOM
from bench.peers.candidate import PYINFO, is_own, owner
from bench.peers.codecs import CODES, COPY, MESSAGE, ONE, TWO, ZIPNN, ZSTANDARD, own_row
from bench.processes.machine import available_isas, on_all_cpus
from bench.processes.workload import Subject, Workload
from bench.report import bars
from bench.report.comparisons import Effort, every_row, section, speed
from bench.report.sections import sizes
from bench.report.tables import Quantity, Row, bytes_text

MANY = 256 << 20
WEIGHTS_N = 32 << 20
FEW_N = 32 << 20
DIRECTIONS = ("decode", "encode")


@section(
    "Coding speed",
    "Whole calls in one thread, checksums included; medians of interleaved rounds. Every codec "
    "was seen to return the data before. Bars against zstandard are judged against the faster "
    "of its two interfaces. constriction is given int32 symbols and a finished model. Times of "
    "16 MiB; the rows of other data are shown for comparison.",
)
def speed_of_coders(effort: Effort) -> Iterator[Row]:
    """`compress` and `decompress` next to the peers."""
    n = sizes.some_bytes(effort)
    others = (coded_bytes.WEIGHTS, coded_bytes.ALMOST_RANDOM, coded_bytes.HALF_A_BIT)
    for kind in (FOUR_BITS, *others, coded_bytes.TEXT):
        judged = kind == FOUR_BITS
        coders = [*bars.CODERS] if judged else ["auto"]
        for direction in DIRECTIONS:
            subjects = {
                row: subject
                for row, subject in every_row(Workload("coding", (direction, kind, n))).items()
                if row in map(own_row, coders)
                or (not is_own(row) and (judged or owner(row) == ZSTANDARD))
            }
            found = effort.compare(f"{direction} {kind}", bytes_text(n), subjects, "", speed(n))
            for coder in coders:
                of_coder = found.of(f"{direction} {coder}, {kind}", own_row(coder))
                yield from of_coder.against_all(bars.CODERS[coder][direction] if judged else {})


@section(
    "Decoding by instruction set",
    "Whole calls with checksums into a buffer that is used again. One long-lived child process "
    "per instruction set (`PYINFO_ISA`), the peers in the parent, all on the same processor, "
    "their samples interleaved round by round. Of zstandard's two interfaces the faster one.",
)
def by_isa(effort: Effort) -> Iterator[Row]:
    """How fast `decompress` is with each kernel table, the weakest ones above all."""
    n = sizes.some_bytes(effort)
    work = Workload("coding", ("decode", FOUR_BITS, n))
    for coder, barred in bars.DECODE_BY_ISA.items():
        for isa in (isa for isa in available_isas() if isa in barred):
            own = f"{PYINFO} {isa}"
            peers = {row: Subject(work, row) for row in work.rows() if owner(row) in barred[isa]}
            subjects = {own: Subject(work, own_row(coder), isa), **peers}
            what = f"decode {coder}, {FOUR_BITS}, {isa}"
            found = effort.compare(what, bytes_text(n), subjects, own, speed(n))
            yield from found.against_all(barred[isa])


@section(
    "Few symbols",
    "Whole calls in one thread, checksums included; `decompress` fills `out`. NumPy's bits have no "
    "checksum.",
)
def few_symbols(effort: Effort) -> Iterator[Row]:
    """Booleans, ternary weights, nibbles, sparse masks."""
    n = 2 * sizes.BLOCK if effort.quick else FEW_N
    for kind, both in bars.FEW_SYMBOLS.items():
        for direction, bar in zip(DIRECTIONS, both, strict=True):
            work = Workload("few_symbols", (direction, kind, n))
            subjects = {row: Subject(work, row) for row in work.rows()}
            what = f"{direction} {kind}"
            found = effort.compare(what, bytes_text(n), subjects, own_row("auto"), speed(n))
            yield found.alone(bar)
            yield from found.against_all({})


@section(
    "Incompressible data",
    "`compress` and `decompress` of random bytes, checksums included; `compress` makes new "
    "bytes each time. NumPy's copy into an array that is there is shown for scale.",
)
def incompressible(effort: Effort) -> Iterator[Row]:
    """Data that no code makes smaller: recognised and copied."""
    n = sizes.some_bytes(effort)
    both = ("encode", "decode")
    works = {direction: Workload("every_codec", (direction, RANDOM, n)) for direction in both}
    subjects = {direction: Subject(work, own_row("auto")) for direction, work in works.items()}
    subjects[COPY] = Subject(works["encode"], COPY)
    found = effort.compare(RANDOM, bytes_text(n), subjects, COPY, speed(n))
    copied = found.alone().pyinfo
    for direction in both:
        of_direction = found.of(f"{direction} auto, {RANDOM}", direction)
        yield of_direction.alone(bars.INCOMPRESSIBLE_SPEED, COPY, copied)


@section(
    "Messages with a shared code",
    "One call per message of 4 KiB, 4.0 bits; `decode` fills `out`. Overhead: the largest of "
    f"1000 messages of {sizes.SHORT_MESSAGE} symbols, beyond what the code predicts for these "
    "symbols.",
)
def messages(effort: Effort) -> Iterator[Row]:
    """Short messages with a code that both sides have."""
    subjects = {
        f"{code}.{direction}": Subject(Workload("message", (direction, code)))
        for code in CODES
        for direction in ("encode", "decode")
    }
    found = effort.compare("messages", bytes_text(MESSAGE), subjects, "", speed(MESSAGE))
    for name in subjects:
        yield found.of(name, name).alone(bars.MESSAGE_SPEED)
    yield from sizes.of_messages()


@section(
    "bfloat16 weights",
    "Numbers from N(0, 0.02), whole calls in one thread, checksums included; `decompress` "
    "fills `out`. zipnn is given bytes, a copy of them each time, for it changes what it is "
    "given: the copy is timed as well, and takes a few percent. It makes no checksums. Byte "
    "groups are those of an element apart, as stores of models have them, made by NumPy.",
)
def weights(effort: Effort) -> Iterator[Row]:
    """`compress` and `decompress` of bfloat16 numbers next to zipnn, zstandard and byte groups."""
    n, own = WEIGHTS_N // 64 if effort.quick else WEIGHTS_N, own_row("auto")
    size = bytes_text(n)
    for direction, bar in bars.WEIGHTS.items():
        work = Workload("coding", (direction, BFLOAT16, n))
        subjects = {row: Subject(work, row) for row in work.rows()}
        found = effort.compare(f"{direction} bfloat16", size, subjects, own, speed(n))
        yield from found.against_all({ZIPNN: bar})
    mine = work.candidate(own).size
    for peer in (row for row in subjects if row != own):
        theirs = Quantity(work.candidate(peer).size / n, "%")
        yield Row("coded size", size, Quantity(mine / n, "%"), peer, theirs)
    if ZIPNN in subjects:
        zipnn = work.candidate(ZIPNN).size
        yield Row("coded size, of zipnn's", size, Quantity(mine / zipnn), bar=bars.WEIGHTS_SIZE)


@section(
    "Two threads",
    "The same calls with `threads=2` and `threads=1`, not pinned to one processor; "
    "`decompress` fills `out`. Data: the 4-bit bytes again and again.",
)
def two_threads(effort: Effort) -> Iterator[Row | str]:
    """Two threads next to one."""
    n, many = sizes.some_bytes(effort), 2 * sizes.BLOCK if effort.quick else MANY
    with on_all_cpus() as cpus:
        if cpus < 2:
            yield "there is one processor."
            return
        for coder in ("huffman", "rans"):
            for direction in ("encode", "decode"):
                subjects = every_row(Workload("threads", (direction, coder, n, many)))
                what = f"{direction} {coder}, {FOUR_BITS}, 2 threads"
                found = effort.compare(what, bytes_text(many), subjects, TWO, speed(many))
                yield found.against(ONE, effort.unless_quick(bars.TWO_THREADS), "1 thread")
