"""What the C++ benchmarks in bench/native measure: calls from C, and the coders alone."""

from collections.abc import Iterator, Mapping
from typing import Any

from bench.processes.machine import available_isas, run_native
from bench.report import bars
from bench.report.comparisons import Effort, section
from bench.report.tables import Quantity, Row, bytes_text

BUILD = "it is not built (`cmake --preset bench && cmake --build --preset bench`)."
Results = list[Mapping[str, Any]]


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
    size = bytes_text(found["block_bytes"])
    yield _clock(found, found["isa"])
    yield from _throughputs(found["results"], found["clock_ghz"], size)
    yield from _table_shares(found["results"], size)


def _clock(found: Mapping[str, Any], isa: str) -> Row:
    return Row(f"clock, {isa}", "", Quantity(found["clock_ghz"], "GHz"))


def _throughputs(results: Results, clock: float, size: str) -> Iterator[Row]:
    for (coder, isa), both in bars.KERNELS.items():
        for direction, bar in zip(("decode", "encode"), both, strict=True):
            measured = {
                each["lanes"]: each["gbps"]
                for each in results
                if each["what"] == "kernel"
                and (each["coder"], each["isa"], each["direction"]) == (coder, isa, direction)
            }
            if not measured:  # a machine without this instruction set
                continue
            best = max(measured, key=measured.__getitem__)
            yield Row(
                f"{direction} {coder}, {isa}, {best} lanes",
                size,
                Quantity(measured[best] * bars.KERNEL_CLOCK / clock, "GB/s"),
                "as measured",
                Quantity(measured[best], "GB/s"),
                bar=bar,
            )


def _table_shares(results: Results, size: str) -> Iterator[Row]:
    histograms = {each["data"]: each["seconds"] for each in results if each["what"] == "histogram"}
    fields = ("coder", "data", "direction")
    blocks = {
        tuple(each[name] for name in fields): each["seconds"]
        for each in results
        if each["what"] == "block"
    }
    for table in results:
        if table["what"] != "table":
            continue
        block = blocks[tuple(table[name] for name in fields)]
        counting = histograms[table["data"]] if table["direction"] == "encode" else 0
        share = table["seconds"] / (table["seconds"] + block + counting)
        yield Row(
            f"{table['direction']} {table['coder']}, {table['data']}, share of the tables",
            size,
            Quantity(share, "%"),
            "time of the tables",
            Quantity(table["seconds"], "s"),
            bar=bars.TABLE_SHARE,
        )
