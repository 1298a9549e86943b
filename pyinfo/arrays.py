"""The front door of data: whatever users hand over becomes NumPy's arrays here, or is refused.

The core takes plain arrays, lists of Python's numbers and tensors of DLPack by itself, and sends
what else there is to `numbers`. What is counted goes through `read`, whose lists may hold anything.
docs/contract.md has the table of what each kind of object is read as.
"""

from __future__ import annotations

import datetime
import numbers as abstract
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from pyinfo import _core
from pyinfo.elements import Array, Elements, Flags, alike, hashable_objects, of_values

_NUMPY_PROTOCOLS: Final = ("__array__", "__array_interface__", "__array_struct__")
_MEMORY_PROTOCOLS: Final = ("__array_interface__", "__array_struct__")
_ARROW_PROTOCOLS: Final = ("__arrow_array__", "__arrow_c_array__", "__arrow_c_stream__")
_GROUPS: Final = ("keys", "groups", "data_vars")  # of HDF5 and Zarr, netCDF4, xarray
_MOST_DIMENSIONS: Final = 64  # of NumPy's arrays
_UNITLESS: Final = ("", "None", "1", "dimensionless")
_SCALARS: Final = (
    abstract.Number,
    np.generic,
    datetime.date,
    datetime.time,
    datetime.timedelta,
)


def numbers(data: Any, name: str, reason: str = "") -> Array:
    """Return numbers as an array: of what the core cannot read by itself, which calls this.

    `reason` is why a tensor could not be had, if one was asked for: it says more than NumPy does.

    Raises
    ------
    TypeError
        If there are masked elements, or it is nothing that can be read.
    ValueError
        If values are missing.
    """
    try:
        elements = read(data, name, tuples_are_rows=True, by_dlpack=False)
    except Exception as error:
        if not reason or isinstance(error, MemoryError):
            raise
        raise ValueError(f"{name} cannot be read as an array: {reason}") from error
    if elements.masked is not None:
        raise TypeError(
            f"{name} has masked elements: {name}.compressed() leaves them out, "
            f"{name}.filled(0) makes them zeros"
        )
    if elements.missing is not None:
        raise ValueError(f"{name} has nulls: fill or drop them first")
    return np.asarray(elements.array)


def read(
    data: Any,
    name: str,
    *,
    tuples_are_rows: bool = False,
    by_dlpack: bool = True,
    depth: int = 0,
) -> Elements:
    """Return what an object holds, of whatever package it is.

    Parameters
    ----------
    data : array_like
        Arrays and masked arrays of NumPy; series and frames of pandas and polars; Arrow's arrays
        and tables, and what exports them; tensors of DLPack; buffers; sequences of any of these
        or of scalars; a scalar.
    name : str
        What messages call it.
    tuples_are_rows : bool, default False
        Whether tuples in a list are rows of a table, not values.
    by_dlpack : bool, default True
        Whether to ask for a tensor; the core has done so before it calls.
    depth : int, default 0
        In how many sequences it lies.

    Raises
    ------
    TypeError
        If it is nothing that can be read twice.
    ValueError
        If sequences in it differ in shape, or are nested without end.
    """
    if isinstance(data, np.ndarray):
        return _of_ndarray(data, name)
    if isinstance(data, list | tuple):
        if (vector := _core.plain_vector(data)) is not None:
            return Elements(vector)
        return _of_sequence(data, name, tuples_are_rows, depth)
    if isinstance(data, str | bytes):
        return Elements(np.asarray(data))
    if (xarray := package_of(data, "xarray")) and isinstance(
        data, xarray.DataArray | xarray.Variable
    ):
        return read(data.data, name)
    columns = columns_of(data)
    if columns is not None:
        return _stacked([read(column, name) for column in columns], name, axis=-1)
    column = _column(data)
    if column is not None:
        return column
    if by_dlpack and hasattr(data, "__dlpack__") and hasattr(data, "__dlpack_device__"):
        return Elements(_core.as_array(data, name))
    if isinstance(data, np.generic):
        return Elements(np.asarray(data))
    if hasattr(type(data), "toarray"):
        raise TypeError(f"{name} must be an array or a list, not sparse: pass {name}.toarray()")
    _require_no_unit(data, name)
    if _has(data, _MEMORY_PROTOCOLS):  # before Arrow's, which knows no dimensions
        return _of_ndarray(np.asanyarray(data), name)
    if _has(type(data), _GROUPS) and not isinstance(data, dict):
        kind = type(data).__name__
        raise TypeError(f"{name} must be an array or a list, not {kind}: pass one of its arrays")
    if _has(data, _ARROW_PROTOCOLS) and (elements := _exported(data, name)) is not None:
        return elements
    if _has(data, _NUMPY_PROTOCOLS) or _is_buffer(data):
        # Not asarray, which would drop the mask of what __array__ returns.
        try:
            array = np.asanyarray(data)
        except ValueError as error:
            if _has(data, _NUMPY_PROTOCOLS):
                raise
            kind = type(data).__name__
            raise TypeError(
                f"{name} must be an array or a list, not {kind} of what NumPy cannot read: {error}"
            ) from None
        if array.dtype != object or array.ndim > 0:
            return _of_ndarray(array, name)
    elif isinstance(data, _SCALARS):
        return Elements(np.asarray(data))
    elif hasattr(data, "__next__"):
        kind = type(data).__name__
        raise TypeError(
            f"{name} must be an array or a list, not {kind}, which is read only once: "
            f"pass list({name})"
        )
    elif isinstance(data, Mapping):
        kind = type(data).__name__
        raise TypeError(
            f"{name} must be an array or a list, not {kind}: pass list({name}.values())"
        )
    elif hasattr(data, "__len__") and hasattr(data, "__getitem__"):
        return _of_sequence(list(data), name, tuples_are_rows, depth)
    elif isinstance(data, Iterable):
        kind = type(data).__name__
        raise TypeError(f"{name} must be an array or a list, not {kind}: pass list({name})")
    raise TypeError(f"{name} must be an array or a list, not {type(data).__name__}")


