"""Patches that break one rule of docs/patch-format.md each, with all their checks right."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from support.plain_decoder import crc, le32

HEADER = struct.Struct("<4s4BIH3Q")
CHUNK = struct.Struct("<4IB")
OLD = struct.pack("<8H", 1, 2, 3, 4, 5, 6, 7, 8)
NEW = struct.pack("<8H", 1, 2, 3, 4, 5, 6, 7, 9)
METADATA = b"\x01\x00\x03\x00<u2\x01\x08"
PAYLOAD = b"\x01\x80\x01\x02\x01\x00"  # bit 7; z is 2


def chunk(
    payload: bytes = PAYLOAD,
    *,
    old: bytes = OLD,
    new: bytes = NEW,
    changed: int = 1,
    mode: int = 1,
    payload_size: int | None = None,
) -> tuple[bytes, bytes]:
    size = len(payload) if payload_size is None else payload_size
    return CHUNK.pack(crc(old), crc(new), changed, size, mode), payload


def patch(
    *chunks: tuple[bytes, bytes],
    magic: bytes = b"\x89PID",
    version: int = 1,
    kind: tuple[int, int, int] = (2, 0, 1),
    chunk_items: int = 8,
    items: int = 8,
    changed: int = 1,
    exponents: tuple[int, ...] = (),
    more: bytes = b"",
    size: int | None = None,
    check: int = 0,
) -> bytes:
    """A patch whose checks are right, but for what `check` does to that of the header."""
    ranges = struct.pack(f"<{len(exponents)}H", *exponents)
    chunks = chunks or (chunk(),)
    whole = HEADER.size + len(ranges) + len(METADATA) + 4
    whole += sum(len(head) + 4 + len(payload) for head, payload in chunks) + len(more)
    header = HEADER.pack(
        magic, version, *kind, chunk_items, len(METADATA), items, changed,
        whole if size is None else size,
    ) + ranges + METADATA  # fmt: skip
    previous = crc(header)
    data = header + le32(previous ^ check)
    for head, payload in chunks:
        previous = crc(le32(previous) + le32(crc(head + payload)))
        data += head + le32(previous) + payload
    return data + more


def all_of_them() -> Iterator[tuple[str, bytes, bytes]]:
    """The rule, a base, and a patch that breaks it."""
    for rule, data in _broken():
        yield rule, OLD, data
    yield "the base has other contents", OLD[:-1] + b"\x01", patch()
    yield "the base has another size", OLD[:-2], patch()


def _broken() -> Iterator[tuple[str, bytes]]:
    yield "magic", patch(magic=b"\x89PIN")
    yield "version", patch(version=2)
    yield "size of elements", patch(kind=(3, 0, 1))
    yield "mantissa", patch(kind=(2, 8, 1))
    yield "no classes", patch(kind=(2, 0, 0))
    yield "too many classes", patch(kind=(2, 7, 9), exponents=tuple(range(1, 9)))
    yield "whole numbers in two classes", patch(kind=(2, 0, 2), exponents=(1,))
    yield "exponents that do not rise", patch(kind=(2, 7, 3), exponents=(5, 5))
    yield "an exponent of 0", patch(kind=(2, 7, 2), exponents=(0,))
    yield "an exponent too large", patch(kind=(2, 7, 2), exponents=(256,))
    yield "no elements in a chunk", patch(chunk_items=0)
    yield "too many elements in a chunk", patch(chunk_items=2**22 + 1)
    yield "too many elements", patch(items=2**60)
    yield "more elements than chunks", patch(items=9)
    yield "changed in the header", patch(changed=2)
    yield "patch_size", patch(size=90)
    yield "check of the header", patch(check=1)
    yield "bytes after the last chunk", patch(more=b"\0")
    yield "a chunk too many", patch(chunk(), chunk())
    yield "check of a chunk", patch()[:-1] + b"\x01"
    yield "cut off", patch()[:-1]
    yield "mode of a chunk", patch(chunk(mode=3))
    yield "changed, and equal", patch(chunk(b"", mode=0))
    yield "not changed, and steps", patch(chunk(changed=0), changed=0)
    yield "more changed than there are", patch(chunk(changed=9), changed=9)
    yield "equal with a payload", patch(chunk(b"\0", new=OLD, changed=0, mode=0), changed=0)
    yield "equal with two states", patch(chunk(b"", changed=0, mode=0), changed=0)
    yield "payload_size", patch(chunk(payload_size=2**32 - 1))
    yield "payload cut off", patch(chunk(PAYLOAD[:-1]))
    yield "payload too long", patch(chunk(PAYLOAD + b"\0"))
    yield "fewer bits than changed", patch(chunk(b"\x01\x00"))
    yield "more bits than changed", patch(chunk(b"\x01\xc0\x01\x02\x01\x00"))
    yield (
        "bits behind the last element",
        patch(chunk(b"\x01\x90\x01\x02\x01\x00", old=OLD[:8], new=NEW[-8:]), items=4),
    )
    yield "class sizes cut off", patch(chunk(b""), kind=(2, 7, 2), exponents=(9,))
    yield "class sizes too large", patch(chunk(b"\x09"), kind=(2, 7, 2), exponents=(9,))
    yield (
        "class sizes of another base",
        patch(chunk(b"\x04\x01\x00" + b"\x01\x08\x01\x02\x01\x00"), kind=(2, 7, 2), exponents=(9,)),
    )
    yield "mode of a block", patch(chunk(b"\x04\x80\x01\x02\x01\x00"))
    yield "lanes of a constant block", patch(chunk(b"\x11\x80\x01\x02\x01\x00"))
    yield "a coded block longer than a raw one", patch(chunk(b"\x02\x02\x00\x00\x01\x02\x01\x00"))
    yield "a code without a table", patch(chunk(b"\x03\x00\x01\x00\x01\x02\x01\x00"))
    yield "the new state is another", patch(chunk(b"\x01\x80\x01\x04\x01\x00"))
    yield "replaced by too little", patch(chunk(b"\x01\x00", mode=2))
    yield "replaced by another state", patch(chunk(b"\x01\x00\x01\x00", mode=2))
