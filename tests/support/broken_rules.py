"""Frames and messages that break one rule of docs/format.md each, all checks of them being right.

`tools/format_vectors.py` stores them, so that other decoders can be tested with them.
"""

from __future__ import annotations

from collections.abc import Iterator

from support import plain_encoder
from support.plain_decoder import (
    BITMAP,
    CONSTANT,
    DIGITS,
    HUFFMAN,
    INDEX,
    NO_ITEMS,
    RANS,
    RAW,
    crc,
    le32,
)
from support.plain_encoder import (
    digits_payload,
    encode_frame,
    encode_lanes,
    nested,
    nested_payload,
    number,
    packed,
    varint,
    write_block,
    write_frequencies,
    write_header,
    write_index,
    write_lengths,
    write_metadata,
)
from support.vectors import Refused

DATA = b"abracadabra, abracadabra, abracadabra!"


def check_of(part: bytes) -> int:
    """The check of a header, which ends it, or of a block."""
    return int.from_bytes(part[-4:] if part[:1] == b"\x89" else part[12:16], "little")


def sealed(head: bytes) -> bytes:
    """A header with its check."""
    return head + le32(crc(head))


def field(offset: int, value: bytes) -> bytes:
    """The header of an empty frame with other bytes at one place, its check made again."""
    head = write_header(1, 8, 0, False, b"")[:-4]
    return sealed(head[:offset] + value + head[offset + len(value) :])


def joined(header: bytes, *parts: tuple[int, int, int, bytes]) -> bytes:
    """A header and blocks: mode, log2 of the lanes, symbols, payload, and perhaps patches."""
    result, previous = header, check_of(header)
    for mode, log2_lanes, n, payload, *patches in parts:
        block = write_block(mode, log2_lanes, n, payload, previous, *patches)
        result, previous = result + block, check_of(block)
    return result


def one_block(
    mode: int, log2_lanes: int, n: int, payload: bytes, patches: int = 0, items: int | None = None
) -> bytes:
    header = write_header(1, 2**18, n if items is None else items, False, b"")
    return header + write_block(mode, log2_lanes, n, payload, check_of(header), patches)


def array(dtype: str, shape: list[int], size: int) -> bytes:
    return described(write_metadata(dtype, shape), size)


def described(metadata: bytes, size: int) -> bytes:
    header = write_header(1, 2**18, size, False, metadata)
    return joined(header, (RAW, 0, size, bytes(size))) if size > 0 else header


def headers() -> Iterator[tuple[str, bytes]]:
    yield "the magic is 89 50 49 4e", field(3, b"M")
    yield "the version is 1", field(4, b"\2")
    yield "a frame is sized or indexed", field(5, b"\0")
    yield "flags 3 to 7 are 0", field(5, b"\x09")
    yield "planes is at least 1", field(6, b"\0\0")
    yield "chunk_items is at least 1", field(8, bytes(4))
    yield "chunk_items is at most 2^20", field(8, le32(2**20 + 1))
    yield "planes * chunk_items is at most 2^24", write_header(17, 2**20, 0, False, b"")
    yield "planes * chunk_items is at most 2^24", write_header(65535, 257, 0, False, b"")
    yield "items * planes is below 2^63", write_header(2, 8, 2**62, False, b"")
    yield (
        "items is 2^64 - 1 if not sized",
        sealed(write_header(1, 8, None, True, b"")[:14] + bytes(8)),
    )
    yield "only items of 2, 4 or 8 bytes are rotated", write_header(3, 8, 0, False, b"", True)
    yield "the check of the header", write_header(1, 8, 0, False, b"")[:-1] + b"\0"


