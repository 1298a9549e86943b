"""An encoder of frames and messages in plain Python, the counterpart of plain_decoder.py.

It leaves the choices to its caller: mode and lanes of each block, codes, order of the flags. So the
tests have frames that docs/format.md allows and the library would never write.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Collection, Sequence

from support import plain_decoder
from support.plain_decoder import (
    BITMAP,
    CONSTANT,
    DIGITS,
    DIGITS_IN_A_BYTE,
    HUFFMAN,
    INDEX,
    NO_ITEMS,
    RANS,
    RAW,
    base_of,
    crc,
    le32,
)

Choice = Callable[[int], tuple[int, int]]
"""Mode and log2 of the lanes for a block, by its number."""


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


# -- Codes that fit some symbols ------------------------------------------------------------------


def fitting_lengths(symbols: Sequence[int], alphabet: int = 256, longest: int = 11) -> list[int]:
    """Codeword lengths for what occurs in `symbols`: a complete code, a good one."""
    counts = Counter(symbols)
    while True:
        heap = [(count, symbol, [symbol]) for symbol, count in counts.items()]
        heapq.heapify(heap)
        lengths = [0] * alphabet
        for symbol in counts:
            lengths[symbol] = 1 if len(counts) == 1 else 0
        while len(heap) > 1:
            low, other = heapq.heappop(heap), heapq.heappop(heap)
            for symbol in low[2] + other[2]:
                lengths[symbol] += 1
            heapq.heappush(heap, (low[0] + other[0], low[1], low[2] + other[2]))
        if max(lengths, default=0) <= longest:
            return lengths
        counts = Counter({symbol: count // 2 + 1 for symbol, count in counts.items()})


def fitting_frequencies(
    symbols: Sequence[int], alphabet: int = 256, precision: int = 12
) -> list[int]:
    """Frequencies for what occurs in `symbols`, with the right sum."""
    counts = Counter(symbols)
    frequencies = [0] * alphabet
    for symbol, count in counts.items():
        frequencies[symbol] = max(1, count * 2**precision // len(symbols))
    while (excess := sum(frequencies) - 2**precision) != 0:
        largest = max(range(alphabet), key=frequencies.__getitem__)
        frequencies[largest] = max(1, frequencies[largest] - excess)
    return frequencies


# -- Tables ---------------------------------------------------------------------------------------


def number(value: int, bits: int) -> str:
    return format(value, f"0{bits}b")[::-1] if bits > 0 else ""


def gamma(value: int) -> str:
    bits = value.bit_length() - 1
    return "0" * bits + "1" + number(value - 2**bits, bits)


def present_bits(present: set[int], bitmap: bool) -> str:
    if bitmap:
        return "1" + "".join("1" if symbol in present else "0" for symbol in range(256))
    bits = "0"
    start = 0
    is_present = False
    while start < 256:
        stop = start
        while stop < 256 and (stop in present) == is_present:
            stop += 1
        bits += gamma(stop - start + (1 if start == 0 and not is_present else 0))
        start, is_present = stop, not is_present
    return bits


def value_bits(values: Sequence[int], start: int, k: int) -> str:
    bits = number(k, 2)
    for before, value in zip([start, *values], values, strict=False):
        d = value - before
        u = 2 * d if d >= 0 else -2 * d - 1
        bits += "1" * (u >> k) + "0" + number(u % 2**k, k)
    return bits


def packed(bits: str) -> bytes:
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i : i + 8][::-1], 2) for i in range(0, len(bits), 8))


def present_and_values(present: Sequence[int], values: Sequence[int], start: int) -> str:
    """The shortest form; of equal ones, runs before the bitmap and smaller k before larger."""
    return min((present_bits(set(present), b) for b in (False, True)), key=len) + min(
        (value_bits(values, start, k) for k in range(4)), key=len
    )


def write_lengths(lengths: Sequence[int]) -> bytes:
    present = [symbol for symbol in range(256) if lengths[symbol] > 0]
    return packed(present_and_values(present, [lengths[s] for s in present], 8))


def write_frequencies(frequencies: Sequence[int]) -> bytes:
    present = [symbol for symbol in range(256) if frequencies[symbol] > 0]
    classes = [frequencies[s].bit_length() - 1 for s in present]
    light = all(frequencies[s] in (1, 2, 4, 8) for s in present if frequencies[s] < 16)
    bits = present_and_values(present, classes, 6) + ("1" if light else "0")
    for symbol, c in zip(present, classes, strict=True):
        if not (light and c < 4):
            bits += number(frequencies[symbol] - 2**c, c)
    return packed(bits)


# -- Coders ---------------------------------------------------------------------------------------


class Huffman:
    def __init__(self, lengths: Sequence[int]) -> None:
        self.words = plain_decoder.codewords(lengths)

    def push(self, x: int, symbol: int, words: list[int]) -> int:
        word = self.words[symbol]
        if x >= 2 ** (32 - len(word)):
            words.append(x % 2**16)
            x >>= 16
        return x << len(word) | int(word[::-1], 2)


class Rans:
    def __init__(self, frequencies: Sequence[int], precision: int) -> None:
        self.frequencies = frequencies
        self.precision = precision
        self.starts = plain_decoder.Rans(frequencies, precision).starts

    def push(self, x: int, symbol: int, words: list[int]) -> int:
        f = self.frequencies[symbol]
        if x >= f << 32 - self.precision:
            words.append(x % 2**16)
            x >>= 16
        return (x // f << self.precision) + self.starts[symbol] + x % f


def encode_lanes(
    coder: Huffman | Rans, lanes: int, symbols: Sequence[int], symbol_bytes: int = 1
) -> bytes:
    per_state = 2 // symbol_bytes
    coded = len(symbols) - min(len(symbols), per_state * lanes)
    kept = [*symbols[coded:], *[0] * (per_state * lanes)]
    states = [
        2**16 + sum(kept[per_state * lane + i] << 8 * i for i in range(per_state))
        for lane in range(lanes)
    ]
    words: list[int] = []
    for i in reversed(range(coded)):
        states[i % lanes] = coder.push(states[i % lanes], symbols[i], words)
    return b"".join(map(le32, states)) + b"".join(w.to_bytes(2, "little") for w in words[::-1])


# -- Frames ---------------------------------------------------------------------------------------


def write_header(
    planes: int,
    chunk_items: int,
    items: int | None,
    indexed: bool,
    metadata: bytes,
    rotated: bool = False,
) -> bytes:
    head = b"\x89PIN" + bytes([1, (items is not None) + 2 * indexed + 4 * rotated])
    head += planes.to_bytes(2, "little") + le32(chunk_items) + len(metadata).to_bytes(2, "little")
    head += (NO_ITEMS if items is None else items).to_bytes(8, "little") + metadata
    return head + le32(crc(head))


def write_block(
    mode: int, log2_lanes: int, n: int, payload: bytes, previous: int, patches: int = 0
) -> bytes:
    head = bytes([mode, log2_lanes]) + patches.to_bytes(2, "little") + le32(n) + le32(len(payload))
    return head + le32(crc(le32(previous) + le32(crc(head + payload)))) + payload


def encode_payload(symbols: bytes, mode: int, log2_lanes: int) -> tuple[int, bytes]:
    """The mode and the payload: raw where the given mode cannot hold the symbols."""
    if mode == CONSTANT and len(set(symbols)) == 1:
        return CONSTANT, symbols[:1]
    if mode in (HUFFMAN, RANS) and len(set(symbols)) > 1:
        if mode == HUFFMAN:
            lengths = fitting_lengths(symbols)
            payload = write_lengths(lengths)
            coder: Huffman | Rans = Huffman(lengths)
        else:
            frequencies = fitting_frequencies(symbols)
            payload = write_frequencies(frequencies)
            coder = Rans(frequencies, 12)
        payload += encode_lanes(coder, 2**log2_lanes, symbols)
        if len(payload) <= len(symbols):
            return mode, payload
    return RAW, symbols


def encode_block(symbols: bytes, mode: int, log2_lanes: int, previous: int) -> bytes:
    """A block in the given mode, or raw where that mode cannot hold the symbols."""
    mode, payload = encode_payload(symbols, mode, log2_lanes)
    lanes = log2_lanes if mode in (HUFFMAN, RANS) else 0
    return write_block(mode, lanes, len(symbols), payload, previous)


def nested(symbols: bytes, mode: int = RAW, log2_lanes: int = 0) -> bytes:
    mode, payload = encode_payload(symbols, mode, log2_lanes)
    return nested_payload(mode, payload, log2_lanes)


def nested_payload(mode: int, payload: bytes, log2_lanes: int = 0, patches: int = 0) -> bytes:
    head = bytes([mode | log2_lanes << 4 if mode in (HUFFMAN, RANS) else mode])
    head += varint(patches) if mode == RANS else b""
    return head + (varint(len(payload)) if mode not in (RAW, CONSTANT) else b"") + payload


def to_edges(bits: Sequence[int]) -> list[int]:
    return [bit ^ before for before, bit in zip([0, *bits], bits, strict=False)]


def packed_digits(digits: Sequence[int], base: int) -> bytes:
    per_byte = DIGITS_IN_A_BYTE[base]
    return bytes(
        sum(digit * base**i for i, digit in enumerate(digits[start : start + per_byte]))
        for start in range(0, len(digits), per_byte)
    )


def digits_payload(
    symbols: bytes,
    mode: int = RAW,
    log2_lanes: int = 0,
    *,
    edges: bool = False,
    alphabet: Sequence[int] | None = None,
) -> bytes:
    """The payload of a block of digits; an `alphabet` may have more symbols than occur."""
    values = sorted(set(symbols)) if alphabet is None else list(alphabet)
    digits = [values.index(symbol) for symbol in symbols]
    packed = packed_digits(to_edges(digits) if edges else digits, base_of(len(values)))
    head = bytes([len(values) | edges << 7, *values])
    return head + nested(packed, mode, log2_lanes)


def bitmap_payload(
    symbols: bytes,
    usual: int,
    mode: int = RAW,
    log2_lanes: int = 0,
    *,
    edges: bool = False,
    in_digits: bool = False,
) -> bytes:
    """The payload of a bitmap and others, in digits if so wanted."""
    bits = [int(symbol != usual) for symbol in symbols]
    others = bytes(symbol for symbol in symbols if symbol != usual)
    result = bytes([edges, usual]) + varint(len(others))
    result += nested(packed_digits(to_edges(bits) if edges else bits, 2), mode, log2_lanes)
    if in_digits:
        return result + nested_payload(DIGITS, digits_payload(others, mode, log2_lanes))
    return result + nested(others, mode, log2_lanes)


def one_block_frame(mode: int, n: int, payload: bytes) -> bytes:
    """A frame of one block without lanes or patches."""
    header = write_header(1, 2**18, n, False, b"")
    return header + write_block(mode, 0, n, payload, int.from_bytes(header[-4:], "little"))


def digits_frame(symbols: bytes, *args: int, **options: object) -> bytes:
    payload = digits_payload(symbols, *args, **options)  # type: ignore[arg-type]
    return one_block_frame(DIGITS, len(symbols), payload)


def bitmap_frame(symbols: bytes, usual: int, *args: int, **options: object) -> bytes:
    payload = bitmap_payload(symbols, usual, *args, **options)  # type: ignore[arg-type]
    return one_block_frame(BITMAP, len(symbols), payload)


def encode_patched_block(
    symbols: bytes, left_out: Collection[int], log2_lanes: int, previous: int
) -> bytes:
    """An rANS block whose model lacks some symbols, of which at least two are left."""
    instead = next(symbol for symbol in symbols if symbol not in left_out)
    coded = bytes(instead if symbol in left_out else symbol for symbol in symbols)
    frequencies = fitting_frequencies(coded)
    places = [i for i, symbol in enumerate(symbols) if symbol in left_out]
    payload = write_frequencies(frequencies)
    for before, place in zip([-1, *places], places, strict=False):
        payload += varint(place - before - 1) + symbols[place : place + 1]
    payload += encode_lanes(Rans(frequencies, 12), 2**log2_lanes, coded)
    return write_block(RANS, log2_lanes, len(symbols), payload, previous, len(places))


def encode_frame(
    data: bytes,
    choose: Choice,
    *,
    planes: int = 1,
    chunk_items: int = 2**18,
    sized: bool = True,
    indexed: bool = False,
    rotated: bool = False,
    metadata: bytes = b"",
) -> bytes:
    items = len(data) // planes
    chunk_items = min(chunk_items, 2**24 // planes)
    header = write_header(planes, chunk_items, items if sized else None, indexed, metadata, rotated)
    if rotated:
        data = b"".join(turned(data[i : i + planes]) for i in range(0, len(data), planes))
    previous = int.from_bytes(header[-4:], "little")
    blocks: list[bytes] = []
    for start in range(0, items, chunk_items):
        chunk = data[start * planes : min(start + chunk_items, items) * planes]
        for k in range(planes):
            blocks.append(encode_block(chunk[k::planes], *choose(len(blocks)), previous))
            previous = int.from_bytes(blocks[-1][12:16], "little")
    return header + b"".join(blocks) + (write_index(blocks, items, previous) if indexed else b"")


def turned(item: bytes) -> bytes:
    """An item rotated left by one bit, as a little-endian number."""
    number = int.from_bytes(item, "little")
    top = 8 * len(item) - 1
    return ((number << 1) % 2 ** (top + 1) | number >> top).to_bytes(len(item), "little")


def write_index(blocks: Sequence[bytes], items: int, previous: int) -> bytes:
    payload = b"".join(le32(len(block)) + block[12:16] for block in blocks)
    index = write_block(INDEX, 0, 0, payload, previous)
    footer = items.to_bytes(8, "little") + le32(len(payload))
    check = crc(index[12:16] + le32(crc(footer)))
    return index + footer + le32(check) + b"NIP\x89"


def write_metadata(dtype: str, shape: Sequence[int], *, fortran_order: bool = False) -> bytes:
    head = bytes([1, fortran_order]) + len(dtype).to_bytes(2, "little") + dtype.encode("ascii")
    return head + bytes([len(shape)]) + b"".join(map(varint, shape))


# -- Messages -------------------------------------------------------------------------------------


def encode_huffman_message(
    symbols: Sequence[int], lengths: Sequence[int], log2_lanes: int = 0
) -> bytes:
    identity = plain_decoder.identity_of_lengths(lengths)
    return _message(symbols, 1, Huffman(lengths), identity, len(lengths), log2_lanes)


def encode_rans_message(
    symbols: Sequence[int], frequencies: Sequence[int], precision: int, log2_lanes: int = 0
) -> bytes:
    identity = plain_decoder.identity_of_frequencies(frequencies, precision)
    coder = Rans(frequencies, precision)
    return _message(symbols, 2, coder, identity, len(frequencies), log2_lanes)


def _message(
    symbols: Sequence[int],
    number_of_coder: int,
    coder: Huffman | Rans,
    identity: int,
    alphabet: int,
    log2_lanes: int,
) -> bytes:
    if len(symbols) == 0:
        return b"\0\0" + le32(crc(b"\0\0", identity))
    head = bytes([log2_lanes | number_of_coder << 4]) + varint(len(symbols))
    payload = encode_lanes(coder, 1 << log2_lanes, symbols, 1 if alphabet <= 256 else 2)
    return head + le32(crc(head + payload, identity)) + payload
