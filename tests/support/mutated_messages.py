"""Messages that somebody has changed and whose checks he has made again: as `mutated_frames`."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from pyinfo.coding import HuffmanCode, RansModel
from support import plain_decoder
from support.mutated_frames import changed
from support.plain_decoder import FormatError, crc, le32

Code = HuffmanCode | RansModel
REFUSES = "refuses"


def by_page(code: Code, message: bytes) -> list[int]:
    if isinstance(code, HuffmanCode):
        return plain_decoder.decode_huffman_message(message, code.lengths.tolist())
    frequencies = code.frequencies.tolist()
    return plain_decoder.decode_rans_message(message, frequencies, code.precision)


def read_by_page(code: Code, message: bytes) -> list[int] | str:
    try:
        return by_page(code, message)
    except FormatError:
        return REFUSES


def _identity(code: Code) -> int:
    if isinstance(code, HuffmanCode):
        return plain_decoder.identity_of_lengths(code.lengths.tolist())
    return plain_decoder.identity_of_frequencies(code.frequencies.tolist(), code.precision)


def with_right_check(message: bytes, identity: int) -> bytes:
    end = 1
    while end < len(message) and message[end] & 128:
        end += 1
    head, payload = message[: end + 1], message[end + 5 :]
    return head + le32(crc(head + payload, identity)) + payload


def mutants(
    coded: Sequence[tuple[Code, bytes]], number: int, seed: int
) -> Iterator[tuple[Code, bytes]]:
    """So many messages, each made of one of `coded` by one to three changes."""
    random_ = random.Random(seed)
    identities = [_identity(code) for code, _ in coded]
    for _ in range(number):
        place = random_.randrange(len(coded))
        code, message = coded[place]
        for _ in range(random_.choice((1, 1, 1, 2, 3))):
            message = changed(random_, message)
        yield code, with_right_check(message, identities[place])
