"""What every family of work in this folder is made of: the ways to do the work, checked to agree.

A family is a module with two functions. ``rows(*details)`` names the ways to do a piece of work
that are installed, pyinfo's first. ``candidate(row, *details)`` prepares one of them. The details
are plain data, so that a child process can be told them, too.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import util

from pyinfo.testing.timing import Call

PYINFO = "pyinfo"
NUMPY = "numpy"


def unchecked() -> None:
    """For what nothing can be compared with."""


@dataclass(frozen=True)
class Candidate:
    """One way to do a piece of work; `check` raises AssertionError if its result is wrong."""

    call: Call
    check: Callable[[], None] = unchecked
    size: int = 0  # in bytes, of what is coded
    times: float = 1  # how many such calls are the whole work


def owner(row: str) -> str:
    """Whose way it is: "numpy: a line" and "a peer, another way" begin with it."""
    return re.split("[:,]", row)[0]


def is_own(row: str) -> bool:
    return row.startswith(PYINFO)


def installed(*modules: str) -> list[str]:
    """Those of the modules that can be imported here."""
    return [module for module in modules if util.find_spec(module) is not None]
