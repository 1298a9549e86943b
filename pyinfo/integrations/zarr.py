"""Codecs for Zarr arrays of format 3: "pyinfo.array" and "pyinfo.bytes".

Zarr finds them by their entry points. `ArrayCodec` is a serializer and does all that is needed
alone: it knows the dtype, and reads a part of a chunk without decoding the rest. `BytesCodec` is a
compressor, for where there is a serializer already.
"""

from __future__ import annotations

import asyncio
import math
import operator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from zarr.abc.codec import ArrayBytesCodec, ArrayBytesCodecPartialDecodeMixin, BytesBytesCodec

from pyinfo.coding.array_layout import ArrayLayout
from pyinfo.coding.arrays import compress, decompress
from pyinfo.coding.coder_options import Coder, coder_options
from pyinfo.coding.frames import Frame
from pyinfo.errors import CorruptDataError
from pyinfo.integrations.chunk_frames import (
    DEFAULT_BLOCK_SIZE,
    check_typesize,
    compress_planes,
    decompress_planes,
    floats_of,
    planes_of,
)
from pyinfo.integrations.chunk_selection import Window

if TYPE_CHECKING:
    from zarr.abc.store import ByteGetter
    from zarr.core.array_spec import ArraySpec
    from zarr.core.buffer import Buffer, NDBuffer

__all__ = ["ArrayCodec", "BytesCodec"]

_MOST_ADDED = 64 << 10
_INTEGERS = ("block_size", "threads", "effort", "typesize")


@dataclass(frozen=True, kw_only=True)
class _Options:
    """What both codecs can be told, as for `pyinfo.compress`."""

    name: ClassVar[str]
    is_fixed_size: ClassVar[bool] = False

    coder: Coder = "auto"
    block_size: int = DEFAULT_BLOCK_SIZE
    threads: int = 1
    effort: int | None = None

    def __post_init__(self) -> None:
        coder_options(1, **self._options())
        # Integers of NumPy and the like would not do for the array's metadata, which are JSON.
        for name in _INTEGERS:
            value = getattr(self, name, None)
            if value is not None:
                object.__setattr__(self, name, operator.index(value))

    def _options(self) -> dict[str, Any]:
        return {
            "coder": self.coder,
            "block_size": self.block_size,
            "threads": self.threads,
            "effort": self.effort,
        }

    def _configuration(self) -> dict[str, Any]:
        return self._options()

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the codec that an array's metadata describe."""
        if data.get("name") != cls.name:
            raise ValueError(
                f"the name of the codec must be {cls.name!r}, not {data.get('name')!r}"
            )
        return cls(**data.get("configuration", {}))

    def to_dict(self) -> dict[str, Any]:
        """Return what is written to an array's metadata: the options that were chosen."""
        chosen = {name: value for name, value in self._configuration().items() if value is not None}
        return {"name": self.name, "configuration": chosen}

    def compute_encoded_size(self, _input_byte_length: int, _chunk_spec: ArraySpec) -> int:
        """Raise what Zarr asks of codecs whose sizes depend on the data."""
        raise NotImplementedError(f"what {self.name} makes of a chunk depends on its data")


@dataclass(frozen=True, kw_only=True)
class ArrayCodec(_Options, ArrayBytesCodec, ArrayBytesCodecPartialDecodeMixin):
    """Chunks as frames that know dtype and shape, of which parts can be read.

    A chunk is stored in C order and little-endian, so the same data are the same bytes everywhere.

    Parameters
    ----------
    coder : {"auto", "huffman", "rans", "raw"}, optional
    block_size : int, optional
    threads : int, optional
    effort : {1, 2}, optional
        As for `pyinfo.compress`. Zarr codes several chunks at a time in threads of its own.
    """

    name = "pyinfo.array"

    def validate(self, *, shape: Any, dtype: Any, chunk_grid: Any) -> None:
        """Raise a TypeError for a dtype that is not of fixed size."""
        native = dtype.to_native_dtype()
        if native.hasobject:
            raise TypeError(f"arrays of dtype {native} hold Python objects, not data")
        ArrayLayout(native, ()).metadata()

    def _encode_sync(self, chunk_array: NDBuffer, chunk_spec: ArraySpec) -> Buffer:
        array = _as_specified(np.asarray(chunk_array.as_numpy_array(), order="C"), chunk_spec)
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        return chunk_spec.prototype.buffer.from_bytes(compress(array, **self._options()))

    async def _encode_single(self, chunk_array: NDBuffer, chunk_spec: ArraySpec) -> Buffer:
        return await asyncio.to_thread(self._encode_sync, chunk_array, chunk_spec)

    def _decode_sync(self, chunk_bytes: Buffer, chunk_spec: ArraySpec) -> NDBuffer:
        data = chunk_bytes.as_numpy_array()
        self._frame(data, chunk_spec)  # before memory is asked for
        return chunk_spec.prototype.nd_buffer.from_numpy_array(
            decompress(data, threads=self.threads)
        )

    async def _decode_single(self, chunk_bytes: Buffer, chunk_spec: ArraySpec) -> NDBuffer:
        return await asyncio.to_thread(self._decode_sync, chunk_bytes, chunk_spec)

    def _decode_part(self, chunk_bytes: Buffer, window: Window, chunk_spec: ArraySpec) -> NDBuffer:
        frame = self._frame(chunk_bytes.as_numpy_array(), chunk_spec)
        if frame.order == "C":
            part = frame.read_flat(window.start, window.stop).reshape(window.shape)
            part = part[window.selection]
        else:  # by another writer
            part = frame.read()[window.whole_selection]
        return chunk_spec.prototype.nd_buffer.from_numpy_array(part)

    async def _decode_partial_single(
        self, byte_getter: ByteGetter, selection: Any, chunk_spec: ArraySpec
    ) -> NDBuffer | None:
        chunk = await byte_getter.get(prototype=chunk_spec.prototype)
        if chunk is None:
            return None
        window = Window.of(selection, chunk_spec.shape)
        if window is None:
            whole = await self._decode_single(chunk, chunk_spec)
            return whole[selection]
        return await asyncio.to_thread(self._decode_part, chunk, window, chunk_spec)

    def _frame(self, data: NDArray[Any], chunk_spec: ArraySpec) -> Frame:
        frame = Frame(data, threads=self.threads)
        dtype = chunk_spec.dtype.to_native_dtype()
        if frame.dtype.newbyteorder("<") != dtype.newbyteorder("<"):
            raise CorruptDataError(f"the chunk holds {frame.dtype}, the array {dtype}", 0)
        if frame.shape != chunk_spec.shape:
            raise CorruptDataError(
                f"the chunk has shape {frame.shape}, those of the array {chunk_spec.shape}", 0
            )
        return frame


