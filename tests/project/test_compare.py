"""What docs/compare.md says about other packages, as far as code can show it."""

from __future__ import annotations

import warnings
from decimal import Decimal, localcontext

import numpy as np
import pytest
from numpy.typing import NDArray

import pyinfo

pytestmark = pytest.mark.once
NEAR = 1e-8


def near_pair() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    random = np.random.default_rng(0)
    p = random.random(1000) + 0.5
    p /= p.sum()
    return p, p * (1 + NEAR * random.choice([-1, 1], p.size))


def exact_kl(p: NDArray[np.float64], q: NDArray[np.float64]) -> Decimal:
    """In nats, of the distributions that p and q are proportional to."""
    with localcontext() as context:
        context.prec = 60
        ps, qs = ([Decimal(x) for x in values.tolist()] for values in (p, q))
        p_sum, q_sum = sum(ps), sum(qs)
        terms = (a / p_sum * (a * q_sum / (b * p_sum)).ln() for a, b in zip(ps, qs, strict=True))
        return sum(terms, Decimal(0))


def test_digits_of_kl_when_p_and_q_are_close() -> None:
    stats = pytest.importorskip("scipy.stats", reason="SciPy is not installed (extra test)")
    p, q = near_pair()
    exact = exact_kl(p, q)
    ours = pyinfo.kl_divergence(p, q, base=np.e, normalize=True)
    assert abs(Decimal(float(ours)) / exact - 1) < Decimal("1e-12")
    assert abs(Decimal(float(stats.entropy(p, q))) / exact - 1) > Decimal("0.01")


def test_jensen_shannon_distances_of_near_equal_distributions() -> None:
    distance = pytest.importorskip("scipy.spatial.distance", reason="no SciPy (extra test)")
    random = np.random.default_rng(0)
    p = random.dirichlet(np.ones(5), 200)
    q = p * (1 + 1e-9 * random.standard_normal(p.shape))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the square root of a negative number
        theirs = distance.jensenshannon(p, q, axis=1)
    assert np.isnan(theirs).any()
    assert np.all(pyinfo.js_distance(p, q, normalize=True) >= 0)


def test_sums_that_are_not_one() -> None:
    stats = pytest.importorskip("scipy.stats", reason="SciPy is not installed (extra test)")
    short = [0.5, 0.4]
    assert stats.entropy(short, base=2) == pytest.approx(pyinfo.entropy(short, normalize=True))
    with pytest.raises(ValueError, match="normalize"):
        pyinfo.entropy(short)


def test_sums_of_jensen_shannon_that_are_not_one() -> None:
    distance = pytest.importorskip("scipy.spatial.distance", reason="no SciPy (extra test)")
    short, even = [0.5, 0.4], [0.5, 0.5]
    ours = pyinfo.js_distance(short, even, normalize=True)
    assert distance.jensenshannon(short, even, base=2) == pytest.approx(ours)
    with pytest.raises(ValueError, match="normalize"):
        pyinfo.js_distance(short, even)


def test_negative_probabilities() -> None:
    stats = pytest.importorskip("scipy.stats", reason="SciPy is not installed (extra test)")
    distance = pytest.importorskip("scipy.spatial.distance", reason="no SciPy (extra test)")
    wrong, even = [-0.1, 1.1], [0.5, 0.5]
    assert stats.entropy(wrong) == -np.inf
    assert stats.entropy(wrong, even) == np.inf
    assert distance.jensenshannon(wrong, even) == np.inf
    with pytest.raises(ValueError, match=r"-0\.1"):
        pyinfo.entropy(wrong)
    for divergence in (pyinfo.kl_divergence, pyinfo.js_distance):
        with pytest.raises(ValueError, match=r"-0\.1"):
            divergence(wrong, even)
