"""Zarr arrays with pyinfo's codec and with those that Zarr has."""

import functools
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

import pyinfo
from bench.peers.candidate import PYINFO, Candidate, Ways, installed
from pyinfo.testing.timing import Call

Field = NDArray[np.float32]

CHUNK_STEPS = 8
ARRAY = f"{PYINFO}.array"
ZSTD = "numcodecs.Zstd(level=1)"
BLOSC = "Blosc(zstd, clevel=1, shuffle)"


class Stored:
    """Values in a Zarr array in memory, written and read chunk by chunk from several threads.

    As dask does it. Written by ``array[:] = values``, Zarr would copy all chunks in one thread.
    """

    def __init__(self, values: Field, codecs: Mapping[str, Any]) -> None:
        self.values = values
        self.store = import_module("zarr.storage").MemoryStore()
        self.array = import_module("zarr").create_array(
            self.store,
            shape=values.shape,
            chunks=(CHUNK_STEPS, *values.shape[1:]),
            dtype=values.dtype,
            config={"write_empty_chunks": True},  # whether a chunk is empty is not asked
            **codecs,
        )
        self.write(1)
        if not np.array_equal(self.array[:], values):
            raise AssertionError(f"{codecs} does not return what it was given")

    def write(self, threads: int) -> None:
        self._in_threads(lambda part: self.array.__setitem__(part, self.values[part]), threads)

    def read(self, threads: int) -> None:
        self._in_threads(lambda part: self.array[part], threads)

    def decode(self, threads: int) -> None:
        """What of `read` is the codec's work; Zarr copies the result, in one thread."""
        self._in_threads(pyinfo.decompress, threads, self.chunks)

    def _in_threads(
        self, work: Callable[[Any], Any], threads: int, on: Iterable[Any] | None = None
    ) -> None:
        """Work on every part of the array, or on something else."""
        starts = range(0, len(self.values), CHUNK_STEPS)
        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(work, on or [slice(each, each + CHUNK_STEPS) for each in starts]):
                pass

    @property
    def chunks(self) -> list[Any]:
        """The chunks as they are stored."""
        items = self.store._store_dict.items()
        return [value.as_numpy_array() for key, value in items if not key.endswith("zarr.json")]

    @property
    def size(self) -> int:
        """Bytes of the chunks, without the metadata."""
        return sum(chunk.nbytes for chunk in self.chunks)


@functools.lru_cache(maxsize=1)
def fields(steps: int, grid: tuple[int, int]) -> Field:
    """Temperatures of a globe in kelvins: a smooth field that moves, and noise of 0.5 K."""
    random = np.random.default_rng(0)
    latitude = np.linspace(0, np.pi, grid[0])[:, None]
    longitude = np.linspace(0, 2 * np.pi, grid[1])[None, :]
    waves = 5 * np.sin(3 * longitude + latitude) + 2 * np.cos(7 * longitude) * np.sin(5 * latitude)
    smooth = (288 - 40 * np.cos(latitude) ** 2 + waves).astype(np.float32)
    values = np.empty((steps, *grid), np.float32)
    for step in range(steps):
        random.standard_normal(grid, np.float32, values[step])
        values[step] *= 0.5
        values[step] += np.roll(smooth, 3 * step, axis=1)
    return values


@functools.lru_cache(maxsize=3)
def stored(row: str, steps: int, grid: tuple[int, int]) -> Stored:
    """The fields in an array with one of the codecs, seen to be returned."""
    codecs = import_module("zarr.codecs")
    options: Mapping[str, Mapping[str, Any]] = {
        ARRAY: {"serializer": {"name": ARRAY}, "compressors": None},
        ZSTD: {"compressors": codecs.ZstdCodec(level=1)},
        BLOSC: {"compressors": codecs.BloscCodec(cname="zstd", clevel=1, shuffle="shuffle")},
    }
    return Stored(fields(steps, grid), options[row])


def zarr(direction: str, threads: int, steps: int, grid: tuple[int, int]) -> Ways:
    """Write, read or decode all chunks from so many threads; none without Zarr.

    What decodes without Zarr is measured of pyinfo's codec alone.
    """

    def prepare(row: str) -> Candidate:
        return Candidate(Call(getattr(stored(row, steps, grid), direction), (threads,)))

    there = len(installed("zarr", "numcodecs")) == 2
    rows = [ARRAY] if direction == "decode" else [ARRAY, ZSTD, BLOSC]
    return {row: functools.partial(prepare, row) for row in rows if there}
