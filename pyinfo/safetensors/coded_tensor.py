"""The frame that stands for a tensor, read as bytes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pyinfo import _core
from pyinfo.arguments import NO_LIMIT
from pyinfo.coding.array_layout import StatedLayout
from pyinfo.errors import CorruptDataError
from pyinfo.safetensors.packed_table import PackedTensor

Bytes = NDArray[np.uint8]

PIECE: Final = 64 << 20
"""Bytes of a large tensor that are worked on at a time."""

_DEQUANTIZED: Final = 8 << 20  # bytes of floats: a whole number of elements


@contextlib.contextmanager
def naming(name: str) -> Iterator[None]:
    """Let errors about damage say in which tensor it is."""
    try:
        yield
    except CorruptDataError as error:
        raise CorruptDataError(f"tensor {name!r}: {error}", error.offset) from error


def frame_layout(tensor: PackedTensor) -> StatedLayout:
    """Return what the metadata of a tensor's frame say: of a quantised one, of its integers."""
    if tensor.quantization is not None:
        integers = tensor.quantization.integers
        return StatedLayout(integers.text, tensor.shape, False, integers.byte_count(tensor.shape))
    shape = (tensor.size,) if tensor.dtype.is_packed else tensor.shape
    return StatedLayout(tensor.dtype.text, shape, False, tensor.size)


class CodedTensor:
    """A frame whose layout is that of a tensor; any part of it can be decoded.

    Parameters
    ----------
    data
        The bytes of the frame.
    tensor
        What it must hold.

    Raises
    ------
    CorruptDataError
        If it holds something else, or its index is damaged.
    """

    def __init__(self, data: Any, tensor: PackedTensor) -> None:
        self._tensor = tensor
        self._name = tensor.name
        self._stored = tensor.dtype if tensor.quantization is None else tensor.quantization.integers
        with naming(tensor.name):
            self._reader = _core.FrameReader(data, NO_LIMIT)
            self._require(tensor)

    def _require(self, tensor: PackedTensor) -> None:
        reader = self._reader
        expected = frame_layout(tensor)
        if reader.items * reader.planes != expected.size:
            raise CorruptDataError(
                f"the frame holds {reader.items * reader.planes} bytes, not {expected.size}"
            )
        if reader.planes not in {1, self._stored.itemsize}:
            raise CorruptDataError(f"the frame has {reader.planes} planes")
        if reader.metadata != expected.metadata():
            raise CorruptDataError("the frame is that of another dtype or shape")

    @property
    def chunk_bytes(self) -> int:
        """Bytes of the tensor that are decoded together."""
        stored = self._reader.chunk_items * self._reader.planes
        if self._tensor.quantization is None:
            return stored
        return stored // self._stored.itemsize * self._tensor.dtype.itemsize

    @property
    def size(self) -> int:
        """Bytes of the tensor."""
        return self._tensor.size

    def decode(self, start: int, stop: int, out: Bytes, threads: int = 1) -> None:
        """Decode the bytes start:stop, whole elements, to a contiguous array.

        Nothing but the blocks that hold them is looked at, so damage elsewhere does not matter.
        """
        quantization, itemsize = self._tensor.quantization, self._tensor.dtype.itemsize
        if quantization is None:
            self._decode_stored(start, stop, out, threads)
            return
        for begin in range(start, stop, _DEQUANTIZED):
            end = min(begin + _DEQUANTIZED, stop)
            integers = self._integers(begin // itemsize, end // itemsize, threads)
            out[begin - start : end - start] = quantization.floats(integers, self._tensor.dtype)

    def integers(self, threads: int = 1) -> Bytes:
        """Return the bytes of the integers that a quantised tensor is stored as."""
        with naming(self._name):
            self._reader.require_complete()
        return self._integers(0, self._tensor.size // self._tensor.dtype.itemsize, threads)

    def _integers(self, first: int, last: int, threads: int) -> Bytes:
        size = self._stored.itemsize
        out: Bytes = np.empty((last - first) * size, np.uint8)
        self._decode_stored(first * size, last * size, out, threads)
        return out

    def _decode_stored(self, start: int, stop: int, out: Bytes, threads: int) -> None:
        planes = self._reader.planes
        with naming(self._name):
            self._reader.decode(start // planes, stop // planes, out, threads)

    def whole(self, threads: int = 1) -> Bytes:
        """Return all bytes of the tensor."""
        with naming(self._name):
            self._reader.require_complete()  # before memory is asked for
        out: Bytes = np.empty(self.size, np.uint8)
        self.decode(0, self.size, out, threads)
        return out

    def pieces(self, threads: int = 1) -> Iterator[Bytes]:
        """Yield all bytes, at most `PIECE` of them at a time; a piece is valid until the next."""
        with naming(self._name):
            self._reader.require_complete()
        step = max(1, PIECE // self.chunk_bytes) * self.chunk_bytes
        buffer: Bytes = np.empty(min(step, self.size), np.uint8)
        for start in range(0, self.size, step):
            stop = min(start + step, self.size)
            part = buffer[: stop - start]
            self.decode(start, stop, part, threads)
            yield part

    def damage(self, threads: int = 1) -> list[tuple[int | None, int, str]]:
        """Return (block or None, offset, message) for everything that is damaged."""
        return self._reader.verify(threads)
