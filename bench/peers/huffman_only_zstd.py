"""How small zstd gets by its Huffman coder alone, without matches: what entropy coding compares to.

The parameter for it is an experimental one that no Python package has, so the system's library is
asked, where there is one.
"""

import ctypes
import ctypes.util
import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LEVEL = 100
_LITERAL_COMPRESSION = 1002  # ZSTD_c_literalCompressionMode
_HUFFMAN = 1
_FASTEST = -(1 << 17)  # looks for matches at almost no place


@functools.cache
def _library() -> Any:
    name = ctypes.util.find_library("zstd")
    if name is None:
        return None
    zstd = ctypes.CDLL(name)
    context, size, address = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p
    zstd.ZSTD_createCCtx.restype = context
    zstd.ZSTD_freeCCtx.argtypes = [context]
    zstd.ZSTD_compressBound.argtypes, zstd.ZSTD_compressBound.restype = [size], size
    zstd.ZSTD_CCtx_setParameter.argtypes = [context, ctypes.c_int, ctypes.c_int]
    zstd.ZSTD_CCtx_setParameter.restype = size
    zstd.ZSTD_compress2.argtypes = [context, address, size, address, size]
    zstd.ZSTD_compress2.restype = size
    zstd.ZSTD_isError.argtypes = [size]
    return zstd


def _checked(zstd: Any, result: int) -> int:
    if zstd.ZSTD_isError(result):
        raise RuntimeError("zstd does not code literals alone")
    return result


def huffman_only_size(array: NDArray[Any]) -> int | None:
    """Bytes of the array's shuffled bytes; None if the library is not there."""
    zstd = _library()
    if zstd is None:
        return None
    shuffled = np.ascontiguousarray(array.reshape(-1, 1).view(np.uint8).T)
    room = np.empty(zstd.ZSTD_compressBound(shuffled.size), np.uint8)
    context = zstd.ZSTD_createCCtx()
    try:
        for parameter, value in ((_LEVEL, _FASTEST), (_LITERAL_COMPRESSION, _HUFFMAN)):
            _checked(zstd, zstd.ZSTD_CCtx_setParameter(context, parameter, value))
        return _checked(
            zstd,
            zstd.ZSTD_compress2(
                context, room.ctypes.data, room.size, shuffled.ctypes.data, shuffled.size
            ),
        )
    finally:
        zstd.ZSTD_freeCCtx(context)
