"""What occurs together: joint counts of variables, and the information between two of them.

In nats. Mutual information, of samples, of labellings, of columns and of counts, is computed here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from pyinfo import _core
from pyinfo._samples.labels import Labels, labelled, together, warn_if_continuous
from pyinfo._samples.samples import Array, LabelArray, factorize, is_native, require_total

Numbers: TypeAlias = npt.NDArray[np.int64]

_MOST_KEYS: Final = 2**64
_SMALLEST_PRODUCT: Final = 2.0**-1000
"""Of shares: smaller ones lose digits, or are zero."""


# -- Two variables --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a joint table of two variables that are not empty, in rising order.

    Attributes
    ----------
    counts
        How many samples each of them has; floats if the samples are weighted.
    first, second
        The labels of the two variables in each of them.
    """

    counts: Array
    first: Numbers
    second: Numbers

    def mutual_information(self) -> float:
        """Return how far the variables are from independent."""
        if self.counts.dtype.kind != "f":
            return self.conditional_information(np.zeros(int(self.first.max()) + 1, np.int64))
        # Shares first: weights have no scale, and their products might be beyond all floats.
        shares = scaled(self.counts)
        shares /= shares.sum()
        rows, columns = (np.bincount(side, shares) for side in (self.first, self.second))
        row, column = rows[self.first], columns[self.second]
        expected = row * column
        tiny = expected < _SMALLEST_PRODUCT
        information = float(
            _core.kl_divergence(shares[~tiny], expected[~tiny], base=math.e, normalize=False)
            if not tiny.all()
            else 0.0
        )
        if tiny.any():
            p, given_row = shares[tiny], shares[tiny] / row[tiny]
            information += float(p @ (np.log(given_row) - np.log(column[tiny])))
        return max(0.0, information)

    def conditional_information(self, groups: Numbers) -> float:
        """Return the information between the variables where the group is known.

        The group of a label of the first variable is ``groups[label]``.
        """
        return _core.cell_information(self.counts, self.first, self.second, groups)


class Pair:
    """The joint counts of two variables: a table where it is small, else a list of its cells."""

    def __init__(self, a: Array, b: Array) -> None:
        self.total = len(a)
        found = _small_table(a, b)
        self._table = None if found is None else found[0]
        self._distinct = (0, 0)  # different labels, where there is no table
        if found is None:
            first, second = labelled(a), labelled(b)
            self._distinct = first.size, second.size
            self._cells = joint_cells(first, second)

    @classmethod
    def of_samples(cls, x: Any, y: Any) -> Pair:
        """Return the joint counts of two arguments called x and y."""
        arrays = together([x, y], ["x", "y"])
        pair = cls(*arrays)
        for array, margin, name in zip(arrays, pair._distinct, ["x", "y"], strict=True):
            warn_if_continuous(array, margin, name)
        return pair

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

    def mutual_information(self) -> float:
        """Return how far the variables are from independent."""
        if self._table is not None:
            return _core.table_information(self._table)
        return self._cells.mutual_information()

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


def scaled(weights: Array) -> Array:
    """Return weights times a power of two, so that their sum is near 1; exact where it matters."""
    _, exponent = np.frexp(weights.sum())
    shares: Array = np.ldexp(weights, -exponent)
    return shares


def joint_cells(first: Labels, second: Labels) -> Cells:
    """Return the combinations that occur, and how often."""
    found = _small_table(first.array, second.array)
    if found is not None:
        table, first_row, first_column = found
        rows, columns = np.nonzero(table)
        return Cells(table[rows, columns], rows + first_row, columns + first_column)
    return _cells(*_core.count_values(_keys(first, second)), second.size)


def joint_variable(first: Labels, second: Labels) -> tuple[Labels, Cells]:
    """Return two variables as one, with what its labels consist of."""
    labels, keys, counts = _core.factorize(_keys(first, second))
    alphabet_size = first.alphabet_size * second.alphabet_size
    return Labels(labels, len(keys), alphabet_size), _cells(keys, counts, second.size)


def joint_variables(variables: Sequence[Labels]) -> Labels:
    """Return several variables as one."""
    joint = variables[0]
    for variable in variables[1:]:
        joint, _ = joint_variable(joint, variable)
    return joint


def _keys(first: Labels, second: Labels) -> npt.NDArray[np.uint64]:
    """Return a number for each combination; both have labels of 32 bits, so that it fits."""
    keys = first.array.astype(np.uint64)
    keys *= np.uint64(second.size)
    keys += second.array
    return keys


