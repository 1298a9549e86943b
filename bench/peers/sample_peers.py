"""Measures of samples as others compute them: in NumPy by histograms, and scikit-learn.

Everything takes the arguments of pyinfo's function and gives bits. Results are compared with
pyinfo's before anything is timed.
"""

import functools
import itertools
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from bench.growth.claims import CLAIMS
from bench.inputs.distributions import Array
from bench.peers.reference import BITS_PER_NAT
from bench.processes.timing import Call

Measure = Callable[..., Any]

NUMPY = "numpy: np.unique"


def _entropy(*variables: Array) -> float:
    """Joint entropy of variables whose values are small and not negative."""
    keys, *others = (variable.astype(np.int64, copy=False) for variable in variables)
    for other in others:
        keys = keys * (other.max() + 1) + other
    p = np.unique(keys, return_counts=True)[1] / len(keys)
    return float(-(p * np.log2(p)).sum())


def _conditional(x: Array, given: Array) -> float:
    return _entropy(x, given) - _entropy(given)


def _mutual(x: Array, y: Array) -> float:
    return _entropy(x) + _entropy(y) - _entropy(x, y)


def _normalized(x: Array, y: Array) -> float:
    apart = _entropy(x) + _entropy(y)
    return 2 * (apart - _entropy(x, y)) / apart


def _variation(x: Array, y: Array) -> float:
    return 2 * _entropy(x, y) - _entropy(x) - _entropy(y)


def _conditional_mutual(x: Array, y: Array, given: Array) -> float:
    return _entropy(x, given) + _entropy(y, given) - _entropy(x, y, given) - _entropy(given)


def _total_correlation(*variables: Array) -> float:
    return sum(map(_entropy, variables)) - _entropy(*variables)


def _interaction(x: Array, y: Array, z: Array) -> float:
    return _conditional_mutual(x, y, z) - _mutual(x, y)


def _transfer(source: Array, target: Array) -> float:
    return _conditional_mutual(target[1:], source[:-1], target[:-1])


def _pairwise(table: Array) -> Array:
    """Each pair once; the diagonal has the entropies."""
    columns = list(np.ascontiguousarray(table.T))
    alone = [_entropy(column) for column in columns]
    found = np.diag(alone)
    for i, j in itertools.combinations(range(len(columns)), 2):
        found[i, j] = found[j, i] = alone[i] + alone[j] - _entropy(columns[i], columns[j])
    return found


def _block_entropy(data: Array, length: int) -> float:
    assert length == 2
    return _entropy(data[:-1], data[1:])


def _entropy_rate(data: Array, order: int) -> float:
    assert order == 1
    return _conditional(data[1:], data[:-1])


def _sklearn(name: str, unit: float = 1.0) -> Measure:
    """A function of scikit-learn, which is imported when it is called for the first time."""

    @functools.cache
    def function() -> Measure:
        found: Measure = getattr(import_module("sklearn.metrics"), name)
        return found

    return lambda x, y: function()(x, y) * unit


_MEASURES: Mapping[str, Mapping[str, Measure]] = {
    "entropy_of": {NUMPY: _entropy},
    "joint_entropy": {NUMPY: _entropy},
    "conditional_entropy": {NUMPY: _conditional},
    "mutual_information": {
        NUMPY: _mutual,
        "sklearn.metrics.mutual_info_score": _sklearn("mutual_info_score", BITS_PER_NAT),
    },
    "normalized_mutual_information": {
        NUMPY: _normalized,
        "sklearn.metrics.normalized_mutual_info_score": _sklearn("normalized_mutual_info_score"),
        # With equal weights it is the same quantity.
        "sklearn.metrics.v_measure_score": _sklearn("v_measure_score"),
    },
    "adjusted_mutual_information": {
        "sklearn.metrics.adjusted_mutual_info_score": _sklearn("adjusted_mutual_info_score")
    },
    "variation_of_information": {NUMPY: _variation},
    "conditional_mutual_information": {NUMPY: _conditional_mutual},
    "total_correlation": {NUMPY: _total_correlation},
    "interaction_information": {NUMPY: _interaction},
    "transfer_entropy": {NUMPY: _transfer},
    "pairwise_mutual_information": {NUMPY: _pairwise},
    "block_entropy": {NUMPY: _block_entropy},
    "entropy_rate": {NUMPY: _entropy_rate},
}


def _prepared(name: str, row: str) -> Callable[[int], Call]:
    def prepare(n: int) -> Call:
        own, measure = CLAIMS[name].prepare(n), _MEASURES[name][row]
        call = Call(measure, own.args, own.options)
        # Measures of what is independent are the small difference of large entropies.
        np.testing.assert_allclose(call(), own(), rtol=1e-9, atol=1e-12, err_msg=f"{row}: {name}")
        return call

    return prepare


PEERS: Mapping[str, Mapping[str, Callable[[int], Call]]] = {
    name: {row: _prepared(name, row) for row in rows} for name, rows in _MEASURES.items()
}
