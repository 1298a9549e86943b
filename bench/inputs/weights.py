"""Weights in bfloat16, as their bits: tensors of a model, and what a step of training makes."""

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.uint16]

RATES = (1e-6, 3e-6, 1e-5)
ADAM = tuple(f"Adam, {rate:g}" for rate in RATES)
DENSE = "dense fine-tune"


def to_bfloat16(weights: NDArray[np.float32]) -> Bits:
    """To the nearest, ties to even."""
    bits = weights.view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16)


def tensors(count: int, elements: int) -> dict[str, Bits]:
    """So many matrices from N(0, s), with s from 0.01 to 0.07."""
    random = np.random.default_rng(0)
    return {
        f"layers.{i}.weight": to_bfloat16(
            random.standard_normal(elements, np.float32) * np.float32(0.01 + 0.06 * i / count)
        ).reshape(-1, min(elements, 2048))
        for i in range(count)
    }


def step(kind: str, elements: int) -> tuple[Bits, Bits]:
    """Weights from N(0, 0.02) before and after a step, simulated."""
    random = np.random.default_rng(0)
    weights = np.float32(0.02) * random.standard_normal(elements, np.float32)
    old = to_bfloat16(weights)
    if kind == DENSE:
        moved = np.rint(4 * random.standard_normal(elements)) * (random.random(elements) < 0.5)
        return old, (old.astype(np.int32) + moved.astype(np.int32)).astype(np.uint16)
    gradient = np.clip(0.7 * random.standard_normal(elements, np.float32), -3, 3)
    return old, to_bfloat16(weights - np.float32(RATES[ADAM.index(kind)]) * gradient)
