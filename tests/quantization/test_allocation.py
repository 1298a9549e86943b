"""Allocation against brute force, an integer programme, and the independent checker."""

from __future__ import annotations

import json
import math
import os
import signal
import threading
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pyinfo import _core
from pyinfo.quantization import Allocation, allocate
from support.allocation_checker import brute_force, certified_bound, merged

pytestmark = pytest.mark.once


def table(
    rng: np.random.Generator, tensors: int, choices: int, kind: str = "curves"
) -> tuple[Any, Any]:
    """Costs in whole bytes, and errors; `curves` fall by 6 dB a bit, `any` are points anywhere."""
    sizes = np.exp(rng.normal(8, 1.5, tensors))[:, None]
    bits = np.sort(rng.uniform(1, 9, (tensors, choices)), 1)
    if kind == "any":
        return np.floor(rng.uniform(0, 50, (tensors, choices))), rng.uniform(
            0, 9, (tensors, choices)
        )
    if kind == "ties":
        return rng.integers(0, 5, (tensors, choices)), rng.integers(0, 5, (tensors, choices))
    if kind == "fractions":
        return rng.uniform(0, 1, (tensors, choices)), rng.uniform(0, 1, (tensors, choices))
    noise = np.exp(rng.normal(0, 0.2, (tensors, choices)))
    return np.round(sizes * bits / 8), sizes * 4.0**-bits * noise


def budget_of(costs: Any, share: float) -> float:
    least, most = (
        math.fsum(min(row) for row in costs.tolist()),
        math.fsum(max(row) for row in costs.tolist()),
    )
    return least + share * (most - least)


def require_right(
    found: Allocation, costs: Any, errors: Any, groups: Any = None, fixed: Any = None
) -> None:
    """Totals are those of the choice, which fits; and the bound is what the certificate proves."""
    costs, errors = [np.asarray(each).tolist() for each in (costs, errors)]
    cost = math.fsum(row[k] for row, k in zip(costs, found.choice, strict=True))
    error = math.fsum(row[k] for row, k in zip(errors, found.choice, strict=True))
    assert found.cost == pytest.approx(cost, rel=1e-15)
    assert cost <= found.budget
    assert found.error == pytest.approx(error, rel=1e-15)
    tables = [merged(each, groups, fixed) for each in (costs, errors)]
    proven = certified_bound(*tables, found.budget, found.certificate)
    assert Fraction(found.lower_bound) <= max(proven, 0)
    assert found.lower_bound == pytest.approx(float(max(proven, 0)), rel=1e-11, abs=1e-13 * error)
    assert 0 <= found.lower_bound <= found.error
    assert found.gap == ((found.error - found.lower_bound) / found.error if found.error else 0)


@pytest.mark.parametrize("kind", ["curves", "any", "ties", "fractions"])
@pytest.mark.parametrize("seed", range(75))
def test_small_cases_are_those_of_brute_force(kind: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    costs, errors = table(rng, int(rng.integers(1, 7)), int(rng.integers(1, 5)), kind)
    budget = budget_of(costs, rng.uniform(0, 1.05))
    found = allocate(costs, errors, budget, gap=0)
    require_right(found, costs, errors)
    least = brute_force(costs.tolist(), errors.tolist(), budget)
    assert found.error == pytest.approx(least, rel=1e-12, abs=1e-300)
    assert found.gap <= 2e-12
    rough = allocate(costs, errors, budget, gap=0.05)
    require_right(rough, costs, errors)
    assert rough.lower_bound <= least * (1 + 1e-15)
    assert rough.gap <= 0.05


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.97])
@pytest.mark.parametrize("dominant", [False, True])
def test_larger_cases_are_those_of_an_integer_programme(share: float, dominant: bool) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    sparse = pytest.importorskip("scipy.sparse")
    rng = np.random.default_rng(int(100 * share))
    n, k = 40, 12
    costs, errors = table(rng, n, k)
    if dominant:
        costs[0], errors[0] = costs[0] * 40, errors[0] * 40
    budget = math.floor(budget_of(costs, share))
    one_each = sparse.kron(sparse.eye(n), np.ones((1, k)))
    scale = errors.max()
    oracle = optimize.milp(
        errors.ravel() / scale,
        integrality=np.ones(n * k),
        bounds=optimize.Bounds(0, 1),
        constraints=[
            optimize.LinearConstraint(one_each, 1, 1),
            optimize.LinearConstraint(costs.reshape(1, -1), 0, budget),
        ],
        options={"mip_rel_gap": 1e-6, "time_limit": 60},
    )
    assert oracle.success, oracle.message
    found = allocate(costs, errors, budget, gap=1e-5)
    require_right(found, costs, errors)
    assert found.gap <= 1e-5
    assert found.lower_bound <= oracle.fun * scale * (1 + 1e-5)
    assert found.error <= oracle.fun * scale * (1 + 2e-5)


