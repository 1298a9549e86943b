"""Python objects as samples: they need a hash, and no order among themselves.

What is missing (None, NA, NaN, NaT) is one value, the last.
"""

from __future__ import annotations

import numbers
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def count_objects(array: Array, weights: Array | None) -> tuple[Array, Array]:
    """Return the different objects, and how often each occurs."""
    if weights is None:
        table: dict[Any, Any] = _hashable(Counter, array)
    else:
        table = {}
        _hashable(_add_weights, table, array, weights)
        table = {value: weight for value, weight in table.items() if weight != 0}
    values, places = _in_order(table)
    dtype = np.uint64 if weights is None or weights.dtype.kind == "u" else np.float64
    found = list(table.values())
    counts = np.zeros(len(values), dtype)
    for place, number in zip(places, found, strict=True):
        counts[place] += dtype(number)
    return values, counts


def factorize_objects(array: Array) -> tuple[npt.NDArray[np.uint32], Array]:
    """Return for each object which value it is, and the different values."""
    table: dict[Any, int] = {}
    met: npt.NDArray[np.uint32] = np.empty(len(array), np.uint32)
    _hashable(_label, table, array, met)
    values, places = _in_order(table)
    return np.asarray(places, np.uint32)[met], values


def is_missing(value: Any) -> bool:
    """Say whether an object stands for no value."""
    # NA cannot be asked whether it equals itself.
    return value is None or type(value).__name__ == "NAType" or bool(value != value)


def _hashable(function: Callable[..., Any], *args: Any) -> Any:
    """Call what fills a dict, and say it plainly if it cannot."""
    try:
        return function(*args)
    except TypeError as error:
        raise TypeError(f"objects that are counted must be hashable: {error}") from None


def _add_weights(table: dict[Any, float], array: Array, weights: Array) -> None:
    for value, weight in zip(array.tolist(), weights.tolist(), strict=True):
        table[value] = table.get(value, 0) + weight


def _label(table: dict[Any, int], array: Array, labels: npt.NDArray[np.uint32]) -> None:
    for i, value in enumerate(array.tolist()):
        labels[i] = table.setdefault(value, len(table))


def _in_order(table: dict[Any, Any]) -> tuple[Array, list[int]]:
    """Return the keys in order, and for each key of the dict its place."""
    keys = list(table)
    missing = [is_missing(key) for key in keys]
    order = _ordered([i for i, absent in enumerate(missing) if not absent], keys)
    place = [len(order)] * len(keys)
    for rank, i in enumerate(order):
        place[i] = rank
    values = np.empty(len(order) + any(missing), object)
    for rank, i in enumerate(order):
        values[rank] = keys[i]
    if any(missing):
        values[-1] = _one_of([key for key, absent in zip(keys, missing, strict=True) if absent])
    return values, place


def _one_of(missing: list[Any]) -> Any:
    """Return what stands for all that is missing: NaN or NaT if there is no other, else None."""
    first = missing[0]
    alike = type(first).__name__ != "NAType" and all(type(key) is type(first) for key in missing)
    return first if alike else None


def _ordered(places: list[int], keys: list[Any]) -> list[int]:
    """Return the places in the order of their keys; of those without one, by type and text."""
    if not any(isinstance(keys[i], set | frozenset) for i in places):  # whose order is partial
        try:
            return sorted(places, key=keys.__getitem__)
        except (TypeError, ValueError):
            pass
    groups: dict[str, list[int]] = {}
    for i in places:
        groups.setdefault(_group(keys[i]), []).append(i)
    if len(groups) > 1:
        return [i for group in sorted(groups) for i in _ordered(groups[group], keys)]
    return sorted(places, key=lambda i: repr(keys[i]))


def _group(key: Any) -> str:
    if isinstance(key, numbers.Real):
        return ""  # first, and all together
    return f"{type(key).__module__}.{type(key).__qualname__}"
