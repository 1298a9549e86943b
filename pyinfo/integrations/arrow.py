"""Counting Arrow's columns and Parquet files, a chunk at a time.

Numbers and dates are counted where they are; strings and what else Arrow has become Python
objects, but only once for each different value of a chunk. Needs the extra ``pyinfo[arrow]``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from pyinfo._samples.samples import Array
from pyinfo.arguments import require_same_number
from pyinfo.counting.counts import Counts
from pyinfo.counting.joint_counts import JointCounts

__all__ = ["counts", "joint_counts", "parquet_counts"]


def counts(column: Any, *, skip_nulls: bool = False) -> Counts:
    """Count an Arrow array or a column of a table.

    Parameters
    ----------
    column : pyarrow Array or ChunkedArray
        Of any type whose values are hashable and sortable in Python.
    skip_nulls : bool, default False
        Whether to leave nulls out; otherwise they are an error.
    """
    if not isinstance(column, pa.Array | pa.ChunkedArray):
        raise TypeError(f"column must be an Arrow array, not {type(column).__name__}")
    return Counts.from_chunks(_chunk_counts(chunk, skip_nulls) for chunk in _chunks(column))


def joint_counts(*columns: Any, skip_nulls: bool = False) -> JointCounts:
    """Count what occurs together in Arrow arrays or columns.

    Parameters
    ----------
    *columns : pyarrow Arrays or ChunkedArrays
        Two or more of one length, chunked in any way.
    skip_nulls : bool, default False
        Whether to leave rows with a null out; otherwise they are an error.
    """
    names = [f"columns[{i}]" for i in range(len(columns))]
    require_same_number([len(column) for column in columns], names, "elements")
    table = pa.table(list(columns), [str(i) for i in range(len(columns))])
    return JointCounts.from_chunks(_rows(batch, skip_nulls) for batch in table.to_batches())


def parquet_counts(
    source: Any, *columns: str, skip_nulls: bool = False, batch_size: int = 1 << 18
) -> Any:
    """Count columns of a Parquet file, without reading more than a batch of rows at a time.

    Parameters
    ----------
    source : path or file
        As for `pyarrow.parquet.ParquetFile`.
    *columns : str
        One or more names of columns.
    skip_nulls : bool, default False
        Whether to leave rows with a null out; otherwise they are an error.
    batch_size : int, default 2**18
        How many rows to read at a time.

    Returns
    -------
    Counts or JointCounts
        Of one column, or of what occurs together in several.
    """
    if not columns:
        raise TypeError("parquet_counts() takes the name of a column or more")
    with pyarrow.parquet.ParquetFile(source) as file:
        unknown = sorted(set(columns) - set(file.schema_arrow.names))
        if unknown:
            raise ValueError(f"{source} has no column {unknown[0]!r}")
        batches = file.iter_batches(batch_size=batch_size, columns=list(columns))
        if len(columns) == 1:
            return Counts.from_chunks(
                _chunk_counts(batch.column(0), skip_nulls) for batch in batches
            )
        ordered = (batch.select(list(columns)) for batch in batches)
        return JointCounts.from_chunks(_rows(batch, skip_nulls) for batch in ordered)


def _chunks(column: Any) -> Iterator[Any]:
    return iter(column.chunks if isinstance(column, pa.ChunkedArray) else [column])


def _chunk_counts(chunk: Any, skip_nulls: bool) -> Counts:
    chunk = chunk.drop_null() if skip_nulls else _without_nulls(chunk)
    if _is_plain(chunk.type):
        return Counts._of(_plain(chunk), None)
    encoded = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
    labels = Counts._of(_plain(encoded.indices), None)
    # A dictionary may hold a value twice.
    return Counts._weighted(_objects(encoded.dictionary)[labels.values], labels.counts)


def _rows(batch: Any, skip_nulls: bool) -> tuple[Array, ...]:
    if skip_nulls:
        batch = batch.drop_null()
    return tuple(_samples(_without_nulls(column)) for column in batch.columns)


def _without_nulls(chunk: Any) -> Any:
    if chunk.null_count:
        raise ValueError(f"column has {chunk.null_count} nulls: skip_nulls=True leaves them out")
    return chunk


def _is_plain(kind: Any) -> bool:
    """Say whether NumPy has such a type."""
    is_a = pa.types
    return bool(
        is_a.is_boolean(kind)
        or is_a.is_integer(kind)
        or is_a.is_floating(kind)
        or is_a.is_date(kind)
        or is_a.is_timestamp(kind)
        or is_a.is_duration(kind)
    )


def _plain(chunk: Any) -> Array:
    array: Array = chunk.to_numpy(zero_copy_only=False)
    return array


def _samples(chunk: Any) -> Array:
    if pa.types.is_dictionary(chunk.type):
        return _objects(chunk.dictionary)[_plain(chunk.indices)]
    return _plain(chunk) if _is_plain(chunk.type) else _objects(chunk)


def _objects(chunk: Any) -> Array:
    array = np.empty(len(chunk), object)
    array[:] = chunk.to_pylist()
    return array
