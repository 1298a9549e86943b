"""`JointCounts` against collections.Counter; marginals, conditionals, parts and the whole."""

from __future__ import annotations

import math
import pickle
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pyinfo
from pyinfo import Counts, JointCounts, _core


def assert_right(joint: JointCounts, *columns: np.ndarray) -> None:
    lists = [column.ravel().tolist() for column in columns]
    expected = Counter(zip(*lists, strict=True))
    indices, counts = joint.cells
    found = [
        tuple(values[i] for values, i in zip(joint.variables, row, strict=True))
        for row in indices.tolist()
    ]
    assert [tuple(np.asarray(v).item() for v in row) for row in found] == sorted(expected)
    assert counts.dtype == np.uint64
    assert counts.tolist() == [expected[key] for key in sorted(expected)]
    assert joint.total == len(lists[0])
    for i, column in enumerate(columns):
        assert joint.marginal(i) == Counts.from_samples(column)


def drawn(n: int, seed: int = 0) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {
        "small": random.integers(-3, 3, n).astype(np.int8),
        "bool": random.integers(0, 2, n).astype(bool),
        "labels": random.integers(0, 300, n),
        "far": random.integers(0, 5, n).astype(np.uint64) << np.uint64(60),
        "float": random.integers(-2, 3, n) / 7,
        "text": np.array(["a", "bc", "d"])[random.integers(0, 3, n)],
        "object": np.array([None, 1], object)[random.integers(1, 2, n)],
    }


@pytest.mark.parametrize("n", [1, 2, 7, 100, 5000])
def test_pairs_of_all_kinds(n: int) -> None:
    columns = drawn(n)
    for x in columns.values():
        for y in columns.values():
            assert_right(JointCounts.from_samples(x, y), x, y)


def test_every_length_up_to_300() -> None:
    columns = drawn(300)
    for n in range(1, 301):
        x, y = columns["small"][:n], columns["labels"][:n]
        assert_right(JointCounts.from_samples(x, y), x, y)


def test_three_variables_and_more() -> None:
    columns = list(drawn(1000).values())
    joint = JointCounts.from_samples(*columns)
    assert_right(joint, *columns)
    assert joint.marginal(2, 0) == JointCounts.from_samples(columns[2], columns[0])
    assert joint.marginal(-2, 1, 4) == JointCounts.from_samples(columns[-2], columns[1], columns[4])


def test_more_combinations_than_64_bits_number() -> None:
    columns = [np.random.default_rng(i).permutation(5000) for i in range(7)]
    columns[3] = columns[0] // 100
    joint = JointCounts.from_samples(*columns)
    assert_right(joint, *columns)
    assert joint.marginal(0, 3) == JointCounts.from_samples(columns[0], columns[3])


def test_the_dense_table() -> None:
    x, y = np.random.default_rng(0).integers(0, 50, (2, 10_000))
    table = JointCounts.from_samples(x, y).table()
    expected = np.zeros((50, 50), np.uint64)
    np.add.at(expected, (x, y), np.uint64(1))
    np.testing.assert_array_equal(table, expected)
    counted = _core.joint_table(x - 7, y.astype(np.uint8))
    assert counted is not None
    np.testing.assert_array_equal(counted[0], expected)
    assert counted[1:] == (-7, 0)
    assert _core.joint_table(x * 2**40, y) is None
    assert _core.joint_table(x.astype(float), y) is None
    assert _core.joint_table(x[:0], y[:0]) is None


@pytest.mark.parametrize("sizes", [(3, 2), (256, 256), (1000, 1000), (70_000, 20)])
def test_tables_whose_range_grows(sizes: tuple[int, int]) -> None:
    n = 400_000
    x = np.arange(n) * sizes[0] // n - sizes[0] // 2
    y = np.random.default_rng(0).integers(0, sizes[1], n)
    for a, b in ((x, y), (y, x[::-1].copy())):
        found = _core.joint_table(a, b)
        assert found is not None
        table, first_a, first_b = found
        assert (first_a, first_b) == (a.min(), b.min())
        rows, columns = (int(np.ptp(v)) + 1 for v in (a, b))
        expected = np.bincount((a - first_a) * columns + b - first_b, minlength=rows * columns)
        np.testing.assert_array_equal(table.ravel(), expected)


def test_conditionals() -> None:
    x, y, z = np.random.default_rng(0).integers(0, 4, (3, 500))
    joint = JointCounts.from_samples(x, y, z)
    assert joint.conditional({1: 2, 0: 3}) == Counts.from_samples(z[(y == 2) & (x == 3)])
    assert joint.conditional({-1: 0}) == JointCounts.from_samples(x[z == 0], y[z == 0])
    with_nan = JointCounts.from_samples([np.nan, 1.0, np.nan], ["a", "b", "a"])
    assert with_nan.conditional({0: np.nan}) == Counts(["a"], [2])


@given(st.lists(st.tuples(st.integers(-2, 2), st.sampled_from("abc")), min_size=1), st.data())
def test_parts_count_as_the_whole(pairs: list[tuple[int, str]], data: Any) -> None:
    x, y = np.array([a for a, _ in pairs]), np.array([b for _, b in pairs])
    whole = JointCounts.from_samples(x, y)
    assert_right(whole, x, y)
    at = data.draw(st.integers(1, len(pairs)))
    parts = [(x[:at], y[:at]), (x[at:], y[at:])]
    assert JointCounts.from_chunks(parts) == whole
    streamed = JointCounts.from_samples(*parts[0])
    streamed.update(*parts[1])
    assert streamed == whole
    if at < len(pairs):
        assert JointCounts.from_samples(*parts[0]) + JointCounts.from_samples(*parts[1]) == whole
    assert pickle.loads(pickle.dumps(whole)) == whole


