"""Use the modules built in cpp/ and cython/: the same bits as from pyinfo's own functions."""

from __future__ import annotations

import numpy as np
import pyinfo_cpp_consumer
import pyinfo_cython_consumer

import pyinfo


def fails(error: type[Exception], text: str, call, *arguments) -> None:
    try:
        call(*arguments)
    except error as raised:
        message = str(raised)
    else:
        raise AssertionError(f"{call.__name__} raised nothing")
    assert text in message, message


def main() -> None:
    rng = np.random.default_rng(5)
    table = rng.dirichlet(np.ones(37), 100)
    p, q = table[:2]
    data = rng.binomial(9, 0.3, 50_000).astype(np.uint8).tobytes()

    assert pyinfo_cpp_consumer.excess_bits(p, q) == pyinfo.kl_divergence(p, q)
    assert pyinfo_cpp_consumer.compress(data) == pyinfo.compress(data)
    fails(ValueError, "p[0] is negative", pyinfo_cpp_consumer.excess_bits, -p, q)

    entropies = np.empty(len(table))
    pyinfo_cython_consumer.row_entropies(table, entropies)
    assert entropies.tolist() == [pyinfo.entropy(row) for row in table]
    single = p.astype(np.float32)
    assert pyinfo_cython_consumer.entropy_f32(single, 3) == pyinfo.entropy(single, base=3)
    assert pyinfo_cython_consumer.distance(p, q) == pyinfo.js_divergence(p, q)
    assert pyinfo_cython_consumer.round_trip(data) == (pyinfo.compress(data), data)
    fails(ValueError, "do not fit each other", pyinfo_cython_consumer.distance, p, q[1:])
    fails(ValueError, "no elements", pyinfo_cython_consumer.distance, p[:0], q[:0])
    print("C++ and Cython consumers agree with pyinfo")


if __name__ == "__main__":
    main()
