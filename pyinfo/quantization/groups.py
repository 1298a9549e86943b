"""Which elements share a scale: all, those of one index along an axis, or neighbours along it."""

from __future__ import annotations

import math
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from pyinfo.arguments import axis_index, integer


class Groups:
    """The groups of an array, side by side in C order once an axis is moved.

    `axis` alone is that of channels, each with a scale. With `group`, so many neighbours along the
    axis, the last one if none is given, share a scale; they divide its length. These are ONNX's
    per-tensor, per-axis and blocked quantisation.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        axis: SupportsIndex | None,
        group: SupportsIndex | None,
        name: str,
    ) -> None:
        self.shape = shape
        self._from = self._to = 0
        if group is None and axis is None:
            self.size = math.prod(shape)
            self.scale_shape: tuple[int, ...] = ()
        elif group is None:
            self._from = axis_index(axis, len(shape)) if axis is not None else 0
            channels = shape[self._from]
            self.scale_shape = (channels,)
            self.size = math.prod(shape) // max(1, channels)
        else:
            self.size = integer(group, "group", least=1)
            self._from = axis_index(-1 if axis is None else axis, len(shape))
            self._to = len(shape) - 1
            if shape[self._from] % self.size != 0:
                raise ValueError(
                    f"group must divide the {shape[self._from]} elements along the axis of {name}, "
                    f"not be {self.size}"
                )
            blocks = shape[self._from] // self.size
            self.scale_shape = (*shape[: self._from], blocks, *shape[self._from + 1 :])
        self._blocked = group is not None

    @property
    def moves(self) -> bool:
        """Whether the order of groups is another one than that of the array."""
        return self._from != self._to

    def side_by_side(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return the array with its axes in the order of groups."""
        return np.moveaxis(array, self._from, self._to) if array.ndim else array

    def in_place(self, flat: NDArray[Any]) -> NDArray[Any]:
        """Return an array of the original shape of elements in the order of groups."""
        shape = list(self.shape)
        if shape:
            shape.insert(self._to, shape.pop(self._from))
        result = flat.reshape(shape)
        return np.moveaxis(result, self._to, self._from) if shape else result

    def flat_scales(self, values: NDArray[Any], name: str) -> NDArray[Any]:
        """Return one value for each group of what has their shape, or is a single one."""
        if values.ndim and values.shape != self.scale_shape:
            raise ValueError(f"{name} must have shape {self.scale_shape}, not {values.shape}")
        each = np.broadcast_to(values, self.scale_shape)
        return np.ravel(np.moveaxis(each, self._from, self._to) if self._blocked else each)

    def shaped_scales(self, flat: NDArray[Any]) -> NDArray[Any]:
        """Return one value for each group in their shape."""
        if not self._blocked:
            return flat.reshape(self.scale_shape)
        shape = list(self.scale_shape)
        shape.insert(self._to, shape.pop(self._from))
        return np.moveaxis(flat.reshape(shape), self._to, self._from)
