"""The command line of pyinfo: subcommands, tables and progress; the numbers come from elsewhere."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from rich.console import Console
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
from rich.text import Text

from pyinfo.report import STDIN, FileReport, ReportError, report_file

EXIT_OK: Final = 0
EXIT_BROKEN_PIPE: Final = 1
EXIT_ERROR: Final = 2
EXIT_INTERRUPTED: Final = 130  # 128 + SIGINT, as shells report it

_LONG_INPUT: Final = 64 << 20
_PLANES_SHOWN: Final = 64


@dataclass(frozen=True, slots=True)
class Command:
    """A subcommand: how its arguments are declared, and what it does with them."""

    name: str
    help: str
    configure: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``pyinfo`` with the given arguments; return the exit code."""
    if sys.stdout is not None and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # file names may hold anything
    try:
        args = _parser().parse_args(argv)
        command: Command = args.command
        code = command.run(args)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _discard_stdout()
        return EXIT_BROKEN_PIPE
    except OSError as error:  # those of input files have been reported: this one is the output's
        _discard_stdout()
        _print_error("standard output", _reason(error))
        return EXIT_ERROR


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pyinfo", description="Information theory and entropy coding."
    )
    parser.add_argument("--version", action=_PrintVersion, nargs=0, help="print the version")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        subparser = subparsers.add_parser(command.name, help=command.help, description=command.help)
        command.configure(subparser)
        subparser.set_defaults(command=command)
    return parser


class _PrintVersion(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from pyinfo.config import config

        print(f"pyinfo {config()['version']}")
        parser.exit()


def _discard_stdout() -> None:
    """Let what is still buffered go nowhere, or the interpreter's last flush fails once more."""
    with contextlib.suppress(OSError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _console(*, stderr: bool = False) -> Console:
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)


def _key_value_table(rows: Sequence[tuple[str, str]]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")  # wrap where it must be, never cut a number short
    for key, value in rows:
        table.add_row(f"  {key}", value)
    return table


def _printable(text: str) -> str:
    """Return the text in one line, without control characters or undecoded bytes."""
    text = os.fsencode(text).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _print_error(path: str, reason: str) -> None:
    print(f"pyinfo: {_printable(path)}: {_printable(reason)}", file=sys.stderr)


def _reason(error: OSError | ReportError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


class _ProgressBar:
    """A progress bar on a terminal's stderr that appears when the input turns out to be long."""

    def __init__(self, description: str) -> None:
        self._description = description
        self._console = _console(stderr=True)
        self._progress: Progress | None = None
        self._task = TaskID(0)
        self._next_update = 0.0

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
        if not self._console.is_terminal or max(done, total or 0) < _LONG_INPUT:
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


# pyinfo report


def _configure_report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help=f"a file, device or pipe; {STDIN} is standard input",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument(
        "--elements",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="compute the entropy of the elements of .npy files; where millions of them are "
        "different, this reads the file several times",
    )


def _run_report(args: argparse.Namespace) -> int:
    code = EXIT_OK
    console = _console()
    documents: list[dict[str, Any]] = []
    for path in args.files:
        try:
            with _ProgressBar(_printable(Path(path).name)[-24:]) as progress:
                report = report_file(path, elements=args.elements, progress=progress)
        except (OSError, ReportError) as error:
            code = EXIT_ERROR
            _print_error(path, _reason(error))
            documents.append({"path": path, "error": _reason(error)})
            continue
        if args.json:
            documents.append(dataclasses.asdict(report))
        else:
            console.print(Text(_printable(path), style="bold"), soft_wrap=True)
            console.print(_key_value_table(_report_rows(report)))
    if args.json:
        for document in documents:
            document["path"] = os.fsencode(document["path"]).decode("utf-8", "backslashreplace")
        _print_json(documents)
    return code


def _report_rows(report: FileReport) -> list[tuple[str, str]]:
    rate = report.compression_rate
    rows = [
        ("size", f"{report.size:,} bytes{_binary_size(report.size)}"),
        ("entropy", f"{report.entropy:.6g} bits per byte"),
        ("order-0 limit", f"{report.order0_size:,} bytes{_binary_size(report.order0_size)}"),
        ("compression rate", "unlimited: all bytes are equal" if rate is None else f"{rate:.4f}"),
    ]
    if (array := report.array) is not None:
        rows.append(("dtype", array.dtype))
        rows.append(("shape", f"{array.shape}{', Fortran order' if array.fortran_order else ''}"))
        if array.element_entropy is not None:
            rows.append(
                (
                    "entropy of elements",
                    f"{array.element_entropy:.6g} bits per element"
                    f" ({array.distinct_elements:,} different)",
                )
            )
        if planes := array.plane_entropies:
            rows.append(("entropy per byte plane", _plane_text(planes)))
    rows.extend(("note", note) for note in report.notes)
    return rows


def _plane_text(planes: Sequence[float]) -> str:
    if len(planes) <= _PLANES_SHOWN:
        return "  ".join(f"{plane:.4f}" for plane in planes) + "  bits"
    mean = sum(planes) / len(planes)
    return f"{min(planes):.4f} to {max(planes):.4f}, mean {mean:.4f} bits ({len(planes)} planes)"


def _binary_size(size: int) -> str:
    """Return the size in units for people, or nothing where the bytes are clear enough."""
    if size < 1 << 10:
        return ""
    exponent = min((size.bit_length() - 1) // 10, 6)
    return f" ({size / (1 << 10 * exponent):.1f} {'KMGTPE'[exponent - 1]}iB)"


def _print_json(document: object) -> None:
    print(json.dumps(document, indent=2, allow_nan=False))


# pyinfo info


def _configure_info(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def _run_info(args: argparse.Namespace) -> int:
    from pyinfo.config import config

    settings = config()
    if args.json:
        _print_json(settings)
        return EXIT_OK
    rows = [
        ("version", settings["version"]),
        ("compiler", settings["compiler"]),
        ("Python", settings["python"]),
        ("NumPy", settings["numpy"]),
        ("instruction sets", ", ".join(settings["available_isas"])),
        ("in use", settings["isa"]),
    ]
    console = _console()
    console.print("pyinfo")
    console.print(_key_value_table(rows))
    return EXIT_OK


COMMANDS: Final = (
    Command(
        "report",
        "Print the order-0 entropy of files and how far an order-0 code can compress them.",
        _configure_report,
        _run_report,
    ),
    Command("info", "Print versions and instruction sets.", _configure_info, _run_info),
)
