"""Counts of floats in bins: what calibration sees of activations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self, SupportsFloat, SupportsIndex

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from pyinfo import _core
from pyinfo.arguments import flag, integer, reals, require_not_empty, thread_count


class FloatHistogram:
    """How often floats occur, in bins whose width is a power of two.

    The width doubles, by merging neighbours, when a value lies beyond the bins: counts are the same
    in any order of updates, in batches of any size and with any number of threads. NaNs and
    infinities are counted apart.

    Parameters
    ----------
    bins : int, default 8192
        A power of two from 16 to 262144.
    symmetric : bool, default False
        Count magnitudes, in twice as many bins for the same range; else values from -range to
        range. Of negative values, a bin holds its lower end, of others too.

    Examples
    --------
    >>> from pyinfo import quantization
    >>> histogram = quantization.FloatHistogram(bins=16)
    >>> histogram.update([0.5, 1.5, -2.0, float("nan")])
    >>> histogram.width, histogram.min, histogram.max, histogram.nans
    (0.5, -2.0, 1.5, 1)
    >>> histogram.counts[2:10]
    array([0, 1, 0, 0, 0, 0, 0, 1], dtype=uint64)
    """

    __slots__ = ("_bins", "_counted", "_symmetric")

    __hash__ = None  # type: ignore[assignment]  # an update changes it

    def __init__(self, bins: SupportsIndex = 8192, symmetric: bool = False) -> None:
        self._bins = integer(bins, "bins")
        self._symmetric = flag(symmetric, "symmetric")
        # The core says what is right, of what its integers hold.
        held = min(max(self._bins, -1), 1 << 62)
        self._counted = _core.FloatHistogram(held, not self._symmetric)

    @property
    def bins(self) -> int:
        """How many bins there are."""
        return self._bins

    @property
    def symmetric(self) -> bool:
        """Whether magnitudes are counted."""
        return self._symmetric

    @classmethod
    def from_chunks(
        cls, chunks: Iterable[Any], bins: SupportsIndex = 8192, symmetric: bool = False
    ) -> Self:
        """Count arrays that come in parts.

        Parameters
        ----------
        chunks : iterable
            Of what `update` takes, or of histograms; some may be empty.
        bins, symmetric
            As for the class.
        """
        made = cls(bins, symmetric)
        for chunk in chunks:
            if isinstance(chunk, FloatHistogram):
                made.merge(chunk)
            else:
                made.update(chunk)
        return made

    def update(self, x: npt.ArrayLike, *, threads: SupportsIndex = 1) -> None:
        """Count the numbers of an array.

        Parameters
        ----------
        x : array_like
            Of any shape, float16, bfloat16, float32 or float64; integers are counted as float64.
        threads : int, default 1
            Threads for large arrays, 0 for one per core. The counts do not depend on it.

        Raises
        ------
        TypeError
            If `x` holds no real numbers.
        """
        count = thread_count(threads)
        data = _core.as_array(x, "x")
        if data.size:
            self._counted.add(data, count)

    def merge(self, other: FloatHistogram) -> None:
        """Add the counts of another histogram, of the same `bins` and `symmetric`.

        Raises
        ------
        ValueError
            If it has other bins.
        """
        if not isinstance(other, FloatHistogram):
            raise TypeError(f"other must be a FloatHistogram, not {type(other).__name__}")
        self._counted.merge(other._counted)

    def __add__(self, other: FloatHistogram) -> FloatHistogram:
        """Return a histogram of both."""
        if not isinstance(other, FloatHistogram):
            return NotImplemented
        both = FloatHistogram(self.bins, self.symmetric)
        both.merge(self)
        both.merge(other)
        return both

    @property
    def counts(self) -> NDArray[np.uint64]:
        """How many values each bin holds: an array of its own."""
        return self._counted.state()[1]

    @property
    def width(self) -> float:
        """Width of a bin; 2^-120 before a value that is not 0 has been counted."""
        return 2.0 ** self._counted.state()[0]

    @property
    def edges(self) -> NDArray[np.float64]:
        """Ends of the bins, one more than there are bins."""
        return self._ends(self.width)

    @property
    def total(self) -> int:
        """How many finite values have been counted."""
        return int(self.counts.sum())

    @property
    def nans(self) -> int:
        """How many NaNs have been counted."""
        return self._counted.state()[2]

    @property
    def infinities(self) -> tuple[int, int]:
        """How many times -inf and inf have been counted."""
        state = self._counted.state()
        return state[3], state[4]

    @property
    def min(self) -> float:
        """The least finite value, exactly; inf if there is none."""
        return self._counted.state()[5]

    @property
    def max(self) -> float:
        """The largest finite value, exactly; -inf if there is none."""
        return self._counted.state()[6]

    def entropy(self, *, base: SupportsFloat = 2) -> float:
        """Return the entropy of the bins, of finite values.

        Parameters
        ----------
        base : float, default 2
            Bits by default; ``math.e`` gives nats.

        Raises
        ------
        ValueError
            If nothing has been counted.
        """
        counts = self.counts
        require_not_empty(int(counts.sum()), "the histogram")
        return float(_core.entropy(counts, base=float(base)))

    def quantile(self, q: npt.ArrayLike) -> Any:
        """Return the values below which shares of the finite values lie.

        Of magnitudes, if these are counted. Values are taken to lie evenly in their bins; results
        are within a bin of those of the values themselves, and never beyond the least and the
        largest.

        Parameters
        ----------
        q : array_like
            From 0 to 1.

        Returns
        -------
        float or ndarray
            Of the shape of `q`.

        Raises
        ------
        ValueError
            If nothing has been counted, or `q` is out of range.
        """
        shares = reals(q, "q")
        if not ((shares >= 0) & (shares <= 1)).all():
            raise ValueError("q must be from 0 to 1")
        exponent, counts, _, _, _, least, most = self._counted.state()
        below = np.concatenate([[0.0], np.cumsum(counts, dtype=np.float64)])
        require_not_empty(int(below[-1]), "the histogram")
        rank = shares * below[-1]
        place = np.clip(np.searchsorted(below, rank, side="left") - 1, 0, self.bins - 1)
        inside = (rank - below[place]) / np.maximum(1.0, counts[place].astype(np.float64))
        first = 0 if self.symmetric else -(self.bins // 2)
        with np.errstate(over="ignore"):  # beyond the largest values, which bound them
            values = (place + first + inside) * 2.0**exponent
        if self.symmetric:
            least, most = 0.0, max(abs(least), abs(most))
        bounded = np.clip(values, least, most)
        return float(bounded) if bounded.ndim == 0 else bounded

    def _ends(self, width: float) -> NDArray[np.float64]:
        first = 0 if self.symmetric else -(self.bins // 2)
        with np.errstate(over="ignore"):  # an edge above all floats is infinite
            return width * np.arange(first, first + self.bins + 1, dtype=np.float64)

    def __eq__(self, other: object) -> bool:
        """Whether another histogram has the same bins and counts."""
        if not isinstance(other, FloatHistogram):
            return NotImplemented
        mine, theirs = self._counted.state(), other._counted.state()
        return (
            (self.bins, self.symmetric) == (other.bins, other.symmetric)
            and bool(np.array_equal(mine[1], theirs[1]))
            and (mine[0], *mine[2:]) == (theirs[0], *theirs[2:])
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the bins and their counts."""
        return FloatHistogram, (self.bins, self.symmetric), self._counted.state()

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        """Take over what another one has counted."""
        self._counted.restore(*state)

    def __copy__(self) -> FloatHistogram:
        """Return a histogram of its own."""
        return self + FloatHistogram(self.bins, self.symmetric)

    def __repr__(self) -> str:
        """Return bins, width and how many values there are."""
        return (
            f"FloatHistogram(bins={self.bins}, symmetric={self.symmetric}): "
            f"{self.total} values, bins of {self.width:g}"
        )
