"""Compress whole arrays into frames, and decompress them again."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from pyinfo import _core
from pyinfo.arguments import checked_out, size_limit, thread_count
from pyinfo.coding.array_layout import ArrayLayout, as_array, in_memory_order
from pyinfo.coding.coder_options import Coder, coder_options


def compress(
    data: Any,
    *,
    coder: Coder = "auto",
    block_size: int | None = None,
    threads: int = 1,
    effort: int | None = None,
) -> bytes:
    """Compress bytes or an array of any dtype and shape into a frame.

    Parameters
    ----------
    data : bytes-like or array_like
        Elements of several bytes are split into byte planes, each of which is coded or stored as
        it pays. Little-endian floats of 2, 4 or 8 bytes are rotated by one bit before that if a
        sample says that it pays: their exponents then do not straddle two bytes. Arrays that are
        contiguous in memory, in C or Fortran order, are not copied. Arrays of Python objects are
        refused.
    coder : {"auto", "huffman", "rans", "raw"}, optional
        What blocks are coded with. "auto" picks the smallest for each block by its exact cost,
        and stores one that coding would make less than 1/128 shorter. Up to 16 values become
        digits, several to a byte, and one value that most symbols have leaves a bitmap and the
        rest: these are several times as fast, and taken unless a code is more than 1/64 shorter.
        With the others, too, a block of one value takes a byte, and one that does not get smaller
        is stored.
    block_size : int, optional
        Symbols (bytes of one plane) in a block, 1 to 2**20. By default 2**18, and 2**20 for 2**22
        and more elements of one byte that have few values. Reading a part of a frame decodes whole
        blocks.
    threads : int, optional
        How many to use, 0 for one per core. The result does not depend on it.
    effort : {1, 2}, optional
        1 looks at a sample of each block only: faster, and a little larger. 2 is the default.

    Returns
    -------
    bytes
        Less than 0.1 % plus 64 bytes longer than the data if these do not compress, with blocks
        of the default size.

    See Also
    --------
    decompress, Frame : read a frame.
    compress_file, Compressor : for data that do not fit in memory.

    Examples
    --------
    >>> frame = pyinfo.compress(np.zeros((1000, 3), np.float32))
    >>> pyinfo.decompress(frame).shape
    (1000, 3)
    """
    array = as_array(data)
    layout = ArrayLayout.of(array)
    options = coder_options(layout.planes, coder, block_size, threads, effort)
    return _core.compress(
        in_memory_order(array),
        layout.planes,
        layout.metadata(),
        *options,
        layout.floats,
        block_size is None,
    )


def decompress(
    data: Any,
    *,
    out: NDArray[Any] | None = None,
    threads: int = 1,
    max_size: int | None = None,
) -> NDArray[Any]:
    """Return the array that a frame holds.

    Parameters
    ----------
    data : bytes-like
        One whole frame and nothing else, as `compress` or `compress_file` has written it.
    out : ndarray, optional
        An array of the same dtype and shape to decode into. If an error is raised, its contents
        are undefined.
    threads : int, optional
        How many to use, 0 for one per core.
    max_size : int, optional
        The most bytes that the result may have. A small frame can stand for much data: set this
        for frames that you have not written yourself.

    Returns
    -------
    ndarray
        With dtype, shape and order in memory of what was compressed; an array of uint8 if that
        was bytes. `out` if given.

    Raises
    ------
    CorruptDataError
        If anything in the frame is damaged: its header, a block, the index, or the end.
    ValueError
        If the result would be larger than `max_size`.

    Examples
    --------
    >>> pyinfo.decompress(pyinfo.compress(np.arange(4)))
    array([0, 1, 2, 3])
    """
    reader = _core.FrameReader(data, size_limit(max_size))
    reader.require_complete()  # before memory is asked for: a damaged frame may claim anything
    layout = ArrayLayout.parse(reader.metadata, reader.items * reader.planes)
    array = layout.empty() if out is None else checked_out(out, layout.dtype, layout.shape)
    target = array if layout.is_in_place(array) else layout.empty()
    reader.decode(0, reader.items, in_memory_order(target), thread_count(threads))
    if target is not array:
        array[...] = target
    return array if out is None else out
