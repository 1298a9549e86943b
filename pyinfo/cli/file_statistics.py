"""The statistics of a file: what ``pyinfo report`` prints.

Files are streamed: whatever their size, a bounded amount of memory is used. That is a few MiB for
order 0, up to 40 MiB for the elements of an array, and as much again for each order above 1.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from pyinfo import _core
from pyinfo.cli.statistics_input import (
    NpyHeader,
    Progress,
    Source,
    StatisticsError,
    check_complete,
    opened,
    read_npy_header,
)
from pyinfo.counting.block_counts import BlockCounts
from pyinfo.counting.element_counts import Bytes, ElementCounts, element_counts

ByteCounts = NDArray[np.uint64]

MAX_DISTINCT: Final = 1 << 20
"""Distinct elements (of 8 bytes) whose counts are held at a time."""

_MAX_PLANES: Final = 4096  # a histogram takes 2 KiB


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
    with opened(path) as stream:
        source = Source(stream, progress)
        if order is None:
            return _read_statistics(path, source, elements, max_distinct)
        blocks = BlockCounts(order + 1, max_distinct)
        source.observer = blocks.add
        return _with_blocks(_read_statistics(path, source, elements, max_distinct), source, blocks)


def _read_statistics(
    path: str, source: Source, elements: bool, max_distinct: int
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


def _with_blocks(statistics: FileStatistics, source: Source, blocks: BlockCounts) -> FileStatistics:
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


def _npy_statistics(path: str, source: Source, elements: bool, max_distinct: int) -> FileStatistics:
    header, head = read_npy_header(source)
    counts = _byte_counts(head)
    array = ArrayStatistics(str(header.dtype), header.shape, header.fortran_order)
    if header.dtype.hasobject:
        note = "an array of Python objects: its pickle is counted as bytes and never loaded"
        return _statistics(path, _rest(source, counts), array, (note,))
    if source.size is not None:  # a truncated file is refused before it is read
        check_complete(header.nbytes, source.size - len(head))

    itemsize = header.dtype.itemsize
    has_planes = 0 < itemsize <= _MAX_PLANES
    planes: ByteCounts = np.zeros((itemsize if has_planes else 1, 256), np.uint64)
    counted = element_counts(itemsize, max_distinct) if elements and has_planes else None
    for chunk in source.chunks(header.nbytes, len(planes)):
        whole = chunk[: len(chunk) // len(planes) * len(planes)]  # all, unless truncated
        _byte_counts(whole, len(planes), planes)
        if counted is not None:
            counted.add(whole)
    check_complete(header.nbytes, int(planes.sum()))
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


def _rest(source: Source, counts: ByteCounts) -> ByteCounts:
    """Add the bytes up to the end of the file to `counts`."""
    for chunk in source.chunks(None, 1):
        _byte_counts(chunk, 1, counts)
    return counts


def _element_statistics(
    counted: ElementCounts, source: Source, offset: int, header: NpyHeader
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
