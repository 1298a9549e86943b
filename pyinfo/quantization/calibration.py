"""Where to clip activations: thresholds, scale and zero point from a histogram."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final, Literal, SupportsFloat, SupportsIndex, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pyinfo import _core
from pyinfo.arguments import choice, flag, integer_from_to, real, require_not_empty
from pyinfo.quantization.histograms import FloatHistogram
from pyinfo.quantization.quantizers import integer_range

Method: TypeAlias = Literal["entropy", "mse", "percentile", "max"]
Criterion: TypeAlias = Literal["nvidia", "onnxruntime"]

METHODS: Final = ("entropy", "mse", "percentile", "max")
CRITERIA: Final = ("nvidia", "onnxruntime")
_MOST: Final = 1 << 18  # candidates: as many as the largest histogram has bins
_SQUARED_ERROR: Final = 2
"""What the core calls a criterion: its place in this list, and this one."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """Where values are clipped, and the integers that the others become.

    Attributes
    ----------
    method : str
        What chose the thresholds: for entropy followed by the criterion, as in "entropy-nvidia".
    bits : int
        Width of the integers.
    symmetric : bool
        Whether the zero point is 0 and integers are signed and narrow, else unsigned.
    low, high : float
        Values are clipped to this range, in the unit of what was counted; it contains 0.
    scale : float
        The step between neighbouring integers.
    zero_point : int
        The integer that stands for 0.
    thresholds : ndarray of float64
        The candidates: magnitudes at which values are clipped; where the range is not symmetric,
        that of its larger end.
    scores : ndarray of float64
        Of each candidate, the less the better: divergence in nats, or mean squared error in the
        square of the unit. Of the other methods both arrays are empty.

    Examples
    --------
    >>> import numpy as np
    >>> from pyinfo import quantization
    >>> histogram = quantization.FloatHistogram.from_chunks([np.linspace(-2.54, 1, 1000)])
    >>> found = quantization.calibrate(histogram, method="max")
    >>> round(found.low, 2), round(found.high, 2), round(found.scale, 4), found.zero_point
    (-2.54, 2.54, 0.02, 0)
    """

    method: str
    bits: int
    symmetric: bool
    low: float
    high: float
    scale: float
    zero_point: int
    thresholds: NDArray[np.float64]
    scores: NDArray[np.float64]

    @property
    def threshold(self) -> float:
        """The larger of the magnitudes of `low` and `high`."""
        return max(0.0 - self.low, self.high)

    def __eq__(self, other: object) -> bool:
        """Whether all is equal."""
        if not isinstance(other, Calibration):
            return NotImplemented
        return all(
            np.array_equal(getattr(self, each.name), getattr(other, each.name))
            for each in fields(self)
        )

    __hash__ = None  # type: ignore[assignment]  # arrays have none


def calibrate(
    histogram: FloatHistogram,
    *,
    bits: SupportsIndex = 8,
    method: Method = "entropy",
    criterion: Criterion = "nvidia",
    symmetric: bool = True,
    percentile: SupportsFloat = 99.99,
    candidates: SupportsIndex | None = None,
) -> Calibration:
    """Choose where to clip what a histogram has counted, and say how good every choice is.

    Parameters
    ----------
    histogram : FloatHistogram
        Of activations or weights. Use at least 8192 bins for "mse": with 2048 its curve is wrong by
        up to 1.6 percent.
    bits : int, default 8
        Width of the integers, from 2 to 16.
    method : {"entropy", "mse", "percentile", "max"}, default "entropy"
        The least divergence of the clipped and grouped histogram from the clipped one, the least
        squared error, the range of most values, or that of all of them.
    criterion : {"nvidia", "onnxruntime"}, default "nvidia"
        What "entropy" compares, since the two differ: groups of bins of which those that are empty
        stay so, the first bin counted as the second one is; or groups of equally many bins, means
        rounded down, with zeros replaced by 0.0001. The second needs a histogram of values, not of
        magnitudes, and can be asked for at most twice as many levels as the histogram has bins.
    symmetric : bool, default True
        Signed integers from -(2^(bits - 1) - 1) to 2^(bits - 1) - 1 and zero point 0. Else unsigned
        ones from 0 to 2^bits - 1 for the range from the least to the largest value, clipped; it
        needs a histogram of values.
    percentile : float, default 99.99
        Percent of magnitudes within the range; if not symmetric, half of the rest on either side.
    candidates : int, optional
        How many thresholds "mse" tries, at most 262144, evenly up to the largest magnitude; by
        default one for each bin, or 256 if not symmetric.

    Returns
    -------
    Calibration
        Thresholds, scale, zero point and the whole curve.

    Raises
    ------
    ValueError
        If nothing has been counted, there are too few bins for so many levels, or the histogram is
        of magnitudes where values are needed.

    Notes
    -----
    "entropy" is the calibration of S. Migacz, "8-bit inference with TensorRT", GTC 2017, as
    pytorch-quantization and Model-Optimizer of NVIDIA compute it. Of equally good thresholds it is
    the largest there, the smallest in onnxruntime. Both take O(bins x levels) steps here.

    Examples
    --------
    >>> import numpy as np
    >>> from pyinfo import quantization
    >>> histogram = quantization.FloatHistogram()
    >>> histogram.update(np.random.default_rng(1).standard_t(4, size=100_000))
    >>> for method in ["max", "percentile", "entropy", "mse"]:
    ...     found = quantization.calibrate(histogram, method=method)
    ...     print(f"{method:10} {found.threshold:.2f} {found.scale:.4f}")
    max        24.39 0.1920
    percentile 15.91 0.1252
    entropy    16.04 0.1263
    mse        19.84 0.1562
    """
    if not isinstance(histogram, FloatHistogram):
        raise TypeError(f"histogram must be a FloatHistogram, not {type(histogram).__name__}")
    chosen = choice(method, "method", METHODS)
    width = integer_from_to(bits, "bits", 2, 16)
    symmetric = flag(symmetric, "symmetric")
    view = _View(histogram)
    if not symmetric:
        view.require_values("symmetric=False")
    if chosen == "max" or view.largest == 0:
        return _made(chosen, width, symmetric, *view.range(symmetric))
    if chosen == "percentile":
        return _made("percentile", width, symmetric, *_percentile(view, percentile, symmetric))
    if chosen == "entropy":
        named = choice(criterion, "criterion", CRITERIA)
        if named == "onnxruntime":
            view.require_values('criterion="onnxruntime"')
        threshold, thresholds, scores = view.curve(width, CRITERIA.index(named))
        low, high = view.clipped(threshold, symmetric)
        return _made(f"entropy-{named}", width, symmetric, low, high, thresholds, scores)
    count = 0 if candidates is None else integer_from_to(candidates, "candidates", 1, _MOST)
    if not symmetric:
        return _made("mse", width, symmetric, *_least_error_of_range(view, width, count or 256))
    threshold, thresholds, scores = view.curve(width, _SQUARED_ERROR, count)
    scores = view.squared(scores)
    return _made("mse", width, symmetric, -threshold, threshold, thresholds, scores)


class _View:
    """One state of a histogram, which others may be adding to."""

    def __init__(self, histogram: FloatHistogram) -> None:
        self._exponent, counts, _, _, _, self.least, self.most = histogram._counted.state()
        self.width = 2.0**self._exponent
        self.is_signed = not histogram.symmetric
        self.integers = counts
        self.counts = counts.astype(np.float64)
        self.total = float(self.counts.sum())
        require_not_empty(int(self.total), "the histogram")
        self.largest = max(0.0, -self.least, self.most)

    def require_values(self, what: str) -> None:
        if not self.is_signed:
            raise ValueError(f"{what} needs a histogram of values, not one with symmetric=True")

    def magnitudes(self) -> NDArray[np.float64]:
        if not self.is_signed:
            return self.counts
        half = self.counts.size // 2
        return self.counts[half:] + self.counts[:half][::-1]

    def range(self, symmetric: bool) -> tuple[float, float]:
        if symmetric:
            return 0.0 - self.largest, self.largest
        return min(self.least, 0.0), max(self.most, 0.0)

    def curve(
        self, bits: int, criterion: int, candidates: int = 0
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """Return the best threshold, all of them, and their scores, errors in bins."""
        thresholds, scores, best = _core.clipping_curve(
            self.integers, self.is_signed, self.largest / self.width, bits, criterion, candidates
        )
        found = thresholds * self.width
        return float(found[best]), found, scores

    def errors(
        self, steps: NDArray[np.float64], lows: NDArray[np.int32], highs: NDArray[np.int32]
    ) -> NDArray[np.float64]:
        """Return the sum of squared errors, in bins, of each step with its integers."""
        origin = -(self.integers.size // 2)
        return _core.grid_errors(self.counts, origin, steps / self.width, lows, highs)

    def squared(self, errors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return errors of squares of bins in the unit: infinite where no double holds them."""
        with np.errstate(over="ignore"):
            return np.ldexp(errors, 2 * self._exponent)

    def clipped(self, threshold: float, symmetric: bool) -> tuple[float, float]:
        """Return a range that is clipped, and ends where the values do."""
        low, high = self.range(symmetric)
        return max(low, -threshold), min(high, threshold)


