"""What `pyinfo report` computes: plain files, arrays, damaged files, memory."""

from __future__ import annotations

import io
import math
import os
import pickle
import struct
import sys
import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pyinfo.cli import statistics_input
from pyinfo.cli.file_statistics import file_statistics
from pyinfo.cli.statistics_input import StatisticsError
from pyinfo.counting import element_counts

pytestmark = pytest.mark.once

TEXT = b"abracadabra" * 100
Save = Callable[..., str]
Write = Callable[..., str]

TEXT_BITS = -sum(n / 11 * math.log2(n / 11) for n in (5, 2, 2, 1, 1))


def bits(data: np.ndarray) -> float:
    """Entropy of the elements of an array, compared as stored bytes."""
    data = np.ascontiguousarray(data).reshape(-1)
    raw = data.view(np.uint8).reshape(len(data), -1)
    p = np.unique(raw, axis=0, return_counts=True)[1] / len(data)
    return float(-(p * np.log2(p)).sum()) + 0.0


def npy_header(text: str, version: tuple[int, int] = (1, 0)) -> bytes:
    encoded = text.encode("utf-8" if version[0] == 3 else "latin-1")
    length = struct.pack("<H" if version[0] == 1 else "<I", len(encoded))
    return b"\x93NUMPY" + bytes(version) + length + encoded


def describe(descr: str = "'<f8'", shape: str = "(4,)", version: tuple[int, int] = (1, 0)) -> bytes:
    return npy_header(f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}\n", version)


@pytest.fixture
def saved(tmp_path: Path) -> Save:
    def save(array: np.ndarray, name: str = "array.npy", **options: bool) -> str:
        path = tmp_path / name
        with path.open("wb") as file:
            np.save(file, array, **options)
        return str(path)

    return save


@pytest.fixture
def written(tmp_path: Path) -> Write:
    def write(data: bytes, name: str = "file.npy") -> str:
        path = tmp_path / name
        path.write_bytes(data)
        return str(path)

    return write


# Numbers


def test_plain_file(written: Write) -> None:
    result = file_statistics(written(TEXT, "text"))
    assert result.size == 1100
    assert result.entropy == pytest.approx(TEXT_BITS, rel=1e-14)
    assert result.order0_size == math.ceil(TEXT_BITS * 1100 / 8)
    assert result.compression_rate == 1100 / result.order0_size
    assert result.array is None
    assert result.notes == ()


def test_order0_size_is_not_rounded_up_by_noise(written: Write) -> None:
    result = file_statistics(written(bytes(range(256)) * 1000, "flat"))
    assert (result.entropy, result.order0_size) == (8.0, 256_000)
    assert result.compression_rate == 1.0


def test_constant_file_has_no_finite_rate(written: Write) -> None:
    result = file_statistics(written(bytes(5000), "zeros"))
    assert (result.entropy, result.order0_size, result.compression_rate) == (0.0, 0, None)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(1000, dtype=np.uint8) % 7,
        np.arange(1000, dtype="<u2") % 300,
        np.arange(1000, dtype=">i4") // 3,
        np.linspace(-1, 1, 999),
        np.random.default_rng(0).normal(size=(7, 11)).astype(np.float32),
        np.random.default_rng(0).integers(0, 2, 100).astype(bool),
        np.asfortranarray(np.arange(12.0).reshape(3, 4)),
        np.arange(10) * (1 + 2j),
        np.arange(5).astype(np.longdouble),
        np.array(["a", "bc", "a"]),
        np.array([b"abc", b"abd", b"abc"]),
        np.arange(9).astype("datetime64[D]"),
        np.array(3.5),
        np.array([(1, 2.0), (1, 3.0), (1, 2.0)], [("a", "i2"), ("b", "f8")]),
        np.array([(1, 2.0), (2, 2.0)], np.dtype([("a", "i1"), ("b", "f8")], align=True)),
    ],
    ids=lambda array: f"{array.dtype}-{array.ndim}",
)
def test_arrays(array: np.ndarray, saved: Save) -> None:
    path = saved(array)
    result = file_statistics(path)
    raw = np.frombuffer(Path(path).read_bytes(), np.uint8)
    stored = np.load(path)
    assert result.size == len(raw)
    assert result.entropy == pytest.approx(bits(raw), rel=1e-13)
    assert result.array.dtype == str(stored.dtype)
    assert result.array.shape == array.shape
    assert result.array.fortran_order == (array.ndim == 2 and array.flags.f_contiguous)
    planes = raw[-array.nbytes :].reshape(-1, array.itemsize).T
    assert result.array.plane_entropies == pytest.approx([bits(p) for p in planes], rel=1e-13)
    assert result.array.element_entropy == pytest.approx(bits(stored.T), rel=1e-13)
    assert result.notes == ()


