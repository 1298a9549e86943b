"""Integers of which some are missing, counted without becoming Python objects."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pyinfo import _core

Array = npt.NDArray[Any]
Flags = npt.NDArray[np.bool_]

KINDS: Final = "bui"
"""The kinds of dtype that have no value of their own for what is missing."""


class NullableArray:
    """A vector of integers or booleans and where they are missing.

    It stands for an array of Python's integers and None, and is asked for what samples are asked
    for: it has the dtype and the values of that array, in an eighth of the memory and less.

    Parameters
    ----------
    array
        Of the kinds `KINDS`; whatever it holds where values are missing.
    missing
        Where they are.
    """

    __slots__ = ("_array", "_missing")

    dtype: Final = np.dtype(object)
    ndim: Final = 1

    def __init__(self, array: Array, missing: Flags) -> None:
        self._array = np.require(array.reshape(-1), array.dtype.newbyteorder("="), ["C", "A"])
        self._missing = missing.reshape(-1)

    @property
    def size(self) -> int:
        """How many elements there are, those that are missing included."""
        return self._array.size

    @property
    def present(self) -> Array:
        """Those that are not missing."""
        return self._array[~self._missing]

    @property
    def shape(self) -> tuple[int]:
        """Their number as a shape."""
        return (self.size,)

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, kept: Any) -> NullableArray:
        """Return some of the elements: a slice, or those that a mask keeps."""
        return NullableArray(self._array[kept], self._missing[kept])

    def astype(self, dtype: Any) -> Array:
        """Return the array of objects."""
        objects = self._array.astype(dtype)
        objects[self._missing] = None
        return objects

    def counted(self, weights: Array | None) -> tuple[Array, Array]:
        """Return the different values, None last, and how often each occurs."""
        absent = self._missing
        values, counts = _core.count_values(
            self._array[~absent], None if weights is None else weights[~absent]
        )
        nulls = np.zeros(np.count_nonzero(absent), np.uint8)
        # The weights are added in the order of the samples.
        _, more = _core.count_values(nulls, None if weights is None else weights[absent])
        return _with_none(values, len(more)), np.concatenate([counts, more])

    def factorized(self) -> tuple[npt.NDArray[np.uint32], Array]:
        """Return for each element which value it is, and the different values, None last."""
        absent = self._missing
        found, values, _ = _core.factorize(self._array[~absent])
        labels = np.full(self.size, len(values), np.uint32)
        labels[~absent] = found
        return labels, _with_none(values, int(absent.any()))


def _with_none(values: Array, nones: int) -> Array:
    return np.fromiter([*values.tolist(), *[None] * nones], object, len(values) + nones)
