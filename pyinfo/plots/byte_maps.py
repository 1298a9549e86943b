"""Pictures of bytes: where in a file information is, and in which bytes of the elements."""

from __future__ import annotations

import mmap
import os
import sys
from pathlib import Path
from typing import Any, Final, SupportsIndex

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from pyinfo import _core
from pyinfo.arguments import integer_from_to, require_not_empty
from pyinfo.coding.array_layout import as_array, in_memory_order
from pyinfo.coding.coding_report import CodingReport
from pyinfo.estimators import estimate_entropy
from pyinfo.plots.figures import (
    BLUE,
    FAINT,
    GREY,
    ORANGE,
    axes_or_new,
    binary_offset,
    colour_bar,
    named,
)

_SMALLEST_BLOCK: Final = 256
_LEAST_BYTES: Final = 16  # of which an entropy says anything
_MOST_BLOCKS: Final = 1 << 13
_LABELLED: Final = 16  # planes whose bars have numbers
_ROWS_NAMED: Final = 8


def entropy_map(
    data: Any, *, block_size: SupportsIndex | None = None, ax: Axes | None = None
) -> Axes:
    """Draw where in a file, or in memory, information is.

    The bytes are cut into blocks, each a square of the map, row after row. Its colour is the
    order-0 entropy of its bytes by Grassberger's estimator, in bits per byte: 0 for padding, 4 to 5
    for text, nearly 8 for what is compressed, encrypted or random.

    Parameters
    ----------
    data : str or os.PathLike, bytes-like, or array_like
        The path of a file, which is mapped into memory; or what is in memory: the bytes of an array
        are taken in the order of its elements.
    block_size : int, optional
        Bytes in a block, at least 16. By default a power of two from 256 on that makes no more than
        8192 blocks. A last block that is not whole is left out.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure, ``.figure`` of what is returned.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If there is not one block.

    Examples
    --------
    >>> axes = pyinfo.plots.entropy_map(bytes(40_000) + np.random.default_rng(0).bytes(40_000))
    >>> axes.images[0].get_array().compressed().round()[[0, -1]].tolist()
    [0.0, 8.0]
    >>> axes.figure.savefig("map.png")
    """
    path, held = _opened(data)
    require_not_empty(held.size, "data")
    if held.size < _LEAST_BYTES:
        raise ValueError(f"data must have at least {_LEAST_BYTES} bytes, not {held.size}")
    if block_size is None:
        block = _block_size(held.size)
    else:
        block = integer_from_to(block_size, "block_size", _LEAST_BYTES, held.size)
    entropies = _block_entropies(held, block)
    columns = _columns(len(entropies))
    rows = -(-len(entropies) // columns)
    grid = np.full(rows * columns, np.nan)
    grid[: len(entropies)] = entropies
    axes = axes_or_new(ax, 6.4, 1.8 + 5.4 * rows / columns)
    # The edges of squares lie at whole numbers.
    extent = (0, columns, rows, 0)
    squares = np.ma.masked_invalid(grid.reshape(rows, columns))
    shown = axes.imshow(squares, cmap="magma", vmin=0, vmax=8, extent=extent, interpolation="none")
    step = 1 << max(0, (rows - 1) // _ROWS_NAMED).bit_length()
    ticks = list(range(0, rows, step))
    axes.set_yticks(ticks, [binary_offset(row * columns * block) for row in ticks])
    axes.set_xticks([])
    axes.set_ylabel("offset, bytes")
    axes.set_xlabel(f"{columns} blocks of {binary_offset(block, ' bytes')} in a row")
    named(axes, f"{_short(path) or 'Bytes in memory'}: {entropies.mean():.2f} bits per byte")
    colour_bar(axes, shown, "entropy of a block, bits per byte", location="bottom", aspect=40)
    return axes


def byte_planes(data: Any, *, ax: Axes | None = None) -> Axes:
    """Draw how much information each byte of the elements of an array has.

    Parameters
    ----------
    data : array_like, bytes-like, or CodingReport
        The array. Of a `CodingReport` what `compress` came to is drawn as well, and planes are
        those of rotated elements where it says so.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> axes = pyinfo.plots.byte_planes(np.arange(1 << 16, dtype=np.int32))
    >>> [float(bar.get_height()) for bar in axes.patches[-4:]]
    [8.0, 8.0, 0.0, 0.0]
    """
    if isinstance(data, CodingReport):
        entropies = [plane.entropy for plane in data.planes]
        coded = [8 * plane.coded_size / plane.size for plane in data.planes if plane.size]
        title = "Rotated elements" if data.rotated else "Elements"
        names = [str(plane.plane) for plane in data.planes]
    else:
        array = as_array(data)
        items = in_memory_order(array).reshape(-1).view(np.uint8)
        counts = _core.byte_counts(items, array.dtype.itemsize)
        entropies, coded = np.asarray(_core.entropy(counts, axis=-1)).tolist(), []
        title, names = f"Elements of {array.dtype.name}", _plane_names(array.dtype)
    require_not_empty(len(entropies), "data")
    places = np.arange(len(entropies))
    axes = axes_or_new(ax, max(5.0, 2.2 + 0.55 * min(len(places), 24)), 3.6)
    axes.bar(places, 8.0, 0.72, color=FAINT)
    axes.bar(places, entropies, 0.72, color=BLUE)
    if len(places) <= _LABELLED:
        for place, bits in zip(places, entropies, strict=True):
            axes.annotate(
                f"{bits:.2f}",
                (float(place), bits),
                (0, 3 if bits < 7.3 else -4),
                textcoords="offset points",
                ha="center",
                va="bottom" if bits < 7.3 else "top",
                color="black" if bits < 7.3 else "white",
                fontsize="small",
            )
        axes.set_xticks(places, names)
    if coded:
        axes.hlines(
            coded,
            places - 0.36,
            places + 0.36,
            color=ORANGE,
            linewidth=2,
            label="what compress came to",
        )
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), frameon=False)
    axes.set(ylim=(0, 8.15), yticks=range(0, 9, 2))
    axes.set_xlabel("byte of the element, in memory order")
    axes.set_ylabel("entropy, bits per byte")
    named(axes, f"{title}: {sum(entropies):.2f} of {8 * len(places)} bits")
    axes.tick_params(axis="x", length=0)
    axes.axhline(8, color=GREY, linewidth=0.8)
    return axes


