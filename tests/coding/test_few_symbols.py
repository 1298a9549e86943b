"""Blocks of few or of very uneven symbols: digits, and bitmaps with others (docs/format.md)."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pyinfo
from pyinfo.coding import Compressor, Frame, compress, compression_report, decompress
from support import plain_decoder, plain_encoder
from support.all_readers import READERS, verdicts
from support.distributions import rng

Array = np.ndarray[Any, Any]
BLOCK = 1 << 18
HEADERS = 26 + 16  # of a frame without metadata, and of its block


def even(k: int, n: int, values: list[int] | None = None) -> Array:
    """So many symbols in no order, equally frequent."""
    symbols = np.array(values if values is not None else [5 * i + 1 for i in range(k)], np.uint8)
    return symbols[rng(k, n).integers(0, k, n)]


def ones(n: int, share: float, seed: int = 0) -> Array:
    return (rng(seed, n).random(n) < share).astype(np.uint8)


def runs(n: int, mean: tuple[int, int], seed: int = 0) -> Array:
    """Zeros and ones in turn, in runs of these lengths on average."""
    lengths = rng(seed).geometric([1 / mean[i % 2] for i in range(2 * n // sum(mean) + 100)])
    return np.repeat(np.arange(len(lengths)) % 2, lengths)[:n].astype(np.uint8)


def sparse(n: int, share: float, kinds: int = 255) -> Array:
    """Sevens, and other bytes in a share of the places."""
    data = np.full(n, 7, np.uint8)
    places = rng(n).random(n) < share
    values = rng(n, 1).integers(0, kinds, n)
    data[places] = (values + (values >= 7))[places]
    return data


def modes(frame: bytes) -> set[str]:
    return {block.mode for block in Frame(frame).blocks}


def holds(frame: bytes, data: Array) -> None:
    """Every way to read a frame gives these bytes."""
    expected = data.tobytes()
    assert verdicts(frame) == dict.fromkeys(READERS, expected)


# -- What the library writes ----------------------------------------------------------------------


@pytest.mark.parametrize("k", range(2, 17))
@pytest.mark.parametrize("n", [64, 65, 100, 1000, 4099, 20_011])
def test_even_symbols_are_digits(k: int, n: int) -> None:
    data = even(k, n)
    frame = compress(data)
    if k in {2, 3, 4, 16} or n > 4000:  # of short ones a code may be smaller
        assert modes(frame) == {"digits"}
    np.testing.assert_array_equal(decompress(frame), data)
    assert plain_decoder.read_frame(frame).data == data.tobytes()


@pytest.mark.parametrize(
    "values",
    [[0, 255], [1, 2, 4, 8, 16, 32, 64, 128], [*range(0, 256, 17)], [3, 131], list(b"ACGT\n")],
)
def test_any_values(values: list[int]) -> None:
    for n in (300, 5000, 70_001):
        data = even(len(values), n, values)
        frame = compress(data)
        if n > 4000:
            assert modes(frame) == {"digits"}
        np.testing.assert_array_equal(decompress(frame), data)


@pytest.mark.parametrize(
    ("k", "per_byte"), [(2, 8), (3, 5), (4, 4), (16, 2)], ids=["2", "3", "4", "16"]
)
def test_even_symbols_take_their_digits(k: int, per_byte: int) -> None:
    data = even(k, 4 * BLOCK)
    report = compression_report(data, block_size=BLOCK)
    assert report.payload_size <= len(data) / per_byte * 1.002
    assert report.predicted_size == report.payload_size


@pytest.mark.parametrize(
    ("share", "most"), [(0.5, 1.002), (0.3, 1.03), (0.11, 1.03), (0.05, 1.03), (0.02, 1.04)]
)
def test_two_symbols_take_their_entropy(share: float, most: float) -> None:
    data = ones(4 << 20, share)
    entropy = pyinfo.entropy(np.bincount(data) / len(data)) / np.log(2) * len(data) / 8
    frame = compress(data)
    assert modes(frame) == {"digits"}
    assert len(frame) <= entropy * most
    np.testing.assert_array_equal(decompress(frame), data)


def test_uneven_alphabets_take_their_entropy() -> None:
    for k, weight in ((3, 0.3), (4, 0.5), (6, 0.2), (5, 0.6), (12, 0.7), (16, 0.8)):
        p = weight ** np.arange(k)
        data = rng(k).choice(k, 1 << 20, p=p / p.sum()).astype(np.uint8)
        report = compression_report(data)
        assert report.payload_size <= report.entropy_size * 1.03
        assert modes(compress(data)) == {"digits"}


def test_edges_of_masks() -> None:
    data = runs(1 << 20, (60, 20))
    frame = compress(data)
    assert modes(frame) == {"digits"}
    assert len(frame) * 8 / len(data) < 0.185  # 0.25 as digits, 0.81 symbol by symbol
    np.testing.assert_array_equal(decompress(frame), data)


@pytest.mark.parametrize("n", [4096, 5001, 100_003, BLOCK])
@pytest.mark.parametrize("share", [0.01, 0.1, 0.25])
def test_one_prevailing_symbol(n: int, share: float) -> None:
    data = sparse(n, share)
    frame = compress(data)
    np.testing.assert_array_equal(decompress(frame), data)
    report = compression_report(data)
    assert report.payload_size <= min(report.huffman_size, report.rans_size) * 65 / 64 + 1
    if n == BLOCK:
        assert modes(frame) == {"bitmap"}


def test_runs_of_one_prevailing_symbol() -> None:
    mask = runs(300_000, (50, 10), seed=3).astype(bool)
    data = np.where(mask, rng(1).integers(20, 90, len(mask)), 0).astype(np.uint8)
    report = compression_report(data)
    frame = compress(data)
    assert modes(frame) == {"bitmap"}
    assert report.payload_size < min(report.huffman_size, report.rans_size) * 0.9
    np.testing.assert_array_equal(decompress(frame), data)


def test_what_pays_symbol_by_symbol() -> None:
    """Very rare symbols would take more of the table of bytes than they are worth."""
    data = ones(BLOCK, 0.0001)
    report = compression_report(data, block_size=BLOCK)
    assert report.payload_size <= min(report.huffman_size, report.rans_size) * 65 / 64 + 1


def test_other_coders_do_without() -> None:
    data = even(4, 5000)
    assert modes(compress(data, coder="huffman")) == {"huffman"}
    assert modes(compress(data, coder="rans")) == {"rans"}
    assert modes(compress(data, coder="raw")) == {"raw"}


def test_period_of_eight() -> None:
    """The digits are one byte: a constant block within the block."""
    data = np.tile(np.array([0, 1, 1, 0, 1, 0, 0, 0], np.uint8), 500)
    frame = compress(data)
    assert len(frame) < 60
    np.testing.assert_array_equal(decompress(frame), data)
    alternating = np.repeat(np.arange(600) % 2, 8).astype(np.uint8)[::-1]
    np.testing.assert_array_equal(decompress(compress(alternating)), alternating)


@pytest.mark.parametrize("dtype", ["?", "<i4", "<f4", "<i8"])
def test_planes(dtype: str) -> None:
    data = (even(4, 30_000, [0, 1, 2, 3]) % (2 if dtype == "?" else 4)).astype(dtype)
    frame = compress(data, block_size=7000)
    assert "digits" in modes(frame)
    np.testing.assert_array_equal(decompress(frame), data, strict=True)
    reader = Frame(frame)
    for start, stop in ((0, 1), (6999, 7001), (100, 29_000), (29_999, 30_000)):
        np.testing.assert_array_equal(reader[start:stop], data[start:stop])


@pytest.mark.parametrize("effort", [1, 2])
@pytest.mark.parametrize("threads", [1, 2])
def test_threads_and_effort(effort: int, threads: int) -> None:
    data = np.concatenate([even(3, 100_000), sparse(150_000, 0.05), ones(100_000, 0.1)])
    frame = compress(data, block_size=50_000, effort=effort, threads=threads)
    assert frame == compress(data, block_size=50_000, effort=effort)
    assert {"digits", "bitmap"} <= modes(frame)
    np.testing.assert_array_equal(decompress(frame, threads=threads), data)


def test_streams() -> None:
    data = np.concatenate([even(16, 5000), sparse(9000, 0.05), runs(5000, (9, 30))])
    compressor = Compressor(block_size=4096)
    frame = compressor.compress(data.tobytes()) + compressor.flush()
    assert {"digits", "bitmap"} <= modes(frame)
    holds(frame, data)


def test_large_arrays_of_few_values_have_larger_blocks() -> None:
    few = ones(1 << 22, 0.02).view(bool)
    assert {block.stop - block.start for block in Frame(compress(few)).blocks} == {1 << 20}
    assert len(compress(few)) < len(compress(few, block_size=BLOCK))
    report = compression_report(few)
    assert report.coded_size == len(compress(few))
    # Smaller ones, ones of other values and those that ask for a size have what they had.
    many = np.arange(1 << 22, dtype=np.uint8)
    late = few.view(np.uint8).copy()
    late[-5000:] = many[:5000]
    # 32 values, of which every stretch has 16: 2 and 30 others that are rare.
    rare = few.view(np.uint8) * (2 + np.arange(1 << 22) // 40_000 % 30).astype(np.uint8)
    for data in (few[: (1 << 22) - 1], many, late, rare, few.astype(np.int16)):
        assert max(block.stop - block.start for block in Frame(compress(data)).blocks) == BLOCK
    for options in ({"block_size": BLOCK}, {"coder": "huffman"}):
        frame = Frame(compress(few, **options))  # type: ignore[arg-type]
        assert max(block.stop - block.start for block in frame.blocks) == BLOCK


@given(
    st.integers(2, 40), st.integers(1, 3000), st.floats(0, 1), st.integers(1, 1500),
    st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_any_alphabet(k: int, n: int, evenness: float, block_size: int, seed: int) -> None:
    """Alphabets of all sizes, even or not, in runs or not, of all lengths."""
    random_ = random.Random(seed)
    values = random_.sample(range(256), k)
    weights = [evenness + (1 - evenness) * 0.3**i for i in range(k)]
    symbols = random_.choices(values, weights, k=n)
    if random_.random() < 0.3:
        symbols = [symbol for symbol in symbols for _ in range(random_.randint(1, 9))][:n]
    data = np.array(symbols, np.uint8)
    frame = compress(data, block_size=block_size)
    assert plain_decoder.read_frame(frame).data == data.tobytes()
    np.testing.assert_array_equal(decompress(frame), data)
    decompressor = pyinfo.Decompressor()
    pieces = [decompressor.decompress(frame[i : i + 61]) for i in range(0, len(frame), 61)]
    assert b"".join(pieces) == data.tobytes()


# -- What the plain encoder writes, the library reads ---------------------------------------------


@pytest.mark.parametrize("k", range(2, 17))
@pytest.mark.parametrize("mode", plain_decoder.BYTE_MODES)
def test_digits_of_the_plain_encoder(k: int, mode: int) -> None:
    for n in (40, 131, 400, 2003):
        data = even(k, n).tobytes()
        if mode == plain_decoder.CONSTANT:
            data = (bytes(range(k)) * n)[: n // k * k]
        frames = [plain_encoder.digits_frame(data, mode, 1)]
        if k == 2:
            frames.append(plain_encoder.digits_frame(data, mode, 0, edges=True))
        if k < 16:
            spare = [*sorted(set(data)), 255]
            frames.append(plain_encoder.digits_frame(data, mode, 2, alphabet=spare))
        for frame in frames:
            if len(frame) - HEADERS <= len(data):
                assert plain_decoder.read_frame(frame).data == data
                assert decompress(frame).tobytes() == data


@pytest.mark.parametrize("mode", plain_decoder.BYTE_MODES)
@pytest.mark.parametrize("in_digits", [False, True])
def test_bitmaps_of_the_plain_encoder(mode: int, in_digits: bool) -> None:
    for n in (60, 64, 130, 999, 4001):
        for edges in (False, True):
            for share in (0.02, 0.2, 0.6):
                data = sparse(n, share, 9 if in_digits else 255)
                data[0] = 8
                data[1:3] = 7, 9
                frame = plain_encoder.bitmap_frame(
                    data.tobytes(), 7, mode, 1, edges=edges, in_digits=in_digits
                )
                few = (data != 7).sum() < 60  # digits would be longer
                if len(frame) - HEADERS <= n and not (in_digits and few):
                    assert plain_decoder.read_frame(frame).data == data.tobytes()
                    np.testing.assert_array_equal(decompress(frame), data)


def test_others_may_be_the_usual_symbol() -> None:
    payload = b"\0a\x02" + plain_encoder.nested(b"\x11" + bytes(7)) + plain_encoder.nested(b"ab")
    frame = plain_encoder.one_block_frame(plain_decoder.BITMAP, 60, payload)
    holds(frame, np.frombuffer(b"aaaab" + b"a" * 55, np.uint8))


# -- Other ways to frames --------------------------------------------------------------------------


def test_integrations(tmp_path: Any) -> None:
    """Zarr, numcodecs and the command line get these modes through the frame."""
    from pyinfo.integrations.chunk_frames import compress_planes

    mask = ones(50_000, 0.3)
    frame = compress_planes(mask.view(bool), 1, None, coder="auto", block_size=1 << 16, threads=1,
                            effort=None)  # fmt: skip
    assert modes(bytes(frame)) == {"digits"}
    path = tmp_path / "mask.bin"
    path.write_bytes(mask.tobytes())
    pyinfo.compress_file(path, tmp_path / "mask.bin.pin")
    assert modes((tmp_path / "mask.bin.pin").read_bytes()) == {"digits"}
    pyinfo.decompress_file(tmp_path / "mask.bin.pin", tmp_path / "copy.bin")
    assert (tmp_path / "copy.bin").read_bytes() == mask.tobytes()
