"""Tensors that are stored as integers and a step: what the table says of them, and their floats."""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pyinfo import _core
from pyinfo.safetensors.dtype_codes import CODES, DtypeCode

Bytes = NDArray[np.uint8]

FLOATS: Final = ("F64", "F32", "BF16", "F16")
"""The types of elements that integers can stand for."""

_STORAGES: Final = {"U8": 0, "U16": 1}  # what the core calls integers of so many bits
_FIELDS: Final = frozenset({"step", "zero", "dtype"})


class QuantizedTensor(NamedTuple):
    """A tensor as integers.

    Attributes
    ----------
    integers : ndarray of int8, int16 or int32
        In the shape of the tensor; 0 stands for 0.
    step : float
        The distance of neighbouring values.

    Examples
    --------
    >>> import numpy as np
    >>> import pyinfo.safetensors
    >>> from pyinfo.quantization import fit
    >>> from safetensors.numpy import save_file
    >>> w = np.random.default_rng(1).normal(size=(200, 300)).astype(np.float32)
    >>> save_file({"w": w}, "model.safetensors")
    >>> found = fit("model.safetensors", "40kB", destination="small.safetensors")
    >>> with pyinfo.safetensors.safe_open("small.safetensors", "np") as file:
    ...     integers, step = file.get_quantized("w")
    >>> integers.shape, step == found.tensors[0].step
    ((200, 300), True)
    >>> bool(abs(integers * step - w).max() <= 0.501 * step)
    True
    """

    integers: NDArray[np.int8] | NDArray[np.int16] | NDArray[np.int32]
    step: float


class Quantization(NamedTuple):
    """How integers stand for floats: (integer - zero) * step.

    Attributes
    ----------
    step
        A float32, unless elements are F64.
    zero
        The integer that stands for 0.
    integers
        Their type: U8 or U16.
    """

    step: float
    zero: int
    integers: DtypeCode

    def document(self) -> dict[str, Any]:
        """Return what the table says of it."""
        return {"step": self.step, "zero": self.zero, "dtype": self.integers.code}

    @classmethod
    def parse(cls, stated: Any, dtype: DtypeCode) -> Quantization:
        """Read that; ValueError unless elements of this type can be quantised so."""
        if type(stated) is not dict or set(stated) != _FIELDS:
            raise ValueError("its quantisation has other fields than step, zero and dtype")
        step, zero, integers = stated["step"], stated["zero"], stated["dtype"]
        if dtype.code not in FLOATS:
            raise ValueError(f"elements of type {dtype.code} cannot be quantised")
        if type(step) is not float or not (step > 0 and math.isfinite(step)):
            raise ValueError("its step is none")
        if dtype.code != "F64" and float(np.float32(step)) != step:
            raise ValueError("its step is no float32")
        if integers not in _STORAGES:
            raise ValueError("its integers are neither U8 nor U16")
        if type(zero) is not int or not 0 <= zero < 1 << CODES[integers].bits:
            raise ValueError("its zero is out of range")
        return cls(step, zero, CODES[integers])

    def signed(self, integers: Bytes, shape: tuple[int, ...]) -> NDArray[Any]:
        """Return the signed integers that contiguous bytes are, in a shape."""
        wide = integers.view(self.integers.raw).astype(np.int32) - np.int32(self.zero)
        narrowest = np.int8 if self.integers.bits == 8 else np.int16
        limits = np.iinfo(narrowest)
        fit = wide.size == 0 or (limits.min <= wide.min() and wide.max() <= limits.max)
        return (wide.astype(narrowest) if fit else wide).reshape(shape)

    def floats(self, integers: Bytes, dtype: DtypeCode) -> Bytes:
        """Return the bytes of the elements that contiguous bytes of integers stand for.

        Products are those of float32, or float64 for F64, rounded to nearest with ties to even; so
        is what becomes of them in the elements' type.
        """
        count = len(integers) // self.integers.itemsize
        if count == 0:
            return np.empty(0, np.uint8)
        values = _core.dequantize(
            integers, count, np.array([self.step]), np.array([self.zero], np.int32), count,
            _STORAGES[self.integers.code], False, dtype.code == "F64", 1,
        )  # fmt: skip
        if dtype.code == "F16":
            values = values.astype(np.float16)
        elif dtype.code == "BF16":
            bits = values.view(np.uint32)
            values = ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16)
        return values.view(np.uint8)
