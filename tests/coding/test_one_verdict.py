"""Two readers never disagree: what one reads, all read alike; what one refuses, all refuse."""

from __future__ import annotations

import os

import numpy as np
import pytest

from pyinfo.coding import Compressor, HuffmanCode, RansModel, compress
from pyinfo.errors import CorruptDataError
from support import mutated_messages, plain_encoder
from support.all_readers import READERS, REFUSES, verdicts
from support.coding_inputs import symbols
from support.distributions import straddling
from support.mutated_frames import mutants, taken_apart

MUTANTS = int(os.environ.get("PYINFO_MUTANTS", "4000"))
"""How many frames are made and read: more find more."""


def streamed(data: bytes, **options: int) -> bytes:
    compressor = Compressor(**options)  # type: ignore[arg-type]
    return compressor.compress(data) + compressor.flush()


def frames() -> list[bytes]:
    few = symbols(300, 2)
    rare = bytearray(b"ab" * 100)
    rare[10], rare[150] = b"xy"
    header = plain_encoder.write_header(1, 2**18, 200, False, b"")
    patched = plain_encoder.encode_patched_block(
        bytes(rare), b"xy", 0, int.from_bytes(header[-4:], "little")
    )
    records = np.zeros(6, [("x", "<f4"), ("n", "<i8", (2,))])
    return [
        compress(b""),
        compress(few, coder="huffman"),
        compress(few, coder="rans"),
        compress(few, block_size=70),
        compress(np.zeros(100, np.uint8), block_size=9),
        compress(np.arange(60, dtype="<u2").reshape(5, 12), block_size=20),
        compress(np.asfortranarray(np.arange(20.0).reshape(4, 5))),
        compress(straddling(200, "<f2"), block_size=90),
        compress(records),
        compress(np.arange(9).astype("<M8[25us]")),
        compress(np.array(["ab", "c"])),
        streamed(few.tobytes(), block_size=64),
        streamed(few.tobytes(), block_size=40, itemsize=3),
        streamed(b""),
        header + patched,
        plain_encoder.encode_frame(b"abc" * 40, lambda _: (0, 0), chunk_items=50, indexed=True),
        *few_symbols(),
    ]


def few_symbols() -> list[bytes]:
    """Digits of every base, stored and coded, edges, and bitmaps with others of all kinds."""
    runs = b"a" * 40 + b"b" * 25 + b"a" * 70 + b"b" * 9
    sparse = b"".join(b"." * 12 + bytes([65 + i % 4]) for i in range(40))
    return [
        *(plain_encoder.digits_frame(bytes(range(k)) * 6) for k in (2, 3, 4, 5, 6, 9, 16)),
        *(plain_encoder.digits_frame(runs * 3, mode, 1, edges=True) for mode in (0, 2, 3)),
        *(plain_encoder.bitmap_frame(sparse, 46, mode, edges=mode == 2) for mode in (0, 2, 3)),
        plain_encoder.bitmap_frame(sparse * 2, 46, in_digits=True),
    ]


FRAMES = frames()


@pytest.mark.once
def test_what_is_intact_is_read_by_all() -> None:
    for frame in FRAMES:
        assert taken_apart(frame).joined() == frame
        found = verdicts(frame)
        assert set(found) == set(READERS)
        assert REFUSES not in found.values()
        assert len(set(found.values())) == 1


@pytest.mark.once
def test_mutated_frames_with_right_checks() -> None:
    refused = 0
    for frame in mutants(FRAMES, MUTANTS, seed=11):
        found = verdicts(frame)
        assert len(set(found.values())) == 1, (
            frame.hex(),
            {k: str(v)[:40] for k, v in found.items()},
        )
        refused += REFUSES in found.values()
    assert refused < MUTANTS  # some changes leave a frame, of other data


def codes() -> list[mutated_messages.Code]:
    few, skewed = [45, 13, 12, 16, 9, 5], [max(1, int(1e6 * 0.93**i)) for i in range(256)]
    wide = [max(1, int(1e6 * 0.99**i)) for i in range(1000)]
    made: list[mutated_messages.Code] = []
    for kind, deep in ((HuffmanCode, 15), (RansModel, 14)):
        made += [kind.from_counts(few), kind.from_counts(skewed), kind.from_counts(wide, deep)]
    return [*made, HuffmanCode.from_lengths([2, 0, 5, 3]), RansModel.from_counts([0, 0, 7])]


@pytest.mark.once
def test_mutated_messages_with_right_checks() -> None:
    random = np.random.default_rng(3)
    coded = [
        (code, code.encode(random.choice(np.flatnonzero(table), size).astype(code.dtype)))
        for code in codes()
        for table in (code.lengths if isinstance(code, HuffmanCode) else code.frequencies,)
        for size in (0, 1, 5, 40, 200)
    ]
    number = MUTANTS // 4
    refused = 0
    for code, message in mutated_messages.mutants(coded, number, seed=12):
        try:
            found: list[int] | str = code.decode(message, max_size=1 << 16).tolist()
        except CorruptDataError:
            found = REFUSES
        except ValueError:  # a model of one symbol makes many of few bytes: more than is allowed
            continue
        assert found == mutated_messages.read_by_page(code, message), message.hex()
        refused += found == REFUSES
    assert refused < number
