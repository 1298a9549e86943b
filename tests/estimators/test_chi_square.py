"""Chi-square distributions against mpmath and SciPy."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from scipy import special

from pyinfo.estimators.chi_square import gamma_tail, noncentral_chi_square, normal

pytestmark = pytest.mark.once


def test_tail_of_gamma_against_mpmath() -> None:
    random = np.random.default_rng(0)
    for _ in range(300):
        a = 10 ** random.uniform(-3, 3)
        x = a * math.exp(random.normal() * 4 / math.sqrt(a + 1))
        exact = float(mpmath.gammainc(a, x, regularized=True))
        # Below the mean it is one less what is found.
        assert gamma_tail(a, x) == pytest.approx(exact, rel=1e-11, abs=2e-12 * (x < a + 1))


@pytest.mark.parametrize("a", [0.01, 0.5, 1.0, 9.999, 10.0, 1e3, 1e5, 1e6])
def test_tail_of_gamma_against_scipy(a: float) -> None:
    for deviations in np.linspace(-6, 25, 63):
        x = a + deviations * math.sqrt(a)
        exact = float(special.gammaincc(a, x)) if x > 0 else 1.0
        assert gamma_tail(a, x) == pytest.approx(exact, rel=1e-10, abs=2e-12 * (x < a + 1))
    assert gamma_tail(a, 0.0) == 1
    assert gamma_tail(a, math.inf) == 0


def test_noncentral_against_scipy() -> None:
    random = np.random.default_rng(1)
    for _ in range(2000):
        freedom, noncentrality = 10 ** random.uniform(-1.5, 3.5), 10 ** random.uniform(-3, 4)
        mean = freedom + noncentrality
        x = mean + random.normal() * 2 * math.sqrt(2 * (mean + noncentrality))
        exact = float(special.chndtr(max(x, 0), freedom, noncentrality))
        error = 1e-11 if mean < 400 else 5e-5
        found = noncentral_chi_square(x, freedom, noncentrality)
        assert found == pytest.approx(exact, rel=0, abs=error)


def test_edges_of_noncentral() -> None:
    assert noncentral_chi_square(0.0, 1, 1) == noncentral_chi_square(-1.0, 1, 1) == 0
    assert noncentral_chi_square(1e9, 3, 5) == noncentral_chi_square(math.inf, 3, 5) == 1
    for freedom in (0.02, 3.0, 5000.0):  # without noncentrality it is the central one, exactly
        x = freedom * 1.1
        assert noncentral_chi_square(x, freedom, 0) == 1 - gamma_tail(freedom / 2, x / 2)


def test_noncentral_falls_as_its_mean_rises() -> None:
    for freedom in (1.0, 50.0, 1000.0):
        found = [noncentral_chi_square(freedom + 50, freedom, lam) for lam in np.linspace(0, 300)]
        assert (np.diff(found) <= 1e-4 * (freedom + 300 >= 400)).all()


def test_normal() -> None:
    z = np.linspace(-30, 8, 77)
    np.testing.assert_allclose([normal(each) for each in z], special.ndtr(z), rtol=1e-12)


def test_far_below_a_large_mean() -> None:
    """Where the value is less than half a rounding of the mean."""
    for a in (10.0, 1e3, 1e5, 1e6):
        for x in (5e-324, 1e-300, 1e-12, 1e-3 * a, 0.49 * a, 0.51 * a):
            exact = float(mpmath.gammainc(a, x, regularized=True))
            assert gamma_tail(a, x) == pytest.approx(exact, abs=2e-12)
