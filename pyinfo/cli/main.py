"""The command line of pyinfo: subcommands, tables and progress; the numbers come from elsewhere."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.text import Text

from pyinfo import embedding
from pyinfo.cli import coding as cli_coding
from pyinfo.cli.file_report import STDIN, FileReport, ReportError, report_file
from pyinfo.cli.output import (
    EXIT_BROKEN_PIPE,
    EXIT_ERROR,
    EXIT_INTERRUPTED,
    EXIT_OK,
    ProgressBar,
    binary_size,
    key_value_table,
    make_console,
    print_error,
    print_json,
    printable,
    reason_of,
)
from pyinfo.counting.block_counts import LONGEST

_PLANES_SHOWN: Final = 64


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
        code = command.run(args)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _discard_stdout()
        return EXIT_BROKEN_PIPE
    except OSError as error:  # those of input files have been reported: this one is the output's
        _discard_stdout()
        print_error("standard output", reason_of(error))
        return EXIT_ERROR


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pyinfo", description="Information theory and entropy coding."
    )
    parser.add_argument("--version", action=_PrintVersion, nargs=0, help="print the version")
    embedding.add_arguments(parser)  # which __main__ has looked for
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        subparser = subparsers.add_parser(command.name, help=command.help, description=command.help)
        command.configure(subparser)
        subparser.set_defaults(command=command)
    return parser


class _PrintVersion(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from pyinfo.config import config

        print(f"pyinfo {config()['version']}")
        parser.exit()


def _discard_stdout() -> None:
    """Let what is still buffered go nowhere, or the interpreter's last flush fails once more."""
    with contextlib.suppress(OSError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


# pyinfo report


def _configure_report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help=f"a file, device or pipe; {STDIN} is standard input",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument(
        "--elements",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="compute the entropy of the elements of .npy files; where millions of them are "
        "different, this reads the file several times",
    )
    parser.add_argument(
        "--order",
        type=_order,
        metavar="K",
        help=f"also print the entropy of a byte given the bytes before it, for 0 to K of them (at "
        f"most {LONGEST - 1}); each order above 1 takes up to 40 MiB of memory, and where millions "
        "of runs are different, the file is read several times",
    )


def _order(text: str) -> int:
    order = int(text)
    if not 0 <= order < LONGEST:
        raise argparse.ArgumentTypeError(f"must be between 0 and {LONGEST - 1}")
    return order


def _run_report(args: argparse.Namespace) -> int:
    code = EXIT_OK
    console = make_console()
    documents: list[dict[str, Any]] = []
    for path in args.files:
        try:
            with ProgressBar(printable(Path(path).name)[-24:]) as progress:
                report = report_file(
                    path, elements=args.elements, order=args.order, progress=progress
                )
        except (OSError, ReportError) as error:
            code = EXIT_ERROR
            print_error(path, reason_of(error))
            documents.append({"path": path, "error": reason_of(error)})
            continue
        if args.json:
            documents.append(dataclasses.asdict(report))
        else:
            console.print(Text(printable(path), style="bold"), soft_wrap=True)
            console.print(key_value_table(_report_rows(report)))
    if args.json:
        for document in documents:
            document["path"] = os.fsencode(document["path"]).decode("utf-8", "backslashreplace")
        print_json(documents)
    return code


def _report_rows(report: FileReport) -> list[tuple[str, str]]:
    rate = report.compression_rate
    rows = [
        ("size", f"{report.size:,} bytes{binary_size(report.size)}"),
        ("entropy", f"{report.entropy:.6g} bits per byte"),
        ("order-0 limit", f"{report.order0_size:,} bytes{binary_size(report.order0_size)}"),
        ("compression rate", "unlimited: all bytes are equal" if rate is None else f"{rate:.4f}"),
    ]
    for order, bits in enumerate(report.conditional_entropies):
        known = f"given {order} byte{'' if order == 1 else 's'} before"
        rows.append((f"entropy of order {order}", _bits_text(bits, known)))
    if (array := report.array) is not None:
        rows.append(("dtype", array.dtype))
        rows.append(("shape", f"{array.shape}{', Fortran order' if array.fortran_order else ''}"))
        if array.element_entropy is not None:
            rows.append(
                (
                    "entropy of elements",
                    f"{array.element_entropy:.6g} bits per element"
                    f" ({array.distinct_elements:,} different)",
                )
            )
        if planes := array.plane_entropies:
            rows.append(("entropy per byte plane", _plane_text(planes)))
    rows.extend(("note", note) for note in report.notes)
    return rows


def _bits_text(bits: float | None, known: str) -> str:
    return "not counted" if bits is None else f"{bits:.6g} bits per byte {known}"


def _plane_text(planes: Sequence[float]) -> str:
    if len(planes) <= _PLANES_SHOWN:
        return "  ".join(f"{plane:.4f}" for plane in planes) + "  bits"
    mean = sum(planes) / len(planes)
    return f"{min(planes):.4f} to {max(planes):.4f}, mean {mean:.4f} bits ({len(planes)} planes)"


# pyinfo info


def _configure_info(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def _run_info(args: argparse.Namespace) -> int:
    from pyinfo.config import config

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
        ("in use", settings["isa"]),
    ]
    console = make_console()
    console.print("pyinfo")
    console.print(key_value_table(rows))
    return EXIT_OK


COMMANDS: Final = (
    Command(
        "report",
        "Print the entropy of files and how far codes for single bytes can compress them.",
        _configure_report,
        _run_report,
    ),
    Command(
        "compress",
        "Compress files; the originals are kept.",
        cli_coding.configure_compress,
        cli_coding.run_compress,
    ),
    Command(
        "decompress",
        "Restore the files that compressed ones were made from.",
        cli_coding.configure_decompress,
        cli_coding.run_decompress,
    ),
    Command(
        "inspect",
        "Print what is in compressed files: type, shape, blocks and how each is coded.",
        cli_coding.configure_inspect,
        cli_coding.run_inspect,
    ),
    Command(
        "test",
        "Check that compressed files are intact, and print what is damaged.",
        cli_coding.configure_test,
        cli_coding.run_test,
    ),
    Command("info", "Print versions and instruction sets.", _configure_info, _run_info),
)