def test_a_thousand_tensors() -> None:
    costs, errors = table(np.random.default_rng(1), 1000, 16)
    costs[0], errors[0] = costs[0] * 100, errors[0] * 100
    for share in (0.1, 0.5, 0.9):
        found = allocate(costs, errors, budget_of(costs, share))
        assert found.gap <= 1e-4
        require_right(found, costs, errors)


@pytest.mark.parametrize("seed", range(20))
def test_groups_share_a_choice(seed: int) -> None:
    rng = np.random.default_rng(seed)
    costs, errors = table(rng, 6, 3, "fractions" if seed % 2 else "curves")
    groups = ["a", None, "b", "a", None, "b"]
    budget = budget_of(costs, rng.uniform(0.1, 0.9))
    found = allocate(costs, errors, budget, groups=groups, gap=0)
    require_right(found, costs, errors, groups)
    assert found.choice[0] == found.choice[3]
    assert found.choice[2] == found.choice[5]
    tables = [merged(each.tolist(), groups) for each in (costs, errors)]
    assert found.error == pytest.approx(brute_force(*tables, budget), rel=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_fixed_choices_stay(seed: int) -> None:
    rng = np.random.default_rng(seed)
    costs, errors = table(rng, 6, 3)
    groups = ["a", 1, 2, "a", 3, 4]
    fixed = {3: 2, 4: 0}
    budget = budget_of(costs, rng.uniform(0.6, 1))
    found = allocate(costs, errors, budget, groups=groups, fixed=fixed, gap=0)
    require_right(found, costs, errors, groups, fixed)
    assert found.choice[0] == found.choice[3] == 2
    assert found.choice[4] == 0
    tables = [merged(each.tolist(), groups, fixed) for each in (costs, errors)]
    assert found.error == pytest.approx(brute_force(*tables, budget), rel=1e-12)


def test_rows_of_other_lengths() -> None:
    found = allocate([[1, 2], [5], [1, 2, 3]], [[4.0, 3.0], [2.0], [9.0, 4.0, 1.0]], 9)
    assert found.choice == (0, 0, 2)
    assert (found.cost, found.error) == (9.0, 7.0)


def test_the_hull_is_convex_and_no_choice_lies_below_it() -> None:
    costs, errors = table(np.random.default_rng(5), 30, 8)
    found = allocate(costs, errors, budget_of(costs, 0.5), gap=0)
    x, y = found.hull.T
    slopes = np.diff(y) / np.diff(x)
    assert (np.diff(slopes) >= -1e-9 * abs(slopes[:-1])).all()
    assert (x[0], x[-1]) == pytest.approx((costs.min(1).sum(), costs.max(1).sum()))
    for share in (0.1, 0.5, 0.9):
        one = allocate(costs, errors, budget_of(costs, share), gap=0)
        assert one.error >= np.interp(one.cost, x, y) * (1 - 1e-12)
    assert not found.hull.flags.writeable


def test_everything_fits() -> None:
    costs, errors = table(np.random.default_rng(6), 20, 5)
    found = allocate(costs, errors, 1e300)
    assert found.error == pytest.approx(errors.min(1).sum())
    assert found.certificate == (0.0,)
    assert found.gap < 1e-12
    require_right(found, costs, errors)


def test_no_error_is_no_gap() -> None:
    found = allocate([[0, 5]], [[0.0, 0.0]], 0)
    assert (found.choice, found.error, found.gap) == ((0,), 0, 0)


def test_the_least_budget_is_enough_and_less_is_refused() -> None:
    costs, errors = table(np.random.default_rng(7), 20, 5)
    least = costs.min(1).sum()
    assert allocate(costs, errors, least).cost == least
    with pytest.raises(ValueError, match=rf"budget of {least - 1:.0f} .* least .* is {least:.0f}$"):
        allocate(costs, errors, least - 1)


def test_sums_are_rounded_once() -> None:
    """Three times 0.1 is not 0.3 exactly, and twice 0.3 is 0.6."""
    assert allocate([[0.1, 0.3]] * 2, [[1.0, 0.0]] * 2, 0.6).error == 0
    with pytest.raises(ValueError, match="too small"):
        allocate([[0.1]] * 3, [[1.0]] * 3, 0.3)
    assert allocate([[0.1]] * 10, [[1.0]] * 10, 1.0).cost == 1.0


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, -1.0, -1e-300])
@pytest.mark.parametrize("which", ["costs", "errors"])
def test_numbers_that_are_none(bad: float, which: str) -> None:
    tables = {"costs": np.ones((3, 2)), "errors": np.ones((3, 2))}
    tables[which][2, 1] = bad
    with pytest.raises(ValueError, match=rf"{which}\[2\]\[1\] is (NaN|infinite|negative)"):
        allocate(tables["costs"], tables["errors"], 10)


