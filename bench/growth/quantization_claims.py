"""How the parts of quantisation are claimed to grow: by elements, bins, levels and tensors."""

import functools
from typing import Any

import numpy as np

from bench.growth.claim import Claims, Cost, Prepare
from bench.inputs.distributions import Array
from pyinfo import quantization
from pyinfo.testing import doublings
from pyinfo.testing.timing import Call

ELEMENTS = Cost(4, doublings(14, 22), doublings(13, 18))
BINS = Cost(24, doublings(10, 15), memory="n")
BITS = 6  # of thresholds by bins: few levels next to the bins
LEVELS = Cost(0, doublings(4, 9), memory=None)  # next to 2^14 bins, which take the memory


def _weights(n: int) -> Array:
    return np.random.default_rng(0).standard_normal(n, dtype=np.float32)


@functools.cache
def _uniform(bins: int) -> quantization.FloatHistogram:
    """All bins have some values."""
    histogram = quantization.FloatHistogram(bins)
    histogram.update(np.random.default_rng(0).uniform(-1, 1, 1 << 20))
    return histogram


def _thresholds_by_bins(**options: Any) -> Prepare:
    return lambda n: Call(quantization.calibrate, (_uniform(n),), {"bits": BITS, **options})


def _thresholds_by_levels(**options: Any) -> Prepare:
    def prepare(n: int) -> Call:
        return Call(
            quantization.calibrate, (_uniform(1 << 14),), {"bits": n.bit_length(), **options}
        )

    return prepare


def _update(n: int) -> Call:
    return Call(quantization.FloatHistogram().update, (_weights(n),))


def _of_groups(n: int) -> Call:
    return Call(quantization.optimal_scales, (_weights(n), 4), {"group": 128})


def _curve(n: int) -> Call:
    return Call(quantization.rate_distortion, (_weights(n),), {"bits": [4], "steps": [0.5]})


def _quantize(n: int) -> Call:
    return Call(quantization.quantize, (_weights(n), 0.1))


def _dequantize(n: int) -> Call:
    return Call(quantization.dequantize, (quantization.quantize(_weights(n), 0.1), 0.1))


def _allocate(n: int) -> Call:
    """Convex curves and a single price: what a sort takes."""
    spread = np.random.default_rng(0).lognormal(0, 1, (n, 1))
    bits = np.arange(1.0, 9.0)
    table = np.broadcast_to(1000 * bits, (n, 8)).copy(), spread * 4**-bits
    return Call(quantization.allocate, (*table, 4500.0 * n), {"max_nodes": 1})


CLAIMS: Claims = {
    "quantization.FloatHistogram.update": (ELEMENTS, _update),
    "quantization.calibrate, NVIDIA, by bins": (BINS, _thresholds_by_bins()),
    "quantization.calibrate, NVIDIA, by levels": (LEVELS, _thresholds_by_levels()),
    "quantization.calibrate, onnxruntime, by bins": (
        BINS,
        _thresholds_by_bins(criterion="onnxruntime"),
    ),
    "quantization.calibrate, onnxruntime, by levels": (
        LEVELS,
        _thresholds_by_levels(criterion="onnxruntime"),
    ),
    # A scale for each group, which is little next to what a call takes.
    "quantization.optimal_scales": (
        Cost(4, ELEMENTS.sizes, ELEMENTS.quick, memory=None),
        _of_groups,
    ),
    "quantization.rate_distortion": (Cost(4, doublings(17, 23), doublings(17, 22)), _curve),
    "quantization.quantize": (Cost(5, ELEMENTS.sizes, ELEMENTS.quick, memory="n"), _quantize),
    "quantization.dequantize": (Cost(5, ELEMENTS.sizes, ELEMENTS.quick, memory="n"), _dequantize),
    "quantization.allocate": (
        Cost(250, doublings(8, 14), doublings(8, 13), time="n log n", memory="n"),
        _allocate,
    ),
}
