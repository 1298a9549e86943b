"""Measures how a function's time and memory grow, and judges what is claimed about it.

Times are taken in interleaved rounds over the sizes, one size after the other in each round, so
that a slow moment of the machine hits all sizes alike; the lower quartile of a size's rounds
counts, since what other processes do only ever adds. What misses its claim gets more rounds before
that is believed: they outlive interference, while a wrong claim stays wrong, because the rounds
that spoke against it are not thrown away.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from pyinfo.testing.clocks import Disturbance, Timer, chosen_timer
from pyinfo.testing.excuses import excused
from pyinfo.testing.growth import (
    FEWEST_SIZES,
    Array,
    Growth,
    Memory,
    Verdict,
    check_memory,
    check_time,
    growth,
)
from pyinfo.testing.instructions import count_instructions
from pyinfo.testing.machine import cache_levels, cache_sizes, seconds_per_byte
from pyinfo.testing.memory import resident_growth, traced_peak
from pyinfo.testing.timing import Call, interleaved

Claim: TypeAlias = str | Growth
MadeInput: TypeAlias = Callable[[int], Any]
Cost: TypeAlias = Literal["time", "instructions"]
MemoryCost: TypeAlias = Literal["traced", "resident"]

SAMPLE_SECONDS = 0.002

# Sizes are doubled until a call takes this long: far above the overhead of a call, cheap to repeat.
LONG_ENOUGH = {"time": 0.01, "instructions": 0.001}
TOO_LONG = 1.0
FIRST_SIZE, LAST_SIZE, MOST_SIZES = 16, 1 << 24, 12


@dataclass(frozen=True)
class Complexity:
    """What was measured, and what became of the claims.

    Attributes
    ----------
    name : str
        The function's.
    sizes : tuple of int
        The values of n.
    time, memory : Verdict or None
        The judgement on each claim that was made.
    costs : tuple of float
        Seconds or instructions of a call at each size; empty without a claim on time.
    extra_bytes : tuple of int
        Peak memory beyond the input at each size; empty without a claim on memory.
    by : str
        What `costs` are: "time" or "instructions".

    Examples
    --------
    >>> n = [1 << k for k in range(12, 20)]
    >>> found = pyinfo.testing.measure_complexity(bytes, lambda n: n, None, memory="n", sizes=n)
    >>> found.passed, found.sizes == tuple(n)
    (True, True)
    """

    name: str
    sizes: tuple[int, ...]
    time: Verdict | None = None
    memory: Verdict | None = None
    costs: tuple[float, ...] = ()
    extra_bytes: tuple[int, ...] = ()
    by: Cost = "time"

    @property
    def passed(self) -> bool:
        """Whether every claim holds."""
        return not self.reasons

    @property
    def judged(self) -> bool:
        """False if a claim does not hold, but might where the machine is less busy."""
        verdicts = [each for each in (self.time, self.memory) if each is not None]
        refused = any(each.judged and not each.passed for each in verdicts)
        return refused or all(each.judged for each in verdicts)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the claims do not hold; empty if they do."""
        verdicts = {"time": self.time, "memory": self.memory}
        return tuple(
            f"{what}: {reason}"
            for what, verdict in verdicts.items()
            if verdict is not None
            for reason in verdict.reasons
        )

    def __str__(self) -> str:
        claims = [
            f"O({verdict.claim}) {what}"
            for what, verdict in (("time", self.time), ("memory", self.memory))
            if verdict is not None
        ]
        held = "holds" if self.passed else "does not hold"
        if not self.judged:
            held = "not judged, the machine is busy"
        lines = [f"{self.name}: {', '.join(claims)} {held}", *(f"  {why}" for why in self.reasons)]
        return "\n".join([*lines, *self._table()])

    def _table(self) -> list[str]:
        columns = {"n": [f"{n:,}" for n in self.sizes]}
        if self.costs:
            timed = self.by == "time"
            unit = "ns" if timed else "instructions"
            scale = 1e9 if timed else 1.0
            columns[unit] = [f"{cost * scale:,.0f}" for cost in self.costs]
            columns[f"{unit} per n"] = [
                f"{cost * scale / n:,.3f}" for n, cost in zip(self.sizes, self.costs, strict=True)
            ]
        if self.extra_bytes:
            columns["extra bytes"] = [f"{extra:,}" for extra in self.extra_bytes]
        widths = [max(map(len, [name, *cells])) for name, cells in columns.items()]
        rows = [list(columns), *map(list, zip(*columns.values(), strict=True))]
        return [
            "  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
            for row in rows
        ]


