"""Measures of samples: brute-force counters, chain rules, published values, dtypes, errors."""

from __future__ import annotations

import math
import warnings
from collections import Counter
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pyinfo as pi
from pyinfo import Counts

RNG = np.random.default_rng(0)


def h(*arrays: Any) -> float:
    """The joint entropy in bits, from a dictionary."""
    counts = Counter(zip(*(np.asarray(a).reshape(-1).tolist() for a in arrays), strict=True))
    total = sum(counts.values())
    return math.fsum(n / total * math.log2(total / n) for n in counts.values())


def correlated(n: int, k: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, k, n)
    y = (x + rng.integers(0, 1 + k // 2, n)) % (k + 1)
    return x, y, (x * y + rng.integers(0, 2, n)) % 4


SIZES = [(1, 1), (2, 2), (50, 3), (3000, 5), (3000, 300), (500, 100_000)]


@pytest.mark.parametrize(("n", "k"), SIZES)
def test_brute_force(n: int, k: int) -> None:
    x, y, z = correlated(n, k)
    near = {"rel": 1e-12, "abs": 1e-13}
    assert pi.entropy_of(x) == pytest.approx(h(x), **near)
    assert pi.joint_entropy(x) == pytest.approx(h(x), **near)
    assert pi.joint_entropy(x, y, z) == pytest.approx(h(x, y, z), **near)
    assert pi.conditional_entropy(x, y) == pytest.approx(h(x, y) - h(y), **near)
    assert pi.conditional_entropy(x, [y, z]) == pytest.approx(h(x, y, z) - h(y, z), **near)
    assert pi.mutual_information(x, y) == pytest.approx(h(x) + h(y) - h(x, y), **near)
    conditional = h(x, z) + h(y, z) - h(x, y, z) - h(z)
    assert pi.conditional_mutual_information(x, y, z) == pytest.approx(conditional, **near)
    total = h(x) + h(y) + h(z) - h(x, y, z)
    assert pi.total_correlation(x, y, z) == pytest.approx(total, **near)
    shared = conditional - (h(x) + h(y) - h(x, y))
    assert pi.interaction_information(x, y, z) == pytest.approx(shared, **near)
    variation = 2 * h(x, y) - h(x) - h(y)
    assert pi.variation_of_information(x, y) == pytest.approx(variation, **near)
    assert pi.mutual_information(x, y, base=math.e) == pytest.approx(
        pi.mutual_information(x, y) * math.log(2), rel=1e-14
    )


labels = st.integers(1, 60).flatmap(
    lambda n: st.tuples(*(st.lists(st.integers(-3, 4), min_size=n, max_size=n) for _ in range(3)))
)


@given(labels)
def test_identities(samples: tuple[list[int], ...]) -> None:
    x, y, z = map(np.array, samples)
    near = {"rel": 1e-13, "abs": 1e-14}
    information = pi.mutual_information(x, y)
    assert information >= 0
    assert pi.conditional_mutual_information(x, y, z) >= 0
    assert information == pytest.approx(pi.mutual_information(y, x), **near)
    assert pi.entropy_of(x) - pi.conditional_entropy(x, y) == pytest.approx(information, **near)
    assert pi.joint_entropy(x, y) == pytest.approx(
        pi.entropy_of(y) + pi.conditional_entropy(x, y), **near
    )
    # The chain rule of information, and the symmetry of what three share.
    both = pi.mutual_information(x, Counter_of(y, z))
    assert both == pytest.approx(
        pi.mutual_information(x, z) + pi.conditional_mutual_information(x, y, z), **near
    )
    assert pi.interaction_information(x, y, z) == pytest.approx(
        pi.interaction_information(z, x, y), **near
    )
    assert pi.conditional_mutual_information(x, y, ()) == pytest.approx(information, **near)
    assert pi.variation_of_information(x, x) == 0
    assert 0 <= pi.normalized_mutual_information(x, y) <= 1
    # What labels are called makes no difference.
    renamed = np.array([f"{value:+d}" for value in x])
    assert pi.mutual_information(renamed, y) == pytest.approx(information, **near)
    with_others = {e: pi.mutual_information(x, y, estimator=e) for e in ("grassberger", "nsb")}
    assert min(with_others.values()) >= 0


def Counter_of(*arrays: np.ndarray) -> np.ndarray:  # noqa: N802
    """Several variables as one, by other means than pyinfo's."""
    return np.unique(np.stack(arrays), axis=1, return_inverse=True)[1].reshape(-1)


@pytest.mark.parametrize("scale", [1, 10, 1000])
@pytest.mark.parametrize("wide", [False, True])
def test_independence_is_exact(scale: int, wide: bool) -> None:
    x = np.tile(np.repeat(np.arange(7), 11), scale)
    y = np.tile(np.arange(11), 7 * scale)
    if wide:  # too far apart for a table
        x, y = x * 10**12, y * 10**15
    assert pi.mutual_information(x, y) <= 1e-30
    assert pi.conditional_mutual_information(x, y, np.zeros_like(x)) <= 1e-30


def test_accuracy_near_independence() -> None:
    n, extra = 10**6, 50  # of each of four combinations, and how many are moved
    sizes = [n + extra, n - extra, n - extra, n + extra]
    x, y = np.repeat([0, 0, 1, 1], sizes), np.repeat([0, 1, 0, 1], sizes)
    expected = sum(
        Fraction(size, 4 * n) * Fraction(math.log1p((size - n) / n)) for size in sizes
    ) / Fraction(math.log(2))
    d = extra / n
    series = (d**2 / 2 + d**4 / 12) / math.log(2)
    assert pi.mutual_information(x, y) == pytest.approx(series, rel=1e-13)
    assert float(expected) == pytest.approx(series, rel=1e-6)


def test_total_beyond_32_bits_in_products() -> None:
    x = np.repeat([0, 1], 70_000)
    assert pi.mutual_information(x, x) == pytest.approx(1, rel=1e-15)
    assert pi.adjusted_mutual_information(x, np.roll(x, 35_000)) == pytest.approx(0, abs=1e-4)


def test_known_signs() -> None:
    x, y = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    assert pi.interaction_information(x, y, x ^ y) == pytest.approx(1, rel=1e-15)
    assert pi.interaction_information(x, x, x) == pytest.approx(-1, rel=1e-15)
    assert pi.total_correlation(x, y, x ^ y) == pytest.approx(1, rel=1e-15)


# -- Kinds of samples -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "dtype", ["i1", "u2", "i4", "u8", ">i8", "f4", "f8", "?", "U3", "S2", "M8[s]", "m8[D]", "O"]
)
def test_dtypes(dtype: str) -> None:
    x, y, _ = correlated(400, 2)
    converted = (x == 1 if dtype == "?" else x).astype(dtype)
    assert pi.entropy_of(converted) == pytest.approx(pi.entropy_of(x), rel=1e-14)
    expected = pi.mutual_information(x, y)
    assert pi.mutual_information(converted, y) == pytest.approx(expected, rel=1e-13)
    assert pi.mutual_information(y, converted[:, None]) == pytest.approx(expected, rel=1e-13)


def test_special_values() -> None:
    assert pi.entropy_of([math.nan, -math.nan, 1.0, 1.0]) == 1
    assert pi.entropy_of([0.0, -0.0]) == 0
    assert pi.entropy_of("mississippi") == pytest.approx(h(list("mississippi")))
    assert pi.entropy_of([[1, 2], [2, 1]]) == 1


def test_given_as_one_or_several() -> None:
    x, y, z = correlated(300, 3)
    assert pi.conditional_entropy(x, [y]) == pi.conditional_entropy(x, y)
    assert pi.conditional_entropy(x, list(y)) == pi.conditional_entropy(x, y)
    assert pi.conditional_entropy(x, (y, z)) == pytest.approx(
        pi.conditional_entropy(x, Counter_of(y, z))
    )
    assert pi.conditional_entropy(x, ()) == pi.entropy_of(x)
    words = ["a", "b"] * 150
    assert pi.conditional_entropy(x, words) == pi.conditional_entropy(x, np.array(words))


def test_axis() -> None:
    x = RNG.integers(0, 4, (6, 5, 40))
    for axis in (0, 1, 2, -1):
        found = pi.entropy_of(x, axis=axis)
        expected = np.apply_along_axis(h, axis, x)
        np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-15)
    values, stds = pi.entropy_of(x, axis=1, estimator="james-stein", return_std=True)
    table = Counts.from_samples(x[2, :, 7]).counts
    one = pi.estimate_entropy(table, estimator="james-stein", alphabet_size=4, return_std=True)
    assert (values[2, 7], stds[2, 7]) == pytest.approx(one)
    assert isinstance(pi.entropy_of(x[0, 0], axis=0), float)


