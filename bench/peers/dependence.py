"""Measures of samples as others compute them: in NumPy by histograms, and scikit-learn.

Everything takes the arguments of pyinfo's function and gives bits.
"""

import functools
import itertools
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

import pyinfo
from bench.inputs.distributions import Array
from bench.peers.candidate import Candidate, Ways, installed, ways
from bench.peers.measure_peers import BITS_PER_NAT
from pyinfo.testing.timing import Call

Measure = Callable[..., Any]

NUMPY = "numpy: np.unique"
SKLEARN = "sklearn.metrics.mutual_info_score"


def _entropy(*variables: Array) -> float:
    """Joint entropy of variables whose values are small and not negative."""
    keys, *others = (variable.astype(np.int64, copy=False) for variable in variables)
    for other in others:
        keys = keys * (other.max() + 1) + other
    p = np.unique(keys, return_counts=True)[1] / len(keys)
    return float(-(p * np.log2(p)).sum())


def _conditional_mutual(x: Array, y: Array, given: Array) -> float:
    return _entropy(x, given) + _entropy(y, given) - _entropy(x, y, given) - _entropy(given)


def _pairwise(table: Array) -> Array:
    """Each pair once; the diagonal has the entropies."""
    columns = list(np.ascontiguousarray(table.T))
    alone = [_entropy(column) for column in columns]
    found = np.diag(alone)
    for i, j in itertools.combinations(range(len(columns)), 2):
        found[i, j] = found[j, i] = alone[i] + alone[j] - _entropy(columns[i], columns[j])
    return found


def _sklearn(name: str, unit: float = 1.0) -> Measure:
    """A function of scikit-learn, which is imported when it is called for the first time."""

    @functools.cache
    def function() -> Measure:
        found: Measure = getattr(import_module("sklearn.metrics"), name)
        return found

    return lambda x, y: function()(x, y) * unit


MEASURES: Mapping[str, Mapping[str, Measure]] = {
    "entropy_of": {NUMPY: _entropy},
    "joint_entropy": {NUMPY: _entropy},
    "conditional_entropy": {NUMPY: lambda x, given: _entropy(x, given) - _entropy(given)},
    "mutual_information": {
        NUMPY: lambda x, y: _entropy(x) + _entropy(y) - _entropy(x, y),
        SKLEARN: _sklearn("mutual_info_score", BITS_PER_NAT),
    },
    "normalized_mutual_information": {
        NUMPY: lambda x, y: 2 - 2 * _entropy(x, y) / (_entropy(x) + _entropy(y)),
        "sklearn.metrics.normalized_mutual_info_score": _sklearn("normalized_mutual_info_score"),
        # With equal weights it is the same quantity.
        "sklearn.metrics.v_measure_score": _sklearn("v_measure_score"),
    },
    "adjusted_mutual_information": {
        "sklearn.metrics.adjusted_mutual_info_score": _sklearn("adjusted_mutual_info_score")
    },
    "variation_of_information": {
        NUMPY: lambda x, y: 2 * _entropy(x, y) - _entropy(x) - _entropy(y)
    },
    "conditional_mutual_information": {NUMPY: _conditional_mutual},
    "total_correlation": {NUMPY: lambda *each: sum(map(_entropy, each)) - _entropy(*each)},
    "interaction_information": {
        NUMPY: lambda x, y, z: (
            _conditional_mutual(x, y, z) - _entropy(x) - _entropy(y) + _entropy(x, y)
        )
    },
    "transfer_entropy": {NUMPY: lambda x, y: _conditional_mutual(y[1:], x[:-1], y[:-1])},
    "pairwise_mutual_information": {NUMPY: _pairwise},
    # Of two bytes, and of one given the one before: what the claims ask for.
    "block_entropy": {NUMPY: lambda data, _: _entropy(data[:-1], data[1:])},
    "entropy_rate": {NUMPY: lambda data, _: _entropy(data[1:], data[:-1]) - _entropy(data[:-1])},
}


def computed_by(measure: Measure, own: Call) -> Candidate:
    """A peer's measure of what pyinfo's call measures; the results have to agree."""
    call = Call(measure, own.args, own.options)

    def check() -> None:
        # Measures of what is independent are the small difference of large entropies.
        np.testing.assert_allclose(call(), own(), rtol=1e-9, atol=1e-12)

    return Candidate(call, check)


# -- Mutual information of labels, one pair or all pairs of columns, next to scikit-learn ---------

COLUMNS = 50
PAIRS_TIMED = 5


def labels(function: str, different: int, n: int) -> Ways:
    """pyinfo, and scikit-learn if it is installed: for all pairs of columns in a loop."""

    def own() -> Call:
        random = np.random.default_rng(0)
        if function == "mutual_information":
            return Call(pyinfo.mutual_information, (*random.integers(0, different, (2, n)),))
        table = random.integers(0, different, (n, COLUMNS)).astype(np.uint8)
        return Call(pyinfo.pairwise_mutual_information, (table,))

    one_pair = functools.partial(computed_by, MEASURES["mutual_information"][SKLEARN])
    peer = one_pair if function == "mutual_information" else _in_a_loop
    return ways(own, {SKLEARN: peer} if installed("sklearn") else {})


def _in_a_loop(own: Call) -> Candidate:
    """scikit-learn is given a few pairs of columns: what it does not share with all of them is the
    time that a loop in Python costs."""
    score, (table,) = MEASURES["mutual_information"][SKLEARN], own.args
    pairs = [(table[:, 0].copy(), table[:, i].copy()) for i in range(1, 1 + PAIRS_TIMED)]

    def each() -> list[float]:
        return [score(x, y) for x, y in pairs]

    def check() -> None:
        np.testing.assert_allclose(each(), own()[0, 1 : 1 + PAIRS_TIMED])

    every = COLUMNS * (COLUMNS - 1) // 2
    return Candidate(Call(each), check, times=every / PAIRS_TIMED)
