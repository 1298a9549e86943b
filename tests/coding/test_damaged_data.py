"""Whatever is done to a frame: never a crash, and never other data without an error."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyinfo import _core
from pyinfo.coding import Compressor, Decompressor, Frame, compress, decompress, decompress_file
from pyinfo.coding.array_layout import ArrayLayout
from pyinfo.errors import CorruptDataError
from support.coding_inputs import filled, same, symbols
from support.distributions import rng, straddling
from support.programs import DEADLINE

Array = np.ndarray[Any, Any]


def crc32c(data: bytes, value: int = 0) -> int:
    value ^= 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def streamed(data: Any, **options: Any) -> bytes:
    compressor = Compressor(**options)
    return compressor.compress(data) + compressor.flush()


def small_frames() -> dict[str, tuple[bytes, Array]]:
    """One of every kind, none longer than some hundred bytes, with what it holds."""
    few = symbols(300, 2)
    pairs = rng(2).integers(0, 700, 150).astype("<u2")
    grid = filled(np.dtype("<f4"), (5, 4), "F")
    floats = straddling(300, "<f2")
    frames: dict[str, tuple[bytes, Array]] = {
        "empty": (compress(b""), np.empty(0, np.uint8)),
        "empty array": (compress(grid[:0]), grid[:0]),
        "raw": (compress(few[:30], coder="raw"), few[:30]),
        "constant": (compress(np.full(99, 5, np.int8)), np.full(99, 5, np.int8)),
        "huffman": (compress(few, coder="huffman"), few),
        "rans": (compress(few, coder="rans"), few),
        "planes": (compress(pairs), pairs),
        "indexed": (compress(few, block_size=70), few),
        "indexed planes": (compress(pairs, block_size=60), pairs),
        "rotated": (compress(floats), floats),
        "indexed rotated": (compress(floats, block_size=160), floats),
        "fortran": (compress(grid), grid),
        "streamed": (streamed(few, block_size=128), few),
        "streamed, nothing": (streamed(b""), np.empty(0, np.uint8)),
        "text": (compress(np.array(["ab", "c"])), np.array(["ab", "c"])),
    }
    assert {"huffman"} == {b.mode for b in Frame(frames["huffman"][0]).blocks}
    assert {"rans"} == {b.mode for b in Frame(frames["rans"][0]).blocks}
    assert all(Frame(frame).rotated == ("rotated" in name) for name, (frame, _) in frames.items())
    return frames


FRAMES = small_frames()
EACH = pytest.mark.parametrize("name", FRAMES)


def read_stream(data: bytes) -> bytes:
    """Everything that an incremental reader makes of the data, in pieces of 50 bytes."""
    decompressor = Decompressor()
    result = b""
    for start in range(0, len(data), 50):
        if decompressor.eof:
            break
        result += decompressor.decompress(data[start : start + 50])
    if not decompressor.eof:
        raise CorruptDataError("cut off", None)
    return result


def read_file(data: bytes) -> bytes:
    result = io.BytesIO()
    decompress_file(io.BytesIO(data), result)
    return result.getvalue()


def readers(data: bytes) -> Iterator[Callable[[], Array | bytes]]:
    yield lambda: decompress(data)
    yield lambda: decompress(data, threads=2)
    yield lambda: read_file(data)
    yield lambda: read_stream(data)


def check(damaged: bytes, original: Array) -> None:
    """All readers refuse the damaged frame; its parts are right, or refused."""
    plain = original.tobytes("A")
    for read in readers(damaged):
        with pytest.raises(CorruptDataError) as caught:
            read()
        assert caught.value.offset is None or 0 <= caught.value.offset <= len(damaged)
    try:
        frame = Frame(damaged)
    except CorruptDataError:
        return
    assert frame.verify()
    for block in frame.blocks:
        assert block.coded_size >= 16
    try:
        rest = frame.read()
    except CorruptDataError:
        pass
    else:  # the damage is in the index, or behind the blocks
        assert plain.startswith(rest.tobytes("A"))
    if original.ndim == 1:
        for k in range(0, min(len(frame), len(original)), 13):
            try:
                element = frame[k]
            except CorruptDataError:
                continue
            assert element.tobytes() == original[k].tobytes()


@EACH
def test_flipped_bits(name: str) -> None:
    data, original = FRAMES[name]
    assert same(decompress(data), original)
    for position in range(len(data)):
        for bit in range(8):
            damaged = bytearray(data)
            damaged[position] ^= 1 << bit
            check(bytes(damaged), original)


@EACH
def test_other_bytes(name: str) -> None:
    data, original = FRAMES[name]
    random = rng(3)
    for position in range(len(data)):
        for value in {0, 0xFF, int(random.integers(256))} - {data[position]}:
            damaged = bytearray(data)
            damaged[position] = value
            check(bytes(damaged), original)


@EACH
def test_truncated(name: str) -> None:
    data, original = FRAMES[name]
    for length in range(len(data)):
        check(data[:length], original)


@EACH
def test_too_long(name: str) -> None:
    data, original = FRAMES[name]
    plain = original.tobytes("A")
    for more in (b"\0", b"x" * 40, data):
        for read in list(readers(data + more))[:2]:
            with pytest.raises(CorruptDataError):
                read()
        assert read_stream(data + more) == plain  # has it as unused data
        if more != data:
            with pytest.raises(CorruptDataError, match="follow"):
                read_file(data + more)
    assert read_file(data + data) == plain * 2  # a file may have several frames


@EACH
def test_bytes_lost_or_doubled(name: str) -> None:
    data, original = FRAMES[name]
    for position in range(len(data)):
        for count in (1, 2, 4, 16):
            shorter = data[:position] + data[position + count :]
            longer = data[: position + count] + data[position:]
            for damaged in (shorter, longer):
                if not damaged.startswith(data):
                    check(damaged, original)


@EACH
def test_runs_of_noise(name: str) -> None:
    data, original = FRAMES[name]
    random = rng(4)
    for _ in range(300):
        start, stop = sorted(random.integers(0, len(data) + 1, 2))
        noise = random.integers(0, 256, stop - start, np.uint8).tobytes()
        damaged = data[:start] + noise + data[stop:]
        if damaged != data:
            check(damaged, original)


def parts_of(data: bytes) -> list[bytes]:
    """Return the header, the blocks, and what follows them."""
    blocks = Frame(data).blocks
    cuts = [0, *(block.offset for block in blocks)]
    end = blocks[-1].offset + blocks[-1].coded_size
    return [data[a:b] for a, b in zip(cuts, [*cuts[1:], end], strict=True)] + [data[end:]]


def test_splices() -> None:
    """Blocks of one frame in another, and in another place, though each is intact."""
    values = [symbols(400, 3, seed) for seed in range(3)]
    frames = [compress(v, block_size=100) for v in values]
    frames += [streamed(v, block_size=100) for v in values]
    frames += [compress(values[0].view("<u2"), block_size=50)]
    originals = [*values, *values, values[0].view("<u2")]
    for a, original in zip(frames, originals, strict=True):
        for b in frames:
            if a == b:
                continue
            ours, theirs = parts_of(a), parts_of(b)
            for k in range(1, min(len(ours), len(theirs))):
                for spliced in (
                    ours[:k] + theirs[k:],
                    [*ours[:k], theirs[k], *ours[k + 1 :]],
                    [*ours[:k], theirs[k], *ours[k:]],
                ):
                    joined = b"".join(spliced)
                    if joined not in frames:
                        check_refused(joined)
        ours = parts_of(a)
        for i in range(1, len(ours) - 1):
            dropped = b"".join([*ours[:i], *ours[i + 1 :]])
            doubled = b"".join([*ours[: i + 1], *ours[i:]])
            check_refused(dropped)
            check_refused(doubled)
            for j in range(i + 1, len(ours) - 1):
                swapped = ours.copy()
                swapped[i], swapped[j] = swapped[j], swapped[i]
                check(b"".join(swapped), original)


def check_refused(damaged: bytes) -> None:
    for read in readers(damaged):
        with pytest.raises(CorruptDataError):
            read()
    try:
        frame = Frame(damaged)
    except CorruptDataError:
        return
    assert frame.verify()


# -- Headers that lie: their checks are right, what they say is not -------------------------------


def header(
    items: int,
    *,
    planes: int = 1,
    chunk_items: int = 1 << 18,
    flags: int = 1,
    version: int = 1,
    metadata: bytes = b"",
    length: int | None = None,
) -> bytes:
    data = b"\x89PIN" + struct.pack(
        "<BBHIHQ",
        version,
        flags,
        planes,
        chunk_items,
        len(metadata) if length is None else length,
        items,
    )
    data += metadata
    return data + struct.pack("<I", crc32c(data))


def block(previous: int, mode: int, lanes: int, symbols: int, payload: bytes) -> bytes:
    head = struct.pack("<BBHII", mode, lanes, 0, symbols, len(payload))
    check = crc32c(struct.pack("<II", previous, crc32c(head + payload)))
    return head + struct.pack("<I", check) + payload


def check_of(head: bytes) -> int:
    return int.from_bytes(head[-4:], "little")


def test_the_builder_of_frames() -> None:
    head = header(5)
    assert head + block(check_of(head), 1, 0, 5, b"y") == compress(b"y" * 5)


def test_huge_sizes() -> None:
    """Refused before memory is asked for."""
    most = (1 << 64) - 1
    for items in (1, 1 << 20, 1 << 32, 1 << 40, 1 << 62, most >> 1, most - 1, most):
        for planes in (1, 2, 8, 65535):
            for chunk_items in (1, 1 << 18, 1 << 20):
                for flags in (1, 3):
                    head = header(items, planes=planes, chunk_items=chunk_items, flags=flags)
                    more = block(check_of(head), 1, 0, min(items, chunk_items), b"x")
                    check_refused(head)
                    if items <= chunk_items and planes == 1 and flags == 1:
                        assert len(decompress(head + more)) == items
                        continue
                    check_refused(head + more)
                    check_refused(head + more * 3)
                    check_refused(head + bytes(100))


def test_headers_out_of_range() -> None:
    good = header(0)
    assert decompress(good).size == 0
    for bad in (
        header(0, planes=0),
        header(0, chunk_items=0),
        header(0, chunk_items=(1 << 20) + 1),
        header(0, chunk_items=(1 << 32) - 1),
        header(0, version=0),
        header(0, version=2),
        header(0, flags=0),
        header(0, flags=4),
        header(0, flags=8),
        header(0, flags=9),
        *(header(0, planes=planes, flags=5) for planes in (1, 3, 5, 6, 7, 9, 16, 65535)),
        *(header(10, planes=planes, flags=7) for planes in (1, 3)),
        header(0, flags=0x81),
        header(0, length=65535),
        header(0, length=1),
        header((1 << 64) - 1),
        b"",
        b"\x89PIN",
        b"\x88PIN" + good[4:],
    ):
        check_refused(bad)


@pytest.mark.parametrize("planes", [2, 4, 8])
def test_the_flag_of_rotated_items(planes: int) -> None:
    """Where a header may have it, the planes are read as those of rotated items."""
    assert decompress(header(0, planes=planes, flags=5)).size == 0
    head = header(1, planes=planes, flags=5)
    frame = head
    previous = check_of(head)
    for k in range(planes):
        frame += block(previous, 1, 0, 1, b"\1" if k == 0 else b"\0")
        previous = int.from_bytes(frame[-5:-1], "little")
    assert decompress(frame).tobytes() == bytes(planes - 1) + b"\x80"


def test_blocks_that_lie() -> None:
    head = header(100)
    first = check_of(head)
    payloads = [b"", b"x", b"xy", bytes(15), bytes(99), bytes(100), bytes(101), bytes(5000)]
    payloads += [rng(k).integers(0, 256, 80, np.uint8).tobytes() for k in range(20)]
    for mode in (0, 1, 2, 3, 4, 5, 255):
        for lanes in (0, 3, 5, 8, 9, 255):
            for count in (0, 1, 99, 100, 101, 1 << 20, (1 << 32) - 1):
                for payload in payloads:
                    frame = head + block(first, mode, lanes, count, payload)
                    if count == 100 and lanes == 0 and (mode, len(payload)) in {(0, 100), (1, 1)}:
                        assert decompress(frame).tobytes() in {payload, payload * 100}
                        continue
                    check_refused(frame)
    lying = head + struct.pack("<BBHIII", 0, 0, 0, 100, (1 << 32) - 1, 0) + bytes(200)
    check_refused(lying)


@given(st.binary(max_size=300), st.sampled_from([2, 3]), st.integers(0, 8), st.integers(1, 500))
def test_payloads_of_noise_with_a_right_check(
    payload: bytes, mode: int, lanes: int, count: int
) -> None:
    """The coders' own checks: what they accept has the size that it should have."""
    head = header(count)
    frame = head + block(check_of(head), mode, lanes, count, payload)
    try:
        assert len(decompress(frame)) == count
    except CorruptDataError:
        assert Frame(frame).verify()


