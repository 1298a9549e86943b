"""Write the test vectors of patches of files to tests/data/file_patch_vectors.json.

`python tools/file_patch_vectors.py` needs pyinfo installed. What the library writes is applied by
the plain decoder before it is stored; what must be refused, too.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from pyinfo import patches

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support import broken_file_patches, plain_file_patch_decoder
from support.plain_decoder import FormatError
from support.plain_file_patch_decoder import Files, written

DATA = Path(__file__).resolve().parents[1] / "tests" / "data" / "file_patch_vectors.json"


def safetensors(tensors: dict[str, tuple[str, np.ndarray[Any, Any]]]) -> bytes:
    header: dict[str, Any] = {}
    data = b""
    for name, (dtype, array) in tensors.items():
        end = len(data) + array.nbytes
        header[name] = {
            "dtype": dtype,
            "shape": list(array.shape),
            "data_offsets": [len(data), end],
        }
        data += array.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data


def pairs() -> Iterator[tuple[str, Files, Files]]:
    random = np.random.default_rng(3)
    weights = random.normal(0, 0.02, 40).astype("<f2")
    moved = weights.copy()
    moved.view("<u2")[::9] += 1
    norm = ("F32", np.ones(4, "<f4"))
    old = safetensors({"w": ("F16", weights), "norm": norm})
    new = safetensors({"w": ("F16", moved), "norm": norm})
    yield "one file", {"": old}, {"": new}
    other = safetensors({"w": ("F32", weights.astype("<f4")), "added": norm})
    same = b'{"same": 1}'
    yield (
        "a folder",
        {"model.safetensors": old, "config.json": same, "removed": b"gone"},
        {"model.safetensors": new, "config.json": same, "sub/new": b"new", "empty": b""},
    )
    yield "another type", {"model.safetensors": old}, {"model.safetensors": other}


def patch_of(old: Files, new: Files) -> bytes:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        patch = folder / "patch"
        patches.diff_files(written(folder / "old", old), written(folder / "new", new), patch)
        return patch.read_bytes()


def described(name: str, old: Files, new: Files) -> dict[str, Any]:
    patch = patch_of(old, new)
    assert plain_file_patch_decoder.apply(old, patch) == new, name
    return {
        "name": name,
        "old": {path: data.hex() for path, data in old.items()},
        "new": {path: data.hex() for path, data in new.items()},
        "patch": patch.hex(),
    }


def refused(old: Files, patch: bytes) -> Iterator[dict[str, str]]:
    for rule, broken in broken_file_patches.all_of_them(patch):
        try:
            plain_file_patch_decoder.apply(old, broken)
        except FormatError:
            yield {"rule": rule, "patch": broken.hex()}
        else:
            raise AssertionError(rule)


def main() -> None:
    vectors = list(pairs())
    _, old, new = vectors[-1]
    # Of two files, so that an empty path is one too many.
    old, new = {**old, "z": b"1"}, {**new, "z": b"2"}
    found = {
        "applied": [described(*pair) for pair in vectors],
        "refused": {
            "old": {path: data.hex() for path, data in old.items()},
            "patches": list(refused(old, patch_of(old, new))),
        },
    }
    DATA.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
