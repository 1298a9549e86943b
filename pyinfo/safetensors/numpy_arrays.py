"""Tensors as NumPy arrays, and arrays as tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pyinfo.coding.array_layout import as_array
from pyinfo.coding.dtype_text import EXTENSION_TYPES, dtype_of
from pyinfo.safetensors.coded_tensor import Bytes
from pyinfo.safetensors.dtype_codes import CODES, DtypeCode
from pyinfo.safetensors.file_header import checked_names
from pyinfo.safetensors.packing import TensorSource
from pyinfo.safetensors.safetensor_error import SafetensorError

_BY_TEXT: Final = {each.text: each for each in CODES.values() if not each.is_packed}


def dtype_for(code: DtypeCode, raw_bits: bool) -> np.dtype[Any]:
    """Return NumPy's type of these elements, with `raw_bits` the unsigned one of that width.

    Raises
    ------
    ImportError
        If the type is one of ml_dtypes, which is not installed.
    SafetensorError
        If NumPy has no such type at all.
    """
    if raw_bits and (code.is_packed or code.text in EXTENSION_TYPES):
        return np.dtype(code.raw)
    if code.is_packed:
        raise SafetensorError(
            f"{code.code} has elements of {code.bits} bits, for which NumPy has no type: "
            "raw_bits=True gives the bytes that they are packed in"
        )
    try:
        return dtype_of(code.text)
    except ImportError as error:
        raise ImportError(
            f"{error} (pip install ml_dtypes); raw_bits=True gives arrays of {code.raw[1:]} instead"
        ) from error


def array_of(data: Bytes, code: DtypeCode, shape: tuple[int, ...], raw_bits: bool) -> NDArray[Any]:
    """Return the array that contiguous bytes are, without a copy."""
    dtype = dtype_for(code, raw_bits)
    if code.is_packed:
        return data if not shape else data.reshape(packed_shape(code, shape))
    if data.size == 0:
        return np.empty(shape, dtype)
    return data.view(dtype).reshape(shape)


def packed_shape(code: DtypeCode, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of the bytes that elements are packed in."""
    bits = shape[-1] * code.bits
    return (*shape[:-1], bits // 8) if bits % 8 == 0 else (code.byte_count(shape),)


def sources_of(arrays: Mapping[str, Any], metadata: Mapping[str, str] | None) -> list[TensorSource]:
    """Return arrays as tensors to be written; those that are not C-contiguous are copied."""
    checked_names(arrays, metadata)
    return [_source(name, array) for name, array in arrays.items()]


def _source(name: str, data: Any) -> TensorSource:
    try:
        array = as_array(data)
    except (TypeError, ValueError) as error:
        raise type(error)(f"tensor {name!r}: {error}") from error
    if array.dtype.byteorder == ">" or (array.dtype.str[:1] == ">"):
        array = array.astype(array.dtype.newbyteorder("<"))
    text = array.dtype.name if array.dtype.isbuiltin == 2 else array.dtype.str
    code = _BY_TEXT.get(text)
    if code is None:
        raise SafetensorError(f"tensor {name!r}: dtype {array.dtype} is not supported")
    shape = array.shape
    flat = np.ascontiguousarray(array).reshape(-1)
    return TensorSource(name, code, shape, flat.view(np.uint8) if flat.size else _no_bytes())


def _no_bytes() -> Bytes:
    """Return no bytes."""
    return np.empty(0, np.uint8)