def _opened(data: Any) -> tuple[str, npt.NDArray[np.uint8]]:
    """Return the name of a file and its bytes, or no name and bytes in memory."""
    if not isinstance(data, str | os.PathLike):
        return "", in_memory_order(as_array(data)).reshape(-1).view(np.uint8)
    path = Path(data)
    if not path.stat().st_size:
        return path.name, np.empty(0, np.uint8)
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return path.name, np.frombuffer(mapped, np.uint8)


def _short(name: str) -> str:
    return name if len(name) <= 32 else f"{name[:15]}...{name[-14:]}"


def _block_size(size: int) -> int:
    block = _SMALLEST_BLOCK
    while size > _MOST_BLOCKS * block:
        block *= 2
    return min(block, size)


def _columns(blocks: int) -> int:
    """Return a power of two that makes the map as wide as high, or wider."""
    columns = 16
    while columns * columns < blocks:
        columns *= 2
    return columns


def _block_entropies(data: npt.NDArray[np.uint8], block: int) -> npt.NDArray[np.float64]:
    """Return bits per byte of each whole block, by an estimator that is right for few bytes."""
    found = [
        estimate_entropy(
            _core.byte_counts(data[start : start + block], 1)[0], estimator="grassberger"
        )
        for start in range(0, len(data) - block + 1, block)
    ]
    return np.clip(found, 0.0, 8.0)


def _plane_names(dtype: np.dtype[Any]) -> list[str]:
    names = [str(plane) for plane in range(dtype.itemsize)]
    if dtype.kind in "iuf" and dtype.itemsize > 1:
        little = dtype.byteorder == "<" or (dtype.byteorder == "=" and sys.byteorder == "little")
        highest = dtype.itemsize - 1 if little else 0
        names[highest] += "\nhighest"
        names[dtype.itemsize - 1 - highest] += "\nlowest"
    return names
