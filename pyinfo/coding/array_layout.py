"""What a frame's metadata says about an array: element type, shape, order in memory."""

from __future__ import annotations

import math
import struct
import sys
import warnings
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, NamedTuple, Self

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from pyinfo import _core
from pyinfo.coding.dtype_text import dtype_of, item_size, text_of
from pyinfo.errors import CorruptDataError

MOST_PLANES: Final = 64
"""Into how many byte planes items can be split."""

_VERSION: Final = 1
_FIXED: Final = struct.Struct("<BBH")  # version, order, length of the element type's text
_METADATA_OFFSET: Final = 22  # in a frame
_MOST_METADATA: Final = 65535
_LITTLE: Final = sys.byteorder == "little"
_MOST_DIMENSIONS: Final = 64
_MOST_VARINT: Final = 9  # bytes
_NPY_HEADERS: Final = {
    (1, 0): npy_format.read_array_header_1_0,
    (2, 0): npy_format.read_array_header_2_0,
}


class StatedLayout(NamedTuple):
    """What the metadata of a frame say, without the type itself, which this machine may not have.

    Attributes
    ----------
    dtype
        The text that names the type of elements.
    shape, fortran_order
        As of an `ArrayLayout`.
    size
        Bytes of data.
    """

    dtype: str
    shape: tuple[int, ...]
    fortran_order: bool
    size: int

    @classmethod
    def parse(cls, metadata: bytes) -> Self:
        """Read metadata that are not empty; CorruptDataError if no encoder writes them."""
        try:
            return cls._parse(metadata)
        except (ValueError, struct.error) as error:
            raise CorruptDataError(
                f"the metadata describes no array: {error}", _METADATA_OFFSET
            ) from error

    @classmethod
    def _parse(cls, metadata: bytes) -> Self:
        version, order, length = _FIXED.unpack_from(metadata)
        if version != _VERSION:
            raise ValueError(f"its version is {version}, not {_VERSION}")
        if order > 1:
            raise ValueError(f"its order is {order}, not 0 or 1")
        text = metadata[_FIXED.size : _FIXED.size + length].decode("ascii")
        rest = metadata[_FIXED.size + length :]
        if len(text) < length or not rest:
            raise ValueError("it is cut off")
        itemsize = item_size(text)
        if rest[0] > _MOST_DIMENSIONS:
            raise ValueError(f"it has {rest[0]} dimensions")
        shape = []
        at = 1
        for _ in range(rest[0]):
            extent, at = _read_varint(rest, at)
            shape.append(extent)
        if at != len(rest):
            raise ValueError("bytes are left over")
        # Also where there are no elements: NumPy has no such arrays.
        if math.prod(max(1, extent) for extent in (*shape, itemsize)) >= 2**63:
            raise ValueError("it is too large")
        return cls(text, tuple(shape), order == 1, math.prod(shape) * itemsize)

    def metadata(self) -> bytes:
        """Return the bytes that state this layout; none for an array of plain bytes."""
        if self.dtype == "|u1" and len(self.shape) == 1:
            return b""
        text = self.dtype.encode("ascii")
        parts = [b"", text, bytes([len(self.shape)]), *map(_varint, self.shape)]
        if len(text) <= _MOST_METADATA:
            parts[0] = _FIXED.pack(_VERSION, self.fortran_order, len(text))
        metadata = b"".join(parts)
        if len(metadata) > _MOST_METADATA:
            raise TypeError("arrays of a dtype whose description is so long cannot be compressed")
        return metadata

    def require_size(self, size: int) -> None:
        """Raise CorruptDataError unless the frame holds as many bytes."""
        if self.size != size:
            raise CorruptDataError(
                f"the metadata describes {self.size} bytes of data, the frame holds {size}",
                _METADATA_OFFSET,
            )


