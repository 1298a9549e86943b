"""Headers of safetensors files: what is refused, and that it is so at once."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from pyinfo.safetensors import SafetensorError, is_packed, safe_open
from pyinfo.safetensors.file_header import MOST_HEADER, header_text, padded, parse_header
from pyinfo.safetensors.numpy import load
from support.weights import framed, header_of, hostile_headers, of_every_code, ordinary

HOSTILE = dict(hostile_headers())

ACCEPTED = {
    "nothing": framed(b"{}"),
    "spaces": framed(b" {} \n"),
    "no padding": framed(b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}') + b"x",
    "more fields": framed(b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"z":[]}}') + b"x",
    "a tensor twice": framed(
        b'{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},'
        b'"a":{"dtype":"I8","shape":[1],"data_offsets":[0,1]}}'
    )
    + b"x",
    "null metadata": framed(b'{"__metadata__":null}'),
    "empty tensors": framed(
        b'{"a":{"dtype":"U8","shape":[0],"data_offsets":[1,1]},'
        b'"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},'
        b'"c":{"dtype":"F16","shape":[0,3],"data_offsets":[0,0]}}'
    )
    + b"x",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_headers_are_refused(what: str) -> None:
    data = HOSTILE[what]
    with pytest.raises(SafetensorError, match="Error while deserializing header"):
        load(data)


@pytest.mark.parametrize("what", HOSTILE)
def test_so_does_the_package(what: str) -> None:
    package = pytest.importorskip("safetensors", reason="safetensors is not installed (extra test)")
    with pytest.raises(package.SafetensorError):
        package.deserialize(HOSTILE[what])


@pytest.mark.parametrize("what", ACCEPTED)
def test_what_the_package_reads_is_read(what: str) -> None:
    found = load(ACCEPTED[what])
    package = pytest.importorskip("safetensors", reason="safetensors is not installed (extra test)")
    expected = {
        name: (view["dtype"], view["shape"]) for name, view in package.deserialize(ACCEPTED[what])
    }
    assert {n: list(a.shape) for n, a in found.items()} == {n: s for n, (_, s) in expected.items()}


def test_a_length_alone_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.safetensors"
    path.write_bytes((MOST_HEADER).to_bytes(8, "little") + b"{}")
    tracemalloc.start()
    with pytest.raises(SafetensorError, match="length"):
        safe_open(path, "np", backend="pread")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20
    assert not is_packed(path)


def test_many_tensors() -> None:
    document = {
        f"layer.{i}": {"dtype": "F32", "shape": [2], "data_offsets": [8 * i, 8 * i + 8]}
        for i in range(20_000)
    }
    header = parse_header(json.dumps(document).encode(), 160_000)
    assert len(header.tensors) == 20_000


@pytest.mark.parametrize("metadata", [None, {}, {"k": "v"}, {"\u00e4": '\x1f"\\'}])
def test_headers_are_written_as_the_package_does(metadata: dict[str, str] | None) -> None:
    package = pytest.importorskip(
        "safetensors.numpy", reason="safetensors is not installed (extra test)"
    )
    arrays = {
        f"{dtype}.{name}": np.zeros(n, dtype)
        for dtype in ("f2", "f4", "f8", "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "?", "c8")
        for name, n in (("z", 3), ("B", 1), ("\u00e4", 2), ("empty", 0))
    }
    data = package.save(arrays, metadata)
    text = data[8 : 8 + int.from_bytes(data[:8], "little")]
    header = parse_header(text, len(data) - 8 - len(text))
    assert padded(header_text(header.tensors, header.metadata)) == text


def test_the_package_opens_packed_files(tmp_path: Path) -> None:
    """So do all inspectors; what is coded are bytes for them."""
    package = pytest.importorskip("safetensors", reason="safetensors is not installed (extra test)")
    from pyinfo import safetensors

    (tmp_path / "o.safetensors").write_bytes(ordinary(of_every_code(np.random.default_rng(1))))
    safetensors.pack(tmp_path / "o.safetensors", tmp_path / "p.safetensors")
    header, _ = header_of((tmp_path / "p.safetensors").read_bytes())
    with package.safe_open(tmp_path / "p.safetensors", "np") as file:
        assert set(file.keys()) == set(header) - {"__metadata__"}
        assert file.metadata() == header["__metadata__"]
        frame = file.get_tensor("BF16.w")
        assert frame.dtype == np.uint8
        assert frame[:4].tobytes() == b"\x89PIN"
