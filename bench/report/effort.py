"""How a section measures: how much is spent, and rows of pyinfo next to everybody else."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bench.peers.candidate import is_own, owner
from bench.processes.rounds import Times, take_rounds
from bench.processes.workload import Subject, Workload
from bench.report.bars import Bar, Bars
from bench.report.rows import Quantity, Row


def seconds(value: float) -> Quantity:
    return Quantity(value, "s")


def speed(n_bytes: int) -> Callable[[float], Quantity]:
    """Seconds as the throughput of so many bytes."""
    return lambda value: Quantity(n_bytes / value / 1e9, "GB/s")


@dataclass(frozen=True)
class Effort:
    """How much to spend: a quick report only shows that everything works.

    `baseline` is an interpreter with another version of pyinfo, which takes part in the rounds.
    """

    quick: bool = False
    progress: Callable[[str], None] = print
    baseline: str | None = None

    @property
    def rounds(self) -> int:
        return 3 if self.quick else 21

    @property
    def sample_seconds(self) -> float:
        return 0.001 if self.quick else 0.02

    def size(self, n: int) -> int:
        """A large size, or a hundredth of it."""
        return max(n // 100, 1000) if self.quick else n

    def unless_quick(self, bar: Bar) -> Bar | None:
        """For bars that small inputs say nothing about."""
        return None if self.quick else bar

    def time(
        self,
        subjects: Mapping[str, Subject],
        *,
        most_rounds: int = 21,
        sample_seconds: float | None = None,
    ) -> Times:
        """Subjects in the same rounds."""
        return take_rounds(
            subjects,
            rounds=min(self.rounds, most_rounds),
            sample_seconds=self.sample_seconds if sample_seconds is None else sample_seconds,
            baseline=self.baseline,
        )

    def time_all(self, workload: Workload, *, most_rounds: int = 21) -> Times:
        """Everything that does the work here."""
        subjects = {row: Subject(workload, row) for row in workload.rows()}
        return self.time(subjects, most_rounds=most_rounds)


def against(
    what: str,
    size: str,
    times: Times,
    own: str,
    peer: str,
    bar: Bar | None = None,
    shown: Callable[[float], Quantity] = seconds,
    named: str = "",
) -> Row:
    """One of the subjects next to another one, the peer."""
    return Row(
        what,
        size,
        shown(times.median(own)),
        named or peer,
        shown(times.median(peer)),
        times.ratio(peer, own),
        bar,
        times.baseline.get(own),
    )


def alone(
    what: str,
    size: str,
    times: Times,
    own: str,
    bar: Bar | None = None,
    shown: Callable[[float], Quantity] = seconds,
    peer: str = "",
) -> Row:
    """One of the subjects, judged by its own time; a peer is shown for scale."""
    theirs = shown(times.median(peer)) if peer in times.seconds else None
    baseline = times.baseline.get(own)
    return Row(what, size, shown(times.median(own)), peer, theirs, bar=bar, baseline=baseline)


def against_all(
    what: str,
    size: str,
    times: Times,
    own: str,
    bars: Bars,
    shown: Callable[[float], Quantity] = seconds,
) -> Iterator[Row]:
    """One of pyinfo's next to the fastest way of each of the others, present or not."""
    fastest: dict[str, str] = {}
    for name in times.seconds:
        if not is_own(name):
            best = fastest.setdefault(owner(name), name)
            fastest[owner(name)] = min(best, name, key=times.median)
    bar_of: dict[str, Bar] = {}
    absent: list[str] = []
    for named, bar in bars.items():
        owners = (named,) if isinstance(named, str) else named
        there = [fastest[each] for each in owners if each in fastest]
        absent += [each for each in owners if each not in fastest]
        if there:
            bar_of[min(there, key=times.median)] = bar
    for name in fastest.values():
        yield against(what, size, times, own, name, bar_of.get(name), shown)
    for each in absent:
        yield alone(what, size, times, own, None, shown, f"{each} (not installed)")
