"""Samples to count, labels, and counts: the same ones in every run."""

from collections.abc import Callable, Mapping

import numpy as np

from bench.inputs.distributions import Array

UNIFORM = "uint8 uniform"


def _drawn(values: Array, n: int) -> Array:
    return values[np.random.default_rng(1).integers(0, len(values), n)]


def _sparse(distinct: int) -> Array:
    limits = np.iinfo(np.int64)
    return np.random.default_rng(0).integers(limits.min, limits.max, distinct)


def _skewed(n: int) -> Array:
    return np.minimum(np.random.default_rng(0).geometric(0.5, n), 255).astype(np.uint8)


SAMPLES: Mapping[str, Callable[[int], Array]] = {
    UNIFORM: lambda n: np.random.default_rng(0).integers(0, 256, n, np.uint8),
    "uint8 constant": lambda n: np.zeros(n, np.uint8),
    "uint8 skewed": _skewed,
    "uint16 uniform": lambda n: np.random.default_rng(0).integers(0, 65536, n, np.uint16),
    "int64, 1000 distinct, dense": lambda n: np.random.default_rng(0).integers(0, 1000, n),
    "int64, 1000 distinct, sparse": lambda n: _drawn(_sparse(1000), n),
    "int64, 1e5 distinct, sparse": lambda n: _drawn(_sparse(100_000), n),
    "int64, nearly all distinct": _sparse,
    "str, 1000 distinct": lambda n: _drawn(np.array([f"name{i:05d}" for i in range(1000)]), n),
}


def labels(n: int, *, variables: int, different: int) -> tuple[Array, ...]:
    """Vectors of n labels, independent of each other."""
    return tuple(np.random.default_rng(0).integers(0, different, (variables, n)))


def alphabet(n: int) -> Array:
    """Counts of n symbols within a factor of 1000."""
    return np.random.default_rng(0).integers(1, 1000, n)