def block_headers() -> Iterator[tuple[str, bytes]]:
    yield "modes are 0 to 6", one_block(7, 0, 1, b"a")
    yield "lanes is 0 for modes other than 2 and 3", one_block(RAW, 1, 1, b"a")
    yield "lanes is at most 8", one_block(HUFFMAN, 9, 2000, bytes(2000))
    yield "patches is 0 for modes other than 3", one_block(RAW, 0, 1, b"a", 1)
    yield "the payload of a raw block has n bytes", one_block(RAW, 0, 2, b"a")
    yield "the payload of a constant block has one byte", one_block(CONSTANT, 0, 2, b"aa")
    yield "a coded payload has at most n bytes", one_block(HUFFMAN, 0, 3, bytes(9))
    yield "a block has at least one symbol", one_block(RAW, 0, 0, b"", 0, 1)
    header = write_header(1, 4, 6, False, b"")
    yield (
        "all chunks but the last are full",
        joined(header, (RAW, 0, 3, b"abc"), (RAW, 0, 3, b"def")),
    )
    header = write_header(2, 4, 4, False, b"")
    yield (
        "planes of a chunk have the same number of symbols",
        joined(header, (RAW, 0, 4, b"abcd"), (RAW, 0, 3, b"efg")),
    )
    good = encode_frame(DATA, lambda _: (RAW, 0), chunk_items=10)
    end = len(good) - 16 - len(DATA) % 10
    yield "the checks of blocks form a chain", good[:26] + good[52:78] + good[26:52] + good[78:]
    yield "all blocks of a sized frame are there", good[:end]
    yield "nothing follows a frame", good + b"\0"


def tables() -> Iterator[tuple[str, bytes]]:
    lengths = plain_encoder.fitting_lengths(DATA * 9)
    table = write_lengths(lengths)
    lanes = encode_lanes(plain_encoder.Huffman(lengths), 1, DATA * 9)
    n = len(DATA * 9)
    incomplete = [0] * 256
    incomplete[97] = incomplete[98] = 2
    yield (
        "the code of a block is complete",
        one_block(HUFFMAN, 0, n, write_lengths(incomplete) + lanes),
    )
    one = packed("0" + plain_encoder.gamma(1) + plain_encoder.gamma(1) + plain_encoder.gamma(255))
    yield "a table has at least two symbols", one_block(HUFFMAN, 0, n, one + lanes)
    runs = packed("0" + plain_encoder.gamma(1) + plain_encoder.gamma(200) * 2 + "0" * 30)
    yield "runs end at exactly 256", one_block(HUFFMAN, 0, n, runs + lanes)
    unused = "1" + "110" + "0" * 253 + number(0, 2) + "1" * 13 + "0" + "0"  # 1, 1
    assert len(unused) % 8 != 0
    filled = packed(unused)
    yield (
        "a table is filled up with zero bits",
        one_block(HUFFMAN, 0, n, filled[:-1] + bytes([filled[-1] | 128]) + lanes),
    )
    long = "1" + "11" + "0" * 254 + number(0, 2) + "1" * 8 + "0" + "0"  # 12 and 12
    yield "lengths are 1 to 11", one_block(HUFFMAN, 0, n, packed(long) + lanes)
    frequencies = [0] * 256
    frequencies[97], frequencies[98] = 2048, 1024
    rans_lanes = le32(2**16 + 97)
    yield (
        "frequencies sum to 4096",
        one_block(RANS, 0, 60, write_frequencies(frequencies) + rans_lanes),
    )
    yield "a table ends within the payload", one_block(HUFFMAN, 0, n, table[:3])


def lane_payloads() -> Iterator[tuple[str, bytes]]:
    data = DATA * 9
    lengths = plain_encoder.fitting_lengths(data)
    table = write_lengths(lengths)
    lanes = encode_lanes(plain_encoder.Huffman(lengths), 1, data)
    n = len(data)
    yield "states are at least 2^16", one_block(HUFFMAN, 0, n, table + le32(2**16 - 1) + lanes[4:])
    yield "no word is left over", one_block(HUFFMAN, 0, n, table + lanes + b"\0\0")
    yield "there are enough words", one_block(HUFFMAN, 0, n, table + lanes[:-2])
    yield "a lane payload has even size", one_block(HUFFMAN, 0, n, table + lanes + b"\0")
    yield "a lane payload has the states of all lanes", one_block(HUFFMAN, 6, n, table + lanes[:40])
    changed = lanes[:-2] + bytes([lanes[-2] ^ 1, lanes[-1]])
    yield "states return to 2^16 + v", one_block(HUFFMAN, 0, n, table + changed)


