"""What the figures were measured on and with."""

import datetime
import os
import platform
import sys
from importlib import metadata
from pathlib import Path

import pyinfo.config
from pyinfo.testing.machine import cache_sizes, seconds_per_byte

__all__ = [
    "active_isa",
    "available_isas",
    "cache_sizes",
    "cpu_model",
    "describe",
    "seconds_per_byte",
    "versions",
]


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


def available_isas() -> list[str]:
    """Every instruction set that pyinfo was built for and this machine runs."""
    return [str(isa) for isa in pyinfo.config.config()["available_isas"]]


def versions(*packages: str) -> dict[str, str]:
    """Versions of Python, pyinfo and the named packages, those that are installed."""
    found = {"python": platform.python_version(), "pyinfo": str(pyinfo.config.config()["version"])}
    for package in ("numpy", *packages):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def describe(*packages: str) -> dict[str, str]:
    """The header of a report."""
    named = " ".join(f"{name} {version}" for name, version in versions(*packages).items())
    caches = ", ".join(_bytes(size) for size in cache_sizes())
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "machine": f"{cpu_model()}, {os.cpu_count()} cpus, caches {caches}, {sys.platform}",
        "isa": f"{active_isa()} (available: {', '.join(available_isas())})",
        "versions": named,
    }


def _bytes(size: int) -> str:
    return f"{size >> 20} MiB" if size >= 1 << 20 else f"{size >> 10} KiB"
