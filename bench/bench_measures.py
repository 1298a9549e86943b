"""Every public measure next to the NumPy lines and what peers offer, grouped by measure and size.

``pytest bench`` (``--quick`` for sizes up to 10,000; ``--benchmark-json FILE`` keeps the figures).
Small sizes contain some 50 ns of pytest-benchmark's own loop: the cost of a call is measured by
``python -m bench.report --only call``.
"""

import functools
import math
from collections.abc import Iterator

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from . import peers
from .candidates import Candidate, candidates, check_agreement
from .inputs import Array, Shape
from .machine import active_isa, versions
from .measures import MEASURES
from .reference import LINES

SIZES = (4, 1_000, 100_000, 1_000_000, 10_000_000)
FLOAT32 = ("entropy", "cross_entropy", "kl_divergence", "js_divergence")
BATCH: Shape = (10_000, 1_000)
BATCHED = ("entropy", "kl_divergence", "js_divergence")


def _rows(measure: str, dtype: str, batches: bool) -> Iterator[str]:
    yield "pyinfo"
    yield from (f"numpy: {line.text}" for line in LINES[measure] if line.batches or not batches)
    for peer in peers.functions(measure):
        if dtype in peer.dtypes and (peer.batches or not batches):
            yield peer.name


def _workloads() -> Iterator[tuple[str, str, Shape, int | None]]:
    for measure in MEASURES:
        for dtype in ("float64", "float32") if measure in FLOAT32 else ("float64",):
            for n in SIZES:
                yield measure, dtype, (n,), None
    for measure in BATCHED:
        for axis in (1, 0):
            yield measure, "float64", BATCH, axis


def _parameters() -> Iterator[object]:
    for measure, dtype, shape, axis in _workloads():
        for row in _rows(measure, dtype, batches=axis is not None):
            yield pytest.param(
                measure,
                dtype,
                shape,
                axis,
                row,
                marks=pytest.mark.elements(math.prod(shape)),
                id=f"{_group(measure, dtype, shape, axis)} {row}",
            )


def _group(measure: str, dtype: str, shape: Shape, axis: int | None) -> str:
    size = "x".join(map(str, shape))
    return f"{measure} {dtype} n={size}" + ("" if axis is None else f" axis={axis}")


@functools.lru_cache(maxsize=1)
def _prepared(
    measure: str, dtype: str, shape: Shape, axis: int | None
) -> tuple[tuple[Array, ...], dict[str, Candidate]]:
    """Inputs of one group and everything that computes it, checked to agree."""
    inputs = MEASURES[measure].inputs(shape, dtype, -1 if axis is None else axis)
    found = candidates(measure, inputs, axis)
    check_agreement(measure, inputs, found)
    return inputs, {candidate.name: candidate for candidate in found}


@pytest.mark.parametrize(("measure", "dtype", "shape", "axis", "row"), list(_parameters()))
def test_measure(
    benchmark: BenchmarkFixture, measure: str, dtype: str, shape: Shape, axis: int | None, row: str
) -> None:
    inputs, found = _prepared(measure, dtype, shape, axis)
    call = found[row].call
    benchmark.group = _group(measure, dtype, shape, axis)
    benchmark.extra_info.update(
        n=math.prod(shape),
        shape=shape,
        bytes=sum(values.nbytes for values in inputs),
        impl=row,
        isa=active_isa() if row == "pyinfo" else None,
        versions=versions(*peers.installed()),
    )
    benchmark(call.function, *call.args, **call.options)
