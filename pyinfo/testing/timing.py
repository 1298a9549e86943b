"""Times of several calls, taken in interleaved rounds.

Machines drift: neighbours come and go, clocks rise and fall. So calls are not measured one after
the other but in rounds, each call once per round, in an order that rotates.

A sample is a `timeit` loop of as many calls as fill `sample_seconds` (one call if it takes longer);
the garbage collector rests meanwhile. The loop's own cost, a few nanoseconds per call, is part of
the figure: nothing is subtracted.
"""

from __future__ import annotations

import math
import time
import timeit
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pyinfo.testing.clocks import Timer

Sampler: TypeAlias = Callable[[int], float]
"""Makes the given number of calls and returns the seconds that they took together."""


@dataclass(frozen=True)
class Call:
    """A function and its arguments, timed as the plain call statement a user would write.

    Parameters
    ----------
    function : callable
        What is called.
    args : tuple
        Its positional arguments.
    options : mapping
        Its keyword arguments.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self) -> Any:
        """Make the call."""
        return self.function(*self.args, **self.options)

    def sampler(self, timer: Timer = time.perf_counter) -> Sampler:
        """Return a `timeit` loop over the call; function and arguments are local names in it."""
        names = {f"arg{i}": value for i, value in enumerate(self.args)}
        keywords = {f"option_{name}": value for name, value in self.options.items()}
        given = [*names, *(f"{name}=option_{name}" for name in self.options)]
        bound = {"function": self.function, **names, **keywords}
        setup = "; ".join(f"{name} = bound[{name!r}]" for name in bound)
        statement = f"function({', '.join(given)})"
        return timeit.Timer(statement, setup, timer, globals={"bound": bound}).timeit


def interleaved(
    samplers: Mapping[str, Sampler], *, rounds: int = 21, sample_seconds: float = 0.02
) -> dict[str, NDArray[np.float64]]:
    """Take the seconds per call of each candidate, one figure per round."""
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
