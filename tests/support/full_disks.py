"""Disks that are full: files may not grow beyond a size, as a limit of the system says."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size meanwhile.

    A write that begins below the size ends there and says so, as it does on a disk that gets full.
    """
    resource = pytest.importorskip("resource", reason="limits of files are those of POSIX")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextlib.contextmanager
def full_output(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let standard output be a device that takes nothing."""
    if not Path("/dev/full").exists():
        pytest.skip("the system has no /dev/full")
    with monkeypatch.context() as patched:
        stream = io.TextIOWrapper(io.FileIO("/dev/full", "w"), encoding="utf-8")
        patched.setattr("sys.stdout", stream)
        yield
        with contextlib.suppress(OSError):
            stream.close()


def contents(folder: Path) -> dict[str, bytes | None]:
    """Return all files of a folder and what is in them; folders, None."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }
