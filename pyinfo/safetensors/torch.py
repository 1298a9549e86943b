"""Safetensors files and PyTorch's tensors: what the module of this name in that package has.

Files are written packed; packed and ordinary ones are read.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from typing import Any

import torch

from pyinfo._namespace import publish
from pyinfo.arguments import size_limit, thread_count
from pyinfo.safetensors.opened import framework_of, safe_open, take_all
from pyinfo.safetensors.saving import save_sources, save_sources_to
from pyinfo.safetensors.tensor_file import TensorFile
from pyinfo.safetensors.torch_sharing import sources_of, superfluous

__all__ = ["load", "load_file", "load_model", "save", "save_file", "save_model"]


def save(
    tensors: Mapping[str, torch.Tensor],
    metadata: Mapping[str, str] | None = None,
    *,
    threads: int = 1,
) -> bytes:
    """Return a packed safetensors file of tensors.

    Parameters
    ----------
    tensors : dict of str to torch.Tensor
        Dense and contiguous ones that share no memory, on any device.
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
    ValueError
        If a tensor is sparse or not contiguous.
    RuntimeError
        If tensors share memory: `save_model` keeps one of each.
    SafetensorError
        If safetensors has no such type.
    """
    file = io.BytesIO()
    save_sources(sources_of(tensors, metadata), metadata, file, threads)
    return file.getvalue()


def save_file(
    tensors: Mapping[str, torch.Tensor],
    filename: str | os.PathLike[str],
    metadata: Mapping[str, str] | None = None,
    *,
    threads: int = 1,
) -> None:
    """Write tensors as a packed safetensors file.

    Parameters
    ----------
    tensors, metadata, threads
        As in `save`.
    filename : str or path
        An older file is replaced when the new one is whole.

    Raises
    ------
    ValueError, RuntimeError, SafetensorError
        As `save` does.
    """
    save_sources_to(sources_of(tensors, metadata), metadata, filename, threads)


def load(data: bytes, *, threads: int = 1, max_size: int | None = None) -> dict[str, torch.Tensor]:
    """Return the tensors of a safetensors file, packed or not, that is in memory.

    Parameters
    ----------
    data : bytes
        The file.
    threads, max_size
        As in `pyinfo.safetensors.safe_open`.

    Returns
    -------
    dict of str to torch.Tensor
        In the order of their bytes in the original.

    Raises
    ------
    SafetensorError
        If it is no such file, or PyTorch lacks a type.
    CorruptDataError
        If it is damaged: the message names the tensor.
    """
    limit = None if max_size is None else size_limit(max_size)
    file = TensorFile(memoryview(data).cast("B"), max_size=limit)
    return take_all(file, framework_of("pt"), thread_count(threads))


def load_file(
    filename: str | os.PathLike[str],
    device: Any = "cpu",
    *,
    backend: str = "mmap",
    threads: int = 1,
    max_size: int | None = None,
) -> dict[str, torch.Tensor]:
    """Return the tensors of a safetensors file, packed or not.

    Parameters
    ----------
    filename, device, backend, threads, max_size
        As in `pyinfo.safetensors.safe_open`.

    Returns
    -------
    dict of str to torch.Tensor
        In the order of their bytes in the original.

    Raises
    ------
    SafetensorError, CorruptDataError
        As `load` does.
    """
    with safe_open(
        filename, "pt", device, backend=backend, threads=threads, max_size=max_size
    ) as file:
        return file.get_tensors()


def save_model(
    model: torch.nn.Module,
    filename: str | os.PathLike[str],
    metadata: Mapping[str, str] | None = None,
    force_contiguous: bool = True,
    *,
    threads: int = 1,
) -> None:
    """Write the tensors of a model; of those that share memory, one.

    Parameters
    ----------
    model : torch.nn.Module
        Its `state_dict` is written.
    filename, metadata, threads
        As in `save_file`. For each name that is left out, the metadata say which one is kept.
    force_contiguous : bool, optional
        Whether tensors that are not contiguous are copied, not refused.

    Raises
    ------
    RuntimeError
        If none of the tensors that share memory covers all of it.
    ValueError
        As `save` does.
    """
    tensors = model.state_dict()
    noted = {} if metadata is None else dict(metadata)
    for kept, names in superfluous(tensors).items():
        for name in names:
            noted.setdefault(name, kept)
            del tensors[name]
    if force_contiguous:
        tensors = {name: tensor.contiguous() for name, tensor in tensors.items()}
    save_file(
        dict(tensors), filename, None if metadata is None and not noted else noted, threads=threads
    )


def load_model(
    model: torch.nn.Module,
    filename: str | os.PathLike[str],
    strict: bool = True,
    device: Any = "cpu",
    *,
    backend: str = "mmap",
    threads: int = 1,
) -> tuple[set[str], list[str]]:
    """Load what `save_model` has written into a model.

    Parameters
    ----------
    model : torch.nn.Module
        Of the same structure.
    filename, device, backend, threads
        As in `load_file`.
    strict : bool, optional
        Whether missing and unexpected names are an error.

    Returns
    -------
    missing : set of str
        Names of the model that the file has not.
    unexpected : list of str
        Names of the file that the model has not.

    Raises
    ------
    RuntimeError
        If `strict`, and there are such names.
    """
    tensors = load_file(filename, device, backend=backend, threads=threads)
    groups = superfluous(model.state_dict(), preferred=tensors.keys())
    result = model.load_state_dict(tensors, strict=False)
    missing, unexpected = set(result.missing_keys), list(result.unexpected_keys)
    for names in groups.values():
        for name in names:
            if name in missing:
                missing.remove(name)
            else:
                unexpected.append(name)
    if strict and (missing or unexpected):
        lines = [f"Error(s) in loading state_dict for {type(model).__name__}:"]
        if missing:
            lines.append(f"    Missing key(s) in state_dict: {_quoted(sorted(missing))}")
        if unexpected:
            lines.append(f"    Unexpected key(s) in state_dict: {_quoted(sorted(unexpected))}")
        raise RuntimeError("\n".join(lines))
    return missing, unexpected


def _quoted(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


publish(globals())


def __dir__() -> list[str]:
    return [*__all__]
