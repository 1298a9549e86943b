"""Times of several things that do the same work, taken in interleaved rounds in one process.

Machines drift: a virtual machine's neighbours come and go, clocks rise and fall. So candidates are
not measured one after the other but in rounds, each candidate once per round, in an order that
rotates. What counts is the ratio of the medians; the quartiles of the ratios of each round say how
far to trust it.

A sample is a `timeit` loop of as many calls as fill `sample_seconds` (one call if it takes longer);
the garbage collector rests meanwhile. The loop's own cost, a few nanoseconds per call, is part of
the figure: nothing is subtracted.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Spread:
    """A median and the quartiles around it."""

    median: float
    low: float
    high: float


def spread(values: ArrayLike) -> Spread:
    """Median and quartiles of values."""
    low, median, high = np.percentile(np.asarray(values, dtype=np.float64), [25, 50, 75])
    return Spread(float(median), float(low), float(high))


def ratio(slow: NDArray[np.float64], fast: NDArray[np.float64]) -> Spread:
    """How many times faster `fast` is: ratio of the medians, quartiles of the rounds' ratios."""
    rounds = spread(slow / fast)
    return Spread(float(np.median(slow) / np.median(fast)), rounds.low, rounds.high)


def allowed_cpus() -> frozenset[int]:
    """The processors that this process may use; none where the system does not say."""
    return frozenset(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else ())


def pin_to_one_cpu() -> int | None:
    """Keep this process and its children on one processor, where the system allows it."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    cpu = max(_at_start)  # interrupts tend to land on the first
    os.sched_setaffinity(0, {cpu})
    return cpu


@contextlib.contextmanager
def on_all_cpus() -> Iterator[int]:
    """Undo the pinning for a while, for what uses several threads; gives the number of cpus."""
    if not hasattr(os, "sched_setaffinity"):
        yield os.cpu_count() or 1
        return
    pinned = os.sched_getaffinity(0)
    os.sched_setaffinity(0, _at_start)
    try:
        yield len(_at_start)
    finally:
        os.sched_setaffinity(0, pinned)


_at_start = allowed_cpus()
