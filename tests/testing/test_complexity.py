"""assert_complexity on functions that cost what they say: the clock is made up, the sizes are real.

A function here takes a range and moves a clock forward by what its cost model says, disturbed by
neighbours that are made up as well.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pyinfo.testing import (
    Complexity,
    Growth,
    assert_complexity,
    check_time,
    count_instructions,
    counters,
    measure_complexity,
    resident_growth,
    traced_peak,
)
from pyinfo.testing.complexity import LAST_SIZE, MOST_SIZES, judge_seconds
from pyinfo.testing.instructions import _callgrind_total, _perf_count
from support.counted_functions import make_list, pairs, total

pytestmark = pytest.mark.once

SIZES = [1 << k for k in range(8, 20)]
Model = Callable[[float], float]


SLICE = 0.003  # seconds


class Machine:
    """A clock that calls move forward, and other processes that take a part of some time slices."""

    def __init__(self, *, noise: float = 0.0, disturbed: float = 0.0, seed: int = 0) -> None:
        self.now = 0.0
        self._random = np.random.default_rng(seed)
        self._noise = noise
        self._disturbed = disturbed
        self._slice, self._factor = -1, 1.0

    def clock(self) -> float:
        return self.now

    def function(self, model: Model) -> Callable[[range], None]:
        def work(items: range) -> None:
            self.now += (50e-9 + model(len(items))) * self._slower()

        return work

    def _slower(self) -> float:
        if int(self.now / SLICE) != self._slice:
            self._slice = int(self.now / SLICE)
            self._factor = math.exp(self._noise * abs(self._random.standard_normal()))
            if self._random.random() < self._disturbed:
                self._factor *= 1 + 4 * self._random.random()
        return self._factor


def linear(n: float) -> float:
    return 2e-9 * n


def n_log_n(n: float) -> float:
    return 1e-9 * n * math.log2(n)


def quadratic(n: float) -> float:
    return 1e-9 * n * n


def constant(n: float) -> float:
    return 1e-6


def logarithmic(n: float) -> float:
    return 1e-6 * math.log2(n)


def check(model: Model, claim: str | Growth, machine: Machine | None = None) -> Complexity:
    machine = machine or Machine(noise=0.03, disturbed=0.2)
    return measure_complexity(
        machine.function(model),
        range,
        claim,
        sizes=SIZES,
        bytes_per_item=0,
        timer=machine.clock,
    )


RIGHT = [
    (constant, "1"),
    (logarithmic, "log n"),
    (linear, "n"),
    (n_log_n, "n log n"),
    (quadratic, "n^2"),
    (linear, "n log n"),  # within O(n log n), and not told apart
]
WRONG = [
    (quadratic, "n"),
    (quadratic, "n log n"),
    (n_log_n, "n"),
    (linear, "1"),
    (linear, "log n"),
    (linear, "n^2"),
    (constant, "n"),
    (logarithmic, "1"),
]


@pytest.mark.parametrize(("model", "claim"), RIGHT)
@pytest.mark.parametrize("seed", range(3))
def test_right_claims_hold_beside_busy_neighbours(model: Model, claim: str, seed: int) -> None:
    machine = Machine(noise=0.05, disturbed=0.4, seed=seed)
    assert check(model, claim, machine).reasons == ()


@pytest.mark.parametrize(("model", "claim"), WRONG)
@pytest.mark.parametrize("seed", range(3))
def test_wrong_claims_fail_however_often_they_are_tried(
    model: Model, claim: str, seed: int
) -> None:
    machine = Machine(noise=0.05, disturbed=0.4, seed=seed)
    assert check(model, claim, machine).reasons != ()


def test_a_wrong_claim_is_an_assertion_error_that_shows_what_was_measured() -> None:
    machine = Machine()
    work = machine.function(quadratic)
    with pytest.raises(AssertionError) as caught:
        assert_complexity(work, range, "n", sizes=SIZES, bytes_per_item=0, timer=machine.clock)
    lines = str(caught.value).splitlines()
    assert lines[0] == "work: O(n) time does not hold"
    assert lines[1].startswith("  time: a + b(n) misses the costs by ")
    assert "  time: tail slope 2.00 exceeds 1.10" in lines
    assert [line.split()[0].replace(",", "") for line in lines[-len(SIZES) :]] == [
        str(n) for n in SIZES
    ]


def test_disturbed_rounds_are_outlived() -> None:
    """The first rounds are hopeless, those of the retries are not."""
    machine = Machine(noise=0.02)
    work = machine.function(linear)

    def disturbed_at_first(items: range) -> None:
        if machine.now < 0.3:
            machine.now += 1e-6 * len(items) ** 0.5
        work(items)

    def check_with(retries: int) -> Complexity:
        machine.now = 0.0
        return measure_complexity(
            disturbed_at_first,
            range,
            sizes=SIZES,
            bytes_per_item=0,
            retries=retries,
            timer=machine.clock,
        )

    assert not check_with(retries=0).passed
    assert check_with(retries=2).passed


def test_sizes_are_chosen_by_how_long_a_call_takes() -> None:
    machine = Machine()
    work = machine.function(n_log_n)
    found = assert_complexity(work, range, "n log n", bytes_per_item=0, timer=machine.clock)
    assert len(found.sizes) == MOST_SIZES + 1
    assert n_log_n(found.sizes[-2]) < 0.01 <= n_log_n(found.sizes[-1])
    found = assert_complexity(
        machine.function(constant), range, "1", bytes_per_item=0, timer=machine.clock
    )
    assert found.sizes[-1] == LAST_SIZE


def test_what_explodes_is_refused_before_it_hangs() -> None:
    machine = Machine()
    work = machine.function(lambda n: 1e-6 * 2**n)
    with pytest.raises(ValueError, match=r"a call with n = 32 takes 4295.0 s: give smaller sizes"):
        assert_complexity(work, range, timer=machine.clock)


def test_a_tuple_is_several_arguments() -> None:
    machine = Machine()
    work = machine.function(linear)

    def two(items: range, other: str) -> None:
        assert other == "second"
        work(items)

    def both(n: int) -> tuple[range, str]:
        return range(n), "second"

    assert assert_complexity(two, both, sizes=SIZES, bytes_per_item=0, timer=machine.clock).passed


def test_growths_of_ones_own() -> None:
    claim = Growth("n sqrt(n)", lambda n: n**1.5)
    assert check(lambda n: 1e-9 * n**1.5, claim).passed
    assert not check(quadratic, claim).passed


def test_times_of_somebody_else() -> None:
    times = {n: 1e-7 + linear(n) for n in reversed(SIZES)}
    assert judge_seconds(times, "n").passed
    assert judge_seconds(times, "n", bytes_per_item=8).passed
    assert not judge_seconds(times, "n^2").passed


# -- Memory ---------------------------------------------------------------------------------------


def copy(data: bytearray) -> bytearray:
    return data[:]


def square(data: bytearray) -> bytes:
    return bytes(len(data) ** 2)


MEMORY_SIZES = [1 << k for k in range(6, 13)]


@pytest.mark.parametrize("by", ["traced", "resident"])
def test_memory_claims(by: str) -> None:
    if by == "resident" and resident_growth(int) is None:
        pytest.skip("needs Linux's /proc")
    for function, claim, holds in [(len, "1", True), (square, "n^2", True), (square, "n", False)]:
        sizes = [8 * n for n in MEMORY_SIZES] if by == "resident" else MEMORY_SIZES
        if by == "resident" and claim != "1":
            continue  # small blocks come from memory that the process has
        found = measure_complexity(
            function, bytearray, None, memory=claim, sizes=sizes, memory_by=by
        )
        assert found.passed is holds
        assert found.time is None
        assert found.costs == ()
        assert len(found.extra_bytes) == len(sizes)
    assert not measure_complexity(
        copy, bytearray, None, memory="1", sizes=[n << 14 for n in MEMORY_SIZES], memory_by=by
    ).passed


def test_memory_is_that_of_one_call() -> None:
    assert traced_peak(lambda: bytes(1 << 20)) in range(1 << 20, (1 << 20) + 1000)
    assert traced_peak(lambda: None) < 1000


# -- Instructions ---------------------------------------------------------------------------------


needs_counter = pytest.mark.skipif(not counters(), reason="needs valgrind, or leave to use perf")
COUNTED = [16 << k for k in range(6)]


@needs_counter
def test_instructions_tell_n_from_n_squared() -> None:
    found = assert_complexity(pairs, make_list, "n^2", sizes=COUNTED, by="instructions")
    assert found.by == "instructions"
    assert "instructions per n" in str(found)
    assert not check_time(COUNTED, found.costs, "n log n").passed


@needs_counter
def test_counted_instructions_hardly_differ_between_runs() -> None:
    first, second = (count_instructions(total, make_list, [1000, 2000]) for _ in range(2))
    assert first == pytest.approx(second, rel=0.05)
    assert first[1] - first[0] > 1000


@needs_counter
def test_a_failing_function_shows_its_error() -> None:
    with pytest.raises(RuntimeError, match=r"(?s)ended with code 1.*TypeError"):
        count_instructions(total, int, COUNTED)


def test_what_cannot_be_imported_cannot_be_counted() -> None:
    with pytest.raises(ValueError, match="must be importable"):
        count_instructions(lambda items: None, range, COUNTED, counter="callgrind")


def test_counters_are_read() -> None:
    assert _perf_count("12345,,instructions:u,1000,100.00,,\n") == 12345
    assert _perf_count("<not supported>,,instructions:u,0,100.00,,\n") is None


def test_a_part_without_totals_is_an_error(tmp_path: Path) -> None:
    part = tmp_path / "callgrind.2"
    part.write_text("events: Ir\nfn=main\n1 2\ntotals: 77\n")
    assert _callgrind_total(part) == 77
    part.write_text("events: Ir\n")
    with pytest.raises(RuntimeError, match="no totals"):
        _callgrind_total(part)


# -- Wrong use ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"claim": "n!"}, "claim 'n!' is not one of '1', 'log n', 'n', 'n log n', 'n\\^2'"),
        ({"claim": None}, "there is no claim"),
        ({"memory": "linear"}, "claim 'linear' is not one of"),
        ({"by": "steps"}, "by is 'steps'"),
        ({"memory_by": "rss"}, "memory_by is 'rss'"),
        ({"sizes": [2, 4, 8]}, "sizes must be at least 6"),
        ({"sizes": [1, 2, 3, 4, 5, 6]}, "start at 2 or more"),
        ({"rounds": 0}, "rounds must be at least 1"),
    ],
)
def test_wrong_use_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        assert_complexity(len, range, **options)
