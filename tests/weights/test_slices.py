"""Slices of packed tensors: what NumPy gives, and no block is decoded twice or for nothing."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyinfo.safetensors import safe_open
from pyinfo.safetensors.coded_tensor import Bytes, CodedTensor
from pyinfo.safetensors.dtype_codes import CODES
from pyinfo.safetensors.numpy import save
from pyinfo.safetensors.packed_table import PackedTensor
from pyinfo.safetensors.packing import TensorSource, frame_of
from pyinfo.safetensors.tensor_boxes import box_of, read_coded, read_plain

Array = np.ndarray[Any, Any]


class Counted(CodedTensor):
    """A tensor that notes which of its blocks of items are decoded."""

    def __init__(self, data: bytes, tensor: PackedTensor) -> None:
        super().__init__(data, tensor)
        self.decoded: list[int] = []

    def decode(self, start: int, stop: int, out: Bytes, threads: int = 1) -> None:
        super().decode(start, stop, out, threads)
        if start < stop:
            self.decoded += range(start // self.chunk_bytes, (stop - 1) // self.chunk_bytes + 1)


def coded(array: Array, block: int, monkeypatch: pytest.MonkeyPatch) -> Counted:
    monkeypatch.setattr("pyinfo.safetensors.packing._BLOCK", block)
    code = CODES["F32"]
    source = TensorSource("x", code, array.shape, array.reshape(-1).view(np.uint8))
    return Counted(frame_of(source, None), source.tensor(0))


def part(tensor: Counted, array: Array, key: Any) -> Array:
    box = box_of(key, array.shape)
    assert box is not None
    found = read_coded(tensor, box, array.shape, 4)
    flat = array.reshape(-1).view(np.uint8)
    again = read_plain(lambda a, b: flat[a:b], box, array.shape, 4)
    assert np.array_equal(again, found)
    return found.view(np.float32).reshape(box.shape)


def touched(array: Array, key: Any, block: int) -> list[int]:
    numbers = np.arange(array.size).reshape(array.shape)[key]
    return sorted({int(number) // block for number in np.ravel(numbers)})


@st.composite
def keys(draw: st.DrawFn, shape: tuple[int, ...]) -> tuple[Any, ...]:
    key: list[Any] = []
    for extent in shape[: draw(st.integers(0, len(shape)))]:
        if extent > 0 and draw(st.booleans()):
            key.append(draw(st.integers(-extent, extent - 1)))
        else:
            bound = st.none() | st.integers(-extent - 1, extent + 1)
            key.append(slice(draw(bound), draw(bound), draw(st.none() | st.integers(1, 4))))
    if draw(st.booleans()):
        key.insert(draw(st.integers(0, len(key))), ...) if len(key) == 0 else key.append(...)
    return tuple(key)


@given(data=st.data())
def test_slices_are_what_numpy_gives(data: st.DataObject) -> None:
    shape = tuple(data.draw(st.lists(st.integers(0, 12), max_size=4)))
    block = data.draw(st.sampled_from([1, 3, 16, 100]))
    array = np.arange(math.prod(shape), dtype=np.float32).reshape(shape)
    key = data.draw(keys(shape))
    with pytest.MonkeyPatch.context() as monkeypatch:
        tensor = coded(array, block, monkeypatch)
        np.testing.assert_array_equal(part(tensor, array, key), array[key], strict=True)
    assert sorted(tensor.decoded) == touched(array, key, block)


@pytest.mark.parametrize(
    "key",
    [
        np.s_[5],
        np.s_[100:300],
        np.s_[:, 10:20],  # the columns of a rank under tensor parallelism
        np.s_[7:900:3, 100:101],
        np.s_[::400],
        np.s_[1:2, 3:4],
        np.s_[...],
        np.s_[:, 127],
    ],
)
@pytest.mark.parametrize("block", [64, 100, 1 << 18])
def test_no_block_is_decoded_twice(key: Any, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    array = np.arange(1000 * 128, dtype=np.float32).reshape(1000, 128)
    tensor = coded(array, block, monkeypatch)
    np.testing.assert_array_equal(part(tensor, array, key), array[key])
    assert sorted(tensor.decoded) == touched(array, key, block)


def test_groups_share_no_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where columns are taken in groups of rows."""
    monkeypatch.setattr("pyinfo.safetensors.tensor_boxes._GROUP_BYTES", 4096)
    array = np.arange(1000 * 128, dtype=np.float32).reshape(1000, 128)
    for key in (np.s_[:, 10:20], np.s_[3:990:2, 127:]):
        tensor = coded(array, 600, monkeypatch)
        np.testing.assert_array_equal(part(tensor, array, key), array[key])
        assert sorted(tensor.decoded) == touched(array, key, 600)


