"""The memory of the machine that runs this: cache sizes, and what streaming costs."""

from __future__ import annotations

import functools
import timeit
from pathlib import Path

import numpy as np

TYPICAL_CACHES = (32 << 10, 1 << 20, 32 << 20)


@functools.cache
def cache_sizes() -> tuple[int, ...]:
    """Return the bytes of the data caches from the innermost outwards; typical ones if unknown."""
    sizes = []
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        try:
            kind, size = ((index / name).read_text().strip() for name in ("type", "size"))
        except OSError:
            continue
        if kind != "Instruction" and size.endswith("K"):
            sizes.append(int(size[:-1]) * 1024)
    return tuple(sorted(sizes)) or TYPICAL_CACHES


def cache_levels() -> tuple[int, ...]:
    """Return the sizes where costs may step up: the caches, and a quarter of the outermost one.

    Cores and other virtual machines share that one, and leave the more or the less of it.
    """
    *inner, outermost = cache_sizes()
    return tuple(sorted({*inner, outermost // 4, outermost}))


@functools.cache
def seconds_per_byte() -> float:
    """Measure what streaming costs: NumPy's maximum over an array beyond any cache, once."""
    data = np.ones(max(4 * cache_sizes()[-1], 64 << 20), dtype=np.uint8).view(np.float64)
    return min(timeit.repeat(data.max, number=1, repeat=5)) / data.nbytes
