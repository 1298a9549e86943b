"""Quantisation: what weights and activations lose, and what they weigh, as integers."""

from pyinfo._namespace import publish
from pyinfo.quantization.allocation import Allocation, allocate
from pyinfo.quantization.calibration import Calibration, calibrate
from pyinfo.quantization.fit import FittedModel, FittedTensor, fit
from pyinfo.quantization.histograms import FloatHistogram
from pyinfo.quantization.quantizers import dequantize, quantize
from pyinfo.quantization.rates import RateDistortion, RatePoint, rate_distortion
from pyinfo.quantization.scales import optimal_scales

__all__ = [
    "Allocation",
    "Calibration",
    "FittedModel",
    "FittedTensor",
    "FloatHistogram",
    "RateDistortion",
    "RatePoint",
    "allocate",
    "calibrate",
    "dequantize",
    "fit",
    "optimal_scales",
    "quantize",
    "rate_distortion",
]

publish(globals())


def __dir__() -> list[str]:
    return [*__all__]
