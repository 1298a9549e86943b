"""Error against size: what weights lose at every width and every step."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, SupportsIndex

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from pyinfo import _core
from pyinfo.arguments import integer_from_to, reals, require_not_empty, sequence, thread_count
from pyinfo.quantization.groups import Groups
from pyinfo.quantization.importance import flat_importance

_RATIOS: Final = np.geomspace(1 / 64, 1, 96)
_OF_SPREAD: Final = 2.0 ** np.arange(-5, 1.25, 0.25)
"""Steps that are tried, in root mean squares of the weights."""


@dataclass(frozen=True)
class RatePoint:
    """What quantising an array costs and loses.

    Attributes
    ----------
    bits : int
        Width of the integers; where a step is given, of the narrowest that hold all of them.
    step : float or None
        The distance of neighbouring values; None if groups have steps of their own.
    clip : float
        The largest value in units of the largest magnitude of each group. Steps are
        clip largest / (2^(bits - 1) - 1).
    error : float
        The sum of importance (w - quantised w)^2, in the square of the unit of the weights.
    coded_bytes : float
        The integers at their entropy: what an entropy coder makes of them, but for its tables.
    plain_bytes : int
        The integers at `bits` bits each.

    Examples
    --------
    >>> from pyinfo import quantization
    >>> found = quantization.rate_distortion([-1.0, 0.0, 0.0, 1.0], bits=[2], steps=[1.0])
    >>> point = found.steps[0]
    >>> point.bits, point.step, point.error, round(point.coded_bytes, 3), point.plain_bytes
    (2, 1.0, 0.0, 0.75, 1)
    """

    bits: int
    step: float | None
    clip: float
    error: float
    coded_bytes: float
    plain_bytes: int


@dataclass(frozen=True)
class RateDistortion:
    """Error and size of an array of weights, for every width and every step.

    Attributes
    ----------
    weights, groups : int
        How many there are.
    widths : tuple of RatePoint
        For each width, at the clip with the least error. Sizes are without the groups' scales.
    steps : tuple of RatePoint
        For each step, the same for all weights, with nothing clipped: an entropy-coded uniform
        scalar quantiser.
    differential_entropy : float or None
        Of the weights' distribution, in bits; None with importance.

    Examples
    --------
    >>> import numpy as np
    >>> from pyinfo import quantization
    >>> w = np.random.default_rng(1).normal(size=100_000)
    >>> found = quantization.rate_distortion(w, bits=[3, 4, 5])
    >>> [round(point.error / found.weights, 3) for point in found.widths]
    [0.047, 0.013, 0.004]
    >>> all(found.shannon_error(point.coded_bytes) < point.error for point in found.steps)
    True
    """

    weights: int
    groups: int
    widths: tuple[RatePoint, ...]
    steps: tuple[RatePoint, ...]
    differential_entropy: float | None

    def shannon_error(self, coded_bytes: float) -> float:
        """Return the error that no coder of single independent weights can be below.

        Shannon's lower bound of the rate-distortion function for squared error, of the distribution
        that the fine histogram shows: n / (2 pi e) 4^(h - rate). Uniform steps and an entropy coder
        come within 0.25 bit of it at high rates. Coders that use what weights have to do with their
        neighbours or with their group are not bound by it.

        Parameters
        ----------
        coded_bytes : float
            Size of the integers in bytes.

        Raises
        ------
        ValueError
            If the curve was made with importance: no such bound is known.
        """
        if self.differential_entropy is None:
            raise ValueError("there is no such bound for errors with importance")
        rate = 8 * coded_bytes / self.weights
        noise = math.exp2(2 * (self.differential_entropy - rate))
        return self.weights * noise / (2 * math.pi * math.e)


def rate_distortion(
    w: npt.ArrayLike,
    *,
    bits: Iterable[SupportsIndex] = range(2, 9),
    steps: npt.ArrayLike | None = None,
    dead_zone: npt.ArrayLike = 0.0,
    axis: SupportsIndex | None = None,
    group: SupportsIndex | None = None,
    importance: npt.ArrayLike | None = None,
    threads: SupportsIndex = 1,
) -> RateDistortion:
    """Return error and size of weights for every width and every step, from one fine histogram.

    Integers are symmetric, from -(2^(bits - 1) - 1) up. Of millions of
    weights, sizes are right to 1e-5 and errors to 2e-3 of those that quantising gives: 2^14 bins
    take the place of the weights, which are read once more where a step is narrower than eight.

    Parameters
    ----------
    w : array_like
        Weights, finite, not empty; computed in float32.
    bits : iterable of int, default 2 .. 8
        Widths, each from 2 to 16.
    steps : array_like, optional
        Steps in the unit of the weights, each above 1/32768 of the largest magnitude; by default 25
        from 1/32 to 2 of the root mean square, less those that are too small.
    dead_zone : float or array_like, default 0
        Of steps, as `quantize` has it: one for all of them, or one for each.
    axis : int, optional
        The axis of channels, each of which has a scale; with `group` that of its neighbours.
    group : int, optional
        So many neighbours along `axis`, by default the last one, share a scale.
    importance : array_like, optional
        What a squared error counts, at least 0: for each index along the last axis (of the inputs
        of a layer), or for each weight.
    threads : int, default 1
        Threads for large arrays, 0 for one per core. The result does not depend on it.

    Returns
    -------
    RateDistortion
        A point for each width and each step.

    Raises
    ------
    ValueError
        If `w` is empty or not finite, a width, a step or a dead zone is out of range, or importance
        is negative or has another shape.

    Notes
    -----
    With an entropy coder behind it, the free choice is the step, not the width and the clip:
    H. Gish and J. N. Pierce, "Asymptotically efficient quantizing", IEEE Trans. Inf. Theory 14
    (1968), 676-683. Below three bits a weight or so, a dead zone buys what rounding that looks at
    the bits of each integer does: G. J. Sullivan, "Efficient scalar quantization of exponential and
    Laplacian random variables", IEEE Trans. Inf. Theory 42 (1996), 1365-1374.

    Examples
    --------
    >>> import numpy as np
    >>> from pyinfo import quantization
    >>> w = np.random.default_rng(1).normal(size=100_000)
    >>> found = quantization.rate_distortion(w, bits=[4], steps=[0.5])
    >>> four, half = found.widths[0], found.steps[0]
    >>> four.plain_bytes, round(four.coded_bytes), round(four.error)
    (50000, 44031, 1300)
    >>> round(half.coded_bytes), round(half.error)
    (38196, 2070)
    """
    data = _core.as_array(w, "w")
    require_not_empty(data.size, "w")
    groups = Groups(data.shape, axis, group, "w")
    widths = [integer_from_to(width, "bits", 2, 16) for width in sequence(bits, "bits")]
    counted = flat_importance(importance, groups, "w")
    ordered = groups.side_by_side(data)
    wanted = _OF_SPREAD if steps is None else _checked_steps(steps)
    levels = [(1 << (width - 1)) - 1 for width in widths]
    zones = _checked_zones(dead_zone, len(wanted))
    options = (steps is None, zones, thread_count(threads))
    found = _core.rate_distortion(
        ordered, groups.size, counted.numbers, levels, _RATIOS, wanted, *options
    )
    largest, ratios, clipped, used, unclipped, entropy = found
    for points in (clipped, unclipped):
        points[:, 0] *= counted.unit  # errors; the others are rates
    most = float(largest.max())
    single = most if len(largest) == 1 else None
    return RateDistortion(
        data.size,
        len(largest),
        tuple(
            _clipped_point(data.size, width, ratio, single, point)
            for width, ratio, point in zip(widths, ratios.tolist(), clipped.tolist(), strict=True)
        ),
        tuple(
            _unclipped_point(data.size, step, most, point)
            for step, point in zip(used.tolist(), unclipped.tolist(), strict=True)
        ),
        None if importance is not None else float(entropy),
    )


def _clipped_point(
    size: int, width: int, ratio: float, largest: float | None, point: Sequence[float]
) -> RatePoint:
    step = None if largest is None else ratio * largest / ((1 << (width - 1)) - 1)
    error, rate = point
    return RatePoint(width, step, ratio, error, rate * size / 8, -(-size * width // 8))


def _unclipped_point(size: int, step: float, most: float, point: Sequence[float]) -> RatePoint:
    half = round(most / step)
    width = max(1, (2 * half).bit_length())
    error, rate = point
    clip = half * step / most if most > 0 else 1.0
    return RatePoint(width, step, clip, error, rate * size / 8, -(-size * width // 8))


def _checked_steps(steps: npt.ArrayLike) -> NDArray[np.float64]:
    values = np.atleast_1d(reals(steps, "steps"))
    if values.ndim != 1 or not (np.isfinite(values).all() and (values > 0).all()):
        raise ValueError("steps must be positive and finite, in one dimension")
    return values


def _checked_zones(dead_zone: npt.ArrayLike, steps: int) -> NDArray[np.float64]:
    values = np.asarray(_core.as_array(dead_zone, "dead_zone"), np.float64)
    if values.shape not in {(), (steps,)}:
        raise ValueError(
            f"dead_zone must be a number, or one for each of {steps} steps, "
            f"not of shape {values.shape}"
        )
    if not ((values >= 0) & (values < 0.5)).all():
        raise ValueError("dead_zone must be from 0 up to 0.5")
    return np.ascontiguousarray(np.broadcast_to(values, steps))
