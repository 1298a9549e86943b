"""Measures of samples next to scikit-learn's."""

from collections.abc import Iterator, Mapping

from bench.peers.candidate import PYINFO
from bench.peers.dependence import COLUMNS, PAIRS_TIMED, SKLEARN
from bench.processes.workload import Workload
from bench.report import bars
from bench.report.effort import Effort, against_all
from bench.report.rows import Row, size_text
from bench.report.section import section

PAIR, ALL_PAIRS = "mutual_information", "pairwise_mutual_information"
_BARS: Mapping[tuple[str, str, int, str], Mapping[int, bars.Bar]] = {
    (PAIR, "int64", 1_000_000, "labels"): bars.MUTUAL_INFORMATION,
    (ALL_PAIRS, "uint8", 100_000, "values"): bars.PAIRWISE,
}


@section(
    "Measures of samples",
    "Medians of interleaved rounds, one thread; results were checked to agree. The loop over "
    f"all pairs of columns is extrapolated from {PAIRS_TIMED} of them, without what a "
    "loop in Python costs itself.",
)
def dependence(effort: Effort) -> Iterator[Row]:
    """Mutual information of label vectors, and of all pairs of columns."""
    for (function, dtype, items, noun), barred in _BARS.items():
        n = effort.size(items)
        size = size_text(n) if function == PAIR else size_text(n, COLUMNS)
        for different, bar in barred.items():
            what = f"{function} {dtype}, {different} {noun}"
            effort.progress(what)
            work = Workload("labels", (function, different, n))
            times = effort.time_all(work, most_rounds=9)
            judged = {} if effort.quick else {SKLEARN: bar}
            yield from against_all(what, size, times, PYINFO, judged)
