"""What commands print of the tensors of safetensors files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from pyinfo import _core
from pyinfo.cli.each_file import Document
from pyinfo.cli.output import binary_size, key_value_table, make_console, printable
from pyinfo.errors import CorruptDataError
from pyinfo.safetensors.coded_tensor import CodedTensor
from pyinfo.safetensors.files import is_packed, pieces_of
from pyinfo.safetensors.safetensor_error import SafetensorError
from pyinfo.safetensors.tensor_file import Stored, TensorFile, require_check
from pyinfo.safetensors.tensor_report import report


def weights_document(path: str) -> Document:
    """Describe the tensors of a file; of one that is not packed, what they would come to."""
    tensors = [
        {
            "name": each.name,
            "dtype": each.dtype,
            "shape": list(each.shape),
            "size": each.size,
            "packed_size": each.packed_size,
            "bits_per_weight": each.bits_per_weight,
            "compression_rate": each.rate if math.isfinite(each.rate) else None,
            "stored": each.stored,
            "is_estimate": each.is_estimate,
            "step": each.step,
        }
        for each in report(path)
    ]
    size = sum(int(str(each["size"])) for each in tensors)
    packed_size = sum(int(str(each["packed_size"])) for each in tensors)
    return {
        "path": path,
        "size": Path(path).stat().st_size,
        "packed": is_packed(path),
        "data_size": size,
        "packed_size": packed_size,
        "compression_rate": size / packed_size if packed_size > 0 else None,
        "tensors": tensors,
    }


def show_weights(document: Document) -> None:
    """Print what `weights_document` returns as tables."""
    console = make_console()
    console.print(Text(printable(document["path"]), style="bold"), soft_wrap=True)
    rate = document["compression_rate"]
    comes_to = "packed" if document["packed"] else "would be packed to"
    rows = [
        ("tensors", f"{len(document['tensors']):,}"),
        ("data", f"{document['data_size']:,} bytes{binary_size(document['data_size'])}"),
        (comes_to, f"{document['packed_size']:,} bytes{binary_size(document['packed_size'])}"),
        ("compression rate", "unlimited" if rate is None else f"{rate:.4f}"),
    ]
    console.print(key_value_table(rows))
    console.print(_tensor_table(document["tensors"]))


def _tensor_table(tensors: Sequence[Document]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("  tensor", "dtype", "shape", "bytes", "packed", "bits", "rate", "stored"):
        left = column in {"  tensor", "dtype", "shape", "stored"}
        table.add_column(column, justify="left" if left else "right", overflow="fold")
    for tensor in tensors:
        rate = tensor["compression_rate"]
        about = "~" if tensor["is_estimate"] else ""
        table.add_row(
            "  " + printable(tensor["name"]),
            tensor["dtype"],
            "x".join(map(str, tensor["shape"])) or "scalar",
            f"{tensor['size']:,}",
            f"{about}{tensor['packed_size']:,}",
            f"{tensor['bits_per_weight']:.2f}",
            "-" if rate is None else f"{rate:.4f}",
            tensor["stored"],
        )
    return table


def weights_damage(path: str, threads: int) -> Document:
    """Check all tensors of a packed file; the document is that of ``pyinfo test``."""
    damage: list[Document] = []
    size = 0
    try:
        file = TensorFile(path)
    except (CorruptDataError, SafetensorError) as error:
        entry = {"tensor": None, "block": None, "offset": None, "message": str(error)}
        return {"path": path, "ok": False, "data_size": None, "damage": [entry]}
    try:
        for stored in file.tensors.values():
            size += stored.tensor.size
            damage += _damage_of(file, stored, threads)
    finally:
        file.close()
    ok = not damage
    return {"path": path, "ok": ok, "data_size": size if ok else None, "damage": damage}


def _damage_of(file: TensorFile, stored: Stored, threads: int) -> list[Document]:
    name = stored.tensor.name

    def entry(block: int | None, offset: int | None, message: str) -> Document:
        return {"tensor": name, "block": block, "offset": offset, "message": message}

    try:
        if stored.tensor.coded:
            coded = CodedTensor(file.read(stored.start, stored.stop), stored.tensor)
            if found := coded.damage(threads):
                return [entry(b, stored.start + o, f"tensor {name!r}: {m}") for b, o, m in found]
        crc = 0
        for piece in pieces_of(file, stored, threads):
            crc = _core.crc32c(piece, crc)
        require_check(stored.tensor, crc)
    except CorruptDataError as error:
        return [entry(None, stored.start, str(error))]
    return []
