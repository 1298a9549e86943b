"""Frames that arrive in pieces, one or several, with their metadata checked."""

from __future__ import annotations

from pyinfo import _core
from pyinfo.coding.array_layout import StatedLayout
from pyinfo.errors import CorruptDataError


class FrameStream:
    """Read frames as bytes; what it refuses of a frame is what readers of arrays refuse.

    Parameters
    ----------
    max_size : int
        The most bytes that all frames together may hold.
    threads : int
        How many decode.
    concatenated : bool
        Whether other frames may follow the first one.
    """

    def __init__(self, max_size: int, threads: int = 1, *, concatenated: bool = False) -> None:
        self._max_size = max_size
        self._threads = threads
        self._concatenated = concatenated
        self._frames = 1
        self._begin = 0  # of the frame that comes
        self._used = 0  # of it
        self._size = 0  # of the data in the frames before
        self._reader = _core.StreamReader(max_size, threads)
        self._layout: StatedLayout | None = None
        self._header_checked = self._size_checked = False

    @property
    def ready_size(self) -> int:
        """Decoded bytes that can be taken."""
        return self._reader.ready_size

    @property
    def ended(self) -> bool:
        """Whether a frame has ended, and all of it was intact; bytes may still be ready."""
        return self._reader.ended

    def feed(self, data: memoryview) -> int:
        """Take data and return how many bytes: all, unless decoded bytes are ready or it ends."""
        self._next_frame(data)
        try:
            used = self._reader.feed(data)
            self._used += used
            self._check()
        except CorruptDataError as error:
            raise self._placed(error) from error.__cause__
        return used

    def read(self, data: memoryview, most: int) -> tuple[bytes, int]:
        """Feed data; return at most so many decoded bytes, and how many of the data were used."""
        self._next_frame(data)
        try:
            decoded, used = self._reader.read(data, most)
            self._used += used
            self._check()
        except CorruptDataError as error:
            raise self._placed(error) from error.__cause__
        return decoded, used

    def take(self, most: int) -> bytes:
        """Return decoded bytes that are ready, at most so many."""
        return self._reader.take(most)

    def take_of_more(self, most: int) -> bytes | None:
        """Return so many decoded bytes if more of them are ready, else None."""
        return self._reader.take_of_more(most)

    def require_end(self) -> None:
        """Raise CorruptDataError that says where a frame breaks off, unless it has ended."""
        try:
            self._reader.require_end()
        except CorruptDataError as error:
            raise self._placed(error) from None

    def _next_frame(self, data: memoryview) -> None:
        reader = self._reader
        if not (self._concatenated and reader.ended and reader.ready_size == 0 and len(data) > 0):
            return
        self._frames += 1
        self._begin += self._used
        self._used = 0
        self._size += reader.size or 0
        self._reader = _core.StreamReader(self._max_size - self._size, self._threads)
        self._layout = None
        self._header_checked = self._size_checked = False

    def _check(self) -> None:
        """Check the metadata as soon as they have come, and their size when that is known."""
        if not self._header_checked:
            metadata = self._reader.metadata
            if metadata is None:
                return
            self._header_checked = True
            self._layout = StatedLayout.parse(metadata) if metadata else None
        if not self._size_checked:
            size = self._reader.size
            if size is None:
                return
            self._size_checked = True
            if self._layout is not None:
                self._layout.require_size(size)

    def _placed(self, error: CorruptDataError) -> CorruptDataError:
        """Return the error as one of all frames, not of the one it is in."""
        if self._frames == 1:
            return error
        if error.offset == 0 and not self._header_checked:
            return CorruptDataError("the frame is followed by other data", self._begin)
        offset = None if error.offset is None else self._begin + error.offset
        return CorruptDataError(f"frame {self._frames} at byte {self._begin}: {error}", offset)
