"""Functions that write files, on a disk that gets full: an error that names the file, no loss."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import pyinfo
import pyinfo.safetensors
from pyinfo.integrations import dfloat11
from pyinfo.patches import apply_files, diff_files
from pyinfo.quantization import fit
from pyinfo.safetensors.numpy import save_file
from support.full_disks import contents, largest_file
from support.quantized_models import file_of, model
from support.weights import bfloat16, ordinary

pytestmark = pytest.mark.once

LAYER = {"l.q_proj.weight": (64, 64)}


def _torch(folder: Path) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from pyinfo.safetensors.torch import save_file as save_tensors

    save_tensors({"w": torch.zeros(3000) + torch.arange(3000) % 7}, folder / "made")


def _dfloat11(folder: Path) -> None:
    dfloat11.convert(folder / "layers", folder / "made", {"l": ["q_proj"]})


def _onnxruntime(folder: Path) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    from pyinfo.integrations import onnxruntime

    onnxruntime.save_ranges({"x": (-1.0, 1.0)}, folder / "made")


WRITERS: dict[str, Callable[[Path], object]] = {
    "compress_file": lambda f: pyinfo.compress_file(f / "a.safetensors", f / "made"),
    "decompress_file": lambda f: pyinfo.decompress_file(f / "a.pin", f / "made"),
    "pack": lambda f: pyinfo.safetensors.pack(f / "a.safetensors", f / "made"),
    "pack a folder": lambda f: pyinfo.safetensors.pack(f / "layers", f / "made"),
    "unpack": lambda f: pyinfo.safetensors.unpack(f / "packed.safetensors", f / "made"),
    "save_file": lambda f: save_file({"w": np.arange(3000) % 7}, f / "made"),
    "save_file of torch": _torch,
    "fit": lambda f: fit(f / "a.safetensors", "60kB", destination=f / "made"),
    "diff_files": lambda f: diff_files(
        f / "a.safetensors", f / "b.safetensors", f / "made", overwrite=True
    ),
    "apply_files": lambda f: apply_files(
        f / "a.safetensors", f / "ab.patch", f / "made", overwrite=True
    ),
    "dfloat11.convert": _dfloat11,
    "onnxruntime.save_ranges": _onnxruntime,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for seed, name in enumerate("ab"):
        (tmp_path / f"{name}.safetensors").write_bytes(file_of(model(seed)))
    pyinfo.compress_file(tmp_path / "a.safetensors", tmp_path / "a.pin")
    pyinfo.safetensors.pack(tmp_path / "a.safetensors", tmp_path / "packed.safetensors")
    diff_files(tmp_path / "a.safetensors", tmp_path / "b.safetensors", tmp_path / "ab.patch")
    layers = tmp_path / "layers"
    layers.mkdir()
    rng = np.random.default_rng(2)
    weights = {name: bfloat16(rng, shape) for name, shape in LAYER.items()}
    (layers / "model.safetensors").write_bytes(ordinary(weights, {"format": "pt"}))
    (layers / "config.json").write_text(json.dumps({"model_type": "llama"}))
    return tmp_path


@pytest.mark.parametrize("writer", WRITERS)
def test_what_does_not_fit(writer: str, folder: Path) -> None:
    made = folder / "made"
    WRITERS[writer](folder)
    if made.is_dir():
        size = max(len(data) for data in contents(made).values() if data)
        shutil.rmtree(made)
    else:
        size = made.stat().st_size
        made.write_bytes(b"older")
    before = contents(folder)
    for limit in (0, 1, size // 2, size - 1):
        with largest_file(limit), pytest.raises(OSError, match="too large") as caught:
            WRITERS[writer](folder)
        assert Path(str(caught.value.filename)).is_relative_to(made)
        assert caught.value.filename2 is None
        assert contents(folder) == before
