"""Curves of cost: of functions by their input, of errors by what may be spent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter

from pyinfo.plots.figures import (
    BLUE,
    DARK,
    FAINT,
    GREY,
    LIGHT,
    ORANGE,
    axes_or_new,
    named,
    require_kind,
)
from pyinfo.quantization import Allocation, Calibration, FittedModel, RateDistortion
from pyinfo.testing import GROWTHS, Complexity, Verdict

_MOST_CURVES: Final = 10


def growth(
    found: Complexity, *, of: Literal["time", "memory"] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw how the cost of a function grows with its input, beside what was claimed.

    Parameters
    ----------
    found : Complexity
        What `pyinfo.testing.measure_complexity` or `assert_complexity` returned.
    of : {"time", "memory"}, optional
        Which of the claims; by default that on time if there is one.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If there was no such claim.

    Examples
    --------
    >>> sizes = [1 << k for k in range(12, 20)]
    >>> found = pyinfo.testing.measure_complexity(
    ...     bytes, lambda n: n, None, memory="n", sizes=sizes)
    >>> pyinfo.plots.growth(found).get_title(loc="left")
    'bytes: O(n) memory holds'
    """
    require_kind(found, "found", Complexity)
    which = of or ("time" if found.time is not None else "memory")
    verdict = found.time if which == "time" else found.memory
    if verdict is None:
        raise ValueError(f"there was no claim on {which}")
    costs = np.array(found.costs if which == "time" else found.extra_bytes, np.float64)
    sizes = np.array(found.sizes, np.float64)
    axes = axes_or_new(ax, 6.4, 4.2)
    if (line := _claimed(verdict, sizes)) is not None:
        axes.plot(
            sizes, line, color=ORANGE, linewidth=2, zorder=1, label=f"as claimed: {verdict.claim}"
        )
    axes.plot(sizes, costs, "o", color=BLUE, label="measured", zorder=2)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.grid(color=FAINT)
    axes.set_xlabel("n")
    if which == "memory":
        axes.set_ylabel("extra memory, bytes")
    elif found.by == "time":
        axes.set_ylabel("time of a call")
        axes.yaxis.set_major_formatter(EngFormatter("s"))
    else:
        axes.set_ylabel("instructions of a call")
    held = "holds" if verdict.passed else "does not hold" if verdict.judged else "not judged"
    named(axes, f"{found.name}: O({verdict.claim}) {which} {held}")
    axes.legend(frameon=False)
    return axes


def _claimed(verdict: Verdict, sizes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64] | None:
    """Return what was claimed, through the largest size; None of growths of somebody's own."""
    for known in GROWTHS:
        if known.name == verdict.claim:
            return verdict.overhead + verdict.per_unit * known.of(sizes)
    return None


def calibration(curves: Calibration | Mapping[str, Calibration], *, ax: Axes | None = None) -> Axes:
    """Draw what clipping costs at every threshold, and where it is least.

    Parameters
    ----------
    curves : Calibration, or mapping of them by names
        What `pyinfo.quantization.calibrate` returned. Of a mapping the first ten are drawn; all
        must be of one method.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If there is no curve: the methods "max" and "percentile" try one threshold.

    Examples
    --------
    >>> values = np.random.default_rng(0).normal(size=10_000)
    >>> histogram = pyinfo.quantization.FloatHistogram.from_chunks([values])
    >>> found = pyinfo.quantization.calibrate(histogram, bits=4, method="mse")
    >>> pyinfo.plots.calibration(found).get_ylabel()
    'mean squared error'
    """
    require_kind(curves, "curves", Calibration, Mapping)
    by_name = {"": curves} if isinstance(curves, Calibration) else dict(curves)
    drawn = [(name, curve) for name, curve in by_name.items() if curve.scores.size]
    if not drawn:
        raise ValueError("there is no curve: methods 'max' and 'percentile' try one threshold")
    methods = sorted({curve.method for _, curve in drawn})
    if len(methods) > 1:
        raise ValueError(f"curves must be of one method, not {methods[0]} and {methods[1]}")
    axes = axes_or_new(ax)
    shades = np.linspace(0.95, 0.45, min(len(drawn), _MOST_CURVES)) if len(drawn) > 1 else [0.75]
    for (name, curve), shade in zip(drawn[:_MOST_CURVES], shades, strict=False):
        (line,) = axes.plot(curve.thresholds, curve.scores, color=_blues(float(shade)), label=name)
        best = int(curve.scores.argmin())
        axes.plot(curve.thresholds[best], curve.scores[best], "o", color=ORANGE, zorder=3)
        if len(drawn) == 1:
            axes.annotate(
                f"{curve.thresholds[best]:.4g}",
                (curve.thresholds[best], curve.scores[best]),
                (0, -14),
                textcoords="offset points",
                ha="center",
                color=ORANGE,
            )
        line.set_linewidth(1.8)
    axes.set_yscale("log")
    axes.margins(y=0.12)
    axes.grid(color=FAINT)
    axes.set_xlabel("threshold")
    axes.set_ylabel("mean squared error" if methods[0] == "mse" else "divergence, nats")
    bits = drawn[0][1].bits
    named(axes, f"What clipping costs at {bits} bits; least at the dots")
    if len(drawn) > 1:
        left = f"the first {_MOST_CURVES} of {len(drawn)}" if len(drawn) > _MOST_CURVES else None
        axes.legend(frameon=False, title=left, fontsize="small")
    return axes


