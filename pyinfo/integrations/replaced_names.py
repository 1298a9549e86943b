"""Objects that stand for others under every name that loaded modules have for them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any


class ReplacedNames:
    """Replace objects wherever they are attributes of modules, and undo that.

    Modules write ``from package import name``, and so have a name of their own for an object: to
    replace that in its package alone would leave them as they are.

    Parameters
    ----------
    pairs
        Objects, each with what is to stand for it. They must not be attributes of modules that are
        not to be changed.
    package
        Modules of it alone are looked at for what they have taken over, when that is undone; all by
        default. Needed where others may have what stands for the objects by right.
    """

    def __init__(self, pairs: Iterable[tuple[Any, Any]], package: str | None = None) -> None:
        self._pairs = list(pairs)
        self._package = package
        # Also of modules that sys.modules has lost meanwhile.
        self._changed: list[tuple[dict[str, Any], str]] = []

    def replace(self) -> None:
        """Replace the objects in all modules that are loaded; again, in those that are new."""
        self._changed += _exchange({id(old): new for old, new in self._pairs}, _namespaces())

    def restore(self) -> None:
        """Undo it, also in modules that have taken over what was replaced."""
        originals = {id(new): old for old, new in self._pairs}
        _exchange(originals, (namespace for namespace, _ in self._changed))
        _exchange(originals, _namespaces(self._package))
        self._changed.clear()


def _namespaces(package: str | None = None) -> Iterator[dict[str, Any]]:
    for full_name, module in sys.modules.copy().items():
        if package is not None and full_name.partition(".")[0] != package:
            continue
        if issubclass(type(module), ModuleType):
            # Not module.__dict__: a module that waits for its first use would be loaded.
            yield object.__getattribute__(module, "__dict__")


def _exchange(
    table: dict[int, Any], namespaces: Iterable[dict[str, Any]]
) -> list[tuple[dict[str, Any], str]]:
    """Replace values by what the table has for their identities; return where."""
    changed = []
    for namespace in namespaces:
        # A copy: other threads may import meanwhile.
        for name, value in dict.copy(namespace).items():
            if id(value) in table:
                namespace[name] = table[id(value)]
                changed.append((namespace, name))
    return changed
