"""What commands on files have in common: arguments, and one file after the other."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from pyinfo.cli.exit_codes import EXIT_DAMAGED, EXIT_ERROR, EXIT_OK
from pyinfo.cli.files import InputError, OutputError, RefusalError
from pyinfo.cli.output import print_error, print_json, reason_of
from pyinfo.errors import CorruptDataError
from pyinfo.quantization.budget import budget_bytes
from pyinfo.safetensors.safetensor_error import SafetensorError

Document: TypeAlias = dict[str, Any]

REPORTED: Final = (
    OSError, ValueError, ImportError, RefusalError, InputError, OutputError, SafetensorError,
)  # fmt: skip


def add_files(parser: argparse.ArgumentParser) -> None:
    """Declare the files that a command reads."""
    parser.add_argument(
        "files",
        nargs="+",
        type=path_text,
        metavar="FILE",
        help="a file, or a folder of safetensors files; - is standard input",
    )


def add_threads(parser: argparse.ArgumentParser) -> None:
    """Declare the number of threads."""
    parser.add_argument(
        "--threads", type=size, default=1, metavar="N", help="0 for one per core; 1 by default"
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Declare the option for output that programs read."""
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def path_text(text: str) -> str:
    """Return a path; an empty one, which would stand for the current folder, is refused."""
    if not text:
        raise argparse.ArgumentTypeError("an empty path names no file")
    return text


def size(text: str) -> int:
    """Return the number that an argument is: not a negative one."""
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a whole number, not {text!r}") from None
    if value < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return value


def byte_count(text: str) -> int:
    """Return how many bytes an argument stands for, which may have a unit as budgets have."""
    try:
        return budget_bytes(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be bytes, as 8000000, 8MB or 8MiB, not {text!r}"
        ) from None


def file_of(error: Exception) -> str | None:
    """Return the file that an error is about, if it says so: it may be another one's."""
    if isinstance(error, InputError | OutputError):
        return error.path
    if isinstance(error, OSError) and (name := error.filename2 or error.filename):
        return os.fsdecode(name) if isinstance(name, str | bytes | os.PathLike) else None
    return None


def run_each(
    args: argparse.Namespace,
    work: Callable[[str], Document | list[Document]],
    show: Callable[[Document], None],
) -> int:
    """Do the work for each file; errors of one leave the others done.

    What `work` returns is shown, or printed as JSON: a document, or several.
    """
    code = EXIT_OK
    documents: list[Document] = []
    for path in args.files:
        try:
            result = work(path)
        except BrokenPipeError:
            raise
        except REPORTED as error:
            cause = error.cause if isinstance(error, InputError) else error
            failed = EXIT_DAMAGED if isinstance(cause, CorruptDataError) else EXIT_ERROR
            code = max(code, failed)
            print_error(file_of(error) or path, reason_of(error))
            documents.append({"path": path, "error": reason_of(error)})
            continue
        for document in result if isinstance(result, list) else [result]:
            if document.get("ok") is False:
                code = EXIT_DAMAGED
            documents.append(document)
            if not args.json:
                show(document)
    if args.json:
        for document in documents:
            for key in ("path", "output"):
                if key in document:
                    document[key] = os.fsencode(document[key]).decode("utf-8", "backslashreplace")
        print_json(documents)
    return code
