"""Frames and codes in several threads at once; the GIL."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from pyinfo.coding import (
    Compressor,
    Decompressor,
    Frame,
    HuffmanCode,
    RansModel,
    compress,
    compression_report,
    decompress,
)
from pyinfo.errors import CorruptDataError
from support.coding_inputs import same, symbols
from support.ticker import Ticker

THREADS = 8


def at_once(work: Callable[[int], None]) -> None:
    """Run work(0), ..., work(7), starting them together."""
    start = threading.Barrier(THREADS)

    def run(part: int) -> None:
        start.wait()
        work(part)

    with ThreadPoolExecutor(THREADS) as pool:
        for future in [pool.submit(run, part) for part in range(THREADS)]:
            future.result()


@pytest.mark.parametrize("kind", [HuffmanCode, RansModel])
def test_eight_threads_share_a_code(kind: Any) -> None:
    data = symbols(100_000, 4)
    code = kind.from_samples(np.concatenate([data, np.arange(256, dtype=np.uint8)]))
    message = code.encode(data)
    parts = [data[k * 1000 : k * 1000 + 20_000 + k] for k in range(THREADS)]
    expected = [code.encode(part) for part in parts]

    def work(part: int) -> None:
        for _ in range(20):
            assert code.encode(data) == message
            assert code.encode(parts[part]) == expected[part]
            assert same(code.decode(message), data)
            assert same(code.decode(expected[part]), parts[part])
            with pytest.raises(CorruptDataError):
                code.decode(message[:-2])

    at_once(work)


def test_eight_threads_read_a_frame() -> None:
    data = symbols(2_000_000, 5).view(np.uint16)
    frame = Frame(compress(data, block_size=50_000), threads=2)
    blocks = frame.blocks

    def work(part: int) -> None:
        for k in range(20):
            start = (part * 97_001 + k * 13_007) % 900_000
            assert same(frame[start : start + 60_000], data[start : start + 60_000])
        assert frame.blocks == blocks
        assert frame.verify() == []

    at_once(work)


def test_eight_threads_compress() -> None:
    data = [symbols(300_000 + k, 1 + k % 4) for k in range(THREADS)]
    expected = [compress(part) for part in data]

    def work(part: int) -> None:
        for k in range(5):
            assert compress(data[part], threads=1 + k % 3) == expected[part]
            assert same(decompress(expected[part], threads=1 + k % 3), data[part])

    at_once(work)


def test_threads_feed_one_compressor() -> None:
    """The pieces come in any order, but none is lost or torn."""
    compressor = Compressor(block_size=1000)
    parts: list[bytes] = []
    lock = threading.Lock()

    def work(part: int) -> None:
        for _ in range(50):
            with lock:  # of the list: what comes out must be kept in the order of the calls
                parts.append(compressor.compress(bytes([part]) * 777))

    at_once(work)
    result = decompress(b"".join(parts) + compressor.flush())
    assert (result.reshape(-1, 777) == result.reshape(-1, 777)[:, :1]).all()
    np.testing.assert_array_equal(np.bincount(result), [50 * 777] * THREADS)


def test_threads_call_one_decompressor() -> None:
    decompressor = Decompressor()
    frame = compress(symbols(500_000, 4), block_size=1000)
    sizes: list[int] = []

    def work(part: int) -> None:
        while not decompressor.eof:
            try:
                sizes.append(len(decompressor.decompress(frame if part == 0 else b"", 10_000)))
            except EOFError:
                return
            except CorruptDataError:  # two took their turns with data
                return

    at_once(work)
    assert sum(sizes) <= 500_000


def test_closing_while_others_read() -> None:
    data = symbols(400_000, 4)
    encoded = compress(data, block_size=1 << 16)
    for _ in range(10):
        frame = Frame(bytearray(encoded))

        def read(frame: Frame = frame) -> None:
            def read_on() -> None:
                while True:
                    assert same(frame[:], data)

            with pytest.raises(ValueError, match="closed"):
                read_on()

        with ThreadPoolExecutor(4) as pool:
            futures = [pool.submit(read) for _ in range(4)]
            frame.close()
            for future in futures:
                future.result()


CALLS: dict[str, Callable[[], Callable[[], object]]] = {}


def call(make: Callable[[], Callable[[], object]]) -> Callable[[], Callable[[], object]]:
    CALLS[make.__name__] = make
    return make


DATA = symbols(6_000_000, 4)


@call
def compressing() -> Callable[[], object]:
    return lambda: compress(DATA)


@call
def decompressing() -> Callable[[], object]:
    frame = compress(DATA)
    return lambda: decompress(frame)


@call
def verifying() -> Callable[[], object]:
    frame = Frame(compress(DATA))
    return frame.verify


@call
def reporting() -> Callable[[], object]:
    return lambda: compression_report(DATA)


@call
def compressing_a_stream() -> Callable[[], object]:
    return lambda: Compressor().compress(DATA)


@call
def decompressing_a_stream() -> Callable[[], object]:
    frame = compress(DATA, block_size=1 << 20)
    return lambda: Decompressor().decompress(frame)


@call
def encoding_a_message() -> Callable[[], object]:
    code = HuffmanCode.from_samples(DATA)
    return lambda: code.encode(DATA)


@call
def decoding_a_message() -> Callable[[], object]:
    model = RansModel.from_samples(DATA)
    message = model.encode(DATA)
    return lambda: model.decode(message)


@pytest.mark.parametrize("name", CALLS)
def test_the_gil_is_released(name: str) -> None:
    run = CALLS[name]()
    with Ticker() as ticker:
        assert ticker.gets_to_count_during(run)


@pytest.mark.skipif(
    not getattr(sys, "_is_gil_enabled", lambda: True)(), reason="there is no GIL to be kept"
)
def test_the_ticker_can_tell() -> None:
    with Ticker() as ticker:
        assert not ticker.counts_during(lambda: sum(range(10**6)))
