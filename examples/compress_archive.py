"""Compress the arrays of an .npz archive and compare coders: compress_archive.py ARCHIVE.

Without an argument it makes an archive like that of a small model.
"""

from __future__ import annotations

import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import pyinfo

CODERS: dict[str, Callable[[np.ndarray], Any]] = {
    "pyinfo auto": pyinfo.compress,
    "pyinfo huffman": lambda array: pyinfo.compress(array, coder="huffman"),
    "pyinfo rans": lambda array: pyinfo.compress(array, coder="rans"),
    "zlib 6": lambda array: zlib.compress(np.ascontiguousarray(array)),
}


def make_archive(path: Path) -> None:
    """Write weights, embeddings and token counts with the statistics of real ones."""
    rng = np.random.default_rng(0)
    np.savez(
        path,
        weights=rng.normal(0, 0.02, (256, 512)).astype(np.float32),
        embeddings=rng.normal(0, 1, (1000, 64)).astype(np.float16),
        tokens=(rng.pareto(1.1, 200_000) * 5).clip(0, 30_000).astype(np.int32),
        mask=rng.random(100_000) < 0.02,
    )


def compare(path: Path) -> list[tuple[str, str, float, float]]:
    """Array, coder, part of the size, and MB/s; every array is seen to come back."""
    found = []
    with np.load(path) as archive:
        for name, array in archive.items():
            for coder, compress in CODERS.items():
                start = time.perf_counter()
                coded = compress(array)
                seconds = time.perf_counter() - start
                if coder.startswith("pyinfo"):
                    again = pyinfo.decompress(coded)
                    assert again.dtype == array.dtype
                    assert np.array_equal(again, array)
                speed = array.nbytes / seconds / 1e6
                found.append((name, coder, len(coded) / array.nbytes, speed))
    return found


def main(arguments: list[str]) -> None:
    """Compare coders on the archive named, or on one of our own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(arguments[0]) if arguments else Path(folder, "model.npz")
        if not arguments:
            make_archive(path)
        for name, coder, part, speed in compare(path):
            print(f"{name:12} {coder:16} {part:7.1%} {speed:8.0f} MB/s")


if __name__ == "__main__":
    main(sys.argv[1:])
