"""The command ``pyinfo apply``."""

from __future__ import annotations

import argparse

from pyinfo.cli.each_file import Document, add_json, add_threads, path_text, run_each
from pyinfo.cli.files import InputError
from pyinfo.cli.output import ProgressBar, binary_size, counted, printable
from pyinfo.cli.patch_files import patch_errors_of, require_name
from pyinfo.errors import CorruptDataError
from pyinfo.patches import apply_files


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``pyinfo apply``."""
    parser.add_argument(
        "base", type=path_text, metavar="BASE", help="the file or folder that PATCH was made from"
    )
    parser.add_argument(
        "patch", type=path_text, metavar="PATCH", help="as pyinfo diff has written it"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=path_text,
        metavar="DEST",
        help="the new file or folder; BASE itself by default",
    )
    parser.add_argument("--force", action="store_true", help="overwrite files in DEST")
    add_threads(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Run ``pyinfo apply``."""
    args.files = [args.base]

    def work(path: str) -> Document:
        for name in (path, args.patch, path if args.output is None else args.output):
            require_name(name)
        with patch_errors_of(args.output), ProgressBar.of_file(path) as progress:
            try:
                done = apply_files(
                    path,
                    args.patch,
                    args.output,
                    threads=args.threads,
                    overwrite=args.force,
                    progress=progress,
                )
            except CorruptDataError as error:  # the base is told from others, never damaged
                raise InputError(args.patch, error) from error
        output = path if args.output is None else args.output
        return {"path": path, "output": output, **done._asdict()}

    return run_each(args, work, _show)


def _show(document: Document) -> None:
    size = document["size"]
    print(
        f"{printable(document['path'])} -> {printable(document['output'])}: "
        f"{counted(document['changed_files'], 'file')} and {document['changed_tensors']} of "
        f"{counted(document['tensors'], 'tensor')}, {size:,} bytes{binary_size(size)}"
    )
