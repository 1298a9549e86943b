"""Chi-square distributions of any degrees of freedom, central or not, for single numbers.

Errors, tested against mpmath and SciPy: `gamma_tail` within 1e-11 of itself up to a = 1e6,
`noncentral_chi_square` within 1e-11 where its mean is below 400; above that it is Sankaran's
approximation, within 5e-5.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

_LARGE_SHAPE: Final = 10.0
_LARGE_MEAN: Final = 400.0
_SMALLEST: Final = 1e-300
_EPSILON: Final = 2.0**-53


def gamma_tail(a: float, x: float) -> float:
    """Return the probability that a gamma variable of shape `a` exceeds `x`; a > 0."""
    if x <= 0:
        return 1.0
    if math.isinf(x):
        return 0.0
    if x < a + 1:
        return 1 - _lower_series(a, x)
    return _upper_fraction(a, x)


def noncentral_chi_square(x: float, freedom: float, noncentrality: float) -> float:
    """Return the distribution function at `x`; `freedom` > 0 need not be a whole number.

    Below a mean of 400 it is the mixture of central ones by a Poisson variable, all of whose terms
    are positive; above, the power transformation of M. Sankaran, "Approximations to the non-central
    chi-square distribution", Biometrika 50, 1963, which is what it is nearly equal to there.
    """
    if x <= 0:
        return 0.0
    if noncentrality == 0:
        return 1 - gamma_tail(freedom / 2, x / 2)
    mean = freedom + noncentrality
    deviation = math.sqrt(2 * (freedom + 2 * noncentrality))
    if x > mean + 40 * deviation + 200:
        return 1.0
    if mean >= _LARGE_MEAN:
        return _sankaran(x, freedom, noncentrality)
    return _mixture(x / 2, freedom / 2, noncentrality / 2)


def normal(z: float) -> float:
    """Return the distribution function of the standard normal distribution."""
    return math.erfc(-z / math.sqrt(2)) / 2


def _density(a: float, x: float) -> float:
    """Return x^a exp(-x) / gamma(a + 1), without large numbers that cancel."""
    if a < _LARGE_SHAPE:
        return math.exp(a * math.log(x) - x - math.lgamma(a + 1))
    d = (x - a) / a
    stirling = (1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * a * a)) / (a * a)) / (a * a)) / a
    # Where d is nearly -1, or is -1 by rounding, the logarithm of the ratio itself is accurate.
    ratio = math.log1p(d) if d > -0.5 else math.log(x) - math.log(a)
    return math.exp(a * (ratio - d) - stirling) / math.sqrt(2 * math.pi * a)


def _lower_series(a: float, x: float) -> float:
    # The terms fall at least as those of a normal density do.
    steps = np.arange(1, 60 + int(9 * math.sqrt(a + 1) + 40 * x / (a + 1)))
    return min(1.0, _density(a, x) * (1 + float((x / (a + steps)).cumprod().sum())))


def _upper_fraction(a: float, x: float) -> float:
    """Return the tail by Lentz's evaluation of Legendre's continued fraction."""
    b = x + 1 - a
    c, d = 1 / _SMALLEST, 1 / b
    fraction = d
    step = 0
    while True:
        step += 1
        numerator = step * (a - step)
        b += 2
        d = 1 / (numerator * d + b or _SMALLEST)
        c = b + numerator / c or _SMALLEST
        factor = c * d
        fraction *= factor
        if abs(factor - 1) < 2 * _EPSILON or step > 100_000:
            return min(1.0, _density(a, x) * a * fraction)


def _mixture(y: float, a: float, rate: float) -> float:
    most = int(rate + 12 * math.sqrt(rate) + 40)
    steps = np.arange(1, most + int(y + 12 * math.sqrt(y) + 40))
    terms = _density(a, y) * np.append(1.0, (y / (a + steps)).cumprod())
    lower = terms[::-1].cumsum()[::-1][: most + 1]  # those of shape a, a + 1, ...
    logarithms = np.append(0.0, np.log(rate / np.arange(1, most + 1)).cumsum()) - rate
    return min(1.0, float(np.exp(logarithms) @ lower))


def _sankaran(x: float, f: float, lam: float) -> float:
    mean = f + lam
    h = 1 - 2 * mean * (f + 3 * lam) / (3 * (f + 2 * lam) ** 2)
    p = (f + 2 * lam) / mean**2
    t = (h - 1) * (1 - 3 * h)
    center = 1 + h * p * (h - 1 - 0.5 * (2 - h) * t * p)
    return normal(((x / mean) ** h - center) / (h * math.sqrt(2 * p) * (1 + 0.5 * t * p)))