def columns_of(data: Any) -> list[Any] | None:
    """Return the columns of a frame or table of pandas, polars, Arrow, astropy; None of others."""
    if (pandas := package_of(data, "pandas")) and isinstance(data, pandas.DataFrame):
        return [data.iloc[:, i] for i in range(data.shape[1])]
    if (polars := package_of(data, "polars")) and isinstance(data, polars.DataFrame):
        return list(data.get_columns())
    if (arrow := package_of(data, "pyarrow")) and isinstance(data, arrow.Table | arrow.RecordBatch):
        return list(data.columns)
    if package_of(data, "astropy") and hasattr(data, "colnames"):
        return [data[name] for name in data.colnames]
    return None


def package_of(data: Any, package: str) -> Any:
    """Return a package that is imported if the object's type may be one of its own."""
    found = sys.modules.get(package)
    # Subclasses of their types are somebody else's.
    if found is None or not any(
        base.__module__.partition(".")[0] == package for base in type(data).__mro__
    ):
        return None
    return found


def is_array(data: Any) -> bool:
    """Say whether an object is an array or a sequence of some length, not a single value."""
    return getattr(data, "ndim", 1) > 0 and _is_nested(type(data), True)


# -- NumPy ----------------------------------------------------------------------------------------


def _of_ndarray(data: Array, name: str) -> Elements:
    if type(data) is np.ndarray:
        return Elements(data)
    _require_no_unit(data, name)
    if isinstance(data, np.ma.MaskedArray):
        array, mask = np.asarray(data.data), np.ma.getmaskarray(data)
    elif hasattr(data, "mask") and hasattr(data, "unmasked"):  # astropy's
        array, mask = np.asarray(data.unmasked), np.asarray(data.mask)
    else:
        return Elements(np.asarray(data))
    mask = _of_any_field(mask)
    return Elements(array, masked=mask if mask.any() else None)


def _require_no_unit(data: Any, name: str) -> None:
    """Raise TypeError for a quantity (of astropy, pint, unyt) whose numbers alone do not say it."""
    kind = type(data)
    if hasattr(kind, "to_value") and _has(kind, ("unit", "units")):
        unit = str(data.unit if hasattr(kind, "unit") else data.units)
        call = f"{name}.to_value(unit)"
    elif hasattr(kind, "magnitude") and hasattr(kind, "units"):
        unit, call = str(data.units), f"{name}.m_as(unit)"
    else:
        return
    if unit not in _UNITLESS:
        raise TypeError(f"{name} has the unit {unit}, which would be lost: pass {call}")


