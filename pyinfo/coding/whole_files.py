"""Files and folders that appear under their name when they are whole, or not at all."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

_PIECE: Final = 1 << 20
_LINKS: Final = 40  # followed from one name to another, as Linux does
_PERMISSIONS: Final = 0o777
_UNFINISHED: Final = (".pyinfo-", ".part")
_NO_LINKS: Final = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})


def resolved(path: str | os.PathLike[str]) -> Path:
    """Return where a path leads; OSError if that is round in circles."""
    try:
        return Path(path).resolve()
    except RuntimeError:  # as Python before 3.13 has it
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), os.fspath(path)) from None


def path_of(path: Any, name: str) -> Path:
    """Return the path that an argument is.

    Raises
    ------
    TypeError
        If it is none.
    FileNotFoundError
        If it is empty, which `Path` takes for the current folder.
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"{name} must be a path, not {type(path).__name__}")
    text = os.fspath(path)
    if not isinstance(text, str):
        raise TypeError(f"{name} must be a path of str, not of {type(text).__name__}")
    if not text:
        raise FileNotFoundError(errno.ENOENT, f"{name} is an empty path")
    return Path(text)


def unfinished(target: Path) -> Path:
    """Return a name beside a file or folder, for what has not become it yet."""
    return target.with_name(secrets.token_hex(8).join(_UNFINISHED))


def is_unfinished(name: str) -> bool:
    """Return whether `unfinished` has made this name."""
    return name.startswith(_UNFINISHED[0]) and name.endswith(_UNFINISHED[1])


def descriptor_of(path: str | os.PathLike[str]) -> int | None:
    """Return the number of the open file that a path stands for, None if it is another path.

    Such are ``/dev/stdout``, ``/dev/fd/3`` and what shells make of ``>(command)``: what they lead
    to is open already and is not to be replaced, and may have no name.
    """
    if os.name != "posix":
        return None
    named = Path("/dev/fd")
    open_files = {named, named.resolve(), Path("/proc", str(os.getpid()), "fd")}
    name = Path(path)
    for _ in range(_LINKS):
        # Not resolved themselves, which would lead to names that nothing has, like "pipe:[123]".
        with contextlib.suppress(RuntimeError):
            name = name.parent.resolve() / name.name
        if name.parent in open_files and name.name.isdecimal():
            return int(name.name)
        try:
            name = name.parent / name.readlink()
        except OSError:
            return None
    return None


def open_again(number: int) -> BinaryIO:
    """Return an unbuffered file that writes where an open one does."""
    return cast(BinaryIO, io.FileIO(os.dup(number), "wb"))


@contextlib.contextmanager
def whole_file(
    target: Path,
    *,
    overwrite: bool,
    source: os.stat_result | None = None,
    durable: bool = False,
) -> Iterator[BinaryIO]:
    """Open a file for writing, and reading, that is there when the block ends without an error.

    Until then it has another name, and an older file under this one is untouched.

    Parameters
    ----------
    target
        Its path, in which no link is to be followed.
    overwrite
        Whether it may replace an older file; FileExistsError otherwise. Devices, pipes and sockets
        are never replaced: OSError.
    source
        The file that it is made from: it gets its times, its permissions and, as far as the system
        allows, its owner and group. Nobody else can read it before that. Without it, a file has
        the permissions of the one that it replaces, or those of any new file.
    durable
        Whether to wait until the file and its name are safe from a loss of power.
    """
    with _told_of(target):
        older = _status(target)
        if older is not None and not overwrite:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        if older is not None and not (stat.S_ISREG(older.st_mode) or stat.S_ISDIR(older.st_mode)):
            # A file in the place of a device would do harm to all that use it.
            raise OSError(errno.EINVAL, "is a device, pipe or socket, which no file replaces")
        like = source or older
        temporary = unfinished(target)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        number = os.open(temporary, flags, 0o666 if like is None else 0o600)
    try:
        # Without a buffer that would be written, and fail, when the file is closed.
        with _NamedFile(number, "r+b", target) as file:
            yield cast(BinaryIO, file)
            if like is not None:
                _copy_attributes(like, number, times=source is not None)
            if durable:
                with _told_of(target):
                    os.fsync(number)
        with _told_of(target):
            _give_name(temporary, target, overwrite=overwrite)
            if durable:
                sync_folder(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Make a folder that has its name when the block ends without an error, or goes.

    Errors name what its files are to become. FileExistsError if there is anything of that name.
    """
    temporary = unfinished(target)
    with _told_of(target):
        _require_no_file(target)
        temporary.mkdir()
    try:
        yield temporary
        with _told_of(target):
            _require_no_file(target)  # a rename would replace an empty folder
            temporary.rename(target)
    except OSError as error:
        for name in (error.filename2, error.filename):
            if isinstance(name, str) and Path(name).is_relative_to(temporary):
                error.filename = str(target / Path(name).relative_to(temporary))
                error.filename2 = None
                break
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def copy_file(source: Path, target: Path) -> int:
    """Copy a file with its attributes to a new one that is whole or not there; return its size.

    Errors of writing name the new file, which those of `shutil` do not always.
    """
    size = 0
    with source.open("rb") as reader:
        status = os.fstat(reader.fileno())
        with whole_file(target, overwrite=False, source=status) as file:
            while piece := reader.read(_PIECE):
                size += file.write(piece)
    shutil.copystat(source, target)
    return size


def _require_no_file(target: Path) -> None:
    if target.exists() or target.is_symlink():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))


class _NamedFile(io.FileIO):
    """A file that is written to as a whole, and whose errors name what it becomes only later.

    A system that has room for a part takes that and says so; only the next call is an error.
    """

    def __init__(self, number: int, mode: str, target: Path) -> None:
        super().__init__(number, mode)
        self._target = target

    def write(self, data: Any, /) -> int:
        view = memoryview(data)
        left = view.cast("B") if view.nbytes > 0 else view[:0]
        with _told_of(self._target):
            while len(left) > 0:
                left = left[super().write(left) :]
        return view.nbytes


@contextlib.contextmanager
def _told_of(target: Path) -> Iterator[None]:
    """Let errors name the file that the caller knows."""
    try:
        yield
    except OSError as error:
        error.filename, error.filename2 = str(target), None
        raise


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _copy_attributes(source: os.stat_result, number: int, *, times: bool) -> None:
    """Give an open file the owner, group, permissions and times of another, as far as allowed."""
    if not stat.S_ISREG(source.st_mode) or not hasattr(os, "fchmod"):
        return
    for owner, group in ((source.st_uid, -1), (-1, source.st_gid)):
        with contextlib.suppress(OSError):
            os.fchown(number, owner, group)
    mode = source.st_mode & _PERMISSIONS
    if os.fstat(number).st_gid != source.st_gid:
        # What the group of the source may do is not for another group.
        others = mode & 0o007
        mode = mode & ~0o070 | mode & others << 3
    with contextlib.suppress(OSError):
        os.fchmod(number, mode)
        if times and os.utime in os.supports_fd:
            os.utime(number, ns=(source.st_atime_ns, source.st_mtime_ns))


def _give_name(temporary: Path, target: Path, *, overwrite: bool) -> None:
    if overwrite:
        temporary.replace(target)
        return
    try:
        os.link(temporary, target)  # fails if there is one meanwhile, which rename() would not
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from error
        temporary.rename(target)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are safe from a loss of power."""
    if os.name != "posix":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
