"""The command ``pyinfo compare``."""

from __future__ import annotations

import argparse
import dataclasses
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

from pyinfo.cli.each_file import Document, run_each
from pyinfo.cli.files import RefusalError
from pyinfo.cli.kld_file import RANGE
from pyinfo.cli.logit_files import LogitRows, opened_logits
from pyinfo.cli.output import ProgressBar, key_value_table, make_console, printable
from pyinfo.cli.perplexity import add_row_arguments, finite, labels_of, number
from pyinfo.cli.pictures import wanted_picture
from pyinfo.logits.comparison import ComparedRows, compared_rows, summary

_SHOWN: Final = (
    ("kl_mean", "mean KL divergence", True),
    ("kl_median", "median", True),
    ("kl_99", "99 % point", False),
    ("kl_999", "99.9 % point", False),
    ("kl_max", "largest", False),
    ("same_top", "same top class", True),
    ("base_perplexity", "perplexity of BASE", False),
    ("other_perplexity", "perplexity of OTHER", False),
    ("log_perplexity_ratio", "ln of their ratio", True),
    ("rms_delta_p", "RMS change of p", True),
)
_WITHOUT_LABELS: Final = 6
"""So many of them need no labels."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``pyinfo compare``."""
    parser.add_argument(
        "base", metavar="BASE", help="logits: .npy, .npz or .kld (llama.cpp), of the original"
    )
    parser.add_argument("other", metavar="OTHER", help="those of what it is compared with")
    parser.add_argument(
        "labels",
        metavar="LABELS",
        nargs="?",
        help="the class that came true in each row; .npz and .kld files may have them",
    )
    add_row_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run ``pyinfo compare``."""
    args.files = [args.other]

    def work(path: str) -> Document:
        picture = wanted_picture(args)
        with (
            opened_logits(args.base) as base,
            opened_logits(path) as other,
            ProgressBar.of_file(path) as progress,
        ):
            _require_same_rows(base, other)
            labels = labels_of(base, args.labels, args.ignore_index)
            if labels is None:
                labels = labels_of(other, None, args.ignore_index)
            elif args.labels is None and other.labels is not None:
                _require_same_labels(labels, other.labels)
            rows = _compared(base, other, labels, args, progress)
        if rows.kl.size == 0:
            raise RefusalError("every row is ignored")
        document = {
            "path": path,
            "base": args.base,
            "classes": base.classes,
            "base_dtype": base.dtype,
            "dtype": other.dtype,
            "labels": labels is not None,
            **dataclasses.asdict(summary(rows)),
        }
        if picture is not None:
            label = "Kullback-Leibler divergence of a row, nats"
            picture.save(picture.plots.log_histogram(rows.kl, label=label, count="rows"))
            document["plot"] = picture.path
        return finite(document)

    return run_each(args, work, _show)


def _require_same_rows(base: LogitRows, other: LogitRows) -> None:
    for what, ours, theirs in (
        ("rows", base.rows, other.rows),
        ("classes", base.classes, other.classes),
    ):
        if ours != theirs:
            raise RefusalError(f"has {theirs:,} {what}, the base has {ours:,}")
    texts = [file.tokens for file in (base, other) if file.tokens is not None]
    if len(texts) == 2 and not np.array_equal(texts[0], texts[1]):
        raise RefusalError("is of another text than the base: their tokens differ")


def _require_same_labels(ours: NDArray[np.int64], theirs: NDArray[np.int64]) -> None:
    wrong = np.flatnonzero(ours != theirs)
    if wrong.size:
        raise RefusalError(f"has other labels than the base, first in row {wrong[0]:,}")


def _compared(
    base: LogitRows,
    other: LogitRows,
    labels: NDArray[np.int64] | None,
    args: argparse.Namespace,
    progress: ProgressBar,
) -> ComparedRows:
    found: list[ComparedRows] = []
    for begin in range(0, base.rows, base.step):
        count = min(base.step, base.rows - begin)
        a, b = base.read(count), other.read(count)
        if base.tokens is not None:  # .kld: what is impossible for the other may have been here
            a[np.isneginf(b) & (a < a.max(axis=1, keepdims=True) - RANGE)] = -np.inf
        wide = np.promote_types(a.dtype, b.dtype)
        found.append(
            compared_rows(
                a.astype(wide, copy=False),
                b.astype(wide, copy=False),
                None if labels is None else labels[begin : begin + count],
                ignore_index=args.ignore_index,
                threads=args.threads,
            )
        )
        progress((begin + count) * other.row_bytes, base.rows * other.row_bytes)
    return ComparedRows(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _show(document: Document) -> None:
    console = make_console()
    title = f"{printable(document['base'])} -> {printable(document['path'])}"
    console.print(Text(title, style="bold"), soft_wrap=True)
    rows = [("rows", f"{document['rows']:,} of {document['classes']:,} classes")]
    for key, name, with_error in _SHOWN if document["labels"] else _SHOWN[:_WITHOUT_LABELS]:
        text = number(document[key], document[f"{key}_error"] if with_error else None)
        rows.append((name, text + (" nats" if key == "kl_mean" else "")))
    if "plot" in document:
        rows.append(("picture", printable(document["plot"])))
    console.print(key_value_table(rows))
