"""How often small and large values occur."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from pyinfo.plots.figures import BLUE, DARK, axes_or_new, named

_BINS: Final = 100


def log_histogram(
    values: npt.ArrayLike, *, label: str = "value", count: str = "values", ax: Axes | None = None
) -> Axes:
    """Draw how often which values occur, on a logarithmic axis, with their mean and median.

    For what spans orders of magnitude and is not negative: losses of tokens, divergences of rows.

    Parameters
    ----------
    values : array_like
        Of any shape. Zeros and what is not finite have no place on the axis: the title counts them.
    label, count : str
        What a value is, with its unit; what there are many of.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If a value is negative.

    Examples
    --------
    >>> axes = pyinfo.plots.log_histogram([0.0, 0.1, 1.0, 2.0, 8.0], label="loss, nats")
    >>> axes.get_title(loc="left"), axes.get_xlabel()
    ('5 values, of which 1 is 0 or not finite', 'loss, nats')
    """
    array = np.asarray(values, np.float64).reshape(-1)
    if (array < 0).any():
        raise ValueError("values must not be negative: they have no place on a logarithmic axis")
    axes = axes_or_new(ax)
    shown = array[np.isfinite(array) & (array > 0)]
    if shown.size:
        low, high = np.log10([shown.min(), shown.max()])
        axes.hist(shown, np.logspace(low, high + 0.01, _BINS + 1).tolist(), color=BLUE)
        axes.set_xscale("log")
        mean, middle = array[np.isfinite(array)].mean(), np.median(array)
        axes.axvline(mean, color=DARK, label=f"mean {mean:.4g}")
        if np.isfinite(middle) and middle > 0:
            axes.axvline(middle, color=DARK, linestyle="--", label=f"median {middle:.4g}")
        axes.legend(frameon=False)
    left_out = array.size - shown.size
    verb = "is" if left_out == 1 else "are"
    rest = f", of which {left_out:,} {verb} 0 or not finite" if left_out else ""
    named(axes, f"{array.size:,} {count}{rest}")
    axes.set_xlabel(label)
    axes.set_ylabel(f"{count} in a bin")
    return axes
