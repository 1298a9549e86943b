"""What ``inspect`` prints of patches."""

from __future__ import annotations

import os

from rich.table import Table
from rich.text import Text

from pyinfo.cli.each_file import Document
from pyinfo.cli.files import in_memory
from pyinfo.cli.output import binary_size, key_value_table, make_console, printable
from pyinfo.coding.frames import Frame
from pyinfo.errors import CorruptDataError
from pyinfo.patches import Patch
from pyinfo.patches.file_patch import ARRAY_MAGIC, FileState, Part, PatchedFile, read_manifest


def patch_document(path: str) -> Document:
    """Describe a patch; CorruptDataError if it is damaged."""
    with in_memory(path) as data:
        if bytes(data[: len(ARRAY_MAGIC)]) == ARRAY_MAGIC:
            return {"path": path, "patch": "array", **_array(data)}
        files = [_file(each, data) for each in read_manifest(data)]
        return {"path": path, "patch": "files", "size": len(data), "files": files}


def _array(data: memoryview) -> Document:
    patch = Patch(data)
    return {
        "size": patch.coded_size,
        "data_size": patch.nbytes,
        "dtype": str(patch.dtype),
        "shape": list(patch.shape),
        "changed": patch.changed,
    }


def _file(file: PatchedFile, data: memoryview) -> Document:
    return {
        "path": os.fsencode(file.path).decode("utf-8", "backslashreplace"),
        "old": _state(file.old),
        "new": _state(file.new),
        "parts": [_part(part, data) for part in file.parts],
    }


def _state(state: FileState | None) -> Document | None:
    return None if state is None else state._asdict()


def _part(part: Part, data: memoryview) -> Document:
    begin, end = part.body
    document: Document = {
        "tensor": part.tensor,
        "how": part.how,
        "size": end - begin,
        "data_size": part.source[1] - part.source[0],
        "dtype": None,
        "changed": 0 if part.how == "take" else None,
    }
    try:
        if part.how == "patch":
            found = _array(data[begin:end])
            document.update({key: found[key] for key in ("dtype", "changed")})
            if found["data_size"] != document["data_size"]:
                raise CorruptDataError("the patch is for another size", 0)
        elif part.how == "frame":
            with Frame(data[begin:end]) as frame:
                document["data_size"] = frame.nbytes
                if frame.coded_size != end - begin:
                    raise CorruptDataError("data follows the frame", frame.coded_size)
    except CorruptDataError as error:
        name = "" if part.tensor is None else f"tensor {part.tensor!r}: "
        raise CorruptDataError(f"{name}{error}", begin + (error.offset or 0)) from error
    return document


def show_patch(document: Document) -> None:
    """Print what `patch_document` returns as tables."""
    console = make_console()
    console.print(Text(printable(document["path"]), style="bold"), soft_wrap=True)
    size = ("size", _bytes(document["size"]))
    if document["patch"] == "array":
        rows = [
            ("patch", "of an array"),
            size,
            ("data", _bytes(document["data_size"])),
            ("dtype", document["dtype"]),
            ("shape", str(tuple(document["shape"]))),
            ("changed", f"{document['changed']:,}"),
        ]
        console.print(key_value_table(rows))
        return
    console.print(key_value_table([("patch", "of files"), size]))
    for file in document["files"]:
        if file["path"]:
            console.print(Text(printable(file["path"]), style="bold"), soft_wrap=True)
        states = [("old", file["old"]), ("new", file["new"])]
        console.print(key_value_table([(name, _state_text(state)) for name, state in states]))
        if file["parts"]:
            console.print(_part_table(file["parts"]))


def _bytes(size: int) -> str:
    return f"{size:,} bytes{binary_size(size)}"


def _state_text(state: Document | None) -> str:
    return "no file" if state is None else f"{_bytes(state['size'])}, SHA-256 {state['sha256']}"


def _part_table(parts: list[Document]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("  tensor", "how", "dtype", "bytes", "in the patch", "changed"):
        left = column in {"  tensor", "how", "dtype"}
        table.add_column(column, justify="left" if left else "right", overflow="fold")
    for part in parts:
        changed = part["changed"]
        table.add_row(
            "  " + ("-" if part["tensor"] is None else printable(part["tensor"])),
            part["how"],
            part["dtype"] or "-",
            f"{part['data_size']:,}",
            f"{part['size']:,}",
            "all" if changed is None else f"{changed:,}",
        )
    return table
