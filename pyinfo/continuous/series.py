"""Transfer entropy between continuous series."""

from __future__ import annotations

from typing import Literal, SupportsIndex, overload

import numpy as np
import numpy.typing as npt

from pyinfo.arguments import integer, units_per_nat
from pyinfo.continuous.dependence import Scale, checked_permutations, conditional_estimate, rescaled
from pyinfo.continuous.estimates import Estimate
from pyinfo.continuous.variables import Coordinates, variables, warn_of_ties


@overload
def transfer_entropy(
    source: npt.ArrayLike,
    target: npt.ArrayLike,
    history: SupportsIndex | tuple[SupportsIndex, SupportsIndex] = 1,
    *,
    k: SupportsIndex = 3,
    scale: Scale = "std",
    base: float = 2,
    details: Literal[False] = False,
    permutations: SupportsIndex = 0,
    seed: SupportsIndex = 0,
    threads: SupportsIndex = 1,
) -> float: ...
@overload
def transfer_entropy(
    source: npt.ArrayLike,
    target: npt.ArrayLike,
    history: SupportsIndex | tuple[SupportsIndex, SupportsIndex] = 1,
    *,
    k: SupportsIndex = 3,
    scale: Scale = "std",
    base: float = 2,
    details: Literal[True],
    permutations: SupportsIndex = 0,
    seed: SupportsIndex = 0,
    threads: SupportsIndex = 1,
) -> Estimate: ...
def transfer_entropy(
    source: npt.ArrayLike,
    target: npt.ArrayLike,
    history: SupportsIndex | tuple[SupportsIndex, SupportsIndex] = 1,
    *,
    k: SupportsIndex = 3,
    scale: Scale = "std",
    base: float = 2,
    details: bool = False,
    permutations: SupportsIndex = 0,
    seed: SupportsIndex = 0,
    threads: SupportsIndex = 1,
) -> float | Estimate:
    """Estimate how much the past of one continuous series tells of the next value of another.

    Beyond what the other's own past tells: ``I(target[t]; source[t-l:t] | target[t-k:t])``.

    Parameters
    ----------
    source, target : array_like
        Series of the same length, in the order of time, of shape (n,); or (n, d) with d
        coordinates at each time.
    history : int or pair of int, default 1
        How many past values are looked at: l of the source and k of the target, if they differ.
        More than four coordinates together (the next, and both pasts) need SciPy.
    k, scale, base, details, seed, threads
        As in `mutual_information`. Standard errors take the times as independent.
    permutations : int, default 0
        How often next values are shuffled among five times with nearly the same own past.

    Returns
    -------
    float or Estimate
        Near zero of either sign if the source tells nothing.

    Raises
    ------
    ValueError
        If a value is not finite, or series are too short.
    TypeError
        If a series holds no real numbers.

    Warns
    -----
    UserWarning
        If values look discrete.

    References
    ----------
    T. Schreiber, "Measuring information transfer", Physical Review Letters 85, 2000.

    Examples
    --------
    >>> import numpy as np
    >>> from pyinfo import continuous
    >>> x, noise = np.random.default_rng(0).standard_normal((2, 3000))
    >>> y = noise.copy()
    >>> y[1:] += x[:-1]  # y follows x: log2(2) / 2 bits
    >>> abs(continuous.transfer_entropy(x, y) - 0.5) < 0.1
    True
    >>> abs(continuous.transfer_entropy(y, x)) < 0.1
    True
    """
    unit = units_per_nat(base)
    shuffles = checked_permutations(permutations, details)
    lengths = history if isinstance(history, tuple) else (history, history)
    if len(lengths) != 2:
        raise TypeError(f"history must be an integer or a pair of integers, not {history!r}")
    source_length, target_length = (integer(each, "history", least=1) for each in lengths)
    names = ["source", "target"]
    before, after = variables([source, target], names)
    for each, name in zip((before, after), names, strict=True):
        warn_of_ties(each, name, stacklevel=2)
    start, samples = max(source_length, target_length), after.shape[1]
    if samples <= start + 1:
        raise ValueError(
            f"source and target must be longer than history + 1 = {start + 1}, not {samples}"
        )
    of = [
        after[:, start:],
        _past(before, start, source_length),
        _past(after, start, target_length),
    ]
    return conditional_estimate(rescaled(of, scale), k, unit, shuffles, details, seed, threads)


def _past(series: Coordinates, start: int, length: int) -> Coordinates:
    """Return the `length` values before each time from `start` on, as coordinates."""
    samples = series.shape[1]
    return np.concatenate([series[:, start - lag : samples - lag] for lag in range(1, length + 1)])
