"""Mutual information of quantile bins, in nats."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from pyinfo._samples.joint import joint_variable, joint_variables
from pyinfo._samples.label_measures import plugin_entropy
from pyinfo._samples.labels import Labels, labelled
from pyinfo.continuous.estimates import Variable

_MOST: Final = 100
_IN_A_CELL: Final = 5


def default_bins(samples: int) -> int:
    """Return a number of bins that leaves about five samples to a pair of them."""
    return min(_MOST, max(2, round(math.sqrt(samples / _IN_A_CELL))))


def quantile_labels(values: npt.NDArray[np.float64], bins: int) -> Labels:
    """Return the bin of each value; bins have equally many, as far as equal ones allow."""
    edges = np.unique(np.quantile(values, np.arange(1, bins) / bins))
    found = np.searchsorted(edges, values, side="right").astype(np.uint32)
    return labelled(found)


def information(x: Variable, y: Variable, bins: int) -> float:
    """Return the difference of entropies with Miller's and Madow's correction."""
    a, b = (joint_variables([quantile_labels(row, bins) for row in each]) for each in (x, y))
    joint, _ = joint_variable(a, b)
    return _entropy(a) + _entropy(b) - _entropy(joint)


def _entropy(labels: Labels) -> float:
    counts = labels.counts
    return plugin_entropy(counts) + (len(counts) - 1) / (2 * len(labels.array))
