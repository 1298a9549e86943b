"""Prefix codes of single symbols: Huffman's, with a limit to the length of codewords."""

from __future__ import annotations

from typing import Any, Final, SupportsIndex

import numpy as np
import numpy.typing as npt

from pyinfo import _core
from pyinfo.arguments import integer_from_to
from pyinfo.coding.symbol_code import (
    BOOK_SIZE,
    Book,
    SymbolCode,
    SymbolCounts,
    bits_for,
    checked_counts,
    counts_of_probabilities,
    refuse,
    sample_counts,
    table_of_integers,
)

_LONGEST_CODEWORD: Final = 16


class HuffmanCode(SymbolCode):
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
        array = table_of_integers(lengths, "lengths")
        refuse(array > _LONGEST_CODEWORD, array, "lengths", f"is above {_LONGEST_CODEWORD}")
        self._table = array.astype(np.uint8)
        self._table.flags.writeable = False
        self._code = _core.huffman_code(self._table)

    @classmethod
    def from_counts(
        cls, counts: npt.ArrayLike | SymbolCounts, max_length: SupportsIndex = 11
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
        array = checked_counts(counts)
        longest = integer_from_to(max_length, "max_length", 1, _LONGEST_CODEWORD)
        needed = bits_for(array)
        if needed > longest:
            present = np.count_nonzero(array)
            raise ValueError(
                f"{present} symbols need codewords of up to {needed} bits or more: "
                f"max_length is {longest}"
            )
        return cls(_core.huffman_lengths(array, longest))

    @classmethod
    def from_probabilities(
        cls,
        p: npt.ArrayLike,
        max_length: SupportsIndex = 11,
        *,
        normalize: bool | None = None,
    ) -> HuffmanCode:
        """Return the best code for symbols of these probabilities.

        Parameters
        ----------
        p : array_like
            For every symbol its probability. Those of probability 0 get no code, all others do.
        max_length : int, default 11
            As for `from_counts`.
        normalize : bool, optional
            As for `entropy`: whether to divide `p` by its sum. By default it must be 1.
        """
        return cls.from_counts(counts_of_probabilities(p, normalize), max_length)

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
        return cls.from_counts(sample_counts(samples), max_length)

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
        return _core.kraft_sum(self._table) / 2**_LONGEST_CODEWORD

    def _implied_probabilities(self) -> npt.NDArray[np.float64]:
        lengths = self._table.astype(np.int32)
        implied: npt.NDArray[np.float64] = np.ldexp(np.sign(lengths), -lengths)
        return implied

    def __repr__(self) -> str:
        present = self._present()
        if len(present) <= BOOK_SIZE:
            words = self.codewords
            book = ", ".join(f"{symbol}: {words[symbol]!r}" for symbol in present)
            return f"{type(self).__name__}({{{book}}} of {self.alphabet_size} symbols)"
        shortest = self._table[present].min()
        return (
            f"{type(self).__name__}({len(present)} of {self.alphabet_size} symbols, "
            f"codewords of {shortest} to {self.max_length} bits)"
        )

    def _book(self, present: list[int]) -> Book:
        words = self.codewords
        rows = [
            (self._symbol_text(symbol), str(self._table[symbol]), words[symbol])
            for symbol in present
        ]
        return ("symbol", "bits", "codeword"), rows
