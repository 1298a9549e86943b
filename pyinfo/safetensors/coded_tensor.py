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


@contextlib.contextmanager
def naming(name: str) -> Iterator[None]:
    """Let errors about damage say in which tensor it is."""
    try:
        yield
    except CorruptDataError as error:
        raise CorruptDataError(f"tensor {name!r}: {error}", error.offset) from error


def frame_layout(tensor: PackedTensor) -> StatedLayout:
    """Return what the metadata of a tensor's frame say."""
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
        self._name = tensor.name
        with naming(tensor.name):
            self._reader = _core.FrameReader(data, NO_LIMIT)
            self._require(tensor)

    def _require(self, tensor: PackedTensor) -> None:
        reader = self._reader
        expected = frame_layout(tensor)
        if reader.items * reader.planes != tensor.size:
            raise CorruptDataError(
                f"the frame holds {reader.items * reader.planes} bytes, not {tensor.size}"
            )
        if reader.planes not in {1, tensor.dtype.itemsize}:
            raise CorruptDataError(f"the frame has {reader.planes} planes")
        if reader.metadata != expected.metadata():
            raise CorruptDataError("the frame is that of another dtype or shape")

    @property
    def chunk_bytes(self) -> int:
        """Bytes that are decoded together."""
        return self._reader.chunk_items * self._reader.planes

    @property
    def size(self) -> int:
        """Bytes of the tensor."""
        return self._reader.items * self._reader.planes

    def decode(self, start: int, stop: int, out: Bytes, threads: int = 1) -> None:
        """Decode the bytes start:stop, whole elements, to a contiguous array.

        Nothing but the blocks that hold them is looked at, so damage elsewhere does not matter.
        """
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
