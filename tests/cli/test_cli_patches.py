"""``pyinfo inspect`` with patches."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pyinfo.__main__ import main
from pyinfo.patches import diff, diff_files
from support.weights import bfloat16, ordinary, raw

pytestmark = pytest.mark.once


def inspected(capsys: pytest.CaptureFixture[str], path: Path) -> Any:
    assert main(["inspect", str(path), "--json"]) == 0
    (document,) = json.loads(capsys.readouterr().out)
    return document


def test_a_patch_of_an_array(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = np.zeros((30, 40), np.float32)
    new = old.copy()
    new[3, 5:9] = 1
    path = tmp_path / "patch"
    path.write_bytes(diff(old, new))
    assert inspected(capsys, path) == {
        "path": str(path),
        "patch": "array",
        "size": path.stat().st_size,
        "data_size": 4800,
        "dtype": "float32",
        "shape": [30, 40],
        "changed": 4,
    }
    assert main(["inspect", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "of an array" in shown
    assert "(30, 40)" in shown


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    rng = np.random.default_rng(7)
    kept, moved = bfloat16(rng, (50, 40)), raw(rng, "I32", (500,))
    made = bytearray(moved.data)
    made[8] ^= 1
    made[400] ^= 1
    added = raw(rng, "U8", (77,))
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, tensors in (
        (old, {"kept": kept, "moved": moved}),
        (new, {"kept": kept, "moved": moved._replace(data=bytes(made)), "added": added}),
    ):
        folder.mkdir()
        (folder / "m.safetensors").write_bytes(ordinary(tensors))
    (old / "gone.txt").write_text("gone")
    return old, new


def test_a_patch_of_files(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = folders
    path = tmp_path / "patch"
    diff_files(old, new, path)
    document = inspected(capsys, path)
    assert (document["patch"], document["size"]) == ("files", path.stat().st_size)
    gone, model = document["files"]
    assert (gone["path"], gone["new"], gone["parts"]) == ("gone.txt", None, [])
    for name, folder in (("old", old), ("new", new)):
        data = (folder / "m.safetensors").read_bytes()
        assert model[name] == {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    tensors = {part["tensor"]: part for part in model["parts"] if part["tensor"] is not None}
    found = {
        name: (each["how"], each["data_size"], each["dtype"], each["changed"])
        for name, each in tensors.items()
    }
    assert found == {
        "kept": ("take", 4000, None, 0),
        "moved": ("patch", 2000, "int32", 2),
        "added": ("frame", 77, None, None),
    }
    assert main(["inspect", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "of files" in shown
    assert "no file" in shown
    assert "moved" in shown


@pytest.mark.parametrize("kind", ["array", "files"])
@pytest.mark.parametrize("part", [0.3, 0.98])
def test_a_patch_that_breaks_off(
    kind: str,
    part: float,
    folders: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "patch"
    if kind == "files":
        diff_files(*folders, path)
    else:
        path.write_bytes(diff(np.zeros(4000), np.arange(4000.0)))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    assert main(["inspect", str(path)]) == 3
    assert "pyinfo: " in capsys.readouterr().err


def test_a_damaged_tensor_is_named(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "patch"
    diff_files(*folders, path)
    data = bytearray(path.read_bytes())
    data[data.index(b"\x89PID") + 30] ^= 1
    path.write_bytes(data)
    assert main(["inspect", str(path)]) == 3
    assert "tensor 'moved'" in capsys.readouterr().err
