"""How often p-values are small without drift, and how often intervals hold the true divergence.

Simulations of fixed seeds; `python -m bench.drift_coverage` makes the long ones. Bounds are the
bars of 3.5 to 6 % and 93 to 97 %, and three standard deviations of so few repetitions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest

from pyinfo import drift
from pyinfo.monitoring.divergences import MEASURES, Divergence
from pyinfo.monitoring.intervals import interval
from pyinfo.monitoring.null_distribution import gamma_p_value

pytestmark = pytest.mark.once

REPETITIONS = 400


def shares(k: int) -> np.ndarray:
    p = np.array([0.3, 0.7]) if k == 2 else 1 / (np.arange(k) + 3.0)
    return p / p.sum()


def drifted(p: np.ndarray, by: float) -> np.ndarray:
    k = len(p)
    z = np.random.default_rng(k).standard_normal(k) if k > 2 else np.array([1.0, -1.0])
    q = p * np.exp(by * (z - z.mean()) / z.std())
    return q / q.sum()


def simulated(kind: str, p: np.ndarray, q: np.ndarray, n: int, m: int) -> Iterator[Divergence]:
    random = np.random.default_rng([len(p), n, m])
    measure, _, by_size = kind.partition(" ")
    for _ in range(REPETITIONS):
        a, b = random.multinomial(n, p), random.multinomial(m, q)
        met = a + b > 0
        weight = n / (n + m) if by_size else 0.5
        yield MEASURES[measure](a[met].astype(float), b[met].astype(float), weight)


def within(share: float, low: float, high: float) -> bool:
    def slack(bar: float) -> float:
        return 3 * math.sqrt(bar * (1 - bar) / REPETITIONS)

    return low - slack(low) <= share <= high + slack(high)


KINDS = ["js", "js by size", "kl", "psi"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("k", [2, 10, 100])
@pytest.mark.parametrize(("n", "m"), [(50, 50), (500, 100_000)])
def test_type_one_errors(kind: str, k: int, n: int, m: int) -> None:
    p = shares(k)
    found = [gamma_p_value(each.value, each.null) for each in simulated(kind, p, p, n, m)]
    assert within(np.mean(np.array(found) < 0.05), 0.035, 0.06)


def test_chi_square_would_fail_here() -> None:
    """The test can fail: that of the textbook does, where categories have few counts."""
    stats = pytest.importorskip("scipy.stats")
    p = shares(100)
    random = np.random.default_rng(0)
    small = 0
    for _ in range(REPETITIONS):
        table = random.multinomial(50, p, 2)
        table = table[:, table.sum(0) > 0]
        found = stats.chi2_contingency(table, correction=False, lambda_="log-likelihood")
        small += found.pvalue < 0.05
    assert not within(small / REPETITIONS, 0.035, 0.06)


def truth(kind: str, p: np.ndarray, q: np.ndarray, n: int, m: int) -> float:
    if kind == "psi":
        return float(((p - q) * np.log(p / q)).sum())
    if kind == "kl":
        return float((q * np.log(q / p)).sum())
    v = n / (n + m) if kind == "js by size" else 0.5
    mixture = v * p + (1 - v) * q
    return float(v * (p * np.log(p / mixture)).sum() + (1 - v) * (q * np.log(q / mixture)).sum())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("by", [0.1, 0.5])
@pytest.mark.parametrize(("k", "n", "m"), [(2, 50, 50), (10, 500, 500), (100, 5000, 3000)])
def test_intervals_hold_the_truth(kind: str, by: float, k: int, n: int, m: int) -> None:
    p = shares(k)
    q = drifted(p, by)
    true = truth(kind, p, q, n, m)
    found = [
        interval(each.value, each.scale, each.null, each.bias, each.variance, 0.95)
        for each in simulated(kind, p, q, n, m)
    ]
    assert within(np.mean([each.low <= true <= each.high for each in found]), 0.93, 0.97)
    width = np.median([each.high - each.low for each in found])
    assert abs(np.mean([each.corrected for each in found]) - true) < 0.15 * width


@pytest.mark.parametrize("bins", [4, 10])
def test_numbers_in_bins(bins: int) -> None:
    """Bins end at quantiles of the reference itself, which makes no difference to p-values."""
    random = np.random.default_rng(bins)
    found = [
        drift(random.normal(size=300), random.normal(size=200), bins=bins).p_value
        for _ in range(REPETITIONS)
    ]
    assert within(np.mean(np.array(found) < 0.05), 0.035, 0.06)
