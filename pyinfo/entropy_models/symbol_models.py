"""What all models per symbol do: code symbols with the tables that indexes name."""

from __future__ import annotations

from typing import Any, Final, Literal, SupportsIndex, overload

import numpy as np
import numpy.typing as npt

from pyinfo import _core
from pyinfo.arguments import integer_from_to, require_same_shape, thread_count

Array = npt.NDArray[Any]

LEAST_PRECISION: Final = 8
MOST_PRECISION: Final = 14
MOST_TABLES: Final = 65536
WEIGHT_BITS: Final = 30
"""Probabilities are turned into tables as multiples of 2**-30."""


class SymbolModels:
    """M tables, each of consecutive whole numbers; base class of those that can be made.

    Symbols outside of their table are coded too, at the price of an escape and of one byte for
    every seven bits of their distance.
    """

    __slots__ = ("_precision", "_tables")

    _tables: _core.IndexedTables
    _precision: int

    def __init__(self, tables: _core.IndexedTables, precision: int) -> None:
        self._tables = tables
        self._precision = precision

    def __setstate__(self, arguments: dict[str, Any]) -> None:
        """Take the arguments that were pickled."""
        type(self).__init__(self, **arguments)

    @property
    def precision(self) -> int:
        """Frequencies of a table sum to 2**precision."""
        return self._precision

    @property
    def fingerprint(self) -> int:
        """A number of 32 bits that tells these tables from others; it is in every message."""
        return self._tables.fingerprint

    def __len__(self) -> int:
        """Return how many tables there are, M."""
        return self._tables.count

    def table(self, index: SupportsIndex) -> tuple[int, npt.NDArray[np.uint32]]:
        """Return the least symbol of a table and its frequencies.

        Parameters
        ----------
        index : int
            Which table, 0 to M - 1.

        Returns
        -------
        int
            The least symbol.
        ndarray of uint32
            The frequencies of the symbols from that one on, and of the escape in the end; they sum
            to 2**precision.
        """
        return self._tables.table(integer_from_to(index, "index", 0, len(self) - 1))

    def encode(
        self, symbols: Any, indexes: Any, means: Any = None, *, threads: SupportsIndex = 1
    ) -> bytes:
        """Code symbols, each with the table that its index names.

        Parameters
        ----------
        symbols : array_like of integers
            Of 16 or 32 bits, or others that fit 32; of any shape, read in C order.
        indexes : array_like of integers
            For each symbol its table, 0 to M - 1; of the same shape. uint8 is fastest.
        means : array_like of floats, optional
            For each symbol the mean of its distribution, rounded to the grid of the models (see
            there) before it is used. Of any float type, bfloat16 included; float32 is fastest.
        threads : int, optional
            How many threads may work on messages of more than 2**21 symbols; 0: one per core.

        Returns
        -------
        bytes
            The message. It holds neither tables nor indexes nor means: a decoder needs its own.

        Raises
        ------
        TypeError
            If symbols or indexes are no integers, or these models take no means.
        ValueError
            If shapes differ, an index names no table, symbols have more than 32 bits, or a mean is
            not within -2**30 and 2**30.

        Examples
        --------
        >>> import numpy as np
        >>> from pyinfo.entropy_models import Gaussian
        >>> models = Gaussian([0.5, 2.0, 8.0])
        >>> symbols = np.array([0, -1, 5, 100000], np.int32)
        >>> indexes = np.array([0, 1, 2, 2], np.uint8)
        >>> models.decode(models.encode(symbols, indexes), indexes)
        array([     0,     -1,      5, 100000], dtype=int32)
        """
        values = _as_symbols(symbols)
        tables, chosen, shifts = self._chosen(indexes, means)
        require_same_shape([values.shape, chosen.shape], ["symbols", "indexes"], "elements")
        return tables.encode(values, chosen, shifts, thread_count(threads))

    def decode(
        self,
        data: Any,
        indexes: Any,
        means: Any = None,
        out: Array | None = None,
        *,
        threads: SupportsIndex = 1,
    ) -> Array:
        """Decode what `encode` of equal models returned for these indexes and means.

        Parameters
        ----------
        data : bytes-like
            The message, from its first to its last byte.
        indexes, means
            As they were given to `encode`, or equal ones.
        out : ndarray of int16 or int32, optional
            Where the symbols go: C-contiguous, of as many elements as there are indexes, of the
            type that was encoded. What it holds after an error is undefined.
        threads : int, optional
            As for `encode`.

        Returns
        -------
        ndarray of int16 or int32
            The symbols, in the shape of the indexes; `out` if given.

        Raises
        ------
        CorruptDataError
            If the message is damaged, or was coded with other tables, indexes or means than these:
            that is told before any symbol of its block is decoded.
        ValueError
            If the message has another number of symbols than there are indexes, or was coded
            with means and none are given, or the reverse.
        """
        tables, chosen, shifts = self._chosen(indexes, means)
        return tables.decode(data, chosen, shifts, out, thread_count(threads))

    @overload
    def expected_length(
        self, symbols: Any, indexes: Any, means: Any = None, *, per_symbol: Literal[False] = False
    ) -> float: ...
    @overload
    def expected_length(
        self, symbols: Any, indexes: Any, means: Any = None, *, per_symbol: Literal[True]
    ) -> npt.NDArray[np.float64]: ...
    def expected_length(
        self, symbols: Any, indexes: Any, means: Any = None, *, per_symbol: bool = False
    ) -> float | npt.NDArray[np.float64]:
        """Return the bits that `encode` will take for these symbols, without encoding them.

        Parameters
        ----------
        symbols, indexes, means
            As for `encode`.
        per_symbol : bool, default False
            Whether to return the bits of each symbol.

        Returns
        -------
        float
            The length of the message in bits, to 0.05 % and 64 bytes.
        ndarray of float64
            With `per_symbol` those of each symbol: log2(2**precision / frequency), and 8 for
            every byte of an escape. They add up to the message without what it has besides.
        """
        values = _as_symbols(symbols)
        tables, chosen, shifts = self._chosen(indexes, means)
        require_same_shape([values.shape, chosen.shape], ["symbols", "indexes"], "elements")
        each = np.empty(values.shape) if per_symbol else None
        _, message = tables.bits(values, chosen, shifts, each)
        return message if each is None else each

    def _chosen(self, indexes: Any, means: Any) -> tuple[_core.IndexedTables, Array, Array | None]:
        """Return tables, which of them each symbol takes, and the whole part of its mean."""
        if means is not None:
            raise TypeError(f"{type(self).__name__} models have no means")
        return self._tables, self._indexes(indexes), None

    def _indexes(self, indexes: Any) -> Array:
        array = _core.as_array(indexes, "indexes")
        if array.size and array.dtype.kind not in "ui":
            raise TypeError(f"indexes must be integers, not {array.dtype}")
        if array.dtype not in (np.uint8, np.uint16):
            for extreme in (array.min(), array.max()) if array.size else ():
                integer_from_to(int(extreme), "indexes", 0, len(self) - 1)
            array = array.astype(np.uint8 if len(self) <= 256 else np.uint16)
        return np.ascontiguousarray(array, array.dtype.newbyteorder("=")).reshape(array.shape)


