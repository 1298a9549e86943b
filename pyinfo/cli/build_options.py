"""The options for the builds of other packages; they need no extra."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Final

from pyinfo.embedding import get_cmake_dir, get_include, get_pkgconfig_dir

_PRINTED: Final[dict[str, tuple[str, Callable[[], str]]]] = {
    "--includes": (
        "print the compiler option that finds the C header",
        lambda: f"-I{get_include()}",
    ),
    "--cmakedir": ("print the directory of the CMake package", get_cmake_dir),
    "--pkgconfigdir": ("print the directory of pyinfo.pc", get_pkgconfig_dir),
}
OPTIONS: Final = tuple(_PRINTED)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options that print where files are."""
    group = parser.add_argument_group("for the builds of other packages")
    for option, (description, _) in _PRINTED.items():
        group.add_argument(option, action="store_true", help=description)


def main(argv: Sequence[str]) -> int:
    """Print what the options ask for, a line each, in the order of the help text."""
    parser = argparse.ArgumentParser(prog="pyinfo")
    add_arguments(parser)
    wanted = vars(parser.parse_args(argv))
    for option, (_, value) in _PRINTED.items():
        if wanted[option.lstrip("-")]:
            print(value())
    return 0
