"""`Counts`: every kind of samples against collections.Counter, and what counts do together."""

from __future__ import annotations

import datetime
import math
import pickle
import threading
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import pyinfo
from pyinfo import Counts, HuffmanCode, RansModel

WHOLE = ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "?"]
FLOATS = ["f2", "f4", "f8"]
SIZES = [*range(1, 40), 100, 255, 256, 257, 300, 511, 513, 5000]


def brute_force(samples: np.ndarray) -> tuple[list[Any], list[int]]:
    """The table as Python counts: all NaNs are one value, the last."""
    table: Counter[Any] = Counter()
    nans = 0
    for value in samples.ravel().tolist():
        if value != value or value is None:
            nans += 1
        else:
            table[value] += 1
    values = sorted(table)
    return values + [math.nan] * (nans > 0), [table[v] for v in values] + [nans] * (nans > 0)


def assert_right(counts: Counts, samples: np.ndarray) -> None:
    values, numbers = brute_force(samples)
    assert counts.values.dtype == samples.dtype.newbyteorder("=")
    np.testing.assert_array_equal(counts.values, np.array(values, counts.values.dtype))
    assert counts.counts.dtype == np.uint64
    assert counts.counts.tolist() == numbers
    assert counts.total == samples.size
    assert len(counts) == len(values)
    np.testing.assert_array_equal(counts.probabilities, np.array(numbers) / samples.size)


