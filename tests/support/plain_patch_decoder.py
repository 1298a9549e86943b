"""A decoder of patches in plain Python, written from docs/patch-format.md and docs/format.md alone.

It is slow, and meant to be: each rule of that page is here once, as it stands there. It shares
nothing with the library. Anything the page does not allow raises `FormatError`.
"""

from __future__ import annotations

from dataclasses import dataclass

from support.plain_decoder import (
    CONSTANT,
    RANS,
    RAW,
    Array,
    Block,
    Bytes,
    FormatError,
    crc,
    item_size,
    le32,
    read_metadata,
    require,
    rotated_back,
)

EQUAL, STEPS, REPLACED = range(3)
KINDS = {(1, 0), (2, 0), (4, 0), (8, 0), (2, 7), (2, 10), (4, 23), (8, 52)}
KINDS_OF_FLOATS = {
    "<f2": (2, 10), "<f4": (4, 23), "<f8": (8, 52), "<c8": (4, 23), "<c16": (8, 52),
    "bfloat16": (2, 7), "bcomplex32": (2, 7), "complex32": (2, 10),
}  # fmt: skip


class WrongBaseError(Exception):
    """The base is not the array that the patch was made from."""


@dataclass
class Header:
    size: int
    mantissa: int
    exponents: list[int]
    chunk_items: int
    items: int
    changed: int
    metadata: bytes
    check: int


@dataclass
class Chunk:
    old_sum: int
    new_sum: int
    changed: int
    mode: int
    payload: bytes
    items: int


def read_header(source: Bytes) -> Header:
    require(source.take(4) == b"\x89PID", "this is no patch")
    require(source.number(1) == 1, "the version is not known")
    size = source.number(1)
    mantissa = source.number(1)
    classes = source.number(1)
    require((size, mantissa) in KINDS, "there are no such elements")
    require(1 <= classes <= (8 if mantissa > 0 else 1), "the number of classes is not valid")
    chunk_items = source.number(4)
    metadata_size = source.number(2)
    items = source.number(8)
    changed = source.number(8)
    patch_size = source.number(8)
    exponents = [0, *(source.number(2) for _ in range(classes - 1))]
    metadata = source.take(metadata_size)
    check = crc(source.data[: source.position])
    require(source.number(4) == check, "the check of the header does not match")
    require(1 <= chunk_items <= 2**22, "the chunk size is not valid")
    require(items < 2**60, "the number of elements is not valid")
    require(changed <= items, "more elements have changed than there are")
    require(patch_size == len(source.data), "the patch has another size")
    require(exponents == sorted(set(exponents)), "the exponents of the classes do not rise")
    require(exponents[-1] < 2 ** (8 * size - 1 - mantissa), "there is no such exponent")
    return Header(size, mantissa, exponents, chunk_items, items, changed, metadata, check)


def kind_of(text: str) -> tuple[int, int]:
    """The s and m of elements of a type."""
    if text in KINDS_OF_FLOATS:
        return KINDS_OF_FLOATS[text]
    size = item_size(text)
    if text[0] not in "<>":
        return (1, 0)
    if text[1] == "U":
        return (4 if size > 0 else 1, 0)
    return (size if size in {1, 2, 4, 8} else 1, 0)


def read_layout(header: Header) -> Array:
    """The metadata, as patches of arrays must have them."""
    layout = read_metadata(header.metadata)
    if layout is None:
        raise FormatError("the metadata are missing")
    require(layout.size == header.items * header.size, "the metadata state another size")
    kind = kind_of(layout.dtype) if isinstance(layout.dtype, str) else (1, 0)
    require((header.size, header.mantissa) == kind, "the elements are of another type")
    return layout


def read_chunks(source: Bytes, header: Header) -> list[Chunk]:
    chunks = []
    previous = header.check
    left = header.items
    while left > 0:
        items = min(left, header.chunk_items)
        head = Bytes(source.take(17))
        old_sum, new_sum, changed, payload_size = (head.number(4) for _ in range(4))
        mode = head.number(1)
        check = source.number(4)
        payload = source.take(payload_size)
        require(check == crc(le32(previous) + le32(crc(head.data + payload))), "a check is wrong")
        require(mode <= REPLACED, "the mode is not known")
        require(changed <= items, "more elements have changed than there are")
        require((mode == EQUAL) == (changed == 0), "the mode does not fit what has changed")
        if mode == EQUAL:
            require(old_sum == new_sum and not payload, "nothing has changed, and it says what")
        chunks.append(Chunk(old_sum, new_sum, changed, mode, payload, items))
        previous = check
        left -= items
    require(source.left() == 0, "bytes follow the last chunk")
    require(sum(chunk.changed for chunk in chunks) == header.changed, "another number of changes")
    return chunks


