"""Pack and unpack: a file, or a folder with all that is in it."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from pyinfo.coding.files import FileSizes
from pyinfo.coding.folder_contents import FolderContents, contents_of
from pyinfo.coding.whole_files import copy_file, path_of, resolved, whole_folder
from pyinfo.safetensors.files import (
    SUFFIX,
    header_of,
    is_packed,
    pack_file,
    unpack_file,
    written_file,
)
from pyinfo.safetensors.packing import Progress

Convert = Callable[[Path, Path, Progress | None], FileSizes]


def pack(
    source: str | os.PathLike[str],
    destination: str | os.PathLike[str],
    *,
    threads: int = 1,
    effort: int | None = None,
    progress: Progress | None = None,
) -> FileSizes:
    """Make a safetensors file smaller, or all of them in a folder.

    The result is a safetensors file as well: each tensor that gets smaller is a frame of bytes
    under its old name, the others are as they were, and equal ones are stored once. `safe_open` and
    the modules `pyinfo.safetensors.numpy` and `.torch` read it as if it were the original.

    Parameters
    ----------
    source : path
        A safetensors file that is not packed; or a folder: files in it that are none, or are packed
        already, are copied. Links to files are followed.
    destination : path
        A file is replaced when the new one is whole; a folder must not exist yet.
    threads : int, optional
        How many to use, 0 for one per core. The result does not depend on it.
    effort : {1, 2}, optional
        As in `pyinfo.compress`.
    progress : callable, optional
        Called again and again with the bytes read so far and the bytes to read.

    Returns
    -------
    FileSizes
        Bytes read and written; of a folder, those of all its files.

    Raises
    ------
    SafetensorError
        If the source is no safetensors file, or has an entry ``pyinfo`` in its metadata.
    ValueError
        If it is packed already; of a folder, if no file in it can be packed, or a link in it leads
        to a folder.
    OSError
        If something of it cannot be read, or a link leads nowhere. Nothing is left behind.

    See Also
    --------
    unpack : the way back.

    Notes
    -----
    Beside the result, one tensor takes memory, or 64 MiB of a larger one. The file must not change
    meanwhile.

    Examples
    --------
    >>> import pyinfo.safetensors.numpy
    >>> pyinfo.safetensors.numpy.save_file({"w": np.zeros(1000)}, "z.safetensors")
    >>> _ = pyinfo.safetensors.unpack("z.safetensors", "plain-z.safetensors")
    >>> sizes = pyinfo.safetensors.pack("plain-z.safetensors", "packed-z.safetensors")
    >>> sizes.written < sizes.read
    True
    """

    def convert(path: Path, target: Path, told: Progress | None) -> FileSizes:
        with written_file(path, target) as sink:
            return pack_file(path, sink, threads=threads, effort=effort, progress=told)

    return _each(source, destination, convert, packed=False, progress=progress)


def unpack(
    source: str | os.PathLike[str],
    destination: str | os.PathLike[str],
    *,
    threads: int = 1,
    progress: Progress | None = None,
) -> FileSizes:
    """Restore what `pack` was given, byte for byte.

    Parameters
    ----------
    source : path
        A packed file; or a folder: files in it that are not packed are copied.
    destination : path
        A file is replaced when the original is restored and its checksum is right; a folder must
        not exist yet.
    threads : int, optional
        How many to use, 0 for one per core.
    progress : callable, optional
        Called again and again with the bytes written so far and the bytes to write.

    Returns
    -------
    FileSizes
        Bytes read and written; of a folder, those of all its files.

    Raises
    ------
    CorruptDataError
        If the file is damaged: the message names the tensor.
    ValueError
        If it is not packed; of a folder, if no file in it is.

    Examples
    --------
    >>> import pyinfo.safetensors.numpy
    >>> pyinfo.safetensors.numpy.save_file({"w": np.zeros(1000)}, "p.safetensors")
    >>> pyinfo.safetensors.unpack("p.safetensors", "plain.safetensors").written > 8000
    True
    """

    def convert(path: Path, target: Path, told: Progress | None) -> FileSizes:
        with written_file(path, target) as sink:
            return unpack_file(path, sink, threads=threads, progress=told)

    return _each(source, destination, convert, packed=True, progress=progress)


def is_convertible(path: Path, *, packed: bool) -> bool:
    """Return whether a file is a safetensors file that is packed, or is not."""
    if path.suffix != SUFFIX or header_of(path) is None:
        return False
    return is_packed(path) == packed


def _each(
    source: str | os.PathLike[str],
    destination: str | os.PathLike[str],
    convert: Convert,
    *,
    packed: bool,
    progress: Progress | None,
) -> FileSizes:
    folder, target = path_of(source, "source"), path_of(destination, "destination")
    if not folder.is_dir():
        return convert(folder, target, progress)
    require_new_folder(folder, destination)
    contents = contents_of(folder)
    converted = {name for name in contents.files if is_convertible(folder / name, packed=packed)}
    if not converted:
        what = "packed file" if packed else "safetensors file to pack"
        raise ValueError(f"{os.fspath(source)!r} has no {what} in it")
    with folder_made_from(folder, destination) as temporary:
        return _fill(folder, temporary, contents, converted, convert, progress)


def require_new_folder(source: Path, destination: str | os.PathLike[str]) -> None:
    """Raise unless a folder can be made from another one under this name."""
    target = resolved(destination)
    if target.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(destination))
    if target.is_relative_to(source.resolve()):
        raise ValueError("the destination is inside the source")


@contextlib.contextmanager
def folder_made_from(source: Path, destination: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a new folder, as `whole_folder` does, that gets the times and permissions of another."""
    require_new_folder(source, destination)
    with whole_folder(resolved(destination)) as temporary:
        yield temporary
        shutil.copystat(source, temporary)


def _fill(
    folder: Path,
    temporary: Path,
    contents: FolderContents,
    converted: set[Path],
    convert: Convert,
    progress: Progress | None,
) -> FileSizes:
    total = sum((folder / name).stat().st_size for name in contents.files)
    read = written = 0

    def told(done: int, _: int | None) -> None:
        if progress is not None:
            progress(min(read + done, total), total)

    for name in contents.folders:
        (temporary / name).mkdir(parents=True)
    for name in contents.files:
        path, target = folder / name, temporary / name
        if name in converted:
            sizes = convert(path, target, told)
            read, written = read + sizes.read, written + sizes.written
        else:
            size = copy_file(path, target)
            read, written = read + size, written + size
    return FileSizes(read, written)
