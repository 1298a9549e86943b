"""`_core.byte_counts`, and the exact element counts in bounded memory."""

from __future__ import annotations

import array
import mmap
import threading

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyinfo import _core
from pyinfo.counting import element_counts

pytestmark = pytest.mark.once

MEBIBYTE = 1 << 20


def expected_counts(data: bytes, itemsize: int) -> np.ndarray:
    planes = np.frombuffer(data, np.uint8).reshape(-1, itemsize).T
    return np.array([np.bincount(plane, minlength=256) for plane in planes], np.uint64)


def random_bytes(size: int, seed: int = 0) -> bytes:
    return np.random.default_rng(seed).bytes(size)


@pytest.mark.parametrize("itemsize", range(1, 18))
def test_every_length_up_to_300(itemsize: int) -> None:
    data = random_bytes(300 * itemsize, itemsize)
    for n in range(301):
        part = data[: n * itemsize]
        np.testing.assert_array_equal(
            _core.byte_counts(part, itemsize), expected_counts(part, itemsize)
        )


# From about 2048 increments on the interleaved tables are used, wide items in blocks.
@pytest.mark.parametrize("itemsize", [*range(1, 18), 24, 31, 64, 333, 5000])
@pytest.mark.parametrize("kind", ["random", "constant", "few values"])
def test_long_inputs(itemsize: int, kind: str) -> None:
    for n in (255, 256, 257, 2047, 2048, 2049, 8193, 20_001):
        size = n * itemsize if itemsize <= 64 else (n % 700) * itemsize
        data = random_bytes(size, n)
        if kind == "constant":
            data = b"\xff" * size
        elif kind == "few values":
            data = (np.frombuffer(data, np.uint8) & 3).tobytes()
        np.testing.assert_array_equal(
            _core.byte_counts(data, itemsize), expected_counts(data, itemsize)
        )


@pytest.mark.parametrize("itemsize", [1, 2, 8, 16])
def test_tables_are_emptied_before_they_overflow(itemsize: int) -> None:
    data = np.frombuffer(random_bytes(MEBIBYTE - MEBIBYTE % itemsize), np.uint8)
    data = np.tile(data, 19)
    np.testing.assert_array_equal(
        _core.byte_counts(data, itemsize), expected_counts(data.tobytes(), itemsize)
    )


@given(
    st.integers(1, 17).flatmap(
        lambda itemsize: st.tuples(
            st.just(itemsize),
            st.lists(st.binary(min_size=itemsize, max_size=itemsize), max_size=300).map(b"".join),
        )
    )
)
@settings(deadline=None)
def test_counts_are_those_of_bincount(case: tuple[int, bytes]) -> None:
    itemsize, data = case
    np.testing.assert_array_equal(
        _core.byte_counts(data, itemsize), expected_counts(data, itemsize)
    )


def test_unaligned_data() -> None:
    data = random_bytes(10_000)
    for offset in range(1, 9):
        part = memoryview(data)[offset:]
        np.testing.assert_array_equal(_core.byte_counts(part), expected_counts(bytes(part), 1))


def test_out_accumulates_and_is_returned() -> None:
    out = np.zeros((2, 256), np.uint64)
    assert _core.byte_counts(b"abab", 2, out) is out
    _core.byte_counts(b"ac", itemsize=2, out=out)
    assert out[0, ord("a")] == 3
    assert out[1, ord("b")] == 2
    assert out[1, ord("c")] == 1
    assert out.sum() == 6


def test_sums_beyond_64_bits_are_refused() -> None:
    most = 2**64 - 1
    for data in (b"aab", bytes(5000) + b"aab"):
        out = np.zeros((1, 256), np.uint64)
        out[0, ord("a")] = most - 2
        out[0, ord("c")] = most
        assert _core.byte_counts(data, 1, out) is out
        assert (out[0, ord("a")], out[0, ord("b")], out[0, ord("c")]) == (most, 1, most)
        before = out.copy()
        with pytest.raises(OverflowError, match=r"^out\[0, 97\] and what is added are more than"):
            _core.byte_counts(data, 1, out)
        np.testing.assert_array_equal(out, before)


@pytest.mark.parametrize(
    "data",
    [
        b"abcdefgh",
        bytearray(b"abcdefgh"),
        memoryview(b"xabcdefghx")[1:-1],
        array.array("d", [1.5]),
        np.array(1.5),
        np.arange(2).astype("datetime64[s]"),
        np.ones(4, ml_dtypes.bfloat16),
        np.zeros(2, [("a", "i2"), ("b", "f4")]),
        np.asfortranarray(np.arange(3.0)),
    ],
    ids=lambda data: getattr(getattr(data, "dtype", None), "name", type(data).__name__),
)
def test_any_contiguous_buffer(data: object) -> None:
    raw = data.tobytes() if hasattr(data, "tobytes") else bytes(data)
    np.testing.assert_array_equal(_core.byte_counts(data), expected_counts(raw, 1))


def test_memory_map() -> None:
    with mmap.mmap(-1, 4096) as pages:
        pages[:3] = b"abc"
        assert _core.byte_counts(pages)[0, 0] == 4093


def test_empty_data() -> None:
    assert _core.byte_counts(b"", 3).shape == (3, 256)
    assert not _core.byte_counts(b"", 3).any()


