"""How much memory a call needs beyond its input, seen from inside and from outside."""

from bench.processes.children import Child
from pyinfo.testing import memory
from pyinfo.testing.memory import traced_peak

__all__ = ["resident_growth", "traced_peak"]


def resident_growth(child: Child) -> int | None:
    """By how many bytes one call raises a child's peak of resident memory, or None if unknown."""
    return memory.resident_growth(lambda: child.sample(1), child.pid)
