"""The options of all compressors."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, cast

from pyinfo import _core
from pyinfo.arguments import choice, integer_from_to, thread_count

Coder = Literal["auto", "huffman", "rans", "raw"]
Mode = Literal["raw", "constant", "huffman", "rans", "digits", "bitmap"]

CODERS: Final = cast("tuple[Coder, ...]", _core.CODERS)
# By number. That of the index is among them, which no block of data has.
MODES: Final[tuple[str, ...]] = _core.MODES

_DEFAULT_EFFORT: Final = 2


class CoderOptions(NamedTuple):
    """The options, checked, in the order in which the core takes them."""

    chunk_items: int
    coder: int
    effort: int
    threads: int


def coder_options(
    planes: int, coder: str, block_size: int | None, threads: int, effort: int | None
) -> CoderOptions:
    """Check the options of a compressor for items of `planes` bytes."""
    number = coder_number(coder)
    effort = integer_from_to(_DEFAULT_EFFORT if effort is None else effort, "effort", 1, 2)
    wanted = 0
    if block_size is not None:
        wanted = integer_from_to(block_size, "block_size", 1, _core.MAX_CHUNK_ITEMS)
    chunk_items = _core.choose_chunk_items(planes, wanted)
    return CoderOptions(chunk_items, number, effort, thread_count(threads))


def coder_number(coder: str) -> int:
    """Return the number by which the core knows a coder."""
    return CODERS.index(choice(coder, "coder", CODERS))