def _of_any_field(mask: Array) -> Flags:
    if mask.dtype.names is None:
        return mask
    found = np.zeros(mask.shape, np.bool_)
    for field in mask.dtype.names:
        inner = _of_any_field(mask[field])
        found |= inner.reshape(*mask.shape, -1).any(axis=-1)
    return found


# -- Sequences ------------------------------------------------------------------------------------


def _of_sequence(items: Sequence[Any], name: str, tuples_are_rows: bool, depth: int) -> Elements:
    if depth == _MOST_DIMENSIONS:
        raise ValueError(
            f"{name.partition('[')[0]} must be an array of at most {_MOST_DIMENSIONS} dimensions: "
            "its lists are nested deeper, or hold themselves"
        )
    kinds = set(map(type, items))
    if type(np.ma.masked) in kinds:
        masked = np.fromiter((item is np.ma.masked for item in items), np.bool_, len(items))
        plain = [item for item in items if item is not np.ma.masked]
        kept = _of_sequence(plain, name, tuples_are_rows, depth)
        if kept.array.ndim != 1:
            raise ValueError(f"{name} must be an array: it has rows and single elements")
        array = np.zeros(len(items), kept.array.dtype)
        array[~masked] = kept.array
        missing = None
        if kept.missing is not None:
            missing = np.zeros(len(items), np.bool_)
            missing[~masked] = kept.missing
        return Elements(array, missing, masked)
    nested = {kind for kind in kinds if _is_nested(kind, tuples_are_rows)}
    if not nested:
        return of_values(items, kinds)
    parts = [
        read(item, f"{name}[{i}]", tuples_are_rows=tuples_are_rows, depth=depth + 1)
        if type(item) in nested
        else Elements(np.asarray(item))
        for i, item in enumerate(items)
    ]
    return _stacked(parts, name, axis=0)


def _is_nested(kind: type, tuples_are_rows: bool) -> bool:
    """Say whether elements of that type are arrays themselves, not values."""
    if issubclass(kind, tuple):
        return tuples_are_rows
    if issubclass(kind, str | bytes | np.generic):
        return False
    return (
        issubclass(kind, list | Sequence)
        or _has(kind, (*_NUMPY_PROTOCOLS, *_ARROW_PROTOCOLS))
        or hasattr(kind, "__dlpack__")
    )


def _stacked(parts: list[Elements], name: str, axis: int) -> Elements:
    """Return arrays of one shape as one array with an axis more."""
    shapes = {part.array.shape for part in parts}
    if not parts:
        return Elements(np.empty((0, 0)))
    if len(shapes) > 1:
        first, second = sorted(shapes)[:2]
        raise ValueError(
            f"{name} must be an array: its rows must have one shape, not {first} and {second}"
        )
    shape = parts[0].array.shape
    return Elements(
        np.stack(alike([part.array for part in parts]), axis),
        _stacked_flags([part.missing for part in parts], shape, axis),
        _stacked_flags([part.masked for part in parts], shape, axis),
    )


def _stacked_flags(flags: list[Flags | None], shape: tuple[int, ...], axis: int) -> Flags | None:
    if all(flag is None for flag in flags):
        return None
    nowhere = np.zeros(shape, np.bool_)
    return np.stack([nowhere if flag is None else flag for flag in flags], axis)


# -- Other packages -------------------------------------------------------------------------------


def _column(data: Any) -> Elements | None:
    """Return a column of pandas, polars or Arrow; None of other objects."""
    if pandas := package_of(data, "pandas"):
        if isinstance(data, pandas.MultiIndex):
            return Elements(np.asarray(data))
        if isinstance(data, pandas.Series | pandas.Index):
            return _of_pandas(pandas, data.array)
        if isinstance(data, pandas.api.extensions.ExtensionArray):
            return _of_pandas(pandas, data)
    if (polars := package_of(data, "polars")) and isinstance(data, polars.Series):
        return _of_polars(polars, data)
    if arrow := package_of(data, "pyarrow"):
        if isinstance(data, arrow.Array | arrow.ChunkedArray):
            return _of_arrow(arrow, data)
        if isinstance(data, arrow.Scalar):
            return _of_arrow(arrow, arrow.array([data.as_py()], data.type))
    return None


