"""The command ``pyinfo compress``."""

from __future__ import annotations

import argparse
from typing import BinaryIO, cast

from pyinfo.cli.conversion import SUFFIX, Conversion, add_conversion_arguments, run_conversion
from pyinfo.cli.each_file import size
from pyinfo.cli.files import Comparison
from pyinfo.cli.output import ProgressBar
from pyinfo.coding.coder_options import CODERS
from pyinfo.coding.files import FileSizes, compress_file, decompress_file


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``pyinfo compress``."""
    add_conversion_arguments(parser, f"FILE{SUFFIX}")
    parser.add_argument(
        "--coder",
        choices=CODERS,
        default="auto",
        help="auto takes what makes each block smallest",
    )
    parser.add_argument(
        "--itemsize",
        type=size,
        metavar="N",
        help="bytes of a number in FILE: their first, second, ... bytes are coded apart; "
        "by default those of the array in an .npy file, 1 for other files",
    )
    parser.add_argument(
        "--floats",
        action="store_const",
        const=True,
        help="these numbers are little-endian floats, as by default where an .npy file says so: "
        "their bits are rotated by one if that pays",
    )


def run(args: argparse.Namespace) -> int:
    """Run ``pyinfo compress``."""

    def transform(source: BinaryIO, sink: BinaryIO, progress: ProgressBar) -> FileSizes:
        return compress_file(
            source,
            sink,
            coder=args.coder,
            threads=args.threads,
            itemsize=args.itemsize,
            floats=args.floats,
            progress=progress,
        )

    def verify(original: BinaryIO, coded: BinaryIO, progress: ProgressBar) -> None:
        comparison = Comparison(original)
        decompress_file(coded, cast(BinaryIO, comparison), threads=args.threads, progress=progress)
        comparison.finish()

    return run_conversion(args, Conversion(_compressed_name, transform, verify, coded=True))


def _compressed_name(path: str) -> str:
    return path + SUFFIX
