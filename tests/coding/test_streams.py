"""Compressor, Decompressor, compress_file, decompress_file: frames in pieces, of any size."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyinfo.coding import (
    Compressor,
    Decompressor,
    FileSizes,
    Frame,
    compress,
    compress_file,
    decompress,
    decompress_file,
)
from pyinfo.coding.coder_options import Coder
from pyinfo.errors import CorruptDataError
from support.coding_inputs import filled, same, symbols
from support.distributions import rng
from support.programs import DEADLINE


def compressed(data: Any, cuts: list[int] | None = None, **options: Any) -> bytes:
    compressor = Compressor(**options)
    data = memoryview(data)
    ends = [*sorted(cuts or []), len(data)]
    parts = [compressor.compress(data[a:b]) for a, b in zip([0, *ends], ends, strict=False)]
    return b"".join([*parts, compressor.flush()])


def decompressed(frame: bytes, step: int, max_length: int = -1) -> bytes:
    decompressor = Decompressor()
    parts = []
    at = 0
    while not decompressor.eof:
        if decompressor.needs_input:
            assert at < len(frame)
            parts.append(decompressor.decompress(frame[at : at + step], max_length))
            at += step
        else:
            parts.append(decompressor.decompress(b"", max_length))
        assert max_length < 0 or len(parts[-1]) <= max_length
    assert decompressor.unused_data == frame[at:]
    return b"".join(parts)


# -- Compressor and Decompressor ------------------------------------------------------------------


@given(
    st.integers(0, 3000),
    st.lists(st.integers(0, 3000), max_size=6),
    st.sampled_from([1, 2, 4, 7]),
    st.sampled_from([1, 10, 1000, None]),
    st.sampled_from(["auto", "huffman", "rans", "raw"]),
)
def test_pieces(
    items: int, cuts: list[int], itemsize: int, block_size: int | None, coder: Coder
) -> None:
    data = symbols(items * itemsize, 4).tobytes()
    cuts = [min(cut, len(data)) for cut in cuts]
    options: dict[str, Any] = {"itemsize": itemsize, "block_size": block_size, "coder": coder}
    frame = compressed(data, cuts, **options)
    assert frame == compressed(data, **options)
    assert frame == compressed(data, cuts, threads=2, **options)
    assert decompress(frame).tobytes() == data
    assert decompressed(frame, 1 << 20) == data
    assert decompressed(compress(data, coder=coder, block_size=block_size), 100) == data


@pytest.mark.parametrize("step", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("max_length", [-1, 1, 10, 1000])
def test_any_step(step: int, max_length: int) -> None:
    data = symbols(2500, 3).tobytes()
    for frame in (compressed(data, block_size=600, itemsize=2), compress(data), compressed(b"")):
        expected = decompress(frame).tobytes()
        assert decompressed(frame, step, max_length) == expected


def test_large_pieces() -> None:
    data = symbols(3_000_000, 3)
    frame = compressed(data, [1, 300_000, 1_500_000], itemsize=4)
    assert decompress(frame, threads=2).tobytes() == data.tobytes()
    assert decompressed(frame, 70_000) == data.tobytes()
    assert decompressed(frame, 1 << 30, 123_457) == data.tobytes()
    assert same(Frame(frame)[1_000_000:1_500_001], data[1_000_000:1_500_001])
    assert Frame(frame).verify() == []


def test_bytes_like_pieces() -> None:
    compressor = Compressor()
    parts: list[Any] = [b"ab", bytearray(b"cd"), memoryview(b"ef"), np.frombuffer(b"gh", "u1")]
    parts += [
        np.array("2020-01-01", "M8[D]"),
        np.empty((0, 3)),
        b"",
        memoryview(b"1234").cast("i"),
    ]
    frame = b"".join(compressor.compress(part) for part in parts) + compressor.flush()
    expected = b"".join(part.tobytes() if hasattr(part, "tobytes") else part for part in parts)
    assert decompress(frame).tobytes() == expected
    for wrong, error in (("text", TypeError), ([1], TypeError), (None, TypeError)):
        with pytest.raises(error):
            Compressor().compress(wrong)
        with pytest.raises(error):
            Decompressor().decompress(wrong)
    for scattered in (np.arange(9)[::2], memoryview(bytes(9))[::2], np.ones((2, 3), order="F")):
        with pytest.raises(ValueError, match="contiguous"):
            Compressor().compress(scattered)


def test_compressor_has_an_end() -> None:
    compressor = Compressor(itemsize=4)
    head = compressor.compress(b"abcdef")
    with pytest.raises(ValueError, match="last item has 2 bytes, not 4"):
        compressor.flush()
    frame = head + compressor.compress(b"gh") + compressor.flush()
    assert decompress(frame).tobytes() == b"abcdefgh"
    for call in (compressor.flush, lambda: compressor.compress(b"")):
        with pytest.raises(ValueError, match="ended, by flush"):
            call()


def test_options() -> None:
    for options in ({"itemsize": 0}, {"itemsize": 65}, {"coder": "x"}, {"effort": 9}):
        with pytest.raises(ValueError, match=next(iter(options))):
            Compressor(**options)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="max_size"):
        Decompressor(max_size=-1)


def test_unused_data_and_end() -> None:
    frame = compress(b"data")
    decompressor = Decompressor()
    assert decompressor.needs_input
    assert decompressor.decompress(frame + b"rest") == b"data"
    assert decompressor.eof
    assert not decompressor.needs_input
    assert decompressor.unused_data == b"rest"
    with pytest.raises(EOFError):
        decompressor.decompress(b"more")
    decompressor = Decompressor()
    assert decompressor.decompress(frame + b"rest", 1) == b"d"
    assert not decompressor.eof
    assert decompressor.decompress(b"", 3) == b"ata"
    assert decompressor.eof
    assert decompressor.unused_data == b"rest"


def test_max_size() -> None:
    for frame in (compress(bytes(100_000)), compressed(bytes(100_000), block_size=1000)):
        assert len(Decompressor(100_000).decompress(frame)) == 100_000
        with pytest.raises(ValueError, match=r"99999|100000"):
            Decompressor(99_999).decompress(frame)


def test_a_damaged_stream_says_so_every_time() -> None:
    frame = bytearray(compressed(symbols(10_000, 4), block_size=1000))
    frame[len(frame) // 2] ^= 4
    decompressor = Decompressor()
    for data in (frame, b"", b"x"):
        with pytest.raises(CorruptDataError):
            decompressor.decompress(data)
        assert not decompressor.eof


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers")
@pytest.mark.once
def test_nothing_is_missing_after_an_interrupt() -> None:
    class Alarm(BaseException):
        pass

    def interrupt(*_: object) -> None:
        raise Alarm

    data = np.zeros(2 << 30, np.uint8)
    frame = compress(data)
    compressor, decompressor = Compressor(), Decompressor()
    previous = signal.signal(signal.SIGPROF, interrupt)
    calls = [lambda: compressor.compress(data), lambda: decompressor.decompress(frame)]
    try:
        for call in calls:
            # Of processor time: however busy the machine, the alarm rings during the call.
            signal.setitimer(signal.ITIMER_PROF, 0.02)
            start = time.process_time()
            with pytest.raises(Alarm):
                call()
            assert time.process_time() - start < 1
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)
    for call in [*calls, compressor.flush]:
        with pytest.raises(ValueError, match=r"error|interrupted"):
            call()


def test_a_small_frame_of_much_data_takes_little_memory() -> None:
    frame = compress(np.zeros(1 << 30, np.uint8), block_size=1 << 20)
    decompressor = Decompressor()
    assert len(decompressor.decompress(frame, 1000)) == 1000
    total = 1000
    for _ in range(5):
        total += len(decompressor.decompress(b"", 1 << 20))
    assert total == 1000 + (5 << 20)
    assert not decompressor.needs_input


# -- Files ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data() -> bytes:
    return symbols(9_000_000, 3).tobytes()


def npy_file(array: Any, before: bytes = b"", after: bytes = b"") -> io.BytesIO:
    file = io.BytesIO()
    np.save(file, array)
    return io.BytesIO(before + file.getvalue() + after)


@pytest.mark.once
def test_npy_files_are_split_by_their_elements(tmp_path: Path) -> None:
    path, coded = tmp_path / "a", tmp_path / "a.pin"

    def planes_of(file: io.BytesIO, start: int = 0) -> int:
        path.write_bytes(file.getvalue())
        with path.open("rb") as source:
            source.seek(start)
            compress_file(source, coded)
        assert decompress(coded.read_bytes()).tobytes() == file.getvalue()[start:]
        return max(block.plane for block in Frame(coded.read_bytes()).blocks) + 1

    for dtype in ("<f4", ">i8", "<c16", "<U2", "i1", "V64"):
        array = np.zeros(300, dtype)
        assert planes_of(npy_file(array)) == array.itemsize
        assert planes_of(npy_file(array, before=b"abc"), 3) == array.itemsize
    array = np.arange(100, dtype="<f4")
    assert planes_of(npy_file(array, after=b"x")) == 1
    assert planes_of(npy_file(array, before=b"x")) == 1
    assert planes_of(npy_file(np.zeros(9, "V65"))) == 1
    assert planes_of(npy_file(np.array(["a", None]))) in {1, 8}
    for damaged in (
        b"\x93NUMPY",
        b"\x93NUMPY\x07\0" + bytes(90),
        b"\x93NUMPY\1\0\x20\0{" + b"(" * 91,
    ):
        assert planes_of(io.BytesIO(damaged)) == 1
    assert planes_of(io.BytesIO(b"abc")) == 1


@pytest.mark.parametrize("threads", [1, 2, 0])
def test_files(tmp_path: Path, data: bytes, threads: int) -> None:
    source, coded, result = tmp_path / "a", tmp_path / "a.pin", str(tmp_path / "b")
    source.write_bytes(data)
    calls: list[tuple[int, int | None]] = []
    sizes = compress_file(
        source, coded, threads=threads, itemsize=2, progress=lambda *a: calls.append(a)
    )
    assert sizes == FileSizes(len(data), coded.stat().st_size)
    assert calls[-1] == (len(data), len(data))
    assert sorted(calls) == calls
    assert coded.read_bytes() == compressed(data, itemsize=2)
    calls.clear()
    assert decompress_file(
        coded, result, threads=threads, progress=lambda *a: calls.append(a)
    ) == FileSizes(sizes.written, sizes.read)
    assert calls[-1] == (sizes.written, sizes.written)
    assert Path(result).read_bytes() == data
    with Frame.open(coded) as frame:
        assert frame[5:100].tobytes() == data[5:100]


@pytest.mark.parametrize("threads", [1, 2])
def test_file_objects(tmp_path: Path, data: bytes, threads: int) -> None:
    coded = io.BytesIO(b"before")
    coded.seek(6)
    compress_file(io.BytesIO(data), coded, threads=threads)
    assert coded.getvalue()[:6] == b"before"
    coded.seek(6)
    result = io.BytesIO()
    sizes = decompress_file(coded, result, threads=threads)
    assert sizes == FileSizes(len(coded.getvalue()) - 6, len(data))
    assert result.getvalue() == data
    path = tmp_path / "both"
    path.write_bytes(coded.getvalue())
    with path.open("rb") as file, (tmp_path / "raw").open("wb", buffering=0) as raw:
        file.seek(6)
        assert decompress_file(file, raw, threads=threads).written == len(data)
        assert file.read() == b""
    assert (tmp_path / "raw").read_bytes() == data


def test_empty_files(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for threads in (1, 2):
        written = compress_file(tmp_path / "empty", tmp_path / "coded", threads=threads).written
        assert written == (tmp_path / "coded").stat().st_size > 0
        assert decompress_file(
            tmp_path / "coded", tmp_path / "result", threads=threads
        ) == FileSizes(written, 0)
        with pytest.raises(CorruptDataError):
            decompress_file(tmp_path / "empty", tmp_path / "result", threads=threads)


def test_arrays_in_files(tmp_path: Path) -> None:
    array = filled(np.dtype("<f4"), (300, 7), "F")
    (tmp_path / "array.pin").write_bytes(compress(array))
    decompress_file(tmp_path / "array.pin", tmp_path / "bytes")
    assert (tmp_path / "bytes").read_bytes() == array.tobytes("F")


def test_pipes(data: bytes) -> None:
    read, write = os.pipe()
    with os.fdopen(read, "rb") as source, os.fdopen(write, "wb") as sink:

        def feed() -> None:
            with sink:
                compress_file(io.BytesIO(data), sink)

        writer = threading.Thread(target=feed)
        writer.start()
        result = io.BytesIO()
        calls: list[tuple[int, int | None]] = []
        decompress_file(source, result, threads=2, progress=lambda *a: calls.append(a))
        writer.join()
    assert result.getvalue() == data
    assert {total for _, total in calls} == {None}


def test_writers_that_take_little_at_a_time(data: bytes) -> None:
    class Slow:
        def __init__(self, returns: bool) -> None:
            self.got = bytearray()
            self.returns = returns

        def write(self, data: Any) -> int | None:
            taken = memoryview(data)[:100_000] if self.returns else data
            self.got += taken
            return len(taken) if self.returns else None

    for returns in (False, True):
        sink: Any = Slow(returns)
        compress_file(io.BytesIO(data), sink)
        assert bytes(sink.got) == compressed(data)


@pytest.mark.parametrize("threads", [1, 2])
def test_nothing_is_left_of_a_failure(tmp_path: Path, data: bytes, threads: int) -> None:
    source, result = tmp_path / "source", tmp_path / "result"
    frame = compressed(data)
    damaged = bytearray(frame)
    damaged[-200_000] ^= 1
    for content, message in (
        (bytes(damaged), "block"),
        (frame[:-1], "."),
        (frame[: len(frame) // 2], "."),
        (frame + b"x", "follow"),
        (b"no frame at all, but long enough", "."),
        (b"\x89P", "."),
    ):
        source.write_bytes(content)
        with pytest.raises(CorruptDataError, match=message) as caught:
            decompress_file(source, result, threads=threads)
        assert 0 <= caught.value.offset <= len(content)
        assert not result.exists()
    source.write_bytes(frame)
    with pytest.raises(ValueError, match=str(len(data) - 1)):
        decompress_file(source, result, threads=threads, max_size=len(data) - 1)
    assert not result.exists()
    with pytest.raises(ValueError, match="last item"):
        compress_file(source, result, itemsize=64 if len(frame) % 64 else 63, threads=threads)
    assert not result.exists()

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    for call in (compress_file, decompress_file):
        with pytest.raises(KeyboardInterrupt):
            call(source, result, progress=stop, threads=threads)
        assert not result.exists()


def test_wrong_files(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(compress(b"abc"))
    for call in (compress_file, decompress_file):
        with pytest.raises(ValueError, match="same file"):
            call(path, path)
        with path.open("rb") as file, pytest.raises(ValueError, match="same file"):
            call(file, path)
        with pytest.raises(FileNotFoundError):
            call(tmp_path / "missing", tmp_path / "result")
        assert not (tmp_path / "result").exists()
        with pytest.raises(FileNotFoundError):
            call(path, tmp_path / "missing" / "result")
        with pytest.raises(TypeError, match="binary"):
            call(io.StringIO("text"), io.BytesIO())  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="threads"):
            call(path, tmp_path / "result", threads=-1)
    assert path.read_bytes() == compress(b"abc")


MEMORY = """
import resource, sys
from pathlib import Path
from pyinfo import compress_file, decompress_file
source, coded, result = map(Path, sys.argv[1:4])
threads = int(sys.argv[4])

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

small = source.with_name("small")
with source.open("rb") as file:
    small.write_bytes(file.read(48 << 20))
compress_file(small, coded, threads=threads)
decompress_file(coded, result)
before = peak()
compress_file(source, coded, threads=threads)
decompress_file(coded, result)
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kilobytes on Linux only")
@pytest.mark.once
@pytest.mark.parametrize("threads", [1, 2])
def test_memory_is_constant(tmp_path: Path, threads: int) -> None:
    source = tmp_path / "source"
    block = rng(1).integers(0, 20, 1 << 20, np.uint8).tobytes()
    with source.open("wb") as file:
        for _ in range(200):
            file.write(block)
    arguments = [str(source), str(tmp_path / "coded"), str(tmp_path / "result"), str(threads)]
    command = [sys.executable, "-P", "-c", MEMORY, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=DEADLINE)
    assert int(done.stdout) < 8 << 10
    assert (tmp_path / "result").stat().st_size == source.stat().st_size
