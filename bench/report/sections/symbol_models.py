"""Models per symbol, and streams of the packages that pyinfo stands in for."""

from collections.abc import Iterator

from bench.peers.symbol_models import ONE_MODEL
from bench.processes.machine import active_isa
from bench.processes.workload import Workload
from bench.report import bars
from bench.report.comparisons import Effort, every_row, section
from bench.report.tables import Row, size_text


@section(
    "Models per symbol",
    "64 Gaussians with image-like indexes, one thread. Of arrays, CompressAI's own coder is given "
    "lists, as its models do.",
)
def symbol_models(effort: Effort) -> Iterator[Row]:
    """Whole calls, each next to what codes the same symbols."""
    n = effort.size(1 << 22)
    by_isa = bars.SYMBOL_MODELS.get(active_isa(), {})
    for direction in ("encode", "decode"):
        found = effort.compare(
            f"Gaussian.{direction}",
            size_text(n),
            every_row(Workload("symbol_models", (direction, n))),
            most_rounds=5,
        )
        yield from found.against_all(effort.all_unless_quick(by_isa.get(direction, {})))
        share = bars.SHARE_OF_ONE_MODEL[direction]
        yield found.against(ONE_MODEL, effort.unless_quick(share))
    for (what, size), judged in bars.LEARNED_STREAMS.items():
        for direction in ("encode", "decode"):
            n = min(size, effort.size(size))
            workload = Workload("learned_stream", (what, direction, n))
            if not workload.rows():
                continue
            found = effort.compare(
                f"{direction} {what}", size_text(n), every_row(workload), most_rounds=5
            )
            yield from found.against_all({} if effort.quick else judged[direction])
