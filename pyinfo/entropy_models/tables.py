"""Models given by their probabilities, or by tables of cumulative frequencies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, SupportsIndex

import numpy as np
import numpy.typing as npt

from pyinfo import _core
from pyinfo.arguments import integer_from_to
from pyinfo.entropy_models.symbol_models import (
    MOST_TABLES,
    WEIGHT_BITS,
    Array,
    SymbolModels,
    checked_precision,
    numbers_of_row,
)

_LEAST_SYMBOL: Final = -32767
_MOST_SYMBOL: Final = 32766
_SUM_TOLERANCE: Final = 1e-3
_MOST_TOTAL: Final = 2**31 - 1


class _Weighted(SymbolModels):
    """Tables of whole weights, the last of each the escape's."""

    __slots__ = ("_offsets", "_rows")

    def __init__(
        self, rows: Sequence[Array], offsets: npt.NDArray[np.int64], precision: SupportsIndex
    ) -> None:
        bits = checked_precision(precision)
        sizes = np.array([row.size for row in rows], np.int64)
        if not 1 <= sizes.size <= MOST_TABLES:
            raise ValueError(f"there must be 1 to {MOST_TABLES} tables, not {sizes.size}")
        if offsets.size != sizes.size:
            raise ValueError(f"there are {offsets.size} offsets for {sizes.size} tables")
        if int(sizes.max()) > 2**bits:
            raise ValueError(
                f"a table of {int(sizes.max()) - 1} symbols needs a higher precision than {bits}"
            )
        if (offsets < _LEAST_SYMBOL).any() or (offsets + sizes - 2 > _MOST_SYMBOL).any():
            raise ValueError(f"tables have symbols within {_LEAST_SYMBOL} .. {_MOST_SYMBOL} alone")
        weights = np.concatenate(rows).astype(np.uint64)
        self._rows = tuple(rows)
        self._offsets = offsets
        super().__init__(_core.weight_tables(weights, sizes, offsets, bits), bits)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Weighted) or type(other) is not type(self):
            return NotImplemented
        return self._content() == other._content()

    def __hash__(self) -> int:
        return hash(self._content())

    def _content(self) -> tuple[Any, ...]:
        rows = tuple(row.tobytes() for row in self._rows)
        return rows, self._offsets.tobytes(), self._precision

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} tables, precision={self._precision})"


class Categorical(_Weighted):
    """Any distributions of the symbols 0, 1, 2, ...

    Parameters
    ----------
    pmfs : array_like, or sequence of array_like
        For each table the probabilities of its symbols, of sum 1; rows may differ in length.
    precision : int, default 12
        Frequencies of a table sum to 2**precision, 8 to 14. Every symbol of a row gets a frequency
        of 1 at least, and so does the escape.

    Notes
    -----
    Probabilities are rounded to multiples of 2**-30 and brought to frequencies in integers: equal
    probabilities give equal tables on every machine.

    Examples
    --------
    >>> from pyinfo.entropy_models import Categorical
    >>> models = Categorical([[0.5, 0.5], [0.9, 0.05, 0.05]])
    >>> models.table(1)
    (0, array([3685,  205,  205,    1], dtype=uint32))
    >>> models.decode(models.encode([1, 0, 7], [0, 1, 1]), [0, 1, 1])
    array([1, 0, 7], dtype=int32)
    """

    __slots__ = ()

    def __init__(self, pmfs: Any, *, precision: SupportsIndex = 12) -> None:
        rows = [_weights_of(row, f"pmfs[{i}]") for i, row in enumerate(_rows(pmfs, "pmfs"))]
        super().__init__(rows, np.zeros(len(rows), np.int64), precision)

    def __reduce__(self) -> tuple[Any, ...]:
        pmfs = [row[:-1] / 2.0**WEIGHT_BITS for row in self._rows]
        return Categorical, ([[1.0]],), {"pmfs": pmfs, "precision": self._precision}


