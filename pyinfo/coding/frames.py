"""Frames that stay compressed: any part of their array is read, and their blocks looked at."""

from __future__ import annotations

import contextlib
import math
import mmap
import operator
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, NamedTuple, Self, SupportsIndex, cast

import numpy as np
from numpy.typing import NDArray

from pyinfo import _core
from pyinfo.arguments import NO_LIMIT, checked_out, size_limit, thread_count
from pyinfo.coding.array_layout import ArrayLayout, bytes_of, in_memory_order
from pyinfo.coding.coder_options import MODES, Mode
from pyinfo.errors import CorruptDataError

_ROWS_BYTES: Final = 1 << 20  # decoded at a time when a frame is iterated over


class Block(NamedTuple):
    """A block of a frame: one byte plane of a run of items, coded on its own.

    Attributes
    ----------
    mode
        ``"raw"``, ``"constant"``, ``"huffman"``, ``"rans"``, or of few symbols ``"digits"`` or
        ``"bitmap"``.
    plane
        Which byte of the items, in memory order; of the rotated items if `Frame.rotated`.
    start, stop
        The run of items, counted in memory order.
    coded_size
        Bytes in the frame, header of the block included.
    offset
        Where in the frame the block begins.
    lanes
        Number of interleaved coder states; 0 for raw and constant blocks.

    Examples
    --------
    >>> frame = pyinfo.Frame(pyinfo.compress(np.zeros(1000, np.uint8)))
    >>> [(block.mode, block.stop) for block in frame.blocks]
    [('constant', 1000)]
    """

    mode: Mode
    plane: int
    start: int
    stop: int
    coded_size: int
    offset: int
    lanes: int


class DamagedBlock(NamedTuple):
    """What is wrong with a frame, and where.

    Attributes
    ----------
    block
        Number of the block; None if it is not a block, but the index or the end of the frame.
    offset
        Where in the frame the damaged part begins.
    message
        What is wrong, in one sentence.

    Examples
    --------
    >>> frame = bytearray(pyinfo.compress(np.random.default_rng(0).bytes(1000)))
    >>> frame[500] ^= 1
    >>> [damaged.block for damaged in pyinfo.Frame(bytes(frame)).verify()]
    [0]
    """

    block: int | None
    offset: int
    message: str


