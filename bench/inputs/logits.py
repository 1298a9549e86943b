"""Logits of a language model, or what looks like them, and labels."""

import functools

import numpy as np

from bench.inputs.distributions import Array


@functools.lru_cache(maxsize=2)
def logits(dtype: str, rows: int, classes: int, seed: int = 0) -> Array:
    """Of float32, or the bits of bfloat16; shared by all who ask, not to be written to."""
    x = np.random.default_rng(seed).standard_normal((rows, classes), dtype=np.float32)
    x *= 3
    found = x if dtype == "float32" else (x.view(np.uint32) >> 16).astype(np.uint16)
    found.flags.writeable = False
    return found


@functools.lru_cache(maxsize=1)
def close_logits(dtype: str, rows: int, classes: int) -> Array:
    """Those of a quantised copy of the model."""
    x = logits(dtype, rows, classes)
    noise = np.random.default_rng(1).standard_normal(classes, dtype=np.float32)
    return x + np.float32(0.1) * noise


def labels(rows: int, classes: int) -> Array:
    return np.random.default_rng(2).integers(0, classes, rows)
