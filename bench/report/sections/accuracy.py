"""Distributions that are nearly equal: the hard case for divergences."""

from importlib import import_module, util
from typing import Any

import numpy as np

from bench.inputs.distributions import Array, distribution, near
from bench.peers.candidates import NUMPY, PYINFO, candidates
from bench.peers.measures import MEASURES
from bench.report import bars
from bench.report.rows import Effort, Quantity, Row, Section, size_text

N = 1000
DIVERGENCES = ("kl_divergence", "js_divergence")
PAIR_SIZE = 16
DIGITS = 60


def near_equal(effort: Effort) -> Section:
    """Relative errors against mpmath, and how many of many random pairs come out wrong."""
    section = Section(
        "Nearly equal distributions",
        f"Relative error against mpmath ({DIGITS} digits) for {N} elements that differ by "
        f"{bars.NEAR_RELATIVE:g} relative; then the number of random pairs, some rounding errors "
        "to 1e-3 apart, whose divergence comes out negative or NaN.",
    )
    effort.progress("accuracy for nearly equal distributions")
    if util.find_spec("mpmath") is not None:
        p = distribution((N,))
        q = near(p, bars.NEAR_RELATIVE)
        for measure in DIVERGENCES:
            section.rows.extend(_errors(measure, p, q))
    for dtype in ("float64", "float32"):
        for measure in (*DIVERGENCES, "js_distance"):
            pairs = effort.size(bars.NEAR_PAIRS)
            wrong = Quantity(_wrong_pairs(measure, dtype, pairs))
            what = f"{measure} {dtype}, negative or NaN"
            size = f"{size_text(pairs)} pairs"
            section.rows.append(Row(what, size, wrong, bar=bars.WRONG_PAIRS))
    return section


def _errors(measure: str, p: Array, q: Array) -> list[Row]:
    mp = import_module("mpmath")
    errors = {}
    with mp.workdps(DIGITS):
        exact = exact_divergences(p, q)[measure]
        for candidate in candidates(measure, (p, q)):
            value = mp.mpf(float(candidate.to_measure(candidate.call())))
            errors[candidate.name] = (candidate.owner, float(abs(value - exact) / exact))
    own = Quantity(errors[PYINFO][1])
    what = f"{measure} float64, relative error"
    lines = [name for name, (owner, _) in errors.items() if owner == NUMPY]
    best_line = min(lines, key=lambda name: errors[name][1])
    return [
        Row(what, str(N), own, bar=bars.NEAR_ERROR),
        *(
            Row(what, str(N), own, name, Quantity(error))
            for name, (owner, error) in errors.items()
            if name == best_line or owner not in (PYINFO, NUMPY)
        ),
    ]


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