def test_payloads_with_flipped_bits_and_a_right_check() -> None:
    for name in ("huffman", "rans"):
        data, original = FRAMES[name]
        (info,) = Frame(data).blocks
        start = info.offset + 16
        for position in range(start, len(data)):
            for bit in range(8):
                payload = bytearray(data[start:])
                payload[position - start] ^= 1 << bit
                lanes = data[info.offset + 1]
                frame = data[: info.offset] + block(
                    check_of(data[: info.offset]),
                    data[info.offset],
                    lanes,
                    len(original),
                    bytes(payload),
                )
                try:
                    assert len(decompress(frame)) == len(original)
                except CorruptDataError:
                    assert Frame(frame).verify()


@given(st.binary(max_size=500))
def test_noise(data: bytes) -> None:
    check_refused(data)
    check_refused(b"\x89PIN" + data)
    check_refused(b"\x89PIN\x01\x01" + data)


# -- Metadata that lies ---------------------------------------------------------------------------


def metadata(text: bytes, dims: bytes, version: int = 1, order: int = 0) -> bytes:
    return struct.pack("<BBH", version, order, len(text)) + text + dims


def test_metadata_that_lies() -> None:
    good = metadata(b"<f4", b"\x02\x05\x03")
    data = bytes(60)
    assert decompress(_core.compress(data, 1, good, 100, 0, 2, 1, False)).shape == (5, 3)
    bad = [
        good[:-1],
        good + b"\0",
        good[:3],
        b"\x01",
        metadata(b"<f4", b"\x02\x05\x04"),
        metadata(b"<f4", b"\x02\x05\x83"),
        metadata(b"<f4", b"\x02\x05" + b"\xff" * 11),
        metadata(b"<f4", b""),
        metadata(b"<f4", b"\x02\x05\x03", version=2),
        metadata(b"<f4", b"\x02\x05\x03", order=2),
        metadata(b"<f4", bytes([65, *[1] * 64, 15])),
        metadata(b"\xff\xfe4", b"\x02\x05\x03"),
        struct.pack("<BBH", 1, 0, 65535) + b"<f4\x02\x05\x03",
    ]
    objects = [b"|O", b"O", b"<O8", b"object", b"[('a', '|O')]", b"<U-1", b"<f4,<f4", b"<f44444444"]
    objects += [b"[('a', '<f4'), ('a', '<f4')]", b"[", b"[" * 5000, b"[]" * 100, b"[" + b"-" * 9000]
    objects += [b"__import__('os')", b"[__import__('os')]", b"ml_dtypes", b"finfo", b"__class__"]
    objects += [b"<(5,3)f4", b"<m8[0s]", b"<M8[99999999999999999999s]", b"|S99999999999", b""]
    objects += [b"<i3", b"=f4", b"float32", b"|V18446744073709551616", b"<f4\0", b"[1]", b"['<f4']"]
    bad += [metadata(text, b"\x02\x05\x03") for text in objects]
    for entry in bad:
        frame = _core.compress(data, 1, entry, 100, 0, 2, 1, False)
        for read in (decompress, Frame, read_stream, read_file):
            with pytest.raises(CorruptDataError) as caught:
                read(frame)
            assert caught.value.offset == 22


