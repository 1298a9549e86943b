"""What the codecs for chunks of arrays share: their defaults, and frames of plain bytes.

Such frames are split into planes, but say nothing of dtype and shape: a chunk is described by the
metadata of its array.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pyinfo import _core
from pyinfo.arguments import integer_from_to, size_limit, thread_count
from pyinfo.coding.array_layout import (
    MOST_PLANES,
    ArrayLayout,
    StatedLayout,
    as_array,
    in_memory_order,
)
from pyinfo.coding.coder_options import CoderOptions, coder_options

DEFAULT_BLOCK_SIZE: Final = 1 << 16
"""Smaller than that of `compress`.

Fields vary from region to region, which smaller blocks follow better, and a part that is read of a
chunk is often small.
"""


def check_typesize(typesize: int) -> int:
    """Check the size of an item."""
    return integer_from_to(typesize, "typesize", 1, MOST_PLANES)


def planes_of(dtype: np.dtype[Any]) -> int:
    """Return into how many planes elements of this type are split."""
    return ArrayLayout(dtype, ()).planes


def floats_of(dtype: np.dtype[Any]) -> bool:
    """Return whether elements of this type may be rotated before they are split."""
    return ArrayLayout(dtype, ()).floats


def compress_planes(data: Any, typesize: int | None, floats: bool | None, **options: Any) -> bytes:
    """Return a frame of the bytes of an array or a bytes-like object, in memory order.

    Parameters
    ----------
    data
        Of any type and shape.
    typesize
        Size of an item, that of the array's elements by default. Where it does not divide the
        data, these are not split.
    floats
        Whether items are little-endian floats; if None, those of the array's own type and size are
        what this type says.
    **options
        `coder`, `block_size`, `threads` and `effort`, as for `pyinfo.compress`.
    """
    array = as_array(data)
    planes = planes_of(array.dtype) if typesize is None else typesize
    if array.nbytes % planes != 0:
        planes = 1
    if floats is None:
        floats = planes == array.dtype.itemsize and floats_of(array.dtype)
    checked: CoderOptions = coder_options(planes, **options)
    return _core.compress(in_memory_order(array), planes, b"", *checked, floats)


def decompress_planes(
    data: Any, out: NDArray[Any] | None, threads: int, max_size: int | None = None
) -> NDArray[Any]:
    """Return the bytes of a frame in one dimension, or `out`, a C-contiguous array, with them."""
    reader = _core.FrameReader(data, size_limit(max_size))
    reader.require_complete()
    size = reader.items * reader.planes
    if reader.metadata:  # what any reader refuses
        StatedLayout.parse(reader.metadata).require_size(size)
    target = np.empty(size, np.uint8) if out is None else out
    reader.decode(0, reader.items, target, thread_count(threads))
    return target
