"""What all pictures have in common: the axes they are drawn on, colours, and units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

# They differ in lightness as well: for print in grey, and for eyes that tell few colours apart.
DARK: Final = "#08306b"
BLUE: Final = "#2f6db5"
LIGHT: Final = "#b9d3ee"
ORANGE: Final = "#d9731a"
GREY: Final = "#6b6b6b"
FAINT: Final = "#e4e4e4"


def axes_or_new(ax: Axes | None, width: float = 7.0, height: float = 4.2) -> Axes:
    """Return the axes that were given, or those of a new figure that pyplot does not know.

    Only new ones are styled: others are somebody else's.
    """
    if ax is not None:
        return ax
    return row_of_axes([width], height)[0]


def row_of_axes(widths: Sequence[float], height: float) -> list[Axes]:
    """Return axes of these widths, side by side in a new figure that pyplot does not know."""
    figure = Figure(figsize=(sum(widths), height), layout="constrained")
    FigureCanvasAgg(figure)
    row = figure.subplots(1, len(widths), width_ratios=list(widths), squeeze=False)[0].tolist()
    for axes in row:
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(GREY)
        axes.tick_params(colors=GREY, labelcolor="black")
        axes.set_axisbelow(True)
    return list(row)


def colour_bar(axes: Axes, drawn: AxesImage, label: str, **options: Any) -> None:
    """Say beside the axes what the colours of an image are."""
    bar = axes.figure.colorbar(drawn, ax=axes, **options)
    bar.set_label(label)
    bar.outline.set_visible(False)


def require_kind(found: object, name: str, *kinds: type) -> None:
    """Raise TypeError unless that is what a picture is of."""
    if not isinstance(found, kinds):
        wanted = " or ".join(kind.__name__ for kind in kinds)
        raise TypeError(f"{name} must be of type {wanted}, not {type(found).__name__}")


def named(axes: Axes, title: str) -> None:
    """Give a title, at the left, where what follows it begins as well."""
    axes.set_title(title, loc="left")


def entropy_unit(base: float) -> str:
    """Return the name of the unit of information to this base."""
    names = {2.0: "bits", math.e: "nats", 10.0: "hartleys", 256.0: "bytes"}
    return names.get(float(base), f"units of log {base:g}")


def binary_offset(offset: int, unit: str = "") -> str:
    """Return a number of bytes in the largest unit in which it is short, or in plain `unit`."""
    for exponent, larger in ((3, "GiB"), (2, "MiB"), (1, "KiB")):
        if offset >= 1 << 10 * exponent:
            return f"{offset / (1 << 10 * exponent):.4g} {larger}"
    return f"{offset:,}{unit}"
