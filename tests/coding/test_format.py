"""docs/format.md: its examples, and that library, plain decoder and plain encoder agree on it."""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import pyinfo
from pyinfo.errors import CorruptDataError
from support import broken_rules, plain_decoder, plain_encoder, vectors
from support.all_readers import READERS, REFUSES, verdicts
from support.distributions import straddling
from support.plain_decoder import FormatError

PAGE = Path(__file__).resolve().parents[2] / "docs" / "format.md"
EXAMPLE = re.compile(r"<!-- bytes: ([\w ]+) -->\n```text\n(.*?)```", re.DOTALL)
HEX = re.compile(r"^([0-9a-f]{2}(?: [0-9a-f]{2})*)(?:  |$)", re.MULTILINE)

VECTORS = vectors.stored()


def skewed(n: int, *, mean: float = 20, seed: int = 1) -> bytes:
    """Bytes that compress: small ones are frequent."""
    rng = random.Random(seed)
    return bytes(min(255, int(rng.expovariate(1 / mean))) for _ in range(n))


# -- The page -------------------------------------------------------------------------------------


def example_bytes() -> dict[str, bytes]:
    text = PAGE.read_text("utf-8")
    return {m[1]: bytes.fromhex(" ".join(HEX.findall(m[2]))) for m in EXAMPLE.finditer(text)}


EXAMPLES = example_bytes()
ABRACADABRA = [0] * 256
for _symbol, _length in zip(b"abcdr", (1, 3, 3, 3, 3), strict=True):
    ABRACADABRA[_symbol] = _length


@pytest.mark.once
def test_crc_of_the_page() -> None:
    assert plain_decoder.crc(b"123456789") == 0xE3069283
    assert plain_decoder.crc(b"6789", plain_decoder.crc(b"12345")) == 0xE3069283


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("constant", b"aaaaaaaa"),
        ("planes", b"\1\0\2\0\3\0"),
        ("rotated", b"\x80\x3f\x80\xbf\0\x40"),
        ("streamed", b"aaaaaaaab"),
        ("digits", b"abcabcaabbcc"),
        ("edges", b"a" * 8 + b"b" * 12 + b"a" * 4),
        ("bitmap", b"aaaaabaaaaaaaaaaacaaaaaa"),
    ],
)
def test_example_frames(name: str, data: bytes) -> None:
    assert plain_decoder.read_frame(EXAMPLES[name]).data == data
    assert pyinfo.decompress(EXAMPLES[name]).tobytes() == data


def test_example_frames_are_what_the_library_writes() -> None:
    assert pyinfo.compress(b"aaaaaaaa") == EXAMPLES["constant"]
    assert pyinfo.Frame(EXAMPLES["rotated"]).rotated
    streamed = pyinfo.Compressor(block_size=8)
    assert streamed.compress(b"aaaaaaaab") + streamed.flush() == EXAMPLES["streamed"]
    array = pyinfo.decompress(EXAMPLES["planes"])
    assert array.dtype == np.dtype("<u2")
    assert array.tolist() == [1, 2, 3]


def test_example_codes() -> None:
    table = EXAMPLES["lengths"]
    assert plain_decoder.read_lengths(table) == (ABRACADABRA, len(table))
    assert plain_encoder.write_lengths(ABRACADABRA) == table
    words = plain_decoder.codewords(ABRACADABRA)
    assert [words[symbol] for symbol in b"abcdr"] == ["0", "100", "101", "110", "111"]

    message = EXAMPLES["huffman message"]
    assert bytes(plain_decoder.decode_huffman_message(message, ABRACADABRA)) == b"abracadabra"
    code = pyinfo.HuffmanCode.from_lengths(ABRACADABRA)
    assert code.decode(message).tobytes() == b"abracadabra"
    assert code.encode(b"abracadabra") == message

    message, frequencies = EXAMPLES["rans message"], [160, 64, 32]
    assert plain_decoder.decode_rans_message(message, frequencies, 8) == [0, 1, 0, 2, 0, 0]
    model = pyinfo.RansModel.from_frequencies(frequencies)
    assert model.decode(message).tolist() == [0, 1, 0, 2, 0, 0]
    assert model.encode(np.array([0, 1, 0, 2, 0, 0], np.uint8)) == message
    assert set(EXAMPLES) == {
        *("constant", "planes", "rotated", "streamed"),
        *("lengths", "huffman message", "rans message"),
        *("frequencies", "light frequencies", "patches"),
        *("digits", "edges", "bitmap"),
    }


