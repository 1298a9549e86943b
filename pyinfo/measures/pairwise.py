"""Mutual information of every two columns of a table of samples."""

from __future__ import annotations

from typing import Any, Final, SupportsIndex

import numpy as np
import numpy.typing as npt

from pyinfo import _core
from pyinfo._samples.joint import Pair
from pyinfo._samples.labels import Labels, labelled, samples_of
from pyinfo.arguments import thread_count, units_per_nat

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
    """
    unit = units_per_nat(base)
    workers = thread_count(threads)
    table = np.asarray(X)
    if table.ndim != 2:
        raise ValueError(f"X must have two dimensions, samples and variables, not {table.ndim}")
    samples_of(table, "X")
    columns, wide = _labelled_columns(table)
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


def _labelled_columns(
    table: npt.NDArray[Any],
) -> tuple[npt.NDArray[np.uint8], dict[int, Labels]]:
    """Return the columns as rows of labels, and apart those with too many labels for a byte."""
    if table.dtype != np.uint8:
        rows = np.zeros(table.shape[::-1], np.uint8)
        wide: dict[int, Labels] = {}
        for i, column in enumerate(table.T):
            labels = labelled(samples_of(column, "X"))
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