def _step(low: Any, high: Any, levels: int) -> Any:
    """Return the distance of integers, of halves: the range itself may be above all floats."""
    return (high / 2 - low / 2) / (levels / 2)


def _made(
    method: str,
    bits: int,
    symmetric: bool,
    low: float,
    high: float,
    thresholds: NDArray[np.float64] | None = None,
    scores: NDArray[np.float64] | None = None,
) -> Calibration:
    """Return the integers of a range, by the rules of ONNX and PyTorch: 0 is one of the values."""
    least, most = integer_range(bits, signed=symmetric, narrow=symmetric)
    scale = float(_step(low, high, most - least)) or 1.0
    zero = 0 if symmetric else min(max(least - round(low / scale), least), most)
    none = np.empty(0)
    return Calibration(
        method, bits, bool(symmetric), low, high, scale, zero,
        none if thresholds is None else thresholds, none if scores is None else scores,
    )  # fmt: skip


def _percentile(view: _View, percentile: SupportsFloat, symmetric: bool) -> tuple[float, float]:
    share = real(percentile, "percentile") / 100
    if not 0 < share <= 1:
        raise ValueError("percentile must be above 0 and at most 100")
    if symmetric:
        below = np.cumsum(view.magnitudes()) / view.total
        edge = (int(np.searchsorted(below, share)) + 1) * view.width
        return view.clipped(edge, True)
    below = np.cumsum(view.counts) / view.total
    first = -(view.counts.size // 2)
    rest = (1 - share) / 2
    low = (first + int(np.searchsorted(below, rest, side="right"))) * view.width
    high = (first + int(np.searchsorted(below, 1 - rest)) + 1) * view.width
    return min(max(low, view.least), 0.0), max(min(high, view.most), 0.0)


def _least_error_of_range(view: _View, bits: int, number: int) -> tuple[Any, ...]:
    """Clip both ends in proportion, then each end alone, twice."""
    levels = (1 << bits) - 1
    shares = np.arange(1, number + 1) / number
    ends = np.array(view.range(False))

    def errors(lows: Any, highs: Any) -> NDArray[np.float64]:
        steps = np.maximum(_step(lows, highs, levels), np.finfo(np.float64).tiny)
        below = np.clip(np.rint(-lows / steps), 0, levels).astype(np.int32)
        return view.errors(steps, -below, (levels - below).astype(np.int32))

    curve = errors(ends[0] * shares, ends[1] * shares)
    low, high = ends * shares[int(np.argmin(curve))]
    for _ in range(2):
        low = ends[0] * shares[int(np.argmin(errors(ends[0] * shares, high)))]
        high = ends[1] * shares[int(np.argmin(errors(low, ends[1] * shares)))]
    return float(low), float(high), shares * view.largest, view.squared(curve / view.total)
