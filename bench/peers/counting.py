"""Samples to count, and what other packages count them with, each only if it is installed."""

from collections.abc import Callable, Mapping
from importlib import import_module, util
from typing import Any

import numpy as np

import pyinfo
from bench.inputs.distributions import Array
from bench.processes.timing import Call

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


def _value_counts(package: str) -> Callable[[Array], Call]:
    """Those of pandas and polars, which hold the samples as a series already."""
    return lambda samples: Call(import_module(package).Series(samples).value_counts)


_PEERS: Mapping[str, Callable[[Array], Call]] = {
    UNIQUE: lambda samples: Call(np.unique, (samples,), {"return_counts": True}),
    BINCOUNT: lambda samples: Call(np.bincount, (samples,)),
    **{f"{package} value_counts": _value_counts(package) for package in PACKAGES},
}


def peers(kind: str) -> list[str]:
    """Names of what counts samples of a kind: NumPy's functions, and peers that are installed."""
    there = [f"{package} value_counts" for package in PACKAGES if util.find_spec(package)]
    return [UNIQUE, *([BINCOUNT] if kind.startswith("uint") else []), *there]


def checked_call(row: str, samples: Array, own: pyinfo.Counts) -> Call:
    """A peer's way to count these samples, once its counts are seen to be pyinfo's."""
    call = _PEERS[row](samples)
    values, counts = _counted(call())
    order = np.argsort(values)
    if not (
        np.array_equal(values[order], own.values) and np.array_equal(counts[order], own.counts)
    ):
        raise AssertionError(f"{row} does not count what pyinfo counts")
    return call


def _counted(result: Any) -> tuple[Array, Array]:
    """Values and counts of a peer's result, in any order."""
    if isinstance(result, tuple):
        return result
    if isinstance(result, np.ndarray):
        return np.flatnonzero(result), result[result > 0]
    if hasattr(result, "columns"):
        values, counts = (result[column].to_numpy() for column in result.columns)
    else:
        values, counts = result.index.to_numpy(), result.to_numpy()
    return (values.astype(np.str_) if values.dtype.kind == "O" else values), counts


def _claimed(kind: str, row: str) -> Callable[[int], Call]:
    def prepare(n: int) -> Call:
        samples = SAMPLES[kind](n)
        return checked_call(row, samples, pyinfo.Counts.from_samples(samples))

    return prepare


# For the claims of these names.
PEERS: Mapping[str, Mapping[str, Callable[[int], Call]]] = {
    f"Counts.from_samples, {kind}": {row: _claimed(kind, row) for row in peers(kind)}
    for kind in SAMPLES
}
