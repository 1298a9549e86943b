"""What each kind of object is read as by each kind of function: the cells of the contract's table.

Each object holds 3, 3 and 5, and some have a fourth element that is masked, missing or NaN.
"""

from __future__ import annotations

import array
import ctypes
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow
import pytest

import pyinfo
from support.dlpack_producer import Producer

pandas = pytest.importorskip("pandas", reason="pandas is not installed (extra bench)")
polars = pytest.importorskip("polars", reason="polars is not installed (extra bench)")

PLAIN = [3, 3, 5]
NULLS = [3, 3, 5, None]


class Exporter:
    """One that knows Arrow's protocol alone."""

    def __init__(self, column: Any) -> None:
        self.column = column

    def __arrow_c_array__(self, requested_schema: Any = None) -> Any:
        return self.column.__arrow_c_array__(requested_schema)


class Quantity(np.ndarray[Any, Any]):
    """Numbers with a unit, as those of astropy, pint and unyt."""

    unit = "m"

    def to_value(self, unit: str) -> Any:
        """Return the numbers in some unit."""
        return np.asarray(self)


class Group:
    """Arrays by name, as HDF5, Zarr and netCDF have them."""

    def __getitem__(self, name: str) -> Any:
        return np.array(PLAIN)

    def __len__(self) -> int:
        return 1

    def keys(self) -> list[str]:
        """Return the names."""
        return ["x"]


class Sparse:
    """A matrix of SciPy that holds what is not zero."""

    def toarray(self) -> Any:
        """Return all of it."""
        return np.array(PLAIN)


class Picture:
    """One that has a memory with dimensions, and Arrow's view of it without."""

    @property
    def __array_interface__(self) -> dict[str, Any]:
        return np.array(PLAIN).__array_interface__ | {"data": np.array(PLAIN).tobytes()}

    def __arrow_c_array__(self, requested_schema: Any = None) -> Any:
        raise AssertionError


# What the page calls it, what makes it, and whether it has a fourth element.
KINDS: list[tuple[str, Callable[[], Any], bool]] = [
    ("NumPy array", lambda: np.array(PLAIN), False),
    ("list, tuple", lambda: list(PLAIN), False),
    ("buffer: `array.array`, `memoryview`", lambda: array.array("q", PLAIN), False),
    ("`ctypes` array", lambda: (ctypes.c_int * 3)(*PLAIN), False),
    ("picture: memory with dimensions", Picture, False),
    ("tensor with DLPack", lambda: Producer(np.array(PLAIN)), False),
    ("pandas series", lambda: pandas.Series(PLAIN), False),
    ("pandas series, nullable", lambda: pandas.Series(PLAIN, dtype="Int64"), False),
    ("pandas series of Arrow's type", lambda: pandas.Series(PLAIN, dtype="int64[pyarrow]"), False),
    ("polars series", lambda: polars.Series(PLAIN), False),
    ("Arrow array", lambda: pyarrow.array(PLAIN), False),
    ("exporter of Arrow's interface", lambda: Exporter(pyarrow.array(PLAIN)), False),
    ("masked array, nothing masked", lambda: np.ma.array(PLAIN, mask=False), False),
    ("masked array, an element masked", lambda: np.ma.array([3, 3, 5, 9], mask=[0, 0, 0, 1]), True),
    ("list with `np.ma.masked`", lambda: [*PLAIN, np.ma.masked], True),
    ("list with `None`", lambda: list(NULLS), True),
    ("pandas series, nullable, with NA", lambda: pandas.Series(NULLS, dtype="Int64"), True),
    (
        "pandas series of Arrow's type with NA",
        lambda: pandas.Series(NULLS, dtype="int64[pyarrow]"),
        True,
    ),
    ("polars series with null", lambda: polars.Series(NULLS), True),
    ("Arrow array with null", lambda: pyarrow.array(NULLS), True),
    ("exporter of Arrow's interface, with null", lambda: Exporter(pyarrow.array(NULLS)), True),
    ("NumPy array with NaN", lambda: np.array([*PLAIN, math.nan]), True),
    ("iterator, generator, open file", lambda: iter(PLAIN), False),
    ("dict", lambda: dict.fromkeys(PLAIN, 1), False),
    ("set, view of a dict", lambda: {*PLAIN}, False),
    ("quantity with a unit", lambda: np.array(PLAIN).view(Quantity), False),
    ("sparse matrix of SciPy", Sparse, False),
    ("group of arrays: HDF5, Zarr, netCDF, dataset of xarray", Group, False),
    ("path, function, other object", lambda: print, False),
]


def _counted(data: Any, size: int) -> Any:
    return pyinfo.Counts.from_samples(data).counts.tolist()


def _informed(data: Any, size: int) -> Any:
    return round(pyinfo.mutual_information(data, list(range(size))), 12)


def _distributed(data: Any, size: int) -> Any:
    return round(pyinfo.entropy(data, normalize=True), 12)


def _weighing(data: Any, size: int) -> Any:
    return pyinfo.Counts.from_samples(list(range(size)), weights=data).counts.tolist()


def _estimated(data: Any, size: int) -> Any:
    return pyinfo.estimate_entropy(data)


def _compressed(data: Any, size: int) -> Any:
    return pyinfo.decompress(pyinfo.compress(data)).tolist()


FUNCTIONS: dict[str, Callable[[Any, int], Any]] = {
    "samples": _counted,
    "samples of two variables": _informed,
    "distribution": _distributed,
    "weights": _weighing,
    "counts": _estimated,
    "data to compress": _compressed,
}


def outcome(make: Callable[[], Any], has_fourth: bool, function: Callable[[Any, int], Any]) -> str:
    """Say in a word or two what happens; AssertionError if it is nothing that should."""
    size = len(PLAIN) + has_fourth
    try:
        found = function(make(), size)
    except (TypeError, ValueError) as error:
        text = str(error)
        assert "\n" not in text
        for sign, reason in (
            ("mask", "a mask"),
            ("has the unit", "a unit"),
            ("nulls", "nulls"),
            ("an array or a list", "no array"),
            ("not finite", "not finite"),
            ("must be integers", "no integers"),
        ):
            if sign in text:
                return f"`{type(error).__name__}`: {reason}"
        raise
    if isinstance(found, float) and math.isnan(found):
        return "NaN"
    if found == function(np.array(PLAIN), len(PLAIN)):
        return "left out" if has_fourth else "read"
    fourth = function(np.array([*PLAIN, 9]), size)
    if has_fourth and function in (_counted, _informed) and found == fourth:
        return "one value, the last"
    assert has_fourth
    assert function is _compressed
    assert str(found) == str([*map(float, PLAIN), math.nan])
    return "read"


def table() -> str:
    """Return the table of the contract."""
    rows = [
        ["object", *FUNCTIONS],
        ["---"] * (len(FUNCTIONS) + 1),
        *(
            [kind, *(outcome(make, has_fourth, use) for use in FUNCTIONS.values())]
            for kind, make, has_fourth in KINDS
        ),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows).replace("| --- | ", "|---|", 1)
