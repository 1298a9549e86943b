"""Quantisation: what weights and activations lose, and what they weigh, as integers."""

from pyinfo._namespace import publish
from pyinfo.quantization.allocation import Allocation, allocate
from pyinfo.quantization.fit import FittedModel, FittedTensor, fit
from pyinfo.quantization.quantizers import dequantize, quantize
from pyinfo.quantization.rates import RateDistortion, RatePoint, rate_distortion

__all__ = [
    "Allocation",
    "FittedModel",
    "FittedTensor",
    "RateDistortion",
    "RatePoint",
    "allocate",
    "dequantize",
    "fit",
    "quantize",
    "rate_distortion",
]

publish(globals())


def __dir__() -> list[str]:
    return [*__all__]
