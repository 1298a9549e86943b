"""Patches: what turns one array into another, or one model into another, in few bytes."""

from pyinfo._namespace import publish
from pyinfo.patches.arrays import apply, compose, diff
from pyinfo.patches.files import PatchedFiles, apply_files, diff_files
from pyinfo.patches.patch import Patch

__all__ = [
    "Patch",
    "PatchedFiles",
    "apply",
    "apply_files",
    "compose",
    "diff",
    "diff_files",
]

publish(globals())


def __dir__() -> list[str]:
    return [*__all__]