def test_example_frequencies_and_patches() -> None:
    for name, values in (
        ("frequencies", (2688, 1400, 5, 3)),
        ("light frequencies", (2688, 1400, 4, 4)),
    ):
        frequencies = [0] * 256
        frequencies[97:101] = values
        table = EXAMPLES[name]
        assert plain_decoder.read_frequencies(table) == (frequencies, len(table))
        assert plain_encoder.write_frequencies(frequencies) == table
    data = bytearray(b"ab" * 50)[:99]
    data[10], data[50] = b"xy"
    (block,) = plain_decoder.read_frame(EXAMPLES["patches"]).blocks
    assert (block.patches, block.decode()) == (2, bytes(data))
    assert pyinfo.decompress(EXAMPLES["patches"]).tobytes() == bytes(data)


@pytest.mark.once
@pytest.mark.parametrize("name", ["constant", "planes", "rotated", "streamed"])
def test_plain_decoder_notices_damage(name: str) -> None:
    frame = EXAMPLES[name]
    for bit in range(8 * len(frame)):
        damaged = bytearray(frame)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(FormatError):
            plain_decoder.read_frame(damaged)
    for size in range(len(frame)):
        with pytest.raises(FormatError):
            plain_decoder.read_frame(frame[:size])
    with pytest.raises(FormatError):
        plain_decoder.read_frame(frame + b"\0")


# -- What the library writes, the plain decoder reads ---------------------------------------------


def assert_frame_holds(frame: bytes, array: np.ndarray[Any, Any]) -> plain_decoder.Frame:
    """Read the frame by the page alone and compare data, dtype, shape and order."""
    plain = plain_decoder.read_frame(frame)
    assert plain.data == array.tobytes("A")
    described = plain_decoder.read_metadata(plain.header.metadata)
    if described is None:
        assert array.dtype == np.uint8
        assert array.ndim == 1
        return plain
    if isinstance(described.dtype, list):
        assert np.lib.format.descr_to_dtype(described.dtype) == array.dtype
    else:
        name = array.dtype.name if array.dtype.isbuiltin == 2 else array.dtype.str
        assert described.dtype == name
    assert described.shape == array.shape
    assert described.fortran_order == (not array.flags.c_contiguous)
    return plain


@pytest.mark.parametrize("coder", ["auto", "huffman", "rans", "raw"])
def test_library_frames_of_all_sizes(coder: Any) -> None:
    seen = Counter()
    for n in [*range(20), 50, 150, 300, 700, 1000, 1500, 2200, 3000, 20_000, 50_000]:
        data = skewed(n, seed=n)
        plain = assert_frame_holds(pyinfo.compress(data, coder=coder), np.frombuffer(data, "u1"))
        seen.update((block.mode, block.lanes) for block in plain.blocks)
    modes = {mode for mode, _ in seen}
    expected = {"huffman": {plain_decoder.HUFFMAN}, "rans": {plain_decoder.RANS}, "raw": set()}
    assert modes >= {plain_decoder.RAW, *expected.get(coder, set())}
    if coder in {"huffman", "rans"}:
        assert {lanes for mode, lanes in seen if mode > 1} >= {4, 8, 16, 32, 64, 128}


def test_library_frame_of_256_lanes() -> None:
    data = skewed(1 << 20, mean=2.2)
    frame = pyinfo.compress(data, coder="rans", block_size=1 << 20)
    plain = assert_frame_holds(frame, np.frombuffer(data, np.uint8))
    assert [(block.mode, block.lanes) for block in plain.blocks] == [(plain_decoder.RANS, 256)]


@pytest.mark.parametrize("alphabet", [1, 2, 3, 17, 100, 255, 256])
@pytest.mark.parametrize("coder", ["huffman", "rans"])
def test_library_tables(coder: Any, alphabet: int) -> None:
    rng = random.Random(alphabet)
    symbols = rng.sample(range(256), alphabet)
    for weights in ([1] * alphabet, [0.7**i + 1e-4 for i in range(alphabet)]):
        data = bytes(rng.choices(symbols, weights, k=4000))
        assert_frame_holds(pyinfo.compress(data, coder=coder), np.frombuffer(data, np.uint8))


