"""The codec that numcodecs knows as "pyinfo": ``numcodecs.get_codec({"id": "pyinfo"})``.

Zarr arrays of format 2, and what else is built upon numcodecs, can use it. It is found by its entry
point, without an import.
"""

from __future__ import annotations

import operator
from typing import Any

from numcodecs.abc import Codec  # type: ignore[import-untyped]
from numcodecs.compat import ensure_contiguous_ndarray  # type: ignore[import-untyped]

from pyinfo.arguments import size_limit
from pyinfo.coding.coder_options import Coder, coder_options
from pyinfo.integrations.chunk_frames import (
    DEFAULT_BLOCK_SIZE,
    check_typesize,
    compress_planes,
    decompress_planes,
)

__all__ = ["Pyinfo"]


class Pyinfo(Codec):  # type: ignore[misc] # numcodecs has no types
    """Frames of pyinfo as a codec of numcodecs.

    Parameters
    ----------
    coder : {"auto", "huffman", "rans", "raw"}, optional
    block_size : int, optional
    threads : int, optional
    effort : {1, 2}, optional
        As for `pyinfo.compress`.
    typesize : int, optional
        Size of an item, 1 to 64. By default that of the elements if an array is encoded, 1 if bytes
        are.
    floats : bool, optional
        Whether items are little-endian floats: see `pyinfo.Compressor`. By default as the dtype
        says if an array is encoded; bytes are not.
    max_size : int, optional
        The most bytes that a decoded buffer may have; ValueError beyond. It is not part of the
        configuration that is stored.
    """

    codec_id = "pyinfo"

    def __init__(
        self,
        coder: Coder = "auto",
        block_size: int = DEFAULT_BLOCK_SIZE,
        threads: int = 1,
        effort: int | None = None,
        typesize: int | None = None,
        floats: bool | None = None,
        max_size: int | None = None,
    ) -> None:
        self.coder = coder
        self.block_size = operator.index(block_size)
        self.threads = threads
        self.effort = effort
        self.typesize = None if typesize is None else check_typesize(typesize)
        self.floats = floats
        size_limit(max_size)
        self._max_size = max_size
        coder_options(1, coder, block_size, threads, effort)

    def encode(self, buf: Any) -> bytes:
        """Return a frame of the bytes of `buf`, an array or a bytes-like object."""
        return compress_planes(
            buf,
            self.typesize,
            self.floats,
            coder=self.coder,
            block_size=self.block_size,
            threads=self.threads,
            effort=self.effort,
        )

    def decode(self, buf: Any, out: Any = None) -> Any:
        """Return the bytes of a frame, or `out` with them in its memory.

        Raises
        ------
        pyinfo.CorruptDataError
            If anything in the frame is damaged.
        """
        target = None if out is None else ensure_contiguous_ndarray(out)
        decoded = decompress_planes(buf, target, self.threads, self._max_size)
        return decoded if out is None else out