def _cells(keys: Array, counts: Array, second_size: int) -> Cells:
    first, second = np.divmod(keys.astype(np.int64), second_size)
    return Cells(counts, first, second)


def _summed(labels: Numbers, counts: Array) -> Array:
    """Return what the counts of each label that is used sum to."""
    return _core.count_values(labels, counts)[1]


def _small_table(x: Array, y: Array) -> tuple[Array, int, int] | None:
    """Return the table of all pairs and what its first row and column stand for, if it is small."""
    if not (is_native(x.dtype) and is_native(y.dtype)):
        return None
    return _core.joint_table(x, y)


# -- Several variables, and their values ----------------------------------------------------------


class JointTable(NamedTuple):
    """The combinations of values that occur, in the order of the values.

    Attributes
    ----------
    variables
        For each variable the different values that occur, sorted.
    cells
        A row for each combination: element (c, i) says which of ``variables[i]`` it has.
    counts
        How often each combination occurs.
    """

    variables: tuple[Array, ...]
    cells: LabelArray
    counts: Array


def joint_table(arrays: Sequence[Array], weights: Array | None = None) -> JointTable:
    """Count what occurs together in vectors of samples."""
    if weights is None and len(arrays) == 2 and (found := _small_table(*arrays)) is not None:
        return _with_values(arrays, *found)
    variables = [factorize(array) for array in arrays]
    return combined(
        [values for _, values in variables], [labels for labels, _ in variables], weights
    )


def combined(
    variables: Sequence[Array], labels: Sequence[LabelArray], weights: Array | None
) -> JointTable:
    """Count combinations of labelled values; values that are left without a count are dropped."""
    sizes = [len(values) for values in variables]
    keys = labels[0].astype(np.uint64)
    span = sizes[0]
    # Keys that would be too large are replaced by their rank. What the ranks stand for:
    ranks: list[Array | None] = []
    for column, size in zip(labels[1:], sizes[1:], strict=True):
        ranked = None
        if span * size > _MOST_KEYS:
            rank_of, ranked, _ = _core.factorize(keys)
            keys = rank_of.astype(np.uint64)
            span = len(ranked)
        ranks.append(ranked)
        keys *= np.uint64(size)
        keys += column
        span *= size
    if weights is not None:
        require_total(weights, "counts" if weights.dtype.kind == "u" else "weights")
    keys, counts = _core.count_values(keys, weights)
    cells = np.empty((len(keys), len(sizes)), np.uint32)
    for i in range(len(sizes) - 1, 0, -1):
        keys, cells[:, i] = np.divmod(keys, np.uint64(sizes[i]))
        ranked = ranks[i - 1]
        if ranked is not None:
            keys = ranked[keys]
    cells[:, 0] = keys
    return JointTable(_without_gaps(variables, cells), cells, counts)


def _with_values(
    arrays: Sequence[Array], table: Array, first_row: int, first_column: int
) -> JointTable:
    """Return the cells of a table of integers, numbered by the values that occur."""
    places = np.nonzero(table)
    variables, columns = [], []
    for array, numbers, first, size in zip(
        arrays, places, (first_row, first_column), table.shape, strict=True
    ):
        present = _present(numbers, size)
        columns.append(_ranks(numbers, present))
        # In Python's integers: a difference of two may not fit their type.
        values = [first + i for i in np.flatnonzero(present).tolist()]
        variables.append(np.array(values, array.dtype))
    return JointTable(tuple(variables), np.stack(columns, axis=1), table[places])


def _without_gaps(variables: Sequence[Array], cells: LabelArray) -> tuple[Array, ...]:
    """Return the values that cells have; the cells are renumbered in place."""
    kept = []
    for i, values in enumerate(variables):
        present = _present(cells[:, i], len(values))
        if not present.all():
            cells[:, i] = _ranks(cells[:, i], present)
            values = values[present]
        kept.append(values)
    return tuple(kept)


def _present(numbers: Array, size: int) -> npt.NDArray[np.bool_]:
    """Say which numbers below `size` occur."""
    present = np.zeros(size, np.bool_)
    present[numbers] = True
    return present


def _ranks(numbers: Array, present: npt.NDArray[np.bool_]) -> LabelArray:
    """Return the rank of each number among those that occur."""
    rank_of = np.cumsum(present, dtype=np.uint32) - np.uint32(1)
    return rank_of[numbers]
