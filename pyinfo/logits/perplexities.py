"""Perplexity of labels."""

from __future__ import annotations

import math
from typing import SupportsIndex

import numpy.typing as npt

from pyinfo import _core


def perplexity(
    logits: npt.ArrayLike,
    labels: npt.ArrayLike,
    *,
    weight: npt.ArrayLike | None = None,
    ignore_index: SupportsIndex = -100,
    axis: SupportsIndex = -1,
    threads: SupportsIndex = 1,
) -> float:
    """Return the perplexity of labels: e to the mean cross-entropy in nats.

    Parameters
    ----------
    logits : array_like
        Logarithms of weights of classes, along `axis`.
    labels : array_like
        The class of each row: integers of the shape of the logits without `axis`; or
        distributions, floats of the shape of the logits.
    weight : array_like, optional
        A weight for each class.
    ignore_index : int, default -100
        Rows with this label do not count.
    axis : int, default -1
        The axis of the classes.
    threads : int, default 1
        Threads for many rows, 0 for one per core. The result does not depend on it.

    Returns
    -------
    float
        At least 1; infinite if a label's class is masked (-inf) or the result is beyond the largest
        float; NaN if a row has no distribution; 1 if every row is ignored.

    Raises
    ------
    ValueError
        If shapes do not fit or a label is out of range.
    TypeError
        If labels are neither integers nor distributions.

    Examples
    --------
    >>> import numpy as np
    >>> from pyinfo import logits
    >>> round(logits.perplexity(np.zeros((3, 8)), [0, 1, 2]), 12)
    8.0
    """
    mean = _core.logits_cross_entropy(
        logits, labels, weight=weight, ignore_index=ignore_index, axis=axis, threads=threads
    )
    try:
        return math.exp(float(mean))
    except OverflowError:
        return math.inf