def _blues(shade: float) -> tuple[float, float, float]:
    """Return a colour between a light blue and the darkest, which is 1."""
    light, dark = np.array([0.72, 0.83, 0.93]), np.array([0.03, 0.19, 0.42])
    red, green, blue = (light + (dark - light) * shade).tolist()
    return red, green, blue


def budget(
    found: Allocation | FittedModel, *, unit: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the least error for what is spent, and the choice that a budget led to.

    Parameters
    ----------
    found : Allocation or FittedModel
        What `pyinfo.quantization.allocate` or `fit` returned.
    unit : str, optional
        Of the costs: "bytes" for a `FittedModel`, else none is named.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> costs, errors = [[1, 2, 4], [1, 2, 4]], [[9.0, 4.0, 1.0], [5.0, 3.0, 2.0]]
    >>> axes = pyinfo.plots.budget(pyinfo.quantization.allocate(costs, errors, 5), unit="MB")
    >>> axes.get_xlabel()
    'cost, MB'
    """
    require_kind(found, "found", Allocation, FittedModel)
    allocation = found.allocation if isinstance(found, FittedModel) else found
    unit = "bytes" if unit is None and isinstance(found, FittedModel) else unit
    axes = axes_or_new(ax)
    hull = allocation.hull
    axes.fill_between(
        hull[:, 0], 0, hull[:, 1], color=FAINT, linewidth=0, label="nothing reaches below"
    )
    few = len(hull) <= 40
    axes.plot(
        hull[:, 0],
        hull[:, 1],
        "o-" if few else "-",
        color=BLUE,
        markersize=3.5,
        label="the best for each price",
    )
    axes.axvline(allocation.budget, color=ORANGE, linestyle="--", linewidth=1.2, label="the budget")
    axes.plot(
        allocation.cost,
        allocation.error,
        "o",
        color=ORANGE,
        markersize=8,
        label=f"chosen: error {allocation.error:.4g}, gap {allocation.gap:.2%}",
    )
    axes.set_xlabel("cost" if unit is None else f"cost, {unit}")
    axes.set_ylabel("error")
    axes.set(ylim=(0, None))
    axes.margins(x=0.03)
    if unit == "bytes":
        axes.xaxis.set_major_formatter(EngFormatter("B"))
        axes.set_xlabel("size")
    named(axes, f"{len(allocation.choice)} tensors within a budget")
    axes.legend(edgecolor="none", framealpha=0.9)
    return axes


def rate_distortion(found: RateDistortion, *, ax: Axes | None = None) -> Axes:
    """Draw what weights lose at each width and each step, and Shannon's bound.

    Parameters
    ----------
    found : RateDistortion
        What `pyinfo.quantization.rate_distortion` returned.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> w = np.random.default_rng(1).normal(size=10_000)
    >>> axes = pyinfo.plots.rate_distortion(pyinfo.quantization.rate_distortion(w, bits=[3, 4]))
    >>> axes.get_xlabel()
    'bits per weight'
    """
    require_kind(found, "found", RateDistortion)
    axes = axes_or_new(ax)
    per_weight = 8 / found.weights
    steps = sorted((point.coded_bytes * per_weight, point.error) for point in found.steps)
    if steps:
        axes.plot(
            *zip(*steps, strict=True), color=BLUE, linewidth=2, label="equal steps, entropy coded"
        )
    coded = [(point.coded_bytes * per_weight, point.error) for point in found.widths]
    plain = [(point.plain_bytes * per_weight, point.error) for point in found.widths]
    if plain:
        axes.plot(*zip(*plain, strict=True), "s", color=GREY, label="integers of so many bits")
        axes.plot(
            *zip(*coded, strict=True),
            "o",
            color=LIGHT,
            markeredgecolor=DARK,
            label="the same, entropy coded",
        )
    if found.differential_entropy is not None:
        rates = np.array([rate for rate, _ in [*steps, *coded, *plain]])
        line = np.linspace(max(float(rates.min()), 0.5), float(rates.max()), 50)
        bound = [found.shannon_error(rate / per_weight) for rate in line]
        axes.plot(line, bound, color=ORANGE, linestyle="--", linewidth=1.2, label="Shannon's bound")
    axes.set_yscale("log")
    axes.grid(color=FAINT)
    axes.set_xlabel("bits per weight")
    axes.set_ylabel("squared error of all weights")
    named(axes, f"{found.weights:,} weights: what bits buy")
    axes.legend(frameon=False)
    return axes
