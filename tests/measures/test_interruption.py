"""Ctrl-C is heard by long calls, which then leave nothing behind."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Every call would take long: the samples are the same few numbers over and over, in no memory. What
# is told is how much later than the signal the call ended; the bound is far from both.
PROGRAM = """
import os, signal, threading, time
import numpy as np
import pyinfo

rng = np.random.default_rng(0)
ids = rng.integers(0, 2**62, 12_000_000)
ones = np.ones(len(ids))
long = np.broadcast_to(2.0**-34, 2**34)
calls = dict(
    entropy=lambda: pyinfo.entropy(long),
    kl_divergence=lambda: pyinfo.kl_divergence(long, long, threads=2),
    counts=lambda: [pyinfo.Counts.from_samples(ids) for _ in range(100)],
    weights=lambda: [pyinfo.Counts.from_samples(ids, weights=ones) for _ in range(100)],
    labels=lambda: [pyinfo.mutual_information(ids, ids[::-1]) for _ in range(100)],
    strings=lambda: [pyinfo.Counts.from_samples(ids.view("S8")) for _ in range(100)],
    reference=lambda: pyinfo.entropy(np.broadcast_to(5e-324, 2**34), normalize=False),
    pairwise=lambda: pyinfo.pairwise_mutual_information(rng.integers(0, 200, (20_000, 3_000))),
)
call = calls[NAME]
sent = []

def interrupt():
    sent.append(time.monotonic())
    os.kill(os.getpid(), signal.SIGINT)

threading.Timer(0.7, interrupt).start()
try:
    call()
except KeyboardInterrupt:
    print("heard", time.monotonic() - sent[0])
assert pyinfo.entropy([0.5, 0.5]) == 1.0  # as before
"""
NAMES = [
    "entropy",
    "kl_divergence",
    "reference",
    "counts",
    "weights",
    "labels",
    "strings",
    "pairwise",
]


@pytest.mark.once
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT to send to oneself")
@pytest.mark.parametrize("name", NAMES)
def test_keyboard_interrupt(name: str) -> None:
    program = PROGRAM.replace("NAME", repr(name))
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.startswith("heard"), done.stderr
