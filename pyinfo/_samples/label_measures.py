"""The measures on labels, in nats: what those of samples and of labellings have in common."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from pyinfo import _core
from pyinfo._samples.labels import (
    Labels,
    all_joined,
    joined,
    joint_cells,
    labelled,
    require_one_length,
    samples_of,
)
from pyinfo._samples.samples import Array
from pyinfo.estimators.entropy_estimators import estimation
from pyinfo.estimators.multiplicities import multiplicities

Given: TypeAlias = npt.ArrayLike | Sequence[npt.ArrayLike]


def named_samples(given: Given, name: str) -> tuple[list[Array], list[str]]:
    """Return the arrays that are given, one or several, and what messages call them."""
    # A list or tuple of arrays is several variables; one of numbers or strings is one.
    if isinstance(given, list | tuple) and all(
        isinstance(item, list | tuple) or getattr(item, "ndim", 0) > 0 for item in given
    ):
        names = [f"{name}[{i}]" for i in range(len(given))]
        return [samples_of(item, each) for item, each in zip(given, names, strict=True)], names
    return [samples_of(given, name)], [name]


def variables(arrays: Sequence[Any], names: Sequence[str], given: Given = ()) -> list[Labels]:
    """Label arrays, and those that are given, and see that they have one length."""
    conditions, more = named_samples(given, "given")
    found = [samples_of(array, name) for array, name in zip(arrays, names, strict=True)]
    found += conditions
    require_one_length(found, [*names, *more])
    return [labelled(array) for array in found]


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


class Pair:
    """The joint counts of two variables: a table where it is small, else a list of its cells."""

    def __init__(self, a: Array, b: Array) -> None:
        self.total = len(a)
        found = None
        if a.dtype.kind != "O" and b.dtype.kind != "O":
            found = _core.joint_table(a, b)
        self._table = None if found is None else found[0]
        if found is None:
            self._cells = joint_cells(labelled(a), labelled(b))

    @classmethod
    def of_samples(cls, x: Any, y: Any) -> Pair:
        """Return the joint counts of two arguments called x and y."""
        a, b = samples_of(x, "x"), samples_of(y, "y")
        require_one_length([a, b], ["x", "y"])
        return cls(a, b)

    @property
    def margins(self) -> tuple[Array, Array]:
        """The counts of the two variables."""
        if self._table is not None:
            rows, columns = self._table.sum(axis=1), self._table.sum(axis=0)
            return rows[rows > 0], columns[columns > 0]
        cells = self._cells
        return _summed(cells.first, cells.counts), _summed(cells.second, cells.counts)

    @property
    def is_bijection(self) -> bool:
        """Whether each of the variables determines the other."""
        if self._table is not None:
            combinations = int(np.count_nonzero(self._table))
        else:
            combinations = len(self._cells.counts)
        return all(len(margin) == combinations for margin in self.margins)

    def information(self) -> float:
        """Return the mutual information."""
        if self._table is not None:
            return _core.table_information(self._table)
        cells = self._cells
        groups = np.zeros(int(cells.first.max()) + 1, np.int64)
        return _core.cell_information(cells.counts, cells.first, cells.second, groups)

    def second_given_first(self) -> float:
        """Return the conditional entropy H(second | first)."""
        if self._table is not None:
            return _core.table_conditional_entropy(self._table)
        return _core.cell_conditional_entropy(self._cells.counts, self._cells.first)

    def first_given_second(self) -> float:
        """Return the conditional entropy H(first | second)."""
        if self._table is not None:
            return _core.table_conditional_entropy(self._table.T)
        return _core.cell_conditional_entropy(self._cells.counts, self._cells.second)


def conditional_information(
    a: Labels, b: Labels, conditions: Sequence[Labels], estimator: str
) -> float:
    """Return I(a; b | conditions)."""
    if estimator != "plugin":
        return _estimated_information(a, b, conditions, entropy_function(estimator))
    if not conditions:
        return Pair(a.codes, b.codes).information()
    known = all_joined(conditions)
    rows, row_parts = joined(known, a)
    columns, _ = joined(known, b)
    cells = joint_cells(rows, columns)
    return _core.cell_information(cells.counts, cells.first, cells.second, row_parts.first)


def _estimated_information(
    a: Labels, b: Labels, conditions: Sequence[Labels], entropy: Callable[[Labels], float]
) -> float:
    if not conditions:
        return max(0.0, entropy(a) + entropy(b) - entropy(joined(a, b)[0]))
    known = all_joined(conditions)
    a_known, _ = joined(a, known)
    b_known, _ = joined(b, known)
    everything, _ = joined(a_known, b)
    information = entropy(a_known) + entropy(b_known) - entropy(everything) - entropy(known)
    return max(0.0, information)


def _summed(labels: npt.NDArray[np.int64], counts: Array) -> Array:
    """Return what the counts of each label that is used sum to."""
    return _core.count_values(labels, counts)[1]
