"""Draw where in a file information is: python examples/entropy_map.py FILE [PICTURE].

The file is cut into blocks; each becomes a square that is the lighter the more its bytes tell. Text
is middling, padding is black, compressed or encrypted parts are bright.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

import pyinfo

mpl.use("Agg")
SMALLEST_BLOCK = 256
MOST_BLOCKS = 1 << 14


def block_size(size: int) -> int:
    """Return a power of two that cuts a file into no more blocks than a picture shows."""
    block = SMALLEST_BLOCK
    while size > MOST_BLOCKS * block:
        block *= 2
    return block


def block_entropies(data: bytes, block: int = SMALLEST_BLOCK) -> np.ndarray:
    """Bits per byte of each block, corrected for how few bytes a block has."""
    whole = len(data) // block * block
    values = np.frombuffer(data, np.uint8, whole).reshape(-1, block)
    # One histogram per block: the block's number times 256 tells the blocks' bytes apart.
    keys = values.astype(np.int64) + 256 * np.arange(len(values))[:, np.newaxis]
    counts = np.bincount(keys.ravel(), minlength=256 * len(values)).reshape(-1, 256)
    kinds = (counts > 0).sum(axis=1)
    correction = (kinds - 1) / (2 * block * np.log(2))  # Miller and Madow's
    return np.minimum(pyinfo.entropy(counts, axis=1) + correction, 8)


def draw(source: Path, picture: Path) -> np.ndarray:
    """Draw the map of a file; returns the entropies."""
    data = source.read_bytes()
    block = block_size(len(data))
    entropies = block_entropies(data, block)
    columns = max(16, round((2 * len(entropies)) ** 0.5))
    rows = -(-len(entropies) // columns)
    grid = np.full(rows * columns, np.nan)
    grid[: len(entropies)] = entropies
    figure = Figure(figsize=(8, 1.4 + 8 * rows / columns), layout="constrained")
    axes = figure.subplots()
    shown = axes.imshow(grid.reshape(rows, columns), vmin=0, vmax=8, cmap="magma")
    axes.set(xticks=[], yticks=[], title=f"{source.name}: bits per byte, blocks of {block}")
    figure.colorbar(shown, ax=axes, location="bottom", shrink=0.5)
    figure.savefig(picture, dpi=120)
    return entropies


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    target = Path(sys.argv[2] if len(sys.argv) == 3 else "entropy_map.png")
    found = draw(Path(sys.argv[1]), target)
    print(f"{target}: {len(found)} blocks, {found.min():.2f} to {found.max():.2f} bits per byte")
