"""What commands read from and write to: outputs that appear complete or not at all."""

from __future__ import annotations

import contextlib
import errno
import io
import mmap
import os
import select
import signal
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO, Final, cast

from pyinfo.cli.output import printable, reason_of
from pyinfo.coding.whole_files import descriptor_of, open_again, resolved, whole_file

STANDARD: Final = "-"
"""Standard input, or standard output."""

_SIGNAL_SECONDS: Final = 0.5


class RefusalError(Exception):
    """A command does not do what it is asked for; the message is the reason, in one line."""


class InputError(Exception):
    """One of several inputs of a command cannot be read, or is damaged."""

    def __init__(self, path: str, error: Exception) -> None:
        super().__init__(reason_of(error))
        self.path = path
        self.cause = error


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


@contextlib.contextmanager
def in_memory(path: str) -> Iterator[memoryview]:
    """Map a regular file into memory; read another, and standard input."""
    with opened(path) as file:
        status = os.fstat(file.fileno()) if path != STANDARD else None
        if status is None or not stat.S_ISREG(status.st_mode) or status.st_size == 0:
            yield memoryview(file.read())
            return
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        try:
            yield memoryview(mapped)
        finally:
            # A traceback may still hold on to a part of it; then the collector closes.
            with contextlib.suppress(BufferError):
                mapped.close()


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


@contextlib.contextmanager
def _output_errors(path: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if path == STANDARD:
            discard_standard_output()
            raise OutputError("standard output", error) from error
        raise OutputError(path, error) from error


def discard_standard_output() -> None:
    """Let what is still buffered go nowhere, or a later flush fails and is told once more."""
    with contextlib.suppress(OSError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


@contextlib.contextmanager
def output_file(
    path: str, source: str, *, force: bool, coded: bool, durable: bool
) -> Iterator[Sink]:
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
        number = descriptor_of(path)
        device = None if number is None else open_again(number)
        target = resolved(path)  # a link stays, what it leads to is replaced
        exists = target.exists()
        if device is None and target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if exists and source != STANDARD and target.samefile(source):
            raise RefusalError("the output is the file itself")
        if device is None and exists and not target.is_file():  # not to be replaced
            device = cast(BinaryIO, target.open("wb", buffering=0))
    if device is not None:
        with device:
            yield Sink(device, path)
        return
    try:
        with whole_file(
            target, overwrite=force, source=_status_of(source), durable=durable
        ) as stream:
            sink = Sink(stream, path)
            yield sink
            sink.flush()
    except FileExistsError:
        raise RefusalError(f"{printable(path)} exists already: --force overwrites it") from None
    except OSError as error:
        if error.filename is None:  # the input's, or what has been told already
            raise
        raise OutputError(path, error) from error


def standard_or(path: str) -> str:
    """Return `STANDARD` for a path that is standard output, such as /dev/stdout."""
    return STANDARD if path != STANDARD and descriptor_of(path) == 1 else path


def _status_of(path: str) -> os.stat_result | None:
    """Return the attributes of a regular file."""
    if path == STANDARD:
        return None
    with contextlib.suppress(OSError):
        status = Path(path).stat()
        return status if stat.S_ISREG(status.st_mode) else None
    return None


class Original:
    """A file that is to be removed, if it is still the one that was opened, as it was then."""

    def __init__(self, path: str, file: BinaryIO) -> None:
        self._path = path
        self._status = os.fstat(file.fileno())

    def require_unchanged(self) -> None:
        """Raise RefusalError if another file has its name now, or it was written to."""
        try:
            now = Path(self._path).lstat()
        except OSError as error:
            raise RefusalError(f"it cannot be removed: {reason_of(error)}") from error
        then = self._status
        if (then.st_dev, then.st_ino, then.st_size, then.st_mtime_ns) != (
            now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns,
        ):  # fmt: skip
            raise RefusalError("it has changed meanwhile, so it is not removed")

    def remove(self) -> None:
        """Remove it, or raise RefusalError."""
        self.require_unchanged()
        Path(self._path).unlink()


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
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
