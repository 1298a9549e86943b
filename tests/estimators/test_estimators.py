"""Estimators of entropy: definitions, published values, bias on known distributions, errors."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyinfo import entropy, estimate_entropy
from pyinfo.estimators.entropy_estimators import counted
from support.estimator_oracle import DEFINITIONS, nsb

pytestmark = pytest.mark.once

ESTIMATORS = tuple(DEFINITIONS)
QUICK = [name for name in ESTIMATORS if name != "nsb"]

COUNTS = {
    "plain": [4, 2, 3, 0, 2, 4, 0, 0, 1, 1],
    "one sample": [1, 0, 0],
    "one symbol": [7],
    "one of two": [5, 0],
    "singletons": [1, 1, 1, 1, 0, 0],
    "no singletons": [2, 2, 5, 0],
    "no doubletons": [1, 1, 1, 5, 9],
    "one singleton": [1, 3, 40],
    "flat": [3, 3, 3, 3],
    "dominated": [1000, 1, 1, 2, 0],
    "large": [250, 1, 2, 3, 60, 60, 1, 1, 14, 300],
}


def nats(counts: object, estimator: str, **options: object) -> float:
    return estimate_entropy(counts, base=math.e, estimator=estimator, **options)


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("estimator", QUICK)
def test_definitions(estimator: str, name: str) -> None:
    counts = COUNTS[name]
    expected = float(DEFINITIONS[estimator](counts, len(counts)))
    assert nats(counts, estimator) == pytest.approx(max(0.0, expected), rel=1e-13, abs=1e-15)
    shuffled = np.random.default_rng(0).permutation(counts)
    assert nats(shuffled, estimator) == nats(counts, estimator)


@pytest.mark.parametrize("name", ["plain", "one of two", "singletons", "dominated"])
def test_nsb_definition(name: str) -> None:
    counts = COUNTS[name]
    expected, deviation = map(float, nsb(counts, len(counts)))
    mean, std = nats(counts, "nsb", return_std=True)
    assert mean == pytest.approx(expected, rel=1e-12)
    assert std == pytest.approx(deviation, rel=1e-10)


def test_nsb_with_a_large_alphabet() -> None:
    expected, deviation = map(float, nsb([3, 1, 1], 10**6))
    mean, std = nats([3, 1, 1], "nsb", alphabet_size=10**6, return_std=True)
    assert mean == pytest.approx(expected, rel=1e-12)
    assert std == pytest.approx(deviation, rel=1e-10)


# Printed by other implementations, which integrate to the digits given here.
NSB_PUBLISHED = [
    # The counts of the examples of R's package entropy; the value was recalled, not looked up.
    ([4, 2, 3, 0, 2, 4, 0, 0, 2], 9, 1.9406467285026877, 1e-13),
    # ndd 1.4 and 1.10, README
    ([7, 3, 5, 8, 9, 1, 3, 3, 1, 0, 2, 5, 2, 11, 4, 23, 5, 0, 8, 0], 20, 2.62363434490, 1e-10),
    ([4, 12, 4, 5, 3, 1, 5, 1, 2, 2, 2, 2, 11, 3, 4, 12, 12, 1, 2], 100, 2.80609, 5e-6),
]


@pytest.mark.parametrize(("counts", "size", "published", "digits"), NSB_PUBLISHED)
def test_nsb_published(counts: list[int], size: int, published: float, digits: float) -> None:
    assert nats(counts, "nsb", alphabet_size=size) == pytest.approx(published, rel=digits)


def test_many_samples() -> None:
    counts = np.random.default_rng(0).multinomial(10**9, np.arange(1, 2001) / 2001000)
    truth = math.log(2001000) - sum(i / 2001000 * math.log(i) for i in range(1, 2001))
    for estimator in ESTIMATORS:
        value, std = nats(counts, estimator, return_std=True)
        assert value == pytest.approx(truth, abs=5 * 2e-5)
        assert std == pytest.approx(1.6e-5, rel=0.2)


def test_plugin_is_the_entropy() -> None:
    counts = np.random.default_rng(0).integers(0, 9, 1000)
    assert estimate_entropy(counts) == pytest.approx(entropy(counts), rel=1e-14)
    assert estimate_entropy(counts, base=10) == pytest.approx(entropy(counts, base=10), rel=1e-14)
    huge = np.array([2**63, 2**62, 1], np.uint64)
    assert estimate_entropy(huge) == pytest.approx(entropy(huge), rel=1e-14)


@settings(max_examples=60)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=30).filter(any))
def test_properties(counts: list[int]) -> None:
    for estimator in ESTIMATORS:
        value, std = estimate_entropy(counts, estimator=estimator, return_std=True)
        assert value >= 0
        assert math.isfinite(value)
        assert std >= 0 or (math.isnan(std) and sum(counts) == 1)
        assert estimate_entropy(counts, estimator=estimator) == value


# -- Bias on known distributions ------------------------------------------------------------------

ROUNDS = 600


def uniform(k: int) -> np.ndarray:
    return np.full(k, 1 / k)


def zipf(k: int) -> np.ndarray:
    p = 1 / np.arange(1, k + 1)
    return p / p.sum()


def geometric(k: int) -> np.ndarray:
    p = 0.8 ** np.arange(k)
    return p / p.sum()


def bias(p: np.ndarray, n: int, estimator: str, rounds: int = ROUNDS) -> tuple[float, float, float]:
    """Return the mean error in nats, its standard error, and the mean claimed over true std."""
    truth = float(-(p * np.log(p)).sum())
    tables = np.random.default_rng(n).multinomial(n, p, rounds)
    found = np.array([nats(table, estimator, return_std=True) for table in tables])
    spread = found[:, 0].std()
    return found[:, 0].mean() - truth, spread / math.sqrt(rounds), found[:, 1].mean() / spread


# Estimators in rising order of their absolute bias. Neighbours are further apart than their
# standard errors explain.
@pytest.mark.parametrize(
    ("p", "n", "order"),
    [
        (uniform(100), 50, ("james-stein", "grassberger", "miller-madow", "plugin")),
        (uniform(100), 100, ("grassberger", "miller-madow", "plugin")),
        (uniform(100), 300, ("grassberger", "miller-madow", "plugin")),
        (zipf(200), 100, ("chao-wang-jost", "grassberger", "miller-madow", "plugin")),
        (zipf(200), 400, ("chao-wang-jost", "miller-madow", "plugin")),
        (geometric(60), 60, ("chao-wang-jost", "miller-madow", "plugin")),
    ],
    ids=["uniform-50", "uniform-100", "uniform-300", "zipf-100", "zipf-400", "geometric-60"],
)
def test_order_of_bias(p: np.ndarray, n: int, order: tuple[str, ...]) -> None:
    found = [bias(p, n, estimator) for estimator in order]
    for (better, error, _), (worse, other, _) in itertools.pairwise(found):
        assert abs(better) + 3 * error < abs(worse) - 3 * other


# The largest absolute bias in nats beyond three standard errors.
@pytest.mark.parametrize(
    ("p", "n", "limits"),
    [
        (
            uniform(100),
            1000,
            {
                "miller-madow": 1e-3,
                "grassberger": 2e-3,
                "james-stein": 1e-3,
                "chao-wang-jost": 1e-3,
                "nsb": 9e-3,
                "plugin": 0.052,
            },
        ),
        (
            zipf(200),
            1000,
            {"miller-madow": 0.03, "grassberger": 0.01, "chao-wang-jost": 0.01, "plugin": 0.11},
        ),
        (
            geometric(60),
            200,
            {"miller-madow": 0.02, "grassberger": 0.01, "chao-wang-jost": 0.01, "plugin": 0.07},
        ),
    ],
    ids=["uniform", "zipf", "geometric"],
)
def test_bias_is_bounded(p: np.ndarray, n: int, limits: dict[str, float]) -> None:
    for estimator, limit in limits.items():
        rounds = 100 if estimator == "nsb" else ROUNDS
        mean, error, _ = bias(p, n, estimator, rounds)
        assert abs(mean) < limit + 3 * error, estimator


def test_bias_of_maximum_likelihood_is_what_theory_says() -> None:
    mean, error, _ = bias(uniform(100), 1000, "plugin")
    # (k - 1) / 2n, and the next term (1 - sum 1/p) / 12 n^2.
    assert mean == pytest.approx(-99 / 2000 - (100 * 100 - 1) / 12e6, abs=4 * error)


@pytest.mark.parametrize("estimator", QUICK)
def test_claimed_deviation(estimator: str) -> None:
    """On a distribution without degeneracies, the claimed std is about that of the estimates."""
    _, _, claimed = bias(geometric(20), 500, estimator)
    assert claimed == pytest.approx(1, abs=0.15)


# -- Errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "options", "error", "message"),
    [
        ([], {}, ValueError, "counts must not be empty or all zero"),
        ([0, 0], {}, ValueError, "counts must not be empty or all zero"),
        ([1, -2], {}, ValueError, r"counts must not be negative: counts\[1\] is -2"),
        ([[1, 2]], {}, ValueError, "counts must have one dimension, not 2"),
        ([0.5, 1], {}, TypeError, "counts must be integers, not float64"),
        (["a"], {}, TypeError, "counts must be integers, not <U1"),
        ([1], {"estimator": "best"}, ValueError, "estimator must be one of 'plugin', .*, not 'b"),
        ([1], {"estimator": ["nsb"]}, ValueError, "estimator must be one of"),
        ([1], {"base": 1}, ValueError, "base must be positive, finite and not 1, not 1$"),
        ([1], {"base": math.nan}, ValueError, "base must be positive"),
        ([1], {"base": "2 bits"}, TypeError, "base must be a real number, not str"),
        ([1, 2, 0], {"alphabet_size": 1}, ValueError, "alphabet_size must be at least 2"),
        ([1], {"alphabet_size": 1.5}, TypeError, "alphabet_size must be an integer, not float"),
    ],
)
def test_errors(counts: object, options: dict, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        estimate_entropy(counts, **options)


def test_counts_are_copied_before_they_are_checked() -> None:
    counts = np.array([3, 0, 1])
    assert not np.shares_memory(counted(counts), counts), "another thread may write in between"
