"""Where tensors lie in a safetensors file: as much of its header as patches need."""

from __future__ import annotations

import json
import math
from typing import Any, Final, NamedTuple

_LENGTH: Final = 8  # bytes of the header's length
_MOST_HEADER: Final = 100_000_000
_TYPES: Final = {
    "BOOL": "|b1", "U8": "|u1", "I8": "|i1", "U16": "<u2", "I16": "<i2", "U32": "<u4",
    "I32": "<i4", "U64": "<u8", "I64": "<i8", "F16": "<f2", "BF16": "bfloat16", "F32": "<f4",
    "F64": "<f8", "C64": "<c8",
}  # fmt: skip


class TensorRange(NamedTuple):
    """A tensor in a file.

    Attributes
    ----------
    name
        As the header has it.
    dtype
        The text by which frames name the type of its elements; that of bytes for other types.
    begin, end
        The bytes of the file that it has.
    """

    name: str
    dtype: str
    begin: int
    end: int


class TensorLayout(NamedTuple):
    """The parts of a file.

    Attributes
    ----------
    header
        The bytes before the data.
    tensors
        In the order of the data.
    """

    header: int
    tensors: tuple[TensorRange, ...]


def tensor_layout(data: memoryview) -> TensorLayout | None:
    """Return the parts of a safetensors file; None of anything else."""
    size = int.from_bytes(data[:_LENGTH], "little")
    if not 2 <= size <= min(_MOST_HEADER, len(data) - _LENGTH):
        return None
    start = _LENGTH + size
    try:
        header = json.loads(bytes(data[_LENGTH:start]))
        tensors = sorted(
            (
                _tensor(name, described, start, len(data))
                for name, described in header.items()
                if name != "__metadata__"
            ),
            key=lambda tensor: (tensor.begin, tensor.end),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    at = start
    for tensor in tensors:
        if tensor.begin < at:
            return None  # two on the same bytes
        at = tensor.end
    return TensorLayout(start, tuple(tensors))


def _tensor(name: str, described: Any, start: int, size: int) -> TensorRange:
    begin, end = (start + int(offset) for offset in described["data_offsets"])
    if not start <= begin <= end <= size:
        raise ValueError("offsets lead out of the file")
    dtype = _TYPES.get(described["dtype"], "|u1")
    if (end - begin) % _item_size(dtype) != 0 or any(n < 0 for n in described["shape"]):
        raise ValueError("no whole number of elements")
    math.prod(described["shape"])
    return TensorRange(str(name), dtype, begin, end)


def _item_size(dtype: str) -> int:
    return 2 if dtype == "bfloat16" else int(dtype[2:])


__all__ = ["TensorLayout", "TensorRange", "tensor_layout"]
