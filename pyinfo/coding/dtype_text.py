"""The texts by which frames name types of elements: the grammar of docs/format.md, no other.

What a text says can be told without making the type: not every machine has all of them.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.lib import format as npy_format

EXTENSION_TYPES: Final[Mapping[str, int]] = MappingProxyType({
    "bfloat16": 2,
    "float8_e3m4": 1,
    "float8_e4m3": 1,
    "float8_e4m3b11fnuz": 1,
    "float8_e4m3fn": 1,
    "float8_e4m3fnuz": 1,
    "float8_e5m2": 1,
    "float8_e5m2fnuz": 1,
    "float8_e8m0fnu": 1,
    "float6_e2m3fn": 1,
    "float6_e3m2fn": 1,
    "float4_e2m1fn": 1,
    "int1": 1,
    "int2": 1,
    "int4": 1,
    "uint1": 1,
    "uint2": 1,
    "uint4": 1,
    "complex32": 4,
    "bcomplex32": 4,
})  # fmt: skip
"""Types of ml_dtypes, and the bytes of an element."""

_MOST_BYTES: Final = 2**31 - 1  # of an element
_MOST_DIMENSIONS: Final = 64
_NUMBER: Final = r"(?:0|[1-9][0-9]{0,9})"
_PLAIN: Final = re.compile(
    r"\|(?P<one>[biu]1)"
    r"|[<>](?P<number>[iu][248]|f(?:2|4|8|12|16)|c(?:8|16|24|32))"
    r"|[<>](?P<time>[mM]8)(?:\[(?:[2-9]|[1-9][0-9]{1,8})?(?:Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)\])?"
    rf"|\|(?P<bytes>[SV]{_NUMBER})"
    rf"|[<>](?P<text>U{_NUMBER})"
)


def item_size(text: str) -> int:
    """Return the bytes of an element; ValueError if the text is none of the grammar."""
    if text.startswith("["):
        size = _record_size(_literal(text))
    elif text in EXTENSION_TYPES:
        size = EXTENSION_TYPES[text]
    else:
        size = _plain_size(text)
    if size > _MOST_BYTES:
        raise ValueError(f"{text!r} has elements of {size} bytes")
    return size


def dtype_of(text: str) -> np.dtype[Any]:
    """Return the type.

    Raises
    ------
    ValueError
        If the text is none of the grammar.
    ImportError
        If the type is one of ml_dtypes, which is not installed, or is older.
    TypeError
        If NumPy has no such type on this machine.
    """
    size = item_size(text)
    if text in EXTENSION_TYPES:
        return _extension_type(text)
    try:
        if text.startswith("["):
            dtype = npy_format.descr_to_dtype(ast.literal_eval(text))
        else:
            dtype = np.dtype(text)
    except (TypeError, ValueError) as error:
        raise TypeError(f"NumPy has no type {text!r} on this machine") from error
    if dtype.itemsize != size:
        raise TypeError(f"NumPy's type {text!r} has {dtype.itemsize} bytes, not {size}")
    return dtype


def text_of(dtype: np.dtype[Any]) -> str:
    """Return the text from which `dtype_of` makes the type again; TypeError if there is none."""
    try:
        if dtype.names is not None:
            text = ascii(npy_format.dtype_to_descr(dtype))
        elif dtype.isbuiltin == 2:  # registered with NumPy at run time
            text = dtype.name
        else:
            text = dtype.str
        if dtype_of(text) == dtype:
            return text
    except (ValueError, TypeError, ImportError):
        pass
    raise TypeError(f"arrays of dtype {dtype} cannot be compressed")


def _plain_size(text: str) -> int:
    match = _PLAIN.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} names no type")
    kind = match.lastgroup
    letter_and_size = match[kind] if kind is not None else ""
    size = int(letter_and_size[1:])
    return 4 * size if kind == "text" else size


def _literal(text: str) -> Any:
    """Return the value that a literal stands for, which is written as `ascii` writes it."""
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"{text[:80]!r} is no list of fields") from error
    if ascii(value) != text:
        raise ValueError(f"{text[:80]!r} is not written as Python writes it")
    return value


def _record_size(fields: Any) -> int:
    if type(fields) is not list:
        raise ValueError("fields must be a list")
    names: set[str] = set()
    return sum(_field_size(field, names) for field in fields)


def _field_size(field: Any, names: set[str]) -> int:
    if type(field) is not tuple or len(field) not in {2, 3}:
        raise ValueError("a field must have a name, a type, and perhaps a shape")
    name, kind, *shapes = field
    size = _record_size(kind) if type(kind) is list else _text_size(kind)
    if name == "":  # padding
        if shapes or type(kind) is not str or not kind.startswith("|V") or size == 0:
            raise ValueError("a field without a name must be padding: '|V' and a size")
        return size
    for one in name if type(name) is tuple and len(name) == 2 else (name,):  # title and name
        if type(one) is not str or one == "" or one in names:
            raise ValueError(f"{one!r} is no name of a field, or of two")
        names.add(one)
    return size * math.prod(_extents(shapes[0])) if shapes else size


def _text_size(kind: Any) -> int:
    if type(kind) is not str:
        raise ValueError("the type of a field must be a text or a list")
    return _plain_size(kind)


def _extents(shape: Any) -> tuple[int, ...]:
    if type(shape) is not tuple or not 1 <= len(shape) <= _MOST_DIMENSIONS:
        raise ValueError("the shape of a field must be a tuple")
    if any(type(extent) is not int or not 0 <= extent <= _MOST_BYTES for extent in shape):
        raise ValueError("the shape of a field must be integers")
    return shape


def _extension_type(name: str) -> np.dtype[Any]:
    try:
        import ml_dtypes
    except ImportError as error:
        raise ImportError(f"arrays of {name} need the package ml_dtypes") from error
    scalar = getattr(ml_dtypes, name, None)
    if scalar is None:
        raise ImportError(f"arrays of {name} need a later version of the package ml_dtypes")
    dtype: np.dtype[Any] = np.dtype(scalar)
    return dtype
