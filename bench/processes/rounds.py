"""Subjects timed in interleaved rounds, wherever they run, next to a baseline if there is one."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bench.peers.candidate import is_own
from bench.processes.children import Worker, lasting_worker
from bench.processes.timing import Spread, ratio
from bench.processes.workload import Subject
from pyinfo.testing.timing import Sampler, interleaved


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
    compared: dict[str, tuple[str, str]] = {}
    workers: set[Worker] = set()

    def in_child(subject: Subject, python: str | None = None) -> Sampler:
        worker = lasting_worker(subject.isa, python)
        if worker not in workers:
            worker.forget()
            workers.add(worker)
        return worker.prepare(subject.workload, subject.row)

    for name, subject in subjects.items():
        if subject.isa is None:
            candidate = subject.workload.candidate(subject.row)
            candidate.check()
            samplers[name] = candidate.call.sampler()
            times[name] = candidate.times
        else:
            samplers[name] = in_child(subject)
        if baseline is not None and is_own(subject.row):
            here, there = name, f"{name}, baseline"
            if subject.isa is None:
                here = f"{name}, in a child"
                samplers[here] = in_child(subject)
            samplers[there] = in_child(subject, baseline)
            compared[name] = (there, here)
    seconds = interleaved(samplers, rounds=rounds, sample_seconds=sample_seconds)
    for worker in workers:
        worker.forget()
    return Times(
        {name: seconds[name] * times.get(name, 1) for name in subjects},
        {name: ratio(seconds[there], seconds[here]) for name, (there, here) in compared.items()},
    )
