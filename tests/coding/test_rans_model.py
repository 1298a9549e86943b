"""RansModel: frequencies, expected lengths, tables. Messages: test_messages.py."""

from __future__ import annotations

import copy
import itertools
import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pyinfo
from pyinfo import RansModel

pytestmark = pytest.mark.once

count_lists = st.lists(st.integers(0, 10**6), min_size=1, max_size=200).filter(any)


def total_bits(counts: list[int], frequencies: Any, precision: int) -> float:
    """Return what the symbols take, without the rounding to bits of a stream."""
    return sum(
        n * (precision - math.log2(f)) for n, f in zip(counts, frequencies, strict=True) if n
    )


# -- Construction ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "counts",
    [[1, 1, 1], [5, 9, 1], [1000, 1, 1], [0, 3, 17, 1], [10**12, 10**6, 1], [7, 7, 7]],
)
def test_frequencies_are_the_best(counts: list[int]) -> None:
    """Of all that sum to 256, for three symbols."""
    present = [n for n in counts if n]
    best = min(
        total_bits(present, (a, b, 256 - a - b), 8)
        for a, b in itertools.product(range(1, 255), repeat=2)
        if a + b < 256
    )
    model = RansModel.from_counts(counts, 8)
    assert total_bits(counts, model.frequencies, 8) == pytest.approx(best, rel=1e-12)


@given(count_lists, st.integers(8, 16))
def test_frequencies_are_a_distribution(counts: list[int], precision: int) -> None:
    model = RansModel.from_counts(counts, precision)
    assert model.precision == precision
    assert model.frequencies.dtype == np.uint32
    assert model.frequencies.sum() == 2**precision
    assert [f > 0 for f in model.frequencies] == [n > 0 for n in counts]
    assert model.dtype == np.uint8
    # Never below the entropy; above it by what the quantisation costs.
    assert model.expected_length(counts) >= pyinfo.entropy(counts) - 1e-9


@given(count_lists)
def test_no_transfer_of_a_slot_would_help(counts: list[int]) -> None:
    """At precision 13, where the vector decoder's layout asks for nothing."""
    frequencies = RansModel.from_counts(counts, 13).frequencies
    present = [(n, int(f)) for n, f in zip(counts, frequencies, strict=True) if n]
    gain = max(n * math.log2((f + 1) / f) for n, f in present)
    loss = min((n * math.log2(f / (f - 1)) for n, f in present if f > 1), default=math.inf)
    assert gain <= loss * (1 + 1e-7)


def test_overhead_above_the_entropy() -> None:
    rng = np.random.default_rng(2)
    for alphabet in (3, 40, 256):
        counts = (rng.dirichlet(np.full(alphabet, 0.3)) * 2**18).astype(int) + 1
        entropy = pyinfo.entropy(counts)
        assert entropy <= RansModel.from_counts(counts).expected_length(counts) <= entropy * 1.005


def test_large_counts() -> None:
    small = [5, 9, 12, 13, 16, 45]
    for factor in (2**40, 2**57):
        assert RansModel.from_counts([n * factor for n in small]) == RansModel.from_counts(small)


def test_single_symbol() -> None:
    for precision in (8, 12, 16):
        model = RansModel.from_counts([0, 9], precision)
        assert model.frequencies.tolist() == [0, 2**precision]
        assert model.expected_length([0, 1]) == 0
        assert len(model.encode(bytes([1] * 100_000))) < 20


def test_equal_counts() -> None:
    assert set(RansModel.from_counts([3] * 256).frequencies) == {16}
    assert set(RansModel.from_counts([3] * 256, 8).frequencies) == {1}
    wide = RansModel.from_counts([1] * 65536, 16)
    assert wide.dtype == np.uint16
    assert set(wide.frequencies) == {1}


def test_from_samples() -> None:
    data = b"abracadabra"
    model = RansModel.from_counts(np.bincount(np.frombuffer(data, np.uint8), minlength=256))
    for samples in (data, bytearray(data), np.frombuffer(data, np.uint8)):
        assert RansModel.from_samples(samples) == model
    assert RansModel.from_samples(np.array([5, 5, 40000], np.uint16), 16).alphabet_size == 65536


