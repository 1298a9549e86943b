"""One wording for an argument that is wrong, whichever function it is given to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pyinfo
from pyinfo import _core

pytestmark = pytest.mark.once

COIN = np.array([0.5, 0.5])
CODE = _core.huffman_code(np.array([1, 1], np.uint8))
MESSAGE = _core.encode_message(CODE, b"\0\1\1")

THREADS: list[Callable[[Any], Any]] = [
    _core.thread_count,
    lambda threads: pyinfo.entropy(COIN, threads=threads),
    lambda threads: pyinfo.kl_divergence(COIN, COIN, threads=threads),
    lambda threads: _core.pairwise_information(
        np.zeros((1, 4), np.uint8), np.ones(1, np.uint32), threads
    ),
]
BASES: list[Callable[[Any], Any]] = [
    _core.checked_base,
    lambda base: pyinfo.entropy(COIN, base=base),
    lambda base: pyinfo.information_content(COIN, base=base),
]
# Each has a result of three elements.
OUTS: list[tuple[Callable[[Any], Any], str]] = [
    (lambda out: pyinfo.entropy(np.full((3, 2), 0.5), out=out), "float64"),
    (lambda out: pyinfo.information_content(np.full(3, 0.5), out=out), "float64"),
    (lambda out: _core.decode_message(CODE, MESSAGE, out, None), "uint8"),
    (lambda out: _core.checked_out(out, np.dtype("<i2"), (3,)), "int16"),
]


def sentence(call: Callable[[Any], Any], argument: Any, error: type[Exception]) -> str:
    with pytest.raises(error) as raised:
        call(argument)
    assert type(raised.value) is error
    return str(raised.value)


@pytest.mark.parametrize("call", THREADS)
def test_threads(call: Callable[[Any], Any]) -> None:
    for wrong in (-1, 4097, 10**30):
        expected = f"threads must be 0 (all cores) or a positive number up to 4096, not {wrong}"
        assert sentence(call, wrong, ValueError) == expected
    assert sentence(call, "2", TypeError) == "threads must be an integer, not str"
    assert sentence(call, 2.0, TypeError) == "threads must be an integer, not float"


def test_thread_count() -> None:
    assert _core.thread_count(3) == 3
    assert _core.thread_count(np.int8(3)) == 3
    assert _core.thread_count(0) >= 1


@pytest.mark.parametrize("call", BASES)
def test_base(call: Callable[[Any], Any]) -> None:
    for wrong in (0.0, -2.0, 1.0, np.inf, np.nan):
        expected = f"base must be positive, finite and not 1, not {wrong:g}"
        assert sentence(call, wrong, ValueError) == expected
    assert sentence(call, "2", TypeError) == "base must be a real number, not str"
    call(np.e)


@pytest.mark.parametrize(("call", "dtype"), OUTS)
def test_out(call: Callable[[Any], Any], dtype: str) -> None:
    right = np.zeros(3, dtype)
    assert call(right) is right
    assert sentence(call, [0, 0, 0], TypeError) == f"out must be an array of {dtype}, not list"
    for other in (np.zeros(3, "u2"), np.zeros(3, ">f8")):
        expected = f"out must be an array of {dtype}, not of {other.dtype}"
        assert sentence(call, other, TypeError) == expected
    right.setflags(write=False)
    assert sentence(call, right, ValueError) == "out is read-only"
    assert sentence(call, np.zeros(4, dtype), ValueError) in (
        "out has shape (4,), the result has (3,)",
        "out has 4 elements, the result has 3",
    )


def test_sizes() -> None:
    """Empty data, lengths that differ, and bytes that are no whole number of items."""
    assert sentence(pyinfo.entropy, [], ValueError) == "p must not be empty along axis 0"
    x = np.arange(3)
    for wrong in (x[:2], np.zeros(0, int)):
        expected = f"x and y must have the same length, not 3 and {len(wrong)}"
        assert sentence(lambda y: _core.joint_table(x, y), wrong, ValueError) == expected
    expected = "weights and samples must have the same length, not 2 and 3"
    weights = np.ones(2, np.uint64)
    assert sentence(lambda w: _core.count_values(x, w), weights, ValueError) == expected
    expected = "data holds 3 bytes, which is no whole number of items of 2"
    assert sentence(lambda size: _core.byte_counts(b"abc", size), 2, ValueError) == expected
    writer = _core.FrameWriter(2, b"", 16, 0, 2, 1, False)
    assert sentence(writer.write, b"abc", ValueError) == expected