class Cdfs(_Weighted):
    """Tables of cumulative frequencies, as CompressAI and torchac's users have them.

    Parameters
    ----------
    cdfs : array_like of integers, or sequence of them
        For each table 0 = c[0] < c[1] < ... < c[size - 1], whose last interval is the escape's.
    sizes : array_like of integers, optional
        How many entries of each row count; by default all.
    offsets : array_like of integers, optional
        The least symbol of each table; by default 0.
    precision : int, default 12
        Frequencies of a table sum to 2**precision, 8 to 14. Those of rows that end with another
        number are brought to it, in integers.

    Examples
    --------
    >>> from pyinfo.entropy_models import Cdfs
    >>> models = Cdfs([[0, 16384, 49152, 62259, 65536]], [5], [-1])
    >>> models.table(0)
    (-1, array([1024, 2048,  819,  205], dtype=uint32))
    """

    __slots__ = ()

    def __init__(
        self,
        cdfs: Any,
        sizes: npt.ArrayLike | None = None,
        offsets: npt.ArrayLike | None = None,
        *,
        precision: SupportsIndex = 12,
    ) -> None:
        rows = [_integers(row, f"cdfs[{i}]") for i, row in enumerate(_rows(cdfs, "cdfs"))]
        lengths = [row.size for row in rows] if sizes is None else _integers(sizes, "sizes")
        firsts = np.zeros(len(rows)) if offsets is None else _integers(offsets, "offsets")
        if len(lengths) != len(rows):
            raise ValueError(f"there are {len(lengths)} sizes for {len(rows)} cdfs")
        frequencies = []
        for i, (row, length) in enumerate(zip(rows, lengths, strict=True)):
            if row.size < 3:
                raise ValueError(f"cdfs[{i}] must have at least 3 entries, not {row.size}")
            if not 3 <= length <= row.size:
                raise ValueError(f"sizes[{i}] must be from 3 to {row.size}, not {length}")
            steps = np.diff(row[:length])
            if row[0] != 0 or (steps <= 0).any() or row[length - 1] > _MOST_TOTAL:
                raise ValueError(f"cdfs[{i}] must rise from 0 to below 2**31")
            frequencies.append(steps)
        super().__init__(frequencies, np.asarray(firsts, np.int64), precision)

    def __reduce__(self) -> tuple[Any, ...]:
        cdfs = [np.cumsum(np.append(0, row)) for row in self._rows]
        options = {"offsets": self._offsets, "precision": self._precision}
        return Cdfs, ([[0, 1, 2]],), {"cdfs": cdfs, **options}


def _rows(tables: Any, name: str) -> list[Any]:
    """Return the rows of a table, or of a sequence of arrays."""
    if isinstance(tables, list | tuple):
        return list(tables)
    array = _core.as_array(tables, name)
    if array.ndim != 2:
        raise ValueError(f"{name} must have two dimensions, not {array.ndim}")
    return list(array)


def _integers(values: Any, name: str) -> npt.NDArray[np.int64]:
    array = _core.as_array(values, name)
    if array.dtype.kind not in "ui" or array.ndim != 1:
        raise TypeError(f"{name} must be integers in one dimension")
    # Differences and sums of larger ones would wrap.
    for extreme in (array.min(), array.max()) if array.size else ():
        integer_from_to(int(extreme), name, -_MOST_TOTAL - 1, _MOST_TOTAL)
    return array.astype(np.int64)


def _weights_of(row: Any, name: str) -> npt.NDArray[np.int64]:
    """Return probabilities and a small one of the escape as multiples of 2**-30."""
    values = numbers_of_row(row, name)
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"{name} must be probabilities from 0 to 1")
    if abs(float(values.sum()) - 1) > _SUM_TOLERANCE:
        raise ValueError(f"{name} sums to {values.sum()}, not to 1")
    weights = np.rint(values * 2.0**WEIGHT_BITS).astype(np.int64)
    return np.append(np.maximum(weights, 1), 1)
