"""Everything that computes a measure on the same data, checked to agree before it is timed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.inputs.distributions import Array
from bench.peers import measure_peers as peers
from bench.peers.measures import MEASURES
from bench.peers.reference import LINES
from bench.processes.timing import Call

PYINFO = "pyinfo"
NUMPY = "numpy"

# Against the plainest NumPy line in float64 on the same values. The bounds leave room for how the
# peers sum (float32 sums in float32); a wrong formula or unit is far outside.
TOLERANCE: Mapping[str, float] = {"float64": 1e-9, "float32": 1e-3}


@dataclass(frozen=True)
class Candidate:
    """One way to compute a measure; `owner` is pyinfo, numpy or the peer's function name."""

    name: str
    owner: str
    call: Call
    to_measure: Callable[[Any], Any] = peers.unchanged
    relative_error: float = 0.0


def candidates(measure: str, inputs: tuple[Array, ...], axis: int | None = None) -> list[Candidate]:
    """pyinfo, the NumPy lines and the installed peers' functions, on these inputs.

    `axis` is None for vectors: the calls then name no axis.
    """
    given = {} if axis is None else {"axis": axis}
    found = [Candidate(PYINFO, PYINFO, MEASURES[measure].call(inputs, **given))]
    for line in LINES[measure]:
        if axis is None or line.batches:
            call = Call(line.function, inputs, given)
            error = line.float32_error if inputs[0].dtype == np.float32 else 0.0
            name = f"{NUMPY}: {line.text}"
            found.append(Candidate(name, NUMPY, call, relative_error=error))
    for peer in peers.functions(measure):
        if (axis is None or peer.batches) and inputs[0].dtype.name in peer.dtypes:
            call = Call(peer.function, inputs, {**peer.options, **given})
            found.append(
                Candidate(peer.name, peer.name, call, peer.to_measure, peer.relative_error)
            )
    return found


def check_agreement(measure: str, inputs: tuple[Array, ...], found: list[Candidate]) -> None:
    """Raise AssertionError if a candidate's result differs from the plainest NumPy line."""
    axis = dict(found[0].call.options)
    exact = tuple(values.astype(np.float64, copy=False) for values in inputs)
    expected = LINES[measure][0].function(*exact, **axis)
    tolerance = TOLERANCE[inputs[0].dtype.name]
    for candidate in found:
        np.testing.assert_allclose(
            np.asarray(candidate.to_measure(candidate.call()), dtype=np.float64),
            expected,
            rtol=max(tolerance, candidate.relative_error),
            err_msg=f"{candidate.name} does not compute {measure}",
        )
