"""Frames that somebody has changed and whose checks he has made again: seeded, and any number."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from support import plain_decoder
from support.plain_decoder import NO_ITEMS, crc, le32
from support.plain_encoder import write_block

INTERESTING = (0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 64, 127, 128, 255, 256, 1 << 15, (1 << 16) - 1)


@dataclass
class Part:
    """A block before it has a check."""

    mode: int
    log2_lanes: int
    patches: int
    symbols: int
    payload: bytes


@dataclass
class Loose:
    """A frame in parts, of which any can be changed before it is put together again."""

    flags: int
    planes: int
    chunk_items: int
    items: int
    metadata: bytes
    blocks: list[Part]
    has_index: bool
    footer_items: int
    order_of_entries: list[int] = field(default_factory=list)
    flips_of_entries: list[int] = field(default_factory=list)
    index_size_off: int = 0
    after: bytes = b""
    cut: int = 0

    def joined(self) -> bytes:
        head = b"\x89PIN" + bytes([1, self.flags & 255])
        head += (self.planes & 0xFFFF).to_bytes(2, "little") + le32(self.chunk_items & 0xFFFFFFFF)
        head += len(self.metadata).to_bytes(2, "little")
        head += (self.items & NO_ITEMS).to_bytes(8, "little") + self.metadata
        result = [head + le32(crc(head))]
        previous = crc(head)
        entries = []
        for part in self.blocks:
            block = write_block(
                part.mode, part.log2_lanes, part.symbols, part.payload, previous, part.patches
            )
            previous = int.from_bytes(block[12:16], "little")
            entries.append(le32(len(block)) + block[12:16])
            result.append(block)
        if self.has_index:
            payload = bytearray(
                b"".join(entries[i] for i in self.order_of_entries if i < len(entries))
            )
            for bit in self.flips_of_entries:
                if payload:
                    payload[bit // 8 % len(payload)] ^= 1 << bit % 8
            index = write_block(4, 0, 0, bytes(payload), previous)
            footer = (self.footer_items & NO_ITEMS).to_bytes(8, "little")
            footer += le32(len(payload) + self.index_size_off & 0xFFFFFFFF)
            result += [index, footer, le32(crc(index[12:16] + le32(crc(footer)))), b"NIP\x89"]
        data = b"".join(result) + self.after
        return data[: len(data) - self.cut] if self.cut else data


def taken_apart(data: bytes) -> Loose:
    frame = plain_decoder.read_frame(data)
    header = frame.header
    blocks = [
        Part(b.mode, b.lanes.bit_length() - 1, b.patches, b.symbols, b.payload)
        for b in frame.blocks
    ]
    return Loose(
        data[5], header.planes, header.chunk_items, header.items, header.metadata, blocks,
        header.indexed, frame.items, list(range(len(blocks))),
    )  # fmt: skip


def _near(random_: random.Random, value: int) -> int:
    return random_.choice((
        value + random_.choice((-2, -1, 1, 2)), value ^ 1 << random_.randrange(34),
        random_.choice(INTERESTING), value * 2, value // 2, random_.randrange(1 << 20),
    ))  # fmt: skip


def changed(random_: random.Random, data: bytes) -> bytes:
    """Bytes with one of them changed, lost, doubled or added."""
    at = random_.randrange(len(data) + 1)
    rest = data[at:]
    return random_.choice((
        lambda: data[:at] + bytes([random_.randrange(256)]) + rest[1:],
        lambda: data[:at] + bytes(b ^ 1 << random_.randrange(8) for b in rest[:1]) + rest[1:],
        lambda: data[:at] + rest[random_.randrange(1, 4) :],
        lambda: data[:at] + data[max(0, at - random_.randrange(1, 5)) : at] + rest,
        lambda: data[:at] + random_.randbytes(random_.randrange(1, 4)) + rest,
    ))()  # fmt: skip


def _header(random_: random.Random, frame: Loose) -> None:
    name = random_.choice(("flags", "planes", "chunk_items", "items"))
    if name == "flags":
        frame.flags ^= 1 << random_.randrange(8)
    else:
        setattr(frame, name, max(0, _near(random_, getattr(frame, name))))


def _metadata(random_: random.Random, frame: Loose) -> None:
    frame.metadata = changed(random_, frame.metadata)


def _block(random_: random.Random, frame: Loose) -> None:
    if not frame.blocks:
        return
    block = random_.choice(frame.blocks)
    what = random_.randrange(8)
    if what == 0:
        block.mode = random_.randrange(8)
    elif what == 1:
        block.log2_lanes = random_.randrange(11)
    elif what == 2:
        block.patches = max(0, _near(random_, block.patches)) & 0xFFFF
    elif what == 3:
        block.symbols = max(0, _near(random_, block.symbols)) & 0xFFFFFFFF
    else:
        block.payload = changed(random_, block.payload)


def _blocks(random_: random.Random, frame: Loose) -> None:
    if not frame.blocks:
        return
    i, j = random_.randrange(len(frame.blocks)), random_.randrange(len(frame.blocks))
    what = random_.randrange(3)
    if what == 0:
        frame.blocks[i], frame.blocks[j] = frame.blocks[j], frame.blocks[i]
    elif what == 1:
        del frame.blocks[i]
    else:
        frame.blocks.insert(j, copy.copy(frame.blocks[i]))
    frame.order_of_entries = list(range(len(frame.blocks)))


def _index(random_: random.Random, frame: Loose) -> None:
    order = frame.order_of_entries
    what = random_.randrange(6)
    if what == 0:
        frame.has_index = not frame.has_index
    elif what == 1:
        frame.footer_items = max(0, _near(random_, frame.footer_items))
    elif what == 2:
        frame.index_size_off += random_.choice((-8, -1, 1, 8))
    elif what == 3 and order:
        frame.flips_of_entries.append(random_.randrange(64 * len(order)))
    elif order:
        i = random_.randrange(len(order))
        order.insert(random_.randrange(len(order) + 1), order[i])
        if what == 4:
            del order[random_.randrange(len(order))]


def _ends(random_: random.Random, frame: Loose) -> None:
    if random_.random() < 0.5:
        frame.cut = random_.randrange(1, 40)
    else:
        frame.after = random_.choice((b"\0", b"\x89", b"x" * 30))


KINDS: tuple[Callable[[random.Random, Loose], None], ...] = (
    _header, _metadata, _block, _block, _blocks, _index, _index, _ends,
)  # fmt: skip


def mutants(frames: Sequence[bytes], number: int, seed: int) -> Iterator[bytes]:
    """So many frames, each made of one of `frames` by one to three changes."""
    random_ = random.Random(seed)
    loose = [taken_apart(frame) for frame in frames]
    for _ in range(number):
        frame = copy.deepcopy(random_.choice(loose))
        for _ in range(random_.choice((1, 1, 1, 2, 3))):
            random_.choice(KINDS)(random_, frame)
        if len(frame.metadata) < 1 << 16:
            yield frame.joined()
