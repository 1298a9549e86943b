"""What packing makes of each tensor, told before it is done."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from pyinfo import _core
from pyinfo.coding.whole_files import path_of
from pyinfo.safetensors.coded_tensor import PIECE, Bytes
from pyinfo.safetensors.files import sources_of_file
from pyinfo.safetensors.packing import (
    TensorSource,
    are_equal,
    frame_of,
    saves_enough,
    worth_coding,
)
from pyinfo.safetensors.tensor_file import TensorFile

_PLACES: Final = 8  # of a large tensor that are coded
_PLACE: Final = 1 << 19  # bytes

Stored = Literal["frame", "plain", "alias", "quantized"]


@dataclass(frozen=True, slots=True)
class TensorReport:
    """A tensor, and what it comes to in a packed file.

    Attributes
    ----------
    name
        In the file.
    dtype
        The code of its elements' type, as ``"BF16"``.
    shape
        As in the original.
    size
        Bytes of the tensor.
    packed_size
        Bytes in a packed file, its part of the header not counted.
    stored
        ``"frame"``, ``"plain"`` if coding does not make it smaller, ``"alias"`` if it is equal to
        one before it, ``"quantized"`` if the frame is one of integers.
    is_estimate
        Whether `packed_size` was estimated from eight parts of the tensor.
    step
        Of a quantised tensor: the distance of neighbouring values. Else None.

    Examples
    --------
    >>> import pyinfo.safetensors.numpy
    >>> pyinfo.safetensors.numpy.save_file({"w": np.zeros((8, 8))}, "t.safetensors")
    >>> (found,) = pyinfo.safetensors.report("t.safetensors")
    >>> found.name, found.dtype, found.shape
    ('w', 'F64', (8, 8))
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    size: int
    packed_size: int
    stored: Stored
    is_estimate: bool = False
    step: float | None = None

    @property
    def bits_per_weight(self) -> float:
        """Bits that an element takes."""
        count = math.prod(self.shape)
        return 8 * self.packed_size / count if count else 0.0

    @property
    def rate(self) -> float:
        """Compression rate: size before / size after; infinite where nothing is left."""
        if self.packed_size > 0:
            return self.size / self.packed_size
        return math.inf if self.size > 0 else 1.0


def report(source: str | os.PathLike[str], *, effort: int | None = None) -> list[TensorReport]:
    """Tell what each tensor of a safetensors file comes to when it is packed.

    Parameters
    ----------
    source : path
        An ordinary file, of whose large tensors eight parts are coded; or a packed one, of which
        only the header is read.
    effort : {1, 2}, optional
        As in `pack`.

    Returns
    -------
    list of TensorReport
        In the order of their bytes in the original.

    Raises
    ------
    SafetensorError
        If it is no safetensors file.

    Examples
    --------
    >>> import pyinfo.safetensors.numpy
    >>> pyinfo.safetensors.numpy.save_file({"w": np.zeros((64, 64))}, "w.safetensors")
    >>> pyinfo.safetensors.report("w.safetensors")[0].stored
    'frame'
    """
    file = TensorFile(path_of(source, "source"))
    try:
        return _actual(file) if file.table is not None else _expected(file, effort)
    finally:
        file.close()


def _actual(file: TensorFile) -> list[TensorReport]:
    assert file.table is not None
    reports = []
    for tensor in file.table.tensors:
        stored = file.tensors[tensor.name]
        kind: Stored = "alias" if tensor.alias is not None else "plain"
        kind = "frame" if kind == "plain" and tensor.coded else kind
        quantization = stored.tensor.quantization
        kind = "quantized" if kind == "frame" and quantization is not None else kind
        size = 0 if kind == "alias" else stored.stop - stored.start
        reports.append(
            TensorReport(
                tensor.name, tensor.dtype.code, tensor.shape, tensor.size, size, kind,
                step=None if quantization is None else quantization.step,
            )
        )  # fmt: skip
    return reports


def _expected(file: TensorFile, effort: int | None) -> list[TensorReport]:
    reports = []
    seen: dict[Any, list[Bytes]] = {}
    for source in sources_of_file(file):
        size, kind, is_estimate = expected(source, effort)
        if len(source.data) > 0:
            equal = seen.setdefault((source.dtype.code, source.shape, _checksum(source.data)), [])
            if any(are_equal(other, source.data) for other in equal):
                size, kind, is_estimate = 0, "alias", False
            else:
                equal.append(source.data)
        reports.append(
            TensorReport(
                source.name, source.dtype.code, source.shape, len(source.data), size, kind,
                is_estimate,
            )
        )  # fmt: skip
    return reports


def expected(source: TensorSource, effort: int | None) -> tuple[int, Stored, bool]:
    """Return the bytes of a tensor when it is packed, how it is stored, and if that is a guess."""
    size = len(source.data)
    if not worth_coding(source, effort):
        return size, "plain", False
    if is_estimate := size > 2 * _PLACES * _PLACE:
        step = (size - _PLACE) // (_PLACES - 1) // source.dtype.itemsize * source.dtype.itemsize
        parts = [source.data[n * step : n * step + _PLACE] for n in range(_PLACES)]
        sample = np.concatenate(parts)
        shape = (len(sample) * 8 // source.dtype.bits // 8 * 8,)
        part = frame_of(source._replace(shape=shape, data=sample), effort)
        coded = math.ceil(len(part) * size / len(sample))
    else:
        coded = len(frame_of(source, effort))
    if not saves_enough(source, coded):
        return size, "plain", is_estimate
    return coded, "frame", is_estimate


def _checksum(data: Bytes) -> int:
    crc = 0
    for begin in range(0, len(data), PIECE):
        crc = _core.crc32c(data[begin : begin + PIECE], crc)
    return crc
