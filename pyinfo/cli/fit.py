"""The command ``pyinfo fit``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from rich.table import Table
from rich.text import Text

from pyinfo.arguments import reals
from pyinfo.cli.each_file import Document, add_json, add_threads, run_each
from pyinfo.cli.files import RefusalError
from pyinfo.cli.output import (
    ProgressBar,
    binary_size,
    key_value_table,
    make_console,
    print_table,
    printable,
)
from pyinfo.cli.pictures import add_plot, wanted_picture
from pyinfo.cli.weights import errors_of
from pyinfo.quantization import FittedModel, fit
from pyinfo.safetensors.files import SUFFIX, header_of
from pyinfo.safetensors.numpy import load_file

FITTED_SUFFIX: Final = ".fit" + SUFFIX


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``pyinfo fit``."""
    parser.add_argument("source", metavar="FILE", help="a safetensors file, or a folder of them")
    parser.add_argument(
        "--budget",
        metavar="SIZE",
        required=True,
        help="what the new file may have: bytes, 8MB, 8MiB, or bits per weight as 4.5bpw",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help=f"the new file; FILE{FITTED_SUFFIX} by default, FOLDER.fit for a folder",
    )
    parser.add_argument("--dry-run", action="store_true", help="tell what comes of it, no more")
    parser.add_argument(
        "--importance",
        metavar="FILE",
        help="what squared errors count: a safetensors file or JSON with a number, or one for each "
        "index of the last axis, by names of tensors",
    )
    parser.add_argument(
        "--lossless",
        metavar="PATTERN",
        action="append",
        help="tensors that stay as they are, beside norms, biases and small ones; may be repeated",
    )
    parser.add_argument(
        "--gap", type=float, default=1e-4, help="how near to the best; 0.0001 by default"
    )
    parser.add_argument(
        "--force", action="store_true", help="overwrite the new file and PICTURE; a folder never is"
    )
    add_plot(parser, "the least error for what is spent", force=False)
    add_threads(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Run ``pyinfo fit``."""
    args.files = [args.source]

    def work(path: str) -> Document:
        picture = wanted_picture(args)
        output = None if args.dry_run else _output(path, args)
        importance = None if args.importance is None else _importance(args.importance)
        with ProgressBar.of_file(path) as progress, errors_of(output):
            found = fit(
                path,
                args.budget,
                importance=importance,
                destination=output,
                lossless=args.lossless,
                gap=args.gap,
                threads=args.threads,
                overwrite=args.force,
                progress=progress,
            )
        if picture is not None:
            picture.save(picture.plots.budget(found))
        return _document(path, output, found)

    return run_each(args, work, _show)


def _output(path: str, args: argparse.Namespace) -> str:
    if Path(path).is_dir():  # what is there already is left alone
        folder = Path(path)
        named = (
            folder if folder.name not in {"", ".."} else folder.resolve()
        )  # beside it, not in it
        return args.output or f"{named}.fit"
    output: str = args.output or path.removesuffix(SUFFIX) + FITTED_SUFFIX
    if Path(output).is_dir():
        raise RefusalError(f"{printable(output)} is a folder: name a file with -o")
    if Path(output).exists():
        if Path(path).exists() and Path(output).samefile(path):
            raise RefusalError("the output is the file itself")
        if not args.force:
            raise RefusalError(f"{printable(output)} exists already: --force overwrites it")
    return output


def _importance(path: str) -> dict[str, Any]:
    if header_of(path) is not None:
        return dict(load_file(path))
    try:
        importance = json.loads(Path(path).read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: importance is neither safetensors nor JSON: {error}") from error
    if not isinstance(importance, dict):
        raise ValueError(f"{path}: importance must be an object, by names of tensors")
    try:
        return {name: reals(each, f"importance[{name!r}]") for name, each in importance.items()}
    except TypeError as error:  # of what JSON can hold, a matter of values
        raise ValueError(f"{path}: {error}") from error


def _document(path: str, output: str | None, found: FittedModel) -> Document:
    document: Document = {"path": path}
    if output is not None:
        document["output"] = output
    return {
        **document,
        "budget": found.budget,
        "size": found.size,
        "predicted_size": found.predicted_size,
        "original_size": found.original_size,
        "compression_rate": found.original_size / found.size,
        "error": found.error,
        "lower_bound": found.lower_bound,
        "gap": found.gap,
        "tensors": [asdict(tensor) for tensor in found.tensors],
        "allocation": found.allocation.document(),
        "table": found.table,
    }


def _show(document: Document) -> None:
    console = make_console()
    console.print(Text(printable(document["path"]), style="bold"), soft_wrap=True)
    size, was = document["size"], document["original_size"]
    rows = [
        ("tensors", f"{len(document['tensors']):,}"),
        ("budget", f"{document['budget']:,} bytes{binary_size(document['budget'])}"),
        ("size", f"{size:,} bytes{binary_size(size)}, from {was:,}{binary_size(was)}"),
        ("compression rate", f"{document['compression_rate']:.4f}"),
        ("squared error", f"{document['error']:.6g}"),
        ("lower bound", f"{document['lower_bound']:.6g}, for these bytes and this kind of file"),
        ("gap", f"{document['gap']:.2g}"),
    ]
    if "output" in document:
        rows.append(("written to", printable(document["output"])))
    console.print(key_value_table(rows))
    print_table(_tensor_table(document["tensors"]))


def _tensor_table(tensors: Sequence[Document]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    columns = ("  tensor", "dtype", "shape", "stored", "step", "bytes", "bits", "error", "share")
    for column in columns:
        left = column in {"  tensor", "dtype", "shape", "stored"}
        table.add_column(column, justify="left" if left else "right", overflow="fold")
    for tensor in tensors:
        table.add_row(
            "  " + printable(tensor["name"]),
            tensor["dtype"],
            "x".join(map(str, tensor["shape"])) or "scalar",
            tensor["stored"],
            "" if tensor["step"] is None else f"{tensor['step']:.4g}",
            f"{tensor['size']:,}",
            f"{tensor['bits_per_weight']:.2f}",
            f"{tensor['error']:.4g}",
            f"{tensor['share']:.2%}",
        )
    return table