def assert_complexity(
    func: Callable[..., Any],
    make_input: MadeInput,
    claim: Claim | None = "n",
    *,
    memory: Claim | None = None,
    sizes: Sequence[int] | None = None,
    by: Cost = "time",
    memory_by: MemoryCost = "traced",
    bytes_per_item: float | None = None,
    rounds: int = 9,
    retries: int = 2,
    timer: Timer | None = None,
) -> Complexity:
    """Assert that a function's cost grows with the size of its input as claimed.

    Parameters
    ----------
    func : callable
        The function. It must leave its input as it is: it is called many times with it.
    make_input : callable
        Takes n and gives the input of that size: one argument, or a tuple of arguments.
    claim : str or Growth or None
        How time grows: "1", "log n", "n", "n log n", "n^2", or a `Growth` of your own. None makes
        no claim on time.
    memory : str or Growth, optional
        How the peak of extra memory grows, the result included. "1" means within 64 KiB.
    sizes : sequence of int, optional
        Values of n, at least six, increasing. By default doublings, up to where a call takes about
        10 ms or n is 2^24.
    by : {"time", "instructions"}
        Whether to measure time, or to count instructions with valgrind or perf, which no other
        process disturbs. To be counted, `func` and `make_input` must be importable.
    memory_by : {"traced", "resident"}
        Whether memory is what Python's and NumPy's allocators give (`tracemalloc`), or by how much
        the call raises the peak of the process's resident memory (Linux).
    bytes_per_item : float, optional
        Bytes that the function touches per n. They say where the input leaves the machine's
        caches, from where on a unit of work may cost more. Estimated from the input by default; 0
        allows for nothing of the kind.
    rounds : int
        How often each size is measured.
    retries : int
        How often a claim that misses gets more rounds, each time twice as many.
    timer : callable, optional
        The clock, in seconds. By default that of the processor, which other programs do not slow
        down; for functions that wait or use several threads, the wall clock. Where the machine is
        busy and a claim might hold if it were not, it is not judged: a warning says so.

    Returns
    -------
    Complexity
        What was measured.

    Raises
    ------
    AssertionError
        If a claim does not hold: the message says why and shows what was measured.
    ValueError
        If the claims or sizes make no sense.

    Examples
    --------
    >>> n = [1 << k for k in range(12, 20)]
    >>> pyinfo.testing.assert_complexity(bytes, lambda n: n, None, memory="n", sizes=n).passed
    True
    """
    __tracebackhide__ = True
    found = measure_complexity(
        func,
        make_input,
        claim,
        memory=memory,
        sizes=sizes,
        by=by,
        memory_by=memory_by,
        bytes_per_item=bytes_per_item,
        rounds=rounds,
        retries=retries,
        timer=timer,
    )
    if not found.judged:
        warnings.warn(str(found), UserWarning, stacklevel=2)
    elif not found.passed:
        raise AssertionError(str(found))
    return found


