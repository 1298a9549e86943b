"""Models for tests of budgets: a few tensors of other spreads, dtypes and kinds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from support.weights import Raw, ordinary


def as_raw(array: NDArray[Any], dtype: str) -> Raw:
    """Floats as a tensor of some dtype."""
    if dtype == "BF16":
        bits = array.astype(np.float32).view(np.uint32)
        return Raw(dtype, array.shape, (bits >> 16).astype("<u2").tobytes())
    kinds = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8"}
    return Raw(dtype, array.shape, array.astype(kinds[dtype]).tobytes())


def as_floats(data: bytes, dtype: str) -> NDArray[Any]:
    """Bytes of a tensor as float64."""
    if dtype == "BF16":
        wide = np.frombuffer(data, "<u2").astype(np.uint32) << 16
        return wide.view(np.float32).astype(np.float64)
    return np.frombuffer(data, {"F64": "<f8", "F32": "<f4", "F16": "<f2"}[dtype]).astype(float)


def model(seed: int = 1, dtype: str = "F32") -> dict[str, Raw]:
    """Layers whose weights have spreads from 0.005 to 0.5, one of them twice; norms and counts."""
    rng = np.random.default_rng(seed)
    tensors = {}
    for i, (shape, spread) in enumerate(
        [((80, 90), 0.005), ((64, 300), 0.02), ((300, 64), 0.1), ((7, 9, 100), 0.5)]
    ):
        heavy = rng.standard_t(5, size=shape) * spread
        tensors[f"layer.{i}.weight"] = as_raw(heavy, dtype)
        tensors[f"layer.{i}.bias"] = as_raw(rng.normal(size=shape[0]), dtype)
    tensors["tied"] = tensors["layer.2.weight"]
    tensors["steps"] = as_raw(np.arange(20), "I64")
    tensors["zeros"] = as_raw(np.zeros((80, 80)), dtype)
    return tensors


def file_of(tensors: dict[str, Raw]) -> bytes:
    """The safetensors file of these tensors, in the order of the rules."""
    return ordinary(tensors, {"format": "pt"})


def elements(tensors: dict[str, Raw]) -> int:
    """How many elements there are."""
    return sum(math.prod(tensor.shape) for tensor in tensors.values())
