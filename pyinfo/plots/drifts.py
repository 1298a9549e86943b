"""Divergences of samples, with their intervals: of the columns of a table, and over batches."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes

from pyinfo.arguments import require_not_empty
from pyinfo.monitoring.columns import Bins
from pyinfo.monitoring.drift import UNITS, Drift, DriftTable, Measure, Weights, drift
from pyinfo.plots.figures import BLUE, FAINT, GREY, LIGHT, ORANGE, axes_or_new, named, require_kind

_NAMES: Final = {
    "js": "Jensen-Shannon divergence",
    "kl": "Kullback-Leibler divergence",
    "psi": "population stability index",
    "g": "statistic of the G-test",
}
_MOST_TICKS: Final = 24


def drift_intervals(
    found: DriftTable,
    *,
    measure: Measure = "js",
    confidence: float = 0.95,
    limit: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the drift of a table's columns, the one that has drifted most on top.

    A dot is the corrected divergence, a bar its interval. Columns whose interval begins at 0 are
    hollow: chance explains them.

    Parameters
    ----------
    found : DriftTable
        What `pyinfo.drift` returned for two tables. Columns of infinite divergence are named below.
    measure, confidence
        Those of that call, in whose unit the axis is.
    limit : float, optional
        Where a line is drawn.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> before = {"age": np.arange(400), "plan": ["free", "paid"] * 200}
    >>> after = {"age": np.arange(50, 450), "plan": ["free"] * 200 + ["paid"] * 200}
    >>> axes = pyinfo.plots.drift_intervals(pyinfo.drift(before, after))
    >>> [label.get_text() for label in axes.get_yticklabels()]
    ['plan', 'age']
    """
    require_kind(found, "found", DriftTable, dict)
    columns = [(str(name), each) for name, each in found.items() if math.isfinite(each.high)]
    columns.sort(key=lambda item: (item[1].corrected, item[1].value))
    infinite = [str(name) for name, each in found.items() if not math.isfinite(each.high)]
    axes = axes_or_new(ax, 7, 1.4 + 0.3 * max(1, len(columns)))
    for place, (_, each) in enumerate(columns):
        colour = BLUE if each.low > 0 else GREY
        axes.hlines(place, each.low, each.high, color=LIGHT if each.low > 0 else FAINT, linewidth=5)
        axes.plot(
            each.corrected,
            place,
            "o",
            color=colour,
            clip_on=False,
            markerfacecolor=colour if each.low > 0 else "white",
        )
    if limit is not None:
        axes.axvline(limit, color=ORANGE, linestyle="--", linewidth=1.2)
    axes.set_yticks(range(len(columns)), [name for name, _ in columns])
    axes.set(ylim=(-0.6, max(1, len(columns)) - 0.4), xlim=(0, None))
    axes.set_xlabel(f"{_NAMES[measure]}, {UNITS[measure]}")
    axes.grid(axis="x", color=FAINT)
    drifted = sum(each.low > 0 for _, each in columns) + len(infinite)
    more = f"; infinite: {', '.join(infinite)}" if infinite else ""
    named(axes, f"{drifted} of {len(found)} columns differ, {confidence:.0%} intervals{more}")
    return axes


def divergence_over_batches(
    reference: Any,
    batches: Mapping[Any, Any] | Iterable[Any],
    *,
    measure: Measure = "js",
    weights: Weights = "equal",
    confidence: float = 0.95,
    bins: Bins = 10,
    limit: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw how far batch after batch is from a reference, with intervals.

    A dot is the corrected divergence of a batch, the band its interval; hollow dots are batches for
    which chance explains the difference.

    Parameters
    ----------
    reference
        A sample, or `Counts`, as in `pyinfo.drift`.
    batches : iterable, or mapping
        Such samples in their order; of a mapping, the keys name them on the axis.
    measure, weights, confidence, bins
        As in `pyinfo.drift`.
    limit : float, optional
        Where a line is drawn.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> days = {day: random.normal(shift, 1, 500) for day, shift in zip("MTWTF", [0, 0, 0, 1, 1])}
    >>> axes = pyinfo.plots.divergence_over_batches(random.normal(size=2000), days)
    >>> axes.get_ylabel()
    'Jensen-Shannon divergence, bits'
    """
    named_batches = dict(batches) if isinstance(batches, Mapping) else dict(enumerate(batches))
    require_not_empty(len(named_batches), "batches")
    found = [
        _one(
            drift(
                reference, batch, measure=measure, weights=weights, confidence=confidence, bins=bins
            )
        )
        for batch in named_batches.values()
    ]
    axes = axes_or_new(ax, 7.6, 3.8)
    places = np.arange(len(found))
    low, middle, high = (
        np.array([getattr(each, key) for each in found]) for key in ("low", "corrected", "high")
    )
    finite = np.isfinite(high)
    axes.fill_between(
        places,
        low,
        np.where(finite, high, np.nan),
        color=LIGHT,
        linewidth=0,
        label=f"{confidence:.0%} interval",
    )
    axes.plot(places, np.where(finite, middle, np.nan), color=BLUE, linewidth=1.5)
    for differs, face in ((True, BLUE), (False, "white")):
        chosen = finite & ((low > 0) == differs)
        axes.plot(
            places[chosen],
            middle[chosen],
            "o",
            color=BLUE,
            markerfacecolor=face,
            label="differs" if differs else "as the reference, or by chance",
        )
    if limit is not None:
        axes.axhline(limit, color=ORANGE, linestyle="--", linewidth=1.2, label=f"limit {limit:g}")
    step = -(-len(found) // _MOST_TICKS)
    ticks = places[::step]
    axes.set_xticks(ticks, [str(name) for name in list(named_batches)[::step]])
    axes.set(ylim=(0, None), xlim=(-0.4, len(found) - 0.6))
    axes.grid(axis="y", color=FAINT)
    axes.set_xlabel("batch")
    axes.set_ylabel(f"{_NAMES[measure]}, {UNITS[measure]}")
    differing = int((~finite | (low > 0)).sum())
    named(axes, f"{differing} of {len(found)} batches differ from the reference")
    axes.legend(frameon=False, loc="upper left", fontsize="small")
    return axes


def _one(found: Drift | DriftTable) -> Drift:
    if isinstance(found, DriftTable):
        raise TypeError("batches must be samples, not tables: choose a column of each")
    return found
