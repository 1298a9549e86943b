"""Digamma, trigamma and rising factorials against mpmath, to the stated errors."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from pyinfo.estimators.gamma_functions import digamma, log_rising, trigamma

pytestmark = pytest.mark.once

mp = mpmath.mp.clone()
mp.dps = 40
EPS = np.finfo(np.float64).eps

ARGUMENTS = np.concatenate(
    [
        10 ** np.random.default_rng(0).uniform(-8, 15, 300),
        np.random.default_rng(1).uniform(0.001, 25, 300),
        [0.5, 1, 1.4616321449683622, 2, 9.999999999999998, 10, 10.000000000000002, 1e-300],
    ]
)


def test_digamma() -> None:
    for x, value in zip(ARGUMENTS, digamma(ARGUMENTS), strict=True):
        expected = mp.digamma(mp.mpf(float(x)))
        assert abs(mp.mpf(float(value)) - expected) <= 6 * EPS * max(1, abs(expected)), x


def test_trigamma() -> None:
    arguments = ARGUMENTS[ARGUMENTS > 1e-150]  # beyond, the square overflows
    for x, value in zip(arguments, trigamma(arguments), strict=True):
        expected = mp.psi(1, mp.mpf(float(x)))
        assert abs(mp.mpf(float(value)) - expected) <= 4 * EPS * expected, x


def test_log_rising() -> None:
    steps = np.array([1.0, 2, 3, 9, 10, 11, 12, 100, 12345, 1e9])
    values = log_rising(ARGUMENTS, steps)
    for x, row in zip(ARGUMENTS, values, strict=True):
        for n, value in zip(steps, row, strict=True):
            exact = mp.mpf(float(x))
            with mp.workdps(60):  # the difference of two logarithms, which cancel
                expected = mp.loggamma(exact + int(n)) - mp.loggamma(exact)
            assert abs(mp.mpf(float(value)) - expected) <= 24 * EPS * max(1, abs(expected)), (x, n)
