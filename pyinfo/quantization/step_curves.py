"""Size and error of a tensor for each step of an entropy-coded uniform quantiser."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pyinfo.quantization.rates import RatePoint, rate_distortion
from pyinfo.safetensors.coded_tensor import Bytes
from pyinfo.safetensors.dtype_codes import DtypeCode

BLOCK: Final = 1 << 18
"""Elements that are coded with a code of their own, as in every frame of integers."""

MOST_INTEGER: Final = 32_000
"""Magnitude of an integer, at most: 16 bits hold it, whatever rounding does."""

_COARSEST: Final = 3  # powers of two of the root mean square
_PER_OCTAVE: Final = 2
_FINE: Final = 16
_VERY_FINE: Final = 64

# A bit more divides the error, step^2 / 12, by 4: its slope is this many squares of the step. So a
# bit is worth as much when a dead zone saves it.
_PRICE: Final = math.log(2) / 6
_DEAD_ZONES: Final = (0.0, 0.03, 0.06, 0.09, 0.12, 0.16, 0.2)
_ZONES_FROM: Final = 1 / 4  # of the root mean square: finer steps gain next to nothing

# What coding takes beside entropy: measured for integers of normal and heavy-tailed weights.
_FRAME_BYTES: Final = 60
_BLOCK_BYTES: Final = 25
_LANE_BYTES: Final = 384
_TABLE_SHARE: Final = 0.003


class Spread(NamedTuple):
    """What a tensor's steps depend on."""

    largest: float
    rms: float


class StepPoint(NamedTuple):
    """A step, the bytes that the tensor takes with it, and the sum of weighted squared errors.

    `dead_zone` is the best for this step, as `quantize` has it.
    """

    step: float
    size: float
    error: float
    dead_zone: float


def float_values(data: Bytes, dtype: DtypeCode) -> NDArray[Any]:
    """Return the elements that bytes are as floats that NumPy has; a copy for BF16 and F16."""
    if dtype.code == "BF16":
        return (data.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
    values = data.view(dtype.text)
    return values.astype(np.float32) if dtype.code == "F16" else values


def spread_of(data: Bytes, dtype: DtypeCode) -> Spread | None:
    """Return the spread of a tensor; None if it cannot be quantised.

    That is if elements are not finite, all are zero, or the largest, rounded up by a step, might
    not be one of the type.
    """
    largest, squares = 0.0, 0.0
    size = BLOCK * dtype.itemsize
    for begin in range(0, len(data), size):
        block = float_values(data[begin : begin + size], dtype)
        most = float(max(block.max(), -block.min()))  # NaN if there is one
        if not math.isfinite(most):
            return None
        largest = max(largest, most)
        if most > 0:
            scaled = (block / most).astype(np.float32)
            squares += float(np.dot(scaled, scaled)) * most * most
    count = len(data) // dtype.itemsize
    rms = math.sqrt(squares / count) if count > 0 else 0.0
    room = 65504.0 if dtype.code == "F16" else float(np.finfo(np.float32).max)
    if not 1e-30 < rms < math.inf or largest > room / 2:
        return None
    return Spread(largest, rms)


def coarse_steps(spread: Spread, bits_per_weight: float) -> list[float]:
    """Return steps over the range in which a budget of so many bits per weight can want them."""
    finest = min(max(bits_per_weight + 3, 6), 13)
    low = math.ceil(_PER_OCTAVE * (math.log2(spread.rms) - finest))
    high = math.floor(_PER_OCTAVE * (math.log2(spread.rms) + _COARSEST))
    steps = [_rounded(2 ** (k / _PER_OCTAVE)) for k in range(low, high + 1)]
    least = spread.largest / MOST_INTEGER
    return [step for step in steps if step >= least] or [_rounded(2 * least)]


def fine_steps(spread: Spread, step: float, tensors: int) -> list[float]:
    """Return steps on both sides of one of the coarse ones, up to the next; itself not."""
    per_octave = _FINE if tensors > 8 else _VERY_FINE
    reach = per_octave // _PER_OCTAVE - 1
    steps = [_rounded(step * 2 ** (k / per_octave)) for k in range(-reach, reach + 1) if k != 0]
    least = spread.largest / MOST_INTEGER
    return [each for each in steps if each >= least]


def step_curve(
    data: Bytes,
    dtype: DtypeCode,
    steps: Sequence[float],
    spread: Spread,
    importance: float | NDArray[np.float64],
) -> list[StepPoint]:
    """Return size and error for each step, with the dead zone that is best for it.

    The model: each block of 2^18 integers takes its order-0 entropy, a share more for the code's
    precision, and some bytes for its header, table and lanes.
    """
    if not steps:
        return []
    tried = [(step, zone) for step in steps for zone in _zones(step, spread)]
    all_steps, zones = [step for step, _ in tried], [zone for _, zone in tried]
    sizes = np.full(len(tried), float(_FRAME_BYTES))
    errors = np.zeros(len(tried))
    size = BLOCK * dtype.itemsize
    for begin in range(0, len(data), size):
        block = float_values(data[begin : begin + size], dtype)
        weights = importance_of(importance, begin // dtype.itemsize, len(block))
        points = rate_distortion(
            block, bits=(), steps=all_steps, dead_zone=zones, importance=weights
        ).steps
        sizes += [_block_size(point) for point in points]
        errors += [point.error for point in points]
    scale, mean = (importance, 1.0) if isinstance(importance, float) else (1.0, importance.mean())
    best: dict[float, tuple[float, StepPoint]] = {}
    for (step, zone), taken, error in zip(tried, sizes.tolist(), errors.tolist(), strict=True):
        lost = error + _PRICE * step * step * float(mean) * 8 * taken
        if step not in best or lost < best[step][0]:
            best[step] = (lost, StepPoint(step, taken, error * scale, zone))
    return [best[step][1] for step in steps]


def _zones(step: float, spread: Spread) -> tuple[float, ...]:
    return _DEAD_ZONES if step > _ZONES_FROM * spread.rms else (0.0,)


def importance_of(
    importance: float | NDArray[np.float64], start: int, count: int
) -> NDArray[np.float64] | None:
    """Return the importance of each of some elements in C order; None if it is the same for all."""
    if isinstance(importance, float):
        return None
    return importance[np.arange(start, start + count) % len(importance)]


def _block_size(point: RatePoint) -> float:
    entropy = point.coded_bytes
    planes = 1 if point.bits <= 8 else 2
    lanes = min(_LANE_BYTES, entropy / 16)
    return entropy * (1 + _TABLE_SHARE) + _BLOCK_BYTES * planes + lanes


def _rounded(step: float) -> float:
    """Return the nearest float32."""
    return float(np.float32(step))
