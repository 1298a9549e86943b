"""Peers are left out where they cannot be imported."""

from importlib import util

import pytest

from bench.inputs.coded_bytes import BFLOAT16
from bench.processes.workload import Workload


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(util, "find_spec", lambda name: None)


def coded_by() -> list[str]:
    return Workload("coding", ("encode", BFLOAT16, 4096)).rows()


@pytest.mark.usefixtures("nothing_installed")
def test_without_peers_references_are_left() -> None:
    assert coded_by() == ["pyinfo auto"]
    assert Workload("claim", ("mutual_information", 4)).rows() == ["pyinfo", "numpy: np.unique"]
    assert Workload("claim", ("HuffmanCode.from_counts", 4)).rows() == ["pyinfo", "heapq reference"]


@pytest.mark.parametrize("missing", ["torch", "zipnn"])
def test_zipnn_needs_torch(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setattr(util, "find_spec", lambda name: None if name == missing else name)
    assert coded_by() == ["pyinfo auto", "zstandard level 1", "byte groups, zstandard level 1"]
    monkeypatch.setattr(util, "find_spec", lambda name: name)
    assert "zipnn" in coded_by()
