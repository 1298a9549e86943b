"""Quantisation: what weights and activations lose, and what they weigh, as integers."""

from pyinfo._namespace import publish
from pyinfo.quantization.allocation import Allocation, allocate

__all__ = [
    "Allocation",
    "allocate",
]

publish(globals())


def __dir__() -> list[str]:
    return [*__all__]
