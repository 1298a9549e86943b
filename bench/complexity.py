"""Checks how time and memory of every measure and coder grow against what is claimed.

``python -m bench.complexity [--quick] [NAME ...]``; exits with 1 if a claim does not hold.

Times are taken in interleaved rounds over n = 2^k, one size after the other in each round, so that
a slow moment of the machine hits all sizes alike; the lower quartile of a size's rounds counts.
(Ratios are between medians because both sides suffer alike. Here the sizes are compared with each
other, and what other processes do only ever adds.) What misses its claim gets more rounds before
that is believed: they outlive interference, while a wrong claim stays wrong. Memory is the peak
that tracemalloc sees during a call. What "as claimed" means is in `bench.scaling`.
"""

import argparse
import sys
import timeit
from dataclasses import dataclass

import numpy as np
from rich.table import Table

from .claims import CLAIMS, Claim
from .console import console
from .machine import active_isa, cache_sizes, cpu_model
from .memory import traced_peak
from .scaling import Memory, Verdict, check_memory, check_time
from .timing import interleaved, pin_to_one_cpu

SAMPLE_SECONDS = 0.002
HEADINGS = ("what", "time", "slope", "residual", "ns per unit", "memory", "bytes", "holds")


@dataclass(frozen=True)
class Checked:
    """The two parts of a claim and what became of them."""

    claim: Claim
    time: Verdict
    memory: Verdict
    extra_bytes: int

    @property
    def passed(self) -> bool:
        return self.time.passed and self.memory.passed


def seconds_per_byte() -> float:
    """What streaming from memory costs here: NumPy's maximum over an array beyond any cache."""
    data = np.ones(max(4 * cache_sizes()[-1], 64 << 20), dtype=np.uint8).view(np.float64)
    return min(timeit.repeat(data.max, number=1, repeat=5)) / data.nbytes


def check(claim: Claim, stream_seconds: float, *, quick: bool = False) -> Checked:
    """Measure what a claim is about, over its sizes, and judge it."""
    sizes = claim.quick_sizes if quick else claim.sizes
    rounds = 3 if quick else 9
    calls = {n: claim.prepare(n) for n in sizes}
    memory = Memory(claim.touched, cache_sizes(), stream_seconds)
    samplers = {str(n): call.sampler() for n, call in calls.items()}
    seconds = np.empty((len(sizes), 0))
    for more in (rounds, 2 * rounds, 4 * rounds):
        taken = interleaved(samplers, rounds=more, sample_seconds=SAMPLE_SECONDS)
        seconds = np.hstack([seconds, np.stack(list(taken.values()))])
        undisturbed = np.percentile(seconds, 25, axis=1)
        time = check_time(sizes, undisturbed, claim.time, memory=memory)
        if time.passed:
            break
    peaks = [traced_peak(call) for call in calls.values()]
    return Checked(claim, time, check_memory(sizes, peaks, claim.memory), max(peaks))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.complexity", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all of them")
    parser.add_argument("--quick", action="store_true", help="smaller sizes, fewer rounds")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(CLAIMS))
    if unknown:
        parser.error(f"no claim on: {', '.join(unknown)} (there are {', '.join(CLAIMS)})")

    pin_to_one_cpu()
    stream_seconds = seconds_per_byte()
    results = []
    with console(stderr=True).status("") as status:
        for name in arguments.names or CLAIMS:
            status.update(f"measuring {name}")
            results.append(check(CLAIMS[name], stream_seconds, quick=arguments.quick))

    output = console()
    table = Table(
        title="Growth: measures on float64, coders on bytes, codes for alphabets of n symbols",
        caption=f"{cpu_model()}, {active_isa()}; memory streams at "
        f"{1e-9 / stream_seconds:.1f} GB/s",
    )
    for heading in HEADINGS:
        table.add_column(heading, overflow="fold")
    for result in results:
        table.add_row(*_cells(result), style=None if result.passed else "red")
    output.print(table)
    for result in results:
        for reason in (*result.time.reasons, *result.memory.reasons):
            output.print(f"{result.claim.name}: {reason}", highlight=False)
    return 0 if all(result.passed for result in results) else 1


def _cells(result: Checked) -> tuple[str, ...]:
    time = result.time
    return (
        result.claim.name,
        f"O({time.claim})",
        f"{time.slope:.2f}",
        f"{time.residual:.1%}",
        f"{time.per_unit * 1e9:.3f}",
        f"O({result.memory.claim})",
        f"{result.extra_bytes:,}",
        "yes" if result.passed else "NO",
    )


if __name__ == "__main__":
    sys.exit(main())
