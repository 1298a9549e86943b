"""What the C++ benchmarks in bench/native measure: calls from C, and the coders alone."""

from collections.abc import Iterator, Mapping
from typing import Any

from bench.processes.machine import available_isas, run_native
from bench.report import bars
from bench.report.comparisons import Effort, section
from bench.report.tables import Quantity, Row, bytes_text

BUILD = "it is not built (`cmake --preset bench && cmake --build --preset bench`)."


@section(
    "One call on four elements, from C",
    "By bench_calls of bench/native: through the table of functions that `pyinfo_import()` "
    "returns, operands checked, calls that do not wait for each other's results. The bar is on "
    "the best instruction set. The clock is that of dependent additions in the same rounds.",
)
def calls_from_c(effort: Effort) -> Iterator[Row | str]:
    """What a call through the C interface costs when there is next to nothing to compute."""
    effort.progress("calls from C")
    best = available_isas()[-1]
    for isa in reversed(available_isas()):
        found = run_native("bench_calls", quick=effort.quick, isa=isa)
        if found is None:
            yield BUILD
            return
        yield _clock(found, isa)
        for each in found["results"]:
            yield Row(
                f"{each['measure']} {each['dtype']}, {isa}",
                str(found["elements"]),
                Quantity(each["seconds"], "s"),
                "cycles",
                Quantity(each["seconds"] * found["clock_ghz"] * 1e9),
                bar=bars.CALL_FROM_C if isa == best else None,
            )


@section(
    "Coders alone",
    "By bench_coders of bench/native: no Python, no checksums, 4.0 bits, a block in cache, the "
    "best number of lanes. Bars are for a core at 4 GHz, measured values scaled by the clock "
    "(dependent additions in the same rounds). Tables: from counts to encoder and written "
    "table, or from that to a decoder; the share is that of a block's time, which for encoding "
    "has the histogram in it.",
)
def coders(effort: Effort) -> Iterator[Row | str]:
    """Throughput of every kernel, and what share of a block's time its tables take."""
    effort.progress("coders alone, in C++")
    found = run_native("bench_coders", quick=effort.quick)
    if found is None:
        yield BUILD
        return
    yield _clock(found, found["isa"])
    size = bytes_text(found["block_bytes"])
    by_what: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for each in found["results"]:
        key = (each["what"], each.get("coder"), each.get("data") or each.get("isa"))
        by_what.setdefault((*key, each.get("direction")), []).append(each)

    for (coder, isa), both in bars.KERNELS.items():
        for direction, bar in zip(("decode", "encode"), both, strict=True):
            measured = by_what.get(("kernel", coder, isa, direction))
            if measured is None:  # a machine without this instruction set
                continue
            best = max(measured, key=lambda each: each["gbps"])
            what = f"{direction} {coder}, {isa}, {best['lanes']} lanes"
            scaled = Quantity(best["gbps"] * bars.KERNEL_CLOCK / found["clock_ghz"], "GB/s")
            yield Row(what, size, scaled, "as measured", Quantity(best["gbps"], "GB/s"), bar=bar)

    for (kind, coder, data, direction), (table, *_) in by_what.items():
        if kind != "table":
            continue
        parts = [table, *by_what["block", coder, data, direction]]
        if direction == "encode":
            parts += by_what["histogram", None, data, None]
        share = Quantity(table["seconds"] / sum(each["seconds"] for each in parts), "%")
        what, alone = f"{direction} {coder}, {data}, share of the tables", table["seconds"]
        yield Row(
            what, size, share, "time of the tables", Quantity(alone, "s"), bar=bars.TABLE_SHARE
        )


def _clock(found: Mapping[str, Any], isa: str) -> Row:
    return Row(f"clock, {isa}", "", Quantity(found["clock_ghz"], "GHz"))