def test_shapes_beyond_all_bounds() -> None:
    huge = b"\xff" * 8 + b"\x7f"  # 2**63 - 1
    for dims in (b"\x02\x00" + huge, b"\x03\x00" + huge * 2, b"\x03" + huge + huge + b"\x00"):
        for text in (b"<f8", b"|V0", b"|u1"):
            frame = _core.compress(b"", 1, metadata(text, dims), 100, 0, 2, 1, False)
            if text != b"<f8" and len(dims) == 11:  # 2**63 - 1 elements, were there no 0
                assert decompress(frame).size == 0
                continue
            with pytest.raises(CorruptDataError) as caught:
                decompress(frame)
            assert caught.value.offset == 22
    frame = _core.compress(b"", 1, metadata(b"|V0", b"\x01" + huge), 100, 0, 2, 1, False)
    assert decompress(frame).nbytes == 0


@given(st.binary(max_size=60))
def test_metadata_of_noise(entry: bytes) -> None:
    for data in (entry, b"\x01\x00" + entry, b"\x01\x00\x03\x00<f4" + entry):
        try:
            layout = ArrayLayout.parse(data, 60)
        except CorruptDataError:
            continue
        assert layout.size == 60
        assert not layout.dtype.hasobject


# -- What a frame may cost ------------------------------------------------------------------------

