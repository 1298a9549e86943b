"""Models of single symbols for rANS, whose codes may take a fraction of a bit."""

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

_LOWEST_PRECISION: Final = 8
_HIGHEST_PRECISION: Final = 16


class RansModel(SymbolCode):
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
        array = table_of_integers(frequencies, "frequencies")
        highest = 2**_HIGHEST_PRECISION
        refuse(array > highest, array, "frequencies", f"is above {highest}")
        total = sum(array.tolist())
        if total not in [2**k for k in range(_LOWEST_PRECISION, _HIGHEST_PRECISION + 1)]:
            raise ValueError(
                f"frequencies sum to {total}, which is not a power of two from "
                f"{2**_LOWEST_PRECISION} to {highest}"
            )
        self._table = array.astype(np.uint32)
        self._table.flags.writeable = False
        self._code = _core.rans_code(self._table, total.bit_length() - 1)

    @classmethod
    def from_counts(
        cls, counts: npt.ArrayLike | SymbolCounts, precision: SupportsIndex = 12
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
        array = checked_counts(counts)
        bits = integer_from_to(precision, "precision", _LOWEST_PRECISION, _HIGHEST_PRECISION)
        needed = bits_for(array)
        if needed > bits:
            present = np.count_nonzero(array)
            raise ValueError(
                f"{present} symbols need a precision of {needed} or more: precision is {bits}"
            )
        return cls(_core.rans_frequencies(array, bits))

    @classmethod
    def from_probabilities(
        cls,
        p: npt.ArrayLike,
        precision: SupportsIndex = 12,
        *,
        normalize: bool | None = None,
    ) -> RansModel:
        """Return the best model for symbols of these probabilities.

        Parameters
        ----------
        p : array_like
            For every symbol its probability. Those of probability 0 get no code, all others do.
        precision : int, default 12
            As for `from_counts`.
        normalize : bool, optional
            As for `entropy`: whether to divide `p` by its sum. By default it must be 1.
        """
        return cls.from_counts(counts_of_probabilities(p, normalize), precision)

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
        return cls.from_counts(sample_counts(samples), precision)

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

    def _implied_probabilities(self) -> npt.NDArray[np.float64]:
        implied: npt.NDArray[np.float64] = self._table / 2.0**self.precision
        return implied

    def __repr__(self) -> str:
        present = self._present()
        if len(present) <= BOOK_SIZE:
            book = ", ".join(f"{symbol}: {self._table[symbol]}" for symbol in present)
            shown = f"{{{book}}} of {self.alphabet_size} symbols"
        else:
            shown = f"{len(present)} of {self.alphabet_size} symbols"
        return f"{type(self).__name__}({shown}, precision {self.precision})"

    def _book(self, present: list[int]) -> Book:
        bits = self.precision - np.log2(self._table[present])
        rows = [
            (self._symbol_text(symbol), f"{self._table[symbol]} / {2**self.precision}", f"{b:.3f}")
            for symbol, b in zip(present, bits, strict=True)
        ]
        return ("symbol", "frequency", "bits"), rows
