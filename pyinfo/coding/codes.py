"""Codes for single symbols, made once and used for many messages.

A `HuffmanCode` gives every symbol a codeword of its own; a `RansModel` gives it a share of the code
space, so that it may take a fraction of a bit. Both are immutable, and threads may share them.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, Final, SupportsIndex, TypeAlias

import numpy as np
import numpy.typing as npt

from pyinfo import _core
from pyinfo.counting.counts import Counts

Symbols: TypeAlias = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]

LARGEST_ALPHABET: Final = 65536
LONGEST_CODEWORD: Final = 16
LOWEST_PRECISION: Final = 8
HIGHEST_PRECISION: Final = 16

_BOOK_SIZE: Final = 32  # codes of more symbols are not shown symbol by symbol


class _SymbolCode:
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
        symbols : array_like of `dtype`, or bytes-like
            Of any shape, read in C order; a message keeps no shape. Bytes-like objects are uint8.

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
        return _core.encode_message(self._code, symbols)

    def decode(self, data: Any, *, out: Symbols | None = None) -> Symbols:
        """Decode a message that an equal code has encoded.

        Parameters
        ----------
        data : bytes-like
            The message, from its first to its last byte.
        out : ndarray of `dtype`, optional
            Where the symbols go: C-contiguous, with as many elements as the message has symbols.

        Returns
        -------
        ndarray
            The symbols, in one dimension; `out` if given.

        Raises
        ------
        CorruptDataError
            If `data` is damaged or is no message of this code. `out` may be overwritten then.
        """
        return _core.decode_message(self._code, data, out)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return np.array_equal(self._table, other._table)

    def __hash__(self) -> int:
        return hash((type(self), self._table.tobytes()))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._table,)

    def _present(self) -> list[int]:
        return [int(symbol) for symbol in np.flatnonzero(self._table)]

    def _symbol_text(self, symbol: int) -> str:
        """The symbol, and the character where it may be one."""
        is_character = len(self._table) == 256 and 0x20 < symbol < 0x7F
        return f"{symbol} {chr(symbol)!r}" if is_character else str(symbol)


class HuffmanCode(_SymbolCode):
    r"""A prefix code: frequent symbols have short codewords, none begins with another.

    Codes are canonical, so the lengths of the codewords say everything: shorter codewords come
    first, those of one length rise with the symbols.

    Parameters
    ----------
    lengths : array_like of int
        For every symbol the length of its codeword in bits, up to 16; 0 if it has none.

    Examples
    --------
    >>> code = HuffmanCode.from_counts([45, 13, 12, 16, 9, 5])
    >>> code.codewords
    ('0', '100', '101', '110', '1110', '1111')
    >>> code.decode(code.encode(b"\0\3\0"))
    array([0, 3, 0], dtype=uint8)
    """

    __slots__ = ()

    def __init__(self, lengths: npt.ArrayLike) -> None:
        array = _integers(lengths, "lengths")
        _require(array > LONGEST_CODEWORD, array, "lengths", f"is above {LONGEST_CODEWORD}")
        self._table = array.astype(np.uint8)
        self._table.flags.writeable = False
        self._code = _core.huffman_code(self._table)

    @classmethod
    def from_counts(
        cls, counts: npt.ArrayLike | Counts, max_length: SupportsIndex = 11
    ) -> HuffmanCode:
        """Return the code that takes the fewest bits for symbols that occur so often.

        Parameters
        ----------
        counts : array_like of int, or Counts
            How often each symbol occurs. Symbols that do not occur get no codeword. `Counts` must
            be those of uint8 or uint16, whose values are the alphabet.
        max_length : int, default 11
            The longest codeword there may be, 1 to 16. Codes of bytes with at most 11 bits are
            coded much faster than others.
        """
        array = _counts(counts)
        longest = _index(max_length, "max_length", 1, LONGEST_CODEWORD)
        needed = _bits_for(array)
        if needed > longest:
            present = np.count_nonzero(array)
            raise ValueError(
                f"{present} symbols need codewords of up to {needed} bits or more: "
                f"max_length is {longest}"
            )
        return cls(_core.huffman_lengths(array, longest))

    @classmethod
    def from_samples(cls, samples: Any, max_length: SupportsIndex = 11) -> HuffmanCode:
        """Return the best code for these symbols themselves.

        Parameters
        ----------
        samples : array_like of uint8 or uint16, or bytes-like
            The alphabet are all 256 or 65536 values of the type.
        max_length : int, default 11
            As for `from_counts`.
        """
        return cls.from_counts(_sample_counts(samples), max_length)

    @classmethod
    def from_lengths(cls, lengths: npt.ArrayLike) -> HuffmanCode:
        """Return the canonical code with these lengths of codewords, 0 for none.

        Raises
        ------
        ValueError
            If no prefix code has them: their Kraft sum must not exceed 1.
        """
        return cls(lengths)

    @property
    def lengths(self) -> npt.NDArray[np.uint8]:
        """The length of every symbol's codeword in bits, 0 where there is none; read-only."""
        return self._table

    @property
    def max_length(self) -> int:
        """The length of the longest codeword."""
        return int(self._table.max())

    @property
    def codewords(self) -> tuple[str, ...]:
        """Every symbol's codeword as zeros and ones, empty where there is none."""
        words = _core.canonical_codewords(self._table).tolist()
        lengths = self._table.tolist()
        return tuple(
            f"{word:0{length}b}" if length else ""
            for word, length in zip(words, lengths, strict=True)
        )

    @property
    def kraft_sum(self) -> float:
        """The sum of 2**-length, exactly: 1 if no codeword could be added or shortened."""
        return _core.kraft_sum(self._table) / 2**LONGEST_CODEWORD

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
            In bits per symbol; infinite if a symbol of positive probability has no codeword.
        """
        lengths = self._table.astype(np.int32)
        return _expected_length(p, np.ldexp(np.sign(lengths), -lengths), normalize)

    def __repr__(self) -> str:
        present = self._present()
        if len(present) <= _BOOK_SIZE:
            words = self.codewords
            book = ", ".join(f"{symbol}: {words[symbol]!r}" for symbol in present)
            return f"{type(self).__name__}({{{book}}} of {self.alphabet_size} symbols)"
        shortest = self._table[present].min()
        return (
            f"{type(self).__name__}({len(present)} of {self.alphabet_size} symbols, "
            f"codewords of {shortest} to {self.max_length} bits)"
        )

    def __str__(self) -> str:
        present = self._present()
        if len(present) > _BOOK_SIZE:
            return repr(self)
        words = self.codewords
        rows = [
            (self._symbol_text(symbol), str(self._table[symbol]), words[symbol])
            for symbol in present
        ]
        return _table_text(("symbol", "bits", "codeword"), rows)


class RansModel(_SymbolCode):
    r"""Quantised probabilities for an asymmetric numeral system with range coding (rANS).

    Symbols of frequency f take log2(2**precision / f) bits, which need not be a whole number.

    Parameters
    ----------
    frequencies : array_like of int
        For every symbol its share of the code space, 0 if it is not to be coded. They sum to
        2**precision, a power of two from 2**8 to 2**16.

    Examples
    --------
    >>> model = RansModel.from_counts([900, 90, 10])
    >>> model.frequencies
    array([3686,  369,   41], dtype=uint32)
    >>> model.decode(model.encode(b"\0\1\0"))
    array([0, 1, 0], dtype=uint8)
    """

    __slots__ = ()

    def __init__(self, frequencies: npt.ArrayLike) -> None:
        array = _integers(frequencies, "frequencies")
        highest = 2**HIGHEST_PRECISION
        _require(array > highest, array, "frequencies", f"is above {highest}")
        total = sum(array.tolist())
        if total not in [2**k for k in range(LOWEST_PRECISION, HIGHEST_PRECISION + 1)]:
            raise ValueError(
                f"frequencies sum to {total}, which is not a power of two from "
                f"{2**LOWEST_PRECISION} to {highest}"
            )
        self._table = array.astype(np.uint32)
        self._table.flags.writeable = False
        self._code = _core.rans_code(self._table, total.bit_length() - 1)

    @classmethod
    def from_counts(
        cls, counts: npt.ArrayLike | Counts, precision: SupportsIndex = 12
    ) -> RansModel:
        """Return the model that takes the fewest bits for symbols that occur so often.

        Parameters
        ----------
        counts : array_like of int, or Counts
            How often each symbol occurs. Symbols that do not occur get no code. `Counts` must be
            those of uint8 or uint16, whose values are the alphabet.
        precision : int, default 12
            Frequencies sum to 2**precision, 8 to 16. Models of bytes with precision 12 are coded
            much faster than others; for the sake of their fastest decoder, frequencies below 16
            are limited to 1, 2, 4 and 8 where they are many (up to 0.1 % more bits).
        """
        array = _counts(counts)
        bits = _index(precision, "precision", LOWEST_PRECISION, HIGHEST_PRECISION)
        needed = _bits_for(array)
        if needed > bits:
            present = np.count_nonzero(array)
            raise ValueError(
                f"{present} symbols need a precision of {needed} or more: precision is {bits}"
            )
        return cls(_core.rans_frequencies(array, bits))

    @classmethod
    def from_samples(cls, samples: Any, precision: SupportsIndex = 12) -> RansModel:
        """Return the best model for these symbols themselves.

        Parameters
        ----------
        samples : array_like of uint8 or uint16, or bytes-like
            The alphabet are all 256 or 65536 values of the type.
        precision : int, default 12
            As for `from_counts`.
        """
        return cls.from_counts(_sample_counts(samples), precision)

    @classmethod
    def from_frequencies(cls, frequencies: npt.ArrayLike) -> RansModel:
        """Return the model with these frequencies, which sum to 2**8, 2**9, ... or 2**16."""
        return cls(frequencies)

    @property
    def frequencies(self) -> npt.NDArray[np.uint32]:
        """Every symbol's share of the code space, 0 where it has none; read-only."""
        return self._table

    @property
    def precision(self) -> int:
        """The logarithm, to base 2, of the sum of the frequencies."""
        return int(self._table.sum()).bit_length() - 1

    def expected_length(self, p: npt.ArrayLike, *, normalize: bool | None = None) -> float:
        """Return how many bits a symbol takes on average: the cross-entropy of this model.

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
        return _expected_length(p, self._table / 2.0**self.precision, normalize)

    def __repr__(self) -> str:
        present = self._present()
        if len(present) <= _BOOK_SIZE:
            book = ", ".join(f"{symbol}: {self._table[symbol]}" for symbol in present)
            shown = f"{{{book}}} of {self.alphabet_size} symbols"
        else:
            shown = f"{len(present)} of {self.alphabet_size} symbols"
        return f"{type(self).__name__}({shown}, precision {self.precision})"

    def __str__(self) -> str:
        present = self._present()
        if len(present) > _BOOK_SIZE:
            return repr(self)
        bits = self.precision - np.log2(self._table[present])
        rows = [
            (self._symbol_text(symbol), f"{self._table[symbol]} / {2**self.precision}", f"{b:.3f}")
            for symbol, b in zip(present, bits, strict=True)
        ]
        return _table_text(("symbol", "frequency", "bits"), rows)


def _integers(values: npt.ArrayLike, name: str) -> npt.NDArray[Any]:
    """Check a table with one integer per symbol."""
    array = _core.as_array(values, name)
    if array.ndim != 1:
        raise ValueError(f"{name} must have one dimension, not {array.ndim}")
    if not 1 <= array.size <= LARGEST_ALPHABET:
        raise ValueError(f"{name} must be those of 1 to {LARGEST_ALPHABET} symbols")
    if array.dtype.kind not in "bui":
        raise TypeError(f"{name} must be integers, not {array.dtype}")
    if array.dtype.kind == "i":
        _require(array < 0, array, name, "is negative")
    return array


def _require(wrong: npt.NDArray[np.bool_], array: npt.NDArray[Any], name: str, what: str) -> None:
    """Raise a ValueError for the first element that is `wrong`."""
    if wrong.any():
        i = int(wrong.argmax())
        raise ValueError(f"{name}[{i}] = {array[i]} {what}")


def _counts(counts: npt.ArrayLike | Counts) -> npt.NDArray[np.uint64]:
    if isinstance(counts, Counts):
        return counts.symbol_counts()
    array = _integers(counts, "counts")
    if not array.any():
        raise ValueError("counts are all zero: there is nothing to make a code for")
    return array.astype(np.uint64)


def _bits_for(counts: npt.NDArray[np.uint64]) -> int:
    """How many bits it takes to tell the symbols that occur from each other, at least 1."""
    return max(1, (int(np.count_nonzero(counts)) - 1).bit_length())


def _index(value: SupportsIndex, name: str, lowest: int, highest: int) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, not {type(value).__name__}") from None
    if not lowest <= number <= highest:
        raise ValueError(f"{name} must be {lowest} to {highest}, not {number}")
    return number


def _sample_counts(samples: Any) -> npt.NDArray[np.uint64]:
    is_bytes = isinstance(samples, bytes)  # which would become an array of text
    array: npt.NDArray[Any] = (
        np.frombuffer(samples, np.uint8) if is_bytes else _core.as_array(samples, "samples")
    )
    if array.dtype.kind != "u" or array.itemsize > 2:
        raise TypeError(f"samples must be uint8, uint16 or bytes-like, not {array.dtype}")
    if array.size == 0:
        raise ValueError("samples are empty: there is nothing to make a code for")
    return Counts.from_samples(array).symbol_counts()


def _expected_length(p: npt.ArrayLike, q: npt.NDArray[np.float64], normalize: bool | None) -> float:
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
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    # Codewords begin on the left, as they are read; what precedes them are numbers.
    return "\n".join(
        "  ".join(
            [*(cell.rjust(width) for cell, width in zip(row[:-1], widths, strict=False)), row[-1]]
        )
        for row in [header, *rows]
    )
