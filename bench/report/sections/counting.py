"""Counting samples next to NumPy, pandas and polars."""

import numpy as np

import pyinfo
from bench.peers.counting import SAMPLES, checked_call, peers
from bench.processes.timing import Call, interleaved, ratio
from bench.report import bars
from bench.report.rows import Effort, Quantity, Row, Section, size_text

PYINFO = "pyinfo"


def speed(effort: Effort) -> Section:
    """`Counts.from_samples` next to what others have."""
    section = Section(
        "Counting",
        "`Counts.from_samples` on an array; medians of interleaved rounds in one thread. NumPy's "
        "results are sorted as pyinfo's are, pandas' and polars' are not. Bars are against the "
        "fastest of the peers that are named, constant and skewed data against uniform.",
    )
    uniform = np.empty(0)
    for count in bars.COUNTING:
        n = effort.size(count.n)
        effort.progress(f"counting {count.samples}")
        samples = SAMPLES[count.samples](n)
        found = {PYINFO: Call(pyinfo.Counts.from_samples, (samples,))}
        own = found[PYINFO]()
        found.update({name: checked_call(name, samples, own) for name in peers(count.samples)})
        seconds = interleaved(
            {name: call.sampler() for name, call in found.items()},
            rounds=3 if effort.quick else 7,
            sample_seconds=effort.sample_seconds,
        )
        median = {name: float(np.median(times)) for name, times in seconds.items()}
        mine = Quantity(median[PYINFO], "s")
        bar_of = {}
        for against, bar in count.bars.items():
            there = [name for name in against if name in median]
            if there:
                bar_of[min(there, key=median.__getitem__)] = bar
        for name, times in seconds.items():
            if name != PYINFO:
                section.rows.append(
                    Row(
                        count.samples,
                        size_text(n),
                        mine,
                        name,
                        Quantity(median[name], "s"),
                        ratio(times, seconds[PYINFO]),
                        bar_of.get(name),
                    )
                )
        if count.samples == bars.UNIFORM:
            uniform = seconds[PYINFO]
        elif count.of_uniform is not None:
            section.rows.append(
                Row(
                    count.samples,
                    size_text(n),
                    mine,
                    bars.UNIFORM,
                    Quantity(float(np.median(uniform)), "s"),
                    ratio(uniform, seconds[PYINFO]),
                    count.of_uniform,
                )
            )
    return section
