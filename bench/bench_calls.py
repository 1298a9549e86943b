"""Everything public next to its peers, a pytest-benchmark group for each piece of work and size.

Rows are pyinfo with every instruction set of the machine, references in plain Python or NumPy, and
what peers offer. All of them are checked to agree before they are timed. ``pytest bench``
(``--quick`` for sizes up to 10,000; ``--benchmark-json FILE`` keeps the figures). Small sizes
contain some 50 ns of pytest-benchmark's own loop: the cost of a call is measured by
``python -m bench.report --only call``.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.conftest import QUICK_LIMIT
from bench.growth.claim import function_of
from bench.growth.claims import CLAIMS
from bench.inputs.coded_bytes import BFLOAT16, FOUR_BITS, KINDS
from bench.inputs.samples import SAMPLES
from bench.peers import dependence
from bench.peers.candidate import is_own
from bench.peers.codecs import ZSTANDARD_INTO
from bench.peers.measures import MEASURES
from bench.processes.children import lasting_worker
from bench.processes.machine import active_isa, available_isas, versions
from bench.processes.workload import Workload

VECTORS = tuple(1 << k for k in (2, 5, 8, 11, 14, 17, 20, 22, 24))
FLOAT32 = ("entropy", "cross_entropy", "kl_divergence", "js_divergence")
BATCH = (10_000, 1_000)
BATCHED = ("entropy", "kl_divergence", "js_divergence")
CODED = (4096, 256 << 10, 16 << 20)
# What takes samples takes few of them, too: claims begin where growth shows.
FEW = (1 << 2, 1 << 5, 1 << 8, 1 << 11)
OF_SAMPLES = {*dependence.MEASURES, *(f"Counts.from_samples, {kind}" for kind in SAMPLES)}
ROUNDS = 5
SAMPLE_SECONDS = 0.005


class Clock:
    """A clock that stands still until somebody moves it: for what other processes time."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


CLOCK = Clock()


@dataclass(frozen=True)
class Group:
    """Work of one size that rows do; with instruction sets other than this process's, if wanted."""

    name: str
    workload: Workload
    n: int
    touched: int  # bytes
    elements: int  # what --quick goes by
    other_isas: bool = True

    def rows(self) -> Iterator[tuple[str, str | None]]:
        """Names, and the instruction sets of other processes."""
        for row in self.workload.rows():
            if row != ZSTANDARD_INTO:
                yield row, None
            if is_own(row) and self.other_isas:
                yield from ((row, isa) for isa in available_isas() if isa != active_isa())


def _groups() -> Iterator[Group]:
    for measure, of in MEASURES.items():
        dtypes = ("float64", "float32") if measure in FLOAT32 else ("float64",)
        works = [(dtype, (n,), None) for dtype in dtypes for n in VECTORS]
        batches = [("float64", BATCH, axis) for axis in (1, 0)] if measure in BATCHED else []
        for dtype, shape, axis in (*works, *batches):
            n = math.prod(shape)
            along = "" if axis is None else f" axis={axis}"
            name = f"{measure} {dtype} n={'x'.join(map(str, shape))}{along}"
            touched = n * np.dtype(dtype).itemsize * of.distributions
            yield Group(name, Workload("measure", (measure, dtype, shape, axis)), n, touched, n)

    for kind in (*KINDS, BFLOAT16):
        # What other instruction sets would show on the rest of the data is the same.
        all_sizes = kind in (FOUR_BITS, BFLOAT16)
        for size in CODED if all_sizes else CODED[-1:]:
            n = size // 2 if kind == BFLOAT16 else size
            for direction in ("encode", "decode"):
                workload = Workload("coding", (direction, kind, size))
                yield Group(f"{direction} {kind} n={n}", workload, n, size, size, all_sizes)

    for name, (cost, _) in CLAIMS.items():
        if function_of(name) not in (*MEASURES, "compress", "decompress"):
            few = FEW if name in OF_SAMPLES else ()
            for n in sorted({*few, *cost.quick_sizes[::3], *cost.sizes[::3]}):
                elements = n if cost.touched else 1 << n
                touched, workload = int(n * cost.touched), Workload("claim", (name, n))
                yield Group(f"{name} n={n}", workload, n, touched, elements)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for each row of each group; of small groups alone, if it is to be quick."""
    limit = QUICK_LIMIT if metafunc.config.getoption("--quick") else math.inf
    parameters = [
        pytest.param(
            *(group, row, isa),
            marks=[pytest.mark.benchmark(timer=CLOCK)] if isa else [],
            id=f"{group.name} {row}" + (f" ({isa})" if isa else ""),
        )
        for group in _groups()
        if group.elements <= limit
        for row, isa in group.rows()
    ]
    metafunc.parametrize(("group", "row", "isa"), parameters)


def test_call(benchmark: BenchmarkFixture, group: Group, row: str, isa: str | None) -> None:
    benchmark.group = group.name
    benchmark.extra_info.update(
        n=group.n,
        bytes=group.touched,
        workload=[group.workload.family, *group.workload.details],
        impl=row if isa is None else f"{row} ({isa})",
        isa=(isa or active_isa()) if is_own(row) else None,
        versions=versions(),
    )
    if isa is not None:
        _measure_elsewhere(benchmark, isa, group.workload, row)
        return
    candidate = group.workload.candidate(row)
    candidate.check()
    if candidate.size:
        benchmark.extra_info["coded_size"] = candidate.size
    call = candidate.call
    benchmark(call.function, *call.args, **call.options)


def _measure_elsewhere(benchmark: BenchmarkFixture, isa: str, workload: Workload, row: str) -> None:
    """Let a child make and time the call; pytest-benchmark's clock moves by what it measures."""
    worker = lasting_worker(isa)
    worker.forget()
    take = worker.prepare(workload, row)
    first = take(1)
    calls = max(1, min(int(SAMPLE_SECONDS / max(first, 1e-7)), 10_000))

    def sample() -> None:
        CLOCK.now += take(calls) / calls

    benchmark.pedantic(sample, rounds=ROUNDS, warmup_rounds=0 if first > SAMPLE_SECONDS else 1)
