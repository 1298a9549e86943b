"""Write the test vectors of docs/format.md to tests/data/vectors, with their manifests.

`python tools/format_vectors.py` needs pyinfo installed, and ml_dtypes. Most vectors are what the
library writes. Some are written by the plain encoder of the test suite: valid, but such as the
library would not choose. Each is decoded again by the plain decoder before it is stored. Those
that must be refused are made by `support.broken_rules`.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

import pyinfo
from pyinfo import _core
from pyinfo.coding.array_layout import ArrayLayout
from pyinfo.coding.coder_options import coder_options

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support import broken_rules, plain_decoder, plain_encoder, vectors
from support.distributions import straddling

Array = np.ndarray[Any, Any]
Entry = tuple[dict[str, Any], bytes]


def skewed(n: int, mean: float = 20, seed: int = 1) -> bytes:
    rng = random.Random(seed)
    return bytes(min(255, int(rng.expovariate(1 / mean))) for _ in range(n))


def numbers(n: int, seed: int = 1) -> Array:
    rng = random.Random(seed)
    return np.array([round(rng.gauss(0, 300)) for _ in range(n)])


def compressed(name: str, data: Any, **options: Any) -> Entry:
    frame = pyinfo.compress(data, **options)
    return {"name": name, "kind": "frame", "writer": "library", "options": options}, frame


def unrotated(name: str, array: Array) -> Entry:
    """A frame of floats as the library wrote them before it rotated any."""
    layout = ArrayLayout.of(array)
    options = coder_options(layout.planes, "auto", None, 1, None)
    frame = _core.compress(array, layout.planes, layout.metadata(), *options, False)
    return {"name": name, "kind": "frame", "writer": "unrotated", "options": {}}, frame


def streamed(name: str, data: bytes, **options: Any) -> Entry:
    compressor = pyinfo.Compressor(**options)
    frame = compressor.compress(data) + compressor.flush()
    entry = {"name": name, "kind": "frame", "writer": "library", "options": options}
    return {**entry, "streamed": True}, frame


def plain(name: str, frame: bytes) -> Entry:
    return {"name": name, "kind": "frame", "writer": "plain", "options": {}}, frame


def message(name: str, code: dict[str, Any], symbols: Sequence[int]) -> Entry:
    if "lengths" in code:
        kind, alphabet = "huffman", len(code["lengths"])
        coder: Any = pyinfo.HuffmanCode.from_lengths(code["lengths"])
    else:
        kind, alphabet = "rans", len(code["frequencies"])
        coder = pyinfo.RansModel.from_frequencies(code["frequencies"])
    data = coder.encode(np.array(symbols, np.uint8 if alphabet <= 256 else np.uint16))
    return {"name": name, "kind": kind, "writer": "library", "options": {}, "code": code}, data


def bytes_of_all_kinds() -> Iterator[Entry]:
    yield compressed("empty", b"")
    yield compressed("one_byte", b"a")
    yield compressed("constant", bytes(1000))
    yield compressed("incompressible", random.Random(1).randbytes(300))
    for coder in ("huffman", "rans"):
        for n in (40, 150, 400, 800, 1500, 3000):
            yield compressed(f"{coder}_{n}", skewed(n, mean=3), coder=coder)
    yield compressed("huffman_20000", skewed(20_000, mean=11), coder="huffman")
    yield compressed("rans_60000", skewed(60_000, mean=3.7), coder="rans")
    yield compressed("all_symbols", bytes(range(256)) * 4 + skewed(2500), coder="rans")
    rare = bytearray(skewed(70_000, mean=0.3))
    rare[::1400] = range(200, 250)
    yield compressed("patches", bytes(rare), coder="rans")
    yield compressed("blocks", skewed(1000, mean=2), block_size=300)
    yield streamed("streamed", skewed(900, mean=2), block_size=200, itemsize=2)
    yield streamed("streamed_empty", b"")


def arrays() -> Iterator[Entry]:
    yield compressed("float32", numbers(600).astype("<f4").reshape(20, 30))
    yield compressed("int16_big_endian", numbers(300).astype(">i2"))
    yield unrotated("bfloat16", numbers(500).astype(ml_dtypes.bfloat16))
    yield compressed("fortran", np.asfortranarray(numbers(300).astype("<i4").reshape(30, 10)))
    yield compressed("bool", numbers(200).reshape(10, 20) > 0)
    yield compressed("complex", numbers(100).astype("<c8"))
    yield compressed("datetime", numbers(100).astype("<M8[ns]"))
    yield compressed("text", numbers(100).astype("<U5"))
    yield compressed("scalar", np.array(1.5, "<f8"))
    yield compressed("no_elements", np.zeros((3, 0), "<f8"))
    records = np.zeros(80, [("x", "<f4"), ("n", "<i8", (2,))])
    records["x"] = numbers(80)
    yield compressed("structured", records, block_size=50)


def rotated() -> Iterator[Entry]:
    yield compressed("bfloat16_rotated", numbers(500).astype(ml_dtypes.bfloat16))
    for kind in ("f2", "f4", "f8", "c8"):  # the library finds that it pays
        array = straddling(400, f"<{kind}").reshape(20, 20)
        yield compressed(f"{kind}_rotated", array, block_size=250)
    data = straddling(400, "<f4").tobytes()
    yield streamed("streamed_rotated", data, block_size=250, itemsize=4, floats=True)


def plain_frames() -> Iterator[Entry]:
    for mode in ("huffman", "rans"):
        number = vectors.plain_decoder.MODES.index(mode)
        for log2_lanes in range(9):
            data = skewed(500 if log2_lanes < 6 else 1800, mean=2)
            frame = plain_encoder.encode_frame(data, lambda _, c=(number, log2_lanes): c)
            yield plain(f"plain_{mode}_{1 << log2_lanes}", frame)
    frame = plain_encoder.encode_frame(
        skewed(900, mean=1), lambda i: (i % 4, i % 2), planes=3, chunk_items=128, indexed=True
    )
    yield plain("plain_sized_and_indexed", frame)
    for planes in (2, 4, 8):
        frame = plain_encoder.encode_frame(
            random.Random(planes).randbytes(77 * planes), lambda _: (0, 0), planes=planes,
            chunk_items=64, rotated=True,
        )  # fmt: skip
        yield plain(f"plain_rotated_{planes}", frame)


def few(k: int, n: int, seed: int = 1) -> bytes:
    """So many symbols, even."""
    return bytes(random.Random(seed).choices([7 * i + 3 for i in range(k)], k=n))


def runs(n: int, symbols: bytes = b"ab", seed: int = 1) -> bytes:
    rng = random.Random(seed)
    data = b""
    while len(data) < n:
        data += bytes([rng.choice(symbols)]) * rng.randint(1, 60)
    return data[:n]


def sparse(n: int, seed: int = 1) -> bytes:
    """Zeros, and other symbols in one of twelve places."""
    rng = random.Random(seed)
    return bytes(int(rng.expovariate(1 / 20)) % 255 + 1 if rng.random() < 1 / 12 else 0
                 for _ in range(n))  # fmt: skip


def few_symbols() -> Iterator[Entry]:
    for k in (2, 3, 4, 5, 6, 9, 16):
        yield compressed(f"digits_{k}", few(k, 1003))
    uneven = bytes(x < 0.05 for x in (random.Random(2).random() for _ in range(6000)))
    yield compressed("digits_uneven", uneven)
    yield compressed("digits_edges", runs(5001))
    yield compressed("bitmap", sparse(5003))
    yield compressed("bitmap_edges", bytes(
        value and 20 + i % 50 for i, value in enumerate(runs(6001, b"\0\0\0\0\1", 3))
    ))  # fmt: skip
    yield streamed("streamed_digits", few(4, 900), block_size=200)
    yield plain("plain_digits_spare_symbols", plain_encoder.digits_frame(
        few(3, 400), alphabet=(0, 3, 10, 17, 255)
    ))  # fmt: skip
    for mode in (0, 2, 3):
        name = vectors.plain_decoder.MODES[mode]
        yield plain(f"plain_digits_{name}", plain_encoder.digits_frame(runs(3001), mode, 1))
        yield plain(f"plain_digits_edges_{name}", plain_encoder.digits_frame(
            runs(3001), mode, 1, edges=True
        ))  # fmt: skip
        yield plain(f"plain_bitmap_{name}", plain_encoder.bitmap_frame(
            runs(4001, b"aaaabc"), 97, mode, edges=mode == 2
        ))  # fmt: skip
        yield plain(f"plain_bitmap_digits_{name}", plain_encoder.bitmap_frame(
            runs(5001, b"aaaabcd"), 97, mode, in_digits=True
        ))  # fmt: skip


def messages() -> Iterator[Entry]:
    source = list(skewed(2000, mean=6))
    lengths = plain_encoder.fitting_lengths(source)
    frequencies = plain_encoder.fitting_frequencies(source)
    for n in (0, 1, 20, 1500):
        yield message(f"huffman_message_{n}", {"lengths": lengths}, source[:n])
        code = {"frequencies": frequencies, "precision": 12}
        yield message(f"rans_message_{n}", code, source[:n])
    yield message("huffman_message_incomplete", {"lengths": [0, 2, 3, 0, 1]}, [1, 4, 2, 4, 4] * 9)
    yield message("rans_message_one_symbol", {"frequencies": [0, 256], "precision": 8}, [1] * 1000)
    wide = [symbol * 5 for symbol in skewed(300, mean=12)] + [300]
    lengths = plain_encoder.fitting_lengths(wide, 1300, 16)
    yield message("huffman_message_16_bit", {"lengths": lengths[: max(wide) + 1]}, wide)
    frequencies = plain_encoder.fitting_frequencies(wide, max(wide) + 1, 16)
    yield message("rans_message_16_bit", {"frequencies": frequencies, "precision": 16}, wide)


def earlier() -> list[Entry]:
    """Frames of the library before it had modes for few symbols: none is written any more."""
    return [
        ({"name": v.name, "kind": "frame", "writer": "earlier", "options": {}}, v.data)
        for v in vectors.stored()
        if v.writer == "earlier"
    ]


def main() -> None:
    all_entries = (
        *bytes_of_all_kinds(), *arrays(), *rotated(), *plain_frames(), *few_symbols(), *earlier(),
        *messages(),
    )  # fmt: skip
    for old in vectors.FOLDER.glob("*.pin"):
        old.unlink()
    entries = []
    for entry, data in all_entries:
        if entry["kind"] == "frame":
            (vectors.FOLDER / f"{entry['name']}.pin").write_bytes(data)
            stored = {"code": {}, **entry}
        else:
            stored = {**entry, "message": data.hex()}
        stored["expected"] = vectors.by_plain_decoder(
            vectors.from_entry({**stored, "expected": {}})
        )
        entries.append(json.dumps(stored))
    vectors.MANIFEST.write_text("[\n" + ",\n".join(entries) + "\n]\n", "utf-8")
    write_refused()


def write_refused() -> None:
    entries = []
    for vector in broken_rules.all_vectors():
        try:
            vectors.decoded_plainly(vector)
        except plain_decoder.FormatError:
            entries.append(json.dumps({**asdict(vector), "data": vector.data.hex()}))
        else:
            raise AssertionError(f"{vector.name} is not refused")
    vectors.REFUSED.write_text("[\n" + ",\n".join(entries) + "\n]\n", "utf-8")


if __name__ == "__main__":
    main()
