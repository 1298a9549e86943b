"""The stored vectors of docs/format.md: what is in tests/data/vectors, read in three ways."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import pyinfo
from support import plain_decoder

FOLDER = Path(__file__).resolve().parents[1] / "data" / "vectors"
MANIFEST = FOLDER / "manifest.json"
REFUSED = FOLDER / "refused.json"

Facts = dict[str, Any]


@dataclass(frozen=True)
class Vector:
    """A frame or a message, and what it decodes to.

    `writer` is "library", "plain", "unrotated": the library before it rotated floats, or "earlier":
    before it had modes for few symbols. `code`
    holds lengths, or frequencies and precision; `options` are those of `pyinfo.compress`, or of
    `pyinfo.Compressor` where `streamed` is true.
    """

    name: str
    kind: str
    writer: str
    data: bytes
    expected: Facts
    code: Facts
    options: Facts
    streamed: bool = False

    def skip_if_impossible(self, importorskip: Callable[[str], object]) -> None:
        if "float" in self.expected.get("dtype", "") and "[" not in self.expected["dtype"]:
            importorskip("ml_dtypes")


def stored() -> list[Vector]:
    entries = json.loads(MANIFEST.read_text("utf-8"))
    return [from_entry(entry) for entry in entries]


def from_entry(entry: Facts) -> Vector:
    entry = dict(entry)
    message = entry.pop("message", None)
    data = (FOLDER / f"{entry['name']}.pin").read_bytes() if message is None else b""
    return Vector(data=data if message is None else bytes.fromhex(message), **entry)


@dataclass(frozen=True)
class Refused:
    """A frame or a message that every decoder must refuse, and the rule of the page it breaks."""

    name: str
    kind: str
    rule: str
    data: bytes
    code: Facts


def refused() -> list[Refused]:
    entries = json.loads(REFUSED.read_text("utf-8"))
    return [Refused(**{**entry, "data": bytes.fromhex(entry["data"])}) for entry in entries]


def facts_of_data(data: bytes) -> Facts:
    return {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def facts_of_array(array: np.ndarray[Any, Any]) -> Facts:
    if array.dtype.names is not None:
        dtype = repr(np.lib.format.dtype_to_descr(array.dtype))
    else:
        dtype = array.dtype.name if array.dtype.isbuiltin == 2 else array.dtype.str
    return {
        **facts_of_data(array.tobytes("A")),
        "dtype": dtype,
        "shape": list(array.shape),
        "fortran_order": not array.flags.c_contiguous,
    }


def symbol_bytes(symbols: Sequence[int], alphabet: int) -> bytes:
    return np.array(symbols, "<u1" if alphabet <= 256 else "<u2").tobytes()


def by_plain_decoder(vector: Vector) -> Facts:
    if vector.kind == "huffman":
        lengths = vector.code["lengths"]
        symbols = plain_decoder.decode_huffman_message(vector.data, lengths)
        return facts_of_data(symbol_bytes(symbols, len(lengths)))
    if vector.kind == "rans":
        frequencies, precision = vector.code["frequencies"], vector.code["precision"]
        symbols = plain_decoder.decode_rans_message(vector.data, frequencies, precision)
        return facts_of_data(symbol_bytes(symbols, len(frequencies)))
    frame = plain_decoder.read_frame(vector.data)
    described = plain_decoder.read_metadata(frame.header.metadata)
    if described is None:
        described = plain_decoder.Array("|u1", False, (len(frame.data),), len(frame.data))
    dtype = described.dtype
    return {
        **facts_of_data(frame.data),
        "dtype": dtype if isinstance(dtype, str) else repr(dtype),
        "shape": list(described.shape),
        "fortran_order": described.fortran_order,
        "blocks": [
            [plain_decoder.MODES[block.mode], block.lanes if block.mode in (2, 3) else 0]
            for block in frame.blocks
        ],
    }


def code_of(kind: str, code: Facts) -> pyinfo.HuffmanCode | pyinfo.RansModel:
    if kind == "huffman":
        return pyinfo.HuffmanCode.from_lengths(code["lengths"])
    return pyinfo.RansModel.from_frequencies(code["frequencies"])


def _code(vector: Vector) -> pyinfo.HuffmanCode | pyinfo.RansModel:
    return code_of(vector.kind, vector.code)


def by_library(vector: Vector) -> Facts:
    if vector.kind != "frame":
        symbols = _code(vector).decode(vector.data)
        return facts_of_data(symbols.astype(symbols.dtype.newbyteorder("<")).tobytes())
    array = pyinfo.decompress(vector.data)
    blocks = [[block.mode, block.lanes] for block in pyinfo.Frame(vector.data).blocks]
    return {**facts_of_array(array), "blocks": blocks}


def written_again(vector: Vector) -> bytes:
    """What the library makes of the decoded data with the options of the manifest."""
    if vector.kind != "frame":
        code = _code(vector)
        return code.encode(code.decode(vector.data))
    array = pyinfo.decompress(vector.data)
    if not vector.streamed:
        return pyinfo.compress(array, **vector.options)
    compressor = pyinfo.Compressor(**vector.options)
    return compressor.compress(array.tobytes()) + compressor.flush()


def decoded_plainly(vector: Refused) -> None:
    """Decode by the page alone; `plain_decoder.FormatError` is what is to be expected."""
    if vector.kind == "huffman":
        plain_decoder.decode_huffman_message(vector.data, vector.code["lengths"])
    elif vector.kind == "rans":
        code = vector.code
        plain_decoder.decode_rans_message(vector.data, code["frequencies"], code["precision"])
    else:
        plain_decoder.read_frame(vector.data)
