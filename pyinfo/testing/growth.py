r"""Does a cost grow as claimed? Arithmetic on (n, cost) pairs: no clock, NumPy alone.

A claim is checked, not guessed. For a claimed growth f(n) four questions are asked:

Fit
    Is ``cost = a + b f(n)`` with a, b >= 0 a good description at every size? The least squares are
    on relative residuals, so the smallest size counts as much as the largest, and the constant
    overhead of a call does not hide how the rest grows. Root mean square residual <= 25 %.
Share
    At the largest n, does b f(n) make up at least half of the cost? Otherwise the cost grows more
    slowly than claimed, or the sizes are too small to tell.
Tail
    Over the upper half of the sizes, does log(cost) rise against log(n) at most 0.1 faster than
    log(f) does? For a claim of n: slope <= 1.1.
Rival
    Does the next larger class describe the costs clearly better, that is with less than half the
    residual, the claim's own residual being above 4 %?

Memory levels. A linear pass costs more per element once its input has left a cache, which is the
machine's doing. Given `Memory` (cache sizes, bytes touched per n, seconds per byte streamed) the
model is::

    cost = a + f(n) * (b + sum over caches c of d_c w_c(n)),    d_c >= 0

where w_c rises from 0 to 1 while the touched bytes grow from half the size of cache c to twice the
size. What the steps may explain is bounded by physics: all of them together cannot add more than
twice the time to stream the bytes from memory (and a quarter of the cost, for noise), nor raise the
cost per element more than `LARGEST_STEP`-fold. Claims above n may add a branch predicted wrong per
unit of work: a sort that is repeated on the same few elements has been learnt by the processor, one
of many has not. The tail slope is taken after dividing by the fitted steps.

What this can tell apart (stated by ``test_growth.py``, with seventeen doublings of n):

* n from n^2 and from a constant: always, at 10 % noise too.
* n log n from n without memory levels (counted instructions, bytes, or data that stays in a cache):
  up to about 6 % noise, by the rival.
* n log n from n with memory levels: only where the growth exceeds what memory explains, since
  a factor of two over the whole range is what leaving the caches looks like as well.
* n from n log n, the other way round: not tested for. A linear cost fits a claim of n log n within
  25 %, and is within O(n log n).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

LARGEST_RESIDUAL = 0.25
SMALLEST_SHARE = 0.5
EXCESS_SLOPE = 0.1
RIVAL_RESIDUAL, RIVAL_GAIN = 0.04, 0.5
LARGEST_STEP, STEP_NOISE = 8.0, 0.25
BRANCH_SECONDS = 5e-9  # of a branch that is predicted wrong
FEWEST_SIZES = 6


@dataclass(frozen=True)
class Growth:
    """A named growth class, such as n log n, or any other increasing function of n.

    Parameters
    ----------
    name : str
        How reports call it.
    of : callable
        Takes an array of sizes, gives the growth at each of them.

    Examples
    --------
    >>> cubic = pyinfo.testing.Growth("n^3", lambda n: n**3)
    >>> n = np.array([64, 128, 256, 512, 1024, 2048])
    >>> pyinfo.testing.check_time(n, 1e-9 * n**3, cubic).passed
    True
    """

    name: str
    of: Callable[[Array], Array]


# From slow to fast: the rival of a class is the one after it.
GROWTHS = (
    Growth("1", np.ones_like),
    Growth("log n", np.log2),
    Growth("n", lambda n: n),
    Growth("n log n", lambda n: n * np.log2(n)),
    Growth("n^2", np.square),
)


@dataclass(frozen=True)
class Memory:
    """What the memory levels of a machine may add to the cost of a pass over data.

    Parameters
    ----------
    bytes_per_item : float
        Bytes that are touched per n.
    caches : tuple of int
        Sizes of the data caches in bytes, the innermost first.
    seconds_per_byte : float
        What a byte costs that is streamed from memory.

    Examples
    --------
    >>> pyinfo.testing.Memory(8, caches=(32 << 10, 1 << 20), seconds_per_byte=1e-10).bytes_per_item
    8
    """

    bytes_per_item: float
    caches: tuple[int, ...]
    seconds_per_byte: float


@dataclass(frozen=True)
class Fit:
    """A claimed growth fitted to costs: overhead + growth(n) * per_unit(n)."""

    overhead: float
    per_unit: Array
    residual: float
    share: float

    @property
    def step(self) -> float:
        """How many times dearer a unit of work is at its dearest than at its cheapest."""
        cheapest = float(self.per_unit.min())
        return float(self.per_unit.max()) / cheapest if cheapest > 0 else np.inf


@dataclass(frozen=True)
class Verdict:
    """The answer to one claim.

    Attributes
    ----------
    claim : str
        The claimed growth.
    reasons : tuple of str
        Why it does not hold; empty if it does.
    overhead, per_unit : float
        The fit: ``overhead + per_unit * growth(n)`` at the largest n.
    residual : float
        Root mean square of the relative deviations from the fit.
    slope : float
        Of log(cost) against log(n) over the upper half of the sizes.
    judged : bool
        False if it does not hold, but might where other programs had left the processors alone.

    Examples
    --------
    >>> n = np.array([64, 128, 256, 512, 1024, 2048])
    >>> pyinfo.testing.check_time(n, 1e-9 * n**2, "n").passed
    False
    """

    claim: str
    reasons: tuple[str, ...]
    overhead: float
    per_unit: float
    residual: float
    slope: float
    judged: bool = True

    @property
    def passed(self) -> bool:
        """Whether the claim holds."""
        return not self.reasons


def growth(claim: str | Growth) -> Growth:
    """Return the growth class of that name."""
    if isinstance(claim, Growth):
        return claim
    for known in GROWTHS:
        if known.name == claim:
            return known
    names = ", ".join(repr(known.name) for known in GROWTHS)
    raise ValueError(f"claim {claim!r} is not one of {names}")


def check_time(
    n: ArrayLike,
    seconds: ArrayLike,
    claim: str | Growth,
    *,
    memory: Memory | None = None,
) -> Verdict:
    """Check that times (or counted instructions) grow with n as claimed.

    Parameters
    ----------
    n : array_like
        Increasing sizes, at least six, the first at least 2.
    seconds : array_like
        The cost at each size.
    claim : str or Growth
        "1", "log n", "n", "n log n", "n^2", or a `Growth` of your own.
    memory : Memory, optional
        What leaving the caches may add; without it, every change of cost per unit is growth.

    Returns
    -------
    Verdict
        Whether the claim holds, and if not, why.

    Examples
    --------
    >>> n = np.array([64, 128, 256, 512, 1024, 2048])
    >>> pyinfo.testing.check_time(n, 1e-6 + 1e-9 * n, "n").passed
    True
    """
    sizes, costs = _checked(n, seconds)
    return _verdict(sizes, costs, growth(claim), memory)


def check_memory(
    n: ArrayLike, extra_bytes: ArrayLike, claim: str | Growth, *, slack: int = 64 * 1024
) -> Verdict:
    """Check that memory grows with n as claimed; differences below `slack` bytes are noise.

    A claim of "1" holds if no size needs more than `slack` bytes above the smallest need: O(1) is
    about an absolute amount. Other claims are checked as times are, with `slack` as overhead.

    Parameters
    ----------
    n : array_like
        Increasing sizes.
    extra_bytes : array_like
        Bytes needed beyond the input at each size.
    claim : str or Growth
        As in `check_time`.
    slack : int
        Bytes that do not count.

    Returns
    -------
    Verdict
        Whether the claim holds, and if not, why.

    Examples
    --------
    >>> n = np.array([64, 128, 256, 512, 1024, 2048]) * 1000
    >>> pyinfo.testing.check_memory(n, 8 * n, "n").passed
    True
    """
    sizes = np.asarray(n, dtype=np.float64)
    peaks = np.asarray(extra_bytes, dtype=np.float64)
    wanted = growth(claim)
    if wanted.name != "1":
        return _verdict(*_checked(sizes, peaks + slack), wanted, None)
    spread = float(np.ptp(peaks))
    reasons = [f"grows by {spread:,.0f} bytes over the sizes"] if spread > slack else []
    half = peaks.size // 2
    slope = _slope(sizes[half:], peaks[half:] + slack)
    return Verdict("1", tuple(reasons), float(peaks.min()), 0.0, 0.0, slope)


def _checked(n: ArrayLike, cost: ArrayLike) -> tuple[Array, Array]:
    sizes = np.asarray(n, dtype=np.float64)
    costs = np.asarray(cost, dtype=np.float64)
    if sizes.ndim != 1 or sizes.shape != costs.shape or sizes.size < FEWEST_SIZES:
        raise ValueError(f"n and cost must be of one length, at least {FEWEST_SIZES}")
    if (np.diff(sizes) <= 0).any() or sizes[0] < 2:
        raise ValueError("n must increase and start at 2 or more")
    if not (costs > 0).all():
        raise ValueError("costs must be positive")
    return sizes, costs


def _verdict(n: Array, cost: Array, claim: Growth, memory: Memory | None) -> Verdict:
    fit = _fit(n, cost, claim, memory)
    half = n.size // 2
    steps = fit.per_unit / fit.per_unit.min() if np.isfinite(fit.step) else np.ones_like(n)
    slope = _slope(n[half:], cost[half:] / steps[half:])
    allowed = _slope(n[half:], claim.of(n)[half:]) + EXCESS_SLOPE

    reasons = []
    if fit.residual > LARGEST_RESIDUAL:
        reasons.append(
            f"a + b({claim.name}) misses the costs by {fit.residual:.0%} (root mean square), "
            f"more than {LARGEST_RESIDUAL:.0%}"
        )
    if fit.share < SMALLEST_SHARE:
        reasons.append(
            f"grows more slowly than {claim.name}, or the sizes are too small to tell: "
            f"{fit.share:.0%} of the cost at the largest n grows"
        )
    elif memory is not None:
        reasons += _steps_beyond_memory(n, fit, claim, memory)
    if slope > allowed:
        reasons.append(f"tail slope {slope:.2f} exceeds {allowed:.2f}")
    rival = _rival(claim)
    if rival is not None and fit.residual > RIVAL_RESIDUAL:
        other = _fit(n, cost, rival, memory).residual
        if other < RIVAL_GAIN * fit.residual:
            reasons.append(
                f"{rival.name} describes the costs better: residual {other:.1%}, "
                f"{claim.name} {fit.residual:.1%}"
            )
    per_unit = float(fit.per_unit[-1])
    return Verdict(claim.name, tuple(reasons), fit.overhead, per_unit, fit.residual, slope)


def _steps_beyond_memory(n: Array, fit: Fit, claim: Growth, memory: Memory) -> list[str]:
    reasons = []
    if fit.step > LARGEST_STEP:
        reasons.append(f"cost per unit rises {fit.step:.1f}-fold, more than caches explain")
    added = float(np.ptp(fit.per_unit)) * float(claim.of(n)[-1]) / float(n[-1])
    per_item = fit.per_unit[-1] * claim.of(n)[-1] / n[-1]
    bound = 2 * memory.bytes_per_item * memory.seconds_per_byte + STEP_NOISE * float(per_item)
    units = claim.of(n) / n
    if units[-1] > units[0]:
        bound += float(units[-1]) * BRANCH_SECONDS
    if added > bound:
        reasons.append(
            f"cost per item rises by {added * 1e9:.2f} ns, more than memory explains "
            f"({bound * 1e9:.2f} ns)"
        )
    return reasons


def _rival(claim: Growth) -> Growth | None:
    names = [known.name for known in GROWTHS]
    if claim.name not in names[:-1]:
        return None
    return GROWTHS[names.index(claim.name) + 1]


def _slope(n: Array, cost: Array) -> float:
    return float(np.polyfit(np.log(n), np.log(cost), 1)[0])


def _fit(n: Array, cost: Array, claim: Growth, memory: Memory | None) -> Fit:
    work = claim.of(n)
    if np.ptp(work) == 0:  # a constant: the whole call is the unit of work
        constant = float((1 / cost).sum() / (1 / cost**2).sum())
        return Fit(0.0, np.full_like(n, constant), _residual(constant / cost), 1.0)
    out_of_cache = _out_of_cache(n, memory) if memory is not None else []
    columns = [np.ones_like(n), work, *(work * share for share in out_of_cache)]
    relative = np.stack(columns, axis=1) / cost[:, np.newaxis]
    weights = _non_negative(relative, np.ones_like(n))
    per_unit = np.full_like(n, weights[1])
    for weight, share in zip(weights[2:], out_of_cache, strict=True):
        per_unit += weight * share
    model = weights[0] + work * per_unit
    grown = float(work[-1] * per_unit[-1] / model[-1])
    return Fit(float(weights[0]), per_unit, _residual(model / cost), grown)


def _residual(relative_model: Array) -> float:
    degrees = relative_model.size - 2
    return float(np.sqrt(np.square(relative_model - 1).sum() / degrees))


def _out_of_cache(n: Array, memory: Memory) -> list[Array]:
    """For each cache that the sizes leave: how far, from 0 (inside) to 1 (outside)."""
    touched = n * memory.bytes_per_item
    shares = [np.clip((np.log2(touched / size) + 1) / 2, 0.0, 1.0) for size in memory.caches]
    return [share for share in shares if share[0] == 0 and share[-1] > 0]


def _non_negative(matrix: Array, target: Array) -> Array:
    """Non-negative least squares; the few columns allow trying every set of positive weights."""
    scale = np.abs(matrix).max(axis=0)
    columns = range(matrix.shape[1])
    best, least = np.zeros(matrix.shape[1]), np.inf
    for size in range(1, matrix.shape[1] + 1):
        for chosen in itertools.combinations(columns, size):
            picked = list(chosen)
            found = np.linalg.lstsq(matrix[:, picked] / scale[picked], target, rcond=None)[0]
            if (found < 0).any():
                continue
            error = float(np.square(matrix[:, picked] / scale[picked] @ found - target).sum())
            if error < least:
                least, best = error, np.zeros(matrix.shape[1])
                best[picked] = found / scale[picked]
    return best


def doublings(first: int, last: int) -> Sequence[int]:
    """Return the sizes 2^first, ..., 2^last.

    Examples
    --------
    >>> list(pyinfo.testing.doublings(8, 11))
    [256, 512, 1024, 2048]
    """
    return [1 << k for k in range(first, last + 1)]
