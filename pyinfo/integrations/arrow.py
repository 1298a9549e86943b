"""Counting Arrow's columns and Parquet files, a chunk at a time.

Numbers and dates are counted where they are; strings and what else Arrow has become Python
objects, but only once for each different value of a chunk. Needs the extra ``pyinfo[arrow]``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset
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
        Of any type. Values of lists and structures are tuples.
    skip_nulls : bool, default False
        Whether to leave nulls out; otherwise they are one value, the last.
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
        Whether to leave rows with a null out; otherwise null is a value like others.
    """
    names = [f"columns[{i}]" for i in range(len(columns))]
    require_same_number([len(column) for column in columns], names, "elements")
    table = pa.table(list(columns), [str(i) for i in range(len(columns))])
    return JointCounts.from_chunks(_rows(batch, skip_nulls) for batch in table.to_batches())


def parquet_counts(
    source: Any, *columns: str, skip_nulls: bool = False, batch_size: int = 1 << 18
) -> Any:
    """Count columns of Parquet files, without reading more than a batch of rows at a time.

    Parameters
    ----------
    source : path or file
        As for `pyarrow.parquet.ParquetFile`; or a folder of such files, as Dask and Spark write
        them, also with folders ``name=value``, which are columns as well.
    *columns : str
        One or more names of columns.
    skip_nulls : bool, default False
        Whether to leave rows with a null out; otherwise null is a value like others.
    batch_size : int, default 2**18
        How many rows to read at a time.

    Returns
    -------
    Counts or JointCounts
        Of one column, or of what occurs together in several.
    """
    if not columns:
        raise TypeError("parquet_counts() takes the name of a column or more")
    batches = _batches(source, columns, batch_size)
    if len(columns) == 1:
        return Counts.from_chunks(_chunk_counts(batch.column(0), skip_nulls) for batch in batches)
    return JointCounts.from_chunks(_rows(batch, skip_nulls) for batch in batches)


def _chunks(column: Any) -> Iterator[Any]:
    return iter(column.chunks if isinstance(column, pa.ChunkedArray) else [column])


def _chunk_counts(chunk: Any, skip_nulls: bool) -> Counts:
    if skip_nulls:
        chunk = chunk.drop_null()
    if not pa.types.is_dictionary(chunk.type):
        if _is_plain(chunk.type):
            return Counts._of(chunk, None)
        try:
            chunk = chunk.dictionary_encode()
        except pa.ArrowNotImplementedError:  # of lists and structures, say
            return Counts._of(chunk, None)
    labels = Counts._of(chunk.indices.drop_null(), None)
    # A dictionary may hold a value twice, and null as well.
    objects = _objects([*chunk.dictionary.to_pylist(), None])
    places = np.append(labels.values.astype(np.intp), len(objects) - 1)
    numbers = np.append(labels.counts, np.uint64(chunk.indices.null_count))
    return Counts._weighted(objects[places], numbers)


def _rows(batch: Any, skip_nulls: bool) -> tuple[Any, ...]:
    return tuple((batch.drop_null() if skip_nulls else batch).columns)


def _batches(source: Any, columns: Sequence[str], batch_size: int) -> Iterator[Any]:
    """Return the rows of a file, or of all files of a folder as Dask and Spark write them."""
    if isinstance(source, str | PathLike) and Path(source).is_dir():
        folder = pyarrow.dataset.dataset(source, format="parquet", partitioning="hive")
        _require_columns(source, columns, folder.schema.names)
        yield from folder.to_batches(columns=list(columns), batch_size=batch_size)
        return
    with pyarrow.parquet.ParquetFile(source) as file:
        _require_columns(source, columns, file.schema_arrow.names)
        for batch in file.iter_batches(batch_size=batch_size, columns=list(columns)):
            yield batch.select(list(columns))


def _require_columns(source: Any, columns: Sequence[str], names: Sequence[str]) -> None:
    unknown = sorted(set(columns) - set(names))
    if unknown:
        raise ValueError(f"{source} has no column {unknown[0]!r}")


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


def _objects(values: list[Any]) -> Array:
    return np.fromiter(values, object, len(values))
