"""`compress` and `decompress` with one thread and with two."""

import functools

import numpy as np

import pyinfo
from bench.inputs.coded_bytes import Bytes, four_bits
from bench.peers.candidate import PYINFO, Candidate
from pyinfo.testing.timing import Call

ONE, TWO = f"{PYINFO}, 1 thread", f"{PYINFO}, 2 threads"
THREADS = {ONE: 1, TWO: 2}


def rows(*_: object) -> list[str]:
    return [*THREADS]


@functools.lru_cache(maxsize=1)
def _data(n: int, repeated: int) -> tuple[Bytes, Bytes]:
    data = np.resize(four_bits(n), repeated)
    return data, np.empty_like(data)


@functools.lru_cache(maxsize=1)
def _coded(coder: str, n: int, repeated: int) -> bytes:
    data, _ = _data(n, repeated)
    coded = pyinfo.compress(data, coder=coder, threads=2)
    if coded != pyinfo.compress(data, coder=coder):
        raise AssertionError("the result depends on the number of threads")
    return coded


def candidate(row: str, direction: str, coder: str, n: int, repeated: int) -> Candidate:
    """Bytes of n that are repeated until they are as many as `repeated`."""
    (data, out), threads = _data(n, repeated), THREADS[row]
    if direction == "encode":
        return Candidate(Call(pyinfo.compress, (data,), {"coder": coder, "threads": threads}))
    options = {"out": out, "threads": threads}
    return Candidate(Call(pyinfo.decompress, (_coded(coder, n, repeated),), options))
