"""The table of C functions as ctypes calls it."""

from __future__ import annotations

import ctypes
import re
from pathlib import Path
from typing import Any

import numpy as np

from pyinfo import _core

HEADER = (Path(__file__).resolve().parents[2] / "csrc/include/pyinfo/pyinfo.h").read_text("utf-8")
CHECK, DIVIDE, AS_IS = range(3)
OK = 0

# The table's members, in order: what is declared between the braces, name by name.
MEMBERS = re.findall(
    r"(?:\(\*|size_t |uint32_t |char\* )(\w+)(?:\)\(|;)",
    HEADER[HEADER.index("typedef struct pyinfo_api {") : HEADER.index("} pyinfo_api;")],
)


class Api(ctypes.Structure):
    _fields_ = [
        (name, {"size": ctypes.c_size_t, "version": ctypes.c_uint32}.get(name, ctypes.c_void_p))
        for name in MEMBERS
    ]


class Options(ctypes.Structure):
    _fields_ = [
        ("size", ctypes.c_size_t),
        ("coder", ctypes.c_int),
        ("effort", ctypes.c_int),
        ("item_size", ctypes.c_uint32),
        ("block_items", ctypes.c_uint32),
        ("threads", ctypes.c_int),
        ("floats", ctypes.c_int),
        ("metadata", ctypes.c_char_p),
        ("metadata_size", ctypes.c_size_t),
    ]


def table() -> Api:
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype = ctypes.c_void_p
    get.argtypes = [ctypes.py_object, ctypes.c_char_p]
    return Api.from_address(get(_core._C_API, b"pyinfo._core._C_API"))


def error_of(name: str, *arguments: Any) -> int:
    """Call a function of the table: arrays as pointers, integers as size_t, result by pointer."""
    converted = []
    for argument in arguments:
        if isinstance(argument, np.ndarray):
            converted.append(ctypes.c_void_p(argument.ctypes.data))
        elif isinstance(argument, int):
            converted.append(ctypes.c_size_t(argument))
        elif isinstance(argument, float):
            converted.append(ctypes.c_double(argument))
        else:
            converted.append(argument)
    function = ctypes.CFUNCTYPE(ctypes.c_int)(getattr(table(), name))
    function.argtypes = [type(argument) for argument in converted]
    return int(function(*converted))


def call(name: str, *arguments: Any) -> None:
    assert error_of(name, *arguments) == OK, name