def test_estimators() -> None:
    x, y, z = correlated(200, 6)
    for estimator in ("miller-madow", "chao-shen", "nsb"):
        counts = Counts.from_samples(x)
        expected = pi.estimate_entropy(counts.counts, estimator=estimator, return_std=True)
        assert pi.entropy_of(x, estimator=estimator, return_std=True) == expected
        assert counts.entropy(estimator=estimator, return_std=True) == expected
    mm = {"estimator": "miller-madow"}
    difference = pi.joint_entropy(x, y, **mm) - pi.entropy_of(y, **mm)
    assert pi.conditional_entropy(x, y, **mm) == pytest.approx(difference)
    three = pi.entropy_of(x, **mm) + pi.entropy_of(y, **mm) + pi.entropy_of(z, **mm)
    three -= pi.joint_entropy(x, y, z, **mm)
    assert pi.total_correlation(x, y, z, **mm) == pytest.approx(max(0, three))
    assert pi.variation_of_information(x, y, **mm) >= 0


# -- Transfer entropy -----------------------------------------------------------------------------


def test_transfer_entropy_of_a_copy() -> None:
    source = RNG.integers(0, 2, 20_000)
    target = np.roll(source, 1)
    target[0] = 0
    assert pi.transfer_entropy(source, target) == pytest.approx(1, abs=1e-3)
    assert pi.transfer_entropy(target, source) < 2e-3
    later = np.roll(source, 2)
    assert pi.transfer_entropy(source, later) < 2e-3
    assert pi.transfer_entropy(source, later, (2, 1)) == pytest.approx(1, abs=2e-3)


