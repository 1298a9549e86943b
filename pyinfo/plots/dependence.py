"""What columns tell of each other, as a heat map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, SupportsIndex

import numpy as np
from matplotlib.axes import Axes

from pyinfo import measures
from pyinfo.arguments import require_same_number
from pyinfo.arrays import columns_of
from pyinfo.monitoring.columns import table_columns
from pyinfo.plots.figures import FAINT, GREY, axes_or_new, colour_bar, entropy_unit, named

_MOST_NUMBERS: Final = 12
_MOST_NAMES: Final = 60


def pairwise_mutual_information(
    X: Any,  # noqa: N803 - the name that tables of samples have everywhere
    *,
    names: Sequence[str] | None = None,
    base: float = 2,
    threads: SupportsIndex = 1,
    ax: Axes | None = None,
) -> Axes:
    """Draw the mutual information of every two columns of a table as a heat map.

    The diagonal, where columns meet themselves, has their entropies as numbers and no colour: they
    would drown all else.

    Parameters
    ----------
    X, base, threads
        As in `pyinfo.pairwise_mutual_information`.
    names : sequence of str, optional
        What the columns are called: by default as the table says, or their numbers.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> X = np.array([[0, 0, 0], [0, 0, 1], [1, 2, 0], [1, 2, 1]])
    >>> axes = pyinfo.plots.pairwise_mutual_information(X, names=["a", "twice", "other"])
    >>> axes.images[0].get_array()[0].tolist()
    [None, 1.0, 0.0]
    >>> [label.get_text() for label in axes.get_yticklabels()]
    ['a', 'twice', 'other']
    """
    matrix = measures.pairwise_mutual_information(X, base=base, threads=threads)
    k = len(matrix)
    if names is None:
        is_table = columns_of(X) is not None
        names = list(map(str, (table_columns(X) or {}) if is_table else range(k)))
    require_same_number([k, len(names)], ["X", "names"], "columns")
    side = min(9.0, max(3.2, 1.2 + 0.55 * k))
    axes = axes_or_new(ax, side + 1.4, side)
    between = np.ma.masked_array(matrix, np.eye(k, dtype=bool))
    largest = float(between.max()) if k > 1 else 0.0
    axes.set_facecolor(FAINT)
    shown = axes.imshow(between, cmap="Blues", vmin=0, vmax=largest or 1.0)
    for i, j in np.ndindex(k, k) if k <= _MOST_NUMBERS else ():
        value = float(matrix[i, j])
        dark = i != j and value > 0.6 * largest
        colour = GREY if i == j else "white" if dark else "black"
        axes.text(j, i, f"{value:.2f}", ha="center", va="center", color=colour, fontsize="small")
    if k <= _MOST_NAMES:
        axes.set_xticks(range(k), names, rotation=45, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(k), names)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    colour_bar(axes, shown, f"mutual information, {entropy_unit(base)}", shrink=0.85)
    named(axes, "Mutual information" + (" (grey: entropies)" if k <= _MOST_NUMBERS else ""))
    return axes
