"""What the figures were measured on and with, and on which processors of it."""

import contextlib
import datetime
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pyinfo.config
from bench import ROOT
from pyinfo.testing.machine import cache_sizes

# Whose versions a report names: NumPy's, those of the peers and of what checks them.
PACKAGES = (
    *("numpy", "numkong", "polars", "scipy", "torch", "zstandard", "constriction", "zipnn"),
    *("ml_dtypes", "bitarray", "pandas", "scikit-learn", "mpmath", "numcodecs", "zarr"),
)


def cpu_model() -> str:
    """The processor's name as the system gives it."""
    listed = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:(.*)", listed.read_text() if listed.exists() else "")
    return found[1].strip() if found else platform.processor() or platform.machine()


def active_isa() -> str:
    """The instruction set whose kernels pyinfo uses in this process."""
    return str(pyinfo.config.config()["isa"])


def available_isas() -> list[str]:
    """Every instruction set that pyinfo was built for and this machine runs."""
    return [str(isa) for isa in pyinfo.config.config()["available_isas"]]


def versions() -> dict[str, str]:
    """Versions of Python, pyinfo and the packages that are installed."""
    found = {"python": platform.python_version(), "pyinfo": str(pyinfo.config.config()["version"])}
    for package in PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found


def describe() -> dict[str, str]:
    """The header of a report."""
    caches = ", ".join(
        f"{size >> 20} MiB" if size >= 1 << 20 else f"{size >> 10} KiB" for size in cache_sizes()
    )
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "machine": f"{cpu_model()}, {os.cpu_count()} cpus, caches {caches}, {sys.platform}",
        "isa": f"{active_isa()} (available: {', '.join(available_isas())})",
        "versions": " ".join(f"{name} {version}" for name, version in versions().items()),
    }


def allowed_cpus() -> frozenset[int]:
    """The processors that this process may use; none where the system does not say."""
    return frozenset(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else ())


_at_start = allowed_cpus()


def pin_to_one_cpu() -> int | None:
    """Keep this process and its children on one processor, where the system allows it."""
    if not _at_start:
        return None
    cpu = max(_at_start)  # interrupts tend to land on the first
    os.sched_setaffinity(0, {cpu})
    return cpu


@contextlib.contextmanager
def on_all_cpus() -> Iterator[int]:
    """Undo the pinning for a while, for what uses several threads; gives the number of cpus."""
    if not _at_start:
        yield os.cpu_count() or 1
        return
    pinned = os.sched_getaffinity(0)
    os.sched_setaffinity(0, _at_start)
    try:
        yield len(_at_start)
    finally:
        os.sched_setaffinity(0, pinned)


def run_native(program: str, *, quick: bool, isa: str | None = None) -> Any:
    """What the newest build of a program of bench/native prints, None if there is none."""
    builds = list(ROOT.glob(f"build/*/bench/native/{program}"))
    if not builds:
        return None
    newest = max(builds, key=lambda path: path.stat().st_mtime)
    command = [newest, *(["--quick"] if quick else [])]
    environment = {**os.environ, **({"PYINFO_ISA": isa} if isa else {})}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return json.loads(done.stdout)
