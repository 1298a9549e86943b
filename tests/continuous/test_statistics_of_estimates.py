"""Bias, standard errors and null distributions, where the true information is known."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from pyinfo import continuous

pytestmark = pytest.mark.once

Array = npt.NDArray[Any]


def gaussian(rho: float, n: int, rng: np.random.Generator) -> Array:
    x, noise = rng.standard_normal((2, n))
    return np.stack([x, rho * x + math.sqrt(1 - rho * rho) * noise])


def truth(rho: float) -> float:
    return -0.5 * math.log2(1 - rho * rho)


# rho, samples, method: how far the mean of 40 estimates may be from the truth, in bits.
BIAS = [
    (0.0, 200, "ksg1", 0.03), (0.0, 1000, "ksg1", 0.02), (0.6, 200, "ksg1", 0.05),
    (0.6, 1000, "ksg1", 0.02), (0.9, 1000, "ksg1", 0.03), (0.99, 1000, "ksg1", 0.05),
    (0.0, 1000, "ksg2", 0.02), (0.6, 1000, "ksg2", 0.02), (0.9, 1000, "ksg2", 0.03),
    (0.0, 1000, "bins", 0.02), (0.6, 1000, "bins", 0.05),
]  # fmt: skip


@pytest.mark.parametrize(("rho", "n", "method", "most"), BIAS)
def test_bias_of_gaussian_pairs(rho: float, n: int, method: Any, most: float) -> None:
    rng = np.random.default_rng(1)
    found = [continuous.mutual_information(*gaussian(rho, n, rng), method=method)
             for _ in range(40)]  # fmt: skip
    error = float(np.std(found)) / math.sqrt(40)
    assert abs(float(np.mean(found)) - truth(rho)) < most + 2 * error


@pytest.mark.parametrize("rho", [0.0, 0.6, 0.9])
def test_coverage_of_two_standard_errors(rho: float) -> None:
    rng = np.random.default_rng(2)
    inside = 0
    for _ in range(100):
        found = continuous.mutual_information(*gaussian(rho, 400, rng), details=True)
        inside += abs(found.value - truth(rho)) < 2 * found.std
    assert 86 <= inside <= 100


def test_coverage_of_entropy() -> None:
    rng = np.random.default_rng(3)
    inside = 0
    for _ in range(100):
        found = continuous.differential_entropy(rng.standard_normal(500), details=True)
        inside += abs(found.value - 0.5 * math.log2(2 * math.pi * math.e)) < 2 * found.std
    assert 86 <= inside <= 100


def test_p_values_of_independent_variables() -> None:
    rng = np.random.default_rng(4)
    low = 0
    for _ in range(100):
        x, y = rng.standard_normal((2, 100))
        low += continuous.mutual_information(x, y, details=True, permutations=19).p_value <= 0.05
    assert low <= 12


def test_p_values_given_what_both_depend_on() -> None:
    """Shuffled without regard to it, every p-value would be the least."""
    rng = np.random.default_rng(5)
    low = 0
    for _ in range(60):
        z, a, b = rng.standard_normal((3, 300))
        found = continuous.conditional_mutual_information(
            z + 0.5 * a, z + 0.5 * b, z, details=True, permutations=19
        )
        low += found.p_value <= 0.05
    assert low <= 9
    z, a, b = rng.standard_normal((3, 300))
    found = continuous.conditional_mutual_information(
        z + a, z + a + b, z, details=True, permutations=19
    )
    assert found.p_value == 0.05
    assert found.corrected > 0.2


def test_too_few_samples_have_no_standard_error() -> None:
    x, y = np.random.default_rng(6).standard_normal((2, 20))
    found = continuous.mutual_information(x, y, details=True)
    assert math.isnan(found.std)
    assert math.isnan(found.p_value)
    assert math.isnan(found.corrected)
    x, y = np.random.default_rng(6).standard_normal((2, 60))
    again = continuous.mutual_information(x, y, details=True, permutations=5, seed=1)
    assert again == continuous.mutual_information(x, y, details=True, permutations=5, seed=1)


def test_ross_and_transfer_of_known_information() -> None:
    rng = np.random.default_rng(7)
    labels = rng.integers(0, 2, 20_000)
    far = labels * 20.0 + rng.standard_normal(20_000)
    assert abs(continuous.mutual_information(far, labels, method="ross") - 1) < 0.01
    x, y = rng.standard_normal((2, 20_000))
    y[1:] += x[:-1]
    assert abs(continuous.transfer_entropy(x, y) - 0.5) < 0.03
