"""A prefix code as a tree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes

from pyinfo.arguments import require_same_number
from pyinfo.coding.huffman_code import HuffmanCode
from pyinfo.counting.counts import Counts
from pyinfo.plots.figures import BLUE, GREY, ORANGE, axes_or_new, named, require_kind

_MOST_NAMED: Final = 40


def code_tree(
    code: HuffmanCode,
    *,
    counts: Any = None,
    names: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a prefix code as a tree: a step to the left is 0, one to the right is 1.

    Leaves are symbols, the deeper the longer their codeword. With more than 40 of them only the
    shape is drawn.

    Parameters
    ----------
    code : HuffmanCode
        The code.
    counts : array_like, optional
        How often each symbol occurs, or its probability: written below the leaves.
    names : sequence of str, optional
        What the symbols are called. By default their numbers; of codes for bytes the characters.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> code = pyinfo.HuffmanCode.from_counts([4, 2, 1, 1])
    >>> axes = pyinfo.plots.code_tree(code, counts=[4, 2, 1, 1], names=["a", "b", "c", "d"])
    >>> [text.get_text() for text in axes.texts if text.get_text().isalpha()]
    ['a', 'b', 'c', 'd']
    """
    require_kind(code, "code", HuffmanCode)
    words = {symbol: word for symbol, word in enumerate(code.codewords) if word}
    sizes = [code.alphabet_size]
    if isinstance(counts, Counts):
        raise TypeError("counts must be those of all symbols in order: code.lengths has as many")
    occurs = None if counts is None else np.asarray(counts)
    if occurs is not None:
        require_same_number([*sizes, len(occurs)], ["code", "counts"], "symbols")
    if names is not None:
        require_same_number([*sizes, len(names)], ["code", "names"], "symbols")
    leaves = sorted(words, key=words.__getitem__)
    is_named = len(leaves) <= _MOST_NAMED
    deepest = code.max_length
    axes = axes_or_new(ax, max(4.0, 0.62 * min(len(leaves), 16) + 1.2), 1.4 + 0.62 * deepest)
    places = _places([words[symbol] for symbol in leaves])
    _draw_branches(axes, places, is_named)
    for symbol in leaves if is_named else ():
        x, y = places[words[symbol]]
        name = _name(code, symbol) if names is None else names[symbol]
        box = {"boxstyle": "round,pad=0.35", "facecolor": BLUE, "edgecolor": "none"}
        axes.text(x, y, name, color="white", ha="center", va="center", bbox=box, zorder=3)
        below = words[symbol]
        if occurs is not None:
            below += f"\n{occurs[symbol]:g}" + ("\u00d7" if occurs.dtype.kind in "iu" else "")
        axes.annotate(
            below,
            (x, y),
            (0, -13),
            textcoords="offset points",
            ha="center",
            va="top",
            fontsize="small",
            color="black",
        )
    axes.set(xlim=(-0.7, len(leaves) - 0.3), ylim=(-deepest - 0.85, 0.25))
    axes.set_yticks([-depth for depth in range(deepest + 1)], map(str, range(deepest + 1)))
    axes.set_ylabel("bits")
    axes.set_xticks([])
    axes.spines[:].set_visible(False)
    title = f"{len(leaves)} symbols, codewords of {min(map(len, words.values()))} to {deepest} bits"
    if occurs is not None:
        mean = code.expected_length(occurs / occurs.sum())
        title = f"{len(leaves)} symbols, {mean:.3g} bits each on average"
    named(axes, title)
    return axes


def _places(words: list[str]) -> dict[str, tuple[float, float]]:
    """Return where nodes are: leaves side by side, others midway between their children."""
    places = {word: (float(place), -float(len(word))) for place, word in enumerate(words)}
    inner = {word[:depth] for word in words for depth in range(len(word))}
    for node in sorted(inner, key=len, reverse=True):
        below = [places[node + bit][0] for bit in "01" if node + bit in places]
        places[node] = (sum(below) / len(below), -float(len(node)))
    return places


def _draw_branches(axes: Axes, places: dict[str, tuple[float, float]], is_named: bool) -> None:
    for node, (x, y) in places.items():
        if not node:
            continue
        above_x, above_y = places[node[:-1]]
        axes.plot([above_x, x], [above_y, y], color=GREY, linewidth=1.3 if is_named else 0.6)
        if is_named:
            side = -5 if node[-1] == "0" else 5
            axes.annotate(
                node[-1],
                ((above_x + x) / 2, (above_y + y) / 2),
                (side, 1),
                textcoords="offset points",
                ha="center",
                color=ORANGE,
                fontsize="small",
            )


def _name(code: HuffmanCode, symbol: int) -> str:
    if code.alphabet_size == 256 and symbol == 0x20:
        return "space"
    return chr(symbol) if code.alphabet_size == 256 and 0x20 < symbol < 0x7F else str(symbol)
