"""Losses of logits next to torch's, in processes whose memory is kept, and as it comes."""

from collections.abc import Iterator

from bench.peers import logits as peers
from bench.processes.machine import available_isas
from bench.processes.workload import Subject, Workload
from bench.report import bars
from bench.report.comparisons import Effort, every_row, section
from bench.report.tables import Row, size_text


def workload(function: str, dtype: str, rows: int, classes: int) -> Workload:
    return Workload("loss", (function, dtype, rows, classes))


@section(
    "Losses of logits",
    "Medians of interleaved rounds in one thread, everybody in the same child process. There "
    "malloc gives memory as it comes, fresh pages from the system for each large array, or keeps "
    "what was freed; fresh pages make torch several times slower on virtual machines. Gradients "
    'of pyinfo are written over the logits. "reading" is np.max.',
)
def losses(effort: Effort) -> Iterator[Row]:
    """Cross-entropy, its gradient, KL divergence and entropy."""
    for dtype, functions in bars.LOSSES.items():
        for rows, classes in bars.LOGITS[:1] if effort.quick else bars.LOGITS:
            n = max(rows // 256, 2) if effort.quick else rows
            for function, of_memory in functions.items():
                for memory, judged in of_memory.items():
                    subjects = {
                        row: Subject(subject.workload, row, memory=memory)
                        for row, subject in every_row(workload(function, dtype, n, classes)).items()
                    }
                    what = f"{function} {dtype}, memory {memory}"
                    size = size_text(n, classes)
                    found = effort.compare(what, size, subjects, most_rounds=9)
                    yield from found.against_all({} if effort.quick else judged)


@section(
    "Losses of logits by instruction set",
    "One child process per instruction set. The ratio is how many times as fast as the best one.",
)
def by_isa(effort: Effort) -> Iterator[Row]:
    """Cross-entropy of float32."""
    rows, classes = bars.LOGITS[0]
    n = max(rows // 256, 2) if effort.quick else rows
    work = workload("cross_entropy", "float32", n, classes)
    subjects = {isa: Subject(work, isa=isa) for isa in available_isas()}
    found = effort.compare("cross_entropy of logits", size_text(n, classes), subjects)
    if bars.BEST_ISA in subjects:
        for isa in available_isas():
            if isa != bars.BEST_ISA:
                of_isa = found.of(f"cross_entropy of logits, {isa}", isa)
                yield of_isa.against(
                    bars.BEST_ISA, None if effort.quick else bars.LOSS_BY_ISA.get(isa)
                )


@section(
    "The loss of ten classes",
    "A loop over the plain call with local names: one row of float32, loss and gradient.",
)
def small(effort: Effort) -> Iterator[Row]:
    """What a call costs when there is next to nothing to compute."""
    work = workload(peers.WITH_GRADIENT, "float32", 1, 10)
    subjects = {row: subject for row, subject in every_row(work).items() if row != peers.COMPILED}
    found = effort.compare("loss and gradient float32", "10", subjects)
    yield found.alone(effort.unless_quick(bars.SMALL_LOSS))
    yield from found.against_all({})
