"""Differential entropy from the spacings of sorted values, in nats.

As in `scipy.stats.differential_entropy`: names, window lengths, and values beyond the ends, which
are taken to be equal to the last.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from pyinfo import _core

_Values = npt.NDArray[np.float64]


def default_window(samples: int) -> int:
    """Return the window length for so many values."""
    return min(math.floor(math.sqrt(samples) + 0.5), (samples - 1) // 2)


def automatic(samples: int) -> str:
    """Return the method that suits so many values."""
    return "van es" if samples <= 10 else "ebrahimi" if samples <= 1000 else "vasicek"


def _padded(x: _Values, m: int) -> _Values:
    return np.concatenate([np.full(m, x[0]), x, np.full(m, x[-1])])


def _vasicek(x: _Values, m: int) -> float:
    wide = _padded(x, m)
    return float(np.log(len(x) / (2 * m) * (wide[2 * m :] - wide[: -2 * m])).mean())


def _van_es(x: _Values, m: int) -> float:
    n = len(x)
    term = float(np.log((n + 1) / m * (x[m:] - x[:-m])).sum()) / (n - m)
    # sum of 1 / k for k from m to n
    harmonic = _core.digamma(n + 1) - _core.digamma(m)
    return term + harmonic + math.log(m) - math.log(n + 1)


def _ebrahimi(x: _Values, m: int) -> float:
    n = len(x)
    wide = _padded(x, m)
    i = np.arange(1, n + 1, dtype=np.float64)
    weights = np.full(n, 2.0)
    weights[:m] = 1 + (i[:m] - 1) / m
    weights[n - m :] = 1 + (n - i[n - m :]) / m
    return float(np.log(n * (wide[2 * m :] - wide[: -2 * m]) / (weights * m)).mean())


def _correa(x: _Values, m: int) -> float:
    n = len(x)
    wide = _padded(x, m)
    steps = np.arange(-m, m + 1, dtype=np.float64)
    # In windows of 2 m + 1 values: their slope over their ranks.
    windows = np.lib.stride_tricks.sliding_window_view(wide, 2 * m + 1)
    apart = windows - windows.mean(axis=1, keepdims=True)
    slope = (apart @ steps) / (n * (apart * apart).sum(axis=1))
    return -float(np.log(slope).mean())


METHODS: Mapping[str, Callable[[_Values, int], float]] = MappingProxyType(
    {"vasicek": _vasicek, "van es": _van_es, "ebrahimi": _ebrahimi, "correa": _correa}
)


def entropy(values: _Values, method: str, window_length: int | None) -> float:
    """Return an estimate from values in any order."""
    # In units of a power of two next to the span: products with n and squares keep within floats.
    in_order = np.sort(values)
    exponent = int(np.frexp(in_order[-1] - in_order[0])[1])
    in_order = np.ldexp(in_order, -exponent)
    m = default_window(len(values)) if window_length is None else window_length
    with np.errstate(divide="ignore", invalid="ignore"):
        found = METHODS[method](in_order, m)
    if math.isnan(found):  # several values are equal
        return -math.inf
    return found + exponent * math.log(2)
