"""Measures every bar and prints what came out, met or not."""

import argparse
import contextlib
import json
from pathlib import Path

from bench.processes.children import Worker
from bench.processes.machine import describe, pin_to_one_cpu
from bench.report.comparisons import Effort
from bench.report.sections import SECTIONS
from bench.report.tables import as_json, console


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.report", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small inputs, few rounds: a test run")
    parser.add_argument("--only", choices=SECTIONS, action="append", help="measure these sections")
    parser.add_argument(
        "--baseline",
        metavar="PYTHON",
        help="an interpreter with another pyinfo installed, to be compared in the same rounds",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the raw numbers to FILE")
    parser.add_argument(
        "--pictures", type=Path, metavar="FOLDER", help="measure and draw pictures, as SVG and PNG"
    )
    parser.add_argument("--only-pictures", action="store_true", help="no sections; with --pictures")
    return parser.parse_args()


def main() -> None:
    arguments = _arguments()
    output = console()
    cpu = pin_to_one_cpu()
    header = describe()
    header["pinned to"] = "any cpu" if cpu is None else f"cpu {cpu}"
    if arguments.baseline:
        with contextlib.closing(Worker(python=arguments.baseline)) as worker:
            header["baseline"] = f"{arguments.baseline}, pyinfo {worker.version()}"
    if arguments.quick:
        header["note"] = "quick run: the sizes are small, the figures mean nothing"

    chosen = [] if arguments.only_pictures else arguments.only or SECTIONS
    with console(stderr=True).status("") as status:

        def progress(what: str) -> None:
            status.update(f"measuring {what}")

        effort = Effort(arguments.quick, progress, arguments.baseline)
        tables = [SECTIONS[name].run(effort) for name in SECTIONS if name in chosen]
        if arguments.pictures:
            from bench.report import pictures

            drawn = pictures.draw(effort, header, arguments.pictures)

    for name, text in header.items():
        output.print(f"[bold]{name}[/bold]: {text}", highlight=False)
    for table in tables:
        table.print(output)
    if arguments.pictures:
        output.print(f"{len(drawn)} pictures in {arguments.pictures}", highlight=False)
    if arguments.json:
        text = json.dumps(as_json(header, tables), indent=1)
        arguments.json.write_text(text + "\n", encoding="utf-8")

    missed = [row for table in tables for row in table.rows if row.met is False]
    judged = sum(row.met is not None for table in tables for row in table.rows)
    output.print(f"{judged - len(missed)} of {judged} bars met", highlight=False)


if __name__ == "__main__":
    main()
