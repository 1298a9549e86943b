"""The plugin in test suites of others: what pytest prints, and what start-up imports."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.once

# A clock that moves by what a function is said to cost.
MACHINE = """
import pytest

now = 0.0
SIZES = [1 << k for k in range(8, 20)]
OPTIONS = dict(sizes=SIZES, bytes_per_item=0, timer=lambda: now)

def linear(items):
    global now
    now += 1e-7 + 1e-9 * len(items)

def quadratic(items):
    global now
    now += 1e-7 + 1e-9 * len(items) ** 2
"""

needs_benchmark = pytest.mark.skipif(
    importlib.util.find_spec("pytest_benchmark") is None, reason="needs pytest-benchmark"
)


def run(pytester: pytest.Pytester, source: str, *options: str) -> pytest.RunResult:
    pytester.makepyfile(MACHINE + source)
    return pytester.runpytest_subprocess("--strict-markers", "-p", "no:cacheprovider", *options)


def test_fixture_takes_the_claim_of_the_marker(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
@pytest.mark.complexity("n", **OPTIONS)
def test_linear(complexity):
    assert complexity(linear, range).passed

@pytest.mark.complexity("n", **OPTIONS)
def test_quadratic(complexity):
    complexity(quadratic, range)

def test_without_marker(complexity):
    complexity(quadratic, range, "n^2", **OPTIONS)

@pytest.mark.complexity("n", **OPTIONS)
def test_an_argument_of_its_own(complexity):
    complexity(quadratic, range, "n^2")
""",
    )
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*AssertionError: quadratic: O(n) time does not hold*",
            "*tail slope 2.00 exceeds 1.10*",
            "*= complexity =*",
            "linear: O(n) time holds",
            "quadratic: O(n) time does not hold",
            "quadratic: O(n^2) time holds",
        ]
    )


