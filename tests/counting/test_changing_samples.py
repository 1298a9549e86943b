"""Samples that another thread writes to while they are counted: any numbers, and no crash."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import pyinfo

CALLS = 12


@contextmanager
def rewritten(samples: np.ndarray, other: Any) -> Iterator[None]:
    """Let a thread write `other` and the samples in turn."""
    original = samples.copy()
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            samples[:] = other
            samples[:] = original

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    try:
        yield
    finally:
        stop.set()
        writer.join()


INTEGERS: dict[str, Callable[[np.ndarray], Any]] = {
    "counts": pyinfo.Counts.from_samples,
    "weights": lambda x: pyinfo.Counts.from_samples(x, weights=np.ones(len(x))),
    "joint counts": lambda x: pyinfo.JointCounts.from_samples(x, np.arange(len(x)) % 7),
    "mutual information": lambda x: pyinfo.mutual_information(x, np.arange(len(x)) % 7),
    "entropy": pyinfo.entropy_of,
}


@pytest.mark.parametrize("name", INTEGERS)
@pytest.mark.parametrize("spread", [2**62, 50_000])
def test_integers(name: str, spread: int) -> None:
    samples = np.random.default_rng(0).integers(0, spread, 300_000)
    with rewritten(samples, 2**62 - 1):
        for _ in range(CALLS):
            INTEGERS[name](samples)


@pytest.mark.parametrize("dtype", ["S8", "U2"])
def test_strings(dtype: str) -> None:
    bits = np.random.default_rng(0).integers(0x30, 0x7A, 800_000, dtype=np.uint8)
    samples = (bits if dtype == "S8" else bits.astype(np.uint32)).view(dtype)
    with rewritten(samples, "zz"):
        for _ in range(CALLS):
            pyinfo.Counts.from_samples(samples)


@pytest.mark.parametrize("read", [pyinfo.Counts.from_samples, pyinfo.entropy_of, pyinfo.compress])
def test_close_bytes(read: Callable[[np.ndarray], Any]) -> None:
    """Bytes near each other are counted in pairs; they may be far apart when they are."""
    samples = np.random.default_rng(0).integers(0, 60, 1 << 20, dtype=np.uint8)
    with rewritten(samples, 255):
        for _ in range(10 * CALLS):
            read(samples)
