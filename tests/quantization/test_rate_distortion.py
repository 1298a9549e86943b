"""Errors and sizes from the fine histogram against those that quantising gives."""

from __future__ import annotations

import math
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from pyinfo.quantization import RateDistortion, RatePoint, quantize, rate_distortion
from support import calibration_oracle as oracle

RNG = np.random.default_rng(19)
N = 300_000
DATA = {
    "normal": RNG.standard_normal(N),
    "laplace": RNG.laplace(size=N),
    "heavy": RNG.standard_t(4, N),
    "uniform": RNG.uniform(-1, 1, N),
    "one-sided": RNG.exponential(size=N),
    "outliers": np.where(RNG.random(N) < 1e-4, 100.0, 1.0) * RNG.standard_normal(N),
}


def quantised(w: Any, step: Any, most: float) -> Any:
    w = w.astype(np.float32)
    step = np.asarray(step, np.float32)
    return np.clip(np.rint(w / np.where(step > 0, step, 1)), -most, most)


def check(point: RatePoint, w: Any, step: Any, most: float, importance: Any = 1.0) -> None:
    q = quantised(w, step, most)
    error = np.sum(importance * (w.astype(np.float32).astype(float) - q * np.float32(step)) ** 2)
    assert point.error == pytest.approx(error, rel=2e-3)
    # Weights are taken to lie evenly in their bins: what is random about that falls with sqrt(n).
    size = oracle.order_zero_bytes(q)
    assert point.coded_bytes == pytest.approx(size, rel=1e-5 + 0.12 / math.sqrt(w.size), abs=1)


