"""What coding makes of data, and how far that is from what entropy allows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pyinfo import _core
from pyinfo.coding.array_layout import ArrayLayout, as_array, in_memory_order
from pyinfo.coding.arrays import compress
from pyinfo.coding.coder_options import Coder, CoderOptions, coder_number, coder_options

_PIECE_BYTES: Final = 32 << 20  # looked at between two checks for Ctrl-C


@dataclass(frozen=True, slots=True)
class PlaneReport:
    """One byte plane of the elements. All sizes are bytes of payload, without block headers.

    Attributes
    ----------
    plane
        Which byte of the elements, in memory order; of the rotated elements if
        `CodingReport.rotated`.
    size
        As it is.
    entropy_bits
        Order-0 entropy of the blocks: no code for single bytes gets below, tables not counted.
    huffman_size, rans_size
        What each coder alone comes to, its tables included; blocks that it would not make smaller
        are stored.
    predicted_size
        What the encoder expected of the modes it chose: tables, and the cross-entropy of the bytes
        with the quantised code.
    coded_size
        What these modes came to.

    Examples
    --------
    >>> report = pyinfo.compression_report(np.arange(10_000, dtype=np.int32))
    >>> report.planes[3].entropy_bits
    0.0
    """

    plane: int
    size: int
    entropy_bits: float
    huffman_size: int
    rans_size: int
    predicted_size: int
    coded_size: int

    @property
    def entropy(self) -> float:
        """Order-0 entropy in bits per byte."""
        return self.entropy_bits / self.size if self.size > 0 else 0.0

    @property
    def entropy_size(self) -> int:
        """`entropy_bits` in bytes, rounded up."""
        return math.ceil(self.entropy_bits / 8)

    @property
    def rate(self) -> float:
        """Compression rate: size before / size after."""
        return _rate(self.size, self.coded_size)


@dataclass(frozen=True, slots=True)
class CodingReport:
    """What `compression_report` returns.

    Attributes
    ----------
    size
        Bytes of the data.
    coded_size
        Bytes of the frame that `compress` makes, headers and all.
    planes
        The byte planes, in memory order. Their sizes add up to a little less than that of the
        frame: headers are not theirs.
    rotated
        Whether elements are rotated left by one bit before they are split into planes.

    Examples
    --------
    >>> report = pyinfo.compression_report(np.arange(10_000, dtype=np.int32))
    >>> report.size, len(report.planes)
    (40000, 4)
    """

    size: int
    coded_size: int
    planes: tuple[PlaneReport, ...]
    rotated: bool = False

    @property
    def entropy_bits(self) -> float:
        """Order-0 entropy of the blocks of all planes."""
        return math.fsum(plane.entropy_bits for plane in self.planes)

    @property
    def entropy_size(self) -> int:
        """`entropy_bits` in bytes, rounded up: the bound."""
        return math.ceil(self.entropy_bits / 8)

    @property
    def huffman_size(self) -> int:
        """Bytes of payload with Huffman codes alone."""
        return sum(plane.huffman_size for plane in self.planes)

    @property
    def rans_size(self) -> int:
        """Bytes of payload with rANS alone."""
        return sum(plane.rans_size for plane in self.planes)

    @property
    def predicted_size(self) -> int:
        """Bytes of payload that the encoder expected."""
        return sum(plane.predicted_size for plane in self.planes)

    @property
    def payload_size(self) -> int:
        """Bytes of payload that it came to."""
        return sum(plane.coded_size for plane in self.planes)

    @property
    def rate(self) -> float:
        """Compression rate: size before / size after."""
        return _rate(self.size, self.coded_size)

    def __str__(self) -> str:
        """Return a table of the planes."""
        lines = [
            f"{self.size:,} bytes to {self.coded_size:,}, compression rate {self.rate:.4f}"
            f"{', elements rotated by a bit' if self.rotated else ''}",
            f"{'plane':>5} {'size':>14} {'bits/byte':>9} {'entropy':>14} {'Huffman':>14} "
            f"{'rANS':>14} {'coded':>14} {'rate':>9}",
        ]
        lines += [
            f"{plane.plane:>5} {plane.size:>14,} {plane.entropy:>9.4f} {plane.entropy_size:>14,} "
            f"{plane.huffman_size:>14,} {plane.rans_size:>14,} {plane.coded_size:>14,} "
            f"{plane.rate:>9.4f}"
            for plane in self.planes
        ]
        return "\n".join(lines)


def compression_report(
    data: Any,
    *,
    coder: Coder = "auto",
    block_size: int | None = None,
    threads: int = 1,
    effort: int | None = None,
) -> CodingReport:
    """Say what entropy, Huffman codes and rANS make of data, and what `compress` achieves.

    Parameters
    ----------
    data, coder, block_size, threads, effort
        As in `pyinfo.compress`, for which the achieved size is reported.

    Returns
    -------
    CodingReport

    Examples
    --------
    >>> report = pyinfo.compression_report(np.arange(10**6, dtype=np.int32))
    >>> report.rate > 1.5
    True
    >>> [round(plane.entropy, 2) for plane in report.planes]
    [8.0, 8.0, 1.97, 0.0]
    """
    array = as_array(data)
    layout = ArrayLayout.of(array)
    options = coder_options(layout.planes, coder, block_size, threads, effort)
    frame = compress(array, coder=coder, block_size=block_size, threads=threads, effort=effort)
    reader = _core.FrameReader(frame, len(frame) + layout.size)
    rotated = reader.rotated
    options = options._replace(chunk_items=reader.chunk_items)
    flat = in_memory_order(array).reshape(-1)
    items = (
        flat.view(np.uint8).reshape(-1, layout.planes)
        if layout.size > 0
        else np.empty((0, layout.planes), np.uint8)
    )
    if rotated:
        items = _rotated(items)
    entropies = _entropies(items, options)
    achieved = _block_sizes(items, options)
    huffman = _block_sizes(items, options._replace(coder=coder_number("huffman")))
    rans = _block_sizes(items, options._replace(coder=coder_number("rans")))
    planes = tuple(
        PlaneReport(
            plane=k,
            size=len(items),
            entropy_bits=math.fsum(entropies[:, k]),
            huffman_size=int(huffman[:, k, 1].sum()),
            rans_size=int(rans[:, k, 1].sum()),
            predicted_size=int(achieved[:, k, 0].sum()),
            coded_size=int(achieved[:, k, 1].sum()),
        )
        for k in range(layout.planes)
    )
    return CodingReport(layout.size, len(frame), planes, rotated)


def _rotated(items: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return items of 2, 4 or 8 bytes, rotated left by one bit as numbers."""
    numbers = items.view(f"<u{items.shape[1]}")
    top: NDArray[Any] = numbers >> np.array(8 * items.shape[1] - 1, numbers.dtype)
    top |= numbers << np.array(1, numbers.dtype)
    return top.view(np.uint8)


def _entropies(items: NDArray[np.uint8], options: CoderOptions) -> NDArray[np.float64]:
    """Return the entropy of each block in bits: chunks by planes."""
    rows = []
    for start in range(0, len(items), options.chunk_items):
        chunk = items[start : start + options.chunk_items]
        counts = _core.byte_counts(chunk, chunk.shape[1])
        rows.append(np.asarray(_core.entropy(counts, axis=-1)) * len(chunk))
    return np.array(rows, np.float64).reshape(-1, items.shape[1])


def _block_sizes(items: NDArray[np.uint8], options: CoderOptions) -> NDArray[np.int64]:
    """Return the predicted and the coded size of each block: chunks by planes by these two."""
    planes = items.shape[1]
    chunks = max(1, _PIECE_BYTES // (options.chunk_items * planes))
    step = chunks * options.chunk_items
    blocks = [
        (predicted, coded)
        for start in range(0, len(items), step)
        for *_, predicted, coded in _core.block_sizes(items[start : start + step], planes, *options)
    ]
    return np.array(blocks, np.int64).reshape(-1, planes, 2)


def _rate(before: int, after: int) -> float:
    return before / after if after > 0 else math.nan
