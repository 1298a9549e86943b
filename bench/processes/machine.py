"""What the figures were measured on and with."""

import datetime
import json
import os
import platform
import subprocess
import sys
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
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.processor() or platform.machine()


def active_isa() -> str:
    """The instruction set whose kernels pyinfo uses in this process."""
    return str(pyinfo.config.config()["isa"])


def version_and_place() -> str:
    """Which pyinfo this process has."""
    return f"{pyinfo.config.config()['version']} in {Path(pyinfo.__file__).parent}"


def available_isas() -> list[str]:
    """Every instruction set that pyinfo was built for and this machine runs."""
    return [str(isa) for isa in pyinfo.config.config()["available_isas"]]


def versions() -> dict[str, str]:
    """Versions of Python, pyinfo and the packages that are installed."""
    found = {"python": platform.python_version(), "pyinfo": str(pyinfo.config.config()["version"])}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def describe() -> dict[str, str]:
    """The header of a report."""
    named = " ".join(f"{name} {version}" for name, version in versions().items())
    caches = ", ".join(_bytes(size) for size in cache_sizes())
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "machine": f"{cpu_model()}, {os.cpu_count()} cpus, caches {caches}, {sys.platform}",
        "isa": f"{active_isa()} (available: {', '.join(available_isas())})",
        "versions": named,
    }


def _bytes(size: int) -> str:
    return f"{size >> 20} MiB" if size >= 1 << 20 else f"{size >> 10} KiB"


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
