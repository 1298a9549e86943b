"""Distributions that are nearly equal: the hard case for divergences."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np

from bench.inputs.distributions import Array, distribution, near
from bench.peers.candidate import NUMPY, PYINFO, installed, owner
from bench.peers.measures import MEASURES
from bench.report import bars
from bench.report.comparisons import Effort, section
from bench.report.tables import Quantity, Row, size_text

N = 1000
DIVERGENCES = ("kl_divergence", "js_divergence")
PAIR_SIZE = 16
DIGITS = 60


@section(
    "Nearly equal distributions",
    f"Relative error against mpmath ({DIGITS} digits) for {N} elements that differ by "
    f"{bars.NEAR_RELATIVE:g} relative; then the number of random pairs, some rounding errors "
    "to 1e-3 apart, whose divergence comes out negative or NaN.",
)
def near_equal(effort: Effort) -> Iterator[Row]:
    """Relative errors against mpmath, and how many of many random pairs come out wrong."""
    effort.progress("accuracy for nearly equal distributions")
    if installed("mpmath"):
        p = distribution((N,))
        q = near(p, bars.NEAR_RELATIVE)
        for measure, exact in exact_divergences(p, q).items():
            yield from _errors(measure, exact, p, q)
    pairs = effort.size(bars.NEAR_PAIRS)
    for dtype in ("float64", "float32"):
        for measure in (*DIVERGENCES, "js_distance"):
            wrong = Quantity(_wrong_pairs(measure, dtype, pairs))
            what = f"{measure} {dtype}, negative or NaN"
            yield Row(what, f"{size_text(pairs)} pairs", wrong, bar=bars.WRONG_PAIRS)


def _errors(measure: str, exact: Any, p: Array, q: Array) -> Iterator[Row]:
    """pyinfo's error, and those of the best NumPy line and of the peers."""
    mp = import_module("mpmath")
    errors = {}
    with mp.workdps(DIGITS):
        own = MEASURES[measure].call((p, q))()
        ways = MEASURES[measure].ways()
        values = {way.name: way.to_measure(way.function(p, q, **way.options)) for way in ways}
        for name, value in {PYINFO: own, **values}.items():
            errors[name] = float(abs(mp.mpf(float(value)) - exact) / exact)
    what, mine = f"{measure} float64, relative error", Quantity(errors.pop(PYINFO))
    yield Row(what, str(N), mine, bar=bars.NEAR_ERROR)
    best_line = min((name for name in errors if owner(name) == NUMPY), key=errors.__getitem__)
    for name, error in errors.items():
        if name == best_line or owner(name) != NUMPY:
            yield Row(what, str(N), mine, name, Quantity(error))


def exact_divergences(p: Array, q: Array) -> dict[str, Any]:
    """KL and JS in bits of the distributions p / sum(p) and q / sum(q), by mpmath."""
    mp = import_module("mpmath")
    with mp.workdps(DIGITS):
        ps, qs = ([mp.mpf(float(x)) for x in values] for values in (p, q))
        p_sum, q_sum = mp.fsum(ps), mp.fsum(qs)
        ps, qs = [x / p_sum for x in ps], [x / q_sum for x in qs]
        means = [(x + y) / 2 for x, y in zip(ps, qs, strict=True)]

        def kl(first: list[Any], second: list[Any]) -> Any:
            terms = (x * mp.log(x / y) for x, y in zip(first, second, strict=True))
            return mp.fsum(terms) / mp.log(2)

        js = (kl(ps, means) + kl(qs, means)) / 2
        return {"kl_divergence": kl(ps, qs), "js_divergence": js}


def _wrong_pairs(measure: str, dtype: str, pairs: int) -> int:
    p = distribution((pairs, PAIR_SIZE), dtype)
    distances = np.geomspace(np.finfo(dtype).eps, 1e-3, pairs)
    q = near(p, distances[:, np.newaxis])
    value = np.asarray(MEASURES[measure].call((p, q), axis=-1)())
    return int(np.count_nonzero(~(value >= 0)))
