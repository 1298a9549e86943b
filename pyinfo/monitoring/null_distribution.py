"""What a divergence of two samples is when both are drawn from one distribution.

Given the pooled counts, the count of each category in one of the samples is hypergeometric. The
mean of a divergence that is a sum over categories is therefore known exactly. Its variance is that
of independent binomial counts given their sum, which is nearly exact: what the sum takes away is
the part of the variance that the counts themselves explain.

With the pooled counts given, the divergence is taken as a gamma variable with this mean and
variance. A chi-square variable with k - 1 degrees of freedom, which is its limit for many counts,
is wrong by any amount where categories have few.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pyinfo.estimators.chi_square import gamma_tail
from pyinfo.estimators.gamma_functions import Floats

Terms: TypeAlias = Callable[[Floats, Floats], Floats]
"""What categories of so many counts in the reference and so many in the current sample add."""

SMALL_P: Final = 1e-3
"""Below this, p-values depend on a tail that a mean and a variance do not tell."""

_MANY: Final = 100.0  # variance of a count from where on its terms are those of many counts
_REACH: Final = 110  # counts on each side of the mean: eleven deviations of one below _MANY
_WINDOW: Final = 2 * _REACH + 10
_MOST_TABLES: Final = 1 << 20  # that are enumerated if there are two categories
_MOST_DRAWS: Final = 1_000_000  # counts that are drawn at random, all tables together
_PERMUTATIONS: Final = 9_999
_REFINED: Final = 1e-5
_LARGEST_TOTAL: Final = 10**9  # of a sample that NumPy draws from
_EQUAL: Final = 1 - 1e-9  # divergences that are equal but for rounding


class Moments(NamedTuple):
    """Mean and variance of a divergence without drift, given the pooled counts."""

    mean: float
    variance: float


def moments(a: Floats, b: Floats, scale: float, terms: Terms) -> Moments:
    """Return mean and variance of the sum of `terms` over categories.

    Parameters
    ----------
    a, b : ndarray
        Counts of the two samples; no category is empty in both.
    scale : float
        What a category with many counts adds to the mean, times one less its share.
    terms : callable
        The divergence is the sum of what this returns.
    """
    n, m = float(a.sum()), float(b.sum())
    pooled, times = np.unique(a + b, return_counts=True)
    total, smaller = n + m, min(n, m)
    share = smaller / total
    mean = scale * (1 - pooled / total)
    free = np.full_like(pooled, scale)
    variance = np.full_like(pooled, 2 * scale**2)
    covariance = np.zeros_like(pooled)
    few = np.flatnonzero(pooled * share * (1 - share) < _MANY)
    if few.size:
        x = pooled[few, np.newaxis]
        least = np.maximum(0, smaller - (total - x))
        first = np.floor(np.maximum(0, x * share - _REACH))
        j = np.minimum(first + np.arange(_WINDOW), x)
        within = np.arange(_WINDOW) <= x - first
        possible = within & (j >= least) & (j <= smaller)
        rest = total - x - smaller
        hyper = _from_ratios((x - j) * (smaller - j), (j + 1) * (rest + j + 1), possible)
        binomial = _from_ratios((x - j) * share, (j + 1) * (1 - share), within)
        f = terms(j, x - j) if n <= m else terms(x - j, j)
        mean[few], free[few] = (hyper * f).sum(1), (binomial * f).sum(1)
        centred = f - free[few, np.newaxis]
        variance[few] = (binomial * centred**2).sum(1)
        covariance[few] = (binomial * centred * (j - x * share)).sum(1)
    explained = float(times @ covariance) ** 2 / (total * share * (1 - share))
    expected, unconditional = float(times @ mean), float(times @ free)
    return Moments(expected, (float(times @ variance) - explained) * expected / unconditional)


def moments_of_known(counts: Floats, q: Floats) -> Moments:
    """Return mean and variance of the divergence of counts from the distribution they follow.

    Parameters
    ----------
    counts : ndarray
        Of the sample.
    q : ndarray
        The known probabilities, none of them 0.
    """
    n = float(counts.sum())
    mean, free = (1 - q) / (2 * n), np.full_like(q, 0.5 / n)
    variance, covariance = np.full_like(q, 0.5 / n**2), np.zeros_like(q)
    few = np.flatnonzero(q * n < _MANY)
    if few.size:
        x = q[few, np.newaxis]
        j = np.broadcast_to(np.arange(float(_WINDOW)), (few.size, _WINDOW))
        inside = j <= n
        # What is added to the terms, j / n - x, sums to nothing.
        f = j / n * np.log(np.maximum(j, 1) / (n * x)) - j / n + x
        binomial = _from_ratios((n - j) * x, (j + 1) * (1 - x), inside)
        poisson = _from_ratios(n * x, j + 1, np.ones_like(inside))
        mean[few], free[few] = (binomial * f).sum(1), (poisson * f).sum(1)
        centred = f - free[few, np.newaxis]
        variance[few] = (poisson * centred**2).sum(1)
        covariance[few] = (poisson * centred * (j - n * x)).sum(1)
    expected = float(mean.sum())
    ratio = expected / float(free.sum())
    return Moments(expected, (float(variance.sum()) - float(covariance.sum()) ** 2 / n) * ratio)


def gamma_p_value(value: float, null: Moments) -> float:
    """Return how likely a divergence of at least `value` is without drift."""
    if null.mean <= 0 or null.variance <= 0:
        return 1.0
    return gamma_tail(null.mean**2 / null.variance, value * null.mean / null.variance)


def p_value(a: Floats, b: Floats, value: float, null: Moments, terms: Terms) -> float:
    """Return the same, for small p-values of tables with few counts by looking at tables."""
    found = gamma_p_value(value, null)
    if found >= SMALL_P:
        return found
    pooled, smaller = a + b, min(a.sum(), b.sum())
    if len(a) == 2 and min(*pooled, smaller) < _MOST_TABLES:
        return _by_enumeration(a, b, value, terms)
    expected = float((pooled * smaller).min() / pooled.sum())
    if expected < 5 and pooled.sum() < _LARGEST_TOTAL:
        return _by_permutation(a, b, value, terms, found)
    return found


def _by_enumeration(a: Floats, b: Floats, value: float, terms: Terms) -> float:
    """Return the share of all tables with these sums that diverge as much: two categories."""
    n, total = float(a.sum()), float(a.sum() + b.sum())
    x, other = (a + b)[np.argsort(a + b)]
    least, most = max(0.0, n - other), min(x, n)
    j = np.arange(least, most + 1)[np.newaxis]
    ratios = (x - j) * (n - j), (j + 1) * (total - x - n + j + 1)
    chances = _from_ratios(*ratios, np.ones_like(j, bool))[0]
    found = (terms(j, x - j) + terms(n - j, other - (n - j)))[0]
    return float(chances[found >= value * _EQUAL].sum())


def _by_permutation(a: Floats, b: Floats, value: float, terms: Terms, found: float) -> float:
    """Return the share of random tables with these sums that diverge as much.

    Where none of them does, the p-value of the gamma variable stands: of what order it is.
    """
    pooled = (a + b).astype(np.int64)
    tables = min(_PERMUTATIONS, _MOST_DRAWS // len(pooled))
    if tables < 1 / SMALL_P - 1:
        return found
    random = np.random.default_rng(0)  # the same data have the same p-value
    hits = drawn = 0
    # Tables are only refined where the gamma variable is of an order that they can tell.
    while drawn < tables and hits < 10 and (drawn == 0 or hits > 0 or found > _REFINED):
        size = min(999 if drawn == 0 else tables, tables - drawn)
        table = random.multivariate_hypergeometric(pooled, int(a.sum()), size, method="marginals")
        first = table.astype(np.float64)
        hits += int((terms(first, pooled - first).sum(1) >= value * _EQUAL).sum())
        drawn += size
    return (hits + 1) / (drawn + 1) if hits else min(found, 1 / (drawn + 1))


def _from_ratios(up: Floats, down: Floats, inside: NDArray[np.bool_]) -> Floats:
    """Return rows of probabilities from the ratio of each to the one before."""
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.log(up / down)
    steps = np.where(np.isfinite(steps), steps, 0)
    logarithms = np.zeros(inside.shape)
    logarithms[:, 1:] = np.broadcast_to(steps, inside.shape)[:, :-1].cumsum(axis=1)
    logarithms[~inside] = -np.inf
    logarithms -= logarithms.max(axis=1, keepdims=True)
    weights = np.exp(logarithms)
    result: Floats = weights / weights.sum(axis=1, keepdims=True)
    return result
