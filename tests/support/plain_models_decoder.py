"""A decoder of models per symbol in plain Python, written from docs/entropy-models-format.md alone.

It is slow, and meant to be: each rule of that page is here once, as it stands there. It shares
nothing with the library. Anything the page does not allow raises `FormatError`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from support.plain_decoder import Bytes, crc, le32, require

BLOCK = 2**21
Above = Callable[[float], int]


@dataclass(frozen=True)
class Table:
    least: int
    frequencies: tuple[int, ...]  # the escape's last


@dataclass(frozen=True)
class Tables:
    precision: int
    tables: tuple[Table, ...]

    def fingerprint(self) -> int:
        data = le32(self.precision) + le32(len(self.tables))
        for table in self.tables:
            data += le32(table.least % 2**32) + le32(len(table.frequencies) - 1)
            data += b"".join(f.to_bytes(2, "little") for f in table.frequencies)
        return crc(data)


def frequencies(weights: Sequence[int], precision: int) -> tuple[int, ...]:
    """The frequencies of these weights, by growing one at a time."""
    made = [1] * len(weights)

    def gain(f: int) -> int:
        if f == 1:
            return 2**32 - 1
        # The integer part of 2^32 log2((f + 1) / f), which no float is near enough to spoil.
        return math.floor(2**32 * (math.log1p(1 / f) / math.log(2)))

    while sum(made) < 2**precision:
        gains = [w * gain(f) for w, f in zip(weights, made, strict=True)]
        made[gains.index(max(gains))] += 1
    return tuple(made)


def index_fingerprint(tables: Tables, indexes: Sequence[int], shifts: Sequence[int] | None) -> int:
    size = 1 if len(tables.tables) <= 256 else 2
    data = b"".join(index.to_bytes(size, "little") for index in indexes)
    if shifts is not None:
        data += b"".join(le32(shift % 2**32) for shift in shifts)
    return crc(data)


def decode(
    message: bytes, tables: Tables, indexes: Sequence[int], shifts: Sequence[int] | None = None
) -> list[int]:
    """The symbols of a message."""
    source = Bytes(message)
    require(source.take(4) == b"\x89PIE", "this is no message of models")
    require(source.number(1) == 1, "the version is not known")
    flags = source.number(1)
    require(flags <= 3, "there are no such flags")
    n = source.varint()
    require(source.number(4) == tables.fingerprint(), "the tables are others")
    require(n == len(indexes), "there are not as many indexes as symbols")
    require((shifts is not None) == (flags & 2 != 0), "shifts are missing, or too much")
    seed = message[: source.position]
    symbols: list[int] = []
    for number, first in enumerate(range(0, n, BLOCK)):
        last = min(first + BLOCK, n)
        part = None if shifts is None else shifts[first:last]
        values = read_block(source, (crc(seed) + number) % 2**32, tables, indexes[first:last], part)
        symbols += [v + s for v, s in zip(values, part or [0] * len(values), strict=True)]
    require(source.left() == 0, "bytes follow the last block")
    limit = 2**31 if flags & 1 else 2**15
    require(all(-limit <= s < limit for s in symbols), "a symbol has too many bits")
    return symbols


def read_block(
    source: Bytes,
    seed: int,
    tables: Tables,
    indexes: Sequence[int],
    shifts: Sequence[int] | None,
) -> list[int]:
    begin = source.position
    log2_lanes = source.number(1)
    tail, lane_bytes, escape_bytes = (source.varint() for _ in range(3))
    fingerprint = source.number(4)
    header = source.data[begin : source.position]
    check = source.number(4)
    payload = source.take(lane_bytes + escape_bytes)
    require(crc(header + payload, seed) == check, "the checksum is wrong")
    require(log2_lanes <= 8, "there are no such lanes")
    lanes = 2**log2_lanes
    require(tail <= (0 if lanes < 4 else min(4096, len(indexes))), "the tail is too long")
    require(lane_bytes % 2 == 0 and lane_bytes >= 4 * lanes, "the states are cut off")
    require(fingerprint == index_fingerprint(tables, indexes, shifts), "the indexes are others")

    words = Bytes(payload[:lane_bytes])
    states = [words.number(4) for _ in range(lanes)]
    coded = len(indexes) - tail
    places = pop_all(words, states, tables, indexes[:coded])
    require(words.left() == 0, "words are left over")
    require(all(x >> 16 == 1 for x in states), "the states do not return to their start")
    free = Bytes(b"".join((x & 0xFFFF).to_bytes(2, "little") for x in states))
    if tail:
        state = [free.number(4)]
        places += pop_all(free, state, tables, indexes[coded:])
        require(state == [2**16], "the tail's state does not return to its start")
    require(not any(free.take(free.left())), "free bits are not 0")

    escapes = Bytes(payload[lane_bytes:])
    values = []
    for index, place in zip(indexes, places, strict=True):
        table = tables.tables[index]
        size = len(table.frequencies) - 1
        if place < size:
            values.append(table.least + place)
            continue
        r = escapes.varint()
        require(r < 2**40, "an escape is out of range")
        values.append(table.least - 1 - r // 2 if r % 2 else table.least + size + r // 2)
    require(escapes.left() == 0, "escapes are left over")
    return values


def pop_all(words: Bytes, states: list[int], tables: Tables, indexes: Sequence[int]) -> list[int]:
    require(all(x >= 2**16 for x in states), "a state is too small")
    total = 2**tables.precision
    places = []
    for i, index in enumerate(indexes):
        lane = i % len(states)
        x = states[lane]
        slot, start, place = x % total, 0, 0
        of_table = tables.tables[index].frequencies
        while slot >= start + of_table[place]:
            start += of_table[place]
            place += 1
        x = of_table[place] * (x // total) + slot - start
        if x < 2**16:
            x = x << 16 | words.number(2)
        states[lane] = x
        places.append(place)
    return places
