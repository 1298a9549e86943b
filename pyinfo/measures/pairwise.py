"""Mutual information of every two columns of a table of samples."""

from __future__ import annotations

from typing import Any, Final, SupportsIndex

import numpy as np
import numpy.typing as npt

from pyinfo import _core
from pyinfo._samples.joint import Pair
from pyinfo._samples.labels import Labels, labelled, samples_of, warn_if_continuous
from pyinfo._samples.samples import read_samples, with_missing
from pyinfo.arguments import require_not_empty, thread_count, units_per_nat
from pyinfo.arrays import columns_of, read

_NARROW: Final = 256


def pairwise_mutual_information(
    X: npt.ArrayLike,  # noqa: N803 - the name that tables of samples have everywhere
    *,
    base: float = 2,
    threads: SupportsIndex = 1,
) -> npt.NDArray[np.float64]:
    """Return the mutual information of every two columns of a table of samples.

    Columns of at most 256 different values are counted against each other in tables that stay in
    the cache; pairs with others are done one by one.

    Parameters
    ----------
    X : array_like, shape (samples, variables)
        Samples of several variables.
    base : float, default 2
        The unit of the result.
    threads : int, default 1
        How many threads may work; 0 for one per core. The result does not depend on it.

    Returns
    -------
    ndarray of float64, shape (variables, variables)
        Symmetric; the diagonal has the entropies.

    Examples
    --------
    >>> X = np.array([[0, 0, 1], [0, 0, 0], [1, 1, 1], [1, 1, 0]])
    >>> pyinfo.pairwise_mutual_information(X)
    array([[1., 1., 0.],
           [1., 1., 0.],
           [0., 0., 1.]])
    """
    unit = units_per_nat(base)
    workers = thread_count(threads)
    columns, wide = _labelled_columns(_table(X))
    matrix = np.empty((len(columns), len(columns)))
    narrow = [i for i in range(len(columns)) if i not in wide]
    if narrow:
        rows = columns[narrow] if wide else columns
        alphabets = rows.max(axis=1).astype(np.uint32) + 1
        matrix[np.ix_(narrow, narrow)] = _core.pairwise_information(rows, alphabets, workers)
    for i, labels in wide.items():
        for j in range(len(columns)):
            if j <= i or j not in wide:
                other = wide[j].array if j in wide else columns[j]
                matrix[i, j] = matrix[j, i] = Pair(labels.array, other).mutual_information()
    return matrix * unit


def _table(X: Any) -> npt.NDArray[Any] | list[Any]:  # noqa: N803 - as above
    """Return a table of samples as an array, or as a list of columns of several types."""
    variables: list[Any] | None = columns_of(X)
    if variables is None:
        table, missing, masked = read(X, "X", tuples_are_rows=True)
        if table.ndim != 2:
            raise ValueError(f"X must have two dimensions, samples and variables, not {table.ndim}")
        if masked is not None:
            raise TypeError("X must have no masked elements: leave out the rows that have some")
        samples_of(table[:1], "X")
        return table if missing is None else list(map(with_missing, table.T, missing.T))
    found = [read_samples(column, "X") for column in variables]
    require_not_empty(len(found) and found[0].array.size, "X")
    if any(samples.masked is not None for samples in found):
        raise TypeError("X must have no masked elements: leave out the rows that have some")
    return [samples.array for samples in found]


def _labelled_columns(
    table: npt.NDArray[Any] | list[Any],
) -> tuple[npt.NDArray[np.uint8], dict[int, Labels]]:
    """Return the columns as rows of labels, and apart those with too many labels for a byte."""
    if isinstance(table, list) or table.dtype != np.uint8:
        variables = table if isinstance(table, list) else list(table.T)
        rows = np.zeros((len(variables), len(variables[0])), np.uint8)
        wide: dict[int, Labels] = {}
        for i, column in enumerate(variables):
            labels = labelled(samples_of(column, "X"))
            warn_if_continuous(column, labels.size, f"column {i} of X")
            if labels.size > _NARROW:
                wide[i] = labels
            else:
                rows[i] = labels.array
        return rows, wide
    rows = np.ascontiguousarray(table.T)
    for i, column in enumerate(rows):
        present = _core.byte_counts(column)[0] > 0
        if not present[: np.count_nonzero(present)].all():  # ranks make the alphabet smaller
            if np.may_share_memory(rows, table):
                rows = rows.copy()
            rows[i] = (np.cumsum(present) - 1).astype(np.uint8)[column]
    return rows, {}
