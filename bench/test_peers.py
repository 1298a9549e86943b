"""Peers are left out where they cannot be imported."""

from importlib import util

import numpy as np
import pytest

from bench.inputs.coded_bytes import BFLOAT16
from bench.peers.candidate import PYINFO
from bench.peers.quantization import ONNXRUNTIME
from bench.processes.rounds import Times
from bench.processes.workload import Workload
from bench.report.bars import at_least
from bench.report.comparisons import Comparison, Effort


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


@pytest.mark.parametrize("missing", [ONNXRUNTIME, "onnx"])
def test_onnxruntime_needs_onnx(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    work = Workload("quantization", ("entropy of onnxruntime", 4096))
    monkeypatch.setattr(util, "find_spec", lambda name: None if name == missing else name)
    assert work.rows() == [PYINFO]
    monkeypatch.setattr(util, "find_spec", lambda name: name)
    assert work.rows() == [PYINFO, ONNXRUNTIME]


@pytest.mark.parametrize("quick", [True, False])
def test_absent_peers_are_named(quick: bool) -> None:
    found = Comparison("entropy", "1", Times({PYINFO: np.ones(3)}))
    (row,) = found.against_all(Effort(quick=quick).all_unless_quick({ONNXRUNTIME: at_least(500)}))
    assert row.peer == "onnxruntime (not installed)"
