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
    assert found["empty"] == {"name": "empty", "values": 0, "nans": 0, "infinities": 0}
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


@pytest.mark.parametrize("length", [0, 5, 50, 100, 127, 128, 200])
def test_damaged_arrays_are_told_in_a_sentence(
    array: Path, capsys: pytest.CaptureFixture[str], length: int
) -> None:
    array.write_bytes(array.read_bytes()[:length])
    code = main(["calibrate", str(array)])
    told = capsys.readouterr().err
    assert told.startswith(f"pyinfo: {array}: ")
    assert told.count("\n") == 1
    short = length < 6
    assert code == (2 if short else 3)
    assert ("neither .npy nor safetensors" if short else "npy header") in told


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        (np.array([1, None], object), "pickle is never loaded"),
        (np.ones(3, complex), "holds complex128: real numbers are to be counted"),
        (np.array(["a"]), "real numbers are to be counted"),
    ],
)
def test_what_holds_no_numbers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], stored: Any, words: str
) -> None:
    np.save(tmp_path / "x.npy", stored)
    assert main(["calibrate", str(tmp_path / "x.npy")]) == 2
    assert words in capsys.readouterr().err


def test_other_files_are_no_damaged_weights(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("not weights at all")
    assert main(["calibrate", str(tmp_path / "notes.txt")]) == 2
    assert "is neither .npy nor safetensors" in capsys.readouterr().err


def test_raw_bfloat16_is_read_as_logits_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    x = np.random.default_rng(3).standard_normal((40, 70)).astype(np.float32)
    bits = (x.view(np.uint32) >> 16).astype(np.uint16)
    np.save(tmp_path / "bits.npy", bits.view("V2"))
    np.save(tmp_path / "wide.npy", (bits.astype(np.uint32) << 16).view(np.float32))
    found, wanted = (document(capsys, tmp_path / f"{name}.npy") for name in ("bits", "wide"))
    assert found["tensors"] == wanted["tensors"]


def test_what_is_not_counted_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "x.npy", [1.0, np.nan, np.nan, np.inf, -2.0])
    assert main(["calibrate", str(tmp_path / "x.npy")]) == 0
    assert "2 NaNs and 1 infinities not counted" in capsys.readouterr().out


def test_what_is_not_counted_is_said_where_nothing_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "x.npy", [np.nan, np.nan, np.inf])
    assert main(["calibrate", str(tmp_path / "x.npy")]) == 0
    out = capsys.readouterr().out
    assert "no finite floats" in out
    assert "2 NaNs and 1 infinities not counted" in out
    assert document(capsys, tmp_path / "x.npy")["tensors"] == [
        {"name": "array", "values": 0, "nans": 2, "infinities": 1}
    ]


def test_of_infinite_errors_none_is_the_least(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "x.npy", np.linspace(-1e300, 1e300, 1000))
    assert main(["calibrate", str(tmp_path / "x.npy")]) == 0
    assert "<- least" not in capsys.readouterr().out


def test_long_names_stay_in_one_piece(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    rng, name = np.random.default_rng(2), "model.layers.0.attention.self.query.weight"
    path = tmp_path / "model.safetensors"
    path.write_bytes(ordinary({name: raw(rng, "F32", (90, 70))}))
    for command in (["calibrate"], ["fit", "--budget", "6bpw", "--dry-run"]):
        assert main([command[0], str(path), *command[1:]]) == 0
        (line,) = (each for each in capsys.readouterr().out.splitlines() if name in each)
        assert "6,300" in line or "quantized" in line
