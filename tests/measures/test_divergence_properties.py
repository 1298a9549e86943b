"""Identities and inequalities between measures of two distributions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyinfo import (
    bhattacharyya_distance,
    cross_entropy,
    entropy,
    hellinger_distance,
    jeffreys_divergence,
    js_distance,
    js_divergence,
    kl_divergence,
    renyi_divergence,
    total_variation_distance,
)
from support import oracle
from support.distributions import measure, pairs, tables

ROUNDING = 1e-14
NAMES = [name for name in oracle.TWO_OPERANDS if name != "renyi_divergence"]
SYMMETRIC = [
    "js_divergence",
    "js_distance",
    "jeffreys_divergence",
    "hellinger_distance",
    "bhattacharyya_distance",
    "total_variation_distance",
]
LENGTHS = ("js_distance", "hellinger_distance", "total_variation_distance")

Pair = tuple[np.ndarray, np.ndarray]
Tables = tuple[np.ndarray, np.ndarray]


def close(a: float, b: float, scale: float = 1.0) -> bool:
    return a == b or math.isclose(a, b, rel_tol=ROUNDING, abs_tol=ROUNDING * scale)


@given(pairs())
def test_never_negative(pair: Pair) -> None:
    for name in NAMES:
        got = measure(name, *pair)
        assert got >= 0
        assert not np.signbit(got)


@given(pairs())
def test_divided_pairs_agree_with_the_oracle(pair: Pair) -> None:
    p, q = pair
    for name in NAMES:
        expected = oracle.evaluate(name, p * 3, q * 0.7, normalize=True)
        got = measure(name, p * 3, q * 0.7, normalize=True)
        # What one rounding of the sums leaves of p and q that are proportional.
        rest = 1e-15 if name in LENGTHS else 1e-31
        error = oracle.relative_error(got, expected)
        assert error <= 1e-14 or abs(got - float(expected)) <= rest, name


@given(pairs())
def test_kl_is_cross_entropy_less_entropy(pair: Pair) -> None:
    p, q = pair
    cross = cross_entropy(p, q)
    assert close(kl_divergence(p, q), cross - entropy(p), 1 + (cross if cross < math.inf else 0))


@given(pairs())
def test_js_is_the_entropy_that_mixing_adds(pair: Pair) -> None:
    p, q = pair
    m = (p + q) / 2
    assert close(js_divergence(p, q), entropy(m) - (entropy(p) + entropy(q)) / 2, 10)
    assert close(js_divergence(p, q), (kl_divergence(p, m) + kl_divergence(q, m)) / 2, 10)


@given(pairs(), st.floats(1e-9, 1 - 1e-9))
def test_weighted_js(pair: Pair, weight: float) -> None:
    p, q = pair
    weights = (weight, 1 - weight)
    m = weights[0] * p + weights[1] * q
    expected = sum(w * kl_divergence(x, m) for w, x in zip(weights, pair, strict=True) if w > 0)
    got = js_divergence(p, q, weights=weights)
    assert close(got, expected, 100)
    # No more than the entropy of the weights.
    assert got <= entropy(weights) + ROUNDING


@given(pairs())
def test_symmetry(pair: Pair) -> None:
    p, q = pair
    for name in SYMMETRIC:
        np.testing.assert_allclose(measure(name, p, q), measure(name, q, p), rtol=1e-15, atol=0)


@given(pairs())
def test_bounds(pair: Pair) -> None:
    p, q = pair
    js, h, tv = js_divergence(p, q), hellinger_distance(p, q), total_variation_distance(p, q)
    assert js <= 1 + 1e-15
    assert h <= 1 + 1e-15
    assert tv <= 1 + 1e-15
    assert h**2 <= tv + ROUNDING
    assert tv <= math.sqrt(2) * h + ROUNDING
    assert js <= tv + ROUNDING
    # Pinsker, in nats.
    assert kl_divergence(p, q, base=math.e) >= 2 * tv**2 * (1 - ROUNDING) - 1e-30


@given(pairs())
def test_relations(pair: Pair) -> None:
    p, q = pair
    assert close(jeffreys_divergence(p, q), kl_divergence(p, q) + kl_divergence(q, p), 10)
    assert math.isclose(js_distance(p, q) ** 2, js_divergence(p, q), rel_tol=1e-15)
    overlap = bhattacharyya_distance(p, q, base=math.e)
    h2 = hellinger_distance(p, q) ** 2
    # Rounding of 1 - h2 matters where p and q hardly overlap.
    assert close(math.exp(-overlap), 1 - h2, 10)
    half = renyi_divergence(p, q, 0.5, base=math.e)
    assert half == 2 * overlap or math.isclose(half, 2 * overlap, rel_tol=1e-12, abs_tol=1e-300)


@given(pairs(3), st.data())
def test_merging_loses_divergence(pair: Pair, data: st.DataObject) -> None:
    """The data processing inequality: what is merged can no longer be told apart."""
    cut = data.draw(st.integers(1, len(pair[0])))
    merged = [np.append(x[:cut].sum(), x[cut:]) for x in pair]
    for name in NAMES:
        if name == "cross_entropy":
            continue
        whole = measure(name, *pair)
        assert measure(name, *merged) <= whole * (1 + ROUNDING) + 1e-15


@given(pairs(), st.data())
def test_permutation(pair: Pair, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(pair[0]))))
    for name in NAMES:
        got = measure(name, *(x[order] for x in pair))
        np.testing.assert_allclose(got, measure(name, *pair), rtol=1e-14, atol=1e-30)


@given(pairs(), st.floats(1.1, 100))
def test_base(pair: Pair, base: float) -> None:
    factor = 1 / math.log2(base)
    for name in NAMES:
        if name in oracle.WITHOUT_BASE:
            continue
        scale = math.sqrt(factor) if name == "js_distance" else factor
        np.testing.assert_allclose(
            measure(name, *pair, base=base), scale * measure(name, *pair), rtol=2e-15, atol=0
        )


@given(pairs(), st.integers(-300, 300), st.integers(-300, 300))
def test_scale_does_not_matter(pair: Pair, p_exponent: int, q_exponent: int) -> None:
    p, q = pair
    scaled = np.ldexp(p, p_exponent), np.ldexp(q, q_exponent)
    for name in NAMES:
        got = measure(name, *scaled, normalize=True)
        plain = measure(name, p, q, normalize=True)
        np.testing.assert_allclose(got, plain, rtol=1e-12, atol=1e-30)


@given(tables(2))
def test_chain_rule(drawn: Tables) -> None:
    """D(p(x, y) || q(x, y)) = D(p(x) || q(x)) + sum of p(x) D(p(y | x) || q(y | x))."""
    p, q = drawn
    x_p, x_q = p.sum(axis=1), q.sum(axis=1)
    conditional = float((x_p / x_p.sum()) @ kl_divergence(p, q, axis=1))
    joint = kl_divergence(p, q, axis=None)
    assert close(joint, kl_divergence(x_p, x_q) + conditional)
    cross = float((x_p / x_p.sum()) @ cross_entropy(p, q, axis=1))
    assert close(cross_entropy(p, q, axis=None), cross_entropy(x_p, x_q) + cross, 10)


@given(pairs(1, 8), pairs(1, 8))
def test_independent_divergences_add(first: Pair, second: Pair) -> None:
    joint = [np.outer(x, y) for x, y in zip(first, second, strict=True)]
    for name in ("kl_divergence", "jeffreys_divergence", "bhattacharyya_distance"):
        parts = measure(name, *first) + measure(name, *second)
        assert close(measure(name, *joint, axis=(0, 1)), parts, 10), name


@given(st.integers(1, 30).flatmap(lambda n: st.tuples(pairs(n, n), pairs(n, n))))
def test_triangles(drawn: tuple[Pair, Pair]) -> None:
    (a, b), (c, _) = drawn
    for name in ("js_distance", "hellinger_distance", "total_variation_distance"):
        assert measure(name, a, c) <= measure(name, a, b) + measure(name, b, c) + ROUNDING, name


@given(pairs())
def test_joint_convexity(pair: Pair) -> None:
    p, q = pair
    n = len(p)
    uniform = np.full(n, 1 / n)
    for name in ("kl_divergence", "js_divergence", "total_variation_distance"):
        mixed = measure(name, (p + uniform) / 2, (q + uniform) / 2)
        assert mixed <= measure(name, p, q) / 2 + ROUNDING, name


@pytest.mark.parametrize("n", [2, 5, 100])
def test_uniform_reference(n: int) -> None:
    """D(p || uniform) = log n - H(p)."""
    p = np.random.default_rng(n).dirichlet(np.ones(n), 50)
    uniform = np.full(n, 1 / n)
    np.testing.assert_allclose(
        kl_divergence(p, uniform), math.log2(n) - entropy(p), rtol=0, atol=1e-14
    )
    np.testing.assert_allclose(cross_entropy(p, uniform), math.log2(n), rtol=1e-14)
