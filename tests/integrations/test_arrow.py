"""Counts of Arrow's arrays and of Parquet files."""

from __future__ import annotations

import decimal
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pyinfo import Counts, JointCounts

pa = pytest.importorskip("pyarrow", reason="needs pyarrow", exc_type=ImportError)
parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow", exc_type=ImportError)

from pyinfo.integrations import arrow  # noqa: E402

pytestmark = pytest.mark.once


def test_plain_types() -> None:
    random = np.random.default_rng(0)
    for dtype in ("u1", "i2", "i8", "f2", "f4", "f8", "?", "M8[D]", "M8[ms]", "m8[us]"):
        samples = random.integers(0, 2 if dtype == "?" else 50, 1000).astype(dtype)
        chunks = [pa.array(part) for part in np.array_split(samples, 7)]
        assert arrow.counts(chunks[0]) == Counts.from_samples(np.array_split(samples, 7)[0])
        assert arrow.counts(pa.chunked_array(chunks)) == Counts.from_samples(samples)


def test_other_types() -> None:
    words = ["b", "a", "b", "日本", ""] * 20
    expected = Counts.from_samples(np.array(words, object))
    for kind in (pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())):
        column = pa.chunked_array([pa.array(words[:37], kind), pa.array(words[37:], kind)])
        assert arrow.counts(column) == expected
    numbers = [decimal.Decimal("1.50"), decimal.Decimal("-2.25"), decimal.Decimal("1.50")]
    assert arrow.counts(pa.array(numbers)) == Counts.from_samples(np.array(numbers, object))


def test_nulls() -> None:
    column = pa.array([1, None, 2, 1])
    assert arrow.counts(column) == Counts.from_samples([1, None, 2, 1])
    words = pa.chunked_array([["b", None, "a"], ["b", None]])
    for kind in (words.type, pa.dictionary(pa.int8(), pa.string())):
        assert arrow.counts(words.cast(kind)) == Counts.from_samples(["b", None, "a", "b", None])
    assert arrow.counts(words, skip_nulls=True).counts.tolist() == [1, 2]
    assert arrow.counts(column, skip_nulls=True) == Counts([1, 2], [2, 1])
    other = pa.array(["a", "b", None, "a"])
    joint = arrow.joint_counts(column, other, skip_nulls=True)
    assert joint == JointCounts.from_samples([1, 1], np.array(["a", "a"], object))


def test_columns_together_and_parquet(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    x = random.integers(0, 9, 5000)
    words = np.array(["p", "q", "r"])[random.integers(0, 3, 5000)]
    table = pa.table({"x": x, "word": words, "f": x / 7})
    joint = JointCounts.from_samples(words.astype(object), x)
    pieces = pa.chunked_array([x[:100], x[100:]])
    assert arrow.joint_counts(table["word"], pieces) == joint
    path = tmp_path / "table.parquet"
    parquet.write_table(table, path, row_group_size=700)
    assert arrow.parquet_counts(path, "f", batch_size=300) == Counts.from_samples(x / 7)
    assert arrow.parquet_counts(path, "word", "x", batch_size=300) == joint


def test_nested_types_and_identifiers() -> None:
    lists = pa.array([[1, 2], [1], [1, 2], None])
    counted = arrow.counts(lists)
    assert counted.values.tolist() == [(1,), (1, 2), None]
    assert counted.counts.tolist() == [1, 2, 1]
    rows = pa.array([{"a": 1, "b": "x"}, {"a": 1, "b": "x"}, {"a": 2, "b": None}])
    assert arrow.counts(rows).counts.tolist() == [2, 1]
    names = [uuid.UUID(int=n).bytes for n in (3, 1, 3)]
    found = arrow.counts(pa.array(names, pa.binary(16)).cast(pa.binary(16)).cast(pa.uuid()))
    assert found.counts.tolist() == [1, 2]
    assert arrow.joint_counts(lists, pa.array([1, 1, 1, None])).counts.tolist() == [1, 2, 1]


def test_folders_of_parquet_files(tmp_path: Path) -> None:
    x = np.random.default_rng(0).integers(0, 9, 5000)
    for i, part in enumerate(np.array_split(x, 4)):
        folder = tmp_path / f"half={i // 2}"
        folder.mkdir(exist_ok=True)
        parquet.write_table(pa.table({"x": part, "y": part % 2}), folder / f"part.{i}.parquet")
    (tmp_path / "_SUCCESS").touch()
    assert arrow.parquet_counts(tmp_path, "x", batch_size=300) == Counts.from_samples(x)
    assert arrow.parquet_counts(str(tmp_path), "half") == Counts([0, 1], [2500, 2500])
    assert arrow.parquet_counts(tmp_path, "y", "x") == JointCounts.from_samples(x % 2, x)
    with pytest.raises(ValueError, match="has no column 'z'"):
        arrow.parquet_counts(tmp_path, "z")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda _: arrow.counts([1]), TypeError, "must be an Arrow array, not list"),
        (
            lambda _: arrow.joint_counts(pa.array([1]), pa.array([1, 2])),
            ValueError,
            r"columns\[0\] and columns\[1\] must have the same number of elements, not 1 and 2",
        ),
        (lambda path: arrow.parquet_counts(path), TypeError, "the name of a column"),
        (lambda path: arrow.parquet_counts(path, "y"), ValueError, "has no column 'y'"),
        (lambda _: arrow.counts(pa.array([], pa.int64())), ValueError, "chunks must not be empty"),
    ],
)
def test_bad_input(tmp_path: Path, call: Any, error: type[Exception], message: str) -> None:
    path = tmp_path / "table.parquet"
    parquet.write_table(pa.table({"x": [1]}), path)
    with pytest.raises(error, match=message):
        call(path)
