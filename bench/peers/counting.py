"""What other packages count samples with, each only if it is installed."""

import functools
from importlib import import_module
from typing import Any

import numpy as np

import pyinfo
from bench.inputs.distributions import Array
from bench.inputs.samples import SAMPLES
from bench.peers.candidate import Candidate, Ways, installed, ways
from pyinfo.testing.timing import Call

UNIQUE, BINCOUNT = "np.unique", "np.bincount"


def peers(kind: str) -> list[str]:
    """NumPy's functions for such samples, and peers that are installed."""
    there = (f"{package} value_counts" for package in installed("pandas", "polars"))
    return [UNIQUE, *([BINCOUNT] if kind.startswith("uint") else []), *there]


def counting(kind: str, n: int) -> Ways:
    """Count n samples of a kind."""
    others = {row: functools.partial(counted_by, row) for row in peers(kind)}
    return ways(lambda: Call(pyinfo.Counts.from_samples, (SAMPLES[kind](n),)), others)


def counted_by(row: str, own: Call) -> Candidate:
    """A peer's way to count what pyinfo's call counts; the counts have to be the same."""
    (samples,) = own.args
    if row == UNIQUE:
        call = Call(np.unique, (samples,), {"return_counts": True})
    elif row == BINCOUNT:
        call = Call(np.bincount, (samples,))
    else:  # pandas and polars hold the samples as a series already
        call = Call(import_module(row.split()[0]).Series(samples).value_counts)

    def check() -> None:
        (values, counts), expected = _counted(call()), own()
        order = np.argsort(values)
        np.testing.assert_array_equal(values[order], expected.values, row)
        np.testing.assert_array_equal(counts[order], expected.counts, row)

    return Candidate(call, check)


def _counted(result: Any) -> tuple[Array, Array]:
    """Values and counts of a peer's result, in any order."""
    if isinstance(result, tuple):
        return result
    if isinstance(result, np.ndarray):
        return np.flatnonzero(result), result[result > 0]
    if hasattr(result, "columns"):
        values, counts = (result[column].to_numpy() for column in result.columns)
    else:
        values, counts = result.index.to_numpy(), result.to_numpy()
    return (values.astype(np.str_) if values.dtype.kind == "O" else values), counts
