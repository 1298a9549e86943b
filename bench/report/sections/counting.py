"""Counting samples next to NumPy, pandas and polars."""

from collections.abc import Iterator

from bench.inputs.samples import UNIFORM
from bench.peers.candidate import PYINFO
from bench.processes.workload import Subject, Workload
from bench.report import bars
from bench.report.effort import Effort, against_all
from bench.report.rows import Row, size_text
from bench.report.section import section


@section(
    "Counting",
    "`Counts.from_samples` on an array; medians of interleaved rounds in one thread. NumPy's "
    "results are sorted as pyinfo's are, pandas' and polars' are not. Bars are against the "
    "fastest of the peers that are named, constant and skewed data against uniform.",
)
def speed_of_counting(effort: Effort) -> Iterator[Row]:
    """`Counts.from_samples` next to what others have."""
    for each in bars.COUNTING:
        n = effort.size(each.n)
        effort.progress(f"counting {each.samples}")
        work = Workload("counting", (each.samples, n))
        subjects = {row: Subject(work, row) for row in work.rows()}
        if UNIFORM in each.bars:
            subjects[UNIFORM] = Subject(Workload("counting", (UNIFORM, n)))
        times = effort.time(subjects, most_rounds=7)
        yield from against_all(each.samples, size_text(n), times, PYINFO, each.bars)
