"""Packed files: originals come back byte for byte, and the same bytes are written everywhere."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pyinfo
from pyinfo import safetensors
from pyinfo.config import config
from pyinfo.safetensors.coded_tensor import PIECE
from pyinfo.safetensors.dtype_codes import CODES
from pyinfo.safetensors.numpy import load, load_file, save, save_file
from pyinfo.safetensors.tensor_file import TensorFile
from support.plain_safetensors import restore
from support.weights import Raw, bfloat16, header_of, of_every_code, ordinary, raw

METADATA = [None, {}, {"format": "pt"}, {"b": "1", "a": "2", "\u00e4": '"\\\n'}]


def packed(path: Path, original: bytes, **options: int) -> bytes:
    (path / "original.safetensors").write_bytes(original)
    safetensors.pack(path / "original.safetensors", path / "packed.safetensors", **options)
    return (path / "packed.safetensors").read_bytes()


def unpacked(path: Path, data: bytes, **options: int) -> bytes:
    (path / "packed.safetensors").write_bytes(data)
    safetensors.unpack(path / "packed.safetensors", path / "again.safetensors", **options)
    return (path / "again.safetensors").read_bytes()


@pytest.mark.parametrize("metadata", METADATA)
@pytest.mark.parametrize("by_rules", [True, False])
def test_originals_come_back(
    metadata: dict[str, str] | None, by_rules: bool, tmp_path: Path
) -> None:
    tensors = of_every_code(np.random.default_rng(1))
    original = ordinary(tensors, metadata, by_rules=by_rules)
    data = packed(tmp_path, original)
    assert len(data) < len(original)
    assert unpacked(tmp_path, data) == original
    assert restore(data) == original
    table = TensorFile(data).table
    assert table is not None
    assert (table.header is None) == by_rules
    for name, tensor in tensors.items():
        file = TensorFile(data)
        stored = file.stored(name)
        assert stored.tensor[1:3] == (CODES[tensor.dtype], tensor.shape)
        assert file.whole(stored).tobytes() == tensor.data


@pytest.mark.parametrize(
    "text",
    [
        b" \n{} ",
        b'{"x":{"shape":[4],"data_offsets":[0,4],"dtype":"U8","more":[1]}}\n\n',
        b'{"x":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"__metadata__":null}',
        b'{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},'
        b'"x":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}',
        b'{"\\u0078":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}',
        b'{"z":{"dtype":"I8","shape":[0],"data_offsets":[4,4]},'
        b'"x":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}',
    ],
)
def test_headers_of_other_writers_come_back(text: bytes, tmp_path: Path) -> None:
    original = len(text).to_bytes(8, "little") + text + (b"abcd" if b"[0,4]" in text else b"")
    data = packed(tmp_path, original)
    assert unpacked(tmp_path, data) == restore(data) == original


@settings(max_examples=20)
@given(
    seed=st.integers(0, 2**32),
    kinds=st.lists(
        st.tuples(
            st.sampled_from(sorted(CODES)),
            st.lists(st.integers(0, 9), max_size=3),
            st.booleans(),
        ),
        max_size=6,
    ),
    metadata=st.none()
    | st.dictionaries(st.text("ab\u00e4", max_size=3), st.text(max_size=3), max_size=3),
)
def test_any_tensors_come_back(
    seed: int,
    kinds: list[tuple[str, list[int], bool]],
    metadata: dict[str, str] | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.mktemp("any")
    rng = np.random.default_rng(seed)
    tensors = {
        f"t{i}": raw(rng, code, (*shape, 8), even=even)
        for i, (code, shape, even) in enumerate(kinds)
    }
    original = ordinary(tensors, metadata)
    data = packed(path, original)
    assert unpacked(path, data) == restore(data) == original


def test_what_is_stored_how() -> None:
    tensors = of_every_code(np.random.default_rng(2))
    file = TensorFile(save({"a": np.zeros((50, 50)), "b": np.zeros((50, 50)), "c": np.ones(2)}))
    assert file.table is not None
    assert [(t.coded, t.alias) for t in file.table.tensors] == [
        (True, None),
        (False, 0),
        (False, None),
    ]
    header, _ = header_of(save({"x": np.frombuffer(tensors["even"].data, np.uint8)}))
    assert header["x"] == {"dtype": "U8", "shape": [5000], "data_offsets": [0, 5000]}


def test_plain_tensors_stay_aligned(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    tensors = {
        f"{code}.{i}": raw(rng, code, (40 + i,), even=True)
        for code in ("F64", "F16", "I8")
        for i in range(3)
    }
    tensors |= {f"{code}.w": raw(rng, code, (41, 41)) for code in ("F64", "F16", "I8")}
    data = packed(tmp_path, ordinary(tensors))
    file = TensorFile(data)
    plain = [stored for stored in file.tensors.values() if not stored.tensor.coded]
    assert len(plain) == 9
    assert all(stored.start % stored.tensor.dtype.itemsize == 0 for stored in plain)


def test_no_frame_has_the_shape_of_its_tensor() -> None:
    """A loader that knows nothing of frames would take it for the tensor."""
    for dtype in (np.float32, np.float16, np.uint8):
        for n in range(64, 400):
            header, _ = header_of(save({"x": np.zeros(n, dtype)}))
            if header["x"]["dtype"] == "U8" and dtype is not np.uint8:
                assert header["x"]["shape"] != [n]
    zeros = np.zeros(103, np.float32)
    frame = pyinfo.compress(zeros)
    assert len(frame) == 103  # what the rule is for


def test_the_same_bytes_whatever_the_threads(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    tensors = of_every_code(rng) | {"large": bfloat16(rng, (700, 900))}
    original = ordinary(tensors)
    data = packed(tmp_path, original)
    for threads in (2, 8):
        assert packed(tmp_path, original, threads=threads) == data
        assert unpacked(tmp_path, data, threads=threads) == original


PROGRAM = """
import hashlib, sys
import numpy as np
from pyinfo.safetensors.numpy import save, load
rng = np.random.default_rng(5)
tensors = {"a": rng.normal(0, 0.02, (300, 500)).astype(np.float32), "b": rng.integers(0, 9, 9000)}
data = save(tensors)
assert all(np.array_equal(array, tensors[name]) for name, array in load(data).items())
print(hashlib.sha256(data).hexdigest())
"""


@pytest.mark.once
def test_the_same_bytes_on_every_instruction_set() -> None:
    found = set()
    for isa in config()["available_isas"]:
        run = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYINFO_ISA": isa},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        found.add(run.stdout)
    assert len(found) == 1


def test_large_tensors_are_coded_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The frame is the one that is made at once."""
    original = ordinary(
        {"w": bfloat16(np.random.default_rng(6), (1200, 1000)), "x": Raw("U8", (9,), b"123456789")}
    )
    data = packed(tmp_path, original)
    assert len(original) < PIECE
    monkeypatch.setattr("pyinfo.safetensors.packing.PIECE", 1 << 20)
    monkeypatch.setattr("pyinfo.safetensors.coded_tensor.PIECE", 1 << 20)
    assert packed(tmp_path, original) == data
    assert packed(tmp_path, original, threads=3) == data
    assert unpacked(tmp_path, data) == original


