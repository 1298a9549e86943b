"""The coders alone, by instruction set: what the C++ benchmark in bench/native measures."""

import json
import subprocess
from collections.abc import Iterable, Mapping
from typing import Any

from bench import ROOT
from bench.processes.native_builds import BUILD, newest_build
from bench.report import bars
from bench.report.rows import Effort, Quantity, Row, Section, bytes_text


def kernels(effort: Effort) -> Section:
    """Throughput of every kernel, and what share of a block's time its tables take."""
    title = "Coders alone"
    program = newest_build("bench_coders")
    if program is None:
        return Section(title, f"Not measured: bench_coders is not built (`{BUILD}`).")
    effort.progress("coders alone, in C++")
    command = [program, "--quick"] if effort.quick else [program]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    clock = found["clock_ghz"]
    section = Section(
        title,
        f"By {program.relative_to(ROOT)}: no Python, no checksums, 4.0 bits, a block in "
        "cache, the best number of lanes. Bars are for a core at 4 GHz, measured values scaled by "
        f"the clock, here {clock:.2f} GHz (dependent additions in the same rounds). Tables: from "
        "counts to encoder and written table, or from that to a decoder; the share is that of a "
        "block's time, which for encoding has the histogram in it.",
    )
    size = bytes_text(found["block_bytes"])
    section.rows.extend(_throughputs(found["results"], bars.KERNEL_CLOCK / clock, size))
    section.rows.extend(_table_shares(found["results"], size))
    return section


def _throughputs(results: list[Mapping[str, Any]], to_4_ghz: float, size: str) -> Iterable[Row]:
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
            scaled = Quantity(measured[best] * to_4_ghz, "GB/s")
            as_measured = Quantity(measured[best], "GB/s")
            what = f"{direction} {coder}, {isa}, {best} lanes"
            yield Row(what, size, scaled, "as measured", as_measured, bar=bar)


def _table_shares(results: list[Mapping[str, Any]], size: str) -> Iterable[Row]:
    histograms = {each["data"]: each["seconds"] for each in results if each["what"] == "histogram"}
    for table in results:
        if table["what"] != "table":
            continue
        fields = ("coder", "data", "direction")
        (block,) = (
            each["seconds"]
            for each in results
            if each["what"] == "block" and all(each[name] == table[name] for name in fields)
        )
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
