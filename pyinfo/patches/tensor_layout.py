"""Where tensors lie in a safetensors file."""

from __future__ import annotations

from typing import NamedTuple

from pyinfo.safetensors.file_header import read_header
from pyinfo.safetensors.safetensor_error import SafetensorError


class TensorRange(NamedTuple):
    """A tensor in a file.

    Attributes
    ----------
    name
        As the header has it.
    dtype
        The text by which frames name the type of its elements.
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
    try:
        header = read_header(lambda start, stop: bytes(data[start:stop]), len(data))
    except SafetensorError:
        return None
    start = header.data_offset
    tensors = (
        TensorRange(name, entry.dtype.text, start + entry.start, start + entry.stop)
        for name, entry in header.tensors.items()
    )
    return TensorLayout(start, tuple(tensors))
