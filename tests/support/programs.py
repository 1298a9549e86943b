"""The command line in a process of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from typing import Any

DEADLINE = 300  # seconds; nothing needs them, but a program that hangs is to fail its test


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "pyinfo", *arguments]
    output = {} if "stdout" in options else {"stdout": subprocess.PIPE}
    return subprocess.run(
        command, stderr=subprocess.PIPE, timeout=DEADLINE, check=False, **output, **options
    )


def run_on_terminal(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run it with a terminal as its output, and read that meanwhile: a terminal holds little."""
    import tty  # not on Windows

    ours, theirs = os.openpty()
    tty.setraw(theirs)  # bytes arrive as they are written
    shown = bytearray()

    def read() -> None:
        with contextlib.suppress(OSError):  # Linux's way to say that the other end is closed
            while piece := os.read(ours, 1 << 16):
                shown.extend(piece)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        done = run(*arguments, stdout=theirs)
    finally:
        os.close(theirs)
        reader.join()
        os.close(ours)
    done.stdout = bytes(shown)
    return done


def open_for_writing(path: str, reader: subprocess.Popen[bytes]) -> int:
    """Open a named pipe once `reader` has opened the other end; fail if it ends instead."""
    while reader.poll() is None:
        try:
            return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody reads yet
            time.sleep(0.01)
    raise AssertionError(reader.communicate()[1].decode())
