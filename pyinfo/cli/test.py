"""The command ``pyinfo test``."""

from __future__ import annotations

import argparse
import contextlib
from typing import BinaryIO, Final, cast

from pyinfo.cli.each_file import Document, add_files, add_json, add_threads, run_each
from pyinfo.cli.files import STANDARD, Nowhere, opened
from pyinfo.cli.output import ProgressBar, print_error, printable
from pyinfo.coding.files import decompress_file
from pyinfo.coding.frames import Frame
from pyinfo.errors import CorruptDataError

_DAMAGE_SHOWN: Final = 10


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``pyinfo test``."""
    add_files(parser)
    add_threads(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Run ``pyinfo test``."""

    def test(path: str) -> Document:
        return _test(path, args.threads)

    def show(document: Document) -> None:
        if document["ok"]:
            print(f"{printable(document['path'])}: ok, {document['data_size']:,} bytes of data")
            return
        damage = document["damage"]
        for found in damage[:_DAMAGE_SHOWN]:
            print_error(document["path"], found["message"])
        if len(damage) > _DAMAGE_SHOWN:
            left = len(damage) - _DAMAGE_SHOWN
            print_error(document["path"], f"{left:,} more damaged blocks")

    return run_each(args, test, show)


def _test(path: str, threads: int) -> Document:
    nowhere = Nowhere()
    try:
        with opened(path) as source, ProgressBar.of_file(path) as progress:
            decompress_file(source, cast(BinaryIO, nowhere), threads=threads, progress=progress)
    except CorruptDataError as error:
        damage = [{"block": None, "offset": error.offset, "message": str(error)}]
        if path != STANDARD:  # all there is, not only the first
            with contextlib.suppress(CorruptDataError), Frame.open(path) as frame:
                damage = [
                    {"block": found.block, "offset": found.offset, "message": found.message}
                    for found in frame.verify()
                ] or damage
        return {"path": path, "ok": False, "data_size": None, "damage": damage}
    return {"path": path, "ok": True, "data_size": nowhere.size, "damage": []}
