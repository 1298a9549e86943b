"""Measures of distributions: large inputs and batches, the cost of a call, instruction sets."""

from collections.abc import Iterator

from bench.processes.machine import available_isas
from bench.processes.workload import Subject, Workload
from bench.report import bars
from bench.report.comparisons import Effort, every_row, section
from bench.report.tables import Row, size_text

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
    for measure, dtype, (n, *row), axis, judged in bars.SPEED:
        shape = (effort.size(n), *row)
        what = f"{measure} {dtype}" + ("" if axis is None else f", axis={axis}")
        subjects = every_row(workload(measure, dtype, *shape, axis=axis))
        yield from effort.compare(what, size_text(*shape), subjects).against_all(judged)


@section(
    "One call on four elements",
    "A `timeit` loop over the plain call statement with local names, float64; the loop's own "
    "few nanoseconds are included, nothing is subtracted. The bar is on pyinfo's time.",
)
def call(effort: Effort) -> Iterator[Row]:
    """What a call costs when there is next to nothing to compute."""
    for measure, bar in bars.CALL.items():
        subjects = every_row(workload(measure, "float64", 4))
        found = effort.compare(f"{measure} float64", "4", subjects)
        yield found.alone(bar)
        yield from found.against_all({})


@section(
    "Instruction sets",
    "One long-lived child process per instruction set (`PYINFO_ISA`), SciPy in the parent, all "
    "on the same processor, their samples interleaved round by round. The ratio is how many "
    "times as fast as the peer.",
)
def by_isa(effort: Effort) -> Iterator[Row]:
    """How far each kernel table is from the best one and from SciPy."""
    n = effort.size(ISA_N)
    work = workload("entropy", "float64", n)
    subjects = {isa: Subject(work, isa=isa) for isa in available_isas()}
    if bars.SCIPY in work.rows():
        subjects[bars.SCIPY] = Subject(work, bars.SCIPY)
    found = effort.compare("entropy float64", size_text(n), subjects)
    for isa in available_isas():
        barred, bar = bars.ISA.get(isa, ("", None))
        of_isa = found.of(f"entropy float64, {isa}", isa)
        for peer in (bars.BEST_ISA, bars.SCIPY):
            if peer in subjects and peer != isa:
                yield of_isa.against(peer, bar if peer == barred else None)
