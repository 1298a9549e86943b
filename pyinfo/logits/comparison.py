"""What a model's logits lose against those of another: of a quantised one against the original."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple, SupportsIndex

import numpy as np
import numpy.typing as npt

from pyinfo import _core
from pyinfo.arguments import renamed, require_not_empty

_Values = npt.NDArray[np.float64]

_DENSITY_SPREAD = math.sqrt(math.pi / 2)  # of a normal sample's median, in standard errors


@dataclass(frozen=True)
class LogitsComparison:
    """How far a model's next-token distributions are from those of a base model.

    Standard errors take rows as independent. What needs labels is None without them.

    Attributes
    ----------
    rows : int
        How many rows were compared: those whose label is not ignored.
    kl_mean, kl_mean_error : float
        Mean KL divergence of the other from the base, in nats, and its standard error.
    kl_median, kl_median_error : float
        Median of the rows' divergences, and its standard error, that of a normal sample.
    kl_99, kl_999 : float
        The 99 % and 99.9 % points of the rows' divergences, and `kl_max` their largest.
    kl_max : float
        The largest of the rows' divergences.
    same_top, same_top_error : float
        Share of rows in which both have the same most likely class, and its standard error.
    base_perplexity, other_perplexity : float or None
        Perplexity of the labels.
    log_perplexity_ratio, log_perplexity_ratio_error : float or None
        ln(other_perplexity / base_perplexity), and its standard error: of differences row by row.
    rms_delta_p, rms_delta_p_error : float or None
        Root mean square of the change in the label's probability, and its standard error.

    Examples
    --------
    >>> found = pyinfo.logits.compare(np.eye(3), np.eye(3), [0, 1, 2])
    >>> found.kl_mean, found.same_top
    (0.0, 1.0)
    """

    rows: int
    kl_mean: float
    kl_mean_error: float
    kl_median: float
    kl_median_error: float
    kl_99: float
    kl_999: float
    kl_max: float
    same_top: float
    same_top_error: float
    base_perplexity: float | None = None
    other_perplexity: float | None = None
    log_perplexity_ratio: float | None = None
    log_perplexity_ratio_error: float | None = None
    rms_delta_p: float | None = None
    rms_delta_p_error: float | None = None


def compare(
    base_logits: npt.ArrayLike,
    other_logits: npt.ArrayLike,
    labels: npt.ArrayLike | None = None,
    *,
    ignore_index: SupportsIndex = -100,
    axis: SupportsIndex = -1,
    threads: SupportsIndex = 1,
) -> LogitsComparison:
    """Compare two models' logits of the same rows: divergence, perplexity, the most likely class.

    Parameters
    ----------
    base_logits, other_logits : array_like
        Logits along `axis`, of one shape and type.
    labels : array_like of int, optional
        The class that came true in each row.
    ignore_index : int, default -100
        Rows with this label are left out.
    axis : int, default -1
        The axis of the classes.
    threads : int, default 1
        Threads for many rows, 0 for one per core. The result does not depend on it.

    Returns
    -------
    LogitsComparison
        Means, medians and their standard errors.

    Raises
    ------
    ValueError
        If shapes do not fit, a label is out of range, or no row is left.
    TypeError
        If the logits' types differ, or labels are no integers.

    Examples
    --------
    >>> import numpy as np
    >>> from pyinfo import logits
    >>> x = np.array([[2.0, 0.0], [0.0, 1.0]])
    >>> found = logits.compare(x, 1.5 * x, [0, 1])
    >>> round(found.kl_mean, 4), found.same_top, round(found.log_perplexity_ratio, 4)
    (0.0317, 1.0, -0.0951)
    """
    rows = compared_rows(
        base_logits, other_logits, labels, ignore_index=ignore_index, axis=axis, threads=threads
    )
    if labels is not None and not rows.kl.size:
        raise ValueError("no row is left: labels are all ignore_index, or none")
    return summary(rows)


class ComparedRows(NamedTuple):
    """What is known of each row that counts: the losses are empty without labels."""

    kl: _Values
    same: _Values
    base: _Values
    other: _Values


def compared_rows(
    base_logits: npt.ArrayLike,
    other_logits: npt.ArrayLike,
    labels: npt.ArrayLike | None,
    *,
    ignore_index: SupportsIndex,
    axis: SupportsIndex = -1,
    threads: SupportsIndex = 1,
) -> ComparedRows:
    """Return what `compare` sums up; rows may be compared in parts, and the parts be joined."""
    options: dict[str, Any] = {"axis": axis, "threads": threads}
    each = {**options, "reduction": "none"}
    with renamed(p_logits="base_logits", q_logits="other_logits"):
        kl = _rows(_core.logits_kl_divergence(base_logits, other_logits, **each))
    same = np.ravel(
        _core.logits_top(base_logits, **options) == _core.logits_top(other_logits, **options)
    ).astype(np.float64)
    if labels is None:
        return ComparedRows(kl, same, np.empty(0), np.empty(0))
    each["ignore_index"] = ignore_index
    base = _rows(_core.logits_cross_entropy(base_logits, labels, **each))
    other = _rows(_core.logits_cross_entropy(other_logits, labels, **each))
    flags = np.ravel(_core.as_array(labels, "labels"))
    if flags.size != kl.size:
        raise TypeError("labels must be integers, one for each row")
    counted = flags != ignore_index
    return ComparedRows(kl[counted], same[counted], base[counted], other[counted])


def summary(rows: ComparedRows) -> LogitsComparison:
    """Return means, medians and their standard errors of rows."""
    found = _of_distributions(rows.kl, rows.same)
    if rows.base.size:
        found |= _of_labels(rows.base, rows.other)
    return LogitsComparison(**found)


def _rows(values: Any) -> _Values:
    return np.ravel(np.asarray(values, np.float64))


def _of_distributions(kl: _Values, same: _Values) -> dict[str, Any]:
    require_not_empty(kl.size, "base_logits")
    error = standard_error(kl)
    points = _quantiles(kl, (0.5, 0.99, 0.999))
    share = float(same.mean())
    return {
        "rows": kl.size,
        "kl_mean": float(kl.mean()),
        "kl_mean_error": error,
        "kl_median": points[0],
        "kl_median_error": _DENSITY_SPREAD * error,
        "kl_99": points[1],
        "kl_999": points[2],
        "kl_max": float(kl.max()),
        "same_top": share,
        "same_top_error": math.sqrt(share * (1 - share) / kl.size),
    }


def _quantiles(values: _Values, shares: tuple[float, ...]) -> list[float]:
    """Return what np.quantile does, but for infinities: it makes NaN of their differences."""
    if not np.isinf(values).any() or np.isnan(values).any():
        return [float(value) for value in np.quantile(values, shares)]
    ordered = np.sort(values)
    places = [share * (values.size - 1) for share in shares]
    pairs = [(float(ordered[int(place)]), float(ordered[math.ceil(place)])) for place in places]
    return [
        low if low == high else low + (high - low) * (place % 1)
        for (low, high), place in zip(pairs, places, strict=True)
    ]


def _of_labels(base: _Values, other: _Values) -> dict[str, Any]:
    with np.errstate(over="ignore", invalid="ignore"):
        squares = (np.exp(-other) - np.exp(-base)) ** 2
        root = math.sqrt(float(squares.mean()))
        change = other - base
        return {
            "base_perplexity": float(np.exp(base.mean())),
            "other_perplexity": float(np.exp(other.mean())),
            "log_perplexity_ratio": float(change.mean()),
            "log_perplexity_ratio_error": standard_error(change),
            "rms_delta_p": root,
            # The delta method: the derivative of a root is half its inverse.
            "rms_delta_p_error": standard_error(squares) / (2 * root) if root != 0 else 0.0,
        }


def standard_error(values: _Values) -> float:
    """Return the standard error of the mean of independent values, NaN of fewer than two."""
    if values.size < 2:
        return math.nan
    with np.errstate(invalid="ignore"):
        return float(values.std(ddof=1)) / math.sqrt(values.size)
