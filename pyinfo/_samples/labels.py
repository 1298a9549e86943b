"""Samples of any dtype as small integers.

Measures look at which samples are equal, never at what they are: labels 0, 1, ... say it all.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy.typing as npt

from pyinfo import _core
from pyinfo._samples.samples import (
    Array,
    LabelArray,
    aligned_samples,
    as_samples,
    factorize,
)
from pyinfo.arguments import require_not_empty
from pyinfo.arrays import columns_of, is_array

Given: TypeAlias = npt.ArrayLike | Sequence[npt.ArrayLike]

_FEW: Final = 16
_NEARLY: Final = 0.9
"""Labels are nearly all different if there are more than so many per sample."""


@dataclass(frozen=True, slots=True)
class Labels:
    """A variable: the label of each sample.

    Attributes
    ----------
    array
        The label of each sample, below `size`.
    size
        How many labels there are.
    alphabet_size
        How many there could be: of a joint variable, all combinations.
    """

    array: LabelArray
    size: int
    alphabet_size: int

    @property
    def counts(self) -> Array:
        """How often each label that is used occurs."""
        return _core.count_values(self.array)[1]


def samples_of(values: Any, name: str) -> Array:
    """Return values as a vector of samples, of which there are some."""
    array = as_samples(values, name)
    require_not_empty(array.size, name)
    return array


def labelled(array: Array) -> Labels:
    """Label `samples_of(...)`."""
    labels, values = factorize(array)
    return Labels(labels, len(values), len(values))


def labelled_variables(
    arrays: Sequence[Any], names: Sequence[str], given: Given = ()
) -> list[Labels]:
    """Label arrays, and those that are given, all with the same number of samples."""
    conditions, more = _given_variables(given)
    everything = [*names, *more]
    found = []
    for array, name in zip(together([*arrays, *conditions], everything), everything, strict=True):
        found.append(labelled(array))
        warn_if_continuous(array, found[-1].size, name)
    return found


def warn_if_continuous(array: Array, different: int, name: str) -> None:
    """Say so if labels are floats that are nearly all different, at the line of the caller."""
    if array.dtype.kind != "f" or len(array) < _FEW or different <= _NEARLY * len(array):
        return
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_globals["__name__"].startswith("pyinfo."):
        level, frame = level + 1, frame.f_back
    warnings.warn(
        f"pyinfo: {name} holds floats, {different} different ones of {len(array)}, and each is a "
        "label of its own: pyinfo.continuous is for values that are continuous; or bin them first, "
        "or silence this with warnings.filterwarnings('ignore', 'pyinfo: ')",
        stacklevel=level,
    )


def together(variables: Sequence[Any], names: Sequence[str]) -> list[Array]:
    """Return several variables as vectors of samples, of which there are some."""
    found, _ = aligned_samples(variables, names)
    require_not_empty(found[0].size, names[0])
    return found


def _given_variables(given: Given) -> tuple[list[Any], list[str]]:
    """Return the variables that are given, one or several, and what messages call them."""
    columns = columns_of(given)
    # A list or tuple of arrays is several variables; one of numbers or strings is one.
    if columns is None and isinstance(given, list | tuple) and all(map(is_array, given)):
        columns = list(given)
    if columns is None:
        return [given], ["given"]
    return columns, [f"given[{i}]" for i in range(len(columns))]
