"""The command ``pyinfo perplexity``."""

from __future__ import annotations

import argparse
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

from pyinfo import logits
from pyinfo.cli.each_file import Document, add_json, add_threads, run_each
from pyinfo.cli.files import RefusalError
from pyinfo.cli.logit_files import LogitRows, checked_labels, opened_logits, read_labels
from pyinfo.cli.output import ProgressBar, key_value_table, make_console, printable
from pyinfo.cli.pictures import add_plot, wanted_picture
from pyinfo.logits.comparison import standard_error


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``pyinfo perplexity``."""
    parser.add_argument(
        "logits",
        metavar="LOGITS",
        help=".npy, .npz (arrays 'logits' and 'labels') or .kld of llama.cpp (with labels)",
    )
    parser.add_argument(
        "labels", metavar="LABELS", nargs="?", help="the class that came true in each row"
    )
    add_row_arguments(parser)


def add_row_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what is the same for all commands that read rows of logits."""
    parser.add_argument(
        "--ignore-index",
        type=int,
        default=-100,
        metavar="N",
        help="rows with this label do not count; -100 by default",
    )
    add_threads(parser)
    add_plot(parser, "how often which losses or divergences occur")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Run ``pyinfo perplexity``."""
    args.files = [args.logits]

    def work(path: str) -> Document:
        picture = wanted_picture(args)
        with opened_logits(path) as rows, ProgressBar.of_file(path) as progress:
            labels = labels_of(rows, args.labels, args.ignore_index)
            if labels is None:
                raise RefusalError("has no labels: name a file that has them, too")
            losses = _losses(rows, labels, args, progress)
            document = {"path": path, "classes": rows.classes, "dtype": rows.dtype}
        if losses.size == 0:
            raise RefusalError("every row is ignored")
        document |= _summary(losses, rows.rows - losses.size)
        if picture is not None:
            label = "cross-entropy of a row, nats"
            picture.save(picture.plots.log_histogram(losses, label=label, count="rows"))
            document["plot"] = picture.path
        return finite(document)

    return run_each(args, work, _show)


def labels_of(rows: LogitRows, path: str | None, ignored: int) -> NDArray[np.int64] | None:
    """Return the labels in a file, or those beside the logits."""
    if path is not None:
        return read_labels(path, rows, ignored)
    return None if rows.labels is None else checked_labels(rows.labels, rows, ignored)


def finite(document: Document) -> Document:
    """Return what JSON can hold: None for numbers that are not finite."""
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in document.items()
    }


def number(value: float | None, error: float | None = None) -> str:
    """Return a number, and how far it may be off."""
    if value is None:
        return "not finite"
    if error is None:
        return f"{value:.6g}"
    # Two digits of the error, without an exponent where people do not need one.
    digits = 2 if error < 100 else min(len(f"{error:.0f}"), 9)
    rounded = float(f"{error:.2g}")
    return f"{value:.6g} ± {rounded:.{digits}g}"


def _losses(
    rows: LogitRows, labels: NDArray[np.int64], args: argparse.Namespace, progress: ProgressBar
) -> NDArray[np.float64]:
    """Return the loss of each row that counts."""
    found: list[NDArray[Any]] = []
    for begin in range(0, rows.rows, rows.step):
        count = min(rows.step, rows.rows - begin)
        part = labels[begin : begin + count]
        each = logits.cross_entropy(
            rows.read(count),
            part,
            ignore_index=args.ignore_index,
            reduction="none",
            threads=args.threads,
        )
        found.append(np.asarray(each, np.float64)[part != args.ignore_index])
        progress((begin + count) * rows.row_bytes, rows.rows * rows.row_bytes)
    return np.concatenate(found)


def _summary(losses: NDArray[np.float64], ignored: int) -> Document:
    mean, error = float(losses.mean()), standard_error(losses)
    with np.errstate(over="ignore", invalid="ignore"):
        perplexity = float(np.exp(mean))
    return {
        "rows": losses.size,
        "ignored": ignored,
        "cross_entropy": mean,
        "cross_entropy_error": error,
        "bits": mean / math.log(2),
        "bits_error": error / math.log(2),
        "perplexity": perplexity,
        "perplexity_error": perplexity * error,
    }


def _show(document: Document) -> None:
    console = make_console()
    console.print(Text(printable(document["path"]), style="bold"), soft_wrap=True)
    ignored = f", and {document['ignored']:,} ignored" if document["ignored"] else ""
    rows = [("rows", f"{document['rows']:,} of {document['classes']:,} classes{ignored}")]
    for key, name, unit in (
        ("perplexity", "perplexity", ""),
        ("cross_entropy", "cross-entropy", " nats"),
        ("bits", "", " bits"),
    ):
        found = number(document[key], document[f"{key}_error"])
        rows.append((name, found + (unit if document[key] is not None else "")))
    if "plot" in document:
        rows.append(("picture", printable(document["plot"])))
    console.print(key_value_table(rows))
