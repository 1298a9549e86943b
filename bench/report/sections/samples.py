"""Measures of samples next to scikit-learn's."""

from collections.abc import Callable, Iterable
from importlib import import_module, util
from typing import Any

import numpy as np

import pyinfo
from bench.inputs.distributions import Array
from bench.processes.timing import Call, interleaved, ratio
from bench.report import bars
from bench.report.rows import Effort, Quantity, Row, Section, size_text

N = 1_000_000
TABLE = (100_000, 50)
PAIRS_TIMED = 5


def dependence(effort: Effort) -> Section:
    """Mutual information of label vectors, and of all pairs of columns."""
    section = Section(
        "Measures of samples",
        "Medians of interleaved rounds, one thread; results were checked to agree. The loop over "
        f"all pairs of columns is extrapolated from {PAIRS_TIMED} of them, without what a loop in "
        "Python costs itself.",
    )
    rng = np.random.default_rng(0)
    for k, bar in bars.MUTUAL_INFORMATION.items():
        x, y = rng.integers(0, k, (2, effort.size(N)))
        what = f"mutual_information int64, {k} labels"
        effort.progress(what)
        own = Call(pyinfo.mutual_information, (x, y))
        section.rows.extend(_against_sklearn(what, (len(x),), own, [(x, y)], 1, bar, effort))
    for k, bar in bars.PAIRWISE.items():
        shape = (effort.size(TABLE[0]), TABLE[1])
        table = rng.integers(0, k, shape).astype(np.uint8)
        what = f"pairwise_mutual_information uint8, {k} values"
        effort.progress(what)
        pairs = [(table[:, 0].copy(), table[:, i].copy()) for i in range(1, 1 + PAIRS_TIMED)]
        own = Call(pyinfo.pairwise_mutual_information, (table,))
        times = shape[1] * (shape[1] - 1) // 2 / PAIRS_TIMED
        section.rows.extend(_against_sklearn(what, shape, own, pairs, times, bar, effort))
    return section


def _against_sklearn(
    what: str,
    shape: tuple[int, ...],
    own: Call,
    pairs: list[tuple[Array, Array]],
    times: float,
    bar: bars.Bar,
    effort: Effort,
) -> Iterable[Row]:
    """One row: pyinfo's call, and `times` times scikit-learn on some pairs."""
    calls: dict[str, Call] = {"pyinfo": own}
    peer = "sklearn.metrics.mutual_info_score"
    if util.find_spec("sklearn") is not None:
        theirs: Callable[..., Any] = import_module("sklearn.metrics").mutual_info_score
        found = np.asarray(own()).reshape(-1)
        expected = [theirs(x, y) / np.log(2) for x, y in pairs]
        np.testing.assert_allclose(found[1 : 1 + len(pairs)] if len(found) > 1 else found, expected)
        calls[peer] = Call(_each, (theirs, pairs))
    seconds = interleaved(
        {name: call.sampler() for name, call in calls.items()},
        rounds=min(effort.rounds, 9),
        sample_seconds=effort.sample_seconds,
    )
    mine = Quantity(float(np.median(seconds["pyinfo"])), "s")
    size = size_text(*shape)
    if peer not in calls:
        yield Row(what, size, mine, f"{bars.SKLEARN} (not installed)")
        return
    loop = seconds[peer] * times
    compared = ratio(loop, seconds["pyinfo"])
    judged = None if effort.quick else bar
    yield Row(what, size, mine, peer, Quantity(float(np.median(loop)), "s"), compared, judged)


def _each(function: Callable[..., Any], pairs: list[tuple[Array, Array]]) -> None:
    for x, y in pairs:
        function(x, y)