def _of_pandas(pandas: Any, column: Any) -> Elements:
    dtype = column.dtype
    if isinstance(dtype, pandas.CategoricalDtype):
        categories = read(column.categories, "categories").array
        absent = column.codes < 0
        if not len(categories):
            return Elements(np.full(len(column), None, object), _or_none(absent))
        return Elements(categories[column.codes], _or_none(absent))
    if isinstance(dtype, pandas.ArrowDtype):
        arrow = sys.modules["pyarrow"]
        return _of_arrow(arrow, column.__arrow_array__())
    if isinstance(dtype, pandas.StringDtype):
        array = column.to_numpy(dtype=object, na_value=None)
        return Elements(array, _or_none(np.asarray(column.isna())))
    if isinstance(dtype, pandas.api.extensions.ExtensionDtype) and hasattr(dtype, "numpy_dtype"):
        numpy_dtype = np.dtype(dtype.numpy_dtype)
        absent = np.asarray(column.isna())
        if numpy_dtype.kind in "buif" and hasattr(column, "to_numpy") and hasattr(column, "_mask"):
            # Of floats isna() may mean NaN as well: a missing value in either case.
            array = column.to_numpy(dtype=numpy_dtype, na_value=numpy_dtype.type(0))
            return Elements(array, _or_none(absent))
    return _of_ndarray(np.asarray(column), "column")


def _of_polars(polars: Any, column: Any) -> Elements:
    dtype = column.dtype
    absent = column.is_null().to_numpy() if column.null_count() else None
    if dtype == polars.Boolean:
        return Elements(column.fill_null(False).to_numpy(), absent)
    if dtype.is_integer() and dtype not in _wide_integers(polars):
        return Elements(column.fill_null(0).to_numpy(), absent)
    if dtype.is_float() or dtype in (polars.Date, polars.Datetime, polars.Duration):
        return Elements(column.to_numpy(), absent)
    return Elements(hashable_objects(column.to_list()), absent)


def _wide_integers(polars: Any) -> list[Any]:
    names = ("Int128", "UInt128")
    return [getattr(polars, name) for name in names if hasattr(polars, name)]


def _of_arrow(arrow: Any, column: Any) -> Elements:
    is_a, kind = arrow.types, column.type
    if is_a.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    absent = None
    if column.null_count:
        absent = np.asarray(column.is_null().to_numpy(zero_copy_only=False))
    if is_a.is_boolean(kind) or is_a.is_integer(kind):
        # To NumPy integers with nulls are floats.
        filled = (
            column if absent is None else column.fill_null(False if is_a.is_boolean(kind) else 0)
        )
        return Elements(filled.to_numpy(zero_copy_only=False), absent)
    if (
        is_a.is_floating(kind)
        or is_a.is_date(kind)
        or is_a.is_timestamp(kind)
        or is_a.is_duration(kind)
    ):
        return Elements(column.to_numpy(zero_copy_only=False), absent)
    return Elements(hashable_objects(column.to_pylist()), absent)


def _exported(data: Any, name: str) -> Elements | None:
    """Return what an object of another package exports as Arrow's arrays or tables."""
    try:
        import pyarrow
    except ImportError:
        if _has(data, _NUMPY_PROTOCOLS):
            return None
        kind = type(data).__name__
        raise TypeError(f"{name} is read through pyarrow, which {kind} needs: install it") from None
    if hasattr(data, "__arrow_c_stream__"):
        column = pyarrow.chunked_array(data)
        if pyarrow.types.is_struct(column.type):
            return read(pyarrow.table(data), name)
    else:
        column = pyarrow.array(data)
    return _of_arrow(pyarrow, column)


# -- What objects can -----------------------------------------------------------------------------


def _or_none(flags: Flags) -> Flags | None:
    return flags if flags.any() else None


def _has(data: Any, names: tuple[str, ...]) -> bool:
    return any(hasattr(data, name) for name in names)


def _is_buffer(data: Any) -> bool:
    try:
        memoryview(data)
    except TypeError:
        return False
    return True
