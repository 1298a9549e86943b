"""Measures every bar that exists so far and prints what came out, met or not.

``python -m bench.report [--quick] [--only SECTION] [--markdown FILE] [--json FILE] [--check]
[--pictures FOLDER]``
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.peers import codecs
from bench.peers import counting as counting_peers
from bench.peers import measure_peers as peers
from bench.processes.machine import describe
from bench.processes.timing import pin_to_one_cpu
from bench.report.console import console
from bench.report.rows import HEADINGS, Effort, Section, as_json, markdown
from bench.report.sections import (
    accuracy,
    calls,
    coders,
    coding,
    counting,
    footprint,
    isa_coding,
    isas,
    samples,
    speed,
    weights,
    zarr,
)

# Memory comes first: nothing that runs later can have left its traces in the process.
SECTIONS: Mapping[str, Callable[[Effort], Section]] = {
    "memory": footprint.memory,
    "import": footprint.import_time,
    "accuracy": accuracy.near_equal,
    "call": speed.call,
    "call-from-c": calls.from_c,
    "large": speed.large,
    "isa": isas.by_isa,
    "samples": samples.dependence,
    "coding": coding.speed,
    "isa-coding": isa_coding.by_isa,
    "sizes": coding.sizes,
    "incompressible": coding.incompressible,
    "messages": coding.messages,
    "weights": weights.weights,
    "threads": coding.threads,
    "zarr": zarr.chunks,
    "coders": coders.kernels,
    "counting": counting.speed,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.report", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small inputs, few rounds: a test run")
    parser.add_argument("--only", choices=SECTIONS, action="append", help="measure these sections")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables to FILE")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the raw numbers to FILE")
    parser.add_argument(
        "--pictures", type=Path, metavar="FOLDER", help="measure and draw pictures, as SVG and PNG"
    )
    parser.add_argument("--only-pictures", action="store_true", help="no sections; with --pictures")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a bar is missed")
    arguments = parser.parse_args()

    output = console()
    cpu = pin_to_one_cpu()
    header = describe(
        *peers.PACKAGES,
        *codecs.PACKAGES,
        *counting_peers.PACKAGES,
        "mpmath",
        "numcodecs",
        "scikit-learn",
        "zarr",
    )
    header["pinned to"] = "any cpu" if cpu is None else f"cpu {cpu}"
    if arguments.quick:
        header["note"] = "quick run: the sizes are small, the figures mean nothing"

    sections = []
    with console(stderr=True).status("") as status:
        effort = Effort(arguments.quick, lambda what: status.update(f"measuring {what}"))
        for name, measure in SECTIONS.items():
            if not arguments.only_pictures and (not arguments.only or name in arguments.only):
                sections.append(measure(effort))
        if arguments.pictures:
            from bench.report import curves, pictures

            drawn = pictures.draw(curves.measured(effort), header, arguments.pictures)

    for name, text in header.items():
        output.print(f"[bold]{name}[/bold]: {text}", highlight=False)
    for section in sections:
        _print(section, output)
    if arguments.pictures:
        output.print(f"{len(drawn)} pictures in {arguments.pictures}", highlight=False)
    if arguments.markdown:
        arguments.markdown.write_text(markdown(header, sections), encoding="utf-8")
    if arguments.json:
        text = json.dumps(as_json(header, sections), indent=1)
        arguments.json.write_text(text + "\n", encoding="utf-8")

    missed = [row for section in sections for row in section.rows if row.met is False]
    judged = sum(row.met is not None for section in sections for row in section.rows)
    output.print(f"{judged - len(missed)} of {judged} bars met", highlight=False)
    return 1 if missed and arguments.check else 0


def _print(section: Section, output: Console) -> None:
    table = Table(title=section.title, caption=section.note, title_justify="left")
    for heading in HEADINGS:
        table.add_column(heading, overflow="fold")
    shown: tuple[str, ...] = ()
    for row in section.rows:
        what_and_size, rest = row.cells()[:2], row.cells()[2:]
        if what_and_size == shown:
            what_and_size = ("", "")
        elif shown:
            table.add_section()
        shown = row.cells()[:2]
        style = {None: "dim", True: None, False: "red"}[row.met]
        table.add_row(*what_and_size, *rest, style=style)
    output.print(table)


if __name__ == "__main__":
    sys.exit(main())
