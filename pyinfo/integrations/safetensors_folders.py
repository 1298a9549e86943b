"""Folders of safetensors files: their tensors as bytes, whatever their types, and new such folders.

Files are read and written a tensor at a time.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pyinfo.coding.whole_files import copy_file, whole_file
from pyinfo.safetensors.dtype_codes import CODES
from pyinfo.safetensors.file_header import (
    FileHeader,
    header_text,
    in_write_order,
    padded,
    read_header,
    with_length,
)
from pyinfo.safetensors.packed_table import KEY
from pyinfo.safetensors.safetensor_error import SafetensorError

_INDEX: Final = "model.safetensors.index.json"
_FILE: Final = re.compile(r"[^/\\:\0]+\.safetensors")
_WEIGHTS: Final = {
    ".bin", ".ckpt", ".gguf", ".h5", ".msgpack", ".onnx", ".pt", ".pth", ".safetensors",
}  # fmt: skip
_TYPES: Final = {"uint8": "U8", "int64": "I64"}
_PIECE: Final = 1 << 24  # bytes that are copied at a time


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor in a file.

    Attributes
    ----------
    name, dtype, shape
        As the file's header has them.
    path, offset, size
        Where its bytes are.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    path: Path
    offset: int
    size: int

    def pieces(self) -> Iterator[NDArray[np.uint8]]:
        """Return its bytes, some at a time."""
        with self.path.open("rb") as file:
            file.seek(self.offset)
            for begin in range(0, self.size, _PIECE):
                yield _read(file, min(_PIECE, self.size - begin), self.path)

    def read(self) -> NDArray[np.uint8]:
        """Return its bytes."""
        with self.path.open("rb") as file:
            file.seek(self.offset)
            return _read(file, self.size, self.path)


@dataclass(frozen=True, slots=True)
class NewTensor:
    """A tensor to be written: of bytes, or of 64-bit integers."""

    name: str
    data: NDArray[Any]

    @property
    def dtype(self) -> str:
        """Its type, as a file's header has it."""
        return _TYPES[self.data.dtype.name]

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""
        return self.data.shape

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.data.nbytes

    def pieces(self) -> Iterator[NDArray[np.uint8]]:
        """Return its bytes."""
        little = self.data.astype(self.data.dtype.newbyteorder("<"), copy=False)
        yield np.ascontiguousarray(little).reshape(-1).view(np.uint8)


def stored_tensors(folder: Path) -> dict[str, StoredTensor]:
    """Return the tensors of a model: of the files that its index names, or of all.

    Raises
    ------
    ValueError
        If there are none, two have one name, or a file is not what it should be.
    """
    index = folder / _INDEX
    paths = _indexed_files(index) if index.exists() else sorted(folder.glob("*.safetensors"))
    if not paths:
        raise ValueError(f"{folder} has no safetensors files")
    tensors: dict[str, StoredTensor] = {}
    for path in paths:
        for tensor in _tensors_of(path):
            if tensor.name in tensors:
                raise ValueError(f"tensor {tensor.name!r} is in two files of {folder}")
            tensors[tensor.name] = tensor
    return tensors


def check_file(path: Path) -> set[str]:
    """Return the names of a file's tensors; ValueError unless it is a safetensors file."""
    return set(_header_of(path).tensors)


def write_file(path: Path, tensors: Sequence[NewTensor | StoredTensor]) -> None:
    """Write a new file, its tensors in the order in which the package safetensors writes them."""
    by_name = {tensor.name: tensor for tensor in tensors}
    entries = in_write_order({t.name: (CODES[t.dtype], t.shape) for t in tensors})
    with whole_file(path, overwrite=False) as file:
        file.write(with_length(padded(header_text(entries, {"format": "pt"}))))
        for name in entries:
            for piece in by_name[name].pieces():
                file.write(piece.data)


def copy_other_files(source: Path, destination: Path) -> None:
    """Copy the files of a folder that hold no weights."""
    for path in sorted(source.iterdir()):
        weights = path.suffix in _WEIGHTS or path.name.endswith(".index.json")
        if path.is_file() and not weights:
            copy_file(path, destination / path.name)


def _indexed_files(index: Path) -> list[Path]:
    try:
        weight_map = json.loads(index.read_text("utf-8"))["weight_map"]
        names = sorted(set(weight_map.values()))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"{index} does not say where tensors are") from error
    for name in names:
        if not isinstance(name, str) or not _FILE.fullmatch(name):
            raise ValueError(f"{index} names {name!r}, which is no file of this folder")
    return [index.parent / name for name in names]


def _tensors_of(path: Path) -> list[StoredTensor]:
    header = _header_of(path)
    if KEY in (header.metadata or {}):
        raise ValueError(f"{path} is packed: unpack it first (pyinfo.safetensors.unpack)")
    begin = header.data_offset
    return [
        StoredTensor(
            *(name, entry.dtype.code, entry.shape),
            *(path, begin + entry.start, entry.stop - entry.start),
        )
        for name, entry in header.tensors.items()
    ]


def _header_of(path: Path) -> FileHeader:
    with path.open("rb") as file:

        def read(start: int, stop: int) -> bytes:
            file.seek(start)
            return _read(file, stop - start, path).tobytes()

        try:
            return read_header(read, os.fstat(file.fileno()).st_size)
        except SafetensorError as error:
            raise ValueError(f"{path} is no safetensors file: {error}") from error


def _read(file: BufferedReader, size: int, path: Path) -> NDArray[np.uint8]:
    data = np.empty(size, np.uint8)
    if file.readinto(data.data) != size:
        raise _changed(path)
    return data


def _changed(path: Path) -> ValueError:
    return ValueError(f"{path} has changed while it was read")
