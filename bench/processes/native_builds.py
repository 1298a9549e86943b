"""Where the C++ benchmarks of bench/native are, if they are built."""

from pathlib import Path

from bench import ROOT

BUILD = "cmake --preset bench && cmake --build --preset bench"


def newest_build(program: str) -> Path | None:
    """Return the program's newest build, whatever the preset."""
    builds = list(ROOT.glob(f"build/*/bench/native/{program}"))
    return max(builds, key=lambda path: path.stat().st_mtime, default=None)
