"""What pyinfo weighs: memory of a call, time of the import."""

import contextlib
import functools
import subprocess
import sys
from collections.abc import Iterator

from bench import ROOT
from bench.peers.candidate import PYINFO, installed
from bench.peers.measures import MEASURES
from bench.processes.children import Worker
from bench.processes.rounds import Times, ratio
from bench.report import bars
from bench.report.comparisons import Comparison, Effort, section
from bench.report.sections.measures import workload
from bench.report.tables import Quantity, Row, size_text
from pyinfo.testing import resident_growth, traced_peak
from pyinfo.testing.timing import interleaved

MEASURED = ("entropy", "kl_divergence", "js_divergence")
N = 10_000_000
SMALL = 100_000
OWN, WITH_NUMPY, SCIPY = "import pyinfo", "import pyinfo, NumPy with it", "import scipy.stats"

# The clock starts after the import of what is `there`. An editable install is told to use its build
# as it is.
_TIME_IMPORT = """
import bench, time
bench.use_build_as_it_is()
{there}
start = time.perf_counter()
import {module}
print(time.perf_counter() - start)
"""


@section(
    "Memory of a call",
    "Peak beyond the input. Traced: what Python and NumPy allocate, by tracemalloc. Resident: "
    "by how much the call raises the peak of a child process's resident memory, read from "
    "outside; it counts every allocator, in whole pages.",
)
def memory(effort: Effort) -> Iterator[Row]:
    """Peak memory of a call beyond its input."""
    n = effort.size(N)
    for measure in MEASURED:
        effort.progress(f"memory of {measure}")
        what, size = f"{measure} float64", size_text(n)
        traced = traced_peak(MEASURES[measure].call(MEASURES[measure].inputs((n,))))
        yield Row(f"{what}, traced", size, Quantity(traced, "B"), bar=bars.EXTRA_BYTES)
        resident = _resident(measure, n)
        if resident is not None:
            yield Row(f"{what}, resident", size, Quantity(resident, "B"), bar=bars.EXTRA_BYTES)


def _resident(measure: str, n: int) -> int | None:
    """By how many bytes one call raises a child's peak, or None if unknown.

    A smaller call comes first: what a process's first call loads is no memory of the next one.
    """
    with contextlib.closing(Worker()) as child:
        child.prepare(workload(measure, "float64", min(n, SMALL)), PYINFO)(1)
        child.forget()
        sample = child.prepare(workload(measure, "float64", n), PYINFO)
        return resident_growth(lambda: sample(1), child.pid)


@section(
    "Import",
    "`import pyinfo` after `import numpy`, and with that in it, timed inside fresh processes; "
    "processes that import SciPy instead take turns with them.",
)
def import_time(effort: Effort) -> Iterator[Row]:
    """The time of `import pyinfo`, once NumPy is there and with NumPy's import in it."""
    effort.progress("import time")
    modules = {OWN: (PYINFO, "import numpy"), WITH_NUMPY: (PYINFO, "")}
    if installed("scipy"):
        modules[SCIPY] = ("scipy.stats", "import numpy")
    samplers = {
        name: functools.partial(_import_seconds, sys.executable, *which)
        for name, which in modules.items()
    }
    if effort.baseline is not None:
        for name in (OWN, WITH_NUMPY):
            there = functools.partial(_import_seconds, effort.baseline, *modules[name])
            samplers[f"{name}, baseline"] = there
    seconds = interleaved(samplers, rounds=effort.rounds, sample_seconds=0)
    compared = {
        name: ratio(seconds[f"{name}, baseline"], seconds[name])
        for name in modules
        if f"{name}, baseline" in seconds
    }
    found = Comparison(OWN, "", Times(seconds, compared), OWN)
    yield found.alone(bars.IMPORT_SECONDS)
    if SCIPY in seconds:
        yield found.against(SCIPY)
    yield found.of(WITH_NUMPY, WITH_NUMPY).alone(bars.IMPORT_SECONDS_WITH_NUMPY)


def _import_seconds(python: str, module: str, there: str, processes: int) -> float:
    command = [python, "-c", _TIME_IMPORT.format(module=module, there=there)]
    total = 0.0
    for _ in range(processes):
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        total += float(done.stdout)
    return total
