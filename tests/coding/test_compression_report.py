"""compression_report: entropy, prediction and what was written agree."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from pyinfo import _core
from pyinfo.coding import CodingReport, Frame, compress, compression_report
from pyinfo.coding.coder_options import CODERS, Coder
from support.coding_inputs import filled, symbols
from support.distributions import rng

pytestmark = pytest.mark.once

BLOCK = 1 << 18


def entropy_bits(data: Any, block_size: int = BLOCK) -> float:
    """Order-0 entropy of the blocks, in bits, written differently."""
    total = 0.0
    for start in range(0, len(data), block_size):
        counts = np.bincount(data[start : start + block_size], minlength=256)
        counts = counts[counts > 0]
        total -= float(np.sum(counts * np.log2(counts / counts.sum())))
    return total


def payload(frame: Frame, plane: int) -> int:
    return sum(block.coded_size - 16 for block in frame.blocks if block.plane == plane)


@pytest.mark.parametrize("bits", [0, 0.01, 0.5, 1, 2.7, 4, 6, 7.9, 7.99, 8])
@pytest.mark.parametrize("n", [1, 50, 3000, BLOCK, 700_001])
def test_bytes(bits: float, n: int) -> None:
    data = symbols(n, bits)
    report = compression_report(data)
    (plane,) = report.planes
    assert plane.plane == 0
    assert report.size == plane.size == n
    assert report.coded_size == len(compress(data))
    assert report.rate == n / report.coded_size
    assert plane.entropy_bits == pytest.approx(entropy_bits(data), abs=1e-6)
    assert report.entropy_bits == plane.entropy_bits
    assert report.entropy_size == math.ceil(plane.entropy_bits / 8)
    assert plane.entropy == pytest.approx(plane.entropy_bits / n)
    frame = Frame(compress(data))
    assert plane.coded_size == report.payload_size == payload(frame, 0)
    assert min(plane.huffman_size, plane.rans_size) >= plane.entropy_bits / 8 - 1e-6
    # Few symbols may take 1/64 more, for they are faster so.
    assert plane.coded_size <= min(plane.huffman_size, plane.rans_size) * 65 / 64 + 64
    if n >= BLOCK:  # a lane costs up to three bytes, a table up to two hundred
        for_lanes = sum(3 * (block.lanes or 256) for block in frame.blocks)
        most = plane.entropy_bits / 8 * 1.005 + for_lanes + 64 * len(frame.blocks)
        assert min(plane.rans_size, plane.size) <= most


@pytest.mark.parametrize("coder", CODERS)
@pytest.mark.parametrize("effort", [1, 2])
def test_predicted_and_actual_agree_in_every_block(coder: Coder, effort: int) -> None:
    number = CODERS.index(coder)
    for bits in (0, 0.01, 0.2, 0.5, 1, 2, 2.7, 4, 5.5, 7, 7.9, 7.99, 8):
        for n in (1, 2, 10, 100, 500, 2000, 10_000, 50_000, BLOCK, 1 << 20):
            data = symbols(n, bits)
            blocks = _core.block_sizes(data, 1, n, number, effort, 1)
            for _, count, _, _, predicted, actual in blocks:
                assert count == n
                # A sample says less than the whole block.
                tolerance = actual * 0.0005 + 64 if effort == 2 else actual * 0.01 + 512
                assert abs(predicted - actual) <= tolerance, (bits, n)


@pytest.mark.parametrize("effort", [1, 2])
@pytest.mark.parametrize("coder", ["auto", "huffman"])
@pytest.mark.parametrize("longer", ["nowhere", "anywhere", "in one lane"])
def test_lanes_in_step(longer: str, coder: Coder, effort: int) -> None:
    """Nearly all codes have one length; the lanes that have the longer ones have more words."""
    random = rng(4)
    data = random.integers(0, 63, BLOCK).astype(np.uint8)
    if longer == "nowhere":
        data = random.integers(0, 64, BLOCK).astype(np.uint8)
    elif longer == "anywhere":
        places = random.choice(BLOCK, BLOCK // 64, replace=False)
        data[places] = random.integers(63, 65, places.size)
    else:
        data[5::128] = random.integers(63, 65, data[5::128].size)
    [(_, _, _, _, predicted, actual)] = _core.block_sizes(
        data, 1, BLOCK, CODERS.index(coder), effort, 1
    )
    assert abs(predicted - actual) <= (actual * 0.0005 + 64 if effort == 2 else actual * 0.01 + 512)
    if effort == 2:  # a sample may miss the longer ones
        assert Frame(compress(data, coder=coder)).blocks[0].mode == "huffman"


def test_planes() -> None:
    data = rng(1).standard_normal(400_000).astype(np.float32) * np.float32(0.02)
    report = compression_report(data, block_size=100_000, threads=2)
    frame = Frame(compress(data, block_size=100_000))
    assert report.coded_size == frame.coded_size
    assert len(report.planes) == 4
    assert report.rotated
    bits = data.view(np.uint32)
    turned = bits << 1 | bits >> 31
    for plane, values in zip(report.planes, turned.view(np.uint8).reshape(-1, 4).T, strict=True):
        assert plane.size == 400_000
        assert plane.entropy_bits == pytest.approx(entropy_bits(values, 100_000), abs=1e-3)
        assert plane.coded_size == payload(frame, plane.plane)
        assert abs(plane.predicted_size - plane.coded_size) <= plane.coded_size * 0.0005 + 4 * 64
    assert report.planes[3].rate > 2
    assert report.planes[0].rate == pytest.approx(1, rel=0.02)
    assert report.size == data.nbytes
    for name in ("huffman_size", "rans_size", "predicted_size"):
        assert getattr(report, name) == sum(getattr(plane, name) for plane in report.planes)
    headers = report.coded_size - report.payload_size
    assert 0 < headers < 16 * len(frame.blocks) * 2 + 200


@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8", "<c8", "bfloat16", ">f4"])
def test_floats(dtype: str) -> None:
    """The planes are those of the frame, rotated or not, and come to what was expected of them."""
    data = rng(2).standard_normal(200_000) * 0.02
    if dtype == "bfloat16":
        array = data.astype(pytest.importorskip("ml_dtypes").bfloat16)
    else:
        array = data.astype(dtype)
    frame = Frame(compress(array, block_size=50_000))
    report = compression_report(array, block_size=50_000)
    assert report.rotated == frame.rotated
    assert report.rotated == (dtype in {"<f4", "<c8", "bfloat16"})
    assert ("rotated" in str(report)) == report.rotated
    for plane in report.planes:
        assert plane.coded_size == payload(frame, plane.plane)
        assert abs(plane.predicted_size - plane.coded_size) <= plane.coded_size * 0.0005 + 4 * 64


def test_huffman_and_rans_are_what_these_coders_make() -> None:
    data = symbols(600_000, 3).view(np.uint16)
    report = compression_report(data)
    for coder, size in (("huffman", report.huffman_size), ("rans", report.rans_size)):
        frame = Frame(compress(data, coder=coder))  # type: ignore[arg-type]
        assert size == payload(frame, 0) + payload(frame, 1)


def test_options_are_those_of_compress() -> None:
    data = symbols(100_000, 4)
    for options in ({"coder": "huffman"}, {"block_size": 5000}, {"effort": 1}, {"threads": 2}):
        report = compression_report(data, **options)  # type: ignore[arg-type]
        assert report.coded_size == len(compress(data, **options))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="coder"):
        compression_report(data, coder="x")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="Python objects"):
        compression_report([object()])
    with pytest.raises(ValueError, match="nulls"):
        compression_report([None])


@pytest.mark.parametrize("order", ["C", "F"])
def test_shapes(order: str) -> None:
    data = filled(np.dtype("<i2"), (30, 20, 7), order)
    report = compression_report(data)
    assert report.size == data.nbytes
    assert report.coded_size == len(compress(data))
    assert compression_report(data[::2]).size == data[::2].nbytes


def test_nothing() -> None:
    for data in (b"", np.empty((3, 0), np.float32), np.empty(3, "V0")):
        report = compression_report(data)
        assert report.size == report.payload_size == report.entropy_size == 0
        assert report.rate == 0
        assert all(math.isnan(plane.rate) for plane in report.planes)
        assert all(plane.entropy == 0 for plane in report.planes)
        assert str(report)


def test_noise_is_not_predicted_to_shrink() -> None:
    for n in (10, 1000, 300_000):
        report = compression_report(symbols(n * 4, 8).view(np.float32))
        assert report.payload_size == n * 4
        assert all(plane.huffman_size == plane.rans_size == n for plane in report.planes)


def test_text() -> None:
    report = compression_report(np.arange(100_000, dtype=np.uint16))
    text = str(report)
    assert isinstance(report, CodingReport)
    assert "200,000 bytes to" in text
    assert len(text.splitlines()) == 4
    assert f"{report.planes[1].coded_size:,}" in text