def measure_complexity(
    func: Callable[..., Any],
    make_input: MadeInput,
    claim: Claim | None = "n",
    *,
    memory: Claim | None = None,
    sizes: Sequence[int] | None = None,
    by: Cost = "time",
    memory_by: MemoryCost = "traced",
    bytes_per_item: float | None = None,
    rounds: int = 9,
    retries: int = 2,
    timer: Timer | None = None,
) -> Complexity:
    """Do what `assert_complexity` does, but return also what does not hold.

    Parameters and errors, but for `AssertionError`, are those of `assert_complexity`.

    Examples
    --------
    >>> n = [1 << k for k in range(12, 20)]
    >>> pyinfo.testing.measure_complexity(bytes, lambda n: n, None, memory="1", sizes=n).passed
    False
    """
    _check_options(by, memory_by, rounds, retries)
    claims = [growth(each) for each in (claim, memory) if each is not None]
    if not claims:
        raise ValueError("there is no claim: claim and memory are both None")

    def call_of(n: int) -> Call:
        made = make_input(n)
        return Call(func, made if isinstance(made, tuple) else (made,))

    calls = _chosen_calls(call_of, by, timer) if sizes is None else _given_calls(call_of, sizes)
    chosen = tuple(calls)
    time_verdict = memory_verdict = None
    costs: Array = np.empty(0)
    peaks: list[int] = []
    if memory is not None:
        memory_verdict, peaks = judge_memory(calls, memory, by=memory_by)
    if claim is not None and by == "instructions":
        costs = np.array(count_instructions(func, make_input, chosen), dtype=np.float64)
        time_verdict = check_time(chosen, costs, claim)
    elif claim is not None:
        if bytes_per_item is None:
            bytes_per_item = sum(map(_bytes_of, calls[chosen[-1]].args)) / chosen[-1]
        time_verdict, costs = judge_time(
            calls,
            claim,
            memory=_memory_levels(bytes_per_item, chosen[-1]),
            rounds=rounds,
            retries=retries,
            timer=timer,
        )
    return Complexity(
        name=getattr(func, "__name__", repr(func)),
        sizes=chosen,
        time=time_verdict,
        memory=memory_verdict,
        costs=tuple(costs.tolist()),
        extra_bytes=tuple(peaks),
        by=by,
    )


def judge_time(
    calls: Mapping[int, Call],
    claim: Claim,
    *,
    memory: Memory | None = None,
    rounds: int = 9,
    retries: int = 2,
    sample_seconds: float = SAMPLE_SECONDS,
    timer: Timer | None = None,
) -> tuple[Verdict, Array]:
    """Time calls by their n and judge a claim; more rounds are taken before one is refused.

    Parameters
    ----------
    calls : mapping
        A call for each n, in increasing order.
    claim : str or Growth
        How time is claimed to grow.
    memory : Memory, optional
        What leaving the caches may add.
    rounds, retries, timer
        As in `assert_complexity`.
    sample_seconds : float
        How long a sample of a short call is to take.

    Returns
    -------
    tuple of Verdict and ndarray
        The judgement, and the seconds that it is about: the lower quartiles of all rounds.

    Examples
    --------
    >>> from pyinfo.testing.timing import Call
    >>> calls = {1 << k: Call(sum, (range(1 << k),)) for k in range(4, 12)}
    >>> verdict, seconds = pyinfo.testing.judge_time(calls, "n", rounds=1, retries=0)
    >>> len(seconds)
    8
    """
    if timer is None:
        timer = chosen_timer(calls[max(calls)])
    samplers = {str(n): call.sampler(timer) for n, call in calls.items()}
    seconds = np.empty((len(calls), 0))
    with Disturbance() as others:
        for look in range(retries + 1):
            taken = interleaved(samplers, rounds=rounds << look, sample_seconds=sample_seconds)
            seconds = np.hstack([seconds, np.stack(list(taken.values()))])
            undisturbed: Array = np.percentile(seconds, 25, axis=1)
            verdict = check_time(list(calls), undisturbed, claim, memory=memory)
            if verdict.passed:
                break
    waiting = timer is not time.process_time
    verdict = excused(
        verdict, list(calls), undisturbed, claim, others.share, waiting=waiting, memory=memory
    )
    return verdict, undisturbed


def judge_seconds(
    seconds: Mapping[int, float],
    claim: Claim = "n",
    *,
    bytes_per_item: float = 0,
    disturbed: float = 0,
) -> Verdict:
    """Judge a claim on times that somebody else has measured.

    Parameters
    ----------
    seconds : mapping
        The seconds of a call by its n, at least six.
    claim : str or Growth
        How time is claimed to grow.
    bytes_per_item : float
        As in `assert_complexity`, but 0 by default.
    disturbed : float
        The share of the time that other programs took, 0 to 1: a claim that might hold without
        them is not judged.

    Returns
    -------
    Verdict
        The judgement.

    Examples
    --------
    >>> sizes = [64, 128, 256, 512, 1024, 2048]
    >>> pyinfo.testing.judge_seconds({n: 1e-6 + 1e-9 * n for n in sizes}, "n").passed
    True
    """
    sizes = sorted(seconds)
    memory = _memory_levels(bytes_per_item, sizes[-1])
    costs = np.array([seconds[n] for n in sizes])
    verdict = check_time(sizes, costs, claim, memory=memory)
    return excused(verdict, sizes, costs, claim, disturbed, memory=memory)


