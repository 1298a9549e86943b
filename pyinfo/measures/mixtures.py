"""The Jensen-Shannon divergence of more than two distributions; the core calls it with them.

It is the mean divergence of the distributions from their mixture m, summed as the core sums that of
one: from terms that are not negative. What m is rounded by makes no difference to first order.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pyinfo import _core
from pyinfo._core import kl_divergence
from pyinfo.arguments import checked_out, reals
from pyinfo.measures.alignment import aligned

Axis = int | tuple[int, ...] | None


def js_divergence(
    *distributions: npt.ArrayLike,
    weights: Sequence[float] | None = None,
    base: float = 2,
    axis: Axis = -1,
    keepdims: bool = False,
    normalize: bool | None = None,
    out: npt.NDArray[Any] | None = None,
    threads: int = 1,
) -> Any:
    """Return the divergence of several distributions, as `pyinfo.js_divergence` documents it."""
    names = [f"distributions[{i}]" for i in range(len(distributions))]
    operands = aligned(distributions, names) or distributions
    arrays = [_core.as_array(p, name) for p, name in zip(operands, names, strict=True)]
    shares = [_shares(array, axis, normalize) for array in arrays]
    factors = _weights(weights, len(shares))
    used = [(w, p) for w, p in zip(factors, shares, strict=True) if w > 0]
    first = used[0][1]
    alike = functools.reduce(np.logical_and, [p == first for _, p in used])
    mixture = np.where(alike, first, sum(w * p for w, p in used))
    options: dict[str, Any] = {"base": base, "axis": axis, "keepdims": keepdims}
    options |= {"normalize": False if normalize is False else None, "threads": threads}
    total = sum(w * np.asarray(kl_divergence(p, mixture, **options)) for w, p in used)
    # Of values that are no distributions, p - m are parts of the terms; their mean is zero.
    result = np.maximum(total, 0)
    result = result.astype(np.float32) if all(a.dtype == np.float32 for a in arrays) else result
    if out is not None:
        target = checked_out(out, result.dtype, result.shape)
        target[...] = result
        return out
    return result[()] if result.dtype == np.float32 or result.ndim else float(result)


def js_distance(
    *distributions: npt.ArrayLike, out: npt.NDArray[Any] | None = None, **options: Any
) -> Any:
    """Return the square root of the divergence."""
    found = np.asarray(js_divergence(*distributions, **options))
    result = np.sqrt(found)
    if out is not None:
        checked_out(out, result.dtype, result.shape)[...] = result
        return out
    return result[()] if result.dtype == np.float32 or result.ndim else float(result)


def _shares(array: npt.NDArray[Any], axis: Axis, normalize: bool | None) -> npt.NDArray[Any]:
    """Return values as they take part in the mixture, checked as those of one distribution."""
    _core.entropy(array, axis=axis, normalize=normalize)
    wide = array.astype(np.float64)
    if normalize or (normalize is None and array.dtype.kind in "bui"):
        wide /= wide.sum(axis=axis, keepdims=True)
    return wide


def _weights(weights: Sequence[float] | None, number: int) -> list[float]:
    if weights is None:
        return [1 / number] * number
    values: list[float] = reals(weights, "weights").ravel().tolist()
    wrong = len(values) != number or not all(w >= 0 for w in values)
    if wrong or not math.isclose(math.fsum(values), 1, rel_tol=0, abs_tol=2.0**-26):
        raise ValueError(f"weights must be {number} non-negative numbers that sum to 1")
    return values