@dataclass(frozen=True, slots=True)
class ArrayLayout:
    """How the bytes of a frame become an array.

    Attributes
    ----------
    dtype, shape
        Those of the array.
    fortran_order
        Whether the first axis is the one that varies fastest in memory.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran_order: bool = False

    @classmethod
    def of(cls, array: NDArray[Any]) -> Self:
        """Return the layout of a contiguous array."""
        return cls(array.dtype, array.shape, not array.flags.c_contiguous)

    @classmethod
    def parse(cls, metadata: bytes, size: int) -> Self:
        """Return the layout that a frame of `size` bytes of data states."""
        if not metadata:
            return cls(np.dtype(np.uint8), (size,))
        stated = StatedLayout.parse(metadata)
        stated.require_size(size)
        return cls(dtype_of(stated.dtype), stated.shape, stated.fortran_order)

    def metadata(self) -> bytes:
        """Return the bytes that state this layout; none for an array of plain bytes."""
        if self.dtype == np.uint8 and len(self.shape) == 1:
            return b""
        return layout_metadata(text_of(self.dtype), self.shape, self.fortran_order)

    @property
    def size(self) -> int:
        """Bytes of data."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def planes(self) -> int:
        """Into how many byte planes elements are split: as many as numbers have bytes."""
        if self.dtype.kind == "U" and self.dtype.itemsize > 0:
            return 4
        if self.dtype.kind == "S" or not 0 < self.dtype.itemsize <= MOST_PLANES:
            return 1
        return self.dtype.itemsize

    @property
    def floats(self) -> bool:
        """Whether elements are such as may be rotated: little-endian floats of 2, 4 or 8 bytes."""
        return are_floats(self.dtype)

    @property
    def row_size(self) -> int:
        """Bytes of data for one step along the first axis."""
        return math.prod(self.shape[1:]) * self.dtype.itemsize

    def empty(self, rows: int | None = None) -> NDArray[Any]:
        """Return a new array; of so many steps along the first axis, if `rows` is given."""
        shape = self.shape if rows is None else (rows, *self.shape[1:])
        # Not numpy.empty, which makes strings at least one character long.
        return np.ndarray(shape, self.dtype, order="F" if self.fortran_order else "C")

    def is_in_place(self, array: NDArray[Any]) -> bool:
        """Whether the data of a frame can go to the memory of `array` as it is."""
        flags = array.flags
        return bool(flags.f_contiguous if self.fortran_order else flags.c_contiguous)


def layout_metadata(dtype: str, shape: tuple[int, ...], fortran_order: bool) -> bytes:
    """Return the bytes that state a type by its text, a shape and an order in memory."""
    text = dtype.encode("ascii")
    parts = [b"", text, bytes([len(shape)]), *map(_varint, shape)]
    if len(text) <= _MOST_METADATA:
        parts[0] = _FIXED.pack(_VERSION, fortran_order, len(text))
    metadata = b"".join(parts)
    if len(metadata) > _MOST_METADATA:
        raise TypeError("arrays of a dtype whose description is so long cannot be compressed")
    return metadata


def are_floats(dtype: np.dtype[Any]) -> bool:
    """Return whether elements may be rotated by a bit before they are split into byte planes.

    That aligns the exponents with the bytes of bfloat16, float16, float32 and float64, and those of
    both parts of complex64, in little-endian order. In the other order the exponent is not where
    rotation reaches it, and elements of 16 bytes are never rotated.
    """
    if dtype.kind in "fc":
        return dtype.itemsize in (2, 4, 8) and dtype.str[0] == "<"
    return dtype.itemsize == 2 and dtype.isbuiltin == 2 and dtype.name == "bfloat16" and _LITTLE


def in_memory_order(array: NDArray[Any]) -> NDArray[Any]:
    """Return a C-contiguous view of a contiguous array."""
    return array if array.flags.c_contiguous else array.T


def as_array(data: Any) -> NDArray[Any]:
    """Return the data as a contiguous array; a copy only where it is not contiguous."""
    if isinstance(data, str):
        raise TypeError("data must be bytes-like or an array, not 'str': encode it first")
    if isinstance(data, np.ma.MaskedArray):
        raise TypeError("data must not be a masked array: its mask would be lost")
    if isinstance(data, bytes):  # numpy.asarray would take it for one string
        return np.frombuffer(data, np.uint8)
    array = _core.as_array(data, "data")
    if array.dtype.hasobject:
        raise TypeError(f"arrays of dtype {array.dtype} hold Python objects, not data")
    if array.flags.c_contiguous or array.flags.f_contiguous:
        return array
    return np.ascontiguousarray(array)


def bytes_of(data: Any) -> memoryview:
    """Return a bytes-like object as bytes."""
    # Arrays of any dtype, also such as memoryview does not know; with a mask they are refused.
    if hasattr(data, "__dlpack__"):
        data = _core.as_array(data, "data")
        if not data.flags.c_contiguous:
            raise ValueError("data must be a C-contiguous buffer")
        data = data.reshape(-1).view(np.uint8) if data.nbytes > 0 else b""
    try:
        view = memoryview(data)
    except TypeError:
        raise TypeError(
            f"data must support the buffer protocol, not {type(data).__name__}"
        ) from None
    if not view.c_contiguous:
        raise ValueError("data must be a C-contiguous buffer")
    return view.cast("B") if view.nbytes > 0 else memoryview(b"")


def _varint(value: int) -> bytes:
    """Return an unsigned integer in LEB128: seven bits a byte, the low ones first."""
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for i, byte in enumerate(data[at : at + _MOST_VARINT]):
        value |= (byte & 127) << 7 * i
        if byte < 128:
            if byte == 0 and i > 0:
                break
            return value, at + i + 1
    raise ValueError("a length is cut off, too long, or not written in its shortest form")


def npy_dtype(file: BinaryIO) -> np.dtype[Any]:
    """Read the header of an ``.npy`` file; return the type of elements, uint8 if there is none."""
    try:
        version = npy_format.read_magic(file)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "additional header parsing": written by Python 2
            return _NPY_HEADERS[version](file)[2]
    except Exception:  # the header is a literal, which can make the parser raise anything
        return np.dtype(np.uint8)