def judge_memory(
    calls: Mapping[int, Call], claim: Claim, *, by: MemoryCost = "traced"
) -> tuple[Verdict, list[int]]:
    """Measure the extra memory of calls by their n and judge a claim.

    Parameters
    ----------
    calls : mapping
        A call for each n, in increasing order.
    claim : str or Growth
        How memory is claimed to grow.
    by : {"traced", "resident"}
        As `memory_by` in `assert_complexity`.

    Returns
    -------
    tuple of Verdict and list of int
        The judgement, and the bytes that it is about.

    Examples
    --------
    >>> from pyinfo.testing.timing import Call
    >>> calls = {1 << k: Call(bytes, (1 << k,)) for k in range(14, 22)}
    >>> verdict, peaks = pyinfo.testing.judge_memory(calls, "n")
    >>> verdict.passed
    True
    """
    if by == "traced":
        peaks = [traced_peak(call) for call in calls.values()]
    else:
        next(iter(calls.values()))()  # what a first call loads does not count
        grown = [resident_growth(call) for call in calls.values()]
        peaks = [growth for growth in grown if growth is not None]
        if len(peaks) < len(grown):
            raise ValueError("memory_by='resident' needs Linux's /proc")
    return check_memory(list(calls), peaks, claim), peaks


def _check_options(by: str, memory_by: str, rounds: int, retries: int) -> None:
    if by not in ("time", "instructions"):
        raise ValueError(f"by is {by!r}, not 'time' or 'instructions'")
    if memory_by not in ("traced", "resident"):
        raise ValueError(f"memory_by is {memory_by!r}, not 'traced' or 'resident'")
    if rounds < 1 or retries < 0:
        raise ValueError("rounds must be at least 1 and retries at least 0")


def _given_calls(call_of: Callable[[int], Call], sizes: Sequence[int]) -> dict[int, Call]:
    if len(sizes) < FEWEST_SIZES or sizes[0] < 2 or (np.diff(sizes) <= 0).any():
        raise ValueError(f"sizes must be at least {FEWEST_SIZES}, increase and start at 2 or more")
    return {int(n): call_of(int(n)) for n in sizes}


def _chosen_calls(call_of: Callable[[int], Call], by: Cost, timer: Timer | None) -> dict[int, Call]:
    """Double n until a call takes long enough; the last of these sizes are what is measured."""
    clock = timer or time.perf_counter
    calls: dict[int, Call] = {}
    n = FIRST_SIZE
    while n <= LAST_SIZE:
        calls[n] = call = call_of(n)
        call()
        start = clock()
        call()
        took = clock() - start
        if took >= LONG_ENOUGH[by] and len(calls) > FEWEST_SIZES:
            break
        if took >= TOO_LONG:
            raise ValueError(f"a call with n = {n} takes {took:.1f} s: give smaller sizes")
        calls.pop(n >> MOST_SIZES, None)
        n *= 2
    return calls


def _memory_levels(bytes_per_item: float, largest: int) -> Memory | None:
    if bytes_per_item * largest <= cache_sizes()[0]:
        return None  # all of it stays in the innermost cache
    return Memory(bytes_per_item, cache_levels(), seconds_per_byte())


def _bytes_of(values: Any) -> int:
    """Bytes of an array, a buffer, or a container and elements like its first."""
    if hasattr(values, "nbytes"):
        return int(values.nbytes)
    elements = 0
    if isinstance(values, list | tuple | set | frozenset | dict) and values:
        elements = len(values) * sys.getsizeof(next(iter(values)))
    return sys.getsizeof(values, 0) + elements
