"""Distributions that tests share: how they are drawn, and how measures are called on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

import pyinfo
from support import oracle

EPS: dict[Any, float] = {np.float32: 2.0**-23, np.float64: 2.0**-52}

Array = np.ndarray[Any, Any]


def rng(*seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def random(n: int, dtype: type = np.float64, seed: int = 0) -> Array:
    p = rng(seed, n).random(n) + 1e-3
    return (p / p.sum()).astype(dtype)


def exact(n: int, dtype: type = np.float64, seed: int = 0) -> Array:
    """Return multiples of 2**-24 (float32) or 2**-48 that sum to 1 exactly."""
    bits = 24 if dtype is np.float32 else 48
    inner: Any = rng(seed, n, 1).choice(2**bits - 1, n - 1, replace=False) + 1 if n > 1 else []
    cuts = np.sort(np.concatenate([[0], inner, [2**bits]])).astype(np.int64)
    return (np.diff(cuts) / 2.0**bits).astype(dtype)


def skewed(n: int, dtype: type = np.float64, seed: int = 0) -> Array:
    """Return one value of almost 1, the others share the rest."""
    rest = 1e-12 if dtype is np.float64 else 1e-6
    p = np.append(1 - rest, random(n - 1, np.float64, seed) * rest)
    return rng(seed).permutation(p).astype(dtype)


def geometric(n: int, dtype: type = np.float64, seed: int = 0) -> Array:
    """Return 1/2, 1/4, ... down to subnormal numbers and, if n is large, zeros."""
    return (0.5 ** np.arange(1, n + 1, dtype=np.float64)).astype(dtype)


def subnormal(n: int, dtype: type = np.float64, seed: int = 0) -> Array:
    """Return a distribution with a subnormal number at every third place from the second."""
    tiny = rng(seed, 2).random(n) * np.finfo(dtype).tiny
    p = random(n, np.float64, seed)
    p[1::3] = 0
    p /= p.sum()
    p[1::3] = tiny[1::3]
    return p.astype(dtype)


def near(p: Array, difference: float, seed: int = 0) -> Array:
    """Return p with each value changed by up to `difference`, relatively."""
    return (p * (1 + difference * rng(seed, 3).uniform(-1, 1, p.shape))).astype(p.dtype)


def moved(p: Array, difference: float) -> Array:
    """Return exact(...) with up to `difference` of a value moved to another: the sum stays 1."""
    bits = 24 if p.dtype == np.float32 else 48
    n = len(p) // 2
    units = (p * 2.0**bits).astype(np.int64)
    smaller = np.minimum(units[:n], units[n : 2 * n])
    step = np.where(smaller > 1, np.maximum(np.rint(smaller * difference), 1), 0).astype(np.int64)
    units[:n] += step
    units[n : 2 * n] -= step
    return (units / 2.0**bits).astype(p.dtype)


KINDS: dict[str, Callable[..., Array]] = {
    "random": random,
    "exact": exact,
    "skewed": skewed,
    "geometric": geometric,
    "subnormal": subnormal,
}


def measure(name: str, p: Any, q: Any = None, *, alpha: float | None = None, **options: Any) -> Any:
    """Call the measure with the positional arguments it takes."""
    positional = [p]
    if name in oracle.TWO_OPERANDS:
        positional.append(q)
    if name in oracle.WITH_ALPHA:
        positional.append(2.0 if alpha is None else alpha)
    return getattr(pyinfo, name)(*positional, **options)


# Every measure, those of an order with several.
ALL_MEASURES = [
    (name, alpha)
    for name in oracle.ONE_OPERAND + oracle.TWO_OPERANDS
    for alpha in ((0.5, 1.0, 2.0) if name in oracle.WITH_ALPHA else (None,))
]
MEASURE_IDS = [name if alpha is None else f"{name} {alpha:g}" for name, alpha in ALL_MEASURES]

# -- Hypothesis ------------------------------------------------------------------------------------

MOST = 40


def weights(least: int = 1, most: int = MOST) -> st.SearchStrategy[Array]:
    """Positive weights over many orders of magnitude, with zeros; not all zero."""
    magnitude = st.floats(-60, 0).map(lambda e: float(2.0**e))
    one = st.one_of(magnitude, st.just(0.0), st.sampled_from([1.0, 0.5, 0.25]))
    return (
        st.lists(one, min_size=least, max_size=most)
        .filter(lambda w: any(w))
        .map(lambda w: np.array(w))
    )


def distribution(least: int = 1, most: int = MOST) -> st.SearchStrategy[Array]:
    return weights(least, most).map(lambda w: w / w.sum())


@st.composite
def pairs(draw: st.DrawFn, least: int = 1, most: int = MOST) -> tuple[Array, Array]:
    n = draw(st.integers(least, most))
    return draw(distribution(n, n)), draw(distribution(n, n))


@st.composite
def tables(draw: st.DrawFn, count: int = 1) -> tuple[Array, ...]:
    """Draw joint tables of positive counts, all of one shape."""
    shape = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    cells = st.lists(
        st.integers(1, 1000), min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]
    )
    return tuple(np.array(draw(cells)).reshape(shape) for _ in range(count))


def straddling(n: int, dtype: Any) -> Array:
    """Return two numbers with random signs: such that floats of this type gain by rotation.

    The same random bit is on both sides of the border that rotation moves, in the byte of the sign
    and in the one below, and then only on one.
    """
    dtype = np.dtype(dtype)
    pair = {"float16": (1, 2.25), "float64": (2**-7, 2)}.get(dtype.name, (1, 2))
    values = rng(11).choice(pair, (n, 2)) * rng(12).choice((-1, 1), (n, 2))
    if dtype.kind == "c":
        return np.asarray((values[:, 0] + 1j * values[:, 1]).astype(dtype))
    return np.asarray(values[:, 0].astype(dtype))
