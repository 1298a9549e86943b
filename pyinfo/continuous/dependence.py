"""Mutual information of variables of which at least one is continuous."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, SupportsIndex, TypeAlias, cast, overload

import numpy as np
import numpy.typing as npt

from pyinfo._samples.labels import labelled
from pyinfo._samples.samples import read_samples
from pyinfo.arguments import choice, integer, integer_from_to, require_same_number, units_per_nat
from pyinfo.continuous import bins as quantile_bins
from pyinfo.continuous import neighbours
from pyinfo.continuous.entropies import checked_k
from pyinfo.continuous.estimates import Estimate, Variable, anywhere, estimate, nearby
from pyinfo.continuous.variables import (
    Coordinates,
    coordinates,
    scaled,
    variables,
    warn_of_ties,
)

InformationMethod: TypeAlias = Literal["ksg1", "ksg2", "ross", "bins"]
_METHODS: Final[tuple[InformationMethod, ...]] = ("ksg1", "ksg2", "ross", "bins")
Scale: TypeAlias = Literal["std", "none"]
_SCALES: Final[tuple[Scale, ...]] = ("std", "none")


@overload
def mutual_information(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    method: InformationMethod = "ksg1",
    k: SupportsIndex = 3,
    scale: Scale = "std",
    bins: SupportsIndex | None = None,
    base: float = 2,
    details: Literal[False] = False,
    permutations: SupportsIndex = 0,
    seed: SupportsIndex = 0,
    threads: SupportsIndex = 1,
) -> float: ...
@overload
def mutual_information(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    method: InformationMethod = "ksg1",
    k: SupportsIndex = 3,
    scale: Scale = "std",
    bins: SupportsIndex | None = None,
    base: float = 2,
    details: Literal[True],
    permutations: SupportsIndex = 0,
    seed: SupportsIndex = 0,
    threads: SupportsIndex = 1,
) -> Estimate: ...
def mutual_information(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    method: InformationMethod = "ksg1",
    k: SupportsIndex = 3,
    scale: Scale = "std",
    bins: SupportsIndex | None = None,
    base: float = 2,
    details: bool = False,
    permutations: SupportsIndex = 0,
    seed: SupportsIndex = 0,
    threads: SupportsIndex = 1,
) -> float | Estimate:
    """Estimate how much two variables tell of each other, of which one or both are continuous.

    Parameters
    ----------
    x, y : array_like
        Samples, of shape (n,); or (n, d) for a variable with d coordinates.
    method : str, default "ksg1"
        "ksg1" and "ksg2", the two estimators of Kraskov, Stoegbauer and Grassberger by nearest
        neighbours in the maximum norm; "ross", of which `y` is labels of any type; "bins", by
        quantile bins with the Miller-Madow correction, for values of which many are equal.
    k : int, default 3
        Which neighbour: more have less variance and more bias.
    scale : str, default "std"
        Divide every coordinate by its standard deviation, or take them as they are ("none").
    bins : int, optional
        Of each coordinate, at most as many as samples; by default about the square root of n / 5.
    base : float, default 2
        The unit of the result.
    details : bool, default False
        Return an `Estimate`, with a standard error and what is found of shuffled samples.
    permutations : int, default 0
        How often samples are shuffled; needs `details`.
    seed : int, default 0
        Of random numbers.
    threads : int, default 1
        Threads for many samples, 0 for one per core. The result does not depend on it.

    Returns
    -------
    float or Estimate
        Of independent variables as often below zero as above: it is not cut off, which would make
        means of estimates too large.

    Raises
    ------
    ValueError
        If a value is not finite, or there are too few samples.
    TypeError
        If a variable holds no real numbers.

    Warns
    -----
    UserWarning
        If values look discrete.

    References
    ----------
    A. Kraskov, H. Stoegbauer, P. Grassberger, "Estimating mutual information", Physical Review E
    69, 2004. B. C. Ross, "Mutual information between discrete and continuous data sets", PLoS ONE
    9, 2014. C. M. Holmes, I. Nemenman, "Estimation of mutual information for real-valued data with
    error bars and controlled bias", Physical Review E 100, 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from pyinfo import continuous
    >>> rng = np.random.default_rng(0)
    >>> x = rng.standard_normal(4000)
    >>> y = 0.6 * x + 0.8 * rng.standard_normal(4000)  # -log2(1 - 0.6**2) / 2 = 0.322 bits
    >>> abs(continuous.mutual_information(x, y) - 0.322) < 0.05
    True
    >>> found = continuous.mutual_information(x, y, details=True, permutations=19)
    >>> found.p_value, abs(found.value - 0.322) < 3 * found.std
    (0.05, True)
    >>> abs(continuous.mutual_information(x, y > 0, method="ross") - 0.19) < 0.05
    True
    """
    unit = units_per_nat(base)
    wanted = choice(method, "method", _METHODS)
    shuffles = checked_permutations(permutations, details)
    of: list[Variable]
    if wanted == "ross":
        points, labels = coordinates(x, "x"), _labels(y)
        require_same_number([points.shape[1], labels.shape[1]], ["x", "y"])
        of = [rescaled([points], scale)[0], labels]
    else:
        of = [*rescaled(variables([x, y], ["x", "y"]), scale)]
    samples = of[0].shape[1]
    neighbour, count = 1, 2
    if wanted == "bins":
        count = quantile_bins.default_bins(samples)
        if bins is not None:
            count = integer_from_to(bins, "bins", 2, max(2, samples))
    else:
        neighbour = checked_k(k, samples)
        for each, name in zip(of[: 1 if wanted == "ross" else 2], "xy", strict=False):
            warn_of_ties(each, name, stacklevel=2)

    def value(each: Sequence[Variable]) -> float:
        if wanted == "bins":
            return quantile_bins.information(each[0], each[1], count)
        if wanted == "ross":
            return neighbours.class_information(each[0], each[1], neighbour, threads)
        return neighbours.information(each[0], each[1], neighbour, wanted == "ksg2", threads)

    if not details:
        return value(of) * unit
    return estimate(
        value,
        of,
        unit=unit,
        least=neighbour + 1,
        seed=seed,
        permutations=shuffles,
        shuffle=anywhere(samples),
    )


@overload
def conditional_mutual_information(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    given: npt.ArrayLike,
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
def conditional_mutual_information(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    given: npt.ArrayLike,
    *,
    k: SupportsIndex = 3,
    scale: Scale = "std",
    base: float = 2,
    details: Literal[True],
    permutations: SupportsIndex = 0,
    seed: SupportsIndex = 0,
    threads: SupportsIndex = 1,
) -> Estimate: ...
def conditional_mutual_information(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    given: npt.ArrayLike,
    *,
    k: SupportsIndex = 3,
    scale: Scale = "std",
    base: float = 2,
    details: bool = False,
    permutations: SupportsIndex = 0,
    seed: SupportsIndex = 0,
    threads: SupportsIndex = 1,
) -> float | Estimate:
    """Estimate how much two continuous variables tell of each other when others are known.

    Parameters
    ----------
    x, y : array_like
        Samples, of shape (n,), or (n, d) for a variable with d coordinates.
    given : array_like
        What is known, of the same kind: several variables are columns.
    k, scale, base, details, seed, threads
        As in `mutual_information`.
    permutations : int, default 0
        How often samples of `x` are shuffled among five that are near in what is known.

    Returns
    -------
    float or Estimate
        I(x; y | given); near zero of either sign if they are independent.

    Raises
    ------
    ValueError
        If a value is not finite, or there are too few samples.
    TypeError
        If a variable holds no real numbers.

    Warns
    -----
    UserWarning
        If values look discrete.

    References
    ----------
    S. Frenzel, B. Pompe, "Partial mutual information for coupling analysis of multivariate time
    series", Physical Review Letters 99, 2007. J. Runge, "Conditional independence testing based on
    a nearest-neighbor estimator of conditional mutual information", AISTATS 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from pyinfo import continuous
    >>> rng = np.random.default_rng(0)
    >>> z, a, b = rng.standard_normal((3, 2000))
    >>> x, y = z + 0.5 * a, z + 0.5 * b
    >>> continuous.mutual_information(x, y) > 0.5
    True
    >>> abs(continuous.conditional_mutual_information(x, y, z)) < 0.1
    True
    """
    unit = units_per_nat(base)
    shuffles = checked_permutations(permutations, details)
    names = ["x", "y", "given"]
    of = rescaled(variables([x, y, given], names), scale)
    for each, name in zip(of, names, strict=True):
        warn_of_ties(each, name, stacklevel=2)
    return conditional_estimate(of, k, unit, shuffles, details, seed, threads)


def conditional_estimate(
    of: Sequence[Coordinates],
    k: SupportsIndex,
    unit: float,
    permutations: int,
    details: bool,
    seed: SupportsIndex,
    threads: SupportsIndex,
) -> float | Estimate:
    """Return the information between the first two variables given the third."""
    neighbour = checked_k(k, of[0].shape[1])

    def value(each: Sequence[Variable]) -> float:
        return neighbours.conditional_information(each[0], each[1], each[2], neighbour, threads)

    if not details:
        return value(of) * unit
    return estimate(
        value,
        of,
        unit=unit,
        least=neighbour + 1,
        seed=seed,
        permutations=permutations,
        shuffle=nearby(of[2]),
    )


def checked_permutations(permutations: SupportsIndex, details: bool) -> int:
    """Return how often samples are shuffled, which only an `Estimate` can say."""
    found = integer(permutations, "permutations", least=0)
    if found > 0 and not details:
        raise ValueError("permutations are for details=True, which returns what they give")
    return found


def rescaled(of: Sequence[Coordinates], scale: Scale) -> list[Coordinates]:
    """Return variables as they are compared."""
    return [scaled(x) for x in of] if choice(scale, "scale", _SCALES) == "std" else list(of)


def _labels(y: npt.ArrayLike) -> npt.NDArray[np.uint32]:
    samples = read_samples(y, "y")
    if samples.masked is not None:
        raise TypeError("y must have no masked elements: leave them out of both variables")
    return cast("npt.NDArray[np.uint32]", labelled(samples.array).array.reshape(1, -1))
