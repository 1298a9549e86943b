"""Every command that writes, on a disk that gets full: a sentence, and all files as they were."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from pyinfo.__main__ import main
from pyinfo.cli.main import COMMANDS
from support.full_disks import contents, full_output, largest_file
from support.quantized_models import file_of, model

pytestmark = pytest.mark.once

TABLE = {"costs": [[100, 200], [100, 400]], "errors": [[90.0, 20.0], [30.0, 8.0]], "budget": 400}

WRITING = {
    "compress": "compress text -o made",
    "compress and remove": "compress text --rm -o made",
    "compress weights": "compress old.safetensors -o made",
    "compress weights and remove": "compress old.safetensors --rm -o made",
    "compress a folder": "compress old -o made",
    "compress a folder and remove": "compress old --rm -o made",
    "decompress": "decompress text.pin -o made",
    "decompress and remove": "decompress text.pin --rm -o made",
    "decompress weights": "decompress old.pin.safetensors -o made",
    "decompress weights and remove": "decompress old.pin.safetensors --rm -o made",
    "decompress a folder": "decompress old.pin -o made",
    "decompress a folder and remove": "decompress old.pin --rm -o made",
    "diff": "diff old.safetensors new.safetensors -o made",
    "diff folders": "diff old new -o made",
    "apply": "apply old.safetensors file.patch -o made",
    "apply in place": "apply old.safetensors file.patch",
    "apply to a folder": "apply old folder.patch -o made",
    "apply to a folder in place": "apply old folder.patch",
    "fit": "fit old.safetensors --budget 60kB -o made",
    "fit a folder": "fit old --budget 90kB -o made",
    "fit, picture": "fit old.safetensors --budget 60kB --dry-run --plot made.png",
    "allocate, picture": "allocate table.json --plot made.png",
    "calibrate, picture": "calibrate floats.npy --plot made.svg",
    "compare, picture": "compare logits.npy other.npy --plot made.png",
    "drift, picture": "drift a.csv b.csv --plot made.pdf",
    "perplexity, picture": "perplexity logits.npy labels.npy --plot made.png",
    "report, picture": "report text --plot made.png",
}
"""What each command is asked for; with --force where something is to be replaced."""

NEW_FOLDERS = ("compress a folder", "decompress a folder", "fit a folder")
IN_PLACE = ("apply in place", "apply to a folder in place")

PRINTING = (
    "report text", "inspect text.pin", "inspect old.pin", "test text.pin", "info",
    "perplexity logits.npy labels.npy", "compare logits.npy other.npy", "drift a.csv b.csv",
    "fit old.safetensors --budget 60kB --dry-run", "allocate table.json",
    "calibrate floats.npy", "compress text -o made", "decompress text.pin -o made",
    "diff old new -o made", "apply old folder.patch -o made",
)  # fmt: skip


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Inputs of all commands."""
    folder = tmp_path_factory.mktemp("inputs")
    rng = np.random.default_rng(5)
    words = rng.choice(["magician", "rabbit", "hat"], 9000)
    (folder / "text").write_text(" ".join(words), "utf-8")
    for i, name in enumerate(("old", "new")):
        (folder / name / "sub").mkdir(parents=True)
        (folder / f"{name}.safetensors").write_bytes(file_of(model(i)))
        (folder / name / "sub" / "model.safetensors").write_bytes(file_of(model(i)))
        (folder / name / "more.safetensors").write_bytes(file_of(model(i + 2)))
        (folder / name / "notes.txt").write_bytes(rng.bytes(70_000))
    logits = rng.normal(size=(200, 30)).astype(np.float32)
    np.save(folder / "logits.npy", logits)
    np.save(folder / "other.npy", logits + rng.normal(0, 0.1, logits.shape).astype(np.float32))
    np.save(folder / "labels.npy", rng.integers(0, 30, 200))
    np.save(folder / "floats.npy", rng.normal(size=5000).astype(np.float32))
    (folder / "table.json").write_text(json.dumps(TABLE))
    for name, mean in (("a", 0), ("b", 1)):
        lines = [f"{v:.6f}" for v in rng.normal(mean, 1, 300)]
        (folder / f"{name}.csv").write_text("\n".join(["x", *lines]))
    for arguments in (
        "compress text", "compress old.safetensors", "compress old",
        "diff old.safetensors new.safetensors -o file.patch", "diff old new -o folder.patch",
    ):  # fmt: skip
        assert main([_placed(folder, each) for each in arguments.split()]) == 0
    return folder


def _placed(folder: Path, word: str) -> str:
    is_name = "." in word or word in {"text", "old", "new", "made"}
    return str(folder / word) if is_name else word


@pytest.fixture
def work(inputs: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(inputs, tmp_path / "work"))


def _written(folder: Path, before: dict[str, bytes | None]) -> int:
    """Return the size of the smallest file that is new or another one."""
    after = contents(folder)
    return min(len(v) for k, v in after.items() if v and before.get(k) != v)


def _needs(command: str) -> None:
    if "--plot" in command:
        pytest.importorskip("matplotlib", reason="the picture needs matplotlib (extra plot)")
    if "csv" in command:
        pytest.importorskip("pyarrow", reason="pyarrow is not installed (extra arrow)")


def test_every_command_that_writes_is_tried() -> None:
    tried = {command.split()[0] for command in (*WRITING.values(), *PRINTING)}
    assert tried == {command.name for command in COMMANDS}


@pytest.mark.parametrize("name", WRITING)
def test_what_does_not_fit(
    name: str, work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _needs(WRITING[name])
    arguments = [_placed(work, word) for word in WRITING[name].split()]
    shutil.copytree(work, tmp_path / "untouched")
    before = contents(work)
    assert main(arguments) == 0
    size = _written(work, before)
    shutil.rmtree(work)
    (tmp_path / "untouched").rename(work)
    older = name.removesuffix(" and remove") not in (*NEW_FOLDERS, *IN_PLACE, "apply to a folder")
    for force in (False, True)[: 1 + older]:
        if force:
            made = arguments[-1]
            Path(made).write_bytes(b"older")
            arguments.append("--force")
        before = contents(work)
        for limit in (0, 1, size // 2, size - 1):
            capsys.readouterr()
            with largest_file(limit):
                assert main(arguments) == 2
            [line] = capsys.readouterr().err.splitlines()
            assert line.startswith(f"pyinfo: {work}{os.sep}")
            assert line.endswith("File too large")
            assert ".part" not in line
            assert contents(work) == before


@pytest.mark.parametrize("json_", ["", " --json"])
@pytest.mark.parametrize("command", PRINTING)
def test_standard_output_that_is_full(
    command: str,
    json_: str,
    work: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _needs(command)
    if command == "info" and json_:
        return
    arguments = [_placed(work, word) for word in (command + json_).split()]
    with full_output(monkeypatch):
        assert main(arguments) == 2
    errors = capsys.readouterr().err.splitlines()
    assert errors == ["pyinfo: standard output: No space left on device"]
    assert not [name for name in contents(work) if ".part" in name]
