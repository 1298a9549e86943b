"""Entropy and dependence of continuous variables, from samples.

Nearest neighbours, spacings of sorted values, and quantile bins. Each estimate can come with a
standard error and a null distribution.
"""

from pyinfo._namespace import publish
from pyinfo.continuous.dependence import conditional_mutual_information, mutual_information
from pyinfo.continuous.entropies import differential_entropy
from pyinfo.continuous.estimates import Estimate
from pyinfo.continuous.series import transfer_entropy

__all__ = [
    "Estimate",
    "conditional_mutual_information",
    "differential_entropy",
    "mutual_information",
    "transfer_entropy",
]

publish(globals())


def __dir__() -> list[str]:
    return [*__all__]
