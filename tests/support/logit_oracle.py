"""Losses of logits in 60 digits, row by row, from the definitions. Independent of pyinfo."""

from __future__ import annotations

from typing import Any, TypeAlias

import mpmath
import numpy as np

mp = mpmath.mp.clone()
mp.dps = 60

Reals: TypeAlias = list[Any]


def exact(row: Any) -> Reals:
    if isinstance(row, list) and row and isinstance(row[0], mp.mpf):
        return row
    return [mp.mpf(float(x)) for x in np.asarray(row).astype(np.float64)]


def log_softmax(row: Any, temperature: float = 1) -> Reals:
    x = [value / mp.mpf(temperature) for value in exact(row)]
    top = max(x)
    above_top = mp.log(mp.fsum(mp.exp(value - top) for value in x))
    return [value - top - above_top for value in x]  # the largest doubles have 308 digits


def logsumexp(row: Any) -> Any:
    x = exact(row)
    top = max(x)
    return top + mp.log(mp.fsum(mp.exp(value - top) for value in x))


def cross_entropy(row: Any, target: Any, z_loss: float = 0) -> tuple[Any, Reals]:
    """Return the loss of a target, and its gradient."""
    log_p, t, lse = log_softmax(row), exact(target), logsumexp(row)
    loss = -mp.fsum(w * lp for w, lp in zip(t, log_p, strict=True) if w)
    factor = mp.fsum(t) + 2 * z_loss * lse
    return loss + z_loss * lse**2, [factor * mp.exp(lp) - w for w, lp in zip(t, log_p, strict=True)]


def entropy(row: Any, temperature: float = 1) -> Any:
    log_p = log_softmax(row, temperature)
    return -mp.fsum(mp.exp(lp) * lp for lp in log_p if lp != -mp.inf)


def kl_divergence(a: Any, b: Any, temperature: float = 1) -> Any:
    p, q = log_softmax(a, temperature), log_softmax(b, temperature)
    return mp.fsum(mp.exp(x) * (x - y) for x, y in zip(p, q, strict=True) if x != -mp.inf)


def js_divergence(a: Any, b: Any, weight: float = 0.5, temperature: float = 1) -> Any:
    p, q = log_softmax(a, temperature), log_softmax(b, temperature)
    w = mp.mpf(weight)
    terms = []
    for x, y in zip(p, q, strict=True):
        m = mp.log(w * mp.exp(x) + (1 - w) * mp.exp(y))
        terms += [w * mp.exp(x) * (x - m)] if x != -mp.inf else []
        terms += [(1 - w) * mp.exp(y) * (y - m)] if y != -mp.inf else []
    return mp.fsum(terms)


def slope(function: Any, row: Any) -> Reals:
    """Return the gradient of a function of a row, by differences in 60 digits."""
    x, h = exact(row), mp.mpf(10) ** -20
    found = []
    for i in range(len(x)):
        above, below = [*x], [*x]
        above[i] += h
        below[i] -= h
        found.append((function(above) - function(below)) / (2 * h))
    return found
