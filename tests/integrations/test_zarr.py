"""The codecs for Zarr and numcodecs: found by name, and what goes in comes out."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import ml_dtypes
import numcodecs
import numpy as np
import pytest
import zarr
from dask import array as dask_array
from zarr.codecs import numcodecs as filters
from zarr.dtype import VariableLengthUTF8
from zarr.storage import LocalStore, MemoryStore

import pyinfo
from pyinfo.errors import CorruptDataError
from pyinfo.integrations.chunk_selection import Window
from pyinfo.integrations.numcodecs import Pyinfo
from pyinfo.integrations.zarr import ArrayCodec, BytesCodec
from support.coding_inputs import dtypes, filled, same, symbols
from support.distributions import rng

pytestmark = [
    pytest.mark.once,
    pytest.mark.filterwarnings("ignore::zarr.errors.UnstableSpecificationWarning"),
]

SERIALIZER = {"serializer": {"name": "pyinfo.array"}, "compressors": None}
COMPRESSOR = {"compressors": {"name": "pyinfo.bytes"}}
EACH_WAY = pytest.mark.parametrize("way", [SERIALIZER, COMPRESSOR], ids=["array", "bytes"])

Field = np.ndarray[Any, np.dtype[np.float32]]


def temperatures(shape: tuple[int, int, int] = (12, 90, 180)) -> Field:
    """Return fields as of a climate model: smooth, with noise."""
    time, latitude, longitude = np.ogrid[
        0 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j, 0 : 1 : shape[2] * 1j
    ]
    smooth = 288 - 40 * latitude**2 + 5 * np.sin(6 * np.pi * (longitude + time)) * (1 - latitude**2)
    return (smooth + 0.5 * rng(1).standard_normal(shape)).astype(np.float32)


def created(values: Any, chunks: Any, way: dict[str, Any], **options: Any) -> Any:
    array = zarr.create_array(
        MemoryStore(), shape=values.shape, dtype=values.dtype, chunks=chunks, **way, **options
    )
    array[...] = values
    return array


def chunk_names(array: Any) -> list[str]:
    return [name for name in array.store._store_dict if not name.endswith("zarr.json")]


def stored_size(array: Any) -> int:
    return sum(len(array.store._store_dict[name]) for name in chunk_names(array))


# -- Found by name --------------------------------------------------------------------------------

STRANGER = """
import sys
import numcodecs, numpy, zarr
values = numpy.linspace(0, 1, 1000, dtype="f4").reshape(20, 50)
ways = [
    {"serializer": {"name": "pyinfo.array"}, "compressors": None},
    {"compressors": {"name": "pyinfo.bytes"}},
    {"compressors": numcodecs.get_codec({"id": "pyinfo"}), "zarr_format": 2},
]
for way in ways:
    array = zarr.create_array({}, shape=(20, 50), chunks=(7, 50), dtype="f4", **way)
    array[:] = values
    assert (array[:] == values).all()
