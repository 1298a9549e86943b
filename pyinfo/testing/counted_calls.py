"""The process whose instructions are counted: see `pyinfo.testing.instructions`.

``python counted_calls.py JOB`` makes a counted call at each size of a job, between
calls of getsid that callgrind looks for. ``JOB INDEX CONTROL ANSWERS`` makes one at one size, and
tells perf when to count.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def _between_marks() -> Iterator[None]:
    os.getsid(0)
    yield
    os.getsid(0)


@contextlib.contextmanager
def _counted_by_perf(control: str, answers: str) -> Iterator[None]:
    with Path(control).open("w") as to_perf, Path(answers).open() as from_perf:

        def tell(what: str) -> None:
            print(what, file=to_perf, flush=True)
            from_perf.readline()

        tell("enable")
        yield
        tell("disable")


def _call(func: Any, made: Any, counted: AbstractContextManager[None]) -> None:
    args = made if isinstance(made, tuple) else (made,)
    func(*args)
    gc.collect()
    gc.disable()
    with counted:
        func(*args)
    gc.enable()


def main(job: str, *perf: str) -> None:
    """Run a job that `count_instructions` has written."""
    path, work = pickle.loads(Path(job).read_bytes())
    sys.path[:] = path
    func, make_input, sizes = pickle.loads(work)
    if perf:
        index, control, answers = perf
        _call(func, make_input(sizes[int(index)]), _counted_by_perf(control, answers))
        return
    for n in sizes:
        _call(func, make_input(n), _between_marks())


if __name__ == "__main__":
    main(*sys.argv[1:])
