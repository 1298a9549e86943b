"""Codes made of probabilities, Huffman's and rANS models alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyinfo import HuffmanCode, RansModel

CODES = pytest.mark.parametrize("code", [HuffmanCode, RansModel])


def has_code(code: HuffmanCode | RansModel) -> np.ndarray:
    return (code.lengths if isinstance(code, HuffmanCode) else code.frequencies) > 0


@CODES
@given(counts=st.lists(st.integers(0, 10**6), min_size=1, max_size=200).filter(any))
def test_from_probabilities_is_from_counts_in_the_same_ratios(code: Any, counts: list[int]) -> None:
    p = np.array(counts) / sum(counts)
    found = code.from_probabilities(p, 16)
    assert np.array_equal(has_code(found), p > 0)
    exact = code.from_counts(counts, 16)
    # Ties may be broken otherwise, which costs nothing.
    assert found.expected_length(p, normalize=True) == pytest.approx(
        exact.expected_length(p, normalize=True), rel=1e-6
    )


@CODES
def test_from_probabilities(code: Any) -> None:
    even = code.from_probabilities([0.5, 0.25, 0.125, 0.125])
    assert even == code.from_counts([4, 2, 1, 1])
    assert code.from_probabilities([4, 2, 1, 1]) == even  # integers are counts
    assert code.from_probabilities([8.0, 4.0, 2.0, 2.0], normalize=True) == even
    assert not has_code(code.from_probabilities(np.float32([0.5, 0.5, 0])))[2]
    tiny = code.from_probabilities([1 - 1e-300, 1e-300])
    assert has_code(tiny).all()
    for wrong, message in (
        ([0.5, 0.4], "sum"),
        ([0.5, -0.5, 1.0], "p"),
        ([[0.5, 0.5]], "one dimension"),
        ([], "1 to 65536"),
        ([np.nan, 1.0], "finite"),
        (0.5, "one dimension"),
    ):
        with pytest.raises(ValueError, match=message):
            code.from_probabilities(wrong)
    with pytest.raises(ValueError, match="need"):
        code.from_probabilities(np.full(300, 1 / 300), 8)
