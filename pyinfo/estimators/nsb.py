"""The estimator of Nemenman, Shafee and Bialek: entropy under a mixture of Dirichlet priors.

A symmetric Dirichlet prior of concentration `beta` fixes the entropy almost before any data is
seen: its mean is ``xi(beta) = digamma(k beta + 1) - digamma(beta + 1)``. The mixture gives beta the
density d xi / d beta, so that the prior of the mean entropy is uniform. The posterior mean and
variance of the entropy for each beta are known in closed form (Wolpert and Wolf 1995); they are
averaged over beta with the evidence of the counts.

The integral is over t = ln beta, where the integrand is smooth and falls off exponentially to both
sides: the trapezoidal rule converges faster than any power of the step.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from pyinfo.estimators.gamma_functions import Floats, digamma, log_rising, trigamma
from pyinfo.estimators.multiplicities import Multiplicities

_DROP: Final = 45.0
"""Nothing counts where the integrand is exp(-45) of its maximum."""

_TOLERANCE: Final = 1e-13
_MOST_NODES: Final = 1 << 14
_CHUNK: Final = 1 << 18


def nsb(m: Multiplicities) -> tuple[float, float]:
    """Return posterior mean and standard deviation of the entropy, in nats."""
    if m.alphabet_size == 1:
        return 0.0, 0.0
    low, high = _support(m)
    # Logarithms of the evidence are about as large as this, and so are the weights' errors.
    tolerance = _TOLERANCE + np.finfo(np.float64).eps * m.total * math.log(m.total + 1)
    nodes = 64
    mean, variance = _moments(m, np.linspace(low, high, nodes + 1))
    while nodes < _MOST_NODES:
        nodes *= 2
        before = mean, variance
        mean, variance = _moments(m, np.linspace(low, high, nodes + 1))
        if (
            abs(mean - before[0]) <= _TOLERANCE * mean + tolerance * math.sqrt(variance)
            and abs(variance - before[1]) <= 10 * tolerance * variance
        ):
            break
    return mean, math.sqrt(variance)


def _support(m: Multiplicities) -> tuple[float, float]:
    """Return where t begins and ends to matter."""
    grid = np.linspace(
        -math.log(m.alphabet_size) - _DROP - 5, math.log(m.total + 1) + _DROP + 5, 65
    )
    heights = _log_weights(m, grid)
    top, peak = _maximum(m, grid, heights)
    seen = np.append(grid[heights > peak - _DROP], top)
    left, right = float(seen.min()), float(seen.max())
    step = float(grid[1] - grid[0])
    return _edge(m, left - step, left, peak), _edge(m, right + step, right, peak)


def _maximum(m: Multiplicities, grid: Floats, heights: Floats) -> tuple[float, float]:
    """Return place and height of the maximum, looking closer until the top is flat."""
    while True:
        at = int(heights.argmax())
        left, right = max(at - 1, 0), min(at + 1, len(grid) - 1)
        narrow = grid[right] - grid[left] < 1e-9
        if narrow or heights[at] - min(heights[left], heights[right]) < 0.1:
            return float(grid[at]), float(heights[at])
        grid = np.linspace(grid[left], grid[right], 17)
        heights = _log_weights(m, grid)


def _edge(m: Multiplicities, outside: float, inside: float, peak: float) -> float:
    """Return a place between the two that is just outside of where the integrand matters."""
    while True:
        between = np.linspace(inside, outside, 9)
        matters = _log_weights(m, between) > peak - _DROP
        last = int(matters.argmin())  # the first that does not matter
        if last != 1 or abs(outside - inside) < 1e-9:
            return float(between[max(last, 1)])
        outside = float(between[1])


def _moments(m: Multiplicities, t: Floats) -> tuple[float, float]:
    log_weights = _log_weights(m, t)
    weights = np.exp(log_weights - log_weights.max())
    weights /= weights.sum()
    means, variances = np.empty_like(t), np.empty_like(t)
    for part in _parts(m, t):
        means[part], variances[part] = _given_concentration(m, np.exp(t[part]))
    mean = float(weights @ means)
    return mean, float(weights @ variances + weights @ (means - mean) ** 2)


def _parts(m: Multiplicities, t: Floats) -> list[slice]:
    step = max(1, _CHUNK // len(m.values))
    return [slice(first, first + step) for first in range(0, len(t), step)]


def _log_weights(m: Multiplicities, t: Floats) -> Floats:
    """Return ln of the evidence times d xi / d t, up to a constant."""
    result = np.empty_like(t)
    for part in _parts(m, t):
        beta = np.exp(t[part])
        kappa = m.alphabet_size * beta
        evidence = log_rising(beta, m.values) @ m.times
        evidence -= log_rising(kappa, np.array([float(m.total)]))[:, 0]
        result[part] = evidence + np.log(beta * _prior(beta, m.alphabet_size))
    return result


def _prior(beta: Floats, size: int) -> Floats:
    """Return d xi / d beta = size trigamma(size beta + 1) - trigamma(beta + 1)."""
    result = size * trigamma(size * beta + 1) - trigamma(beta + 1)
    # The leading terms cancel for large beta: the asymptotic series without them.
    large = beta > 20
    x = beta[large]
    inverse = 1 / size
    result[large] = (
        0.5 * (1 - inverse)
        + (
            -(1 - inverse**2) / 6
            + (
                (1 - inverse**4) / 30
                + (-(1 - inverse**6) / 42 + (1 - inverse**8) / 30 / x**2) / x**2
            )
            / x**2
        )
        / x
    ) / x**2
    return result


def _given_concentration(m: Multiplicities, beta: Floats) -> tuple[Floats, Floats]:
    """Return mean and variance of the entropy under Dirichlet posteriors.

    With a = n + beta and A their sum over symbols, the mean is
    ``digamma(A + 1) - sum a / A digamma(a + 1)``. The variance is written for the deviations
    ``w = mean + digamma(a + 1) - digamma(A + 1)``, so that no large terms cancel:
    ``(sum a w^2 + sum a (a + 1) trigamma(a + 1) - A (A + 1) trigamma(A + 1)) / (A (A + 1))``.
    """
    values = np.append(m.values, 0.0)  # unobserved symbols
    times = np.append(m.times, m.unobserved)
    a = values + beta[:, np.newaxis]
    total = m.total + m.alphabet_size * beta
    of_total = digamma(total + 1)
    of_each = digamma(a + 1)
    mean = of_total - ((a * of_each) @ times) / total
    deviations = (mean - of_total)[:, np.newaxis] + of_each
    variance = (
        (a * deviations**2) @ times
        + (a * (a + 1) * trigamma(a + 1)) @ times
        - total * (total + 1) * trigamma(total + 1)
    ) / (total * (total + 1))
    return mean, np.maximum(variance, 0.0)
