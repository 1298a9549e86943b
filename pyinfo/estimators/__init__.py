"""Entropy from counts: the plug-in estimator and those that correct its bias."""

from pyinfo.estimators.entropy_estimators import estimate_entropy

__all__ = ["estimate_entropy"]
