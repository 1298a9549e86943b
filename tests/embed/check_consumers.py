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

    x, y = rng.standard_normal((2, 20, 7))
    x32, y32 = x.astype(np.float32), y.astype(np.float32)
    slope, wanted = np.empty_like(y32), np.empty_like(y32)
    found = pyinfo_cpp_consumer.distill(x32, y32, 2, slope)
    expected = pyinfo.logits.kl_divergence(x32, y32, temperature=2, reduction="none", grad=wanted)
    assert np.array_equal(found.astype(np.float32), expected)
    assert np.array_equal(slope, wanted)

    labels = rng.integers(0, 7, 20)
    labels[3] = -100
    values = np.empty(20)
    pyinfo_cython_consumer.losses(x32, labels, values, slope)
    options = {"label_smoothing": 0.1, "z_loss": 0.01, "reduction": "none"}
    expected = pyinfo.logits.cross_entropy(x32, labels, grad=wanted, **options)
    assert np.array_equal(values.astype(np.float32), expected)
    assert np.array_equal(slope, wanted)
    pyinfo_cython_consumer.losses(x32, labels, values, None)
    fails(ValueError, "labels[0]", pyinfo_cython_consumer.losses, x32, labels + 7, values, None)
    fails(
        *(ValueError, "do not fit each other", pyinfo_cython_consumer.losses),
        *(x32, labels[1:], values, None),
    )
    fails(
        *(ValueError, "do not fit each other", pyinfo_cython_consumer.losses),
        *(x32, labels, values, slope[1:]),
    )
    measures = np.empty((4, 20))
    pyinfo_cython_consumer.row_measures(x, y, measures)
    options = {"temperature": 2, "reduction": "none"}
    assert np.array_equal(measures[0], pyinfo.logits.kl_divergence(x, y, **options))
    assert np.array_equal(measures[1], pyinfo.logits.js_divergence(x, y, **options))
    assert np.array_equal(measures[2], pyinfo.logits.entropy(x, temperature=2))
    assert np.array_equal(measures[3], pyinfo.logits.logsumexp(x))
    fails(
        *(ValueError, "do not fit each other", pyinfo_cython_consumer.row_measures),
        *(x, y[1:], measures),
    )
    print("C++ and Cython consumers agree with pyinfo")


if __name__ == "__main__":
    main()
