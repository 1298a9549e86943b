"""Blocks whose model leaves rare symbols out: docs/format.md, "Patches"."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pyinfo
from pyinfo import _core
from support import plain_decoder, plain_encoder
from support.coding_inputs import Array
from support.distributions import rng

N = 70_000
MODE, PATCHES = 0, slice(2, 4)  # in a block's header


def with_rare(n: int, share: float, rare: int, seed: int = 0, *, times: int = 1) -> Array:
    """Return bytes that are mostly 0, this share of them 0 to 23, and among them rare others."""
    random = rng(seed, n)
    data = np.where(random.random(n) < share, random.integers(0, 24, n), 0).astype(np.uint8)
    data[random.choice(n, rare * times, replace=False)] = np.repeat(np.arange(rare) + 100, times)
    return data


def patches_of(frame: bytes) -> list[int]:
    blocks = pyinfo.Frame(frame).blocks
    headers = [frame[block.offset : block.offset + 16] for block in blocks]
    return [int.from_bytes(header[PATCHES], "little") for header in headers]


@pytest.mark.parametrize("coder", ["auto", "rans"])
@pytest.mark.parametrize("share", [0.02, 0.2, 1])
@pytest.mark.parametrize("rare", [40, 150])
def test_rare_symbols_come_back(coder: str, share: float, rare: int) -> None:
    for seed, n in enumerate((N, 1 << 18, (1 << 18) + 77, 1 << 20)):
        data = with_rare(n, share, rare, seed)
        frame = pyinfo.compress(data, coder=coder, block_size=n)
        (patches,) = patches_of(frame)
        if coder == "rans" or share == 1:  # else one symbol prevails: nested blocks have them
            assert 0 < patches <= rare
        assert np.array_equal(pyinfo.decompress(frame), data)
        assert np.array_equal(pyinfo.Frame(frame)[n - 70 : n], data[-70:])
        decompressor = pyinfo.Decompressor()
        assert decompressor.decompress(frame) == data.tobytes()


@pytest.mark.once
def test_the_plain_decoder_reads_them() -> None:
    data = with_rare(N, 1, 150)
    frame = pyinfo.compress(data, coder="rans")
    (block,) = plain_decoder.read_frame(frame).blocks
    assert block.patches > 100
    assert plain_decoder.read_frame(frame).data == data.tobytes()


def test_they_pay() -> None:
    """The block is within half a percent of its entropy; without patches it would not be."""
    data = with_rare(1 << 18, 1, 150)
    counts = np.bincount(data, minlength=256)
    bound = float(pyinfo.entropy(counts)) * data.size / 8
    (block,) = pyinfo.Frame(pyinfo.compress(data, coder="rans")).blocks
    model = pyinfo.RansModel.from_counts(counts)
    assert block.coded_size < 1.005 * bound < model.expected_length(counts) * data.size / 8


def test_none_where_they_would_not_pay() -> None:
    for data in (
        with_rare(1 << 18, 1, 0),
        with_rare(1 << 18, 1, 100, times=30),
        with_rare(60_000, 1, 150),
    ):
        assert patches_of(pyinfo.compress(data, coder="rans")) == [0]


def test_none_from_a_sample() -> None:
    """Where counts are estimates, no symbol is known to be rare."""
    data = with_rare(1 << 18, 1, 150)
    frame = pyinfo.compress(data, coder="rans", effort=1)
    assert patches_of(frame) == [0]
    assert np.array_equal(pyinfo.decompress(frame), data)


def test_a_model_needs_two_symbols() -> None:
    data = np.full(N, 7, np.uint8)
    data[[5, N // 2, N - 1]] = 1, 2, 3
    for coder in ("auto", "rans"):
        assert np.array_equal(pyinfo.decompress(pyinfo.compress(data, coder=coder)), data)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 1])
@pytest.mark.parametrize("rare", [1, 20, 150])
def test_predicted_and_actual_agree(share: float, rare: int) -> None:
    rans = 2  # in _core's numbers: auto, huffman, rans, raw
    for n in (N, 1 << 18, 1 << 20):
        for _, _, _, _, predicted, actual in _core.block_sizes(
            with_rare(n, share, rare), 1, n, rans, 2, 1
        ):
            assert abs(predicted - actual) <= 0.0005 * actual + 64


# -- What another encoder may write ---------------------------------------------------------------


def frame_of(block: bytes, n: int) -> tuple[bytes, int]:
    """A frame of this block, and the check that it must follow."""
    header = plain_encoder.write_header(1, 1 << 18, n, False, b"")
    return header + block, int.from_bytes(header[-4:], "little")


@given(
    st.binary(min_size=150, max_size=900).map(lambda data: bytes(b % 7 for b in data)),
    st.sets(st.integers(0, 6), max_size=4),
    st.integers(0, 5),
)
def test_frames_of_the_plain_encoder(data: bytes, left_out: set[int], log2_lanes: int) -> None:
    if len(set(data) - left_out) < 2:
        return
    _, previous = frame_of(b"", len(data))
    block = plain_encoder.encode_patched_block(data, left_out, log2_lanes, previous)
    frame, _ = frame_of(block, len(data))
    if len(block) - 16 <= len(data):
        assert plain_decoder.read_frame(frame).data == data
        assert pyinfo.decompress(frame).tobytes() == data


def patched(patches: int, listed: bytes, *, mode: int = plain_decoder.RANS) -> bytes:
    """A frame of 1000 symbols with this list of patches, right but for what the list says."""
    data = bytes(i * i % 11 % 3 for i in range(1000))
    frequencies = plain_encoder.fitting_frequencies(data)
    lanes = plain_encoder.encode_lanes(plain_encoder.Rans(frequencies, 12), 4, data)
    payload = plain_encoder.write_frequencies(frequencies) + listed + lanes
    _, previous = frame_of(b"", 1000)
    return frame_of(plain_encoder.write_block(mode, 2, 1000, payload, previous, patches), 1000)[0]


def test_patches_are_applied() -> None:
    for listed, places in ((b"\0\x09", [0]), (b"\0\x09\0\x09\x05\x09", [0, 1, 7])):
        decoded = pyinfo.decompress(patched(len(places), listed))
        assert np.flatnonzero(decoded == 9).tolist() == places
    decoded = pyinfo.decompress(patched(1, b"\xe7\x07\x09"))  # 999
    assert np.flatnonzero(decoded == 9).tolist() == [999]


@pytest.mark.parametrize(
    ("patches", "listed"),
    [
        pytest.param(1, b"\xe8\x07\x09", id="place 1000 of 1000"),
        pytest.param(2, b"\xe7\x07\x09\0\x09", id="a place after the last"),
        pytest.param(1, b"\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x09", id="a huge gap"),
        pytest.param(2, b"\x01\x09\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x09", id="a sum that wraps"),
        pytest.param(1, b"\x81\0\x09", id="a varint longer than it must be"),
        pytest.param(1, b"\x80" * 10 + b"\x09", id="a varint without end"),
        pytest.param(65535, b"", id="more patches than payload"),
        pytest.param(0, b"\0\x09", id="a list that is not announced"),
        pytest.param(1, b"", id="no list"),
    ],
)
def test_lists_that_are_not_valid(patches: int, listed: bytes) -> None:
    frame = patched(patches, listed)
    with pytest.raises(plain_decoder.FormatError):
        plain_decoder.read_frame(frame)
    with pytest.raises(pyinfo.CorruptDataError, match="block 0 at byte 26: "):
        pyinfo.decompress(frame)
    with pytest.raises(pyinfo.CorruptDataError):
        pyinfo.Decompressor().decompress(frame)
    assert len(pyinfo.Frame(frame).verify()) == 1


def test_other_modes_have_none() -> None:
    frame = patched(1, b"\0\x09", mode=plain_decoder.HUFFMAN)
    with pytest.raises(pyinfo.CorruptDataError, match="this mode has no patches"):
        pyinfo.decompress(frame)
