"""What codes for single symbols have in common: messages, the tables they are made of, text."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Final, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

from pyinfo import _core
from pyinfo._samples.samples import Array, as_samples, count
from pyinfo.arguments import integer_from_to, require_not_empty, size_limit

Symbols: TypeAlias = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]

BOOK_SIZE: Final = 32
"""Codes of more symbols are not shown symbol by symbol."""

Book: TypeAlias = tuple[tuple[str, str, str], list[tuple[str, str, str]]]
"""The heads of columns, and the rows below them."""

_LARGEST_ALPHABET: Final = 65536


@runtime_checkable
class SymbolCounts(Protocol):
    """What knows how often each symbol of an alphabet occurs: `pyinfo.Counts`."""

    def symbol_counts(self) -> npt.NDArray[np.uint64]:
        """Return how often each symbol occurs."""


class SymbolCode(ABC):
    """What both kinds of codes have in common."""

    __slots__ = ("_code", "_table")

    _code: _core.SymbolCode
    _table: npt.NDArray[Any]

    @property
    def alphabet_size(self) -> int:
        """How many symbols there are, with or without a code: they are 0 .. alphabet_size - 1."""
        return len(self._table)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of symbols: uint8 for alphabets of up to 256, else uint16."""
        return np.dtype(np.uint8 if len(self._table) <= 256 else np.uint16)

    def encode(self, symbols: Any) -> bytes:
        """Encode symbols to a message.

        Parameters
        ----------
        symbols : array_like of integers, or bytes-like
            Of any shape, read in C order; a message keeps no shape. Those of `dtype` are read where
            they are. Bytes-like objects are uint8.

        Returns
        -------
        bytes
            The message: a header of 6 bytes or a few more with a checksum, and the payload.

        Raises
        ------
        TypeError
            If the symbols are of another type.
        ValueError
            If there is a symbol that has no code.
        """
        try:
            return _core.encode_message(self._code, symbols)
        except TypeError:
            narrowed = self._narrowed(symbols)
            if narrowed is None:
                raise
        return _core.encode_message(self._code, narrowed)

    def decode(
        self, data: Any, *, out: Symbols | None = None, max_size: int | None = None
    ) -> Symbols:
        """Decode a message that an equal code has encoded.

        Parameters
        ----------
        data : bytes-like
            The message, from its first to its last byte.
        out : ndarray of `dtype`, optional
            Where the symbols go: C-contiguous, with as many elements as the message has symbols.
        max_size : int, optional
            The most bytes that the result may have. Frequent symbols take little space: a short
            message can stand for many. Set this for messages that you have not written yourself.

        Returns
        -------
        ndarray
            The symbols, in one dimension; `out` if given.

        Raises
        ------
        CorruptDataError
            If `data` is damaged or is no message of this code. `out` may be overwritten then.
        ValueError
            If the result would be larger than `max_size`.
        """
        limit = None if max_size is None else size_limit(max_size)
        return _core.decode_message(self._code, data, out, limit)

    def expected_length(self, p: npt.ArrayLike, *, normalize: bool | None = None) -> float:
        """Return how many bits a symbol takes on average: the cross-entropy of this code.

        Parameters
        ----------
        p : array_like
            For every symbol its probability, or (integers) how often it occurs.
        normalize : bool, optional
            As for `cross_entropy`: whether to divide `p` by its sum. By default integers are,
            probabilities must sum to 1.

        Returns
        -------
        float
            In bits per symbol; infinite if a symbol of positive probability has no code.
        """
        return _implied_cross_entropy(p, self._implied_probabilities(), normalize)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return np.array_equal(self._table, other._table)

    def __hash__(self) -> int:
        return hash((type(self), self._table.tobytes()))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._table,)

    def __str__(self) -> str:
        present = self._present()
        return _table_text(*self._book(present)) if len(present) <= BOOK_SIZE else repr(self)

    @abstractmethod
    def _implied_probabilities(self) -> npt.NDArray[np.float64]:
        """2**-length of every symbol's code, 0 where there is none."""

    @abstractmethod
    def _book(self, present: list[int]) -> Book:
        """What `str` shows of these symbols."""

    def _narrowed(self, symbols: Any) -> npt.NDArray[Any] | None:
        """Return integers of another type as symbols; None of what are no integers."""
        if isinstance(symbols, bytes):
            return None
        array = _core.as_array(symbols, "symbols")
        if array.size == 0:  # of no type: NumPy takes an empty list for floats
            return array.astype(self.dtype)
        if array.dtype.kind not in "bui" or array.dtype == self.dtype:
            return None
        return narrowed(array, self.dtype, len(self._table) - 1, "symbols")

    def _present(self) -> list[int]:
        return [int(symbol) for symbol in np.flatnonzero(self._table)]

    def _symbol_text(self, symbol: int) -> str:
        """The symbol, and the character where it may be one."""
        is_character = len(self._table) == 256 and 0x20 < symbol < 0x7F
        return f"{symbol} {chr(symbol)!r}" if is_character else str(symbol)


def narrowed(
    integers: npt.NDArray[Any], dtype: npt.DTypeLike, most: int, name: str
) -> npt.NDArray[Any]:
    """Return integers as symbols; ValueError if they are not from 0 to `most`."""
    if integers.size:
        for value in (int(integers.min()), int(integers.max())):
            integer_from_to(value, name, 0, most)
    return integers.astype(dtype)


