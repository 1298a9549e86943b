"""Quantisation: histograms, thresholds, scales and curves next to what others have."""

import functools
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from bench.inputs.distributions import Array
from bench.peers.candidate import NUMPY, Candidate, Preparation, Ways, installed, ways
from pyinfo.quantization import FloatHistogram, calibrate, optimal_scales, rate_distortion
from pyinfo.testing.timing import Call

ONNXRUNTIME = "onnxruntime"
BINS = 2048
GROUP = 64


def quantization(what: str, n: int) -> Ways:
    """A piece of work on n floats: pyinfo, and what peers are installed."""
    own, peers = KINDS[what]
    return ways(
        lambda: own(n), {row: p for row, p in peers.items() if row == NUMPY or installed(row)}
    )


@functools.cache
def _values(n: int) -> Array:
    return np.random.default_rng(5).standard_t(4, n).astype(np.float32)


def _counted(n: int) -> FloatHistogram:
    histogram = FloatHistogram(BINS)
    histogram.update(_values(n))
    return histogram


def _histogram(n: int) -> Call:
    return Call(lambda x: FloatHistogram(BINS).update(x), (_values(n),))


def _numpy_histogram(own: Call) -> Candidate:
    (x,) = own.args
    return Candidate(Call(np.histogram, (x, BINS)))


def _entropy(criterion: Any) -> Callable[[int], Call]:
    return lambda n: Call(lambda h: calibrate(h, criterion=criterion), (_counted(n),))


def _used(histogram: FloatHistogram) -> tuple[Array, Array, int]:
    """Counts and edges of the bins that have some, about the middle, and how many to a side."""
    places = np.flatnonzero(histogram.counts)
    middle = BINS // 2
    half = int(max(places[-1] - middle + 1, middle - places[0]))
    window = slice(middle - half, middle + half)
    edges = histogram.edges[middle - half : middle + half + 1].astype(np.float32)
    return histogram.counts[window].astype(np.int64), edges, half


def _onnxruntime(own: Call) -> Candidate:
    (histogram,) = own.args
    counts, edges, half = _used(histogram)
    module = import_module("onnxruntime.quantization.calibrate")
    collector = module.HistogramCollector("entropy", False, 2 * half, 128, 99.99, None)
    given = counts, edges, histogram.min, histogram.max, float(edges[-1])
    call = Call(collector.get_entropy_threshold, (given, 128))

    def check() -> None:
        found = own().thresholds[own().scores.argmin()]
        if not np.isclose(call()[1], min(found + histogram.width, histogram.max)):
            raise AssertionError("onnxruntime finds another threshold")

    return Candidate(call, check)


def _numpy_nvidia(own: Call) -> Candidate:
    """The loops over thresholds, vectorised within each: groups by their places."""
    (histogram,) = own.args
    counts, _, half = _used(histogram)
    magnitudes = (counts[half:] + counts[:half][::-1]).astype(np.float64)
    magnitudes[0] = magnitudes[1]

    def divergences() -> Array:
        found = []
        for i in range(128, len(magnitudes) + 1):
            part = magnitudes[:i]
            used = part > 0
            group = np.arange(i) * 128 // i
            means = np.bincount(group, part, 128) / np.maximum(np.bincount(group, used, 128), 1)
            q = np.where(used, means[group], 0)
            p = part.copy()
            p[-1] += magnitudes[i:].sum()
            if q[-1] == 0 < p[-1]:
                found.append(np.inf)
                continue
            p, q = p[used] / p.sum(), q[used] / q.sum()
            found.append(np.sum(p * np.log(p / q)))
        return np.array(found)

    def check() -> None:
        if not np.allclose(divergences(), own().scores, atol=1e-9):
            raise AssertionError("NumPy finds other divergences")

    return Candidate(Call(divergences, ()), check)


def _scales(n: int) -> Call:
    rows = _values(n // GROUP * GROUP).reshape(-1, GROUP)
    return Call(lambda w: optimal_scales(w, 4, group=GROUP), (rows,))


def _numpy_scales(own: Call) -> Candidate:
    (w,) = own.args

    def grid() -> Array:
        largest = np.abs(w).max(axis=1, keepdims=True) / 7
        best, least = largest, np.full_like(largest, np.inf)
        for ratio in np.linspace(0.2, 1, 100, dtype=np.float32):
            scale = ratio * largest
            error = (w - scale * np.clip(np.rint(w / scale), -7, 7)) ** 2
            total = error.sum(axis=1, keepdims=True)
            best = np.where(total < least, scale, best)
            least = np.minimum(least, total)
        return best

    return Candidate(Call(grid, ()))


def _rates(n: int) -> Call:
    return Call(lambda w: rate_distortion(w, steps=[]), (_values(n),))


def _numpy_rates(own: Call) -> Candidate:
    """At the clips that pyinfo finds: without a search."""
    (w,) = own.args
    steps = [(point.bits, np.float32(point.step)) for point in own().widths]

    def curve() -> list[tuple[float, float]]:
        found = []
        for bits, step in steps:
            most = (1 << (bits - 1)) - 1
            q = np.clip(np.rint(w / step), -most, most)
            error = float(((w - q * step) ** 2).sum(dtype=np.float64))
            share = np.bincount((q + most).astype(np.int64)) / w.size
            share = share[share > 0]
            found.append((error, float(-np.sum(share * np.log2(share)))))
        return found

    def check() -> None:
        for (error, rate), point in zip(curve(), own().widths, strict=True):
            if not np.allclose([error, rate * w.size / 8], [point.error, point.coded_bytes], 2e-3):
                raise AssertionError("NumPy finds another curve")

    return Candidate(Call(curve, ()), check)


KINDS: dict[str, tuple[Callable[[int], Call], dict[str, Preparation]]] = {
    "histogram": (_histogram, {NUMPY: _numpy_histogram}),
    "entropy of NVIDIA": (_entropy("nvidia"), {NUMPY: _numpy_nvidia}),
    "entropy of onnxruntime": (_entropy("onnxruntime"), {ONNXRUNTIME: _onnxruntime}),
    "scales, 4 bits, groups of 64": (_scales, {NUMPY: _numpy_scales}),
    "rate and distortion, 7 widths": (_rates, {NUMPY: _numpy_rates}),
}