def _as_symbols(symbols: Any) -> Array:
    """Return symbols as int16 or int32, contiguous."""
    array = _core.as_array(symbols, "symbols")
    if array.size and array.dtype.kind not in "ui":
        raise TypeError(f"symbols must be integers, not {array.dtype}")
    wanted = np.int16 if np.can_cast(array.dtype, np.int16) else np.int32
    if array.size and not np.can_cast(array.dtype, np.int32):
        for value in (int(array.min()), int(array.max())):
            integer_from_to(value, "symbols", -(2**31), 2**31 - 1)
    return np.ascontiguousarray(array, wanted).reshape(array.shape)


def as_numbers(values: Any, name: str) -> Array:
    """Return real numbers of any float or integer type, bfloat16 included."""
    array = _core.as_array(values, name)
    real = array.dtype.kind != "b" and np.can_cast(array.dtype, np.float64, "same_kind")
    if array.size and not real:
        raise TypeError(f"{name} must be numbers, not {array.dtype}")
    return array


def numbers_of_row(values: Any, name: str) -> npt.NDArray[np.float64]:
    """Return a copy of one number or more in one dimension."""
    array = as_numbers(values, name)
    if array.ndim != 1 or not array.size:
        raise ValueError(
            f"{name} must have one dimension and one number at least, not the shape {array.shape}"
        )
    return array.astype(np.float64)


def checked_precision(precision: SupportsIndex) -> int:
    """Return a precision that tables can have."""
    return integer_from_to(precision, "precision", LEAST_PRECISION, MOST_PRECISION)
