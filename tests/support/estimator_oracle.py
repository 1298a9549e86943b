"""The estimators as their papers define them, in 30 digits, one symbol after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mpmath

mp = mpmath.mp.clone()
mp.dps = 30


def plugin(counts: Sequence[int], size: int) -> Any:
    total = sum(counts)
    return -mp.fsum(mp.mpf(n) / total * mp.log(mp.mpf(n) / total) for n in counts if n)


def miller_madow(counts: Sequence[int], size: int) -> Any:
    observed = sum(n > 0 for n in counts)
    return plugin(counts, size) + mp.mpf(observed - 1) / (2 * sum(counts))


def grassberger(counts: Sequence[int], size: int) -> Any:
    def g(n: int) -> Any:
        half = mp.mpf(n) / 2
        alternating = (-1) ** n * (mp.digamma(half + mp.mpf(1) / 2) - mp.digamma(half)) / 2
        return mp.digamma(n) + alternating

    total = sum(counts)
    return mp.log(total) - mp.fsum(n * g(n) for n in counts if n) / total


def james_stein(counts: Sequence[int], size: int) -> Any:
    total = sum(counts)
    shares = [mp.mpf(n) / total for n in counts] + [mp.zero] * (size - len(counts))
    target = mp.mpf(1) / size
    distance = mp.fsum((target - p) ** 2 for p in shares)
    shrinkage = mp.one
    if total > 1 and distance > 0:
        shrinkage = (1 - mp.fsum(p * p for p in shares)) / ((total - 1) * distance)
        shrinkage = min(mp.one, max(mp.zero, shrinkage))
    shrunk = [shrinkage * target + (1 - shrinkage) * p for p in shares]
    return -mp.fsum(p * mp.log(p) for p in shrunk if p)


def chao_shen(counts: Sequence[int], size: int) -> Any:
    total = sum(counts)
    singletons = sum(n == 1 for n in counts)
    coverage = 1 - mp.mpf(singletons if singletons < total else total - 1) / total
    shares = [coverage * n / total for n in counts if n]
    return -mp.fsum(p * mp.log(p) / (1 - (1 - p) ** total) for p in shares)


def chao_wang_jost(counts: Sequence[int], size: int) -> Any:
    total = sum(counts)
    f1, f2 = sum(n == 1 for n in counts), sum(n == 2 for n in counts)
    observed = mp.fsum(
        mp.mpf(n) / total * mp.fsum(mp.one / k for k in range(n, total)) for n in counts if n
    )
    if f1 == 0:
        return observed
    if f2 > 0:
        a = mp.mpf(2 * f2) / ((total - 1) * f1 + 2 * f2)
    else:
        a = mp.mpf(2) / ((total - 1) * (f1 - 1) + 2)
    if a == 1:
        return observed
    with mp.workdps(60):
        series = mp.fsum((1 - a) ** r / r for r in range(1, total))
        rest = (1 - a) ** (1 - total) * (-mp.log(a) - series)
    return observed + mp.mpf(f1) / total * rest


def nsb(counts: Sequence[int], size: int) -> tuple[Any, Any]:
    """Return mean and standard deviation: integrals over ln beta, by mpmath's own quadrature."""
    met = [n for n in counts if n]
    total = sum(met)

    def log_weight(t: Any) -> Any:
        with mp.workdps(80 if t > 0 else 30):  # for large beta the leading terms cancel
            beta = mp.exp(t)
            evidence = mp.loggamma(size * beta) - mp.loggamma(total + size * beta)
            evidence += mp.fsum(mp.loggamma(n + beta) - mp.loggamma(beta) for n in met)
            prior = size * mp.psi(1, size * beta + 1) - mp.psi(1, beta + 1)
            return evidence + mp.log(beta * prior)

    def moments(t: Any) -> tuple[Any, Any]:
        beta = mp.exp(t)
        a = [(n + beta, 1) for n in met] + [(beta, size - len(met))]
        whole = total + size * beta
        mean = mp.psi(0, whole + 1) - mp.fsum(k * x * mp.psi(0, x + 1) for x, k in a) / whole
        logs = [(x, k, mp.psi(0, x + 1) - mp.psi(0, whole + 2)) for x, k in a]
        pairs = mp.fsum(k * x * u for x, k, u in logs) ** 2
        pairs -= mp.fsum(k * x * x * u * u for x, k, u in logs)
        pairs -= mp.psi(1, whole + 2) * (whole**2 - mp.fsum(k * x * x for x, k in a))
        same = mp.fsum(
            k
            * x
            * (x + 1)
            * (
                (mp.psi(0, x + 2) - mp.psi(0, whole + 2)) ** 2
                + mp.psi(1, x + 2)
                - mp.psi(1, whole + 2)
            )
            for x, k in a
        )
        return mean, (pairs + same) / (whole * (whole + 1))

    grid = [mp.mpf(i) / 2 for i in range(-120, 120)]
    heights = [log_weight(t) for t in grid]
    top = max(heights)
    inside = [t for t, height in zip(grid, heights, strict=True) if height > top - 40]
    step = mp.mpf(1) / 8
    weight = first = second = mp.zero
    for i in range(int((inside[-1] - inside[0] + 2) / step)):
        t = inside[0] - 1 + i * step
        here = mp.exp(log_weight(t) - top)
        mean, square = moments(t)
        weight, first, second = weight + here, first + here * mean, second + here * square
    mean = first / weight
    return mean, mp.sqrt(second / weight - mean**2)


DEFINITIONS: dict[str, Callable[[Sequence[int], int], Any]] = {
    "plugin": plugin,
    "miller-madow": miller_madow,
    "grassberger": grassberger,
    "james-stein": james_stein,
    "chao-shen": chao_shen,
    "chao-wang-jost": chao_wang_jost,
    "nsb": lambda counts, size: nsb(counts, size)[0],
}
