"""information_content: elementwise, any shape; its accuracy is in test_accuracy_log.py."""

from __future__ import annotations

import math

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyinfo import entropy, information_content
from support import oracle

DOUBLE = 2.0**-52


def test_scalars() -> None:
    for p, bits in ((1.0, 0.0), (0.5, 1.0), (0.0, math.inf), (-0.0, math.inf), (5e-324, 1074.0)):
        got = information_content(p)
        assert type(got) is float
        assert got == bits
        assert not np.signbit(got)
        single = information_content(np.float32(p))
        assert type(single) is np.float32
    assert type(information_content(np.float64(0.5))) is float
    assert type(information_content(np.array(0.5))) is float
    assert type(information_content(np.float16(0.5))) is float
    assert math.isnan(information_content(math.nan))
    assert information_content(1) == 0
    assert information_content(0) == math.inf
    assert information_content(True) == 0
    assert information_content(False) == math.inf


@pytest.mark.parametrize("shape", [(0,), (1,), (7,), (3, 4), (2, 0, 3), (1, 1, 1, 5), (300,)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_shapes(shape: tuple[int, ...], dtype: type) -> None:
    p = np.random.default_rng(1).random(shape).astype(dtype)
    got = information_content(p)
    assert got.shape == shape
    assert got.dtype == dtype
    np.testing.assert_allclose(got, -np.log2(p.astype(np.float64)), rtol=2 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("offset", [0, 1])
def test_every_tail_length(dtype: type, offset: int) -> None:
    p = np.random.default_rng(2).random(302).astype(dtype)[offset:]
    whole = information_content(p)
    for n in range(301):
        np.testing.assert_array_equal(information_content(p[:n]), whole[:n])


@pytest.mark.parametrize(
    "dtype",
    [np.float16, ml_dtypes.bfloat16, np.longdouble, ">f8", ">f4", "<f8"],
    ids=lambda d: np.dtype(d).str,
)
def test_types(dtype: object) -> None:
    values = np.array([0.0, 0.25, 0.3, 0.5, 0.999, 1.0]).astype(dtype)
    got = information_content(values)
    wide = values.astype(np.float64)
    expected = np.float32 if values.dtype == np.dtype(">f4") else np.float64
    assert got.dtype == expected
    assert got.dtype.isnative
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(got, -np.log2(wide), rtol=2 * np.finfo(expected).eps)


@pytest.mark.parametrize("dtype", [bool, *"bhilqBHILQ"])
def test_integers_are_the_probabilities_0_and_1(dtype: object) -> None:
    got = information_content(np.array([0, 1, 1, 0], dtype))
    assert got.dtype == np.float64
    np.testing.assert_array_equal(got, [math.inf, 0, 0, math.inf])


def test_all_halves_exhaustively() -> None:
    p = np.arange(2**16, dtype=np.uint16).view(np.float16)
    with np.errstate(divide="ignore", invalid="ignore"):  # signalling NaNs
        p = p[(p >= 0) & (p <= 1)]
        expected = -np.log2(p.astype(np.float64))
    np.testing.assert_allclose(information_content(p), expected, rtol=2 * DOUBLE)
    with np.errstate(divide="ignore", invalid="ignore"):
        brain = np.arange(2**16, dtype=np.uint16).view(ml_dtypes.bfloat16).astype(np.float64)
        keep = (brain >= 0) & (brain <= 1)
        expected = -np.log2(brain[keep])
    got = information_content(np.arange(2**16, dtype=np.uint16).view(ml_dtypes.bfloat16)[keep])
    np.testing.assert_allclose(got, expected, rtol=2 * DOUBLE)


def test_rounding_above_1_counts_as_1() -> None:
    assert information_content(1 + 1e-9) == 0
    assert information_content(np.float32(1 + 1e-4)) == 0
    got = information_content([1 + 1e-9, 0.5])
    np.testing.assert_array_equal(got, [0, 1])
    assert not np.signbit(got).any()


def test_nan_spoils_its_element_only() -> None:
    p = np.full(20, 0.5)
    p[[0, 7, 19]] = math.nan
    expected = np.where(np.isnan(p), math.nan, 1)
    np.testing.assert_array_equal(information_content(p), expected)
    np.testing.assert_array_equal(information_content(p.astype(np.float32)), expected)


@pytest.mark.parametrize("base", [2, math.e, 10, 0.5, 1e300, 1e-300, 1.0000001, np.float32(3), 4])
def test_bases(base: float) -> None:
    p = [0.001, 0.25, 0.7, 1.0, 1e-300]
    for x, got in zip(p, information_content(p, base=base), strict=True):
        expected = -oracle.mp.log(oracle.exact(x)) / oracle.mp.log(oracle.exact(float(base)))
        oracle.assert_accurate(got, expected, 2 * DOUBLE)
    if base > 1:
        assert information_content(0.0, base=base) == math.inf


def test_out() -> None:
    p = np.array([0.5, 0.25, 1.0])
    out = np.full(3, -1.0)
    assert information_content(p, out=out) is out
    np.testing.assert_array_equal(out, [1, 2, 0])
    strided = np.full(6, -1.0)
    information_content(p, out=strided[::2])
    np.testing.assert_array_equal(strided, [1, -1, 2, -1, 0, -1])
    single = np.zeros((), np.float32)
    assert information_content(np.float32(0.125), out=single) is single
    assert single == 3
    whole = np.zeros((2, 3), order="F")
    information_content(np.stack([p, p]), out=whole)
    np.testing.assert_array_equal(whole, [[1, 2, 0], [1, 2, 0]])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_out_over_p(dtype: type) -> None:
    source = np.random.default_rng(3).random(5000).astype(dtype)
    expected = information_content(source)

    def views(array: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        return [
            (array, array),
            (array[:-1], array[1:]),
            (array[1:], array[:-1]),
            (array, array[::-1]),
            (array[::2], array[: len(array[::2])]),
            (array[: len(array[::2])], array[::2]),
            (array.reshape(50, 100)[:50, :50], array.reshape(50, 100)[:50, :50].T),
        ]

    wanted = [np.array(p) for p, _ in views(expected)]
    for i, want in enumerate(wanted):
        p, out = views(source.copy())[i]
        assert information_content(p, out=out) is out
        np.testing.assert_array_equal(out, want)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_never_negative_and_the_mean_is_the_entropy(values: list[float]) -> None:
    p = np.array(values)
    got = information_content(p)
    assert (got >= 0).all()
    assert not np.signbit(got).any()
    falling = got[np.argsort(p)]
    assert (falling[:-1] >= falling[1:]).all()
    if p.sum() > 0:
        p = p / p.sum()
        content = information_content(p)
        mean = math.fsum(x * c for x, c in zip(p, content, strict=True) if x > 0)
        assert math.isclose(entropy(p), mean, rel_tol=1e-14, abs_tol=1e-15)


def test_strided_and_broadcast() -> None:
    p = np.random.default_rng(4).random((6, 8, 10))
    for view in (p[::2], p[:, ::-3], p.T, p[..., 3], np.broadcast_to(p[0], (4, 8, 10))):
        copy = information_content(np.ascontiguousarray(view))
        np.testing.assert_array_equal(information_content(view), copy)
    unaligned = np.frombuffer(b"?" + p.tobytes(), offset=1)
    np.testing.assert_array_equal(
        information_content(unaligned), information_content(p).reshape(-1)
    )
