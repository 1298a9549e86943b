"""The command ``pyinfo diff``."""

from __future__ import annotations

import argparse
from pathlib import Path

from pyinfo.cli.each_file import Document, add_json, add_threads, path_text, run_each
from pyinfo.cli.files import RefusalError
from pyinfo.cli.output import ProgressBar, binary_size, counted, printable
from pyinfo.cli.patch_files import patch_errors_of, require_name
from pyinfo.patches import diff_files


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``pyinfo diff``."""
    parser.add_argument(
        "old", type=path_text, metavar="OLD", help="a safetensors file, or a folder"
    )
    parser.add_argument("new", type=path_text, metavar="NEW", help="what it becomes")
    parser.add_argument(
        "-o", "--output", type=path_text, metavar="PATCH", required=True, help="the patch"
    )
    parser.add_argument("--force", action="store_true", help="overwrite PATCH")
    add_threads(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Run ``pyinfo diff``."""
    args.files = [args.new]

    def work(path: str) -> Document:
        for name in (args.old, path, args.output):
            require_name(name)
        if Path(args.output).is_dir():
            raise RefusalError(f"{printable(args.output)} is a folder: name a file with -o")
        with patch_errors_of(args.output), ProgressBar.of_file(path) as progress:
            done = diff_files(
                args.old,
                path,
                args.output,
                threads=args.threads,
                overwrite=args.force,
                progress=progress,
            )
        return {"path": path, "output": args.output, "old": args.old, **done._asdict()}

    return run_each(args, work, _show)


def _show(document: Document) -> None:
    size, patch = document["size"], document["patch_size"]
    print(
        f"{printable(document['old'])} -> {printable(document['path'])}: "
        f"{document['changed_tensors']} of {counted(document['tensors'], 'tensor')} and "
        f"{document['changed_files']} of {counted(document['files'], 'file')} changed, "
        f"{size:,} bytes{binary_size(size)} from {patch:,} bytes{binary_size(patch)}"
    )
