"""threads=: the same bits whatever their number; several callers; the GIL."""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import pyinfo
from support import oracle
from support.distributions import ALL_MEASURES, MEASURE_IDS, measure, rng
from support.ticker import Ticker

EACH = pytest.mark.parametrize(("name", "alpha"), ALL_MEASURES, ids=MEASURE_IDS)
COUNTS = (2, 3, 0, 7)


def big(seed: int, dtype: type = np.float64) -> np.ndarray:
    p = rng(seed).random(600_011)  # ten parts of a sum, the last one shorter
    return (p / p.sum()).astype(dtype)


@pytest.fixture(scope="module")
def pair() -> tuple[np.ndarray, np.ndarray]:
    return big(1), big(2)


@EACH
def test_long_slices(name: str, alpha: float | None, pair: tuple[np.ndarray, np.ndarray]) -> None:
    one = measure(name, *pair, alpha=alpha, threads=1)
    for threads in COUNTS:
        assert measure(name, *pair, alpha=alpha, threads=threads) == one


@pytest.mark.parametrize("name", ["entropy", "cross_entropy", "kl_divergence", "js_divergence"])
def test_long_slices_of_other_types(name: str, pair: tuple[np.ndarray, np.ndarray]) -> None:
    p, q = pair
    cases = [
        (p.astype(np.float32), q.astype(np.float32)),
        (p[:-1:2], q[1::2]),
        ((p * 1e10).astype(np.int64), (q * 1e10).astype(np.int64) + 1),
        (p.astype(">f8"), q),
    ]
    for x, y in cases:
        one = measure(name, x, y, normalize=True)
        for threads in COUNTS:
            assert measure(name, x, y, normalize=True, threads=threads) == one


@EACH
def test_batches(name: str, alpha: float | None, pair: tuple[np.ndarray, np.ndarray]) -> None:
    p, q = (x[:600_000] for x in pair)
    for shape, axis in (((600, 1000), 1), ((1000, 600), 0), ((200_000, 3), 1), ((3, 200_000), 0)):
        x, y = p.reshape(shape), q.reshape(shape)
        one = measure(name, x, y, alpha=alpha, axis=axis, normalize=True)
        for threads in (2, 3):
            other = measure(name, x, y, alpha=alpha, axis=axis, normalize=True, threads=threads)
            np.testing.assert_array_equal(one, other)


def test_few_long_rows() -> None:
    p = big(3)[:600_000].reshape(2, -1) * 2
    for axis in (0, 1):
        one = pyinfo.entropy(p, axis=axis, normalize=True)
        for threads in COUNTS:
            other = pyinfo.entropy(p, axis=axis, normalize=True, threads=threads)
            np.testing.assert_array_equal(one, other)


@pytest.mark.once
def test_the_first_error_is_reported() -> None:
    p = np.full((4000, 1000), 1e-3)
    p[1234, 56] = -1
    p[3999, 999] = -2
    for threads in (1, 2, 3, 0):
        with pytest.raises(ValueError, match=r"p\[1234, 56\] = -1.0 is negative"):
            pyinfo.entropy(p, threads=threads)
        with pytest.raises(ValueError, match=r"p\[56, 1234\] = -1.0 is negative"):
            pyinfo.entropy(p.T, axis=0, threads=threads)
    long = np.full(4_000_000, 2.5e-7)
    long[3_999_999] = -0.5
    with pytest.raises(ValueError, match=r"p\[3999999\] = -0.5 is negative"):
        pyinfo.entropy(long, threads=3)


def test_small_inputs_take_any_number_of_threads() -> None:
    for threads in (1, 2, 64, 0, np.int64(2), True):
        assert pyinfo.entropy([0.5, 0.5], threads=threads) == 1
        np.testing.assert_array_equal(
            pyinfo.entropy(np.full((3, 2), 0.5), threads=threads), [1, 1, 1]
        )


def test_nan_with_threads() -> None:
    p = np.full((3000, 1000), 1e-3)
    p[17, 3] = np.nan
    expected = np.full(3000, pyinfo.entropy(p[0]))
    expected[17] = np.nan
    np.testing.assert_array_equal(pyinfo.entropy(p, threads=3), expected)


def test_eight_callers_at_once() -> None:
    p, q = rng(4).dirichlet(np.ones(50), (2, 2000))
    calls = [(name, alpha) for name, alpha in ALL_MEASURES for _ in range(8)]
    expected = {call: measure(call[0], p, q, alpha=call[1]) for call in set(calls)}
    start = threading.Barrier(8)

    def work(part: int) -> None:
        start.wait()
        for call in calls[part::8] * 3:
            got = measure(call[0], p, q, alpha=call[1], threads=1 + part % 3)
            np.testing.assert_array_equal(got, expected[call])
            with pytest.raises(ValueError, match="negative"):
                measure(call[0], -p, q, alpha=call[1])
            assert pyinfo.entropy([0.5, 0.5]) == 1

    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(work, part) for part in range(8)]:
            future.result()


@pytest.mark.once
@pytest.mark.parametrize("name", [*oracle.ONE_OPERAND, *oracle.TWO_OPERANDS, "information_content"])
def test_the_gil_is_released(name: str) -> None:
    n = 2 * 10**6
    p = np.broadcast_to(np.float64(1 / n), (n,))
    rows = p.reshape(1000, -1)

    def long_slice() -> object:
        if name == "information_content":
            return pyinfo.information_content(p)
        return measure(name, p, p, normalize=False)

    def batch() -> object:
        if name == "information_content":
            return pyinfo.information_content(rows)
        return measure(name, rows, rows, normalize=True)

    with Ticker() as ticker:
        for call in (long_slice, batch):
            assert ticker.gets_to_count_during(call)
        if getattr(sys, "_is_gil_enabled", lambda: True)():
            # The test can tell: a call that keeps the GIL for as long stops the ticker.
            time.sleep(0.01)
            assert not ticker.counts_during(lambda: sum(range(10**6)))
