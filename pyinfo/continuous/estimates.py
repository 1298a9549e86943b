"""What estimates come with on request: a standard error and a null distribution."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, SupportsIndex, TypeAlias

import numpy as np
import numpy.typing as npt

from pyinfo import _core
from pyinfo.arguments import integer

Variable: TypeAlias = npt.NDArray[Any]
"""Coordinates or labels, the last axis of which are the samples."""
Value: TypeAlias = Callable[[Sequence[Variable]], float]
Order: TypeAlias = npt.NDArray[np.intp]

_MOST_PARTS: Final = 10
_CELL: Final = 5
"""Samples that are near each other in what is known, and exchanged in its null distribution."""


@dataclass(frozen=True)
class Estimate:
    """An estimate, how far it may be off, and what would have come by chance.

    Attributes
    ----------
    value : float
        The estimate.
    std : float
        Its standard error, from how the estimate varies between parts of the samples (Holmes and
        Nemenman 2019); of the bias it says nothing. NaN if there are too few samples.
    null : tuple of float
        Estimates of shuffled samples, in which there is no dependence; empty if not asked for.
    p_value : float
        The share of these, and of the estimate itself, that is at least as large as the estimate;
        NaN without them.

    Examples
    --------
    >>> import numpy as np
    >>> from pyinfo import continuous
    >>> x, noise = np.random.default_rng(0).standard_normal((2, 500))
    >>> found = continuous.mutual_information(x, x + noise, details=True, permutations=19)
    >>> abs(found.value - 0.5) < 3 * found.std, len(found.null), found.p_value
    (True, 19, 0.05)
    """

    value: float
    std: float
    null: tuple[float, ...] = ()
    p_value: float = math.nan

    @property
    def corrected(self) -> float:
        """The estimate without the mean of the null distribution; NaN if that is not there."""
        return self.value - sum(self.null) / len(self.null) if self.null else math.nan


def estimate(
    value: Value,
    of: Sequence[Variable],
    *,
    unit: float,
    least: int,
    seed: SupportsIndex,
    permutations: int = 0,
    shuffle: Callable[[np.random.Generator], Order] | None = None,
) -> Estimate:
    """Return an estimate with its standard error and null distribution.

    Parameters
    ----------
    value : callable
        What estimates, in nats.
    of : sequence of ndarray
        The variables, all of as many samples.
    unit : float
        What a nat is in the unit of the result.
    least : int
        How many samples an estimate needs.
    seed : int
        Of the random numbers.
    permutations : int, default 0
        The size of the null distribution.
    shuffle : callable, optional
        Returns the order in which the samples of the first variable are taken for it.
    """
    rng = np.random.default_rng(integer(seed, "seed", least=0))
    found = value(of)
    std = math.sqrt(_variance(value, of, least, rng))
    null: list[float] = []
    if shuffle is not None:
        first, *others = of
        null = [value([first[..., shuffle(rng)], *others]) for _ in range(permutations)]
    p_value = (1 + sum(each >= found for each in null)) / (1 + len(null)) if null else math.nan
    return Estimate(found * unit, std * unit, tuple(each * unit for each in null), p_value)


def anywhere(samples: int) -> Callable[[np.random.Generator], Order]:
    """Return what shuffles samples that are independent of the others."""
    return lambda rng: rng.permutation(samples)


def nearby(known: Variable) -> Callable[[np.random.Generator], Order]:
    """Return what shuffles samples among those with nearly the same of what is known.

    What depends on that stays so; J. Runge, "Conditional independence testing based on a
    nearest-neighbor estimator of conditional mutual information", AISTATS 2018.
    """
    samples = known.shape[-1]
    order = _core.nearby_order(known[:4]).astype(np.intp)

    def shuffle(rng: np.random.Generator) -> Order:
        cells = (np.arange(samples) + rng.integers(_CELL)) // _CELL
        places = np.argsort(cells + rng.random(samples))
        taken = np.empty(samples, np.intp)
        taken[order] = order[places]
        return taken

    return shuffle


def _variance(value: Value, of: Sequence[Variable], least: int, rng: np.random.Generator) -> float:
    """Return the variance of the estimate: that of parts, which falls as 1 / samples."""
    samples = of[0].shape[-1]
    most = min(_MOST_PARTS, samples // (4 * least))
    if most < 2:
        return math.nan
    squares, freedom = 0.0, 0
    for count in range(2, most + 1):
        parts = np.array_split(rng.permutation(samples), count)
        found = np.array([value([each[..., part] for each in of]) for part in parts])
        with np.errstate(invalid="ignore"):
            squares += (count - 1) * float(found.var(ddof=1)) / count
        freedom += count - 1
    return squares / freedom
