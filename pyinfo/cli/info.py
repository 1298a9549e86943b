"""The command ``pyinfo info``."""

from __future__ import annotations

import argparse

from pyinfo.cli.each_file import add_json
from pyinfo.cli.exit_codes import EXIT_OK
from pyinfo.cli.output import key_value_table, make_console, print_json
from pyinfo.config import config


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``pyinfo info``."""
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Run ``pyinfo info``."""
    settings = config()
    if args.json:
        print_json(settings)
        return EXIT_OK
    rows = [
        ("version", settings["version"]),
        ("compiler", settings["compiler"]),
        ("Python", settings["python"]),
        ("NumPy", settings["numpy"]),
        ("instruction sets", ", ".join(settings["available_isas"])),
        *(
            (kernels, f"{choice['isa']}: {choice['reason']}")
            for kernels, choice in settings["choices"].items()
        ),
    ]
    console = make_console()
    console.print("pyinfo")
    console.print(key_value_table(rows))
    return EXIT_OK