def test_from_frequencies() -> None:
    for precision in range(8, 17):
        model = RansModel.from_frequencies([2**precision - 3, 0, 3])
        assert model.precision == precision
        assert RansModel.from_frequencies(model.frequencies) == model


# -- What a model says of itself ------------------------------------------------------------------


def test_expected_length() -> None:
    model = RansModel.from_frequencies([2048, 1024, 0, 1024])
    assert model.expected_length([0.5, 0.25, 0, 0.25]) == 1.5
    assert model.expected_length([0, 3, 0, 3]) == 2
    assert model.expected_length([1.0, 0.0, 0.0, 1.0], normalize=True) == 1.5
    assert model.expected_length([0.5, 0.25, 0.25, 0]) == math.inf
    with pytest.raises(ValueError, match="p must be that of 4 symbols"):
        model.expected_length([0.5, 0.5])


@given(count_lists)
def test_expected_length_is_the_mean(counts: list[int]) -> None:
    model = RansModel.from_counts(counts)
    mean = total_bits(counts, model.frequencies, 12) / sum(counts)
    assert model.expected_length(counts) == pytest.approx(mean, rel=1e-12, abs=1e-15)


def test_table() -> None:
    model = RansModel.from_frequencies([3072, 0, 1024])
    assert repr(model) == "RansModel({0: 3072, 2: 1024} of 3 symbols, precision 12)"
    assert str(model).splitlines() == [
        "symbol    frequency  bits",
        "     0  3072 / 4096  0.415",
        "     2  1024 / 4096  2.000",
    ]
    large = RansModel.from_counts(range(100))
    assert repr(large) == str(large) == "RansModel(99 of 100 symbols, precision 12)"


def test_equality_and_copies() -> None:
    model = RansModel.from_counts([3, 2, 1])
    assert model == RansModel.from_counts([30, 20, 10])
    assert hash(model) == hash(RansModel.from_counts([30, 20, 10]))
    assert model != RansModel.from_counts([3, 2, 1], 13)
    assert model != pyinfo.HuffmanCode.from_counts([3, 2, 1])
    message = model.encode(b"\0\1\2")
    for other in (pickle.loads(pickle.dumps(model)), copy.copy(model), copy.deepcopy(model)):
        assert other == model
        assert other.decode(message).tolist() == [0, 1, 2]


def test_frequencies_are_read_only() -> None:
    model = RansModel.from_counts([3, 2, 1])
    with pytest.raises(ValueError, match="read-only"):
        model.frequencies[0] = 5
    with pytest.raises(AttributeError):
        model.precision = 3


# -- Errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "precision", "error", "message"),
    [
        ([0, 0], 12, ValueError, "counts are all zero"),
        ([-1, 0], 12, ValueError, r"counts\[0\] = -1 is negative"),
        ([0.5], 12, TypeError, "counts must be integers, not float64"),
        ([1, 1], 7, ValueError, "precision must be from 8 to 16, not 7"),
        ([1, 1], 17, ValueError, "precision must be from 8 to 16, not 17"),
        ([1, 1], 12.0, TypeError, "precision must be an integer, not float"),
        ([1] * 4097, 12, ValueError, "4097 symbols need a precision of 13 or more: precision is"),
    ],
    ids=str,
)
def test_bad_counts(counts: Any, precision: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        RansModel.from_counts(counts, precision)


@pytest.mark.parametrize(
    ("frequencies", "error", "message"),
    [
        ([], ValueError, "frequencies must be those of 1 to 65536 symbols"),
        ([4095], ValueError, "frequencies sum to 4095, which is not a power of two from 256 to"),
        ([64, 64], ValueError, "frequencies sum to 128, which is not a power of two"),
        ([65536, 65536], ValueError, "frequencies sum to 131072, which is not a power of two"),
        ([2**32, 4096], ValueError, r"frequencies\[0\] = 4294967296 is above 65536"),
        ([-4, 4100], ValueError, r"frequencies\[0\] = -4 is negative"),
        ([4096.0], TypeError, "frequencies must be integers, not float64"),
        ([[2048, 2048]], ValueError, "frequencies must have one dimension, not 2"),
    ],
    ids=str,
)
def test_bad_frequencies(frequencies: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        RansModel.from_frequencies(frequencies)
