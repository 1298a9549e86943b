"""Patches of weights beside XOR and zstandard level 1, which training frameworks write today.

``python -m bench.patches [ELEMENTS]``: weights in bfloat16 from N(0, 0.02), simulated steps of
Adam and a dense change. Each round does all four calls; times are processor times of this thread,
ratios are those of the medians. Both sides check what they read: zstandard's frames have a
checksum.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import zstandard
from numpy.typing import NDArray

from pyinfo import patches

ROUNDS = 7
Weights = NDArray[Any]


def steps(elements: int) -> dict[str, tuple[Weights, Weights]]:
    """Weights before and after."""
    random = np.random.default_rng(0)
    weights = (0.02 * random.standard_normal(elements)).astype(np.float32)
    gradient = np.clip(0.7 * random.standard_normal(elements), -3, 3).astype(np.float32)
    old = weights.astype(ml_dtypes.bfloat16)
    made = {
        f"Adam, {rate:g}": (old, (weights - np.float32(rate) * gradient).astype(old.dtype))
        for rate in (1e-6, 3e-6, 1e-5)
    }
    moved = np.rint(4 * random.standard_normal(elements)) * (random.random(elements) < 0.5)
    bits = (old.view(np.uint16).astype(np.int32) + moved.astype(np.int32)).astype(np.uint16)
    return {**made, "dense": (old, bits.view(old.dtype))}


def peer_diff(old: Weights, new: Weights) -> bytes:
    """Both as their bits."""
    difference = np.bitwise_xor(old.view(np.uint16), new.view(np.uint16))
    return zstandard.ZstdCompressor(level=1, write_checksum=True).compress(difference.data)


def peer_apply(old: Weights, coded: bytes) -> Weights:
    """The new array."""
    difference = np.frombuffer(zstandard.ZstdDecompressor().decompress(coded), np.uint16)
    return np.bitwise_xor(old.view(np.uint16), difference).view(old.dtype)


def main(elements: int) -> None:
    """Print a line for each kind of step."""
    for name, (old, new) in steps(elements).items():
        patch, coded = patches.diff(old, new), peer_diff(old, new)
        for made in (patches.apply(old, patch), peer_apply(old, coded)):
            assert np.array_equal(made.view(np.uint16), new.view(np.uint16))
        calls: tuple[Callable[[], Any], ...] = (
            lambda old=old, new=new: patches.diff(old, new),
            lambda old=old, new=new: peer_diff(old, new),
            lambda old=old, patch=patch: patches.apply(old, patch),
            lambda old=old, coded=coded: peer_apply(old, coded),
        )
        times: list[list[float]] = [[] for _ in calls]
        for _ in range(ROUNDS):
            for call, taken in zip(calls, times, strict=True):
                begin = time.thread_time()
                call()
                taken.append(time.thread_time() - begin)
        diff, xor, apply, xor_back = map(statistics.median, times)
        changed = patches.Patch(patch).changed
        print(
            f"{name:12} {changed / elements:6.1%} changed, "
            f"{8 * len(patch) / changed:.2f} bits each, "
            f"size {len(patch) / len(coded):.3f} of XOR + zstd-1; "
            f"diff {old.nbytes / diff / 1e9:.2f} GB/s ({xor / diff:.1f} x), "
            f"apply {old.nbytes / apply / 1e9:.2f} GB/s ({xor_back / apply:.1f} x)"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1 << 24)
