"""Everything public, by its claim in `bench.growth`, next to references and what peers offer."""

import functools
import re
from collections.abc import Callable, Mapping

from bench.growth.claims import CLAIMS
from bench.inputs.samples import SAMPLES
from bench.peers import codes, counting, dependence
from bench.peers.candidate import PYINFO, Candidate, installed
from pyinfo.testing.timing import Call

# Modules that may be missing; names of rows begin with them.
MODULES = ("bitarray", "constriction", "pandas", "polars", "sklearn")

PEERS: Mapping[str, Mapping[str, Callable[[Call], Candidate]]] = {
    **codes.PEERS,
    **{
        f"Counts.from_samples, {kind}": {
            row: functools.partial(counting.counted_by, row) for row in counting.rows(kind)[1:]
        }
        for kind in SAMPLES
    },
    **{
        name: {row: functools.partial(dependence.computed_by, each) for row, each in found.items()}
        for name, found in dependence.MEASURES.items()
    },
}


def rows(name: str, _: int = 0) -> list[str]:
    """pyinfo, references always, peers if they are installed."""
    return [PYINFO, *(row for row in PEERS.get(name, {}) if _is_there(row))]


def _is_there(row: str) -> bool:
    module = re.split("[ .]", row)[0]
    return module not in MODULES or bool(installed(module))


def candidate(row: str, name: str, n: int) -> Candidate:
    """A function's call on n symbols or samples."""
    own = CLAIMS[name].prepare(n)
    return Candidate(own) if row == PYINFO else PEERS[name][row](own)
