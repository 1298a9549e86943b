"""Pack safetensors files, and restore them byte for byte."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np

from pyinfo import _core
from pyinfo.arguments import thread_count
from pyinfo.coding.files import FileSizes
from pyinfo.coding.whole_files import path_of, resolved, whole_file
from pyinfo.errors import CorruptDataError
from pyinfo.safetensors.coded_tensor import PIECE, CodedTensor
from pyinfo.safetensors.file_header import MOST_HEADER, FileHeader, read_header, with_length
from pyinfo.safetensors.packed_table import KEY
from pyinfo.safetensors.packing import FileSource, Progress, TensorSource, write_packed
from pyinfo.safetensors.safetensor_error import SafetensorError
from pyinfo.safetensors.tensor_file import Stored, TensorFile, require_check

SUFFIX: Final = ".safetensors"


def is_packed(filename: str | os.PathLike[str]) -> bool:
    """Return whether a safetensors file was packed; its header alone is read.

    Parameters
    ----------
    filename : path
        Of any file.

    Returns
    -------
    bool
        False also for what is no safetensors file.

    Examples
    --------
    >>> import pyinfo.safetensors.numpy
    >>> pyinfo.safetensors.numpy.save_file({"w": np.zeros(1000)}, "zeros.safetensors")
    >>> pyinfo.safetensors.is_packed("zeros.safetensors")
    True
    """
    path = path_of(filename, "filename")
    if not _names_the_key(path):
        return False
    header = header_of(path)
    return header is not None and KEY in (header.metadata or {})


def _names_the_key(path: Path) -> bool:
    """Return whether a header can have our key: most have not, and to parse them takes a while."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        text = file.read(min(int.from_bytes(file.read(8), "little"), MOST_HEADER))
    return f'"{KEY}"'.encode() in text or rb"\u" in text  # JSON may spell a letter so


def header_of(filename: str | os.PathLike[str]) -> FileHeader | None:
    """Return the header of a file; None if it is no safetensors file."""
    path = Path(filename)
    if not path.is_file():
        return None
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size

        def read(start: int, stop: int) -> bytes:
            file.seek(start)
            return file.read(stop - start)

        try:
            return read_header(read, size)
        except SafetensorError:
            return None


def pack_file(
    source: str | os.PathLike[str], sink: BinaryIO, *, threads: int = 1,
    effort: int | None = None, progress: Progress | None = None,
) -> FileSizes:  # fmt: skip
    """Write the packed file of an ordinary one to an open file."""
    file = TensorFile(source)
    try:
        if file.table is not None:
            raise ValueError(f"{os.fspath(source)!r} is packed already")
        size = write_packed(
            sources_of_file(file),
            sink,
            FileSource(file.header, hashed=True),
            threads=threads,
            effort=effort,
            progress=progress,
        )
        return FileSizes(file.size, size)
    finally:
        file.close()


def sources_of_file(file: TensorFile) -> list[TensorSource]:
    """Return the tensors of an ordinary file, as they are in it."""
    return [
        TensorSource(name, stored.tensor.dtype, stored.tensor.shape, file.read(*stored[1:]))
        for name, stored in file.tensors.items()
    ]


def unpack_file(
    source: str | os.PathLike[str], sink: Any, *, threads: int = 1,
    progress: Progress | None = None,
) -> FileSizes:  # fmt: skip
    """Write the original of a packed file to an open file; CorruptDataError if it is not that."""
    file = TensorFile(source)
    try:
        if file.table is None:
            raise ValueError(f"{os.fspath(source)!r} is not packed")
        header = file.table.original_header(file.header.metadata or {})
        sha = hashlib.sha256()
        written = 0
        total = header.data_offset + file.nbytes
        for part in _original(file, header, thread_count(threads)):
            view = memoryview(part)
            if file.table.sha256:
                sha.update(view)
            written += len(view)
            while len(view) > 0:
                view = view[sink.write(view) :]
            if progress is not None:
                progress(written, total)
        if file.table.sha256 not in {"", sha.hexdigest()}:
            raise CorruptDataError("what was restored is not the original: its SHA-256 differs")
        return FileSizes(file.size, written)
    finally:
        file.close()


def _original(file: TensorFile, header: FileHeader, threads: int) -> Iterator[Any]:
    """Yield the original in pieces."""
    yield with_length(header.text)
    for stored in file.tensors.values():
        crc = 0
        for part in pieces_of(file, stored, threads):
            crc = _core.crc32c(part, crc)
            yield part
        require_check(stored.tensor, crc)


def pieces_of(file: TensorFile, stored: Stored, threads: int) -> Iterator[np.ndarray[Any, Any]]:
    """Yield the bytes of a tensor in pieces."""
    if stored.tensor.coded:
        coded = CodedTensor(file.read(stored.start, stored.stop), stored.tensor)
        yield from coded.pieces(threads)
        return
    for begin in range(stored.start, stored.stop, PIECE):
        yield file.read(begin, min(begin + PIECE, stored.stop))


def written_file(
    source: str | os.PathLike[str], destination: str | os.PathLike[str], *, overwrite: bool = True
) -> Any:
    """Return a context that gives a file to write to, which appears when it is whole."""
    target = resolved(destination)
    status = Path(source).stat()
    if target.exists() and os.path.samestat(status, target.stat()):
        raise ValueError("source and destination are the same file")
    return whole_file(target, overwrite=overwrite, source=status)