def patches() -> Iterator[tuple[str, bytes]]:
    coded = b"ab" * 100
    frequencies = plain_encoder.fitting_frequencies(coded)
    table = write_frequencies(frequencies)
    lanes = encode_lanes(plain_encoder.Rans(frequencies, 12), 1, coded)
    for rule, listed, count in (
        ("places of patches are below n", varint(200) + b"x", 1),
        ("places of patches are below n", varint(100) + b"x" + varint(99) + b"y", 2),
        ("the list of patches ends within the payload", b"", 65535),
        ("varints take the fewest bytes", b"\x85\x00x", 1),
    ):
        yield rule, one_block(RANS, 0, 200, table + listed + lanes, count)


def digits() -> Iterator[tuple[str, bytes]]:
    n = 60

    def block(head: bytes, part: bytes, symbols: int = n) -> bytes:
        return one_block(DIGITS, 0, symbols, head + part)

    two = b"\x02ab"
    bits = nested(bytes(8))
    yield "digits are of 2 to 16 symbols", block(b"\x01a", bits)
    yield "digits are of 2 to 16 symbols", block(b"\x11" + bytes(range(17)), nested(bytes(30)))
    yield "only digits of two symbols have edges", block(b"\x83abc", nested(bytes(12)))
    yield "symbols of digits rise", block(b"\x02ba", bits)
    yield "symbols of digits rise", block(b"\x02aa", bits)
    yield "the symbols of digits are there", one_block(DIGITS, 0, 2, b"\x02a")
    yield "a byte of five digits is below 243", block(b"\x03abc", nested(bytes(11) + b"\xf3"))
    yield "a byte of three digits is below 216", block(b"\x06abcdef", nested(b"\xd8" + bytes(19)))
    yield "digits are below k", block(b"\x05abcde", nested(bytes(7) + b"\x05" + bytes(12)))
    yield "digits are below k", block(b"\x0f" + bytes(range(15)), nested(b"\xf0" + bytes(29)))
    yield "the last byte of digits is filled up with 0", block(two, nested(bytes(7) + b"\x10"))
    late = nested(bytes(11) + b"\x51")  # 81, the fifth digit, of 59
    yield "the last byte of digits is filled up with 0", block(b"\x03abc", late, 59)
    yield "the last byte of edges, too", block(b"\x82ab", nested(b"\x01" * 7 + b"\x10"))
    inner = nested_payload(DIGITS, digits_payload(b"ab" * 4))
    yield "digits do not nest", block(two, inner)
    yield "an index does not nest", block(two, b"\x04\x00")
    yield "lanes of a nested block without them are 0", block(two, b"\x10" + bytes(8))
    yield "lanes of a nested block are at most 2^8", block(two, b"\x92\x08" + bytes(8))
    yield "a nested payload is at most as long as its bytes", block(two, b"\x02\x09" + bytes(9))
    yield "a nested payload ends within the block", block(two, bits[:-1])
    yield "patches of a nested block are below 2^16", block(two, b"\x03\x80\x80\x04\x01\x00")
    yield "nothing follows the digits", block(two, bits + b"\0")
    yield "a payload of digits is at most n bytes", one_block(DIGITS, 0, 3, two + nested(b"\x05"))


def bitmaps() -> Iterator[tuple[str, bytes]]:
    n = 60
    bitmap = b"\x11" + bytes(7)  # others at 0 and 4

    def block(*parts: bytes, symbols: int = n) -> bytes:
        return one_block(BITMAP, 0, symbols, b"".join(parts))

    bits, others = nested(bitmap), nested(b"bc")
    yield "a bitmap has edges or none", block(b"\x02a\x02", bits, others)
    yield "others are at least 1", block(b"\0a\0", nested(bytes(8)), b"\0")
    yield "others are fewer than n", block(b"\0a\x3c", nested(b"\xff" * 7 + b"\x0f"), b"\x01b")
    yield "a bitmap has as many bits as there are others", block(b"\0a\x03", bits, nested(b"bcd"))
    yield "a bitmap has as many bits as there are others", block(b"\0a\x01", bits, nested(b"b"))
    yield "edges make as many bits as there are others", block(b"\x01a\x02", bits, others)
    yield (
        "no bit is behind the last symbol",
        block(b"\0a\x02", nested(b"\x01" + bytes(6) + b"\x10"), others),
    )
    behind = nested(b"\x11" + bytes(6) + b"\x10")
    yield "no edge is behind the last symbol", block(b"\x01a\x04", behind, nested(b"bcbc"))
    in_digits = nested_payload(DIGITS, digits_payload(b"bc" * 4))
    yield "a bitmap is not in digits", block(b"\0a\x02", in_digits, others)
    within = nested_payload(BITMAP, b"\0b\x01" + nested(b"\x02") + b"\x01c")
    yield "bitmaps do not nest", block(b"\0a\x02", bits, within)
    yield "a bitmap is whole", block(b"\0a\x02", bits[:-2])
    yield "the others are there", block(b"\0a\x02", bits)
    yield "nothing follows the others", block(b"\0a\x02", bits, others, b"\0")
    yield "varints take the fewest bytes", block(b"\0a\x82\0", bits, others)


