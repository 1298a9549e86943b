"""Confidence intervals of a divergence, by inverting a scaled noncentral chi-square distribution.

Let c be the divergence's scale: without drift, divergence / c is chi-square with k - 1 degrees of
freedom for many counts. With drift lam = true divergence / c it has the mean lam + b and the
variance v + 4 kappa lam, and is taken as s chi-square'(b / s, lam / s) with s = (v + 4 kappa lam) /
(2 b + 4 lam). Bias and spread go from what they are without drift to what they are at the estimate
as lam goes from 0 to the estimate.

The interval holds all lam for which the divergence that was found is not too far in a tail. Tails
go from one-sided at 0 to equal ones: so 0 is in the interval just where the p-value is above one
less the confidence.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from pyinfo.estimators.chi_square import noncentral_chi_square
from pyinfo.monitoring.null_distribution import Moments

_LEAST_MEAN: Final = 0.02  # of a divergence in units of its scale
_LEAST_VARIANCE: Final = 1e-4
_SPREADS: Final = (0.05, 20.0)
_STEPS: Final = 100


class Interval(NamedTuple):
    """A divergence without its bias, and where the true one is."""

    corrected: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Found:
    """A divergence as it was found, in units of its scale.

    Attributes
    ----------
    value
        The divergence itself.
    bias
        At the estimated distributions.
    spread
        Its variance by the delta method divided by 4 times itself: near 1 where there is little
        drift.
    null_mean, null_variance
        Without drift.
    """

    value: float
    bias: float
    spread: float
    null_mean: float
    null_variance: float

    @classmethod
    def of(cls, value: float, scale: float, null: Moments, bias: float, variance: float) -> Found:
        """Return a divergence in units of its scale, kept from where the method breaks."""
        spread = variance / (4 * scale * value) if value > 0 else 0.0
        return cls(
            max(value / scale, 1e-12),
            max(bias / scale, 0.0),
            min(max(spread, _SPREADS[0]), _SPREADS[1]),
            max(null.mean / scale, _LEAST_MEAN),
            max(null.variance / scale**2, _LEAST_VARIANCE),
        )

    def bias_at(self, lam: float) -> float:
        """Return the bias where the true divergence is `lam`."""
        t = min(1.0, lam / self.value)
        return max(self.null_mean + (self.bias - self.null_mean) * t, _LEAST_MEAN)

    def below(self, lam: float) -> float:
        """Return how likely no more than this is found where the true divergence is `lam`."""
        bias = self.bias_at(lam)
        spread = 1 + (self.spread - 1) * min(1.0, lam / self.value)
        variance = self.null_variance * (bias / self.null_mean) ** 2
        s = (variance + 4 * spread * lam) / (2 * bias + 4 * lam)
        return noncentral_chi_square(self.value / s, bias / s, lam / s)


def interval(
    value: float, scale: float, null: Moments, bias: float, variance: float, confidence: float
) -> Interval:
    """Return the corrected divergence and its interval.

    Parameters
    ----------
    value : float
        The divergence of the shares that were found.
    scale : float
        Its scale c.
    null : Moments
        Its mean and variance without drift.
    bias, variance : float
        Its bias at the estimate, and its variance by the delta method.
    confidence : float
        How often intervals are to hold the true divergence.
    """
    found = Found.of(value, scale, null, bias, variance)
    turn = 2 * math.sqrt(found.null_variance)  # where tails begin to become equal

    def tail(lam: float) -> float:
        return (1 - confidence) / 2 * min(max(lam / turn - 1, 0.0), 1.0)

    near = found.value + 3 * math.sqrt(found.null_variance + 4 * found.spread * found.value)
    top = found.value * 4 + 40 * math.sqrt(1 + found.spread) * (1 + math.sqrt(found.value))
    top += 10 * math.sqrt(found.null_variance)
    low = _crossing(lambda lam: found.below(lam) - confidence - tail(lam), near, top)
    high = _crossing(lambda lam: found.below(lam) - tail(lam), near, top)
    return Interval(_corrected(found) * scale, low * scale, high * scale)


def _corrected(found: Found) -> float:
    """Return the lam whose expectation was found: lam = value - bias(lam), or 0."""
    lam = max(0.0, found.value - found.null_mean)
    for _ in range(20):
        t = min(1.0, lam / found.value)
        bias = found.null_mean + (found.bias - found.null_mean) * t
        lam = (lam + max(0.0, found.value - bias)) / 2
    return lam


def _crossing(excess: Callable[[float], float], near: float, top: float) -> float:
    """Return where a decreasing function crosses 0; 0 if it is negative there already.

    The Illinois method, and a bisection wherever it is slow.
    """
    low, at_low = 0.0, excess(0.0)
    if at_low <= 0:
        return 0.0
    high, at_high = near, excess(near)
    if at_high > 0:
        low, at_low = near, at_high
        high, at_high = top, excess(top)
        if at_high > 0:
            return top
    slow = 0
    for _ in range(_STEPS):
        width = high - low
        if width <= 1e-8 * high or high < 1e-9 * top:
            break
        secant = low + width * at_low / (at_low - at_high)
        middle = (low + high) / 2 if slow >= 2 else secant
        middle = min(max(middle, low + 1e-9 * high), high - 1e-9 * high)
        value = excess(middle)
        if value > 0:
            low, at_low, at_high = middle, value, at_high / 2
        else:
            high, at_high, at_low = middle, value, at_low / 2
        slow = slow + 1 if high - low > 0.5 * width else 0
    return 0.0 if high < 1e-9 * top else (low + high) / 2
