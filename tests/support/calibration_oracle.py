"""Calibration as its peers compute it: plain loops, written from their definitions. Slow.

The divergences follow what NVIDIA's pytorch-quantization and onnxruntime do step by step, with
their types and their rounding; the scale is the optimum over all that occur.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]


def _divergence(p: Doubles, q: Doubles) -> float:
    p, q = p / p.sum(), q / q.sum()
    if (q[p > 0] <= 0).any():
        return np.inf
    used = p > 0
    return float(np.sum(p[used] * np.log(p[used] / q[used])))


def nvidia_divergences(magnitudes: Doubles, levels: int) -> Doubles:
    """Of thresholds from `levels` bins on."""
    bins = magnitudes.copy()
    bins[0] = bins[1]
    found = []
    for i in range(levels, len(bins) + 1):
        space = np.linspace(0, i, num=levels + 1)
        group = np.digitize(range(i), space) - 1
        group[bins[:i] == 0] = -1
        new_counts = np.zeros(levels)
        members = np.zeros(levels)
        for k, g in enumerate(group):
            if g != -1:
                new_counts[g] += bins[k]
                members[g] += 1
        density = np.array([new_counts[g] / members[g] if g != -1 else 0.0 for g in group])
        reference = bins[:i].copy()
        reference[-1] += bins[i:].sum()
        found.append(_divergence(reference, density) if density.sum() > 0 else np.inf)
    return np.array(found)


def _smoothed(x: Doubles) -> Doubles | None:
    zeros = x == 0
    others = (~zeros).sum()
    if not others:
        return None
    less = 0.0001 * zeros.sum() / others
    return None if less >= 1 else x + 0.0001 * zeros - less * ~zeros


def onnxruntime_divergences(counts: Doubles, levels: int) -> Doubles:
    """Of windows from `levels` // 2 bins to either side on."""
    middle = len(counts) // 2
    found = []
    for i in range(levels // 2, middle + 1):
        start, stop = middle - i, min(middle + i + 1, len(counts))
        window = counts[start:stop]
        p = window.copy()
        p[0] += counts[:start].sum()
        p[-1] += counts[stop:].sum()
        merged = len(window) // levels
        sums = [window[k * merged : (k + 1) * merged].sum() for k in range(levels)]
        sums[-1] += window[levels * merged :].sum()
        q = np.zeros(len(window), np.int64)
        for k in range(levels):
            part = slice(k * merged, (k + 1) * merged)
            if members := (p[part] != 0).sum():
                q[part] = sums[k] / members
        smooth_p, smooth_q = _smoothed(p), _smoothed(q.astype(np.float64))
        if smooth_p is None or smooth_q is None:
            found.append(np.inf)
        else:
            found.append(_divergence(smooth_p, smooth_q))
    return np.array(found)


def squared_error(x: Doubles, step: float, low: int, high: int) -> float:
    return float(np.sum((x - step * np.clip(np.rint(x / step), low, high)) ** 2))


def least_error(x: Doubles, q: int, importance: Doubles | None = None) -> float:
    """Of all steps for integers -q .. q: every rounding that occurs, in the order of the step."""
    x = np.abs(x.astype(np.float64))
    weight = np.ones_like(x) if importance is None else importance.astype(np.float64)
    k = np.arange(1, q + 1)
    inverse = np.divide.outer(k - 0.5, np.maximum(x, 1e-300)).T.ravel()
    order = np.argsort(inverse, kind="stable")
    product = np.cumsum(np.repeat(x * weight, q)[order])
    square = np.cumsum(np.multiply.outer(weight, 2 * k - 1).ravel()[order])
    used = square > 0
    gain = product[used] ** 2 / square[used]
    return float(np.sum(weight * x * x) - (gain.max() if gain.size else 0))


def order_zero_bytes(integers: NDArray[np.integer]) -> float:
    """Of integers at their entropy."""
    counts = np.unique(integers, return_counts=True)[1]
    share = counts / counts.sum()
    return float(-np.sum(share * np.log2(share)) * integers.size / 8)
