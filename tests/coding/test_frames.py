"""compress, decompress and Frame: what goes in comes out, whole or in parts."""

from __future__ import annotations

import array
import copy
import ctypes
import gc
import hashlib
import mmap
import operator
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pyinfo import _core
from pyinfo.coding import coder_options
from pyinfo.coding.array_layout import ArrayLayout
from pyinfo.coding.arrays import compress, decompress
from pyinfo.coding.coder_options import Coder
from pyinfo.coding.coding_report import compression_report
from pyinfo.coding.frames import Frame
from pyinfo.config import config
from pyinfo.errors import CorruptDataError
from support.coding_inputs import dtypes, filled, same, symbols
from support.distributions import rng
from support.programs import DEADLINE

CODERS: list[Coder] = ["auto", "huffman", "rans", "raw"]
EACH_CODER = pytest.mark.parametrize("coder", CODERS)
SHAPES: list[tuple[int, ...]] = [(), (0,), (1,), (5,), (3, 4), (2, 0, 3), (4, 3, 5), (1,) * 7]


def test_types_name_what_the_core_has() -> None:
    assert get_args(coder_options.Coder) == coder_options.CODERS == _core.CODERS
    assert {*get_args(coder_options.Mode), "index"} == {*_core.MODES}
    assert coder_options.MODES == _core.MODES


# -- Round trips ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", dtypes(), ids=str)
def test_every_dtype_shape_and_order(dtype: np.dtype[Any]) -> None:
    for shape in SHAPES:
        for order in "CF":
            data = filled(dtype, shape, order)
            got = decompress(compress(data))
            assert same(got, data), (shape, order)
            assert got.flags.c_contiguous == data.flags.c_contiguous
            assert got.flags.writeable
            assert got.flags.aligned


@EACH_CODER
@pytest.mark.parametrize("alphabet", [1, 2, 5])
def test_every_size(coder: Coder, alphabet: int) -> None:
    data = rng(alphabet).integers(0, alphabet, 2001).astype(np.uint8) * 51
    for n in range(2001):
        assert same(decompress(compress(data[:n], coder=coder)), data[:n]), n


@EACH_CODER
@pytest.mark.parametrize("bits", [0, 0.01, 0.5, 2.7, 4, 7.9, 7.99, 8])
def test_every_entropy(coder: Coder, bits: float) -> None:
    for n in (1000, 100_000, 700_001):
        data = symbols(n, bits)
        for effort in (1, 2):
            frame = compress(data, coder=coder, effort=effort)
            assert same(decompress(frame), data)
            assert len(frame) <= n * 1.001 + 64
        if coder != "raw" and bits < 7:
            expected = bits + 1 if coder == "huffman" else bits
            assert len(frame) < n * expected / 8 * 1.05 + 400


@EACH_CODER
def test_planes(coder: Coder) -> None:
    normal = rng(1).standard_normal(300_000)
    for data in (normal, normal.astype(np.float32), (normal * 1000).astype(np.int16)):
        frame = compress(data, coder=coder)
        assert same(decompress(frame), data)
        if coder != "raw":
            assert len(frame) < data.nbytes * 0.95


@given(
    hnp.arrays(
        dtype=st.sampled_from([np.dtype(c) for c in "?bHifdF"] + [np.dtype(">u4")]),
        shape=hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=30),
    ),
    st.sampled_from(CODERS),
    st.sampled_from([1, 3, 64, 1000, None]),
    st.sampled_from(["as it is", "transposed", "reversed", "every other"]),
)
def test_arrays(data: Any, coder: Coder, block_size: int | None, way: str) -> None:
    if way == "transposed":
        data = data.T
    elif way == "reversed" and data.ndim > 0:
        data = data[::-1]
    elif way == "every other" and data.ndim > 0:
        data = data[..., ::2]
    frame = compress(data, coder=coder, block_size=block_size)
    assert same(decompress(frame), data)
    assert Frame(frame).verify() == []


@given(st.binary(max_size=3000), st.sampled_from(CODERS), st.sampled_from([1, 2, 100, None]))
def test_bytes(data: bytes, coder: Coder, block_size: int | None) -> None:
    got = decompress(compress(data, coder=coder, block_size=block_size))
    assert got.dtype == np.uint8
    assert got.tobytes() == data


