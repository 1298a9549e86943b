"""Files that appear when they are whole, and what they never take the place of."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import pyinfo.safetensors
from pyinfo.coding.whole_files import whole_file
from pyinfo.patches import diff_files
from pyinfo.quantization import fit
from pyinfo.safetensors.numpy import save_file

pytestmark = pytest.mark.once

TENSORS = {"w": np.linspace(-1, 1, 8192, dtype=np.float32).reshape(64, 128)}


def plainly(target: Path, _: Path) -> None:
    with whole_file(target, overwrite=True) as file:
        file.write(b"data")


WRITERS: dict[str, Callable[[Path, Path], object]] = {
    "whole_file": plainly,
    "save_file": lambda target, _: save_file(TENSORS, target),
    "fit": lambda target, model: fit(model, "20kB", destination=target),
    "pack": lambda target, model: pyinfo.safetensors.pack(model, target),
    "diff_files": lambda target, model: diff_files(model, model, target, overwrite=True),
}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
@pytest.mark.parametrize("writer", WRITERS)
def test_pipes_and_devices_are_not_replaced(tmp_path: Path, writer: str) -> None:
    model, packed = tmp_path / "model.safetensors", tmp_path / "packed.safetensors"
    save_file(TENSORS, packed)
    pyinfo.safetensors.unpack(packed, model)
    target = tmp_path / "pipe"
    os.mkfifo(target)
    with pytest.raises(OSError, match="which no file replaces"):
        WRITERS[writer](target, model)
    assert stat.S_ISFIFO(target.stat().st_mode)
    assert len(list(tmp_path.iterdir())) == 3
