"""Every way to read a frame, and what each makes of the same bytes."""

from __future__ import annotations

import io
from collections.abc import Callable
from types import MappingProxyType

from pyinfo.coding import Decompressor, Frame, decompress, decompress_file
from pyinfo.errors import CorruptDataError
from pyinfo.integrations.chunk_frames import decompress_planes
from support import plain_decoder

REFUSES = "refuses"


def by_page(data: bytes) -> bytes:
    return plain_decoder.read_frame(data).data


def by_decompress(data: bytes) -> bytes:
    return decompress(data).tobytes("A")


def by_two_threads(data: bytes) -> bytes:
    return decompress(data, threads=2).tobytes("A")


def by_frame(data: bytes) -> bytes:
    """A frame that verifies; what is intact of others can be read all the same."""
    frame = Frame(data)
    if damage := frame.verify():
        raise CorruptDataError(damage[0].message, damage[0].offset)
    return frame.read().tobytes("A")


def by_planes(data: bytes) -> bytes:
    return decompress_planes(data, None, 1).tobytes()


def fed(data: bytes, step: int, max_length: int, *, concatenated: bool = False) -> bytes:
    decompressor = Decompressor(concatenated=concatenated)
    parts = []
    for start in range(0, len(data), step):
        if decompressor.eof:
            raise CorruptDataError("there is more", start)
        parts.append(decompressor.decompress(data[start : start + step], max_length))
        while not decompressor.needs_input and not decompressor.eof:
            parts.append(decompressor.decompress(b"", max_length))
    if not decompressor.eof or decompressor.unused_data:
        raise CorruptDataError("it ends too early, or there is more", None)
    return b"".join(parts)


def whole(data: bytes) -> bytes:
    return fed(data, max(1, len(data)), -1)


def in_pieces(data: bytes) -> bytes:
    return fed(data, 7, -1)


def in_small_results(data: bytes) -> bytes:
    return fed(data, 50, 11)


def one_of_several(data: bytes) -> bytes:
    return fed(data, 31, -1, concatenated=True)


def by_file(data: bytes, threads: int = 1) -> bytes:
    result = io.BytesIO()
    decompress_file(io.BytesIO(data), result, threads=threads)
    return result.getvalue()


def by_file_on_two_threads(data: bytes) -> bytes:
    return by_file(data, 2)


READERS: MappingProxyType[str, Callable[[bytes], bytes]] = MappingProxyType({
    reader.__name__: reader
    for reader in (
        by_page, by_decompress, by_two_threads, by_frame, by_planes, whole, in_pieces,
        in_small_results, one_of_several, by_file, by_file_on_two_threads,
    )
})  # fmt: skip


def verdicts(data: bytes) -> dict[str, bytes | str]:
    """What each reader reads: the data, or `REFUSES`."""
    result: dict[str, bytes | str] = {}
    for name, read in READERS.items():
        try:
            result[name] = read(data)
        except (CorruptDataError, plain_decoder.FormatError):
            result[name] = REFUSES
    return result
