"""What a squared error counts: for each input of a layer, or for each weight."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from pyinfo.arguments import reals
from pyinfo.quantization.groups import Groups


class Importance(NamedTuple):
    """Numbers whose largest is from 1/2 up to 1, unless all are 0, and the power of two of 1.

    What is far below the largest becomes 0.
    """

    numbers: NDArray[np.float32]
    unit: float


def in_its_unit(importance: NDArray[Any]) -> Importance:
    """Return what core computes with: a power of two that all are multiplied by changes no bit."""
    _, exponent = math.frexp(float(importance.max(initial=0.0)))
    wide = np.asarray(importance, np.float64)
    return Importance(np.ldexp(wide, -exponent).astype(np.float32), math.ldexp(1.0, exponent))


def checked_importance(values: NDArray[Any], name: str) -> NDArray[np.float64]:
    """Return importance as doubles; ValueError naming it if one is out of range."""
    numbers = np.asarray(values, np.float64)
    with np.errstate(over="ignore"):
        finite = np.isfinite(numbers.astype(np.float32)).all()
    if not (finite and (numbers >= 0).all()):
        raise ValueError(f"{name} must be finite and not negative, in float32's range")
    return numbers


def flat_importance(importance: npt.ArrayLike | None, groups: Groups, name: str) -> Importance:
    """Return importance in the order of groups: a period of it, nothing if all are equal."""
    if importance is None:
        return Importance(np.empty(0, np.float32), 1.0)
    values = reals(importance, "importance")
    shape = groups.shape
    if not shape or values.shape not in ((shape[-1],), shape):
        raise ValueError(
            f"importance must have the shape {shape} of {name}, or one number for each of its last "
            f"axis, not shape {values.shape}"
        )
    numbers, unit = in_its_unit(checked_importance(values, "importance"))
    if groups.moves:
        numbers = groups.side_by_side(np.broadcast_to(numbers, shape))
    return Importance(np.ravel(numbers), unit)
