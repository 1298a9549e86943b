"""The measures on labels, in nats: what those of samples and of labellings have in common."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from pyinfo import _core
from pyinfo._samples.joint import Pair, joint_cells, joint_variable, joint_variables
from pyinfo._samples.labels import Labels
from pyinfo._samples.samples import Array
from pyinfo.estimators.entropy_estimators import estimation
from pyinfo.estimators.multiplicities import multiplicities


def entropy_function(estimator: str) -> Callable[[Labels], float]:
    """Return what estimates the entropy of labels."""
    estimate = estimation(estimator)

    def entropy(labels: Labels) -> float:
        if estimator == "plugin":
            return plugin_entropy(labels.counts)
        return estimate(multiplicities(labels.counts, labels.alphabet_size), False).entropy

    return entropy


def plugin_entropy(counts: Array) -> float:
    """Return the entropy of relative frequencies."""
    return float(_core.entropy(counts, base=math.e))


def conditional_information(
    a: Labels, b: Labels, conditions: Sequence[Labels], estimator: str
) -> float:
    """Return I(a; b | conditions)."""
    if estimator != "plugin":
        return _estimated_information(a, b, conditions, entropy_function(estimator))
    if not conditions:
        return Pair(a.array, b.array).mutual_information()
    known = joint_variables(conditions)
    rows, row_parts = joint_variable(known, a)
    columns, _ = joint_variable(known, b)
    return joint_cells(rows, columns).conditional_information(row_parts.first)


def _estimated_information(
    a: Labels, b: Labels, conditions: Sequence[Labels], entropy: Callable[[Labels], float]
) -> float:
    if not conditions:
        return max(0.0, entropy(a) + entropy(b) - entropy(joint_variable(a, b)[0]))
    known = joint_variables(conditions)
    a_known, _ = joint_variable(a, known)
    b_known, _ = joint_variable(b, known)
    everything, _ = joint_variable(a_known, b)
    information = entropy(a_known) + entropy(b_known) - entropy(everything) - entropy(known)
    return max(0.0, information)