def _as_specified(array: NDArray[Any], chunk_spec: ArraySpec) -> NDArray[Any]:
    """Return the array as that of the dtype and shape which the chunk will be read as.

    Some filters hand over another one: integers that are the bits of floats, or one dimension.
    """
    dtype = chunk_spec.dtype.to_native_dtype()
    if array.nbytes != math.prod(chunk_spec.shape) * dtype.itemsize:
        raise ValueError(
            f"a filter made a chunk of {array.dtype} {array.shape}, but says that it is of "
            f"{dtype} {chunk_spec.shape}: its dtype must be what it makes"
        )
    if array.dtype.newbyteorder("<") == dtype.newbyteorder("<"):
        return array.reshape(chunk_spec.shape)
    if array.dtype.itemsize != dtype.itemsize or not array.dtype.isnative:
        raise ValueError(f"a filter made a chunk of {array.dtype}, but says that it is of {dtype}")
    return array.reshape(-1).view(dtype.newbyteorder("=")).reshape(chunk_spec.shape)


@dataclass(frozen=True, kw_only=True)
class BytesCodec(_Options, BytesBytesCodec):
    """Bytes as frames, split into planes.

    Parameters
    ----------
    coder : {"auto", "huffman", "rans", "raw"}, optional
    block_size : int, optional
    threads : int, optional
    effort : {1, 2}, optional
        As for `pyinfo.compress`.
    typesize : int, optional
        Size of an item, 1 to 64: into how many planes the bytes are split. By default that of the
        array's elements.
    floats : bool, optional
        Whether items are little-endian floats: see `pyinfo.Compressor`. By default those of a
        `typesize` that is not given are what the array's dtype says.

    A chunk of elements of fixed size may decode to twice their bytes and 64 KiB, ValueError beyond.
    """

    name = "pyinfo.bytes"

    typesize: int | None = None
    floats: bool | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.typesize is not None:
            check_typesize(self.typesize)

    def _configuration(self) -> dict[str, Any]:
        return {**self._options(), "typesize": self.typesize, "floats": self.floats}

    def evolve_from_array_spec(self, array_spec: ArraySpec) -> Self:
        """Return the codec with the size of the array's elements, if it was told none."""
        if self.typesize is not None:
            return self
        native = array_spec.dtype.to_native_dtype()
        if native.hasobject:
            return replace(self, typesize=1)
        floats = True if self.floats is None and floats_of(native) else self.floats
        return replace(self, typesize=planes_of(native), floats=floats)

    def _encode_sync(self, chunk_bytes: Buffer, chunk_spec: ArraySpec) -> Buffer:
        frame = compress_planes(
            chunk_bytes.as_numpy_array(), self.typesize or 1, self.floats, **self._options()
        )
        return chunk_spec.prototype.buffer.from_bytes(frame)

    async def _encode_single(self, chunk_bytes: Buffer, chunk_spec: ArraySpec) -> Buffer:
        return await asyncio.to_thread(self._encode_sync, chunk_bytes, chunk_spec)

    def _decode_sync(self, chunk_bytes: Buffer, chunk_spec: ArraySpec) -> Buffer:
        limit = _size_limit(chunk_spec)
        data = decompress_planes(chunk_bytes.as_numpy_array(), None, self.threads, limit)
        return chunk_spec.prototype.buffer.from_array_like(data)

    async def _decode_single(self, chunk_bytes: Buffer, chunk_spec: ArraySpec) -> Buffer:
        return await asyncio.to_thread(self._decode_sync, chunk_bytes, chunk_spec)


def _size_limit(chunk_spec: ArraySpec) -> int | None:
    """Return the most bytes that a chunk may have before it is compressed, None if any number.

    Serializers and checksums may add something to the elements, but not as much again.
    """
    dtype = chunk_spec.dtype.to_native_dtype()
    if dtype.hasobject or dtype.kind == "T":
        return None
    return 2 * math.prod(chunk_spec.shape) * dtype.itemsize + _MOST_ADDED
