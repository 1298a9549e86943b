"""Tensors of PyTorch as tensors to be written; which of them share memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any, Final

import numpy as np
import torch

from pyinfo.safetensors.dtype_codes import CODES
from pyinfo.safetensors.file_header import checked_names
from pyinfo.safetensors.packing import TensorSource
from pyinfo.safetensors.safetensor_error import SafetensorError
from pyinfo.safetensors.torch_tensors import NAMES

_CODES: Final = {name: CODES[code] for code, name in NAMES.items()}


def sources_of(
    tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, str] | None
) -> list[TensorSource]:
    """Return tensors to be written.

    Raises
    ------
    ValueError
        If something is no dense, contiguous tensor.
    RuntimeError
        If tensors share memory.
    """
    if not isinstance(tensors, dict):
        raise ValueError(f"Expected a dict of [str, torch.Tensor] but received {type(tensors)}")
    for name, tensor in tensors.items():
        if not isinstance(tensor, torch.Tensor):
            raise ValueError(
                f"Key `{name}` is invalid, expected torch.Tensor but received {type(tensor)}"
            )
    sparse = [name for name, tensor in tensors.items() if tensor.layout != torch.strided]
    if sparse:
        raise ValueError(f"sparse tensors cannot be saved: {sparse}; .to_dense() makes them dense")
    checked_names(tensors, metadata)
    shared = [names for names in sharing(tensors) if len(names) > 1]
    if shared:
        raise RuntimeError(
            f"Some tensors share memory: {shared}. They would be separate ones after loading; "
            "save_model keeps one of each, and load_model shares them again"
        )
    return [_source(name, tensor) for name, tensor in tensors.items()]


def _source(name: str, tensor: torch.Tensor) -> TensorSource:
    if not tensor.is_contiguous():
        raise ValueError(
            f"tensor `{name}` is not contiguous, so it may be a part of another: save that one, or "
            "call .contiguous() first"
        )
    code = _CODES.get(str(tensor.dtype).removeprefix("torch."))
    if code is None:
        raise SafetensorError(f"tensor {name!r}: dtype {tensor.dtype} is not supported")
    shape = tuple(tensor.shape)
    if code.is_packed:  # one of PyTorch's elements is a byte
        if not shape:
            raise SafetensorError(f"tensor {name!r}: a packed tensor must have a dimension")
        shape = (*shape[:-1], shape[-1] * 8 // code.bits)
    if tensor.numel() == 0:
        return TensorSource(name, code, shape, np.empty(0, np.uint8))
    # Conjugates and negatives may be views that say so, over the bytes of others.
    flat = tensor.detach().cpu().resolve_conj().resolve_neg().reshape(-1).view(torch.uint8)
    return TensorSource(name, code, shape, flat.numpy())


def sharing(tensors: Mapping[str, torch.Tensor]) -> list[set[str]]:
    """Return the names in groups whose tensors overlap in memory, each name in one."""
    storages: defaultdict[tuple[Any, ...], list[tuple[int, int, str]]] = defaultdict(list)
    for name, tensor in tensors.items():
        storage = tensor.untyped_storage() if tensor.device.type != "meta" else None
        if storage is None or storage.data_ptr() == 0 or storage.nbytes() == 0:
            continue
        start = tensor.data_ptr()
        storages[tensor.device, storage.data_ptr()].append((start, start + _extent(tensor), name))
    groups = []
    for areas in storages.values():
        end = -1
        for start, stop, name in sorted(areas):
            if start >= end:
                groups.append({name})
            else:
                groups[-1].add(name)
            end = max(end, stop)
    return groups


def _extent(tensor: torch.Tensor) -> int:
    """Return the bytes from the first element to the last."""
    if tensor.numel() == 0:
        return 0
    last = sum(
        (n - 1) * abs(stride) for n, stride in zip(tensor.shape, tensor.stride(), strict=True)
    )
    return int((last + 1) * tensor.element_size())


def superfluous(
    tensors: Mapping[str, torch.Tensor], preferred: Collection[str] = ()
) -> dict[str, list[str]]:
    """Return, for each name that is kept, the names of tensors that share its memory.

    Raises
    ------
    RuntimeError
        If no tensor of a group covers all of the memory.
    """
    left_out: dict[str, list[str]] = {}
    for names in sharing(tensors):
        if len(names) == 1:
            continue
        complete = {name for name in names if _is_complete(tensors[name])}
        if not complete:
            raise RuntimeError(f"none of the tensors that share memory covers all of it: {names}")
        kept = min(complete.intersection(preferred) or complete)
        left_out[kept] = sorted(names - {kept})
    return left_out


def _is_complete(tensor: torch.Tensor) -> bool:
    storage = tensor.untyped_storage()
    size = tensor.numel() * tensor.element_size()
    return bool(tensor.data_ptr() == storage.data_ptr() and size == storage.nbytes())