@pytest.mark.parametrize("name", DATA)
def test_exact_pass(name: str) -> None:
    w = DATA[name]
    found = rate_distortion(w)
    assert [point.bits for point in found.widths] == list(range(2, 9))
    for point in found.widths:
        assert point.step is not None
        q = (1 << (point.bits - 1)) - 1
        assert point.step == pytest.approx(point.clip * np.float32(np.abs(w).max()) / q)
        check(point, w, point.step, q)
        assert point.plain_bytes == -(-N * point.bits // 8)
        assert point.coded_bytes <= point.plain_bytes
    assert len(found.steps) > 10
    for point in found.steps:
        check(point, w, point.step, math.inf)
        integers = np.rint(np.abs(w).max() / point.step)
        assert (1 << point.bits) >= 2 * integers + 1
        assert point.clip == pytest.approx(1, abs=0.51 * point.step)


@pytest.mark.parametrize("name", DATA)
def test_dead_zones(name: str) -> None:
    w = DATA[name].astype(np.float32)
    spread = float(np.sqrt(np.mean(w.astype(float) ** 2)))
    steps = np.repeat([2.0, 1.0, 0.25], 3) * spread
    zones = np.tile([0.0, 0.1, 0.2], 3)
    found = rate_distortion(w, bits=(), steps=steps, dead_zone=zones)
    for point, step, zone in zip(found.steps, steps, zones, strict=True):
        q = quantize(w, step, bits=16, dead_zone=zone).astype(float)
        error = np.sum((w.astype(float) - q * np.float32(step)) ** 2)
        assert point.error == pytest.approx(error, rel=4e-3)
        assert point.coded_bytes == pytest.approx(oracle.order_zero_bytes(q), rel=1e-3, abs=1)
    same = rate_distortion(w, bits=(), steps=steps[:3], dead_zone=0.1).steps
    assert same[1] == found.steps[1]
    assert rate_distortion(w, bits=(), dead_zone=0.1).steps[0].step is not None
    with pytest.raises(ValueError, match=r"dead_zone must be a number, or one for each of 9 steps"):
        rate_distortion(w, steps=steps, dead_zone=zones[:3])


def test_sizes_of_millions_of_weights() -> None:
    w = RNG.standard_normal(3 << 20).astype(np.float32)
    found = rate_distortion(w, bits=[4, 8], steps=[0.3])
    for point in (*found.widths, *found.steps):
        most = math.inf if point in found.steps else (1 << (point.bits - 1)) - 1
        size = oracle.order_zero_bytes(quantised(w, point.step, most))
        assert point.coded_bytes == pytest.approx(size, rel=1e-5)


@pytest.mark.parametrize("name", DATA)
def test_clips_are_next_to_the_best(name: str) -> None:
    w = DATA[name][:20_000]
    for point in rate_distortion(w, steps=[]).widths:
        q = (1 << (point.bits - 1)) - 1
        best = oracle.least_error(w, q) if q <= 31 else None
        if best is not None:
            assert best * (1 - 1e-3) <= point.error <= best * 1.02


@pytest.mark.parametrize(("axis", "group"), [(0, None), (1, None), (None, 50), (0, 20)])
@pytest.mark.parametrize("weighted", [False, True])
def test_groups(axis: int | None, group: int | None, weighted: bool) -> None:
    w = RNG.standard_normal((200, 600)) * np.exp(RNG.standard_normal((200, 1)))
    w[3] = 0
    importance = np.exp(RNG.standard_normal(600)) if weighted else None
    found = rate_distortion(w, axis=axis, group=group, importance=importance)
    each = np.broadcast_to(1.0 if importance is None else importance, w.shape).astype(np.float32)
    if group is None:
        largest = np.abs(w).max(axis=1 - axis, keepdims=True)
    else:
        at = 1 if axis is None else axis
        parts = np.moveaxis(w, at, -1).reshape(-1, group)
        largest = np.repeat(np.abs(parts).max(axis=1), group).reshape(np.moveaxis(w, at, -1).shape)
        largest = np.moveaxis(largest, -1, at)
    for point in found.widths:
        q = (1 << (point.bits - 1)) - 1
        assert point.step is None
        check(point, w, point.clip * largest / q, q, each)
    for point in found.steps:
        check(point, w, point.step, math.inf, each)
    assert found.groups == (w.size // group if group else w.shape[axis])


def test_importance_of_each_weight() -> None:
    w = RNG.standard_normal((40, 500))
    importance = np.exp(RNG.standard_normal(w.shape)).astype(np.float32)
    found = rate_distortion(w, importance=importance, bits=[3, 6])
    for point in found.widths:
        check(point, w, point.step, (1 << (point.bits - 1)) - 1, importance)
    columns = np.ones(500)
    assert rate_distortion(w, importance=columns).steps == rate_distortion(w).steps


@pytest.mark.parametrize("group", [None, 100])
@pytest.mark.parametrize("exponent", [-1000, -140, -100, -40, 60, 100, 120])
def test_importance_has_no_unit(exponent: int, group: int | None) -> None:
    """Errors are in it, choices and sizes are not changed by it."""
    w = RNG.standard_normal((40, 600))
    importance = RNG.uniform(0.1, 4, 600)
    usual = rate_distortion(w, group=group, importance=importance)
    moved = rate_distortion(w, group=group, importance=np.ldexp(importance, exponent))
    for point, other in zip(usual.widths + usual.steps, moved.widths + moved.steps, strict=True):
        assert (other.clip, other.coded_bytes) == (point.clip, point.coded_bytes)
        assert other.error == math.ldexp(point.error, exponent)


@pytest.mark.parametrize("size", [100, 20_000])
@pytest.mark.parametrize("step", [10.0, 1e20, 1e50, 1e160, 1e270])
@pytest.mark.parametrize("exponent", [-100, 0, 100])
def test_long_steps_leave_nothing(size: int, step: float, exponent: int) -> None:
    w = np.ldexp(RNG.uniform(-1, 1, size), exponent)
    (point,) = rate_distortion(w, bits=(), steps=[math.ldexp(step, exponent)]).steps
    assert point.error == pytest.approx(float((w**2).sum()), rel=1e-3)
    assert (point.step, point.coded_bytes) == (math.ldexp(step, exponent), 0)


def test_narrow_steps_are_read_once_more() -> None:
    """Where bins would be too wide: exact to rounding."""
    w = DATA["normal"]
    steps = np.abs(w).max() / np.array([32000, 9000, 1500])
    found = rate_distortion(w, bits=[12, 16], steps=steps)
    for point in found.steps:
        check(point, w, point.step, math.inf)
    for point in found.widths:
        check(point, w, point.step, (1 << (point.bits - 1)) - 1)


def test_a_free_step_beats_a_clip() -> None:
    """At equal coded bytes: what the design says of entropy-coded quantisers."""
    found = rate_distortion(DATA["laplace"])
    rates = [point.coded_bytes for point in found.steps][::-1]
    errors = [math.log(point.error) for point in found.steps][::-1]
    for point in found.widths:
        if rates[0] < point.coded_bytes < rates[-1]:
            assert np.interp(point.coded_bytes, rates, errors) < math.log(point.error)


def test_shannons_bound() -> None:
    for name in ("normal", "laplace", "uniform"):
        found = rate_distortion(DATA[name])
        for point in found.steps:
            bound = found.shannon_error(point.coded_bytes)
            assert bound < point.error
            # 0.25 bit at high rates, 1.423 = pi e / 6 times the error, where the density is
            # smooth.
            if point.coded_bytes > 3 * N / 8 and name != "uniform":
                assert point.error < 1.5 * bound
    normal = rate_distortion(RNG.standard_normal(1 << 20) * 3)
    entropy = 0.5 * math.log2(2 * math.pi * math.e * 9)
    assert normal.differential_entropy == pytest.approx(entropy, abs=0.01)
    with pytest.raises(ValueError, match="no such bound for errors with importance"):
        rate_distortion(np.ones((2, 3)), importance=[1, 2, 3]).shannon_error(8)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, ml_dtypes.bfloat16])
