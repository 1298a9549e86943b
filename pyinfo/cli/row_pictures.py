"""Pictures of what commands find in each row: how often small and large values occur."""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyinfo.cli.files import OutputError, RefusalError
from pyinfo.coding.whole_files import whole_file

_BINS = 100


def add_plot(parser: argparse.ArgumentParser) -> None:
    """Declare the option for a picture."""
    parser.add_argument(
        "--plot",
        metavar="PICTURE",
        help="draw how often which values occur: .png, .svg, .pdf (extra 'plot')",
    )
    parser.add_argument("--force", action="store_true", help="overwrite PICTURE")


def draw_rows(path: str, force: bool, title: str, values: NDArray[np.float64]) -> None:
    """Write a histogram of values that are not negative; zeros and infinities are counted."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise RefusalError("--plot needs the extra 'plot': pip install 'pyinfo[plot]'") from error
    kind = Path(path).suffix.removeprefix(".")
    figure: Any = Figure(figsize=(7, 4), layout="constrained")
    if kind not in figure.canvas.get_supported_filetypes():
        raise OutputError(path, OSError(f"no picture can be written as {kind!r}"))
    axes = figure.add_subplot()
    shown = values[np.isfinite(values) & (values > 0)]
    if shown.size:
        low, high = np.log10([shown.min(), shown.max()])
        axes.hist(shown, np.logspace(low, high + 0.01, _BINS + 1), color="#4477aa")
        axes.set_xscale("log")
        mean, middle = values[np.isfinite(values)].mean(), np.median(values)
        axes.axvline(mean, color="#222222", label=f"mean {mean:.4g}")
        axes.axvline(middle, color="#222222", linestyle="--", label=f"median {middle:.4g}")
        axes.legend(frameon=False)
    left_out = values.size - shown.size
    axes.set_title(title + (f" ({left_out:,} are 0 or not finite)" if left_out else ""))
    axes.set_ylabel("rows")
    picture = io.BytesIO()
    figure.savefig(picture, format=kind)
    try:
        with whole_file(Path(path), overwrite=force) as file:
            file.write(picture.getbuffer())
    except OSError as error:
        raise OutputError(path, error) from error
