"""Counts reduced to what symmetric estimators look at: which counts occur, and how often each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyinfo.estimators.gamma_functions import Floats


@dataclass(frozen=True, slots=True)
class Multiplicities:
    """The fingerprint of a histogram: a few dozen numbers however large it is.

    Attributes
    ----------
    values
        The different counts above zero, rising.
    times
        How many symbols have each of them.
    total
        The number of samples.
    alphabet_size
        How many symbols there are, those that were not met included.
    """

    values: Floats
    times: Floats
    total: int
    alphabet_size: int

    @property
    def observed(self) -> float:
        """How many symbols were met."""
        return float(self.times.sum())

    @property
    def unobserved(self) -> float:
        """How many symbols were not."""
        return self.alphabet_size - self.observed

    @property
    def shares(self) -> Floats:
        """The relative frequency of each count."""
        return self.values / self.total

    @property
    def surprisals(self) -> Floats:
        """The information content of each count, accurate for shares near 1 as well."""
        return surprisals(self.values, self.total)

    def times_of(self, count: int) -> float:
        """How many symbols have that count."""
        return float(self.times[self.values == count].sum())


def multiplicities(counts: NDArray[Any], alphabet_size: int | None = None) -> Multiplicities:
    """Reduce counts: non-negative integers, not all zero."""
    present = counts[counts > 0]
    values, times = np.unique(present, return_counts=True)
    # In Python's integers: the sum of a few may need more than 64 bits.
    pairs = zip(values.tolist(), times.tolist(), strict=True)
    total = sum(int(value) * more for value, more in pairs)
    size = len(counts) if alphabet_size is None else alphabet_size
    return Multiplicities(values.astype(np.float64), times.astype(np.float64), total, size)


def surprisals(counts: Floats, total: float) -> Floats:
    """Return ln(total / count)."""
    rest = (total - counts) / total
    with np.errstate(divide="ignore"):  # a count of 0 is not chosen
        near = -np.log1p(-rest)
    return np.where(rest < 0.5, near, np.log(total / counts))
