"""Write the test vectors of docs/weights-format.md to tests/data/packed_weights.json.

`python tools/weights_vectors.py` needs pyinfo installed. Each file is read again by the plain
reader of the test suite, which also refuses those that must be refused, before they are stored.
"""

from __future__ import annotations

import base64
import json
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from pyinfo import safetensors
from pyinfo.quantization import fit
from support.plain_decoder import crc
from support.plain_safetensors import restore
from support.quantized_models import as_raw
from support.weights import Raw, bfloat16, framed, header_of, of_every_code, ordinary, raw

ROOT = Path(__file__).resolve().parents[1]
Document = dict[str, Any]


def packed(original: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "o.safetensors").write_bytes(original)
        safetensors.pack(folder / "o.safetensors", folder / "p.safetensors")
        return (folder / "p.safetensors").read_bytes()


def originals() -> Iterator[tuple[str, bytes]]:
    rng = np.random.default_rng(1)
    yield "nothing", ordinary({})
    yield "every code", ordinary(of_every_code(rng), {"format": "pt"})
    yield (
        "another order",
        ordinary(
            {"b": raw(rng, "U8", (20, 20)), "a": raw(rng, "F16", (20, 20))},
            {"k": "v"},
            by_rules=False,
        ),
    )
    yield "no metadata", ordinary({"w": bfloat16(rng, (20, 30)), "x": Raw("I8", (3,), b"abc")})
    yield "metadata", ordinary({"w": raw(rng, "I32", (9, 9))}, {"b": "1", "a": "\u00e4", "c": '"'})


def quantized() -> Iterator[tuple[str, bytes]]:
    """Files with a tensor of 8-bit integers, one of 16 bits, an alias, and one as it is."""
    rng = np.random.default_rng(3)
    for dtype in ("F64", "F32", "BF16", "F16"):
        values = rng.normal(size=(70, 60))
        wide = values.copy()
        wide[3, 4] = 40
        tensors = {"w": as_raw(values, dtype), "wide": as_raw(wide, dtype)}
        tensors |= {"tied": tensors["w"], "plain": as_raw(np.arange(9.0), dtype)}
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "o.safetensors").write_bytes(ordinary(tensors))
            fit(folder / "o.safetensors", 6500, destination=folder / "q.safetensors")
            yield dtype, (folder / "q.safetensors").read_bytes()


def checked(table: Document) -> str:
    """The table with the right check."""
    table.pop("check", None)
    rest = json.dumps(table, ensure_ascii=False, separators=(",", ":"))[1:]
    return f'{{"check":"{crc(rest.encode()):08x}",{rest}'


def changed(data: bytes, change: Callable[[Document, Document], bytes | None]) -> bytes:
    """The file after a change of its header and its table, all checks but those of the change."""
    header, rest = header_of(data)
    table = json.loads(header["__metadata__"]["pyinfo"])
    rest = change(header, table) or rest
    if "pyinfo" in header["__metadata__"]:
        header["__metadata__"]["pyinfo"] = checked(table)
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    return framed(text) + rest


def refused() -> Iterator[tuple[str, bytes]]:
    rng = np.random.default_rng(2)
    weights = bfloat16(rng, (20, 30))
    data = packed(ordinary({"a": weights, "b": weights, "c": raw(rng, "U8", (50,), even=True)}))

    def rule(text: str, change: Callable[[Document, Document], Any]) -> tuple[str, bytes]:
        return text, changed(data, lambda header, table: (change(header, table), None)[1])

    def tensor(number: int, **fields: Any) -> Callable[[Document, Document], Any]:
        return lambda _, table: table["tensors"][number].update(fields)

    yield rule("the version is 1", lambda _, t: t.update(version=2))
    yield rule("no other fields", lambda _, t: t.update(more=1))
    yield rule("header and table have the same names", lambda _, t: t["tensors"].pop())
    yield rule("no name occurs twice", tensor(1, name="a"))
    yield rule("the frame's dtype is the tensor's", tensor(0, dtype="F16"))
    yield rule("the frame's shape is the tensor's", tensor(0, shape=[30, 20]))
    yield rule("an alias follows what it stands for", tensor(1, alias=1))
    yield rule("an alias is of one that exists", tensor(1, alias=9))
    yield rule("an alias has the same shape", tensor(1, shape=[600]))
    yield rule("an alias has the same checksum", tensor(1, crc32c="00000000"))
    yield rule("the checksum is that of the bytes", tensor(2, crc32c="00000000"))
    yield rule("a plain tensor has its own shape", tensor(2, shape=[5, 10]))
    yield rule("a plain tensor has its own dtype", tensor(2, dtype="I8"))
    yield rule("what is coded is a frame", tensor(2, coded=True))
    yield rule("only these things are added", lambda _, t: t.update(added=["other"]))
    yield rule("the SHA-256 is that of the original", lambda _, t: t.update(sha256="0" * 64))
    yield rule("the dtype is known", tensor(0, dtype="F128"))
    yield rule(
        "the order is that of the rules", lambda _, t: t.pop("sha256") and t["tensors"].reverse()
    )
    text = base64.b64encode(zlib.compress(b"{}")).decode()
    yield rule("the original's header has the tensors", lambda _, t: t.update(header=text))
    header, rest = header_of(data)
    header["__metadata__"]["pyinfo"] = header["__metadata__"]["pyinfo"].replace("BF16", "bF16")
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":"))
    yield "the check is that of the table", framed(text.encode()) + rest
    yield "the frame is intact", data[:-1] + bytes([data[-1] ^ 1])
    yield from refused_integers()


def refused_integers() -> Iterator[tuple[str, bytes]]:
    data = dict(quantized())["F32"]

    def rule(text: str, **fields: Any) -> tuple[str, bytes]:
        def change(_: Document, table: Document) -> None:
            tensor = next(each for each in table["tensors"] if "quantized" in each)
            tensor["quantized"].update(fields)

        return text, changed(data, change)

    def version(_: Document, table: Document) -> None:
        table.update(version=1)

    yield "the version is 2 if a tensor is quantised", changed(data, version)
    yield rule("integers are U8 or U16", dtype="I8")
    yield rule("the frame has these integers", dtype="U16")
    yield rule("the zero is one of the integers", zero=256)
    yield rule("the step is positive", step=-1.0)
    yield rule("the step is a number with a decimal point", step=1)
    yield rule("the step is a binary32", step=0.1)
    yield rule("there are no other fields of integers", more=1)
    yield rule("the checksum is that of the elements", zero=127)


def main() -> None:
    """Write the file."""
    files, broken = [], []
    for name, original in originals():
        data = packed(original)
        assert restore(data) == original, name
        files.append({
            "name": name,
            "packed": base64.b64encode(data).decode(),
            "original": base64.b64encode(original).decode(),
        })  # fmt: skip
    integers = []
    for name, data in quantized():
        original = base64.b64encode(restore(data)).decode()
        packed_data = base64.b64encode(data).decode()
        integers.append({"name": name, "packed": packed_data, "original": original})
    for rule, data in refused():
        try:
            restore(data)
        except Exception:
            broken.append({"rule": rule, "packed": base64.b64encode(data).decode()})
            continue
        raise AssertionError(f"not refused: {rule}")
    text = json.dumps({"files": files, "quantized": integers, "refused": broken}, indent=1)
    (ROOT / "tests" / "data" / "packed_weights.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
