"""Losses of logits against the definitions in 60 digits: values, gradients, masked classes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyinfo import logits
from support import logit_oracle as oracle

Array = npt.NDArray[Any]
EPS = {np.float64: 2.0**-52, np.float32: 2.0**-23, np.float16: 2.0**-23}
STORED = {np.float64: 2.0**-52, np.float32: 2.0**-23, np.float16: 2.0**-10}
TYPES = [np.float64, np.float32, np.float16]
KINDS = ["flat", "normal", "peaked", "shifted"]


def row_of(kind: str, n: int, dtype: Any, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed + n)
    x = rng.standard_normal(n)
    if kind == "flat":
        x[:] = 0.75
    elif kind == "peaked":
        x[n // 2] = 12
    elif kind == "shifted":
        x -= 300
    return np.asarray(x.astype(dtype))


def near(found: Any, wanted: Any, relative: float, absolute: float = 0) -> bool:
    return bool(abs(oracle.mp.mpf(float(found)) - wanted) <= relative * abs(wanted) + absolute)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [1, 2, 10, 33, 300])
def test_cross_entropy(kind: str, n: int, dtype: Any) -> None:
    x = row_of(kind, n, dtype)
    for label in {0, n // 2, n - 1}:
        for smoothing, z_loss in ((0.0, 0.0), (0.1, 0.0), (0.0, 1e-3)):
            target = np.full(n, smoothing / n)
            target[label] += 1 - smoothing
            wanted, slope = oracle.cross_entropy(x, target, z_loss)
            grad = np.empty_like(x)
            loss = logits.cross_entropy(
                x, label, label_smoothing=smoothing, z_loss=z_loss, grad=grad
            )
            assert near(loss, wanted, 4 * EPS[dtype])
            assert type(loss) is (float if dtype is np.float64 else np.float32)
            for found, s, t in zip(grad, slope, target, strict=True):
                bound = 2 * EPS[dtype] * abs(s + t) * (1 + abs(z_loss) * 1000)
                tiny = 2.0**-24 if dtype is np.float16 else 1e-300
                assert near(found, s, STORED[dtype], bound + 2 * EPS[dtype] * t + tiny)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_gradients_are_those_of_differences(dtype: Any) -> None:
    x, y = row_of("normal", 7, dtype), row_of("normal", 7, dtype, seed=9)
    cases = [
        (lambda g: logits.entropy(x, temperature=2, grad=g), lambda r: oracle.entropy(r, 2), x),
        (
            lambda g: logits.kl_divergence(x, y, temperature=2, grad=g),
            lambda r: oracle.kl_divergence(x, r, 2),
            y,
        ),
        (
            lambda g: logits.js_divergence(x, y, weights=(0.3, 0.7), grad=g),
            lambda r: oracle.js_divergence(x, r, oracle.mp.mpf(0.3)),
            y,
        ),
        (
            lambda g: logits.cross_entropy(x, 3, z_loss=0.01, grad=g),
            lambda r: oracle.cross_entropy(r, np.eye(7)[3], 0.01)[0],
            x,
        ),
    ]
    for call, definition, at in cases:
        grad = np.empty_like(at)
        call(grad)
        for found, wanted in zip(grad, oracle.slope(definition, at), strict=True):
            assert near(found, wanted, 0, 8 * EPS[dtype])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", [1.0, 1e-1, 1e-3, 1e-5, 1e-7])
def test_divergences_keep_their_digits(kind: str, step: float) -> None:
    for dtype, tolerance in ((np.float64, 1e-12), (np.float32, 2e-6)):
        for n in (2, 10, 257):
            a = row_of(kind, n, dtype)
            # Differences that the type can hold.
            b = (a + step * np.random.default_rng(5).standard_normal(n)).astype(dtype)
            for temperature in (1.0, 3.0):
                found = logits.kl_divergence(a, b, temperature=temperature)
                assert found >= 0
                assert near(found, oracle.kl_divergence(a, b, temperature), tolerance, 1e-45)
                found = logits.js_divergence(a, b, temperature=temperature)
                assert found >= 0
                assert near(found, oracle.js_divergence(a, b, 0.5, temperature), tolerance, 1e-45)


@pytest.mark.parametrize("weight", [0.5, 0.3, 0.01, 0.99, 1.0])
@pytest.mark.parametrize("step", [30.0, 10.0, 3.0, 1.0, 0.3, 1e-2, 1e-6])
def test_js_divergence_of_any_weights(weight: float, step: float) -> None:
    for dtype, tolerance in ((np.float64, 1e-12), (np.float32, 2e-6)):
        for kind in ("normal", "peaked"):
            a = row_of(kind, 37, dtype)
            b = (a + step * np.random.default_rng(8).standard_normal(37)).astype(dtype)
            a[3] = b[5] = -300  # classes that only one has
            grad = np.empty_like(a)
            found = logits.js_divergence(a, b, weights=(weight, 1 - weight), grad=grad)
            w = oracle.mp.mpf(weight)
            wanted = oracle.js_divergence(a, b, w)
            assert found >= 0
            assert near(found, wanted, tolerance, 1e-45)
            assert np.isfinite(grad).all()
            assert abs(grad[5]) <= 1e-100
            assert abs(float(grad.astype(np.float64).sum())) <= 40 * EPS[dtype]


def divergences(a: Array, b: Array) -> tuple[Any, Any]:
    """KL and JS of long rows, in the longest floats."""
    log_p, log_q = (
        x - np.log(np.exp(x).sum()) for x in (y.astype(np.longdouble) - y.max() for y in (a, b))
    )
    p, q = np.exp(log_p), np.exp(log_q)
    log_m = np.log((p + q) / 2)
    return (p * (log_p - log_q)).sum(), (p * (log_p - log_m) + q * (log_q - log_m)).sum() / 2


@pytest.mark.parametrize("order", ["as it comes", "sorted", "peaked", "masked at first"])
@pytest.mark.parametrize("step", [3.0, 1e-2])
def test_long_rows(order: str, step: float) -> None:
    """Of which a sample is asked for the center, whether it is like the others or not."""
    for dtype, tolerance in ((np.float64, 1e-10), (np.float32, 2e-6)):
        a = row_of("normal", 9001, dtype)
        if order == "sorted":
            a.sort()
        elif order == "peaked":
            a[8000] = 12
        b = (a + step * np.random.default_rng(3).standard_normal(a.size)).astype(dtype)
        wanted = divergences(a, b)
        if order == "masked at first":
            masked = np.full(700, -np.inf, dtype)
            a, b = np.concatenate([masked, a]), np.concatenate([masked, b])
        for found, value in zip(
            (logits.kl_divergence(a, b), logits.js_divergence(a, b)), wanted, strict=True
        ):
            assert abs(float(found) - value) <= tolerance * value


@pytest.mark.parametrize("dtype", TYPES)
def test_logits_equal_up_to_a_constant(dtype: Any) -> None:
    a = np.arange(-50, 50).astype(dtype) / 4
    for constant in (0, 1, -17, 200):
        b = (a + dtype(constant)).astype(dtype)
        if np.array_equal(b - dtype(constant), a):
            assert logits.kl_divergence(a, b) == 0
            assert logits.js_divergence(a, b) == 0


@pytest.mark.parametrize("n", [2, 40, 1000])
def test_divergences_are_never_negative(n: int) -> None:
    rng = np.random.default_rng(n)
    a = (4 * rng.standard_normal((20000 // n + 1, n))).astype(np.float32)
    for step in (1e-2, 1e-4, 1e-6, 1e-8):
        b = (a + step * rng.standard_normal(a.shape)).astype(np.float32)
        assert logits.kl_divergence(a, b, reduction="none").min() >= 0
        assert logits.js_divergence(a, b, reduction="none").min() >= 0


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("kind", KINDS)
def test_entropy_and_logarithms(kind: str, dtype: Any) -> None:
    for n in (1, 2, 9, 100):
        x = row_of(kind, n, dtype)
        assert near(logits.entropy(x), oracle.entropy(x), 8 * EPS[dtype])
        size = max(1, abs(float(oracle.logsumexp(x))))
        assert near(logits.logsumexp(x), oracle.logsumexp(x), 0, 4 * EPS[dtype] * size)
        for found, wanted in zip(logits.log_softmax(x), oracle.log_softmax(x), strict=True):
            assert near(found, wanted, 4 * EPS[dtype])


def test_peaked_rows_keep_their_digits() -> None:
    x = np.array([30.0, 0.1, -0.3], np.float32)
    wanted, _ = oracle.cross_entropy(x, [1, 0, 0])
    assert near(logits.cross_entropy(x, 0), wanted, 4 * EPS[np.float32])  # torch: 0
    assert near(logits.entropy(x), oracle.entropy(x), 8 * EPS[np.float32])
    assert near(logits.log_softmax(x)[0], oracle.log_softmax(x)[0], 4 * EPS[np.float32])


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.floats(-(2.0**100), 2.0**100, width=32), min_size=1, max_size=40), st.data())
def test_any_logits(values: list[float], data: st.DataObject) -> None:
    x = np.array(values, np.float32)
    label = data.draw(st.integers(0, len(values) - 1))
    wanted, slope = oracle.cross_entropy(x, np.eye(len(values))[label])
    grad = np.empty_like(x)
    assert near(logits.cross_entropy(x, label, grad=grad), wanted, 4 * EPS[np.float32], 1e-36)
    for found, s in zip(grad, slope, strict=True):
        assert near(found, s, 0, 4 * EPS[np.float32])
    y = x[::-1].copy()
    assert logits.kl_divergence(x, y) >= 0
    assert 0 <= logits.js_divergence(x, y) <= math.log(2) * (1 + 1e-6)


# -- Masks and rows without a distribution ---------------------------------------------------------


@pytest.mark.parametrize("dtype", TYPES)
def test_masked_classes(dtype: Any) -> None:
    x = np.array([1.0, -np.inf, 0.0, -np.inf, 2.0], dtype)
    kept = np.array([1.0, 0.0, 2.0], dtype)
    places = [0, 2, 4]
    for smoothing in (0.0, 0.3):
        grad, of_kept = np.empty_like(x), np.empty_like(kept)
        loss = logits.cross_entropy(x, 4, label_smoothing=smoothing, grad=grad)
        alone = logits.cross_entropy(kept, 2, label_smoothing=smoothing, grad=of_kept)
        assert loss == alone  # smoothing is for the classes that there are
        assert np.array_equal(grad[places], of_kept)
        assert grad[1] == grad[3] == 0
    assert logits.entropy(x) == logits.entropy(kept)
    assert logits.kl_divergence(x, x) == 0
    assert logits.log_softmax(x)[1] == -np.inf
    assert logits.cross_entropy(x, 1) == np.inf
    grad = np.empty_like(x)
    logits.cross_entropy(x, 1, grad=grad)
    assert grad[1] == -1
    assert np.isfinite(grad).all()
    other = np.where(np.arange(5) == 0, -np.inf, 1).astype(dtype)
    assert logits.kl_divergence(x, other) == np.inf
    assert 0 < logits.js_divergence(x, other) < math.log(2)


def test_one_class_left() -> None:
    x = np.array([-np.inf, -1000.0, -np.inf])
    grad = np.empty_like(x)
    assert logits.cross_entropy(x, 1, grad=grad) == 0
    assert not grad.any()
    assert logits.entropy(x) == 0


@pytest.mark.parametrize("value", [-np.inf, np.inf, np.nan])
@pytest.mark.parametrize("dtype", TYPES)
def test_rows_without_a_distribution(value: float, dtype: Any) -> None:
    x = np.ones((2, 70), dtype)
    x[1, :] = value if value == -np.inf else 1
    x[1, 40] = value
    grad = np.empty_like(x)
    losses = logits.cross_entropy(x, [0, 0], reduction="none", grad=grad)
    assert np.isnan(losses).tolist() == [False, True]
    assert np.isnan(grad[1]).all()
    assert np.isfinite(grad[0]).all()
    for found in (
        logits.entropy(x),
        logits.kl_divergence(x, np.ones_like(x), reduction="none"),
        logits.kl_divergence(np.ones_like(x), x, reduction="none"),
        logits.js_divergence(x, np.ones_like(x), reduction="none"),
        logits.log_softmax(x)[:, 0],
    ):
        assert np.isnan(found).tolist() == [False, True]
    assert np.array_equal(logits.logsumexp(x)[1], value, equal_nan=True)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_largest_logits(dtype: Any) -> None:
    most = np.finfo(dtype).max
    x = np.array([most, -most, most, 0], dtype)
    grad = np.empty_like(x)
    assert near(logits.cross_entropy(x, 0, grad=grad), oracle.mp.log(2), 4 * EPS[dtype])
    assert grad.tolist() == [-0.5, 0, 0.5, 0]
    assert logits.cross_entropy(x[:2], 1) in (np.inf, 2 * float(most))
    assert logits.logsumexp(x) == most
    assert np.isfinite(logits.js_divergence(x, -x))


@pytest.mark.parametrize("dtype", TYPES)
def test_divergences_of_the_largest_logits(dtype: Any) -> None:
    """Their differences overflow; the divergences do only where they are beyond the type."""
    largest = float(np.finfo(dtype).max)
    values = [largest, -largest, largest / 2, -largest / 2, 0.0, 1.0, -np.inf]
    rng = np.random.default_rng(1)
    pairs = [([largest, -largest, 0], [-largest, largest, 0])]  # kl: inf was a NaN
    pairs += [([-largest / 2, largest / 2], [-np.inf, -largest])]  # js: 0 was ln(2) / 2
    pairs += [
        (rng.choice(values, n), rng.choice(values, n)) for n in range(2, 6) for _ in range(20)
    ]
    result = np.float64 if dtype is np.float64 else np.float32
    for p, q in pairs:
        a, b = np.array(p, dtype), np.array(q, dtype)
        if max(a) == -np.inf or max(b) == -np.inf:
            continue
        leaves_out = bool(np.any((b == -np.inf) & (a != -np.inf)))
        for temperature in (1.0, 0.25, 100.0):
            grad = np.empty_like(b)
            found = logits.kl_divergence(a, b, temperature=temperature, grad=grad)
            kl = np.inf if leaves_out else float(oracle.kl_divergence(a, b, temperature))
            with np.errstate(over="ignore"):
                assert found == pytest.approx(result(kl), rel=1e-6)
            for g, x, y in zip(
                grad,
                oracle.log_softmax(a, temperature),
                oracle.log_softmax(b, temperature),
                strict=True,
            ):
                slope = (oracle.mp.exp(y) - oracle.mp.exp(x)) / temperature
                assert near(g, slope, 2 * STORED[dtype], 1e-6 / temperature)
            found = logits.js_divergence(a, b, temperature=temperature, grad=grad)
            js = float(oracle.js_divergence(a, b, 0.5, temperature))
            assert found == pytest.approx(js, rel=1e-6, abs=1e-45)
            assert np.isfinite(grad).all()


# -- Rows that do not count ------------------------------------------------------------------------


def test_ignored_rows() -> None:
    x = np.random.default_rng(1).standard_normal((4, 6)).astype(np.float32)
    x[1] = np.nan
    labels = [2, -100, 5, -100]
    grad = np.full_like(x, 7)
    loss = logits.cross_entropy(x, labels, grad=grad)
    rest = np.empty_like(x[::2])
    assert loss == logits.cross_entropy(x[::2], labels[::2], grad=rest)
    assert not grad[1::2].any()
    assert np.array_equal(grad[::2], rest)
    assert logits.cross_entropy(x, labels, reduction="none")[1] == 0
    assert logits.cross_entropy(x[:1], [2], ignore_index=2) == 0


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_nothing_counts(reduction: str) -> None:
    x = np.ones((2, 3), np.float32)
    grad = np.full_like(x, 7)
    assert logits.cross_entropy(x, [-100, -100], reduction=reduction, grad=grad) == 0
    assert not grad.any()
    none = np.empty((0, 3), np.float32)
    assert logits.cross_entropy(none, np.empty(0, int), reduction=reduction) == 0
    assert logits.kl_divergence(none, none, reduction=reduction) == 0
