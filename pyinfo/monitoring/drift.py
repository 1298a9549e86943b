"""Has the distribution changed? Divergence, interval and p-value of two samples."""

from __future__ import annotations

import math
import warnings
from collections.abc import Hashable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, SupportsIndex, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from pyinfo.arguments import choice, real, require_not_empty, thread_count, units_per_nat
from pyinfo.counting.counts import Counts
from pyinfo.monitoring.columns import Aligned, Bins, align, checked_bins, table_columns
from pyinfo.monitoring.divergences import (
    MEASURES,
    Divergence,
    kullback_leibler_of_known,
)
from pyinfo.monitoring.intervals import Interval, interval
from pyinfo.monitoring.null_distribution import gamma_p_value, p_value

Measure: TypeAlias = Literal["js", "kl", "psi", "g"]
Weights: TypeAlias = Literal["equal", "size"]

UNITS: Final = {"js": "bits", "kl": "bits", "psi": "nats", "g": "2 (n + m) nats"}
"""Of each measure, unless another base is asked for."""

_FEWEST: Final = 50  # samples for which p-values were tried
_FEWEST_EXPECTED: Final = 5  # counts in each category that PSI and KL need
_FEWEST_PER_CATEGORY: Final = 10  # counts that intervals of many categories need on average
_MANY_CATEGORIES: Final = 30


