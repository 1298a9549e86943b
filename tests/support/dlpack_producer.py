"""A plain exporter of tensors by DLPack, made of the published structures and nothing else."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

INT, UNSIGNED, FLOAT, OPAQUE, BFLOAT, COMPLEX, BOOL, FLOAT8_E4M3FN = 0, 1, 2, 3, 4, 5, 6, 10
CPU, CUDA, CUDA_HOST = 1, 2, 3

CODES = {"i": INT, "u": UNSIGNED, "f": FLOAT, "c": COMPLEX, "b": BOOL}


class Tensor(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_number", ctypes.c_int32),
        ("dimensions", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    )


DELETER = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class Managed(ctypes.Structure):
    _fields_ = (("tensor", Tensor), ("context", ctypes.c_void_p), ("deleter", DELETER))


class Versioned(ctypes.Structure):
    _fields_ = (
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("context", ctypes.c_void_p),
        ("deleter", DELETER),
        ("flags", ctypes.c_uint64),
        ("tensor", Tensor),
    )


new_capsule = ctypes.pythonapi.PyCapsule_New
new_capsule.restype = ctypes.py_object
new_capsule.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)


# Exporters whose memory is in use, and those that may go once their deleter has returned.
_IN_USE: list[Any] = []
_FINISHED: list[Any] = []


class Producer:
    """Exports the memory of an array; every field can be set to something else.

    Parameters
    ----------
    array
        Whose memory, type and shape are exported.
    version
        None for the capsule of old; as the first of its numbers for the versioned one.
    fields
        Of `Tensor`. None for `strides` stands for a null pointer.
    """

    def __init__(self, array: Any, *, version: int | None = None, **fields: Any) -> None:
        self.array = array
        self.version = version
        self.device = (fields.get("device_type", CPU), 0)
        self.exported = self.deleted = 0
        self._kept: list[Any] = []
        self._fields = fields

    def __dlpack_device__(self) -> tuple[Any, Any]:
        return self.device

    def __dlpack__(self, *, max_version: tuple[int, int] | None = None) -> Any:
        return self.capsule()

    def capsule(self) -> Any:
        self.exported += 1
        _FINISHED.clear()
        _IN_USE.append(self)
        kind = Managed if self.version is None else Versioned
        managed = kind(deleter=DELETER(self._delete))
        if isinstance(managed, Versioned):
            managed.major, managed.minor = self.version or 0, 7
        tensor = managed.tensor
        tensor.data = self.array.ctypes.data
        tensor.device_type = CPU
        tensor.dimensions = self.array.ndim
        tensor.code = CODES.get(self.array.dtype.kind, OPAQUE)
        tensor.bits = self.array.itemsize * 8
        tensor.lanes = 1
        tensor.shape = self._numbers(self.array.shape)
        tensor.strides = self._numbers([s // self.array.itemsize for s in self.array.strides])
        for name, value in self._fields.items():
            is_pointer = name in ("shape", "strides") and value is not None
            setattr(tensor, name, self._numbers(value) if is_pointer else value)
        self._kept.append(managed)
        name = b"dltensor" if self.version is None else b"dltensor_versioned"
        self._kept.append(name)  # a capsule does not copy it
        return new_capsule(ctypes.addressof(managed), name, None)

    def _numbers(self, values: Sequence[int]) -> Any:
        numbers = (ctypes.c_int64 * max(1, len(values)))(*values)
        self._kept.append(numbers)
        return ctypes.cast(numbers, ctypes.POINTER(ctypes.c_int64))

    def _delete(self, _managed: int) -> None:
        self.deleted += 1
        _IN_USE.remove(self)
        _FINISHED.append(self)


class OldProducer(Producer):
    """One from before there were versions to ask for."""

    def __dlpack__(self, stream: Any = None) -> Any:  # type: ignore[override]
        return self.capsule()


def bfloat16(array: Any, **options: Any) -> Producer:
    """Export an array of ml_dtypes' bfloat16 as such."""
    return Producer(array.view(np.uint16), code=BFLOAT, **options)
