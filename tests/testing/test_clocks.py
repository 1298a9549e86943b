"""Which clock is right for a call, and what becomes of claims where others take the processors."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from pyinfo.testing import (
    assert_complexity,
    check_time,
    judge_seconds,
    judge_time,
    measure_complexity,
)
from pyinfo.testing import clocks as clocks_module
from pyinfo.testing import complexity as complexity_module
from pyinfo.testing.clocks import Disturbance, chosen_timer
from pyinfo.testing.excuses import excused
from pyinfo.testing.timing import Call

pytestmark = pytest.mark.once

SIZES = [1 << k for k in range(6, 14)]
needs_fine_clock = pytest.mark.skipif(
    time.get_clock_info("process_time").resolution > 1e-6, reason="the processor's clock is coarse"
)


def work(n: int) -> int:
    return sum(i * i for i in range(n))


def pairs(items: range) -> int:
    return sum(a < b for a in items for b in items)


@pytest.fixture
def busy() -> Iterator[None]:
    """Two programs that want all the processors they can have."""
    programs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    yield
    for program in programs:
        program.kill()
        program.wait()


@needs_fine_clock
def test_work_is_timed_by_the_clock_of_the_processor(busy: None) -> None:
    assert chosen_timer(lambda: work(200_000)) is time.process_time


@needs_fine_clock
def test_waiting_is_timed_by_the_clock_on_the_wall() -> None:
    assert chosen_timer(lambda: time.sleep(0.02)) is time.perf_counter


def test_threads_are_timed_by_the_clock_on_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    """The processors' clock runs faster then; here it is made to."""
    own = time.process_time
    monkeypatch.setattr(clocks_module.time, "process_time", lambda: 2 * own())
    monkeypatch.setattr(clocks_module.time, "perf_counter", own)
    assert chosen_timer(lambda: work(100_000)) is time.perf_counter


def test_a_coarse_clock_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    info = time.get_clock_info("process_time")
    info.resolution = 0.015
    monkeypatch.setattr(clocks_module.time, "get_clock_info", lambda _: info)
    assert chosen_timer(lambda: work(1000)) is time.perf_counter


def test_disturbance_is_a_share(monkeypatch: pytest.MonkeyPatch) -> None:
    waited = iter([1.0, 1.0, 0.0, 1e9, 5.0, 4.0])
    monkeypatch.setattr(clocks_module, "_kept_waiting", lambda: next(waited))
    shares = []
    for _ in range(3):
        with Disturbance() as others:
            time.sleep(0.001)
        shares.append(others.share)
    assert shares == [0, 0.95, 0]


def test_what_the_system_says_is_a_number() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    with Disturbance() as others:
        work(1000)
    stop.set()
    thread.join()
    assert 0 <= others.share < 1


def test_a_claim_that_might_hold_is_not_judged() -> None:
    n = np.array(SIZES, float)
    disturbed = 1e-8 * n * np.array([1, 1, 2.4, 1, 2.2, 1, 2.5, 2.3])
    verdict = check_time(SIZES, disturbed, "n")
    assert not verdict.passed
    assert excused(verdict, SIZES, disturbed, "n", 0.0).judged  # nobody disturbed it
    assert not excused(verdict, SIZES, disturbed, "n", 0.6).judged
    assert judge_seconds(dict(zip(SIZES, disturbed, strict=True)), "n").judged
    seconds = dict(zip(SIZES, disturbed, strict=True))
    assert not judge_seconds(seconds, "n", disturbed=0.6).judged


# Measured by the processor's clock beside thirty compilers: what leaves the caches pays for it.
SORTED = [43_172, 152_764, 384_522, 970_279, 2_095_389, 5_624_887]
PAIRS = [6_351, 20_904, 75_993, 267_543, 1_202_625, 5_305_314, 25_586_422]


@pytest.mark.parametrize(
    ("first", "nanoseconds", "claim", "wrong"),
    [(1 << 10, SORTED, "n log n", ("n", "n^2")), (1 << 4, PAIRS, "n^2", ("n", "n log n"))],
)
def test_a_crowd_is_no_reason_to_refuse_by_the_clock_of_the_processor(
    first: int, nanoseconds: list[int], claim: str, wrong: tuple[str, ...]
) -> None:
    sizes = [first << k for k in range(len(nanoseconds))]
    seconds = 1e-9 * np.array(nanoseconds)
    for each, judged in ((claim, False), *((other, True) for other in wrong)):
        verdict = check_time(sizes, seconds, each)
        assert not verdict.passed
        assert excused(verdict, sizes, seconds, each, 0.9, waiting=False).judged == judged
        assert excused(verdict, sizes, seconds, each, 0.0, waiting=False).judged


def test_both_clocks_ask_who_else_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks_module, "_kept_waiting", iter(range(0, 10**9, 100)).__next__)
    costs = dict(zip([1 << k for k in range(10, 16)], SORTED, strict=True))
    calls = {n: Call(costs.__getitem__, (n,)) for n in costs}
    taken = {str(n): np.array([1e-9 * cost]) for n, cost in costs.items()}
    monkeypatch.setattr(complexity_module, "interleaved", lambda *_, **__: taken)
    for timer in (time.process_time, time.perf_counter):
        verdict, _ = judge_time(calls, "n log n", rounds=1, retries=0, timer=timer)
        assert not verdict.passed
        assert not verdict.judged


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.9])
def test_a_wrong_claim_is_refused_whoever_disturbs(share: float) -> None:
    sizes = [1 << k for k in range(6, 16)]
    n = np.array(sizes, float)
    for costs in (1e-9 * n**2, 1e-9 * n**2 * np.random.default_rng(0).uniform(1, 2, len(n))):
        verdict = excused(check_time(sizes, costs, "n"), sizes, costs, "n", share)
        assert verdict.judged
        assert not verdict.passed
    fair = check_time(sizes, 1e-9 * n, "n")
    assert excused(fair, sizes, 1e-9 * n, "n", share) == fair


def test_claims_beside_busy_programs(busy: None) -> None:
    """True ones are not refused, wrong ones are."""
    found = measure_complexity(sum, range, "n", sizes=[1 << k for k in range(10, 17)])
    assert found.passed or not found.judged
    wrong = measure_complexity(pairs, range, "n", sizes=SIZES[:6])
    assert wrong.judged
    assert not wrong.passed


def test_a_claim_that_is_not_judged_warns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside of pytest's plugin."""
    monkeypatch.setattr(clocks_module, "_kept_waiting", iter(range(0, 10**9, 100)).__next__)
    noise = dict(zip(SIZES, [1, 1, 2.4, 1, 2.2, 1, 2.5, 2.3], strict=True))
    now = 0.0

    def clock() -> float:
        return now

    def linear(items: range) -> None:
        nonlocal now
        now += 1e-9 * len(items) * noise[len(items)]

    monkeypatch.setattr(clocks_module.time, "perf_counter", clock)
    options = {"sizes": SIZES, "bytes_per_item": 0, "rounds": 1, "retries": 0}
    with pytest.warns(UserWarning, match="linear: O.n. time not judged, the machine is busy"):
        found = assert_complexity(linear, range, timer=time.perf_counter, **options)
    assert not found.judged
    assert not found.passed
