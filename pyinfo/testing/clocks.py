"""Which clock times a call, and how much of the time other programs took.

The processor's clock of this process stands still while others run, so a busy machine does not slow
it down. It is wrong for calls that wait, whose time it leaves out, and for calls that use several
threads, whose times it adds up: those need the wall clock, and a look at how long this process was
ready to run and did not.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

Timer: TypeAlias = Callable[[], float]
"""A clock in seconds."""

BUSY: Final = 0.05
"""The share of the time for which this process was kept waiting from where on it is disturbed."""

_FINE: Final = 1e-6  # seconds that a clock must tell apart
_UNLIKE: Final = 1.25  # how far the clocks are apart where a call waits or uses threads
_LOOKS: Final = 3


def chosen_timer(call: Callable[[], Any]) -> Timer:
    """Return the clock that is right for calls like this one.

    Parameters
    ----------
    call : callable
        The longest of the calls, which is made some times.
    """
    if time.get_clock_info("process_time").resolution > _FINE:
        return time.perf_counter
    call()
    for _ in range(_LOOKS):
        waits = _waits()
        with Disturbance() as others:
            start, own_start = time.perf_counter(), time.process_time()
            call()
            own, wall = time.process_time() - own_start, time.perf_counter() - start
        if own > _UNLIKE * wall:
            return time.perf_counter  # several threads
        if wall - others.seconds < _UNLIKE * own or _waits() == waits:
            return time.process_time
    return time.perf_counter  # it waits for something, each time


class Disturbance:
    """How long this process was ready to run while others did: 0 where the system does not say.

    Attributes
    ----------
    seconds
        Of all its threads together.
    share
        Of the time that has passed.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.share = 0.0

    def __enter__(self) -> Self:
        self._start = time.perf_counter()
        self._before = _kept_waiting()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        took = time.perf_counter() - self._start
        self.seconds = max(0.0, _kept_waiting() - self._before)
        self.share = min(0.95, self.seconds / took) if took > 0 else 0.0


def _kept_waiting() -> float:
    """Return the seconds that the threads of this process have spent in run queues."""
    total = 0
    for path in Path("/proc/self/task").glob("*/schedstat"):
        try:
            total += int(path.read_text().split()[1])
        except (OSError, IndexError, ValueError):  # the thread has ended, or no such statistics
            continue
    return total / 1e9


def _waits() -> int:
    """Return how often this process has given up its processor by itself, to wait."""
    if sys.platform == "win32":
        return 0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
