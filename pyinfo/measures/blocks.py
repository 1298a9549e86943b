"""Entropies of runs of bytes: how far a text can be predicted from what comes before."""

from __future__ import annotations

from typing import Any, SupportsIndex

import numpy as np

from pyinfo import _core
from pyinfo.arguments import integer_from_to, units_per_nat
from pyinfo.counting.block_counts import LONGEST
from pyinfo.estimators.entropy_estimators import Estimator, estimation
from pyinfo.estimators.multiplicities import multiplicities


def block_entropy(
    data: Any, length: SupportsIndex, *, base: float = 2, estimator: Estimator = "plugin"
) -> float:
    """Estimate the entropy of runs of `length` bytes.

    All overlapping runs of the data are counted. The entropy of longer runs grows more and more
    slowly: its increments are those that `entropy_rate` gives, up to the ends of the data.

    Parameters
    ----------
    data : bytes-like
        Any C-contiguous buffer, whose bytes are the text.
    length : int
        The length of the runs, 1 to 8.
    base : float, default 2
        The unit of the result.
    estimator : str, default "plugin"
        See `estimate_entropy`. The alphabet is that of all ``256**length`` runs.

    Returns
    -------
    float
        Per run; divide by `length` for that of a byte.

    Examples
    --------
    >>> pyinfo.block_entropy(b"abababab", 1)
    1.0
    >>> round(pyinfo.block_entropy(b"abababab", 2), 3)
    0.985
    """
    unit = units_per_nat(base)
    estimate = estimation(estimator)
    size = integer_from_to(length, "length", 1, LONGEST)
    _, counts = _core.count_values(_core.ngram_keys(_text(data, size), size))
    return estimate(multiplicities(counts, 256**size), False).entropy * unit


def entropy_rate(
    data: Any, order: SupportsIndex, *, base: float = 2, estimator: Estimator = "plugin"
) -> float:
    """Estimate the entropy of a byte when the `order` bytes before it are known.

    This is the empirical entropy of that order: the entropy rate of the Markov chain that fits the
    data best, and a bound per byte for what codes can reach that look so far back, the cost of
    their tables aside. With high orders and few data almost every context is met once, and the
    relative frequencies say 0: a hint to use another estimator, not a discovery.

    Parameters
    ----------
    data : bytes-like
        Any C-contiguous buffer, whose bytes are the text.
    order : int
        How many bytes before are known, 0 to 7.
    base : float, default 2
        The unit of the result.
    estimator : str, default "plugin"
        See `estimate_entropy`. With others than the default the result is the difference of
        the entropies of runs of `order` + 1 and of `order` bytes, or 0 if that is negative.

    Returns
    -------
    float
        Per byte.

    Examples
    --------
    >>> pyinfo.entropy_rate(b"abababab" * 100, 0), pyinfo.entropy_rate(b"abababab" * 100, 1)
    (1.0, 0.0)
    """
    unit = units_per_nat(base)
    estimate = estimation(estimator)
    before = integer_from_to(order, "order", 0, LONGEST - 1)
    keys, counts = _core.count_values(_core.ngram_keys(_text(data, before + 1), before + 1))
    contexts = np.zeros(len(keys), np.int64)
    np.cumsum(keys[1:] >> 8 != keys[:-1] >> 8, out=contexts[1:])
    if estimator == "plugin":
        return _core.cell_conditional_entropy(counts, contexts) * unit
    context_counts = np.add.reduceat(counts, np.flatnonzero(np.diff(contexts, prepend=-1)))
    joint = estimate(multiplicities(counts, 256 ** (before + 1)), False).entropy
    known = estimate(multiplicities(context_counts, 256**before), False).entropy
    return max(0.0, joint - known) * unit


def _text(data: Any, shortest: int) -> memoryview:
    """Return the bytes of a buffer."""
    if isinstance(data, np.ndarray):
        data = _core.as_array(data, "data")  # which refuses what is masked
    try:
        view = memoryview(data)
        text = view.cast("B") if view.format != "B" or view.ndim != 1 else view
    except TypeError:
        kind = type(data).__name__
        hint = ": encode it first, data.encode()" if isinstance(data, str) else ""
        raise TypeError(f"data must be a C-contiguous buffer of bytes, not {kind}{hint}") from None
    if text.nbytes < shortest:
        raise ValueError(f"data must have at least {shortest} bytes, not {text.nbytes}")
    return text
