"""Scales of weights against the optimum over all scales."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from pyinfo.quantization import dequantize, optimal_scales, quantize
from support import calibration_oracle as oracle

RNG = np.random.default_rng(17)


def outliers(size: Any) -> Any:
    x = RNG.standard_normal(size)
    return np.where(RNG.random(size) < 0.002, x * 30, x)


def reached(w: Any, scale: Any, bits: int, importance: Any = 1.0, **options: Any) -> float:
    q = quantize(w, scale, bits=bits, narrow=True, **options)
    back = dequantize(q, scale, dtype=np.float64, **options)
    return float(np.sum(importance * (np.asarray(w, np.float64) - back) ** 2))


def best(w: Any, bits: int, importance: Any = None) -> float:
    q = (1 << (bits - 1)) - 1
    given = [None] * len(w) if importance is None else importance
    return sum(oracle.least_error(row, q, each) for row, each in zip(w, given, strict=True))


@pytest.mark.parametrize("group", [32, 64, 128])
def test_four_bits_in_groups(group: int) -> None:
    w = RNG.standard_normal((64, 512)).astype(np.float32)
    scale = optimal_scales(w, 4, group=group)
    assert scale.shape == (64, 512 // group)
    assert scale.dtype == np.float32
    wanted = best(w.reshape(-1, group), 4)
    assert wanted * (1 - 1e-6) <= reached(w, scale, 4, group=group) <= wanted * 1.006


@pytest.mark.parametrize(
    ("bits", "most"), [(2, 1.001), (3, 1.005), (4, 1.01), (5, 1.01), (8, 1.06)]
)
def test_rows_with_outliers(bits: int, most: float) -> None:
    w = outliers((20, 1500)).astype(np.float32)
    scale = optimal_scales(w, bits, axis=0)
    wanted = best(w, bits)
    assert wanted * (1 - 1e-6) <= reached(w, scale, bits, axis=0) <= wanted * most


@pytest.mark.parametrize("size", [1, 2, 3, 17, 63, 4095, 4096, 4097, 9001])
@pytest.mark.parametrize("bits", [2, 4, 8])
def test_any_size(size: int, bits: int) -> None:
    w = RNG.standard_normal(size).astype(np.float32)
    scale = optimal_scales(w, bits)
    assert scale.shape == ()
    wanted = best(w[None], bits)
    if size > 16:  # of a few weights, all may lie next to the multiples of some small step
        assert reached(w, scale, bits) <= wanted * (1.02 if size > 4000 else 2) + 1e-9
    absmax = np.abs(w).max() / ((1 << (bits - 1)) - 1)
    assert reached(w, scale, bits) <= reached(w, absmax, bits) * 1.0001 + 1e-9


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("group", [None, 4])
def test_axes_are_those_of_quantize(axis: int, group: int | None) -> None:
    w = outliers((8, 12, 16)).astype(np.float32)
    scale = optimal_scales(w, 4, axis=axis, group=group)
    moved = np.moveaxis(w, axis, 0 if group is None else -1)
    plain = np.ascontiguousarray(moved)
    if group is None:
        assert np.array_equal(scale, optimal_scales(plain, 4, axis=0))
    else:
        same = optimal_scales(plain, 4, group=group)
        assert np.array_equal(np.moveaxis(scale, axis, -1), same)
    assert reached(w, scale, 4, axis=axis, group=group) < 0.3 * np.sum(w.astype(float) ** 2)


@pytest.mark.parametrize("dtype", [np.float64, np.float16, ml_dtypes.bfloat16])
def test_types(dtype: Any) -> None:
    w = RNG.standard_normal((4, 96)).astype(dtype)
    assert np.array_equal(
        optimal_scales(w, 4, group=32), optimal_scales(w.astype("f4"), 4, group=32)
    )


def test_importance() -> None:
    w = outliers((24, 256)).astype(np.float32)
    inputs = np.exp(RNG.standard_normal(256)).astype(np.float32)
    each = np.broadcast_to(inputs, w.shape)
    scale = optimal_scales(w, 4, group=64, importance=inputs)
    assert np.array_equal(scale, optimal_scales(w, 4, group=64, importance=each))
    wanted = best(w.reshape(-1, 64), 4, each.reshape(-1, 64))
    found = reached(w, scale, 4, each, group=64)
    assert wanted * (1 - 1e-6) <= found <= wanted * 1.01
    assert found < reached(w, optimal_scales(w, 4, group=64), 4, each, group=64)
    assert np.array_equal(
        optimal_scales(w, 4, group=64, importance=np.ones(256)), optimal_scales(w, 4, group=64)
    )
    nothing = optimal_scales(w, 4, axis=0, importance=np.zeros(256))
    assert (nothing > 0).all()
    turned = optimal_scales(w.T, 4, axis=1, importance=each.T)
    assert np.array_equal(turned, optimal_scales(w, 4, axis=0, importance=each))


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("exponent", [-1000, -140, -100, -40, 60, 100, 120])
def test_importance_has_no_unit(exponent: int, bits: int) -> None:
    """Sums of importance times squares neither vanish nor overflow."""
    w = outliers((20, 256)).astype(np.float32)
    for importance in (RNG.uniform(0.1, 4, 256), RNG.uniform(0.1, 4, w.shape)):
        moved = np.ldexp(importance, exponent)
        assert np.array_equal(
            optimal_scales(w, bits, group=64, importance=moved),
            optimal_scales(w, bits, group=64, importance=importance),
        )


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_importance_of_each_group_has_no_unit(bits: int) -> None:
    w = outliers((20, 128)).astype(np.float32)
    importance = RNG.uniform(0.1, 4, w.shape)
    moved = np.ldexp(importance, RNG.integers(-90, 30, (20, 1)))
    assert np.array_equal(
        optimal_scales(w, bits, axis=0, importance=moved),
        optimal_scales(w, bits, axis=0, importance=importance),
    )


def test_zeros_and_extremes() -> None:
    assert optimal_scales(np.zeros((2, 8)), 4, axis=0).tolist() == [0, 0]
    w = (RNG.standard_normal(500) * 1e-42).astype(np.float32)
    scale = optimal_scales(w, 4)
    assert np.isfinite(scale)
    assert scale > 0
    largest = np.finfo(np.float32).max
    assert optimal_scales(np.array([largest, -largest], np.float32), 2) == largest


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("exponent", [-120, -80, -60, 58, 64, 120, 125])
def test_squares_neither_vanish_nor_overflow(exponent: int, bits: int) -> None:
    """Groups of any magnitude side by side."""
    usual = RNG.standard_normal((20, 128)).astype(np.float32).clip(-4, 4)
    moved = usual.copy()
    moved[::2] = np.ldexp(moved[::2], exponent)
    scales = optimal_scales(usual, bits, axis=0)
    scales[::2] = np.ldexp(scales[::2], exponent)
    assert np.array_equal(optimal_scales(moved, bits, axis=0), scales)


@pytest.mark.parametrize("threads", [2, 0])
@pytest.mark.parametrize("group", [32, 1 << 18])
def test_threads_make_no_difference(threads: int, group: int) -> None:
    w = outliers(1 << 19).astype(np.float32)
    one = optimal_scales(w, 4, group=group)
    assert np.array_equal(optimal_scales(w, 4, group=group, threads=threads), one)


@pytest.mark.parametrize(("w", "options", "error", "words"), [
    ([], {}, ValueError, "w must not be empty"),
    ([1.0, np.nan], {}, ValueError, "w must be finite numbers of float32's range"),
    ([1.0, np.inf], {}, ValueError, "w must be finite numbers of float32's range"),
    ([1.0, 1e300], {}, ValueError, "w must be finite numbers of float32's range"),
    ([1.0, 2.0], {"importance": [1.0]}, ValueError, r"importance must have the shape \(2,\) of w"),
    ([[1.0, 2.0]], {"importance": [[1.0], [2.0]]}, ValueError, "importance must have the shape"),
    ([1.0, 2.0], {"importance": [1.0, -1.0]}, ValueError, "importance must be finite and not neg"),
    ([1.0, 2.0], {"importance": [1.0, np.nan]}, ValueError, "importance must be finite and not"),
    ([1.0, 2.0], {"bits": 1}, ValueError, "bits must be from 2 to 16, not 1"),
    (["a"], {}, TypeError, "w"),
])  # fmt: skip
def test_bad_input(w: Any, options: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        optimal_scales(w, **options)
