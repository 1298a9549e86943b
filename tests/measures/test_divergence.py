"""Measures of two distributions against the oracle, and the accuracy of nearly equal ones."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np
import pytest

import pyinfo
from support import oracle
from support.distributions import (
    EPS,
    exact,
    geometric,
    measure,
    moved,
    near,
    random,
    rng,
    skewed,
    subnormal,
)

DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])
DOUBLE = EPS[np.float64]
NAMES = [name for name in oracle.TWO_OPERANDS if name != "renyi_divergence"]
# What is 0 for equal distributions.
DISTANCES = [name for name in oracle.TWO_OPERANDS if name != "cross_entropy"]

# Sums of terms of one sign are good to 4 eps; KL taken as it is also has terms that cancel.
BOUND = 4


def assert_measure(
    name: str, p: Any, q: Any, bound: float, normalize: bool | None = None, **options: Any
) -> None:
    expected = oracle.evaluate(name, p, q, normalize=normalize, **options)
    got = measure(name, p, q, normalize=normalize, **options)
    oracle.assert_accurate(got, expected, bound)


# -- Against the oracle ----------------------------------------------------------------------------


@DTYPES
@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 9, 64, 300, 1500])
@pytest.mark.parametrize("name", NAMES)
def test_against_the_oracle(name: str, n: int, dtype: type) -> None:
    p, q = exact(n, dtype, 1), exact(n, dtype, 2)
    for normalize in (None, False, True):
        assert_measure(name, p, q, BOUND * EPS[dtype], normalize)
    got = measure(name, p, q)
    assert type(got) is (float if dtype is np.float64 else np.float32)
    # Weights whose sums are far from 1, and differ.
    p, q = (p * dtype(1000.7)).astype(dtype), (q * dtype(0.03)).astype(dtype)
    if n > 1:
        assert_measure(name, p, q, BOUND * EPS[dtype], True)
    else:
        assert 0 <= measure(name, p, q, normalize=True) <= EPS[dtype]


@DTYPES
@pytest.mark.parametrize("name", NAMES)
def test_skewed(name: str, dtype: type) -> None:
    n = 100
    cases = [
        (skewed(n, dtype, 1), random(n, dtype)),
        (random(n, dtype), skewed(n, dtype, 1)),
        (skewed(n, dtype, 1), skewed(n, dtype, 2)),
        (geometric(n, dtype), random(n, dtype)),
        (geometric(n, dtype), geometric(n, dtype)[::-1]),
        (subnormal(n, dtype, 1), random(n, dtype)),
        (random(n, dtype), subnormal(n, dtype, 1)),
        (subnormal(n, dtype, 1), subnormal(n, dtype, 2)),
    ]
    for p, q in cases:
        for normalize in (None, True):
            assert_measure(name, p, q, BOUND * EPS[dtype], normalize)


@DTYPES
@pytest.mark.parametrize("offset", [0, 1])
@pytest.mark.parametrize("name", NAMES)
def test_every_tail_length(name: str, offset: int, dtype: type) -> None:
    p, q = (random(300 + offset, dtype, seed)[offset:] for seed in (1, 2))
    p, q = p.copy(), q.copy()
    p[5::19] = 0
    p[7::23] = q[7::23] = 0
    if offset:
        p, q = (np.concatenate([x[:1], x])[1:] for x in (p, q))
    for n, expected in enumerate(oracle.prefixes(name, p, q), 1):
        got = float(measure(name, p[:n], q[:n], normalize=False))
        # Terms of both signs: relative to what is summed, not to what is left.
        slack = 0.0
        if name == "kl_divergence":
            both = p[:n] > 0
            terms = p[:n][both].astype(float) * np.log2(p[:n][both].astype(float) / q[:n][both])
            slack = BOUND * EPS[dtype] * float(np.abs(terms).sum())
        elif name == "bhattacharyya_distance":
            slack = BOUND * EPS[dtype]
        error = oracle.relative_error(got, expected)
        assert error <= BOUND * EPS[dtype] or abs(got - float(expected)) <= slack, n


@pytest.mark.parametrize("name", NAMES)
def test_every_tail_length_divided(name: str) -> None:
    p, q = random(300, seed=3) * 7, random(300, seed=4) * 0.3
    for n in range(1, 301):
        one = measure(name, p[:n], q[:n], normalize=True)
        # Zeros beyond the end change the length, not the value.
        padded = (np.append(x[:n], np.zeros(300 - n)) for x in (p, q))
        other = measure(name, *padded, normalize=True)
        np.testing.assert_allclose(one, other, rtol=8 * DOUBLE, atol=0)


@DTYPES
@pytest.mark.parametrize("name", NAMES)
def test_large(name: str, dtype: type) -> None:
    n = 10**6
    p, q = random(n, dtype, 1), random(n, dtype, 2)
    expected = long_double(name, p, q)
    np.testing.assert_allclose(
        float(measure(name, p, q)), float(expected), rtol=(BOUND + 1) * EPS[dtype], atol=0
    )


@pytest.mark.parametrize("n", [6000, 10**6, 10**7])
@pytest.mark.parametrize("name", NAMES)
def test_identical_terms(name: str, n: int) -> None:
    """Rounding errors of one sign do not pile up, in the sums that are divided by either."""
    p = np.broadcast_to(np.float64(0.1), (n,))
    q = np.tile([0.7, 0.3], n // 2)
    expected = oracle.evaluate(name, [0.1, 0.1], [0.7, 0.3], normalize=True)
    if name == "cross_entropy":
        expected += oracle.mp.log(n // 2, 2)
    for operand in (p, p.copy()):
        oracle.assert_accurate(measure(name, operand, q, normalize=True), expected, 4 * DOUBLE)


def long_double(name: str, p: np.ndarray, q: np.ndarray) -> np.longdouble:
    """Compute the measure of far apart p and q in np.longdouble."""
    x, y = p.astype(np.longdouble), q.astype(np.longdouble)
    ln2 = np.log(np.longdouble(2))
    m = (x + y) / 2
    terms = {
        "cross_entropy": lambda: -x * np.log(y) / ln2,
        "kl_divergence": lambda: (x * np.log(x / y) - x + y) / ln2,
        "js_divergence": lambda: (x * np.log(x / m) + y * np.log(y / m)) / 2 / ln2,
        "jeffreys_divergence": lambda: (x - y) * np.log(x / y) / ln2,
        "hellinger_distance": lambda: (np.sqrt(x) - np.sqrt(y)) ** 2 / 2,
        "total_variation_distance": lambda: np.abs(x - y) / 2,
    }
    if name == "js_distance":
        return np.sqrt(long_double("js_divergence", p, q))
    if name == "bhattacharyya_distance":
        return -np.log1p(-terms["hellinger_distance"]().sum()) / ln2
    total = terms[name]().sum()
    return np.sqrt(total) if name == "hellinger_distance" else total


WEIGHTS = {
    "huge": ([1e308, 1e308, 5e307], [1e300, 1e302, 1e301]),
    "tiny": ([1e-308, 3e-308, 1e-310], [2e-308, 1e-309, 5e-308]),
    "subnormal": ([5e-324, 1e-322, 3e-320], [1e-321, 1e-322, 1e-320]),
    "huge and tiny": ([1e308, 3e307, 1e306], [1e-308, 3e-310, 2e-308]),
    "tiny and huge": ([1e-308, 3e-310, 2e-308], [1e308, 3e307, 1e306]),
    "counts": ([10**9, 1, 3], [1, 2, 3]),
    "dominated": ([1.0, 1e15, 2.0], [2.0, 1e15, 1.0]),
    "far apart": ([1e-200, 1.0, 1e-3], [1e-3, 1.0, 1e-200]),
}


@pytest.mark.parametrize("case", WEIGHTS)
@pytest.mark.parametrize("name", NAMES)
def test_weights(name: str, case: str) -> None:
    assert_measure(name, *WEIGHTS[case], BOUND * DOUBLE, True)


@pytest.mark.parametrize("base", [2, math.e, 10, 0.5, 1e300, 1 + 2**-52])
@pytest.mark.parametrize("name", [name for name in NAMES if name not in oracle.WITHOUT_BASE])
def test_bases(name: str, base: float) -> None:
    if base < 1 and name == "js_distance":
        base = 3
    assert_measure(name, exact(50, seed=1), exact(50, seed=2), BOUND * DOUBLE, None, base=base)


@pytest.mark.parametrize(
    "weights", [(0.25, 0.75), (1, 0), (0, 1), (0.1, 0.9), (2**-30, 1 - 2**-30)]
)
@pytest.mark.parametrize("name", ["js_divergence", "js_distance"])
def test_mixture_weights(name: str, weights: tuple[float, float]) -> None:
    for dtype, n in ((np.float64, 2), (np.float64, 77), (np.float32, 77)):
        p, q = exact(n, dtype, 1), exact(n, dtype, 2)
        for given in (weights, list(weights), np.array(weights)):
            got = measure(name, p, q, weights=given)
            expected = oracle.evaluate(name, p, q, weights=weights)
            oracle.assert_accurate(got, expected, BOUND * EPS[dtype])
        other = measure(name, q, p, weights=weights[::-1])
        np.testing.assert_allclose(got, other, rtol=BOUND * EPS[dtype], atol=0)


# -- Nearly equal ----------------------------------------------------------------------------------

DIFFERENCES = [1e-1, 1e-3, 1e-5, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12]


@pytest.mark.parametrize("difference", DIFFERENCES)
@pytest.mark.parametrize("n", [2, 9, 300])
@pytest.mark.parametrize("name", DISTANCES)
def test_nearly_equal(name: str, n: int, difference: float) -> None:
    """12 digits of distributions whose sums are 1 exactly."""
    p = exact(n, seed=1)
    q = moved(p, difference)
    for normalize in (None, True):
        assert_measure(name, p, q, 1e-12, normalize)
        assert_measure(name, p * 8, q * 0.25, 1e-12, True)


@pytest.mark.parametrize("difference", DIFFERENCES)
@pytest.mark.parametrize("n", [3, 300])
@pytest.mark.parametrize(
    "name", ["kl_divergence", "js_divergence", "js_distance", "jeffreys_divergence"]
)
def test_nearly_equal_up_to_rounding(name: str, n: int, difference: float) -> None:
    """Sums that rounding keeps from 1 do not cost digits either."""
    p = random(n, seed=1)
    q = near(p, difference)
    q /= q.sum()
    # Whether the divergence of the sums themselves, a square of rounding, belongs to it is open.
    expected = [oracle.evaluate(name, p, q, normalize=normalize) for normalize in (None, True)]
    got = float(measure(name, p, q))
    low, high = (float(pick(expected)) for pick in (min, max))
    assert low * (1 - 1e-12) <= got <= high * (1 + 1e-12)


@pytest.mark.parametrize("difference", DIFFERENCES)
@pytest.mark.parametrize(
    "scales", [(1.0, 1.0), (3.7, 0.011), (1e9, 1e9), (1e100, 1e-90)], ids=lambda s: f"{s[0]:g}"
)
@pytest.mark.parametrize(
    "name",
    ["kl_divergence", "js_divergence", "jeffreys_divergence", "hellinger_distance"],
)
def test_nearly_equal_weights(name: str, scales: tuple[float, float], difference: float) -> None:
    """Dividing by the sums does not round the difference of the shares."""
    p = random(200, seed=1) * scales[0]
    q = near(p, difference) / scales[0] * scales[1]
    # The sums are known to one rounding, which has a square like the differences'.
    assert_measure(name, p, q, max(1e-12, (DOUBLE / 2 / difference) ** 2), True)


@pytest.mark.parametrize("name", ["kl_divergence", "js_divergence", "hellinger_distance"])
def test_nearly_equal_counts(name: str) -> None:
    p = rng(5).integers(10**14, 10**15, 100)
    q = p + rng(6).integers(-5, 6, 100)
    assert_measure(name, p, q, 1e-12)


@pytest.mark.parametrize("difference", [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6])
@pytest.mark.parametrize("n", [2, 9, 300])
@pytest.mark.parametrize("name", DISTANCES)
def test_nearly_equal_float32(name: str, n: int, difference: float) -> None:
    p = exact(n, np.float32, 1)
    q = moved(p, difference)
    for normalize in (None, True):
        assert_measure(name, p, q, 2 * BOUND * EPS[np.float32], normalize)


@pytest.mark.parametrize("difference", [1e-2, 1e-6, 1e-10])
def test_kl_as_it_is_keeps_the_difference_of_sums(difference: float) -> None:
    """Taken as it is, KL is dominated by sum(p - q), which is summed without loss."""
    p = random(500, seed=1)
    for q in (p * (1 + difference), p * (1 - difference), near(p, difference)):
        assert_measure("kl_divergence", p, q, 1e-12, False)


@DTYPES
@pytest.mark.parametrize("larger", [0, 1])
@pytest.mark.parametrize("exponent", [0.5, 1, 3, 5, 10, 30])
@pytest.mark.parametrize("n", [1, 7, 500])
def test_kl_of_numbers_that_are_no_distributions(
    n: int, exponent: float, larger: int, dtype: type
) -> None:
    """The terms of q, or of p, are larger by far than what is left of them."""
    pair = [random(n, seed=1).astype(dtype), random(n, seed=2).astype(dtype)]
    pair[larger] = (pair[larger] * 10**exponent).astype(dtype)
    assert_measure("kl_divergence", *pair, 16 * EPS[dtype], False)
    expected = oracle.evaluate("kl_divergence", *pair, normalize=False)
    rows = [np.tile(each, (20, 1)) for each in pair]  # columns of a tile, if they are short
    for got in measure("kl_divergence", *rows, normalize=False):
        oracle.assert_accurate(got, expected, 16 * EPS[dtype])


@pytest.mark.parametrize(
    ("p", "q", "nats"),
    [
        ([1.0], [1e10], -23.025850929940457),
        ([1.0], [1e308], -709.1962086421661),
        ([1e-7, 0.0], [0.9, 5.0], -1.6012735132174617e-6),
    ],
)
def test_kl_of_single_numbers(p: list[float], q: list[float], nats: float) -> None:
    got = pyinfo.kl_divergence(p, q, base=math.e, normalize=False)
    assert got == pytest.approx(nats, rel=4 * DOUBLE)


@pytest.mark.parametrize("factor", [0.99, 1 - 2e-10, 1, 1 + 1e-12, 1.01])
def test_bhattacharyya_of_sums_near_1(factor: float) -> None:
    for n in (1, 7, 50):
        p = random(n, seed=1)
        for q in (p * factor, moved(p, 1e-9)):
            assert_measure("bhattacharyya_distance", p, q, 16 * DOUBLE, False)


@pytest.mark.parametrize("normalize", [None, True])
@DTYPES
def test_random_nearly_equal_pairs(dtype: type, normalize: bool | None) -> None:
    """10^5 pairs at relative differences from 1e-3 to one ulp: none negative, none NaN."""
    rows, n = 25_000, 8
    p = rng(11).dirichlet(np.ones(n), rows).astype(dtype)
    p = np.maximum(p, dtype(1e-6))
    p /= p.sum(axis=1, keepdims=True, dtype=np.float64).astype(dtype)
    up = rng(12).random((rows, n)) < 0.5
    neighbours = np.nextafter(p, np.where(up, 2, 0).astype(dtype))
    changes = (1e-3, 1e-6, 1e-8) if dtype is np.float64 else (1e-3, 1e-4, 1e-6)
    others = [neighbours, *(near(p, change) for change in changes)]
    others = [(q / q.sum(axis=1, keepdims=True)).astype(dtype) for q in others]
    for q in others:
        differ = (p != q).any(axis=1)
        for name in DISTANCES:
            got = measure(name, p, q, normalize=normalize)
            assert got.dtype == dtype
            assert not np.isnan(got).any(), name
            assert (got >= 0).all(), name
            assert not np.signbit(got).any(), name
            if normalize is None:
                assert (got[~differ] == 0).all(), name


@DTYPES
@pytest.mark.parametrize("n", [1, 2, 3, 10, 300, 5000])
@pytest.mark.parametrize("name", DISTANCES)
def test_equal(name: str, n: int, dtype: type) -> None:
    for p in (exact(n, dtype), random(n, dtype), subnormal(max(n, 2), dtype)):
        for normalize in (None, True, False):
            if name in ("bhattacharyya_distance", "renyi_divergence") and normalize is False:
                continue  # -log sum p, taken as it is
            for q in (p, p.copy()):
                got = measure(name, p, q, normalize=normalize)
                assert got == 0
                assert not np.signbit(got)
    counts = rng(n).integers(1, 1000, n)
    assert measure(name, counts, counts) == 0
    assert measure(name, counts, counts * 4) == 0


# -- Edges -----------------------------------------------------------------------------------------


@DTYPES
def test_zeros(dtype: type) -> None:
    half = np.array([0.5, 0.5, 0.0], dtype)
    other = np.array([0.5, 0.0, 0.5], dtype)
    for n in (3, 40):
        p, q = np.zeros((2, n), dtype)
        p[-3:], q[-3:] = half, other
        for normalize in (None, True, False):
            results = {name: measure(name, p, q, normalize=normalize) for name in DISTANCES}
            assert results["kl_divergence"] == math.inf
            assert pyinfo.cross_entropy(p, q, normalize=normalize) == math.inf
            assert results["jeffreys_divergence"] == math.inf
            assert results["js_divergence"] == 0.5
            np.testing.assert_allclose(results["hellinger_distance"], 0.5**0.5, EPS[dtype])
            assert results["total_variation_distance"] == 0.5
            np.testing.assert_allclose(results["bhattacharyya_distance"], 1, 4 * EPS[dtype])
        assert pyinfo.kl_divergence(p, p) == 0
        assert pyinfo.cross_entropy(p, p) == 1


def test_disjoint() -> None:
    p, q = np.array([0.25, 0.75, 0, 0]), np.array([0, 0, 0.5, 0.5])
    assert pyinfo.js_divergence(p, q) == pytest.approx(1, rel=2 * DOUBLE, abs=0)
    assert pyinfo.js_distance(p, q) == pytest.approx(1, rel=2 * DOUBLE, abs=0)
    assert pyinfo.hellinger_distance(p, q) == 1
    assert pyinfo.total_variation_distance(p, q) == 1
    assert pyinfo.bhattacharyya_distance(p, q) == math.inf
    assert pyinfo.jeffreys_divergence(p, q) == math.inf


@pytest.mark.parametrize("name", oracle.TWO_OPERANDS)
def test_nan_spoils_its_slice_only(name: str) -> None:
    for n in (1, 3, 8, 20):
        for place in range(n):
            p, q = exact(n, seed=1), exact(n, seed=2)
            p, q = np.stack([p] * 3), np.stack([q] * 3)
            good = measure(name, p[0], q[0])
            p[1, place] = math.nan
            q[2, place] = math.nan
            for normalize in (None, True):
                got = measure(name, p, q, normalize=normalize)
                np.testing.assert_allclose(got, [good, math.nan, math.nan], rtol=8 * DOUBLE)
                for row in (1, 2):
                    assert math.isnan(measure(name, p[row], q[row], normalize=normalize))


@pytest.mark.parametrize("name", oracle.TWO_OPERANDS)
def test_nan_beside_a_zero(name: str) -> None:
    """Also where the other value is 0 and its term would not be looked at."""
    q = np.array([0.5, 0.25, 0.25])
    for p in ([0.0, 0.5, 0.5], [1.0, 0.0, 0.0]):
        for place in range(3):
            spoilt = q.copy()
            spoilt[place] = math.nan
            assert math.isnan(measure(name, np.array(p), spoilt))
            assert math.isnan(measure(name, spoilt, np.array(p)))


def test_mixed_counts_and_probabilities() -> None:
    counts, p = np.array([1, 3, 4]), np.array([0.5, 0.25, 0.25])
    for name in NAMES:
        for pair, plain in (((counts, p), (counts / 8, p)), ((p, counts), (p, counts / 8))):
            np.testing.assert_allclose(measure(name, *pair), measure(name, *plain), 2 * DOUBLE)


def test_jensen_shannon_of_several() -> None:
    random = np.random.default_rng(0)
    ps = random.dirichlet(np.ones(9), (4, 5))  # four distributions, in batches of five
    weights = [0.1, 0.2, 0.3, 0.4]

    def entropy(p: np.ndarray) -> float:
        return math.fsum(-x * math.log2(x) for x in p.tolist() if x > 0)

    for w in (weights, None):
        shares = w or [0.25] * 4
        expected = [
            entropy(np.tensordot(shares, ps[:, i], 1))
            - math.fsum(share * entropy(p) for share, p in zip(shares, ps[:, i], strict=True))
            for i in range(5)
        ]
        found = pyinfo.js_divergence(*ps, weights=w)
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        np.testing.assert_allclose(pyinfo.js_distance(*ps, weights=w), np.sqrt(found), rtol=1e-15)
    out = np.empty(5)
    assert pyinfo.js_divergence(*ps, out=out) is out
    # Two of three alike, and one of no weight: the mixture of two.
    p, q = ps[0, 0], ps[1, 0]
    two = pyinfo.js_divergence(p, q, weights=(0.25, 0.75))
    assert pyinfo.js_divergence(p, q, p, weights=(0.125, 0.75, 0.125)) == pytest.approx(
        two, rel=1e-13
    )
    never = np.eye(9)[0]
    assert pyinfo.js_divergence(p, q, never, weights=(0.25, 0.75, 0)) == pytest.approx(
        two, rel=1e-13
    )
    assert pyinfo.js_divergence(p, p, p) == 0
    assert pyinfo.js_divergence(*np.eye(3)) == pytest.approx(math.log2(3), rel=1e-15)
    assert pyinfo.js_divergence([3, 1], [2, 2], [1, 3]) == pytest.approx(
        pyinfo.js_divergence([0.75, 0.25], [0.5, 0.5], [0.25, 0.75]), rel=1e-13
    )
    singles = ps.astype(np.float32)
    assert pyinfo.js_divergence(*singles, normalize=True).dtype == np.float32


def test_nearly_equal_distributions_keep_their_digits() -> None:
    mpmath.mp.dps = 60
    p = np.array([0.25, 0.25, 0.5])
    d = np.array([1, -1, 0]) * 2.0**-28
    three = [p, p + d, p - d]
    exact = [[mpmath.mpf(x) for x in row.tolist()] for row in three]
    mixture = [sum(column) / 3 for column in zip(*exact, strict=True)]
    expected = (
        sum(x * mpmath.log(x / m, 2) for row in exact for x, m in zip(row, mixture, strict=True))
        / 3
    )
    assert pyinfo.js_divergence(*three) == pytest.approx(float(expected), rel=1e-12, abs=0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: pyinfo.js_divergence([1.0], [1.0], [1.0], weights=(0.5, 0.5)),
            "must be 3 non-neg",
        ),
        (
            lambda: pyinfo.js_divergence([1.0], [1.0], [1.0], weights=(1, 1, -1)),
            "must be 3 non-neg",
        ),
        (lambda: pyinfo.js_divergence([1.0], [1.0], [0.9]), "sums to 0.9, not 1"),
        (lambda: pyinfo.js_divergence([1.0], [1.0], [0.5, 0.5]), "p has 1 element along axis -1"),
    ],
)
def test_bad_mixtures(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