def test_option_switches_to_instructions(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
def test_it(complexity):
    with pytest.raises(ValueError, match="importable|valgrind"):
        complexity(lambda items: None, range, sizes=SIZES)
""",
        "--complexity-by=instructions",
    )
    result.assert_outcomes(passed=1)


BENCHMARKS = """
import time

class Clock:
    def __call__(self):
        return now

@pytest.mark.complexity("n")
@pytest.mark.benchmark(timer=OPTIONS["timer"])
@pytest.mark.parametrize("function", [linear, quadratic])
@pytest.mark.parametrize("n", SIZES[:7])
def test_speed(benchmark, function, n):
    benchmark.pedantic(function, args=(range(n),), rounds=3)
"""


@needs_benchmark
def test_benchmarks_are_judged_when_the_last_size_has_run(pytester: pytest.Pytester) -> None:
    result = run(pytester, BENCHMARKS, "-v")
    result.assert_outcomes(passed=13, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*test_speed[[]16384-quadratic[]] FAILED*",
            "*tail slope 2.0* exceeds 1.10*",
            "test_speed: O(n) time, holds",
            "test_speed: O(n) time, does not hold",
        ]
    )


@needs_benchmark
def test_disabled_benchmarks_are_not_judged(pytester: pytest.Pytester) -> None:
    result = run(pytester, BENCHMARKS, "--benchmark-disable")
    result.assert_outcomes(passed=14)
    result.stdout.no_fnmatch_line("*= complexity =*")


@needs_benchmark
def test_a_selection_with_too_few_sizes_says_so(pytester: pytest.Pytester) -> None:
    result = run(pytester, BENCHMARKS, "-k", "16384 and linear")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["test_speed: not judged, 1 size of at least 6"])


@needs_benchmark
def test_benchmarks_without_sizes_are_wrong_use(pytester: pytest.Pytester) -> None:
    source = """
@pytest.mark.complexity("n", parameter="size")
def test_it(benchmark):
    benchmark(len, "")
"""
    result = run(pytester, source)
    assert result.ret != 0
    result.stderr.fnmatch_lines(["*a claim on benchmarks needs a parameter 'size'*"])


def test_suites_without_benchmark_and_without_claims_are_left_alone(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alone, since plugins of others may import NumPy."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(
        """
import sys

def test_start_imports_nothing():
    assert "pytest_pyinfo" in sys.modules
    assert not {"numpy", "pyinfo"} & set(sys.modules)
"""
    )
    pytester.runpytest_subprocess("-p", "pytest_pyinfo").assert_outcomes(passed=1)


def test_marker_is_listed(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess("--markers")
    result.stdout.fnmatch_lines(['@pytest.mark.complexity(claim="n", *'])


def test_plugin_is_light() -> None:
    program = (
        "import sys, pytest; before = set(sys.modules); import pytest_pyinfo;"
        "print(*set(sys.modules) - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["pytest_pyinfo"]


BUSY = """
from pyinfo.testing import clocks

clocks._kept_waiting = iter(range(0, 10**9, 100)).__next__  # others have all of the processors

NOISE = [1, 1, 2.4, 1, 2.2, 1, 2.5]

def noisy(items):
    global now
    now += 1e-9 * len(items) * NOISE[len(items).bit_length() - 9]
"""


@needs_benchmark
def test_what_might_hold_on_an_idle_machine_has_an_outcome_of_its_own(
    pytester: pytest.Pytester,
) -> None:
    source = BENCHMARKS.replace("[linear, quadratic]", "[noisy, quadratic]")
    result = run(pytester, BUSY + source, "-v")
    result.stdout.fnmatch_lines(
        [
            "*test_speed[[]16384-noisy[]] NOT JUDGED*",
            "*test_speed[[]16384-quadratic[]] FAILED*",
            "test_speed: O(n) time, not judged, the machine is busy",
            "test_speed: O(n) time, does not hold",
            "*1 failed, 12 passed*1 not judged*",
        ]
    )


@needs_benchmark
def test_verdicts_are_in_the_json_of_benchmarks(pytester: pytest.Pytester) -> None:
    run(pytester, BENCHMARKS, "--benchmark-json=found.json")
    found = json.loads((pytester.path / "found.json").read_text("utf-8"))["benchmarks"]
    assert len(found) == 14
    for benchmark in found:
        verdict = benchmark["extra_info"]["complexity"]
        assert verdict["claim"] == "n"
        holds = "linear" in benchmark["name"]
        assert verdict["outcome"] == ("holds" if holds else "does not hold")
        assert (verdict["reasons"] == []) == holds


@pytest.mark.skipif(
    importlib.util.find_spec("xdist") is None, reason="needs pytest-xdist (group dev)"
)
@needs_benchmark
def test_with_xdist_what_was_not_judged_is_named(pytester: pytest.Pytester) -> None:
    source = """
@pytest.mark.complexity("n", **OPTIONS)
def test_linear(complexity):
    assert complexity(linear, range).passed
"""
    result = run(pytester, BENCHMARKS + source, "-n", "2", "-W", "ignore", "-p", "xdist")
    result.assert_outcomes(passed=15)
    result.stdout.fnmatch_lines_random(
        [
            "test_speed: not judged, pytest-xdist does not run all sizes in one process",
            "linear: O(n) time holds",
        ]
    )


def test_a_marker_that_nothing_measures_is_named(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
pytestmark = pytest.mark.complexity("n")  # of a module: a default, not a claim

@pytest.mark.complexity("n")
def test_without_fixture():
    pass

@pytest.mark.complexity("n")
def test_not_called(complexity):
    pass

def test_of_something_else():
    pass
""",
    )
    result.assert_outcomes(passed=3)
    why = "not judged, the test has called no fixture that measures"
    result.stdout.fnmatch_lines([f"test_without_fixture: {why}", f"test_not_called: {why}"])
    result.stdout.no_fnmatch_line("*test_of_something_else*")
