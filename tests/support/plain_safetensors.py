"""A reader of packed weights in plain Python, written from docs/weights-format.md alone.

It shares nothing with the library, and reads frames with the plain decoder. Anything that the page
does not allow raises `FormatError`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import struct
import zlib
from dataclasses import dataclass
from typing import Any

from support.plain_decoder import FormatError, crc, read_frame, read_metadata, require

BITS = {
    "U64": 64, "I64": 64, "F64": 64, "C64": 64, "F32": 32, "U32": 32, "I32": 32, "BF16": 16,
    "F16": 16, "U16": 16, "I16": 16, "F8_E5M2FNUZ": 8, "F8_E4M3FNUZ": 8, "F8_E8M0": 8,
    "F8_E4M3": 8, "F8_E5M2": 8, "I8": 8, "U8": 8, "F6_E3M2": 6, "F6_E2M3": 6, "F4": 4, "BOOL": 8,
}  # fmt: skip
ORDER = list(BITS)
TEXTS = {
    "BOOL": "|b1", "U8": "|u1", "I8": "|i1", "U16": "<u2", "I16": "<i2", "U32": "<u4",
    "I32": "<i4", "U64": "<u8", "I64": "<i8", "F16": "<f2", "BF16": "bfloat16", "F32": "<f4",
    "F64": "<f8", "C64": "<c8", "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2",
    "F8_E8M0": "float8_e8m0fnu", "F8_E4M3FNUZ": "float8_e4m3fnuz",
    "F8_E5M2FNUZ": "float8_e5m2fnuz",
}  # fmt: skip
FIELDS = {"check", "version", "tensors", "added", "sha256", "header"}


@dataclass
class File:
    entries: dict[str, Any]
    metadata: dict[str, str]
    text: bytes
    data: bytes


def size_of(dtype: str, shape: list[int]) -> int:
    bits = BITS[dtype] * math.prod(shape)
    require(bits % 8 == 0, "the last byte is not full")
    return bits // 8


def read_safetensors(data: bytes) -> File:
    require(len(data) >= 8, "no length")
    length = int.from_bytes(data[:8], "little")
    require(length <= 100_000_000 and length <= len(data) - 8, "length")
    text = data[8 : 8 + length]
    try:
        document = json.loads(text.decode())
    except ValueError as error:
        raise FormatError(str(error)) from error
    require(isinstance(document, dict), "an object")
    metadata = document.pop("__metadata__", None) or {}
    require(all(isinstance(value, str) for value in metadata.values()), "metadata")
    end = 0
    for entry in sorted(document.values(), key=lambda each: each["data_offsets"]):
        require(entry["dtype"] in BITS, "dtype")
        start, stop = entry["data_offsets"]
        require(start == end, "holes or overlaps")
        require(stop - start == size_of(entry["dtype"], entry["shape"]), "size")
        end = stop
    require(end == len(data) - 8 - length, "data")
    return File(document, metadata, text, data[8 + length :])


def read_table(text: str) -> dict[str, Any]:
    start = '{"check":"'
    require(text.startswith(start) and text[18:20] == '",', "the table begins with its check")
    require(text[10:18] == f"{crc(text[20:].encode()):08x}", "check of the table")
    table: dict[str, Any] = json.loads(text)
    is_quantized = any("quantized" in tensor for tensor in table["tensors"])
    require(set(table) <= FIELDS and table["version"] == 1 + is_quantized, "fields and version")
    require(set(table.get("added", [])) <= {"format", "__metadata__"}, "added")
    names = [tensor["name"] for tensor in table["tensors"]]
    require(len(set(names)) == len(names), "names")
    return table


def read_frame_of(file: File, tensor: dict[str, Any]) -> bytes:
    """What the frame of a tensor holds."""
    entry = file.entries[tensor["name"]]
    start, stop = entry["data_offsets"]
    size = size_of(tensor["dtype"], tensor["shape"])
    require(entry["dtype"] == "U8" and len(entry["shape"]) == 1, "a frame is U8")
    frame = read_frame(file.data[start:stop])
    array = read_metadata(frame.header.metadata)
    text = TEXTS.get(tensor["dtype"], "|u1")
    shape = tensor["shape"] if tensor["dtype"] in TEXTS else [size]
    if text == "|u1" and len(shape) == 1:
        require(array is None, "metadata of bytes")
    else:
        require(array is not None, "metadata")
        assert array is not None
        require(array.dtype == text and not array.fortran_order, "dtype and order")
        require(list(array.shape) == shape, "shape")
    require(frame.header.planes in {1, max(1, BITS[tensor["dtype"]] // 8)}, "planes")
    require(len(frame.data) == size, "size of the frame's data")
    return bytes(frame.data)


def floats(data: bytes, stated: dict[str, Any], dtype: str) -> bytes:
    """What the integers of a quantised tensor stand for, one after another."""
    step, zero = stated["step"], stated["zero"]
    require(isinstance(step, float) and 0 < step < math.inf, "step")
    size = BITS[stated["dtype"]] // 8
    require(type(zero) is int and 0 <= zero < 256**size, "zero")
    require(dtype in {"F64", "F32", "BF16", "F16"}, "floats")
    require(dtype == "F64" or step == struct.unpack("<f", struct.pack("<f", step))[0], "a float32")
    parts = []
    for i in range(0, len(data), size):
        value = (int.from_bytes(data[i : i + size], "little") - zero) * step
        if dtype == "F64":
            parts.append(struct.pack("<d", value))
            continue
        single = struct.pack("<f", value)  # the product is exact in double
        if dtype == "BF16":
            bits = int.from_bytes(single, "little")
            single = ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).to_bytes(2, "little")
        elif dtype == "F16":
            single = struct.pack("<e", struct.unpack("<f", single)[0])
        parts.append(single)
    return b"".join(parts)


def read_tensor(file: File, tensor: dict[str, Any]) -> bytes:
    """The bytes of a tensor that is no alias."""
    entry = file.entries[tensor["name"]]
    start, stop = entry["data_offsets"]
    data = file.data[start:stop]
    size = size_of(tensor["dtype"], tensor["shape"])
    if "quantized" in tensor:
        require(tensor.get("coded") is True and "alias" not in tensor, "quantised is a frame")
        stated = tensor["quantized"]
        require(set(stated) == {"step", "zero", "dtype"}, "fields of a quantised tensor")
        require(stated["dtype"] in {"U8", "U16"}, "integers")
        of_integers = {"name": tensor["name"], "coded": True, **stated, "shape": tensor["shape"]}
        data = floats(read_frame_of(file, of_integers), stated, tensor["dtype"])
    elif not tensor.get("coded", False):
        require([entry["dtype"], entry["shape"]] == [tensor["dtype"], tensor["shape"]], "plain")
    else:
        data = read_frame_of(file, tensor)
    require(len(data) == size, "size")
    require(f"{crc(data):08x}" == tensor["crc32c"], "check of the tensor")
    return data


def header_by_rules(tensors: list[dict[str, Any]], metadata: dict[str, str] | None) -> bytes:
    document: dict[str, Any] = {} if metadata is None else {"__metadata__": metadata}
    end = 0
    ordered = sorted(tensors, key=lambda t: (ORDER.index(t["dtype"]), t["name"].encode()))
    require(ordered == tensors, "the order of the rules")
    for tensor in tensors:
        start, end = end, end + size_of(tensor["dtype"], tensor["shape"])
        document[tensor["name"]] = {
            "dtype": tensor["dtype"],
            "shape": tensor["shape"],
            "data_offsets": [start, end],
        }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return text + b" " * (-len(text) % 8)


def restore(packed: bytes) -> bytes:
    """The original of a packed file."""
    file = read_safetensors(packed)
    require("pyinfo" in file.metadata, "a table")
    table = read_table(file.metadata["pyinfo"])
    tensors = table["tensors"]
    require({tensor["name"] for tensor in tensors} == set(file.entries), "the same names")
    parts = []
    for number, tensor in enumerate(tensors):
        alias = tensor.get("alias")
        if alias is None:
            parts.append(read_tensor(file, tensor))
            continue
        entry = file.entries[tensor["name"]]
        require((entry["dtype"], entry["shape"]) == ("U8", [0]), "an alias has no bytes")
        require(0 <= alias < number and "alias" not in tensors[alias], "alias")
        for field in ("dtype", "shape", "crc32c"):
            require(tensors[alias][field] == tensor[field], "an alias is equal")
        parts.append(parts[alias])
    added = set(table.get("added", []))
    metadata: dict[str, str] | None = {
        key: value for key, value in file.metadata.items() if key not in {"pyinfo", *added}
    }
    if "__metadata__" in added:
        require(not metadata, "added metadata")
        metadata = None
    if "header" in table:
        text = zlib.decompress(base64.b64decode(table["header"]))
    else:
        text = header_by_rules(tensors, metadata)
    original = len(text).to_bytes(8, "little") + text + b"".join(parts)
    if "sha256" in table:
        require(hashlib.sha256(original).hexdigest() == table["sha256"], "SHA-256")
    return original
