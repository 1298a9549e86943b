"""The command calibrate: arrays and weights, tables, JSON, pictures, errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pyinfo.__main__ import main
from pyinfo.quantization import FloatHistogram, calibrate
from support.weights import bfloat16, ordinary, raw

pytestmark = pytest.mark.once


@pytest.fixture
def array(tmp_path: Path) -> Path:
    path = tmp_path / "x.npy"
    np.save(path, np.random.default_rng(1).standard_t(4, 20_000).astype(np.float32))
    return path


def document(capsys: pytest.CaptureFixture[str], *arguments: Any) -> Any:
    assert main(["calibrate", *map(str, arguments), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("method", ["mse", "entropy", "percentile", "max"])
def test_array(array: Path, capsys: pytest.CaptureFixture[str], method: str) -> None:
    (tensor,) = document(capsys, array, "--method", method, "--bits", 6)["tensors"]
    histogram = FloatHistogram()
    histogram.update(np.load(array))
    wanted = calibrate(histogram, method=method, bits=6)
    assert (tensor["low"], tensor["high"]) == (wanted.low, wanted.high)
    assert (tensor["scale"], tensor["zero_point"]) == (wanted.scale, wanted.zero_point)
    assert tensor["thresholds"] == wanted.thresholds.tolist()
    assert len(tensor["scores"]) == wanted.scores.size
    assert main(["calibrate", str(array), "--method", method, "--bits", "6"]) == 0
    shown = capsys.readouterr().out
    assert "20,000" in shown
    assert f"{wanted.scale:.5g}" in shown
    assert ("<- least" in shown) == (wanted.scores.size > 0)


def test_ranges_that_are_not_symmetric(array: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tensor,) = document(capsys, array, "--no-symmetric", "--method", "max")["tensors"]
    x = np.load(array)
    assert (tensor["low"], tensor["high"]) == (x.min(), x.max())
    assert tensor["zero_point"] > 0


def test_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(2)
    path = tmp_path / "model.safetensors"
    tensors = {
        "w": bfloat16(rng, (90, 70)),
        "b": raw(rng, "U8", (99,), even=True),
        "empty": raw(rng, "F32", (0, 3)),
    }
    path.write_bytes(ordinary(tensors))
    found = {tensor["name"]: tensor for tensor in document(capsys, path)["tensors"]}
    assert set(found) == {"w", "empty"}
    assert found["w"]["values"] == 6300
    assert found["empty"] == {"name": "empty", "values": 0}
    assert main(["calibrate", str(path)]) == 0
    assert "6,300" in capsys.readouterr().out


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_picture(array: Path, tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    picture = tmp_path / f"curve{suffix}"
    assert main(["calibrate", str(array), "--plot", str(picture)]) == 0
    assert picture.stat().st_size > 1000
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted([picture.name, "x.npy"])


def test_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    integers = tmp_path / "text.npy"
    np.save(integers, np.array(["a"]))
    (tmp_path / "broken.safetensors").write_bytes(b"nothing")
    for name, words in (
        ("text.npy", "x"),
        ("missing.npy", "No such file"),
        ("broken.safetensors", "broken.safetensors"),
    ):
        assert main(["calibrate", str(tmp_path / name)]) != 0
        assert words in capsys.readouterr().err
    assert main(["calibrate", str(integers), "--json"]) != 0
    assert "error" in json.loads(capsys.readouterr().out)[0]
