"""What every family of work in this folder is made of: the ways to do the work, checked to agree.

A family is a function that is given the details of a piece of work, plain data that a child process
can be told as well, and returns a table of the ways to do it: of those that are installed, pyinfo's
first. The keys are the rows' names, the values prepare the candidates.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import util
from typing import Any

import numpy as np

from pyinfo.testing.timing import Call

PYINFO = "pyinfo"
NUMPY = "numpy"


@dataclass(frozen=True)
class Candidate:
    """One way to do a piece of work; `check` raises AssertionError if its result is wrong."""

    call: Call
    check: Callable[[], None] = lambda: None  # for what nothing can be compared with
    size: int = 0  # in bytes, of what is coded
    times: float = 1  # how many such calls are the whole work


Ways = Mapping[str, Callable[[], Candidate]]
Preparation = Callable[[Call], Candidate]


def ways(own: Callable[[], Call], peers: Mapping[str, Preparation]) -> Ways:
    """pyinfo's call, made when a candidate is prepared, and what peers do in place of it."""

    def way(prepare: Preparation) -> Callable[[], Candidate]:
        return lambda: prepare(own())

    return {row: way(prepare) for row, prepare in {PYINFO: Candidate, **peers}.items()}


def returns(decode: Callable[[], Any], data: Any, name: str) -> Callable[[], None]:
    """A check that a decoder returns the data."""

    def check() -> None:
        if not np.array_equal(np.asarray(decode()), data):
            raise AssertionError(f"{name} does not return what it was given")

    return check


def owner(row: str) -> str:
    """Whose way it is: "numpy: a line" and "a peer, another way" begin with it."""
    return re.split("[:,]", row)[0]


def is_own(row: str) -> bool:
    return row.startswith(PYINFO)


def installed(*modules: str) -> list[str]:
    """Those of the modules that can be imported here."""
    return [module for module in modules if util.find_spec(module) is not None]
