"""A piece of work named by plain data, for this process and for its children."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from bench.peers.candidate import PYINFO, Candidate, Ways

# Where the families are. Modules are imported when their first work is prepared: a child needs one.
FAMILIES: Mapping[str, str] = {
    "claim": "functions",
    "coding": "codecs",
    "every_codec": "codecs",
    "few_symbols": "codecs",
    "message": "codecs",
    "threads": "codecs",
    "counting": "counting",
    "continuous_variables": "continuous",
    "labels": "dependence",
    "learned_stream": "symbol_models",
    "loss": "logits",
    "measure": "measures",
    "quantization": "quantization",
    "symbol_models": "symbol_models",
    "weight_file": "weights",
    "patch": "weights",
    "dfloat11_layout": "weights",
    "zarr": "zarr_arrays",
}


@dataclass(frozen=True)
class Workload:
    """Work of a family, that several candidates can do; see `bench.peers.candidate`."""

    family: str
    details: tuple[Any, ...]

    def _ways(self) -> Ways:
        module = import_module(f"bench.peers.{FAMILIES[self.family]}")
        found: Ways = getattr(module, self.family)(*self.details)
        return found

    def rows(self) -> list[str]:
        """Names of the candidates that are installed here, pyinfo's first."""
        return [*self._ways()]

    def candidate(self, row: str) -> Candidate:
        """Prepare one of them."""
        return self._ways()[row]()


@dataclass(frozen=True)
class Subject:
    """What is timed: a candidate, in this process or in a child.

    In a child that is told the instruction set, or what malloc does with memory: see
    `bench.processes.children.MEMORY`.
    """

    workload: Workload
    row: str = PYINFO
    isa: str | None = None
    memory: str | None = None

    @property
    def is_child(self) -> bool:
        return self.isa is not None or self.memory is not None