assert "pyinfo" not in globals()
print("found")
"""


def test_found_by_entry_point() -> None:
    """In an interpreter that has never heard of pyinfo."""
    done = subprocess.run([sys.executable, "-c", STRANGER], capture_output=True, text=True)
    assert (done.stderr, done.stdout) == ("", "found\n")


# -- Zarr, format 3 -------------------------------------------------------------------------------


def zarr_dtypes() -> list[np.dtype[Any]]:
    codes = "? b B <i2 >i2 <i4 >u4 <i8 >u8 <e <f >f <d >d <F >D <M8[ns] <m8[s] S5 <U4 V3"
    record = np.dtype([("x", "<f4"), ("y", "<i2")])
    return [*map(np.dtype, codes.split()), record]


@EACH_WAY
@pytest.mark.parametrize("dtype", zarr_dtypes(), ids=str)
def test_every_dtype(dtype: np.dtype[Any], way: dict[str, Any]) -> None:
    values = filled(dtype, (13, 31))
    array = created(values, (5, 31), way)
    assert array[:].tobytes() == values.tobytes()
    if dtype.kind not in "V":
        assert array[3:9, 4:20:3].tobytes() == values[3:9, 4:20:3].tobytes()


@EACH_WAY
def test_shapes_and_orders(way: dict[str, Any]) -> None:
    for shape, chunks in (((), "auto"), ((1,), (1,)), ((100,), (9,)), ((3, 4, 5, 6), (2, 3, 1, 4))):
        values = np.asarray(rng(1).random(shape))
        for order in "CF":
            for source in (values, np.array(values, order="F")):
                array = created(source, chunks, way, config={"order": order})
                assert np.array_equal(array[...], values)
    transposed = {**way, "filters": {"name": "transpose", "configuration": {"order": [1, 0]}}}
    values = rng(1).random((30, 20))
    assert np.array_equal(created(values, (7, 8), transposed)[...], values)


@EACH_WAY
def test_shards(way: dict[str, Any]) -> None:
    values = temperatures()
    array = created(values, (1, 45, 60), way, shards=(4, 90, 180))
    assert same(array[:], values)
    assert same(array[2:7, 50, ::7], values[2:7, 50, ::7])


def test_empty_chunks_are_not_written() -> None:
    array = created(np.zeros((10, 10)), (5, 5), SERIALIZER)
    assert chunk_names(array) == []
    assert not array[3:8].any()
    array[7, 7] = 1
    assert len(chunk_names(array)) == 1
    assert array[:].sum() == array[7, 7] == 1


@pytest.mark.parametrize("name", ["uint16", "V2"])
def test_bfloat16_as_its_bits(name: str) -> None:
    """Zarr has no bfloat16: its bits go in, and are split into the same planes."""
    values = rng(1).standard_normal(50_000).astype(ml_dtypes.bfloat16)
    array = created(values.view(name), (20_000,), SERIALIZER)
    assert array[:].view(ml_dtypes.bfloat16).tobytes() == values.tobytes()
    assert stored_size(array) < 0.75 * values.nbytes


def test_the_dtype_makes_the_difference() -> None:
    values = temperatures()
    sizes = {
        name: stored_size(created(values, (4, 90, 180), way))
        for name, way in {
            "array": SERIALIZER,
            "bytes": COMPRESSOR,
            "not split": {"compressors": BytesCodec(typesize=1)},
            "zstd": {"compressors": zarr.codecs.ZstdCodec(level=1)},
        }.items()
    }
    assert sizes["array"] < sizes["zstd"]
    assert sizes["array"] < 0.7 * values.nbytes < sizes["not split"]
    assert abs(sizes["bytes"] - sizes["array"]) < 400


CONFIGURATIONS = [
    {},
    {"coder": "huffman"},
    {"coder": "rans", "block_size": 1000, "threads": 2, "effort": 1},
    {"threads": 0},
]


@pytest.mark.parametrize("given", CONFIGURATIONS, ids=str)
def test_configuration_is_stored(given: dict[str, Any], tmp_path: Path) -> None:
    values = temperatures()
    configuration = {"coder": "auto", "block_size": 65536, "threads": 1, **given}
    ways = {
        "array": {"serializer": ArrayCodec(**given), "compressors": None},
        "bytes": {"compressors": BytesCodec(**given)},
    }
    for name, way in ways.items():
        path = tmp_path / name
        zarr.create_array(LocalStore(path), data=values, chunks=(5, 90, 180), **way)
        stored = json.loads((path / "zarr.json").read_text())["codecs"][-1]
        expected = configuration | ({"typesize": 4, "floats": True} if name == "bytes" else {})
        assert stored == {"name": f"pyinfo.{name}", "configuration": expected}
        assert same(zarr.open_array(path, mode="r")[:], values)
        chunk = (path / "c" / "0" / "0" / "0").read_bytes()
        blocks = pyinfo.Frame(chunk).blocks
        assert blocks[0].stop == configuration["block_size"]
        if "coder" in given:
            assert {block.mode for block in blocks} <= {given["coder"], "raw", "constant"}
    codec = ArrayCodec(**given)
    assert ArrayCodec.from_dict(codec.to_dict()) == codec


def test_floats_are_rotated() -> None:
    values = (rng(3).standard_normal(20_000) * 0.02).astype("<f4")
    for way in (SERIALIZER, COMPRESSOR):
        sizes = {}
        for array in (values, values.view("<u4")):
            stored = created(array, (20_000,), way)
            assert same(stored[:], array)
            sizes[array.dtype.kind] = stored_size(stored)
        assert sizes["f"] < sizes["u"]
    codec = BytesCodec(typesize=4, floats=True)
    assert BytesCodec.from_dict(codec.to_dict()) == codec


def test_bad_configurations() -> None:
    for kind in (ArrayCodec, BytesCodec):
        for bad in ({"coder": "zip"}, {"block_size": 0}, {"threads": -1}, {"effort": 9}):
            with pytest.raises(ValueError, match=next(iter(bad))):
                kind(**bad)
        with pytest.raises(TypeError, match="level"):
            kind.from_dict({"name": kind.name, "configuration": {"level": 3}})
        with pytest.raises(ValueError, match="name of the codec"):
            kind.from_dict({"name": "zstd"})
        with pytest.raises(NotImplementedError, match="depends on its data"):
            kind().compute_encoded_size(3, None)  # type: ignore[arg-type]
    for typesize in (0, 65):
        with pytest.raises(ValueError, match="typesize"):
            BytesCodec(typesize=typesize)
        with pytest.raises(ValueError, match="typesize"):
            Pyinfo(typesize=typesize)
    with pytest.raises(TypeError, match=r"cannot be compressed|Python objects"):
        ArrayCodec().validate(shape=(3,), dtype=VariableLengthUTF8(), chunk_grid=None)


# -- Parts ----------------------------------------------------------------------------------------

SELECTIONS: list[Any] = [
    np.s_[3],
    np.s_[3:5],
    np.s_[:, 7],
    np.s_[5, 20:30],
    np.s_[5, 20, 7:9],
    np.s_[5, 20, 7],
    np.s_[2:11:4, 1::9, 5],
    np.s_[-1, -5:, ...],
    np.s_[0:0],
    np.s_[...],
]


@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_parts(selection: Any) -> None:
    values = temperatures((12, 50, 60))
    way = {"serializer": ArrayCodec(block_size=500), "compressors": None}
    array = created(values, (8, 50, 40), way)
    assert same(np.asarray(array[selection]), np.asarray(values[selection]))


def test_parts_by_index_arrays() -> None:
    values = temperatures((12, 50, 60))
    array = created(values, (8, 50, 40), SERIALIZER)
    rows, columns = np.array([11, 2, 3]), np.array([0, 59, 41, 41])
    assert same(array.oindex[rows, 4, columns], values[np.ix_(rows, [4], columns)][:, 0])
    assert same(array.oindex[[3], :, 5:7], values[[3], :, 5:7])
    assert same(array.vindex[rows, rows, rows], values[rows, rows, rows])
    mask = values > 300
    assert same(array.vindex[mask], values[mask])
    flags = np.arange(12) % 5 == 0
    assert same(array.oindex[flags, 3], values[flags, 3])
    assert same(array.blocks[1, 0, 0], values[8:, :, :40])


def test_windows() -> None:
    shape = (6, 5, 4)
    values = np.arange(120).reshape(shape)
    slices = [np.s_[2:4], np.s_[1:5:2], np.s_[3], np.s_[:], np.array([3, 1]), np.array([2])]
    for first in slices:
        for second in (np.s_[1:2], np.s_[2], np.s_[:]):
            selection = (first, second, np.s_[1:3])
            window = Window.of(selection, shape)
            if window is None:
                assert isinstance(first, slice)
                continue
            part = values.reshape(-1)[window.start : window.stop].reshape(window.shape)
            assert np.array_equal(part[window.selection], values[selection])
            assert part.size < values.size
    for unknown in (np.s_[...], np.s_[1:2], (np.s_[::-1], 1, 1), (np.array([-1]), 1, 1)):
        assert Window.of(unknown, shape) is None
    assert Window.of((np.ones(6, bool), 1, 1), shape) is None


def test_only_the_blocks_that_are_needed() -> None:
    """Damage elsewhere in the chunk is not met by who does not read there."""
    values = temperatures((10, 50, 60))
    way = {"serializer": ArrayCodec(block_size=3000), "compressors": None}
    array = created(values, values.shape, way)
    (name,) = chunk_names(array)
    store = array.store._store_dict
    chunk = bytearray(store[name].to_bytes())
    block = next(b for b in pyinfo.Frame(chunk).blocks if b.start == 12_000)
    chunk[block.offset + block.coded_size // 2] ^= 1
    store[name] = type(store[name]).from_bytes(bytes(chunk))
    assert same(array[:4], values[:4])
    assert same(array[5:, 3], values[5:, 3])
    for selection in (np.s_[4], np.s_[4, 10, 3], np.s_[3:6], np.s_[:]):
        with pytest.raises(CorruptDataError, match="block"):
            array[selection]


def test_a_chunk_of_another_writer() -> None:
    """A frame made by hand, in Fortran order and big-endian."""
    values = temperatures((4, 50, 60))
    array = created(values * 0 + 1, values.shape, SERIALIZER)
    (name,) = chunk_names(array)
    store = array.store._store_dict
    for other in (np.asfortranarray(values), values.astype(">f4")):
        store[name] = type(store[name]).from_bytes(pyinfo.compress(other))
        assert same(array[:], values)
        assert same(array[2, 3:9], values[2, 3:9])


# -- Damage ---------------------------------------------------------------------------------------


@EACH_WAY
def test_damaged_chunks(way: dict[str, Any]) -> None:
    values = temperatures((4, 30, 40))
    array = created(values, values.shape, way)
    (name,) = chunk_names(array)
    store = array.store._store_dict
    buffer = type(store[name])
    good = store[name].to_bytes()
    flipped = [
        good[:at] + bytes([good[at] ^ 4]) + good[at + 1 :] for at in range(0, len(good), 997)
    ]
    for bad in (*flipped, b"", b"hello", good[:-1], good[: len(good) // 2], good + b"\0"):
        store[name] = buffer.from_bytes(bad)
        with pytest.raises(CorruptDataError):
            array[:]
    store[name] = buffer.from_bytes(good)
    assert same(array[:], values)


def test_chunks_of_another_array() -> None:
    values = temperatures((4, 30, 40))
    array = created(values, values.shape, SERIALIZER)
    (name,) = chunk_names(array)
    store = array.store._store_dict
    for other, message in (
        (values.astype("f8"), "the chunk holds float64, the array float32"),
        (values.view("u4"), "the chunk holds uint32, the array float32"),
        (values[1:], r"shape \(3, 30, 40\)"),
        (values.reshape(-1), r"shape \(4800,\)"),
        (np.zeros((1 << 12, 1 << 12), np.bool_), "the chunk holds bool"),
    ):
        store[name] = type(store[name]).from_bytes(pyinfo.compress(other))
        for selection in (np.s_[:], np.s_[1]):
            with pytest.raises(CorruptDataError, match=message):
                array[selection]


# -- dask -----------------------------------------------------------------------------------------


@EACH_WAY
def test_dask(way: dict[str, Any], tmp_path: Path) -> None:
    values = temperatures((24, 90, 180))
    lazy = dask_array.from_array(values, chunks=(6, 90, 90))
    array = zarr.create_array(
        LocalStore(tmp_path / "field"), shape=lazy.shape, dtype="f4", chunks=(6, 90, 90), **way
    )
    lazy.store(array, lock=False, scheduler="threads", num_workers=2)
    read = dask_array.from_zarr(str(tmp_path / "field"))
    assert read.chunksize == (6, 90, 90)
    assert same(read.compute(scheduler="threads", num_workers=2), values)
    assert same(read[3, 10:20].compute(), values[3, 10:20])
    files = [path for path in (tmp_path / "field" / "c").rglob("*") if path.is_file()]
    assert len(files) == 8
    assert sum(path.stat().st_size for path in files) < 0.72 * values.nbytes


def test_many_chunks_at_a_time() -> None:
    """One codec object, several threads of Zarr's and of ours."""
    values = temperatures((60, 45, 90))
    array = created(values, (1, 45, 90), {"serializer": ArrayCodec(threads=2), "compressors": None})

    async def read_all() -> list[Any]:
        reading = [asyncio.to_thread(array.__getitem__, slice(i, i + 7)) for i in range(0, 60, 5)]
        return await asyncio.gather(*reading)

    for i, part in zip(range(0, 60, 5), asyncio.run(read_all()), strict=True):
        assert same(part, values[i : i + 7])


