"""What can still be read of a packed file whose header is damaged: its frames know themselves."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from pyinfo import _core
from pyinfo.arguments import NO_LIMIT
from pyinfo.coding.array_layout import StatedLayout
from pyinfo.coding.whole_files import path_of
from pyinfo.errors import CorruptDataError
from pyinfo.safetensors.coded_tensor import PIECE, Bytes, CodedTensor, frame_layout
from pyinfo.safetensors.packed_table import KEY, PackedTable, PackedTensor
from pyinfo.safetensors.safetensor_error import SafetensorError

_MAGIC: Final = b"\x89PIN"
_SEARCHED: Final = 64 << 20
_TABLE: Final = f'"{KEY}":'.encode()


@dataclass(frozen=True, slots=True)
class RecoveredTensor:
    """A frame that was found in a damaged file.

    Attributes
    ----------
    name
        Of the tensor; None if the table of tensors is lost, or the frame is damaged.
    dtype
        What the frame calls the type of elements.
    shape
        Of the tensor.
    offset, size
        Where in the file the frame is, and its bytes.
    is_intact
        Whether all of it can be decoded; if not, `pyinfo.Frame` reads the parts that can.
    data
        The bytes of the frame, for `pyinfo.decompress`.
    step, zero
        Of a quantised tensor, whose frame has integers: it is (integer - zero) * step. None of
        others; and of all if the table of tensors is lost, which alone has them.

    Examples
    --------
    >>> import pyinfo.safetensors.numpy
    >>> pyinfo.safetensors.numpy.save_file({"w": np.zeros(1000)}, "r.safetensors")
    >>> [(each.name, each.is_intact) for each in pyinfo.safetensors.recover("r.safetensors")]
    [('w', True)]
    """

    name: str | None
    dtype: str
    shape: tuple[int, ...]
    offset: int
    size: int
    is_intact: bool
    data: bytes = field(repr=False)
    step: float | None = None
    zero: int | None = None


def recover(source: str | os.PathLike[str]) -> list[RecoveredTensor]:
    """Find the frames of a packed file by themselves, where its header cannot be read.

    Parameters
    ----------
    source : path
        The damaged file.

    Returns
    -------
    list of RecoveredTensor
        In the order of the file. Tensors that are stored as they are, or are equal to another, are
        not among them.

    Notes
    -----
    The whole file is searched, and all that is found is decoded. Names are given by checksums if
    the table of tensors is intact.

    Examples
    --------
    >>> import pyinfo.safetensors.numpy
    >>> data = pyinfo.safetensors.numpy.save({"w": np.zeros((64, 64))})
    >>> with open("damaged.safetensors", "wb") as file:
    ...     _ = file.write(bytes(20) + data[20:])
    >>> [tensor.shape for tensor in pyinfo.safetensors.recover("damaged.safetensors")]
    [(64, 64)]
    """
    source = path_of(source, "source")
    with source.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
    data: Bytes = np.memmap(source, np.uint8, "r") if size > 0 else np.empty(0, np.uint8)
    begins = list(_begins(data))
    table = _table(data[: begins[0]] if begins else data)
    ends = [*begins, len(data)][1:]
    found = []
    for begin, end in zip(begins, ends, strict=True):
        tensor = _recovered(data[begin:end], begin, table)
        if tensor is not None:
            found.append(tensor)
    return found


def _begins(data: Bytes) -> Iterator[int]:
    """Yield where frames begin: where their magic is, and a header whose checksum is right."""
    at = 0
    while (at := _find(data, _MAGIC, at)) >= 0:
        try:
            reader = _core.FrameReader(data[at:], NO_LIMIT, others_follow=True)
        except CorruptDataError:
            at += 1
            continue
        yield at
        if reader.size < len(data) - at:
            at += reader.size
        else:  # the last one, or it is damaged: then its last block may be longer than it was
            blocks = reader.blocks()
            at += blocks[-1][4] if blocks else 1


def _find(data: Bytes, what: bytes, start: int) -> int:
    for begin in range(start, len(data), _SEARCHED):
        place = data[begin : begin + _SEARCHED + len(what)].tobytes().find(what)
        if place >= 0:
            return begin + place
    return -1


def _table(header: Bytes) -> PackedTable | None:
    """Return the table of tensors if its text is still there."""
    text = header.tobytes()
    place = text.find(_TABLE)
    if place < 0:
        return None
    with contextlib.suppress(ValueError, SafetensorError, RecursionError):
        rest = text[place + len(_TABLE) :].decode("utf-8", "replace")
        value, _ = json.JSONDecoder().raw_decode(rest)
        return PackedTable.parse(value) if type(value) is str else None
    return None


def _recovered(data: Bytes, offset: int, table: PackedTable | None) -> RecoveredTensor | None:
    reader = _core.FrameReader(data, NO_LIMIT)
    metadata = reader.metadata
    items, planes = reader.items, reader.planes
    try:
        layout = StatedLayout.parse(metadata) if metadata else None
    except CorruptDataError:
        return None
    intact = not reader.verify(1)
    name = None
    quantization = None
    if intact and table is not None:
        tensor = _owner(reader, table, data)
        name = None if tensor is None else tensor.name
        quantization = None if tensor is None else tensor.quantization
    return RecoveredTensor(
        name,
        "|u1" if layout is None else layout.dtype,
        (items * planes,) if layout is None else layout.shape,
        offset,
        len(data),
        intact,
        data.tobytes(),
        None if quantization is None else quantization.step,
        None if quantization is None else quantization.zero,
    )


def _owner(reader: _core.FrameReader, table: PackedTable, data: Bytes) -> PackedTensor | None:
    """Return the tensor that a frame stands for: the one of these checksum and layout."""
    crc = None
    for tensor in table.tensors:
        layout = frame_layout(tensor)
        if not tensor.coded or layout.size != reader.items * reader.planes:
            continue
        if layout.metadata() != reader.metadata:
            continue
        if tensor.quantization is not None:  # the checksum is that of its floats
            if tensor.crc32c == _checksum_of(CodedTensor(data, tensor).pieces()):
                return tensor
            continue
        crc = _checksum(reader) if crc is None else crc
        if tensor.crc32c == crc:
            return tensor
    return None


def _checksum_of(parts: Iterable[Bytes]) -> int:
    crc = 0
    for part in parts:
        crc = _core.crc32c(part, crc)
    return crc


def _checksum(reader: _core.FrameReader) -> int:
    crc = 0
    step = max(1, PIECE // (reader.chunk_items * reader.planes)) * reader.chunk_items
    for first in range(0, reader.items, step):
        last = min(first + step, reader.items)
        part: Bytes = np.empty((last - first) * reader.planes, np.uint8)
        reader.decode(first, last, part, 1)
        crc = _core.crc32c(part, crc)
    return crc
