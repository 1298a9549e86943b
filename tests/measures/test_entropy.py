"""entropy against the oracle, its properties, and the accuracy that the contract promises."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyinfo import entropy
from support import oracle
from support.distributions import EPS, KINDS, distribution, exact, random, rng, tables, weights

DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])
DOUBLE = EPS[np.float64]

# -- Against the oracle ----------------------------------------------------------------------------


@DTYPES
@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 8, 9, 33, 64, 300, 1023, 1025, 5000])
@pytest.mark.parametrize("kind", KINDS)
def test_within_4_eps(kind: str, n: int, dtype: type) -> None:
    if kind == "skewed" and n == 1:
        n = 12  # one value cannot dominate itself
    p = KINDS[kind](n, dtype)
    for normalize in (False, True):
        got = entropy(p, normalize=normalize)
        assert type(got) is (float if dtype is np.float64 else np.float32)
        expected = oracle.evaluate("entropy", p, normalize=normalize)
        oracle.assert_accurate(got, expected, 4 * EPS[dtype])
    if kind not in ("geometric", "subnormal") or n > 60:
        expected = oracle.evaluate("entropy", p, normalize=None)
        oracle.assert_accurate(entropy(p), max(expected, 0), 4 * EPS[dtype])


@DTYPES
@pytest.mark.parametrize("offset", [0, 1, 3])
def test_every_tail_length(dtype: type, offset: int) -> None:
    values = random(300 + offset, dtype, 5) * dtype(0.9)
    values[offset + 3 :: 17] = 0
    p = values[offset:]
    assert len(p) == 300
    for n, expected in enumerate(oracle.prefixes("entropy", p), 1):
        oracle.assert_accurate(entropy(p[:n], normalize=False), expected, 4 * EPS[dtype])


@DTYPES
def test_every_tail_length_divided(dtype: type) -> None:
    p = (random(300, dtype, 6) * 1000).astype(dtype)
    for n in range(1, 301):
        # log S - T / S, with prefix sums that are exact to 60 digits.
        expected = oracle.evaluate("entropy", p[:n], normalize=True) if n % 7 == 0 else None
        got = entropy(p[:n], normalize=True)
        wide = p[:n].astype(np.longdouble)
        wide /= wide.sum()
        np.testing.assert_allclose(
            float(got), float(-(wide * np.log2(wide)).sum()), rtol=4 * EPS[dtype], atol=0
        )
        if expected is not None:
            oracle.assert_accurate(got, expected, 4 * EPS[dtype])


@DTYPES
@pytest.mark.parametrize("n", [10**4, 10**6])
@pytest.mark.parametrize("kind", ["random", "skewed", "subnormal"])
def test_large(kind: str, n: int, dtype: type) -> None:
    p = KINDS[kind](n, dtype)
    wide = p.astype(np.longdouble)
    logs = np.log2(np.where(wide > 0, wide, 1))
    rounding = 1e-16  # of the long double sums
    if np.finfo(np.longdouble).nmant < 63:  # float64 by another name: use exact sums of terms
        rounding = 2 * DOUBLE
    expected = float(-(wide * logs).sum())
    got = entropy(p, normalize=False)
    np.testing.assert_allclose(float(got), expected, rtol=4 * EPS[dtype] + rounding, atol=0)


@DTYPES
@pytest.mark.parametrize("n", [1, 3, 10, 1000, 12345, 10**6, 10**7])
def test_identical_terms(n: int, dtype: type) -> None:
    # The rounding errors of identical terms all have one sign: a plain sum drifts away.
    value = dtype(1) / dtype(n)
    exact_value = oracle.exact(value)
    expected = n * -oracle.x_log_x(exact_value) / oracle.mp.log(2)
    p = np.full(n, value)
    oracle.assert_accurate(entropy(p, normalize=False), expected, 4 * EPS[dtype])
    expected = oracle.mp.log(n) / oracle.mp.log(2)
    oracle.assert_accurate(entropy(p, normalize=True), expected, 4 * EPS[dtype])
    counts = np.full(n, 7, np.uint16)
    oracle.assert_accurate(entropy(counts), expected, 4 * DOUBLE)


def test_identical_terms_1e8() -> None:
    n = 10**8
    expected = n * -oracle.x_log_x(oracle.exact(1e-8)) / oracle.mp.log(2)
    p = np.broadcast_to(np.float64(1e-8), (n,))  # one number of memory
    oracle.assert_accurate(entropy(p), expected, 4 * DOUBLE)


# -- Weights ---------------------------------------------------------------------------------------

TINY = 2.0**-1074
WEIGHTS: dict[str, list[float]] = {
    "huge": [1e308, 1e308, 5e307, 1e300],
    "the largest": [np.finfo(float).max] * 5,
    "tiny": [1e-308, 3e-308, 2.5e-308, 1e-310],
    "subnormal": [3 * TINY, 5 * TINY, TINY, 100 * TINY],
    "the smallest": [TINY, TINY, TINY],
    "one of them": [TINY],
    "huge and tiny": [1e308, TINY, 1.0],
    "huge and one": [1e300, 1.0],
    "far apart": [1e200, 1e-200, 3.0, 1e199],
    "dominated": [1e9, 1.0],
    "dominated by 2^53": [2.0**53, 1.0],
    "dominated by two": [1e12, 1e12, 1.0],
    "dominated by little": [0.75, 0.2, 0.05],
    "dominated in the middle": [1.0, 3.0, 1e15, 2.0],
    "many small": [1e13, *([1.0] * 1000)],
    "powers of ten": [10.0**k for k in range(-300, 300, 7)],
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights(name: str) -> None:
    expected = oracle.evaluate("entropy", WEIGHTS[name], normalize=True)
    got = entropy(WEIGHTS[name], normalize=True)
    if expected < 2.0**-1022:
        assert abs(got - float(expected)) <= 4 * TINY
    else:
        oracle.assert_accurate(got, expected, 4 * DOUBLE)


@pytest.mark.parametrize(
    "values",
    [[1e38, 1e38, 3e38], [1e-38, 1e-39, 2e-45], [3e38, 1e-45], [1e9, 1.0], [1e6, 1, 2, 3]],
    ids=str,
)
def test_weights_in_float32(values: list[float]) -> None:
    p = np.array(values, np.float32)
    expected = oracle.evaluate("entropy", p, normalize=True)
    got = float(entropy(p, normalize=True))
    if expected < np.finfo(np.float32).tiny:
        assert abs(got - float(expected)) <= 2.0**-148
    else:
        oracle.assert_accurate(got, expected, 4 * EPS[np.float32])


@pytest.mark.parametrize("dtype", [np.int64, np.uint32, np.uint64, np.float64, np.int32])
@pytest.mark.parametrize("rest", [1, 2, 1000])
def test_dominated_counts_keep_the_small_entropy(dtype: type, rest: int) -> None:
    for counts in ([10**9, rest], [rest, 10**9], [0, 10**9, 0, rest, rest]):
        p = np.array(counts, dtype)
        expected = oracle.evaluate("entropy", counts)
        oracle.assert_accurate(entropy(p, normalize=True), expected, 4 * DOUBLE)


@pytest.mark.parametrize(
    "counts",
    [[2**63 - 1, 1], [2**62, 2**62, 1], [2**53 + 1, 2**53 + 3], [2**63 - 1] * 9, [2**61] * 64],
    ids=lambda c: f"{len(c)} from {c[0]}",
)
def test_counts_of_64_bits(counts: list[int]) -> None:
    expected = oracle.evaluate("entropy", counts)
    oracle.assert_accurate(entropy(np.array(counts, np.int64)), expected, 4 * DOUBLE)
    oracle.assert_accurate(entropy(np.array(counts, np.uint64)), expected, 4 * DOUBLE)


def test_large_unsigned_counts() -> None:
    counts = [2**64 - 1, 2**64 - 1, 2**63]
    expected = oracle.evaluate("entropy", counts)
    oracle.assert_accurate(entropy(np.array(counts, np.uint64)), expected, 4 * DOUBLE)


@DTYPES
def test_nearly_certain(dtype: type) -> None:
    # p log p of a p one ulp below 1, and what is left beside it.
    for k in range(1, 20):
        rest = EPS[dtype] / 2 * k
        p = np.array([1 - rest, rest], dtype)
        expected = oracle.evaluate("entropy", p)
        oracle.assert_accurate(entropy(p), expected, 4 * EPS[dtype])
        oracle.assert_accurate(entropy(p, normalize=True), expected, 4 * EPS[dtype])


# -- Edges -----------------------------------------------------------------------------------------


@DTYPES
@pytest.mark.parametrize("n", [1, 2, 17, 300])
def test_certain(n: int, dtype: type) -> None:
    for place in {0, n // 2, n - 1}:
        p = np.zeros(n, dtype)
        p[place] = 1
        for normalize in (None, True, False):
            got = entropy(p, normalize=normalize)
            assert got == 0
            assert not np.signbit(got)


def test_powers_of_two_are_exact() -> None:
    for k in range(21):
        assert entropy(np.full(2**k, 0.5**k)) == k
        assert entropy(np.full(2**k, np.float32(0.5**k))) == k
        assert entropy(np.full(2**k, 4)) == k


def test_rounding_above_1_is_clamped() -> None:
    assert entropy([1 + 1e-9]) == 0
    assert entropy(np.float32([1 + 1e-4])) == 0
    assert entropy([1 + 1e-9, 0.0]) == 0


def test_taken_as_it_is() -> None:
    assert entropy([2.0, 4.0], normalize=False) == -10
    assert entropy([4, 0], normalize=False) == -8
    assert entropy([0.25], normalize=False) == 0.5
    assert entropy([0.0, 0.0], normalize=False) == 0


def test_nan_spoils_its_slice_only() -> None:
    p = np.full((5, 4), 0.25)
    p[1, 2] = p[4, 0] = math.nan
    for normalize in (None, True, False):
        for axis, slices in ((1, p), (0, np.ascontiguousarray(p.T))):
            got = entropy(slices, axis=axis, normalize=normalize)
            np.testing.assert_array_equal(got, [2, math.nan, 2, 2, math.nan])
    for n in range(1, 70):
        for place in range(n):
            row = np.full(n, 1 / n)
            row[place] = math.nan
            assert math.isnan(entropy(row))
            assert np.isnan(entropy(row.astype(np.float32), normalize=True))


# -- Properties ------------------------------------------------------------------------------------


@given(distribution())
def test_bounds(p: np.ndarray) -> None:
    assert 0 <= entropy(p) <= math.log2(len(p)) * (1 + 8 * DOUBLE) + 1e-15


@given(weights())
def test_divided_weights_agree_with_the_oracle(w: np.ndarray) -> None:
    expected = oracle.evaluate("entropy", w, normalize=True)
    oracle.assert_accurate(entropy(w, normalize=True), expected, 4 * DOUBLE)


@given(weights(), st.randoms(use_true_random=False))
def test_permutation(w: np.ndarray, random: object) -> None:
    order = list(range(len(w)))
    random.shuffle(order)  # type: ignore[attr-defined]
    np.testing.assert_allclose(
        entropy(w[order], normalize=True), entropy(w, normalize=True), rtol=8 * DOUBLE, atol=0
    )


@given(weights(), st.integers(0, 5), st.integers(-400, 400))
def test_scale_and_zeros_do_not_matter(w: np.ndarray, zeros: int, exponent: int) -> None:
    scaled = np.append(np.ldexp(w, exponent), np.zeros(zeros))
    np.testing.assert_allclose(
        entropy(scaled, normalize=True), entropy(w, normalize=True), rtol=8 * DOUBLE, atol=0
    )


@given(weights(2), st.data())
def test_merging(w: np.ndarray, data: st.DataObject) -> None:
    """H(p) = H(merged) + p(merged) H(within): the grouping property."""
    cut = data.draw(st.integers(1, len(w)))
    group, others = w[:cut], w[cut:]
    merged = np.append(group.sum(), others)
    share = group.sum() / w.sum()
    within = entropy(group, normalize=True) if group.sum() > 0 else 0.0
    whole = entropy(w, normalize=True)
    assert math.isclose(
        whole, entropy(merged, normalize=True) + share * within, rel_tol=1e-13, abs_tol=1e-15
    )
    assert entropy(merged, normalize=True) <= whole + 1e-14


@given(distribution(), st.floats(0.01, 100).filter(lambda b: abs(b - 1) > 1e-3))
def test_base(p: np.ndarray, base: float) -> None:
    expected = oracle.evaluate("entropy", p, base=base)
    if base > 1:
        expected = max(expected, 0)
    got = entropy(p, base=base)
    assert math.isclose(got, float(expected), rel_tol=4 * DOUBLE, abs_tol=1e-15)


@pytest.mark.parametrize("base", [2, math.e, 10, 0.5, 1.5, 256, 1e300, 1e-300, 1 + 2**-52])
@pytest.mark.parametrize("convert", [float, np.float64, np.float32], ids=lambda c: c.__name__)
def test_bases(base: float, convert: Callable[[float], float]) -> None:
    with np.errstate(over="ignore"):
        base = convert(base)
    if float(base) in (0, 1, math.inf):
        base = convert(3)
    p = exact(100)
    expected = oracle.evaluate("entropy", p, base=float(base))
    oracle.assert_accurate(entropy(p, base=base), expected, 4 * DOUBLE)


@given(tables())
def test_chain_rule(drawn: tuple[np.ndarray]) -> None:
    """H(X, Y) = H(X) + sum of p(x) H(Y | x)."""
    (table,) = drawn
    joint = entropy(table, axis=None)
    x = table.sum(axis=1)
    conditional = float((x / x.sum()) @ entropy(table, axis=1))
    assert math.isclose(joint, entropy(x) + conditional, rel_tol=1e-14, abs_tol=1e-15)
    # Conditioning never raises entropy.
    assert conditional <= entropy(table.sum(axis=0)) + 1e-14


@given(distribution(1, 12), distribution(1, 12))
def test_independent_entropies_add(p: np.ndarray, q: np.ndarray) -> None:
    joint = entropy(np.outer(p, q), axis=(0, 1))
    assert math.isclose(joint, entropy(p) + entropy(q), rel_tol=1e-14, abs_tol=1e-14)


def test_mixing_never_lowers_entropy() -> None:
    p = rng(8).dirichlet(np.ones(9), 200)
    q = rng(9).dirichlet(np.ones(9), 200)
    assert (entropy((p + q) / 2) >= (entropy(p) + entropy(q)) / 2).all()
