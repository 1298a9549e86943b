"""Each measure the way people write it with NumPy, in one line, for positive distributions.

Where several lines are in use all of them stand here: a report takes the fastest. They are in bits
and know nothing of zeros, counts or wrong input. The first line of each measure is the plainest.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.inputs.distributions import Array
from bench.peers.measures import ALPHA

BITS_PER_NAT = 1 / np.log(2)

vecdot: Any = np.vecdot  # NumPy's annotations of it know no axis


@dataclass(frozen=True)
class Line:
    """A NumPy one-liner; with `batches` it takes an axis and arrays of any dimension.

    `float32_error` is for a line known to lose digits in float32.
    """

    text: str
    function: Callable[..., Any]
    batches: bool = False
    float32_error: float = 0.0


def information_content(p: Array) -> Any:
    return -np.log2(p)


def entropy(p: Array, axis: int = -1) -> Any:
    return -(p * np.log2(p)).sum(axis)


def entropy_dot(p: Array) -> Any:
    return -np.dot(p, np.log2(p))


def entropy_dot_nats(p: Array) -> Any:
    return -np.dot(p, np.log(p)) * BITS_PER_NAT


def entropy_vecdot(p: Array, axis: int = -1) -> Any:
    return -vecdot(p, np.log2(p), axis=axis)


def entropy_vecdot_nats(p: Array, axis: int = -1) -> Any:
    return -vecdot(p, np.log(p), axis=axis) * BITS_PER_NAT


def cross_entropy(p: Array, q: Array, axis: int = -1) -> Any:
    return -(p * np.log2(q)).sum(axis)


def cross_entropy_dot(p: Array, q: Array) -> Any:
    return -np.dot(p, np.log2(q))


def cross_entropy_dot_nats(p: Array, q: Array) -> Any:
    return -np.dot(p, np.log(q)) * BITS_PER_NAT


def kl_divergence(p: Array, q: Array, axis: int = -1) -> Any:
    return (p * np.log2(p / q)).sum(axis)


def kl_divergence_dot(p: Array, q: Array) -> Any:
    return np.dot(p, np.log2(p / q))


def kl_divergence_dot_nats(p: Array, q: Array) -> Any:
    return np.dot(p, np.log(p / q)) * BITS_PER_NAT


def js_divergence(p: Array, q: Array, axis: int = -1) -> Any:
    return (p * np.log2(2 * p / (p + q)) + q * np.log2(2 * q / (p + q))).sum(axis) / 2


def js_divergence_of_entropies(p: Array, q: Array) -> Any:
    return entropy_dot((p + q) / 2) - (entropy_dot(p) + entropy_dot(q)) / 2


def js_distance(p: Array, q: Array, axis: int = -1) -> Any:
    return np.sqrt(js_divergence(p, q, axis))


def renyi_entropy(p: Array, axis: int = -1) -> Any:
    return np.log2((p**ALPHA).sum(axis)) / (1 - ALPHA)


def tsallis_entropy(p: Array, axis: int = -1) -> Any:
    return (1 - (p**ALPHA).sum(axis)) / (ALPHA - 1)


def renyi_divergence(p: Array, q: Array, axis: int = -1) -> Any:
    return np.log2((p**ALPHA * q ** (1 - ALPHA)).sum(axis)) / (ALPHA - 1)


def jeffreys_divergence(p: Array, q: Array, axis: int = -1) -> Any:
    return ((p - q) * np.log2(p / q)).sum(axis)


def jeffreys_divergence_dot(p: Array, q: Array) -> Any:
    return np.dot(p - q, np.log2(p / q))


def hellinger_distance(p: Array, q: Array, axis: int = -1) -> Any:
    return np.sqrt(((np.sqrt(p) - np.sqrt(q)) ** 2).sum(axis) / 2)


def bhattacharyya_distance(p: Array, q: Array, axis: int = -1) -> Any:
    return -np.log2(np.sqrt(p * q).sum(axis))


def bhattacharyya_distance_dot(p: Array, q: Array) -> Any:
    return -np.log2(np.dot(np.sqrt(p), np.sqrt(q)))


def total_variation_distance(p: Array, q: Array, axis: int = -1) -> Any:
    return np.abs(p - q).sum(axis) / 2


LINES: Mapping[str, tuple[Line, ...]] = {
    "information_content": (Line("-log2(p)", information_content),),
    "entropy": (
        Line("-(p * log2(p)).sum()", entropy, batches=True),
        Line("-dot(p, log2(p))", entropy_dot),
        Line("-dot(p, log(p)) / log(2)", entropy_dot_nats),
        Line("-vecdot(p, log2(p))", entropy_vecdot, batches=True),
        Line("-vecdot(p, log(p)) / log(2)", entropy_vecdot_nats, batches=True),
    ),
    "cross_entropy": (
        Line("-(p * log2(q)).sum()", cross_entropy, batches=True),
        Line("-dot(p, log2(q))", cross_entropy_dot),
        Line("-dot(p, log(q)) / log(2)", cross_entropy_dot_nats),
    ),
    "kl_divergence": (
        Line("(p * log2(p / q)).sum()", kl_divergence, batches=True),
        Line("dot(p, log2(p / q))", kl_divergence_dot),
        Line("dot(p, log(p / q)) / log(2)", kl_divergence_dot_nats),
    ),
    "js_divergence": (
        Line("two sums p * log2(p / m)", js_divergence, batches=True),
        Line("H(m) - (H(p) + H(q)) / 2 by dot", js_divergence_of_entropies, float32_error=1e-2),
    ),
    "js_distance": (Line("sqrt of two sums", js_distance, batches=True),),
    "renyi_entropy": (Line("log2((p**a).sum()) / (1 - a)", renyi_entropy, batches=True),),
    "tsallis_entropy": (Line("(1 - (p**a).sum()) / (a - 1)", tsallis_entropy, batches=True),),
    "renyi_divergence": (
        Line("log2((p**a * q**(1 - a)).sum()) / (a - 1)", renyi_divergence, batches=True),
    ),
    "jeffreys_divergence": (
        Line("((p - q) * log2(p / q)).sum()", jeffreys_divergence, batches=True),
        Line("dot(p - q, log2(p / q))", jeffreys_divergence_dot),
    ),
    "hellinger_distance": (
        Line("sqrt(((sqrt(p) - sqrt(q))**2).sum() / 2)", hellinger_distance, batches=True),
    ),
    "bhattacharyya_distance": (
        Line("-log2(sqrt(p * q).sum())", bhattacharyya_distance, batches=True),
        Line("-log2(dot(sqrt(p), sqrt(q)))", bhattacharyya_distance_dot),
    ),
    "total_variation_distance": (
        Line("abs(p - q).sum() / 2", total_variation_distance, batches=True),
    ),
}
