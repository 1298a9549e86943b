"""The picture of ``pyinfo calibrate``: the score of every threshold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pyinfo.quantization import Calibration

_LINES = 12


def save_picture(path: str, curves: Mapping[str, Calibration]) -> None:
    """Draw the curves of the first tensors, and where each is least.

    Raises
    ------
    ImportError
        If Matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError("--plot needs Matplotlib: pip install matplotlib") from None
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.add_subplot()
    drawn = [(name, curve) for name, curve in curves.items() if curve.scores.size][:_LINES]
    for name, curve in drawn:
        (line,) = axes.plot(curve.thresholds, curve.scores, label=name)
        best = int(curve.scores.argmin())
        axes.plot(curve.thresholds[best], curve.scores[best], "o", color=line.get_color())
    if drawn:
        named = drawn[0][1].method
        axes.set_ylabel("mean squared error" if named == "mse" else f"{named}, nats")
        axes.set_yscale("log")
        axes.legend()
    axes.set_xlabel("threshold")
    target = Path(path)
    temporary = target.with_name(f".{target.name}.new{target.suffix}")
    figure.savefig(temporary)
    temporary.replace(target)
