"""Samples as the kernels count them, whatever they come as."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from pyinfo import _core
from pyinfo._samples.nullable import KINDS, NullableArray
from pyinfo._samples.objects import count_objects, factorize_objects
from pyinfo.arguments import require_same_number, require_same_shape
from pyinfo.arrays import read

Array: TypeAlias = npt.NDArray[Any]
LabelArray: TypeAlias = npt.NDArray[np.uint32]

_WHOLE: Final = "bui"
_LARGEST_TOTAL: Final = 2**64 - 1
_NATIVE: Final = "buimMUS"


class Samples(NamedTuple):
    """Samples of one variable.

    Attributes
    ----------
    array
        All of them, in one dimension: contiguous, aligned and native. It may be a `NullableArray`.
    shape
        The shape that they came in.
    masked
        Which of them are masked: they are left out. None if none is.
    """

    array: Array
    shape: tuple[int, ...]
    masked: npt.NDArray[np.bool_] | None

    @property
    def present(self) -> Array:
        """Those that are not masked."""
        return self.array if self.masked is None else self.array[~self.masked]


def read_samples(samples: Any, name: str = "samples") -> Samples:
    """Return what is counted.

    Parameters
    ----------
    samples : array_like, bytes-like or str
        Arrays are flattened in C order. Bytes-like objects are uint8, a str is its characters.
    name : str
        What messages call them.

    Raises
    ------
    TypeError
        If they are nothing that can be counted.
    """
    array: Array
    missing = masked = None
    if type(samples) is np.ndarray:
        array = samples
        if array.ndim == 1 and array.dtype.kind not in "TO":
            flags = array.flags
            if flags.c_contiguous and flags.aligned and array.dtype.isnative:
                return Samples(array, array.shape, None)  # as nearly all of them come
    elif isinstance(samples, (bytes, bytearray)):  # which would become an array of text
        array = np.frombuffer(samples, np.uint8)
    elif isinstance(samples, NullableArray):
        return Samples(cast("Array", samples), samples.shape, None)
    elif isinstance(samples, str):
        array = np.frombuffer(samples.encode("utf-32-le", "surrogatepass"), "<U1")
    else:
        array, missing, masked = read(samples, name)
    if array.dtype.kind == "T":  # strings of any length: objects to NumPy as well
        array = array.astype(object)
    shape = array.shape
    if missing is not None:
        array = with_missing(array, missing)
    array = array.reshape(-1) if array.ndim != 1 else array
    if array.dtype.kind != "O":
        # What comes over a network may lie at any address.
        array = np.require(array, array.dtype.newbyteorder("="), ["C", "A"])
    return Samples(array, shape, None if masked is None else masked.reshape(-1))


def as_samples(samples: Any, name: str = "samples") -> Array:
    """Return the samples that are not masked as a contiguous, native array in one dimension."""
    return read_samples(samples, name).present


def aligned_samples(
    variables: Sequence[Any], names: Sequence[str], weights: Any = None
) -> tuple[list[Array], npt.NDArray[np.float64] | None]:
    """Return samples of several variables, without those that are masked in one of them.

    Parameters
    ----------
    variables : sequence of array_like
        All of one shape; axes of length 1 make no difference.
    names : sequence of str
        What messages call them.
    weights : array_like, optional
        Of the samples, of the same shape.

    Returns
    -------
    arrays : list of ndarray
        In one dimension.
    weights : ndarray or None
        Those of the samples that are left.
    """
    found = [read_samples(each, name) for each, name in zip(variables, names, strict=True)]
    require_same_shape([each.shape for each in found], names)
    checked = None if weights is None else as_weights(weights, found[0].shape)
    masks = [each.masked for each in found if each.masked is not None]
    if not masks:
        return [each.array for each in found], checked
    kept = ~np.logical_or.reduce(masks)
    return [each.array[kept] for each in found], None if checked is None else checked[kept]


def weighted_samples(samples: Any, weights: Any) -> tuple[Array, npt.NDArray[np.float64] | None]:
    """Return the samples that are not masked, and their weights."""
    if weights is None:
        return as_samples(samples), None
    arrays, checked = aligned_samples([samples], ["samples"], weights)
    return arrays[0], checked


def is_native(dtype: np.dtype[Any]) -> bool:
    """Say whether the core counts elements of that type as they are."""
    return dtype.isbuiltin != 2 and (
        dtype.kind in _NATIVE or (dtype.kind == "f" and dtype.itemsize <= 8)
    )


def as_weights(
    weights: npt.ArrayLike, shape: tuple[int, ...], name: str = "weights"
) -> npt.NDArray[np.float64]:
    """Return checked weights of samples of that shape, in one dimension."""
    given = _core.as_array(weights, name)
    if given.dtype.kind not in "buif":
        raise TypeError(f"{name} must be real numbers, not {given.dtype}")
    require_same_shape([shape, given.shape], ["samples", name], "elements")
    array = np.require(given.reshape(-1), np.float64, ["C", "A"])
    wrong = ~((array >= 0) & (array < np.inf))
    if wrong.any():
        i = int(wrong.argmax())
        what = "is negative" if array[i] < 0 else "is not finite"
        raise ValueError(f"{name}[{i}] = {array[i]} {what}")
    require_total(array, name)
    return array


def require_total(counts: Array, name: str = "counts") -> None:
    """Raise an error if the sum of counts is more than their type holds.

    Raises
    ------
    OverflowError
        If integers sum to 2**64 or more.
    ValueError
        If the sum of floats is not finite.
    """
    if counts.dtype.kind == "f":
        with np.errstate(over="ignore"):
            finite = bool(np.isfinite(counts.sum()))
        if not finite:
            raise ValueError(f"{name} sum to more than a float64 holds: divide them by the largest")
    elif total_of(counts) > _LARGEST_TOTAL:
        raise OverflowError(f"{name} sum to {total_of(counts)}, more than 64 bits hold")


def total_of(counts: Array) -> int | float:
    """Return the sum of counts, of integers exactly."""
    total: int | float = counts.sum().item()
    # The float is right to some digits whatever the sum.
    if counts.dtype.kind == "f" or counts.sum(dtype=np.float64) < 2.0**63:
        return total
    low = counts & np.uint64(0xFFFFFFFF)
    return (int((counts >> np.uint64(32)).sum()) << 32) + int(low.sum())


def as_counts(counts: npt.ArrayLike, size: int) -> Array:
    """Return checked counts of so many values: uint64, or float64 if they are floats."""
    given = _core.as_array(counts, "counts")
    if given.ndim != 1:
        raise ValueError(f"counts must have one dimension, not {given.ndim}")
    require_same_number([size, given.size], ["values", "counts"], "elements")
    if given.dtype.kind not in "bui":
        return as_weights(given, (size,), "counts")
    if given.dtype.kind == "i" and (given < 0).any():
        i = int((given < 0).argmax())
        raise ValueError(f"counts[{i}] = {given[i]} is negative")
    return np.require(given, np.uint64, ["C", "A"])


def common_dtype(
    first: np.dtype[Any], second: np.dtype[Any], name: str = "the samples"
) -> np.dtype[Any]:
    """Return the type that holds the values of both exactly; TypeError if they do not mix."""
    if first == second:
        return first
    kinds = first.kind + second.kind
    if "O" in kinds:
        return np.dtype(object)
    if kinds[0] == kinds[1] or all(kind in _WHOLE for kind in kinds):
        try:
            dtype = np.promote_types(first, second)
        except TypeError:  # of durations in months and in days, say
            dtype = np.dtype(object)
        if dtype.kind in kinds:
            return dtype
    raise TypeError(
        f"values of type {first} and {second} cannot be counted together: cast {name} to one type"
    )


def concatenated(arrays: list[Array], name: str = "the samples") -> Array:
    """Return the arrays one after the other, in their common type."""
    dtype = arrays[0].dtype
    for array in arrays[1:]:
        dtype = common_dtype(dtype, array.dtype, name)
    if dtype.kind == "O":
        arrays = [_as_objects(array) for array in arrays]
    return np.concatenate(arrays, dtype=dtype) if len(arrays) > 1 else arrays[0]


def count(array: Array, weights: Array | None = None) -> tuple[Array, Array]:
    """Return the different values of `as_samples(...)`, sorted, and how often each occurs.

    Raises
    ------
    OverflowError
        If integer weights sum to 2**64 or more: no count is more than their sum.
    ValueError
        If the sum of other weights is not finite.
    """
    if weights is not None:
        require_total(weights, "counts" if weights.dtype.kind == "u" else "weights")
    if isinstance(array, NullableArray):
        return array.counted(weights)
    if is_native(array.dtype):
        return _core.count_values(array, weights)
    if array.dtype.kind == "O":
        return count_objects(array, weights)
    labels, values = factorize(array)
    present, counts = _core.count_values(labels, weights)
    return values[present], counts


def factorize(array: Array) -> tuple[LabelArray, Array]:
    """Return for each of `as_samples(...)` which value it is, and the different values, sorted."""
    if isinstance(array, NullableArray):
        return array.factorized()
    if is_native(array.dtype):
        labels, values, _ = _core.factorize(array)
        return labels, values
    if array.dtype.kind == "O":
        return factorize_objects(array)
    if array.dtype.kind == "f" and array.dtype.isbuiltin != 2:  # wider than any the core counts
        values, found = np.unique(array, return_inverse=True)
        return found.astype(np.uint32), values
    labels = _labels_of_columns(_columns(array))
    first = np.zeros(int(labels.max()) + 1 if labels.size else 0, np.intp)
    first[labels[::-1]] = np.arange(len(labels))[::-1]
    return labels, array[first]


def _columns(array: Array) -> list[Array]:
    """Return columns that the core counts and that together say which samples are equal."""
    dtype = array.dtype
    if dtype.names is not None:
        return [column for name in dtype.names for column in _columns(array[name])]
    if array.ndim > 1:  # a field that is an array itself
        return [column for part in array.reshape(len(array), -1).T for column in _columns(part)]
    if dtype.kind == "c" or (dtype.isbuiltin == 2 and dtype.name.startswith("complex")):
        wide = array.astype(np.promote_types(dtype, np.complex64) if dtype.kind == "c" else "c8")
        wide[np.isnan(wide)] = complex("nan+nanj")  # all NaNs are one value
        return [column for part in (wide.real, wide.imag) for column in _columns(part)]
    if dtype.isbuiltin == 2:  # of ml_dtypes: float64 holds the values of all of them
        return [array.astype(np.float64)]
    if dtype.kind == "V":
        size = dtype.itemsize
        raw = np.ascontiguousarray(array).view(np.uint8).reshape(len(array), size)
        return [np.ascontiguousarray(column) for column in raw.T]
    if dtype.kind == "O":
        return [array]
    if is_native(dtype) or dtype.char == "g":
        return [np.require(array, dtype.newbyteorder("="), ["C", "A"])]
    raise TypeError(f"values of type {dtype} cannot be counted")


def _labels_of_columns(columns: list[Array]) -> LabelArray:
    """Return the rank of each row."""
    if not columns:
        raise TypeError("values without a size cannot be counted")
    labels, _ = factorize(columns[0])
    for column in columns[1:]:
        more, others = factorize(column)
        keys = labels.astype(np.uint64) * np.uint64(len(others)) + more
        labels, _, _ = _core.factorize(keys)
    return labels


def with_missing(array: Array, missing: npt.NDArray[np.bool_]) -> Array:
    """Return an array that says itself where values are missing; a vector, if of integers."""
    if array.dtype.kind in "fmM":
        array = array.copy()
        array[missing] = np.nan if array.dtype.kind == "f" else np.array("NaT", array.dtype)
        return array
    if array.dtype.kind in KINDS:
        return cast("Array", NullableArray(array, missing))
    array = array.astype(object)
    array[missing] = None
    return array


def _as_objects(array: Array) -> Array:
    if array.dtype.kind in "mMV":  # astype would make integers and tuples of them
        objects = np.empty(len(array), object)
        objects[:] = list(array)
        return objects
    return array.astype(object)
