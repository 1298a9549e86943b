"""Lists of one type of Python's own are read in one pass, and nothing else is."""

from __future__ import annotations

import enum
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyinfo import _core
from pyinfo.arrays import read

pytestmark = pytest.mark.once


class Number(int):
    """What NumPy would make a plain integer of."""


class Colour(str, enum.Enum):  # noqa: UP042 - StrEnum would be the same text
    """What NumPy would make plain text of."""

    RED = "red"


@given(
    st.one_of(
        st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1),
        st.lists(st.floats(), min_size=1),
        st.lists(st.booleans(), min_size=1),
        st.lists(st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"])), min_size=1),
    )
)
def test_plain_lists_are_read_as_numpy_reads_them(items: list[Any]) -> None:
    expected = np.asarray(items)
    for given_items in (items, tuple(items)):
        found = _core.plain_vector(given_items)
        assert found is not None
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
        assert found.flags.writeable
        assert found.flags.c_contiguous


@pytest.mark.parametrize(
    "items",
    [
        [],
        [1, 2.5],
        [2.5, 1],
        [1, True],
        [True, 1],
        [1, 2**63],
        [-(2**63) - 1, 1],
        [1.5, None],
        ["a", b"a"],
        ["a", None],
        ["a\0"],
        ["a", "\0b"],
        [b"a"],
        [Number(1)],
        [1, Number(1)],
        ["a", Colour.RED],
        [np.float64(1)],
        [1.5, np.float64(1)],
        [[1], [2]],
        [np.ma.masked],
        [1j],
        range(3),
        "abc",
        {1: 2},
        np.arange(3),
    ],
    ids=repr,
)
def test_nothing_is_guessed(items: Any) -> None:
    assert _core.plain_vector(items) is None


def test_the_front_door_uses_it() -> None:
    for items in ([1, 2], [math.pi], ["a", "bc"], [True], (1, 2)):
        found = read(items, "x")
        assert found.missing is found.masked is None
        np.testing.assert_array_equal(found.array, np.asarray(items))


def test_subclasses_of_lists_are_asked_for_their_elements() -> None:
    class Doubled(list[int]):
        def __iter__(self) -> Any:
            return (2 * item for item in super().__iter__())

    assert _core.plain_vector(Doubled([1, 2])) is None


@given(st.lists(st.integers(-(2**31), 2**31 - 1)))
def test_integers_of_32_bits(items: list[int]) -> None:
    for given_items in (items, tuple(items)):
        found = _core.int32_vector(given_items)
        assert found is not None
        assert found.dtype == np.int32
        assert found.tolist() == items


@pytest.mark.parametrize("n", [0, 1, 23, 24, 25, 48, 40_000])
def test_many_integers_of_32_bits(n: int) -> None:
    """Their memory is theirs for as long as they are there, and used again only then."""
    items = np.random.default_rng(n).integers(-(2**31), 2**31, n).tolist()
    first = _core.int32_vector(items)
    second = _core.int32_vector([~item for item in items])
    assert first is not None
    assert second is not None
    assert first.tolist() == items
    view = first[n // 2 :]
    del first
    for _ in range(3):
        assert _core.int32_vector([0] * n) is not None
    assert view.tolist() == items[n // 2 :]
    assert second.tolist() == [~item for item in items]
    for at in {0, n // 2, n - 1} & set(range(n)):
        wrong: list[object] = list(items)
        wrong[at] = 1.0
        assert _core.int32_vector(wrong) is None


@pytest.mark.parametrize(
    "items",
    [
        [2**31],
        [1, -(2**31) - 1],
        [2**64],
        [1, 2**70],
        [True],
        [1, 1.0],
        [Number(1)],
        [np.int32(1)],
        [[1]],
        range(3),
        np.arange(3),
        None,
    ],
    ids=repr,
)
def test_nothing_else_is_made_an_integer_of_32_bits(items: Any) -> None:
    assert _core.int32_vector(items) is None
