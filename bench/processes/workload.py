"""A piece of work named by plain data, for this process and for its children."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from bench.peers.candidate import PYINFO, Candidate

# Modules are imported when their first work is prepared: a child needs one of them.
FAMILIES: Mapping[str, str] = {
    "claim": "bench.peers.functions",
    "coding": "bench.peers.codecs",
    "counting": "bench.peers.counting",
    "labels": "bench.peers.dependence",
    "measure": "bench.peers.measures",
    "message": "bench.peers.messages",
    "threads": "bench.peers.threads",
    "zarr": "bench.peers.zarr_arrays",
}


@dataclass(frozen=True)
class Workload:
    """Work of a family, that several candidates can do; see `bench.peers.candidate`."""

    family: str
    details: tuple[Any, ...]

    def rows(self) -> list[str]:
        """Names of the candidates that are installed here, pyinfo's first."""
        found: list[str] = self._module().rows(*self.details)
        return found

    def candidate(self, row: str) -> Candidate:
        """Prepare one of them."""
        found: Candidate = self._module().candidate(row, *self.details)
        return found

    def _module(self) -> Any:
        return import_module(FAMILIES[self.family])


@dataclass(frozen=True)
class Subject:
    """What is timed: a candidate, in this process or in a child with an instruction set."""

    workload: Workload
    row: str = PYINFO
    isa: str | None = None
