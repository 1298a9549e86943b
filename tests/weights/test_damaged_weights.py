"""Damaged packed files: what is wrong is named, nothing wrong is returned, the rest is readable."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

import pyinfo
from pyinfo import CorruptDataError, safetensors
from pyinfo.safetensors import SafetensorError
from pyinfo.safetensors.numpy import load, save
from pyinfo.safetensors.tensor_file import TensorFile
from support.plain_safetensors import restore
from support.weights import Raw, bfloat16, framed, header_of, of_every_code, ordinary, raw


def packed(path: Path, tensors: dict[str, Raw], metadata: dict[str, str] | None = None) -> bytes:
    (path / "o.safetensors").write_bytes(ordinary(tensors, metadata))
    safetensors.pack(path / "o.safetensors", path / "p.safetensors")
    return (path / "p.safetensors").read_bytes()


def some(rng: np.random.Generator) -> dict[str, Raw]:
    return {
        "one": bfloat16(rng, (60, 50)),
        "two": raw(rng, "F32", (40, 40)),
        "plain": raw(rng, "U8", (999,), even=True),
        "three": raw(rng, "BOOL", (50, 50)),
    }


def test_each_tensor_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    tensors = some(np.random.default_rng(1))
    data = packed(tmp_path, tensors)
    rng = random.Random(1)
    for name, stored in TensorFile(data).tensors.items():
        for _ in range(20):
            damaged = bytearray(data)
            damaged[rng.randrange(stored.start, stored.stop)] ^= 1 << rng.randrange(8)
            file = TensorFile(bytes(damaged))
            with pytest.raises(CorruptDataError, match=f"^tensor '{name}': "):
                file.whole(file.stored(name))
            for other, tensor in tensors.items():
                if other != name:
                    assert file.whole(file.stored(other)).tobytes() == tensor.data
        (tmp_path / "d.safetensors").write_bytes(damaged)
        with pytest.raises(CorruptDataError, match=f"^tensor '{name}': "):
            safetensors.unpack(tmp_path / "d.safetensors", tmp_path / "u.safetensors")
        assert not (tmp_path / "u.safetensors").exists()


def test_a_damaged_header_never_gives_wrong_tensors(tmp_path: Path) -> None:
    """Every bit of it; but for metadata of the user's own, which only restoring can check."""
    tensors = some(np.random.default_rng(2))
    data = packed(tmp_path, tensors)
    begin = TensorFile(data).header.data_offset
    rng = random.Random(2)
    places = [*range(9 * 8), *rng.sample(range(9 * 8, begin * 8), 1500)]
    for bit in places:
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        try:
            file = TensorFile(bytes(damaged))
            found = {n: file.whole(s).tobytes() for n, s in file.tensors.items()}
        except (CorruptDataError, SafetensorError):
            continue
        assert found == {name: tensor.data for name, tensor in tensors.items()}, bit


def test_swapped_frames_are_noticed_when_restoring(tmp_path: Path) -> None:
    """Two frames of one layout: only the checksums of tensors tell which is which."""
    rng = np.random.default_rng(3)
    data = packed(tmp_path, {"a": bfloat16(rng, (60, 50)), "b": bfloat16(rng, (60, 50))})
    file = TensorFile(data)
    a, b = file.stored("a"), file.stored("b")
    header, rest = header_of(data)
    if a.stop - a.start != b.stop - b.start:
        header["a"]["data_offsets"], header["b"]["data_offsets"] = (
            header["b"]["data_offsets"], header["a"]["data_offsets"],
        )  # fmt: skip
        header["a"]["shape"], header["b"]["shape"] = header["b"]["shape"], header["a"]["shape"]
    swapped = framed_header(header) + rest
    (tmp_path / "d.safetensors").write_bytes(swapped)
    with pytest.raises(CorruptDataError, match="tensor 'a': checksum"):
        safetensors.unpack(tmp_path / "d.safetensors", tmp_path / "u.safetensors")


def framed_header(header: dict[str, object]) -> bytes:
    return framed(json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode())


def test_every_cut_is_refused(tmp_path: Path) -> None:
    data = packed(tmp_path, some(np.random.default_rng(4)))
    for size in [*range(300), *range(300, len(data), 97), len(data) - 1]:
        with pytest.raises((CorruptDataError, SafetensorError)):
            load(data[:size])
    with pytest.raises(SafetensorError):
        load(data + b"x")


