"""How small zstd gets by its Huffman coder alone, without matches: what entropy coding compares to.

The parameter for it is an experimental one that no Python package has, so the system's library is
asked, where there is one.
"""

import ctypes
import ctypes.util
import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LEVEL = 100
_LITERAL_COMPRESSION = 1002  # ZSTD_c_literalCompressionMode
_HUFFMAN = 1
_FASTEST = -(1 << 17)  # looks for matches at almost no place


@functools.cache
def _library() -> Any:
    """With the types that its functions take and give; None if it is not there."""
    name = ctypes.util.find_library("zstd")
    if name is None:
        return None
    zstd = ctypes.CDLL(name)
    context, size, address = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p
    types: Mapping[str, tuple[Any, list[Any]]] = {
        "createCCtx": (context, []),
        "freeCCtx": (size, [context]),
        "compressBound": (size, [size]),
        "CCtx_setParameter": (size, [context, ctypes.c_int, ctypes.c_int]),
        "compress2": (size, [context, address, size, address, size]),
        "isError": (ctypes.c_uint, [size]),
    }
    for function, (result, arguments) in types.items():
        found = getattr(zstd, f"ZSTD_{function}")
        found.restype, found.argtypes = result, arguments
    return zstd


def huffman_only_size(array: NDArray[Any]) -> int | None:
    """Bytes of the array's shuffled bytes; None if the library is not there."""
    zstd = _library()
    if zstd is None:
        return None
    shuffled = np.ascontiguousarray(array.reshape(-1, 1).view(np.uint8).T)
    out = np.empty(zstd.ZSTD_compressBound(shuffled.size), np.uint8)
    context = zstd.ZSTD_createCCtx()
    results = [
        zstd.ZSTD_CCtx_setParameter(context, _LEVEL, _FASTEST),
        zstd.ZSTD_CCtx_setParameter(context, _LITERAL_COMPRESSION, _HUFFMAN),
        zstd.ZSTD_compress2(
            context, out.ctypes.data, out.size, shuffled.ctypes.data, shuffled.size
        ),
    ]
    zstd.ZSTD_freeCCtx(context)
    if any(map(zstd.ZSTD_isError, results)):
        raise RuntimeError("zstd does not code literals alone")
    return int(results[-1])
