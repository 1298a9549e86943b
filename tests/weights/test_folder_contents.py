"""What is in a folder of weights: nothing is left out in silence, whoever reads it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pyinfo import patches
from pyinfo.__main__ import main
from pyinfo.coding.folder_contents import contents_of
from pyinfo.quantization import fit
from pyinfo.safetensors import pack
from support.weights import bfloat16, ordinary

pytestmark = pytest.mark.once

READERS: dict[str, Callable[[Path], Any]] = {
    "pack": lambda folder: pack(folder, folder.with_name("made")),
    "fit": lambda folder: fit(folder, "5kB", destination=folder.with_name("made")),
    "diff, old": lambda folder: patches.diff_files(
        folder, folder.with_name("other"), folder.with_name("made")
    ),
    "diff, new": lambda folder: patches.diff_files(
        folder.with_name("other"), folder, folder.with_name("made")
    ),
    "report": lambda folder: main(["report", str(folder)]) == 0 or _fail(),
    "test": lambda folder: main(["test", str(folder)]) == 0 or _fail(),
}


def _fail() -> None:
    raise ValueError("exit code")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "sub" / "empty").mkdir(parents=True)
    tensors = {"w": bfloat16(np.random.default_rng(1), (90, 70))}
    for path in (folder / "a.safetensors", folder / "sub" / "b.safetensors"):
        path.write_bytes(ordinary(tensors))
    (tmp_path / "other").mkdir()
    return folder


def linked(link: Path, target: str) -> None:
    try:
        link.symlink_to(target)
    except OSError as error:
        pytest.skip(f"links cannot be made here: {error}")


def test_what_is_found(model: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.txt").write_text("linked")
    linked(model / "link.txt", "../elsewhere.txt")
    (model / ".pyinfo-0123.part").write_text("left by a process that was killed")
    (model / ".pyinfo-4567.part").with_suffix(".dir").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(model / "pipe")
    found = contents_of(model)
    assert [path.as_posix() for path in found.folders] == [".pyinfo-4567.dir", "sub", "sub/empty"]
    assert [path.as_posix() for path in found.files] == [
        "a.safetensors", "link.txt", "sub/b.safetensors",
    ]  # fmt: skip
    pack(model, tmp_path / "packed")
    assert (tmp_path / "packed" / "link.txt").read_text() == "linked"
    assert not (tmp_path / "packed" / "link.txt").is_symlink()
    assert contents_of(tmp_path / "packed") == found


@pytest.mark.parametrize("reader", READERS)
def test_links_to_folders_and_to_nothing(
    reader: str, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for target, kind, message in (
        ("../../other", ValueError, "is a link to a folder"),
        (".", ValueError, "is a link to a folder"),
        ("nothing", FileNotFoundError, "No such file"),
    ):
        linked(model / "sub" / "link", target)
        with pytest.raises((kind, ValueError)) as caught:
            READERS[reader](model)
        told = str(caught.value) + capsys.readouterr().err
        assert message in told
        assert "link" in told
        assert not (tmp_path / "made").exists()
        (model / "sub" / "link").unlink()


@pytest.mark.parametrize("reader", READERS)
def test_folders_that_cannot_be_read(
    reader: str, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Permissions do not hold for the superuser, who may run this."""
    scan = os.scandir

    def refusing(path: Any = ".") -> Any:
        if Path(path) == model / "sub":
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises((PermissionError, ValueError)):
        READERS[reader](model)
    assert not (tmp_path / "made").exists()


def test_rm_loses_no_empty_folder(model: Path) -> None:
    assert main(["compress", str(model), "--rm"]) == 0
    assert not model.exists()
    assert main(["decompress", f"{model}.pin", "--rm"]) == 0
    assert (model / "sub" / "empty").is_dir()
    assert sorted(path.name for path in model.parent.iterdir()) == ["model", "other"]
