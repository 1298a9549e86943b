"""The commands that compress: ``compress``, ``decompress``, ``inspect`` and ``test``."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from rich.table import Table
from rich.text import Text

from pyinfo.cli.files import (
    STANDARD,
    Comparison,
    Nowhere,
    OutputError,
    RefusalError,
    opened,
    output_file,
)
from pyinfo.cli.output import (
    EXIT_DAMAGED,
    EXIT_ERROR,
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
from pyinfo.coding.frames import CODERS, Frame
from pyinfo.coding.streams import FileSizes, compress_file, decompress_file
from pyinfo.errors import CorruptDataError

SUFFIX: Final = ".pin"

_BLOCKS_SHOWN: Final = 32
_DAMAGE_SHOWN: Final = 10

Document = dict[str, Any]


# pyinfo compress, pyinfo decompress


def configure_compress(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``pyinfo compress``."""
    _configure_files(parser, f"FILE{SUFFIX}")
    parser.add_argument(
        "--coder",
        choices=CODERS,
        default="auto",
        help="auto takes what makes each block smallest",
    )
    parser.add_argument(
        "--itemsize",
        type=_size,
        metavar="N",
        help="bytes of a number in FILE: their first, second, ... bytes are coded apart; "
        "by default those of the array in an .npy file, 1 for other files",
    )
    parser.add_argument(
        "--floats",
        action="store_const",
        const=True,
        help="these numbers are little-endian floats, as by default where an .npy file says so: "
        "their bits are rotated by one if that pays",
    )


