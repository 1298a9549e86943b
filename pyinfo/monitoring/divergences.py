"""The divergences that drift is measured by, of counts, with what their statistics take.

Each is a sum over categories: of what was found, with its scale, its bias and its variance at the
estimated distributions. All are in nats.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import numpy as np

from pyinfo._core import jeffreys_divergence, js_divergence, kl_divergence
from pyinfo.estimators.gamma_functions import Floats, digamma
from pyinfo.monitoring.null_distribution import Moments, Terms, moments, moments_of_known

_SMOOTHING: Final = 0.5
"""Counts added to each category where an empty one would make a divergence infinite."""

_FOR_VARIANCE: Final = 0.25


class Divergence(NamedTuple):
    """A divergence of counts.

    Attributes
    ----------
    value
        Of the shares that were found.
    scale
        What a degree of freedom adds to it without drift, for many counts.
    bias, variance
        At the estimated distributions.
    null
        Its mean and variance without drift.
    contributions
        What each category adds to it; never negative.
    terms
        The same as a function of two counts, to which contributions are equal but for what sums
        to nothing; None where the reference is known and has no counts.
    """

    value: float
    scale: float
    bias: float
    variance: float
    null: Moments
    contributions: Floats
    terms: Terms | None
    largest: float = math.inf
    """What no two distributions exceed."""


def jensen_shannon(a: Floats, b: Floats, weight: float) -> Divergence:
    """Return the divergence of two samples from their mixture, the reference having `weight`."""
    n, m, v, w = float(a.sum()), float(b.sum()), weight, 1 - weight
    p, q = a / n, b / m
    scale = v * w * (1 / n + 1 / m) / 2

    def terms(i: Floats, j: Floats) -> Floats:
        return _js_terms(i / n, j / m, v)

    mixture = v * p + w * q
    u = (v * v * p / n + w * w * q / m) / mixture
    corrections = v / n * _log_correction(a) + w / m * _log_correction(b)
    bias = (corrections - u * _log_correction(mixture / u)).sum()
    squares = v * v * p * p / n + w * w * q * q / m
    bias += ((squares / mixture).sum() - v / n - w / m) / 2
    variance = _js_variance(a, b, v)
    largest = -v * math.log(v) - w * math.log(w)
    value = min(float(js_divergence(a, b, weights=(v, w), base=math.e, normalize=True)), largest)
    null = moments(a, b, scale, terms)
    return Divergence(value, scale, float(bias), variance, null, terms(a, b), terms, largest)


def population_stability(a: Floats, b: Floats) -> Divergence:
    """Return the population stability index: Jeffreys' divergence, half a count added to each.

    B. Yurdakul, "Statistical properties of population stability index", 2018: divided by 1 / n +
    1 / m it is chi-square without drift.
    """
    n, m, k = float(a.sum()), float(b.sum()), len(a)
    p, q = _smoothed(a, b, _SMOOTHING)
    log = np.log(p / q)
    scale = 1 / n + 1 / m
    by_p, by_q = log - q / p, -log - p / q
    variance = _variance(p, by_p) / n + _variance(q, by_q) / m
    bias = (((1 - p) * (1 + q / p)).sum() / n + ((1 - q) * (1 + p / q)).sum() / m) / 2

    def terms(i: Floats, j: Floats) -> Floats:
        x = (i + _SMOOTHING) / (n + k * _SMOOTHING)
        y = (j + _SMOOTHING) / (m + k * _SMOOTHING)
        found: Floats = (x - y) * np.log(x / y)
        return found

    null = moments(a, b, scale, terms)
    bias *= null.mean / (scale * max(k - 1, 1))  # what smoothing takes away
    value = float(jeffreys_divergence(p, q, base=math.e, normalize=True))
    return Divergence(value, scale, float(bias), variance, null, (p - q) * log, terms)


def kullback_leibler(a: Floats, b: Floats) -> Divergence:
    """Return that of the current sample from the reference, half a count added to each."""
    n, m, k = float(a.sum()), float(b.sum()), len(a)
    q, p = _smoothed(a, b, _SMOOTHING)
    log, ratio = np.log(p / q), p / q
    scale = (1 / n + 1 / m) / 2
    variance = _variance(p, log) / m + _variance(q, ratio) / n
    bias = ((1 - p).sum() / m + ((1 - q) * ratio).sum() / n) / 2

    def terms(i: Floats, j: Floats) -> Floats:
        y = (i + _SMOOTHING) / (n + k * _SMOOTHING)
        x = (j + _SMOOTHING) / (m + k * _SMOOTHING)
        # What is added to x log(x / y) sums to nothing and takes most of its variance away.
        found: Floats = x * np.log(x / y) - x + y
        return found

    null = moments(a, b, scale, terms)
    bias *= null.mean / (scale * max(k - 1, 1))
    value = float(kl_divergence(p, q, base=math.e, normalize=True))
    return Divergence(value, scale, float(bias), variance, null, p * log - p + q, terms)


def kullback_leibler_of_known(q: Floats, b: Floats) -> Divergence:
    """Return that of a sample from a known distribution, which no category is added to."""
    m = float(b.sum())
    p, met = b / m, q > 0
    value = float(kl_divergence(b, q, base=math.e, normalize=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        contributions = np.where(b > 0, p * np.log(p / q), 0) - p + q
    if np.isinf(value):
        return Divergence(value, 1.0, 0.0, 0.0, Moments(1.0, 1.0), contributions, None)
    log = np.log(p[met] / q[met], out=np.zeros(int(met.sum())), where=p[met] > 0)
    bias = (_log_correction(b).sum() - 0.5) / m
    null = moments_of_known(b, q[met])
    variance = _variance(p[met], log) / m
    return Divergence(value, 0.5 / m, float(bias), variance, null, contributions, None)


Measured = Callable[[Floats, Floats, float], Divergence]

MEASURES: Final[Mapping[str, Measured]] = {
    "js": jensen_shannon,
    "kl": lambda a, b, _: kullback_leibler(a, b),
    "psi": lambda a, b, _: population_stability(a, b),
    "g": jensen_shannon,
}
"""By their names; `g` is 2 (n + m) times the Jensen-Shannon divergence weighted by size."""


def _js_terms(p: Floats, q: Floats, v: float) -> Floats:
    mixture = v * p + (1 - v) * q
    with np.errstate(divide="ignore", invalid="ignore"):
        first = np.where(p > 0, p * np.log(p / mixture), 0)
        second = np.where(q > 0, q * np.log(q / mixture), 0)
    result: Floats = np.maximum(v * first + (1 - v) * second, 0)
    return result


def _js_variance(a: Floats, b: Floats, v: float) -> float:
    p, q = _smoothed(a, b, _FOR_VARIANCE)
    mixture = v * p + (1 - v) * q
    of_p, of_q = _variance(p, np.log(p / mixture)), _variance(q, np.log(q / mixture))
    return v * v * of_p / float(a.sum()) + (1 - v) ** 2 * of_q / float(b.sum())


def _variance(p: Floats, influence: Floats) -> float:
    mean = float(p @ influence)
    return float(p @ (influence - mean) ** 2)


def _smoothed(a: Floats, b: Floats, more: float) -> tuple[Floats, Floats]:
    return (a + more) / (a.sum() + more * len(a)), (b + more) / (b.sum() + more * len(b))


def _log_correction(counts: Floats) -> Floats:
    """Return x log x - x digamma(x): 1/2 for many counts, as in Miller and Madow's correction.

    Its mean over Poisson counts is about that of X log X less mu log mu; the values of 1 and 2 are
    chosen so that it stays so for few.
    """
    result: Floats = np.where(counts < 400, np.interp(counts, _COUNTS, _CORRECTIONS), 0.5)
    return result


_COUNTS: Final = np.arange(402.0)
_AT_LEAST_ONE = np.maximum(_COUNTS, 1)
_CORRECTIONS: Final = _AT_LEAST_ONE * (np.log(_AT_LEAST_ONE) - digamma(_AT_LEAST_ONE))
_CORRECTIONS[:3] = 0, 1.27, 0.25