# -- numcodecs ------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", dtypes(), ids=str)
def test_numcodecs_with_every_dtype(dtype: np.dtype[Any]) -> None:
    codec = numcodecs.get_codec({"id": "pyinfo"})
    for shape in ((0,), (1,), (700,), (20, 30)):
        for order in "CF":
            values = filled(dtype, shape, order)
            decoded = codec.decode(codec.encode(values))
            assert decoded.tobytes() == values.tobytes("A")


def test_numcodecs_splits_elements() -> None:
    values = rng(1).standard_normal(20_000).astype(ml_dtypes.bfloat16)
    codec = Pyinfo()
    assert len(codec.encode(values)) < 0.75 * values.nbytes
    plain = Pyinfo(typesize=2).encode(values.tobytes())
    assert codec.encode(values) == Pyinfo(typesize=2, floats=True).encode(values.tobytes())
    assert len(codec.encode(values)) < len(plain)
    assert Pyinfo(typesize=2).encode(values) == codec.encode(values)
    assert Pyinfo(floats=False).encode(values) == plain
    assert codec.encode(values.view(np.uint16)) == plain
    odd = symbols(1001, 3)
    assert same(codec.decode(Pyinfo(typesize=2).encode(odd)), odd)


def test_numcodecs_outputs() -> None:
    values = temperatures((3, 20, 30))
    codec = Pyinfo(coder="rans", threads=2)
    coded = codec.encode(values)
    out = np.empty_like(values)
    assert codec.decode(coded, out=out) is out
    assert same(out, values)
    room = bytearray(values.nbytes)
    assert codec.decode(bytearray(coded), room) is room
    assert bytes(room) == values.tobytes()
    for wrong in (np.empty(7), bytearray(3)):
        with pytest.raises(ValueError, match=r"out has \d+ bytes, the result has \d+"):
            codec.decode(coded, out=wrong)
    for bad in (b"", coded[:-1], coded[:30] + b"\1" + coded[31:]):
        with pytest.raises(CorruptDataError):
            codec.decode(bad)
    with pytest.raises(TypeError, match="Python objects"):
        codec.encode(np.array([None, "a"]))