def test_transfer_entropy_is_conditional_information() -> None:
    x, y, _ = correlated(500, 4)
    future, past_x, past_y = y[2:], Counter_of(x[1:-1], x[:-2]), Counter_of(y[1:-1], y[:-2])
    expected = pi.conditional_mutual_information(future, past_x, past_y)
    assert pi.transfer_entropy(x, y, 2) == pytest.approx(expected, rel=1e-12)


# -- Labellings -----------------------------------------------------------------------------------

# The clusterings of Vinh, Epps and Bailey's example, as scikit-learn's documentation gives them.
A = np.array([1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3])
B = np.array([1, 1, 1, 1, 2, 1, 2, 2, 2, 2, 3, 1, 3, 3, 3, 2, 2])


def test_published_values() -> None:
    assert pi.mutual_information(A, B, base=math.e) == pytest.approx(0.41022, abs=5e-6)
    assert pi.adjusted_mutual_information(A, B) == pytest.approx(0.27821, abs=5e-6)
    # Where scikit-learn's products once overflowed.
    many = pi.adjusted_mutual_information(np.tile(A, 110), np.tile(B, 110))
    assert many == pytest.approx(0.38, abs=0.01)


@pytest.mark.parametrize("average", ["arithmetic", "geometric", "min", "max"])
def test_adjusted_is_what_shuffling_gives(average: str) -> None:
    rng = np.random.default_rng(3)
    expected = np.mean([pi.mutual_information(A, rng.permutation(B)) for _ in range(3000)])
    means = {
        "arithmetic": lambda a, b: (a + b) / 2,
        "geometric": lambda a, b: math.sqrt(a * b),
        "min": min,
        "max": max,
    }
    mean = means[average](h(A), h(B))
    value = pi.adjusted_mutual_information(A, B, average=average)
    assert value == pytest.approx(
        (pi.mutual_information(A, B) - expected) / (mean - expected), abs=0.01
    )
    normalized = pi.normalized_mutual_information(A, B, average=average)
    assert normalized == pytest.approx(pi.mutual_information(A, B) / mean, rel=1e-14)


@pytest.mark.parametrize(
    ("x", "y", "normalized", "adjusted"),
    [
        ([1, 1, 1], [2, 2, 2], 1, 1),
        ([1, 1, 2], [2, 2, 2], 0, 0),
        ([1, 1, 2], [5, 5, 3], 1, 1),
        ([1, 2, 3], [3, 1, 2], 1, 1),
        ([1], [2], 1, 1),
        ([1, 2, 3, 4], [1, 1, 2, 2], pytest.approx(2 / 3), 0),
    ],
)
def test_degenerate_labellings(x: list, y: list, normalized: Any, adjusted: float) -> None:
    assert pi.normalized_mutual_information(x, y) == normalized
    assert pi.adjusted_mutual_information(x, y) == adjusted
    for average in ("geometric", "min", "max"):
        assert 0 <= pi.normalized_mutual_information(x, y, average=average) <= 1
        assert pi.adjusted_mutual_information(x, y, average=average) in (0, 1)


