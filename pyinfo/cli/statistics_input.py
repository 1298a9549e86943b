"""What statistics are computed from: inputs read in passes, and the headers of ``.npy`` files."""

from __future__ import annotations

import contextlib
import math
import os
import stat
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.lib import format as npy_format

from pyinfo.cli.files import STANDARD
from pyinfo.counting.element_counts import Bytes

Progress = Callable[[int, int | None], None]
"""Called with the bytes read and the bytes to read in all passes, None while that is not known."""

_CHUNK_BYTES: Final = 1 << 20
_MAX_HEADER: Final = 65535  # what version 1 of the format can express
_MAX_ELEMENTS: Final = 1 << 62


class StatisticsError(Exception):
    """A file has no statistics; the message is the reason, in one line."""


@contextlib.contextmanager
def opened(path: str) -> Iterator[BinaryIO]:
    """Open a file, or standard input for ``-``."""
    if path != STANDARD:
        with Path(path).open("rb", buffering=0) as file:
            yield file
    elif sys.stdin is None:
        raise StatisticsError("there is no standard input")
    else:
        yield sys.stdin.buffer


class Source:
    """An input read once from its start to its end, and again where `can_rewind`."""

    def __init__(self, stream: BinaryIO, progress: Progress | None) -> None:
        self._stream = stream
        self._progress = progress
        self._buffer: Bytes = np.empty(_CHUNK_BYTES, np.uint8)
        self._done = 0
        self.can_rewind = stream.seekable()
        self._start = stream.tell() if self.can_rewind else 0
        self.size = self._regular_size()
        self._total = self.size
        # Sees all bytes of the first pass.
        self.observer: Callable[[Bytes], None] | None = None

    def _regular_size(self) -> int | None:
        try:
            status = os.fstat(self._stream.fileno())
        except OSError:  # a stream without a file below it
            return None
        # Files made up by the kernel (/proc) claim to be regular and empty, but are not.
        if not stat.S_ISREG(status.st_mode) or status.st_size <= self._start:
            return None
        return status.st_size - self._start

    def read(self, size: int) -> bytes:
        """Read `size` bytes (at most a chunk), fewer only at the end of the file."""
        return self._fill(size).tobytes()

    def chunks(self, size: int | None, itemsize: int) -> Iterator[Bytes]:
        """Yield the next `size` bytes in whole items; None stands for all that is left.

        A chunk is valid until the next one. Only the last one of a truncated file is not made of
        whole items.
        """
        step = len(self._buffer) // itemsize * itemsize
        left = math.inf if size is None else size
        while left > 0:
            wanted = int(min(left, step))
            chunk = self._fill(wanted)
            if len(chunk) > 0:
                yield chunk
            if len(chunk) < wanted:
                return
            left -= wanted

    def rewind(self, offset: int, passes: int) -> None:
        """Go back to `offset` bytes after the start; expect so many passes in all."""
        self.observer = None
        self._stream.seek(self._start + offset)
        if self.size is not None:
            self._total = self.size + (passes - 1) * (self.size - offset)

    def _fill(self, wanted: int) -> Bytes:
        view = self._buffer.data[:wanted]
        filled = 0
        while filled < wanted:
            read = self._stream.readinto(view[filled:])  # type: ignore[attr-defined]
            if read is None:
                raise StatisticsError("is in non-blocking mode and has no data yet")
            if read == 0:
                break
            filled += read
        self._done += filled
        if self._progress is not None:
            self._progress(self._done, self._total)
        if self.observer is not None:
            self.observer(self._buffer[:filled])
        return self._buffer[:filled]


# The header of .npy files


@dataclass(frozen=True, slots=True)
class NpyHeader:
    """What the header of an ``.npy`` file says."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran_order: bool

    @property
    def n_elements(self) -> int:
        """Elements of the array."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of the array."""
        return self.n_elements * self.dtype.itemsize


def read_npy_header(source: Source) -> tuple[NpyHeader, bytes]:
    """Read what follows the magic; return the header and all bytes up to the data."""
    version = source.read(2)
    if len(version) == 2 and (version[0] not in (1, 2, 3) or version[1] != 0):
        raise StatisticsError(f".npy format version {version[0]}.{version[1]} is not known")
    width = 2 if version[:1] == b"\1" else 4
    length = source.read(width)
    n_text = int.from_bytes(length, "little")
    if n_text > _MAX_HEADER:
        raise StatisticsError(f"damaged .npy header: it claims to be {n_text:,} bytes long")
    text = source.read(n_text)
    if len(length) < width or len(text) < n_text:
        raise StatisticsError("truncated: the .npy header is incomplete")
    return _parse(version[0], text), npy_format.MAGIC_PREFIX + version + length + text


def _parse(version: int, text: bytes) -> NpyHeader:
    try:
        if version == 3:
            # Version 2 with names in UTF-8. NumPy's public readers end with version 2: give them
            # the same Python literals in ASCII.
            text = text.decode("utf-8").encode("ascii", "backslashreplace")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "additional header parsing": written by Python 2
            if version == 1:
                stream = BytesIO(len(text).to_bytes(2, "little") + text)
                parsed = npy_format.read_array_header_1_0(stream, max_header_size=len(text))
            else:
                stream = BytesIO(len(text).to_bytes(4, "little") + text)
                parsed = npy_format.read_array_header_2_0(stream, max_header_size=len(text))
    except Exception as error:  # the literal is the file's: it can make the parser raise anything
        reason = str(error).strip().partition("\n")[0][:100] or type(error).__name__
        raise StatisticsError(f"damaged .npy header: {reason}") from error
    shape, fortran_order, dtype = parsed
    if any(length < 0 for length in shape):
        raise StatisticsError("damaged .npy header: the shape has a negative length")
    header = NpyHeader(dtype, tuple(int(length) for length in shape), fortran_order)
    if max(header.n_elements, header.nbytes, *header.shape, 0) > _MAX_ELEMENTS:
        raise StatisticsError("damaged .npy header: no array can have the shape it claims")
    return header


def check_complete(promised: int, available: int | None) -> None:
    """Raise if fewer bytes follow the header than it promises; None: that is not known."""
    if available is not None and available < promised:
        raise StatisticsError(
            f"truncated: the .npy header promises {promised:,} bytes of data, "
            f"the file has {max(available, 0):,}"
        )
