"""Frames of data that do not fit in memory, a piece at a time."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import Any, Final

from pyinfo import _core
from pyinfo.arguments import integer, integer_from_to, size_limit
from pyinfo.coding.array_layout import MOST_PLANES, bytes_of
from pyinfo.coding.coder_options import Coder, coder_options

_MOST_COLLECTED: Final = 64 << 20
_CHUNKS_PER_THREAD: Final = 4


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
        itemsize = integer_from_to(itemsize, "itemsize", 1, MOST_PLANES)
        options = coder_options(itemsize, coder, block_size, threads, effort)
        self._itemsize = itemsize
        self._chunk_bytes = options.chunk_items * itemsize
        # Several threads need several chunks at a time.
        chunks = 1 if options.threads == 1 else _CHUNKS_PER_THREAD * options.threads
        limit = max(1, _MOST_COLLECTED // self._chunk_bytes)
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
            left = integer(max_length, "max_length")
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
