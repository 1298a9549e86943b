"""Samples as the kernels count them, whatever they come as."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from pyinfo import _core
from pyinfo.arguments import require_same_number

Array: TypeAlias = npt.NDArray[Any]
LabelArray: TypeAlias = npt.NDArray[np.uint32]

_SUPPORTED: Final = "integers, bool, floats up to float64, dates, durations, strings or objects"
_WHOLE: Final = "bui"


def as_samples(samples: Any, name: str = "samples") -> Array:
    """Return the samples as a contiguous, native array in one dimension.

    Parameters
    ----------
    samples : array_like, bytes-like or str
        Arrays are flattened in C order. Bytes-like objects are uint8, a str is its characters.
    name : str
        What messages call them.

    Raises
    ------
    TypeError
        If they are of a type that is not counted.
    """
    array: Array
    if isinstance(samples, (bytes, bytearray)):  # which would become an array of text
        array = np.frombuffer(samples, np.uint8)
    elif isinstance(samples, str):
        array = np.frombuffer(samples.encode("utf-32-le", "surrogatepass"), "<U1")
    else:
        array = _as_array(samples, name)
    kind = array.dtype.kind
    if kind == "T":  # strings of any length: objects to NumPy as well
        array = array.astype(object)
    elif kind not in "buifmMUSO" or (kind == "f" and array.itemsize > 8):
        raise TypeError(f"{name} must hold {_SUPPORTED}, not {array.dtype}")
    array = array.reshape(-1)
    if array.dtype.kind == "O":
        return array
    # What comes over a network may lie at any address.
    return np.require(array, array.dtype.newbyteorder("="), ["C", "A"])


def as_weights(weights: npt.ArrayLike, size: int, name: str = "weights") -> npt.NDArray[np.float64]:
    """Return checked weights of so many samples."""
    given = np.asarray(weights)
    if given.dtype.kind not in "buif":
        raise TypeError(f"{name} must be real numbers, not {given.dtype}")
    require_same_number([size, given.size], ["samples", name], "elements")
    array = np.require(given.reshape(-1), np.float64, ["C", "A"])
    wrong = ~((array >= 0) & (array < np.inf))
    if wrong.any():
        i = int(wrong.argmax())
        what = "is negative" if array[i] < 0 else "is not finite"
        raise ValueError(f"{name}[{i}] = {array[i]} {what}")
    return array


def as_counts(counts: npt.ArrayLike, size: int) -> Array:
    """Return checked counts of so many values: uint64, or float64 if they are floats."""
    given = np.asarray(counts)
    if given.ndim != 1:
        raise ValueError(f"counts must have one dimension, not {given.ndim}")
    require_same_number([size, given.size], ["values", "counts"], "elements")
    if given.dtype.kind not in "bui":
        return as_weights(given, size, "counts")
    if given.dtype.kind == "i" and (given < 0).any():
        i = int((given < 0).argmax())
        raise ValueError(f"counts[{i}] = {given[i]} is negative")
    return np.require(given, np.uint64, ["C", "A"])


def common_dtype(first: np.dtype[Any], second: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type that holds the values of both exactly; TypeError if they do not mix."""
    if first == second:
        return first
    kinds = first.kind + second.kind
    if kinds[0] == kinds[1] or all(kind in _WHOLE for kind in kinds):
        try:
            dtype = np.promote_types(first, second)
        except TypeError:  # of durations in months and in days, say
            dtype = np.dtype(object)
        if dtype.kind in kinds:
            return dtype
    raise TypeError(f"values of type {first} and {second} cannot be counted together")


def concatenated(arrays: list[Array]) -> Array:
    """Return the arrays one after the other, in their common type."""
    dtype = arrays[0].dtype
    for array in arrays[1:]:
        dtype = common_dtype(dtype, array.dtype)
    return np.concatenate(arrays, dtype=dtype) if len(arrays) > 1 else arrays[0]


def count(array: Array, weights: Array | None = None) -> tuple[Array, Array]:
    """Return the different values of `as_samples(...)`, sorted, and how often each occurs."""
    if array.dtype.kind != "O":
        return _core.count_values(array, weights)
    if weights is None:
        table: dict[Any, Any] = _hashable(Counter, array)
    else:
        table = {}
        _hashable(_add_weights, table, array, weights)
        table = {value: weight for value, weight in table.items() if weight != 0}
    values, order = _sorted_objects(table)
    dtype = np.uint64 if weights is None or weights.dtype.kind == "u" else np.float64
    found = list(table.values())
    counts = np.zeros(len(values), dtype)
    for place, number in zip(order, found, strict=True):
        counts[place] += dtype(number)
    return values, counts


def factorize(array: Array) -> tuple[LabelArray, Array]:
    """Return for each of `as_samples(...)` which value it is, and the different values, sorted."""
    if array.dtype.kind != "O":
        labels, values, _ = _core.factorize(array)
        return labels, values
    table: dict[Any, int] = {}
    met: LabelArray = np.empty(len(array), np.uint32)
    _hashable(_label, table, array, met)
    values, order = _sorted_objects(table)
    return np.asarray(order, np.uint32)[met], values


def _as_array(samples: Any, name: str) -> Array:
    try:
        array = np.asarray(samples)
    except ValueError as error:  # rows of different lengths
        raise ValueError(f"{name} must be an array: {error}") from None
    return array


def _hashable(function: Any, *args: Any) -> Any:
    """Call what fills a dict, and say it plainly if it cannot."""
    try:
        return function(*args)
    except TypeError as error:
        raise TypeError(f"objects that are counted must be hashable: {error}") from None


def _add_weights(table: dict[Any, float], array: Array, weights: Array) -> None:
    for value, weight in zip(array.tolist(), weights.tolist(), strict=True):
        table[value] = table.get(value, 0) + weight


def _label(table: dict[Any, int], array: Array, labels: LabelArray) -> None:
    for i, value in enumerate(array.tolist()):
        labels[i] = table.setdefault(value, len(table))


def _sorted_objects(table: dict[Any, Any]) -> tuple[Array, list[int]]:
    """Return the keys sorted, and for each key of the dict its place; all NaNs are one."""
    keys = list(table)
    numbers = [i for i, key in enumerate(keys) if _equals_itself(key)]
    try:
        numbers.sort(key=keys.__getitem__)
    except TypeError as error:
        raise TypeError(f"objects that are counted must be sortable: {error}") from None
    place = [len(numbers)] * len(keys)
    for rank, number in enumerate(numbers):
        place[number] = rank
    if len(numbers) < len(keys):  # what does not equal itself is NaN
        numbers.append(next(i for i, rank in enumerate(place) if rank == len(numbers)))
    values = np.empty(len(numbers), object)
    for rank, number in enumerate(numbers):
        values[rank] = keys[number]
    return values, place


def _equals_itself(value: Any) -> bool:
    return bool(value == value)
