"""A report is tables of rows; this is what they are, and how they are printed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rich import table as rich_table
from rich.console import Console

from bench.processes.rounds import Spread
from bench.report.bars import Bar

FILE_WIDTH = 150
HEADINGS = (
    *("what", "size", "pyinfo", "peer", "peer's", "ratio (quartiles)", "bar", "met"),
    "of the baseline",
)


@dataclass(frozen=True)
class Quantity:
    """A number and its unit: "s", "B" (bytes), "GB/s", "%" (of a fraction), or "" for none."""

    value: float
    unit: str = ""

    def __str__(self) -> str:
        if self.unit == "s":
            for scale, unit in ((1e-6, "ns"), (1e-3, "µs"), (1.0, "ms")):
                if self.value < scale:
                    return f"{self.value * 1e3 / scale:.3g} {unit}"
            return f"{self.value:.3g} s"
        if self.unit == "B":
            if abs(self.value) < 1024:
                return f"{self.value:.3g} bytes"
            return f"{self.value / 1024:,.1f} KiB"
        if self.unit == "%":
            return f"{self.value:.3%}"
        return f"{self.value:.3g} {self.unit}".rstrip()


@dataclass(frozen=True)
class Row:
    """One comparison. The bar judges the ratio if there is one, else pyinfo's own value.

    `baseline` is how many times as fast as the baseline pyinfo is, whatever the peer.
    """

    what: str
    size: str
    pyinfo: Quantity
    peer: str = ""
    peer_value: Quantity | None = None
    ratio: Spread | None = None
    bar: Bar | None = None
    baseline: Spread | None = None

    @property
    def met(self) -> bool | None:
        if self.bar is None:
            return None
        return self.bar.met(self.ratio.median if self.ratio else self.pyinfo.value)

    def cells(self) -> tuple[str, ...]:
        """The row's texts, in the order of `HEADINGS`."""
        ratio = self.ratio
        bar = ""
        if self.bar is not None:
            sign = ">=" if self.bar.at_least else "<="
            bound = f"{self.bar.bound:g}x" if ratio else Quantity(self.bar.bound, self.pyinfo.unit)
            bar = f"{sign} {bound}"
        return (
            self.what,
            self.size,
            str(self.pyinfo),
            self.peer,
            "" if self.peer_value is None else str(self.peer_value),
            "" if ratio is None else _times(ratio),
            bar,
            {None: "", True: "yes", False: "NO"}[self.met],
            "" if self.baseline is None else _times(self.baseline),
        )


def _times(ratio: Spread) -> str:
    median, low, high = (
        f"{times:,.0f}" if times >= 100 else f"{times:.3g}"
        for times in (ratio.median, ratio.low, ratio.high)
    )
    return f"{median}x ({low}-{high})"


@dataclass(frozen=True)
class Table:
    """Rows that were measured together, and how."""

    title: str
    note: str
    rows: list[Row]

    def print(self, output: Console) -> None:
        """What is said of one thing stands together; a missed bar is red."""
        # The baseline's column is there if there is a baseline.
        columns = len(HEADINGS) - (not any(row.baseline for row in self.rows))
        drawn = rich_table.Table(title=self.title, caption=self.note, title_justify="left")
        for heading in HEADINGS[:columns]:
            drawn.add_column(heading, overflow="fold")
        shown: tuple[str, ...] = ()
        for row in self.rows:
            cells = row.cells()[:columns]
            if shown not in ((), cells[:2]):
                drawn.add_section()
            texts = ("", "", *cells[2:]) if cells[:2] == shown else cells
            drawn.add_row(*texts, style={None: "dim", True: None, False: "red"}[row.met])
            shown = cells[:2]
        output.print(drawn)


def console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal, or wide enough for a table in a file."""
    plain = Console(stderr=stderr)
    return plain if plain.is_terminal else Console(stderr=stderr, width=FILE_WIDTH)


def size_text(*shape: int) -> str:
    """A shape as "1e6" or "1e4 x 1000"."""
    return " x ".join(
        f"{n:.0e}".replace("e+0", "e") if n > 1000 and n % 1000 == 0 else str(n) for n in shape
    )


def bytes_text(n: int) -> str:
    """A number of bytes as "16 MiB" or "64 bytes"."""
    for unit, name in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if n >= unit and n % unit == 0:
            return f"{n // unit} {name}"
    return f"{n} bytes"


def as_json(header: Mapping[str, str], tables: list[Table]) -> dict[str, Any]:
    """The whole report as plain data; times in seconds, memory in bytes."""
    sections = [
        asdict(table) | {"rows": [asdict(row) | {"met": row.met} for row in table.rows]}
        for table in tables
    ]
    return {"header": dict(header), "sections": sections}
