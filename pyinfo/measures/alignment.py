"""Distributions that say whose they are: `Counts`, and the tables that value_counts() returns.

Two of them are aligned by their values, never by their places: what one of them has not counted it
counts zero times. The core calls `aligned` with what is no plain array, list or number.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from pyinfo._samples.samples import Array, as_samples, concatenated, factorize
from pyinfo.arrays import numbers, package_of
from pyinfo.counting.counts import Counts

_NAMES_OF_COUNTS: Final = ("count", "counts", "len", "proportion")


class _Table(NamedTuple):
    """Values and how often each occurs, in the same order."""

    values: Any
    counts: Any


def aligned(operands: Sequence[Any], names: Sequence[str]) -> tuple[Any, ...] | None:
    """Return counts in one order of values; None if the operands are to be read as they are.

    Parameters
    ----------
    operands : sequence
        The distributions of one call.
    names : sequence of str
        What messages call them.

    Raises
    ------
    TypeError
        If some say which values they count and others do not.
    ValueError
        If a value stands twice in an index, or frames have different labels.
    """
    tables = [_counted(operand) for operand in operands]
    if all(table is None for table in tables):
        for operand, name in zip(operands, names, strict=True):
            _warn_of_labels(operand, name)
        _require_same_labels(operands, names)
        if len(operands) == 1:
            return None
        if not all(_has_index(operand) for operand in operands):
            if not any(_has_index(each) and is_table_of_counts(each) for each in operands):
                return None
        elif all(operand.index.equals(operands[0].index) for operand in operands):
            return None
        elif all(_is_default(operand.index) for operand in operands):
            return None  # the core says that lengths differ
    tables = [
        _Table(operand.index, operand) if table is None and _has_index(operand) else table
        for operand, table in zip(operands, tables, strict=True)
    ]
    values, counts = [], []
    for table, name in zip(tables, names, strict=True):
        if table is None:
            known = names[next(i for i, each in enumerate(tables) if each is not None)]
            raise TypeError(
                f"{known} says which values it counts, {name} does not: pass Counts or "
                f"value_counts() for both, or {known}'s counts alone, in the order of {name}"
            )
        values.append(as_samples(table.values, f"the values of {name}"))
        counts.append(_numbers(table.counts, name))
    if len(operands) == 1:
        return (counts[0],)
    return tuple(in_one_order(values, counts, names)[1])


def in_one_order(
    values: Sequence[Array], counts: Sequence[Array], names: Sequence[str]
) -> tuple[Array, list[Array]]:
    """Return all values that there are, sorted, and how often each table counts each of them.

    Raises
    ------
    TypeError
        If values of such types cannot be equal.
    ValueError
        If a table has a value twice.
    """
    labels, different = factorize(concatenated([*values], "the values of " + " and ".join(names)))
    ends = np.cumsum([len(each) for each in values])[:-1]
    result = []
    for places, those, name in zip(np.split(labels, ends), counts, names, strict=True):
        if len(np.unique(places)) < len(places):
            raise ValueError(f"{name} has a value twice in its index: add their counts up first")
        spread = np.zeros(len(different), those.dtype)
        spread[places] = those
        result.append(spread)
    return different, result


def _numbers(counts: Any, name: str) -> Array:
    if isinstance(counts, Counts):
        # Weights are no probabilities until they are divided by their sum.
        return counts.counts if counts.counts.dtype.kind == "u" else counts.probabilities
    return numbers(counts, name)


# -- What there is --------------------------------------------------------------------------------


def _counted(operand: Any) -> _Table | None:
    """Return the table that an object surely is; a series of pandas may be anything."""
    if isinstance(operand, Counts):
        return _Table(operand.values, operand)
    if _is_a(operand, "polars", "Series") and type(operand.dtype).__name__ == "Struct":
        operand = operand.struct.unnest()
    if _is_a(operand, "polars", "DataFrame") and _is_of_counts(operand.columns):
        return _Table(operand.to_series(0), operand.to_series(1))
    if _is_a(operand, "pandas", "DataFrame") and _is_of_counts(list(operand.columns)):
        return _Table(operand.iloc[:, 0], operand.iloc[:, 1])
    if _is_a(operand, "pyarrow", "StructArray"):
        names = [field.name for field in operand.type]
        if names == ["values", "counts"]:  # as pyarrow.compute.value_counts calls them
            return _Table(operand.field(0), operand.field(1))
    return None


def is_table_of_counts(data: Any) -> bool:
    """Say whether an object looks like what value_counts() of some package returned."""
    if _has_index(data):
        return data.name in _NAMES_OF_COUNTS and not _is_default(data.index)
    return not isinstance(data, Counts) and _counted(data) is not None


def _is_of_counts(columns: Sequence[Any]) -> bool:
    return len(columns) == 2 and columns[1] in _NAMES_OF_COUNTS and columns[0] != columns[1]


def _has_index(operand: Any) -> bool:
    return _is_a(operand, "pandas", "Series")


def _is_default(index: Any) -> bool:
    """Say whether an index is that of a column without labels."""
    pandas = sys.modules["pandas"]
    return isinstance(index, pandas.RangeIndex) and index.start == 0 and index.step == 1


def _require_same_labels(operands: Sequence[Any], names: Sequence[str]) -> None:
    """Raise ValueError for frames that agree in shape and not in what their columns are."""
    if not all(_is_a(operand, "pandas", "DataFrame") for operand in operands):
        return
    for operand, name in zip(operands[1:], names[1:], strict=True):
        if not operand.columns.equals(operands[0].columns):
            raise ValueError(
                f"{names[0]} and {name} have different columns: "
                f"pass {name}[{names[0]}.columns], or arrays that are read by position"
            )


def _warn_of_labels(operand: Any, name: str) -> None:
    """Warn of categories that are integers, read as counts; ordinary ones may be either."""
    if (pandas := package_of(operand, "pandas")) is not None:
        kind = getattr(operand, "dtype", None)
        found = isinstance(kind, pandas.CategoricalDtype) and kind.categories.dtype.kind in "iub"
    elif (arrow := package_of(operand, "pyarrow")) is not None:
        kind = getattr(operand, "type", None)
        found = isinstance(kind, arrow.DictionaryType) and arrow.types.is_integer(kind.value_type)
    else:
        return
    if found:
        warnings.warn(
            f"{name} is a column of categories, which are read as counts: "
            f"pyinfo.entropy_of and pyinfo.Counts.from_samples count samples",
            UserWarning,
            stacklevel=3,
        )


def _is_a(operand: Any, package: str, name: str) -> bool:
    """Say whether an object is of a class of a package, which need not be there."""
    found = package_of(operand, package)
    return found is not None and isinstance(operand, getattr(found, name))
