"""Counts the instructions of a call: a cost without noise, in a process of its own.

valgrind's callgrind runs the process on a processor that it emulates, about 50 times slower than
the real one and without AVX-512; perf asks the real one, where the system allows it.
"""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

# Run by its path: to import pyinfo, and NumPy with it, takes seconds under valgrind.
_CHILD = [sys.executable, "-P", str(Path(__file__).with_name("counted_calls.py"))]

# The child calls getsid before and after what is counted, and nothing else calls it: callgrind
# writes the counts since the last time and starts again from zero.
_CALLGRIND = ["--tool=callgrind", "--dump-before=getsid"]
_EVENT = "instructions:u"


def counters() -> tuple[str, ...]:
    """Return which of "perf" and "callgrind" work here; the first is what is used.

    Examples
    --------
    >>> set(pyinfo.testing.counters()) <= {"perf", "callgrind"}
    True
    """
    found = []
    if sys.platform == "linux" and shutil.which("perf"):
        probe = ["perf", "stat", "-x,", "-e", _EVENT, "true"]
        run = subprocess.run(probe, capture_output=True, text=True, check=False)
        if run.returncode == 0 and _perf_count(run.stderr) is not None:
            found.append("perf")
    if sys.platform != "win32" and shutil.which("valgrind"):
        found.append("callgrind")
    return tuple(found)


def count_instructions(
    func: Callable[..., Any],
    make_input: Callable[[int], Any],
    sizes: Sequence[int],
    *,
    counter: str | None = None,
) -> list[int]:
    """Count the instructions of one call at each size, after a call that does not count.

    Parameters
    ----------
    func, make_input : callable
        As in `assert_complexity`; both must be importable, as functions of a module are.
    sizes : sequence of int
        Values of n.
    counter : {"perf", "callgrind"}, optional
        The first of `counters` by default.

    Returns
    -------
    list of int
        Instructions; those of the few calls around it, some thousands, are included.

    Raises
    ------
    ValueError
        If there is no such counter here, or a function is not importable.
    RuntimeError
        If the process fails: the message has what it printed.

    Examples
    --------
    >>> pyinfo.testing.count_instructions(sorted, range, [1000, 2000])  # doctest: +SKIP
    [52118, 96432]
    """
    if counter is None:
        counter = next(iter(counters()), None)
    if counter not in ("perf", "callgrind"):
        raise ValueError("counting instructions needs valgrind, or perf and leave to use it")
    work = (func, make_input, tuple(sizes))
    try:
        pickled = pickle.dumps((sys.path, pickle.dumps(work)))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ValueError(f"func and make_input must be importable to be counted: {error}") from None
    if "__main__" in (getattr(func, "__module__", ""), getattr(make_input, "__module__", "")):
        raise ValueError("func and make_input must be importable to be counted, not of __main__")
    with tempfile.TemporaryDirectory() as folder:
        job = Path(folder, "job")
        job.write_bytes(pickled)
        if counter == "callgrind":
            return _by_callgrind(job, len(sizes))
        return [_by_perf(job, index) for index in range(len(sizes))]


def _by_callgrind(job: Path, count: int) -> list[int]:
    out = job.with_name("callgrind")
    _run(["valgrind", *_CALLGRIND, f"--callgrind-out-file={out}", *_CHILD, str(job)])
    # Part 1 is what came before the first call, part 2 the first call, part 3 what follows it.
    return [_callgrind_total(Path(f"{out}.{2 * index + 2}")) for index in range(count)]


def _callgrind_total(part: Path) -> int:
    for line in part.read_text("utf-8").splitlines():
        name, _, value = line.partition(":")
        if name == "totals":
            return int(value.split()[0])
    raise RuntimeError(f"{part.name} has no totals")


def _by_perf(job: Path, index: int) -> int:
    """Count one size: perf starts with counting switched off, the child switches it."""
    control, answers = job.with_name("control"), job.with_name("answers")
    for fifo in (control, answers):
        if not fifo.exists():
            os.mkfifo(fifo)
    command = [
        "perf",
        "stat",
        "-x,",
        "-e",
        _EVENT,
        "-D",
        "-1",
        f"--control=fifo:{control},{answers}",
    ]
    printed = _run([*command, *_CHILD, str(job), str(index), str(control), str(answers)])
    found = _perf_count(printed)
    if found is None:
        raise RuntimeError(f"perf counted nothing: {printed}")
    return found


def _perf_count(printed: str) -> int | None:
    for line in printed.splitlines():
        value, _, rest = line.partition(",")
        if _EVENT in rest and value.isdecimal():
            return int(value)
    return None


def _run(command: list[str]) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with code {run.returncode}: {run.stderr[-2000:]}")
    return run.stderr
