"""Information measures of samples: arrays of labels whose distribution has to be counted first.

Samples can be whatever `Counts` counts: integers, booleans, floats (NaN is one value), strings,
dates, objects. Arrays of more dimensions are flattened.

With the plug-in estimator nothing is a difference of entropies: mutual information is summed from
non-negative terms and keeps its relative accuracy near independence. With the other estimators the
measures are sums and differences of estimated entropies, which can come out below zero where a
measure cannot be; 0 is returned then.
"""

from __future__ import annotations

import math
from typing import Any, Final, Literal, SupportsIndex, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from pyinfo import _core
from pyinfo._samples.joint import Pair, joint_variable, joint_variables
from pyinfo._samples.label_measures import conditional_information, entropy_function
from pyinfo._samples.labels import (
    Given,
    Labels,
    labelled,
    labelled_variables,
    samples_of,
    warn_if_continuous,
)
from pyinfo._samples.samples import count, read_samples
from pyinfo.arguments import (
    axis_index,
    integer,
    require_not_empty,
    require_same_shape,
    units_per_nat,
)
from pyinfo.arrays import columns_of
from pyinfo.estimators.entropy_estimators import Estimator, checked_alphabet_size, estimation
from pyinfo.estimators.multiplicities import multiplicities

Result: TypeAlias = float | npt.NDArray[np.float64]

_SLICE_CELLS: Final = 1 << 20
"""Cells of the table that slices are counted in at a time."""

# -- Entropies ------------------------------------------------------------------------------------


