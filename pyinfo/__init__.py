"""Information theory and entropy coding at the speed of the machine."""

import importlib
from typing import TYPE_CHECKING, Any

from pyinfo import _startup  # first: it is what happens on Ctrl-C during the others

# isort: split
from pyinfo import (
    coding,
    config,
    continuous,
    counting,
    embedding,
    errors,
    estimators,
    logits,
    measures,
    monitoring,
)
from pyinfo._core import __version__
from pyinfo._namespace import publish
from pyinfo.coding import (
    CodingReport,
    Compressor,
    Decompressor,
    Frame,
    HuffmanCode,
    RansModel,
    compress,
    compress_file,
    compression_report,
    decompress,
    decompress_file,
)
from pyinfo.config import show_config
from pyinfo.counting import Counts, JointCounts
from pyinfo.embedding import get_include
from pyinfo.errors import CorruptDataError
from pyinfo.estimators import estimate_entropy
from pyinfo.measures import (
    adjusted_mutual_information,
    bhattacharyya_distance,
    block_entropy,
    conditional_entropy,
    conditional_mutual_information,
    cross_entropy,
    entropy,
    entropy_of,
    entropy_rate,
    hellinger_distance,
    information_content,
    interaction_information,
    jeffreys_divergence,
    joint_entropy,
    js_distance,
    js_divergence,
    kl_divergence,
    mutual_information,
    normalized_mutual_information,
    pairwise_mutual_information,
    rank_features,
    renyi_divergence,
    renyi_entropy,
    total_correlation,
    total_variation_distance,
    transfer_entropy,
    tsallis_entropy,
    variation_of_information,
)
from pyinfo.monitoring import Drift, DriftTable, DriftWarning, drift

if TYPE_CHECKING:
    from pyinfo import entropy_models as entropy_models
    from pyinfo import integrations as integrations
    from pyinfo import patches as patches
    from pyinfo import plots as plots
    from pyinfo import quantization as quantization
    from pyinfo import safetensors as safetensors
    from pyinfo import testing as testing

__all__ = [
    "CodingReport",
    "Compressor",
    "CorruptDataError",
    "Counts",
    "Decompressor",
    "Drift",
    "DriftTable",
    "DriftWarning",
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
    "drift",
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
    "rank_features",
    "renyi_divergence",
    "renyi_entropy",
    "show_config",
    "total_correlation",
    "total_variation_distance",
    "transfer_entropy",
    "tsallis_entropy",
    "variation_of_information",
]

_NAMESPACES = (
    coding,
    config,
    continuous,
    counting,
    embedding,
    errors,
    estimators,
    logits,
    measures,
    monitoring,
)
# Imported when they are asked for.
_LAZY_NAMESPACES = (
    "entropy_models",
    "integrations",
    "patches",
    "plots",
    "quantization",
    "safetensors",
    "testing",
)

publish(globals())
_startup.finish()


def __dir__() -> list[str]:
    names = [namespace.__name__.removeprefix("pyinfo.") for namespace in _NAMESPACES]
    return [*__all__, *names, *_LAZY_NAMESPACES]


if not TYPE_CHECKING:  # or type checkers would take every name for one that exists

    def __getattr__(name: str) -> Any:
        if name in _LAZY_NAMESPACES:
            return importlib.import_module(f"pyinfo.{name}")
        raise AttributeError(f"module 'pyinfo' has no attribute {name!r}")
