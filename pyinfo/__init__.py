"""Information theory and entropy coding at the speed of the machine."""

from pyinfo._core import __version__
from pyinfo._samples.joint_counts import JointCounts
from pyinfo.coding.codes import HuffmanCode, RansModel
from pyinfo.coding.coding_report import CodingReport, compression_report
from pyinfo.coding.frames import Frame, compress, decompress
from pyinfo.coding.streams import Compressor, Decompressor, compress_file, decompress_file
from pyinfo.config import show_config
from pyinfo.counting.counts import Counts
from pyinfo.embedding import get_include
from pyinfo.errors import CorruptDataError
from pyinfo.estimators.entropy_estimators import estimate_entropy
from pyinfo.measures import (
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
from pyinfo.measures.blocks import block_entropy, entropy_rate
from pyinfo.measures.labellings import (
    adjusted_mutual_information,
    normalized_mutual_information,
    variation_of_information,
)
from pyinfo.measures.pairwise import pairwise_mutual_information
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
    "CodingReport",
    "Compressor",
    "CorruptDataError",
    "Counts",
    "Decompressor",
    "Frame",
    "HuffmanCode",
    "JointCounts",
    "RansModel",
    "__version__",
    "adjusted_mutual_information",
    "bhattacharyya_distance",
    "block_entropy",
    "compress",
    "compress_file",
    "compression_report",
    "conditional_entropy",
    "conditional_mutual_information",
    "cross_entropy",
    "decompress",
    "decompress_file",
    "entropy",
    "entropy_of",
    "entropy_rate",
    "estimate_entropy",
    "get_include",
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
    "renyi_divergence",
    "renyi_entropy",
    "show_config",
    "total_correlation",
    "total_variation_distance",
    "transfer_entropy",
    "tsallis_entropy",
    "variation_of_information",
]
