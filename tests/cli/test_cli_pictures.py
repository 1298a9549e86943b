"""The option --plot: a picture that is there when it is whole, refused before the work."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rich", reason="the command line needs rich (extra cli)")
pytest.importorskip("matplotlib", reason="pictures need matplotlib (extra plot)")

import pyinfo
from pyinfo.cli.main import main
from support.weights import bfloat16, ordinary

pytestmark = pytest.mark.once

RNG = np.random.default_rng(3)


def array(folder: Path) -> list[str]:
    path = folder / "x.npy"
    np.save(path, RNG.normal(size=4000).astype(np.float32))
    return [str(path)]


def weights(folder: Path) -> list[str]:
    path = folder / "w.safetensors"
    path.write_bytes(ordinary({name: bfloat16(RNG, (64, 64)) for name in "ab"}))
    return [str(path)]


def table(folder: Path) -> list[str]:
    path = folder / "table.json"
    path.write_text(json.dumps({"costs": [[1, 2]], "errors": [[3, 1]], "budget": 2}), "utf-8")
    return [str(path)]


def columns(folder: Path) -> list[str]:
    pytest.importorskip("pyarrow", reason="CSV is read by pyarrow (extra arrow) here")
    path = folder / "x.csv"
    path.write_text("x\n" + "1\n2\n" * 50, "utf-8")
    return [str(path), str(path)]


def logits(folder: Path) -> list[str]:
    rows, labels = folder / "logits.npy", folder / "labels.npy"
    np.save(rows, RNG.normal(size=(50, 7)).astype(np.float32))
    np.save(labels, RNG.integers(0, 7, 50))
    return [str(rows), str(labels)]


def two_logits(folder: Path) -> list[str]:
    return [logits(folder)[0]] * 2


COMMANDS: dict[str, Callable[[Path], list[str]]] = {
    "report": array,
    "calibrate": array,
    "fit": lambda folder: [*weights(folder), "--budget", "4bpw", "--dry-run"],
    "allocate": table,
    "drift": columns,
    "perplexity": logits,
    "compare": two_logits,
}


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_draw(command: str, tmp_path: Path, capsys: Any) -> None:
    arguments = [command, *COMMANDS[command](tmp_path)]
    for kind, magic in (("png", b"\x89PNG"), ("svg", b"<?xml")):
        picture = tmp_path / f"picture.{kind}"
        assert main([*arguments, "--plot", str(picture)]) == 0
        assert picture.read_bytes().startswith(magic)
    assert not list(tmp_path.glob(".pyinfo*"))
    capsys.readouterr()

    picture.write_bytes(b"older")
    assert main([*arguments, "--plot", str(picture)]) == 2
    printed = capsys.readouterr()
    assert "exists already: --force overwrites it" in printed.err
    assert picture.read_bytes() == b"older"
    assert main([*arguments, "--plot", str(picture), "--force"]) == 0
    assert picture.read_bytes().startswith(b"<?xml")


@pytest.mark.parametrize("command", COMMANDS)
def test_what_cannot_be_drawn_is_refused(
    command: str, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = [command, *COMMANDS[command](tmp_path)]
    assert main([*arguments, "--plot", str(tmp_path / "x.docx")]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "x.docx: no picture can be written as 'docx'" in printed.err
    assert main([*arguments, "--plot", str(tmp_path / "nowhere" / "x.png")]) == 2
    assert "No such file" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "pyinfo.plots", None)
    monkeypatch.delattr(pyinfo, "plots", raising=False)
    assert main([*arguments, "--plot", str(tmp_path / "x.png")]) == 2
    assert "--plot" in capsys.readouterr().err
    assert not (tmp_path / "x.png").exists()


def test_a_report_draws_one_file(tmp_path: Path, capsys: Any) -> None:
    (path,) = array(tmp_path)
    picture = str(tmp_path / "x.png")
    for files in ([path, path], ["-"], [str(tmp_path / "none")]):
        assert main(["report", *files, "--plot", picture]) == 2
        assert "a picture is of one regular file" in capsys.readouterr().err
    assert main(["report", str(Path(__file__)), "--plot", picture]) == 0
    capsys.readouterr()
    assert main(["calibrate", path, "--method", "max", "--plot", picture, "--force"]) == 2
    assert "there is no curve" in capsys.readouterr().err
