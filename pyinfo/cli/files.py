"""What commands read from and write to: outputs that appear complete or not at all."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import secrets
import select
import signal
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO, Final, cast

from pyinfo.cli.output import printable, reason_of

STANDARD: Final = "-"
"""Standard input, or standard output."""

_SIGNAL_SECONDS: Final = 0.5


class RefusalError(Exception):
    """A command does not do what it is asked for; the message is the reason, in one line."""


class OutputError(Exception):
    """The output cannot be written."""

    def __init__(self, path: str, error: OSError) -> None:
        super().__init__(reason_of(error))
        self.path = path


@contextlib.contextmanager
def opened(path: str) -> Iterator[BinaryIO]:
    """Open a file, or standard input, for reading."""
    if path != STANDARD:
        with Path(path).open("rb") as file:
            yield _heeding_signals(file)
    elif sys.stdin is None:
        raise RefusalError("there is no standard input")
    else:
        yield _heeding_signals(sys.stdin.buffer)


def _heeding_signals(file: BinaryIO) -> BinaryIO:
    """Return the file, or what reads it instead if that may have to wait."""
    try:
        number = file.fileno()
        may_wait = os.name == "posix" and not stat.S_ISREG(os.fstat(number).st_mode)
    except OSError:  # a stream without a file below it
        return file
    return cast(BinaryIO, io.BufferedReader(_Waiting(number))) if may_wait else file


class _Waiting(io.RawIOBase):
    """A pipe or terminal that is read when it has data, with a look at signals while it waits.

    A plain read that begins just after a signal has come does not return before there is data.
    """

    def __init__(self, number: int) -> None:
        self._number = number

    def readable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return the file's number."""
        return self._number

    def readinto(self, buffer: Any) -> int:
        """Wait for data, then read what is there."""
        while not select.select([self._number], [], [], _SIGNAL_SECONDS)[0]:
            pass
        return os.readv(self._number, [buffer])


# Outputs


class Sink:
    """An output whose errors name it, not the input."""

    def __init__(self, stream: BinaryIO, path: str) -> None:
        self._stream = stream
        self._path = path

    def write(self, data: bytes | memoryview) -> int:
        """Write the data, or a part of it; return how many bytes that is."""
        with _output_errors(self._path):
            return self._stream.write(data)

    def flush(self) -> None:
        """Hand what is buffered to the system."""
        with _output_errors(self._path):
            self._stream.flush()

    def reader(self) -> BinaryIO:
        """Return the output for reading, from its start."""
        self._stream.seek(0)
        return self._stream

    def to_disk(self) -> None:
        """Return when the data is safe from a loss of power."""
        with _output_errors(self._path):
            os.fsync(self._stream.fileno())


@contextlib.contextmanager
def _output_errors(path: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError("standard output" if path == STANDARD else path, error) from error


@contextlib.contextmanager
def output_file(path: str, source: str, *, force: bool, coded: bool) -> Iterator[Sink]:
    """Open the output; a file appears under its name when it is complete, or not at all."""
    if path == STANDARD:
        if sys.stdout is None:
            raise RefusalError("there is no standard output")
        if coded and sys.stdout.isatty() and not force:
            raise RefusalError("compressed data on a terminal: name a file with -o, or --force it")
        sys.stdout.flush()
        yield Sink(sys.stdout.buffer, path)
        return
    with _output_errors(path):
        target = Path(path).resolve()  # a link stays, what it leads to is replaced
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        exists = target.exists()
        if exists and source != STANDARD and target.samefile(source):
            raise RefusalError("the output is the file itself")
    if exists and not target.is_file():  # a device or a pipe: not to be replaced
        with _output_errors(path):
            device = target.open("wb", buffering=0)
        with device:
            yield Sink(cast(BinaryIO, device), path)
        return
    with _replacing(target, path, force=force) as (stream, temporary):
        sink = Sink(stream, path)
        yield sink
        sink.flush()
        if source != STANDARD:
            _copy_attributes(Path(source), temporary)


@contextlib.contextmanager
def _replacing(target: Path, path: str, *, force: bool) -> Iterator[tuple[BinaryIO, Path]]:
    def check_free() -> None:
        if not force and target.exists():
            raise RefusalError(f"{printable(path)} exists already: --force overwrites it")

    check_free()
    temporary = target.with_name(f".pyinfo-{secrets.token_hex(8)}.part")
    with _ended_by_signals():
        try:
            with _output_errors(path):
                # Without a buffer that would be written, and fail, when the file is closed.
                stream = temporary.open("x+b", buffering=0)
            with stream:
                yield cast(BinaryIO, stream), temporary
            check_free()
            with _output_errors(path):
                temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


def _copy_attributes(source: Path, target: Path) -> None:
    """Give the target the permissions and times of the source, if that is a file."""
    with contextlib.suppress(OSError):
        status = source.stat()
        if stat.S_ISREG(status.st_mode):
            target.chmod(status.st_mode & 0o777)
            os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let the signals that ask for an end raise, as an interrupt does, so that files are removed.

    Ignored ones stay ignored (``nohup``).
    """

    def end(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    replaced = []
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            with contextlib.suppress(ValueError):  # not in the main thread
                signal.signal(number, end)
                replaced.append(number)
    try:
        yield
    finally:
        for number in replaced:
            signal.signal(number, signal.SIG_DFL)


# Sinks that keep nothing


class Comparison:
    """A sink that compares what is written to it with an original."""

    def __init__(self, original: BinaryIO) -> None:
        self._original = original

    def write(self, data: bytes | memoryview) -> int:
        """Compare the data with what comes next in the original."""
        view = memoryview(data).cast("B")
        if self._original.read(len(view)) != view:
            raise RefusalError("the result is not what the file holds now: the original is kept")
        return len(view)

    def finish(self) -> None:
        """Check that the original ends here."""
        if self._original.read(1):
            raise RefusalError("the result is not what the file holds now: the original is kept")


class Nowhere:
    """A sink that counts."""

    def __init__(self) -> None:
        self.size = 0

    def write(self, data: bytes | memoryview) -> int:
        """Count the data."""
        size = memoryview(data).nbytes
        self.size += size
        return size
