"""Every public measure next to the NumPy lines and what peers offer, grouped by measure and size.

Rows are pyinfo with every instruction set of the machine, NumPy lines, and functions of peers.
``pytest bench`` (``--quick`` for sizes up to 10,000; ``--benchmark-json FILE`` keeps the figures).
Small sizes contain some 50 ns of pytest-benchmark's own loop: the cost of a call is measured by
``python -m bench.report --only call``.
"""

import functools
import math
from collections.abc import Iterator

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.inputs.distributions import Array, Shape
from bench.peers import measure_peers as peers
from bench.peers.candidates import PYINFO, Candidate, candidates, check_agreement
from bench.peers.measures import MEASURES
from bench.peers.reference import LINES
from bench.processes.elsewhere import CLOCK, Workers, isa_of, isa_row, measure_elsewhere, other_isas
from bench.processes.machine import active_isa, versions

SIZES = tuple(1 << k for k in (2, 5, 8, 11, 14, 17, 20, 22, 24))
FLOAT32 = ("entropy", "cross_entropy", "kl_divergence", "js_divergence")
BATCH: Shape = (10_000, 1_000)
BATCHED = ("entropy", "kl_divergence", "js_divergence")


def _rows(measure: str, dtype: str, batches: bool) -> Iterator[str]:
    yield PYINFO
    yield from (isa_row(isa) for isa in other_isas())
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


def _parameters(*, own: bool) -> Iterator[object]:
    """Rows that this process measures, or those of other instruction sets."""
    for measure, dtype, shape, axis in _workloads():
        for row in _rows(measure, dtype, batches=axis is not None):
            if own is (isa_of(row) is not None):
                continue
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


@pytest.mark.parametrize(("measure", "dtype", "shape", "axis", "row"), list(_parameters(own=True)))
def test_measure(
    benchmark: BenchmarkFixture, measure: str, dtype: str, shape: Shape, axis: int | None, row: str
) -> None:
    _, found = _prepared(measure, dtype, shape, axis)
    call = found[row].call
    _describe(benchmark, measure, dtype, shape, axis, row)
    benchmark(call.function, *call.args, **call.options)


@pytest.mark.benchmark(timer=CLOCK)
@pytest.mark.parametrize(("measure", "dtype", "shape", "axis", "row"), list(_parameters(own=False)))
def test_measure_with_other_instruction_sets(
    benchmark: BenchmarkFixture,
    workers: Workers,
    measure: str,
    dtype: str,
    shape: Shape,
    axis: int | None,
    row: str,
) -> None:
    worker = workers[isa_of(row)]
    worker.prepare("measure", measure, dtype, shape, axis, PYINFO)
    _describe(benchmark, measure, dtype, shape, axis, row)
    measure_elsewhere(benchmark, worker)


def _describe(
    benchmark: BenchmarkFixture, measure: str, dtype: str, shape: Shape, axis: int | None, row: str
) -> None:
    n = math.prod(shape)
    of_pyinfo = row == PYINFO or row in map(isa_row, other_isas())
    benchmark.group = _group(measure, dtype, shape, axis)
    benchmark.extra_info.update(
        n=n,
        shape=shape,
        bytes=n * np.dtype(dtype).itemsize * MEASURES[measure].distributions,
        impl=row,
        isa=(isa_of(row) or active_isa()) if of_pyinfo else None,
        versions=versions(*peers.installed()),
    )