def test_numcodecs_configuration() -> None:
    codec = Pyinfo(coder="huffman", block_size=5000, threads=2, effort=1, typesize=8)
    again = numcodecs.get_codec(json.loads(json.dumps(codec.get_config())))
    assert again == codec
    assert again != Pyinfo()
    assert repr(codec).startswith("Pyinfo(block_size=5000, coder='huffman'")
    with pytest.raises(ValueError, match="coder"):
        numcodecs.get_codec({"id": "pyinfo", "coder": "zip"})


def test_zarr_format_2() -> None:
    values = temperatures((6, 30, 40))
    for order in "CF":
        array = created(values, (4, 30, 20), {"compressors": Pyinfo()}, zarr_format=2, order=order)
        assert same(array[:], values)
        assert same(array[1, 3:7], values[1, 3:7])
    times = np.array(["2026-01-01", "NaT"], "M8[D]")
    assert same(created(times, (2,), {"compressors": Pyinfo()}, zarr_format=2)[:], times)


FILTERS = [
    ("Delta", {"dtype": "<i4"}),
    ("Delta", {"dtype": "<i4", "astype": "<i2"}),
    ("FixedScaleOffset", {"dtype": "<f8", "astype": "<i2", "scale": 10, "offset": 0}),
    ("FixedScaleOffset", {"dtype": "<f8", "scale": 10, "offset": 0}),
    ("BitRound", {"keepbits": 6}),
]


