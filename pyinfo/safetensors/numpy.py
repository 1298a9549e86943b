"""Safetensors files and NumPy arrays: what the module of this name in that package has.

Files are written packed; packed and ordinary ones are read.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from pyinfo._namespace import publish
from pyinfo.arguments import size_limit, thread_count
from pyinfo.safetensors.numpy_arrays import sources_of
from pyinfo.safetensors.opened import framework_of, safe_open, take_all
from pyinfo.safetensors.saving import save_sources, save_sources_to
from pyinfo.safetensors.tensor_file import TensorFile

__all__ = ["load", "load_file", "save", "save_file"]


def save(
    tensor_dict: Mapping[str, NDArray[Any]],
    metadata: Mapping[str, str] | None = None,
    *,
    threads: int = 1,
) -> bytes:
    """Return a packed safetensors file of arrays.

    Parameters
    ----------
    tensor_dict : dict of str to ndarray
        Of any type of safetensors: booleans, integers and floats of up to 64 bits, complex64, and
        ml_dtypes' bfloat16 and floats of 8 bits. Arrays that are not C-contiguous, or not in
        little-endian order, are copied.
    metadata : dict of str to str, optional
        Kept as they are.
    threads : int, optional
        How many to use, 0 for one per core. The result does not depend on it.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    SafetensorError
        If an array has another type, or a name cannot be written.
    TypeError
        If a name or the metadata are not str.

    Examples
    --------
    >>> data = pyinfo.safetensors.numpy.save({"w": np.zeros((100, 100), np.float32)})
    >>> pyinfo.safetensors.numpy.load(data)["w"].shape
    (100, 100)
    """
    file = io.BytesIO()
    save_sources(sources_of(tensor_dict, metadata), metadata, file, threads)
    return file.getvalue()


def save_file(
    tensor_dict: Mapping[str, NDArray[Any]],
    filename: str | os.PathLike[str],
    metadata: Mapping[str, str] | None = None,
    *,
    threads: int = 1,
) -> None:
    """Write arrays as a packed safetensors file.

    Parameters
    ----------
    tensor_dict, metadata, threads
        As in `save`.
    filename : str or path
        An older file is replaced when the new one is whole.

    Raises
    ------
    SafetensorError, TypeError
        As `save` does.
    """
    save_sources_to(sources_of(tensor_dict, metadata), metadata, filename, threads)


def load(
    data: bytes, *, raw_bits: bool = False, threads: int = 1, max_size: int | None = None
) -> dict[str, NDArray[Any]]:
    """Return the arrays of a safetensors file, packed or not, that is in memory.

    Parameters
    ----------
    data : bytes
        The file.
    raw_bits, threads, max_size
        As in `safe_open`.

    Returns
    -------
    dict of str to ndarray
        In the order of their bytes in the original.

    Raises
    ------
    SafetensorError
        If it is no such file.
    CorruptDataError
        If it is damaged: the message names the tensor.
    ImportError
        If an array needs ml_dtypes, which is not installed.
    """
    limit = None if max_size is None else size_limit(max_size)
    file = TensorFile(memoryview(data).cast("B"), max_size=limit)
    return take_all(file, framework_of("np", raw_bits=raw_bits), thread_count(threads))


def load_file(
    filename: str | os.PathLike[str],
    *,
    backend: str = "mmap",
    raw_bits: bool = False,
    threads: int = 1,
    max_size: int | None = None,
) -> dict[str, NDArray[Any]]:
    """Return the arrays of a safetensors file, packed or not.

    Parameters
    ----------
    filename, backend, raw_bits, threads, max_size
        As in `safe_open`.

    Returns
    -------
    dict of str to ndarray
        In the order of their bytes in the original.

    Raises
    ------
    SafetensorError, CorruptDataError, ImportError
        As `load` does.
    """
    with safe_open(
        filename, "np", backend=backend, raw_bits=raw_bits, threads=threads, max_size=max_size
    ) as file:
        return file.get_tensors()


publish(globals())


def __dir__() -> list[str]:
    return [*__all__]
