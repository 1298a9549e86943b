"""HuffmanCode: lengths, codewords, expected lengths, code books. Messages: test_messages.py."""

from __future__ import annotations

import copy
import itertools
import json
import math
import pickle
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pyinfo
from pyinfo import HuffmanCode

pytestmark = pytest.mark.once

EXAMPLES = json.loads(
    (Path(__file__).parents[1] / "data" / "worked_examples.json").read_text("utf-8")
)

count_lists = st.lists(st.integers(0, 1000), min_size=1, max_size=60).filter(any)


def total_bits(code: HuffmanCode, counts: list[int]) -> int:
    return sum(n * int(length) for n, length in zip(counts, code.lengths, strict=True))


def best_bits(counts: list[int], longest: int) -> int:
    """Return the fewest bits that any prefix code takes, found by trying all lengths."""
    present = [n for n in counts if n > 0]
    lengths = range(1, longest + 1)
    return min(
        sum(n * length for n, length in zip(present, chosen, strict=True))
        for chosen in itertools.product(lengths, repeat=len(present))
        if sum(Fraction(1, 2**length) for length in chosen) <= 1
    )


# -- Construction ---------------------------------------------------------------------------------


@pytest.mark.parametrize("case", EXAMPLES["huffman"], ids=lambda c: c.get("text") or c["counts"])
def test_worked_example(case: dict[str, Any]) -> None:
    if "text" in case:
        counts = list(Counter(case["text"]).values())
        code = HuffmanCode.from_samples(case["text"].encode())
        assert code.decode(code.encode(case["text"].encode())).tobytes() == case["text"].encode()
    else:
        counts = case["counts"]
    code = HuffmanCode.from_counts(counts)
    bits = case["huffman_bits"]
    total = sum(counts)
    assert total_bits(code, counts) == bits
    assert code.expected_length(counts) * total == pytest.approx(bits, rel=1e-14)
    if "rate_8bit" in case:
        assert 8 * total / bits == pytest.approx(case["rate_8bit"], abs=5e-5)
    if "entropy_bits_total" in case:
        entropy = pyinfo.entropy(counts) * total
        assert entropy == pytest.approx(case["entropy_bits_total"], abs=5e-3)
        assert entropy <= bits


