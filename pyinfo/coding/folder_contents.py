"""What is in a folder: all that a copy of it needs, or an error that names what cannot be had."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple, NoReturn

from pyinfo.coding.whole_files import is_unfinished


class FolderContents(NamedTuple):
    """Paths relative to the folder, in order."""

    folders: list[Path]
    files: list[Path]


def contents_of(folder: Path) -> FolderContents:
    """Return the folders and files below a folder.

    A link to a file is a file. Pipes, sockets and devices hold nothing to be copied and are left
    out, and so is what a process that was killed has left unfinished.

    Raises
    ------
    OSError
        If a folder below cannot be read, or a link leads nowhere.
    ValueError
        If a link leads to a folder: that may be large, elsewhere, or this one.
    """
    folders: list[Path] = []
    files: list[Path] = []
    for at, names, others in os.walk(folder, onerror=_raise):
        names[:] = [name for name in names if not is_unfinished(name)]
        for name in names:
            path = Path(at, name)
            if path.is_symlink():
                raise ValueError(f"{path} is a link to a folder: replace it by what it leads to")
            folders.append(path.relative_to(folder))
        for name in others:
            path = Path(at, name)
            if is_unfinished(name):
                continue
            if path.is_file():
                files.append(path.relative_to(folder))
            elif path.is_symlink():
                path.stat()  # raises what is wrong: there is nothing, or links go round in circles
    return FolderContents(sorted(folders), sorted(files))


def _raise(error: OSError) -> NoReturn:
    raise error