def test_bytes_like() -> None:
    plain = compress(b"abcd")
    with mmap.mmap(-1, 4) as mapped:
        mapped[:] = b"abcd"
        same_bytes = [bytearray(b"abcd"), memoryview(b"abcd"), mapped, np.frombuffer(b"abcd", "u1")]
        same_bytes += [np.bytes_(b"abcd"), memoryview(b"aabbccdd")[::2]]
        for data in same_bytes:
            assert compress(data) == plain
            frame: Any = bytearray(plain)
            assert decompress(memoryview(frame)).tobytes() == b"abcd"
    assert same(decompress(compress(array.array("d", [1, 2]))), np.array([1.0, 2.0]))
    assert same(decompress(compress((ctypes.c_int16 * 3)(1, 2, 3))), np.array([1, 2, 3], np.int16))
    grid = memoryview(bytes(range(24))).cast("h", (3, 4))
    assert same(decompress(compress(grid)), np.asarray(grid))


def test_array_like() -> None:
    for data in ([1, 2, 3], [[0.5, 1.5]], 3, 2.5, True, np.float32(1), 1 + 2j, (), ["a", "bc"]):
        assert same(decompress(compress(data)), np.asarray(data))
    data = np.arange(12).reshape(3, 4)

    class Matrix(np.ndarray):
        pass

    assert same(decompress(compress(data.view(Matrix))), data)

    class Speaks:
        def __dlpack__(self, **options: Any) -> Any:
            return data.__dlpack__(**options)

        def __dlpack_device__(self) -> Any:
            return data.__dlpack_device__()

    assert same(decompress(compress(Speaks())), data)


def test_what_cannot_be_compressed() -> None:
    class Holder:
        pass

    overlapping = np.dtype({"names": ["a", "b"], "formats": ["<i4", "<i2"], "offsets": [0, 2]})
    cases: list[tuple[Any, str]] = [
        ("text", "'str'"),
        (np.array([None, 1]), "Python objects"),
        (np.zeros(2, [("a", "O")]), "Python objects"),
        (np.array(["a"], np.dtypes.StringDType()), "Python objects"),
        (Holder(), "must be an array or a list, not Holder"),
        (None, "must be an array or a list, not NoneType"),
        (np.ma.masked_array([1, 2], [True, False]), "mask"),
        (np.zeros(2, overlapping), "cannot be compressed"),
        (np.zeros(2, [("name" * 20_000, "<i4")]), "so long"),
    ]
    for data, message in cases:
        with pytest.raises(TypeError, match=message):
            compress(data)


def test_one_frame_whatever_the_threads() -> None:
    data = filled(np.dtype("<f4"), (700_001,))
    frame = compress(data, block_size=10_000)
    for threads in (2, 3, 0, np.int64(2)):
        assert compress(data, block_size=10_000, threads=threads) == frame
        assert same(decompress(frame, threads=threads), data)


@pytest.mark.once
def test_many_blocks() -> None:
    data = np.resize(symbols(1_000_003, 2.0), 40_000_000)
    one = compress(data)
    assert one == compress(data, threads=2)
    assert same(decompress(one, threads=2), data)
    assert same(Frame(one)[1_000:37_000_000], data[1_000:37_000_000])


def test_overhead() -> None:
    for n in (0, 1, 2, 17, 100, 5000, 262_144, 262_145, 3_000_000):
        noise = symbols(n, 8)
        for dtype in ("u1", "<u2", "<f4", "<f8", "V3", "V50"):
            data = noise[: n - n % np.dtype(dtype).itemsize].view(dtype)
            for coder in CODERS:
                assert len(compress(data, coder=coder)) <= data.nbytes * 1.001 + 64


def test_options() -> None:
    wrong: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"coder": "zstd"}, ValueError, "coder must be one of 'auto', 'huffman', 'rans', 'raw'"),
        ({"coder": None}, ValueError, "coder"),
        ({"block_size": 0}, ValueError, "block_size"),
        ({"block_size": 2**20 + 1}, ValueError, "block_size"),
        ({"block_size": 1.5}, TypeError, "integer"),
        ({"effort": 0}, ValueError, "effort"),
        ({"effort": 3}, ValueError, "effort"),
        ({"threads": -1}, ValueError, "threads"),
        ({"threads": "2"}, TypeError, "integer"),
        ({"level": 3}, TypeError, "level"),
    ]
    for options, error, message in wrong:
        with pytest.raises(error, match=message):
            compress(b"abc", **options)
    frame = compress(b"abc")
    for options, message in (
        ({"threads": -1}, r"threads must be 0 \(all cores\) or a positive number up to 4096"),
        ({"max_size": -1}, "max_size must be at least 0, not -1"),
    ):
        with pytest.raises(ValueError, match=message):
            decompress(frame, **options)
    for data in ("abc", 3, None, [1, 2]):
        with pytest.raises(TypeError):
            decompress(data)
    with pytest.raises(ValueError, match="contiguous"):
        decompress(memoryview(frame * 2)[::2])


