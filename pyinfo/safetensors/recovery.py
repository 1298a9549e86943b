"""What can still be read of a packed file whose header is damaged: its frames know themselves."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from pyinfo import _core
from pyinfo.arguments import NO_LIMIT
from pyinfo.coding.array_layout import StatedLayout
from pyinfo.errors import CorruptDataError
from pyinfo.safetensors.coded_tensor import PIECE, Bytes, frame_layout
from pyinfo.safetensors.packed_table import KEY, PackedTable
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
    with open(source, "rb") as file:  # noqa: PTH123
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
    if intact and table is not None:
        crc = _checksum(reader)
        name = next(
            (
                tensor.name
                for tensor in table.tensors
                if tensor.coded
                and tensor.crc32c == crc
                and tensor.size == items * planes
                and frame_layout(tensor).metadata() == metadata
            ),
            None,
        )
    return RecoveredTensor(
        name,
        "|u1" if layout is None else layout.dtype,
        (items * planes,) if layout is None else layout.shape,
        offset,
        len(data),
        intact,
        data.tobytes(),
    )


def _checksum(reader: _core.FrameReader) -> int:
    crc = 0
    step = max(1, PIECE // (reader.chunk_items * reader.planes)) * reader.chunk_items
    for first in range(0, reader.items, step):
        last = min(first + step, reader.items)
        part: Bytes = np.empty((last - first) * reader.planes, np.uint8)
        reader.decode(first, last, part, 1)
        crc = _core.crc32c(part, crc)
    return crc
