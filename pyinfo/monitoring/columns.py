"""Columns of data as counts of categories: values that are categories, bins of numbers.

Bins end at quantiles of the reference, so that each holds about as many of its values. Missing
values are a category of their own, wherever there are any.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from pyinfo._samples.samples import Array
from pyinfo._samples.scales import on_a_scale
from pyinfo.arguments import integer_from_to, reals
from pyinfo.arrays import columns_of, read
from pyinfo.counting.counts import Counts
from pyinfo.measures.alignment import in_one_order, is_table_of_counts

Bins: TypeAlias = int | Sequence[float] | None

MISSING: Final = "missing"
"""The category of what is missing, where others are bins."""

MOST_BINS: Final = 1000
_BLOCK: Final = 1 << 15  # values that stay in a cache while they are compared with every edge


class Aligned(NamedTuple):
    """Counts of the same categories in two samples, none of them empty in both."""

    categories: tuple[Hashable, ...]
    reference: npt.NDArray[np.float64]
    current: npt.NDArray[np.float64]


def checked_bins(bins: Bins) -> int | Array | None:
    """Return the number of bins, their edges, or None for a category for each value."""
    if bins is None:
        return None
    if not isinstance(bins, int | str) and isinstance(bins, Sequence | np.ndarray):
        edges = reals(bins, "bins")
        if edges.ndim != 1 or not edges.size or not (np.diff(edges) > 0).all():
            raise ValueError("bins must be increasing numbers, at least one")
        if not np.isfinite(edges).all():
            raise ValueError("bins must be finite: what is beyond the last edge has a bin as well")
        return edges
    return integer_from_to(bins, "bins", 2, MOST_BINS)


def table_columns(data: Any) -> dict[Hashable, Any] | None:
    """Return the columns of a table by their names; None if it is no table."""
    if is_table_of_counts(data):
        raise TypeError(
            "a table of values and counts may be samples as well: pass "
            "pyinfo.Counts(values, counts), or a dict of columns if it is a table of samples"
        )
    if isinstance(data, Mapping):
        return dict(data)
    columns = columns_of(data)
    if columns is None:
        return None
    names = getattr(data, "colnames", getattr(data, "column_names", None))
    names = list(data.columns if names is None else names)
    if len(set(names)) < len(names):
        raise ValueError("a table must have columns of different names")
    return dict(zip(names, columns, strict=True))


def align(reference: Any, current: Any, bins: int | Array | None) -> Aligned:
    """Return two samples, or the counts of two, as counts of the same categories.

    Parameters
    ----------
    reference, current
        `Counts`, or samples of one dimension.
    bins
        As `checked_bins` returns it; for samples that are numbers.
    """
    if isinstance(reference, Counts) or isinstance(current, Counts):
        return _of_values(*(_counts(each) for each in (reference, current)))
    first, second = _column(reference, "reference"), _column(current, "current")
    if bins is None or not _have_bins(first, second):
        return _of_values(Counts.from_samples(reference), Counts.from_samples(current))
    return _of_bins(first, second, bins)


def _counts(data: Any) -> Counts:
    return data if isinstance(data, Counts) else Counts.from_samples(data)


def _of_values(reference: Counts, current: Counts) -> Aligned:
    tables = (reference, current)
    values, (a, b) = in_one_order(
        [each.values for each in tables],
        [each.counts for each in tables],
        ["reference", "current"],
    )
    try:
        categories = values.tolist()
    except SystemError:  # NumPy's text may hold any 32 bits
        raise ValueError("the values hold text with numbers that are no characters") from None
    return _without_empty(categories, a, b)


def _without_empty(categories: Sequence[Hashable], a: Array, b: Array) -> Aligned:
    met = (a > 0) | (b > 0)
    names = tuple(name for name, is_met in zip(categories, met.tolist(), strict=True) if is_met)
    return Aligned(names, a[met].astype(np.float64), b[met].astype(np.float64))


# -- Bins -----------------------------------------------------------------------------------------


class _Column(NamedTuple):
    """Values in one dimension, without those that are missing."""

    array: Array
    missing: int

    @property
    def is_numeric(self) -> bool:
        return self.array.dtype.kind in "iufmM" and self.array.dtype.isbuiltin != 2

    @property
    def is_empty(self) -> bool:
        """Whether nothing is there but missing values, whatever their type."""
        return not self.array.size


def _column(data: Any, name: str) -> _Column:
    array, missing, masked = read(data, name)
    if array.ndim != 1:
        raise ValueError(
            f"{name} must have one dimension, not {array.ndim}: "
            "pass columns as a table or a dict of arrays"
        )
    if masked is not None:
        array, missing = array[~masked], None if missing is None else missing[~masked]
    size = len(array)
    if missing is not None:
        array = array[~missing]
    if array.dtype.kind == "O" and (scale := on_a_scale(array)) is not None:
        array = scale
    absent = None
    if array.dtype.kind == "f" and array.dtype.isbuiltin != 2:
        absent = np.isnan(array)
    elif array.dtype.kind in "mM":
        absent = np.isnat(array)
    if absent is not None and absent.any():
        array = array[~absent]
    return _Column(array, size - len(array))


def _have_bins(first: _Column, second: _Column) -> bool:
    columns = (first, second)
    return all(each.is_numeric or each.is_empty for each in columns) and any(
        each.is_numeric for each in columns
    )


def _of_bins(first: _Column, second: _Column, bins: int | Array) -> Aligned:
    a, b = _comparable(first.array, second.array)
    ordered = np.sort(a)
    edges = _quantiles(ordered, bins) if isinstance(bins, int) else bins
    if ordered.dtype.kind in "mM" and edges.dtype != ordered.dtype:
        raise TypeError("dates and durations have bins at quantiles: bins must be a number")
    below = np.searchsorted(ordered, edges, side="right").astype(np.int64)
    of_reference = np.diff(below, prepend=0, append=len(ordered))
    of_current = np.diff(_at_most(b, edges), prepend=0, append=len(b))
    return _without_empty(
        [*_names(edges), MISSING],
        np.append(of_reference, first.missing),
        np.append(of_current, second.missing),
    )


def _comparable(a: Array, b: Array) -> tuple[Array, Array]:
    """Return columns of one type, in which all numbers are ordered as they were."""
    if a.dtype == b.dtype:
        return a, b
    if not a.size or not b.size:  # what is all missing has the type of the other
        dtype = a.dtype if a.size else b.dtype
        return (a if a.size else np.empty(0, dtype)), (b if b.size else np.empty(0, dtype))
    if (a.dtype.kind in "mM" or b.dtype.kind in "mM") and a.dtype.kind != b.dtype.kind:
        raise TypeError(f"values of type {a.dtype} and {b.dtype} cannot be compared")
    dtype = np.promote_types(a.dtype, b.dtype)
    return a.astype(dtype), b.astype(dtype)


def _quantiles(ordered: Array, bins: int) -> Array:
    """Return the values that end all bins but the last: each about as full, none twice."""
    if not ordered.size:
        return ordered
    places = -(-len(ordered) * np.arange(1, bins) // bins) - 1
    return np.unique(ordered[np.maximum(places, 0)])


def _at_most(values: Array, edges: Array) -> npt.NDArray[np.int64]:
    """Return how many values are at most each of the edges."""
    result = np.zeros(len(edges), np.int64)
    if len(edges) > 64:
        return np.searchsorted(np.sort(values), edges, side="right").astype(np.int64)
    for start in range(0, len(values), _BLOCK):
        # Copied: compared with all edges, also where another thread writes to it.
        block = values[start : start + _BLOCK].copy()
        result += np.array([np.count_nonzero(block <= edge) for edge in edges], np.int64)
    return result


def _names(edges: Array) -> list[str]:
    """Return bins as they are written: those of numbers with the digits that tell them apart."""
    if not len(edges):
        return ["all"]
    texts = [f"{edge:.6g}" if edges.dtype.kind == "f" else str(edge) for edge in edges]
    if len(set(texts)) < len(texts):
        texts = [str(edge) for edge in edges]
    inner = [f"({low}, {high}]" for low, high in itertools.pairwise(texts)]
    return [f"<= {texts[0]}", *inner, f"> {texts[-1]}"]
