"""Samples of any dtype as small integers, and the counts of what occurs together.

Measures look at which samples are equal, never at what they are: labels 0, 1, ... say it all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pyinfo import _core
from pyinfo._samples.samples import Array, as_samples, factorize

Codes = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Labels:
    """A variable: the label of each sample.

    Attributes
    ----------
    codes
        The label of each sample, below `size`.
    size
        How many labels there are.
    alphabet_size
        How many there could be: of a joint variable, all combinations.
    """

    codes: Codes
    size: int
    alphabet_size: int

    @property
    def counts(self) -> Array:
        """How often each label that is used occurs."""
        return _core.count_values(self.codes)[1]


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a joint table that are not empty, in rising order.

    Attributes
    ----------
    counts
        How many samples each of them has.
    first, second
        The labels of the two variables in each of them.
    """

    counts: Array
    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]


def samples_of(values: Any, name: str) -> Array:
    """Return values as a vector of samples, of which there are some."""
    array = as_samples(values, name)
    if array.size == 0:
        raise ValueError(f"{name} must not be empty")
    return array


def labelled(array: Array) -> Labels:
    """Label `samples_of(...)`."""
    codes, values = factorize(array)
    return Labels(codes, len(values), len(values))


def require_one_length(arrays: Sequence[Array], names: Sequence[str]) -> None:
    """Raise ValueError unless all have the same number of samples."""
    for array, name in zip(arrays[1:], names[1:], strict=True):
        if len(array) != len(arrays[0]):
            raise ValueError(
                f"{names[0]} and {name} must have the same number of samples, "
                f"not {len(arrays[0])} and {len(array)}"
            )


def joint_cells(first: Labels, second: Labels) -> Cells:
    """Return the combinations that occur, and how often."""
    found = _core.joint_table(first.codes, second.codes)
    if found is not None:
        table, first_row, first_column = found
        rows, columns = np.nonzero(table)
        return Cells(table[rows, columns], rows + first_row, columns + first_column)
    return _cells(*_core.count_values(_keys(first, second)), second.size)


def joined(first: Labels, second: Labels) -> tuple[Labels, Cells]:
    """Return two variables as one, with what its labels consist of."""
    codes, keys, counts = _core.factorize(_keys(first, second))
    alphabet_size = first.alphabet_size * second.alphabet_size
    return Labels(codes, len(keys), alphabet_size), _cells(keys, counts, second.size)


def all_joined(variables: Sequence[Labels]) -> Labels:
    """Return several variables as one."""
    joint = variables[0]
    for variable in variables[1:]:
        joint, _ = joined(joint, variable)
    return joint


def _keys(first: Labels, second: Labels) -> npt.NDArray[np.uint64]:
    """Return a number for each combination; both have labels of 32 bits, so that it fits."""
    keys = first.codes.astype(np.uint64)
    keys *= np.uint64(second.size)
    keys += second.codes
    return keys


def _cells(keys: Array, counts: Array, second_size: int) -> Cells:
    first, second = np.divmod(keys.astype(np.int64), second_size)
    return Cells(counts, first, second)
