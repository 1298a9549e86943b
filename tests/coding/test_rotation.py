"""Floats whose bits are rotated before they are split into planes: who is, and what it costs."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from pyinfo import entropy
from pyinfo.coding import (
    Compressor,
    Frame,
    compress,
    compress_file,
    decompress,
    decompress_file,
)
from support.distributions import rng, straddling

Array = np.ndarray[Any, Any]

FLOATS = [np.dtype(name) for name in ("<f2", "<f4", "<f8", "<c8", ml_dtypes.bfloat16)]


def normal(n: int, dtype: Any, seed: int = 1) -> Array:
    """As the weights of a network are."""
    array: Array = (rng(seed).standard_normal(n) * 0.02).astype(dtype)
    return array


def unsigned(array: Array) -> Array:
    """The same bits as integers, which are never rotated."""
    return array.view(f"<u{array.itemsize}")


# -- Who is rotated -------------------------------------------------------------------------------


@pytest.mark.once
@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_floats_are_rotated_where_it_pays(dtype: np.dtype[Any]) -> None:
    array = straddling(200_000, dtype)
    frame = compress(array)
    assert Frame(frame).rotated
    assert repr(Frame(frame)).endswith(" blocks, rotated>")
    assert len(frame) < len(compress(unsigned(array)))


@pytest.mark.once
@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_weights(dtype: np.dtype[Any]) -> None:
    """The exponents of float16 and float64, of 5 and 11 bits, leave their byte all the same."""
    array = normal(200_000, dtype)
    frame = compress(array)
    assert Frame(frame).rotated == (dtype.name in {"bfloat16", "float32", "complex64"})
    assert len(frame) <= len(compress(unsigned(array))) + 16


@pytest.mark.once
def test_bfloat16_weights_gain_what_theory_says() -> None:
    """Order-0 entropy of exponent, and of mantissa and sign, against what straddles the bytes.

    The mantissa and sign have 7.97 bits: stored, unless a coder is asked for.
    """
    array = normal(1 << 20, ml_dtypes.bfloat16)
    assert len(compress(array, coder="rans")) < 0.6595 * array.nbytes
    planes = unsigned(array) << 1 | unsigned(array) >> 15
    exponent = entropy(np.bincount(planes >> 8, minlength=256))
    assert len(compress(array)) < 1.002 * (exponent + 8) / 16 * array.nbytes
    assert len(compress(unsigned(array))) > 0.666 * array.nbytes


@pytest.mark.once
def test_other_types_are_not() -> None:
    values = rng(1).standard_normal(20_000) * 0.02
    for dtype in (">f2", ">f4", ">f8", ">c8", "<c16", ml_dtypes.float8_e4m3fn):
        assert not Frame(compress(values.astype(dtype))).rotated
    weights = values.astype("<f4")
    for array in (weights.view("<u4"), weights.view("V4"), weights.view([("x", "<f4")])):
        assert not Frame(compress(array)).rotated
    assert not Frame(compress(weights.tobytes())).rotated
    assert not Frame(compress(weights, coder="raw")).rotated
    assert not Frame(compress(weights[:0])).rotated


@pytest.mark.once
def test_layouts_of_memory_do_not_matter() -> None:
    array = normal(60_000, "<f4").reshape(20, 30, 100)
    for each in (array, array.T, array[::2], array[:, ::-1]):
        frame = Frame(compress(each))
        assert frame.rotated
        assert np.array_equal(frame.read(), each)


# -- What comes back ------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_round_trips(dtype: np.dtype[Any]) -> None:
    array = straddling(3100, dtype)
    array[::97] = np.array([np.inf, -np.inf, np.nan, -0.0] * 8).astype(dtype)
    bits = unsigned(array)
    for block_size in (250, 1000, None):
        frame = Frame(compress(array, block_size=block_size))
        assert frame.rotated
        assert not frame.verify()
        for start, stop in ((0, 3100), (0, 1), (249, 251), (990, 2040), (3099, 3100), (7, 7)):
            assert np.array_equal(unsigned(frame[start:stop]), bits[start:stop])
        out = np.empty_like(array)
        decompress(compress(array, block_size=block_size), out=out)
        assert np.array_equal(unsigned(out), bits)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("effort", [1, 2])
def test_all_small_sizes(dtype: np.dtype[Any], effort: int) -> None:
    whole = normal(301, dtype)
    for n in range(0, 301, 1 if effort == 2 else 7):
        array = whole[:n]
        again = decompress(compress(array, effort=effort))
        assert np.array_equal(unsigned(again), unsigned(array))


def test_damage_is_found_where_it_is() -> None:
    array = normal(4000, "<f4")
    coded = bytearray(compress(array, block_size=1000))
    frame = Frame(bytes(coded))
    damaged = frame.blocks[6]  # plane 2 of the second thousand
    coded[damaged.offset + 20] ^= 1
    frame = Frame(bytes(coded))
    assert [each.block for each in frame.verify()] == [6]
    assert np.array_equal(frame[:1000], array[:1000])
    assert np.array_equal(frame[2000:], array[2000:])
    with pytest.raises(ValueError, match="block 6"):
        frame[1500:1501]


# -- The estimate ---------------------------------------------------------------------------------


def arrays(n: int) -> dict[str, Array]:
    x = rng(5).standard_normal(n) * 0.02
    signs = rng(6).choice([-1.0, 1.0], n)
    return {
        "normal": x,
        "all positive": np.abs(x),
        "uniform": rng(7).random(n),
        "ternary": rng(8).integers(-1, 2, n) * 0.3,
        "integers": np.round(x * 15_000),
        "small integers": np.round(x * 150),
        "bytes": rng(9).integers(0, 256, n).astype(float),
        "sorted": np.sort(x),
        "counting": np.arange(n, dtype=float),
        "zeros": np.zeros(n),
        "constant": np.full(n, 1.7),
        "two values": 1.7 * signs,
        "sparse": x * (rng(10).random(n) < 0.02),
        "random walk": np.cumsum(x),
        "two parts": np.concatenate([1.7 * signs[: n // 2], x[n // 2 :]]),
    }


@pytest.mark.once
@pytest.mark.parametrize("n", [20, 200, 2000, 20_000, 400_000])
def test_rotation_never_costs_much(n: int) -> None:
    for name, values in arrays(n).items():
        for dtype in ("<f2", "<f4", "<f8", ml_dtypes.bfloat16):
            with np.errstate(over="ignore"):
                array = values.astype(dtype)
            size, plain = len(compress(array)), len(compress(unsigned(array)))
            # Digits gain from like neighbours, of which the estimate knows nothing.
            most = 1.05 if name == "counting" else 1.015
            assert size <= most * plain + 32, (name, array.dtype)


@pytest.mark.once
def test_the_whole_array_is_looked_at() -> None:
    """Not only its beginning, which here would say no."""
    array = np.concatenate([np.zeros(100_000), normal(700_000, "<f8")]).astype("<f4")
    assert Frame(compress(array, block_size=50_000)).rotated


@pytest.mark.once
def test_large_arrays_are_like_small_ones() -> None:
    """Arrays of more than 64 MiB are coded in pieces: the choice is made once, for all of them."""
    array = np.tile(normal(1 << 18, "<f4"), 66)
    large = compress(array, threads=0)
    assert Frame(large).rotated
    assert large == compress(array, threads=1)
    assert np.array_equal(Frame(large)[-300:], array[-300:])


# -- Streams and files ----------------------------------------------------------------------------


def streamed(data: bytes, cut: int, **options: Any) -> tuple[bytes, list[bytes]]:
    compressor = Compressor(**options)
    parts = [compressor.compress(data[i : i + cut]) for i in range(0, len(data), cut)]
    parts.append(compressor.flush())
    return b"".join(parts), parts


def test_streams_do_not_depend_on_how_they_are_cut() -> None:
    data = normal(5000, "<f4").tobytes()
    options = {"itemsize": 4, "floats": True, "block_size": 600}
    frame, parts = streamed(data, 500, **options)
    assert parts[:4] == [b""] * 4  # the header waits for the first block
    assert parts[4].startswith(b"\x89PIN")
    assert Frame(frame).rotated
    assert decompress(frame).tobytes() == data
    for cut in (7, 2400, 9999, len(data)):
        assert streamed(data, cut, **options)[0] == frame
    assert streamed(data, 777, **options, threads=2)[0] == frame


@pytest.mark.once
def test_a_stream_is_judged_by_its_first_block() -> None:
    zeros, weights = bytes(2400), normal(600, "<f4").tobytes()
    options = {"itemsize": 4, "floats": True, "block_size": 600}
    for data, rotated in ((weights + zeros, True), (zeros + weights, False)):
        for cut in (100, 4800):
            assert Frame(streamed(data, cut, **options)[0]).rotated is rotated


@pytest.mark.once
def test_streams_of_nothing_and_of_other_items() -> None:
    for itemsize in (1, 2, 3, 4, 8, 16):
        frame, _ = streamed(b"", 1, itemsize=itemsize, floats=True)
        assert decompress(frame).size == 0
        data = normal(600, "<f8").tobytes()
        frame, _ = streamed(data, 1000, itemsize=itemsize, floats=True)
        assert decompress(frame).tobytes() == data
        assert not Frame(frame).rotated or itemsize in (2, 4, 8)


@pytest.mark.once
@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8", "<c8", ">f4", "<i4"])
def test_npy_files_say_what_they_hold(dtype: str, tmp_path: Path) -> None:
    path, coded, again = tmp_path / "a.npy", tmp_path / "a.pin", tmp_path / "again"
    np.save(path, straddling(40_000, dtype))
    compress_file(path, coded)
    assert Frame(coded.read_bytes()).rotated == (dtype[0] == "<" and dtype[1] in "fc")
    for threads in (1, 2):
        decompress_file(coded, again, threads=threads)
        assert again.read_bytes() == path.read_bytes()
    compress_file(path, coded, floats=False)
    assert not Frame(coded.read_bytes()).rotated


@pytest.mark.once
def test_files_of_other_kinds() -> None:
    data = normal(40_000, "<f4").tobytes()
    for options, rotated in (
        ({}, False),
        ({"itemsize": 4}, False),
        ({"itemsize": 4, "floats": True}, True),
        ({"itemsize": 1, "floats": True}, False),
    ):
        coded = io.BytesIO()
        compress_file(io.BytesIO(data), coded, **options)
        assert Frame(coded.getvalue()).rotated is rotated
        assert decompress(coded.getvalue()).tobytes() == data
