"""Continuous variables as the kernels take them: a row of doubles for each coordinate."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from pyinfo import _core
from pyinfo.arguments import require_not_empty, require_same_number

Coordinates: TypeAlias = npt.NDArray[np.float64]
"""Of shape (coordinates, samples)."""

_FEW: Final = 16
_MOST_EQUAL: Final = 0.1
"""Values are taken for discrete ones if more than this share is equal to another one."""


def coordinates(data: Any, name: str) -> Coordinates:
    """Return a variable as a copy that nobody else writes to, a row for each coordinate.

    Parameters
    ----------
    data : array_like
        Samples; of a table or an array of two dimensions, a row for each.
    name : str
        What messages call it.

    Raises
    ------
    TypeError
        If it holds no real numbers.
    ValueError
        If it is empty, has more than two dimensions, or values that are not finite.
    """
    given = _core.as_array(data, name)
    if given.dtype.kind in "cSUTmMO" or given.dtype.names is not None:
        raise TypeError(f"{name} must be real numbers, not {given.dtype}")
    if given.ndim > 2:
        raise ValueError(
            f"{name} must have one dimension, or two: samples and coordinates; not {given.ndim}"
        )
    column = given.reshape(-1, 1) if given.ndim < 2 else given
    made = np.array(column.T, np.float64, order="C", copy=True)
    require_not_empty(made.size, name)
    wrong = ~np.isfinite(made)
    if wrong.any():
        where = np.argwhere(wrong.T)[0]
        place = ", ".join(map(str, where[: given.ndim]))
        raise ValueError(
            f"{name}[{place}] is {made.T[tuple(where)]}: a continuous variable must be finite, "
            "drop such samples or fill them in"
        )
    with np.errstate(over="ignore"):
        if not np.isfinite(np.ptp(made, axis=1)).all():
            raise ValueError(f"{name} spans more than a float64 holds: divide it by its largest")
    return made


def variables(arrays: Sequence[Any], names: Sequence[str]) -> list[Coordinates]:
    """Return several variables with the same number of samples."""
    found = [coordinates(array, name) for array, name in zip(arrays, names, strict=True)]
    require_same_number([each.shape[1] for each in found], names)
    return found


def scaled(points: Coordinates) -> Coordinates:
    """Return every coordinate divided by its standard deviation; constant ones as they are."""
    largest = np.abs(points).max(axis=1, keepdims=True)
    relative = points / np.where(largest > 0, largest, 1)
    spread = relative.std(axis=1, keepdims=True)
    constant = np.ptp(points, axis=1)[:, np.newaxis] == 0
    made: Coordinates = relative / np.where(constant | (spread == 0), 1, spread)
    return made


def equal_share(values: npt.NDArray[Any]) -> float:
    """Return which share of values is equal to another one that came before."""
    in_order = np.sort(values)
    return float(np.count_nonzero(in_order[1:] == in_order[:-1])) / max(1, values.size)


def warn_of_ties(points: Coordinates, name: str, stacklevel: int) -> None:
    """Say so if values look discrete: estimators take all differences for those of a density."""
    if points.shape[1] < _FEW:
        return
    share = max(map(equal_share, points))
    if share > _MOST_EQUAL:
        warnings.warn(
            f"pyinfo: {share:.0%} of the values of {name} are equal to others, so they look "
            "discrete or rounded, and an estimator of continuous variables has no meaning where "
            "a value has a probability of its own: take the measures of labels in pyinfo, "
            "method='ross' if one of two variables is discrete, or method='bins'; or silence this "
            "with warnings.filterwarnings('ignore', 'pyinfo: ')",
            stacklevel=stacklevel + 1,
        )
