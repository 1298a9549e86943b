"""Measures of distributions: large inputs and batches, the cost of a call, instruction sets."""

from collections.abc import Iterator
from typing import Any

from bench.peers.candidate import PYINFO
from bench.processes.machine import available_isas
from bench.processes.workload import Subject, Workload
from bench.report import bars
from bench.report.effort import Effort, against, against_all, alone
from bench.report.rows import Row, size_text
from bench.report.section import section

ISA_N = 1_000_000


def workload(measure: str, dtype: str, *shape: int, axis: int | None = None) -> Workload:
    return Workload("measure", (measure, dtype, shape, axis))


@section(
    "Large inputs",
    "Medians of interleaved rounds in one process, one thread. All candidates were checked to "
    'agree first. "numpy" is the fastest of the lines in `bench/peers/reference.py`; ratios '
    "without a bar are shown for comparison.",
)
def large(effort: Effort) -> Iterator[Row]:
    """The ratios on vectors of 1e6 and 1e7 elements and on batches."""
    for each in bars.SPEED:
        shape = (effort.size(each.shape[0]), *each.shape[1:])
        batch = "" if each.axis is None else f", axis={each.axis}"
        what, size = f"{each.measure} {each.dtype}{batch}", size_text(*shape)
        effort.progress(f"{what}, {size}")
        times = effort.time_all(workload(each.measure, each.dtype, *shape, axis=each.axis))
        yield from against_all(what, size, times, PYINFO, each.bars)


@section(
    "One call on four elements",
    "A `timeit` loop over the plain call statement with local names, float64; the loop's own "
    "few nanoseconds are included, nothing is subtracted. The bar is on pyinfo's time.",
)
def call(effort: Effort) -> Iterator[Row]:
    """What a call costs when there is next to nothing to compute."""
    for measure, bar in bars.CALL.items():
        effort.progress(f"{measure}, one call on 4 elements")
        what = f"{measure} float64"
        times = effort.time_all(workload(measure, "float64", 4))
        yield alone(what, "4", times, PYINFO, bar)
        yield from against_all(what, "4", times, PYINFO, {})


@section(
    "Instruction sets",
    "One long-lived child process per instruction set (`PYINFO_ISA`), SciPy in the parent, all "
    "on the same processor, their samples interleaved round by round. The ratio is how many "
    "times as fast as the peer.",
)
def by_isa(effort: Effort) -> Iterator[Row]:
    """How far each kernel table is from the best one and from SciPy."""
    n = effort.size(ISA_N)
    effort.progress("entropy by instruction set")
    work = workload("entropy", "float64", n)
    isas = available_isas()
    subjects: dict[str, Any] = {isa: Subject(work, isa=isa) for isa in isas}
    if bars.SCIPY_ENTROPY in work.rows():
        subjects[bars.SCIPY_ENTROPY] = Subject(work, bars.SCIPY_ENTROPY)
    times = effort.time(subjects)
    for isa in isas:
        barred, bar = bars.ISA.get(isa, ("", None))
        for peer in (bars.BEST_ISA, bars.SCIPY_ENTROPY):
            if peer in subjects and peer != isa:
                judged = bar if peer == barred else None
                what = f"entropy float64, {isa}"
                yield against(what, size_text(n), times, isa, peer, judged)
