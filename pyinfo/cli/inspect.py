"""The command ``pyinfo inspect``."""

from __future__ import annotations

import argparse
from collections import Counter
from typing import Final

from rich.table import Table
from rich.text import Text

from pyinfo import _core
from pyinfo.arguments import NO_LIMIT
from pyinfo.cli.each_file import Document, add_files, add_json, run_each
from pyinfo.cli.files import in_memory
from pyinfo.cli.output import binary_size, key_value_table, make_console, printable
from pyinfo.cli.patch_output import patch_document, show_patch
from pyinfo.cli.weights import is_patch, weight_files
from pyinfo.cli.weights_output import show_weights, weights_document
from pyinfo.coding.frames import Frame, concatenated_frames
from pyinfo.errors import CorruptDataError

_BLOCKS_SHOWN: Final = 32


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``pyinfo inspect``."""
    add_files(parser)
    parser.add_argument(
        "--blocks", action="store_true", help=f"list all blocks, not only {_BLOCKS_SHOWN}"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Run ``pyinfo inspect``."""

    def show(document: Document) -> None:
        if "patch" in document:
            show_patch(document)
            return
        if "tensors" in document:
            show_weights(document)
            return
        console = make_console()
        title = printable(document["path"])
        if document["frames"] > 1:
            title += f", frame {document['frame'] + 1} of {document['frames']:,}"
        console.print(Text(title, style="bold"), soft_wrap=True)
        console.print(key_value_table(_frame_rows(document)))
        blocks = document["blocks"] if args.blocks else document["blocks"][:_BLOCKS_SHOWN]
        if blocks:
            console.print(_block_table(blocks))
        if left := len(document["blocks"]) - len(blocks):
            console.print(f"  and {left:,} more: --blocks lists them")

    return run_each(args, _inspect, show)


def _inspect(path: str) -> list[Document]:
    """Describe a patch, each of the frames in a file, or the tensors of each safetensors file."""
    if files := weight_files(path):
        return [weights_document(name) for name in files]
    if is_patch(path):
        return [patch_document(path)]
    documents = []
    with in_memory(path) as data:
        for begin, frame in concatenated_frames(data):
            with frame:
                damage = _damage(data[begin : begin + frame.coded_size])
                documents.append(_document(path, begin, frame, damage))
    for number, document in enumerate(documents):
        document["frame"], document["frames"] = number, len(documents)
    return documents


def _damage(data: memoryview) -> str | None:
    """Return why not all blocks of a frame can be found: then sizes are those of the others."""
    reader = _core.FrameReader(data, NO_LIMIT)
    try:
        reader.require_complete()
    except CorruptDataError as error:
        return str(error)
    finally:
        reader.close()
    return None


def _document(path: str, begin: int, frame: Frame, damage: str | None) -> Document:
    blocks = [
        {
            "mode": block.mode,
            "lanes": block.lanes,
            "plane": block.plane,
            "start": block.start,
            "stop": block.stop,
            "size": block.coded_size,
            "offset": begin + block.offset,
        }
        for block in frame.blocks
    ]
    size = frame.coded_size
    return {
        "path": path,
        "offset": begin,
        "size": size,
        "data_size": frame.nbytes,
        "compression_rate": frame.nbytes / size,
        "dtype": str(frame.dtype),
        "shape": list(frame.shape),
        "planes": 1 + max((int(block["plane"]) for block in blocks), default=0),
        "rotated": frame.rotated,
        "modes": dict(sorted(Counter(str(block["mode"]) for block in blocks).items())),
        "blocks": blocks,
        "ok": damage is None,
        "damage": damage,
    }


def _frame_rows(document: Document) -> list[tuple[str, str]]:
    modes = ", ".join(f"{count:,} {mode}" for mode, count in document["modes"].items())
    return [
        ("size", f"{document['size']:,} bytes{binary_size(document['size'])}"),
        ("data", f"{document['data_size']:,} bytes{binary_size(document['data_size'])}"),
        ("compression rate", f"{document['compression_rate']:.4f}"),
        ("dtype", document["dtype"]),
        ("shape", str(tuple(document["shape"]))),
        (
            "byte planes",
            f"{document['planes']:,}" + (", of rotated elements" if document["rotated"] else ""),
        ),
        ("blocks", f"{len(document['blocks']):,}" + (f": {modes}" if modes else "")),
        *([] if document["ok"] else [("damaged", f"{document['damage']}")]),
    ]


def _block_table(blocks: list[Document]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("  block", "plane", "items from", "to", "mode", "lanes", "bytes", "at byte"):
        table.add_column(column, justify="left" if column == "mode" else "right", no_wrap=True)
    for number, block in enumerate(blocks):
        table.add_row(
            f"{number:,}",
            str(block["plane"]),
            f"{block['start']:,}",
            f"{block['stop']:,}",
            block["mode"],
            str(block["lanes"] or ""),
            f"{block['size']:,}",
            f"{block['offset']:,}",
        )
    return table
