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

from . import ROOT
from .candidates import PYINFO


class Child:
    """A process holding the input of one call; use it as a context manager."""

    def __init__(
        self, measure: str, dtype: str, n: int, *, candidate: str = PYINFO, isa: str | None = None
    ) -> None:
        command = [sys.executable, "-m", "bench.worker", measure, dtype, str(n)]
        self._process = subprocess.Popen(
            [*command, "--candidate", candidate],
            cwd=ROOT,
            env={**os.environ, **({"PYINFO_ISA": isa} if isa else {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            self.isa = str(json.loads(self._answer())["isa"])
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    def sample(self, calls: int) -> float:
        """Let the child make that many calls; returns the seconds that it measured."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{calls}\n")
        self._process.stdin.flush()
        return float(self._answer())

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the child process ended with code {self._process.wait()}")
        return line

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def __enter__(self) -> "Child":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
