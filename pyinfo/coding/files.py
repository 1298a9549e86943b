"""Frames in files of any size."""

from __future__ import annotations

import contextlib
import mmap
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np

from pyinfo import _core
from pyinfo.arguments import size_limit, thread_count
from pyinfo.coding.array_layout import MOST_PLANES, are_floats, npy_dtype
from pyinfo.coding.coder_options import Coder
from pyinfo.coding.streams import Compressor
from pyinfo.errors import CorruptDataError

Progress = Callable[[int, int | None], None]
"""Called with the bytes read so far and the bytes to read, None if that is not known."""

_PIECE_BYTES: Final = 4 << 20  # read at a time, for each thread
_MAX_PIECE_BYTES: Final = 64 << 20


class FileSizes(NamedTuple):
    """How many bytes were read and written.

    Attributes
    ----------
    read, written
        Bytes of the two files.
    """

    read: int
    written: int


def compress_file(
    source: str | os.PathLike[str] | BinaryIO,
    destination: str | os.PathLike[str] | BinaryIO,
    *,
    coder: Coder = "auto",
    block_size: int | None = None,
    threads: int = 1,
    effort: int | None = None,
    itemsize: int | None = None,
    floats: bool | None = None,
    progress: Progress | None = None,
) -> FileSizes:
    """Compress a file of any size in a constant amount of memory.

    Parameters
    ----------
    source, destination : path or binary file object
        File objects are read from, and written to, where they stand, and stay open. A destination
        given as a path is overwritten, and removed if an error occurs.
    coder, block_size, threads, effort
        As in `pyinfo.compress`.
    itemsize : int, optional
        Bytes of an item: see `Compressor`. The file must hold whole items. By default those of the
        array in a regular file that is an ``.npy`` file, 1 for all others.
    floats : bool, optional
        Whether items are little-endian floats: see `Compressor`. By default those of an ``.npy``
        file whose `itemsize` is not given are what its header says, and those of others are not.
    progress : callable, optional
        Called again and again with the bytes read so far and the bytes to read, None if that is
        not known.

    Returns
    -------
    FileSizes
        Bytes read and written.
    """
    piece = _PIECE_BYTES * thread_count(threads)

    options: Any = {
        "coder": coder, "block_size": block_size, "threads": threads, "effort": effort,
    }  # fmt: skip
    Compressor(**options, itemsize=itemsize or 1)  # wrong ones are refused before a file is touched
    with _files(source, destination) as (reader, writer):
        dtype = _items_of(reader) if itemsize is None else np.dtype((np.void, itemsize))
        floats = are_floats(dtype) if floats is None else floats
        compressor = Compressor(**options, itemsize=dtype.itemsize, floats=floats)
        read = written = 0
        for data in _pieces(reader, min(piece, _MAX_PIECE_BYTES), progress):
            read += len(data)
            written += _write(writer, compressor.compress(data))
        written += _write(writer, compressor.flush())
    return FileSizes(read, written)


def decompress_file(
    source: str | os.PathLike[str] | BinaryIO,
    destination: str | os.PathLike[str] | BinaryIO,
    *,
    threads: int = 1,
    max_size: int | None = None,
    progress: Progress | None = None,
) -> FileSizes:
    """Decompress a file of any size in a constant amount of memory.

    What is written are the bytes of the data in memory order, without their dtype and shape.

    Parameters
    ----------
    source, destination : path or binary file object
        File objects are read from, and written to, where they stand, and stay open. A destination
        given as a path is overwritten, and removed if an error occurs. The source must hold one
        frame and nothing else.
    threads : int, optional
        How many to use, 0 for one per core. With more than one, a source that is a regular file is
        mapped into memory; others are read by one thread all the same.
    max_size : int, optional
        The most bytes that may be written; ValueError beyond.
    progress : callable, optional
        Called again and again with the bytes read so far and the bytes to read, None if that is
        not known.

    Returns
    -------
    FileSizes
        Bytes read and written.

    Raises
    ------
    CorruptDataError
        If the source is damaged, or ends too early. What was written to a file object up to then
        is intact.
    """
    count = thread_count(threads)
    limit = size_limit(max_size)
    with _files(source, destination) as (reader, writer):
        mapped = _mapped(reader) if count != 1 else None
        if mapped is None:
            return _decompress_stream(reader, writer, limit, progress)
        with mapped as data:
            sizes = _decompress_mapped(data, writer, limit, count, progress)
        reader.seek(0, os.SEEK_END)
        return sizes


