"""The command line in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "pyinfo", *arguments]
    return subprocess.run(command, capture_output=True, timeout=60, check=False, **options)


def open_for_writing(path: str, reader: subprocess.Popen[bytes]) -> int:
    """Open a named pipe once `reader` has opened the other end; fail if it ends instead."""
    while reader.poll() is None:
        try:
            return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody reads yet
            time.sleep(0.01)
    raise AssertionError(reader.communicate()[1].decode())
