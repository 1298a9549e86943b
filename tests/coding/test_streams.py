"""Compressor, Decompressor, compress_file, decompress_file: frames in pieces, of any size."""

from __future__ import annotations

import copy
import copyreg
import io
import os
import pickle
import signal
import stat
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

from pyinfo import _core
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
    for wrong in ("text", [1], None):
        with pytest.raises(TypeError, match="data must support the buffer protocol, not"):
            Compressor().compress(wrong)
        with pytest.raises(TypeError, match="data must support the buffer protocol, not"):
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


def test_taking_little_at_a_time_copies_nothing() -> None:
    frame = compress(symbols(3_000_000, 3), block_size=1000)
    data = decompress(frame).tobytes()
    for piece in (frame, bytearray(frame)):
        decompressor = Decompressor()
        result = [decompressor.decompress(piece, 1000)]
        (kept,) = decompressor._waiting
        owner = kept.obj
        assert (owner is piece) == isinstance(piece, bytes)  # what others may change is copied once
        if isinstance(piece, bytearray):
            piece[:] = bytes(len(piece))
        while not decompressor.eof:
            result.append(decompressor.decompress(b"", 50_000))
            assert all(view.obj is owner for view in decompressor._waiting)
        assert b"".join(result) == data


def test_input_that_comes_while_some_waits() -> None:
    frame = compress(symbols(30_000, 3), block_size=1000)
    decompressor = Decompressor()
    result = [decompressor.decompress(frame[i : i + 100], 7) for i in range(0, len(frame), 100)]
    while not decompressor.eof:
        result.append(decompressor.decompress(b"", 999))
    assert b"".join(result) == decompress(frame).tobytes()
    assert not decompressor.needs_input


@pytest.mark.parametrize("step", [1, 5, 1 << 20])
@pytest.mark.parametrize("max_length", [-1, 1, 100])
def test_frames_one_after_another(step: int, max_length: int) -> None:
    frames = [compress(b"abc" * 50), compressed(b"xy" * 90, block_size=40), compress(b"")]
    frames.append(compress(np.arange(20, dtype="<i4")))
    data = b"".join(decompress(frame).tobytes() for frame in frames)
    joined = b"".join(frames)
    decompressor = Decompressor(concatenated=True)
    result = []
    for start in range(0, len(joined), step):
        result.append(decompressor.decompress(joined[start : start + step], max_length))
        while not decompressor.needs_input:
            result.append(decompressor.decompress(b"", max_length))
        end = start + step
        ends = {sum(map(len, frames[: k + 1])) for k in range(len(frames))}
        assert decompressor.eof == (min(end, len(joined)) in ends)
    assert b"".join(result) == data
    assert decompressor.unused_data == b""
    assert decompressor.decompress(b"") == b""
    for threads in (1, 2):
        sink = io.BytesIO()
        assert decompress_file(io.BytesIO(joined), sink, threads=threads).written == len(data)
        assert sink.getvalue() == data
        decompress_file(io.BytesIO(joined), io.BytesIO(), max_size=len(data))
        with pytest.raises(ValueError, match="more than the"):
            decompress_file(io.BytesIO(joined), io.BytesIO(), max_size=len(data) - 1)


def test_damage_in_a_later_frame_is_told_where_it_is() -> None:
    first, second = compress(b"abc" * 50), bytearray(compress(b"x" * 50))
    second[-1] ^= 1
    for threads in (1, 2):
        for after, message, offset in (
            (bytes(second), f"frame 2 at byte {len(first)}: block 0", len(first) + 26),
            (b"nothing", "followed by other data", len(first)),
            (first[:-1], "frame 2 at byte .*data ends", 2 * len(first) - 1),
        ):
            with pytest.raises(CorruptDataError, match=message) as caught:
                decompress_file(io.BytesIO(first + after), io.BytesIO(), threads=threads)
            assert caught.value.offset == offset
    decompressor = Decompressor(concatenated=True)
    decompressor.decompress(first)
    with pytest.raises(CorruptDataError, match="followed by other data"):
        decompressor.decompress(b"nothing")


def test_several_threads_name_the_first_damage() -> None:
    data = symbols(200_000, 4)
    frame = bytearray(compressed(data, itemsize=2, block_size=1000))
    blocks = Frame(bytes(frame)).blocks
    for damaged in ([7], [9, 3], [150, 20], [len(blocks) - 1]):
        broken = bytearray(frame)
        for number in damaged:
            broken[blocks[number].offset + 20] ^= 1
        errors = []
        for threads in (1, 2, 5):
            with pytest.raises(CorruptDataError) as caught:
                decompress_file(io.BytesIO(broken), io.BytesIO(), threads=threads)
            errors.append((str(caught.value), caught.value.offset))
        assert len(set(errors)) == 1
        assert f"block {min(damaged)} " in errors[0][0]


def test_streams_are_neither_copied_nor_pickled() -> None:
    for stream in (Compressor(), Decompressor()):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError, match="cannot pickle"):
                pickle.dumps(stream, protocol)
        for copied in (copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="cannot pickle"):
                copied(stream)
    compressor = Compressor()
    assert decompress(compressor.compress(b"abc") + compressor.flush()).tobytes() == b"abc"


def test_objects_of_the_core_are_whole_or_not_at_all() -> None:
    """Whatever a pickle calls: there is none without what it stands for."""
    code = _core.huffman_code(np.array([1, 1], np.uint8))
    for kind in (_core.FrameReader, _core.FrameWriter, _core.StreamReader, type(code)):
        for make in (
            lambda kind=kind: kind.__new__(kind),
            lambda kind=kind: object.__new__(kind),
            lambda kind=kind: kind.__mro__[1].__new__(kind),
            lambda kind=kind: copyreg.__newobj__(kind),  # type: ignore[attr-defined]
            lambda kind=kind: type("Derived", (kind,), {}).__new__(kind),
            kind,
        ):
            with pytest.raises(TypeError):
                make()
    for one in (code, _core.StreamReader(10), _core.FrameReader(compress(b"a"), 1)):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError, match="cannot pickle"):
                pickle.dumps(one, protocol)
        with pytest.raises(TypeError):
            copy.copy(one)
    reader = _core.FrameReader(data=compress(b"abc"), max_size=3)
    reader.__init__(compress(b"other"), 100)  # type: ignore[misc]
    assert reader.items == 3
    with pytest.raises(CorruptDataError):
        _core.FrameReader(b"none", 1)


def test_lengths_beyond_all_bounds() -> None:
    assert Decompressor().decompress(compress(b"abc"), 10**400) == b"abc"
    assert Decompressor(10**400).decompress(compress(b"abc"), -(10**400)) == b"abc"


@pytest.mark.once
def test_many_threads_and_small_blocks() -> None:
    data = symbols(20_000, 3)
    expected = compress(data, block_size=10)
    for threads in (3, 64, 1000):
        assert compress(data, block_size=10, threads=threads) == expected


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


# -- Files that are whole or not there ------------------------------------------------------------


def test_an_older_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    source, result = tmp_path / "source", tmp_path / "result"
    result.write_bytes(b"older")
    result.chmod(0o640)
    frame = compress(symbols(9_000_000, 3))

    def stop(*_: object) -> None:
        assert result.read_bytes() == b"older"
        raise KeyboardInterrupt

    source.write_bytes(b"no frame")
    with pytest.raises(CorruptDataError):
        decompress_file(source, result)
    source.write_bytes(frame)
    for call in (compress_file, decompress_file):
        with pytest.raises(KeyboardInterrupt):
            call(source, result, progress=stop)
        assert result.read_bytes() == b"older"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["result", "source"]
    decompress_file(source, result)
    assert result.read_bytes() == decompress(frame).tobytes()
    assert stat.S_IMODE(result.stat().st_mode) == 0o640


@pytest.mark.skipif(os.name != "posix", reason="links and umask as POSIX has them")
def test_links_and_permissions_of_destinations(tmp_path: Path) -> None:
    source, target, link = tmp_path / "source", tmp_path / "target", tmp_path / "link"
    source.write_bytes(b"data")
    source.chmod(0o600)
    link.symlink_to(target)
    compress_file(source, link)
    assert link.is_symlink()
    assert decompress(target.read_bytes()).tobytes() == b"data"
    plain = tmp_path / "plain"
    plain.touch()
    assert target.stat().st_mode == plain.stat().st_mode  # that of any new file
    round_about = tmp_path / "a"
    round_about.symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(round_about)
    with pytest.raises(OSError, match="symbolic links"):
        compress_file(source, round_about)


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="no names for open files")
def test_destinations_that_are_open_already(tmp_path: Path) -> None:
    source, archive = tmp_path / "source", tmp_path / "archive"
    source.write_bytes(b"data")
    archive.write_bytes(b"kept ")
    with archive.open("ab") as file:
        for name in (f"/dev/fd/{file.fileno()}", f"/proc/self/fd/{file.fileno()}"):
            if Path(name).parent.exists():
                compress_file(source, name)
    content = archive.read_bytes()
    assert content.startswith(b"kept \x89PIN")
    frame = compressed(b"data")
    assert content in {b"kept " + frame, b"kept " + frame * 2}
    read, write = os.pipe()
    with os.fdopen(read, "rb") as pipe:
        compress_file(source, f"/dev/fd/{write}")
        os.close(write)
        assert pipe.read() == frame


def test_names_that_are_no_paths(tmp_path: Path) -> None:
    wrong: Any
    for wrong in (b"name", 3.5, None, ["a"]):
        with pytest.raises(TypeError, match="must be a path or a binary file"):
            compress_file(wrong, tmp_path / "result")
        with pytest.raises(TypeError, match="must be a path or a binary file"):
            decompress_file(io.BytesIO(compress(b"")), wrong)
    with pytest.raises(TypeError, match=r"os\.fsdecode"):
        compress_file(b"name", tmp_path / "result")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("threads", [1, 2])
def test_a_source_that_is_cut_off_while_it_is_read(tmp_path: Path, threads: int) -> None:
    source = tmp_path / "source"
    source.write_bytes(compress(rng(1).integers(0, 256, 20_000_000, np.uint8)))

    def cut(*_: object) -> None:
        os.truncate(source, 100)

    with pytest.raises(CorruptDataError, match="the data ends at byte"):
        decompress_file(source, tmp_path / "result", threads=threads, progress=cut)
    assert not (tmp_path / "result").exists()
