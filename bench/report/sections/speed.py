"""Large inputs and batches against SciPy and the best NumPy line; the cost of a call itself."""

from collections.abc import Mapping

import numpy as np

from bench.peers.candidates import NUMPY, PYINFO, Candidate, candidates, check_agreement
from bench.peers.measures import MEASURES
from bench.processes.timing import interleaved, ratio
from bench.report import bars
from bench.report.rows import Effort, Quantity, Row, Section, size_text


def large(effort: Effort) -> Section:
    """The ratios on vectors of 1e6 and 1e7 elements and on batches."""
    section = Section(
        "Large inputs",
        "Medians of interleaved rounds in one process, one thread. All candidates were checked to "
        'agree first. "numpy" is the fastest of the lines in `bench/peers/reference.py`; ratios '
        "without a bar are shown for comparison.",
    )
    for workload in bars.SPEED:
        shape = (effort.size(workload.shape[0]), *workload.shape[1:])
        batch = "" if workload.axis is None else f", axis={workload.axis}"
        what = f"{workload.measure} {workload.dtype}{batch}"
        effort.progress(f"{what}, {size_text(*shape)}")
        axis = -1 if workload.axis is None else workload.axis
        inputs = MEASURES[workload.measure].inputs(shape, workload.dtype, axis)
        found = candidates(workload.measure, inputs, workload.axis)
        check_agreement(workload.measure, inputs, found)
        section.rows.extend(_compare(what, size_text(*shape), found, workload.bars, effort))
    return section


def call(effort: Effort) -> Section:
    """What a call costs when there is next to nothing to compute."""
    section = Section(
        "One call on four elements",
        "A `timeit` loop over the plain call statement with local names, float64; the loop's own "
        "few nanoseconds are included, nothing is subtracted. The bar is on pyinfo's time.",
    )
    for measure, bar in bars.CALL.items():
        effort.progress(f"{measure}, one call on 4 elements")
        inputs = MEASURES[measure].inputs((4,))
        found = candidates(measure, inputs)
        check_agreement(measure, inputs, found)
        what = f"{measure} float64"
        rows = _compare(what, "4", found, {}, effort)
        section.rows.append(Row(what, "4", rows[0].pyinfo, bar=bar))
        section.rows.extend(rows)
    return section


def _compare(
    what: str,
    size: str,
    found: list[Candidate],
    bar_of: Mapping[str, bars.Bar],
    effort: Effort,
) -> list[Row]:
    seconds = interleaved(
        {candidate.name: candidate.call.sampler() for candidate in found},
        rounds=effort.rounds,
        sample_seconds=effort.sample_seconds,
    )
    median = {name: float(np.median(times)) for name, times in seconds.items()}
    lines = [candidate.name for candidate in found if candidate.owner == NUMPY]
    best_line = min(lines, key=median.__getitem__)
    rows = [
        Row(
            what,
            size,
            Quantity(median[PYINFO], "s"),
            candidate.name,
            Quantity(median[candidate.name], "s"),
            ratio(seconds[candidate.name], seconds[PYINFO]),
            bar_of.get(candidate.owner),
        )
        for candidate in found
        if candidate.name == best_line or candidate.owner not in (PYINFO, NUMPY)
    ]
    own = rows[0].pyinfo
    absent = set(bar_of) - {candidate.owner for candidate in found}
    return rows + [Row(what, size, own, f"{peer} (not installed)") for peer in sorted(absent)]
