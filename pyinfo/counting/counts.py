"""How often values occur: the histogram of every measure and the model of every code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal, Protocol, Self, SupportsIndex, TypeVar, overload

import numpy as np
import numpy.typing as npt

from pyinfo import _core
from pyinfo._samples.joint import scaled
from pyinfo._samples.objects import is_missing
from pyinfo._samples.samples import (
    Array,
    as_counts,
    as_samples,
    common_dtype,
    concatenated,
    count,
    factorize,
    is_native,
    read_samples,
    total_of,
    weighted_samples,
)
from pyinfo.arguments import require_not_empty
from pyinfo.coding.huffman_code import HuffmanCode
from pyinfo.coding.rans_model import RansModel
from pyinfo.coding.symbol_code import symbol_counts
from pyinfo.estimators.entropy_estimators import Estimator, estimate_entropy

_SHOWN: Final = 16  # tables of more values are not shown value by value


class Counts:
    """The different values of samples, in their order, and how often each of them occurs.

    Parameters
    ----------
    values : array_like
        The different values, in any order.
    counts : array_like
        How often each of them occurs: integers, or finite floats for weighted counts. Values that
        do not occur are left out.

    Examples
    --------
    >>> counts = Counts.from_samples([3, 1, 3, 3])
    >>> counts
    Counts({1: 1, 3: 3})
    >>> counts.update([7, 1])
    >>> counts.values, counts.counts, counts.total
    (array([1, 3, 7]), array([2, 3, 1], dtype=uint64), 6)
    >>> round(counts.entropy(), 3)
    1.459
    >>> Counts.from_samples("mississippi")
    Counts({'i': 4, 'm': 1, 'p': 2, 's': 4})
    """

    __slots__ = ("_table",)

    # Replaced as a whole, so that other threads see the table before an update or after it.
    _table: tuple[Array, Array]

    __hash__ = None  # type: ignore[assignment]  # an update changes it

    def __init__(self, values: Any, counts: npt.ArrayLike) -> None:
        array, _, masked = read_samples(values, "values")
        if masked is not None:
            raise TypeError("values must not have masked elements: leave out their counts, too")
        numbers = as_counts(counts, array.size)
        if len(count(array)[0]) != len(array):
            raise ValueError("values must differ from each other")
        if not numbers.any():
            raise ValueError("counts are all zero: there is nothing that occurs")
        self._table = _frozen(*count(array, numbers))

    @classmethod
    def from_samples(cls, samples: Any, *, weights: npt.ArrayLike | None = None) -> Counts:
        """Count samples.

        Parameters
        ----------
        samples : array_like, bytes-like or str
            Of any type and shape; Python objects need a hash, and no order. Bytes-like objects are
            uint8, a str is its characters. All NaNs are one value, the last, and so is all that is
            missing (None, NA, nulls); masked elements are left out; -0.0 equals 0.0.
        weights : array_like, optional
            How many times each sample counts: not negative. Counts are float64 then.

        Raises
        ------
        TypeError
            If samples of that type are not counted.
        ValueError
            If there are none, or the weights do not fit.
        """
        made = cls._of(samples, weights)
        if not len(made):
            require_not_empty(as_samples(samples).size, "samples")
            raise ValueError("weights are all zero: there is nothing to count")
        return made

    @classmethod
    def from_chunks(cls, chunks: Iterable[Any]) -> Counts:
        """Count samples that come in parts.

        Parameters
        ----------
        chunks : iterable
            Of what `from_samples` takes, or of `Counts` themselves; some may be empty.

        Returns
        -------
        Counts
            Those of all samples, in memory that grows with the different values only.
        """
        tables = (chunk if isinstance(chunk, Counts) else cls._of(chunk, None) for chunk in chunks)
        made = merged_in_pairs(tables)
        require_not_empty(0 if made is None else len(made), "chunks")
        assert made is not None
        return made

    @classmethod
    def _of(cls, samples: Any, weights: npt.ArrayLike | None) -> Counts:
        return cls._made(*count(*weighted_samples(samples, weights)))

    @classmethod
    def _weighted(cls, values: Any, counts: Array) -> Counts:
        """Count values that may be equal, each as often as its count says."""
        return cls._made(*count(as_samples(values), counts))

    @classmethod
    def _made(cls, values: Array, counts: Array) -> Counts:
        made = object.__new__(cls)
        made._table = _frozen(values, counts)
        return made

    @property
    def values(self) -> Array:
        """The different values, sorted; read-only."""
        return self._table[0]

    @property
    def counts(self) -> npt.NDArray[Any]:
        """How often each value occurs: uint64, or float64 for weighted samples; read-only."""
        return self._table[1]

    @property
    def total(self) -> int | float:
        """How many samples there are, or the sum of their weights."""
        return total_of(self.counts)

    @property
    def probabilities(self) -> npt.NDArray[np.float64]:
        """The share of each value: its count divided by the total."""
        return self.counts / self.total

    def update(self, samples: Any, *, weights: npt.ArrayLike | None = None) -> None:
        """Count more samples.

        The result is that of counting all samples at once, weighted ones to the last bit.

        Parameters
        ----------
        samples, weights
            As for `from_samples`; none at all change nothing.
        """
        values, counts = self._table
        array, given_weights = weighted_samples(samples, weights)
        if not array.size:
            return
        common_dtype(values.dtype, array.dtype)
        if weights is None and counts.dtype.kind == "u":
            self._table = _merged([self._table, count(array)])
            return
        # The sums so far come first, so that weights are added in the order of the samples.
        more = np.ones(array.size) if given_weights is None else given_weights
        weighted = np.concatenate([counts.astype(np.float64), more])
        self._table = _frozen(*count(concatenated([values, array]), weighted))

    def merge(self, *others: Counts) -> Counts:
        """Return the counts of all samples together.

        Parameters
        ----------
        *others : Counts
            Of values of the same kind.

        Raises
        ------
        TypeError
            If the values are of types that cannot be counted together.
        """
        for other in others:
            if not isinstance(other, Counts):
                raise TypeError(f"Counts merge with Counts, not {type(other).__name__}")
        tables = [counts._table for counts in (self, *others) if len(counts)]
        if len(tables) < 2:
            return self._made(*(tables[0] if tables else self._table))
        return self._made(*_merged(tables))

    def __add__(self, other: object) -> Counts:
        if not isinstance(other, Counts):
            return NotImplemented
        return self.merge(other)

    @overload
    def entropy(
        self,
        *,
        base: float = 2,
        estimator: Estimator = "plugin",
        return_std: Literal[False] = False,
    ) -> float: ...
    @overload
    def entropy(
        self, *, base: float = 2, estimator: Estimator = "plugin", return_std: Literal[True]
    ) -> tuple[float, float]: ...
    def entropy(
        self, *, base: float = 2, estimator: Estimator = "plugin", return_std: bool = False
    ) -> float | tuple[float, float]:
        """Return the entropy of what the samples are drawn from, as far as they tell.

        Parameters
        ----------
        base : float, default 2
            Bits by default; ``math.e`` gives nats.
        estimator : str, default "plugin"
            The entropy of the observed frequencies; `estimate_entropy` has the others, for counts
            that are not weighted.
        return_std : bool, default False
            Whether to return a pair: the estimate and its standard deviation.
        """
        if self.counts.dtype.kind == "u":
            if return_std:
                return estimate_entropy(
                    self.counts, base=base, estimator=estimator, return_std=True
                )
            return estimate_entropy(self.counts, base=base, estimator=estimator)
        if estimator != "plugin" or return_std:
            raise ValueError("weighted counts have the plug-in entropy only, without a deviation")
        return float(_core.entropy(scaled(self.counts), base=base, normalize=True))

    def symbol_counts(self) -> npt.NDArray[np.uint64]:
        """Return how often each of all values of the type occurs: the table that codes are made of.

        Returns
        -------
        ndarray of uint64
            256 numbers for uint8, 65536 for uint16.

        Raises
        ------
        TypeError
            If the values are of another type, or the samples are weighted.
        """
        return symbol_counts(*self._table)

    def huffman_code(self, max_length: SupportsIndex = 11) -> HuffmanCode:
        """Return the prefix code that takes the fewest bits for these samples.

        Parameters
        ----------
        max_length : int, default 11
            As for `HuffmanCode.from_counts`.
        """
        return HuffmanCode.from_counts(self.symbol_counts(), max_length)

    def rans_model(self, precision: SupportsIndex = 12) -> RansModel:
        """Return the rANS model that takes the fewest bits for these samples.

        Parameters
        ----------
        precision : int, default 12
            As for `RansModel.from_counts`.
        """
        return RansModel.from_counts(self.symbol_counts(), precision)

    def expected_length(self, code: HuffmanCode | RansModel) -> float:
        """Return how many bits the code takes for a sample on average.

        Parameters
        ----------
        code : HuffmanCode or RansModel
            Made of these counts or of others.

        Returns
        -------
        float
            In bits per sample; infinite if there is a sample that has no codeword.
        """
        table = self.symbol_counts()
        if table[code.alphabet_size :].any():
            return float("inf")
        table = np.append(table, np.zeros(max(0, code.alphabet_size - table.size), np.uint64))
        return code.expected_length(table[: code.alphabet_size])

    def __len__(self) -> int:
        return len(self._table[0])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Counts):
            return NotImplemented
        return same_values(self.values, other.values) and np.array_equal(self.counts, other.counts)

    def __getstate__(self) -> tuple[Array, Array]:
        return self._table

    def __setstate__(self, state: tuple[Array, Array]) -> None:
        self._table = _frozen(*_checked_table(*state))

    def __repr__(self) -> str:
        values, counts = self._table
        if len(values) > _SHOWN:
            return f"Counts({len(values)} values of {values.dtype}, total {self.total})"
        # Dates as text: the integers and objects that they are otherwise do not tell their unit.
        shown = values.astype(str) if values.dtype.kind in "mM" else values
        pairs = zip(shown.tolist(), counts.tolist(), strict=True)
        return f"Counts({{{', '.join(f'{value!r}: {number}' for value, number in pairs)}}})"


class Mergeable(Protocol):
    """Counts of some kind."""

    def merge(self, *others: Self) -> Self:
        """Return the counts of all samples together."""


_Table = TypeVar("_Table", bound=Mergeable)


def merged_in_pairs(tables: Iterable[_Table]) -> _Table | None:
    """Merge as a binary counter carries: each table with one of about as many samples.

    Merging all into the first would visit its values for each of the others.
    """
    waiting: list[tuple[int, _Table]] = []
    for made in tables:
        level = 0
        while waiting and waiting[-1][0] == level:
            made = waiting.pop()[1].merge(made)
            level += 1
        waiting.append((level, made))
    if not waiting:
        return None
    first, *others = (made for _, made in waiting)
    return first.merge(*others)


def _merged(tables: list[tuple[Array, Array]]) -> tuple[Array, Array]:
    weighted = any(counts.dtype.kind == "f" for _, counts in tables)
    dtype = np.float64 if weighted else np.uint64
    numbers = np.concatenate([counts for _, counts in tables], dtype=dtype, casting="unsafe")
    return _frozen(*count(concatenated([values for values, _ in tables]), numbers))


def _checked_table(values: Any, counts: Any) -> tuple[Array, Array]:
    """Return a table that comes from outside; ValueError if it is none that is made here."""
    if isinstance(values, np.ndarray) and isinstance(counts, np.ndarray):
        array = as_samples(values, "values")
        if counts.dtype in (np.uint64, np.float64) and values.shape == array.shape:
            numbers = as_counts(counts, array.size)
            found = count(array, numbers)
            if same_values(found[0], array) and np.array_equal(found[1], numbers):
                return array, numbers
    raise ValueError("the pickle holds no table of different values in order and their counts")


def _frozen(values: Array, counts: Array) -> tuple[Array, Array]:
    values.flags.writeable = False
    counts.flags.writeable = False
    return values, counts


def same_values(a: Array, b: Array) -> bool:
    """Say whether two vectors hold the same values; NaN is one like others."""
    if a.dtype.kind in "fmM" and b.dtype.kind in "fmM":
        return np.array_equal(a, b, equal_nan=True)
    if a.dtype.kind == b.dtype.kind == "O":
        return a.shape == b.shape and all(
            (is_missing(x) and is_missing(y)) or bool(x == y) for x, y in zip(a, b, strict=True)
        )
    if a.shape == b.shape and a.dtype == b.dtype and not is_native(a.dtype):
        labels, _ = factorize(np.concatenate([a, b]))
        return np.array_equal(labels[: len(a)], labels[len(a) :])
    return a.shape == b.shape and bool((a == b).all())
