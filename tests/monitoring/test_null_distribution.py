"""Moments and p-values without drift, against sums over all tables that there are."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from scipy import stats

from pyinfo.monitoring import divergences, null_distribution
from pyinfo.monitoring.divergences import MEASURES, Divergence, kullback_leibler_of_known
from pyinfo.monitoring.null_distribution import Moments, gamma_p_value, p_value

pytestmark = pytest.mark.once

Floats = np.ndarray


def all_tables(pooled: list[int], n: int) -> Iterator[tuple[Floats, float]]:
    """All counts of a sample of n given the pooled ones, and how likely each is."""
    ways = math.comb(sum(pooled), n)
    for counts in itertools.product(*(range(x + 1) for x in pooled)):
        if sum(counts) == n:
            chance = math.prod(map(math.comb, pooled, counts)) / ways
            yield np.array(counts, float), chance


def statistic(found: Divergence, a: Floats, b: Floats) -> float:
    assert found.terms is not None
    return float(found.terms(a, b).sum())


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    ("pooled", "n"),
    [([5, 7], 6), ([2, 10], 5), ([3, 4, 6], 5), ([1, 1, 2, 9], 6), ([2, 2, 2, 2, 2], 3)],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_mean_is_exact_and_variance_near(
    measure: str, pooled: list[int], n: int, swapped: bool
) -> None:
    n = sum(pooled) - n if swapped else n
    first, _ = next(all_tables(pooled, n))
    found = MEASURES[measure](first, pooled - first, 0.5)
    values, chances = [], []
    for a, chance in all_tables(pooled, n):
        values.append(statistic(found, a, pooled - a))
        chances.append(chance)
    mean = np.dot(values, chances)
    assert found.null.mean == pytest.approx(mean, rel=1e-10)
    variance = np.dot((np.array(values) - mean) ** 2, chances)
    # Binomials given their sum in the place of hypergeometric counts are right for more of them.
    assert 0.3 * variance < found.null.variance < 3 * variance + 1e-12


def test_variance_is_that_of_simulations() -> None:
    random = np.random.default_rng(0)
    for k, n, m in ((2, 200, 300), (10, 60, 50), (100, 200, 2000)):
        pooled = random.multinomial(n + m, np.ones(k) / k)
        pooled = pooled[pooled > 0]
        drawn = random.multivariate_hypergeometric(pooled, n, 20_000).astype(float)
        for measure in MEASURES:
            found = MEASURES[measure](drawn[0], pooled - drawn[0], 0.5)
            assert found.terms is not None
            values = found.terms(drawn, pooled - drawn).sum(1)
            assert found.null.mean == pytest.approx(values.mean(), rel=0.03)
            assert found.null.variance == pytest.approx(values.var(), rel=0.12), (k, measure)


def test_many_counts_have_the_moments_of_chi_square() -> None:
    a = b = np.full(8, 1e6)
    for measure in MEASURES:
        found = MEASURES[measure](a, b, 0.5)
        assert found.null.mean / found.scale == pytest.approx(7, rel=1e-5)
        assert found.null.variance / found.scale**2 == pytest.approx(14, rel=0.15)


def test_terms_are_continued_where_counts_become_many() -> None:
    """What is summed over counts, and what is taken for many of them, nearly meet."""
    at = null_distribution._MANY / 0.25
    for measure in MEASURES:
        few, many = (
            MEASURES[measure](np.full(6, x), np.full(6, x), 0.5) for x in (at / 2 - 1, at / 2 + 1)
        )
        ratio = few.null.mean / few.scale / (many.null.mean / many.scale)
        assert ratio == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("q", [[0.5, 0.5], [0.02, 0.28, 0.7], [0.1] * 10])
@pytest.mark.parametrize("n", [3, 20])
def test_known_reference(q: list[float], n: int) -> None:
    probabilities = np.array(q)
    random = np.random.default_rng(n)
    drawn = random.multinomial(n, probabilities, 200_000).astype(float)
    shares = drawn / n
    terms = np.where(shares > 0, shares * np.log(np.maximum(shares, 1e-300) / probabilities), 0)
    found = kullback_leibler_of_known(probabilities, drawn[0])
    assert found.null.mean == pytest.approx(terms.sum(1).mean(), rel=0.02)
    assert found.null.variance == pytest.approx(terms.sum(1).var(), rel=0.35)


def two_sided(a: Floats, b: Floats, value: Callable[[Floats, Floats], float]) -> float:
    n, pooled = int(a.sum()), (a + b).astype(int)
    distribution = stats.hypergeom(int(pooled.sum()), int(pooled[0]), n)
    total = 0.0
    for i in range(max(0, n - int(pooled[1])), min(int(pooled[0]), n) + 1):
        other = np.array([i, n - i], float)
        if value(other, pooled - other) >= value(a, b) * (1 - 1e-9):
            total += float(distribution.pmf(i))
    return total


@pytest.mark.parametrize("measure", MEASURES)
def test_small_p_values_of_two_categories_are_exact(measure: str) -> None:
    for a, b in (([40, 10], [10, 45]), ([60, 0], [40, 12]), ([1, 4000], [400, 90_000])):
        x, y = np.array(a, float), np.array(b, float)
        found = MEASURES[measure](x, y, 0.5)
        assert found.terms is not None
        chance = p_value(x, y, statistic(found, x, y), found.null, found.terms)
        assert chance < null_distribution.SMALL_P
        exact = two_sided(x, y, lambda i, j, found=found: statistic(found, i, j))
        assert chance == pytest.approx(exact, rel=1e-8)


def test_small_p_values_of_few_counts_are_those_of_random_tables() -> None:
    """Where the gamma variable's tail is wrong: a table of few counts that are all equal."""
    a, b = np.array([4.0, 1, 0, 3, 2, 0]), np.array([0, 3.0, 3, 0, 1, 3])
    found = MEASURES["js"](a, b, 0.5)
    value = statistic(found, a, b)
    exact = sum(
        chance
        for each, chance in all_tables([4, 4, 3, 3, 3, 3], 10)
        if statistic(found, each, a + b - each) >= value * (1 - 1e-9)
    )
    assert found.terms is not None
    null = Moments(found.null.mean, found.null.variance / 9)  # a tail that is far too thin
    assert gamma_p_value(value, null) < 1e-6
    chance = p_value(a, b, value, null, found.terms)
    assert exact > 2e-4
    assert chance == pytest.approx(exact, rel=0.6)
    assert p_value(a, b, value, null, found.terms) == chance  # the same data, the same p-value


def test_what_no_random_table_reaches_keeps_its_order() -> None:
    a, b = np.array([90.0, 2, 80]), np.array([3.0, 70, 2])
    found = MEASURES["js"](a, b, 0.5)
    assert found.terms is not None
    value = statistic(found, a, b)
    assert p_value(a, b, value, found.null, found.terms) == gamma_p_value(value, found.null) < 1e-20


def test_bias_is_that_of_simulations() -> None:
    """Mean of what was found less the true divergence, with drift."""
    random = np.random.default_rng(1)
    p, q, n, m = np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.25, 0.25, 0.2, 0.3]), 400, 250
    mixture = (p + q) / 2
    truth = (p * np.log(p / mixture) + q * np.log(q / mixture)).sum() / 2
    tables = zip(random.multinomial(n, p, 4000), random.multinomial(m, q, 4000), strict=True)
    found = [divergences.jensen_shannon(a.astype(float), b.astype(float), 0.5) for a, b in tables]
    values = np.array([each.value for each in found])
    assert np.mean([each.bias for each in found]) == pytest.approx(values.mean() - truth, rel=0.25)
    assert np.mean([each.variance for each in found]) == pytest.approx(values.var(), rel=0.15)
