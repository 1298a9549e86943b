"""Write the test vectors of docs/patch-format.md to tests/data/patch_vectors.json.

`python tools/patch_vectors.py` needs pyinfo installed, and ml_dtypes. What the library writes is
applied by the plain decoder before it is stored; what must be refused, too.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

from pyinfo import patches

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support import broken_patches, plain_patch_decoder

Array = np.ndarray[Any, Any]
FILE = Path(__file__).resolve().parents[1] / "tests" / "data" / "patch_vectors.json"


def pairs() -> Iterator[tuple[str, Array, Array]]:
    random = np.random.default_rng(1)
    weights = (0.02 * random.standard_normal(3000)).astype(ml_dtypes.bfloat16)
    stepped = weights.copy().view(np.uint16)
    moved = random.random(3000) < np.where(abs(weights.astype(float)) < 0.01, 0.3, 0.02)
    stepped[moved] += 1
    yield "bfloat16 in classes", weights, stepped.view(ml_dtypes.bfloat16)
    for dtype in ("|i1", "<u2", "<i4", "<u8"):
        old = random.integers(0, 100, 100).astype(dtype)
        yield f"{dtype}, few changed", old, old + (random.random(100) < 0.1).astype(dtype)
    for dtype in ("<f2", "<f4", "<f8"):
        old = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-7, 1.5, -2.0], dtype)
        yield f"{dtype}, special values", old, old[::-1].copy()
    yield "nothing changed", np.arange(10, dtype="<i4"), np.arange(10, dtype="<i4")
    yield "no elements", np.zeros((0, 3), "<f4"), np.zeros((0, 3), "<f4")
    yield "no dimensions", np.array(1.0), np.array(2.0)
    yield "replaced", random.standard_normal(40).astype("<f4"), np.zeros(40, "<f4")
    yield "complex", np.array([1 + 2j, 3 - 1j], "<c8"), np.array([1 + 2j, 3 - 2j], "<c8")
    yield "big-endian", np.arange(9, dtype=">f8"), np.arange(0, 18, 2, dtype=">f8")


def described(name: str, old: Array, new: Array) -> dict[str, Any]:
    patch = patches.diff(old, new)
    assert plain_patch_decoder.apply(old.tobytes(), patch) == new.tobytes(), name
    dtype = old.dtype.name if old.dtype.isbuiltin == 2 else old.dtype.str
    data = {"old": old.tobytes(), "new": new.tobytes(), "patch": patch}
    return {
        "name": name,
        "dtype": dtype,
        "shape": list(old.shape),
        **{key: value.hex() for key, value in data.items()},
    }


def refused() -> Iterator[dict[str, str]]:
    for rule, old, patch in broken_patches.all_of_them():
        try:
            plain_patch_decoder.apply(old, patch)
        except (plain_patch_decoder.FormatError, plain_patch_decoder.WrongBaseError):
            yield {"rule": rule, "old": old.hex(), "patch": patch.hex()}
        else:
            raise AssertionError(rule)


def main() -> None:
    vectors = {"applied": [described(*pair) for pair in pairs()], "refused": list(refused())}
    FILE.write_text(json.dumps(vectors, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
