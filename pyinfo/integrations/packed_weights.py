"""The readers of the package safetensors, replaced by ones that read packed files as well."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import safetensors
import safetensors.numpy
import safetensors.torch

import pyinfo.safetensors.numpy
import pyinfo.safetensors.torch
from pyinfo.arguments import thread_count
from pyinfo.integrations.replaced_names import ReplacedNames
from pyinfo.safetensors.file_header import read_header
from pyinfo.safetensors.files import is_packed
from pyinfo.safetensors.opened import safe_open
from pyinfo.safetensors.packed_table import KEY
from pyinfo.safetensors.safetensor_error import SafetensorError


class PackedWeights:
    """Whether programs that read with the package safetensors get what packed files stand for.

    They do while it is installed or a context of `reading` is open. Ordinary files are left to that
    package.
    """

    def __init__(self) -> None:
        # Reentrant: a forgotten context may be closed by the garbage collector, anywhere.
        self._lock = threading.RLock()
        self._installed: int | None = None
        self._contexts: list[int] = []
        self._names: ReplacedNames | None = None

    def install(self, threads: int) -> None:
        """Replace the readers until `uninstall` is called."""
        count = thread_count(threads)
        with self._lock:
            self._installed = count
            self._replace()

    def uninstall(self) -> None:
        """Put the readers back as soon as no context is open."""
        with self._lock:
            self._installed = None
            self._restore_unless_wanted()

    @contextmanager
    def reading(self, threads: int) -> Iterator[None]:
        """Replace the readers while the context is open."""
        count = thread_count(threads)
        with self._lock:
            self._contexts.append(count)
        try:
            with self._lock:
                self._replace()
            yield
        finally:
            with self._lock:
                self._contexts.remove(count)
                self._restore_unless_wanted()

    @property
    def threads(self) -> int:
        """The most threads for a tensor that were asked for; 0 while nothing is replaced."""
        return max([self._installed or 0, *self._contexts.copy()])

    def _replace(self) -> None:
        if self._names is None:
            self._names = ReplacedNames(self._readers())
        self._names.replace()

    def _restore_unless_wanted(self) -> None:
        if self._names is not None and self._installed is None and not self._contexts:
            self._names.restore()
            self._names = None

    def _readers(self) -> list[tuple[Any, Any]]:
        loads: list[tuple[Any, Any]] = [
            (safetensors.torch.load, pyinfo.safetensors.torch.load),
            (safetensors.numpy.load, pyinfo.safetensors.numpy.load),
        ]
        return [
            (safetensors.safe_open, _opener(safetensors.safe_open, self)),
            *((theirs, _loader(theirs, ours, self)) for theirs, ours in loads),
        ]


class _Either(type):
    """The class of a class whose calls return objects of one of two others."""

    _theirs: Any
    _weights: PackedWeights

    def __new__(mcs, name: str, theirs: Any, weights: PackedWeights) -> _Either:
        return super().__new__(mcs, name, (), {"_theirs": theirs, "_weights": weights})

    def __init__(cls, name: str, theirs: Any, weights: PackedWeights) -> None:
        super().__init__(name, (), {})

    def __call__(cls, *arguments: Any, **options: Any) -> Any:
        filename = arguments[0] if arguments else options.get("filename")
        threads = cls._weights.threads
        if threads > 0 and isinstance(filename, (str, os.PathLike)) and is_packed(filename):
            return safe_open(*arguments, threads=threads, **options)
        return cls._theirs(*arguments, **options)

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, (cls._theirs, safe_open))


def _opener(theirs: Any, weights: PackedWeights) -> Any:
    # A class, since modules that are imported meanwhile may say ``safe_open | None``.
    return _Either("safe_open", theirs, weights)


def _loader(
    theirs: Callable[[bytes], Any], ours: Callable[..., Any], weights: PackedWeights
) -> Callable[[bytes], Any]:
    def load(data: bytes) -> Any:
        threads = weights.threads
        if threads > 0 and _is_packed_data(data):
            return ours(data, threads=threads)
        return theirs(data)

    return load


def _is_packed_data(data: bytes) -> bool:
    try:
        header = read_header(lambda start, stop: bytes(data[start:stop]), len(data))
    except (SafetensorError, TypeError):
        return False
    return KEY in (header.metadata or {})


WEIGHTS = PackedWeights()
"""Of this process: what one caller has replaced, another must not take for the original."""
