"""The raw entry points neither leak references nor memory, and allocate nothing that grows."""

from __future__ import annotations

import gc
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pyinfo
from support import oracle
from support.distributions import measure

pytestmark = pytest.mark.once

NAMES = [*oracle.ONE_OPERAND, *oracle.TWO_OPERANDS]
NO_BASE = {("base", name) for name in oracle.WITHOUT_BASE}
MOST = 64 * 1024  # bytes beside the input of a call, whatever its size


def refused(call: Callable[..., Any], *arguments: Any, **options: Any) -> Callable[[], None]:
    def run() -> None:
        try:
            call(*arguments, **options)
        except (TypeError, ValueError):
            return
        raise AssertionError("no error")

    return run


class Odd:
    """Converts to an array, and fails to."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise ValueError("odd")


def scenarios() -> dict[str, Callable[[], Any]]:
    half = np.array([0.5, 0.5])
    single = half.astype(np.float32)
    rows = np.full((3, 4), 0.25)
    out = np.zeros(3)
    shared: dict[str, Any] = {"base": 3.5, "axis": -1, "keepdims": True, "normalize": None}
    divided: dict[str, Any] = {"axis": None, "normalize": True}
    calls: dict[str, Callable[[], Any]] = {}
    for name in NAMES:
        options = {k: v for k, v in shared.items() if (k, name) not in NO_BASE}
        calls[f"{name}: plain"] = lambda name=name: measure(name, half, half)
        calls[f"{name}: float32"] = lambda name=name: measure(name, single, single)
        calls[f"{name}: options"] = lambda name=name, o=options: measure(name, rows, rows, **o)
        calls[f"{name}: out"] = lambda name=name: measure(name, rows, rows, out=out, threads=2)
        calls[f"{name}: lists"] = lambda name=name: measure(name, [1, 2], [3, 4], axis=(0,))
        calls[f"{name}: strided"] = lambda name=name: measure(name, rows.T, rows.T, **divided)
        calls[f"{name}: negative"] = refused(measure, name, -half, half)
        calls[f"{name}: sum"] = refused(measure, name, half * 3, half)
        calls[f"{name}: in 2-D"] = refused(measure, name, rows * 3, rows)
        calls[f"{name}: axis"] = refused(measure, name, rows, rows, axis=(0, 5))
        calls[f"{name}: out shape"] = refused(measure, name, rows, rows, out=half)
        calls[f"{name}: type"] = refused(measure, name, ["a"], half)
        calls[f"{name}: odd"] = refused(measure, name, Odd(), half)
        calls[f"{name}: keyword"] = refused(measure, name, half, half, nonsense=half)
        calls[f"{name}: none given"] = refused(getattr(pyinfo, name))
        calls[f"{name}: twice"] = refused(getattr(pyinfo, name), half, half, 2.0, p=half)
    calls["q does not broadcast"] = refused(pyinfo.kl_divergence, rows, np.ones(3) / 3)
    calls["q is odd"] = refused(pyinfo.kl_divergence, half, Odd())
    calls["weights"] = lambda: pyinfo.js_divergence(half, half, weights=[0.25, 0.75])
    calls["bad weights"] = refused(pyinfo.js_divergence, half, half, weights=[0.25, "a"])
    calls["bad base"] = refused(pyinfo.entropy, half, base="2")
    calls["bad alpha"] = refused(pyinfo.renyi_entropy, half, -1.5)
    calls["information"] = lambda: pyinfo.information_content(rows, base=3.5)
    calls["information of a scalar"] = lambda: pyinfo.information_content(0.5)
    calls["information into out"] = lambda: pyinfo.information_content(half[::-1], out=half * 0)
    calls["no information"] = refused(pyinfo.information_content, [0.5, 2.0])
    return calls


SCENARIOS = scenarios()


def reference_counts(objects: list[Any]) -> list[int]:
    return [sys.getrefcount(x) for x in objects]


def test_references() -> None:
    """Of arguments, keyword values, None, True, type descriptors and the result's owner."""
    half = np.array([0.25, 0.75])
    rows = np.array([[0.25, 0.75], [0.5, 0.5]])
    out = np.zeros(2)
    base, axis, weights, alpha = float("3.25"), (int("1000") - 1001,), (0.125, 0.875), float("2.75")
    keys = {"base": base, "axis": axis, "out": out, "keepdims": False, "normalize": True}
    watched = [half, rows, out, base, axis, axis[0], weights, alpha, keys, half.dtype, np.float64]
    watched += [None, True, np.dtype(np.float32), np.float32]

    def run() -> None:
        for _ in range(200):
            pyinfo.entropy(half)
            pyinfo.entropy(half.astype(np.float32))
            pyinfo.entropy(rows, **keys)
            pyinfo.kl_divergence(rows, half, **keys)
            pyinfo.js_divergence(rows, half, weights=weights, normalize=None, out=None)
            pyinfo.renyi_divergence(rows, half, alpha, **keys)
            pyinfo.information_content(half, base=base, out=out)
            refused(pyinfo.entropy, rows * 2, base=base, axis=axis, out=out)()
            refused(pyinfo.entropy, rows, axis=(0, 0), base=base)()
            refused(pyinfo.entropy, half, base=None)()
            refused(pyinfo.kl_divergence, half, rows, half)()
            refused(pyinfo.renyi_divergence, half, half, alpha, alpha=alpha)()

    run()
    gc.collect()
    before = reference_counts(watched)
    run()
    gc.collect()
    # None and True are counted all over the interpreter; a leak is a multiple of the rounds.
    difference = [a - b for a, b in zip(reference_counts(watched), before, strict=True)]
    assert [d for d in difference if abs(d) >= 100] == []
    assert difference[:9] == [0] * 9


