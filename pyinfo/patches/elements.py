"""Arrays as the elements of a patch: their type by its text, their bits in memory order."""

from __future__ import annotations

import sys
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pyinfo import _core
from pyinfo.coding.array_layout import in_memory_order, layout_metadata
from pyinfo.coding.dtype_text import EXTENSION_TYPES, dtype_of, item_size, text_of

_LITTLE: Final = sys.byteorder == "little"
_MANTISSAS: Final = {"f2": 10, "f4": 23, "f8": 52, "c8": 23, "c16": 52}
_EXTENSION_MANTISSAS: Final = {"bfloat16": 7, "bcomplex32": 7, "complex32": 10}


class ElementKind(NamedTuple):
    """How the core sees elements.

    Attributes
    ----------
    size
        Bytes of a number: 1, 2, 4 or 8.
    mantissa
        Bits of its mantissa; 0 for whole numbers.
    """

    size: int
    mantissa: int

    @classmethod
    def of(cls, text: str) -> ElementKind:
        """Return the kind of the type that a text names: parts, if elements are complex."""
        if text in _EXTENSION_MANTISSAS:
            return cls(2, _EXTENSION_MANTISSAS[text])
        size = item_size(text)
        if text in EXTENSION_TYPES or text.startswith(("[", "|")):
            return cls(1, 0)
        if text[1] == "U":
            return cls(4, 0) if size > 0 else cls(1, 0)
        if text[0] == "<" and text[1:] in _MANTISSAS:
            return cls(size // 2 if text[1] == "c" else size, _MANTISSAS[text[1:]])
        return cls(size, 0) if size in {1, 2, 4, 8} else cls(1, 0)


class Elements(NamedTuple):
    """An array, and the text that names the type of its elements.

    Attributes
    ----------
    array
        Contiguous. Of a type of ml_dtypes, unsigned integers if that is not installed.
    text
        As in the metadata of frames.
    """

    array: NDArray[Any]
    text: str

    @classmethod
    def read(cls, data: Any, name: str) -> Elements:
        """Read whatever the front door reads; a copy only where memory is not contiguous."""
        if isinstance(data, str):
            raise TypeError(f"{name} must be an array or bytes, not str: encode it first")
        if isinstance(data, np.ma.MaskedArray):
            raise TypeError(f"{name} must not be a masked array: its mask would be lost")
        if isinstance(data, bytes | bytearray | memoryview):
            return cls(np.frombuffer(data, np.uint8), "|u1")
        array, extension = _core.as_bits(data, name)
        if array.dtype.hasobject:
            raise TypeError(f"{name} holds Python objects, not data")
        if not (array.flags.c_contiguous or array.flags.f_contiguous):
            array = np.ascontiguousarray(array)
        return cls(array, text_of(array.dtype) if extension is None else extension)

    @property
    def fortran_order(self) -> bool:
        """Whether the first axis is the one that varies fastest in memory."""
        return not self.array.flags.c_contiguous

    def in_order(self, *, fortran_order: bool) -> NDArray[Any]:
        """Return a C-contiguous array of the elements in this order."""
        if fortran_order and not self.array.flags.f_contiguous:
            return np.asfortranarray(self.array).T
        if not fortran_order and not self.array.flags.c_contiguous:
            return np.ascontiguousarray(self.array)
        return self.array.T if fortran_order else self.array

    def metadata(self, *, fortran_order: bool) -> bytes:
        """Return the bytes that state type, shape and order."""
        return layout_metadata(self.text, self.array.shape, fortran_order)


def as_bytes(array: NDArray[Any]) -> NDArray[np.uint8]:
    """Return a contiguous array's memory, in its order."""
    ordered = in_memory_order(array)
    if ordered.nbytes == 0:
        return np.empty(0, np.uint8)
    return ordered.reshape(-1).view(np.uint8)


def stated_dtype(text: str) -> np.dtype[Any]:
    """Return the type that a text names; unsigned integers for one that is not installed."""
    try:
        return dtype_of(text)
    except ImportError:
        return np.dtype(f"<u{EXTENSION_TYPES[text]}")


def bits_type(text: str) -> np.dtype[Any] | None:
    """Return the unsigned integers that a type's bits can be given as, if there are such."""
    size = item_size(text)
    return np.dtype(f"u{size}") if size in {1, 2, 4, 8} else None
