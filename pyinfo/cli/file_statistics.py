"""The statistics of a file: what ``pyinfo report`` prints.

Files are streamed: whatever their size, a bounded amount of memory is used. That is a few MiB for
order 0, up to 40 MiB for the elements of an array, and as much again for each order above 1.
"""

from __future__ import annotations

import contextlib
import math
import operator
import os
import stat
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from pyinfo import _core
from pyinfo.cli.files import STANDARD
from pyinfo.counting.block_counts import BlockCounts
from pyinfo.counting.element_counts import Bytes, ElementCounts, element_counts

ByteCounts = NDArray[np.uint64]
Progress = Callable[[int, int | None], None]
"""Called with the bytes read and the bytes to read in all passes, None while that is not known."""

MAX_DISTINCT: Final = 1 << 20
"""Distinct elements (of 8 bytes) whose counts are held at a time."""

_CHUNK_BYTES: Final = 1 << 20
_MAX_HEADER: Final = 65535  # what version 1 of the format can express
_MAX_ELEMENTS: Final = 1 << 62
_MAX_PLANES: Final = 4096  # a histogram takes 2 KiB


class StatisticsError(Exception):
    """A file has no statistics; the message is the reason, in one line."""


@dataclass(frozen=True, slots=True)
class ArrayStatistics:
    """The array of an ``.npy`` file.

    Elements are compared as the bytes that are stored, padding included, because that is what a
    compressor has to reproduce: -0.0 differs from 0.0, and every NaN payload counts on its own.

    Attributes
    ----------
    dtype, shape, fortran_order
        As in the header of the file.
    plane_entropies
        Bits per byte of each byte plane, in memory order; empty if the array has no planes.
    element_entropy
        Bits per element; None where it is not defined or was not computed (`FileStatistics.notes`).
    distinct_elements
        The number of different elements; None together with `element_entropy`.
    """

    dtype: str
    shape: tuple[int, ...]
    fortran_order: bool
    plane_entropies: tuple[float, ...] = ()
    element_entropy: float | None = None
    distinct_elements: int | None = None


@dataclass(frozen=True, slots=True)
class FileStatistics:
    """Order-0 statistics of a file.

    Attributes
    ----------
    path
        As it was given.
    size
        Bytes read, the header of an ``.npy`` file included.
    entropy
        Order-0 entropy of the bytes, in bits per byte.
    order0_size
        Bytes that a code for single bytes needs at least, its table not counted.
    compression_rate
        `size` / `order0_size`; None if all bytes are equal, when it has no bound.
    array
        None if the file is not an ``.npy`` file.
    conditional_entropies
        Bits per byte when the 0, 1, ... bytes before it are known, up to the order asked for;
        empty if none was. None where there were too many different runs of bytes to be counted.
    notes
        What else the reader should know, one sentence each.
    """

    path: str
    size: int
    entropy: float
    order0_size: int
    compression_rate: float | None
    array: ArrayStatistics | None = None
    conditional_entropies: tuple[float | None, ...] = ()
    notes: tuple[str, ...] = ()


def file_statistics(
    path: str,
    *,
    elements: bool = True,
    order: int | None = None,
    max_distinct: int = MAX_DISTINCT,
    progress: Progress | None = None,
) -> FileStatistics:
    """Return the statistics of one file, device or pipe.

    Parameters
    ----------
    path
        ``-`` stands for standard input.
    elements
        Whether to compute the entropy of the elements of an ``.npy`` file.
    order
        Compute the entropy of a byte given those before it, up to so many of them (at most 7).
    max_distinct
        How many distinct elements of 8 bytes to hold in memory (wider ones: fewer), and how many
        distinct runs of bytes of each length. With more of them the file is read several times, a
        share of them being counted each time.
    progress
        Called now and then with the bytes read and the bytes to read.

    Raises
    ------
    StatisticsError
        The file is empty, or a damaged ``.npy`` file.
    OSError
        It cannot be opened or read.
    """
    with _opened(path) as stream:
        source = _Source(stream, progress)
        if order is None:
            return _read_statistics(path, source, elements, max_distinct)
        blocks = BlockCounts(order + 1, max_distinct)
        source.observer = blocks.add
        return _with_blocks(_read_statistics(path, source, elements, max_distinct), source, blocks)


def _read_statistics(
    path: str, source: _Source, elements: bool, max_distinct: int
) -> FileStatistics:
    magic = source.read(len(npy_format.MAGIC_PREFIX))
    if not magic:
        raise StatisticsError("is empty")
    if magic == npy_format.MAGIC_PREFIX:
        return _npy_statistics(path, source, elements, max_distinct)
    notes: tuple[str, ...] = ()
    if path.endswith(".npy"):
        if npy_format.MAGIC_PREFIX.startswith(magic):
            raise StatisticsError("truncated: the .npy header is incomplete")
        notes = ("named .npy, but it does not start as an .npy file does: plain bytes",)
    return _statistics(path, _rest(source, _byte_counts(magic)), None, notes)


def _with_blocks(
    statistics: FileStatistics, source: _Source, blocks: BlockCounts
) -> FileStatistics:
    """Add the conditional entropies to the statistics of a file that `blocks` have been shown."""
    passes = 0
    while True:
        passes += 1
        seen = blocks.size
        blocks.end_pass()
        if seen != statistics.size:
            raise StatisticsError("changed while it was being read")
        if blocks.complete or not source.can_rewind:
            break
        source.rewind(0, passes=math.ceil(passes / blocks.covered))
        for chunk in source.chunks(None, 1):
            blocks.add(chunk)
    entropies = blocks.conditional_entropies()
    notes = statistics.notes
    if len(entropies) < blocks.longest:
        notes += ("the file is too short for higher orders",)
    if None in entropies:
        notes += (
            "the entropies of some orders need a regular file: "
            "too many runs of bytes are different to be counted in one pass",
        )
    return replace(statistics, conditional_entropies=entropies, notes=notes)