def test_attributes_of_files_are_kept(tmp_path: Path) -> None:
    original = ordinary({"w": Raw("U8", (4000,), bytes(4000))})
    path = tmp_path / "original.safetensors"
    path.write_bytes(original)
    path.chmod(0o640)
    os.utime(path, (10**9, 10**9))
    safetensors.pack(path, tmp_path / "p.safetensors")
    safetensors.unpack(tmp_path / "p.safetensors", tmp_path / "u.safetensors")
    for name in ("p.safetensors", "u.safetensors"):
        status = (tmp_path / name).stat()
        assert status.st_mtime == 10**9
        if os.name == "posix":
            assert status.st_mode & 0o777 == 0o640


def test_what_is_refused(tmp_path: Path) -> None:
    original = ordinary({"w": Raw("U8", (4000,), bytes(4000))}, {"pyinfo": "mine"})
    with pytest.raises(pyinfo.CorruptDataError, match="table of tensors"):
        packed(tmp_path, original)
    with pytest.raises(safetensors.SafetensorError, match="pyinfo"):
        save({"w": np.zeros(3)}, {"pyinfo": "mine"})
    data = packed(tmp_path, ordinary({"w": Raw("U8", (4000,), bytes(4000))}))
    with pytest.raises(ValueError, match="packed already"):
        packed(tmp_path, data)
    with pytest.raises(ValueError, match="is not packed"):
        unpacked(tmp_path, ordinary({}))
    with pytest.raises(safetensors.SafetensorError, match="header"):
        packed(tmp_path, b"no such file at all")
    path = tmp_path / "packed.safetensors"
    with pytest.raises(ValueError, match="same file"):
        safetensors.pack(path, path)
    assert not list(tmp_path.glob("*.part"))