class DriftWarning(UserWarning):
    """The data are of a kind for which intervals or p-values are not known to be right.

    Parameters
    ----------
    message : str
        What is doubtful, and why.

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     found = pyinfo.drift([1, 2, 2], [2, 2, 1])
    >>> print(caught[0].category is pyinfo.DriftWarning, found.notes[0])
    True 3 samples are fewer than the 50 that p-values were tried for
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(message)


class Table(Protocol):
    """A table of pandas, polars or Arrow."""

    @property
    def columns(self) -> Any:
        """Its columns, or their names."""


@dataclass(frozen=True)
class Drift:
    """How far the current sample is from the reference, and whether chance explains it.

    Attributes
    ----------
    value : float
        The divergence of the shares that were found: on average too large.
    corrected : float
        The same without its bias, at least 0: the estimate of the true divergence.
    low, high : float
        The confidence interval of the true divergence; `low` is 0 where the p-value is above one
        less the confidence.
    p_value : float
        How likely a divergence of at least `value` is if nothing has changed.
    contributions : dict
        What each category adds to `value`, the largest first; none is negative.
    notes : tuple of str
        Why intervals or p-values are not known to be right for such data; empty if they are.

    Examples
    --------
    >>> before = pyinfo.Counts(["a", "b", "c"], [300, 400, 300])
    >>> after = pyinfo.Counts(["a", "b", "c"], [330, 380, 290])
    >>> found = pyinfo.drift(before, after)
    >>> round(found.p_value, 2), found.low
    (0.35, 0.0)
    >>> list(found.contributions)
    ['a', 'b', 'c']
    """

    value: float
    corrected: float
    low: float
    high: float
    p_value: float
    contributions: dict[Hashable, float]
    notes: tuple[str, ...] = ()


class DriftTable(Mapping[Hashable, Drift]):
    """The drift of each column of a table, by its name.

    Parameters
    ----------
    columns : mapping
        `Drift` by the name of its column.

    Examples
    --------
    >>> before = {"age": np.arange(400), "plan": ["free", "paid"] * 200}
    >>> after = {"age": np.arange(50, 450), "plan": ["free"] * 200 + ["paid"] * 200}
    >>> found = pyinfo.drift(before, after)
    >>> [name for name, column in found.items() if column.p_value < 0.001]
    ['age']
    """

    def __init__(self, columns: Mapping[Hashable, Drift]) -> None:
        self._columns = dict(columns)

    def __getitem__(self, name: Hashable) -> Drift:
        return self._columns[name]

    def __iter__(self) -> Iterator[Hashable]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def rows(self) -> list[dict[str, object]]:
        """Return a row for each column, as data frames are made of: without contributions."""
        names = ("value", "corrected", "low", "high", "p_value")
        return [
            {"column": name, **{key: getattr(found, key) for key in names}}
            for name, found in self._columns.items()
        ]

    def __repr__(self) -> str:
        width = max([6, *(len(str(name)) for name in self._columns)])
        lines = [f"{'column':{width}}  corrected        low       high    p_value"]
        for name, found in self._columns.items():
            numbers = (found.corrected, found.low, found.high, found.p_value)
            lines.append(f"{name!s:{width}}" + "".join(f" {number:10.3g}" for number in numbers))
        return "\n".join(lines)


@overload
def drift(
    reference: Mapping[Any, Any] | Table,
    current: Mapping[Any, Any] | Table,
    *,
    measure: Measure = "js",
    weights: Weights = "equal",
    confidence: float = 0.95,
    bins: Bins = 10,
    base: float | None = None,
    threads: SupportsIndex = 1,
) -> DriftTable: ...
@overload
def drift(
    reference: Counts | npt.ArrayLike,
    current: Counts | npt.ArrayLike,
    *,
    measure: Measure = "js",
    weights: Weights = "equal",
    confidence: float = 0.95,
    bins: Bins = 10,
    base: float | None = None,
    threads: SupportsIndex = 1,
) -> Drift: ...
def drift(
    reference: Any,
    current: Any,
    *,
    measure: Measure = "js",
    weights: Weights = "equal",
    confidence: float = 0.95,
    bins: Bins = 10,
    base: float | None = None,
    threads: SupportsIndex = 1,
) -> Drift | DriftTable:
    """Compare two samples: divergence, bias-corrected, with an interval and a p-value.

    Parameters
    ----------
    reference, current : Counts, array_like of one dimension, or tables
        Samples, or counts of samples. Of tables (frames of pandas and polars, Arrow's tables, dicts
        of columns) every column is compared that the reference has. Missing values are a category.
    measure : {"js", "kl", "psi", "g"}
        ``"js"``
            The Jensen-Shannon divergence.
        ``"kl"``
            The Kullback-Leibler divergence of `current` from `reference`, half a count added to
            every category. A reference of weighted `Counts` that sum to 1 is taken as known, and
            nothing is added then.
        ``"psi"``
            The population stability index, half a count added to every category [1]_.
        ``"g"``
            The statistic of the G-test: 2 (n + m) times JS weighted by size, in nats.
    weights : {"equal", "size"}
        Of the two samples in the mixture of JS; with ``"size"`` it is the mutual information of
        value and sample.
    confidence : float, default 0.95
        How often intervals hold the true divergence.
    bins : int, sequence of float or None, default 10
        Columns of numbers, dates and durations: how many bins at quantiles of the reference; or
        their inner edges; None makes a category of each value. Columns of anything else have values
        as categories.
    base : float, optional
        Of the logarithm: by default 2 for JS and KL, and ``math.e`` for PSI and G, as their
        thresholds are.
    threads : int, default 1
        Threads for the columns of a table, 0 for one per core.

    Returns
    -------
    Drift or DriftTable
        Of two tables a `Drift` for each column.

    Raises
    ------
    TypeError
        If values cannot be compared, or counts are weighted.
    ValueError
        If a sample is empty, or a column is missing.

    Warns
    -----
    DriftWarning
        Where intervals or p-values are not known to be right: see `Drift.notes`.

    Notes
    -----
    The p-value takes the divergence as a gamma variable with its exact mean given the pooled counts
    (each count is hypergeometric) and nearly exact variance; p-values below 0.001 of few counts
    come from all tables (two categories) or random ones. Intervals invert a scaled noncentral
    chi-square distribution.

    References
    ----------
    .. [1] B. Yurdakul, "Statistical properties of population stability index", Western Michigan
       University, 2018.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> found = pyinfo.drift(random.normal(size=2000), random.normal(0.3, size=2000))
    >>> found.p_value < 1e-6, found.low < found.corrected < found.high
    (True, True)
    """
    rule = _Rule.of(measure, weights, confidence, bins, base)
    workers = thread_count(threads)
    first, second = table_columns(reference), table_columns(current)
    if first is None and second is None:
        found = _compared(reference, current, rule)
        if found.notes:
            warnings.warn("; ".join(found.notes), DriftWarning, stacklevel=2)
        return found
    if first is None or second is None:
        raise TypeError("reference and current must both be tables, or neither")
    table = _compared_tables(first, second, rule, workers)
    doubtful = [str(name) for name, each in table.items() if each.notes]
    if doubtful:
        shown = ", ".join(doubtful[:5]) + (", ..." if len(doubtful) > 5 else "")
        notes = table[next(name for name, each in table.items() if each.notes)].notes
        warnings.warn(f"{shown}: {'; '.join(notes)}", DriftWarning, stacklevel=2)
    return table


@dataclass(frozen=True, slots=True)
class _Rule:
    """How samples are compared."""

    measure: str
    by_size: bool
    confidence: float
    bins: int | npt.NDArray[Any] | None
    unit: float

    @classmethod
    def of(
        cls, measure: str, weights: str, confidence: float, bins: Bins, base: float | None
    ) -> _Rule:
        choice(measure, "measure", MEASURES)
        by_size = choice(weights, "weights", ("equal", "size")) == "size"
        if by_size and measure in ("kl", "psi"):
            raise ValueError(f"weights are those of a mixture, which measure {measure!r} has not")
        confidence = real(confidence, "confidence")
        if not 0 < confidence < 1:
            percent = f" (pass {confidence / 100:g})" if 1 < confidence < 100 else ""
            raise ValueError(f"confidence must be between 0 and 1, not {confidence:g}{percent}")
        if base is None:
            base = 2 if measure in ("js", "kl") else math.e
        unit = units_per_nat(base)
        return cls(measure, by_size or measure == "g", confidence, checked_bins(bins), unit)


def _compared_tables(
    first: Mapping[Hashable, Any], second: Mapping[Hashable, Any], rule: _Rule, threads: int
) -> DriftTable:
    absent = [name for name in first if name not in second]
    if absent:
        raise ValueError(f"current has no column {absent[0]!r}")

    def compared(name: Hashable) -> Drift:
        try:
            return _compared(first[name], second[name], rule)
        except (TypeError, ValueError) as error:
            raise type(error)(f"column {name!r}: {error}") from error

    if threads == 1 or len(first) < 2:
        return DriftTable({name: compared(name) for name in first})
    with ThreadPoolExecutor(threads) as pool:
        return DriftTable(dict(zip(first, pool.map(compared, first), strict=True)))


def _compared(reference: Any, current: Any, rule: _Rule) -> Drift:
    known = isinstance(reference, Counts) and reference.counts.dtype.kind == "f"
    samples = align(reference, current, rule.bins)
    _require_counts(reference, current, known, rule)
    divergence = _divergence(samples, known, rule)
    unit = rule.unit
    if rule.measure == "g":
        unit *= 2 * float(samples.reference.sum() + samples.current.sum())
    found, chance = _inferred(samples, divergence, rule.confidence)
    order = np.argsort(-divergence.contributions, kind="stable")
    contributions = divergence.contributions[order] * unit
    names = [samples.categories[i] for i in order.tolist()]
    return Drift(
        divergence.value * unit,
        found.corrected * unit,
        found.low * unit,
        found.high * unit,
        chance,
        dict(zip(names, contributions.tolist(), strict=True)),
        tuple(_doubts(samples, known, rule)),
    )


def _require_counts(reference: Any, current: Any, known: bool, rule: _Rule) -> None:
    """Raise TypeError for weights, which say nothing of how many samples there are."""
    if known and rule.measure == "kl" and math.isclose(reference.total, 1, abs_tol=2.0**-26):
        known = False
    if known or (isinstance(current, Counts) and current.counts.dtype.kind == "f"):
        raise TypeError(
            "weighted counts do not say how many samples there are: only a reference that sums to "
            "1 may be weighted, with measure='kl', for which it is known"
        )


def _divergence(samples: Aligned, known: bool, rule: _Rule) -> Divergence:
    a, b = samples.reference, samples.current
    require_not_empty(int(a.sum() > 0), "reference")
    require_not_empty(int(b.sum() > 0), "current")
    if known:
        return kullback_leibler_of_known(a / a.sum(), b)
    weight = float(a.sum() / (a.sum() + b.sum())) if rule.by_size else 0.5
    return MEASURES[rule.measure](a, b, weight)


def _inferred(samples: Aligned, found: Divergence, confidence: float) -> tuple[Interval, float]:
    if math.isinf(found.value):
        return Interval(math.inf, math.inf, math.inf), 0.0
    if len(samples.categories) == 1:  # there is nothing to differ in
        return Interval(0.0, 0.0, 0.0), 1.0
    between = interval(found.value, found.scale, found.null, found.bias, found.variance, confidence)
    between = Interval(*(min(end, found.largest) for end in between))
    if found.terms is None:
        return between, gamma_p_value(found.value, found.null)
    a, b = samples.reference, samples.current
    statistic = float(found.terms(a, b).sum())
    return between, p_value(a, b, statistic, found.null, found.terms)


def _doubts(samples: Aligned, known: bool, rule: _Rule) -> Iterator[str]:
    a, b = samples.reference, samples.current
    n, m, k = float(a.sum()), float(b.sum()), len(a)
    smaller = m if known else min(n, m)
    if k == 1:
        return
    if smaller < _FEWEST:
        yield f"{smaller:.0f} samples are fewer than the {_FEWEST} that p-values were tried for"
    if rule.measure in ("psi", "kl") and not known:
        expected = float((a + b).min()) * smaller / (n + m)
        if expected < _FEWEST_EXPECTED:
            yield (
                f"a category expects {expected:.2g} counts, fewer than the {_FEWEST_EXPECTED} for "
                f"which intervals of {rule.measure!r} are right: half a count is added to each"
            )
    elif k >= _MANY_CATEGORIES and smaller < _FEWEST_PER_CATEGORY * k:
        yield (
            f"{k} categories have {smaller / k:.2g} counts on average in the smaller sample: "
            "intervals may be too narrow"
        )
