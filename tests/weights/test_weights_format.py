"""The vectors of docs/weights-format.md, read by the library and by the plain reader."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pyinfo
from pyinfo import safetensors
from pyinfo.safetensors.numpy import save
from support.plain_decoder import FormatError
from support.plain_safetensors import restore
from support.weights import framed

ROOT = Path(__file__).resolve().parents[2]
VECTORS: dict[str, list[dict[str, Any]]] = json.loads(
    (ROOT / "tests" / "data" / "packed_weights.json").read_text("utf-8")
)


def restored(data: bytes, path: Path) -> bytes:
    (path / "p.safetensors").write_bytes(data)
    safetensors.unpack(path / "p.safetensors", path / "u.safetensors")
    return (path / "u.safetensors").read_bytes()


@pytest.mark.parametrize("vector", VECTORS["files"], ids=lambda vector: vector["name"])
def test_vectors_are_restored_and_written_again(vector: dict[str, str], tmp_path: Path) -> None:
    data, original = (base64.b64decode(vector[key]) for key in ("packed", "original"))
    assert restored(data, tmp_path) == restore(data) == original
    (tmp_path / "o.safetensors").write_bytes(original)
    safetensors.pack(tmp_path / "o.safetensors", tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == data


@pytest.mark.parametrize("vector", VECTORS["quantized"], ids=lambda vector: vector["name"])
def test_quantised_vectors_are_restored(vector: dict[str, str], tmp_path: Path) -> None:
    data, original = (base64.b64decode(vector[key]) for key in ("packed", "original"))
    assert restored(data, tmp_path) == restore(data) == original


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: vector["rule"])
def test_broken_rules_are_refused(vector: dict[str, str], tmp_path: Path) -> None:
    data = base64.b64decode(vector["packed"])
    with pytest.raises((pyinfo.CorruptDataError, safetensors.SafetensorError)):
        restored(data, tmp_path)
    with pytest.raises((FormatError, LookupError)):
        restore(data)


@pytest.mark.once
def test_the_example_of_the_page() -> None:
    page = (ROOT / "docs" / "weights-format.md").read_text("utf-8")
    match = re.search(r"<!-- json: packed -->\n```json\n(.*)\n```", page)
    assert match is not None
    data = save({"w": np.zeros(700, np.float32)})
    header = data[8 : 8 + int.from_bytes(data[:8], "little")]
    assert header.rstrip() == match[1].encode()
    assert len(framed(header)) % 8 == 0