def test_frames_without_their_table_are_refused(tmp_path: Path) -> None:
    """As after a tool that copies tensors and drops metadata: they would pass for numbers."""
    data = packed(tmp_path, some(np.random.default_rng(5)), {"k": "v"})
    header, rest = header_of(data)
    del header["__metadata__"]["pyinfo"]
    with pytest.raises(CorruptDataError, match="is a frame"):
        load(framed_header(header) + rest)
    frame = pyinfo.compress(np.arange(1000))
    looks_like_one = Raw("U8", (1000,), frame[:40] + bytes(960))
    assert list(load(ordinary({"x": looks_like_one}))) == ["x"]


def test_frames_are_found_without_a_header(tmp_path: Path) -> None:
    tensors = of_every_code(np.random.default_rng(6))
    data = packed(tmp_path, tensors)
    path = tmp_path / "d.safetensors"
    begin = TensorFile(data).header.data_offset
    expected = [
        name
        for name, s in sorted(TensorFile(data).tensors.items(), key=lambda item: item[1].start)
        if s.tensor.coded and name not in {"copy", "again"}  # equal to BF16.w
    ]

    path.write_bytes(b"\xff" * 30 + data[30:])  # the table is intact
    found = safetensors.recover(path)
    assert {tensor.name for tensor in found} >= set(expected)
    for tensor in found:
        assert tensor.is_intact
        assert tensor.name is not None
        assert pyinfo.decompress(tensor.data).tobytes() == tensors[tensor.name].data

    path.write_bytes(bytes(begin) + data[begin:])  # nothing of it is left
    lost = safetensors.recover(path)
    assert [(t.name, t.shape, t.data) for t in lost] == [(None, t.shape, t.data) for t in found]
    assert safetensors.recover(tmp_path / "o.safetensors") == []


def test_damaged_frames_are_found_too(tmp_path: Path) -> None:
    tensors = some(np.random.default_rng(7))
    data = bytearray(packed(tmp_path, tensors))
    file = TensorFile(bytes(data))
    intact = {name for name, s in file.tensors.items() if s.tensor.coded} - {"two"}
    data[:8] = b"\xff" * 8
    rng = random.Random(7)
    stored = file.stored("two")
    for _ in range(50):
        damaged = bytearray(data)
        damaged[rng.randrange(stored.start + 50, stored.stop)] ^= 1 << rng.randrange(8)
        (tmp_path / "d.safetensors").write_bytes(damaged)
        found = safetensors.recover(tmp_path / "d.safetensors")
        assert intact <= {tensor.name for tensor in found if tensor.is_intact}
        assert [t.offset for t in found if not t.is_intact] == [stored.start]


def test_files_that_claim_much_are_refused_at_once() -> None:
    """A table that promises tensors of any size: the frame must promise them as well."""
    data = save({"x": np.zeros((1000, 1000))})
    file = TensorFile(data)
    assert file.table is not None
    [tensor] = file.table.tensors
    large = tensor._replace(shape=(1000, 2**40))
    table = type(file.table)((large,), file.table.added).text()
    header, rest = header_of(data)
    header["__metadata__"]["pyinfo"] = table
    with pytest.raises(CorruptDataError, match="tensor 'x': the frame holds 8000000 bytes"):
        load(framed_header(header) + rest)
    overflowing = tensor._replace(shape=(2**40, 2**40))
    table = type(file.table)((overflowing,), file.table.added).text()
    header["__metadata__"]["pyinfo"] = table
    with pytest.raises(CorruptDataError, match="overflows"):
        load(framed_header(header) + rest)


def test_the_plain_reader_agrees(tmp_path: Path) -> None:
    """Whatever the library restores from a mutant, the plain reader does; the same is refused."""
    data = packed(tmp_path, {"a": raw(np.random.default_rng(8), "I16", (30, 40))}, {"k": "v"})
    rng = random.Random(8)
    for _ in range(150):
        mutant = bytearray(data)
        for _ in range(rng.randint(1, 3)):
            mutant[rng.randrange(len(mutant))] = rng.randrange(256)
        (tmp_path / "m.safetensors").write_bytes(mutant)
        try:
            safetensors.unpack(tmp_path / "m.safetensors", tmp_path / "u.safetensors")
        except (ValueError, SafetensorError):
            with pytest.raises(Exception):  # noqa: B017, PT011
                restore(bytes(mutant))
        else:
            assert (tmp_path / "u.safetensors").read_bytes() == restore(bytes(mutant))