def test_block_size() -> None:
    data = symbols(10_000, 4)
    for size in (1, 7, 4096, 10_000, 2**20):
        blocks = Frame(compress(data, block_size=size)).blocks
        assert [block.stop - block.start for block in blocks[:-1]] == [size] * (len(blocks) - 1)
        assert blocks[-1].stop == 10_000
    wide = Frame(compress(np.zeros(100_000, "V64"), block_size=2**20)).blocks
    assert wide[0].stop == 2**16


# -- out, max_size --------------------------------------------------------------------------------


def test_out() -> None:
    data = filled(np.dtype("<f4"), (30, 40))
    for order in "CF":
        frame = compress(np.asarray(data, order=order))
        out = np.empty_like(data)
        assert decompress(frame, out=out) is out
        assert same(out, data)
        scattered = np.empty((60, 40), np.float32)[::2]
        assert decompress(frame, out=scattered) is scattered
        np.testing.assert_array_equal(scattered, data)
        fortran = np.empty_like(data, order="F")
        assert decompress(frame, out=fortran) is fortran
        np.testing.assert_array_equal(fortran, data)
    zero = np.empty((), np.float64)
    assert decompress(compress(2.5), out=zero) is zero
    assert zero == 2.5


def test_wrong_out() -> None:
    frame = np.frombuffer(compress(np.arange(100, dtype=np.uint8) % 7), np.uint8).copy()
    read_only = np.empty(100, np.uint8)
    read_only.flags.writeable = False
    cases: list[tuple[Any, type[Exception], str]] = [
        (bytearray(100), TypeError, "out must be an array of uint8, not bytearray"),
        (np.empty(100, np.int8), TypeError, "out must be an array of uint8, not of int8"),
        (np.empty(99, np.uint8), ValueError, "shape"),
        (np.empty((100, 1), np.uint8), ValueError, "shape"),
        (read_only, ValueError, "read-only"),
    ]
    for out, error, message in cases:
        with pytest.raises(error, match=message):
            decompress(frame, out=out)
        with pytest.raises(error, match=message):
            Frame(frame).read(out=out)
    shared = np.concatenate([frame, np.zeros(100, np.uint8)])
    with pytest.raises(ValueError, match="shares memory"):
        decompress(shared[: len(frame)], out=shared[len(frame) // 2 :][:100])


def test_max_size() -> None:
    data = np.zeros(100_000, np.float32)
    frame = compress(data)
    assert len(frame) < 300
    assert same(decompress(frame, max_size=400_000), data)
    with pytest.raises(ValueError, match=r"399999|400000"):
        decompress(frame, max_size=399_999)
    with pytest.raises(ValueError, match="4"):
        decompress(frame, max_size=0)
    assert decompress(compress(b""), max_size=0).size == 0


def test_what_does_not_get_smaller_is_stored() -> None:
    noise = symbols(1000, 8)
    for coder in CODERS:
        assert [block.mode for block in Frame(compress(noise, coder=coder)).blocks] == ["raw"]
    assert [block.mode for block in Frame(compress(b"aaaa", coder="raw")).blocks] == ["constant"]


def test_auto_takes_what_is_smallest() -> None:
    for bits in (0.2, 1, 3, 5, 7.9):
        data = symbols(200_000, bits)
        sizes = {coder: len(compress(data, coder=coder)) for coder in CODERS}
        assert sizes["auto"] <= min(sizes.values()) * 1.0001 + 64


# -- Frame ----------------------------------------------------------------------------------------


def frame_of(data: Any, **options: Any) -> Frame:
    return Frame(compress(data, **options))


def test_frame_says_what_it_holds() -> None:
    data = filled(np.dtype(">i2"), (100, 30))
    encoded = compress(data, block_size=1000)
    frame = Frame(encoded)
    assert len(frame) == 100
    assert frame.dtype == data.dtype
    assert frame.shape == data.shape
    assert frame.nbytes == data.nbytes
    assert frame.coded_size == len(encoded)
    assert "100, 30" in repr(frame)
    assert len(frame.blocks) == 6
    assert [(b.plane, b.start, b.stop) for b in frame.blocks[:3]] == [
        (0, 0, 1000),
        (1, 0, 1000),
        (0, 1000, 2000),
    ]
    assert all(block.mode in {"huffman", "rans"} for block in frame.blocks)
    assert all(block.lanes > 0 for block in frame.blocks)
    ends = [block.offset + block.coded_size for block in frame.blocks]
    assert [block.offset for block in frame.blocks[1:]] == ends[:-1]
    assert frame.verify() == []


KEYS = [
    0, -1, 7, np.int64(3), slice(None), slice(2, 5), slice(5, 2), slice(-4, None), slice(None, -3),
    slice(None, None, 3), slice(None, None, -1), slice(8, 1, -2), slice(100, 200), slice(-99, 99),
    ..., None, (), [1, 3, 3], np.array([0, 2]), True,
]  # fmt: skip
DEEP_KEYS = [
    (1, 2), (slice(1, 5), 2), (slice(None, None, -2), slice(1, 3)), (..., 1), (2, ...), (3, None),
    (slice(2, 9, 2), [0, 1]), (2, [0, 1]), (None, 1), ([1, 2], [0, 1]),
]  # fmt: skip


@pytest.mark.parametrize("dtype", ["u1", "<f4", "<U3", "S5", "V70", "<c16"])
@pytest.mark.parametrize("block_size", [1, 5, 64, None])
def test_parts(dtype: str, block_size: int | None) -> None:
    for shape, order in (((11,), "C"), ((11, 4), "C"), ((11, 3, 2), "F"), ((1,), "C")):
        data = filled(np.dtype(dtype), shape, order)
        frame = frame_of(data, block_size=block_size)
        for key in KEYS + (DEEP_KEYS if len(shape) > 1 else []):
            try:
                expected = data[key]
            except IndexError:
                with pytest.raises(IndexError):
                    frame[key]
                continue
            got = frame[key]
            assert type(got) is type(expected), key
            np.testing.assert_array_equal(got, expected, str(key))
        assert same(np.asarray(frame), data)
        np.testing.assert_array_equal(list(frame), list(data))


def test_wrong_parts() -> None:
    frame = frame_of(np.arange(10))
    for key in (10, -11, "a", 1.5, (1, 2)):
        with pytest.raises(IndexError):
            frame[key]
    scalar = frame_of(np.float64(2.5))
    assert scalar[()] == 2.5
    assert scalar.read() == 2.5
    for wrong in (lambda: len(scalar), lambda: list(scalar)):
        with pytest.raises(TypeError):
            wrong()
    for wrong_part in (lambda: scalar[0], lambda: scalar.read(0, 1)):
        with pytest.raises(IndexError):
            wrong_part()
    with pytest.raises(TypeError, match=r"Frame\.open"):
        Frame("name.pin")
    with pytest.raises(ValueError, match="without decoding"):
        np.asarray(frame, copy=False)
    assert np.asarray(frame, np.float32).dtype == np.float32


@given(st.integers(0, 5000), st.integers(0, 5000), st.sampled_from([1, 100, 4096]))
def test_any_part(start: int, stop: int, block_size: int) -> None:
    data = symbols(4999, 5)
    frame = frame_of(data, block_size=block_size)
    assert same(frame[start:stop], data[start:stop])
    out = np.empty(max(0, min(stop, 4999) - start), np.uint8)
    assert frame.read(start, stop, out=out) is out
    assert same(out, data[start:stop])


def test_parts_that_are_planes_of_nothing() -> None:
    """A small array that does not compress is stored as plain bytes: items are not elements."""
    data = symbols(800, 8).view("<f8")
    frame = frame_of(data)
    assert [(block.mode, block.stop) for block in frame.blocks] == [("raw", 800)]
    np.testing.assert_array_equal(frame[3:9], data[3:9])


def test_only_the_blocks_that_are_needed() -> None:
    data = symbols(100_000, 4)
    encoded = bytearray(compress(data, block_size=10_000))
    block = Frame(encoded).blocks[4]
    encoded[block.offset + block.coded_size // 2] ^= 1
    frame = Frame(encoded)
    assert [(d.block, d.offset) for d in frame.verify()] == [(4, block.offset)]
    assert same(frame[:40_000], data[:40_000])
    assert same(frame[50_000:], data[50_000:])
    for part in (slice(39_999, 40_001), slice(45_000, 45_001), slice(49_999, 60_000)):
        with pytest.raises(CorruptDataError, match="block 4") as caught:
            frame[part]
        assert caught.value.offset == block.offset


def test_frame_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "frame.pin"
    data = filled(np.dtype("<f4"), (1000, 50))
    path.write_bytes(compress(data, block_size=5000))
    with Frame.open(path, threads=2) as frame:
        assert same(frame[10:20], data[10:20])
        assert frame.verify() == []
    for use in (frame.verify, lambda: frame[0], lambda: frame.blocks, lambda: frame.coded_size):
        with pytest.raises(ValueError, match="closed"):
            use()
    frame.close()
    mapped = np.memmap(path, np.uint8, "r")
    assert same(Frame(mapped)[500:], data[500:])
    assert same(decompress(mapped), data)
    with pytest.raises(FileNotFoundError):
        Frame.open(tmp_path / "missing.pin")
    for content in (b"", b"hello", path.read_bytes()[:30]):
        (tmp_path / "broken.pin").write_bytes(content)
        with pytest.raises(CorruptDataError):
            Frame.open(tmp_path / "broken.pin")


def test_a_frame_holds_on_to_its_data() -> None:
    encoded = bytearray(compress(np.arange(1000)))
    frame = Frame(encoded)
    with pytest.raises(BufferError):
        encoded.append(0)
    frame.close()
    encoded.append(0)
    content = compress(np.arange(1000))
    frame = Frame(bytes(bytearray(content)))
    gc.collect()
    assert same(frame[:], np.arange(1000))


def test_a_frame_of_another_writer() -> None:
    """Any number of planes is read, also one that does not divide the elements."""
    data = np.arange(40, dtype="<u4")
    metadata = ArrayLayout.of(data).metadata()
    for planes in (1, 2, 4, 5, 8, 32, 160):
        encoded = _core.compress(data.tobytes(), planes, metadata, 3, 0, 2, 1, False)
        assert same(decompress(encoded), data)
        for start, stop in ((0, 40), (3, 4), (7, 31)):
            assert same(Frame(encoded)[start:stop], data[start:stop])


def test_a_frame_without_metadata() -> None:
    encoded = _core.compress(b"abcdef", 2, b"", 3, 0, 2, 1, False)
    assert decompress(encoded).tobytes() == b"abcdef"
    assert Frame(encoded)[1:3].tobytes() == b"bc"


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers")
@pytest.mark.once
def test_interrupts_are_heard() -> None:
    class Alarm(BaseException):
        pass

    def interrupt(*_: object) -> None:
        raise Alarm

    data = np.zeros(3 << 30, np.uint8)
    encoded = compress(data)
    out = np.zeros(3 << 30, np.uint8)
    # To check zeros takes no longer than the alarm does.
    noise = np.random.default_rng(0).geometric(0.1, 1 << 20).astype(np.uint8)
    coded = compress(np.tile(noise, 256))
    previous = signal.signal(signal.SIGPROF, interrupt)
    try:
        for call in (
            lambda: compress(data),
            lambda: compress(data, threads=2),
            lambda: decompress(encoded, out=out),
            lambda: decompress(encoded, out=out, threads=2),
            lambda: Frame(coded).verify(),
            lambda: compression_report(data),
        ):
            # Of processor time: however busy the machine, the alarm rings during the call.
            signal.setitimer(signal.ITIMER_PROF, 0.02)
            start = time.process_time()
            with pytest.raises(Alarm):
                call()
            assert time.process_time() - start < 1
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)


def some_frames() -> list[bytes]:
    """Return frames of every mode, number of lanes and element size."""
    made = []
    for bits in (0, 0.05, 0.5, 2.7, 4, 7.9, 8):
        for n in (3, 700, 9_000, 40_000, 300_000):
            data = symbols(n, bits)
            made += [compress(data, coder=coder, effort=e) for coder in CODERS for e in (1, 2)]
    normal = rng(9).standard_normal(50_000)
    made += [compress(normal.astype(t)) for t in ("<f2", "<f4", "<f8", "<c16")]
    made.append(compress(symbols(30_000, 3).view("V3")))
    return made


# Where a child process finds this file, and what it imports.
FOLDERS = [str(folder) for folder in Path(__file__).parents[:2]]

SAME = """
import hashlib, sys
sys.path[:0] = sys.argv[1:]
import test_frames
made = test_frames.some_frames()
read = b"".join(test_frames.decompress(frame).tobytes() for frame in made)
print(hashlib.sha256(b"".join(made) + read).hexdigest())
"""


@pytest.mark.once
@pytest.mark.parametrize("isa", config()["available_isas"])
def test_every_instruction_set_writes_the_same(isa: str) -> None:
    environment = {**os.environ, "PYINFO_ISA": isa}
    command = [sys.executable, "-P", "-c", SAME, *FOLDERS]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True, timeout=DEADLINE
    )
    made = some_frames()
    read = b"".join(decompress(frame).tobytes() for frame in made)
    assert done.stdout.strip() == hashlib.sha256(b"".join(made) + read).hexdigest()


def test_references() -> None:
    data = filled(np.dtype("<f4"), (1000,))
    encoded = compress(data)
    out = np.empty_like(data)
    watched: list[Any] = [data, encoded, out, data.dtype, None]
    damaged = encoded[:-1] + b"\0"

    def run() -> None:
        for _ in range(100):
            compress(data)
            decompress(encoded, out=out)
            frame = Frame(encoded)
            frame.read(3, 5)
            frame.blocks  # noqa: B018
            frame.verify()
            with pytest.raises(CorruptDataError):
                decompress(damaged, out=out)

    run()
    gc.collect()
    before = list(map(sys.getrefcount, watched))
    run()
    gc.collect()
    after = list(map(sys.getrefcount, watched))
    assert [x for x in map(operator.sub, after, before) if abs(x) >= 50] == []


# -- Pickles, limits, and files that cannot be mapped ----------------------------------------------


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_frames_are_pickled(tmp_path: Path, protocol: int) -> None:
    array = np.arange(600, dtype="<i4").reshape(20, 30)
    data = compress(array)
    path = tmp_path / "array.pin"
    path.write_bytes(data)
    for held in (data, bytearray(data), memoryview(data), np.frombuffer(data, np.uint8)):
        again = pickle.loads(pickle.dumps(Frame(held, threads=2), protocol))
        np.testing.assert_array_equal(again.read(), array, strict=True)
        assert again._threads == 2
    with Frame.open(path) as frame:
        text = pickle.dumps(frame, protocol)
        assert len(text) < len(data)  # the path alone
        assert copy.copy(frame).shape == array.shape
    with pickle.loads(text) as again:
        np.testing.assert_array_equal(again[3:5], array[3:5], strict=True)
    with pytest.raises(ValueError, match="closed"):
        pickle.dumps(frame, protocol)


def test_max_size_of_frames(tmp_path: Path) -> None:
    path = tmp_path / "a.pin"
    path.write_bytes(compress(np.zeros(1000, "<f8")))
    for make in (Frame, Frame.open):
        source: Any = path if make == Frame.open else path.read_bytes()
        assert make(source, max_size=8000).nbytes == 8000
        with pytest.raises(ValueError, match="more than the 7999 allowed"):
            make(source, max_size=7999)
        assert make(source, max_size=10**400).nbytes == 8000


@pytest.mark.skipif(os.name != "posix", reason="no devices that are files")
def test_devices_cannot_be_mapped() -> None:
    with pytest.raises(ValueError, match="no regular file and cannot be mapped"):
        Frame.open(os.devnull)


SMAPS = Path("/proc/self/smaps")


@pytest.mark.once
@pytest.mark.skipif(
    not SMAPS.is_file() or not Path("/sys/kernel/mm/transparent_hugepage").is_dir(),
    reason="this system does not tell which memory is to have huge pages",
)
def test_large_results_ask_for_huge_pages() -> None:
    frame = compress(rng(61).integers(0, 256, 8 << 20, dtype=np.uint8))
    middle = np.frombuffer(frame, np.uint8).ctypes.data + len(frame) // 2
    flags: list[str] = []
    within = False
    for line in SMAPS.read_text("utf-8").splitlines():
        words = line.split()
        if not words[0].endswith(":"):
            first, last = (int(x, 16) for x in words[0].split("-"))
            within = first <= middle < last
        elif within and words[0] == "VmFlags:":
            flags = words[1:]
    assert "hg" in flags
