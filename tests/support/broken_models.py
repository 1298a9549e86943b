"""Messages of models that break one rule of docs/entropy-models-format.md each, checks right."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from support.plain_decoder import crc, le32
from support.plain_models_decoder import Table, Tables, index_fingerprint

TABLES = Tables(8, (Table(-1, (128, 64, 63, 1)), Table(0, (128, 64, 63, 1))))
INDEXES = [0, 0, 1, 1]
CDFS = [[0, 128, 192, 255, 256]] * 2
OFFSETS = [-1, 0]


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def header(
    magic: bytes = b"\x89PIE",
    version: int = 1,
    flags: int = 0,
    symbols: bytes = b"\x04",
    tables: int | None = None,
) -> bytes:
    fingerprint = TABLES.fingerprint() if tables is None else tables
    return magic + bytes([version, flags]) + symbols + le32(fingerprint)


def block(
    first: bytes,
    log2_lanes: int = 0,
    tail: bytes = b"\x00",
    lanes: bytes = b"",
    escapes: bytes = b"",
    lane_bytes: bytes | None = None,
    indexes: int | None = None,
    wrong: int = 0,
) -> bytes:
    fingerprint = index_fingerprint(TABLES, INDEXES, None) if indexes is None else indexes
    sizes = (varint(len(lanes)) if lane_bytes is None else lane_bytes) + varint(len(escapes))
    fields = bytes([log2_lanes]) + tail + sizes + le32(fingerprint)
    check = crc(fields + lanes + escapes, crc(first)) ^ wrong
    return fields + le32(check) + lanes + escapes


def push(symbols: list[tuple[int, int]], state: int = 2**16) -> bytes:
    """One lane of (start, frequency), as bytes."""
    words = b""
    for start, frequency in reversed(symbols):
        if state >= frequency << 24:
            words = (state & 0xFFFF).to_bytes(2, "little") + words
            state >>= 16
        state = (state // frequency << 8) + start + state % frequency
    return le32(state) + words


# The symbols 0, 0, 1, 9: the last one an escape.
GOOD = [(128, 64), (128, 64), (128, 64), (255, 1)]
LANES = push(GOOD)
ESCAPES = varint(2 * (9 - 3))


def good() -> bytes:
    first = header()
    return first + block(first, lanes=LANES, escapes=ESCAPES)


def all_of_them() -> Iterator[tuple[str, bytes]]:
    """Rules, and messages that break them."""

    def made(make: Callable[[bytes], bytes], **fields: object) -> bytes:
        first = header(**fields)  # type: ignore[arg-type]
        return first + make(first)

    def right(first: bytes) -> bytes:
        return block(first, lanes=LANES, escapes=ESCAPES)

    yield "the magic is another", made(right, magic=b"\x89PIN")
    yield "the version is another", made(right, version=2)
    yield "there is no such flag", made(right, flags=4)
    yield "the number of symbols is not in its shortest form", made(right, symbols=b"\x84\x00")
    yield "the tables are others", made(right, tables=TABLES.fingerprint() ^ 1)
    yield (
        "the indexes are others",
        made(lambda f: block(f, lanes=LANES, escapes=ESCAPES, indexes=7)),
    )
    yield "the checksum is wrong", made(lambda f: block(f, lanes=LANES, escapes=ESCAPES, wrong=1))
    yield (
        "there are no so many lanes",
        made(lambda f: block(f, log2_lanes=9, lanes=le32(2**16) * 512, escapes=ESCAPES)),
    )
    yield (
        "a tail needs four lanes",
        made(lambda f: block(f, tail=b"\x01", lanes=push(GOOD[:3]), escapes=ESCAPES)),
    )
    yield (
        "the tail has more symbols than the block",
        made(
            lambda f: block(f, log2_lanes=2, tail=b"\x05", lanes=le32(2**16) * 4, escapes=ESCAPES)
        ),
    )
    yield (
        "a size is not in its shortest form",
        made(
            lambda f: block(
                f, lanes=LANES, escapes=ESCAPES, lane_bytes=bytes([len(LANES) | 128, 0])
            )
        ),
    )
    yield "lane_bytes is odd", made(lambda f: block(f, lanes=LANES + b"\x00", escapes=ESCAPES))
    yield "a state is missing", made(lambda f: block(f, lanes=LANES[:2], escapes=ESCAPES))
    yield (
        "a state is below 2^16",
        made(lambda f: block(f, lanes=le32(2**16 - 1) + LANES[4:], escapes=ESCAPES)),
    )
    yield "words are left over", made(lambda f: block(f, lanes=LANES + b"\0\0", escapes=ESCAPES))
    yield "words are missing", made(lambda f: block(f, lanes=le32(2**16 + 255), escapes=ESCAPES))
    yield (
        "a state does not return to its start",
        made(lambda f: block(f, lanes=push(GOOD, 2**17), escapes=ESCAPES)),
    )
    yield (
        "a free bit is not 0",
        made(lambda f: block(f, lanes=push(GOOD, 2**16 + 1), escapes=ESCAPES)),
    )
    yield "an escape is missing", made(lambda f: block(f, lanes=LANES))
    yield (
        "an escape is not in its shortest form",
        made(lambda f: block(f, lanes=LANES, escapes=bytes([ESCAPES[0] | 128, 0]))),
    )
    yield "an escape is left over", made(lambda f: block(f, lanes=LANES, escapes=ESCAPES + b"\x00"))
    yield (
        "an escape is above 2^40",
        made(lambda f: block(f, lanes=LANES, escapes=varint(2**40 + 2))),
    )
    yield (
        "a symbol has more than 16 bits",
        made(lambda f: block(f, lanes=LANES, escapes=varint(2 * (2**15 - 3)))),
    )
    yield "something follows the last block", good() + b"\x00"
    yield "the block is cut off", good()[:-1]
    yield "the header is cut off", header()[:-1]
