"""The command line of pyinfo: the commands, and what ends them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from pyinfo.cli import (
    allocate,
    apply,
    build_options,
    calibrate,
    compare,
    compress,
    decompress,
    diff,
    drift,
    fit,
    info,
    inspect,
    perplexity,
    report,
    test,
)
from pyinfo.cli.exit_codes import EXIT_BROKEN_PIPE, EXIT_ERROR, EXIT_INTERRUPTED
from pyinfo.cli.files import discard_standard_output, ended_by_signals
from pyinfo.cli.output import print_error, reason_of
from pyinfo.config import config


@dataclass(frozen=True, slots=True)
class Command:
    """A subcommand: how its arguments are declared, and what it does with them."""

    name: str
    help: str
    configure: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``pyinfo`` with the given arguments; return the exit code."""
    if sys.stdout is not None and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # file names may hold anything
    try:
        args = _parser().parse_args(argv)
        command: Command = args.command
        with ended_by_signals():
            code = command.run(args)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        discard_standard_output()
        return EXIT_BROKEN_PIPE
    except OSError as error:  # those of input files have been reported: this one is the output's
        discard_standard_output()
        print_error("standard output", reason_of(error))
        return EXIT_ERROR


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pyinfo", description="Information theory and entropy coding."
    )
    parser.add_argument("--version", action=_PrintVersion, nargs=0, help="print the version")
    build_options.add_arguments(parser)  # which __main__ has looked for
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        subparser = subparsers.add_parser(command.name, help=command.help, description=command.help)
        command.configure(subparser)
        subparser.set_defaults(command=command)
    return parser


class _PrintVersion(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(f"pyinfo {config()['version']}")
        parser.exit()


COMMANDS: Final = (
    Command(
        "report",
        "Print the entropy of files and how far codes for single bytes can compress them.",
        report.configure,
        report.run,
    ),
    Command(
        "compress",
        "Compress files; the originals are kept.",
        compress.configure,
        compress.run,
    ),
    Command(
        "decompress",
        "Restore the files that compressed ones were made from.",
        decompress.configure,
        decompress.run,
    ),
    Command(
        "inspect",
        "Print what is in compressed files: type, shape, blocks and how each is coded.",
        inspect.configure,
        inspect.run,
    ),
    Command(
        "test",
        "Check that compressed files are intact, and print what is damaged.",
        test.configure,
        test.run,
    ),
    Command(
        "diff",
        "Write the patch that turns a safetensors file, or a folder, into another.",
        diff.configure,
        diff.run,
    ),
    Command(
        "apply",
        "Make of a file or folder what a patch says.",
        apply.configure,
        apply.run,
    ),
    Command(
        "perplexity",
        "Print the perplexity of labels, given a model's logits.",
        perplexity.configure,
        perplexity.run,
    ),
    Command(
        "compare",
        "Compare two models' logits: what a quantised one has lost.",
        compare.configure,
        compare.run,
    ),
    Command(
        "fit",
        "Quantise a safetensors file to a budget of bytes, with a bound on what that must lose.",
        fit.configure,
        fit.run,
    ),
    Command(
        "allocate",
        "Choose one of each tensor's choices: least error within a budget, with a proof.",
        allocate.configure,
        allocate.run,
    ),
    Command(
        "drift",
        "Compare the columns of two tables: has their distribution changed?",
        drift.configure,
        drift.run,
    ),
    Command(
        "calibrate",
        "Find where to clip the floats of an array or of weights for integers of a few bits.",
        calibrate.configure,
        calibrate.run,
    ),
    Command("info", "Print versions and instruction sets.", info.configure, info.run),
)
