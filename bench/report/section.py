"""A section of the report: a title, how it was measured, and the function that measures it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.report.effort import Effort
from bench.report.rows import Row, Table


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
