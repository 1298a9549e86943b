"""How much memory a call needs beyond its input, seen by Python's allocators or by the system."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any


def traced_peak(call: Callable[[], Any]) -> int:
    """Return the peak of bytes that Python and NumPy allocate during a call.

    Memory that compiled code takes past Python's allocators is not in it: see `resident_growth`.

    Parameters
    ----------
    call : callable
        Called twice; what its first call loads does not count.

    Returns
    -------
    int
        Bytes, the result of the call included.

    Examples
    --------
    >>> pyinfo.testing.traced_peak(lambda: bytes(100_000)) >= 100_000
    True
    """
    call()
    tracing = tracemalloc.is_tracing()
    if not tracing:
        tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        result = call()
        peak = tracemalloc.get_traced_memory()[1]
        del result
    finally:
        if not tracing:
            tracemalloc.stop()
    return max(peak - before, 0)


def resident_growth(call: Callable[[], Any], pid: int | None = None) -> int | None:
    """Return by how many bytes a call raises the peak of a process's resident memory.

    Linux counts every allocator's pages here, the freed ones too. The figure is in whole pages and
    contains code and stack pages that the call is the first to touch; memory that an allocator had
    kept from earlier is not in it, so a fresh process tells most.

    Parameters
    ----------
    call : callable
        Called once.
    pid : int, optional
        The process in which the call does its work; this one by default.

    Returns
    -------
    int or None
        Bytes, or None where the system does not tell.

    Examples
    --------
    >>> grown = pyinfo.testing.resident_growth(lambda: bytearray(1 << 20))
    """
    process = Path(f"/proc/{os.getpid() if pid is None else pid}")
    try:
        (process / "clear_refs").write_text("5")  # the peak starts again from here
        before = _peak_resident(process)
        call()
        return _peak_resident(process) - before
    except OSError:
        return None


def _peak_resident(process: Path) -> int:
    for line in (process / "status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "VmHWM":
            return int(value.split()[0]) * 1024
    raise OSError(f"{process}/status has no VmHWM")
