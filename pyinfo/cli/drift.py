"""The command ``pyinfo drift``."""

from __future__ import annotations

import argparse
import math
import os
import warnings
from typing import Any

from rich.table import Table
from rich.text import Text

from pyinfo.cli.each_file import add_json, add_threads
from pyinfo.cli.exit_codes import EXIT_DRIFT, EXIT_ERROR, EXIT_OK
from pyinfo.cli.files import OutputError, RefusalError
from pyinfo.cli.output import make_console, print_error, print_json, printable, reason_of
from pyinfo.cli.pictures import add_plot, wanted_picture
from pyinfo.cli.table_files import read_table
from pyinfo.monitoring import Drift, DriftTable, DriftWarning, drift
from pyinfo.monitoring.columns import MISSING, MOST_BINS
from pyinfo.monitoring.drift import UNITS


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``pyinfo drift``."""
    parser.add_argument(
        "reference",
        metavar="REFERENCE",
        help="a CSV or Parquet file, or a folder of Parquet files; - is standard input",
    )
    parser.add_argument("current", metavar="CURRENT", help="another with these columns")
    parser.add_argument(
        "--column", action="append", metavar="NAME", help="compare this column; may be repeated"
    )
    parser.add_argument(
        "--measure", choices=tuple(UNITS), default="js", help="of divergence; js by default"
    )
    parser.add_argument(
        "--weights", choices=("equal", "size"), default="equal", help="in the mixture of js"
    )
    parser.add_argument("--bins", type=_bins, default=10, metavar="N", help="for numbers; 10")
    parser.add_argument(
        "--confidence", type=_share, default=0.95, metavar="C", help="of the intervals; 0.95"
    )
    parser.add_argument(
        "--fail-above",
        type=_divergence,
        metavar="D",
        help=f"exit with {EXIT_DRIFT} if the interval of a column lies above D",
    )
    parser.add_argument(
        "--fail-below",
        type=_share,
        metavar="P",
        help=f"exit with {EXIT_DRIFT} if the p-value of a column, times the number of columns, is "
        "below P",
    )
    add_plot(parser, "the intervals")
    add_threads(parser)
    add_json(parser)


def _bins(text: str) -> int:
    value = int(text)
    if not 2 <= value <= MOST_BINS:
        raise argparse.ArgumentTypeError(f"must be from 2 to {MOST_BINS}")
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError("must be between 0 and 1")
    return value


def _divergence(text: str) -> float:
    value = float(text)
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError("must be a number that is not negative")
    return value


def run(args: argparse.Namespace) -> int:
    """Run ``pyinfo drift``."""
    path = args.reference
    wanted = None if args.column is None else list(dict.fromkeys(args.column))
    try:
        if args.weights == "size" and args.measure != "js":
            path = "--weights"
            raise RefusalError(f"measure {args.measure} has no mixture")
        picture = wanted_picture(args)
        reference = read_table(path, wanted)
        path = args.current
        current = read_table(path, wanted or list(_names(reference)))
        path = f"{args.reference}, {args.current}"  # what is said of both
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DriftWarning)  # notes are printed
            found = drift(
                reference,
                current,
                measure=args.measure,
                weights=args.weights,
                confidence=args.confidence,
                bins=args.bins,
                threads=args.threads,
            )
        beyond = [str(name) for name, each in found.items() if _is_beyond(each, len(found), args)]
        if picture is not None:
            drawn = picture.plots.drift_intervals(
                found, measure=args.measure, confidence=args.confidence, limit=args.fail_above
            )
            picture.save(drawn)
    except BrokenPipeError:
        raise
    except (OSError, ValueError, TypeError, ImportError, RefusalError, OutputError) as error:
        path = error.path if isinstance(error, OutputError) else path
        print_error(path, reason_of(error))
        if args.json:
            print_json({**_files(args), "error": f"{printable(path)}: {reason_of(error)}"})
        return EXIT_ERROR
    if args.json:
        print_json(_document(args, found, beyond))
    else:
        _show(args, found, beyond)
    return EXIT_DRIFT if beyond else EXIT_OK


def _names(table: Any) -> Any:
    return getattr(table, "column_names", None) or table.columns


def _is_beyond(found: Drift, columns: int, args: argparse.Namespace) -> bool:
    above = args.fail_above is not None and found.low > args.fail_above
    # As many columns are as many chances: Bonferroni's correction.
    return above or (args.fail_below is not None and found.p_value * columns < args.fail_below)


def _files(args: argparse.Namespace) -> dict[str, Any]:
    return {
        name: os.fsencode(getattr(args, name)).decode("utf-8", "backslashreplace")
        for name in ("reference", "current")
    }


def _category(category: Any) -> str:
    """Return a category as it is printed; what is missing alike for numbers and texts."""
    is_missing = category is None or category != category
    return MISSING if is_missing else str(category)


def _document(args: argparse.Namespace, found: DriftTable, beyond: list[str]) -> dict[str, Any]:
    return {
        **_files(args),
        "measure": args.measure,
        "unit": UNITS[args.measure],
        "confidence": args.confidence,
        "columns": [
            {
                "column": str(name),
                **{
                    key: number if math.isfinite(number := getattr(each, key)) else None
                    for key in ("value", "corrected", "low", "high", "p_value")
                },
                "contributions": [
                    {"category": _category(category), "value": added}
                    for category, added in each.contributions.items()
                    if math.isfinite(added)
                ],
                "notes": list(each.notes),
                "beyond": str(name) in beyond,
            }
            for name, each in found.items()
        ],
    }


def _show(args: argparse.Namespace, found: DriftTable, beyond: list[str]) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("column", overflow="fold")
    for name in (args.measure, f"{args.confidence:.0%} interval", "p-value"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("mostly", overflow="fold")
    for name, each in found.items():
        style = "bold" if str(name) in beyond else ""
        first = next(iter(each.contributions))
        table.add_row(
            Text(printable(str(name)), style),
            Text(f"{each.corrected:.4g}", style),
            Text(f"{each.low:.4g} to {each.high:.4g}", style),
            Text(f"{each.p_value:.2g}", style),
            Text(printable(_category(first)) if each.low > 0 else ""),
        )
    console = make_console()
    console.print(table)
    for name, each in found.items():
        for note in each.notes:
            console.print(f"note: {printable(str(name))}: {note}", soft_wrap=True)
