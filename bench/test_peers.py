"""Peers are left out where they cannot be imported."""

from importlib import util

import pytest

from bench.peers import function_peers, weights_codecs


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(util, "find_spec", lambda name: None)


@pytest.mark.usefixtures("nothing_installed")
def test_without_peers_references_are_left() -> None:
    assert weights_codecs.rows() == ["pyinfo"]
    assert function_peers.names("mutual_information") == ["numpy: np.unique"]
    assert function_peers.names("HuffmanCode.from_counts") == ["heapq reference"]


@pytest.mark.parametrize("missing", ["torch", "zipnn"])
def test_zipnn_needs_torch(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setattr(util, "find_spec", lambda name: None if name == missing else name)
    assert weights_codecs.rows() == ["pyinfo", "zstandard level 1"]
    monkeypatch.setattr(util, "find_spec", lambda name: name)
    assert weights_codecs.rows() == ["pyinfo", "zipnn", "zstandard level 1"]
