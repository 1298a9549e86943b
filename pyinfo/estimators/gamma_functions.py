"""Digamma, trigamma and rising factorials of positive numbers, elementwise, with NumPy alone.

Small arguments are raised by recurrence to where the asymptotic series ends below one rounding.
Errors, tested against mpmath: `digamma` within 6 eps of max(1, abs(result)), `log_rising` within
24, `trigamma` within 4 eps of the result.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_LARGE: Final = 10.0
_STEPS: Final = np.arange(_LARGE)

# B_2k / 2k, B_2k and B_2k / (2k (2k - 1)) for k = 1, 2, ...: the series of the three functions.
_DIGAMMA: Final = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12)
_TRIGAMMA: Final = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
_STIRLING: Final = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)


def digamma(x: Floats) -> Floats:
    """Return the derivative of ln gamma(x); x > 0."""
    raised = np.array(x, np.float64)
    small = raised < _LARGE
    factors = raised[small, np.newaxis] + _STEPS
    raised[small] += len(_STEPS)
    result = np.log(raised) - 0.5 / raised - _series(_DIGAMMA, raised) / raised
    result[small] -= (1 / factors).sum(axis=-1)
    return result


def trigamma(x: Floats) -> Floats:
    """Return the second derivative of ln gamma(x); x > 0."""
    raised = np.array(x, np.float64)
    small = raised < _LARGE
    factors = raised[small, np.newaxis] + _STEPS
    raised[small] += len(_STEPS)
    result: Floats = (1 + (0.5 + _series(_TRIGAMMA, raised)) / raised) / raised
    result[small] += (factors**-2.0).sum(axis=-1)
    return result


def log_rising(x: Floats, n: Floats) -> Floats:
    """Return ln(x (x + 1) ... (x + n - 1)) for every x > 0 and every whole n > 0: x along rows.

    That is ln gamma(x + n) - ln gamma(x), but never the difference of two large logarithms: after
    the first factors it is Stirling's formula for both, subtracted by hand.
    """
    taken = np.minimum(n, len(_STEPS))
    first = np.log(x[:, np.newaxis] + _STEPS).cumsum(axis=1)[:, taken.astype(np.intp) - 1]
    low = x[:, np.newaxis] + taken
    rest = n - taken
    high = low + rest
    result: Floats = first + (
        (low - 0.5) * np.log1p(rest / low)
        + rest * (np.log(high) - 1)
        + (_series(_STIRLING, high) - _series(_STIRLING, low))
    )
    return result


def _series(coefficients: tuple[float, ...], x: Floats) -> Floats:
    """Return the sum of c_k / x^(2k - 1)."""
    z = 1 / (x * x)
    total = np.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total *= z
        total += coefficient
    return total / x