PEAK = """
import resource, sys, tempfile
from pyinfo.coding import Decompressor, Frame, decompress_file
from pyinfo.cli.files import Nowhere
frame = open(sys.argv[1], "rb").read()
Frame(frame[: int(sys.argv[2])])  # what is needed once
Decompressor().decompress(b"")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
exec(sys.argv[3])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
CALLS = (
    "decompress_file(sys.argv[1], Nowhere())",
    "decompress_file(sys.argv[1], Nowhere(), threads=2)",
    "assert len(Decompressor().decompress(frame, max_length=1000)) == 1000",
    "assert len(Frame(frame).read_flat(0, 1)) == 1",
    "assert Frame(frame).verify() == []",
)


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kilobytes on Linux only")
@pytest.mark.once
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("planes", [1, 16, 1000])
def test_a_small_frame_costs_little_memory(tmp_path: Path, call: str, planes: int) -> None:
    """17 KB at most that stand for as many bytes as they can: four times the bound, if they can."""
    chunk_items = min(1 << 20, (1 << 24) // planes)
    chunks = max(1, 256 // planes)
    frame = header(chunks * chunk_items, planes=planes, chunk_items=chunk_items)
    previous = check_of(frame)
    for _ in range(chunks * planes):
        frame += block(previous, 1, 0, chunk_items, b"x")
        previous = int.from_bytes(frame[-5:-1], "little")
    assert len(frame) < 17 << 10
    small = tmp_path / "small.pin"
    small.write_bytes(frame)
    command = [sys.executable, "-P", "-c", PEAK, str(small), str(len(frame)), call]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=DEADLINE)
    assert int(done.stdout) <= 64 << 10


def test_chunks_are_bounded() -> None:
    assert decompress(header(0, planes=16, chunk_items=1 << 20)).size == 0
    for planes, chunk_items in ((17, 1 << 20), (1000, 1 << 18), (65535, 257)):
        check_refused(header(0, planes=planes, chunk_items=chunk_items))


# -- Indexes that are almost right ----------------------------------------------------------------


def test_an_entry_twice_and_another_not_at_all() -> None:
    """A CRC of the entries would not tell: equal blocks contribute alike to it."""
    data = compress(np.zeros(5000, np.uint8), block_size=250)
    start, entries = len(data) - 36 - 160 + 16, 20
    listed = [data[start + 8 * i : start + 8 * i + 8] for i in range(entries)]
    tried = 0
    for i in range(entries):
        for dropped in range(entries + 1):
            changed = listed.copy()
            changed.insert(i, listed[i])
            del changed[dropped]
            if changed == listed:
                continue
            payload = b"".join(changed)
            last = int.from_bytes(data[start - 16 - 5 : start - 16 - 1], "little")
            index = block(last, 4, 0, 0, payload)
            footer = data[-20:-8]
            check = crc32c(index[12:16] + struct.pack("<I", crc32c(footer)))
            frame = data[: start - 16] + index + footer + struct.pack("<I", check) + data[-4:]
            check_refused(frame)
            tried += 1
    assert tried > 300


# -- Frames that break off ------------------------------------------------------------------------


def test_blocks_of_a_chunk_that_lacks_planes() -> None:
    """Those that are there are listed as they are, and are not blamed."""
    data = symbols(400, 3)
    frame = streamed(data, itemsize=4, block_size=40)
    blocks = Frame(frame).blocks
    assert len(blocks) == 12
    for count in range(1, 12):
        cut = frame[: blocks[count].offset + 5]
        broken = Frame(cut)
        assert broken.blocks == blocks[:count]
        damage = broken.verify()
        assert [found.block for found in damage] == [count]
        assert "ends within the block" in damage[0].message
        assert len(broken) == count // 4 * 160
        check_what_is_lost(broken, data, damage[0].offset)


def check_what_is_lost(broken: Frame, data: np.ndarray, offset: int) -> None:
    """Rows that were found are read; what asks for the end of the array is no shorter array."""
    rows = len(broken)
    assert same(broken.read(0, rows), data[:rows])
    assert same(broken[:rows:3], data[:rows:3])
    iterator = iter(broken)
    assert same(np.array([next(iterator) for _ in range(rows)], data.dtype), data[:rows])
    parts = [slice(None), slice(-1, None), slice(None, None, -1), slice(rows + 1), rows, -1]
    asks = [lambda part=part: broken[part] for part in parts]
    asks += [broken.read, broken.read_flat, lambda: broken.read(0, -1)]
    asks += [lambda: np.asarray(broken), lambda: next(iterator)]
    for ask in asks:
        with pytest.raises(CorruptDataError, match="ends within the block") as caught:
            ask()
        assert caught.value.offset == offset