def test_weights() -> None:
    random = np.random.default_rng(0)
    x, y = random.integers(0, 5, (2, 1000))
    weights = random.uniform(size=1000)
    joint = JointCounts.from_samples(x, y, weights=weights)
    expected = np.zeros((5, 5))
    np.add.at(expected, (x, y), weights)
    np.testing.assert_array_equal(joint.table(), expected)
    streamed = JointCounts.from_samples(x[:300], y[:300], weights=weights[:300])
    streamed.update(x[300:], y[300:], weights=weights[300:])
    assert streamed == joint


def test_entropy_and_mutual_information() -> None:
    random = np.random.default_rng(0)
    x = random.integers(0, 20, 5000)
    y = np.where(random.uniform(size=5000) < 0.3, x, random.integers(0, 20, 5000))
    joint = JointCounts.from_samples(x, y)
    marginals = [joint.marginal(i).entropy() for i in (0, 1)]
    assert joint.entropy() == pytest.approx(pyinfo.entropy(joint.counts), rel=1e-15)
    expected = sum(marginals) - joint.entropy()
    assert joint.mutual_information() == pytest.approx(expected, rel=1e-12)
    assert joint.mutual_information(base=math.e) == pytest.approx(expected * math.log(2))
    independent = JointCounts.from_samples(np.repeat(range(7), 11), np.tile(range(11), 7))
    assert independent.mutual_information() == pytest.approx(0, abs=1e-17)
    assert JointCounts.from_samples(x, x).mutual_information() == pytest.approx(marginals[0])


def test_immutable_parts_and_repr() -> None:
    joint = JointCounts.from_samples([1, 2], "ab")
    assert repr(joint) == "JointCounts(2 of 2 x 2 combinations, total 2)"
    for array in (*joint.cells, *joint.variables):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[1]
    assert joint != JointCounts.from_samples([1, 2], "ba")
    assert joint != "joint"
    with pytest.raises(TypeError, match="unhashable"):
        hash(joint)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: JointCounts(), TypeError, "made by JointCounts.from_samples"),
        (lambda: JointCounts.from_samples([1]), TypeError, "two variables or more, not 1"),
        (
            lambda: JointCounts.from_samples([1], [1, 2]),
            ValueError,
            r"samples\[0\] and samples\[1\] must have the same number of samples, not 1 and 2",
        ),
        (lambda: JointCounts.from_samples([], []), ValueError, "samples must not be empty"),
        (lambda: JointCounts.from_samples([1], {}), TypeError, r"samples\[1\] must be an array"),
        (lambda: JointCounts.from_samples([1], [1], weights=[-1]), ValueError, "is negative"),
        (lambda: JointCounts.from_samples([1], [1], weights=[0]), ValueError, "all zero"),
        (lambda: JointCounts.from_chunks([]), ValueError, "chunks must not be empty"),
        (lambda: _JOINT.marginal(), TypeError, "the number of a variable"),
        (lambda: _JOINT.marginal(2), ValueError, "no variable 2: there are 2"),
        (lambda: _JOINT.marginal(0, -2), ValueError, "must differ"),
        (lambda: _JOINT.conditional({0: 5}), ValueError, "no samples with"),
        (lambda: _JOINT.conditional({0: 1, 1: "a"}), ValueError, "must leave a variable"),
        (lambda: _JOINT.update([1]), TypeError, "of 2 variables, not of 1"),
        (lambda: _JOINT.merge(5), TypeError, "merge with JointCounts, not int"),
        (
            lambda: _JOINT + JointCounts.from_samples([1], [2], [3]),
            ValueError,
            "of 2 and of 3 variables",
        ),
        (
            lambda: JointCounts.from_samples([1], [2], [3]).mutual_information(),
            ValueError,
            "that of 2 variables, not of 3",
        ),
        (lambda: _WIDE.table(), ValueError, "50000 x 50000 elements is too large"),
    ],
)
def test_bad_input(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


_JOINT = JointCounts.from_samples([1, 2], "ab")
_WIDE = JointCounts.from_samples(range(50_000), range(50_000))


def test_pickles_of_what_is_no_table_are_refused() -> None:
    joint = JointCounts.from_samples([1, 1, 2], ["a", "b", "b"])
    assert pickle.loads(pickle.dumps(joint)) == joint
    weighted = JointCounts.from_samples([1, 1, 2], [1j, 2, 2], weights=[0.5, 1, 2])
    assert pickle.loads(pickle.dumps(weighted)) == weighted
    variables, cells, counts = joint.__getstate__()
    huge = cells.copy()
    huge[0, 0] = 2**32 - 1
    for state in (
        (variables, huge, counts),
        (variables, cells[::-1].copy(), counts),
        (variables, cells[:2], counts),
        (variables, cells.astype(np.int64), counts),
        (variables[:1], cells[:, :1].copy(), counts),
        ((variables[0][::-1].copy(), variables[1]), cells, counts),
        ((np.array([1, 2, 3]), variables[1]), cells, counts),
        (variables, cells, counts * 0),
        (variables, cells, counts * np.nan),
    ):
        with pytest.raises(ValueError, match=r"no table|not finite"):
            JointCounts.__new__(JointCounts).__setstate__(state)
