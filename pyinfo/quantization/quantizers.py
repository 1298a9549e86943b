"""Floats to integers and back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, SupportsFloat, SupportsIndex

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from pyinfo import _core
from pyinfo.arguments import (
    flag,
    integer,
    integer_from_to,
    real,
    reals,
    require_not_empty,
    sequence,
    thread_count,
)
from pyinfo.quantization.groups import Groups

_STORAGES: Final = {8: 0, 16: 1, 4: 2}
"""What the core calls integers of so many bits."""


def integer_range(bits: int, signed: bool, narrow: bool) -> tuple[int, int]:
    """Return the smallest and the largest integer of so many bits.

    >>> integer_range(8, signed=True, narrow=False)
    (-128, 127)
    """
    if not signed:
        return 0, (1 << bits) - 1
    high = (1 << (bits - 1)) - 1
    return -high - (not narrow), high


def quantize(
    x: npt.ArrayLike,
    scale: npt.ArrayLike,
    zero_point: npt.ArrayLike = 0,
    *,
    bits: SupportsIndex = 8,
    signed: bool = True,
    narrow: bool = False,
    axis: SupportsIndex | None = None,
    group: SupportsIndex | None = None,
    packed: bool = False,
    dead_zone: SupportsFloat = 0.0,
    threads: SupportsIndex = 1,
) -> NDArray[Any]:
    """Round numbers to integers: saturate(round(x / scale) + zero_point).

    Rounding is to nearest, ties to even, of the quotient, as ONNX's QuantizeLinear has it; PyTorch
    multiplies by the inverse of the scale, which differs where the quotient is next to a tie.

    Parameters
    ----------
    x : array_like
        Finite or infinite numbers, not empty. Float64 is computed in double, float32, float16 and
        bfloat16 in float.
    scale : array_like
        The step of each group, at least 0, in the unit of `x`: a number, or an array of the shape
        of the groups. A step of 0 gives the zero point.
    zero_point : array_like of int, default 0
        The integer that stands for 0, in the range of the integers; shaped like `scale`.
    bits : int, default 8
        From 2 to 16.
    signed : bool, default True
        Integers from -2^(bits - 1) to 2^(bits - 1) - 1, else from 0 to 2^bits - 1.
    narrow : bool, default False
        Leave out the lowest of the signed integers.
    axis : int, optional
        The axis of channels, each of which has a scale; with `group` that of its neighbours.
    group : int, optional
        So many neighbours along `axis`, by default the last one, share a scale.
    packed : bool, default False
        Two integers of at most four bits in a byte, the first one in its low bits, in C order.
    dead_zone : float, default 0
        What magnitudes of x / scale are less by before they are rounded, from 0 up to 0.5: with
        0.1, all below 0.6 become 0. Errors are larger, and an entropy coder needs fewer bits.
    threads : int, default 1
        Threads for large arrays, 0 for one per core.

    Returns
    -------
    ndarray
        Of the shape of `x` and of int8, uint8, int16 or uint16; one dimension of uint8 if packed.

    Raises
    ------
    ValueError
        If `x` is empty or has a NaN, a scale is negative or not finite, a zero point is no integer
        of the range, shapes do not fit, or the dead zone is out of range.

    Examples
    --------
    >>> from pyinfo import quantization
    >>> quantization.quantize([-1.0, 0.25, 0.75, 9.0], 0.5, bits=4)
    array([-2,  0,  2,  7], dtype=int8)
    """
    data = _core.as_array(x, "x")
    width = integer_from_to(bits, "bits", 2, 16)
    signed, packed = flag(signed, "signed"), flag(packed, "packed")
    groups = Groups(data.shape, axis, group, "x")
    low, high = integer_range(width, signed, flag(narrow, "narrow"))
    zone = real(dead_zone, "dead_zone")
    if not 0 <= zone < 0.5:
        raise ValueError(f"dead_zone must be from 0 up to 0.5, not {zone!r}")
    if packed and width > 4:
        raise ValueError(f"bits must be at most 4 for packed integers, not {width}")
    # Packed bytes are in the order of the array, not of its groups.
    storage = 16 if width > 8 else 4 if packed and not groups.moves else 8
    flat = _core.quantize(
        groups.side_by_side(data), *_steps(scale, zero_point, groups, low, high), groups.size,
        _STORAGES[storage], signed, low, high, zone, thread_count(threads),
    )  # fmt: skip
    if storage == 4:
        return flat
    integers = flat.view(f"{'i' if signed else 'u'}{storage // 8}")
    result = _contiguous(groups.in_place(integers))
    return _packed(np.ravel(result).view(np.uint8)) if packed else result


def dequantize(
    q: npt.ArrayLike,
    scale: npt.ArrayLike,
    zero_point: npt.ArrayLike = 0,
    *,
    axis: SupportsIndex | None = None,
    group: SupportsIndex | None = None,
    dtype: npt.DTypeLike = np.float32,
    packed_shape: Sequence[int] | None = None,
    signed: bool = True,
    threads: SupportsIndex = 1,
) -> NDArray[Any]:
    """Return the numbers that integers stand for: (q - zero_point) scale.

    Parameters
    ----------
    q : array_like of int8, uint8, int16 or uint16
        As `quantize` returns them, not empty.
    scale, zero_point : array_like
        As for `quantize`; a zero point may be any integer of 32 bits.
    axis, group : int, optional
        As for `quantize`.
    dtype : dtype, default float32
        Of the result, one of floats. Float64 is computed in double, every other type in float.
    packed_shape : sequence of int, optional
        `q` is packed: bytes with two integers of four bits each, of an array of this shape.
    signed : bool, default True
        Whether packed integers are; others say it themselves.
    threads : int, default 1
        Threads for large arrays, 0 for one per core.

    Returns
    -------
    ndarray
        Of the shape of the integers.

    Raises
    ------
    TypeError
        If `q` has another type, or `dtype` is none of floats.
    ValueError
        If shapes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from pyinfo import quantization
    >>> quantization.dequantize(np.array([-2, 0, 2, 7], np.int8), 0.5)
    array([-1. ,  0. ,  1. ,  3.5], dtype=float32)
    """
    data = _core.as_array(q, "q")
    require_not_empty(data.size, "q")
    wanted = np.dtype(dtype)
    if wanted.kind != "f" and wanted.name != "bfloat16":
        raise TypeError(f"dtype must be a type of floats, not {wanted}")
    if packed_shape is None:
        shape = data.shape
    else:
        lengths = sequence(packed_shape, "packed_shape")
        shape = tuple(integer(n, "packed_shape", least=0) for n in lengths)
        signed = flag(signed, "signed")
    groups = Groups(shape, axis, group, "q")
    storage = 8 * data.itemsize
    if packed_shape is not None:
        _require_bytes(data, math.prod(shape))
        if groups.moves:
            data = _unpacked(data, shape, signed)
        else:
            storage = 4
    elif data.dtype.newbyteorder("=") in (np.int8, np.uint8, np.int16, np.uint16):
        signed = data.dtype.kind == "i"
    else:
        raise TypeError(f"q must be int8, uint8, int16 or uint16, not {data.dtype}")
    if storage != 4:
        data = np.ascontiguousarray(groups.side_by_side(data), data.dtype.newbyteorder("="))
    flat = _core.dequantize(
        np.ravel(data).view(np.uint8), math.prod(shape),
        *_steps(scale, zero_point, groups, -(1 << 31), (1 << 31) - 1), groups.size,
        _STORAGES[storage], signed, wanted == np.float64, thread_count(threads),
    )  # fmt: skip
    return _contiguous(groups.in_place(flat)).astype(wanted, copy=False)


def _contiguous(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array in C order: of its own shape, also without dimensions."""
    return np.asarray(array, order="C")


