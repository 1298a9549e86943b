"""Long calls: other threads run meanwhile, and Ctrl-C is heard."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest

from pyinfo.quantization import (
    FloatHistogram,
    calibrate,
    dequantize,
    optimal_scales,
    quantize,
    rate_distortion,
)
from support.ticker import Ticker

W = np.random.default_rng(29).standard_normal((512, 1024)).astype(np.float32)
Q = quantize(W, 0.02)
HISTOGRAM = FloatHistogram.from_chunks([W])
CALLS: dict[str, Callable[[], object]] = {
    "quantize": lambda: quantize(W, 0.02),
    "dequantize": lambda: dequantize(Q, 0.02),
    "update": lambda: FloatHistogram().update(W),
    "calibrate": lambda: calibrate(HISTOGRAM),
    "optimal_scales": lambda: optimal_scales(W, 4, group=64),
    "rate_distortion": lambda: rate_distortion(W),
}


@pytest.mark.once
@pytest.mark.parametrize("name", CALLS)
def test_other_threads_run(name: str) -> None:
    with Ticker() as ticker:
        assert ticker.gets_to_count_during(CALLS[name])


# Each call would take long; what is told is how much later than the signal it ended.
PROGRAM = """
import os, signal, threading, time
import numpy as np
from pyinfo import quantization as q

w = np.random.default_rng(0).standard_normal(1 << 22).astype(np.float32)
histogram = q.FloatHistogram(1 << 17)
histogram.update(w)

def add():
    added = q.FloatHistogram()
    while True:
        added.update(w)

calls = dict(
    quantize=lambda: [q.quantize(w, 0.1) for _ in range(100_000)],
    update=add,
    calibrate=lambda: q.calibrate(histogram, bits=14),
    onnxruntime=lambda: q.calibrate(histogram, bits=14, criterion="onnxruntime"),
    mse=lambda: q.calibrate(histogram, bits=14, method="mse"),
    optimal_scales=lambda: [q.optimal_scales(w, 8) for _ in range(100_000)],
    groups=lambda: [q.optimal_scales(w, 8, group=64, threads=2) for _ in range(100_000)],
    rate_distortion=lambda: [q.rate_distortion(w) for _ in range(100_000)],
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
assert q.quantize([1.0], 0.5).tolist() == [2]  # as before
"""
LONG = [
    "quantize",
    "update",
    "calibrate",
    "onnxruntime",
    "mse",
    "optimal_scales",
    "groups",
    "rate_distortion",
]


@pytest.mark.once
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT to send to oneself")
@pytest.mark.parametrize("name", LONG)
def test_keyboard_interrupt(name: str) -> None:
    program = PROGRAM.replace("NAME", repr(name))
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.startswith("heard"), done.stderr
