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
import math
import os
import timeit
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Sampler = Callable[[int], float]
"""Makes the given number of calls and returns the seconds that they took together."""


@dataclass(frozen=True)
class Call:
    """A function and its arguments, timed as the plain call statement a user would write."""

    function: Callable[..., Any]
    args: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self) -> Any:
        return self.function(*self.args, **self.options)

    def sampler(self) -> Sampler:
        """A `timeit` loop over the call; function and arguments are local names in it."""
        names = {f"arg{i}": value for i, value in enumerate(self.args)}
        keywords = {f"option_{name}": value for name, value in self.options.items()}
        given = [*names, *(f"{name}=option_{name}" for name in self.options)]
        bound = {"function": self.function, **names, **keywords}
        setup = "; ".join(f"{name} = bound[{name!r}]" for name in bound)
        statement = f"function({', '.join(given)})"
        return timeit.Timer(statement, setup, globals={"bound": bound}).timeit


@dataclass(frozen=True)
class Spread:
    """A median and the quartiles around it."""

    median: float
    low: float
    high: float


def interleaved(
    samplers: Mapping[str, Sampler], *, rounds: int = 21, sample_seconds: float = 0.02
) -> dict[str, NDArray[np.float64]]:
    """Seconds per call of each candidate, one figure per round."""
    calls = {name: _calls_per_sample(sample, sample_seconds) for name, sample in samplers.items()}
    order = list(samplers)
    seconds = {name: np.empty(rounds) for name in order}
    for this_round in range(rounds):
        for name in order:
            seconds[name][this_round] = samplers[name](calls[name]) / calls[name]
        order.append(order.pop(0))
    return seconds


def _calls_per_sample(sample: Sampler, wanted: float) -> int:
    sample(1)  # pages, caches and lazy imports, before anything counts
    calls = 1
    while (took := sample(calls)) < wanted / 2:
        estimate = math.ceil(calls * wanted / max(took, 1e-9))
        calls = max(2 * calls, min(10 * calls, estimate))
    return calls


def spread(values: ArrayLike) -> Spread:
    """Median and quartiles of values."""
    low, median, high = np.percentile(np.asarray(values, dtype=np.float64), [25, 50, 75])
    return Spread(float(median), float(low), float(high))


def ratio(slow: NDArray[np.float64], fast: NDArray[np.float64]) -> Spread:
    """How many times faster `fast` is: ratio of the medians, quartiles of the rounds' ratios."""
    rounds = spread(slow / fast)
    return Spread(float(np.median(slow) / np.median(fast)), rounds.low, rounds.high)


def pin_to_one_cpu() -> int | None:
    """Keep this process and its children on one processor, where the system allows it."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    cpu = max(_allowed_cpus)  # interrupts tend to land on the first
    os.sched_setaffinity(0, {cpu})
    return cpu


@contextlib.contextmanager
def on_all_cpus() -> Iterator[int]:
    """Undo the pinning for a while, for what uses several threads; gives the number of cpus."""
    if not hasattr(os, "sched_setaffinity"):
        yield os.cpu_count() or 1
        return
    pinned = os.sched_getaffinity(0)
    os.sched_setaffinity(0, _allowed_cpus)
    try:
        yield len(_allowed_cpus)
    finally:
        os.sched_setaffinity(0, pinned)


_allowed_cpus = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
