"""Assert how the cost of a function grows with its input: time, instructions and memory.

For test suites, pyinfo's own and others: see `assert_complexity`, and the pytest fixture and marker
``complexity``. Needs NumPy alone.
"""

from pyinfo._namespace import publish
from pyinfo.testing.complexity import (
    Complexity,
    assert_complexity,
    judge_memory,
    judge_seconds,
    judge_time,
    measure_complexity,
)
from pyinfo.testing.growth import (
    GROWTHS,
    Growth,
    Memory,
    Verdict,
    check_memory,
    check_time,
    doublings,
)
from pyinfo.testing.instructions import count_instructions, counters
from pyinfo.testing.memory import resident_growth, traced_peak

__all__ = [
    "GROWTHS",
    "Complexity",
    "Growth",
    "Memory",
    "Verdict",
    "assert_complexity",
    "check_memory",
    "check_time",
    "count_instructions",
    "counters",
    "doublings",
    "judge_memory",
    "judge_seconds",
    "judge_time",
    "measure_complexity",
    "resident_growth",
    "traced_peak",
]

publish(globals())


def __dir__() -> list[str]:
    return [*__all__]
