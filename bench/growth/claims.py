"""How the cost of everything public is claimed to grow."""

from collections.abc import Callable, Mapping

import numpy as np

import pyinfo
from bench.growth import coding_claims, count_claims
from bench.growth.claim import Claim, Prepare, call
from bench.inputs.coded_bytes import four_bits
from bench.inputs.distributions import Array
from bench.inputs.samples import labels
from bench.peers.measures import MEASURES, Measure
from pyinfo.testing import doublings
from pyinfo.testing.timing import Call

# What has no input that grows.
NO_CLAIM = ("CodingReport", "CorruptDataError", "get_include", "show_config")


def _of_measure(measure: Measure) -> Claim:
    """The extra memory is the function's own: an elementwise one is given its out."""

    def prepare(n: int) -> Call:
        inputs = measure.inputs((n,))
        out = {"out": np.empty_like(inputs[0])} if measure.elementwise else {}
        return measure.call(inputs, **out)

    touched = 8 * (measure.distributions + measure.elementwise)
    sizes = doublings(8, 23), doublings(8, 18)
    return Claim(measure.name, prepare, touched, *sizes, measure.time, measure.memory)


def _of_samples(name: str, touched: float, prepare: Prepare, memory: str = "1") -> Claim:
    return Claim(name, prepare, touched, doublings(14, 22), doublings(12, 18), memory=memory)


def _of_labels(
    function: Callable[..., object], variables: int, *, given: bool = False, memory: str = "1"
) -> Claim:
    def prepare(n: int) -> Call:
        *others, last = labels(n, variables=variables, different=50)
        if given:
            return Call(function, tuple(others), {"given": last})
        return Call(function, (*others, last))

    # With memory come columns of places, which are written and read again.
    touched = 8 * variables * (1 if memory == "1" else 5)
    return _of_samples(function.__name__, touched, prepare, memory)


def _adjusted(n: int) -> Call:
    """Few clusters: what is expected of them by chance costs about the root of n for each pair."""
    few = np.minimum(labels(n, variables=2, different=50), 4)
    return Call(pyinfo.adjusted_mutual_information, tuple(few))


def _table(n: int) -> Array:
    return np.random.default_rng(0).integers(0, 20, (n, 8)).astype(np.uint8)


def _few_counts(n: int) -> Array:
    """n symbols with a few different counts: what is left after looking at them once."""
    return np.random.default_rng(0).integers(0, 50, n)


_ALL = (
    *map(_of_measure, MEASURES.values()),
    _of_labels(pyinfo.entropy_of, 1),
    _of_labels(pyinfo.joint_entropy, 2, memory="n"),
    _of_labels(pyinfo.conditional_entropy, 2, given=True, memory="n"),
    _of_labels(pyinfo.mutual_information, 2),
    _of_labels(pyinfo.normalized_mutual_information, 2),
    _of_samples("adjusted_mutual_information", 16, _adjusted),
    _of_labels(pyinfo.variation_of_information, 2),
    _of_labels(pyinfo.conditional_mutual_information, 3, given=True, memory="n"),
    _of_labels(pyinfo.total_correlation, 3, memory="n"),
    _of_labels(pyinfo.interaction_information, 3, memory="n"),
    _of_labels(pyinfo.transfer_entropy, 2, memory="n"),
    _of_samples(
        "pairwise_mutual_information",
        8,
        lambda n: call(pyinfo.pairwise_mutual_information, _table(n)),
        "n",
    ),
    _of_samples("block_entropy", 1, lambda n: call(pyinfo.block_entropy, four_bits(n), 2), "n"),
    _of_samples("entropy_rate", 1, lambda n: call(pyinfo.entropy_rate, four_bits(n), 1), "n"),
    Claim(
        "estimate_entropy chao-wang-jost",
        lambda n: call(pyinfo.estimate_entropy, _few_counts(n), estimator="chao-wang-jost"),
        *(8, doublings(16, 22), doublings(14, 19)),
        time="n log n",
        memory="n",
    ),
    *coding_claims.CLAIMS,
    *count_claims.CLAIMS,
)
CLAIMS: Mapping[str, Claim] = {claim.name: claim for claim in _ALL}
