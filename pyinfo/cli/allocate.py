"""The command ``pyinfo allocate``."""

from __future__ import annotations

import argparse
import json
from typing import Any

from rich.table import Table
from rich.text import Text

from pyinfo.arguments import real
from pyinfo.cli.each_file import Document, add_json, run_each, size
from pyinfo.cli.files import opened
from pyinfo.cli.output import key_value_table, make_console, print_table, printable
from pyinfo.cli.pictures import add_plot, wanted_picture
from pyinfo.quantization.allocation import allocate_document, table_names
from pyinfo.quantization.budget import budget_bytes


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``pyinfo allocate``."""
    parser.add_argument(
        "table",
        metavar="TABLE",
        help="JSON with costs and errors, a row for each tensor, and perhaps names, groups, fixed "
        "and budget; - is standard input",
    )
    parser.add_argument(
        "--budget",
        metavar="SIZE",
        help="what can be spent: a number in the unit of the costs, or bytes as 8MB or 8MiB",
    )
    parser.add_argument(
        "--gap", type=float, default=1e-4, help="how near to the best; 0.0001 by default"
    )
    parser.add_argument("--max-nodes", type=size, metavar="N", help="the most nodes of the search")
    add_plot(parser, "the least error for what is spent")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Run ``pyinfo allocate``."""
    args.files = [args.table]

    def work(path: str) -> Document:
        picture = wanted_picture(args)
        with opened(path) as file:
            table = _parsed(file.read())
        options = {} if args.max_nodes is None else {"max_nodes": args.max_nodes}
        found = allocate_document(table, _budget(args.budget, table), gap=args.gap, **options)
        if picture is not None:
            picture.save(picture.plots.budget(found))
        return {
            "path": path,
            **found.document(),
            "names": table_names(table),
            "costs": [float(c[k]) for c, k in zip(table["costs"], found.choice, strict=True)],
            "errors": [float(e[k]) for e, k in zip(table["errors"], found.choice, strict=True)],
        }

    return run_each(args, work, _show)


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"this is no JSON: {error}") from error


def _budget(text: str | None, table: Any) -> float:
    stated: Any = text
    if text is None:
        stated = table.get("budget") if isinstance(table, dict) else None
        if stated is None:
            raise ValueError("there is no budget: name one with --budget")
        if isinstance(stated, bool) or not isinstance(stated, int | float | str):
            raise ValueError("budget must be a number, or a text such as 8MB")
    try:
        return real(float(stated) if isinstance(stated, str) else stated, "budget")
    except ValueError:
        if not isinstance(stated, str):
            raise
        return real(budget_bytes(stated), "budget")


def _show(document: Document) -> None:
    console = make_console()
    console.print(Text(printable(document["path"]), style="bold"), soft_wrap=True)
    rows = [
        ("tensors", f"{len(document['names']):,}"),
        ("cost", f"{document['cost']:,.15g} of {document['budget']:,.15g}"),
        ("error", f"{document['error']:.6g}"),
        ("lower bound", f"{document['lower_bound']:.6g}"),
        ("gap", f"{document['gap']:.2g}"),
        ("certificate", f"{len(document['certificate']):,} nodes"),
    ]
    console.print(key_value_table(rows))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("  tensor", "choice", "cost", "error", "share"):
        table.add_column(column, justify="left" if column == "  tensor" else "right")
    rest = zip(document["choice"], document["costs"], document["errors"], strict=True)
    for name, (choice, cost, error) in zip(document["names"], rest, strict=True):
        share = error / document["error"] if document["error"] > 0 else 0.0
        table.add_row(
            "  " + printable(name), str(choice), f"{cost:,.15g}", f"{error:.6g}", f"{share:.2%}"
        )
    print_table(table)
