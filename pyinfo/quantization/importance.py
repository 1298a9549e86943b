"""What a squared error counts: for each input of a layer, or for each weight."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from pyinfo.arguments import reals
from pyinfo.quantization.groups import Groups


def flat_importance(
    importance: npt.ArrayLike | None, groups: Groups, name: str
) -> NDArray[np.float32]:
    """Return importance in the order of groups: a period of it, nothing if all are equal."""
    if importance is None:
        return np.empty(0, np.float32)
    values = reals(importance, "importance")
    shape = groups.shape
    if not shape or values.shape not in ((shape[-1],), shape):
        raise ValueError(
            f"importance must have the shape {shape} of {name}, or one number for each of its last "
            f"axis, not shape {values.shape}"
        )
    with np.errstate(over="ignore"):
        numbers = values.astype(np.float32)
    if not (np.isfinite(numbers).all() and (numbers >= 0).all()):
        raise ValueError("importance must be finite and not negative, in float32's range")
    if groups.moves:
        return np.ravel(groups.side_by_side(np.broadcast_to(numbers, shape)))
    return np.ravel(numbers)
