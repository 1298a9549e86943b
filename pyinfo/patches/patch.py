"""A patch as an object: what it is for, and what it changes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyinfo import _core
from pyinfo.arguments import checked_out, thread_count
from pyinfo.coding.array_layout import StatedLayout, bytes_of, in_memory_order
from pyinfo.errors import CorruptDataError
from pyinfo.patches.elements import ElementKind, Elements, as_bytes, bits_type, stated_dtype


class Patch:
    """What turns one array into another of the same type and shape.

    Parameters
    ----------
    data : bytes-like
        A whole patch, as `diff` has written it. It is not copied, and must not change while the
        `Patch` is used.

    Raises
    ------
    CorruptDataError
        If it is no patch, or a damaged one. All checks have passed when there is a `Patch`.

    See Also
    --------
    diff : make one.
    apply : use one.

    Examples
    --------
    >>> old = np.array([1, 2, 3], np.float32)
    >>> new = np.array([1, 2, 4], np.float32)
    >>> patch = pyinfo.patches.Patch(pyinfo.patches.diff(old, new))
    >>> patch.shape, patch.changed
    ((3,), 1)
    """

    def __init__(self, data: Any) -> None:
        self._data = data
        self._reader = _core.PatchReader(data)
        if not self._reader.metadata:
            raise CorruptDataError("the patch does not say of which type and shape it is", 0)
        self._layout = StatedLayout.parse(self._reader.metadata)
        kind = ElementKind(self._reader.item_size, self._reader.mantissa)
        self._layout.require_size(self._reader.items * kind.size)
        if kind != ElementKind.of(self._layout.dtype):
            raise CorruptDataError("the patch's elements are none of the type that it states", 0)

    def __reduce__(self) -> tuple[type[Patch], tuple[bytes]]:
        return type(self), (bytes(self),)

    def __bytes__(self) -> bytes:
        return bytes(bytes_of(self._data))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Patch):
            return NotImplemented
        return bytes(self) == bytes(other)

    def __hash__(self) -> int:
        return hash(bytes(self))

    def __repr__(self) -> str:
        return (
            f"<Patch: {self._layout.dtype} {self.shape}, {self.changed} changed, "
            f"{self.coded_size} bytes>"
        )

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the elements: unsigned integers if it needs ml_dtypes, and that is missing."""
        return stated_dtype(self._layout.dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the arrays."""
        return self._layout.shape

    @property
    def nbytes(self) -> int:
        """Bytes of an array."""
        return self._layout.size

    @property
    def coded_size(self) -> int:
        """Bytes of the patch."""
        return len(bytes_of(self._data))

    @property
    def changed(self) -> int:
        """How many numbers have changed.

        Complex elements have two of them, other types than numbers as many as bytes.
        """
        return self._reader.changed

    def is_base(self, array: Any, *, threads: int = 1) -> bool:
        """Return whether the patch was made from this array, by the checks of its contents."""
        base = self._read(array, "array")
        return self._reader.is_base(as_bytes(base), thread_count(threads))

    def is_result(self, array: Any, *, threads: int = 1) -> bool:
        """Return whether the patch makes this array, by the checks of its contents."""
        result = self._read(array, "array")
        return self._reader.is_result(as_bytes(result), thread_count(threads))

    def apply(
        self, base: Any, *, out: NDArray[Any] | None = None, threads: int = 1
    ) -> NDArray[Any]:
        """Return what the patch makes of `base`: see `pyinfo.patches.apply`."""
        count = thread_count(threads)
        array = self._read(base, "base")
        target = None if out is None else self._checked_out(out)
        order = in_memory_order(array)
        if target is None:
            result = np.ndarray(
                self.shape, array.dtype, order="F" if self._layout.fortran_order else "C"
            )
            self._reader.apply(as_bytes(order), as_bytes(result), True, count)
            return result
        flags = target.flags
        in_place = flags.f_contiguous if self._layout.fortran_order else flags.c_contiguous
        if in_place and (_same_memory(array, target) or not np.may_share_memory(array, target)):
            self._reader.apply(as_bytes(order), as_bytes(target), False, count)
        else:
            result = np.empty_like(array)
            self._reader.apply(as_bytes(order), as_bytes(result), True, count)
            target.view(array.dtype)[...] = result
        return out if out is not None else target

    def indices_and_values(
        self, base: Any, *, threads: int = 1
    ) -> tuple[NDArray[np.int64], NDArray[Any]]:
        """Return which elements have changed, and what they have become.

        Parameters
        ----------
        base : array_like
            The array that the patch was made from: steps are relative to it.
        threads : int, optional
            How many to use, 0 for one per core.

        Returns
        -------
        indices : ndarray of int64
            Of the flat array in C order, rising.
        values : ndarray
            The new elements, of the array's type.

        Raises
        ------
        ValueError
            If `base` is another array.

        Examples
        --------
        >>> old, new = np.zeros(4, np.int32), np.array([0, 7, 0, 9], np.int32)
        >>> pyinfo.patches.Patch(pyinfo.patches.diff(old, new)).indices_and_values(old)
        (array([1, 3]), array([7, 9], dtype=int32))
        """
        before = self._read(base, "base")
        after = self.apply(before, threads=threads)
        size = after.dtype.itemsize
        elements = math.prod(self.shape)
        if size == 0 or elements == 0:
            return np.empty(0, np.int64), after.reshape(-1)[:0]
        old = np.ascontiguousarray(before).reshape(-1)
        new = np.ascontiguousarray(after).reshape(-1)
        bits = np.dtype(f"u{size}") if size in {1, 2, 4, 8} else np.dtype(np.uint8)
        parts = []
        step = max(1, (1 << 22) // size)
        for first in range(0, elements, step):
            differ = old[first : first + step].view(bits) != new[first : first + step].view(bits)
            if bits.itemsize != size:
                differ = differ.reshape(-1, size).any(axis=1)
            parts.append(np.flatnonzero(differ).astype(np.int64) + first)
        indices = np.concatenate(parts)
        return indices, new[indices]

    def _read(self, data: Any, name: str) -> NDArray[Any]:
        """Return an array of the patch's type and shape, contiguous in its order."""
        elements = Elements.read(data, name)
        text = self._layout.dtype
        if elements.text != text and elements.array.dtype != bits_type(text):
            raise TypeError(f"{name} has dtype {elements.text}, the patch is for arrays of {text}")
        if elements.array.shape != self.shape:
            raise ValueError(
                f"{name} has shape {elements.array.shape}, "
                f"the patch is for arrays of shape {self.shape}"
            )
        ordered = elements.in_order(fortran_order=self._layout.fortran_order)
        array = ordered.T if self._layout.fortran_order else ordered
        # Of bits that NumPy has a type for after all.
        if elements.text == text and array.dtype != (dtype := self.dtype):
            array = array.view(dtype)
        return array

    def _checked_out(self, out: Any) -> NDArray[Any]:
        bits = bits_type(self._layout.dtype)
        is_bits = isinstance(out, np.ndarray) and bits is not None and out.dtype == bits
        return checked_out(out, bits if is_bits and bits is not None else self.dtype, self.shape)


def _same_memory(a: NDArray[Any], b: NDArray[Any]) -> bool:
    return a.ctypes.data == b.ctypes.data and a.strides == b.strides
