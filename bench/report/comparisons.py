"""How sections measure: how much is spent, and rows of pyinfo next to everybody else."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from bench.peers.candidate import PYINFO, is_own, owner
from bench.processes.rounds import Times, take_rounds
from bench.processes.workload import Subject, Workload
from bench.report.bars import Bar, Bars
from bench.report.tables import Quantity, Row, Table

Shown = Callable[[float], Quantity]


def seconds(value: float) -> Quantity:
    return Quantity(value, "s")


def speed(n_bytes: int) -> Shown:
    """Seconds as the throughput of so many bytes."""
    return lambda value: Quantity(n_bytes / value / 1e9, "GB/s")


def every_row(workload: Workload) -> dict[str, Subject]:
    """Everything that does the work here."""
    return {row: Subject(workload, row) for row in workload.rows()}


@dataclass(frozen=True)
class Comparison:
    """Subjects that were timed together, and what their rows say alike."""

    what: str
    size: str
    times: Times
    own: str = PYINFO
    shown: Shown = seconds

    def of(self, what: str, own: str) -> "Comparison":
        """The same for another one of pyinfo's."""
        return replace(self, what=what, own=own)

    def alone(self, bar: Bar | None = None, peer: str = "", value: Quantity | None = None) -> Row:
        """pyinfo's, judged by its own time; a peer may be shown for scale."""
        mine, baseline = self.times.median(self.own), self.times.baseline.get(self.own)
        return Row(self.what, self.size, self.shown(mine), peer, value, None, bar, baseline)

    def against(self, peer: str, bar: Bar | None = None, named: str = "") -> Row:
        """pyinfo's next to a peer's."""
        ratio, theirs = self.times.ratio(peer, self.own), self.shown(self.times.median(peer))
        return replace(self.alone(bar, named or peer, theirs), ratio=ratio)

    def against_all(self, bars: Mapping[str | tuple[str, ...], Bar | None]) -> Iterator[Row]:
        """pyinfo's next to the fastest way of each of the others, present or not."""
        fastest: dict[str, str] = {}
        for name in self.times.seconds:
            if not is_own(name):
                best = fastest.setdefault(owner(name), name)
                fastest[owner(name)] = min(best, name, key=self.times.median)
        bar_of: dict[str, Bar | None] = {}
        absent: list[str] = []
        for named, bar in bars.items():
            owners = (named,) if isinstance(named, str) else named
            there = [fastest[each] for each in owners if each in fastest]
            absent += [each for each in owners if each not in fastest]
            if there:
                bar_of[min(there, key=self.times.median)] = bar
        for name in fastest.values():
            yield self.against(name, bar_of.get(name))
        for each in absent:
            yield self.alone(peer=f"{each} (not installed)")


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

    def size(self, n: int) -> int:
        """A large size, or a hundredth of it."""
        return max(n // 100, 1000) if self.quick else n

    def unless_quick(self, bar: Bar) -> Bar | None:
        """For bars that small inputs say nothing about."""
        return None if self.quick else bar

    def all_unless_quick(self, judged: Bars) -> Mapping[str | tuple[str, ...], Bar | None]:
        """Likewise; peers that are absent are named all the same."""
        return {named: self.unless_quick(bar) for named, bar in judged.items()}

    def time(
        self,
        subjects: Mapping[str, Subject],
        *,
        most_rounds: int = 21,
        sample_seconds: float | None = None,
    ) -> Times:
        """Subjects in the same rounds."""
        usual = 0.001 if self.quick else 0.02
        return take_rounds(
            subjects,
            rounds=min(self.rounds, most_rounds),
            sample_seconds=usual if sample_seconds is None else sample_seconds,
            baseline=self.baseline,
        )

    def compare(
        self,
        what: str,
        size: str,
        subjects: Mapping[str, Subject],
        own: str = PYINFO,
        shown: Shown = seconds,
        most_rounds: int = 21,
    ) -> Comparison:
        """Time subjects for the rows of one of them."""
        self.progress(f"{what}, {size}")
        return Comparison(what, size, self.time(subjects, most_rounds=most_rounds), own, shown)


@dataclass(frozen=True)
class Section:
    """A function that yields rows, or a text that says why there are none."""

    title: str
    note: str
    measure: Callable[[Effort], Iterator[Row | str]]

    def run(self, effort: Effort) -> Table:
        found = list(self.measure(effort))
        reasons = [each for each in found if isinstance(each, str)]
        note = f"Not measured: {' '.join(reasons)}" if reasons else self.note
        return Table(self.title, note, [each for each in found if isinstance(each, Row)])


def section(title: str, note: str) -> Callable[[Callable[[Effort], Iterator[Row | str]]], Section]:
    """Make a section of the function below."""
    return lambda measure: Section(title, note, measure)
