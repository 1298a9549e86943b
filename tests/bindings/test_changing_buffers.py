"""Threads that write to what every public function reads, while it reads without the GIL.

Results are any, or an error. A crash, a write out of bounds (seen by the session
``sanitized_extension``), a call that does not end, or memory without limit are none of these.
"""

from __future__ import annotations

import contextlib
import faulthandler
import itertools
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pyinfo.errors import CorruptDataError
from pyinfo.safetensors import SafetensorError
from pyinfo.testing import resident_growth
from support import buffer_readers, foreign_buffer_readers
from support.buffer_readers import Reader
from support.changing_buffers import KINDS, Writer, handed_over, written_to

SECONDS = float(os.environ.get("PYINFO_RACE_SECONDS", "10"))
"""For all tests of this file together: more find more."""

ALL_KINDS_FROM = 60.0
READERS = buffer_readers.READERS | foreign_buffer_readers.READERS
READ_NO_BUFFER = buffer_readers.READ_NO_BUFFER | foreign_buffer_readers.READ_NO_BUFFER
HANGS_AFTER = 300.0
MOST_MEMORY = 1 << 30
REFUSALS = (CorruptDataError, ValueError, OverflowError, SafetensorError)


@pytest.fixture(autouse=True)
def _no_hang() -> Iterator[None]:
    faulthandler.dump_traceback_later(HANGS_AFTER + SECONDS, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


def race(reader: Reader, path: Path, seed: int, seconds: float) -> None:
    kind = "map" if reader.as_file else list(KINDS)[seed % len(KINDS)]
    memories = [KINDS[kind](a.nbytes, path / f"{seed}_{i}") for i, a in enumerate(reader.arrays)]
    originals = [np.ascontiguousarray(a).reshape(-1).view(np.uint8) for a in reader.arrays]
    views = [np.frombuffer(memory, np.uint8) for memory in memories]
    for view, original in zip(views, originals, strict=True):
        view[:] = original
    given: list[Any] = [path / f"{seed}_0"]
    if not reader.as_file:
        given = [handed_over(m, a) for m, a in zip(memories, reader.arrays, strict=True)]
    for call in reader.calls:
        call(*given)  # with nobody writing, it works

    writer = Writer(list(zip(views, originals, strict=True)), coded=reader.coded, seed=seed)
    with written_to(writer):
        end = time.monotonic() + seconds
        for call in itertools.cycle(reader.calls):
            with contextlib.suppress(*REFUSALS):
                call(*given)
            if time.monotonic() > end:
                break


@pytest.mark.filterwarnings("ignore")  # of NumPy's and ours about the numbers that are found
@pytest.mark.parametrize("name", READERS)
def test_writers(name: str, tmp_path: Path) -> None:
    """Each reader with another kind of memory; with more time, with all of them."""
    rounds = len(KINDS) if SECONDS >= ALL_KINDS_FROM else 1
    first = list(READERS).index(name)
    share = SECONDS / len(READERS) / len(READERS[name]) / rounds

    def all_of_them() -> None:
        for round_ in range(rounds):
            for number, reader in enumerate(READERS[name]):
                race(reader, tmp_path, first + number + round_, share)

    grown = resident_growth(all_of_them)
    assert grown is None or grown < MOST_MEMORY


@pytest.mark.once
def test_every_public_name_is_listed() -> None:
    names = {*buffer_readers.public_names(), *foreign_buffer_readers.public_names()}
    listed = set(READERS) | READ_NO_BUFFER
    assert names - listed == set(), "say what these read: support/*buffer_readers.py"
    assert set(READERS) - names == set()
    assert set(READERS) & READ_NO_BUFFER == set()
