"""How much memory a call needs beyond its input, seen from inside and from outside."""

import tracemalloc
from pathlib import Path

from .children import Child
from .timing import Call


def traced_peak(call: Call) -> int:
    """Peak bytes that Python and NumPy allocate during a call.

    Memory that compiled code takes past Python's allocators is not in it: see `resident_growth`.
    """
    call()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        result = call()
        peak = tracemalloc.get_traced_memory()[1]
        del result
    finally:
        tracemalloc.stop()
    return max(peak - before, 0)


def resident_growth(child: Child) -> int | None:
    """By how many bytes one call raises a child's peak of resident memory, or None if unknown.

    Linux counts every allocator's pages here, the freed ones too. The figure is in whole pages and
    contains code and stack pages that the call is the first to touch.
    """
    process = Path(f"/proc/{child.pid}")
    try:
        (process / "clear_refs").write_text("5")  # the peak starts again from here
        before = _status(process, "VmHWM")
        child.sample(1)
        return _status(process, "VmHWM") - before
    except OSError:
        return None


def _status(process: Path, field: str) -> int:
    for line in (process / "status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0]) * 1024
    raise OSError(f"{process}/status has no {field}")