def _decompress_stream(
    source: BinaryIO, destination: BinaryIO, max_size: int, progress: Progress | None
) -> FileSizes:
    reader = _core.StreamReader(max_size)
    read = written = 0
    for piece in _pieces(source, _PIECE_BYTES, progress):
        data = memoryview(piece)
        while len(data) > 0 or reader.ready_size > 0:
            if reader.ready_size > 0:
                written += _write(destination, reader.take(reader.ready_size))
            elif reader.ended:
                raise CorruptDataError("the frame is followed by other data", read)
            else:
                used = reader.feed(data)
                data = data[used:]
                read += used
    reader.require_end()
    return FileSizes(read, written)


def _decompress_mapped(
    data: memoryview,
    destination: BinaryIO,
    max_size: int,
    threads: int,
    progress: Progress | None,
) -> FileSizes:
    reader = _core.FrameReader(data, max_size)
    try:
        reader.require_complete()
        chunk_bytes = reader.chunk_items * reader.planes
        items = max(1, _MAX_PIECE_BYTES // chunk_bytes) * reader.chunk_items
        decoded = np.empty(min(items, reader.items) * reader.planes, np.uint8)
        for first in range(0, reader.items, items):
            last = min(first + items, reader.items)
            piece = decoded[: (last - first) * reader.planes]
            reader.decode(first, last, piece, threads)
            _write(destination, piece.data)
            if progress is not None:
                progress(len(data) * last // reader.items, len(data))
        return FileSizes(len(data), reader.items * reader.planes)
    finally:
        reader.close()


@contextlib.contextmanager
def _files(
    source: str | os.PathLike[str] | BinaryIO, destination: str | os.PathLike[str] | BinaryIO
) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """Open what is given as a path; remove the destination if the work on it fails."""
    with contextlib.ExitStack() as opened:
        if isinstance(source, (str, os.PathLike)):
            reader: BinaryIO = opened.enter_context(Path(source).open("rb"))
        else:
            reader = source
        if not isinstance(destination, (str, os.PathLike)):
            yield reader, destination
            return
        path = Path(destination)
        if path.exists() and _is_same_file(reader, path):
            raise ValueError("source and destination are the same file")
        try:
            with path.open("wb") as writer:
                yield reader, writer
        except BaseException:
            if path.is_file():
                path.unlink()
            raise


def _is_same_file(file: BinaryIO, path: Path) -> bool:
    status = _status(file)
    return status is not None and os.path.samestat(status, path.stat())


def _status(file: BinaryIO) -> os.stat_result | None:
    try:
        return os.fstat(file.fileno())
    except (AttributeError, OSError):  # not a file of the system
        return None


def _bytes_left(file: BinaryIO) -> int | None:
    status = _status(file)
    if status is None or not stat.S_ISREG(status.st_mode):
        return None
    try:
        return max(0, status.st_size - file.tell())
    except OSError:
        return None


def _items_of(file: BinaryIO) -> np.dtype[Any]:
    """Return the type of elements if the rest of the file is an ``.npy`` file, otherwise uint8."""
    left = _bytes_left(file)
    if left is None:
        return np.dtype(np.uint8)
    start = file.tell()
    dtype = npy_dtype(file)
    file.seek(start)
    # Not where more than the array follows, or elements that `Compressor` cannot split.
    splits = 1 <= dtype.itemsize <= MOST_PLANES and left % dtype.itemsize == 0
    return dtype if splits else np.dtype(np.uint8)


def _pieces(file: BinaryIO, size: int, progress: Progress | None) -> Iterator[bytes]:
    total = None if progress is None else _bytes_left(file)
    read = 0
    while True:
        piece = file.read(size)
        if not isinstance(piece, bytes):
            raise TypeError(
                f"source must be a binary file that waits for its data: it read {type(piece)}"
            )
        if not piece:
            return
        yield piece
        read += len(piece)
        if progress is not None:
            progress(read, total)


@contextlib.contextmanager
def _map(file: BinaryIO, size: int) -> Iterator[memoryview]:
    start = file.tell()
    with (
        mmap.mmap(file.fileno(), start + size, access=mmap.ACCESS_READ) as mapped,
        memoryview(mapped) as whole,
        whole[start:] as rest,
    ):
        yield rest


def _mapped(file: BinaryIO) -> contextlib.AbstractContextManager[memoryview] | None:
    """Return the rest of a regular file as memory; None if it is another kind of file."""
    size = _bytes_left(file)
    return _map(file, size) if size else None


def _write(file: BinaryIO, data: bytes | memoryview) -> int:
    """Write all of the data, to files of whatever kind; return how many bytes that are."""
    left = memoryview(data)
    while len(left) > 0:
        written: Any = file.write(left)
        if written is None:  # as objects say that are only like files
            break
        left = left[written:]
    return len(data)
