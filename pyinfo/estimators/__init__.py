"""Entropy from counts: the plug-in estimator and those that correct its bias."""

from pyinfo._namespace import publish
from pyinfo.estimators.entropy_estimators import estimate_entropy

__all__ = ["estimate_entropy"]

publish(globals())


def __dir__() -> list[str]:
    return [*__all__]
