"""Information of continuous variables as scikit-learn and SciPy estimate it.

scikit-learn's private functions: without its validation and the noise that it adds.
"""

import functools
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from bench.inputs.distributions import Array
from bench.peers.candidate import Candidate, Ways, installed, ways
from pyinfo import continuous
from pyinfo.testing.timing import Call

NATS = float(np.e)
SCIPY_TREE = "scipy.spatial.cKDTree"
SKLEARN = {"ksg1": "sklearn mutual_info_regression", "ross": "sklearn mutual_info_classif"}


def _tree_entropy(x: Array) -> float:
    """Kozachenko and Leonenko's estimate by SciPy's tree."""
    tree = import_module("scipy.spatial").cKDTree
    digamma = import_module("scipy.special").digamma
    n, d = x.shape
    r = tree(x).query(x, [4], p=np.inf)[0]
    return float(digamma(n) - digamma(3) + d * (np.log(2) + np.log(r).mean()))


def _sklearn(method: str) -> Callable[[Array, Array], Any]:
    module = import_module("sklearn.feature_selection._mutual_info")
    function = module._compute_mi_cc if method == "ksg1" else module._compute_mi_cd
    return lambda x, y: max(0, function(x, y, 3))


def continuous_variables(function: str, n: int) -> Ways:
    """`function` is "ksg1", "ross", or "entropy 1" to "entropy 4" for so many dimensions."""

    def own() -> Call:
        random = np.random.default_rng(0)
        if function.startswith("entropy"):
            x = random.standard_normal((n, int(function[-1])))
            return Call(continuous.differential_entropy, (x,), {"base": NATS})
        x, noise = random.standard_normal((2, n))
        y = 0.6 * x + 0.8 * noise
        options = {"method": function, "scale": "none", "base": NATS}
        target = y if function == "ksg1" else (y > 0).astype(np.int64)
        return Call(continuous.mutual_information, (x, target), options)

    def compared(peer: Callable[..., Any], call: Call) -> Candidate:
        other = Call(peer, call.args)
        return Candidate(other, lambda: np.testing.assert_allclose(other(), call(), rtol=1e-9))

    peers: dict[str, Any] = {}
    if function.startswith("entropy"):
        if installed("scipy"):
            peers[SCIPY_TREE] = functools.partial(compared, _tree_entropy)
    elif installed("sklearn"):
        peers[SKLEARN[function]] = functools.partial(compared, _sklearn(function))
    return ways(own, peers)
