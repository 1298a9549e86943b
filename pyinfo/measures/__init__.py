"""Information measures: of probability vectors, counts and batches of them, and of samples.

Those of probabilities and counts are the extension's own functions, without a Python layer that
would cost more than they do.
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
from pyinfo._namespace import publish
from pyinfo.measures.blocks import block_entropy, entropy_rate
from pyinfo.measures.labellings import (
    adjusted_mutual_information,
    normalized_mutual_information,
    variation_of_information,
)
from pyinfo.measures.pairwise import pairwise_mutual_information
from pyinfo.measures.ranking import FeatureRanking, RankedFeature, rank_features
from pyinfo.measures.samples import (
    conditional_entropy,
    conditional_mutual_information,
    entropy_of,
    interaction_information,
    joint_entropy,
    mutual_information,
    total_correlation,
    transfer_entropy,
)

__all__ = [
    "FeatureRanking",
    "RankedFeature",
    "adjusted_mutual_information",
    "bhattacharyya_distance",
    "block_entropy",
    "conditional_entropy",
    "conditional_mutual_information",
    "cross_entropy",
    "entropy",
    "entropy_of",
    "entropy_rate",
    "hellinger_distance",
    "information_content",
    "interaction_information",
    "jeffreys_divergence",
    "joint_entropy",
    "js_distance",
    "js_divergence",
    "kl_divergence",
    "mutual_information",
    "normalized_mutual_information",
    "pairwise_mutual_information",
    "rank_features",
    "renyi_divergence",
    "renyi_entropy",
    "total_correlation",
    "total_variation_distance",
    "transfer_entropy",
    "tsallis_entropy",
    "variation_of_information",
]

publish(globals())


def __dir__() -> list[str]:
    return [*__all__]
