"""The complexity check on synthetic costs: what must pass, what must fail, what it cannot tell."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pyinfo.testing import Growth, Memory, check_memory, check_time, doublings
from pyinfo.testing.growth import Array

pytestmark = pytest.mark.once

N = np.array(doublings(8, 24), dtype=np.float64)
CACHES = (48 << 10, 1 << 20, 32 << 20)
MEMORY = Memory(bytes_per_item=8, caches=CACHES, seconds_per_byte=1 / 20e9)
OVERHEAD, PER_ITEM = 60e-9, 0.3e-9
TRIALS = 40

Cost = Callable[[Array], Array]


def linear(n: Array) -> Array:
    return OVERHEAD + PER_ITEM * n


def n_log_n(n: Array) -> Array:
    return OVERHEAD + PER_ITEM * n * np.log2(n) / 10


def quadratic(n: Array) -> Array:
    return OVERHEAD + PER_ITEM * n**2


def power(exponent: float) -> Cost:
    return lambda n: OVERHEAD + PER_ITEM * n**exponent


def constant(n: Array) -> Array:
    return np.full_like(n, OVERHEAD)


def logarithmic(n: Array) -> Array:
    return OVERHEAD + 9e-9 * np.log(n)


def streaming(levels: tuple[float, ...], leave: Callable[[Array, float], Array]) -> Cost:
    """A linear pass whose cost per item goes from level to level as the data leaves a cache."""

    def cost(n: Array) -> Array:
        per_item = np.full_like(n, levels[0])
        for size, inner, outer in zip(CACHES, levels, levels[1:], strict=False):
            per_item += (outer - inner) * leave(8 * n, size)
        return OVERHEAD + per_item * n

    return cost


def sharply(touched: Array, size: float) -> Array:
    return np.where(touched > size, 1.0, 0.0)


def gradually(touched: Array, size: float) -> Array:
    return np.maximum(0.0, 1 - size / touched)


def early(touched: Array, size: float) -> Array:
    return np.clip((np.log2(touched / size) + 2) / 3, 0.0, 1.0)


def holding(cost: Cost, claim: str, noise: float, memory: Memory | None) -> float:
    """In which share of trials with noisy medians the claim holds."""
    rng = np.random.default_rng(7)
    held = 0
    for _ in range(TRIALS):
        seconds = cost(N) * np.exp(noise * rng.standard_normal(N.size))
        held += check_time(N, seconds, claim, memory=memory).passed
    return held / TRIALS


@pytest.mark.parametrize("memory", [None, MEMORY], ids=["plain", "memory levels"])
@pytest.mark.parametrize("noise", [0.0, 0.03, 0.06])
@pytest.mark.parametrize(
    ("cost", "claim"),
    [(constant, "1"), (linear, "n"), (n_log_n, "n log n"), (quadratic, "n^2")],
)
def test_right_claims_hold(cost: Cost, claim: str, noise: float, memory: Memory | None) -> None:
    assert holding(cost, claim, noise, memory) == 1


@pytest.mark.parametrize("memory", [None, MEMORY], ids=["plain", "memory levels"])
@pytest.mark.parametrize("noise", [0.0, 0.03, 0.1])
@pytest.mark.parametrize(
    ("cost", "claim"),
    [
        (quadratic, "n"),
        (quadratic, "n log n"),
        (quadratic, "1"),
        (power(1.5), "n"),
        (power(1.2), "n"),
        (linear, "1"),
        (linear, "log n"),
        (linear, "n^2"),
        (constant, "n"),
    ],
)
def test_wrong_claims_fail(cost: Cost, claim: str, noise: float, memory: Memory | None) -> None:
    assert holding(cost, claim, noise, memory) == 0


@pytest.mark.parametrize("noise", [0.0, 0.03, 0.06])
def test_n_log_n_is_told_from_n_without_memory_levels(noise: float) -> None:
    assert holding(n_log_n, "n", noise, memory=None) == 0
    assert holding(logarithmic, "1", noise, memory=None) == 0


def test_n_log_n_may_pass_as_n_with_memory_levels_and_noise() -> None:
    assert holding(n_log_n, "n", 0.0, MEMORY) == 0
    assert holding(n_log_n, "n", 0.1, MEMORY) > 0.5


def test_n_may_pass_as_n_log_n() -> None:
    assert holding(linear, "n log n", 0.03, memory=None) == 1


@pytest.mark.parametrize("leave", [sharply, gradually, early])
@pytest.mark.parametrize("noise", [0.0, 0.06])
@pytest.mark.parametrize("levels", [(0.3, 0.3, 0.35, 0.5), (0.08, 0.1, 0.2, 0.4)])
def test_leaving_caches_is_no_growth(
    levels: tuple[float, ...], noise: float, leave: Callable[[Array, float], Array]
) -> None:
    cost = streaming(tuple(1e-9 * level for level in levels), leave)
    assert holding(cost, "n", noise, MEMORY) == 1


@pytest.mark.parametrize("noise", [0.0, 0.06])
def test_branches_that_are_learnt_are_no_growth_of_a_sort(noise: float) -> None:
    def sort(n: Array) -> Array:
        missed = 5e-9 * np.clip(np.log2(n / 1024) / 3, 0, 1)
        return OVERHEAD + n * np.log2(n) * (1.5e-9 + missed)

    assert holding(sort, "n log n", noise, MEMORY) == 1


def test_a_step_beyond_what_memory_costs_fails() -> None:
    cost = streaming((0.3e-9, 0.3e-9, 1.8e-9, 1.8e-9), early)
    verdict = check_time(N, cost(N), "n", memory=MEMORY)
    assert any("more than memory explains" in reason for reason in verdict.reasons)


def test_a_verdict_carries_the_fit() -> None:
    verdict = check_time(N, linear(N), "n")
    assert verdict.overhead == pytest.approx(OVERHEAD)
    assert verdict.per_unit == pytest.approx(PER_ITEM)
    assert verdict.slope == pytest.approx(1, abs=1e-3)
    assert verdict.residual == pytest.approx(0, abs=1e-9)


def test_the_unit_of_a_constant_is_the_call() -> None:
    verdict = check_time(N, np.full_like(N, 3e-6), "1")
    assert verdict.per_unit == pytest.approx(3e-6)
    assert verdict.overhead == 0


def test_any_growth_can_be_claimed() -> None:
    claim = Growth("n sqrt(n)", lambda n: n**1.5)
    assert check_time(N, power(1.5)(N), claim).passed
    assert not check_time(N, quadratic(N), claim).passed


def test_reasons_name_the_better_class() -> None:
    (reason,) = check_time(N, n_log_n(N), "n").reasons
    assert reason.startswith("n log n describes the costs better")


@pytest.mark.parametrize(
    ("peaks", "claim", "holds"),
    [
        (np.full_like(N, 400), "1", True),
        (np.where(N > 1e6, 50_000, 0), "1", True),
        (8 * N, "1", False),
        (8 * N, "n", True),
        (N**2, "n", False),
        (np.zeros_like(N), "n", False),
    ],
)
def test_memory_claims(peaks: Array, claim: str, holds: bool) -> None:
    assert check_memory(N, peaks, claim).passed is holds


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="claim 'n!' is not one of"):
        check_time(N, linear(N), "n!")
    with pytest.raises(ValueError, match="at least 6"):
        check_time(N[:3], linear(N)[:3], "n")
    with pytest.raises(ValueError, match="increase"):
        check_time(N[::-1], linear(N), "n")
    with pytest.raises(ValueError, match="positive"):
        check_time(N, -linear(N), "n")
