"""Samples: their measures next to scikit-learn's, counting next to NumPy, pandas and polars."""

from collections.abc import Iterator

from bench.inputs.samples import UNIFORM
from bench.peers.dependence import COLUMNS, PAIRS_TIMED
from bench.processes.workload import Subject, Workload
from bench.report import bars
from bench.report.comparisons import Effort, every_row, section
from bench.report.tables import Row, size_text


@section(
    "Measures of samples",
    "Medians of interleaved rounds, one thread; results were checked to agree. The loop over "
    f"all pairs of columns is extrapolated from {PAIRS_TIMED} of them, without what a "
    "loop in Python costs itself.",
)
def dependence(effort: Effort) -> Iterator[Row]:
    """Mutual information of label vectors, and of all pairs of columns."""
    for function, dtype, items, noun, barred in (
        ("mutual_information", "int64", (1_000_000,), "labels", bars.MUTUAL_INFORMATION),
        ("pairwise_mutual_information", "uint8", (100_000, COLUMNS), "values", bars.PAIRWISE),
    ):
        n = effort.size(items[0])
        for different, judged in barred.items():
            what, size = f"{function} {dtype}, {different} {noun}", size_text(n, *items[1:])
            subjects = every_row(Workload("labels", (function, different, n)))
            found = effort.compare(what, size, subjects, most_rounds=9)
            yield from found.against_all(effort.all_unless_quick(judged))


@section(
    "Continuous variables",
    "k = 3; medians of interleaved rounds, one thread; results were checked to agree. Of "
    "scikit-learn the private functions, without its validation and noise.",
)
def continuous(effort: Effort) -> Iterator[Row]:
    """Information and entropy by nearest neighbours."""
    for function in ("ksg1", "ross", "entropy 1", "entropy 2", "entropy 3", "entropy 4"):
        for items in (10_000, 100_000):
            n = effort.size(items)
            subjects = every_row(Workload("continuous_variables", (function, n)))
            found = effort.compare(function, size_text(n), subjects, most_rounds=5)
            yield from found.against_all(effort.all_unless_quick(bars.CONTINUOUS.get(function, {})))


@section(
    "Counting",
    "`Counts.from_samples` on an array; medians of interleaved rounds in one thread. NumPy's "
    "results are sorted as pyinfo's are, pandas' and polars' are not. Bars are against the "
    "fastest of the peers that are named, constant and skewed data against uniform.",
)
def counting(effort: Effort) -> Iterator[Row]:
    """`Counts.from_samples` next to what others have."""
    for samples, items, judged in bars.COUNTING:
        n = effort.size(items)
        subjects = every_row(Workload("counting", (samples, n)))
        if UNIFORM in judged:
            subjects[UNIFORM] = Subject(Workload("counting", (UNIFORM, n)))
        found = effort.compare(samples, size_text(n), subjects, most_rounds=7)
        yield from found.against_all(judged)
