"""The data that is measured: valid distributions, the same ones in every run."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Shape = tuple[int, ...]


def distribution(shape: Shape, dtype: str = "float64", *, axis: int = -1, seed: int = 0) -> Array:
    """A random distribution, uniform on the simplex, along `axis`; no element is zero.

    Built in place, so that no freed temporary hides what a measured call needs.
    """
    p = np.random.default_rng(seed).standard_exponential(shape)
    p += np.finfo(np.float64).tiny
    p /= p.sum(axis=axis, keepdims=True)
    return p.astype(dtype, copy=False)


def near(p: Array, relative: float | Array, *, seed: int = 1) -> Array:
    """A distribution whose elements differ from those of `p` by about `relative`, up and down.

    Signs alternate between neighbours, so that the sum stays that of `p` to first order.
    """
    size = relative * np.random.default_rng(seed).random(p.shape)
    size[..., 1::2] *= -1
    q = p.astype(np.float64) * (1 + size)
    q /= q.sum(axis=-1, keepdims=True)
    return q.astype(p.dtype)