def test_elements_are_compared_as_stored(saved: Save) -> None:
    result = file_statistics(saved(np.array([0.0, -0.0, np.nan, -np.nan])))
    assert result.array.distinct_elements == 4
    assert result.array.element_entropy == 2.0


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_header_versions(version: tuple[int, int], written: Write) -> None:
    data = np.arange(4.0)
    result = file_statistics(written(describe(version=version) + data.tobytes()))
    assert result.array.element_entropy == 2.0


def test_header_in_utf8(written: Write) -> None:
    header = describe("[('\u03c9', '<f4'), ('na\u00efve', '<i4')]", "(1,)", (3, 0))
    result = file_statistics(written(header + bytes(8)))
    assert result.array.dtype == "[('\u03c9', '<f4'), ('na\u00efve', '<i4')]"


def test_header_of_python_2(written: Write) -> None:
    result = file_statistics(written(describe(shape="(4L,)") + bytes(32)))
    assert result.array.shape == (4,)


def test_the_magic_counts_not_the_name(saved: Save, written: Write) -> None:
    assert file_statistics(saved(np.arange(3.0), "data.bin")).array is not None
    result = file_statistics(written(TEXT, "text.npy"))
    assert result.array is None
    assert "named .npy" in result.notes[0]


def test_array_without_data(saved: Save) -> None:
    result = file_statistics(saved(np.zeros((0, 5))))
    assert result.array.shape == (0, 5)
    assert result.array.plane_entropies == ()
    assert result.array.element_entropy is None
    assert result.notes == ("the array holds no data",)


def test_elements_of_no_bytes(written: Write) -> None:
    result = file_statistics(written(describe("'|V0'", "(7,)")))
    assert result.array.plane_entropies == ()
    assert result.notes == ("the array holds no data",)


def test_bytes_after_the_array(saved: Save, tmp_path: Path) -> None:
    path = Path(saved(np.arange(4.0)))
    path.write_bytes(path.read_bytes() + b"more")
    result = file_statistics(str(path))
    assert result.size == path.stat().st_size
    assert result.notes == ("4 bytes follow the array",)
    assert result.array.element_entropy == 2.0


def test_very_wide_elements(written: Write) -> None:
    result = file_statistics(written(describe("'|V5000'", "(3,)") + bytes(15_000)))
    assert result.array.plane_entropies == ()
    assert "counted as plain bytes" in result.notes[0]


def test_elements_can_be_left_out(saved: Save) -> None:
    result = file_statistics(saved(np.arange(4.0)), elements=False)
    assert result.array.element_entropy is None
    assert len(result.array.plane_entropies) == 8
    assert result.notes == ()


# Many different elements