class Frame:
    """An array in compressed form, of which any part can be read.

    ``frame[a:b]`` decodes only the blocks that hold these elements. Damage elsewhere in the frame
    does not matter then: what is intact stays readable. What a `Compressor` has written says at its
    end how much it is: if that is lost, ``len(frame)`` is what was found, ``frame[:len(frame)]``
    reads it, and what asks for the end of the array raises CorruptDataError.

    Parameters
    ----------
    data : bytes-like
        One whole frame: bytes, a memoryview, a memory map, an array of bytes. It is not copied,
        and must not change while the `Frame` is open.
    threads : int, optional
        How many to use when decoding and verifying, 0 for one per core.
    max_size : int, optional
        The most bytes that the array may have; ValueError beyond. To read a part of a frame takes
        the memory for this part and at most 32 MiB for each thread, whatever the array's size.

    Raises
    ------
    CorruptDataError
        If the header of the frame is damaged, or nothing in it can be found.

    Notes
    -----
    A pickle has the whole frame in it; that of a `Frame.open` has the file's absolute path instead.

    See Also
    --------
    Frame.open : a frame in a file.

    Examples
    --------
    >>> frame = pyinfo.Frame(pyinfo.compress(np.arange(10)))
    >>> frame[3:5]
    array([3, 4])
    """

    def __init__(self, data: Any, *, threads: int = 1, max_size: int | None = None) -> None:
        if isinstance(data, (str, os.PathLike)):
            raise TypeError("Frame takes the bytes of a frame; Frame.open takes the name of a file")
        self._threads = thread_count(threads)
        self._max_size = max_size
        self._data = data
        self._path: str | None = None
        self._map: mmap.mmap | None = None
        self._reader = _core.FrameReader(data, size_limit(max_size))
        self._layout = ArrayLayout.parse(
            self._reader.metadata, self._reader.items * self._reader.planes
        )

    @classmethod
    def open(
        cls, path: str | os.PathLike[str], *, threads: int = 1, max_size: int | None = None
    ) -> Self:
        """Map a regular file into memory and return the frame in it.

        The file must stay as it is while the frame is open. If another program cuts it off, the
        system ends a process that reads the missing part, as it does with all mapped files.
        """
        with Path(path).open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ValueError(
                    f"{os.fspath(path)!r} is no regular file and cannot be mapped: "
                    "read it, and make a Frame of the bytes"
                )
            empty = status.st_size == 0
            data = b"" if empty else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        try:
            frame = cls(data, threads=threads, max_size=max_size)
        except BaseException:
            if isinstance(data, mmap.mmap):
                # The error's traceback may still hold on to the reader; then the collector closes.
                with contextlib.suppress(BufferError):
                    data.close()
            raise
        if isinstance(data, mmap.mmap):
            frame._map = data
        frame._path = str(Path(path).absolute())
        return frame

    def close(self) -> None:
        """Let go of the data; the frame cannot be read any more."""
        self._reader.close()
        self._data = None
        if self._map is not None:
            with contextlib.suppress(BufferError):  # another thread is reading: it closes the map
                self._map.close()
            self._map = None

    def __reduce__(self) -> tuple[Callable[..., Self], tuple[Any, ...], dict[str, Any]]:
        if self._data is None:
            raise ValueError("the frame is closed")
        state = {"threads": self._threads, "max_size": self._max_size}
        if self._path is not None:
            return type(self).open, (self._path,), state
        return type(self), (bytes(bytes_of(self._data)),), state

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self._threads = thread_count(state["threads"])
        self._max_size = state["max_size"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return (
            f"<Frame: {self.dtype} {self.shape}, {self.coded_size} bytes for {self.nbytes} "
            f"in {self._reader.block_count} blocks{', rotated' if self.rotated else ''}>"
        )

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the array's elements."""
        return self._layout.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return self._layout.shape

    @property
    def order(self) -> Literal["C", "F"]:
        """Whether the last or the first axis is the one that varies fastest."""
        return "F" if self._layout.fortran_order else "C"

    @property
    def nbytes(self) -> int:
        """Bytes of the array."""
        return self._layout.size

    @property
    def coded_size(self) -> int:
        """Bytes of the frame."""
        return self._reader.size

    @property
    def rotated(self) -> bool:
        """Whether elements were rotated left by one bit before they were split into byte planes."""
        return self._reader.rotated

    @property
    def blocks(self) -> list[Block]:
        """The blocks, in the order of the frame: all planes of the first items, and so on."""
        planes = self._reader.planes
        chunk = self._reader.chunk_items
        blocks = []
        for i, (mode, lanes, symbols, size, offset) in enumerate(self._reader.blocks()):
            start = i // planes * chunk
            name = cast("Mode", MODES[mode])
            blocks.append(Block(name, i % planes, start, start + symbols, size, offset, lanes))
        return blocks

    def verify(self) -> list[DamagedBlock]:
        """Check and decode everything; return what is damaged, an empty list if nothing is."""
        return [DamagedBlock(*damage) for damage in self._reader.verify(self._threads)]

    def __len__(self) -> int:
        """Length of the first axis."""
        if not self.shape:
            raise TypeError("len() of a frame that holds a 0-dimensional array")
        return self.shape[0]

    def __getitem__(self, key: Any) -> Any:
        """Return a part of the array, as the array itself would; only its rows are decoded."""
        first, *rest = key if isinstance(key, tuple) and key else (key,)
        if self.shape and isinstance(first, slice):
            self._require_end_of(first, len(self))
            rows = range(*first.indices(len(self)))
            part = self.read(min(rows), max(rows) + 1) if rows else self.read(0, 0)
            part = part[:: rows.step]
            return part[(slice(None), *rest)] if rest else part
        if self.shape and isinstance(first, SupportsIndex) and not _is_boolean_or_array(first):
            row = operator.index(first)
            if not 0 <= row < len(self):
                self._reader.require_known_items()
            if not -len(self) <= row < len(self):
                raise IndexError(f"index {row} is out of bounds for axis 0 with size {len(self)}")
            row %= len(self)
            return self.read(row, row + 1)[(0, *rest)]
        return self.read()[key]

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the first axis, many elements being decoded at a time."""
        length = len(self)
        step = max(1, _ROWS_BYTES // max(1, self._layout.row_size))
        if self._layout.fortran_order:
            step = max(1, length)
        for start in range(0, length, step):
            yield from self.read(start, min(start + step, length))
        self._reader.require_known_items()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Return the whole array, decoded."""
        if copy is False:
            raise ValueError("a frame cannot be made an array without decoding it")
        array = self.read()
        return array if dtype is None else array.astype(dtype, copy=False)

    def read(
        self, start: int = 0, stop: int | None = None, *, out: NDArray[Any] | None = None
    ) -> NDArray[Any]:
        """Decode the elements start:stop of the first axis.

        Parameters
        ----------
        start, stop : int, optional
            As in a slice; everything by default. Of a Fortran-ordered array, where these elements
            lie scattered, everything is decoded whatever they are.
        out : ndarray, optional
            An array of the same dtype and of the result's shape to decode into. If an error is
            raised, its contents are undefined.

        Returns
        -------
        ndarray
            `out` if given.

        Raises
        ------
        CorruptDataError
            If one of the blocks that are needed is damaged.
        """
        layout = self._layout
        if not layout.shape:
            if start != 0 or stop is not None:
                raise IndexError("a 0-dimensional array has no part that could be read")
            low, high, rows = 0, 1, None
            shape: tuple[int, ...] = ()
        else:
            self._require_end_of(slice(start, stop), layout.shape[0])
            low, high, _ = slice(start, stop).indices(layout.shape[0])
            rows = max(0, high - low)
            shape = (rows, *layout.shape[1:])
        array = None if out is None else checked_out(out, layout.dtype, shape)
        self._require_blocks(layout.size if layout.fortran_order else high * layout.row_size)
        if layout.fortran_order:
            part = layout.empty()
            self._decode(0, in_memory_order(part))
            part = part[low : low + (rows or 0)]
        else:
            part = array if array is not None and layout.is_in_place(array) else layout.empty(rows)
            self._decode(low * layout.row_size, part)
        if out is None or array is None:
            return part
        if part is not array:
            array[...] = part
        return out

    def read_flat(self, start: int = 0, stop: int | None = None) -> NDArray[Any]:
        """Decode the elements start:stop of the array as it lies in memory: see `order`.

        Parameters
        ----------
        start, stop : int, optional
            As in a slice; everything by default.

        Returns
        -------
        ndarray
            Of one dimension.

        Raises
        ------
        CorruptDataError
            If one of the blocks that are needed is damaged.
        """
        layout = self._layout
        self._require_end_of(slice(start, stop), math.prod(layout.shape))
        low, high, _ = slice(start, stop).indices(math.prod(layout.shape))
        part = np.ndarray(max(0, high - low), layout.dtype)
        self._require_blocks(high * layout.dtype.itemsize if low < high else 0)
        self._decode(low * layout.dtype.itemsize, part)
        return part

    def _require_end_of(self, part: slice, length: int) -> None:
        """Raise if a part depends on where the array ends, and that is not known."""
        backwards = part.step is not None and operator.index(part.step) < 0
        highest = part.start if backwards else part.stop
        given = [operator.index(bound) for bound in (part.start, part.stop) if bound is not None]
        if highest is None or operator.index(highest) > length or min(given, default=0) < 0:
            self._reader.require_known_items()

    def _require_blocks(self, stop: int) -> None:
        """Raise if blocks before this byte are missing, before memory is asked for."""
        reader = self._reader
        chunks = -(-stop // (reader.chunk_items * reader.planes))
        if chunks * reader.planes > reader.block_count:
            raise CorruptDataError(
                f"block {reader.block_count} at byte {reader.size}: it is missing", reader.size
            )

    def _decode(self, offset: int, array: NDArray[Any]) -> None:
        """Fill a C-contiguous array with the data from this byte on."""
        planes = self._reader.planes
        first = offset // planes
        last = -(-(offset + array.nbytes) // planes)
        if first * planes == offset and (last - first) * planes == array.nbytes:
            self._reader.decode(first, last, array, self._threads)
            return
        # Elements of the array do not begin where items of the frame do.
        items = np.empty((last - first) * planes, np.uint8)
        self._reader.decode(first, last, items, self._threads)
        skip = offset - first * planes
        array.reshape(-1).view(np.uint8)[:] = items[skip : skip + array.nbytes]


def _is_boolean_or_array(index: object) -> bool:
    """Whether NumPy takes it for something else than a number of an element."""
    return isinstance(index, (bool, np.bool_, np.ndarray))


def concatenated_frames(data: memoryview, *, threads: int = 1) -> Iterator[tuple[int, Frame]]:
    """Iterate over frames that stand one after another: where each begins, and the frame.

    Raises
    ------
    CorruptDataError
        If what follows a frame is none; offsets are those in that part of the data.
    """
    begin = 0
    while begin == 0 or begin < len(data):
        try:
            size = _core.FrameReader(data[begin:], NO_LIMIT, others_follow=True).size
            frame = Frame(data[begin : begin + size], threads=threads)
        except CorruptDataError as error:
            if begin == 0:
                raise
            raise CorruptDataError(f"what follows at byte {begin}: {error}", begin) from error
        yield begin, frame
        begin += size
