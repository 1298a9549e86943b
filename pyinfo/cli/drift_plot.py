"""A picture of the drift of columns: estimates and their intervals."""

from __future__ import annotations

import importlib.util

import numpy as np

from pyinfo.cli.files import RefusalError
from pyinfo.monitoring import DriftTable


def plot_drift(found: DriftTable, path: str, unit: str) -> None:
    """Draw the columns of a table, the one that has drifted most on top.

    Parameters
    ----------
    found : DriftTable
        What `pyinfo.drift` returned.
    path : str
        The picture, of the kind that its suffix says.
    unit : str
        Of the divergences.

    Raises
    ------
    RefusalError
        If matplotlib is not installed.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise RefusalError("pictures need the extra 'plot': pip install 'pyinfo[plot]'")
    from matplotlib.figure import Figure  # without pyplot, which wants a display

    columns = sorted(found.items(), key=lambda item: (item[1].corrected, item[1].value))
    columns = [item for item in columns if np.isfinite(item[1].high)]
    figure = Figure(figsize=(7, 1 + 0.3 * max(1, len(columns))), layout="constrained")
    axes = figure.add_subplot()
    places = np.arange(len(columns))
    ends = np.array([(each.low, each.corrected, each.high) for _, each in columns]).reshape(-1, 3)
    axes.hlines(places, ends[:, 0], ends[:, 2], color="tab:blue", linewidth=3, alpha=0.5)
    axes.plot(ends[:, 1], places, "o", color="tab:blue")
    axes.set_yticks(places, [str(name) for name, _ in columns])
    axes.set_xlabel(f"divergence in {unit}, with its interval")
    axes.set_xlim(left=0)
    axes.set_ylim(-0.6, len(columns) - 0.4)
    axes.grid(axis="x", alpha=0.3)
    figure.savefig(path)
