"""Data that the tests of frames share."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from support.distributions import rng

Array = np.ndarray[Any, Any]


def symbols(n: int, bits: float, seed: int = 0) -> Array:
    """Return bytes of about this entropy, 0 to 8 bits."""
    if bits >= 8:
        return rng(seed, n).integers(0, 256, n, np.uint8)
    if bits <= 0:
        return np.full(n, 7, np.uint8)
    # A distribution of the form w^k over 256 values, of the width that gives the entropy.
    low, high = 1e-9, 1.0
    k = np.arange(256)
    for _ in range(60):
        w = (low + high) / 2
        p = w**k / (w**k).sum()
        entropy = -np.sum(p * np.log2(p, where=p > 0, out=np.zeros(256)))
        low, high = (w, high) if entropy < bits else (low, w)
    values = rng(seed, n, 1).permutation(256).astype(np.uint8)
    return values[rng(seed, n).choice(256, n, p=p)]


def dtypes() -> list[np.dtype[Any]]:
    """Return every kind of dtype that can be compressed."""
    plain = "? b B <h >h <i >I <q >Q <e <f >f <d >d g <F >D G <M8[ns] >M8[D] <m8[25s] <m8"
    text = "S1 S7 <U1 >U5 V1 V9 V64 V65 S0 U0 V0"
    names = ["bfloat16", "float8_e4m3fn", "float8_e5m2", "int4", "uint4", "float4_e2m1fn"]
    records: list[Any] = [
        [("x", "<f4"), ("y", ">i2")],
        [("a", "u1"), ("b", "<f8", (2, 3)), ("c", [("d", "S3"), ("e", "<M8[us]")])],
        [("many", "<f8", (20,))],
        [(("title", "a"), "u1"), ("größe", "<f4")],
        [],
    ]
    found = [np.dtype(code) for code in (*plain.split(), *text.split())]
    found += [np.dtype(getattr(ml_dtypes, name)) for name in names]
    found += [np.dtype(record) for record in records]
    found.append(np.dtype([("a", "u1"), ("b", "<f8")], align=True))
    return found


def filled(dtype: np.dtype[Any], shape: tuple[int, ...], order: Any = "C", seed: int = 0) -> Array:
    """Return an array of random bytes, valid as text where it has to be."""
    array: Array = np.ndarray(shape, dtype, order=order)
    size = array.nbytes
    if size == 0:
        return array
    data = symbols(size, 3.0, seed)
    if dtype.kind == "b":
        data &= 1
    elif dtype.kind == "U":
        points = rng(seed, size).integers(32, 0x2FFF, size // 4)
        data = points.astype(dtype.str[0] + "u4").view(np.uint8)
    flat = array.reshape(-1, order="A")
    flat.view(np.uint8)[:] = data
    return array


def same(got: Array, expected: Array) -> bool:
    """Whether two arrays are the same to the last bit, with dtype and shape."""
    # In memory order if they have the same: NumPy leaves out the padding of records in another.
    alike = got.flags.f_contiguous == expected.flags.f_contiguous
    order: Any = "A" if alike else "C"
    return (
        type(got) is np.ndarray
        and got.dtype == expected.dtype
        and got.shape == expected.shape
        and got.tobytes(order) == expected.tobytes(order)
    )
