"""Which run of a chunk's elements holds everything that is selected."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np


@dataclass(frozen=True, slots=True)
class Window:
    """A run of elements in C order, as an array, and what is selected of it.

    Attributes
    ----------
    start, stop
        The run.
    shape
        Of the array that the run is: all of the chunk's axes, the first ones cut to what is needed.
    selection
        What is selected, as an index of that array.
    whole_selection
        The same as an index of the whole chunk.
    """

    start: int
    stop: int
    shape: tuple[int, ...]
    selection: tuple[Any, ...]
    whole_selection: tuple[Any, ...]

    @classmethod
    def of(cls, selection: Any, shape: tuple[int, ...]) -> Self | None:
        """Return the window of a selection; None if that is everything, or none can be told.

        Parameters
        ----------
        selection
            As `numpy.ndarray` takes it: for each axis an integer, a slice, or an array.
        shape
            Of the chunk.
        """
        if not isinstance(selection, tuple) or len(selection) != len(shape):
            return None
        start = 0
        stride = math.prod(shape)
        extents: list[int] = []
        inner: list[Any] = []
        for selector, length in zip(selection, shape, strict=True):
            bounds = _bounds(selector, length)
            if bounds is None:
                return None
            low, high, shifted = bounds
            stride //= length
            start += low * stride
            extents.append(high - low)
            inner.append(shifted)
            if high - low > 1:
                break
        rest = len(extents)
        extents += shape[rest:]
        count = math.prod(extents)
        if count == math.prod(shape):
            return None
        return cls(
            start, start + count, tuple(extents), (*inner, *selection[rest:]), tuple(selection)
        )


def _bounds(selector: Any, length: int) -> tuple[int, int, Any] | None:
    """Return the first index and one past the last, and the selector seen from the first."""
    if isinstance(selector, slice):
        indices = range(*selector.indices(length))
        if not indices or indices.step < 0:
            return None
        low, high = indices[0], indices[-1] + 1
        return low, high, slice(0, high - low, indices.step)
    array = np.asarray(selector)
    if array.dtype.kind not in "iu" or array.size == 0:
        return None
    low, high = int(array.min()), int(array.max()) + 1
    if low < 0 or high > length:
        return None
    return low, high, selector - low