@pytest.mark.parametrize("dtype", ["<f4", "<f8", "<c16", "S5", "V12"])
@pytest.mark.parametrize("max_distinct", [1, 100, 1000, 10_000])
def test_several_passes_are_exact(
    dtype: str, max_distinct: int, saved: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(element_counts, "_PENDING_BYTES", 4096)
    monkeypatch.setattr(statistics_input, "_CHUNK_BYTES", 8192)
    rng = np.random.default_rng(1)
    if dtype == "S5" or dtype[0] == "V":
        pool = rng.integers(0, 256, (1500, np.dtype(dtype).itemsize), np.uint8)
        array = pool[rng.integers(0, 1500, 4000)].reshape(-1).view(dtype)
    else:
        array = rng.normal(size=1500).astype(dtype)[rng.integers(0, 1500, 4000)]
    calls: list[tuple[int, int | None]] = []
    few = max_distinct == 1  # hundreds of passes
    array = array[:200] if few else array
    path = saved(array)
    result = file_statistics(
        path, max_distinct=max_distinct, progress=lambda *call: calls.append(call)
    )
    assert result.array.element_entropy == pytest.approx(bits(array), rel=1e-12)
    held = max(4, max_distinct * 8 // max(8, array.itemsize))
    assert (calls[-1][0] > result.size) == (result.array.distinct_elements > held)
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
    done, total = calls[-1]  # the number of passes is an estimate
    assert 0.9 * total <= done <= total


def test_several_passes_need_a_regular_file(monkeypatch: pytest.MonkeyPatch, saved: Save) -> None:
    data = Path(saved(np.arange(100.0))).read_bytes()
    stream = io.BytesIO(data)
    stream.seekable = lambda: False
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
    result = file_statistics("-", max_distinct=10)
    assert result.array.element_entropy is None
    assert result.array.distinct_elements is None
    assert len(result.array.plane_entropies) == 8
    assert "needs a regular file" in result.notes[0]


def test_a_file_that_changes_between_passes(saved: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(np.arange(1000.0))
    rewind = statistics_input.Source.rewind

    def overwrite_and_rewind(self, offset, passes):
        np.save(path, np.zeros(1000))
        rewind(self, offset, passes)

    monkeypatch.setattr(statistics_input.Source, "rewind", overwrite_and_rewind)
    with pytest.raises(StatisticsError, match="changed while it was being read"):
        file_statistics(path, max_distinct=100)


# Hostile and damaged files


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"\x93NUM", "truncated: the .npy header is incomplete"),
        (b"\x93NUMPY", "truncated: the .npy header is incomplete"),
        (b"\x93NUMPY\x01\x00\x76", "truncated: the .npy header is incomplete"),
        (describe()[:-5], "truncated: the .npy header is incomplete"),
        (describe(), "promises 32 bytes of data, the file has 0"),
        (describe() + bytes(31), "promises 32 bytes of data, the file has 31"),
        (describe(shape="(10**9,)") + bytes(32), "damaged .npy header"),
        (describe(shape="(1000000000,)") + bytes(32), "promises 8,000,000,000 bytes"),
        (describe(shape="(-4,)") + bytes(32), "negative length"),
        (describe(shape="(-2, -2)") + bytes(32), "negative length"),
        (describe(shape="(4.0,)") + bytes(32), "damaged .npy header: shape is not valid"),
        (describe(shape=f"({'9' * 100},)") + bytes(32), "no array can have the shape"),
        (describe(shape=f"({'9' * 5000},)") + bytes(32), "damaged .npy header"),
        (describe(shape=f"(0, {'9' * 100})") + bytes(32), "no array can have the shape"),
        (describe(shape=f"({'9' * 18}, {'9' * 18})") + bytes(32), "no array can have"),
        (describe("'<f8x'") + bytes(32), "damaged .npy header: descr is not a valid dtype"),
        (describe("'|V2000000000'") + bytes(32), "promises 8,000,000,000 bytes"),
        (npy_header("[1, 2]\n") + bytes(32), "damaged .npy header: Header is not a dict"),
        (npy_header("__import__('os').abort()\n"), "damaged .npy header"),
        (npy_header("(" * 60_000 + "\n"), "damaged .npy header"),
        (npy_header("-" * 60_000 + "1\n"), "damaged .npy header"),
        (npy_header("\0\n"), "damaged .npy header"),
        (npy_header(""), "damaged .npy header"),
        (b"\x93NUMPY\x03\x00\x01\x00\x00\x00\xff", "damaged .npy header"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff{", "claims to be 4,294,967,295 bytes long"),
        (b"\x93NUMPY\x09\x00" + bytes(32), "format version 9.0 is not known"),
        (b"\x93NUMPY\x01\x01" + bytes(32), "format version 1.1 is not known"),
    ],
)
def test_damaged_files(data: bytes, reason: str, written: Write) -> None:
    with pytest.raises(StatisticsError) as caught:
        file_statistics(written(data))
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_truncation_of_a_pipe_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.BytesIO(describe() + bytes(30))
    stream.seekable = lambda: False
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
    with pytest.raises(StatisticsError, match="promises 32 bytes of data, the file has 24"):
        file_statistics("-")


class Explosive:
    """Leaves a trace when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return (Path.touch, (self.trace,))


def test_object_arrays_are_never_unpickled(saved: Save, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    path = saved(np.array([Explosive(trace), None], object), allow_pickle=True)
    result = file_statistics(path)
    assert not trace.exists()
    assert result.array.dtype == "object"
    assert result.array.shape == (2,)
    assert result.array.plane_entropies == ()
    assert result.array.element_entropy is None
    assert "never loaded" in result.notes[0]
    assert result.entropy == pytest.approx(bits(np.fromfile(path, np.uint8)), rel=1e-13)
    pickle.loads(pickle.dumps(Explosive(trace)))  # the trap would have worked
    assert trace.exists()


# Pipes and memory


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_named_pipe(tmp_path: Path, saved: Save) -> None:
    path = str(tmp_path / "pipe")
    os.mkfifo(path)
    data = Path(saved(np.arange(1 << 18))).read_bytes()
    writer = threading.Thread(target=Path(path).write_bytes, args=(data,), daemon=True)
    writer.start()
    result = file_statistics(path)
    writer.join()
    assert result.size == len(data)
    assert result.array.element_entropy == 18.0


@pytest.mark.parametrize("header", [b"", describe("'<f4'", "(49999968,)").ljust(128)])
def test_memory_does_not_grow_with_the_file(header: bytes, tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.write(header)
        file.truncate(200_000_000)
    file_statistics(str(path), elements=False)  # what is imported on first use does not count
    tracemalloc.start()
    result = file_statistics(str(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.size == 200_000_000
    assert peak < 32 << 20


def test_memory_of_many_different_elements(saved: Save) -> None:
    path = saved(np.random.default_rng(0).integers(0, 1 << 62, 1_000_000))
    tracemalloc.start()
    result = file_statistics(path, max_distinct=1 << 16)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.array.distinct_elements == 1_000_000
    assert peak < 40 << 20