def _require_bytes(data: NDArray[Any], integers: int) -> None:
    if data.dtype != np.uint8:
        raise TypeError(f"packed integers must be uint8, not {data.dtype}")
    if data.size != (integers + 1) // 2:
        raise ValueError(f"q must have {(integers + 1) // 2} bytes, not {data.size}")


def _packed(integers: NDArray[np.uint8]) -> NDArray[np.uint8]:
    even = np.resize(integers & 15, integers.size + integers.size % 2)
    even[integers.size :] = 0
    packed: NDArray[np.uint8] = even[::2] | even[1::2] << 4
    return packed


def _unpacked(data: NDArray[Any], shape: tuple[int, ...], signed: bool) -> NDArray[Any]:
    halves = np.stack([data & 15, data >> 4], axis=-1).reshape(-1)[: math.prod(shape)]
    integers = ((halves ^ 8).view(np.int8) - np.int8(8)) if signed else halves
    return integers.reshape(shape)


def _steps(
    scale: npt.ArrayLike, zero_point: npt.ArrayLike, groups: Groups, low: int, high: int
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Return the step and the zero point of each group."""
    steps = groups.flat_scales(reals(scale, "scale"), "scale")
    if not (np.isfinite(steps).all() and (steps >= 0).all()):
        raise ValueError("scale must be finite and not negative")
    zeros = groups.flat_scales(_core.as_array(zero_point, "zero_point"), "zero_point")
    if zeros.dtype.kind not in "iub":
        raise TypeError(f"zero_point must be integers, not {zeros.dtype}")
    for extreme in (zeros.min(), zeros.max()) if zeros.size else ():
        integer_from_to(int(extreme), "zero_point", low, high)
    return steps, zeros.astype(np.int32)
