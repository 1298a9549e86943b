"""Zarr arrays: writing, reading and size, next to the codecs that Zarr has."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib import import_module, util
from typing import Any

import numpy as np
from numpy.typing import NDArray

import pyinfo
from bench.peers.huffman_only_zstd import huffman_only_size
from bench.processes.timing import Call, Sampler, interleaved, on_all_cpus, ratio
from bench.report import bars
from bench.report.rows import Effort, Quantity, Row, Section

GRID = (720, 1440)  # a quarter of a degree
STEPS = 256  # 1.06 GB
CHUNK_STEPS = 8
QUICK_STEPS = 16
QUICK_GRID = (90, 180)
ROUNDS = 5
DIRECTIONS = ("write", "read", "decode")

PYINFO = "pyinfo.array"
ZSTD = "numcodecs.Zstd(level=1)"
BLOSC = "Blosc(zstd, clevel=1, shuffle)"
HUFFMAN_ONLY = "zstd, Huffman only, shuffled"

Field = NDArray[np.float32]


def temperatures(steps: int, grid: tuple[int, int]) -> Field:
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


@dataclass
class Stored:
    """Values in a Zarr array in memory, written and read chunk by chunk from several threads.

    As dask does it. Written by ``array[:] = values``, Zarr would copy all chunks in one thread.
    """

    values: Field
    codecs: Mapping[str, Any]
    store: Any = field(init=False)
    array: Any = field(init=False)

    def __post_init__(self) -> None:
        zarr, storage = import_module("zarr"), import_module("zarr.storage")
        self.store = storage.MemoryStore()
        self.array = zarr.create_array(
            self.store,
            shape=self.values.shape,
            chunks=(CHUNK_STEPS, *self.values.shape[1:]),
            dtype=self.values.dtype,
            config={"write_empty_chunks": True},  # whether a chunk is empty is not asked
            **self.codecs,
        )
        self.write(1)
        if not np.array_equal(self.array[:], self.values):
            raise AssertionError(f"{self.codecs} does not return what it was given")

    def _parts(self) -> Iterator[slice]:
        for start in range(0, len(self.values), CHUNK_STEPS):
            yield slice(start, start + CHUNK_STEPS)

    def write(self, threads: int) -> None:
        def write_part(part: slice) -> None:
            self.array[part] = self.values[part]

        self._in_threads(write_part, threads, self._parts())

    def read(self, threads: int) -> None:
        def read_part(part: slice) -> None:
            self.array[part]

        self._in_threads(read_part, threads, self._parts())

    def decode(self, threads: int) -> None:
        """What of `read` is the codec's work; Zarr copies the result, in one thread."""
        self._in_threads(pyinfo.decompress, threads, self.chunks)

    def _in_threads(self, work: Callable[[Any], Any], threads: int, on: Iterable[Any]) -> None:
        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(work, on):
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


def chunks(effort: Effort) -> Section:
    """Float32 fields in a Zarr array: speed, size, and what a second thread brings."""
    section = Section(
        "Zarr array",
        "Float32 temperatures on a globe, smooth fields with noise, in memory; chunks of "
        f"{CHUNK_STEPS} fields are written and read one by one, from one thread or two, not pinned "
        "to one processor. “Decode” is `decompress` of the chunks, without Zarr, which copies what "
        "it reads in one thread. Medians of interleaved rounds; every array was seen to return the "
        f"data. Sizes are those of the chunks; “{HUFFMAN_ONLY}” was given whole chunks.",
    )
    if any(util.find_spec(name) is None for name in ("zarr", "numcodecs")):
        return Section(section.title, "Not measured: Zarr is not installed.")
    effort.progress("Zarr arrays")
    with on_all_cpus() as cpus:
        section.rows.extend(_rows(effort, cpus))
    return section


def _rows(effort: Effort, cpus: int) -> Iterator[Row]:
    codecs = import_module("zarr.codecs")
    values = temperatures(
        QUICK_STEPS if effort.quick else STEPS, QUICK_GRID if effort.quick else GRID
    )
    blosc = codecs.BloscCodec(cname="zstd", clevel=1, shuffle="shuffle")
    stored = {
        PYINFO: Stored(values, {"serializer": {"name": PYINFO}, "compressors": None}),
        ZSTD: Stored(values, {"compressors": codecs.ZstdCodec(level=1)}),
        BLOSC: Stored(values, {"compressors": blosc}),
    }
    size = f"{values.nbytes / 1e9:.3g} GB"
    seconds = interleaved(_samplers(stored), rounds=ROUNDS, sample_seconds=0)

    def speed(*key: object) -> Quantity:
        return Quantity(values.nbytes / float(np.median(seconds[_key(*key)])) / 1e9, "GB/s")

    for direction in ("write", "read"):
        for threads in (1, 2):
            mine = (direction, threads, PYINFO)
            for peer in (ZSTD, BLOSC):
                theirs = (direction, threads, peer)
                judged = direction == "write" and peer == ZSTD and not effort.quick
                yield Row(
                    f"{direction}, {threads} thread{'s' if threads > 1 else ''}",
                    size,
                    speed(*mine),
                    peer,
                    speed(*theirs),
                    ratio(seconds[_key(*theirs)], seconds[_key(*mine)]),
                    bars.ZARR_WRITE if judged else None,
                )
    for direction in DIRECTIONS if cpus > 1 else ():
        one, two = (_key(direction, threads, PYINFO) for threads in (1, 2))
        judged = not effort.quick
        yield Row(
            f"{direction}, second thread",
            size,
            speed(direction, 2, PYINFO),
            "1 thread",
            speed(direction, 1, PYINFO),
            ratio(seconds[one], seconds[two]),
            bars.ZARR_TWO_THREADS if judged else None,
        )
    yield from _sizes(values, stored, size, effort)


def _key(direction: object, threads: object, codec: object) -> str:
    return f"{direction} {threads} {codec}"


def _samplers(stored: Mapping[str, Stored]) -> dict[str, Sampler]:
    return {
        _key(direction, threads, name): Call(getattr(array, direction), (threads,)).sampler()
        for direction in DIRECTIONS
        for threads in (1, 2)
        for name, array in stored.items()
        if direction != "decode" or name == PYINFO
    }


def _sizes(values: Field, stored: Mapping[str, Stored], size: str, effort: Effort) -> Iterator[Row]:
    effort.progress("Huffman-only zstd")
    parts = range(0, len(values), CHUNK_STEPS)
    alone = [huffman_only_size(values[start : start + CHUNK_STEPS]) for start in parts]
    mine = stored[PYINFO].size
    peers = {name: array.size for name, array in stored.items() if name != PYINFO}
    for peer, theirs in peers.items():
        yield Row(
            "size, of the input's",
            size,
            Quantity(mine / values.nbytes, "%"),
            peer,
            Quantity(theirs / values.nbytes, "%"),
        )
    if None in alone:
        yield Row("size of Huffman-only zstd's", size, Quantity(mine, "B"), "libzstd is not there")
        return
    total = sum(part for part in alone if part is not None)
    yield Row(
        "size of Huffman-only zstd's",
        size,
        Quantity(mine / total),
        HUFFMAN_ONLY,
        Quantity(total / values.nbytes, "%"),
        bar=None if effort.quick else bars.ZARR_SIZE_OF_HUFFMAN_ONLY,
    )
