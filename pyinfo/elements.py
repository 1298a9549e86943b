"""Single values as arrays that keep them apart, which NumPy's own may not: it guesses.

No integers are merged by becoming floats, no text by becoming shorter, and values of several types
stay apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Flags: TypeAlias = NDArray[np.bool_]

_EXACT: Final = 1 << 53  # integers up to here are floats, too
_LARGEST_KEY: Final = (1 << 64) - 1
_WHOLE: Final = (int, np.integer, np.bool_)  # bool is an int
_REAL: Final = (float, np.floating)


class Elements(NamedTuple):
    """What an object holds.

    Attributes
    ----------
    array
        Its elements; those that are missing or masked have any value.
    missing
        Where it says that there is no value: nulls, NA, None. None if it is nowhere.
    masked
        Where elements are masked, which is to say that they are not meant. None if it is nowhere.
    """

    array: Array
    missing: Flags | None = None
    masked: Flags | None = None


def of_values(items: Sequence[Any], kinds: set[type]) -> Elements:
    """Return single values as an array that keeps them apart, which NumPy's own may not."""
    if not items:
        return Elements(np.empty(0))
    if _all(kinds, _WHOLE):
        return Elements(_integers(items))
    if _all(kinds, (*_WHOLE, *_REAL, complex, np.complexfloating)):
        mixed = any(issubclass(kind, _WHOLE) for kind in kinds)
        if not mixed or all(abs(int(i)) <= _EXACT for i in items if isinstance(i, _WHOLE)):
            return Elements(np.asarray(items))
        return Elements(objects(items))
    if _all(kinds, (str,)):
        # NumPy takes trailing zeros for padding.
        return Elements(objects(items) if "\0" in "".join(items) else np.asarray(items))
    if _all(kinds, (bytes,)):
        return Elements(objects(items) if b"\0" in b"".join(items) else np.asarray(items))
    if _all(kinds, (np.datetime64,)) or _all(kinds, (np.timedelta64,)):
        return Elements(np.asarray(items))
    if len(kinds) == 1 and issubclass(next(iter(kinds)), np.generic):
        dtypes = {item.dtype for item in items}
        if len(dtypes) == 1:
            return Elements(np.array(items, *dtypes))
    missing = None
    if any(kind.__name__ in ("NoneType", "NAType", "NaTType") for kind in kinds):
        missing = np.fromiter(map(_is_null, items), np.bool_, len(items))
    return Elements(objects(items), missing)


def _integers(items: Sequence[Any]) -> Array:
    array = np.asarray(items)
    if array.dtype.kind in "bui":
        return array
    values = list(map(int, items))  # of which some need 64 bits without a sign, or more
    if min(values) >= 0 and max(values) <= _LARGEST_KEY:
        return np.array(values, np.uint64)
    return objects(values)


def objects(items: Sequence[Any]) -> Array:
    """Return values as they are."""
    return np.fromiter(items, object, len(items))


def _is_null(item: Any) -> bool:
    return item is None or type(item).__name__ in ("NAType", "NaTType")


def alike(arrays: list[Array]) -> list[Array]:
    """Return arrays in a type that holds the values of all exactly: objects if there is none."""
    dtypes = {array.dtype for array in arrays}
    if len(dtypes) == 1:
        return arrays
    kinds = {dtype.kind for dtype in dtypes}
    if len(kinds) == 1 or kinds <= set("buifc"):
        try:
            common = np.result_type(*dtypes)
        except TypeError:
            common = np.dtype(object)
        if common.kind in kinds and (common.kind not in "fc" or all(map(_fits_floats, arrays))):
            return [array.astype(common) for array in arrays]
    result: list[Array] = []
    for array in arrays:
        # Not astype, which makes integers of dates.
        flat = array.reshape(-1)
        values = list(flat) if flat.dtype.kind in "mM" else flat.tolist()
        result.append(objects(values).reshape(array.shape))
    return result


def _fits_floats(array: Array) -> bool:
    if array.dtype.kind not in "ui" or array.size == 0:
        return True
    return int(array.min()) >= -_EXACT and int(array.max()) <= _EXACT


def hashable_objects(items: list[Any]) -> Array:
    """Return values of columns as objects: lists and structures as tuples, which have a hash."""
    if any(isinstance(item, list | dict) for item in items):
        items = list(map(_hashable, items))
    return objects(items)


def _hashable(item: Any) -> Any:
    if isinstance(item, list | tuple):
        return tuple(map(_hashable, item))
    if isinstance(item, dict):
        return tuple(map(_hashable, item.values()))
    return item


def _all(kinds: set[type], allowed: tuple[type, ...]) -> bool:
    # Of a subclass of int or str, such as of an enumeration, NumPy would keep the number or text.
    return all(_is_one_of(kind, allowed) for kind in kinds)


def _is_one_of(kind: type, allowed: tuple[type, ...]) -> bool:
    if kind in (int, bool, float, complex, str, bytes):
        return issubclass(kind, allowed)
    return issubclass(kind, np.generic) and issubclass(kind, allowed)
