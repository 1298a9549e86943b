"""What ``compress`` and ``decompress`` have in common: files made from files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from pyinfo.cli.each_file import (
    Document,
    add_files,
    add_json,
    add_threads,
    path_text,
    run_each,
)
from pyinfo.cli.exit_codes import EXIT_ERROR
from pyinfo.cli.files import STANDARD, Original, RefusalError, opened, output_file, standard_or
from pyinfo.cli.output import ProgressBar, binary_size, printable
from pyinfo.coding.files import FileSizes
from pyinfo.coding.whole_files import descriptor_of

SUFFIX: Final = ".pin"


def add_conversion_arguments(parser: argparse.ArgumentParser, default: str) -> None:
    """Declare what both directions can be told."""
    add_files(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=path_text,
        metavar="OUT",
        help=f"a file, or - for standard output; by default {default}, and - for standard input",
    )
    parser.add_argument(
        "--force", action="store_true", help="overwrite files, write coded data to a terminal"
    )
    parser.add_argument(
        "--rm", action="store_true", help="remove each FILE once its result is verified"
    )
    add_threads(parser)
    add_json(parser)


@dataclass(frozen=True, slots=True)
class Conversion:
    """What differs between the two directions."""

    default_output: Callable[[str], str]
    transform: Callable[[BinaryIO, BinaryIO, ProgressBar], FileSizes]
    verify: Callable[[BinaryIO, BinaryIO, ProgressBar], None]
    coded: bool
    """Whether the output is compressed data, nothing for a terminal."""

    special: Callable[[str], Callable[[], Document] | None] = lambda _: None
    """What converts a path that is more than bytes: None if it is not."""


def run_conversion(args: argparse.Namespace, conversion: Conversion) -> int:
    """Convert each file."""
    if args.output is not None:
        args.output = standard_or(args.output)
    if args.output is not None and len(args.files) > 1:
        return _usage_error(f"one output for {len(args.files)} files: leave out -o")
    to_stdout = STANDARD in (args.output, *([] if args.output else args.files))
    if to_stdout and args.json:
        return _usage_error("--json cannot go to standard output together with the data")
    if args.rm and (to_stdout or STANDARD in args.files):
        return _usage_error("--rm needs files that can be read again, not standard input or output")

    def convert(path: str) -> Document:
        special = conversion.special(path)
        return _convert(path, args, conversion) if special is None else special()

    def show(document: Document) -> None:
        if document["output"] != STANDARD:
            print(_conversion_line(document))

    return run_each(args, convert, show)


def _usage_error(message: str) -> int:
    print(f"pyinfo: {message}", file=sys.stderr)
    return EXIT_ERROR


def _conversion_line(document: Document) -> str:
    before, after = document["size"], document["output_size"]
    line = (
        f"{printable(document['path'])} -> {printable(document['output'])}: "
        f"{before:,} bytes{binary_size(before)} to {after:,} bytes{binary_size(after)}"
    )
    rate = document["compression_rate"]
    return line if rate is None else f"{line}, compression rate {rate:.4f}"


def _convert(path: str, args: argparse.Namespace, conversion: Conversion) -> Document:
    output = args.output
    if output is None:
        output = STANDARD if path == STANDARD else conversion.default_output(path)
    if args.rm and (Path(path).is_symlink() or not Path(path).is_file()):
        raise RefusalError("--rm removes regular files only")
    is_open = descriptor_of(output) is not None
    if args.rm and (is_open or (Path(output).exists() and not Path(output).is_file())):
        raise RefusalError("--rm needs an output that can be read again")
    with (
        opened(path) as source,
        output_file(
            output, path, force=args.force, coded=conversion.coded, durable=args.rm
        ) as sink,
        ProgressBar.of_file(path) as progress,
    ):
        original = Original(path, source) if args.rm else None
        sizes = conversion.transform(source, cast(BinaryIO, sink), progress)
        sink.flush()
        if args.rm:
            source.seek(0)
            conversion.verify(source, sink.reader(), progress)
    if original is not None:
        original.remove()
    data_size, coded_size = sizes if conversion.coded else reversed(sizes)
    return {
        "path": path,
        "output": output,
        "size": sizes.read,
        "output_size": sizes.written,
        "compression_rate": data_size / coded_size if coded_size > 0 else None,
    }
