"""Whether what other programs did meanwhile may explain that a claim on time does not hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pyinfo.testing.clocks import BUSY
from pyinfo.testing.growth import Array, Growth, Memory, Verdict, check_time, growth

_SHARED_CORE = 0.6  # what is left of speed beside programs in the same caches, or on the same core


def excused(
    verdict: Verdict,
    sizes: Sequence[int],
    seconds: Array,
    claim: str | Growth,
    share: float,
    *,
    waiting: bool = True,
    memory: Memory | None = None,
) -> Verdict:
    """Return a verdict as not judged if a claim might hold without what others did meanwhile.

    Every time may be too long by as much as this process was kept waiting, unless the clock stood
    still meanwhile (`waiting` is false), and by what others in the same caches cost. A claim is
    refused all the same if no times that are shorter by at most that much fit it.
    """
    if verdict.passed or share < BUSY:
        return verdict
    shape = growth(claim).of(np.array(sizes, np.float64))
    least = seconds * _SHARED_CORE * (1 - share if waiting else 1)
    for i in range(len(sizes)):
        for anchor in (seconds[i], least[i]):
            fitting = np.clip(anchor * shape / shape[i], least, seconds)
            if check_time(sizes, fitting, claim, memory=memory).passed:
                return replace(verdict, judged=False)
    return verdict
