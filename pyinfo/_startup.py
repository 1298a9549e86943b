"""Ctrl-C while the command ``pyinfo`` starts, before there is anything that could be told of it.

An interrupt while NumPy and the core are imported becomes an ImportError on its way through their
initialisation. As long as nothing has been done yet, ending the process at once is all there is to
do. Programs that import pyinfo are left alone. The extension is imported here, so that where there
is none this is said before anything else needs it.
"""

from __future__ import annotations

import importlib
import itertools
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

_CORE: Final = "pyinfo._core"
EXIT_INTERRUPTED: Final = 130  # 128 + SIGINT, as shells report it
_NAMES: Final = frozenset({"pyinfo", "pyinfo.exe", "pyinfo-script.py"})


def load_core() -> None:
    """Import the extension; where there is none, say why and what to do.

    Raises
    ------
    ImportError
        If it is not there.
    """
    try:
        importlib.import_module(_CORE)
    except ModuleNotFoundError as error:
        if error.name != _CORE:
            raise
        raise ImportError(_reason_without_core(), name=_CORE) from None


def _reason_without_core() -> str:
    folder = Path(__file__).resolve().parents[1]
    if not (folder / "CMakeLists.txt").exists():
        return f"the installation of pyinfo in {folder} has no pyinfo._core: install it again"
    return (
        f"this is the source tree of pyinfo, {folder}, which has no compiled extension: start "
        "Python in another folder, or with -P, to import the pyinfo that is installed. To install "
        f"this one: pip install {folder}"
    )


def _is_command() -> bool:
    first = sys.argv[0] if getattr(sys, "argv", None) else ""
    if first == "-m":  # which Python replaces when the package has been imported
        given = sys.orig_argv
        return "-mpyinfo" in given or ("-m", "pyinfo") in itertools.pairwise(given)
    return first.replace("\\", "/").rpartition("/")[2] in _NAMES


def _end(_: int, __: FrameType | None) -> NoReturn:
    os._exit(EXIT_INTERRUPTED)


def begin() -> None:
    """Let an interrupt end the process, if it is the command that starts."""
    if (
        _is_command()
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    ):
        signal.signal(signal.SIGINT, _end)


def finish() -> None:
    """Let an interrupt be a KeyboardInterrupt again."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


begin()
load_core()
