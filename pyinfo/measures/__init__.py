"""Information measures on probability vectors, counts and batches of them.

The functions are the extension's own, without a Python layer that would cost more than they do.
"""

from pyinfo._core import (
    bhattacharyya_distance,
    cross_entropy,
    entropy,
    hellinger_distance,
    information_content,
    jeffreys_divergence,
    js_distance,
    js_divergence,
    kl_divergence,
    renyi_divergence,
    renyi_entropy,
    total_variation_distance,
    tsallis_entropy,
)

__all__ = [
    "bhattacharyya_distance",
    "cross_entropy",
    "entropy",
    "hellinger_distance",
    "information_content",
    "jeffreys_divergence",
    "js_distance",
    "js_divergence",
    "kl_divergence",
    "renyi_divergence",
    "renyi_entropy",
    "total_variation_distance",
    "tsallis_entropy",
]
