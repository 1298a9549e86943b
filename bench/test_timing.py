"""Interleaving and ratios with clocks that are made up."""

import numpy as np
import pytest

from bench.processes.rounds import Spread, ratio
from bench.report.bars import at_least, at_most
from bench.report.tables import Quantity, Row, bytes_text, size_text
from pyinfo.testing.timing import Call, Sampler, interleaved


def clock(seconds_per_call: float, log: list[str], name: str) -> Sampler:
    def sample(calls: int) -> float:
        log.append(name)
        return calls * seconds_per_call

    return sample


def test_rounds_interleave_in_a_rotating_order() -> None:
    log: list[str] = []
    samplers = {name: clock(1.0, log, name) for name in "abc"}
    seconds = interleaved(samplers, rounds=3, sample_seconds=0.0)
    assert "".join(log[-9:]) == "abcbcacab"
    assert {name: times.tolist() for name, times in seconds.items()} == dict.fromkeys(
        "abc", [1] * 3
    )


def test_short_calls_are_repeated_until_a_sample_is_long_enough() -> None:
    calls = []

    def sample(count: int) -> float:
        calls.append(count)
        return count * 1e-7

    (times,) = interleaved({"fast": sample}, rounds=2, sample_seconds=0.01).values()
    assert calls[-1] == calls[-2] >= 0.005 / 1e-7
    assert times == pytest.approx([1e-7, 1e-7])


def test_a_ratio_is_that_of_the_medians() -> None:
    slow, fast = np.array([2.0, 4.0, 9.0]), np.array([1.0, 2.0, 3.0])
    assert ratio(slow, fast).median == 2.0
    assert ratio(np.arange(1.0, 6.0), np.ones(5)) == Spread(3, 2, 4)


def test_a_call_keeps_its_options() -> None:
    seen = []

    def function(*args: int, **options: int) -> None:
        seen.append((args, options))

    call = Call(function, (1, 2), {"base": 3})
    call()
    call.sampler()(2)
    assert seen == [((1, 2), {"base": 3})] * 3


def test_bars_judge_ratios_and_values() -> None:
    twice = Spread(2.0, 1.9, 2.1)
    assert Row("", "", Quantity(1, "s"), ratio=twice, bar=at_least(2)).met is True
    assert Row("", "", Quantity(1, "s"), ratio=twice, bar=at_least(3)).met is False
    assert Row("", "", Quantity(61e-9, "s"), bar=at_most(60e-9)).met is False
    assert Row("", "", Quantity(1, "s")).met is None


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        (Quantity(51.4e-9, "s"), "51.4 ns"),
        (Quantity(3.68e-6, "s"), "3.68 µs"),
        (Quantity(0.0753, "s"), "75.3 ms"),
        (Quantity(2.5, "s"), "2.5 s"),
        (Quantity(65536, "B"), "64.0 KiB"),
        (Quantity(16, "B"), "16 bytes"),
        (Quantity(7.25, "GB/s"), "7.25 GB/s"),
        (Quantity(0.00312, "%"), "0.312%"),
        (Quantity(2.2e-16), "2.2e-16"),
    ],
)
def test_quantities_read_well(quantity: Quantity, text: str) -> None:
    assert str(quantity) == text


def test_sizes_read_well() -> None:
    shapes, sizes = ((1_000_000,), (10_000, 1000), (4,)), (16 << 20, 4096, 64)
    assert [size_text(*shape) for shape in shapes] == ["1e6", "1e4 x 1000", "4"]
    assert [bytes_text(size) for size in sizes] == ["16 MiB", "4 KiB", "64 bytes"]
