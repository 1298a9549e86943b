"""Memory of every kind that another thread writes to while it is read."""

from __future__ import annotations

import mmap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

POKES = 6
"""Bytes that are changed at a time in what is coded: more of them, and checks fail at once."""

HEAD = 500
PAUSE = 1e-4


def _array(size: int, _path: Path) -> Any:
    return np.zeros(size, np.uint8)


def _bytearray(size: int, _path: Path) -> Any:
    return bytearray(size)


def _memoryview(size: int, _path: Path) -> Any:
    return memoryview(bytearray(size))


def _mapped_file(size: int, path: Path) -> Any:
    path.write_bytes(bytes(size))
    with path.open("r+b") as file:
        return mmap.mmap(file.fileno(), size)


KINDS: dict[str, Callable[[int, Path], Any]] = {
    "array": _array, "bytearray": _bytearray, "memoryview": _memoryview, "map": _mapped_file,
}  # fmt: skip


def handed_over(memory: Any, original: NDArray[Any]) -> Any:
    """Return memory as an object of its own kind where this can state dtype and shape."""
    plain = original.dtype == np.uint8 and original.ndim == 1
    known = original.dtype.kind in "iuf" and original.dtype.char != "e"  # to memoryviews
    if isinstance(memory, memoryview) and known and original.size:
        return memory.cast(original.dtype.char, original.shape)
    if plain and not isinstance(memory, np.ndarray):
        return memory
    return np.frombuffer(memory, original.dtype).reshape(original.shape)


class Writer:
    """Writes other bytes and the right ones in turn, to several buffers: the same for a seed."""

    def __init__(self, buffers: list[tuple[Bytes, Bytes]], *, coded: bool, seed: int) -> None:
        self._buffers = [(now, right) for now, right in buffers if right.size]
        self._coded = coded
        self._random = np.random.default_rng(seed)
        self._noise = [self._random.integers(0, 256, right.size, np.uint8) for _, right in buffers]

    def change(self) -> None:
        for (now, right), noise in zip(self._buffers, self._noise, strict=True):
            kind = 0 if self._coded else self._random.integers(1, 6)
            if kind == 0:
                self._poke(now, right, noise)
            elif kind == 1:
                now[:] = noise
            elif kind == 2:
                now[:] = 255
            elif kind == 3:
                half = right.size // 2
                now[: right.size - half] = right[half:]
            elif kind == 4:
                start = int(self._random.integers(right.size))
                now[start : start + 4096] = 0
            else:
                self._poke(now, right, noise)
            now[:] = right

    def _poke(self, now: Bytes, right: Bytes, noise: Bytes) -> None:
        """Change a few bytes, for about as long as a block takes to decode.

        Half of the time among the first ones: tables and lists are there.
        """
        most = right.size if self._random.random() < 0.5 else min(right.size, HEAD)
        places = self._random.integers(0, most, POKES)
        now[places] = 255 if self._random.random() < 0.5 else noise[places]
        time.sleep(self._random.exponential(PAUSE))
        now[places] = right[places]
        time.sleep(self._random.exponential(PAUSE))


@contextmanager
def written_to(writer: Writer) -> Iterator[None]:
    """Let a thread write for as long as this lasts."""
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            writer.change()

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
