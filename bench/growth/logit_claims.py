"""How losses of logits are claimed to grow: by classes and by rows, in the memory of a few rows."""

from collections.abc import Callable
from typing import Any

import numpy as np

from bench.growth.claim import Claims, Cost, Prepare
from bench.inputs.distributions import Array
from pyinfo import logits
from pyinfo.testing import doublings
from pyinfo.testing.timing import Call

ROW = Cost(4, doublings(12, 22), doublings(12, 17))
# Of rows that differ much, shorter ones are read twice: from 8192 classes on a sample spares that.
PAIR = Cost(8, doublings(13, 22), doublings(13, 18))
CLASSES = 64  # of many rows


def _row(n: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(n, dtype=np.float32)


def _of_row(function: Callable[..., Any], *others: int, **options: Any) -> Prepare:
    return lambda n: Call(function, (_row(n), *others), options)


def _with_gradient(n: int) -> Call:
    return Call(logits.cross_entropy, (_row(n), 1), {"grad": np.empty(n, np.float32)})


def _of_two(function: Callable[..., Any]) -> Prepare:
    return lambda n: Call(function, (_row(n), _row(n, 1)))


def _of_rows(n: int) -> Call:
    rows = n // CLASSES
    return Call(logits.cross_entropy, (_row(n).reshape(rows, CLASSES), np.arange(rows) % CLASSES))


CLAIMS: Claims = {
    "logits.cross_entropy": (ROW, _of_row(logits.cross_entropy, 1)),
    "logits.cross_entropy, gradient": (ROW, _with_gradient),
    # A label and a result for each row.
    "logits.cross_entropy, rows": (
        Cost(4, doublings(14, 22), doublings(13, 18), memory=None),
        _of_rows,
    ),
    "logits.kl_divergence": (PAIR, _of_two(logits.kl_divergence)),
    "logits.js_divergence": (PAIR, _of_two(logits.js_divergence)),
    "logits.entropy": (ROW, _of_row(logits.entropy)),
    "logits.logsumexp": (ROW, _of_row(logits.logsumexp)),
    "logits.log_softmax": (Cost(8, ROW.sizes, ROW.quick, memory="n"), _of_row(logits.log_softmax)),
}
