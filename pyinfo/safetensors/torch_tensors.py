"""Tensors as PyTorch's; it is imported when the first one is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pyinfo.safetensors.coded_tensor import Bytes
from pyinfo.safetensors.dtype_codes import DtypeCode
from pyinfo.safetensors.numpy_arrays import packed_shape
from pyinfo.safetensors.safetensor_error import SafetensorError

if TYPE_CHECKING:
    import torch

NAMES: Final = {
    "BOOL": "bool", "U8": "uint8", "I8": "int8", "U16": "uint16", "I16": "int16", "U32": "uint32",
    "I32": "int32", "U64": "uint64", "I64": "int64", "F16": "float16", "BF16": "bfloat16",
    "F32": "float32", "F64": "float64", "C64": "complex64", "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2", "F8_E8M0": "float8_e8m0fnu", "F8_E4M3FNUZ": "float8_e4m3fnuz",
    "F8_E5M2FNUZ": "float8_e5m2fnuz", "F4": "float4_e2m1fn_x2",
}  # fmt: skip
"""What PyTorch calls the types of elements; two of F4 are one of its elements."""


def torch_dtype(code: DtypeCode) -> torch.dtype:
    """Return PyTorch's type; SafetensorError if it, or this version of it, has none."""
    import torch

    dtype = getattr(torch, NAMES.get(code.code, ""), None)
    if dtype is None:
        raise SafetensorError(f"this version of PyTorch has no type for {code.code}")
    return dtype


def checked_device(device: Any) -> Any:
    """Return PyTorch's device; SafetensorError if it is none that tensors can be moved to."""
    import torch

    try:
        checked = torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise SafetensorError(f"device {device!r} is invalid") from error
    if checked.type == "meta":
        raise SafetensorError("device 'meta' is invalid: it has no memory")
    return checked


def tensor_of(data: Bytes, code: DtypeCode, shape: tuple[int, ...], device: Any) -> torch.Tensor:
    """Return the tensor that contiguous bytes are, without a copy where they are aligned."""
    import torch

    dtype = torch_dtype(code)
    if code.is_packed:
        shape = packed_shape(code, shape)
    if data.size == 0:
        return torch.empty(shape, dtype=dtype, device=device)
    if data.ctypes.data % code.itemsize != 0 or not data.flags.writeable:
        data = np.array(data)
    tensor = torch.from_numpy(data).view(dtype).reshape(shape)
    return tensor if device.type == "cpu" else tensor.to(device)
