"""Checks how time and memory of everything public grow against what is claimed.

``python -m bench.growth [--quick] [NAME ...]``; exits with 1 if a claim does not hold. How it
is measured stands in `pyinfo.testing.complexity`, what "as claimed" means in
`pyinfo.testing.growth`.
"""

import argparse
import sys
from dataclasses import dataclass

from rich.table import Table

from bench.growth.claims import CLAIMS
from bench.processes.machine import active_isa, cpu_model, pin_to_one_cpu
from bench.report.tables import console
from pyinfo.testing import Memory, Verdict, judge_memory, judge_time
from pyinfo.testing.machine import cache_levels, seconds_per_byte


@dataclass(frozen=True)
class Checked:
    """The two parts of a claim and what became of them."""

    claim: str
    time: Verdict
    memory: Verdict | None
    extra_bytes: int

    @property
    def passed(self) -> bool:
        return self.time.passed and (self.memory is None or self.memory.passed)


def check(claim: str, *, quick: bool = False) -> Checked:
    """Measure what a claim is about, over its sizes, and judge it."""
    cost, prepare = CLAIMS[claim]
    calls = {n: prepare(n) for n in (cost.quick_sizes if quick else cost.sizes)}
    levels = Memory(cost.touched, cache_levels(), seconds_per_byte()) if cost.touched else None
    time, _ = judge_time(calls, cost.time, memory=levels, rounds=3 if quick else 9)
    if cost.memory is None:
        return Checked(claim, time, None, 0)
    memory, peaks = judge_memory(calls, cost.memory)
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
            results.append(check(name, quick=arguments.quick))

    output = console()
    table = Table(
        *("what", "time", "slope", "residual", "ns per unit", "memory", "bytes", "holds"),
        title="Growth: measures on float64, coders on bytes, codes for alphabets of n symbols",
        caption=f"{cpu_model()}, {active_isa()}; memory streams at "
        f"{1e-9 / seconds_per_byte():.1f} GB/s",
    )
    for column in table.columns:
        column.overflow = "fold"
    for result in results:
        time, memory = result.time, result.memory
        table.add_row(
            *(result.claim, f"O({time.claim})", f"{time.slope:.2f}"),
            *(f"{time.residual:.1%}", f"{time.per_unit * 1e9:.3f}"),
            *(f"O({memory.claim})", f"{result.extra_bytes:,}") if memory else ("", ""),
            "yes" if result.passed else "NO",
            style=None if result.passed else "red",
        )
    output.print(table)
    for result in results:
        reasons = () if result.memory is None else result.memory.reasons
        for reason in (*result.time.reasons, *reasons):
            output.print(f"{result.claim}: {reason}", highlight=False)
    output.print(f"{sum(result.passed for result in results)} of {len(results)} claims hold")
    return 0 if all(result.passed for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