def arrays_of_many_dtypes() -> list[np.ndarray[Any, Any]]:
    rng = np.random.default_rng(1)
    numbers = np.round(rng.normal(0, 100, 600))
    whole = numbers.astype(
        "i8"
    )  # what a float gives that an integer cannot hold differs by machine
    arrays = [whole.astype(kind) for kind in ("i1", "<i2", ">i2", "<i4", ">u8")]
    arrays += [
        numbers.astype(kind)
        for kind in ("<f2", "<f4", ">f8", "<c8", "<c16", "?", "S7", "<U5", ">U3")
    ]
    arrays += [whole.astype(kind) for kind in ("<M8[ns]", "<m8[3D]")]
    arrays += [numbers.astype("<f4").view("V4"), np.zeros(5, "V100"), np.zeros((3, 0, 2), "<f4")]
    arrays += [np.array(7.5), np.array(3, "u1"), np.zeros((2, 3), "u1"), np.array([], "<U4")]
    arrays += [numbers.reshape(20, 30).T, numbers.reshape(2, 10, 30).transpose(2, 1, 0)]
    arrays += [np.asfortranarray(whole.reshape(6, 100).astype("u1"))]
    records = np.zeros(100, [("x", "<f4"), ("n", "<i8", (2, 3)), ("s", "S3")])
    records["x"] = numbers[:100]
    arrays += [records, np.zeros(9, np.dtype([("a", "u1"), ("b", "<f8")], align=True))]
    return arrays


@pytest.mark.parametrize(
    "array", arrays_of_many_dtypes(), ids=lambda array: f"{array.dtype.str}{array.shape}"
)
def test_library_arrays(array: np.ndarray[Any, Any]) -> None:
    for block_size in (None, 7, 256):
        assert_frame_holds(pyinfo.compress(array, block_size=block_size), array)


def test_library_arrays_of_ml_dtypes() -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    for name in ("bfloat16", "float8_e4m3fn"):
        array = np.linspace(-2, 2, 500).astype(getattr(ml_dtypes, name))
        plain = assert_frame_holds(pyinfo.compress(array), array)
        assert name.encode() in plain.header.metadata


@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8", "<c8"])
def test_library_frames_of_rotated_items(dtype: str) -> None:
    array = straddling(1200, dtype)
    for block_size in (None, 900):
        plain = assert_frame_holds(pyinfo.compress(array, block_size=block_size), array)
        assert plain.header.rotated
    compressor = pyinfo.Compressor(itemsize=array.itemsize, floats=True, block_size=900)
    frame = compressor.compress(array.tobytes()) + compressor.flush()
    plain = plain_decoder.read_frame(frame)
    assert plain.header.rotated
    assert plain.data == array.tobytes()


@pytest.mark.parametrize("itemsize", [1, 2, 3, 8])
@pytest.mark.parametrize("block_size", [1, 60, 4096])
def test_library_streams(itemsize: int, block_size: int) -> None:
    for items in (0, 1, 59, 60, 61, 240) if block_size > 1 else (0, 1, 5):
        data = skewed(items * itemsize)
        compressor = pyinfo.Compressor(itemsize=itemsize, block_size=block_size)
        pieces = [compressor.compress(data[i : i + 50]) for i in range(0, len(data), 50)]
        plain = plain_decoder.read_frame(b"".join([*pieces, compressor.flush()]))
        assert plain.data == data
        assert (plain.header.sized, plain.header.indexed) == (False, True)
        assert plain.header.planes == itemsize


@given(
    hnp.arrays(
        st.sampled_from(["u1", "<u2", ">i4", "<f8"]),
        hnp.array_shapes(max_dims=3, max_side=12),
        elements={"min_value": 0, "max_value": 9},
    ),
    st.sampled_from(["auto", "huffman", "rans", "raw"]),
    st.integers(1, 200),
    st.sampled_from([1, 2]),
)
def test_library_frames(
    array: np.ndarray[Any, Any], coder: Any, block_size: int, effort: int
) -> None:
    frame = pyinfo.compress(array, coder=coder, block_size=block_size, effort=effort)
    assert_frame_holds(frame, array)


# -- What the plain encoder writes, the library reads ---------------------------------------------


