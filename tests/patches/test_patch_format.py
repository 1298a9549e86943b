"""docs/patch-format.md: its examples and vectors, by the library and by the plain decoder."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pyinfo import patches
from pyinfo.errors import CorruptDataError
from support import broken_patches, plain_patch_decoder
from support.plain_decoder import Bytes, FormatError

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "patch-format.md"
EXAMPLE = re.compile(r"<!-- bytes: ([\w ]+) -->\n```text\n(.*?)```", re.DOTALL)
HEX = re.compile(r"^([0-9a-f]{2}(?: [0-9a-f]{2})*)(?:  |$)", re.MULTILINE)
EXAMPLES = {
    match[1]: bytes.fromhex(" ".join(HEX.findall(match[2])))
    for match in EXAMPLE.finditer(PAGE.read_text("utf-8"))
}
VECTORS = json.loads((ROOT / "tests" / "data" / "patch_vectors.json").read_text("utf-8"))
Facts = dict[str, Any]


def test_example_of_whole_numbers() -> None:
    old, new = np.array([1, 2, 3], "<u2"), np.array([1, 5, 3], "<u2")
    assert patches.diff(old, new) == EXAMPLES["whole numbers"]
    assert plain_patch_decoder.apply(old.tobytes(), EXAMPLES["whole numbers"]) == new.tobytes()


def test_example_of_floats() -> None:
    old = np.array([0x3F80, 0xBF80, 0x3F00, 0], "<u2")
    new = np.array([0x3F81, 0xBF80, 0x3F00, 0x8000], "<u2")
    patch = EXAMPLES["floats"]
    assert plain_patch_decoder.apply(old.tobytes(), patch) == new.tobytes()
    assert np.array_equal(patches.apply(old, patch).view("<u2"), new)
    ml_dtypes = pytest.importorskip("ml_dtypes")
    assert patches.diff(old.view(ml_dtypes.bfloat16), new.view(ml_dtypes.bfloat16)) == patch


def test_example_of_replaced() -> None:
    old, new = np.array([1.5, -7, 3e9, 0.001] * 3, "<f4"), np.zeros(12, "<f4")
    assert patches.diff(old, new) == EXAMPLES["replaced"]
    assert plain_patch_decoder.apply(old.tobytes(), EXAMPLES["replaced"]) == new.tobytes()


def named(vectors: list[Facts], key: str) -> list[Any]:
    return [pytest.param(vector, id=vector[key]) for vector in vectors]


@pytest.mark.parametrize("vector", named(VECTORS["applied"], "name"))
def test_vectors(vector: Facts) -> None:
    old, new, patch = (bytes.fromhex(vector[key]) for key in ("old", "new", "patch"))
    assert plain_patch_decoder.apply(old, patch) == new
    if vector["dtype"][0] not in "<>|":
        pytest.importorskip("ml_dtypes")
    dtype = patches.Patch(patch).dtype
    base, result = (np.frombuffer(data, dtype).reshape(vector["shape"]) for data in (old, new))
    assert patches.apply(base, patch).tobytes() == new
    assert patches.diff(base, result) == patch


@pytest.mark.parametrize("vector", named(VECTORS["refused"], "rule"))
def test_vectors_that_must_be_refused(vector: Facts) -> None:
    old, patch = bytes.fromhex(vector["old"]), bytes.fromhex(vector["patch"])
    with pytest.raises((FormatError, plain_patch_decoder.WrongBaseError)):
        plain_patch_decoder.apply(old, patch)
    base = np.frombuffer(old, "<u2")
    out = base.copy()
    error = ValueError if vector["rule"].startswith("the base has") else CorruptDataError
    with pytest.raises(error) as raised:
        patches.apply(base, patch)
    if error is ValueError:
        assert not isinstance(raised.value, CorruptDataError)
    if out.shape == (8,):
        with pytest.raises(error):
            patches.apply(out, patch, out=out)


def test_stored_vectors_are_those_of_the_rules() -> None:
    stored = {(vector["rule"], vector["patch"]) for vector in VECTORS["refused"]}
    assert stored == {(rule, patch.hex()) for rule, _, patch in broken_patches.all_of_them()}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<i2", "|u1", "<f8"])
def test_mutations_have_one_verdict(dtype: str, seed: int) -> None:
    """A byte or more changed, with checks as they are and made right again."""
    rng = random.Random(f"{dtype} {seed}")
    numbers = np.random.default_rng(seed).standard_normal(300)
    old = (100 * numbers).astype(dtype)
    new = np.where(numbers > 1, (101 * numbers).astype(dtype), old).astype(dtype)
    patch = patches.diff(old, new)
    for round in range(40):
        damaged = bytearray(patch)
        for _ in range(rng.choice([1, 1, 2])):
            damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        if round % 2:
            damaged = with_right_checks(damaged)
        if round % 7 == 0:
            del damaged[rng.randrange(len(damaged)) :]
        try:
            expected = plain_patch_decoder.apply(old.tobytes(), bytes(damaged))
            header = plain_patch_decoder.read_header(Bytes(bytes(damaged)))
            plain_patch_decoder.read_layout(header)
        except (FormatError, plain_patch_decoder.WrongBaseError):
            with pytest.raises((ValueError, TypeError)):
                patches.apply(old, bytes(damaged))
            continue
        try:
            applied = patches.apply(old, bytes(damaged))
        except (ValueError, TypeError):  # of metadata that are those of another array
            stated = patches.Patch(bytes(damaged))
            assert (stated.dtype, stated.shape) != (old.dtype, old.shape)
        else:
            assert applied.tobytes() == expected


def with_right_checks(patch: bytearray) -> bytearray:
    ranges = 2 * max(0, patch[7] - 1)
    end = 38 + ranges + int.from_bytes(patch[12:14], "little")
    if end + 4 > len(patch):
        return patch
    crc, le32 = plain_patch_decoder.crc, plain_patch_decoder.le32
    previous = crc(bytes(patch[:end]))
    patch[end : end + 4] = le32(previous)
    at = end + 4
    while at + 21 <= len(patch):
        size = int.from_bytes(patch[at + 12 : at + 16], "little")
        payload = bytes(patch[at + 21 : at + 21 + size])
        previous = crc(le32(previous) + le32(crc(bytes(patch[at : at + 17]) + payload)))
        patch[at + 17 : at + 21] = le32(previous)
        at += 21 + size
    return patch
