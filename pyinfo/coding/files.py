"""Frames in files of any size."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np

from pyinfo.arguments import size_limit, thread_count
from pyinfo.coding.array_layout import MOST_PLANES, are_floats, npy_dtype
from pyinfo.coding.coder_options import Coder
from pyinfo.coding.frame_stream import FrameStream
from pyinfo.coding.streams import Compressor
from pyinfo.coding.whole_files import descriptor_of, open_again, resolved, whole_file

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

    Examples
    --------
    >>> import io
    >>> pyinfo.compress_file(io.BytesIO(bytes(1000)), io.BytesIO()).read
    1000
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
        given as a path is replaced when the new file is whole: after an error the older one, or
        none, is there. What is open already, as ``/dev/stdout``, is written to.
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

    Examples
    --------
    >>> import io
    >>> data, frame = io.BytesIO(bytes(10_000)), io.BytesIO()
    >>> pyinfo.compress_file(data, frame).read
    10000
    >>> len(frame.getvalue()) < 200
    True
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
        given as a path is replaced when the new file is whole: after an error the older one, or
        none, is there. What is open already, as ``/dev/stdout``, is written to. The source must
        hold one frame, or several one after another, and nothing else.
    threads : int, optional
        How many to use, 0 for one per core.
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

    Examples
    --------
    >>> import io
    >>> frame, data = io.BytesIO(pyinfo.compress(b"mississippi")), io.BytesIO()
    >>> pyinfo.decompress_file(frame, data).written
    11
    >>> data.getvalue()
    b'mississippi'
    """
    count = thread_count(threads)
    stream = FrameStream(size_limit(max_size), count, concatenated=True)
    read = written = 0
    with _files(source, destination) as (reader, writer):
        for piece in _pieces(reader, min(_PIECE_BYTES * count, _MAX_PIECE_BYTES), progress):
            data = memoryview(piece)
            while len(data) > 0 or stream.ready_size > 0:
                if stream.ready_size > 0:
                    written += _write(writer, stream.take(_PIECE_BYTES))
                else:
                    used = stream.feed(data)
                    data = data[used:]
                    read += used
        stream.require_end()
    return FileSizes(read, written)


@contextlib.contextmanager
def _files(
    source: str | os.PathLike[str] | BinaryIO, destination: str | os.PathLike[str] | BinaryIO
) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """Open what is given as a path; the destination appears when the work on it is done."""
    with contextlib.ExitStack() as opened:
        reader: BinaryIO = _file_or_path(source, "source", "read")
        if isinstance(source, (str, os.PathLike)):
            reader = opened.enter_context(Path(source).open("rb"))
        writer: BinaryIO = _file_or_path(destination, "destination", "write")
        if isinstance(destination, (str, os.PathLike)):
            writer = opened.enter_context(_written(destination, reader))
        yield reader, writer


def _file_or_path(file: Any, name: str, method: str) -> Any:
    """Check what is not a path: a name in bytes may be the data themselves."""
    if isinstance(file, (str, os.PathLike)) or hasattr(file, method):
        return file
    kind = type(file).__name__
    advice = ": os.fsdecode makes a path of a name in bytes" if isinstance(file, bytes) else ""
    raise TypeError(f"{name} must be a path or a binary file object, not {kind}{advice}")


def _written(
    path: str | os.PathLike[str], reader: BinaryIO
) -> contextlib.AbstractContextManager[BinaryIO]:
    number = descriptor_of(path)
    if number is not None:
        return open_again(number)
    target = resolved(path)
    if target.exists() and _is_same_file(reader, target):
        raise ValueError("source and destination are the same file")
    if target.exists() and not target.is_file():  # a device or a pipe, or a folder, which fails
        return target.open("wb")
    return whole_file(target, overwrite=True)


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


def _write(file: BinaryIO, data: bytes | memoryview) -> int:
    """Write all of the data, to files of whatever kind; return how many bytes that are."""
    left = memoryview(data)
    while len(left) > 0:
        written: Any = file.write(left)
        if written is None:  # as objects say that are only like files
            break
        left = left[written:]
    return len(data)
