"""How counting is claimed to grow: by samples where these are read, else by different values."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

import pyinfo
from bench.growth.claim import Claim
from bench.inputs.coding_inputs import FOUR_BITS, coding_data
from bench.inputs.distributions import Array
from bench.peers.counting import SAMPLES
from bench.processes.timing import Call
from pyinfo.testing import doublings

ALL_DIFFERENT = "int64, nearly all distinct"
KINDS = (
    "uint8 uniform",
    "int64, 1000 distinct, dense",
    "int64, 1000 distinct, sparse",
    ALL_DIFFERENT,
    "str, 1000 distinct",
)
PIECE = 1 << 10  # samples of a chunk
BYTES = 1 << 12
ROWS = 16  # different values of the second of two variables, where tables are large


def _counting(kind: str) -> Claim:
    """In the memory of a table of the different values, which no number of samples makes larger."""

    def prepare(n: int) -> Call:
        return Call(pyinfo.Counts.from_samples, (SAMPLES[kind](n),))

    name = f"Counts.from_samples, {kind}"
    if kind == ALL_DIFFERENT:
        return Claim(name, prepare, 32, doublings(14, 20), doublings(13, 18), memory=None)
    touched = SAMPLES[kind](1).itemsize
    return Claim(name, prepare, touched, doublings(16, 22), doublings(13, 19))


def _some(n: int) -> Array:
    return SAMPLES["int64, 1000 distinct, sparse"](n)


def _pair(n: int) -> tuple[Array, Array]:
    x, y = np.random.default_rng(0).integers(0, 30, (2, n))
    return x, y


def _pieces(*samples: Array) -> Iterator[Sequence[Array]]:
    for start in range(0, len(samples[0]), PIECE):
        yield [each[start : start + PIECE] for each in samples]


def _of_samples(
    name: str, touched: float, prepare: Callable[[int], Call], memory: str = "1"
) -> Claim:
    return Claim(name, prepare, touched, doublings(16, 22), doublings(13, 19), memory=memory)


def _update(n: int) -> Call:
    samples = _some(n)
    return Call(pyinfo.Counts.from_samples(samples).update, (samples,))


def _from_chunks(n: int) -> Call:
    pieces = _pieces(SAMPLES["uint8 uniform"](n))
    return Call(pyinfo.Counts.from_chunks, ([piece for (piece,) in pieces],))


def _joint(n: int) -> Call:
    return Call(pyinfo.JointCounts.from_samples, _pair(n))


def _joint_update(n: int) -> Call:
    pair = _pair(n)
    return Call(pyinfo.JointCounts.from_samples(*pair).update, pair)


def _joint_from_chunks(n: int) -> Call:
    return Call(pyinfo.JointCounts.from_chunks, (list(_pieces(*_pair(n))),))


def _different(n: int, seed: int) -> pyinfo.Counts:
    random = np.random.default_rng(seed)
    return pyinfo.Counts(np.unique(random.integers(0, 2**62, n)), random.integers(1, 50, n))


def _cells(n: int) -> pyinfo.JointCounts:
    """n combinations that all occur, some of them more often than others."""
    first, second = np.divmod(np.arange(n), ROWS)
    weights = np.random.default_rng(0).integers(1, 50, n)
    return pyinfo.JointCounts.from_samples(np.repeat(first, weights), np.repeat(second, weights))


def _of_table(name: str, touched: float, prepare: Callable[[int], Call]) -> Claim:
    return Claim(name, prepare, touched, doublings(14, 19), doublings(12, 17), memory=None)


def _of_cells(method: str, *args: object) -> Claim:
    return _of_table(f"JointCounts.{method}", 64, lambda n: Call(getattr(_cells(n), method), args))


def _merge(n: int) -> Call:
    return Call(_different(n, 0).merge, (_different(n, 1),))


def _joint_merge(n: int) -> Call:
    return Call(_cells(n).merge, (_cells(n),))


def _of_bytes(method: str, *others: Callable[[pyinfo.Counts], object]) -> Claim:
    """Of counts of bytes, which are always 256: the same bytes again and again."""

    def prepare(n: int) -> Call:
        counts = pyinfo.Counts.from_samples(np.tile(coding_data(FOUR_BITS, BYTES), n // BYTES))
        return Call(getattr(counts, method), tuple(other(counts) for other in others))

    sizes = doublings(12, 18)
    return Claim(f"Counts.{method}", prepare, 1, sizes, sizes, time="1")


CLAIMS = (
    *map(_counting, KINDS),
    _of_samples("Counts.update", 8, _update),
    _of_samples("Counts.from_chunks", 1, _from_chunks, "log n"),
    # Pairs of 16 bytes from both tables: read, joined, sorted, written. From some thousand values
    # on they are counted in another way, with a cost of its own; from 2**20 on in chunks, which
    # are merged: a step that would look like growth.
    Claim("Counts.merge", _merge, 128, doublings(14, 19), doublings(6, 11), memory=None),
    _of_table("Counts.entropy", 8, lambda n: Call(_different(n, 0).entropy)),
    _of_bytes("symbol_counts"),
    _of_bytes("huffman_code"),
    _of_bytes("rans_model"),
    _of_bytes("expected_length", pyinfo.Counts.huffman_code),
    _of_samples("JointCounts.from_samples", 16, _joint),
    _of_samples("JointCounts.update", 16, _joint_update),
    _of_samples("JointCounts.from_chunks", 16, _joint_from_chunks, "log n"),
    _of_table("JointCounts.merge", 64, _joint_merge),
    *map(_of_cells, ("entropy", "mutual_information", "table")),
    _of_cells("marginal", 1),
    _of_cells("conditional", {1: 3}),
)
