"""A decoder of frames and messages in plain Python, written from docs/format.md alone.

It is slow, and meant to be: each rule of that page is here once, as it stands there. It shares
nothing with the library. Anything the page does not allow raises `FormatError`.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field

RAW, CONSTANT, HUFFMAN, RANS, INDEX, DIGITS, BITMAP = range(7)
MODES = ("raw", "constant", "huffman", "rans", "index", "digits", "bitmap")
NO_ITEMS = 2**64 - 1


class FormatError(Exception):
    """The data is not what docs/format.md allows."""


def require(condition: bool, what: str) -> None:
    if not condition:
        raise FormatError(what)


# -- Conventions ----------------------------------------------------------------------------------


class Bytes:
    """Data that is read from its start to its end."""

    def __init__(self, data: bytes) -> None:
        self.data = bytes(data)
        self.position = 0

    def left(self) -> int:
        return len(self.data) - self.position

    def take(self, size: int) -> bytes:
        require(size <= self.left(), f"cut off at byte {self.position}")
        self.position += size
        return self.data[self.position - size : self.position]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    def varint(self) -> int:
        value = 0
        for i in range(9):
            byte = self.number(1)
            value |= (byte & 127) << 7 * i
            if byte < 128:
                require(i == 0 or byte > 0, "a varint is longer than it must be")
                return value
        raise FormatError("a varint has more than nine bytes")


class Bits:
    """A bit string in bytes, the least significant bit of a byte first."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def bit(self) -> int:
        require(self.position < 8 * len(self.data), "a table is cut off")
        value = self.data[self.position // 8] >> self.position % 8 & 1
        self.position += 1
        return value

    def number(self, bits: int) -> int:
        return sum(self.bit() << i for i in range(bits))

    def ones(self) -> int:
        count = 0
        while self.bit() == 1:
            count += 1
        return count

    def gamma(self) -> int:
        bits = 0
        while self.bit() == 0:
            bits += 1
            require(bits <= 8, "a run is too long")
        return (1 << bits) + self.number(bits)

    def bytes_used(self) -> int:
        while self.position % 8 != 0:
            require(self.bit() == 0, "a table is not filled up with zeros")
        return self.position // 8


def _crc_of_byte(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    return byte


CRC_OF_BYTE = [_crc_of_byte(byte) for byte in range(256)]


def crc(data: bytes, seed: int = 0) -> int:
    register = seed ^ 0xFFFFFFFF
    for byte in data:
        register = register >> 8 ^ CRC_OF_BYTE[(register ^ byte) & 255]
    return register ^ 0xFFFFFFFF


def le32(value: int) -> bytes:
    return value.to_bytes(4, "little")


# -- Tables ---------------------------------------------------------------------------------------


def read_present(bits: Bits) -> list[int]:
    if bits.bit() == 1:
        present = [symbol for symbol in range(256) if bits.bit() == 1]
    else:
        present = []
        covered = bits.gamma() - 1
        run_is_present = True
        while covered < 256:
            length = bits.gamma()
            require(covered + length <= 256, "the runs cover more than 256 symbols")
            if run_is_present:
                present.extend(range(covered, covered + length))
            covered += length
            run_is_present = not run_is_present
    require(len(present) >= 2, "a table has fewer than two symbols")
    return present


def read_values(bits: Bits, count: int, start: int, smallest: int, largest: int) -> list[int]:
    k = bits.number(2)
    values = []
    previous = start
    for _ in range(count):
        u = bits.ones() << k
        u += bits.number(k)
        previous += u // 2 if u % 2 == 0 else -(u + 1) // 2
        require(smallest <= previous <= largest, "a value of a table is out of range")
        values.append(previous)
    return values


def read_lengths(data: bytes) -> tuple[list[int], int]:
    """The length of each byte's codeword (0: none), and the bytes of the table."""
    bits = Bits(data)
    present = read_present(bits)
    lengths = [0] * 256
    for symbol, length in zip(present, read_values(bits, len(present), 8, 1, 11), strict=True):
        lengths[symbol] = length
    require(sum(2 ** (11 - n) for n in lengths if n > 0) == 2**11, "the code is not complete")
    return lengths, bits.bytes_used()


def read_frequencies(data: bytes) -> tuple[list[int], int]:
    """The frequency of each byte, and the bytes of the table."""
    bits = Bits(data)
    present = read_present(bits)
    classes = read_values(bits, len(present), 6, 0, 11)
    light = bits.bit() == 1
    frequencies = [0] * 256
    for symbol, c in zip(present, classes, strict=True):
        frequencies[symbol] = 2**c + (0 if light and c < 4 else bits.number(c))
    require(sum(frequencies) == 4096, "the frequencies do not sum to 4096")
    return frequencies, bits.bytes_used()


# -- Coders ---------------------------------------------------------------------------------------


def codewords(lengths: Sequence[int]) -> dict[int, str]:
    """The canonical codeword of each symbol that has one, as it is read: first bit first."""
    words = {}
    codeword = previous = 0
    for length, symbol in sorted((n, s) for s, n in enumerate(lengths) if n > 0):
        codeword = codeword + 1 if words else 0
        codeword <<= length - previous if words else 0
        require(codeword < 2**length, "more codewords than there is room for")
        words[symbol] = format(codeword, f"0{length}b")
        previous = length
    return words


class Huffman:
    def __init__(self, lengths: Sequence[int]) -> None:
        self.longest = max(lengths)
        self.is_complete = sum(2 ** (16 - n) for n in lengths if n > 0) == 2**16
        self.symbols = {(len(word), word): s for s, word in codewords(lengths).items()}

    def pop(self, x: int) -> tuple[int, int]:
        word = ""
        for length in range(1, self.longest + 1):
            word += str(x & 1)
            x >>= 1
            if (length, word) in self.symbols:
                return self.symbols[length, word], x
        raise FormatError("bits that begin no codeword")

    def most_lanes(self, alphabet: int) -> int:
        return 256 if alphabet <= 256 and self.is_complete and self.longest <= 11 else 16

    def is_free(self) -> bool:
        return False


class Rans:
    def __init__(self, frequencies: Sequence[int], precision: int) -> None:
        require(sum(frequencies) == 2**precision, "the frequencies have the wrong sum")
        self.frequencies = frequencies
        self.precision = precision
        self.starts: dict[int, int] = {}
        self.symbol_of_slot: list[int] = []
        for _, symbol in sorted((-f, s) for s, f in enumerate(frequencies) if f > 0):
            self.starts[symbol] = len(self.symbol_of_slot)
            self.symbol_of_slot.extend([symbol] * frequencies[symbol])

    def pop(self, x: int) -> tuple[int, int]:
        slot = x % 2**self.precision
        symbol = self.symbol_of_slot[slot]
        x = self.frequencies[symbol] * (x >> self.precision) + slot - self.starts[symbol]
        return symbol, x

    def most_lanes(self, alphabet: int) -> int:
        return 256 if alphabet <= 256 and self.precision == 12 and not self.is_free() else 16

    def is_free(self) -> bool:
        return len(self.starts) == 1


def decode_lanes(
    coder: Huffman | Rans, lanes: int, payload: bytes, n: int, symbol_bytes: int = 1
) -> list[int]:
    source = Bytes(payload)
    states = [source.number(4) for _ in range(lanes)]
    require(all(x >= 2**16 for x in states), "a state is below 2^16")
    per_state = 2 // symbol_bytes
    kept = min(n, per_state * lanes)
    symbols = []
    for i in range(n - kept):
        lane = i % lanes
        symbol, x = coder.pop(states[lane])
        if x < 2**16:
            x = x << 16 | source.number(2)
        states[lane] = x
        symbols.append(symbol)
    require(source.left() == 0, "words are left over")
    for x in states:
        require(x >> 16 == 1, "a state does not return to its start")
        value = x & 0xFFFF
        symbols.extend([value & 255, value >> 8] if symbol_bytes == 1 else [value])
    require(not any(symbols[n:]), "a state holds more than the symbols that are left")
    return symbols[:n]


# -- Frames ---------------------------------------------------------------------------------------


@dataclass
class Header:
    sized: bool
    indexed: bool
    rotated: bool
    planes: int
    chunk_items: int
    items: int
    metadata: bytes
    check: int


@dataclass
class Block:
    mode: int
    lanes: int
    patches: int
    symbols: int
    size: int
    offset: int
    check: int
    payload: bytes = field(repr=False)

    def decode(self) -> bytes:
        return decode_payload(self.mode, self.lanes, self.patches, self.payload, self.symbols)


def decode_payload(mode: int, lanes: int, number_of_patches: int, payload: bytes, n: int) -> bytes:
    if mode == RAW:
        return payload
    if mode == CONSTANT:
        return payload * n
    if mode == DIGITS:
        return decode_digits(Bytes(payload), n)
    if mode == BITMAP:
        return decode_bitmap(Bytes(payload), n)
    if mode == HUFFMAN:
        lengths, used = read_lengths(payload)
        coder: Huffman | Rans = Huffman(lengths)
    else:
        frequencies, used = read_frequencies(payload)
        coder = Rans(frequencies, 12)
    source = Bytes(payload[used:])
    patches = read_patches(source, number_of_patches, n)
    decoded = bytearray(decode_lanes(coder, lanes, source.take(source.left()), n))
    for place, symbol in patches:
        decoded[place] = symbol
    return bytes(decoded)


def read_nested(source: Bytes, n: int, *modes: int) -> bytes:
    first = source.number(1)
    mode, log2_lanes = first % 16, first // 16
    require(mode in modes, "the mode of a nested block is not allowed")
    require(log2_lanes <= (8 if mode in (HUFFMAN, RANS) else 0), "the lanes are not valid")
    patches = source.varint() if mode == RANS else 0
    require(patches < 2**16, "too many patches")
    size = n if mode == RAW else 1 if mode == CONSTANT else source.varint()
    require(size <= n, "a nested payload is too long")
    return decode_payload(mode, 2**log2_lanes, patches, source.take(size), n)


DIGITS_IN_A_BYTE = {2: 8, 3: 5, 4: 4, 6: 3, 16: 2}
BYTE_MODES = (RAW, CONSTANT, HUFFMAN, RANS)


def base_of(k: int) -> int:
    return min(base for base in DIGITS_IN_A_BYTE if base >= k)


def decode_digits(source: Bytes, n: int) -> bytes:
    first = source.number(1)
    k, edges = first % 128, first >= 128
    require(2 <= k <= 16, "the number of symbols is not valid")
    require(not edges or k == 2, "edges of more than two symbols")
    symbols = source.take(k)
    require(list(symbols) == sorted(set(symbols)), "the symbols do not rise")
    base = base_of(k)
    in_a_byte = DIGITS_IN_A_BYTE[base]
    packed = read_nested(source, -(-n // in_a_byte), *BYTE_MODES)
    require(source.left() == 0, "bytes are left over")
    digits = []
    for byte in packed:
        require(byte < base**in_a_byte, "a byte that no digits make")
        digits += [byte // base**i % base for i in range(in_a_byte)]
    require(not any(digits[n:]), "the last byte is not filled up with zeros")
    require(max(digits) < k, "a digit is too large")
    digits = digits[:n]
    return bytes(symbols[digit] for digit in (from_edges(digits) if edges else digits))


def from_edges(bits: list[int]) -> list[int]:
    result = []
    before = 0
    for bit in bits:
        before ^= bit
        result.append(before)
    return result


def decode_bitmap(source: Bytes, n: int) -> bytes:
    edges = source.number(1)
    require(edges in (0, 1), "edges or none")
    usual = source.number(1)
    m = source.varint()
    require(1 <= m < n, "the number of others is not valid")
    bitmap = read_nested(source, -(-n // 8), *BYTE_MODES)
    bits = [byte >> i & 1 for byte in bitmap for i in range(8)]
    require(not any(bits[n:]), "bits behind the last symbol")
    bits = from_edges(bits[:n]) if edges else bits[:n]
    require(sum(bits) == m, "the bitmap has another number of others")
    others = iter(read_nested(source, m, *BYTE_MODES, DIGITS))
    require(source.left() == 0, "bytes are left over")
    return bytes(next(others) if bit else usual for bit in bits)


def read_patches(source: Bytes, number: int, n: int) -> list[tuple[int, int]]:
    patches = []
    possible = 0
    for _ in range(number):
        place = possible + source.varint()
        require(place < n, "a patch is out of place")
        patches.append((place, source.number(1)))
        possible = place + 1
    return patches


@dataclass
class Frame:
    header: Header
    blocks: list[Block]
    items: int
    data: bytes
    """The items, byte by byte as they were before they were split into planes."""


def read_header(source: Bytes) -> Header:
    require(source.take(4) == b"\x89PIN", "this is no frame")
    require(source.number(1) == 1, "the version is not known")
    flags = source.number(1)
    require(flags & 3 != 0 and flags < 8, "the flags are not valid")
    planes = source.number(2)
    chunk_items = source.number(4)
    metadata_size = source.number(2)
    items = source.number(8)
    metadata = source.take(metadata_size)
    check = crc(source.data[: source.position])
    require(source.number(4) == check, "the check of the header does not match")
    sized, indexed, rotated = (flags & bit != 0 for bit in (1, 2, 4))
    header = Header(sized, indexed, rotated, planes, chunk_items, items, metadata, check)
    require(planes >= 1, "no planes")
    require(not rotated or planes in (2, 4, 8), "items of a size that is not rotated")
    require(1 <= chunk_items <= 2**20, "the chunk size is not valid")
    require(planes * chunk_items <= 2**24, "a chunk has too many bytes")
    if header.sized:
        require(items * planes < 2**63, "the number of items is not valid")
    else:
        require(items == NO_ITEMS, "the number of items is not valid")
    return header


def read_block(source: Bytes, previous: int) -> Block:
    offset = source.position
    head = Bytes(source.take(12))
    mode = head.number(1)
    log2_lanes = head.number(1)
    patches = head.number(2)
    symbols = head.number(4)
    payload_size = head.number(4)
    check = source.number(4)
    require(mode <= BITMAP, "the mode is not known")
    require(log2_lanes <= (8 if mode in (HUFFMAN, RANS) else 0), "the lanes are not valid")
    require(patches == 0 or mode == RANS, "patches in a mode that has none")
    if mode == RAW:
        require(payload_size == symbols, "a raw block of another size")
    elif mode == CONSTANT:
        require(payload_size == 1, "a constant block of another size")
    elif mode == INDEX:
        require(symbols == 0, "an index with symbols")
    else:
        require(payload_size <= symbols, "a coded block longer than a raw one")
    payload = source.take(payload_size)
    require(
        check == crc(le32(previous) + le32(crc(head.data + payload))),
        f"the check of the block at byte {offset} does not match",
    )
    return Block(mode, 2**log2_lanes, patches, symbols, 16 + payload_size, offset, check, payload)


def read_frame(data: bytes) -> Frame:
    source = Bytes(data)
    header = read_header(source)
    blocks: list[Block] = []
    index = None
    items = 0
    previous = header.check
    chunks: list[list[bytes]] = []
    while not header.sized or items < header.items:
        block = read_block(source, previous)
        previous = block.check
        if block.mode == INDEX:
            index = block
            break
        # Whole chunks, one block for each plane of each; only the last chunk may be short.
        if len(blocks) % header.planes == 0:
            require(items == len(chunks) * header.chunk_items, "a short chunk is not the last")
            expected = block.symbols
            if header.sized:
                expected = min(header.chunk_items, header.items - items)
            chunks.append([])
        require(1 <= block.symbols <= header.chunk_items, "a block of an invalid size")
        require(block.symbols == expected, "the planes of a chunk have different sizes")
        blocks.append(block)
        chunks[-1].append(block.decode())
        if len(blocks) % header.planes == 0:
            items += block.symbols
    require(len(blocks) == len(chunks) * header.planes, "the last chunk lacks planes")
    require(not header.sized or items == header.items, "the index comes too early")
    if header.indexed:
        if index is None:
            index = read_block(source, previous)
        require(index.mode == INDEX, "the index is missing")
        read_index(source, index, blocks, items)
    require(index is None or header.indexed, "an index that was not announced")
    require(source.left() == 0, "data follows the frame")
    whole = bytearray(items * header.planes)
    position = 0
    for planes in chunks:
        size = len(planes[0]) * header.planes
        for k, plane in enumerate(planes):
            whole[position + k : position + size : header.planes] = plane
        position += size
    if header.rotated:
        for start in range(0, len(whole), header.planes):
            item = whole[start : start + header.planes]
            whole[start : start + header.planes] = rotated_back(item)
    described = read_metadata(header.metadata)
    require(described is None or described.size == len(whole), "the array has another size")
    return Frame(header, blocks, items, bytes(whole))


def rotated_back(item: bytes) -> bytes:
    number = int.from_bytes(item, "little")
    top = 8 * len(item) - 1
    return (number >> 1 | (number & 1) << top).to_bytes(len(item), "little")


def read_index(source: Bytes, index: Block, blocks: list[Block], items: int) -> None:
    expected = b"".join(le32(block.size) + le32(block.check) for block in blocks)
    require(index.payload == expected, "the index is not that of the blocks")
    footer = Bytes(source.take(20))
    require(footer.number(8) == items, "the footer has another number of items")
    require(footer.number(4) == len(index.payload), "the footer has another size of the index")
    check = crc(le32(index.check) + le32(crc(footer.data[:12])))
    require(footer.number(4) == check, "the check of the footer does not match")
    require(footer.take(4) == b"NIP\x89", "the end magic is not there")


# -- Metadata -------------------------------------------------------------------------------------


@dataclass
class Array:
    dtype: str | list[tuple[object, ...]]
    fortran_order: bool
    shape: tuple[int, ...]
    size: int


EXTENSION_TYPES = {
    **dict.fromkeys(("float8_e3m4", "float8_e4m3", "float8_e4m3b11fnuz", "float8_e4m3fn"), 1),
    **dict.fromkeys(("float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu"), 1),
    **dict.fromkeys(("float6_e2m3fn", "float6_e3m2fn", "float4_e2m1fn"), 1),
    **dict.fromkeys(("int1", "int2", "int4", "uint1", "uint2", "uint4"), 1),
    "bfloat16": 2,
    "complex32": 4,
    "bcomplex32": 4,
}
NUMBERS = {
    "b": (1,), "i": (1, 2, 4, 8), "u": (1, 2, 4, 8), "f": (2, 4, 8, 12, 16), "c": (8, 16, 24, 32),
}  # fmt: skip
UNITS = ("Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as")


def canonical_number(text: str) -> int:
    require(text.isdecimal() and str(int(text)) == text, f"{text!r} is no number")
    return int(text)


def plain_size(text: str) -> int:
    """The item size of a NumPy type string."""
    require(len(text) >= 3 and text[0] in "<>|", f"{text!r} is no type")
    order, kind, rest = text[0], text[1], text[2:]
    if kind in "mM":
        unit = rest[1:]
        require(order != "|" and rest[0] == "8", f"{text!r} is no type")
        if unit:
            require(unit[0] == "[" and unit[-1] == "]", f"{text!r} has no unit")
            name = unit[1:-1].lstrip("0123456789")
            multiple = unit[1:-1].removesuffix(name)
            require(name in UNITS, f"{text!r} has no unit")
            require(not multiple or 2 <= canonical_number(multiple) < 10**9, "a wrong multiple")
        return 8
    size = canonical_number(rest)
    if kind in "SV":
        require(order == "|", f"{text!r} has a byte order")
        return size
    if kind == "U":
        require(order != "|", f"{text!r} has no byte order")
        return 4 * size
    require(size in NUMBERS.get(kind, ()), f"{text!r} is no type")
    require((order == "|") == (size == 1), f"{text!r} has the wrong byte order")
    return size


def record_size(fields: object, names: set[str]) -> int:
    require(isinstance(fields, list), "fields are not in a list")
    assert isinstance(fields, list)
    total = 0
    for field_ in fields:
        require(isinstance(field_, tuple) and len(field_) in (2, 3), "this is no field")
        name, kind, *shape = field_
        size = record_size(kind, set()) if isinstance(kind, list) else field_size(kind)
        if name == "":
            padding = isinstance(kind, str) and kind.startswith("|V") and size > 0 and not shape
            require(padding, "a field without a name that is no padding")
        else:
            if isinstance(name, tuple):
                require(len(name) == 2, "not a title and a name")
            for one in name if isinstance(name, tuple) else (name,):
                require(isinstance(one, str) and one != "", "this is no name")
                require(one not in names, "a name occurs twice")
                names.add(one)
        for extents in shape:
            require(isinstance(extents, tuple) and 1 <= len(extents) <= 64, "this is no shape")
            for extent in extents:
                require(type(extent) is int and 0 <= extent < 2**31, "this is no length")
                size *= extent
        total += size
    return total


def field_size(text: object) -> int:
    require(isinstance(text, str), "a type is no text")
    return plain_size(str(text))


def item_size(text: str) -> int:
    if text.startswith("["):
        try:
            fields = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
            raise FormatError("the fields are no literal") from error
        require(ascii(fields) == text, "the fields are not as Python writes them")
        size = record_size(fields, set())
    else:
        size = EXTENSION_TYPES[text] if text in EXTENSION_TYPES else plain_size(text)
    require(size < 2**31, "items are too large")
    return size


def read_metadata(metadata: bytes) -> Array | None:
    """What the items are; None for bytes without further meaning."""
    if not metadata:
        return None
    source = Bytes(metadata)
    require(source.number(1) == 1, "the version of the metadata is not known")
    order = source.number(1)
    require(order in (0, 1), "the order is not valid")
    try:
        text = source.take(source.number(2)).decode("ascii")
    except UnicodeDecodeError as error:
        raise FormatError("the type is not in ASCII") from error
    ndim = source.number(1)
    require(ndim <= 64, "there are too many dimensions")
    shape = tuple(source.varint() for _ in range(ndim))
    require(source.left() == 0, "the metadata goes on")
    itemsize = item_size(text)
    bound = max(1, itemsize)
    size = itemsize
    for extent in shape:
        bound *= max(1, extent)
        size *= extent
    require(bound < 2**63, "the array is too large")
    dtype = ast.literal_eval(text) if text.startswith("[") else text
    return Array(dtype, order == 1, shape, size)


# -- Messages -------------------------------------------------------------------------------------


def identity_of_lengths(lengths: Sequence[int]) -> int:
    return crc(bytes(lengths))


def identity_of_frequencies(frequencies: Sequence[int], precision: int) -> int:
    return crc(bytes([precision]) + b"".join(le32(f) for f in frequencies))


def decode_huffman_message(data: bytes, lengths: Sequence[int]) -> list[int]:
    return _decode_message(data, 1, Huffman(lengths), identity_of_lengths(lengths), len(lengths))


def decode_rans_message(data: bytes, frequencies: Sequence[int], precision: int) -> list[int]:
    identity = identity_of_frequencies(frequencies, precision)
    return _decode_message(data, 2, Rans(frequencies, precision), identity, len(frequencies))


def _decode_message(
    data: bytes, number: int, coder: Huffman | Rans, identity: int, alphabet: int
) -> list[int]:
    source = Bytes(data)
    kind = source.number(1)
    n = source.varint()
    head = source.data[: source.position]
    check = source.number(4)
    payload = source.take(source.left())
    require(check == crc(head + payload, identity), "damaged, or of another code")
    require(kind >> 6 == 0 and kind & 15 <= 8, "the kind is not valid")
    if n == 0:
        require(kind == 0 and not payload, "an empty message with a payload")
        return []
    require(kind >> 4 == number, "a message of another coder")
    require(1 << (kind & 15) <= coder.most_lanes(alphabet), "too many lanes for this code")
    require(n <= (2**28 if coder.is_free() else 2**48), "too many symbols")
    return decode_lanes(coder, 1 << (kind & 15), payload, n, 1 if alphabet <= 256 else 2)
