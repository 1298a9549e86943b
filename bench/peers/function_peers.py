"""Everything that stands beside pyinfo in the groups of functions: references, and peers."""

import re
from collections.abc import Callable, Mapping
from importlib import util

from bench.peers import code_peers, counting, sample_peers
from bench.processes.timing import Call

# By the word that names of rows begin with, which is the name of the module.
PACKAGES = {
    "bitarray": "bitarray",
    "constriction": "constriction",
    "pandas": "pandas",
    "polars": "polars",
    "sklearn": "scikit-learn",
}

PEERS: Mapping[str, Mapping[str, Callable[[int], Call]]] = {
    **code_peers.PEERS,
    **counting.PEERS,
    **sample_peers.PEERS,
}


def names(function: str) -> list[str]:
    """The rows beside pyinfo's: references always, peers if they are installed."""
    return [row for row in PEERS.get(function, {}) if _is_there(row)]


def _is_there(row: str) -> bool:
    module = re.split("[ .]", row)[0]
    return module not in PACKAGES or util.find_spec(module) is not None


def call(function: str, row: str, n: int) -> Call:
    """The call of a row on n symbols or samples."""
    return PEERS[function][row](n)