@pytest.mark.parametrize("mode", [plain_decoder.HUFFMAN, plain_decoder.RANS])
@pytest.mark.parametrize("log2_lanes", range(9))
def test_all_lanes(mode: int, log2_lanes: int) -> None:
    lanes = 1 << log2_lanes
    for n in {lanes * k + rest for k in (5, 6, 40) for rest in (0, 1, lanes // 2, lanes - 1)}:
        data = skewed(n + 100, mean=2)
        frame = plain_encoder.encode_frame(data, lambda _: (mode, log2_lanes))
        plain = plain_decoder.read_frame(frame)
        assert [(block.mode, block.lanes) for block in plain.blocks] == [(mode, lanes)]
        assert plain.data == data
        assert pyinfo.decompress(frame).tobytes() == data


@pytest.mark.parametrize("planes", [1, 2, 3, 4, 8, 11, 300])
@pytest.mark.parametrize(("sized", "indexed"), [(True, False), (False, True), (True, True)])
def test_all_kinds_of_frames(planes: int, sized: bool, indexed: bool) -> None:
    rng = random.Random(planes)
    for chunk_items, items in (
        (50, 0),
        (50, 1),
        (50, 50),
        (50, 51),
        (50, 160),
        (2**20, 70),
    ):  # as far as planes allow
        data = skewed(items * planes, mean=1)
        frame = plain_encoder.encode_frame(
            data,
            lambda i: (i % 4, rng.randrange(3) if i % 4 > 1 else 0),
            planes=planes,
            chunk_items=chunk_items,
            sized=sized,
            indexed=indexed,
        )
        assert plain_decoder.read_frame(frame).data == data
        assert pyinfo.decompress(frame).tobytes() == data
        decompressor = pyinfo.Decompressor()
        pieces = [decompressor.decompress(frame[i : i + 37]) for i in range(0, len(frame), 37)]
        assert b"".join(pieces) == data
        assert decompressor.eof


@pytest.mark.parametrize("planes", [2, 4, 8])
@pytest.mark.parametrize(("sized", "indexed"), [(True, False), (False, True), (True, True)])
def test_rotated_items_of_all_numbers(planes: int, sized: bool, indexed: bool) -> None:
    """Every number of items that a register may leave over; all of them, whatever they are."""
    rng = np.random.default_rng(planes)
    for items in range(301):
        data = rng.integers(0, 256, items * planes, np.uint8).tobytes()
        frame = plain_encoder.encode_frame(
            data,
            lambda _: (plain_decoder.RAW, 0),
            planes=planes,
            chunk_items=(150, 1024)[items % 2],
            sized=sized,
            indexed=indexed,
            rotated=True,
        )
        assert pyinfo.decompress(frame).tobytes() == data
        if items % 30 == 0:
            assert plain_decoder.read_frame(frame).data == data
            decompressor = pyinfo.Decompressor()
            pieces = [decompressor.decompress(frame[i : i + 97]) for i in range(0, len(frame), 97)]
            assert b"".join(pieces) == data
            reader = pyinfo.Frame(frame)
            for a, b in ((0, items // 2), (items // 3, items), (items // 2, items // 2 + 1)):
                part = reader.read_flat(a * planes, min(b, items) * planes)
                assert part.tobytes() == data[a * planes : min(b, items) * planes]


@pytest.mark.once
def test_plane_counts_other_than_the_item_size() -> None:
    """Metadata and planes are independent."""
    array = np.arange(60, dtype="<f4").reshape(3, 20)
    metadata = plain_encoder.write_metadata("<f4", array.shape)
    for planes in (1, 2, 3, 4, 5, 240):
        frame = plain_encoder.encode_frame(
            array.tobytes(), lambda _: (plain_decoder.HUFFMAN, 0), planes=planes, metadata=metadata
        )
        np.testing.assert_array_equal(pyinfo.decompress(frame), array, strict=True)


# -- Messages -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("alphabet", "max_length"), [(40, 11), (256, 8), (256, 16), (1000, 13)])
def test_huffman_messages(alphabet: int, max_length: int) -> None:
    rng = random.Random(alphabet)
    kind = np.uint8 if alphabet <= 256 else np.uint16
    source = [min(alphabet - 1, int(rng.expovariate(6 / alphabet))) for _ in range(2500)]
    lengths = plain_encoder.fitting_lengths(source, alphabet, max_length)
    code = pyinfo.HuffmanCode.from_lengths(lengths)
    assert {s: w for s, w in enumerate(code.codewords) if w} == plain_decoder.codewords(lengths)
    for n in (0, 1, 2, 3, 64, 300, 2500):
        symbols = np.array(source[:n], kind)
        message = code.encode(symbols)
        assert plain_decoder.decode_huffman_message(message, lengths) == source[:n]
        for log2_lanes in range(9 if alphabet <= 256 and max(lengths) <= 11 else 5):
            plain = plain_encoder.encode_huffman_message(source[:n], lengths, log2_lanes)
            assert code.decode(plain).tolist() == source[:n]


@pytest.mark.parametrize(
    ("alphabet", "precision"), [(3, 8), (40, 12), (256, 12), (256, 16), (700, 10), (5000, 16)]
)
def test_rans_messages(alphabet: int, precision: int) -> None:
    rng = random.Random(alphabet)
    kind = np.uint8 if alphabet <= 256 else np.uint16
    source = [min(alphabet - 1, int(rng.expovariate(6 / alphabet))) for _ in range(2500)]
    frequencies = plain_encoder.fitting_frequencies(source, alphabet, precision)
    model = pyinfo.RansModel.from_frequencies(frequencies)
    for n in (0, 1, 2, 3, 64, 300, 2500):
        symbols = np.array(source[:n], kind)
        message = model.encode(symbols)
        assert plain_decoder.decode_rans_message(message, frequencies, precision) == source[:n]
        for log2_lanes in range(9 if alphabet <= 256 and precision == 12 else 5):
            plain = plain_encoder.encode_rans_message(
                source[:n], frequencies, precision, log2_lanes
            )
            assert model.decode(plain).tolist() == source[:n]


def test_messages_of_codes_that_are_not_complete() -> None:
    lengths = [0, 2, 0, 3, 1]
    code = pyinfo.HuffmanCode.from_lengths(lengths)
    symbols = [4, 1, 1, 3, 4] * 40
    message = code.encode(np.array(symbols, np.uint8))
    assert plain_decoder.decode_huffman_message(message, lengths) == symbols
    single = pyinfo.RansModel.from_frequencies([0, 4096])
    message = single.encode(np.ones(5000, np.uint8))
    assert plain_decoder.decode_rans_message(message, [0, 4096], 12) == [1] * 5000
    assert len(message) < 16


# -- Stored vectors -------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_vector(vector: vectors.Vector) -> None:
    assert vectors.by_plain_decoder(vector) == vector.expected
    vector.skip_if_impossible(pytest.importorskip)
    assert vectors.by_library(vector) == vector.expected


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_vector_is_what_the_library_writes(vector: vectors.Vector) -> None:
    if vector.writer == "library":
        vector.skip_if_impossible(pytest.importorskip)
        assert vectors.written_again(vector) == vector.data


REFUSED = vectors.refused()


@pytest.mark.parametrize("vector", REFUSED, ids=lambda vector: vector.name)
def test_vector_that_must_be_refused(vector: vectors.Refused) -> None:
    with pytest.raises(FormatError):
        vectors.decoded_plainly(vector)
    if vector.kind != "frame":
        code = vectors.code_of(vector.kind, vector.code)
        with pytest.raises(CorruptDataError):
            code.decode(vector.data)
        return
    assert verdicts(vector.data) == dict.fromkeys(READERS, REFUSES), vector.rule


@pytest.mark.once
def test_refused_vectors_are_those_of_the_rules() -> None:
    assert list(broken_rules.all_vectors()) == REFUSED


@pytest.mark.once
def test_vectors_cover_the_format() -> None:
    frames = [plain_decoder.read_frame(v.data) for v in VECTORS if v.kind == "frame"]
    blocks = {(block.mode, block.lanes) for frame in frames for block in frame.blocks}
    assert {mode for mode, _ in blocks} == {0, 1, 2, 3, 5, 6}
    assert any(block.patches for frame in frames for block in frame.blocks)
    for mode in (plain_decoder.HUFFMAN, plain_decoder.RANS):
        assert {lanes for m, lanes in blocks if m == mode} == {2**k for k in range(9)}
    headers = {(frame.header.sized, frame.header.indexed) for frame in frames}
    assert headers == {(True, False), (False, True), (True, True)}
    assert {frame.header.planes for frame in frames if frame.header.rotated} == {2, 4, 8}
    assert {vector.kind for vector in VECTORS} == {"frame", "huffman", "rans"}
    assert sum(len(vector.data) for vector in VECTORS) < 100_000
