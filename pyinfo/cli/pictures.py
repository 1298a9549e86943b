"""Pictures that commands draw beside what they print: the functions of `pyinfo.plots`."""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import Any

from pyinfo.cli.files import OutputError, RefusalError
from pyinfo.cli.output import printable
from pyinfo.coding.whole_files import whole_file


def add_plot(parser: argparse.ArgumentParser, what: str, *, force: bool = True) -> None:
    """Declare the option for a picture; `force` if the command has no such option of its own."""
    parser.add_argument(
        "--plot", metavar="PICTURE", help=f"draw {what}: .png, .svg, .pdf (extra 'plot')"
    )
    if force:
        parser.add_argument("--force", action="store_true", help="overwrite PICTURE")


def wanted_picture(args: argparse.Namespace) -> Picture | None:
    """Return the picture that was asked for, if any.

    Asked before the work, which would be for nothing if the picture cannot be drawn.
    """
    return None if args.plot is None else Picture(args.plot, args.force)


class Picture:
    """A picture that is to be: there when it is whole, or not at all.

    Parameters
    ----------
    path
        The file, of the kind that its suffix says.
    force
        Whether to replace an older one.

    Attributes
    ----------
    path
        As it was given.
    plots
        `pyinfo.plots`, which is not imported without need: matplotlib takes long.

    Raises
    ------
    RefusalError, OutputError
        If matplotlib is missing, or the picture cannot be written there.
    """

    def __init__(self, path: str, force: bool) -> None:
        try:
            from pyinfo import plots
        except ImportError as error:
            raise RefusalError(f"--plot: {error}") from error
        self.path = path
        self.plots: Any = plots
        self._force = force
        self._kind = Path(path).suffix.removeprefix(".").lower()
        kinds = self.axes()[0].figure.canvas.get_supported_filetypes()
        if self._kind not in kinds:
            raise OutputError(path, OSError(f"no picture can be written as {self._kind!r}"))
        if Path(path).exists() and not force:
            raise RefusalError(f"{printable(path)} exists already: --force overwrites it")

    def axes(self, *widths: float, height: float = 4.2) -> Any:
        """Return axes side by side in one figure."""
        return self.plots.figures.row_of_axes(widths or (7.0,), height)

    def save(self, axes: Any) -> None:
        """Write the figure that these axes are in."""
        drawn = io.BytesIO()
        axes.figure.savefig(drawn, format=self._kind, dpi=150)
        try:
            with whole_file(Path(self.path), overwrite=self._force) as file:
                file.write(drawn.getbuffer())
        except OSError as error:
            raise OutputError(self.path, error) from error
