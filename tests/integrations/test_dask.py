"""Counts of Dask collections and of Arrow's columns, and what happens when a worker dies."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pyinfo import Counts, JointCounts
from support.programs import DEADLINE

pytestmark = [
    pytest.mark.once,
    # Of the cluster's own threads and sockets, when it is closed.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

dask_array = pytest.importorskip("dask.array", reason="needs dask", exc_type=ImportError)
distributed = pytest.importorskip("distributed", reason="needs distributed", exc_type=ImportError)

from pyinfo.integrations import dask as counted  # noqa: E402


def pairs(n: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    x = random.integers(0, 30, n)
    return x, (x + random.integers(0, 9, n)) % 25


def test_arrays() -> None:
    x, y = pairs()
    lazy_x = dask_array.from_array(x, chunks=1234)
    lazy_y = dask_array.from_array(y, chunks=4321)
    for split_every in (2, 8, 100):
        found = counted.counts(lazy_x, split_every=split_every).compute(scheduler="sync")
        assert found == Counts.from_samples(x)
    joint = JointCounts.from_samples(x, y)
    assert counted.joint_counts(lazy_x, lazy_y).compute(scheduler="sync") == joint
    entropy = counted.entropy(lazy_x, base=10).compute(scheduler="sync")
    assert entropy == Counts.from_samples(x).entropy(base=10)
    information = counted.mutual_information(lazy_x, lazy_y).compute(scheduler="sync")
    assert information == joint.mutual_information()
    plane = dask_array.from_array(x.reshape(100, 200), chunks=(30, 70))
    assert counted.counts(plane).compute(scheduler="sync") == Counts.from_samples(x)


def test_bags_and_unknown_sizes() -> None:
    bag = pytest.importorskip("dask.bag", reason="needs dask.bag", exc_type=ImportError)
    words = ["b", "a", "b", "ccc"] * 10
    lazy = bag.from_sequence(words, npartitions=3)
    assert counted.counts(lazy).compute(scheduler="sync") == Counts.from_samples(words)
    x, y = pairs()
    lazy_x, lazy_y = (dask_array.from_array(v, chunks=3000) for v in (x, y))
    some = counted.joint_counts(lazy_x[lazy_x > 3], lazy_y[lazy_x > 3])
    assert some.compute(scheduler="sync") == JointCounts.from_samples(x[x > 3], y[x > 3])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: counted.counts([1]), TypeError, "must be a Dask collection, not list"),
        (lambda: counted.counts(dask_array.ones(3), split_every=1), ValueError, "at least 2"),
        (lambda: counted.joint_counts(dask_array.ones(3)), TypeError, "two variables or more"),
        (
            lambda: counted.mutual_information(dask_array.ones(3), dask_array.ones(4)),
            ValueError,
            r"one shape, not \(3,\) and \(4,\)",
        ),
        (
            lambda: counted.counts(dask_array.ones(0)).compute(scheduler="sync"),
            ValueError,
            "collection must not be empty",
        ),
    ],
)
def test_bad_input(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def _slowed(block: np.ndarray) -> np.ndarray:
    time.sleep(0.05)
    return block


def _die() -> None:
    os._exit(1)


def _wait_for(condition: Callable[[], Any]) -> Any:
    end = time.monotonic() + DEADLINE
    while not (result := condition()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return result


def test_a_worker_dies_and_the_answer_is_right(tmp_path: Path) -> None:
    x, y = pairs(40_000)
    expected = JointCounts.from_samples(x, y)
    with (
        distributed.LocalCluster(
            n_workers=3,
            threads_per_worker=1,
            processes=True,
            dashboard_address=":0",
            local_directory=str(tmp_path),
            silence_logs=50,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        lazy_x = dask_array.from_array(x, chunks=1000).map_blocks(_slowed, dtype=x.dtype)
        lazy_y = dask_array.from_array(y, chunks=1000).map_blocks(_slowed, dtype=y.dtype)
        futures = client.compute(
            [
                counted.counts(lazy_x),
                counted.entropy(lazy_x),
                counted.mutual_information(lazy_x, lazy_y),
            ]
        )
        victim = _wait_for(lambda: [name for name, keys in client.has_what().items() if keys])[0]
        killed = client.submit(_die, workers=[victim], allow_other_workers=False, pure=False)
        _wait_for(lambda: victim not in client.nthreads())
        killed.release()
        counts, entropy, information = client.gather(futures)
    assert counts == expected.marginal(0)
    assert entropy == expected.marginal(0).entropy()
    assert information == expected.mutual_information()
