"""What the commands print with: consoles, tables, errors in one line, progress."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.measure import Measurement
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

LONG_INPUT: Final = 64 << 20
"""Bytes from which on an input gets a progress bar."""

_MOST_COLUMNS: Final = 10_000  # of a table


def make_console(*, stderr: bool = False) -> Console:
    """Return a console that takes text as it is: no markup, no guesses about colours."""
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)


def key_value_table(rows: Sequence[tuple[str, str]]) -> Table:
    """Return a table of two columns, the first one dim."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")  # wrap where it must be, never cut a number short
    for key, value in rows:
        table.add_row(f"  {key}", value)
    return table


def print_table(table: Table) -> None:
    """Print a table in its own width, and let a terminal wrap what is wider than it is.

    Names of tensors are long: folded into what other columns leave, they could not be read.
    """
    console = make_console()
    options = console.options.update(width=_MOST_COLUMNS)
    console.width = max(console.width, Measurement.get(console, options, table).maximum)
    console.print(table)


def printable(text: str) -> str:
    """Return the text in one line, without control characters or undecoded bytes."""
    text = os.fsencode(text).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def print_error(path: str, reason: str) -> None:
    """Print one line about a file to standard error."""
    print(f"pyinfo: {printable(path)}: {printable(reason)}", file=sys.stderr)


def counted(number: int, what: str) -> str:
    """Return a number with what there are so many of."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def reason_of(error: Exception) -> str:
    """Return the reason in an error without the path, which is printed before it."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


class ProgressBar:
    """A progress bar on a terminal's stderr that appears when the input turns out to be long."""

    def __init__(self, description: str) -> None:
        self._description = description
        self._console = make_console(stderr=True)
        self._progress: Progress | None = None
        self._task = TaskID(0)
        self._next_update = 0.0

    @classmethod
    def of_file(cls, path: str) -> Self:
        """Return the bar of an input file."""
        return cls(printable(Path(path).name)[-24:])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def __call__(self, done: int, total: int | None) -> None:
        """Show the bytes done, and how many there are in all if that is known."""
        if not self._console.is_terminal or max(done, total or 0) < LONG_INPUT:
            return
        now = time.monotonic()
        if now < self._next_update:
            return
        self._next_update = now + 0.1
        if self._progress is None:
            self._progress = self._start()
        self._progress.update(self._task, completed=done, total=total)

    def _start(self) -> Progress:
        progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
        self._task = progress.add_task(self._description, total=None)
        progress.start()
        return progress


def binary_size(size: int) -> str:
    """Return the size in units for people, or nothing where the bytes are clear enough."""
    if size < 1 << 10:
        return ""
    exponent = min((size.bit_length() - 1) // 10, 6)
    return f" ({size / (1 << 10 * exponent):.1f} {'KMGTPE'[exponent - 1]}iB)"


def print_json(document: object) -> None:
    """Print one JSON document to standard output."""
    print(json.dumps(document, indent=2, allow_nan=False))
