"""A call from C, C++ or Cython: what the C++ benchmark in bench/native measures."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench import ROOT
from bench.processes.native_builds import BUILD, newest_build
from bench.report import bars
from bench.report.rows import Effort, Quantity, Row, Section
from pyinfo.config import config


def from_c(effort: Effort) -> Section:
    """What a call through the C interface costs when there is next to nothing to compute."""
    title = "One call on four elements, from C"
    program = newest_build("bench_calls")
    if program is None:
        return Section(title, f"Not measured: bench_calls is not built (`{BUILD}`).")
    best, *others = reversed(config()["available_isas"])
    effort.progress("calls from C")
    found = {isa: _run(program, isa, effort) for isa in (best, *others)}
    section = Section(
        title,
        f"By {program.relative_to(ROOT)}: through the table of functions that `pyinfo_import()` "
        "returns, operands checked, calls that do not wait for each other's results. The bar is on "
        f"the best instruction set. The core ran at {found[best]['clock_ghz']:.2f} GHz "
        "(dependent additions in the same rounds).",
    )
    for isa, results in found.items():
        for each in results["results"]:
            section.rows.append(
                Row(
                    f"{each['measure']} {each['dtype']}, {isa}",
                    str(results["elements"]),
                    Quantity(each["seconds"], "s"),
                    "cycles",
                    Quantity(each["seconds"] * results["clock_ghz"] * 1e9),
                    bar=bars.CALL_FROM_C if isa == best else None,
                )
            )
    return section


def _run(program: Path, isa: str, effort: Effort) -> Mapping[str, Any]:
    command = [program, "--quick"] if effort.quick else [program]
    environment = {**os.environ, "PYINFO_ISA": isa}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    found: Mapping[str, Any] = json.loads(done.stdout)
    return found