def configure_decompress(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``pyinfo decompress``."""
    _configure_files(parser, f"FILE without {SUFFIX}")
    parser.add_argument(
        "--max-size", type=_size, metavar="BYTES", help="refuse to write more than this"
    )


def _configure_files(parser: argparse.ArgumentParser, default: str) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="a file; - is standard input")
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        help=f"a file, or - for standard output; by default {default}, and - for standard input",
    )
    parser.add_argument(
        "--force", action="store_true", help="overwrite files, write coded data to a terminal"
    )
    parser.add_argument(
        "--rm", action="store_true", help="remove each FILE once its result is verified"
    )
    _configure_common(parser)


def _configure_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--threads", type=_size, default=1, metavar="N", help="0 for one per core; 1 by default"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def _size(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return value


def run_compress(args: argparse.Namespace) -> int:
    """Run ``pyinfo compress``."""

    def transform(source: BinaryIO, sink: BinaryIO, progress: ProgressBar) -> FileSizes:
        return compress_file(
            source,
            sink,
            coder=args.coder,
            threads=args.threads,
            itemsize=args.itemsize,
            floats=args.floats,
            progress=progress,
        )

    def verify(original: BinaryIO, coded: BinaryIO, progress: ProgressBar) -> None:
        comparison = Comparison(original)
        decompress_file(coded, cast(BinaryIO, comparison), threads=args.threads, progress=progress)
        comparison.finish()

    return _run_conversion(args, _Conversion(_compressed_name, transform, verify, coded=True))


def run_decompress(args: argparse.Namespace) -> int:
    """Run ``pyinfo decompress``."""

    def transform(source: BinaryIO, sink: BinaryIO, progress: ProgressBar) -> FileSizes:
        return decompress_file(
            source, sink, threads=args.threads, max_size=args.max_size, progress=progress
        )

    def verify(*_: object) -> None:
        """Every check of the frame has passed, or there would be no result."""

    return _run_conversion(args, _Conversion(_original_name, transform, verify, coded=False))


def _compressed_name(path: str) -> str:
    return path + SUFFIX


def _original_name(path: str) -> str:
    if not path.endswith(SUFFIX) or not Path(path).stem:
        raise RefusalError(f"its name does not end in {SUFFIX}: name the output with -o")
    return path.removesuffix(SUFFIX)


@dataclass(frozen=True, slots=True)
class _Conversion:
    """What differs between the two directions."""

    default_output: Callable[[str], str]
    transform: Callable[[BinaryIO, BinaryIO, ProgressBar], FileSizes]
    verify: Callable[[BinaryIO, BinaryIO, ProgressBar], None]
    coded: bool
    """Whether the output is compressed data, nothing for a terminal."""


def _run_conversion(args: argparse.Namespace, conversion: _Conversion) -> int:
    if args.output is not None and len(args.files) > 1:
        return _usage_error(f"one output for {len(args.files)} files: leave out -o")
    to_stdout = STANDARD in (args.output, *([] if args.output else args.files))
    if to_stdout and args.json:
        return _usage_error("--json cannot go to standard output together with the data")
    if args.rm and (to_stdout or STANDARD in args.files):
        return _usage_error("--rm needs files that can be read again, not standard input or output")

    def convert(path: str) -> Document:
        return _convert(path, args, conversion)

    def show(document: Document) -> None:
        if document["output"] != STANDARD:
            print(_conversion_line(document))

    return _run_each(args, convert, show)


def _usage_error(message: str) -> int:
    print(f"pyinfo: {message}", file=sys.stderr)
    return EXIT_ERROR


def _run_each(
    args: argparse.Namespace, work: Callable[[str], Document], show: Callable[[Document], None]
) -> int:
    """Do the work for each file; errors of one leave the others done."""
    code = EXIT_OK
    documents: list[Document] = []
    for path in args.files:
        try:
            document = work(path)
        except BrokenPipeError:
            raise
        except (OSError, ValueError, RefusalError, OutputError) as error:
            failed = EXIT_DAMAGED if isinstance(error, CorruptDataError) else EXIT_ERROR
            code = max(code, failed)
            print_error(error.path if isinstance(error, OutputError) else path, reason_of(error))
            documents.append({"path": path, "error": reason_of(error)})
            continue
        if document.get("ok") is False:
            code = EXIT_DAMAGED
        documents.append(document)
        if not args.json:
            show(document)
    if args.json:
        for document in documents:
            for key in ("path", "output"):
                if key in document:
                    document[key] = os.fsencode(document[key]).decode("utf-8", "backslashreplace")
        print_json(documents)
    return code


def _conversion_line(document: Document) -> str:
    before, after = document["size"], document["output_size"]
    line = (
        f"{printable(document['path'])} -> {printable(document['output'])}: "
        f"{before:,} bytes{binary_size(before)} to {after:,} bytes{binary_size(after)}"
    )
    rate = document["compression_rate"]
    return line if rate is None else f"{line}, compression rate {rate:.4f}"


def _convert(path: str, args: argparse.Namespace, conversion: _Conversion) -> Document:
    output = args.output
    if output is None:
        output = STANDARD if path == STANDARD else conversion.default_output(path)
    if args.rm and (Path(path).is_symlink() or not Path(path).is_file()):
        raise RefusalError("--rm removes regular files only")
    if args.rm and Path(output).exists() and not Path(output).is_file():
        raise RefusalError("--rm needs an output that can be read again")
    with (
        opened(path) as source,
        output_file(output, path, force=args.force, coded=conversion.coded) as sink,
        _progress(path) as progress,
    ):
        sizes = conversion.transform(source, cast(BinaryIO, sink), progress)
        sink.flush()
        if args.rm:
            source.seek(0)
            conversion.verify(source, sink.reader(), progress)
            sink.to_disk()
    if args.rm:
        Path(path).unlink()
    data_size, coded_size = sizes if conversion.coded else reversed(sizes)
    return {
        "path": path,
        "output": output,
        "size": sizes.read,
        "output_size": sizes.written,
        "compression_rate": data_size / coded_size if coded_size > 0 else None,
    }


def _progress(path: str) -> ProgressBar:
    return ProgressBar(printable(Path(path).name)[-24:])


# pyinfo inspect


def configure_inspect(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``pyinfo inspect``."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="a file; - is standard input")
    parser.add_argument(
        "--blocks", action="store_true", help=f"list all blocks, not only {_BLOCKS_SHOWN}"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run_inspect(args: argparse.Namespace) -> int:
    """Run ``pyinfo inspect``."""

    def show(document: Document) -> None:
        console = make_console()
        console.print(Text(printable(document["path"]), style="bold"), soft_wrap=True)
        console.print(key_value_table(_frame_rows(document)))
        blocks = document["blocks"] if args.blocks else document["blocks"][:_BLOCKS_SHOWN]
        if blocks:
            console.print(_block_table(blocks))
        if left := len(document["blocks"]) - len(blocks):
            console.print(f"  and {left:,} more: --blocks lists them")

    return _run_each(args, _inspect, show)


@contextlib.contextmanager
def _frame(path: str) -> Iterator[Frame]:
    if path == STANDARD:
        with opened(path) as source:
            data = source.read()
        yield Frame(data)
    else:
        with Frame.open(path) as frame:
            yield frame


def _inspect(path: str) -> Document:
    with _frame(path) as frame:
        blocks = [
            {
                "mode": block.mode,
                "lanes": block.lanes,
                "plane": block.plane,
                "start": block.start,
                "stop": block.stop,
                "size": block.coded_size,
                "offset": block.offset,
            }
            for block in frame.blocks
        ]
        size = frame.coded_size
        return {
            "path": path,
            "size": size,
            "data_size": frame.nbytes,
            "compression_rate": frame.nbytes / size,
            "dtype": str(frame.dtype),
            "shape": list(frame.shape),
            "planes": 1 + max((int(block["plane"]) for block in blocks), default=0),
            "rotated": frame.rotated,
            "modes": dict(sorted(Counter(str(block["mode"]) for block in blocks).items())),
            "blocks": blocks,
        }


def _frame_rows(document: Document) -> list[tuple[str, str]]:
    modes = ", ".join(f"{count:,} {mode}" for mode, count in document["modes"].items())
    return [
        ("size", f"{document['size']:,} bytes{binary_size(document['size'])}"),
        ("data", f"{document['data_size']:,} bytes{binary_size(document['data_size'])}"),
        ("compression rate", f"{document['compression_rate']:.4f}"),
        ("dtype", document["dtype"]),
        ("shape", str(tuple(document["shape"]))),
        (
            "byte planes",
            f"{document['planes']:,}" + (", of rotated elements" if document["rotated"] else ""),
        ),
        ("blocks", f"{len(document['blocks']):,}" + (f": {modes}" if modes else "")),
    ]


def _block_table(blocks: list[Document]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("  block", "plane", "items from", "to", "mode", "lanes", "bytes", "at byte"):
        table.add_column(column, justify="left" if column == "mode" else "right", no_wrap=True)
    for number, block in enumerate(blocks):
        table.add_row(
            f"{number:,}",
            str(block["plane"]),
            f"{block['start']:,}",
            f"{block['stop']:,}",
            block["mode"],
            str(block["lanes"] or ""),
            f"{block['size']:,}",
            f"{block['offset']:,}",
        )
    return table


# pyinfo test


def configure_test(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``pyinfo test``."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="a file; - is standard input")
    _configure_common(parser)


def run_test(args: argparse.Namespace) -> int:
    """Run ``pyinfo test``."""

    def test(path: str) -> Document:
        return _test(path, args.threads)

    def show(document: Document) -> None:
        if document["ok"]:
            print(f"{printable(document['path'])}: ok, {document['data_size']:,} bytes of data")
            return
        damage = document["damage"]
        for found in damage[:_DAMAGE_SHOWN]:
            print_error(document["path"], found["message"])
        if len(damage) > _DAMAGE_SHOWN:
            left = len(damage) - _DAMAGE_SHOWN
            print_error(document["path"], f"{left:,} more damaged blocks")

    return _run_each(args, test, show)


def _test(path: str, threads: int) -> Document:
    nowhere = Nowhere()
    try:
        with opened(path) as source, _progress(path) as progress:
            decompress_file(source, cast(BinaryIO, nowhere), threads=threads, progress=progress)
    except CorruptDataError as error:
        damage = [{"block": None, "offset": error.offset, "message": str(error)}]
        if path != STANDARD:  # all there is, not only the first
            with contextlib.suppress(CorruptDataError), Frame.open(path) as frame:
                damage = [
                    {"block": found.block, "offset": found.offset, "message": found.message}
                    for found in frame.verify()
                ] or damage
        return {"path": path, "ok": False, "data_size": None, "damage": damage}
    return {"path": path, "ok": True, "data_size": nowhere.size, "damage": []}
