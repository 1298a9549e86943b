"""The command ``pyinfo report``: the statistics of files as tables."""

from __future__ import annotations

import argparse
import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.text import Text

from pyinfo.cli.each_file import REPORTED, add_json, file_of, path_text
from pyinfo.cli.exit_codes import EXIT_ERROR, EXIT_OK
from pyinfo.cli.file_statistics import ArrayStatistics, FileStatistics, file_statistics
from pyinfo.cli.files import STANDARD, OutputError, RefusalError
from pyinfo.cli.output import (
    ProgressBar,
    binary_size,
    key_value_table,
    make_console,
    print_error,
    print_json,
    printable,
    reason_of,
)
from pyinfo.cli.pictures import Picture, add_plot, wanted_picture
from pyinfo.cli.statistics_input import StatisticsError
from pyinfo.cli.weights import weight_files
from pyinfo.cli.weights_output import show_weights, weights_document
from pyinfo.counting.block_counts import LONGEST

_PLANES_SHOWN: Final = 64


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``pyinfo report``."""
    parser.add_argument(
        "files",
        nargs="+",
        type=path_text,
        metavar="FILE",
        help=f"a file, folder of safetensors files, device or pipe; {STANDARD} is standard input",
    )
    add_json(parser)
    add_plot(parser, "where in a file information is, and in which bytes of an array's elements")
    parser.add_argument(
        "--elements",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="compute the entropy of the elements of .npy files; where millions of them are "
        "different, this reads the file several times",
    )
    parser.add_argument(
        "--order",
        type=_order,
        metavar="K",
        help=f"also print the entropy of a byte given the bytes before it, for 0 to K of them (at "
        f"most {LONGEST - 1}); each order above 1 takes up to 40 MiB of memory, and where millions "
        "of runs are different, the file is read several times",
    )


def _order(text: str) -> int:
    order = int(text)
    if not 0 <= order < LONGEST:
        raise argparse.ArgumentTypeError(f"must be from 0 to {LONGEST - 1}")
    return order


def run(args: argparse.Namespace) -> int:
    """Run ``pyinfo report``."""
    code = EXIT_OK
    try:
        picture = wanted_picture(args)
        if picture is not None and (len(args.files) > 1 or not Path(args.files[0]).is_file()):
            raise RefusalError("a picture is of one regular file")
    except (OutputError, RefusalError) as error:
        print_error(args.plot, str(error))
        return EXIT_ERROR
    console = make_console()
    documents: list[dict[str, Any]] = []
    array: ArrayStatistics | None = None
    for path in args.files:
        try:
            if files := weight_files(path):
                shown = [weights_document(name) for name in files]
                documents += shown
                for document in shown if not args.json else []:
                    show_weights(document)
                continue
            with ProgressBar.of_file(path) as progress:
                statistics = file_statistics(
                    path, elements=args.elements, order=args.order, progress=progress
                )
            array = statistics.array
        except (*REPORTED, StatisticsError) as error:
            code = EXIT_ERROR
            print_error(file_of(error) or path, reason_of(error))
            documents.append({"path": path, "error": reason_of(error)})
            continue
        if args.json:
            documents.append(dataclasses.asdict(statistics))
        else:
            console.print(Text(printable(path), style="bold"), soft_wrap=True)
            console.print(key_value_table(_rows(statistics)))
    if picture is not None and code == EXIT_OK:
        try:
            _draw(picture, args.files[0], array)
        except OutputError as error:
            code = EXIT_ERROR
            print_error(args.plot, str(error))
    if args.json:
        for document in documents:
            document["path"] = os.fsencode(document["path"]).decode("utf-8", "backslashreplace")
        print_json(documents)
    return code


def _draw(picture: Picture, path: str, array: ArrayStatistics | None) -> None:
    """Draw the map of a file; of an array its byte planes beside it."""
    if array is None or not array.plane_entropies:
        picture.save(picture.plots.entropy_map(path))
        return
    left, right = picture.axes(6.0, 5.0, height=5.0)
    picture.plots.entropy_map(path, ax=left)
    picture.plots.byte_planes(np.load(path, mmap_mode="r", allow_pickle=False), ax=right)
    picture.save(left)


def _rows(statistics: FileStatistics) -> list[tuple[str, str]]:
    rate = statistics.compression_rate
    rows = [
        ("size", f"{statistics.size:,} bytes{binary_size(statistics.size)}"),
        ("entropy", f"{statistics.entropy:.6g} bits per byte"),
        ("order-0 limit", f"{statistics.order0_size:,} bytes{binary_size(statistics.order0_size)}"),
        ("compression rate", "unlimited: all bytes are equal" if rate is None else f"{rate:.4f}"),
    ]
    for order, bits in enumerate(statistics.conditional_entropies):
        known = f"given {order} byte{'' if order == 1 else 's'} before"
        rows.append((f"entropy of order {order}", _bits_text(bits, known)))
    if (array := statistics.array) is not None:
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
    rows.extend(("note", note) for note in statistics.notes)
    return rows


def _bits_text(bits: float | None, known: str) -> str:
    return "not counted" if bits is None else f"{bits:.6g} bits per byte {known}"


def _plane_text(planes: Sequence[float]) -> str:
    if len(planes) <= _PLANES_SHOWN:
        return "  ".join(f"{plane:.4f}" for plane in planes) + "  bits"
    mean = sum(planes) / len(planes)
    return f"{min(planes):.4f} to {max(planes):.4f}, mean {mean:.4f} bits ({len(planes)} planes)"
