"""How counting is claimed to grow: by samples where these are read, else by different values."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

import pyinfo
from bench.growth.claim import Claims, Cost, Prepare, call
from bench.inputs.coded_bytes import four_bits
from bench.inputs.distributions import Array
from bench.inputs.samples import SAMPLES, labels
from pyinfo.testing import doublings
from pyinfo.testing.timing import Call

NEARLY_ALL = "int64, nearly all distinct"
KINDS = (
    *("uint8 uniform", "int64, 1000 distinct, dense", "int64, 1000 distinct, sparse"),
    *(NEARLY_ALL, "str, 1000 distinct"),
)
PIECE = 1 << 10  # samples of a chunk
BYTES = 1 << 12
ROWS = 16  # different values of the second of two variables, where tables are large

_some = SAMPLES["int64, 1000 distinct, sparse"]


def _pair(n: int) -> tuple[Array, ...]:
    return labels(n, variables=2, different=30)


def _pieces(*samples: Array) -> Iterator[Sequence[Array]]:
    for start in range(0, len(samples[0]), PIECE):
        yield [each[start : start + PIECE] for each in samples]


def _chunks(n: int) -> list[Array]:
    return [piece for (piece,) in _pieces(SAMPLES["uint8 uniform"](n))]


def _different(n: int, seed: int = 0) -> pyinfo.Counts:
    random = np.random.default_rng(seed)
    return pyinfo.Counts(np.unique(random.integers(0, 2**62, n)), random.integers(1, 50, n))


def _cells(n: int) -> pyinfo.JointCounts:
    """n combinations that all occur, some of them more often than others."""
    first, second = np.divmod(np.arange(n), ROWS)
    weights = np.random.default_rng(0).integers(1, 50, n)
    return pyinfo.JointCounts.from_samples(np.repeat(first, weights), np.repeat(second, weights))


def _of_cells(method: str, *args: object) -> Prepare:
    return lambda n: call(getattr(_cells(n), method), *args)


def _of_bytes(method: str, *others: Callable[[pyinfo.Counts], Any]) -> Prepare:
    """Of counts of bytes, which are always 256: the same bytes again and again."""

    def prepare(n: int) -> Call:
        counts = pyinfo.Counts.from_samples(np.tile(four_bits(BYTES), n // BYTES))
        return Call(getattr(counts, method), tuple(other(counts) for other in others))

    return prepare


def _counting(kind: str) -> tuple[Cost, Prepare]:
    """In the memory of a table of the different values, which no number of samples makes larger."""
    cost = ALL_DIFFERENT if kind == NEARLY_ALL else _of_samples(SAMPLES[kind](1).itemsize)
    return cost, lambda n: call(pyinfo.Counts.from_samples, SAMPLES[kind](n))


def _chosen(step: int) -> tuple[Cost, Prepare]:
    """Keys at equal distances, the same modulo powers of two: no dearer than others."""

    def prepare(n: int) -> Call:
        keys = np.random.default_rng(0).integers(0, 4000, n).astype(np.uint64) * np.uint64(step)
        return call(pyinfo.Counts.from_samples, keys)

    return _of_samples(8), prepare


def _of_samples(touched: float, memory: str = "1") -> Cost:
    return Cost(touched, doublings(16, 22), doublings(13, 19), memory=memory)


ALL_DIFFERENT = Cost(32, doublings(14, 20), doublings(13, 18), memory=None)
# Pairs of 16 bytes from both tables: read, joined, sorted, written. From some thousand values on
# they are counted in another way, with a cost of its own; from 2**20 on in chunks, which are
# merged: a step that would look like growth.
MERGED = Cost(128, doublings(14, 19), doublings(6, 11), memory=None)
SUMMED = Cost(8, doublings(14, 19), doublings(12, 17), memory=None)
TABLE = Cost(64, doublings(14, 19), doublings(12, 17), memory=None)
STEPS = (1 << 20, 1 << 32, 1 << 48, 0x9E3779B97F4A7C15)
BYTE_COUNTS = Cost(1, doublings(12, 18), time="1")
Joint = pyinfo.JointCounts

CLAIMS: Claims = {
    **{f"Counts.from_samples, {kind}": _counting(kind) for kind in KINDS},
    **{f"Counts.from_samples, keys {step:#x} apart": _chosen(step) for step in STEPS},
    "Counts.update": (
        _of_samples(8),
        lambda n: call(pyinfo.Counts.from_samples(_some(n)).update, _some(n)),
    ),
    "Counts.from_chunks": (
        _of_samples(1, "log n"),
        lambda n: call(pyinfo.Counts.from_chunks, _chunks(n)),
    ),
    "Counts.merge": (MERGED, lambda n: call(_different(n).merge, _different(n, 1))),
    "Counts.entropy": (SUMMED, lambda n: call(_different(n).entropy)),
    "Counts.symbol_counts": (BYTE_COUNTS, _of_bytes("symbol_counts")),
    "Counts.huffman_code": (BYTE_COUNTS, _of_bytes("huffman_code")),
    "Counts.rans_model": (BYTE_COUNTS, _of_bytes("rans_model")),
    "Counts.expected_length": (
        BYTE_COUNTS,
        _of_bytes("expected_length", pyinfo.Counts.huffman_code),
    ),
    "JointCounts.from_samples": (_of_samples(16), lambda n: call(Joint.from_samples, *_pair(n))),
    "JointCounts.update": (
        _of_samples(16),
        lambda n: call(Joint.from_samples(*_pair(n)).update, *_pair(n)),
    ),
    "JointCounts.from_chunks": (
        _of_samples(16, "log n"),
        lambda n: call(Joint.from_chunks, list(_pieces(*_pair(n)))),
    ),
    "JointCounts.merge": (TABLE, lambda n: call(_cells(n).merge, _cells(n))),
    "JointCounts.entropy": (TABLE, _of_cells("entropy")),
    "JointCounts.mutual_information": (TABLE, _of_cells("mutual_information")),
    "JointCounts.table": (TABLE, _of_cells("table")),
    "JointCounts.marginal": (TABLE, _of_cells("marginal", 1)),
    "JointCounts.conditional": (TABLE, _of_cells("conditional", {1: 3})),
}
