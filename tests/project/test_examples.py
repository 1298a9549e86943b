"""The programs in examples/ do what they say."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.once

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look for it
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[name]
    return module


def run(name: str, *arguments: object) -> str:
    command = [sys.executable, EXAMPLES / f"{name}.py", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_look_inside(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the pictures need matplotlib (extra plot)")
    source = tmp_path / "data.bin"
    source.write_bytes(b"what is known tells nothing. " * 500 + bytes(9000))
    drawn = run("look_inside", source, tmp_path).split()
    assert [Path(name).name for name in drawn] == [
        "data_map.png", "data_code.png", "data_parts.png",
    ]  # fmt: skip
    assert all(Path(name).read_bytes().startswith(b"\x89PNG") for name in drawn)


def test_compress_archive() -> None:
    lines = [line.split() for line in run("compress_archive").splitlines()]
    parts = {(line[0], " ".join(line[1:-3])): float(line[-3].rstrip("%")) for line in lines}
    assert len(lines) == 16
    assert parts["weights", "pyinfo auto"] < parts["weights", "zlib 6"]
    assert parts["mask", "pyinfo rans"] < parts["mask", "pyinfo huffman"]


def test_drift_monitor(capsys: pytest.CaptureFixture[str]) -> None:
    alarms = load("drift_monitor").main()
    assert alarms[:6] == [False] * 6
    assert alarms[-4:] == [True] * 4
    assert capsys.readouterr().out.count("DRIFT") == sum(alarms)
