"""Long-lived child processes: one per instruction set, or one to look at from outside.

The instruction set is chosen when pyinfo is imported, so every set needs a process of its own. The
children wait for the parent's word and answer with the time of a sample, which makes them samplers
like any other: rounds are interleaved over processes as they are over functions.
"""

import json
import os
import subprocess
import sys
from types import TracebackType
from typing import Self

from bench import ROOT
from bench.peers.candidates import PYINFO


class Worker:
    """A process that makes calls on demand; use it as a context manager."""

    def __init__(self, *, isa: str | None = None) -> None:
        self.isa = isa
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.processes.worker"],
            cwd=ROOT,
            env={**os.environ, **({"PYINFO_ISA": isa} if isa else {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def prepare(self, *subject: object) -> None:
        """Let the child make the input of a call: `subject` is for `subjects.call_of`."""
        answer = json.loads(self._ask(list(subject)))
        if self.isa not in (None, answer["isa"]):
            raise RuntimeError(f"PYINFO_ISA={self.isa} gave {answer['isa']}")
        self.isa = str(answer["isa"])

    def sample(self, calls: int) -> float:
        """Let the child make that many calls; returns the seconds that it measured."""
        return float(self._ask(calls))

    def _ask(self, what: object) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the child process ended with code {self._process.wait()}")
        return line

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Child(Worker):
    """A process holding the input of one measure's call."""

    def __init__(
        self, measure: str, dtype: str, n: int, *, candidate: str = PYINFO, isa: str | None = None
    ) -> None:
        super().__init__(isa=isa)
        try:
            self.prepare("measure", measure, dtype, [n], None, candidate)
        except BaseException:
            self.close()
            raise
