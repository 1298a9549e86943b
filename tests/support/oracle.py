"""What every measure is, exactly: each sum over the given values as they are, in 60 digits.

Independent of pyinfo. Values are read as the real numbers they stand for; nothing is rounded until
the end. A measure is a sum of terms in nats and a function of that sum.

`normalize` means what it means in pyinfo: True divides by the exact sum, so does None for integers
and booleans; None for floats takes the values as the distribution they are said to be: divergences
are those of the shares, since what rounding keeps their sums from 1 is no difference of theirs.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from typing import Any

import mpmath
import numpy as np

mp = mpmath.mp.clone()
mp.dps = 60

ONE_OPERAND = ("entropy", "renyi_entropy", "tsallis_entropy")
TWO_OPERANDS = (
    "cross_entropy",
    "kl_divergence",
    "js_divergence",
    "js_distance",
    "jeffreys_divergence",
    "renyi_divergence",
    "hellinger_distance",
    "bhattacharyya_distance",
    "total_variation_distance",
)
OF_SHARES = ("kl_divergence", "js_divergence", "js_distance", "jeffreys_divergence")
WITH_ALPHA = ("renyi_entropy", "tsallis_entropy", "renyi_divergence")
WITHOUT_BASE = ("tsallis_entropy", "hellinger_distance", "total_variation_distance")


def exact(value: Any) -> Any:
    """Return the number as mpf; long doubles are read as float64, as pyinfo does."""
    return mp.mpf(int(value)) if is_count(value) else mp.mpf(float(value))


def is_count(value: Any) -> bool:
    return isinstance(value, int | np.integer | np.bool_)


def divides(values: list[Any], normalize: bool | None) -> bool:
    return bool(normalize or (normalize is None and values and is_count(values[0])))


def shares(values: list[Any], normalize: bool | None) -> list[Any]:
    numbers = [exact(x) for x in values]
    if not divides(values, normalize):
        return numbers
    total = mp.fsum(numbers)
    return [x / total for x in numbers]


def digits(values: list[Any], normalize: bool | None) -> int:
    """How many digits keep 1 - share apart from 1 for the smallest share."""
    if not divides(values, normalize):
        return 60
    positive = [exact(x) for x in values if x > 0]
    return 60 + int(mp.log10(max(positive) / min(positive))) if positive else 60


# -- Terms -----------------------------------------------------------------------------------------


def x_log_x(x: Any) -> Any:
    return x * mp.log(x) if x else mp.zero


def x_log_ratio(x: Any, y: Any) -> Any:
    if not x:
        return mp.zero
    return x * mp.log(x / y) if y else mp.inf


def power(x: Any, alpha: Any) -> Any:
    """x ** alpha with 0 ** 0 = 0: alpha = 0 counts the support."""
    return x**alpha if x else mp.zero


def cross_term(p: Any, q: Any) -> Any:
    if not p:
        return mp.zero
    return -p * mp.log(q) if q else mp.inf


def jeffreys_term(p: Any, q: Any) -> Any:
    if p == q:
        return mp.zero
    return (p - q) * mp.log(p / q) if p and q else mp.inf


def mixture_term(p: Any, q: Any, weights: tuple[float, float]) -> Any:
    w_p, w_q = map(mp.mpf, weights)
    m = w_p * p + w_q * q
    terms = [w * x_log_ratio(x, m) for w, x in ((w_p, p), (w_q, q)) if w]
    return mp.fsum(terms)


def ratio_power(p: Any, q: Any, alpha: Any) -> Any:
    if not p:
        return mp.zero
    if not q:
        return mp.inf if alpha > 1 else mp.zero
    return p**alpha * q ** (1 - alpha)


# -- Measures --------------------------------------------------------------------------------------


class Measure:
    """`terms` are to be summed, `finish` makes the measure of the sum."""

    def __init__(
        self, name: str, alpha: float | None, weights: tuple[float, float], distributions: bool
    ) -> None:
        alpha = None if name not in WITH_ALPHA else alpha
        self.finish: Callable[[Any], Any] = lambda total: total
        self.term: Callable[..., Any]
        if name == "entropy" or (name in ("renyi_entropy", "tsallis_entropy") and alpha == 1):
            self.term = lambda p: -x_log_x(p)
        elif name == "renyi_entropy":
            order = mp.mpf(alpha)
            self.term = lambda p: power(p, order)
            self.finish = lambda total: mp.log(total) / (1 - order) if total else mp.inf
        elif name == "tsallis_entropy":
            order = mp.mpf(alpha)
            self.term = lambda p: power(p, order)
            self.finish = lambda total: (1 - total) / (order - 1)
        elif name == "cross_entropy":
            self.term = cross_term
        elif name == "kl_divergence" or (name == "renyi_divergence" and alpha == 1):
            self.term = lambda p, q: x_log_ratio(p, q) - (p - q if distributions else 0)
        elif name == "js_divergence":
            self.term = lambda p, q: mixture_term(p, q, weights)
        elif name == "js_distance":
            self.term = lambda p, q: mixture_term(p, q, weights)
            self.finish = mp.sqrt
        elif name == "jeffreys_divergence":
            self.term = jeffreys_term
        elif name == "renyi_divergence":
            order = mp.mpf(alpha)
            self.term = lambda p, q: ratio_power(p, q, order)
            self.finish = lambda total: mp.log(total) / (order - 1) if total else mp.inf
        elif name == "hellinger_distance":
            self.term = lambda p, q: (mp.sqrt(p) - mp.sqrt(q)) ** 2
            self.finish = lambda total: mp.sqrt(total / 2)
        elif name == "bhattacharyya_distance":
            self.term = lambda p, q: mp.sqrt(p * q)
            self.finish = lambda total: -mp.log(total) if total else mp.inf
        elif name == "total_variation_distance":
            self.term = lambda p, q: abs(p - q)
            self.finish = lambda total: total / 2
        else:
            raise ValueError(name)


def unit(name: str, base: float) -> Any:
    """How many of the unit asked for a nat is (of the root of the measure for js_distance)."""
    if name in WITHOUT_BASE:
        return mp.one
    nat = 1 / mp.log(mp.mpf(base))
    return mp.sqrt(nat) if name == "js_distance" else nat


def infinite_order(name: str, p: list[Any], q: list[Any] | None = None) -> Any:
    if name == "tsallis_entropy":
        return mp.zero
    if q is None:
        return -mp.log(max(p))
    if any(x and not y for x, y in zip(p, q, strict=True)):
        return mp.inf
    return mp.log(max(x / y for x, y in zip(p, q, strict=True) if x))


def operands_of(name: str, p: Iterable[Any], q: Iterable[Any] | None) -> list[Iterable[Any]]:
    return [p] if q is None or name in ONE_OPERAND else [p, q]


def evaluate(
    name: str,
    p: Iterable[Any],
    q: Iterable[Any] | None = None,
    *,
    alpha: float = 2.0,
    weights: tuple[float, float] = (0.5, 0.5),
    base: float = 2,
    normalize: bool | None = None,
) -> Any:
    """Return the measure of one slice."""
    given = [list(x) for x in operands_of(name, p, q)]
    with mp.workdps(max(digits(values, normalize) for values in given)):
        divided = True if normalize is None and name in OF_SHARES else normalize
        operands = [shares(values, divided) for values in given]
        if name in WITH_ALPHA and alpha == math.inf:
            return infinite_order(name, *operands) * unit(name, base)
        measure = Measure(name, alpha, weights, normalize is not False)
        total = mp.fsum(itertools.starmap(measure.term, zip(*operands, strict=True)))
        return measure.finish(total) * unit(name, base)


def prefixes(
    name: str, p: Iterable[Any], q: Iterable[Any] | None = None, *, alpha: float = 2.0
) -> list[Any]:
    """Return the measure of the first 1, 2, 3, ... elements, taken as they are, in base 2."""
    measure = Measure(name, alpha, (0.5, 0.5), distributions=False)
    operands = [shares(list(x), False) for x in operands_of(name, p, q)]
    terms = itertools.starmap(measure.term, zip(*operands, strict=True))
    return [measure.finish(total) * unit(name, 2) for total in itertools.accumulate(terms)]


# -- Comparison ------------------------------------------------------------------------------------


def relative_error(got: Any, expected: Any) -> float:
    """|got - expected| / |expected|: 0 if both are 0 or the same infinity, inf if only one is."""
    got = float(got)
    if math.isnan(got) or math.isnan(float(expected)):
        return math.inf
    if mp.isinf(expected) or math.isinf(got):
        return 0.0 if mp.mpf(got) == expected else math.inf
    if expected == 0:
        return 0.0 if got == 0 else math.inf
    return float(abs(mp.mpf(got) - expected) / abs(expected))


def assert_accurate(got: Any, expected: Any, bound: float) -> None:
    error = relative_error(got, expected)
    wanted = mp.nstr(mp.mpf(expected), 20)
    assert error <= bound, f"{float(got)!r} is off {wanted} by {error:.3g}, more than {bound:.3g}"