@pytest.mark.parametrize("name", SCENARIOS)
def test_memory(name: str) -> None:
    call = SCENARIOS[name]
    rounds = 200
    least = rounds * 16  # what one leaked object in each call takes at the least
    grown: list[int] = []
    tracemalloc.start()
    try:
        # Caches may grow now and then, and other threads use memory; a leak grows every time.
        for _ in range(6):
            before = tracemalloc.get_traced_memory()[0]
            for _ in range(rounds):
                call()
            gc.collect()
            grown.append(tracemalloc.get_traced_memory()[0] - before)
            if grown[-1] < least:
                break
    finally:
        tracemalloc.stop()
    assert grown[-1] < least, grown


# Where a child process finds this file, and what it imports.
FOLDERS = [str(folder) for folder in Path(__file__).parents[:2]]

RESIDENT = """
import resource, sys
sys.path[:0] = sys.argv[1:]
from test_leaks import SCENARIOS
calls = list(SCENARIOS.values())

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

for call in calls * 3:
    call()
before = peak()
for call in calls * (100_000 // len(calls) + 1):
    call()
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kilobytes on Linux only")
def test_resident_memory_over_1e5_calls() -> None:
    """Memory that tracemalloc does not see: what the extension allocates for itself."""
    command = [sys.executable, "-P", "-c", RESIDENT, *FOLDERS]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    # 16 bytes for each call would be 1600 kB.
    assert int(done.stdout) < 1200


@pytest.fixture(scope="module")
def large() -> np.ndarray:
    return np.full(10**7, 1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_peak_of_a_large_call(name: str, large: np.ndarray) -> None:
    part = large[: 10**6]
    cases: list[tuple[np.ndarray, dict[str, Any]]] = [
        (large, {}),
        (large, {"normalize": True, "threads": 2}),
        (part[::-1], {"normalize": True}),
        (part[::2], {"normalize": True}),
        (part.reshape(10, -1).T, {"axis": 0, "normalize": True}),
        (part.reshape(1000, -1), {"axis": None, "normalize": True}),
        (part.reshape(-1, 10), {"axis": 0, "normalize": True}),
    ]
    for p, options in cases:
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            measure(name, p, p, **options)
            peak = tracemalloc.get_traced_memory()[1] - before
        finally:
            tracemalloc.stop()
        assert peak < MOST, (p.strides, options)


def test_peak_of_elementwise_and_counted(large: np.ndarray) -> None:
    counts = np.ones(10**7, np.uint8)
    out = np.empty(10**7)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        pyinfo.entropy(counts)
        pyinfo.information_content(large, out=out)
        refused(pyinfo.entropy, large, base=-1)
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert peak < MOST