@pytest.mark.parametrize("budget", [math.nan, math.inf, -1.0])
def test_budgets_that_are_none(budget: float) -> None:
    with pytest.raises(ValueError, match="budget must be finite and not negative"):
        allocate([[1]], [[1]], budget)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        (([[1]], [[1, 2]], 1), {}, ValueError, "same number of choices"),
        (([[1], [1]], [[1]], 1), {}, ValueError, "same number of tensors"),
        (([], [], 1), {}, ValueError, "costs must not be empty"),
        (([[]], [[]], 1), {}, ValueError, "tensor 0 has no choices"),
        ((np.ones(3), np.ones(3), 1), {}, ValueError, "2 dimensions, not 1"),
        (([["a"]], [[1]], 1), {}, TypeError, "costs.0. must be real numbers"),
        (([[1j]], [[1]], 1), {}, TypeError, "costs.0. must be real numbers"),
        (("ab", [[1]], 1), {}, TypeError, "costs must be real numbers"),
        (([[1]], [[1]], "much"), {}, TypeError, "budget must be a real number, not str"),
        (([[1]], [[1]], 1), {"gap": None}, TypeError, "gap must be a real number, not NoneType"),
        (([[1]], [[1]], 1), {"gap": -0.1}, ValueError, "gap must be a number that"),
        (([[1]], [[1]], 1), {"gap": math.nan}, ValueError, "gap must be a number that"),
        (([[1]], [[1]], 1), {"max_nodes": 0}, ValueError, "max_nodes must be at least 1"),
        (([[1]], [[1]], 1), {"groups": [1, 2]}, ValueError, "same number of tensors"),
        (([[1]], [[1]], 1), {"groups": [[]]}, TypeError, "groups must be labels"),
        (([[1]], [[1]], 1), {"fixed": {1: 0}}, ValueError, "a tensor in fixed must be"),
        (([[1]], [[1]], 1), {"fixed": {0: 1}}, ValueError, "fixed.0. must be from 0 to 0"),
        (([[1]], [[1]], 1), {"fixed": [0]}, TypeError, "fixed must be a dict"),
        (
            ([[1], [1, 2]], [[1], [1, 2]], 9),
            {"groups": [0, 0]},
            ValueError,
            "tensors 0 and 1 share their choice, but have 1 and 2 choices",
        ),
        (
            ([[1, 2]] * 2, [[1, 2]] * 2, 9),
            {"groups": [0, 0], "fixed": {0: 0, 1: 1}},
            ValueError,
            "fixed to number 1 and another one to 0",
        ),
        (([[1e308], [1e308]], [[1], [1]], 1), {}, ValueError, "costs are too large to add"),
        (([[1], [1]], [[1e308], [1e308]], 1), {}, ValueError, "errors are too large to add"),
    ],
)
def test_wrong_arguments(arguments: Any, options: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        allocate(*arguments, **options)


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1.0, 1e150, 1e300])
@pytest.mark.parametrize("cost_scale", [1e-300, 1.0, 1e300])
def test_bounds_hold_at_every_scale(scale: float, cost_scale: float) -> None:
    costs, errors = table(np.random.default_rng(8), 5, 4, "any")
    costs, errors = costs * cost_scale, errors * scale
    budget = budget_of(costs, 0.4)
    found = allocate(costs, errors, budget, gap=0)
    least = brute_force(costs.tolist(), errors.tolist(), budget)
    assert 0 <= found.lower_bound <= least * (1 + 1e-15) <= found.error * (1 + 2e-15)
    tables = costs.tolist(), errors.tolist()
    proven = certified_bound(*tables, budget, found.certificate)
    assert Fraction(found.lower_bound) <= max(proven, 0)


