"""Where files of a patch are, and where they may go."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

from pyinfo.coding.folder_contents import contents_of
from pyinfo.patches.file_patch import PatchedFile


def paths_of(old: Path, new: Path) -> list[str]:
    """Return all files of two folders, in an order that is the same everywhere."""
    found = {path.as_posix() for folder in (old, new) for path in contents_of(folder).files}
    return sorted(found)


def require_other_file(path: Path, files: Iterable[Path]) -> None:
    """Refuse a patch that is one of the files it is made from, or makes."""
    for file in files if path.is_file() else ():
        if file.is_file() and path.samefile(file):
            raise ValueError(f"{path} is the patch, and one of the files that it is about")


def require_places(target: Path, files: Iterable[PatchedFile]) -> None:
    """Refuse a file where a folder is, and a folder where a file is or a link leads elsewhere."""
    for file in files:
        goal = target / file.path
        above = [folder for folder in goal.parents if target in folder.parents]
        if linked := [folder for folder in above if folder.is_symlink()]:
            raise ValueError(f"{linked[0]} is a link: what it leads to is not in the folder")
        if file.new is None:
            continue
        if file.path == "":
            if target.is_dir():
                raise ValueError(f"{target} is a folder: the patch makes a file")
            continue
        if target.is_file():
            raise ValueError(f"{target} is a file: the patch makes a folder")
        if goal.is_dir() or any(folder.is_file() for folder in above):
            raise ValueError(
                f"{goal}: a file becomes a folder, or a folder a file: name another destination"
            )


def made_folders(folder: Path) -> list[Path]:
    """Make a folder and those above it; return the ones that were not there, the top first."""
    made = [each for each in (folder, *folder.parents) if not each.exists()][::-1]
    folder.mkdir(parents=True, exist_ok=True)
    return made


def remove_if_empty(folder: Path) -> None:
    """Remove a folder that was made for files which have not been."""
    with contextlib.suppress(OSError):
        folder.rmdir()
