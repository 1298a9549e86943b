"""How the cost of everything public is claimed to grow."""

from collections.abc import Mapping

import numpy as np

import pyinfo
from bench.growth import coding_claims, count_claims, logit_claims, quantization_claims
from bench.growth.claim import Claims, Cost, Prepare, call
from bench.inputs.coded_bytes import four_bits
from bench.inputs.distributions import Array
from bench.inputs.samples import labels
from bench.peers.measures import MEASURES, Measure
from pyinfo.testing import doublings
from pyinfo.testing.timing import Call

# What has no input that grows.
NO_CLAIM = (
    *("CodingReport", "CorruptDataError", "Drift", "DriftTable", "DriftWarning"),
    *("get_include", "show_config"),
)


def _of_measure(measure: Measure) -> tuple[Cost, Prepare]:
    """The extra memory is the function's own: an elementwise one is given its out."""

    def prepare(n: int) -> Call:
        inputs = measure.inputs((n,))
        out = {"out": np.empty_like(inputs[0])} if measure.elementwise else {}
        return measure.call(inputs, **out)

    touched = 8 * (measure.distributions + measure.elementwise)
    return Cost(touched, doublings(8, 23), doublings(8, 18)), prepare


def _of_samples(touched: float, memory: str = "1") -> Cost:
    return Cost(touched, doublings(14, 22), doublings(12, 18), memory=memory)


# Measures of labels: how many variables, and the extra memory.
_LABELS: Mapping[str, tuple[int, str]] = {
    "entropy_of": (1, "1"),
    "joint_entropy": (2, "n"),
    "conditional_entropy": (2, "n"),
    "mutual_information": (2, "1"),
    "normalized_mutual_information": (2, "1"),
    "variation_of_information": (2, "1"),
    "conditional_mutual_information": (3, "n"),
    "total_correlation": (3, "n"),
    "interaction_information": (3, "n"),
    "transfer_entropy": (2, "n"),
}


def _of_labels(name: str, variables: int, memory: str) -> tuple[Cost, Prepare]:
    def prepare(n: int) -> Call:
        *others, last = labels(n, variables=variables, different=50)
        if name.startswith("conditional"):
            return call(getattr(pyinfo, name), *others, given=last)
        return call(getattr(pyinfo, name), *others, last)

    # With memory come columns of places, which are written and read again.
    touched = 8 * variables * (1 if memory == "1" else 5)
    return _of_samples(touched, memory), prepare


def _adjusted(n: int) -> Call:
    """Few clusters: what is expected of them by chance costs about the root of n for each pair."""
    few = np.minimum(labels(n, variables=2, different=50), 4)
    return Call(pyinfo.adjusted_mutual_information, tuple(few))


def _table(n: int) -> Array:
    return np.random.default_rng(0).integers(0, 20, (n, 8)).astype(np.uint8)


def _few_counts(n: int) -> Array:
    """n symbols with a few different counts: what is left after looking at them once."""
    return np.random.default_rng(0).integers(0, 50, n)


def _drifted(n: int) -> Call:
    """Two samples of labels: what comes after they are counted depends on 50 counts alone."""
    return call(pyinfo.drift, *labels(n, variables=2, different=50))


def _ranked(n: int) -> Call:
    """Two columns of floats, each with its nearest neighbours among the target's."""
    random = np.random.default_rng(0)
    return call(
        pyinfo.rank_features, random.normal(size=(n, 2)), random.normal(size=n), permutations=0
    )


CLAIMS: Claims = {
    **{name: _of_measure(measure) for name, measure in MEASURES.items()},
    **{name: _of_labels(name, *said) for name, said in _LABELS.items()},
    "adjusted_mutual_information": (_of_samples(16), _adjusted),
    "pairwise_mutual_information": (
        _of_samples(8, "n"),
        lambda n: call(pyinfo.pairwise_mutual_information, _table(n)),
    ),
    "block_entropy": (_of_samples(1, "n"), lambda n: call(pyinfo.block_entropy, four_bits(n), 2)),
    "entropy_rate": (_of_samples(1, "n"), lambda n: call(pyinfo.entropy_rate, four_bits(n), 1)),
    "estimate_entropy chao-wang-jost": (
        Cost(8, doublings(16, 22), doublings(14, 19), time="n log n", memory="n"),
        lambda n: call(pyinfo.estimate_entropy, _few_counts(n), estimator="chao-wang-jost"),
    ),
    "drift": (_of_samples(16, "n"), _drifted),
    "rank_features": (
        Cost(32, doublings(12, 17), doublings(9, 14), time="n log n", memory="n"),
        _ranked,
    ),
    **coding_claims.CLAIMS,
    **count_claims.CLAIMS,
    **logit_claims.CLAIMS,
    **quantization_claims.CLAIMS,
}