@pytest.fixture
def opened(tmp_path: Path) -> tuple[safe_open, dict[str, Array]]:
    rng = np.random.default_rng(1)
    arrays: dict[str, Array] = {
        "coded": rng.normal(0, 0.02, (500, 300)).astype(np.float32),
        "plain": rng.integers(0, 2**63, (30, 50), np.uint64),
        "scalar": np.array(2.5),
        "empty": np.zeros((0, 4), np.int8),
        "line": np.arange(5000),
    }
    (tmp_path / "file.safetensors").write_bytes(save(arrays))
    return safe_open(tmp_path / "file.safetensors", "np"), arrays


KEYS: list[Any] = [
    ..., (), 3, -1, np.s_[2:9], np.s_[:5, ..., 1:3], np.s_[:, 3], (4, 5), np.s_[-3:], np.int64(2),
    [1, 2], None, np.array([True] * 30), np.s_[3:1],
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=map(str, range(len(KEYS))))
def test_slices_of_open_files(opened: tuple[safe_open, dict[str, Array]], key: Any) -> None:
    file, arrays = opened
    for name, array in arrays.items():
        try:
            expected = array[key]
        except IndexError:
            with pytest.raises(IndexError):
                file.get_slice(name)[key]
            continue
        found = file.get_slice(name)[key]
        np.testing.assert_array_equal(found, expected)
        assert (found.dtype, found.shape) == (array.dtype, np.shape(expected))


def test_slices_say_what_they_are(opened: tuple[safe_open, dict[str, Array]]) -> None:
    file, arrays = opened
    one = file.get_slice("coded")
    assert (one.get_shape(), one.get_dtype()) == ([500, 300], "F32")
    assert (one.shape, one.dtype, one.is_floating_point()) == ((500, 300), np.float32, True)
    assert not file.get_slice("plain").is_floating_point()
    with pytest.raises(ValueError, match="step"):
        one[::-1]
    file.__exit__(None, None, None)
    np.testing.assert_array_equal(one[3:5], arrays["coded"][3:5])  # it was taken before


def test_threads_share_a_file(opened: tuple[safe_open, dict[str, Array]]) -> None:
    file, arrays = opened
    one = file.get_slice("coded")

    def check(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(20):
            a, b = sorted(int(n) for n in rng.integers(0, 500, 2))
            c, d = sorted(int(n) for n in rng.integers(0, 300, 2))
            np.testing.assert_array_equal(one[a:b, c:d], arrays["coded"][a:b, c:d])
            np.testing.assert_array_equal(file.get_tensor("line"), arrays["line"])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(check, range(8)))


@pytest.mark.parametrize("backend", ["mmap", "pread"])
def test_only_the_blocks_of_a_slice_must_be_intact(backend: str, tmp_path: Path) -> None:
    array = np.random.default_rng(2).normal(0, 0.02, (4000, 100)).astype(np.float32)
    data = bytearray(save({"w": array}))
    data[len(data) // 2] ^= 1
    path = tmp_path / "damaged.safetensors"
    path.write_bytes(data)
    file = safe_open(path, "np", backend=backend)
    one = file.get_slice("w")
    np.testing.assert_array_equal(one[:900], array[:900])
    np.testing.assert_array_equal(one[3500:, 7:9], array[3500:, 7:9])
    with pytest.raises(ValueError, match="tensor 'w': block"):
        one[:]
