"""Peers are left out where they cannot be imported."""

from importlib import util

import pytest

from bench.inputs.coded_bytes import BFLOAT16
from bench.peers import codecs, functions


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(util, "find_spec", lambda name: None)


@pytest.mark.usefixtures("nothing_installed")
def test_without_peers_references_are_left() -> None:
    assert codecs.rows("encode", BFLOAT16, 4096) == ["pyinfo auto"]
    assert functions.rows("mutual_information") == ["pyinfo", "numpy: np.unique"]
    assert functions.rows("HuffmanCode.from_counts") == ["pyinfo", "heapq reference"]


@pytest.mark.parametrize("missing", ["torch", "zipnn"])
def test_zipnn_needs_torch(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setattr(util, "find_spec", lambda name: None if name == missing else name)
    assert codecs.rows("encode", BFLOAT16, 4096) == ["pyinfo auto", "zstandard level 1"]
    monkeypatch.setattr(util, "find_spec", lambda name: name)
    assert codecs.rows("encode", BFLOAT16, 4096) == ["pyinfo auto", "zipnn", "zstandard level 1"]