def drawn(dtype: str, n: int, spread: str, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    if spread == "few":
        return random.integers(0, 2 if dtype == "?" else 100, n).astype(dtype)
    if dtype == "?":
        return random.integers(0, 2, n).astype(bool)
    size = np.dtype(dtype).itemsize
    bits = np.frombuffer(random.bytes(n * size), dtype)
    return bits if spread == "any" else bits[random.integers(0, min(n, 50), n)]


@pytest.mark.parametrize("spread", ["few", "any", "repeated"])
@pytest.mark.parametrize("dtype", [*WHOLE, *FLOATS])
def test_numbers_of_every_width(dtype: str, spread: str) -> None:
    for n in SIZES:
        samples = drawn(dtype, n, spread, n)
        assert_right(Counts.from_samples(samples), samples)


@pytest.mark.parametrize("values", [3, 1000, 9000, 60_000])
@pytest.mark.parametrize("dtype", ["i8", "u4", "f8", "f4"])
def test_long_samples(dtype: str, values: int) -> None:
    few = drawn(dtype, values, "any")
    samples = few[np.random.default_rng(1).integers(0, values, 200_000)]
    assert_right(Counts.from_samples(samples), samples)


def test_more_samples_than_a_chunk() -> None:
    random = np.random.default_rng(0)
    samples = random.integers(-(2**63), 2**63 - 1, 1 << 20)
    samples = np.concatenate([samples, samples[::3], np.arange(100_000)])
    values, numbers = np.unique(samples, return_counts=True)
    counts = Counts.from_samples(samples)
    np.testing.assert_array_equal(counts.values, values)
    np.testing.assert_array_equal(counts.counts, numbers)
    weighted = Counts.from_samples(samples, weights=np.ones(samples.size))
    np.testing.assert_array_equal(weighted.values, values)
    np.testing.assert_array_equal(weighted.counts, numbers)


def test_a_range_that_grows_while_it_is_counted() -> None:
    samples = np.arange(300_000) // 7 - 1000
    assert_right(Counts.from_samples(samples), samples)
    assert_right(Counts.from_samples(samples[::-1]), samples)
    samples = np.append(np.zeros(50_000, np.int64), [2**62, -5, 2**62])
    assert_right(Counts.from_samples(samples), samples)


@pytest.mark.parametrize("dtype", FLOATS)
def test_nans_are_one_value_and_zeros_too(dtype: str) -> None:
    payloads = {"f2": "u2", "f4": "u4", "f8": "u8"}
    nan = np.array([np.nan, -np.nan], dtype)
    other = (nan.view(payloads[dtype]) ^ 1).view(dtype)
    samples = np.concatenate([nan, other, np.array([0.0, -0.0, np.inf, -np.inf, -1.5], dtype)])
    for repeats in (1, 5000):
        counts = Counts.from_samples(np.tile(samples, repeats))
        assert counts.values.tolist()[:-1] == [-np.inf, -1.5, 0.0, np.inf]
        assert np.isnan(counts.values[-1])
        assert not np.signbit(counts.values[2])
        assert counts.counts.tolist() == [repeats, repeats, 2 * repeats, repeats, 4 * repeats]
        assert counts == Counts.from_samples(np.tile(samples[::-1], repeats))


@pytest.mark.parametrize("dtype", ["M8[s]", "M8[D]", "m8[ns]"])
def test_dates_and_durations(dtype: str) -> None:
    numbers = np.random.default_rng(0).integers(-50, 50, 1000)
    samples = numbers.astype(dtype)
    samples[::10] = "NaT"
    counts = Counts.from_samples(samples)
    values, expected = np.unique(samples, return_counts=True)
    np.testing.assert_array_equal(counts.values, values)
    assert np.isnat(counts.values[-1])
    assert counts.counts.tolist() == expected.tolist()
    assert counts == pickle.loads(pickle.dumps(counts))


def test_strings() -> None:
    random = np.random.default_rng(0)
    for n in SIZES:
        words = np.array(["", "a", "aé", "b" * 17, "日本", "\U0001f600", "z"])[
            random.integers(0, 7, n)
        ]
        assert_right(Counts.from_samples(words), words)
        swapped = words.astype(words.dtype.newbyteorder("S"))
        assert_right(Counts.from_samples(swapped), words)
        data = random.integers(0, 3, (n, 5)).astype(np.uint8).view("S5").ravel()
        assert_right(Counts.from_samples(data), data)
    many = random.integers(0, 5000, 50_000).astype("U6")
    assert_right(Counts.from_samples(many), many)


def test_text_and_bytes() -> None:
    assert Counts.from_samples("abracadabra") == Counts(list("abcdr"), [5, 2, 1, 1, 2])
    data = b"abracadabra"
    for given_bytes in (data, bytearray(data), memoryview(data)):
        counts = Counts.from_samples(given_bytes)
        assert counts.values.dtype == np.uint8
        assert bytes(counts.values) == b"abcdr"
    assert Counts.from_samples("\ud800").values.tolist() == ["\ud800"]


def test_objects() -> None:
    samples = [(1, "b"), (1, "a"), (0, "z"), (1, "a")]
    array = np.empty(4, object)
    array[:] = samples
    counts = Counts.from_samples(array)
    assert counts.values.tolist() == sorted(set(samples))
    assert counts.counts.tolist() == [1, 2, 1]
    days = [datetime.date(2020, 1, day) for day in (3, 1, 3)]
    assert Counts.from_samples(days).values.tolist() == sorted(set(days))
    with_nan = np.array([float("nan"), 2, float("nan"), 1, -0.0, 0], object)
    counts = Counts.from_samples(with_nan)
    assert counts.counts.tolist() == [2, 1, 1, 2]
    assert counts == Counts.from_samples(with_nan[::-1])
    weighted = Counts.from_samples(array, weights=[1, 2, 0, 3])
    assert weighted.values.tolist() == [(1, "a"), (1, "b")]
    assert weighted.counts.tolist() == [5.0, 1.0]


@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_are_flattened(order: Any) -> None:
    samples = np.asarray(np.random.default_rng(0).integers(0, 9, (7, 5, 3)), order=order)
    assert_right(Counts.from_samples(samples), samples)
    assert_right(Counts.from_samples(samples[::-2, 1:, ::-1]), samples[::-2, 1:, ::-1])
    assert_right(Counts.from_samples(samples.astype(">i4")), samples.astype("i4"))
    shifted = np.frombuffer(b"\0" + samples.astype("i4").tobytes(), np.uint8)[1:].view("i4")
    assert not shifted.flags.aligned
    assert Counts.from_samples(shifted) == Counts.from_samples(samples)
    assert Counts.from_samples(5).values.tolist() == [5]


samples_of_any_kind = st.one_of(
    hnp.arrays(hnp.integer_dtypes() | hnp.unsigned_integer_dtypes(), st.integers(1, 60)),
    hnp.arrays(hnp.floating_dtypes(sizes=(16, 32, 64)), st.integers(1, 60)),
    hnp.arrays(np.dtype("U4"), st.integers(1, 30), elements=st.text("aé日\U0001f600", max_size=4)),
    hnp.arrays(np.bool_, st.integers(1, 20)),
)


@given(samples_of_any_kind, st.integers(0, 60), st.integers(0, 60))
def test_parts_count_as_the_whole(samples: np.ndarray, first: int, second: int) -> None:
    whole = Counts.from_samples(samples)
    assert_right(whole, samples)
    parts = np.split(samples, sorted({min(first, len(samples)), min(second, len(samples))}))
    assert Counts.from_chunks(parts) == whole
    streamed = Counts.from_samples(samples[:1])
    streamed.update(samples[1:])
    assert streamed == whole
    counted = [Counts.from_samples(part) for part in parts if part.size]
    assert counted[0].merge(*counted[1:]) == whole
    assert sum(counted[1:], counted[0]) == whole
    assert pickle.loads(pickle.dumps(whole)) == whole


@given(
    hnp.arrays(np.int64, st.integers(1, 80), elements=st.integers(-3, 3)),
    st.integers(0, 80),
    st.integers(0, 2**32 - 1),
)
def test_weighted_streams_are_exact(samples: np.ndarray, at: int, seed: int) -> None:
    weights = np.random.default_rng(seed).uniform(0, 1e3, samples.size) ** 3 + 1e-9
    whole = Counts.from_samples(samples, weights=weights)
    expected: dict[int, float] = {}
    for value, weight in zip(samples.tolist(), weights.tolist(), strict=True):
        expected[value] = expected.get(value, 0.0) + weight
    assert whole.values.tolist() == sorted(expected)
    assert whole.counts.dtype == np.float64
    assert whole.counts.tolist() == [expected[value] for value in sorted(expected)]
    at = min(max(at, 1), samples.size)
    streamed = Counts.from_samples(samples[:at], weights=weights[:at])
    streamed.update(samples[at:], weights=weights[at:])
    assert streamed == whole


def test_many_weighted_samples() -> None:
    random = np.random.default_rng(0)
    few = random.integers(-(2**62), 2**62, 20_000)
    samples = few[random.integers(0, few.size, 100_000)]
    weights = random.uniform(size=samples.size)
    counts = Counts.from_samples(samples, weights=weights)
    values, places = np.unique(samples, return_inverse=True)
    np.testing.assert_array_equal(counts.values, values)
    np.testing.assert_array_equal(counts.counts, np.bincount(places, weights))
    streamed = Counts.from_samples(samples[:5], weights=weights[:5])
    for begin in range(5, samples.size, 33_331):
        end = begin + 33_331
        streamed.update(samples[begin:end], weights=weights[begin:end])
    assert streamed == counts


def test_weights_of_zero_and_mixed_updates() -> None:
    counts = Counts.from_samples([1, 2, 3], weights=[0, 1, 2])
    assert counts.values.tolist() == [2, 3]
    counts.update([1, 1])
    assert counts == Counts([1, 2, 3], [2.0, 1.0, 2.0])
    plain = Counts.from_samples([1, 2])
    plain.update([2], weights=[0.5])
    assert plain.counts.tolist() == [1.0, 1.5]
    assert (plain + Counts.from_samples([2])).counts.tolist() == [1.0, 2.5]


def test_types_mix_as_far_as_values_stay_exact() -> None:
    both = Counts.from_samples(np.array([1, 2], np.uint8)) + Counts.from_samples([-1, 2])
    assert both == Counts([-1, 1, 2], [1, 1, 2])
    assert both.values.dtype == np.int64
    longer = Counts.from_samples(["a"]) + Counts.from_samples(["abc", "a"])
    assert longer.values.tolist() == ["a", "abc"]
    signed, unsigned = np.array([1], np.int64), np.array([1], np.uint64)
    for other in (unsigned, np.array([1.0]), np.array(["1"]), np.array([1], "M8[s]")):
        with pytest.raises(TypeError, match="cannot be counted together"):
            Counts.from_samples(signed).merge(Counts.from_samples(other))
        with pytest.raises(TypeError, match="cannot be counted together"):
            Counts.from_samples(signed).update(other)


def test_totals_have_64_bits() -> None:
    counts = Counts([1, 2], np.array([2**62, 2**62], np.uint64))
    assert counts.total == 2**63
    assert (counts + Counts([1], [5])).counts.tolist() == [2**62 + 5, 2**62]


def test_tables_are_read_only() -> None:
    counts = Counts.from_samples([1, 2])
    for array in (counts.values, counts.counts):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    with pytest.raises(TypeError, match="unhashable"):
        hash(counts)


def test_an_update_leaves_earlier_tables_alone() -> None:
    counts = Counts.from_samples([1, 2])
    values, numbers = counts.values, counts.counts
    counts.update([3])
    counts.update([])
    assert values.tolist() == [1, 2]
    assert numbers.tolist() == [1, 1]
    assert len(counts) == 3


def test_repr_shows_small_tables() -> None:
    assert repr(Counts.from_samples([0.5, np.nan])) == "Counts({0.5: 1, nan: 1})"
    assert repr(Counts.from_samples(np.array(["2020-01-01"], "M8[D]"))) == (
        "Counts({'2020-01-01': 1})"
    )
    assert repr(Counts.from_samples(np.arange(100))) == "Counts(100 values of int64, total 100)"


def test_equality() -> None:
    counts = Counts.from_samples([1, 2])
    assert counts != Counts.from_samples([1, 2, 2])
    assert counts != Counts.from_samples([1])
    assert counts != "12"
    assert counts != Counts.from_samples("12")


def test_measure_and_coder_share_the_counts() -> None:
    data = b"she sells sea shells by the sea shore" * 20
    counts = Counts.from_samples(data)
    assert counts.entropy() == pytest.approx(pyinfo.entropy(counts.counts), rel=1e-15)
    assert counts.entropy(base=math.e) == pytest.approx(counts.entropy() * math.log(2))
    code, model = counts.huffman_code(), counts.rans_model()
    assert code == HuffmanCode.from_samples(data) == HuffmanCode.from_counts(counts)
    assert model == RansModel.from_samples(data) == RansModel.from_counts(counts)
    assert counts.huffman_code(15).max_length <= 15
    assert code.decode(code.encode(data)).tobytes() == data
    assert counts.entropy() <= counts.expected_length(model) <= counts.expected_length(code)
    assert Counts.from_samples(b"\0").expected_length(code) == math.inf
    small = HuffmanCode.from_counts([1, 1])
    assert Counts.from_samples(b"\0\1\1").expected_length(small) == 1
    assert Counts.from_samples(b"\2").expected_length(small) == math.inf
    wide = Counts.from_samples(np.array([1, 60_000, 1], np.uint16))
    assert wide.huffman_code().lengths[60_000] == 1


def test_threads_count_at_once() -> None:
    samples = np.random.default_rng(0).integers(0, 2**40, 200_000)
    expected = Counts.from_samples(samples)
    results: list[Counts] = []

    def count() -> None:
        results.extend(Counts.from_samples(samples) for _ in range(3))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 12
    assert all(result == expected for result in results)


@pytest.mark.parametrize(
    ("values", "counts"),
    [
        (np.array([1, 2]), np.array([1], np.uint64)),
        (np.array([2, 1]), np.array([1, 1], np.uint64)),
        (np.array([1, 1]), np.array([1, 1], np.uint64)),
        (np.array([1, 2]), np.array([1, 0], np.uint64)),
        (np.array([1, 2]), np.array([1, np.nan])),
        (np.array([1, 2]), np.array([1.0, -1.0])),
        (np.array([1, 2]), np.array([1, 1j])),
        (np.array([1, 2]), np.array([1, 1])),
        (np.array([[1, 2]]), np.array([1, 1], np.uint64)),
        ([1, 2], [1, 1]),
        (None, None),
    ],
)
def test_pickles_of_what_is_no_table_are_refused(values: Any, counts: Any) -> None:
    with pytest.raises(ValueError, match=r"no table|not finite|negative|same number"):
        Counts.__new__(Counts).__setstate__((values, counts))


@pytest.mark.parametrize(
    "samples",
    [[1, 2, 2], ["a", None], [0.5, math.nan], [1j, 2], [(0, 1), "a"], [True], b"ab", [b"\0", b""]],
)
def test_pickles_of_every_kind(samples: Any) -> None:
    for weights in (None, np.arange(len(samples)) + 0.5):
        counts = Counts.from_samples(samples, weights=weights)
        assert pickle.loads(pickle.dumps(counts)) == counts
    nothing = Counts._of([], None)
    assert len(pickle.loads(pickle.dumps(nothing))) == 0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Counts.from_samples([]), ValueError, "samples must not be empty"),
        (lambda: Counts.from_samples(iter([1])), TypeError, "samples must be an array or a list"),
        (lambda: Counts.from_samples(np.zeros(2, "V0")), TypeError, "cannot be counted"),
        (lambda: Counts.from_samples([[1], [2, 3]]), ValueError, "samples must be an array"),
        (
            lambda: Counts.from_samples([1, 2], weights=[1]),
            ValueError,
            "number of elements, not 2 and 1",
        ),
        (lambda: Counts.from_samples([1, 2], weights=[1, -2]), ValueError, r"weights\[1\] = -2"),
        (lambda: Counts.from_samples([1], weights=[np.nan]), ValueError, r"\[0\] = nan is not fin"),
        (lambda: Counts.from_samples([1], weights=["a"]), TypeError, "weights must be real"),
        (lambda: Counts.from_samples([1], weights=[0]), ValueError, "weights are all zero"),
        (lambda: Counts.from_samples(np.array([{}])), TypeError, "must be hashable"),
        (lambda: Counts.from_chunks([]), ValueError, "chunks must not be empty"),
        (lambda: Counts.from_chunks([[], []]), ValueError, "chunks must not be empty"),
        (lambda: Counts([1, 1], [2, 3]), ValueError, "values must differ"),
        (
            lambda: Counts([1, 2], [2]),
            ValueError,
            "values and counts must have the same .* 2 and 1",
        ),
        (lambda: Counts([1, 2], [2, -3]), ValueError, r"counts\[1\] = -3 is negative"),
        (lambda: Counts([1, 2], [0, 0]), ValueError, "counts are all zero"),
        (lambda: Counts([1], [1]).merge(5), TypeError, "Counts merge with Counts, not int"),
        (lambda: Counts([1.5], [1]).huffman_code(), TypeError, "for integers, not for float64"),
        (lambda: Counts([-1], [1]).huffman_code(), ValueError, "from 0 to 65535, not -1"),
        (lambda: Counts([65536], [1]).rans_model(), ValueError, "from 0 to 65535, not 65536"),
        (
            lambda: Counts.from_samples(b"a", weights=[1]).rans_model(),
            TypeError,
            "integer counts, not of weighted",
        ),
    ],
)
def test_bad_input(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
