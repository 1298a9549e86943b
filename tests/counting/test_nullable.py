"""Integers and booleans with nulls are counted as what they are, not as Python objects."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pyarrow
import pytest

import pyinfo
from pyinfo import Counts, JointCounts
from pyinfo._samples.nullable import NullableArray
from pyinfo._samples.samples import read_samples
from support.distributions import rng

pandas = pytest.importorskip("pandas", reason="pandas is not installed (extra bench)")
polars = pytest.importorskip("polars", reason="polars is not installed (extra bench)")

TYPES = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool"]


def with_nulls(dtype: str, n: int, share: float, seed: int = 1) -> tuple[Any, list[Any]]:
    """An Arrow array, and its elements as Python has them; extreme values are among them."""
    random = rng(seed)
    if dtype == "bool":
        values = random.random(n) < 0.5
    else:
        limits = np.iinfo(dtype)
        edges = np.array([limits.min, limits.min + 1, 5, 6, 7, limits.max - 1, limits.max], dtype)
        values = edges[random.integers(0, len(edges), n)]
    column = pyarrow.array(values, mask=random.random(n) < share)
    return column, column.to_pylist()


def as_objects(values: list[Any]) -> np.ndarray:
    return np.fromiter(values, object, len(values))


def same(a: Counts, b: Counts) -> bool:
    kinds = list(map(type, a.values)) == list(map(type, b.values))
    return a == b and kinds and a.values.dtype == b.values.dtype == object


@pytest.mark.parametrize("share", [0.3, 1.0])
@pytest.mark.parametrize("dtype", TYPES)
def test_counted_as_objects_are(dtype: str, share: float) -> None:
    column, values = with_nulls(dtype, 400, share)
    objects = as_objects(values)
    for given in (
        column,
        polars.Series(column),
    ):
        counts = Counts.from_samples(given)
        assert same(counts, Counts.from_samples(objects))
        assert counts.values[-1] is None
        weights = rng(2).integers(0, 3, len(values)) * 0.1
        assert same(
            Counts.from_samples(given, weights=weights),
            Counts.from_samples(objects, weights=weights),
        )
        other = rng(3).integers(0, 4, len(values))
        assert JointCounts.from_samples(given, other) == JointCounts.from_samples(objects, other)
        for measure in (pyinfo.mutual_information, pyinfo.conditional_entropy):
            assert measure(given, other) == measure(objects, other)
        assert pyinfo.entropy_of(given) == pyinfo.entropy_of(objects)
        if len(values) > 3:
            assert pyinfo.transfer_entropy(given, other) == pyinfo.transfer_entropy(objects, other)


def test_pandas_columns() -> None:
    _, values = with_nulls("int32", 300, 0.2)
    series = pandas.Series(pandas.array(values, dtype="Int32"))
    objects = as_objects(values)
    assert same(Counts.from_samples(series), Counts.from_samples(objects))
    frame = pandas.DataFrame({"a": series, "b": series[::-1].reset_index(drop=True)})
    expected = pyinfo.pairwise_mutual_information(np.stack([objects, objects[::-1]], axis=1))
    np.testing.assert_array_equal(pyinfo.pairwise_mutual_information(frame), expected)
    assert pyinfo.total_correlation(frame) == pytest.approx(expected[0, 1], rel=1e-12)


def test_tables_grow_by_columns_with_and_without_nulls() -> None:
    column, values = with_nulls("int64", 300, 0.2)
    plain = [value for value in values if value is not None]
    counts = Counts.from_samples(np.array(plain))
    counts.update(column)
    counts.update(column, weights=np.ones(len(values)))
    expected = Counts.from_samples(as_objects([*plain, *values, *values]))
    assert dict(zip(counts.values, counts.counts, strict=True)) == dict(
        zip(expected.values, expected.counts, strict=True)
    )


def test_masked_elements_beside_nulls() -> None:
    column, values = with_nulls("int16", 100, 0.3)
    mask = np.arange(100) % 3 == 0
    masked = np.ma.array(np.arange(100), mask=mask)
    joint = JointCounts.from_samples(column, masked)
    kept = [value for value, hidden in zip(values, mask, strict=True) if not hidden]
    assert same(joint.marginal(0), Counts.from_samples(as_objects(kept)))


@pytest.mark.once
def test_no_object_is_made_for_an_element() -> None:
    n = 200_000
    values = rng(1).integers(0, 1000, n) + 10**6
    column = pandas.Series(pandas.array(values, dtype="Int64"))
    column[rng(2).random(n) < 0.1] = pandas.NA
    assert isinstance(read_samples(column).array, NullableArray)
    tracemalloc.start()
    Counts.from_samples(column)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 28 * n  # objects and pointers to them take 40 bytes
