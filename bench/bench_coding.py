"""Whole coding calls next to peers, grouped by direction, data and size: ``pytest bench``.

Every codec is seen to return the data before it is timed. Decoders fill an array that is there
already where their interface allows it; encoders make new bytes.
"""

import functools
from collections.abc import Iterator

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.inputs.coding_inputs import FOUR_BITS, KINDS, RANDOM, coding_data
from bench.peers import codecs
from bench.peers.codecs import PYINFO, PYINFO_CODERS, Codec, peer_codecs, pyinfo_codec
from bench.peers.weights_codecs import KIND, rows, weights_codec
from bench.processes.elsewhere import CLOCK, Workers, isa_of, isa_row, measure_elsewhere, other_isas
from bench.processes.machine import active_isa, versions

SIZES = (4096, 256 << 10, 16 << 20)


def _parameters() -> Iterator[object]:
    for kind in KINDS:
        for n in SIZES if kind == FOUR_BITS else SIZES[-1:]:
            for direction in ("encode", "decode"):
                for row in _rows(kind):
                    yield pytest.param(
                        direction,
                        kind,
                        n,
                        row,
                        marks=pytest.mark.elements(n),
                        id=f"{direction} {kind} n={n} {row}",
                    )


def _rows(kind: str) -> Iterator[str]:
    yield from PYINFO_CODERS if kind != RANDOM else ["auto"]
    yield from codecs.installed()


@functools.lru_cache(maxsize=4)
def _prepared(kind: str, n: int, row: str) -> Codec:
    data = coding_data(kind, n)
    if row in PYINFO_CODERS:
        return pyinfo_codec(row, data)
    return peer_codecs(data, row)[0]


@pytest.mark.parametrize(("direction", "kind", "n", "row"), list(_parameters()))
def test_coding(benchmark: BenchmarkFixture, direction: str, kind: str, n: int, row: str) -> None:
    codec = _prepared(kind, n, row)
    call = getattr(codec, direction)
    benchmark.group = f"{direction} {kind} n={n}"
    benchmark.extra_info.update(
        n=n,
        bytes=n,
        impl=codec.name,
        coded_size=codec.size,
        isa=active_isa() if codec.owner.startswith(PYINFO) else None,
        versions=versions(*codecs.installed()),
    )
    benchmark(call.function, *call.args, **call.options)


def _elsewhere() -> Iterator[object]:
    """pyinfo's own coders on one kind of data: what the others would show is the same."""
    for n in SIZES:
        for direction in ("encode", "decode"):
            for coder in PYINFO_CODERS:
                for isa in other_isas():
                    yield pytest.param(
                        direction,
                        n,
                        coder,
                        isa_row(isa),
                        marks=pytest.mark.elements(n),
                        id=f"{direction} {FOUR_BITS} n={n} {coder} {isa}",
                    )


@pytest.mark.benchmark(timer=CLOCK)
@pytest.mark.parametrize(("direction", "n", "coder", "row"), list(_elsewhere()))
def test_coding_with_other_instruction_sets(
    benchmark: BenchmarkFixture, workers: Workers, direction: str, n: int, coder: str, row: str
) -> None:
    worker = workers[isa_of(row)]
    worker.prepare("coding", direction, FOUR_BITS, n, coder)
    benchmark.group = f"{direction} {FOUR_BITS} n={n}"
    benchmark.extra_info.update(
        n=n,
        bytes=n,
        impl=f"{row} {coder}",
        isa=isa_of(row),
        versions=versions(*codecs.installed()),
    )
    measure_elsewhere(benchmark, worker)


def _weights(*, own: bool) -> Iterator[object]:
    for n in SIZES:
        for direction in ("encode", "decode"):
            for row in rows() if own else map(isa_row, other_isas()):
                mark = pytest.mark.elements(n)
                yield pytest.param(
                    direction, n, row, marks=mark, id=f"{direction} n={n // 2} {row}"
                )


@pytest.mark.parametrize(("direction", "n", "row"), list(_weights(own=True)))
def test_weights(benchmark: BenchmarkFixture, direction: str, n: int, row: str) -> None:
    codec = weights_codec(row, n)
    _describe_weights(benchmark, direction, n, row)
    benchmark.extra_info["coded_size"] = codec.size
    call = getattr(codec, direction)
    benchmark(call.function, *call.args, **call.options)


@pytest.mark.benchmark(timer=CLOCK)
@pytest.mark.parametrize(("direction", "n", "row"), list(_weights(own=False)))
def test_weights_with_other_instruction_sets(
    benchmark: BenchmarkFixture, workers: Workers, direction: str, n: int, row: str
) -> None:
    worker = workers[isa_of(row)]
    worker.prepare("weights", direction, n)
    _describe_weights(benchmark, direction, n, row)
    measure_elsewhere(benchmark, worker)


def _describe_weights(benchmark: BenchmarkFixture, direction: str, n: int, row: str) -> None:
    benchmark.group = f"{direction} {KIND} n={n // 2}"
    benchmark.extra_info.update(
        n=n // 2,
        bytes=n,
        impl=row,
        isa=(isa_of(row) or active_isa()) if row.startswith(PYINFO) else None,
        versions=versions("ml_dtypes", "torch", "zipnn", "zstandard"),
    )