def _statistics(
    path: str, counts: ByteCounts, array: ArrayStatistics | None, notes: tuple[str, ...]
) -> FileStatistics:
    size = int(counts.sum())
    bits = _entropy(counts.reshape(-1))
    # A few roundings in `bits` must not cost a byte: 8 bits * 2**40 bytes fit 2**40 bytes.
    order0_size = min(size, math.ceil(bits * size / 8 * (1 - 2.0**-50)))
    rate = size / order0_size if order0_size > 0 else None
    return FileStatistics(path, size, bits, order0_size, rate, array, notes=notes)


def _npy_statistics(
    path: str, source: _Source, elements: bool, max_distinct: int
) -> FileStatistics:
    header, head = _read_header(source)
    counts = _byte_counts(head)
    array = ArrayStatistics(str(header.dtype), header.shape, header.fortran_order)
    if header.dtype.hasobject:
        note = "an array of Python objects: its pickle is counted as bytes and never loaded"
        return _statistics(path, _rest(source, counts), array, (note,))
    if source.size is not None:  # a truncated file is refused before it is read
        _check_complete(header.nbytes, source.size - len(head))

    itemsize = header.dtype.itemsize
    has_planes = 0 < itemsize <= _MAX_PLANES
    planes: ByteCounts = np.zeros((itemsize if has_planes else 1, 256), np.uint64)
    counted = element_counts(itemsize, max_distinct) if elements and has_planes else None
    for chunk in source.chunks(header.nbytes, len(planes)):
        whole = chunk[: len(chunk) // len(planes) * len(planes)]  # all, unless truncated
        _byte_counts(whole, len(planes), planes)
        if counted is not None:
            counted.add(whole)
    _check_complete(header.nbytes, int(planes.sum()))
    counts += planes.sum(axis=0, dtype=np.uint64)
    size = int(counts.sum())
    counts = _rest(source, counts)

    notes = []
    if (trailing := int(counts.sum()) - size) > 0:
        notes.append(f"{trailing:,} bytes follow the array")
    if header.nbytes == 0:
        notes.append("the array holds no data")
    elif not has_planes:
        notes.append(f"elements of {itemsize:,} bytes are counted as plain bytes")
    else:
        array = replace(array, plane_entropies=tuple(_entropy(plane) for plane in planes))
        if counted is None:
            pass  # not asked for
        elif counted.next_share() is None or source.can_rewind:
            bits, distinct = _element_statistics(counted, source, len(head), header)
            array = replace(array, element_entropy=bits, distinct_elements=distinct)
        else:
            notes.append(
                "the entropy of the elements needs a regular file: "
                "too many of them are different to be counted in one pass"
            )
    return _statistics(path, counts, array, tuple(notes))


def _entropy(counts: NDArray[Any]) -> float:
    return float(_core.entropy(counts))


def _byte_counts(
    data: Bytes | bytes, itemsize: int = 1, out: ByteCounts | None = None
) -> ByteCounts:
    return _core.byte_counts(data, itemsize, out)


def _rest(source: _Source, counts: ByteCounts) -> ByteCounts:
    """Add the bytes up to the end of the file to `counts`."""
    for chunk in source.chunks(None, 1):
        _byte_counts(chunk, 1, counts)
    return counts


# Reading


@contextlib.contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    if path != STANDARD:
        with Path(path).open("rb", buffering=0) as file:
            yield file
    elif sys.stdin is None:
        raise StatisticsError("there is no standard input")
    else:
        yield sys.stdin.buffer


class _Source:
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
class _Header:
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran_order: bool

    @property
    def n_elements(self) -> int:
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        return self.n_elements * self.dtype.itemsize


def _read_header(source: _Source) -> tuple[_Header, bytes]:
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
    return _parse_header(version[0], text), npy_format.MAGIC_PREFIX + version + length + text


def _parse_header(version: int, text: bytes) -> _Header:
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
    header = _Header(dtype, tuple(int(length) for length in shape), fortran_order)
    if max(header.n_elements, header.nbytes, *header.shape, 0) > _MAX_ELEMENTS:
        raise StatisticsError("damaged .npy header: no array can have the shape it claims")
    return header


def _check_complete(promised: int, available: int | None) -> None:
    if available is not None and available < promised:
        raise StatisticsError(
            f"truncated: the .npy header promises {promised:,} bytes of data, "
            f"the file has {max(available, 0):,}"
        )


def _element_statistics(
    counted: ElementCounts, source: _Source, offset: int, header: _Header
) -> tuple[float, int]:
    """Count the shares left out of the first pass; return entropy and number of all elements."""
    sizes: list[int] = []
    entropies: list[float] = []
    distinct = 0
    while True:
        counts = counted.counts
        sizes.append(int(counts.sum()))
        entropies.append(_entropy(counts) if len(counts) > 0 else 0.0)
        distinct += len(counts)
        left = counted.next_share()
        if left is None:
            break
        source.rewind(offset, passes=math.ceil(len(sizes) / counted.covered))
        counted = left
        for chunk in source.chunks(header.nbytes, header.dtype.itemsize):
            counted.add(chunk[: len(chunk) // header.dtype.itemsize * header.dtype.itemsize])

    if sum(sizes) != header.n_elements:
        raise StatisticsError("changed while it was being read")
    # The chain rule: the entropy of the choice of a share, and the mean of those inside.
    inside = math.fsum(map(operator.mul, sizes, entropies)) / header.n_elements
    return _entropy(np.array(sizes, np.int64)) + inside, distinct
