"""The command line with safetensors files and folders of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pyinfo.__main__ import main
from pyinfo.cli.files import RefusalError
from pyinfo.coding import whole_files
from pyinfo.safetensors import is_packed
from support.programs import run
from support.weights import bfloat16, ordinary, raw

pytestmark = pytest.mark.once


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A folder with a model in two files."""
    rng = np.random.default_rng(1)
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "sub" / "notes.txt").write_text("notes")
    for i in range(2):
        tensors = {
            f"w.{i}": bfloat16(rng, (90, 70)),
            f"even.{i}": raw(rng, "U8", (999,), even=True),
        }
        (folder / f"model-{i}.safetensors").write_bytes(ordinary(tensors, {"format": "pt"}))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def documents(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> list[Any]:
    assert main([*arguments, "--json"]) == code
    found: list[Any] = json.loads(capsys.readouterr().out)
    return found


def flip(path: Path, offset: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 1
    path.write_bytes(data)


def test_a_file_there_and_back(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = model / "model-0.safetensors"
    original = path.read_bytes()
    [document] = documents(capsys, "compress", str(path))
    packed = model / "model-0.pin.safetensors"
    assert document["output"] == str(packed)
    assert (document["size"], document["output_size"]) == (len(original), packed.stat().st_size)
    assert is_packed(packed)
    [tested] = documents(capsys, "test", str(packed))
    assert tested["ok"]
    path.unlink()
    [document] = documents(capsys, "decompress", str(packed))
    assert document["output"] == str(path)
    assert path.read_bytes() == original


def test_a_folder_there_and_back(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(model)
    assert main(["compress", "--rm", str(model)]) == 0
    packed = model.with_name("model.pin")
    assert not model.exists()
    assert set(contents(packed)) == set(before)
    assert is_packed(packed / "model-1.safetensors")
    assert len(documents(capsys_cleared(capsys), "test", str(packed))) == 2
    assert main(["decompress", "--rm", "--threads", "2", str(packed)]) == 0
    assert contents(model) == before
    assert not packed.exists()


def capsys_cleared(capsys: pytest.CaptureFixture[str]) -> pytest.CaptureFixture[str]:
    capsys.readouterr()
    return capsys


def test_inspect_and_report(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(model / "model-0.safetensors")
    [before] = documents(capsys, "report", path)
    main(["compress", path])
    capsys.readouterr()
    packed = str(model / "model-0.pin.safetensors")
    for command in ("inspect", "report"):
        [after] = documents(capsys, command, packed)
        assert (before["packed"], after["packed"]) == (False, True)
        assert before["tensors"] == after["tensors"]
    weights = before["tensors"][0]
    assert (weights["name"], weights["dtype"], weights["shape"]) == ("w.0", "BF16", [90, 70])
    assert 10 < weights["bits_per_weight"] < 12
    assert before["tensors"][1]["stored"] == "plain"
    assert len(documents(capsys, "inspect", str(model))) == 3
    for command in ("inspect", "report"):
        assert main([command, packed]) == 0
        out = capsys.readouterr().out
        assert "w.0" in out
        assert "BF16" in out
        assert "90x70" in out


def test_damage_is_named(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["compress", str(model)])
    packed = model.with_name("model.pin")
    flip(packed / "model-1.safetensors", -3)
    capsys.readouterr()
    intact, damaged = documents(capsys, "test", str(packed), code=3)
    assert intact["ok"]
    assert [each["tensor"] for each in damaged["damage"]] == ["w.1"]
    assert main(["decompress", str(packed), "-o", str(model) + "2"]) == 3
    assert "w.1" in capsys.readouterr().err
    assert not Path(str(model) + "2").exists()
    before = (packed / "model-0.safetensors").read_bytes()
    for offset in (4, 9, 60):  # the length, JSON, the table
        flip(packed / "model-0.safetensors", offset)
        [first, _] = documents(capsys, "test", str(packed), code=3)
        assert not first["ok"]
        (packed / "model-0.safetensors").write_bytes(before)


def test_what_is_refused(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = model / "model-0.safetensors"
    packed = model / "model-0.pin.safetensors"
    main(["compress", str(path)])
    capsys.readouterr()
    cases = {
        ("compress", str(path)): "exists already",
        ("compress", str(path), "-o", str(path)): "the file itself",
        ("compress", str(path), "-o", str(model)): "is a folder",
        ("compress", str(packed)): "packed already",
        ("decompress", str(packed)): "exists already",
        ("decompress", str(packed), "--max-size", "9", "-o", "x"): "--max-size",
        ("compress", str(model / "sub")): "no safetensors file",
        ("decompress", str(model)): "does not end in .pin",
        ("compress", str(model), "-o", "-"): "a folder needs a folder",
    }
    before = contents(model)
    for arguments, message in cases.items():
        assert main(list(arguments)) == 2
        assert message in capsys.readouterr().err
    assert contents(model) == before
    assert main(["compress", str(path), "--force"]) == 0


def test_rm_keeps_what_was_not_verified(
    model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(model)

    def wrong(*_: Any, **__: Any) -> None:
        raise RefusalError("the result is not what the file holds now: the original is kept")

    monkeypatch.setattr("pyinfo.cli.weights._require_original", wrong)
    for path in (model, model / "model-0.safetensors"):
        assert main(["compress", "--rm", str(path)]) == 2
        assert "is kept" in capsys.readouterr().err
    assert {k: v for k, v in contents(model).items() if ".pin" not in k} == before
    monkeypatch.undo()
    if hasattr(os, "symlink"):
        (model / "link.safetensors").symlink_to(model / "model-0.safetensors")
        assert main(["compress", "--rm", str(model), "-o", str(model) + "3"]) == 2
        assert "link" in capsys.readouterr().err


def test_other_options_take_files_as_bytes(model: Path) -> None:
    path = model / "model-0.safetensors"
    assert main(["compress", str(path), "--coder", "rans"]) == 0
    assert (model / "model-0.safetensors.pin").exists()
    piped = run("compress", str(path), "-o", "-").stdout
    assert run("decompress", "-", input=piped).stdout == path.read_bytes()


def test_what_is_not_packed_is_not_damaged(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, patch = str(model / "model-0.safetensors"), str(model.with_name("patch"))
    assert main(["diff", one, str(model / "model-1.safetensors"), "-o", patch]) == 0
    for arguments, message in (
        (("test", str(model)), "there is no packed file in this folder"),
        (("test", one), "it is not packed"),
        (("decompress", one, "-o", "made"), "it is not packed"),
        (("test", patch), "it is a patch"),
        (("decompress", patch, "-o", "made"), "it is a patch"),
    ):
        assert main(arguments) == 2
        assert message in capsys.readouterr().err


def test_rm_syncs_folders_before_it_removes(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that hold something of the result, and the one that holds the result itself."""
    order: list[Path] = []
    sync, unlink = whole_files.sync_folder, Path.unlink

    def synced(folder: Path) -> None:
        order.append(Path(folder))
        sync(folder)

    def removed(path: Path, **options: Any) -> None:
        order.append(path)
        unlink(path, **options)

    monkeypatch.setattr("pyinfo.cli.weights.sync_folder", synced)
    monkeypatch.setattr(Path, "unlink", removed)
    packed = model.with_name("model.pin")
    assert main(["compress", "--rm", str(model)]) == 0
    first = next(i for i, path in enumerate(order) if path.parent == model)
    assert {packed, packed / "sub", packed.parent} <= set(order[:first])
    order.clear()
    file = packed / "model-0.safetensors"
    assert main(["decompress", "--rm", str(file), "-o", str(packed / "plain.safetensors")]) == 0
    assert order[-2:] == [packed, file]


def test_empty_paths_are_no_names_of_the_current_folder(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(model)
    before = contents(model)
    for arguments in (
        ("compress", "", "-o", "../made", "--rm"),
        ("compress", "config.json", "-o", ""),
    ):
        with pytest.raises(SystemExit):
            main(arguments)
        assert "an empty path names no file" in capsys.readouterr().err
    assert contents(model) == before


FULL_DISK = """
import resource, sys
from pyinfo.__main__ import main
assert main(["info"]) == 0
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("what", ["model", "model/model-0.safetensors"])
def test_a_full_disk_is_told_of_the_output(what: str, model: Path) -> None:
    """Not of the input, which is there and whole."""
    pytest.importorskip("resource", reason="limits of files are those of POSIX")
    before = contents(model.parent)
    command = [sys.executable, "-c", FULL_DISK, "compress", what, "-o", "made"]
    done = subprocess.run(command, cwd=model.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "made" in done.stderr or ".part" in done.stderr
    assert "File too large" in done.stderr
    assert not done.stderr.startswith(f"pyinfo: {what}:")
    assert contents(model.parent) == before
