"""The calls that child processes make, named by plain data."""

from collections.abc import Callable, Mapping, Sequence

from bench.growth.claims import CLAIMS
from bench.inputs.coding_inputs import coding_data
from bench.peers.candidates import candidates
from bench.peers.codecs import PYINFO, PYINFO_CODERS, peer_codecs, pyinfo_codec
from bench.peers.measures import MEASURES
from bench.peers.weights_codecs import weights_codec
from bench.processes.timing import Call

SMALL = 100_000


def call_of(subject: str, *details: object) -> Call:
    """The call of a subject, one of `_SUBJECTS`, and what its function here takes."""
    return _SUBJECTS[subject](*details)


def loading_call(subject: str, *details: object) -> Call:
    """A small call of the kind: what a process's first call loads is no memory of the next one."""
    if subject != "measure":
        return Call(int)
    measure, dtype, shape, axis, candidate = details
    small = [min(n, SMALL) for n in shape]  # type: ignore[attr-defined]
    return call_of(subject, measure, dtype, small, axis, candidate)


def _measure(
    measure: str, dtype: str, shape: Sequence[int], axis: int | None, candidate: str
) -> Call:
    inputs = MEASURES[measure].inputs(tuple(shape), dtype, -1 if axis is None else axis)
    found = {each.name: each.call for each in candidates(measure, inputs, axis)}
    return found[candidate]


def _coding(direction: str, kind: str, n: int, row: str) -> Call:
    data = coding_data(kind, n)
    codec = pyinfo_codec(row, data) if row in PYINFO_CODERS else peer_codecs(data, row)[0]
    return codec.encode if direction == "encode" else codec.decode


def _claim(name: str, n: int) -> Call:
    return CLAIMS[name].prepare(n)


def _weights(direction: str, n: int) -> Call:
    codec = weights_codec(PYINFO, n)
    return codec.encode if direction == "encode" else codec.decode


_SUBJECTS: Mapping[str, Callable[..., Call]] = {
    "claim": _claim,
    "coding": _coding,
    "measure": _measure,
    "weights": _weights,
}
