"""Where the files are that other packages compile against."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from pyinfo import _core

# They are installed beside the extension, in an editable installation as well.
_INSTALLED: Final = Path(_core.__file__).parent


def get_include() -> str:
    """Return the directory of the C header: an extension's ``include_dirs`` must name it.

    The header is ``pyinfo/pyinfo.h``; Cython's ``from pyinfo.cython_api cimport`` needs it, too.

    Examples
    --------
    >>> Extension("name", ["name.pyx"], include_dirs=[pyinfo.get_include()])  # doctest: +SKIP
    """
    return str(_INSTALLED / "include")


def get_cmake_dir() -> str:
    """Return the directory of the CMake package, for ``-Dpyinfo_DIR=``."""
    return str(_INSTALLED / "cmake")


def get_pkgconfig_dir() -> str:
    """Return the directory of ``pyinfo.pc``, for ``PKG_CONFIG_PATH``."""
    return str(_INSTALLED / "pkgconfig")


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
