"""Draw what is inside a file: python examples/look_inside.py FILE [FOLDER].

Where information is, the Huffman code of its bytes as a tree, and how far each part is from the
first one: what is compressed, what is text, and where something else begins.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import pyinfo

PARTS = 24


def draw(source: Path, folder: Path) -> list[Path]:
    """Draw the pictures of a file; returns theirs."""
    data = np.fromfile(source, np.uint8)
    parts = [part for part in np.array_split(data, PARTS) if len(part)]
    first, *others = map(pyinfo.Counts.from_samples, parts)
    pictures = {
        "map": pyinfo.plots.entropy_map(source),
        "code": pyinfo.plots.code_tree(pyinfo.HuffmanCode.from_samples(data)),
        "parts": pyinfo.plots.divergence_over_batches(first, others),
    }
    files = []
    for name, axes in pictures.items():
        files.append(folder / f"{source.stem}_{name}.png")
        axes.figure.savefig(files[-1], dpi=120)
    return files


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    print(*draw(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) == 3 else ".")), sep="\n")
