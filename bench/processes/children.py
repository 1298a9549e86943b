"""Long-lived child processes: one per instruction set, or of another interpreter.

The instruction set is chosen when pyinfo is imported, so every set needs a process of its own, and
so does another version of pyinfo. Children wait for the parent's word and answer with the time of a
sample, which makes them samplers like any other: rounds are interleaved over processes as they are
over functions.
"""

import functools
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from bench import ROOT
from bench.processes.machine import allowed_cpus
from bench.processes.workload import Workload
from pyinfo.testing.timing import Sampler

# What glibc's malloc does with large arrays, by the variables that tell it (MALLOC_..._). As it
# comes, each is fresh from the system and goes back there; kept, what was freed is used again.
MEMORY: Mapping[str, Mapping[str, str]] = {
    "as it comes": {},
    "kept": {
        "MALLOC_MMAP_MAX_": "0",
        "MALLOC_TRIM_THRESHOLD_": str(1 << 40),
        "MALLOC_TOP_PAD_": str(64 << 20),
    },
}


class Worker:
    """A process that makes calls on demand, until it is closed."""

    def __init__(
        self, *, isa: str | None = None, python: str | None = None, memory: str | None = None
    ) -> None:
        self.isa = isa
        self._prepared = 0
        self._process = subprocess.Popen(
            [python or sys.executable, "-m", "bench.processes.worker"],
            cwd=ROOT,
            env={
                **os.environ,
                **({"PYINFO_ISA": isa} if isa else {}),
                **(MEMORY[memory] if memory else {}),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def version(self) -> str:
        """Of the child's pyinfo, and where it is."""
        return str(self._ask(version=True))

    def prepare(self, workload: Workload, row: str, *, check: bool = False) -> Sampler:
        """Let the child make the input of one more call; returns how to take samples of it."""
        given = [workload.family, workload.details, row]
        isa = self._ask(prepare=given, check=check)
        if self.isa not in (None, isa):
            raise RuntimeError(f"PYINFO_ISA={self.isa} gave {isa}")
        self._prepared += 1
        return functools.partial(self._sample, self._prepared - 1)

    def forget(self) -> None:
        """Let the child drop what it has prepared."""
        self._prepared = 0
        self._ask(forget=True)

    def _sample(self, place: int, calls: int) -> float:
        return float(self._ask(sample=place, calls=calls))

    def _ask(self, **what: object) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the child process ended with code {self._process.wait()}")
        return json.loads(line)

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


def lasting_worker(
    isa: str | None = None, python: str | None = None, memory: str | None = None
) -> Worker:
    """A worker that lives as long as this process, on the processors that are allowed now."""
    return _lasting(isa, python, memory, allowed_cpus())


@functools.cache
def _lasting(
    isa: str | None, python: str | None, memory: str | None, cpus: frozenset[int]
) -> Worker:
    del cpus  # inherited
    return Worker(isa=isa, python=python, memory=memory)