def indexes() -> Iterator[tuple[str, bytes]]:
    header = write_header(1, 4, 80, True, b"")
    blocks: list[bytes] = []
    previous = check_of(header)
    for _ in range(20):
        blocks.append(write_block(CONSTANT, 0, 4, b"a", previous))
        previous = check_of(blocks[-1])
    body = header + b"".join(blocks)
    index = write_index(blocks, 80, previous)
    swapped = write_index([blocks[1], blocks[0], *blocks[2:]], 80, previous)
    yield "entries of the index are those of the blocks", body + swapped
    # One entry twice, a later one not at all: a CRC of the entries does not tell.
    moved = [*blocks[:3], blocks[3], *blocks[3:20], *blocks[21:]]
    del moved[20]
    yield "entries of the index are those of the blocks", body + write_index(moved, 80, previous)
    yield "the footer has the items of the frame", body + write_index(blocks, 81, previous)
    yield "an indexed frame has an index", body
    yield "the end magic is 4e 49 50 89", body + index[:-1] + b"N"
    footer = index[-20:-12] + le32(8) + index[-8:]
    check = crc(index[12:16] + le32(crc(footer[:12])))
    yield (
        "index_size is that of the index",
        body + index[:-20] + footer[:12] + le32(check) + index[-4:],
    )
    longer = write_header(1, 4, 84, True, b"")
    early: list[bytes] = []
    previous = check_of(longer)
    for _ in range(20):
        early.append(write_block(CONSTANT, 0, 4, b"a", previous))
        previous = check_of(early[-1])
    yield (
        "all blocks of a sized frame are there",
        longer + b"".join(early) + write_index(early, 80, previous),
    )
    plain_header = write_header(1, 4, 80, False, b"")
    yield (
        "an index that the header does not announce",
        joined(plain_header, *[(CONSTANT, 0, 4, b"a")] * 20, (INDEX, 0, 0, bytes(160))),
    )


def metadata() -> Iterator[tuple[str, bytes]]:
    good = write_metadata("<f4", [3])
    yield "the metadata version is 1", described(b"\2" + good[1:], 12)
    yield "order is 0 or 1", described(good[:1] + b"\2" + good[2:], 12)
    yield "the metadata end with the shape", described(good + b"\0", 12)
    yield "the shape is whole", described(good[:-1], 12)
    yield "the dtype is ASCII", described(good[:4] + b"\xff" + good[5:], 12)
    yield "varints take the fewest bytes", described(good[:-1] + b"\x83\x00", 12)
    yield (
        "varints have at most nine bytes",
        described(good[:-1] + b"\x83" + b"\x80" * 8 + b"\0", 12),
    )
    yield "shape * item size = items * planes", array("<f4", [4], 12)
    yield "there are at most 64 dimensions", array("<f4", [1] * 64 + [3], 12)
    yield "the lengths that are not 0 multiply to less than 2^63", array("<f4", [0, 2**62], 0)
    yield "metadata are not nonsense", described(b"nonsense", 12)
    for text in ("f4", "=f4", "|f4", "float32", "<f3", "<i1", "|b2", "<S4", "|U1", "<U01"):
        yield "a type string is as NumPy writes it", array(text, [3], 12)
    for text in ("<M8[0s]", "<M8[1s]", "<M8[025s]", "<M8[B]", "<M8[]", "|M8[ns]", "<M4[s]"):
        yield "time units", array(text, [2], 16)
    for text in ("bfloat17", "Bfloat16", "float16", "finfo"):
        yield "names are those of the list", array(text, [6], 12)
    for text in (
        "[('x','<f4')]", "[('x', '<f4'),]", '[("x", \'<f4\')]', "[('x', '=f4')]", "[('x', 'f')]",
        "[('x', '<f4'), ('x', '<f4')]", "[('x', '<i2', 2)]", "[('x', '<i2', (2))]",
        "[('x', '<i2', ())]", "[('', '<f4')]", "[('x', '|O')]", "[['x', '<f4']]", "(('x', '<f4'),)",
        "[('x', 'bfloat16')]", "[('x', '<i2', (-2,))]", "[('x', '<i2', (2.0,))]", "[('x', '<f4')] ",
        "[", "[1]", "[('x', )]",
    ):  # fmt: skip
        yield "a structured type is as Python writes it", array(text, [3], 12)


