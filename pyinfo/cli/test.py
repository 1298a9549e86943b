"""The command ``pyinfo test``."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path
from typing import BinaryIO, Final, cast

from pyinfo.cli.each_file import Document, add_files, add_json, add_threads, run_each
from pyinfo.cli.files import STANDARD, Nowhere, in_memory, opened
from pyinfo.cli.output import ProgressBar, print_error, printable
from pyinfo.cli.weights import files_to_test
from pyinfo.cli.weights_output import weights_damage
from pyinfo.coding.files import decompress_file
from pyinfo.coding.frames import concatenated_frames
from pyinfo.errors import CorruptDataError

_DAMAGE_SHOWN: Final = 10


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``pyinfo test``."""
    add_files(parser)
    add_threads(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Run ``pyinfo test``."""

    def test(path: str) -> list[Document]:
        if files := files_to_test(path):
            return [weights_damage(name, args.threads) for name in files]
        return [_test(path, args.threads)]

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
        first = {"block": None, "offset": error.offset, "message": str(error)}
        damage = _all_damage(path, threads) or [first]
        return {"path": path, "ok": False, "data_size": None, "damage": damage}
    return {"path": path, "ok": True, "data_size": nowhere.size, "damage": []}


def _all_damage(path: str, threads: int) -> list[Document]:
    """Return all that is damaged, not only the first; nothing if no frame can be found at all."""
    damage: list[Document] = []
    if path == STANDARD or not Path(path).is_file():  # what comes through a pipe is gone
        return damage
    with contextlib.suppress(CorruptDataError), in_memory(path) as data:
        for begin, frame in concatenated_frames(data, threads=threads):
            with frame:
                found = frame.verify()
            for block, offset, message in found:
                where = f"frame at byte {begin}: " if begin > 0 else ""
                entry = {"block": block, "offset": begin + offset, "message": where + message}
                damage.append(entry)
    return damage