def test_continuous_labels_are_warned_of() -> None:
    values, few = RNG.random(100), RNG.integers(0, 3, 100)
    measures = (
        pi.mutual_information,
        pi.normalized_mutual_information,
        pi.adjusted_mutual_information,
    )
    for measure in measures:
        with pytest.warns(UserWarning, match="pyinfo: y holds floats, 100 different") as caught:
            measure(few, values)
        assert [warning.filename for warning in caught] == [__file__]
        # Integers, few values and few samples are labels.
        for x in (np.arange(100), values.round(1), values > 0.5):
            measure(few, x)
        measure(few[:10], values[:10])
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "pyinfo: ")
            measure(values, few)


# -- Every two of many ----------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.uint8, np.int64, "U6"])
def test_pairwise(dtype: Any, order: str) -> None:
    columns = [RNG.integers(0, k, 700) * (255 // k) for k in (1, 2, 3, 9, 40, 255)]
    columns.append((columns[3] + columns[1]) % 256)
    table = np.array(np.stack(columns, axis=1).astype(dtype), order=order)
    before = table.copy()
    matrix = pi.pairwise_mutual_information(table)
    for i, x in enumerate(columns):
        for j, y in enumerate(columns):
            assert matrix[i, j] == pytest.approx(pi.mutual_information(x, y), rel=1e-12, abs=1e-15)
    np.testing.assert_array_equal(table, before)
    np.testing.assert_array_equal(matrix, matrix.T)
    np.testing.assert_array_equal(pi.pairwise_mutual_information(table, threads=2), matrix)
    nats = pi.pairwise_mutual_information(table, base=math.e)
    np.testing.assert_allclose(nats, matrix * math.log(2), rtol=1e-15)


def test_pairwise_with_large_alphabets() -> None:
    columns = [RNG.integers(0, k, 2000) for k in (3, 400, 20, 10**6)]
    matrix = pi.pairwise_mutual_information(np.stack(columns, axis=1))
    for i, x in enumerate(columns):
        for j, y in enumerate(columns):
            assert matrix[i, j] == pytest.approx(pi.mutual_information(x, y), rel=1e-12)


# -- Errors ---------------------------------------------------------------------------------------

X, SHORT = np.arange(4), np.arange(3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: pi.mutual_information(X, SHORT), ValueError, "x and y must have the same number"),
        (lambda: pi.conditional_entropy(X, SHORT), ValueError, "x and given .* not 4 and 3"),
        (lambda: pi.conditional_entropy(X, [X, SHORT]), ValueError, r"x and given\[1\] must have"),
        (lambda: pi.joint_entropy(X, SHORT), ValueError, "array 1 and array 2 must have the same"),
        (lambda: pi.joint_entropy(), TypeError, "at least one array"),
        (lambda: pi.entropy_of([]), ValueError, "x must not be empty"),
        (lambda: pi.mutual_information([], []), ValueError, "x must not be empty"),
        (lambda: pi.entropy_of({1: 2}), TypeError, "x must be an array or a list, not dict"),
        (lambda: pi.entropy_of(X, estimator="ml"), ValueError, "estimator must be one of"),
        (lambda: pi.mutual_information(X, X, estimator="ml"), ValueError, "estimator must be one"),
        (lambda: pi.mutual_information(X, X, base=0), ValueError, "base must be positive"),
        (lambda: pi.entropy_of(X, axis=1), ValueError, "axis 1 is out of bounds for 1 dimension"),
        (lambda: pi.entropy_of(X, axis=0.5), TypeError, "axis must be an integer or None"),
        (lambda: pi.entropy_of(X, alphabet_size=3), ValueError, "alphabet_size must be at least 4"),
        (lambda: pi.transfer_entropy(X, X, 0), ValueError, "history must be at least 1, not 0"),
        (lambda: pi.transfer_entropy(X, X, 4), ValueError, "longer than history = 4, not 4"),
        (lambda: pi.transfer_entropy(X, X, "1"), TypeError, "history must be an integer or a pair"),
        (
            lambda: pi.normalized_mutual_information(X, X, average="mean"),
            ValueError,
            "average must be one of 'arithmetic', 'geometric', 'min', 'max', not 'mean'",
        ),
        (lambda: pi.pairwise_mutual_information(X), ValueError, "X must have two dimensions"),
        (lambda: pi.pairwise_mutual_information(X[:0, None]), ValueError, "X must not be empty"),
        (lambda: pi.pairwise_mutual_information([[1]], threads=-1), ValueError, "threads must be"),
        (lambda: pi.pairwise_mutual_information([[1]], threads="2"), TypeError, "threads must be"),
    ],
)
def test_errors(call: Any, error: type, message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