def messages() -> Iterator[tuple[str, str, bytes, dict[str, object]]]:
    lengths = [1, 2, 3, 3]
    code: dict[str, object] = {"lengths": lengths}
    identity = crc(bytes(lengths))
    symbols = [0, 1, 0, 2, 3, 0, 0, 1] * 5
    payload = encode_lanes(plain_encoder.Huffman(lengths), 1, symbols)

    def message(head: bytes, data: bytes, seed: int = identity) -> bytes:
        return head + le32(crc(head + data, seed)) + data

    good = b"\x10" + varint(len(symbols))
    yield "identity of the code", "huffman", message(good, payload, 0), code
    yield "kind of the code", "huffman", message(b"\x20" + good[1:], payload), code
    yield "bits 6 and 7 of the kind are 0", "huffman", message(b"\x50" + good[1:], payload), code
    yield "lanes are at most 256", "huffman", message(b"\x19" + good[1:], payload), code
    yield "the kind of an empty message is 0", "huffman", message(b"\x01\0", b""), code
    yield "the kind of an empty message is 0", "huffman", message(b"\x10\0", b""), code
    yield "an empty message has no payload", "huffman", message(b"\0\0", b"\0\0"), code
    longer = b"\x10" + bytes([len(symbols) | 128, 0])
    yield "varints take the fewest bytes", "huffman", message(longer, payload), code
    yield "no word is left over", "huffman", message(good, payload + b"\0\0"), code
    yield "what is beyond symbol n - 1 is 0", "huffman", message(b"\x10\1", le32(2**16 + 256)), code
    partial: dict[str, object] = {"lengths": [1, 2]}
    identity_of_partial = crc(bytes([1, 2]))
    words = message(b"\x10" + varint(9), le32(0xFFFFFFFF), identity_of_partial)
    yield "bits that begin no codeword", "huffman", words, partial
    slow: dict[str, object] = {"frequencies": [255, 1], "precision": 8}
    identity = plain_encoder.plain_decoder.identity_of_frequencies([255, 1], 8)
    many = b"\x25" + varint(64)
    data = b"".join(le32(2**16) for _ in range(32))
    yield (
        "codes that are no fast ones have at most 16 lanes",
        "rans",
        message(many, data, identity),
        slow,
    )
    free: dict[str, object] = {"frequencies": [256], "precision": 8}
    identity = plain_encoder.plain_decoder.identity_of_frequencies([256], 8)
    head = b"\x20" + varint(2**28 + 1)
    yield (
        "a message that costs nothing has at most 2^28 symbols",
        "rans",
        message(head, le32(2**16), identity),
        free,
    )


def all_vectors() -> Iterator[Refused]:
    number_of: dict[str, int] = {}

    def named(group: str, kind: str, rule: str, data: bytes, code: dict[str, object]) -> Refused:
        number_of[group] = number_of.get(group, 0) + 1
        return Refused(f"{group}_{number_of[group]}", kind, rule, data, code)

    groups = (
        headers, block_headers, tables, lane_payloads, patches, digits, bitmaps, indexes, metadata,
    )  # fmt: skip
    for group in groups:
        for rule, data in group():
            yield named(group.__name__, "frame", rule, data, {})
    for rule, kind, data, code in messages():
        yield named("messages", kind, rule, data, code)


assert NO_ITEMS == 2**64 - 1
