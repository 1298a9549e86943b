"""Counting what does not fit into memory, or lies on many machines: Dask's collections.

Every block is counted where it is, and the counts are merged in a tree, so that what moves are
tables of different values, never samples. Results are lazy: ``entropy(x).compute()``.

Needs the extra ``pyinfo[dask]``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, SupportsIndex

import dask.array
import numpy as np
from dask.delayed import delayed

from pyinfo.arguments import integer, require_not_empty, require_same_number
from pyinfo.counting.counts import Counts
from pyinfo.counting.joint_counts import JointCounts
from pyinfo.monitoring import Drift
from pyinfo.monitoring import drift as drift_of_counts

__all__ = ["counts", "drift", "entropy", "joint_counts", "mutual_information"]


def counts(collection: Any, *, split_every: SupportsIndex = 8) -> Any:
    """Count a Dask collection.

    Parameters
    ----------
    collection : dask Array, Bag, Series or anything else with ``to_delayed()``
        Blocks may be empty. The items of a bag are samples.
    split_every : int, default 8
        How many tables are merged at a time.

    Returns
    -------
    Delayed
        Computes to `Counts`.
    """
    count = delayed(_block_counts, pure=True)
    tables = [count(block) for block in _blocks(collection, "collection")]
    return delayed(_not_empty, pure=True)(_tree(tables, split_every))


def joint_counts(*collections: Any, split_every: SupportsIndex = 8) -> Any:
    """Count what occurs together in Dask arrays, or in other collections of equal blocks.

    Parameters
    ----------
    *collections : dask Arrays of one shape, or other collections
        Two or more. Arrays are rechunked as the first one is; others must have equal blocks.
    split_every : int, default 8
        How many tables are merged at a time.

    Returns
    -------
    Delayed
        Computes to `JointCounts`.
    """
    if len(collections) < 2:
        raise TypeError(f"joint counts are those of two variables or more, not {len(collections)}")
    count = delayed(_block_joint_counts, pure=True)
    columns = [_blocks(each, f"collections[{i}]") for i, each in enumerate(_aligned(collections))]
    blocks = [len(column) for column in columns]
    require_same_number(blocks, [f"collections[{i}]" for i in range(len(blocks))], "blocks")
    tables = [count(*parts) for parts in zip(*columns, strict=True)]
    return delayed(_not_empty, pure=True)(_tree(tables, split_every))


def drift(reference: Any, current: Any, *, split_every: SupportsIndex = 8, **options: Any) -> Any:
    """Compare the samples in two Dask collections, or those of one with counts.

    Parameters
    ----------
    reference, current
        As for `counts`; or `Counts`, such as those that an earlier run has kept. Every value is a
        category: numbers want to be put into bins before (``dask.array.digitize``).
    split_every : int, default 8
        How many tables are merged at a time.
    **options
        As for `pyinfo.drift`.

    Returns
    -------
    Delayed
        Computes to `Drift`.
    """
    tables = [
        each if isinstance(each, Counts) else counts(each, split_every=split_every)
        for each in (reference, current)
    ]
    return delayed(_drift, pure=True)(*tables, options)


def entropy(
    collection: Any,
    *,
    base: float = 2,
    estimator: str = "plugin",
    split_every: SupportsIndex = 8,
) -> Any:
    """Return the entropy of the samples in a Dask collection.

    Parameters
    ----------
    collection, split_every
        As for `counts`.
    base, estimator
        As for `Counts.entropy`.

    Returns
    -------
    Delayed
        Computes to a float.
    """
    table = counts(collection, split_every=split_every)
    return delayed(_entropy, pure=True)(table, base, estimator)


def mutual_information(x: Any, y: Any, *, base: float = 2, split_every: SupportsIndex = 8) -> Any:
    """Return the mutual information of the samples in two Dask collections.

    Parameters
    ----------
    x, y, split_every
        As for `joint_counts`.
    base : float, default 2
        Bits by default; ``math.e`` gives nats.

    Returns
    -------
    Delayed
        Computes to a float, which is not negative.
    """
    table = joint_counts(x, y, split_every=split_every)
    return delayed(_mutual_information, pure=True)(table, base)


def _aligned(collections: Sequence[Any]) -> Sequence[Any]:
    """Return arrays with the blocks of the first one; other collections as they are."""
    first = collections[0]
    if not all(isinstance(each, dask.array.Array) for each in collections):
        return collections
    for each in collections[1:]:
        # Sizes that are not known yet compare unequal: then the blocks are taken to fit.
        known = not np.isnan([*first.shape, *each.shape]).any()
        if first.ndim != each.ndim or (known and first.shape != each.shape):
            raise ValueError(f"arrays must have one shape, not {first.shape} and {each.shape}")
    return [
        each
        if np.isnan(each.shape).any() or each.chunks == first.chunks
        else each.rechunk(first.chunks)
        for each in collections
    ]


def _blocks(collection: Any, name: str) -> list[Any]:
    if not hasattr(collection, "to_delayed"):
        raise TypeError(f"{name} must be a Dask collection, not {type(collection).__name__}")
    blocks = np.asarray(collection.to_delayed(), dtype=object).ravel().tolist()
    require_not_empty(len(blocks), name)
    return list(blocks)


def _tree(tables: list[Any], split_every: SupportsIndex) -> Any:
    width = integer(split_every, "split_every", least=2)
    merge = delayed(_merged, pure=True)
    while len(tables) > 1:
        tables = [merge(tables[i : i + width]) for i in range(0, len(tables), width)]
    return tables[0]


# What runs on the workers: functions of a module, so that they are sent by name.


def _samples(block: Any) -> Any:
    # The blocks of bags are lists or iterators.
    return block if hasattr(block, "__array__") else list(block)


def _block_counts(block: Any) -> Counts:
    return Counts._of(_samples(block), None)


def _block_joint_counts(*blocks: Any) -> JointCounts:
    return JointCounts._of([_samples(block) for block in blocks], None)


def _merged(tables: Sequence[Any]) -> Any:
    return tables[0].merge(*tables[1:])


def _not_empty(table: Any) -> Any:
    require_not_empty(len(table), "collection")
    return table


def _entropy(table: Counts, base: float, estimator: Any) -> float:
    return float(table.entropy(base=base, estimator=estimator))


def _drift(reference: Counts, current: Counts, options: dict[str, Any]) -> Drift:
    return drift_of_counts(reference, current, **options)


def _mutual_information(table: JointCounts, base: float) -> float:
    return table.mutual_information(base=base)
