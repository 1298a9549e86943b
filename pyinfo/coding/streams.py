"""Frames of data that do not fit in memory, a piece at a time."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections import deque
from collections.abc import Iterator
from typing import Any, Final, NoReturn, SupportsIndex

from pyinfo import _core
from pyinfo.arguments import integer, integer_from_to, size_limit
from pyinfo.coding.array_layout import MOST_PLANES, bytes_of
from pyinfo.coding.coder_options import Coder, coder_options
from pyinfo.coding.frame_stream import FrameStream

_LITTLE: Final = 1 << 20
_MOST_COLLECTED: Final = 64 << 20
_CHUNKS_PER_THREAD: Final = 4


class _Unique:
    """What cannot be copied or pickled: the state of its coder is in the core."""

    def __reduce_ex__(self, _: SupportsIndex) -> NoReturn:
        raise TypeError(f"cannot pickle or copy {type(self).__name__!r} objects")


class Compressor(_Unique):
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


class Decompressor(_Unique):
    """Read a frame that comes in pieces.

    What comes out are the bytes of the data in memory order. They can be relied on as they come:
    every block is checked before it is decoded.

    Parameters
    ----------
    max_size : int, optional
        The most bytes that may come out; ValueError beyond.
    concatenated : bool, optional
        Whether other frames may follow the first one, as after ``cat a.pin b.pin``: what comes out
        are the data of all of them, one after another. By default what follows is not looked at:
        see `unused_data`.

    Attributes
    ----------
    eof : bool
        Whether the end of the frame has been reached, and all of it was intact. If frames may be
        concatenated: of the last one of those that have come so far.
    needs_input : bool
        Whether `decompress` has nothing to return before it gets more data.
    unused_data : bytes
        What came after the end of the frame. Nothing if frames may be concatenated.

    Examples
    --------
    >>> decompressor = pyinfo.Decompressor()
    >>> decompressor.decompress(pyinfo.compress(b"first second"))
    b'first second'
    >>> decompressor.eof
    True
    """

    def __init__(self, max_size: int | None = None, *, concatenated: bool = False) -> None:
        self._concatenated = bool(concatenated)
        self._stream = FrameStream(size_limit(max_size), concatenated=self._concatenated)
        # Not taken by the stream yet, because decoded bytes are. Each is a view of bytes that
        # nobody changes, so that taking little at a time copies nothing.
        self._waiting: deque[memoryview] = deque()
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
        ended = self._eof and not self._concatenated
        return not (ended or self._waiting or self._stream.ready_size)

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
            If the frame has ended before, and no other one may follow.
        """
        if type(data) is bytes and not data and type(max_length) is int:
            # Little at a time of much that is ready: a call should cost no more than the bytes.
            with self._lock:
                if 0 < max_length < _LITTLE and self._error is None:
                    part = self._stream.take_of_more(max_length)
                    if part is not None:
                        return part
        with self._lock:
            if self._eof and not self._concatenated:
                raise EOFError("the end of the frame has been reached before")
            if self._error is not None:
                raise self._error.with_traceback(None)
            view = bytes_of(data)
            left = integer(max_length, "max_length")
            left = min(left, sys.maxsize) if left >= 0 else sys.maxsize
            try:
                parts, rest = self._read(view, left)
            except BaseException as error:
                # Also after an interrupt: what it has cost would be missing from the data.
                self._error = (
                    error
                    if isinstance(error, ValueError)
                    else ValueError("an earlier call was interrupted")
                )
                raise
            if len(rest) > 0:
                # What the caller has given may change, unless it is bytes.
                kept = rest if isinstance(data, bytes) else memoryview(bytes(rest))
                self._waiting.append(kept)
            self._eof = (
                self._stream.ended
                and self._stream.ready_size == 0
                and not (self._concatenated and self._waiting)
            )
            if self._eof:
                self._unused = b"".join(self._waiting)
                self._waiting.clear()
            return parts[0] if len(parts) == 1 else b"".join(parts)

    def _read(self, view: memoryview, left: int) -> tuple[list[bytes], memoryview]:
        """Read what waits, then the view; return what is decoded, and the rest of the view."""
        waiting = self._waiting
        parts: list[bytes] = []
        while True:
            source = waiting[0] if waiting else view
            part, used = self._stream.read(source, left)
            left -= len(part)
            if part:
                parts.append(part)
            rest = source[used:]
            if not waiting:
                view = rest
            elif len(rest) > 0:
                waiting[0] = rest
            else:
                waiting.popleft()
            # Nothing comes of nothing, nor of what follows the end; ready bytes come next time.
            stuck = left == 0 or (self._stream.ended and not self._concatenated)
            if stuck or not (waiting or len(view) > 0):
                return parts, view
