"""docs/patch-format.md, patches of files: its vectors, by the library and by the plain decoder."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest

from pyinfo import patches
from pyinfo.errors import CorruptDataError
from support import broken_file_patches, plain_file_patch_decoder
from support.plain_decoder import FormatError
from support.plain_file_patch_decoder import Files, WrongBaseError, written

DATA = Path(__file__).resolve().parents[1] / "data" / "file_patch_vectors.json"
VECTORS = json.loads(DATA.read_text("utf-8"))
Facts = dict[str, Any]


def files_of(facts: dict[str, str]) -> Files:
    return {path: bytes.fromhex(data) for path, data in facts.items()}


def found(target: Path) -> Files:
    if target.is_file():
        return {"": target.read_bytes()}
    return {
        path.relative_to(target).as_posix(): path.read_bytes()
        for path in target.rglob("*")
        if path.is_file()
    }


def named(vectors: list[Facts], key: str) -> list[Any]:
    return [pytest.param(vector, id=vector[key]) for vector in vectors]


@pytest.mark.once
@pytest.mark.parametrize("vector", named(VECTORS["applied"], "name"))
def test_vectors(vector: Facts, tmp_path: Path) -> None:
    old, new = files_of(vector["old"]), files_of(vector["new"])
    patch = bytes.fromhex(vector["patch"])
    assert plain_file_patch_decoder.apply(old, patch) == new
    before, after = written(tmp_path / "old", old), written(tmp_path / "new", new)
    patches.diff_files(before, after, tmp_path / "patch")
    assert (tmp_path / "patch").read_bytes() == patch
    patches.apply_files(before, tmp_path / "patch", tmp_path / "made")
    assert found(tmp_path / "made") == new
    patches.apply_files(before, tmp_path / "patch")
    assert found(before) == new


@pytest.mark.once
@pytest.mark.parametrize("vector", named(VECTORS["refused"]["patches"], "rule"))
def test_vectors_that_must_be_refused(vector: Facts, tmp_path: Path) -> None:
    old, patch = files_of(VECTORS["refused"]["old"]), bytes.fromhex(vector["patch"])
    with pytest.raises(FormatError):
        plain_file_patch_decoder.apply(old, patch)
    (tmp_path / "patch").write_bytes(patch)
    base = written(tmp_path / "base", old)
    with pytest.raises(CorruptDataError):
        patches.apply_files(base, tmp_path / "patch")
    assert found(base) == old


def changed_somewhere(rng: random.Random, place: Any) -> None:
    """Change one number, text or list in a manifest."""
    inner = list(place) if isinstance(place, dict) else list(range(len(place)))
    if not inner:
        return
    key = rng.choice(inner)
    value = place[key]
    if isinstance(value, dict | list) and value and rng.random() < 0.9:
        changed_somewhere(rng, value)
    elif isinstance(value, int) and rng.random() < 0.8:
        place[key] = max(0, value + rng.choice([-9, -1, 1, 2, 50]))
    elif rng.random() < 0.2 and isinstance(place, list):
        place.insert(key, copy.deepcopy(value))
    else:
        place[key] = rng.choice([None, 0, "take", "frame", "patch", [], {}, True, [0, 8], "a/b"])


@pytest.mark.once
@pytest.mark.parametrize("seed", range(4))
def test_mutations_have_one_verdict(seed: int, tmp_path: Path) -> None:
    """Bytes changed, or what the manifest says; the plain decoder and the library agree."""
    rng = random.Random(seed)
    vector = VECTORS["applied"][rng.choice([1, 2])]
    old, whole = files_of(vector["old"]), bytes.fromhex(vector["patch"])
    base = written(tmp_path / "base", old)
    verdicts = set()
    for number in range(30):
        patch = bytearray(whole)
        if number % 3 == 0:
            patch[rng.randrange(len(patch))] ^= 1 << rng.randrange(8)
        else:
            before, manifest = broken_file_patches.manifest_of(whole)
            changed_somewhere(rng, manifest["files"])
            patch = bytearray(broken_file_patches.with_manifest(before, manifest))
        try:
            expected = plain_file_patch_decoder.apply(old, bytes(patch))
        except (FormatError, WrongBaseError):
            expected = None
        (tmp_path / "patch").write_bytes(patch)
        made = tmp_path / f"made {number}"
        try:
            patches.apply_files(base, tmp_path / "patch", made)
        except (CorruptDataError, ValueError, FileNotFoundError):
            assert expected is None, number
            assert not made.exists() or found(made) == {}
        else:
            assert found(made) == expected
        assert found(base) == old
        verdicts.add(expected is None)
    assert True in verdicts
