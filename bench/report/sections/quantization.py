"""Quantisation: histograms, thresholds, scales and curves."""

from collections.abc import Iterator

from bench.processes.workload import Workload
from bench.report import bars
from bench.report.comparisons import Effort, every_row, section
from bench.report.tables import Row, size_text


@section(
    "Quantisation",
    "Medians of interleaved rounds, one thread; thresholds and curves were checked to agree. "
    "NumPy's scales are the best of 100, its curve has no search for the clip.",
)
def quantization(effort: Effort) -> Iterator[Row]:
    """Each part next to what people write today."""
    for what, judged in bars.QUANTIZATION.items():
        n = effort.size(1 << 22)
        found = effort.compare(
            what, size_text(n), every_row(Workload("quantization", (what, n))), most_rounds=7
        )
        yield from found.against_all({} if effort.quick else judged)
