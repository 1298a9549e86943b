"""Frames of data that do not fit in memory: incremental objects, and whole files."""

from __future__ import annotations

import contextlib
import mmap
import operator
import os
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np

from pyinfo import _core
from pyinfo.coding.array_layout import are_floats, bytes_of, npy_dtype
from pyinfo.coding.frames import Coder, coder_options, size_limit, thread_count
from pyinfo.errors import CorruptDataError

Progress = Callable[[int, int | None], None]
"""Called with the bytes read so far and the bytes to read, None if that is not known."""

_MAX_ITEMSIZE: Final = 64
_PIECE_BYTES: Final = 4 << 20  # read at a time, for each thread
_MAX_PIECE_BYTES: Final = 64 << 20
_CHUNKS_PER_THREAD: Final = 4


class FileSizes(NamedTuple):
    """How many bytes were read and written.

    Attributes
    ----------
    read, written
        Bytes of the two files.
    """

    read: int
    written: int


class Compressor:
    """Make a frame from bytes that come in pieces.

    The frame is the concatenation of what `compress` and `flush` return. It decompresses to an
    array of uint8, and does not depend on how the data were cut into pieces.

    Parameters
    ----------
    coder, block_size, threads, effort
        As in `pyinfo.compress`.
    itemsize : int, optional
        Bytes of an item, 1 to 64: 4 splits the data into four byte planes, as `pyinfo.compress`
        does with an array of float32.
    floats : bool, optional
        Whether items are little-endian floats. Those of 2, 4 or 8 bytes are rotated by one bit if
        that pays for the first block, until which nothing is returned.

    Examples
    --------
    >>> compressor = pyinfo.Compressor()
    >>> frame = compressor.compress(b"first ") + compressor.compress(b"second")
    >>> frame += compressor.flush()
    >>> pyinfo.decompress(frame).tobytes()
    b'first second'
    """

    def __init__(
        self,
        *,
        coder: Coder = "auto",
        block_size: int | None = None,
        threads: int = 1,
        effort: int | None = None,
        itemsize: int = 1,
        floats: bool = False,
    ) -> None:
        itemsize = operator.index(itemsize)
        if not 1 <= itemsize <= _MAX_ITEMSIZE:
            raise ValueError(f"itemsize must be from 1 to {_MAX_ITEMSIZE}, not {itemsize}")
        options = coder_options(itemsize, coder, block_size, threads, effort)
        self._itemsize = itemsize
        self._chunk_bytes = options.chunk_items * itemsize
        # Several threads need several chunks at a time.
        chunks = 1 if options.threads == 1 else _CHUNKS_PER_THREAD * (options.threads or _cores())
        limit = max(1, _MAX_PIECE_BYTES // self._chunk_bytes)
        self._collected_bytes = self._chunk_bytes * min(chunks, limit)
        self._collected = bytearray()
        self._writer: _core.FrameWriter | None = _core.FrameWriter(
            itemsize, b"", *options, bool(floats)
        )
        self._floats = bool(floats)
        self._begun = False
        self._lock = threading.Lock()

    def compress(self, data: Any) -> bytes:
        """Take bytes-like data; return the part of the frame that is complete, perhaps nothing."""
        view = bytes_of(data)
        with self._lock, self._ended_by_errors() as writer:
            parts = [] if self._floats else self._header(writer, b"")
            if self._collected:
                missing = self._collected_bytes - len(self._collected)
                self._collected += view[:missing]
                view = view[missing:]
                if len(self._collected) == self._collected_bytes:
                    parts += self._header(writer, self._collected)
                    parts.append(writer.write(self._collected))
                    self._collected.clear()
            whole = len(view) - len(view) % self._collected_bytes
            if whole > 0:
                parts += self._header(writer, view[:whole])
                parts.append(writer.write(view[:whole]))
            self._collected += view[whole:]
            return parts[0] if len(parts) == 1 else b"".join(parts)

    def flush(self) -> bytes:
        """End the frame; return the rest of it."""
        with self._lock:
            missing = -len(self._collected) % self._itemsize
            if missing > 0 and self._writer is not None:
                raise ValueError(
                    f"the last item has {self._itemsize - missing} bytes, not {self._itemsize}"
                )
            with self._ended_by_errors() as writer:
                parts = self._header(writer, self._collected)
                if self._collected:
                    parts.append(writer.write(self._collected))
                parts.append(writer.finish())
                self._writer = None
                self._collected.clear()
                return b"".join(parts)

    @contextlib.contextmanager
    def _ended_by_errors(self) -> Iterator[_core.FrameWriter]:
        """Give the writer; after an interrupt, the frame would lack what that has cost."""
        if self._writer is None:
            raise ValueError("the frame has been ended, by flush() or by an error")
        try:
            yield self._writer
        except BaseException:
            self._writer = None
            raise

    def _header(self, writer: _core.FrameWriter, data: Any) -> list[bytes]:
        """Return the header of the frame, once; `data` are what floats are judged by."""
        if self._begun:
            return []
        self._begun = True
        return [writer.header(data)]


class Decompressor:
    """Read a frame that comes in pieces.

    What comes out are the bytes of the data in memory order. They can be relied on as they come:
    every block is checked before it is decoded.

    Parameters
    ----------
    max_size : int, optional
        The most bytes that the frame may hold; ValueError beyond.

    Attributes
    ----------
    eof : bool
        Whether the end of the frame has been reached, and all of it was intact.
    needs_input : bool
        Whether `decompress` has nothing to return before it gets more data.
    unused_data : bytes
        What came after the end of the frame.

    Examples
    --------
    >>> decompressor = pyinfo.Decompressor()
    >>> decompressor.decompress(pyinfo.compress(b"first second"))
    b'first second'
    >>> decompressor.eof
    True
    """

    def __init__(self, max_size: int | None = None) -> None:
        self._reader = _core.StreamReader(size_limit(max_size))
        self._waiting = b""  # not taken by the reader yet, because decoded bytes are
        self._unused = b""
        self._eof = False
        self._error: ValueError | None = None
        self._lock = threading.Lock()

    @property
    def eof(self) -> bool:
        """Whether the end of the frame has been reached, and all of it was intact."""
        return self._eof

    @property
    def needs_input(self) -> bool:
        """Whether `decompress` has nothing to return before it gets more data."""
        return not (self._eof or self._waiting or self._reader.ready_size)

    @property
    def unused_data(self) -> bytes:
        """What came after the end of the frame."""
        return self._unused

    def decompress(self, data: Any, max_length: int = -1) -> bytes:
        """Take bytes-like data; return decoded bytes, at most `max_length` if not negative.

        What is not returned because of `max_length` comes with the next calls.

        Raises
        ------
        CorruptDataError
            If the frame is damaged. Bytes before the damage are those that were returned before.
        EOFError
            If the frame has ended before.
        """
        with self._lock:
            if self._eof:
                raise EOFError("the end of the frame has been reached before")
            if self._error is not None:
                raise self._error.with_traceback(None)
            view = bytes_of(data)
            if self._waiting:
                view = memoryview(self._waiting + view)
            left = operator.index(max_length)
            try:
                result, used = self._reader.read(view, left if left >= 0 else sys.maxsize)
            except BaseException as error:
                # Also after an interrupt: what it has cost would be missing from the data.
                self._error = (
                    error
                    if isinstance(error, ValueError)
                    else ValueError("an earlier call was interrupted")
                )
                raise
            rest = bytes(view[used:])
            self._eof = self._reader.ended and self._reader.ready_size == 0
            self._waiting, self._unused = (b"", rest) if self._eof else (rest, b"")
            return result


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
    piece = _PIECE_BYTES * (thread_count(threads) or _cores())

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
    splits = 1 <= dtype.itemsize <= _MAX_ITEMSIZE and left % dtype.itemsize == 0
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


def _cores() -> int:
    return os.cpu_count() or 1