def read_stream(source: Bytes, size: int) -> bytes:
    stream = b""
    while len(stream) < size:
        stream += read_packed_block(source, min(size - len(stream), 2**20))
    return stream


def read_packed_block(source: Bytes, symbols: int) -> bytes:
    first = source.number(1)
    mode, log2_lanes = first & 15, first >> 4
    require(mode <= RANS, "the mode is not known")
    patches = 0
    payload_size = symbols if mode == RAW else 1
    if mode in (RAW, CONSTANT):
        require(log2_lanes == 0, "lanes in a mode that has none")
    else:
        require(log2_lanes <= 8, "the lanes are not valid")
        if mode == RANS:
            patches = source.varint()
            require(patches <= 65535, "there are too many patches")
        payload_size = source.varint()
        require(payload_size <= symbols, "a coded block longer than a raw one")
    payload = source.take(payload_size)
    return Block(mode, 2**log2_lanes, patches, symbols, 0, 0, 0, payload).decode()


def read_numbers(source: Bytes, count: int, size: int) -> list[bytes]:
    planes = [read_stream(source, count) for _ in range(size)]
    return [bytes(plane[i] for plane in planes) for i in range(count)]


def ordered(x: int, header: Header) -> int:
    bits = 8 * header.size
    if header.mantissa > 0 and x >> (bits - 1):
        return x ^ (2 ** (bits - 1) - 1)
    return x


def stepped(x: int, z: int, header: Header) -> int:
    bits = 8 * header.size
    step = z // 2 if z % 2 == 0 else 2**bits - (z + 1) // 2
    return ordered((ordered(x, header) + step) % 2**bits, header)


def class_of(x: int, header: Header) -> int:
    if header.mantissa == 0:
        return 0
    exponent = x % 2 ** (8 * header.size - 1) // 2**header.mantissa
    return max(c for c, least in enumerate(header.exponents) if exponent >= least)


def with_steps(chunk: Chunk, header: Header, part: bytes) -> bytes:
    source = Bytes(chunk.payload)
    classes = len(header.exponents)
    members = [source.varint() for _ in range(classes - 1)]
    members.append(chunk.items - sum(members))
    require(members[-1] >= 0, "the classes have more elements than there are")
    bits: list[list[int]] = []
    steps: list[list[int]] = []
    for count in members:
        stream = read_stream(source, -(-count // 8))
        flags = [byte >> i & 1 for byte in stream for i in range(8)]
        require(not any(flags[count:]), "bits are left over")
        bits.append(flags[:count])
        numbers = read_numbers(source, sum(flags), header.size)
        steps.append([int.from_bytes(number, "little") for number in numbers])
    require(source.left() == 0, "bytes are left over")
    require(sum(map(len, steps)) == chunk.changed, "another number of elements has changed")
    result = bytearray()
    for at in range(0, len(part), header.size):
        x = int.from_bytes(part[at : at + header.size], "little")
        c = class_of(x, header)
        require(len(bits[c]) > 0, "a class has too few elements")
        if bits[c].pop(0):
            x = stepped(x, steps[c].pop(0), header)
        result += x.to_bytes(header.size, "little")
    require(not any(bits) and not any(map(len, bits)), "a class has too many elements")
    return bytes(result)


def replaced(chunk: Chunk, header: Header) -> bytes:
    source = Bytes(chunk.payload)
    numbers = read_numbers(source, chunk.items, header.size)
    require(source.left() == 0, "bytes are left over")
    if header.mantissa > 0:
        numbers = [rotated_back(number) for number in numbers]
    return b"".join(numbers)


def apply(base: bytes, patch: bytes) -> bytes:
    """Return the bytes of the new array."""
    source = Bytes(patch)
    header = read_header(source)
    chunks = read_chunks(source, header)
    if len(base) != header.items * header.size:
        raise WrongBaseError
    parts = []
    for chunk in chunks:
        begin = sum(map(len, parts))
        parts.append(base[begin : begin + chunk.items * header.size])
        if crc(parts[-1]) != chunk.old_sum:
            raise WrongBaseError
    result = b""
    for chunk, part in zip(chunks, parts, strict=True):
        if chunk.mode == EQUAL:
            made = part
        elif chunk.mode == REPLACED:
            made = replaced(chunk, header)
        else:
            made = with_steps(chunk, header, part)
        require(crc(made) == chunk.new_sum, "the result is another state")
        result += made
    return result


__all__ = ["FormatError", "WrongBaseError", "apply", "read_chunks", "read_header", "read_layout"]
