"""Samples to count, and what other packages count them with, each only if it is installed."""

from collections.abc import Callable, Mapping
from importlib import import_module, util
from typing import Any

import numpy as np

from .inputs import Array
from .timing import Call

PACKAGES = ("pandas", "polars")

UNIQUE = "np.unique"
BINCOUNT = "np.bincount"


def _drawn(values: Array, n: int) -> Array:
    return values[np.random.default_rng(1).integers(0, len(values), n)]


def _sparse(distinct: int) -> Array:
    limits = np.iinfo(np.int64)
    return np.random.default_rng(0).integers(limits.min, limits.max, distinct)


def _skewed(n: int) -> Array:
    return np.minimum(np.random.default_rng(0).geometric(0.5, n), 255).astype(np.uint8)


SAMPLES: Mapping[str, Callable[[int], Array]] = {
    "uint8 uniform": lambda n: np.random.default_rng(0).integers(0, 256, n, np.uint8),
    "uint8 constant": lambda n: np.zeros(n, np.uint8),
    "uint8 skewed": _skewed,
    "uint16 uniform": lambda n: np.random.default_rng(0).integers(0, 65536, n, np.uint16),
    "int64, 1000 distinct, dense": lambda n: np.random.default_rng(0).integers(0, 1000, n),
    "int64, 1000 distinct, sparse": lambda n: _drawn(_sparse(1000), n),
    "int64, 1e5 distinct, sparse": lambda n: _drawn(_sparse(100_000), n),
    "int64, nearly all distinct": _sparse,
    "str, 1000 distinct": lambda n: _drawn(np.array([f"name{i:05d}" for i in range(1000)]), n),
}


def calls(samples: Array) -> dict[str, Call]:
    """Peers' ways to count these samples; pandas and polars hold them as series already."""
    found = {UNIQUE: Call(np.unique, (samples,), {"return_counts": True})}
    if samples.dtype.kind == "u":
        found[BINCOUNT] = Call(np.bincount, (samples,))
    if util.find_spec("pandas"):
        series = import_module("pandas").Series(samples)
        found["pandas value_counts"] = Call(series.value_counts)
    if util.find_spec("polars"):
        series = import_module("polars").Series(samples)
        found["polars value_counts"] = Call(series.value_counts)
    return found


def total(result: Any) -> int:
    """How many samples a peer's result says there are: that of all is the same."""
    if isinstance(result, tuple):
        return int(result[1].sum())
    if hasattr(result, "get_column"):
        return int(result.get_column("count").sum())
    return int(result.sum())