def test_buffer_is_released() -> None:
    data = bytearray(8)
    _core.byte_counts(data)
    data.append(1)  # a BufferError if the buffer were still held


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((5,), TypeError, "data must support the buffer protocol, not int"),
        (("text",), TypeError, "data must support the buffer protocol, not str"),
        ((np.arange(6)[::2],), ValueError, "data must be a C-contiguous buffer"),
        ((np.ones((2, 3), order="F"),), ValueError, "data must be a C-contiguous buffer"),
        ((memoryview(b"abcd")[::2],), ValueError, "data must be a C-contiguous buffer"),
        ((b"abc", 2), ValueError, "data holds 3 bytes, which is no whole number of items of 2"),
        ((b"abc", 0), ValueError, "itemsize must be at least 1, not 0"),
        ((b"abc", -1), ValueError, "itemsize must be at least 1, not -1"),
        ((b"abc", 1.0), TypeError, "itemsize must be an integer, not float"),
        ((b"", 2**62), ValueError, "too big"),
        ((b"", 1, [0] * 256), TypeError, "out must be an array of uint64, not list"),
        ((b"", 1, np.zeros((1, 256))), TypeError, "array of uint64, not of float64"),
        ((b"", 1, np.zeros((1, 256), ">u8")), TypeError, "array of uint64, not of >u8"),
        ((b"", 2, np.zeros((1, 256), "u8")), ValueError, r"the result has \(2, 256\)"),
        ((b"", 1, np.zeros(256, "u8")), ValueError, r"out has shape \(256,\), the result has"),
        ((b"", 1, np.zeros((1, 512), "u8")[:, ::2]), ValueError, "out must be C-contiguous and"),
        ((b"", 1, np.zeros(2049, "u1")[1:].view("u8").reshape(1, 256)), ValueError, "aligned"),
        ((b"", 1, np.frombuffer(bytes(2048), "u8").reshape(1, 256)), ValueError, "read-only"),
    ],
)
def test_errors(arguments, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        _core.byte_counts(*arguments)


def test_signature_is_shown() -> None:
    assert _core.byte_counts.__doc__.startswith("byte_counts(data")


def test_threads_count_independently() -> None:
    data = random_bytes(MEBIBYTE)
    results: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda: results.append(_core.byte_counts(data, 4)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    for result in results:
        np.testing.assert_array_equal(result, expected_counts(data, 4))


# Elements


def count_all(data: np.ndarray, max_distinct: int, step: int) -> tuple[list[int], int]:
    """Counts of the elements of `data` from as many passes as it takes, and the passes."""
    raw = data.view(np.uint8)
    size = data.dtype.itemsize
    counted = element_counts.element_counts(size, max_distinct)
    counts: list[int] = []
    passes = 0
    covered = 0.0
    while counted is not None:
        for start in range(0, len(raw), step * size):
            counted.add(raw[start : start + step * size])
        assert len(counted.counts) <= max(4, max_distinct) or size <= 2
        assert counted.covered > covered
        covered = counted.covered
        counts.extend(counted.counts.tolist())
        counted = counted.next_share()
        passes += 1
    assert covered == 1.0
    return sorted(counts), passes


def unique_counts(data: np.ndarray) -> list[int]:
    raw = data.view(np.uint8).reshape(len(data), data.itemsize)
    return sorted(np.unique(raw, axis=0, return_counts=True)[1].tolist())


@pytest.mark.parametrize("itemsize", [*range(1, 13), 16, 24, 100])
@pytest.mark.parametrize("order", ["random", "rising", "falling"])
def test_shares_are_exact(itemsize: int, order: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(element_counts, "_PENDING_BYTES", 512)
    rng = np.random.default_rng(itemsize)
    values = rng.integers(0, 900, 3000).astype("<u8")
    if order != "random":
        values.sort()
    if order == "falling":
        values = values[::-1].copy()
    raw = np.zeros((3000, itemsize), np.uint8)
    raw[:, : min(8, itemsize)] = values.view(np.uint8).reshape(-1, 8)[:, : min(8, itemsize)]
    raw[:, -1] ^= raw[:, 0]
    data = raw.reshape(-1).view(np.dtype((np.void, itemsize)))
    counts, passes = count_all(data, 64, 100)
    assert counts == unique_counts(data)
    distinct_held = max(4, 64 * 8 // max(8, itemsize))
    if itemsize <= 2:
        assert passes == 1
    else:
        assert passes >= len(counts) / distinct_held


@given(
    st.sampled_from([3, 4, 7, 8, 9, 16, 17]),
    st.lists(st.integers(0, 60), max_size=200),
    st.integers(1, 70),
    st.integers(1, 50),
)
@settings(deadline=None)
def test_counts_do_not_depend_on_the_limit(
    itemsize: int, values: list[int], max_distinct: int, step: int
) -> None:
    raw = np.zeros((len(values), itemsize), np.uint8)
    raw[:, 0] = raw[:, -1] = values
    data = raw.reshape(-1).view(np.dtype((np.void, itemsize)))
    assert count_all(data, max_distinct, step)[0] == unique_counts(data)


def test_a_single_pass_suffices_below_the_limit() -> None:
    data = np.arange(1000.0)
    assert count_all(data, 1000, 64) == ([1] * 1000, 1)
    assert count_all(data, 999, 64)[1] > 1


def test_colliding_hashes_cost_memory_but_no_exactness(monkeypatch: pytest.MonkeyPatch) -> None:
    def constant(self, keys):
        return np.full(len(keys), 7, np.uint64)

    monkeypatch.setattr(element_counts.ShareCounts, "_hashes", constant)
    counted = element_counts.ShareCounts(16, 4)
    data = np.arange(100.0).view(np.uint8)
    counts = 0
    while counted is not None:
        counted.add(data)
        counts += int(counted.counts.sum())
        counted = counted.next_share()
    assert counts == 50