@EACH_WAY
@pytest.mark.filterwarnings("ignore:Numcodecs codecs are not in the Zarr")
@pytest.mark.parametrize(("name", "options"), FILTERS)
def test_chunks_that_filters_hand_over(
    way: dict[str, Any], name: str, options: dict[str, Any]
) -> None:
    """What they make is not always of the dtype, or the shape, that they say it is."""
    chosen = getattr(filters, name)(**options)
    dtype = options.get("dtype", "<f4")
    values = np.arange(60).reshape(6, 10).astype(dtype)
    array = zarr.create_array(
        MemoryStore(), shape=values.shape, chunks=(4, 5), dtype=dtype, filters=[chosen], **way
    )
    array[...] = values
    np.testing.assert_array_equal(array[...], values, strict=True)
    np.testing.assert_array_equal(array[1:3, 2], values[1:3, 2])


def test_integers_of_numpy_become_json() -> None:
    codec = ArrayCodec(block_size=np.int64(65536), threads=np.int8(2), effort=np.uint8(1))  # type: ignore[arg-type]
    assert json.dumps(codec.to_dict())
    assert codec == ArrayCodec(block_size=65536, threads=2, effort=1)
    other = BytesCodec(typesize=np.int64(4))  # type: ignore[arg-type]
    assert type(other.typesize) is int
    assert json.dumps(Pyinfo(block_size=np.int64(65536), typesize=np.int64(2)).get_config())  # type: ignore[arg-type]


def test_what_chunks_may_decode_to() -> None:
    bomb = pyinfo.compress(np.zeros(1 << 24, np.uint8))
    assert len(bomb) < 2000
    with pytest.raises(ValueError, match="more than the 1000 allowed"):
        Pyinfo(max_size=1000).decode(bomb)
    assert "max_size" not in Pyinfo(max_size=1000).get_config()
    store = MemoryStore()
    values = symbols(1000, 3)
    array = zarr.create_array(store, shape=1000, chunks=1000, dtype="u1", **COMPRESSOR)
    array[...] = values
    key = next(key for key in store._store_dict if key.startswith("c/"))
    store._store_dict[key] = type(store._store_dict[key]).from_bytes(bomb)
    with pytest.raises(ValueError, match="allowed"):
        array[...]
