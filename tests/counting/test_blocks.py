"""Entropies of runs of bytes: against dictionaries, in one piece and streamed."""

from __future__ import annotations

import io
import json
import math
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from pyinfo import block_entropy, entropy_rate, estimate_entropy
from pyinfo.cli.file_statistics import file_statistics
from pyinfo.counting.block_counts import BlockCounts

pytestmark = pytest.mark.once

TEXT = b"the quick brown fox jumps over the lazy dog; the dog sleeps. " * 30
RANDOM = np.random.default_rng(0).integers(0, 256, 3000).astype(np.uint8).tobytes()
DATA = {"text": TEXT, "random": RANDOM, "zeros": bytes(500), "short": b"abcd", "one": b"x"}


def runs(data: bytes, length: int) -> Counter[bytes]:
    return Counter(data[i : i + length] for i in range(len(data) - length + 1))


def block(data: bytes, length: int) -> float:
    counts = runs(data, length)
    total = counts.total()
    return math.fsum(n / total * math.log2(total / n) for n in counts.values())


def rate(data: bytes, order: int) -> float:
    counts = runs(data, order + 1)
    total = counts.total()
    contexts: Counter[bytes] = Counter()
    for run, n in counts.items():
        contexts[run[:-1]] += n
    return math.fsum(n / total * math.log2(contexts[run[:-1]] / n) for run, n in counts.items())


@pytest.mark.parametrize("name", DATA)
def test_against_dictionaries(name: str) -> None:
    data = DATA[name]
    for length in range(1, min(8, len(data)) + 1):
        assert block_entropy(data, length) == pytest.approx(block(data, length), rel=1e-13)
        expected = rate(data, length - 1)
        assert entropy_rate(data, length - 1) == pytest.approx(expected, rel=1e-13, abs=1e-15)
        nats = entropy_rate(data, length - 1, base=math.e)
        assert nats == pytest.approx(expected * math.log(2), rel=1e-13, abs=1e-15)


def test_known_processes() -> None:
    assert entropy_rate(b"ab" * 100, 1) == 0
    assert entropy_rate(b"ab" * 100, 0) == 1
    # A byte that repeats the last one or is new, both with probability 1/2.
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 2, 200_000)
    chain = np.cumsum(bits & rng.integers(0, 2, bits.size)) % 2  # changes with probability 1/4
    expected = -(0.25 * math.log2(0.25) + 0.75 * math.log2(0.75))
    assert entropy_rate(chain.astype(np.uint8), 1) == pytest.approx(expected, abs=0.01)


def test_kinds_of_data() -> None:
    values = np.frombuffer(TEXT, np.uint8)
    for data in (
        bytearray(TEXT),
        memoryview(TEXT),
        values,
        values.reshape(2, -1),
        values.view("S3"),
    ):
        assert block_entropy(data, 2) == block_entropy(TEXT, 2)


def test_estimators() -> None:
    counts = np.array(list(runs(TEXT, 2).values()))
    expected = estimate_entropy(counts, estimator="nsb", alphabet_size=65536)
    assert block_entropy(TEXT, 2, estimator="nsb") == pytest.approx(expected, rel=1e-14)
    assert entropy_rate(RANDOM, 1, estimator="grassberger") > entropy_rate(RANDOM, 1)


@pytest.mark.parametrize(
    ("function", "data", "number", "error", "message"),
    [
        (block_entropy, b"", 1, ValueError, "data must have at least 1 bytes, not 0"),
        (block_entropy, b"abc", 4, ValueError, "data must have at least 4 bytes, not 3"),
        (block_entropy, b"abc", 0, ValueError, "length must be from 1 to 8, not 0"),
        (block_entropy, b"abc", 9, ValueError, "length must be from 1 to 8, not 9"),
        (block_entropy, b"abc", 1.5, TypeError, "length must be an integer, not float"),
        (entropy_rate, b"abc", 8, ValueError, "order must be from 0 to 7, not 8"),
        (entropy_rate, b"abc", 3, ValueError, "data must have at least 4 bytes, not 3"),
        (entropy_rate, "abc", 1, TypeError, "data must be a C-contiguous buffer of bytes, not str"),
        (entropy_rate, np.arange(9)[::2], 1, TypeError, "data must be a C-contiguous buffer"),
    ],
)
def test_errors(function, data, number, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        function(data, number)


# -- Streamed -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("chunk", [1, 3, 7, 1000, 10**6])
@pytest.mark.parametrize("most", [50, 10**6])
def test_streams(name: str, chunk: int, most: int) -> None:
    data = DATA[name][:700]
    counts = BlockCounts(6, most)
    for _ in range(10**4):
        for first in range(0, len(data), chunk):
            counts.add(np.frombuffer(data[first : first + chunk], np.uint8))
        assert counts.size == len(data)
        counts.end_pass()
        if counts.complete:
            break
    found = counts.conditional_entropies()
    assert len(found) == min(6, len(data))
    for order, bits in enumerate(found):
        assert bits == pytest.approx(rate(data, order), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("most", [100, 10**6])
def test_report(tmp_path: Path, most: int) -> None:
    path = tmp_path / "text"
    path.write_bytes(TEXT)
    report = file_statistics(str(path), order=4, max_distinct=most)
    assert report.conditional_entropies == pytest.approx([rate(TEXT, k) for k in range(5)])
    assert report.conditional_entropies[0] == pytest.approx(report.entropy)
    assert file_statistics(str(path)).conditional_entropies == ()


def test_report_of_an_array(tmp_path: Path) -> None:
    path = tmp_path / "array.npy"
    np.save(path, np.arange(500) % 77)
    report = file_statistics(str(path), order=2, max_distinct=8)
    data = path.read_bytes()
    assert report.conditional_entropies == pytest.approx([rate(data, k) for k in range(3)])
    assert report.array is not None
    assert report.array.distinct_elements == 77


def test_report_of_a_short_file(tmp_path: Path) -> None:
    path = tmp_path / "short"
    path.write_bytes(b"abc")
    report = file_statistics(str(path), order=5)
    assert report.conditional_entropies == (pytest.approx(math.log2(3)), 0.0, 0.0)
    assert report.notes == ("the file is too short for higher orders",)


def test_report_of_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    class Standard:
        buffer = Pipe(TEXT)

    monkeypatch.setattr(sys, "stdin", Standard)
    report = file_statistics("-", order=3, max_distinct=30)
    assert report.conditional_entropies[:2] == pytest.approx([rate(TEXT, 0), rate(TEXT, 1)])
    assert report.conditional_entropies[2:] == (None, None)
    assert "need a regular file" in report.notes[0]


def test_command_line(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(TEXT)
    command = [sys.executable, "-m", "pyinfo", "report", str(path), "--order", "2"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"{rate(TEXT, 2):.6g} bits per byte given 2 bytes before" in run.stdout
    run = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True)
    (document,) = json.loads(run.stdout)
    assert document["conditional_entropies"] == pytest.approx([rate(TEXT, k) for k in range(3)])
    run = subprocess.run([*command[:-1], "8"], capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "must be from 0 to 7" in run.stderr