def test_folders(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {}}')
    (folder / "sub" / "config.json").write_text("{}")
    (folder / "not.safetensors").write_text("not at all")
    for i in range(2):
        (folder / f"model-{i}.safetensors").write_bytes(ordinary({"w": bfloat16(rng, (90, 90))}))
    told: list[tuple[int, int | None]] = []
    sizes = safetensors.pack(folder, tmp_path / "packed", progress=lambda *each: told.append(each))
    names = sorted(p.relative_to(folder) for p in folder.rglob("*"))
    assert names == sorted(
        p.relative_to(tmp_path / "packed") for p in (tmp_path / "packed").rglob("*")
    )
    assert sizes.read == sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    assert sizes.written < sizes.read
    assert told[-1][1] == sizes.read
    assert safetensors.is_packed(tmp_path / "packed" / "model-0.safetensors")
    assert not safetensors.is_packed(folder / "model-0.safetensors")
    safetensors.unpack(tmp_path / "packed", tmp_path / "again")
    for name in names:
        if (folder / name).is_file():
            assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()
    with pytest.raises(FileExistsError):
        safetensors.pack(folder, tmp_path / "again")
    with pytest.raises(ValueError, match="inside the source"):
        safetensors.pack(folder, folder / "packed")
    with pytest.raises(ValueError, match="no packed file"):
        safetensors.unpack(folder, tmp_path / "none")
    assert not list(tmp_path.glob(".pyinfo*"))


def test_reports(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    tensors = of_every_code(rng) | {"large": bfloat16(rng, (3000, 2000))}
    data = packed(tmp_path, ordinary(tensors))
    expected = safetensors.report(tmp_path / "original.safetensors")
    actual = safetensors.report(tmp_path / "packed.safetensors")
    for before, after in zip(expected, actual, strict=True):
        assert (before.name, before.stored) == (after.name, after.stored)
        if not before.is_estimate:
            assert before == after
    [large] = [each for each in expected if each.is_estimate]
    assert large.name == "large"
    assert (
        abs(large.packed_size - {e.name: e for e in actual}["large"].packed_size)
        < 0.01 * large.size
    )
    assert large.rate == large.size / large.packed_size
    assert large.bits_per_weight == 8 * large.packed_size / 6_000_000
    assert len(data) > sum(each.packed_size for each in actual)


def test_save_is_what_packing_gives(tmp_path: Path) -> None:
    """But for the checksum of a file that never was."""
    arrays = {
        "a": np.arange(5000).reshape(50, 100),
        "b": np.ones((3, 3), ">f4"),
        "c": np.ones((4, 6)).T,
    }
    data = save(arrays, {"k": "v"}, threads=2)
    save_file(arrays, tmp_path / "saved.safetensors", {"k": "v"})
    assert (tmp_path / "saved.safetensors").read_bytes() == data
    original = restore(data)
    assert unpacked(tmp_path, data) == original
    for found in (load(data), load_file(tmp_path / "saved.safetensors", threads=2)):
        assert list(found) == ["a", "c", "b"]
        for name, array in found.items():
            np.testing.assert_array_equal(array, arrays[name])
            assert array.flags.writeable
    digest = hashlib.sha256(original).hexdigest()
    (tmp_path / "original.safetensors").write_bytes(original)
    safetensors.pack(tmp_path / "original.safetensors", tmp_path / "p.safetensors")
    table = TensorFile(tmp_path / "p.safetensors").table
    assert table is not None
    assert table.sha256 == digest


def test_memory_does_not_grow_with_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A piece is in memory, not a tensor, nor the file."""
    rng = np.random.default_rng(9)
    original = ordinary({f"w.{i}": bfloat16(rng, (1000, 2000)) for i in range(4)})
    data = packed(tmp_path, original)
    for module in ("packing", "coded_tensor", "files", "tensor_file"):
        monkeypatch.setattr(f"pyinfo.safetensors.{module}.PIECE", 1 << 20)
    tracemalloc.start()
    try:
        assert packed(tmp_path, original) == data
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        safetensors.pack(tmp_path / "original.safetensors", tmp_path / "packed.safetensors")
        _, packing = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        safetensors.unpack(tmp_path / "packed.safetensors", tmp_path / "again.safetensors")
        _, unpacking = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert packing - before < 4 << 20
    assert unpacking - before < 4 << 20
