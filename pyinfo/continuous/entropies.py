"""Differential entropy of samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, SupportsIndex, TypeAlias, overload

import numpy.typing as npt

from pyinfo.arguments import choice, integer, integer_from_to, units_per_nat
from pyinfo.continuous import neighbours, spacings
from pyinfo.continuous.estimates import Estimate, Variable, estimate
from pyinfo.continuous.variables import coordinates, warn_of_ties

EntropyMethod: TypeAlias = Literal[
    "kozachenko-leonenko", "vasicek", "van es", "ebrahimi", "correa", "auto"
]
_METHODS: Final[tuple[EntropyMethod, ...]] = (
    "kozachenko-leonenko",
    "vasicek",
    "van es",
    "ebrahimi",
    "correa",
    "auto",
)


@overload
def differential_entropy(
    x: npt.ArrayLike,
    *,
    method: EntropyMethod = "kozachenko-leonenko",
    k: SupportsIndex = 3,
    window_length: SupportsIndex | None = None,
    base: float = 2,
    details: Literal[False] = False,
    seed: SupportsIndex = 0,
    threads: SupportsIndex = 1,
) -> float: ...
@overload
def differential_entropy(
    x: npt.ArrayLike,
    *,
    method: EntropyMethod = "kozachenko-leonenko",
    k: SupportsIndex = 3,
    window_length: SupportsIndex | None = None,
    base: float = 2,
    details: Literal[True],
    seed: SupportsIndex = 0,
    threads: SupportsIndex = 1,
) -> Estimate: ...
def differential_entropy(
    x: npt.ArrayLike,
    *,
    method: EntropyMethod = "kozachenko-leonenko",
    k: SupportsIndex = 3,
    window_length: SupportsIndex | None = None,
    base: float = 2,
    details: bool = False,
    seed: SupportsIndex = 0,
    threads: SupportsIndex = 1,
) -> float | Estimate:
    """Estimate the differential entropy of the density that samples come from.

    Parameters
    ----------
    x : array_like
        Samples, of shape (n,); or (n, d) for a variable with d coordinates, which need the default
        method. Two variables that are each a series are two columns, not two rows.
    method : str, default "kozachenko-leonenko"
        By the distance to the kth neighbour in the maximum norm; or by spacings of sorted values,
        "vasicek", "van es", "ebrahimi", "correa", or "auto" for one of these by the number of
        samples, all as in `scipy.stats.differential_entropy`.
    k : int, default 3
        Which neighbour: more have less variance and more bias.
    window_length : int, optional
        Of spacings: below n / 2, by default the rounded square root of n.
    base : float, default 2
        The unit of the result.
    details : bool, default False
        Return an `Estimate`, with a standard error.
    seed : int, default 0
        Of the random parts that the standard error is found from.
    threads : int, default 1
        Threads for many samples, 0 for one per core. The result does not depend on it.

    Returns
    -------
    float or Estimate
        Of any sign; -infinity if so many samples are equal that a distance is 0.

    Raises
    ------
    ValueError
        If a value is not finite, or there are too few samples.
    TypeError
        If `x` holds no real numbers.

    Warns
    -----
    UserWarning
        If values look discrete: they have no density.

    References
    ----------
    L. F. Kozachenko, N. N. Leonenko, "Sample estimate of the entropy of a random vector", Problems
    of Information Transmission 23, 1987. O. Vasicek, "A test for normality based on sample
    entropy", Journal of the Royal Statistical Society B 38, 1976. B. van Es, "Estimating
    functionals related to a density by a class of statistics based on spacings", Scandinavian
    Journal of Statistics 19, 1992. N. Ebrahimi, K. Pflughoeft, E. Soofi, "Two measures of sample
    entropy", Statistics and Probability Letters 20, 1994. J. C. Correa, "A new estimator of
    entropy", Communications in Statistics 24, 1995.

    Examples
    --------
    >>> import numpy as np
    >>> from pyinfo import continuous
    >>> x = np.random.default_rng(0).standard_normal(10_000)  # log2(2 pi e) / 2 = 2.047 bits
    >>> round(continuous.differential_entropy(x), 2)
    2.07
    >>> found = continuous.differential_entropy(x, details=True)
    >>> abs(found.value - 2.047) < 3 * found.std
    True
    """
    unit = units_per_nat(base)
    wanted = choice(method, "method", _METHODS)
    points = coordinates(x, "x")
    samples = points.shape[1]
    warn_of_ties(points, "x", stacklevel=2)
    neighbour, length = 1, None
    if wanted == "kozachenko-leonenko":
        neighbour = checked_k(k, samples)
    least = neighbour + 1
    if wanted != "kozachenko-leonenko":
        if len(points) != 1:
            raise ValueError(
                f"method {wanted!r} is for one coordinate, not {len(points)}: "
                "take 'kozachenko-leonenko'"
            )
        if wanted == "auto":
            wanted = choice(spacings.automatic(samples), "method", _METHODS)
        if samples < 3:
            raise ValueError(f"spacings need at least 3 samples, not {samples}")
        if window_length is not None:
            length = integer_from_to(window_length, "window_length", 1, (samples - 1) // 2)
        least = 2 * (length or 1) + 1

    def value(of: Sequence[Variable]) -> float:
        if wanted == "kozachenko-leonenko":
            return neighbours.entropy(of[0], neighbour, threads)
        return spacings.entropy(of[0][0], wanted, length)

    if details:
        return estimate(value, [points], unit=unit, least=least, seed=seed)
    return value([points]) * unit


def checked_k(k: SupportsIndex, samples: int) -> int:
    """Return which neighbour is looked for, among so many samples."""
    found = integer(k, "k", least=1)
    if found >= samples:
        raise ValueError(f"k = {found} needs at least {found + 1} samples, not {samples}")
    return found
