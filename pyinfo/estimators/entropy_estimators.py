"""Entropy from counts: the plug-in estimator and those that correct its bias.

All of them see the counts through their multiplicities, so that their cost is that of the number
of *different* counts, a few dozen as a rule. Everything is computed in nats.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, SupportsIndex, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from pyinfo import _core
from pyinfo.arguments import choice, integer, units_per_nat
from pyinfo.estimators.gamma_functions import Floats, digamma
from pyinfo.estimators.multiplicities import Multiplicities, multiplicities, surprisals
from pyinfo.estimators.nsb import nsb

Estimator: TypeAlias = Literal[
    "plugin",
    "miller-madow",
    "grassberger",
    "james-stein",
    "chao-shen",
    "chao-wang-jost",
    "nsb",
]


@overload
def estimate_entropy(
    counts: npt.ArrayLike,
    *,
    base: float = 2,
    estimator: Estimator = "plugin",
    alphabet_size: SupportsIndex | None = None,
    return_std: Literal[False] = False,
) -> float: ...
@overload
def estimate_entropy(
    counts: npt.ArrayLike,
    *,
    base: float = 2,
    estimator: Estimator = "plugin",
    alphabet_size: SupportsIndex | None = None,
    return_std: Literal[True],
) -> tuple[float, float]: ...
def estimate_entropy(
    counts: npt.ArrayLike,
    *,
    base: float = 2,
    estimator: Estimator = "plugin",
    alphabet_size: SupportsIndex | None = None,
    return_std: bool = False,
) -> float | tuple[float, float]:
    """Estimate the entropy of the distribution that counted samples were drawn from.

    The entropy of the relative frequencies (`plugin`) is too small on average, by about
    ``(k - 1) / (2 n)`` nats for `n` samples of `k` symbols, and by more where symbols were not
    met at all. The other estimators correct that.

    Parameters
    ----------
    counts : array_like of non-negative integers, one dimension
        How often each symbol was met. Zeros stand for symbols that exist and were not met.
    base : float, default 2
        The unit of the result.
    estimator : str, default "plugin"
        ``"plugin"``
            The entropy of the relative frequencies: maximum likelihood.
        ``"miller-madow"``
            Plus the first term of the bias, ``(observed - 1) / (2 n)`` [1]_.
        ``"grassberger"``
            The logarithm of each count replaced by one whose mean is right for Poisson
            counts [2]_.
        ``"james-stein"``
            Frequencies shrunk towards the uniform distribution over the alphabet, by as much as
            the data's own variance asks for [3]_.
        ``"chao-shen"``
            Horvitz-Thompson sum over frequencies scaled by the sample coverage [4]_.
        ``"chao-wang-jost"``
            The accumulation curve of symbols, extrapolated with the numbers of symbols met once
            and twice [5]_.
        ``"nsb"``
            Posterior mean under a mixture of Dirichlet priors that is nearly uniform in the
            entropy [6]_; the integrals are done to 12 digits.
    alphabet_size : int, optional
        How many symbols there are, for ``"james-stein"`` and ``"nsb"``; the length of `counts`
        by default. The others do not depend on it.
    return_std : bool, default False
        Also return the standard deviation: by the delta method for ``"plugin"``,
        ``"grassberger"`` and ``"james-stein"``, that of the posterior for ``"nsb"``, by the
        jackknife otherwise, where it is NaN for a single sample.

    Returns
    -------
    float, or pair of floats

    References
    ----------
    .. [1] G. Miller, "Note on the bias of information estimates", in Information Theory in
       Psychology, 1955.
    .. [2] P. Grassberger, "Entropy estimates from insufficient samplings", arXiv:physics/0307138,
       2003.
    .. [3] J. Hausser and K. Strimmer, "Entropy inference and the James-Stein estimator", Journal
       of Machine Learning Research 10, 2009.
    .. [4] A. Chao and T.-J. Shen, "Nonparametric estimation of Shannon's index of diversity when
       there are unseen species in sample", Environmental and Ecological Statistics 10, 2003.
    .. [5] A. Chao, Y. T. Wang and L. Jost, "Entropy and the species accumulation curve", Methods in
       Ecology and Evolution 4, 2013.
    .. [6] I. Nemenman, F. Shafee and W. Bialek, "Entropy and inference, revisited", Advances in
       Neural Information Processing Systems 14, 2002.

    Examples
    --------
    >>> round(pyinfo.estimate_entropy([4, 2, 3, 0, 2, 4, 0, 0, 2]), 2)
    2.51
    >>> round(pyinfo.estimate_entropy([4, 2, 3, 0, 2, 4, 0, 0, 2], estimator="nsb"), 2)
    2.8
    """
    unit = units_per_nat(base)
    table = counted(counts)
    size = checked_alphabet_size(alphabet_size, int(np.count_nonzero(table)))
    estimate = estimation(estimator)(multiplicities(table, size or len(table)), return_std)
    if return_std:
        return estimate.entropy * unit, estimate.std * unit
    return estimate.entropy * unit


@dataclass(frozen=True, slots=True)
class Estimate:
    """An entropy and its standard deviation, which is NaN if it was not asked for."""

    entropy: float
    std: float


Estimation: TypeAlias = Callable[[Multiplicities, bool], Estimate]

# -- Arguments, also those of the measures on samples ---------------------------------------------


def estimation(estimator: str) -> Estimation:
    """Return the function of that name."""
    return _ESTIMATIONS[choice(estimator, "estimator", _ESTIMATIONS)]


def counted(counts: npt.ArrayLike) -> npt.NDArray[Any]:
    """Return counts as a vector of integers that can be worked with."""
    # Copied: what is checked is what is worked with, also where another thread writes to it.
    table = np.array(_core.as_array(counts, "counts"))
    if table.size > 0 and table.dtype.kind not in "iub":
        raise TypeError(f"counts must be integers, not {table.dtype}")
    if table.ndim != 1:
        raise ValueError(f"counts must have one dimension, not {table.ndim}")
    if (negative := np.flatnonzero(table < 0)).size > 0:
        first = int(negative[0])
        raise ValueError(f"counts must not be negative: counts[{first}] is {table[first]}")
    if not table.any():
        raise ValueError("counts must not be empty or all zero: there is nothing to estimate from")
    return table


def checked_alphabet_size(alphabet_size: SupportsIndex | None, observed: int) -> int | None:
    """Return the size as an integer, not below the number of symbols that were met."""
    if alphabet_size is None:
        return None
    size = integer(alphabet_size, "alphabet_size")
    if size < observed:
        raise ValueError(f"alphabet_size must be at least {observed}, the symbols met, not {size}")
    return size


# -- Means over samples, and shrinkage ------------------------------------------------------------


def _plugin(m: Multiplicities, with_std: bool) -> Estimate:
    return _mean(m, m.surprisals, with_std)


def _mean(m: Multiplicities, surprise: Floats, with_std: bool) -> Estimate:
    """Return the mean surprise of the samples, and the deviation of such a mean."""
    weights = m.times * m.shares
    entropy = float(weights @ surprise)
    if not with_std:
        return Estimate(max(0.0, entropy), math.nan)
    std = math.sqrt(weights @ (surprise - entropy) ** 2 / m.total)
    return Estimate(max(0.0, entropy), std)


def _grassberger(m: Multiplicities, with_std: bool) -> Estimate:
    # The paper's G(2m) = G(2m + 1) = digamma(m + 1/2) + ln 2, there defined by a recurrence.
    g = digamma(np.floor(m.values / 2) + 0.5) + math.log(2)
    return _mean(m, math.log(m.total) - g, with_std)


def _james_stein(m: Multiplicities, with_std: bool) -> Estimate:
    # Unobserved symbols are one more value, 0.
    shares = np.append(m.shares, 0.0)
    times = np.append(m.times, m.unobserved)
    target = 1 / m.alphabet_size
    spread = float(times @ (shares - target) ** 2)
    squares = float(times @ shares**2)
    shrinkage = 1.0
    if m.total > 1 and spread > 0:
        shrinkage = min(1.0, (1 - squares) / ((m.total - 1) * spread))
    if shrinkage == 1.0:
        return Estimate(math.log(m.alphabet_size), 0.0)
    shrunk = shrinkage * target + (1 - shrinkage) * shares
    positive = shrunk > 0  # without shrinkage unobserved symbols stay so
    surprise = np.zeros_like(shrunk)
    surprise[positive] = surprisals(shrunk[positive], 1.0)
    entropy = float(times @ (shrunk * surprise)) + 0.0
    if not with_std:
        return Estimate(entropy, math.nan)
    # The gradient in the frequencies: through the shares, and through the shrinkage.
    by_shrinkage = float(times @ ((target - shares) * surprise))
    of_squares = -(1 - target) / ((m.total - 1) * spread**2)
    gradient = (1 - shrinkage) * (surprise - 1) + by_shrinkage * of_squares * 2 * shares
    weights = times * shares
    mean = float(weights @ gradient)
    return Estimate(entropy, math.sqrt(weights @ (gradient - mean) ** 2 / m.total))


# -- Sums of one term per symbol ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Sample:
    """What the terms of one symbol depend on besides its count."""

    total: float
    observed: float
    singletons: float
    doubletons: float


@dataclass(frozen=True, slots=True)
class _Additive:
    """An estimator that is a constant plus a term for each symbol; std by the jackknife."""

    term: Callable[[Floats, _Sample], Floats]
    constant: Callable[[_Sample], float] = lambda _: 0.0

    def __call__(self, m: Multiplicities, with_std: bool) -> Estimate:
        sample = _Sample(m.total, m.observed, m.times_of(1), m.times_of(2))
        entropy = float(m.times @ self.term(m.values, sample)) + self.constant(sample)
        std = self._jackknife(m, sample) if with_std else math.nan
        return Estimate(max(0.0, entropy), std)

    def _jackknife(self, m: Multiplicities, sample: _Sample) -> float:
        """Return the standard deviation from the estimates without one sample.

        All samples whose symbols have the same count leave the same estimate, and the terms of the
        others are the same but for the counts 1, 2 and 3, which change the singletons and
        doubletons.
        """
        if m.total < 2:
            return math.nan
        left_out = np.empty_like(m.values)
        for lowest, highest, singletons, doubletons in (
            (1, 1, -1, 0),
            (2, 2, 1, -1),
            (3, 3, 0, 1),
            (4, math.inf, 0, 0),
        ):
            chosen = (m.values >= lowest) & (m.values <= highest)
            if not chosen.any():
                continue
            rest = _Sample(
                sample.total - 1,
                sample.observed - (lowest == 1),
                sample.singletons + singletons,
                sample.doubletons + doubletons,
            )
            # The one symbol that had all samples but one may have none below its count: no term of
            # a count above what is left is used.
            present = np.minimum(m.values, rest.total)
            terms = self.term(present, rest)
            lowered = m.values[chosen] - 1
            fewer = np.zeros_like(lowered)
            fewer[lowered > 0] = self.term(lowered[lowered > 0], rest)
            others = float(m.times @ terms) - terms[chosen]
            left_out[chosen] = others + fewer + self.constant(rest)
        weights = m.times * m.values
        mean = float(weights @ left_out) / m.total
        squares = float(weights @ (left_out - mean) ** 2)
        return math.sqrt(squares * (m.total - 1) / m.total)


def _maximum_likelihood_term(n: Floats, sample: _Sample) -> Floats:
    return n / sample.total * surprisals(n, sample.total)


def _miller_madow_bias(sample: _Sample) -> float:
    return (sample.observed - 1) / (2 * sample.total)


def _chao_shen_term(n: Floats, sample: _Sample) -> Floats:
    # Nothing but singletons would be a coverage of 0: one of them is then taken as seen again.
    unseen = min(sample.singletons, sample.total - 1)
    share = (1 - unseen / sample.total) * n / sample.total
    with np.errstate(divide="ignore"):  # a share of 1 is certain to be met
        met = -np.expm1(sample.total * np.log1p(-share))
    return share * surprisals(share, 1.0) / met


def _chao_wang_jost_term(n: Floats, sample: _Sample) -> Floats:
    return n / sample.total * (digamma(np.array([sample.total])) - digamma(n))


def _chao_wang_jost_rest(sample: _Sample) -> float:
    """Return what symbols that were not met contribute.

    In the paper ``f1 / n (1 - a)^(1 - n) (-ln a - sum_{r < n} (1 - a)^r / r)``, which cancels: the
    bracket is the rest of the logarithm's series. It is summed as an integral,
    ``sum_{s >= 1} x^s / (n - 1 + s) = x / n integral_0^inf exp(-u) / (a + x (1 - exp(-u / n))) du``
    with ``x = 1 - a``; with u = exp(v) the trapezoidal rule gives it to the last digits.
    """
    f1, f2, total = sample.singletons, sample.doubletons, sample.total
    if f1 == 0:
        return 0.0
    a = 2 * f2 / ((total - 1) * f1 + 2 * f2) if f2 > 0 else 2 / ((total - 1) * (f1 - 1) + 2)
    if a == 1:
        return 0.0
    step = 0.125
    u = np.exp(np.arange(math.log(a) - 40, 4, step))
    integrand = u * np.exp(-u) / (a - (1 - a) * np.expm1(-u / total))
    return f1 / total * (1 - a) / total * step * float(integrand.sum())


def _nsb(m: Multiplicities, with_std: bool) -> Estimate:
    mean, std = nsb(m)
    return Estimate(mean, std if with_std else math.nan)


_ESTIMATIONS: Final[Mapping[str, Estimation]] = {
    "plugin": _plugin,
    "miller-madow": _Additive(_maximum_likelihood_term, _miller_madow_bias),
    "grassberger": _grassberger,
    "james-stein": _james_stein,
    "chao-shen": _Additive(_chao_shen_term),
    "chao-wang-jost": _Additive(_chao_wang_jost_term, _chao_wang_jost_rest),
    "nsb": _nsb,
}
