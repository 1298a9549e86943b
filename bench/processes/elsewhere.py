"""Rows of pytest-benchmark whose calls are made, and timed, by other processes.

The instruction set is chosen when pyinfo is imported. So a benchmark of another one asks a child
process, and pytest-benchmark's clock is one that moves by what the child has measured.
"""

from collections.abc import Mapping

from pytest_benchmark.fixture import BenchmarkFixture

from bench.peers.candidates import PYINFO
from bench.processes.children import Worker
from bench.processes.machine import active_isa, available_isas

ROUNDS = 5
SAMPLE_SECONDS = 0.005

Workers = Mapping[str | None, Worker]


class Clock:
    """A clock that stands still until somebody moves it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


CLOCK = Clock()


def other_isas() -> list[str]:
    """The instruction sets that this process does not use."""
    return [isa for isa in available_isas() if isa != active_isa()]


def isa_row(isa: str) -> str:
    return f"{PYINFO} ({isa})"


def isa_of(row: str) -> str | None:
    """The instruction set of a row that another process measures, or None."""
    return next((isa for isa in other_isas() if row.startswith(isa_row(isa))), None)


def measure_elsewhere(benchmark: BenchmarkFixture, worker: Worker) -> None:
    """Time the call that a worker has prepared."""
    first = worker.sample(1)
    calls = max(1, min(int(SAMPLE_SECONDS / max(first, 1e-7)), 10_000))

    def sample() -> None:
        CLOCK.now += worker.sample(calls) / calls

    benchmark.pedantic(sample, rounds=ROUNDS, warmup_rounds=0 if first > SAMPLE_SECONDS else 1)
