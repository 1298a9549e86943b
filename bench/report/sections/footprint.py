"""What pyinfo weighs: memory of a call, time of the import."""

import functools
import subprocess
import sys

import numpy as np

from bench import ROOT
from bench.peers.measure_peers import installed
from bench.peers.measures import MEASURES
from bench.processes.children import Child
from bench.processes.memory import resident_growth, traced_peak
from bench.processes.timing import interleaved, ratio
from bench.report import bars
from bench.report.rows import Effort, Quantity, Row, Section, size_text

MEASURED = ("entropy", "kl_divergence", "js_divergence")
N = 10_000_000
_WITH_NUMPY = "import pyinfo, NumPy with it"

# The clock starts after the import of what is `there`. An editable install is told to use its build
# as it is.
_TIME_IMPORT = """
import bench.processes.editable, time
bench.processes.editable.use_build_as_it_is()
{there}
start = time.perf_counter()
import {module}
print(time.perf_counter() - start)
"""


def memory(effort: Effort) -> Section:
    """Peak memory of a call beyond its input."""
    section = Section(
        "Memory of a call",
        "Peak beyond the input. Traced: what Python and NumPy allocate, by tracemalloc. Resident: "
        "by how much the call raises the peak of a child process's resident memory, read from "
        "outside; it counts every allocator, in whole pages.",
    )
    n = effort.size(N)
    for measure in MEASURED:
        effort.progress(f"memory of {measure}")
        what, size = f"{measure} float64", size_text(n)
        traced = traced_peak(MEASURES[measure].call(MEASURES[measure].inputs((n,))))
        section.rows.append(
            Row(f"{what}, traced", size, Quantity(traced, "B"), bar=bars.EXTRA_BYTES)
        )
        with Child(measure, "float64", n) as child:
            resident = resident_growth(child)
        if resident is not None:
            section.rows.append(
                Row(f"{what}, resident", size, Quantity(resident, "B"), bar=bars.EXTRA_BYTES)
            )
    return section


def import_time(effort: Effort) -> Section:
    """The time of `import pyinfo`, once NumPy is there and with NumPy's import in it."""
    section = Section(
        "Import",
        "`import pyinfo` after `import numpy`, and with that in it, timed inside fresh processes; "
        "processes that import SciPy instead take turns with them.",
    )
    effort.progress("import time")
    modules = ["pyinfo", *(["scipy.stats"] if "scipy" in installed() else [])]
    samplers = {module: functools.partial(_import_seconds, module) for module in modules}
    samplers[_WITH_NUMPY] = functools.partial(_import_seconds, "pyinfo", there="")
    seconds = interleaved(samplers, rounds=effort.rounds, sample_seconds=0)
    own, *others = (Quantity(float(np.median(seconds[module])), "s") for module in modules)
    section.rows.append(Row("import pyinfo", "", own, bar=bars.IMPORT_SECONDS))
    for module, other in zip(modules[1:], others, strict=True):
        faster = ratio(seconds[module], seconds["pyinfo"])
        section.rows.append(Row("import pyinfo", "", own, f"import {module}", other, faster))
    whole = Quantity(float(np.median(seconds[_WITH_NUMPY])), "s")
    section.rows.append(Row(_WITH_NUMPY, "", whole, bar=bars.IMPORT_SECONDS_WITH_NUMPY))
    return section


def _import_seconds(module: str, processes: int, there: str = "import numpy") -> float:
    command = [sys.executable, "-c", _TIME_IMPORT.format(module=module, there=there)]
    total = 0.0
    for _ in range(processes):
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        total += float(done.stdout)
    return total
