"""Patches: what turns one array into another, in as few bytes as that takes."""

from pyinfo._namespace import publish
from pyinfo.patches.arrays import apply, compose, diff
from pyinfo.patches.patch import Patch

__all__ = [
    "Patch",
    "apply",
    "compose",
    "diff",
]

publish(globals())


def __dir__() -> list[str]:
    return [*__all__]
