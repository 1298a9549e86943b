"""Checks how time and memory of everything public grow against what is claimed.

``python -m bench.growth [--quick] [NAME ...]``; exits with 1 if a claim does not hold. How it
is measured stands in `pyinfo.testing.complexity`, what "as claimed" means in
`pyinfo.testing.growth`.
"""

import argparse
import sys
from dataclasses import dataclass

from rich.table import Table

from bench.growth.claim import Claim
from bench.growth.claims import CLAIMS
from bench.processes.machine import active_isa, cpu_model, pin_to_one_cpu
from bench.report.tables import console
from pyinfo.testing import Memory, Verdict, judge_memory, judge_time
from pyinfo.testing.machine import cache_levels, seconds_per_byte

HEADINGS = ("what", "time", "slope", "residual", "ns per unit", "memory", "bytes", "holds")


@dataclass(frozen=True)
class Checked:
    """The two parts of a claim and what became of them."""

    claim: Claim
    time: Verdict
    memory: Verdict | None
    extra_bytes: int

    @property
    def passed(self) -> bool:
        return self.time.passed and (self.memory is None or self.memory.passed)


def check(claim: Claim, *, quick: bool = False) -> Checked:
    """Measure what a claim is about, over its sizes, and judge it."""
    sizes = claim.quick_sizes if quick else claim.sizes
    calls = {n: claim.prepare(n) for n in sizes}
    levels = Memory(claim.touched, cache_levels(), seconds_per_byte()) if claim.touched else None
    time, _ = judge_time(calls, claim.time, memory=levels, rounds=3 if quick else 9)
    if claim.memory is None:
        return Checked(claim, time, None, 0)
    memory, peaks = judge_memory(calls, claim.memory)
    return Checked(claim, time, memory, max(peaks))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all of them")
    parser.add_argument("--quick", action="store_true", help="smaller sizes, fewer rounds")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(CLAIMS))
    if unknown:
        parser.error(f"no claim on: {', '.join(unknown)} (there are {', '.join(CLAIMS)})")

    pin_to_one_cpu()
    results = []
    with console(stderr=True).status("") as status:
        for name in arguments.names or CLAIMS:
            status.update(f"measuring {name}")
            results.append(check(CLAIMS[name], quick=arguments.quick))

    output = console()
    table = Table(
        title="Growth: measures on float64, coders on bytes, codes for alphabets of n symbols",
        caption=f"{cpu_model()}, {active_isa()}; memory streams at "
        f"{1e-9 / seconds_per_byte():.1f} GB/s",
    )
    for heading in HEADINGS:
        table.add_column(heading, overflow="fold")
    for result in results:
        table.add_row(*_cells(result), style=None if result.passed else "red")
    output.print(table)
    for result in results:
        reasons = () if result.memory is None else result.memory.reasons
        for reason in (*result.time.reasons, *reasons):
            output.print(f"{result.claim.name}: {reason}", highlight=False)
    output.print(f"{sum(result.passed for result in results)} of {len(results)} claims hold")
    return 0 if all(result.passed for result in results) else 1


def _cells(result: Checked) -> tuple[str, ...]:
    time = result.time
    return (
        result.claim.name,
        f"O({time.claim})",
        f"{time.slope:.2f}",
        f"{time.residual:.1%}",
        f"{time.per_unit * 1e9:.3f}",
        "" if result.memory is None else f"O({result.memory.claim})",
        "" if result.memory is None else f"{result.extra_bytes:,}",
        "yes" if result.passed else "NO",
    )


if __name__ == "__main__":
    sys.exit(main())
