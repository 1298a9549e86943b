"""The command ``pyinfo decompress``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from pyinfo.cli.conversion import SUFFIX, Conversion, add_conversion_arguments, run_conversion
from pyinfo.cli.each_file import Document, byte_count
from pyinfo.cli.files import RefusalError
from pyinfo.cli.output import ProgressBar
from pyinfo.cli.weights import convert_weights, is_weights, require_packed
from pyinfo.coding.files import FileSizes, decompress_file


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``pyinfo decompress``."""
    add_conversion_arguments(parser, f"FILE without {SUFFIX}")
    parser.add_argument(
        "--max-size",
        type=byte_count,
        metavar="BYTES",
        help="refuse to write more than this: bytes, 8MB or 8MiB",
    )


def run(args: argparse.Namespace) -> int:
    """Run ``pyinfo decompress``."""

    def transform(source: BinaryIO, sink: BinaryIO, progress: ProgressBar) -> FileSizes:
        return decompress_file(
            source, sink, threads=args.threads, max_size=args.max_size, progress=progress
        )

    def verify(*_: object) -> None:
        """Every check of the frame has passed, or there would be no result."""

    def special(path: str) -> Callable[[], Document] | None:
        if not is_weights(path, args.output, packed=True):
            require_packed(path)
            return None
        if args.max_size is not None:
            raise RefusalError("--max-size is not for safetensors files: inspect tells their size")
        return lambda: convert_weights(path, args, packed=True)

    conversion = Conversion(_original_name, transform, verify, coded=False, special=special)
    return run_conversion(args, conversion)


def _original_name(path: str) -> str:
    if not path.endswith(SUFFIX) or not Path(path).stem:
        raise RefusalError(f"its name does not end in {SUFFIX}: name the output with -o")
    return path.removesuffix(SUFFIX)