def table_of_integers(values: npt.ArrayLike, name: str) -> npt.NDArray[Any]:
    """Check a table with one integer per symbol."""
    array = _core.as_array(values, name)
    if array.ndim != 1:
        raise ValueError(f"{name} must have one dimension, not {array.ndim}")
    if not 1 <= array.size <= _LARGEST_ALPHABET:
        raise ValueError(f"{name} must be those of 1 to {_LARGEST_ALPHABET} symbols")
    if array.dtype.kind not in "bui":
        raise TypeError(f"{name} must be integers, not {array.dtype}")
    if array.dtype.kind == "i":
        refuse(array < 0, array, name, "is negative")
    return array


def refuse(wrong: npt.NDArray[np.bool_], array: npt.NDArray[Any], name: str, what: str) -> None:
    """Raise a ValueError for the first element that is `wrong`."""
    if wrong.any():
        i = int(wrong.argmax())
        raise ValueError(f"{name}[{i}] = {array[i]} {what}")


_LABEL_THEM: Final = (
    ": number the values first, values, symbols = np.unique(samples, return_inverse=True)"
)


def symbol_counts(values: Array, counts: Array) -> npt.NDArray[np.uint64]:
    """Return how often each of all values of a type occurs, from those that do.

    Raises
    ------
    TypeError
        If the values or the counts are no integers.
    ValueError
        If the values are not from 0 to 65535.
    """
    if values.dtype not in (np.uint8, np.uint16):
        if values.dtype.kind not in "bui":
            raise TypeError(f"codes are made for integers, not for {values.dtype}{_LABEL_THEM}")
        try:
            values = as_symbols(values, "values")
        except ValueError as error:
            raise ValueError(f"{error}{_LABEL_THEM}") from None
    if counts.dtype.kind != "u":
        raise TypeError("codes are made of integer counts, not of weighted ones")
    table = np.zeros(256 if values.itemsize == 1 else 65536, np.uint64)
    table[values] = counts
    return table


def checked_counts(counts: npt.ArrayLike | SymbolCounts) -> npt.NDArray[np.uint64]:
    """Check how often each symbol occurs."""
    if isinstance(counts, SymbolCounts):
        return counts.symbol_counts()
    array = table_of_integers(counts, "counts")
    if not array.any():
        raise ValueError("counts are all zero: there is nothing to make a code for")
    return array.astype(np.uint64)


def as_symbols(integers: npt.NDArray[Any], name: str) -> Symbols:
    """Return integers in the smaller of the types of symbols that holds them all."""
    narrow = integers.size == 0 or int(integers.max()) < 256
    return narrowed(integers, np.uint8 if narrow else np.uint16, _LARGEST_ALPHABET - 1, name)


def counts_of_probabilities(p: npt.ArrayLike, normalize: bool | None) -> npt.NDArray[np.uint64]:
    """Return integers in the ratios of probabilities; those above 0 are at least 1.

    Raises
    ------
    ValueError
        If they are no distribution: as in `pyinfo.entropy`, whose words these are.
    """
    array = _core.as_array(p, "p")
    if array.ndim != 1:
        raise ValueError(f"p must have one dimension, not {array.ndim}")
    if not 1 <= array.size <= _LARGEST_ALPHABET:
        raise ValueError(f"p must be that of 1 to {_LARGEST_ALPHABET} symbols")
    _core.entropy(array, normalize=normalize)
    if array.dtype.kind in "bui":
        return checked_counts(array)
    weights = array.astype(np.float64)
    if not np.isfinite(weights).all():
        raise ValueError("p must be finite")
    # The sum of as many as there may be stays below 2**53: nothing is rounded by more than a half.
    counts = np.rint(weights / weights.max() * 2.0**36).astype(np.uint64)
    return np.where(weights > 0, np.maximum(counts, 1), 0).astype(np.uint64)


def bits_for(counts: npt.NDArray[np.uint64]) -> int:
    """How many bits it takes to tell the symbols that occur from each other, at least 1."""
    return max(1, (int(np.count_nonzero(counts)) - 1).bit_length())


def sample_counts(samples: Any) -> npt.NDArray[np.uint64]:
    """Count symbols: of uint8 or uint16, or bytes."""
    is_bytes = isinstance(samples, bytes)  # which would become an array of text
    array: npt.NDArray[Any] = (
        np.frombuffer(samples, np.uint8) if is_bytes else _core.as_array(samples, "samples")
    )
    if array.dtype.kind not in "bui":
        raise TypeError(f"samples must be integers or bytes-like, not {array.dtype}{_LABEL_THEM}")
    require_not_empty(array.size, "samples")
    return symbol_counts(*count(as_samples(array)))


def _implied_cross_entropy(
    p: npt.ArrayLike, q: npt.NDArray[np.float64], normalize: bool | None
) -> float:
    """Return the cross-entropy of p and the probabilities q that a code implies."""
    array = _core.as_array(p, "p")
    if array.shape != q.shape:
        raise ValueError(f"p must be that of {len(q)} symbols, not of shape {array.shape}")
    # A symbol more, which never occurs: it takes what an incomplete code leaves unused, so that
    # both are distributions. All terms of the sum are multiples of 2**-16, so it is exact.
    array = np.append(array, np.zeros(1, array.dtype))
    q = np.append(q, 1 - q.sum())
    return float(_core.cross_entropy(array, q, normalize=normalize))


def _table_text(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return rows of text in columns."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    # Codewords begin on the left, as they are read; what precedes them are numbers.
    return "\n".join(
        "  ".join(
            [*(cell.rjust(width) for cell, width in zip(row[:-1], widths, strict=False)), row[-1]]
        )
        for row in [header, *rows]
    )
