"""The logarithm: within 2 ULP of the exact value, float32 by dense sweeps, float64 by samples.

One ULP is the distance of neighbouring numbers of the result type in the binade of the exact value.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from pyinfo import information_content
from support import oracle

MOST = 2.0
BASES = pytest.mark.parametrize("base", [2, math.e, 10], ids=["2", "e", "10"])
ONE = np.float32(1).view(np.uint32).item()  # the bits of 1, the first that are not swept
CHUNK = 1 << 20

WIDE = {2: np.log2, math.e: np.log, 10: np.log10}


def errors(got: np.ndarray, exact: np.ndarray, mantissa: int, rest: object = 0) -> np.ndarray:
    """Errors in ULP; `rest` is what rounding left out of `exact`."""
    _, exponent = np.frexp(exact)
    return np.abs((got.astype(exact.dtype) - exact) - rest) * np.ldexp(1.0, mantissa - exponent)


def sweep_float32(bits: np.ndarray, base: float) -> float:
    """Return the largest error over the floats with the given bits, in ULP."""
    p = bits.astype(np.uint32).view(np.float32)
    # log of a double: wrong by 2^-52 of itself, and so by 2^-28 ULP of float32.
    exact = -WIDE[base](p.astype(np.float64))
    got = information_content(p, base=base)
    assert got.dtype == np.float32
    return float(errors(got, exact, 24).max())


@BASES
def test_float32_stride_over_all(base: float) -> None:
    stride = 251  # prime: meets every pattern of low bits
    for first in range(1, ONE, CHUNK * stride):
        bits = np.arange(first, min(ONE, first + CHUNK * stride), stride)
        assert sweep_float32(bits, base) <= MOST


# Whole binades: next to 1, where terms cancel; the reduction's edges; the ends of the range.
BINADES = {
    "below 1": 126,
    "below 1/2": 125,
    "middle": 100,
    "third": 3,
    "second": 2,
    "smallest normal": 1,
    "subnormal": 0,
}


@pytest.mark.parametrize("name", BINADES)
def test_float32_whole_binades(name: str) -> None:
    start = BINADES[name] << 23
    for first in range(max(start, 1), start + (1 << 23), CHUNK):
        bits = np.arange(first, min(first + CHUNK, start + (1 << 23)))
        assert sweep_float32(bits, 2) <= MOST


@pytest.mark.parametrize("base", [math.e, 10], ids=["e", "10"])
def test_float32_next_to_1_in_other_bases(base: float) -> None:
    for first in range(ONE - (1 << 22), ONE, CHUNK):
        assert sweep_float32(np.arange(first, first + CHUNK), base) <= MOST


def samples() -> np.ndarray:
    """Draw numbers in (0, 1): uniform, near 1, near each power of two, tiny and subnormal."""
    rng = np.random.default_rng(20)
    powers = np.ldexp(1.0, -np.arange(1, 1074))
    neighbours = [np.nextafter(powers, 0), np.nextafter(powers, 1)]
    near_one = [1 - np.ldexp(1 + rng.random(3), -k) for k in range(1, 53)]
    mantissas = 1 + np.arange(2**13) / 2**13  # every entry of a table, and between
    parts = [
        rng.random(40_000),
        0.5 + rng.random(20_000) / 2,
        1 - rng.random(10_000) * 2.0**-20,
        1 - np.arange(1, 3000) * 2.0**-53,
        np.exp(-rng.random(15_000) * 744),
        rng.integers(1, 2**52, 4000).astype(np.uint64).view(np.float64),
        np.arange(1, 1000, dtype=np.uint64).view(np.float64),
        *neighbours,
        *near_one,
        mantissas / 2,
        mantissas[1:] / 64,
        np.array([math.nextafter(1, 0), 2 / 3, 0.75, math.sqrt(0.5), 1 / 3, 0.375]),
    ]
    p = np.concatenate(parts)
    return p[(p > 0) & (p < 1)]


@pytest.fixture(scope="module")
def exact_logs() -> tuple[np.ndarray, list[object]]:
    p = samples()
    assert len(p) >= 100_000
    with oracle.mp.workdps(40):
        return p, [oracle.mp.log(x) for x in p.tolist()]


@BASES
def test_float64_samples(exact_logs: tuple[np.ndarray, list[object]], base: float) -> None:
    p, logs = exact_logs
    got = information_content(p, base=base)
    with oracle.mp.workdps(40):
        unit = -1 / oracle.mp.log(oracle.mp.mpf(base))
        values = [log * unit for log in logs]
        high = np.array([float(x) for x in values])
        low = np.array([float(x - h) for x, h in zip(values, high.tolist(), strict=True)])
    worst = errors(got, high, 53, low)
    where = int(worst.argmax())
    assert worst[where] <= MOST, f"{p[where]!r}: {got[where]!r} is off {worst[where]:.3g} ULP"


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 63, reason="long double is no wider here")
@BASES
def test_float64_dense(base: float) -> None:
    rng = np.random.default_rng(21)
    # math.e is not quite e.
    unit = np.log(np.longdouble(base)) if base == math.e else np.longdouble(1)
    for scale in (1.0, 2.0**-10, 2.0**-1000):
        p = rng.random(300_000) * scale
        p = np.append(p[p > 0], 1 - p[(p > 0) & (p < 0.01)])
        p = p[p < 1]
        exact = -WIDE[base](p.astype(np.longdouble)) / unit
        assert errors(information_content(p, base=base), exact, 53).max() <= MOST


def test_powers_of_two_are_exact() -> None:
    k = np.arange(1075)
    np.testing.assert_array_equal(information_content(np.ldexp(1.0, -k)), k)
    np.testing.assert_array_equal(information_content(np.ldexp(1.0, -2 * k[:538]), base=4), k[:538])
    k = np.arange(150)
    single = np.ldexp(np.float32(1), -k)
    assert single.dtype == np.float32
    np.testing.assert_array_equal(information_content(single), k)


def test_other_base_that_scales_far() -> None:
    p = np.array([0.9999999, 0.3, 1e-5, 1e-300])
    for base in (1 + 2.0**-52, 1e308, 5e-324, 0.1, 3, 65536):
        got = information_content(p, base=base)
        for x, y in zip(p, got, strict=True):
            expected = -oracle.mp.log(oracle.exact(x)) / oracle.mp.log(oracle.exact(base))
            oracle.assert_accurate(y, expected, 2.0**-51)


def test_monotone_across_binades() -> None:
    for dtype in (np.float64, np.float32):
        for k in range(1, 120):
            edge = dtype(2.0**-k)
            around = [np.nextafter(edge, dtype(0)), edge, np.nextafter(edge, dtype(1))]
            below, at, above = information_content(np.array(around, dtype))
            assert below >= at == k >= above
