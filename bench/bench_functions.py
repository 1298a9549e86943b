"""Every other public function and method, by what `bench.growth.claims` says, next to peers.

Groups per function and size: pyinfo with every instruction set of the machine, a reference in plain
Python or NumPy, and what peers offer (`bench.peers.function_peers`).
"""

from collections.abc import Iterator

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.growth.claim import Claim
from bench.growth.claims import CLAIMS
from bench.peers import counting, function_peers, sample_peers
from bench.peers.measures import MEASURES
from bench.processes.elsewhere import CLOCK, Workers, isa_of, isa_row, measure_elsewhere, other_isas
from bench.processes.machine import active_isa, versions

PYINFO = "pyinfo"
# bench_measures and bench_coding have these.
ELSEWHERE = {*MEASURES, "compress", "decompress"}
SUBJECTS = {name: claim for name, claim in CLAIMS.items() if claim.function not in ELSEWHERE}

# What takes samples takes few of them, too: claims begin where growth shows.
SMALL = (1 << 2, 1 << 5, 1 << 8, 1 << 11)
OF_SAMPLES = {*sample_peers.PEERS, *counting.PEERS}


def _sizes(claim: Claim) -> set[int]:
    small = SMALL if claim.name in OF_SAMPLES else ()
    return {*small, *claim.quick_sizes[::3], *claim.sizes[::3]}


def _parameters(*, own: bool) -> Iterator[object]:
    for name, claim in SUBJECTS.items():
        for n in sorted(_sizes(claim)):
            rows = [PYINFO, *function_peers.names(name)] if own else map(isa_row, other_isas())
            for row in rows:
                elements = n if claim.touched else 1 << n
                mark = pytest.mark.elements(elements)
                yield pytest.param(name, n, row, marks=mark, id=f"{name} n={n} {row}")


@pytest.mark.parametrize(("name", "n", "row"), list(_parameters(own=True)))
def test_function(benchmark: BenchmarkFixture, name: str, n: int, row: str) -> None:
    call = SUBJECTS[name].prepare(n) if row == PYINFO else function_peers.call(name, row, n)
    _describe(benchmark, SUBJECTS[name], n, row)
    benchmark(call.function, *call.args, **call.options)


@pytest.mark.benchmark(timer=CLOCK)
@pytest.mark.parametrize(("name", "n", "row"), list(_parameters(own=False)))
def test_function_with_other_instruction_sets(
    benchmark: BenchmarkFixture, workers: Workers, name: str, n: int, row: str
) -> None:
    worker = workers[isa_of(row)]
    worker.prepare("claim", name, n)
    _describe(benchmark, SUBJECTS[name], n, row)
    measure_elsewhere(benchmark, worker)


def _describe(benchmark: BenchmarkFixture, claim: Claim, n: int, row: str) -> None:
    benchmark.group = f"{claim.name} n={n}"
    benchmark.extra_info.update(
        n=n,
        bytes=int(n * claim.touched),
        impl=row,
        isa=(isa_of(row) or active_isa()) if row.startswith(PYINFO) else None,
        versions=versions(*function_peers.PACKAGES.values()),
    )