@pytest.mark.parametrize("longest", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(
    "counts",
    [[5], [3, 9], [1, 1, 1], [0, 7, 0, 1], [8, 5, 3, 2], [13, 8, 5, 3, 2], [1, 1, 1, 1, 50]],
)
def test_lengths_are_the_best(counts: list[int], longest: int) -> None:
    if sum(map(bool, counts)) > 2**longest:
        with pytest.raises(ValueError, match="need codewords of up to"):
            HuffmanCode.from_counts(counts, longest)
        return
    code = HuffmanCode.from_counts(counts, longest)
    assert code.max_length <= longest
    assert code.kraft_sum <= 1
    assert total_bits(code, counts) == best_bits(counts, longest)


@given(count_lists, st.integers(6, 16))
def test_codes_are_prefix_free_and_complete(counts: list[int], longest: int) -> None:
    code = HuffmanCode.from_counts(counts, longest)
    words = [word for word in code.codewords if word]
    assert [bool(word) for word in code.codewords] == [n > 0 for n in counts]
    assert [len(word) for word in code.codewords] == code.lengths.tolist()
    assert max(map(len, words)) == code.max_length <= longest
    for one, other in itertools.permutations(words, 2):
        assert not other.startswith(one)
    assert code.kraft_sum == (1 if len(words) > 1 else 0.5)
    assert HuffmanCode.from_lengths(code.lengths) == code
    # Canonical: in the order of length, then symbol, codewords rise as binary fractions.
    by_length = sorted((len(w), s) for s, w in enumerate(code.codewords) if w)
    fractions = [Fraction(int(code.codewords[s], 2), 2**length) for length, s in by_length]
    assert fractions == sorted(set(fractions))


@given(count_lists)
def test_expected_length_is_within_a_bit_of_the_entropy(counts: list[int]) -> None:
    code = HuffmanCode.from_counts(counts, 16)
    entropy = pyinfo.entropy(counts)
    assert entropy - 1e-9 <= code.expected_length(counts) < entropy + 1 + 1e-9


def test_fibonacci_counts_reach_any_limit() -> None:
    counts = [1, 1]
    while len(counts) < 40:
        counts.append(counts[-1] + counts[-2])
    previous = math.inf
    for longest in range(6, 17):
        code = HuffmanCode.from_counts(counts, longest)
        assert code.max_length == longest
        assert code.kraft_sum == 1
        assert code.expected_length(counts) < previous
        previous = code.expected_length(counts)


def test_large_counts() -> None:
    small = [5, 9, 12, 13, 16, 45]
    for factor in (2**40, 2**57):
        scaled = HuffmanCode.from_counts([n * factor for n in small])
        assert scaled == HuffmanCode.from_counts(small)
    assert HuffmanCode.from_counts([2**63, 2**63, 2**64 - 1]).max_length == 2


def test_equal_counts() -> None:
    assert set(HuffmanCode.from_counts([7] * 256).lengths) == {8}
    assert set(HuffmanCode.from_counts([1] * 65536, 16).lengths) == {16}
    assert sorted(HuffmanCode.from_counts([1] * 6).lengths) == [2, 2, 3, 3, 3, 3]


def test_single_symbol() -> None:
    code = HuffmanCode.from_counts([0, 0, 4])
    assert code.lengths.tolist() == [0, 0, 1]
    assert code.codewords == ("", "", "0")
    assert code.kraft_sum == 0.5
    assert code.expected_length([0, 0, 1]) == 1


def test_wide_alphabet() -> None:
    counts = np.random.default_rng(1).integers(0, 50, 5000)
    code = HuffmanCode.from_counts(counts, 15)
    assert code.dtype == np.uint16
    assert code.alphabet_size == 5000
    assert code.kraft_sum == 1
    entropy = pyinfo.entropy(counts)
    assert entropy <= code.expected_length(counts) < entropy + 0.1


def test_from_samples() -> None:
    data = b"abracadabra"
    counts = np.bincount(np.frombuffer(data, np.uint8), minlength=256)
    code = HuffmanCode.from_counts(counts)
    assert code.alphabet_size == 256
    for samples in (data, bytearray(data), memoryview(data), np.frombuffer(data, np.uint8)):
        assert HuffmanCode.from_samples(samples) == code
    grid = np.frombuffer(data + b"\0", np.uint8).reshape(2, 6)[:, ::-1]
    assert HuffmanCode.from_samples(grid) == HuffmanCode.from_samples(data + b"\0")
    wide = HuffmanCode.from_samples(np.array([5, 5, 40000], ">u2"))
    assert wide.alphabet_size == 65536
    assert np.flatnonzero(wide.lengths).tolist() == [5, 40000]


def test_from_lengths() -> None:
    assert HuffmanCode.from_lengths([2, 2, 2, 3, 3]).codewords == ("00", "01", "10", "110", "111")
    incomplete = HuffmanCode.from_lengths(np.array([3, 0, 1], np.int64))
    assert incomplete.codewords == ("100", "", "0")
    assert incomplete.kraft_sum == 0.625


# -- What a code says of itself -------------------------------------------------------------------


def test_expected_length() -> None:
    code = HuffmanCode.from_lengths([1, 2, 0, 3])
    assert code.expected_length([0.5, 0.25, 0, 0.25]) == 1.75
    assert code.expected_length([2, 1, 0, 1]) == 1.75
    assert code.expected_length(np.array([0.5, 0.25, 0, 0.25], np.float32)) == 1.75
    assert code.expected_length([2.0, 1.0, 0.0, 1.0], normalize=True) == 1.75
    assert code.expected_length([0.5, 0.25, 0.25, 0]) == math.inf
    assert math.isnan(code.expected_length([math.nan, 0.25, 0, 0.25]))
    with pytest.raises(ValueError, match=r"p sums to 1.5, not 1"):
        code.expected_length([1.0, 0.5, 0.0, 0.0])
    with pytest.raises(ValueError, match=r"p\[1\] = -1 is negative"):
        code.expected_length([2, -1, 0, 1])
    with pytest.raises(ValueError, match=r"p must be that of 4 symbols, not of shape \(3,\)"):
        code.expected_length([1, 2, 3])


@given(count_lists)
def test_expected_length_is_the_mean(counts: list[int]) -> None:
    code = HuffmanCode.from_counts(counts)
    mean = total_bits(code, counts) / sum(counts)
    assert code.expected_length(counts) == pytest.approx(mean, rel=1e-14)


def test_code_book() -> None:
    code = HuffmanCode.from_counts([45, 13, 0, 12])
    assert repr(code) == "HuffmanCode({0: '0', 1: '10', 3: '11'} of 4 symbols)"
    assert str(code).splitlines() == [
        "symbol  bits  codeword",
        "     0     1  0",
        "     1     2  10",
        "     3     2  11",
    ]
    assert "97 'a'     1  0" in str(HuffmanCode.from_samples(b"aab"))
    large = HuffmanCode.from_counts(range(1, 101))
    assert repr(large) == str(large)
    assert repr(large) == "HuffmanCode(100 of 100 symbols, codewords of 6 to 11 bits)"


def test_equality_and_copies() -> None:
    code = HuffmanCode.from_counts([3, 2, 1])
    assert code == HuffmanCode.from_counts([30, 20, 10])
    assert hash(code) == hash(HuffmanCode.from_counts([30, 20, 10]))
    assert code != HuffmanCode.from_counts([1, 2, 3])
    assert code != HuffmanCode.from_counts([3, 2, 1, 0])
    assert code != "code"
    message = code.encode(b"\0\1\2")
    for other in (pickle.loads(pickle.dumps(code)), copy.copy(code), copy.deepcopy(code)):
        assert other == code
        assert other.decode(message).tolist() == [0, 1, 2]


def test_properties_are_read_only() -> None:
    code = HuffmanCode.from_counts([3, 2, 1])
    with pytest.raises(ValueError, match="read-only"):
        code.lengths[0] = 5
    for name in ("lengths", "codewords", "kraft_sum", "dtype", "alphabet_size", "anything"):
        with pytest.raises(AttributeError):
            setattr(code, name, None)
    lengths = np.array([1, 1], np.uint8)
    code = HuffmanCode(lengths)
    lengths[:] = 0
    assert code.lengths.tolist() == [1, 1]


# -- Errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "error", "message"),
    [
        ([], ValueError, "counts must be those of 1 to 65536 symbols"),
        ([1] * 65537, ValueError, "counts must be those of 1 to 65536 symbols"),
        ([0, 0], ValueError, "counts are all zero: there is nothing to make a code for"),
        ([1, -2, -3], ValueError, r"counts\[1\] = -2 is negative"),
        ([[1, 2]], ValueError, "counts must have one dimension, not 2"),
        (7, ValueError, "counts must have one dimension, not 0"),
        ([0.5, 0.5], TypeError, "counts must be integers, not float64"),
        (["a"], TypeError, "counts must be integers, not <U1"),
        ([2**70, 1], TypeError, "counts must be integers, not object"),
        ([1] * 2049, ValueError, "2049 symbols need codewords of up to 12 bits or more: max_len"),
    ],
    ids=str,
)
def test_bad_counts(counts: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        HuffmanCode.from_counts(counts)


@pytest.mark.parametrize(
    ("longest", "error", "message"),
    [
        (0, ValueError, "max_length must be from 1 to 16, not 0"),
        (17, ValueError, "max_length must be from 1 to 16, not 17"),
        (-1, ValueError, "max_length must be from 1 to 16, not -1"),
        (2.0, TypeError, "max_length must be an integer, not float"),
        (None, TypeError, "max_length must be an integer, not NoneType"),
    ],
)
def test_bad_max_length(longest: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        HuffmanCode.from_counts([1, 2], longest)


@pytest.mark.parametrize(
    ("lengths", "error", "message"),
    [
        ([1, 1, 1], ValueError, "their Kraft sum is 98304 / 65536, above 1"),
        ([1, 17], ValueError, r"lengths\[1\] = 17 is above 16"),
        ([1, 257], ValueError, r"lengths\[1\] = 257 is above 16"),
        ([-1, 1], ValueError, r"lengths\[0\] = -1 is negative"),
        ([0, 0], ValueError, "no symbol has a code"),
        ([], ValueError, "lengths must be those of 1 to 65536 symbols"),
        ([1.0], TypeError, "lengths must be integers, not float64"),
    ],
    ids=str,
)
def test_bad_lengths(lengths: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        HuffmanCode.from_lengths(lengths)


@pytest.mark.parametrize(
    ("samples", "error", "message"),
    [
        (b"", ValueError, "samples must not be empty"),
        ("text", TypeError, "samples must be integers or bytes-like, not <U4"),
        ([1.5], TypeError, "samples must be integers or bytes-like, not float64"),
        ([1, 65536], ValueError, "from 0 to 65535, not 65536"),
        (np.array([0, -1], np.int8), ValueError, "from 0 to 65535, not -1"),
    ],
    ids=str,
)
def test_bad_samples(samples: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        HuffmanCode.from_samples(samples)


def test_samples_of_any_integers_that_fit() -> None:
    small, large = [3, 1, 3, 255], [3, 1, 3, 256]
    for samples in (small, np.array(small, np.int16), np.array(small, np.uint64)):
        assert HuffmanCode.from_samples(samples) == HuffmanCode.from_samples(bytes(small))
    wide = HuffmanCode.from_samples(np.array(large, np.uint16))
    for samples in (large, np.array(large, np.int64)):
        assert HuffmanCode.from_samples(samples) == wide
