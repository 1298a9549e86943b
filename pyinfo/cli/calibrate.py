"""The command ``pyinfo calibrate``."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray
from rich.table import Table
from rich.text import Text

from pyinfo.cli.each_file import Document, add_json, add_threads, run_each
from pyinfo.cli.exit_codes import EXIT_ERROR
from pyinfo.cli.files import OutputError, RefusalError
from pyinfo.cli.logit_files import opened_numbers
from pyinfo.cli.output import make_console, print_error, print_table, printable
from pyinfo.cli.pictures import add_plot, wanted_picture
from pyinfo.quantization import Calibration, FloatHistogram, calibrate
from pyinfo.quantization.calibration import CRITERIA, METHODS
from pyinfo.safetensors import safe_open
from pyinfo.safetensors.files import SUFFIX, header_of

_POINTS_SHOWN: Final = 12
_ARRAY: Final = "array"
_LEFT_OUT: Final = {"nans": "NaNs", "infinities": "infinities"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``pyinfo calibrate``."""
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="a .npy or safetensors file; - is a .npy file from standard input",
    )
    parser.add_argument("--bits", type=int, default=8, metavar="N", help="2 to 16; 8 by default")
    parser.add_argument(
        "--method", choices=METHODS, default="mse", help="what is least; mse by default"
    )
    parser.add_argument(
        "--criterion", choices=CRITERIA, default="nvidia", help="whose entropy; nvidia by default"
    )
    parser.add_argument(
        "--percentile", type=float, default=99.99, metavar="P", help="99.99 by default"
    )
    parser.add_argument(
        "--bins", type=int, default=8192, metavar="N", help="a power of two; 8192 by default"
    )
    parser.add_argument(
        "--symmetric",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="a range with 0 in its middle",
    )
    add_plot(parser, "what every threshold costs")
    add_threads(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Run ``pyinfo calibrate``."""
    curves: dict[str, Calibration] = {}

    def work(path: str) -> Document:
        tensors: list[Document] = []
        for name, parts in _arrays(path):
            histogram = FloatHistogram(args.bins)
            for part in parts:
                histogram.update(part, threads=args.threads)
            if not histogram.total:
                tensors.append({"name": name, "values": 0, **_left_out(histogram)})
                continue
            found = calibrate(
                histogram,
                bits=args.bits,
                method=args.method,
                criterion=args.criterion,
                percentile=args.percentile,
                symmetric=args.symmetric,
            )
            curves[name if len(args.files) == 1 else f"{path}: {name}"] = found
            tensors.append(_document(name, histogram, found))
        return {"path": path, "tensors": tensors}

    try:
        picture = wanted_picture(args)
    except (OutputError, RefusalError, ValueError) as error:
        print_error(args.plot, str(error))
        return EXIT_ERROR
    code = run_each(args, work, _show)
    try:
        if picture is not None and curves:
            picture.save(picture.plots.calibration(curves))
    except (OutputError, RefusalError, ValueError) as error:
        print_error(args.plot, str(error))
        return EXIT_ERROR
    return code


def _arrays(path: str) -> Iterator[tuple[str, Iterable[NDArray[Any]]]]:
    with opened_numbers(path) as parts:
        if parts is not None:
            yield _ARRAY, parts
            return
    if Path(path).is_file() and Path(path).suffix != SUFFIX and header_of(path) is None:
        raise RefusalError("is neither .npy nor safetensors: it does not start as they do")
    with safe_open(path, "np") as file:
        for name in file.keys():  # noqa: SIM118  # it is no dict
            tensor = file.get_slice(name)
            if tensor.get_dtype() in {"F64", "F32", "F16", "BF16"}:
                yield name, [file.get_tensor(name)]


def _left_out(histogram: FloatHistogram) -> Document:
    return {"nans": histogram.nans, "infinities": sum(histogram.infinities)}


def _document(name: str, histogram: FloatHistogram, found: Calibration) -> Document:
    return {
        "name": name,
        "values": histogram.total,
        **_left_out(histogram),
        "min": histogram.min,
        "max": histogram.max,
        "method": found.method,
        "bits": found.bits,
        "low": found.low,
        "high": found.high,
        "scale": found.scale,
        "zero_point": found.zero_point,
        "thresholds": found.thresholds.tolist(),
        # JSON has no infinity, which is the divergence where a tail has no place.
        "scores": [score if math.isfinite(score) else None for score in found.scores.tolist()],
    }


def _show(document: Document) -> None:
    console = make_console()
    console.print(Text(printable(os.fspath(document["path"])), style="bold"), soft_wrap=True)
    counted = [tensor for tensor in document["tensors"] if tensor["values"]]
    if not counted:
        console.print("  no finite floats")
        _show_left_out(document["tensors"])
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("  tensor", overflow="fold")
    for column in ("values", "min", "max", "low", "high", "scale", "zero"):
        table.add_column(column, justify="right")
    for tensor in counted:
        numbers = (tensor[key] for key in ("min", "max", "low", "high", "scale"))
        table.add_row(
            f"  {printable(tensor['name'])}",
            f"{tensor['values']:,}",
            *(f"{number:.5g}" for number in numbers),
            str(tensor["zero_point"]),
        )
    print_table(table)
    _show_left_out(document["tensors"])
    if len(counted) == 1 and counted[0]["scores"]:
        console.print(_curve(counted[0]))


def _show_left_out(tensors: list[Document]) -> None:
    console = make_console()
    for tensor in tensors:
        left_out = [f"{tensor[key]:,} {what}" for key, what in _LEFT_OUT.items() if tensor[key]]
        if left_out:
            name = "" if len(tensors) == 1 else f"{printable(tensor['name'])}: "
            console.print(f"  {name}{' and '.join(left_out)} not counted", soft_wrap=True)


def _curve(tensor: Document) -> Table:
    """Return some points of the curve, the best of all among them, if one is finite."""
    scores = [math.inf if score is None else score for score in tensor["scores"]]
    best = scores.index(min(scores)) if min(scores) < math.inf else None
    picked = {round(i * (len(scores) - 1) / (_POINTS_SHOWN - 1)) for i in range(_POINTS_SHOWN)}
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("  threshold", justify="right")
    what = "mean squared error" if tensor["method"] == "mse" else "divergence, nats"
    table.add_column(what, justify="right")
    table.add_column("")
    for i in sorted(picked if best is None else picked | {best}):
        mark = "<- least" if i == best else ""
        table.add_row(f"  {tensor['thresholds'][i]:.5g}", f"{scores[i]:.4g}", mark)
    return table
