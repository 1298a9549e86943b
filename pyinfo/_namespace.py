"""The public home of names: where documentation, errors and pickles say that they are."""

from __future__ import annotations

import contextlib
import inspect
from types import BuiltinFunctionType, FunctionType
from typing import Any, get_type_hints


def publish(namespace: dict[str, Any]) -> None:
    """Let the functions and classes that a module lists in ``__all__`` be those of this module.

    Parameters
    ----------
    namespace
        The ``globals()`` of the module.
    """
    for name in namespace["__all__"]:
        member = namespace[name]
        if isinstance(member, type):
            _resolve_annotations(member)
            with contextlib.suppress(AttributeError):
                del member.__firstlineno__  # type: ignore[attr-defined] # a line of another file
        if isinstance(member, (type, FunctionType, BuiltinFunctionType)):
            member.__module__ = namespace["__name__"]


def _resolve_annotations(member: type) -> None:
    """Replace texts by the types they name, which are looked up where the class says it is."""
    own = inspect.get_annotations(member)
    if own:
        hints = get_type_hints(member, include_extras=True)
        member.__annotations__ = {name: hints[name] for name in own}