@overload
def entropy_of(
    x: npt.ArrayLike,
    *,
    base: float = 2,
    estimator: Estimator = "plugin",
    axis: None = None,
    alphabet_size: SupportsIndex | None = None,
    return_std: Literal[False] = False,
) -> float: ...
@overload
def entropy_of(
    x: npt.ArrayLike,
    *,
    base: float = 2,
    estimator: Estimator = "plugin",
    axis: None = None,
    alphabet_size: SupportsIndex | None = None,
    return_std: Literal[True],
) -> tuple[float, float]: ...
@overload
def entropy_of(
    x: npt.ArrayLike,
    *,
    base: float = 2,
    estimator: Estimator = "plugin",
    axis: SupportsIndex | None = None,
    alphabet_size: SupportsIndex | None = None,
    return_std: Literal[False] = False,
) -> Result: ...
@overload
def entropy_of(
    x: npt.ArrayLike,
    *,
    base: float = 2,
    estimator: Estimator = "plugin",
    axis: SupportsIndex | None = None,
    alphabet_size: SupportsIndex | None = None,
    return_std: bool = False,
) -> Result | tuple[Result, Result]: ...
def entropy_of(
    x: npt.ArrayLike,
    *,
    base: float = 2,
    estimator: Estimator = "plugin",
    axis: SupportsIndex | None = None,
    alphabet_size: SupportsIndex | None = None,
    return_std: bool = False,
) -> Result | tuple[Result, Result]:
    """Estimate the entropy of the distribution that samples come from.

    Parameters
    ----------
    x : array_like
        The samples.
    base : float, default 2
        The unit of the result.
    estimator : str, default "plugin"
        See `estimate_entropy`. The default gives the entropy of the relative frequencies.
    axis : int, optional
        Estimate one entropy for each slice along this axis; one for all samples by default.
    alphabet_size : int, optional
        How many symbols there are, for the estimators that depend on it; by default as many as
        there are different values in all of `x`.
    return_std : bool, default False
        Also return standard deviations.

    Returns
    -------
    float or ndarray, or pair of them

    Examples
    --------
    >>> pyinfo.entropy_of(["a", "b", "b", "a"])
    1.0
    >>> round(pyinfo.entropy_of("mississippi", estimator="miller-madow"), 3)
    2.02
    """
    unit = units_per_nat(base)
    estimate = estimation(estimator)
    if axis is None:
        _, counts = count(samples_of(x, "x"))
        size = checked_alphabet_size(alphabet_size, len(counts)) or len(counts)
        if estimator == "plugin" and not return_std:
            return float(_core.entropy(counts, base=base))
        found = estimate(multiplicities(counts, size), return_std)
        return (found.entropy * unit, found.std * unit) if return_std else found.entropy * unit
    samples = read_samples(x, "x")
    position = axis_index(axis, len(samples.shape))
    require_not_empty(samples.array.size, "x")
    if samples.masked is not None:
        raise TypeError("x must have no masked elements where an axis is given: count the slices")
    labels = labelled(samples.array)
    size = checked_alphabet_size(alphabet_size, labels.size) or labels.size
    moved = np.moveaxis(labels.array.reshape(samples.shape), position, -1)
    slices = moved.reshape(-1, samples.shape[position])
    entropies, stds = np.empty(len(slices)), np.empty(len(slices))
    step = max(1, _SLICE_CELLS // labels.size)
    for first in range(0, len(slices), step):
        part = slices[first : first + step]
        keys = part + labels.size * np.arange(len(part))[:, np.newaxis]
        tables = np.bincount(keys.reshape(-1), minlength=labels.size * len(part))
        tables = tables.reshape(len(part), labels.size)
        if estimator == "plugin" and not return_std:
            entropies[first : first + step] = _core.entropy(tables, base=math.e)
            continue
        for i, table in enumerate(tables, first):
            found = estimate(multiplicities(table, size), return_std)
            entropies[i], stds[i] = found.entropy, found.std
    shape = moved.shape[:-1]
    if return_std:
        return _shaped(entropies * unit, shape), _shaped(stds * unit, shape)
    return _shaped(entropies * unit, shape)


def joint_entropy(
    *arrays: npt.ArrayLike, base: float = 2, estimator: Estimator = "plugin"
) -> float:
    """Estimate the entropy of several variables together.

    Parameters
    ----------
    *arrays : array_like
        Samples of each variable, all of the same length.
    base, estimator
        As in `entropy_of`. The alphabet is that of all combinations of labels.

    Returns
    -------
    float

    Examples
    --------
    >>> round(pyinfo.joint_entropy([0, 0, 1, 1], ["a", "b", "a", "b"]), 12)
    2.0
    """
    unit = units_per_nat(base)
    entropy = entropy_function(estimator)
    return entropy(joint_variables(_all(arrays))) * unit


def conditional_entropy(
    x: npt.ArrayLike, given: Given, *, base: float = 2, estimator: Estimator = "plugin"
) -> float:
    """Estimate the entropy that is left of `x` when other variables are known: H(x | given).

    Parameters
    ----------
    x : array_like
        Samples.
    given : array_like, or sequence of array_like
        Samples of what is known, of the same length; a list or tuple of arrays are several
        variables.
    base, estimator
        As in `entropy_of`.

    Returns
    -------
    float

    Examples
    --------
    >>> pyinfo.conditional_entropy([0, 0, 1, 1], given=["a", "a", "b", "b"])
    0.0
    """
    unit = units_per_nat(base)
    entropy = entropy_function(estimator)
    target, *conditions = labelled_variables([x], ["x"], given)
    if not conditions:
        return entropy(target) * unit
    condition = joint_variables(conditions)
    if estimator == "plugin":
        return Pair(condition.array, target.array).second_given_first() * unit
    joint, _ = joint_variable(target, condition)
    return max(0.0, entropy(joint) - entropy(condition)) * unit


# -- Dependence -----------------------------------------------------------------------------------


def mutual_information(
    x: npt.ArrayLike, y: npt.ArrayLike, *, base: float = 2, estimator: Estimator = "plugin"
) -> float:
    """Estimate how much two variables tell of each other: H(x) + H(y) - H(x, y).

    Parameters
    ----------
    x, y : array_like
        Samples of the same length.
    base, estimator
        As in `entropy_of`.

    Returns
    -------
    float
        Never negative, and 0 for variables that are exactly independent in the samples.

    Examples
    --------
    >>> pyinfo.mutual_information([0, 0, 1, 1], ["a", "a", "b", "b"])
    1.0
    """
    unit = units_per_nat(base)
    if estimator == "plugin":
        return Pair.of_samples(x, y).mutual_information() * unit
    estimation(estimator)
    a, b = labelled_variables([x, y], ["x", "y"])
    return conditional_information(a, b, [], estimator) * unit


def conditional_mutual_information(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    given: Given,
    *,
    base: float = 2,
    estimator: Estimator = "plugin",
) -> float:
    """Estimate how much two variables tell of each other when others are known: I(x; y | given).

    Parameters
    ----------
    x, y : array_like
        Samples of the same length.
    given : array_like, or sequence of array_like
        What is known; a list or tuple of arrays are several variables.
    base, estimator
        As in `entropy_of`.

    Returns
    -------
    float
        Never negative.

    Examples
    --------
    >>> x, y = [0, 0, 1, 1], [0, 1, 0, 1]
    >>> round(pyinfo.conditional_mutual_information(x, y, given=[0, 1, 1, 0]), 12)
    1.0
    """
    unit = units_per_nat(base)
    a, b, *conditions = labelled_variables([x, y], ["x", "y"], given)
    return conditional_information(a, b, conditions, estimator) * unit


def total_correlation(
    *arrays: npt.ArrayLike, base: float = 2, estimator: Estimator = "plugin"
) -> float:
    """Estimate how far variables are from independent: the sum of their entropies - the joint one.

    Also known as multi-information; of two variables it is their mutual information.

    Parameters
    ----------
    *arrays : array_like
        Samples of each variable, all of the same length.
    base, estimator
        As in `entropy_of`.

    Returns
    -------
    float
        Never negative.

    Examples
    --------
    >>> round(pyinfo.total_correlation([0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 1, 1]), 12)
    2.0
    """
    unit = units_per_nat(base)
    entropy = entropy_function(estimator)
    first, *others = _all(arrays)
    if estimator != "plugin":
        joint = joint_variables([first, *others])
        return max(0.0, sum(map(entropy, (first, *others))) - entropy(joint)) * unit
    joint, total = first, 0.0
    for other in others:  # the chain rule, whose terms are not negative
        total += Pair(joint.array, other.array).mutual_information()
        joint, _ = joint_variable(joint, other)
    return total * unit


def interaction_information(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    z: npt.ArrayLike,
    *,
    base: float = 2,
    estimator: Estimator = "plugin",
) -> float:
    """Estimate what three variables share beyond pairs: I(x; y | z) - I(x; y), in any order.

    The sign is McGill's: positive for synergy (of x, y and their exclusive or each two are
    independent: 1 bit), negative for redundancy (three copies of a fair coin: -1 bit). The
    co-information is its negative.

    Parameters
    ----------
    x, y, z : array_like
        Samples of the same length.
    base, estimator
        As in `entropy_of`.

    Returns
    -------
    float

    Examples
    --------
    >>> round(pyinfo.interaction_information([0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 1, 0]), 12)
    1.0
    """
    unit = units_per_nat(base)
    a, b, c = labelled_variables([x, y, z], ["x", "y", "z"])
    given = conditional_information(a, b, [c], estimator)
    return (given - conditional_information(a, b, [], estimator)) * unit


def transfer_entropy(
    source: npt.ArrayLike,
    target: npt.ArrayLike,
    history: SupportsIndex | tuple[SupportsIndex, SupportsIndex] = 1,
    *,
    base: float = 2,
    estimator: Estimator = "plugin",
) -> float:
    """Estimate how much the past of one series tells of the next value of another.

    Beyond what the other's own past tells: ``I(target[t]; source[t-l:t] | target[t-k:t])``.

    Parameters
    ----------
    source, target : array_like
        Series of the same length, in the order of time. Of arrays with more dimensions the last one
        is time, and what precedes it are trials: no pair of values is from two of them.
    history : int or pair of int, default 1
        How many past values are looked at: l of the source and k of the target, if they differ.
    base, estimator
        As in `entropy_of`.

    Returns
    -------
    float
        Never negative.

    References
    ----------
    T. Schreiber, "Measuring information transfer", Physical Review Letters 85, 2000.

    Examples
    --------
    >>> coins = np.random.default_rng(0).integers(0, 2, 10_000)
    >>> round(pyinfo.transfer_entropy(coins[1:], coins[:-1]), 2)
    1.0
    """
    unit = units_per_nat(base)
    source_length, target_length = _histories(history)
    before, after = _series(source, "source"), _series(target, "target")
    require_same_shape([before.array.shape, after.array.shape], ["source", "target"])
    start, length = max(source_length, target_length), after.array.shape[-1]
    if length <= start:
        raise ValueError(
            f"source and target must be longer than history = {start}, not {length} samples"
        )
    future = _lagged(after, start, 0)
    source_past = joint_variables([_lagged(before, start, lag + 1) for lag in range(source_length)])
    target_past = [_lagged(after, start, lag + 1) for lag in range(target_length)]
    return conditional_information(future, source_past, target_past, estimator) * unit


# -- Arguments ------------------------------------------------------------------------------------


def _all(arrays: tuple[npt.ArrayLike, ...]) -> list[Labels]:
    if not arrays:
        raise TypeError("at least one array of samples is needed")
    if len(arrays) == 1 and (columns := columns_of(arrays[0])) is not None:
        arrays = tuple(columns)
    elif len(arrays) == 1 and sum(n > 1 for n in read_samples(arrays[0], "array 1").shape) > 1:
        raise ValueError("a single array is one variable: pass the columns of a table, *table.T")
    return labelled_variables(arrays, [f"array {i}" for i in range(1, len(arrays) + 1)])


def _histories(history: SupportsIndex | tuple[SupportsIndex, SupportsIndex]) -> tuple[int, int]:
    pair: tuple[Any, ...] = history if isinstance(history, tuple) else (history, history)
    if len(pair) != 2 or not all(hasattr(length, "__index__") for length in pair):
        raise TypeError(f"history must be an integer or a pair of integers, not {history!r}")
    source, target = (integer(length, "history", least=1) for length in pair)
    return source, target


def _series(values: npt.ArrayLike, name: str) -> Labels:
    """Return the labels of series in their shape, of which the last axis is time."""
    samples = read_samples(values, name)
    require_not_empty(samples.array.size, name)
    if samples.masked is not None:
        raise TypeError(f"{name} must have no masked elements: without them times would move")
    found = labelled(samples.array)
    warn_if_continuous(samples.array, found.size, name)
    shaped = found.array.reshape(samples.shape or (1,))
    return Labels(shaped, found.size, found.alphabet_size)


def _lagged(series: Labels, start: int, lag: int) -> Labels:
    """Return the labels `lag` steps before each place from `start` on."""
    labels = series.array[..., start - lag : series.array.shape[-1] - lag]
    return Labels(labels.reshape(-1), series.size, series.alphabet_size)


def _shaped(values: npt.NDArray[np.float64], shape: tuple[int, ...]) -> Result:
    return values.reshape(shape) if shape else float(values[0])
