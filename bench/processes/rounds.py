"""Subjects timed in interleaved rounds, wherever they run, next to a baseline if there is one.

Machines drift: a virtual machine's neighbours come and go, clocks rise and fall. So candidates are
not measured one after the other but in rounds, each candidate once per round, in an order that
rotates. What counts is the ratio of the medians; the quartiles of the ratios of each round say how
far to trust it. What a sample is stands in `pyinfo.testing.timing`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bench.peers.candidate import is_own
from bench.processes.children import Worker, lasting_worker
from bench.processes.workload import Subject
from pyinfo.testing.timing import Sampler, interleaved


@dataclass(frozen=True)
class Spread:
    """A median and the quartiles around it."""

    median: float
    low: float
    high: float


def ratio(slow: NDArray[np.float64], fast: NDArray[np.float64]) -> Spread:
    """How many times faster `fast` is: ratio of the medians, quartiles of the rounds' ratios."""
    low, high = np.percentile(slow / fast, [25, 75])
    return Spread(float(np.median(slow) / np.median(fast)), float(low), float(high))


@dataclass(frozen=True)
class Times:
    """Seconds by name, one figure per round; for pyinfo's also how they compare to the baseline."""

    seconds: Mapping[str, NDArray[np.float64]]
    baseline: Mapping[str, Spread] = field(default_factory=dict)

    def median(self, name: str) -> float:
        return float(np.median(self.seconds[name]))

    def ratio(self, peer: str, own: str) -> Spread:
        """How many times as fast as the peer."""
        return ratio(self.seconds[peer], self.seconds[own])


def take_rounds(
    subjects: Mapping[str, Subject],
    *,
    rounds: int,
    sample_seconds: float,
    baseline: str | None = None,
) -> Times:
    """Time all subjects; `baseline` is an interpreter with another version of pyinfo.

    What is compared with the baseline runs in children only, so that both have the same around
    them.
    """
    samplers: dict[str, Sampler] = {}
    times: dict[str, float] = {}
    compared: dict[str, str] = {}
    workers: set[Worker] = set()

    def in_child(subject: Subject, python: str | None = None) -> Sampler:
        worker = lasting_worker(subject.isa, python, subject.memory)
        if worker not in workers:
            worker.forget()
            workers.add(worker)
        # What has an instruction set was checked here, with another one.
        return worker.prepare(subject.workload, subject.row, check=subject.isa is None)

    for name, subject in subjects.items():
        if not subject.is_child:
            candidate = subject.workload.candidate(subject.row)
            candidate.check()
            samplers[name] = candidate.call.sampler()
            times[name] = candidate.times
        else:
            samplers[name] = in_child(subject)
        if baseline is not None and is_own(subject.row):
            compared[name] = name if subject.is_child else f"{name}, in a child"
            if not subject.is_child:
                samplers[compared[name]] = in_child(subject)
            samplers[f"{name}, baseline"] = in_child(subject, baseline)
    seconds = interleaved(samplers, rounds=rounds, sample_seconds=sample_seconds)
    for worker in workers:
        worker.forget()
    return Times(
        {name: seconds[name] * times.get(name, 1) for name in subjects},
        {
            name: ratio(seconds[f"{name}, baseline"], seconds[here])
            for name, here in compared.items()
        },
    )
