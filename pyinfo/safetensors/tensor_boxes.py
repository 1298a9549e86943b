"""Parts of tensors: what an index means, and the bytes of it, each block decoded once at most."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, SupportsIndex

import numpy as np

from pyinfo.safetensors.coded_tensor import Bytes, CodedTensor

_GROUP_BYTES: Final = 4 << 20  # decoded at a time where only parts of it are wanted


class Box(NamedTuple):
    """A part of a tensor.

    Attributes
    ----------
    ranges
        Of each dimension the indices; their steps are positive.
    shape
        Of the result: dimensions that were indexed by a number are left out.
    """

    ranges: tuple[range, ...]
    shape: tuple[int, ...]


def box_of(key: Any, shape: Sequence[int]) -> Box | None:
    """Return what an index of numbers, slices and an ellipsis stands for; None for others.

    Raises
    ------
    IndexError
        If a number is out of bounds, or there are more of them than dimensions.
    ValueError
        If a step is not positive.
    """
    keys = list(key) if isinstance(key, tuple) else [key]
    if not all(each is ... or isinstance(each, slice) or _is_number(each) for each in keys):
        return None
    ellipses = sum(each is ... for each in keys)
    if ellipses > 1:
        return None
    if len(keys) - ellipses > len(shape):
        raise IndexError(f"too many indices for tensor of dimension {len(shape)}")
    missing = [slice(None)] * (len(shape) - len(keys) + ellipses)
    at = next((i for i, each in enumerate(keys) if each is ...), len(keys))
    keys[at : at + ellipses] = missing
    ranges, kept = [], []
    for dimension, (each, extent) in enumerate(zip(keys, shape, strict=True)):
        if isinstance(each, slice):
            if each.step is not None and operator.index(each.step) <= 0:
                raise ValueError("step must be greater than zero")
            ranges.append(range(*each.indices(extent)))
            kept.append(len(ranges[-1]))
            continue
        number = operator.index(each)
        if not -extent <= number < extent:
            raise IndexError(
                f"index {number} is out of bounds for dimension {dimension} with size {extent}"
            )
        ranges.append(range(number % extent, number % extent + 1))
    return Box(tuple(ranges), tuple(kept))


def read_plain(
    data: Callable[[int, int], Bytes], box: Box, shape: Sequence[int], item: int
) -> Bytes:
    """Return the bytes of a box of a tensor that is stored as it is; data(start, stop) reads."""
    if not box.ranges or math.prod(map(len, box.ranges)) == 0:
        return data(0, item if not box.ranges else 0)
    rows, *rest = box.ranges
    row = math.prod(shape[1:]) * item
    part = data(rows[0] * row, (rows[-1] + 1) * row).reshape(-1, *shape[1:], item)
    wanted = part[(slice(None, None, rows.step), *map(_slice_of, rest))]
    return np.ascontiguousarray(wanted).reshape(-1)


def read_coded(tensor: CodedTensor, box: Box, shape: Sequence[int], item: int) -> Bytes:
    """Return the bytes of a box of a coded tensor; only the blocks that it touches are decoded."""
    lengths = [len(each) for each in box.ranges]
    out: Bytes = np.empty(math.prod(lengths) * item, np.uint8)
    if out.size == 0:
        return out
    strides = [item * math.prod(shape[d + 1 :]) for d in range(len(shape))]
    if box.ranges and box.ranges[0].step == 1 and lengths[1:] == list(shape[1:]):
        tensor.decode(box.ranges[0].start * strides[0], box.ranges[0].stop * strides[0], out)
        return out
    reader = _BoxReader(tensor, box.ranges, shape, strides, item)
    reader.fill(0, 0, out.reshape(*lengths, item))
    return out


class _BoxReader:
    """Goes through a box in the order of memory."""

    def __init__(
        self,
        tensor: CodedTensor,
        ranges: Sequence[range],
        shape: Sequence[int],
        strides: Sequence[int],
        item: int,
    ) -> None:
        self._window = _Window(tensor)
        self._chunk = tensor.chunk_bytes
        self._ranges = ranges
        self._strides = strides
        self._shape = shape
        self._item = item
        # From which dimension on all elements are wanted.
        self._whole_from = len(shape)
        while self._whole_from > 0 and ranges[self._whole_from - 1] == range(
            shape[self._whole_from - 1]
        ):
            self._whole_from -= 1
        # Of one index of a dimension: where what is wanted begins, and where it ends.
        self._first = [sum(r[0] * s for r, s in self._inside(d)) for d in range(len(shape))]
        self._last = [sum(r[-1] * s for r, s in self._inside(d)) + item for d in range(len(shape))]

    def _inside(self, dimension: int) -> list[tuple[range, int]]:
        first = dimension + 1
        return list(zip(self._ranges[first:], self._strides[first:], strict=True))

    def fill(self, dimension: int, base: int, out: Bytes) -> None:
        """Fill `out` with the wanted elements of the part of the tensor that begins at `base`."""
        if dimension == len(self._shape):
            self._window.read(base, base + self._item, out)
            return
        wanted, stride = self._ranges[dimension], self._strides[dimension]
        if wanted.step == 1 and dimension + 1 >= self._whole_from:
            start, stop = base + wanted.start * stride, base + wanted.stop * stride
            self._window.read(start, stop, out.reshape(-1))
        elif wanted.step * stride >= self._chunk:  # whole blocks may lie between two of them
            for number, index in enumerate(wanted):
                self.fill(dimension + 1, base + index * stride, out[number])
        else:
            self._fill_groups(dimension, base, out)

    def _fill_groups(self, dimension: int, base: int, out: Bytes) -> None:
        """Decode what lies between the wanted elements, too: no block is between them."""
        wanted, stride = self._ranges[dimension], self._strides[dimension]
        inside = tuple(_slice_of(each) for each in self._ranges[dimension + 1 :])
        count = max(1, _GROUP_BYTES // (wanted.step * stride))
        for begin in range(0, len(wanted), count):
            group = wanted[begin : begin + count]
            start = base + group[0] * stride
            buffer: Bytes = np.empty((group[-1] - group[0] + 1) * stride, np.uint8)
            low = self._first[dimension]
            high = (group[-1] - group[0]) * stride + self._last[dimension]
            self._window.read(start + low, start + high, buffer[low:high])
            rows = buffer.reshape(-1, *self._shape[dimension + 1 :], self._item)
            out[begin : begin + len(group)] = rows[(slice(None, None, wanted.step), *inside)]


class _Window:
    """Decodes parts in rising order; a block that the next one needs as well is kept."""

    def __init__(self, tensor: CodedTensor) -> None:
        self._tensor = tensor
        self._chunk = tensor.chunk_bytes
        self._kept_at = -1
        self._kept: Bytes = np.empty(0, np.uint8)

    def read(self, start: int, stop: int, out: Bytes) -> None:
        """Decode the bytes start:stop."""
        begin = start
        if self._kept_at <= start < self._kept_at + len(self._kept):
            begin = min(stop, self._kept_at + len(self._kept))
            skip = start - self._kept_at
            out[: begin - start] = self._kept[skip : skip + begin - start]
        if begin == stop:
            return
        last = (stop - 1) // self._chunk * self._chunk
        end = min(last + self._chunk, self._tensor.size)
        if stop == end:
            self._tensor.decode(begin, stop, out[begin - start :])
            return
        if begin < last:
            self._tensor.decode(begin, last, out[begin - start : last - start])
            begin = last
        if len(self._kept) != end - last:
            self._kept = np.empty(end - last, np.uint8)
        self._kept_at = -1
        self._tensor.decode(last, end, self._kept)
        self._kept_at = last
        out[begin - start :] = self._kept[begin - last : stop - last]


def _slice_of(wanted: range) -> slice:
    return slice(wanted.start, wanted.stop, wanted.step)


def _is_number(index: object) -> bool:
    """Whether it is a number of an element, not a condition or an array of them."""
    if isinstance(index, (bool, np.bool_)) or getattr(index, "ndim", 0) > 0:
        return False
    return isinstance(index, SupportsIndex)
