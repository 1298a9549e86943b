"""The command ``pyinfo compress``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import BinaryIO, cast

from pyinfo.cli.conversion import SUFFIX, Conversion, add_conversion_arguments, run_conversion
from pyinfo.cli.each_file import Document, size
from pyinfo.cli.files import Comparison, RefusalError
from pyinfo.cli.output import ProgressBar
from pyinfo.cli.weights import PACKED_SUFFIX, convert_weights, is_weights
from pyinfo.coding.coder_options import CODERS
from pyinfo.coding.files import FileSizes, compress_file, decompress_file


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``pyinfo compress``."""
    add_conversion_arguments(
        parser,
        f"FILE{SUFFIX}, for safetensors files *{PACKED_SUFFIX} (which stay such files, tensor by "
        f"tensor), for folders of them FOLDER{SUFFIX}",
    )
    parser.add_argument(
        "--coder",
        choices=CODERS,
        default="auto",
        help="auto takes what makes each block smallest, if by 1/128 or more",
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

    def special(path: str) -> Callable[[], Document] | None:
        as_bytes = args.itemsize is not None or args.floats is not None or args.coder != "auto"
        if as_bytes:
            return None
        if not is_weights(path, args.output, packed=False):
            if is_weights(path, args.output, packed=True):
                raise RefusalError("it is packed already")
            return None
        return lambda: convert_weights(path, args, packed=False)

    conversion = Conversion(_compressed_name, transform, verify, coded=True, special=special)
    return run_conversion(args, conversion)


def _compressed_name(path: str) -> str:
    return path + SUFFIX
