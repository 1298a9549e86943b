"""How alike two labellings of the same samples are: what compares clusterings."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from pyinfo import _core
from pyinfo._samples.joint import Pair, joint_variable
from pyinfo._samples.label_measures import entropy_function, plugin_entropy
from pyinfo._samples.labels import labelled_variables
from pyinfo.arguments import choice, units_per_nat
from pyinfo.estimators.entropy_estimators import Estimator

Average: TypeAlias = Literal["arithmetic", "geometric", "min", "max"]


def normalized_mutual_information(
    x: npt.ArrayLike, y: npt.ArrayLike, *, average: Average = "arithmetic"
) -> float:
    """Return mutual information divided by a mean of both entropies: between 0 and 1.

    Parameters
    ----------
    x, y : array_like
        Labels of the same length.
    average : {"arithmetic", "geometric", "min", "max"}, default "arithmetic"
        The mean.

    Returns
    -------
    float
        1 if each of the two labellings determines the other, also where both are constant; 0 if
        just one is.

    Examples
    --------
    >>> pyinfo.normalized_mutual_information([0, 0, 1, 1], [5, 5, 7, 7])
    1.0
    """
    mean = _average(average)
    pair = Pair.of_samples(x, y)
    if pair.is_bijection:
        return 1.0
    scale = mean(*map(plugin_entropy, pair.margins))
    return min(1.0, pair.mutual_information() / scale) if scale > 0 else 0.0


def adjusted_mutual_information(
    x: npt.ArrayLike, y: npt.ArrayLike, *, average: Average = "arithmetic"
) -> float:
    """Return mutual information adjusted for chance: 0 on average for shuffled labels, at most 1.

    That is ``(I - E) / (mean - E)`` with the mean of both entropies and the exact expectation E of
    the mutual information over all permutations of the labels.

    Parameters
    ----------
    x, y : array_like
        Labels of the same length.
    average : {"arithmetic", "geometric", "min", "max"}, default "arithmetic"
        The mean.

    Returns
    -------
    float
        1 if each of the two labellings determines the other; it can be negative.

    References
    ----------
    N. X. Vinh, J. Epps and J. Bailey, "Information theoretic measures for clusterings comparison",
    Journal of Machine Learning Research 11, 2010.

    Examples
    --------
    >>> pyinfo.adjusted_mutual_information([0, 0, 1, 1], [5, 5, 7, 7])
    1.0
    """
    mean = _average(average)
    pair = Pair.of_samples(x, y)
    if pair.is_bijection:
        return 1.0
    # Labels that are all one or all different have the same information whatever the permutation.
    if any(len(margin) in (1, pair.total) for margin in pair.margins):
        return 0.0
    a, b = (np.unique(margin, return_counts=True) for margin in pair.margins)
    expected = _core.expected_information(*a, *b, pair.total)
    scale = mean(*map(plugin_entropy, pair.margins)) - expected
    return min(1.0, (pair.mutual_information() - expected) / scale) if scale > 0 else 0.0


def variation_of_information(
    x: npt.ArrayLike, y: npt.ArrayLike, *, base: float = 2, estimator: Estimator = "plugin"
) -> float:
    """Estimate how far apart two labellings are: H(x | y) + H(y | x), a metric.

    Parameters
    ----------
    x, y : array_like
        Labels of the same length.
    base, estimator
        As in `entropy_of`.

    Returns
    -------
    float
        Never negative; 0 if each of the two determines the other.

    Examples
    --------
    >>> round(pyinfo.variation_of_information([0, 0, 1, 1], [0, 1, 0, 1]), 12)
    2.0
    """
    unit = units_per_nat(base)
    entropy = entropy_function(estimator)
    if estimator == "plugin":
        pair = Pair.of_samples(x, y)
        return (pair.first_given_second() + pair.second_given_first()) * unit
    a, b = labelled_variables([x, y], ["x", "y"])
    joint, _ = joint_variable(a, b)
    return max(0.0, 2 * entropy(joint) - entropy(a) - entropy(b)) * unit


# -- Private --------------------------------------------------------------------------------------

_AVERAGES: Final[Mapping[str, Callable[[float, float], float]]] = {
    "arithmetic": lambda a, b: (a + b) / 2,
    "geometric": lambda a, b: math.sqrt(a * b),
    "min": min,
    "max": max,
}


def _average(average: str) -> Callable[[float, float], float]:
    return _AVERAGES[choice(average, "average", _AVERAGES)]