def test_a_limit_of_nodes_returns_the_gap_that_was_reached() -> None:
    costs, errors = table(np.random.default_rng(9), 40, 16)
    budget = budget_of(costs, 0.35)
    gaps = []
    for most in (1, 3, 31, 301):
        found = allocate(costs, errors, budget, gap=0, max_nodes=most)
        assert len(found.certificate) <= most
        require_right(found, costs, errors)
        gaps.append(found.gap)
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[0] > 1e-4 > gaps[-1]


def test_the_same_every_time() -> None:
    costs, errors = table(np.random.default_rng(10), 100, 16)
    first, second = (allocate(costs, errors, budget_of(costs, 0.4), gap=1e-6) for _ in range(2))
    assert first == second


def test_json() -> None:
    costs, errors = table(np.random.default_rng(11), 20, 6)
    found = allocate(costs, errors, budget_of(costs, 0.3), gap=0)
    document = json.loads(json.dumps(found.document(), allow_nan=False))
    assert document["choice"] == list(found.choice)
    proven = certified_bound(
        costs.tolist(), errors.tolist(), document["budget"], document["certificate"]
    )
    assert document["lower_bound"] <= proven
    assert len(document["certificate"]) > 1


def test_the_page_has_this_checker() -> None:
    root = Path(__file__).resolve().parents[2]
    source = (root / "tests" / "support" / "allocation_checker.py").read_text("utf-8")
    checker = source.partition("# [checker]\n")[2].partition("# [/checker]")[0].strip()
    page = (root / "docs" / "learn" / "price-of-a-bit.md").read_text("utf-8")
    assert checker.partition("\n")[2] in page


def test_a_wrong_certificate_proves_less() -> None:
    """The checker can fail: a price that is not the right one, a tree that is cut off."""
    costs, errors = table(np.random.default_rng(12), 20, 6)
    budget = budget_of(costs, 0.3)
    found = allocate(costs, errors, budget)
    tables = costs.tolist(), errors.tolist()
    leaf = max(e for e in found.certificate if isinstance(e, float))
    doubled = [2 * e if e == leaf else e for e in found.certificate]
    assert certified_bound(*tables, budget, doubled) < found.lower_bound
    with pytest.raises(AssertionError):
        certified_bound(*tables, budget, [(0, costs[0, 0]), leaf])
    with pytest.raises(AssertionError):
        certified_bound(*tables, budget, [None])


@pytest.mark.skipif(os.name != "posix", reason="signals to oneself are POSIX")
def test_a_long_search_hears_an_interrupt() -> None:
    rng = np.random.default_rng(13)
    costs = rng.integers(10**8, 10**9, (200, 8))
    errors = costs.max() - costs + rng.integers(0, 1000, (200, 8))  # as hard as knapsacks are
    begun = threading.Event()

    def interrupt() -> None:
        begun.wait()
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()

    def search() -> None:
        for _ in range(1000):
            begun.set()
            allocate(costs, errors, budget_of(costs, 0.5), gap=0, max_nodes=10**9)

    with pytest.raises(KeyboardInterrupt):
        search()
    thread.join()


def test_the_core_refuses_places_that_are_none() -> None:
    one = np.ones(1)
    for first in ([0, 2], [1, 0], [2, 2]):
        with pytest.raises(ValueError, match=r"out of place|no choices"):
            _core.allocate(one, one, first, [0], [-1], 1.0, 0.0, 1)
    with pytest.raises(ValueError, match="not numbered"):
        _core.allocate(one, one, [0, 1], [1], [-1], 1.0, 0.0, 1)
    with pytest.raises(ValueError, match="must have an element"):
        _core.allocate(one, one, [], [], [], 1.0, 0.0, 1)
