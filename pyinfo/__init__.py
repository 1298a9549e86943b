"""Information theory and entropy coding at the speed of the machine."""

from pyinfo._core import __version__
from pyinfo.codes import HuffmanCode, RansModel
from pyinfo.coding_report import CodingReport, compression_report
from pyinfo.config import show_config
from pyinfo.counts import Counts
from pyinfo.embedding import get_include
from pyinfo.errors import CorruptDataError
from pyinfo.frames import Frame, compress, decompress
from pyinfo.joint_counts import JointCounts
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
from pyinfo.streams import Compressor, Decompressor, compress_file, decompress_file

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
    "bhattacharyya_distance",
    "compress",
    "compress_file",
    "compression_report",
    "cross_entropy",
    "decompress",
    "decompress_file",
    "entropy",
    "get_include",
    "hellinger_distance",
    "information_content",
    "jeffreys_divergence",
    "js_distance",
    "js_divergence",
    "kl_divergence",
    "renyi_divergence",
    "renyi_entropy",
    "show_config",
    "total_variation_distance",
    "tsallis_entropy",
]
