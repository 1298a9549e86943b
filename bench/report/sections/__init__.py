"""The sections of the report, in its order."""

from collections.abc import Mapping

from bench.report.comparisons import Section
from bench.report.sections import (
    accuracy,
    coding,
    footprint,
    logits,
    measures,
    native,
    quantization,
    samples,
    sizes,
    symbol_models,
    weights,
    zarr,
)

# Memory comes first: nothing that runs later can have left its traces in the process.
SECTIONS: Mapping[str, Section] = {
    "memory": footprint.memory,
    "import": footprint.import_time,
    "accuracy": accuracy.near_equal,
    "call": measures.call,
    "call-from-c": native.calls_from_c,
    "large": measures.large,
    "isa": measures.by_isa,
    "samples": samples.dependence,
    "losses": logits.losses,
    "isa-losses": logits.by_isa,
    "small-loss": logits.small,
    "coding": coding.speed_of_coders,
    "isa-coding": coding.by_isa,
    "sizes": sizes.sizes,
    "few-symbols": coding.few_symbols,
    "incompressible": coding.incompressible,
    "messages": coding.messages,
    "weights": coding.weights,
    "weight-files": weights.files,
    "patches": weights.patches,
    "dfloat11": weights.layout,
    "threads": coding.two_threads,
    "zarr": zarr.chunks,
    "coders": native.coders,
    "counting": samples.counting,
    "quantization": quantization.quantization,
    "fit": quantization.fitted,
    "continuous": samples.continuous,
    "entropy-models": symbol_models.symbol_models,
}
