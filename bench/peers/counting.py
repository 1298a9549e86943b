"""What other packages count samples with, each only if it is installed."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

import pyinfo
from bench.inputs.distributions import Array
from bench.inputs.samples import SAMPLES
from bench.peers.candidate import PYINFO, Candidate, installed
from pyinfo.testing.timing import Call

UNIQUE, BINCOUNT = "np.unique", "np.bincount"
PACKAGES = ("pandas", "polars")


def _value_counts(package: str) -> Callable[[Array], Call]:
    """Those of pandas and polars, which hold the samples as a series already."""
    return lambda samples: Call(import_module(package).Series(samples).value_counts)


_CALLS: Mapping[str, Callable[[Array], Call]] = {
    UNIQUE: lambda samples: Call(np.unique, (samples,), {"return_counts": True}),
    BINCOUNT: lambda samples: Call(np.bincount, (samples,)),
    **{f"{package} value_counts": _value_counts(package) for package in PACKAGES},
}


def rows(kind: str, _: int = 0) -> list[str]:
    """pyinfo, NumPy's functions, and peers that are installed."""
    bincount = [BINCOUNT] if kind.startswith("uint") else []
    there = (f"{package} value_counts" for package in installed(*PACKAGES))
    return [PYINFO, UNIQUE, *bincount, *there]


def candidate(row: str, kind: str, n: int) -> Candidate:
    """Count n samples of a kind, as one of them does."""
    own = Call(pyinfo.Counts.from_samples, (SAMPLES[kind](n),))
    return Candidate(own) if row == PYINFO else counted_by(row, own)


def counted_by(row: str, own: Call) -> Candidate:
    """A peer's way to count what pyinfo's call counts; the counts have to be the same."""
    call = _CALLS[row](*own.args)

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