def test_types(dtype: Any) -> None:
    w = RNG.standard_normal(5000).astype(dtype)
    assert rate_distortion(w) == rate_distortion(w.astype(np.float64))


@pytest.mark.parametrize("size", [1, 2, 5, 15, 17, 4097])
def test_small(size: int) -> None:
    w = RNG.standard_normal(size)
    for point in rate_distortion(w, steps=[0.1]).steps:
        check(point, w, 0.1, math.inf)
    single = rate_distortion(w[:1], bits=[2], steps=[1.0])
    assert single.widths[0].coded_bytes == 0


def test_zeros() -> None:
    found = rate_distortion(np.zeros((2, 8)), axis=0, steps=[1.0])
    assert all(p.error == 0 == p.coded_bytes for p in (*found.widths, *found.steps))
    assert isinstance(rate_distortion(np.zeros(4)), RateDistortion)


@pytest.mark.parametrize("threads", [2, 0])
def test_threads_make_no_difference(threads: int) -> None:
    w = RNG.standard_normal((2050, 1030)).astype(np.float32)
    importance = RNG.random(1030)
    for options in ({}, {"axis": 0}, {"importance": importance}):
        assert rate_distortion(w, **options, threads=threads) == rate_distortion(w, **options)


@pytest.mark.parametrize(("w", "options", "error", "words"), [
    ([], {}, ValueError, "w must not be empty"),
    ([1.0, np.nan], {}, ValueError, "w must be finite numbers of float32's range"),
    ([1.0, -np.inf], {}, ValueError, "w must be finite numbers of float32's range"),
    ([1.0, 2.0], {"bits": [1]}, ValueError, "bits must be from 2 to 16, not 1"),
    ([1.0, 2.0], {"bits": [17]}, ValueError, "bits must be from 2 to 16, not 17"),
    ([1.0, 2.0], {"steps": [0.0]}, ValueError, "steps must be positive and finite"),
    ([1.0, 2.0], {"steps": [np.inf]}, ValueError, "steps must be positive and finite"),
    ([1.0, 2.0], {"steps": [1e-9]}, ValueError, "steps must be above 1 / 32767 of the largest"),
    ([1.0, 2.0], {"steps": [5e-324]}, ValueError, "steps must be above 1 / 32767 of the largest"),
    ([1.0, 2.0], {"importance": [1.0, 2.0, 3.0]}, ValueError, "importance must have the shape"),
    ([1.0, 2.0], {"group": 3}, ValueError, "group must divide the 2 elements"),
])  # fmt: skip
def test_bad_input(w: Any, options: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        rate_distortion(w, **options)


@pytest.mark.parametrize("exponent", [-100, -74, -40, 58, 64, 120])
def test_squares_neither_vanish_nor_overflow(exponent: int) -> None:
    w = np.random.default_rng(5).standard_normal((10, 300)).astype(np.float32)
    factor = 2.0**exponent
    for options in ({"group": 30}, {}):
        usual = rate_distortion(w, bits=[4, 8], steps=[0.5, 0.1], **options)
        found = rate_distortion(
            w * np.float32(factor), bits=[4, 8], steps=np.array([0.5, 0.1]) * factor, **options
        )
        for one, other in zip(usual.widths + usual.steps, found.widths + found.steps, strict=True):
            assert other.error == pytest.approx(one.error * factor**2, rel=1e-6)
            assert other.coded_bytes == pytest.approx(one.coded_bytes, rel=1e-6)
            assert other.clip == pytest.approx(one.clip)
            assert other.step == (None if one.step is None else pytest.approx(one.step * factor))
        assert found.differential_entropy == pytest.approx(usual.differential_entropy + exponent)
