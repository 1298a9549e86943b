"""Rényi and Tsallis entropies and the Rényi divergence: every order, and the limits between."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyinfo import (
    bhattacharyya_distance,
    entropy,
    kl_divergence,
    renyi_divergence,
    renyi_entropy,
    tsallis_entropy,
)
from support import oracle
from support.distributions import (
    EPS,
    distribution,
    exact,
    geometric,
    measure,
    moved,
    pairs,
    random,
    rng,
    skewed,
    subnormal,
    tables,
)

DOUBLE = EPS[np.float64]
DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])
NAMES = oracle.WITH_ALPHA
Pair = tuple[np.ndarray, np.ndarray]

ORDERS = [0, 1e-9, 0.1, 0.5, 0.9, 1, 1.1, 1.5, 2, 3, 10, 100, 1000, 1e6, math.inf]
# On both sides of 1, to the last bit.
STEPS = [2.0**-53, 1e-15, 1e-12, 1e-9, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2]
NEAR_ONE = sorted({1 + sign * step for step in STEPS for sign in (-1, 1)})


def bound(alpha: float) -> float:
    """Powers of a large order multiply what rounding does to logarithms."""
    return DOUBLE * (8 + (0 if alpha == math.inf else 2 * min(alpha, 32)))


def operands(name: str, *pair: np.ndarray) -> tuple[np.ndarray, ...]:
    return pair if name == "renyi_divergence" else pair[:1]


def assert_measure(
    name: str, pair: tuple[np.ndarray, ...], alpha: float, limit: float, **options: object
) -> None:
    expected = oracle.evaluate(name, *pair, alpha=alpha, **options)
    got = measure(name, *pair, alpha=alpha, **options)
    # Shares are rounded when they are divided: what a dominant one leaves is good to a unit's eps.
    slack = limit if options.get("normalize") else 0
    if expected == math.inf or abs(oracle.mp.mpf(float(got)) - expected) > slack:
        oracle.assert_accurate(got, expected, limit)


# -- Against the oracle ----------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", ORDERS)
@pytest.mark.parametrize("name", NAMES)
def test_orders(name: str, alpha: float) -> None:
    for n in (1, 2, 3, 7, 9, 64, 300):
        pair = operands(name, exact(n, seed=1), exact(n, seed=2))
        for normalize in (None, True):
            assert_measure(name, pair, alpha, bound(alpha), normalize=normalize)
    counts = operands(name, rng(1).integers(0, 9, 50), rng(2).integers(1, 9, 50))
    assert_measure(name, counts, alpha, bound(alpha))


@pytest.mark.parametrize("alpha", [0, 0.3, 0.5, 1, 2, 7.5, 100, math.inf])
@pytest.mark.parametrize("name", NAMES)
def test_skewed(name: str, alpha: float) -> None:
    n = 90
    for p, q in (
        (skewed(n, seed=1), random(n)),
        (random(n), skewed(n, seed=1)),
        (geometric(n), random(n)),
        (random(n), geometric(n)),
        (subnormal(n, seed=1), random(n)),
        (random(n), subnormal(n, seed=1)),
    ):
        assert_measure(name, operands(name, p, q), alpha, 4 * bound(alpha), normalize=True)


@pytest.mark.parametrize("alpha", NEAR_ONE)
@pytest.mark.parametrize("name", NAMES)
def test_near_order_1(name: str, alpha: float) -> None:
    for n in (2, 5, 100):
        pair = operands(name, exact(n, seed=1), exact(n, seed=2))
        for normalize in (None, True):
            assert_measure(name, pair, alpha, 2e-14, normalize=normalize)


@pytest.mark.parametrize("factor", [1e-10, 1e-3, 0.5, 0.99, 1 - 2e-10, 1, 1.0001, 2, 1e3, 1e10])
@pytest.mark.parametrize("name", NAMES)
def test_cancellation_of_numbers_that_are_no_distributions(name: str, factor: float) -> None:
    """What sums differ from 1 by is part of the result, and divided by the order less 1."""
    for n in (1, 7):
        p, q = random(n, seed=1), random(n, seed=2)
        if name != "renyi_divergence":
            pairs: list[tuple[np.ndarray, ...]] = [(p * factor,)]
        else:
            pairs = [(p * factor, q), (p, q * factor), (p, p * factor), (p * factor, q * factor)]
        for pair in pairs:
            for alpha in (0, 1e-12, 1e-6, 0.4999, 0.5, *NEAR_ONE[1::2], 2, 10, 1e6, 1e18, math.inf):
                expected = oracle.evaluate(name, *pair, alpha=alpha, normalize=False)
                if abs(expected) < 1e308:  # in float64
                    got = measure(name, *pair, alpha=alpha, normalize=False)
                    oracle.assert_accurate(got, expected, 1e-13)


@pytest.mark.parametrize("alpha", [1e-30, 1e-6, 0.25, 0.5, 1 - 1e-9, 1 + 1e-9, 3, 1e9])
def test_single_numbers_as_they_are(alpha: float) -> None:
    values = [1.0, 1 - 1e-10, 1 + 2.0**-52, 0.25, 3.0, 1e-9, 1e12, 1e-300]
    for p in values:
        assert_measure("renyi_entropy", (np.array([p]),), alpha, 8 * DOUBLE, normalize=False)
        for q in values:
            pair = (np.array([p]), np.array([q]))
            expected = oracle.evaluate("renyi_divergence", *pair, alpha=alpha, normalize=False)
            got = renyi_divergence(*pair, alpha, normalize=False)
            # Of p^a q^(1 - a) near 1 what its logarithms leave is good to their rounding.
            terms = abs(alpha * math.log2(p)) + abs((1 - alpha) * math.log2(q))
            slack = 4 * DOUBLE * terms / abs(alpha - 1)
            assert abs(oracle.mp.mpf(got) - expected) <= max(8 * DOUBLE * abs(expected), slack)


@pytest.mark.parametrize("name", NAMES)
def test_continuous_at_order_1(name: str) -> None:
    pair = operands(name, exact(50, seed=1), exact(50, seed=2))
    at_one = measure(name, *pair, alpha=1)
    limits = {
        "renyi_entropy": lambda: entropy(pair[0]),
        "tsallis_entropy": lambda: entropy(pair[0], base=math.e),
        "renyi_divergence": lambda: kl_divergence(*pair),
    }
    np.testing.assert_allclose(at_one, limits[name](), rtol=2 * DOUBLE)
    for step in STEPS:
        for alpha in (1 - step, 1 + step):
            assert abs(measure(name, *pair, alpha=alpha) - at_one) <= (10 * step + 1e-14) * at_one


@DTYPES
@pytest.mark.parametrize("alpha", [0, 0.5, 1, 2, 3.5])
@pytest.mark.parametrize("name", NAMES)
def test_every_tail_length(name: str, alpha: float, dtype: type) -> None:
    p, q = random(300, dtype, 1), random(300, dtype, 2)
    p[5::19] = 0
    p[0] *= dtype(0.9)
    pair = operands(name, p, q)
    for n, expected in enumerate(oracle.prefixes(name, *pair, alpha=alpha), 1):
        got = float(measure(name, *(x[:n] for x in pair), alpha=alpha, normalize=False))
        # Logarithms of sums near 1, and terms of both signs, cancel: relative to a unit.
        slack = 8 * EPS[dtype] if dtype is np.float32 else 64 * DOUBLE
        assert abs(oracle.mp.mpf(got) - expected) <= slack * max(abs(expected), 1), n


@pytest.mark.parametrize("name", NAMES)
def test_float32_gives_the_nearest_float32(name: str) -> None:
    pair = operands(name, exact(100, np.float32, 1), exact(100, np.float32, 2))
    for alpha in (0, 0.5, 1, 1 + 1e-9, 2, 10, math.inf):
        got = measure(name, *pair, alpha=alpha)
        assert type(got) is np.float32
        expected = oracle.evaluate(name, *pair, alpha=alpha)
        oracle.assert_accurate(got, expected, 4 * EPS[np.float32])


@pytest.mark.parametrize("alpha", [0.5, 1, 1 + 1e-9, 2, 3])
@pytest.mark.parametrize("difference", [1e-2, 1e-5, 1e-8])
def test_nearly_equal(difference: float, alpha: float) -> None:
    for n in (2, 100):
        p = exact(n, seed=1)
        assert_measure("renyi_divergence", (p, moved(p, difference)), alpha, 1e-12)


@pytest.mark.parametrize(
    "weights",
    [
        ([1e308, 1e308, 5e307], [1e300, 1e302, 1e301]),
        ([1e-308, 3e-308, 1e-310], [2e-308, 1e-309, 5e-308]),
        ([1e9, 1.0], [1.0, 1e9]),
        ([1e200, 1e-200, 1.0], [1.0, 1e-100, 1e100]),
        ([10**9, 1], [3, 4]),
    ],
    ids=lambda pair: f"{pair[0][0]:g}",
)
@pytest.mark.parametrize("alpha", [0, 0.5, 1, 2, 100, math.inf])
@pytest.mark.parametrize("name", NAMES)
def test_weights(name: str, alpha: float, weights: tuple[list[float], list[float]]) -> None:
    pair = operands(name, *map(np.array, weights))
    assert_measure(name, pair, alpha, 4 * bound(alpha), normalize=True)


@pytest.mark.parametrize("base", [math.e, 10, 0.5])
@pytest.mark.parametrize("alpha", [0, 0.5, 1, 2, math.inf])
@pytest.mark.parametrize("name", ["renyi_entropy", "renyi_divergence"])
def test_bases(name: str, alpha: float, base: float) -> None:
    pair = operands(name, exact(30, seed=1), exact(30, seed=2))
    assert_measure(name, pair, alpha, bound(alpha), base=base)


@pytest.mark.parametrize("name", NAMES)
def test_extreme_orders_are_the_limits(name: str) -> None:
    for n in (2, 50):
        p, q = exact(n, seed=1), exact(n, seed=2)
        pairs = [operands(name, p, q), operands(name, np.append(p, 0), np.append(0, q))]
        for pair in pairs:
            for alpha in (5e-324, 1e-300, 1e-30):
                got, limit = (measure(name, *pair, alpha=a) for a in (alpha, 0))
                np.testing.assert_allclose(got, limit, rtol=8 * DOUBLE, atol=1e-15)
            for alpha in (1e18, 1e100, 1.7e308):
                got, limit = (measure(name, *pair, alpha=a) for a in (alpha, math.inf))
                np.testing.assert_allclose(got, limit, rtol=8 * DOUBLE, atol=1e-15)


# -- Edges -----------------------------------------------------------------------------------------


def test_order_0_counts_the_support() -> None:
    assert renyi_entropy([0.5, 0.25, 0.25, 0.0], 0) == math.log2(3)
    assert tsallis_entropy([0.5, 0.25, 0.25, 0.0], 0) == 2
    assert renyi_entropy([5e-324, 1.0], 0) == 1
    assert renyi_divergence([1.0, 0.0], [0.25, 0.75], 0) == 2
    assert renyi_divergence([1.0, 0.0], [0.0, 1.0], 0) == math.inf
    assert renyi_divergence([0.5, 0.5], [0.25, 0.75], 0) == 0


def test_infinite_order_is_decided_by_the_largest() -> None:
    assert renyi_entropy([0.5, 0.25, 0.25], math.inf) == 1
    assert tsallis_entropy([0.5, 0.25, 0.25], math.inf) == 0
    assert renyi_divergence([0.5, 0.25, 0.25], [0.125, 0.375, 0.5], math.inf) == 2
    assert renyi_divergence([0.5, 0.5], [1.0, 0.0], math.inf) == math.inf
    assert renyi_divergence([1.0, 0.0], [0.5, 0.5], math.inf) == 1


def test_zeros_of_q() -> None:
    p, q = [0.5, 0.5], [1.0, 0.0]
    for alpha in (1, 1.0001, 2, 100, math.inf):
        assert renyi_divergence(p, q, alpha) == math.inf
    assert renyi_divergence(p, q, 0.5) == pytest.approx(1, abs=4 * DOUBLE)
    for alpha in (0, 0.5, 1, 2, math.inf):
        assert renyi_divergence([1.0, 0.0], [0.0, 1.0], alpha) == math.inf


@pytest.mark.parametrize("alpha", ORDERS)
def test_certain_and_equal(alpha: float) -> None:
    for n in (1, 2, 50):
        p = np.zeros(n)
        p[n // 2] = 1
        for name in ("renyi_entropy", "tsallis_entropy"):
            got = measure(name, p, alpha=alpha)
            if name == "tsallis_entropy" or n == 1 or alpha > 0:
                assert got == 0
                assert not np.signbit(got)
        for same in (exact(n), random(n), geometric(max(n, 30))):
            got = renyi_divergence(same, same.copy(), alpha)
            assert got == 0
            assert not np.signbit(got)


@pytest.mark.parametrize("alpha", [0, 0.5, 1, 2, 5, 1000, math.inf])
def test_uniform(alpha: float) -> None:
    for k in (0, 1, 5, 10):
        p = np.full(2**k, 0.5**k)
        np.testing.assert_allclose(renyi_entropy(p, alpha), k, rtol=4 * DOUBLE, atol=0)


@pytest.mark.parametrize("name", NAMES)
def test_nan(name: str) -> None:
    for alpha in (0, 0.5, 1, 2, math.inf):
        for n in (1, 5, 20):
            p = exact(n)
            p[n // 2] = math.nan
            assert math.isnan(measure(name, *operands(name, p, exact(n)), alpha=alpha))
        assert math.isnan(renyi_divergence([1.0, 0.0], [0.5, math.nan], alpha))


# -- Properties ------------------------------------------------------------------------------------


@given(distribution(), st.floats(0, 50))
def test_bounds(p: np.ndarray, alpha: float) -> None:
    support = np.count_nonzero(p)
    got = renyi_entropy(p, alpha)
    assert not np.signbit(got)
    assert 0 <= got <= math.log2(support) * (1 + 1e-14) + 1e-14
    assert 0 <= tsallis_entropy(p, alpha) <= support


@given(distribution(), st.lists(st.floats(0, 60), min_size=2, max_size=6))
def test_renyi_entropy_falls_with_the_order(p: np.ndarray, orders: list[float]) -> None:
    orders = [0.0, *sorted([*orders, 1.0]), math.inf]
    values = [renyi_entropy(p, alpha) for alpha in orders]
    for left, right in itertools.pairwise(values):
        assert left >= right - 1e-13 * max(left, 1)


@given(pairs(), st.lists(st.floats(0, 60), min_size=2, max_size=6))
def test_renyi_divergence_rises_with_the_order(pair: Pair, orders: list[float]) -> None:
    orders = [0.0, *sorted([*orders, 1.0]), math.inf]
    values = [renyi_divergence(*pair, alpha) for alpha in orders]
    assert min(values) >= 0
    for left, right in itertools.pairwise(values):
        assert right == math.inf or left <= right + 1e-13 * max(right, 1)


@given(distribution(), st.floats(0, 30))
def test_tsallis_is_a_function_of_renyi(p: np.ndarray, alpha: float) -> None:
    if abs(alpha - 1) < 1e-3:
        return
    renyi = renyi_entropy(p, alpha, base=math.e)
    expected = -math.expm1((1 - alpha) * renyi) / (alpha - 1)
    assert math.isclose(tsallis_entropy(p, alpha), expected, rel_tol=1e-12, abs_tol=1e-14)


@given(distribution())
def test_order_2_is_the_collision_probability(p: np.ndarray) -> None:
    collision = math.fsum(p * p)
    assert math.isclose(renyi_entropy(p, 2), -math.log2(collision), rel_tol=1e-13, abs_tol=1e-14)
    assert math.isclose(tsallis_entropy(p, 2), 1 - collision, rel_tol=1e-13, abs_tol=1e-14)


@given(pairs())
def test_order_half_is_twice_the_bhattacharyya_distance(pair: Pair) -> None:
    half, overlap = renyi_divergence(*pair, 0.5), bhattacharyya_distance(*pair)
    assert half == 2 * overlap or math.isclose(half, 2 * overlap, rel_tol=1e-12, abs_tol=1e-14)


@given(pairs(), st.floats(0.01, 0.99))
def test_skew_symmetry(pair: Pair, alpha: float) -> None:
    """D_a(p || q) = a / (1 - a) D_(1 - a)(q || p)."""
    p, q = pair
    one = renyi_divergence(p, q, alpha)
    other = alpha / (1 - alpha) * renyi_divergence(q, p, 1 - alpha)
    assert one == other or math.isclose(one, other, rel_tol=1e-11, abs_tol=1e-13)


@given(tables(2), st.floats(0.1, 10))
def test_independent_parts_add(drawn: Pair, alpha: float) -> None:
    p, q = (table.ravel() / table.sum() for table in drawn)
    joint = np.outer(p, q)
    total = renyi_entropy(joint, alpha, axis=None)
    parts = renyi_entropy(p, alpha) + renyi_entropy(q, alpha)
    assert math.isclose(total, parts, rel_tol=1e-12, abs_tol=1e-13)
    # Tsallis: pseudo-additive.
    s, t = tsallis_entropy(p, alpha), tsallis_entropy(q, alpha)
    whole = tsallis_entropy(joint, alpha, axis=None)
    assert math.isclose(whole, s + t + (1 - alpha) * s * t, rel_tol=1e-12, abs_tol=1e-13)


@given(distribution(), st.floats(0, 20), st.data())
def test_permutation_and_zeros(p: np.ndarray, alpha: float, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(p))))
    shuffled = np.append(p[order], np.zeros(3))
    for name in ("renyi_entropy", "tsallis_entropy"):
        one, other = measure(name, p, alpha=alpha), measure(name, shuffled, alpha=alpha)
        np.testing.assert_allclose(one, other, rtol=1e-13, atol=1e-15)
