"""Write tensors as a packed file: each as a frame where that is smaller, equal ones once."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, BinaryIO, Final, NamedTuple, TypeVar

import numpy as np

from pyinfo import _core
from pyinfo.arguments import thread_count
from pyinfo.coding.coder_options import CoderOptions, coder_options
from pyinfo.safetensors.coded_tensor import PIECE, Bytes, frame_layout
from pyinfo.safetensors.dtype_codes import CODES, DtypeCode
from pyinfo.safetensors.file_header import (
    METADATA,
    MOST_HEADER,
    Entry,
    FileHeader,
    header_text,
    padded,
    with_length,
)
from pyinfo.safetensors.packed_table import FORMAT, KEY, PackedTable, PackedTensor, follows_rules
from pyinfo.safetensors.quantization import Quantization
from pyinfo.safetensors.safetensor_error import SafetensorError

_Result = TypeVar("_Result")
Progress = Callable[[int, int | None], None]

_LEAST: Final = 256
"""Bytes from which on a frame can be smaller by what its headers take."""

_GAIN: Final = 256
"""A frame must save this part of a tensor: what saves less is not worth decoding."""

_CHUNK_BYTES: Final = 1 << 19  # decoded together: what reading a row costs
_BLOCK: Final = 1 << 18
_SAMPLED_FROM: Final = 1 << 20  # bytes; smaller tensors are coded to see whether that pays
_SAMPLE: Final = 1 << 14  # bytes, in each of _PLACES places
_PLACES: Final = 8
_HASHED: Final = 1 << 20
_LONGEST: Final = Quantization(-2.2250738585072014e-308, 65535, CODES["U16"])


class QuantizedForm(NamedTuple):
    """What a tensor becomes: the frame of its integers, and the checksum of their floats."""

    quantization: Quantization
    frame: bytes
    crc32c: int


class TensorSource(NamedTuple):
    """A tensor to be written; `data` are its bytes, of what becomes `quantized` those it was."""

    name: str
    dtype: DtypeCode
    shape: tuple[int, ...]
    data: Bytes
    quantized: QuantizedForm | None = None

    def tensor(self, crc: int) -> PackedTensor:
        """Return what the table says of it."""
        quantization = None if self.quantized is None else self.quantized.quantization
        return PackedTensor(
            self.name, self.dtype, self.shape, crc, quantization is not None, None, quantization
        )


class FileSource(NamedTuple):
    """The file that tensors come from: its header, and whether to state its checksum."""

    header: FileHeader
    hashed: bool


def write_packed(
    sources: Sequence[TensorSource],
    sink: BinaryIO,
    original: FileSource,
    *,
    threads: int = 1,
    effort: int | None = None,
    progress: Progress | None = None,
) -> int:
    """Write a packed file to `sink`, which can be written to at any place; return its size.

    Parameters
    ----------
    sources
        In the order of their bytes in the original.
    original
        The file that is to be restored.
    """
    if KEY in (original.header.metadata or {}):
        raise SafetensorError(f"the metadata have an entry {KEY!r} already")
    writer = _PackedWriter(sources, sink, original, thread_count(threads), effort, progress)
    return writer.write()


def header_size(sources: Sequence[TensorSource], original: FileSource) -> int:
    """Return the bytes before the data of the file that `write_packed` writes."""
    return 8 + _PackedWriter(sources, io.BytesIO(), original, 1, None, None).header_bound()


class _PackedWriter:
    def __init__(
        self,
        sources: Sequence[TensorSource],
        sink: BinaryIO,
        original: FileSource,
        threads: int,
        effort: int | None,
        progress: Progress | None,
    ) -> None:
        self._sources = sources
        self._sink = sink
        self._original = original
        self._threads = threads
        self._effort = effort
        self._progress = progress
        self._total = sum(len(source.data) for source in sources)
        self._done = 0
        self._table: list[PackedTensor] = []
        self._owners: dict[tuple[Any, ...], list[int]] = {}
        self._sizes: dict[int, int] = {}  # of frames, by the number of their tensor
        self._kept_header = None if follows_rules(original.header) else original.header.text
        text = original.header.text
        self._sha = hashlib.sha256(with_length(text)) if original.hashed else None
        # SHA-256 is a chain, so that another thread works on it beside the coders.
        self._hashing: list[Future[None]] = []
        self._hasher = ThreadPoolExecutor(1) if original.hashed and threads > 1 else None

    def write(self) -> int:
        try:
            return self._write()
        finally:
            if self._hasher is not None:
                self._hasher.shutdown(cancel_futures=True)

    def _write(self) -> int:
        stays = [
            source.quantized is None and not worth_coding(source, self._effort)
            for source in self._sources
        ]
        reserved = self.header_bound()
        start = 8 + reserved + self._plain_bound(stays)
        end = start
        for numbers in self._batches(stays):
            end = self._write_frames(numbers, stays, end)
            self._tell(numbers)
        plain = [n for n, tensor in enumerate(self._table) if self._is_plain(tensor)]
        size = sum(len(self._sources[n].data) for n in plain)
        if 8 + reserved + size != start:  # frames that were not smaller, or equal tensors
            end = self._move(start, end, 8 + reserved + size)
        self._write_plain(plain, 8 + reserved)
        for each in self._hashing:
            each.result()
        self._sink.seek(0)
        _write_all(self._sink, with_length(self._header(plain, reserved)))
        self._sink.truncate(end)
        return end

    def _tell(self, numbers: Sequence[int]) -> None:
        self._done += sum(len(self._sources[number].data) for number in numbers)
        if self._progress is not None:
            self._progress(self._done, self._total)

    # -- The header

    def _metadata(self) -> tuple[dict[str, str], tuple[str, ...]]:
        """Return the metadata of the packed file without the table, and what was added to them."""
        given = self._original.header.metadata
        added = (METADATA,) if given is None else ()
        metadata = dict(given or {})
        if FORMAT not in metadata:  # some loaders insist on it
            metadata[FORMAT] = "pt"
            added = (*added, FORMAT)
        return metadata, added

    def _header_text(self, table: Sequence[PackedTensor], entries: Mapping[str, Entry]) -> bytes:
        metadata, added = self._metadata()
        sha = "" if self._sha is None else self._sha.hexdigest()
        metadata[KEY] = PackedTable(tuple(table), added, sha, self._kept_header).text()
        return header_text(entries, metadata)

    def header_bound(self) -> int:
        """Return how many bytes the header takes at most, whatever becomes of each tensor."""
        count = len(self._sources)
        most = self._total
        table, entries = [], {}
        for source in self._sources:
            tensor = source.tensor(0)
            if tensor.quantization is not None:
                tensor = tensor._replace(quantization=_LONGEST)
            elif count > 999:
                tensor = tensor._replace(alias=count)
            table.append(tensor)
            entries[source.name] = Entry(source.dtype, source.shape, most, most)
        text = self._header_text(table, entries)
        # The longer of `,"coded":true` and the longest alias, each quotation mark escaped; and a
        # shape of one number where there was another.
        slack = count * (len(r",\"coded\":true") + len(str(most)) + len('"U8"'))
        bound = -(-(len(text) + slack) // 8) * 8
        if bound > MOST_HEADER:
            raise SafetensorError(f"the header would have {bound} bytes, more than {MOST_HEADER}")
        return bound

    def _header(self, plain: Sequence[int], size: int) -> bytes:
        entries: dict[str, Entry] = {}
        end = 0
        u8 = CODES["U8"]
        for number in plain:
            source = self._sources[number]
            start, end = end, end + len(source.data)
            entries[source.name] = Entry(source.dtype, source.shape, start, end)
        for number, tensor in enumerate(self._table):
            if not self._is_plain(tensor):
                length = self._sizes.get(number, 0)
                start, end = end, end + length
                entries[tensor.name] = Entry(u8, (length,), start, end)
        return padded(self._header_text(self._table, entries), size)

    # -- Frames

    @staticmethod
    def _is_plain(tensor: PackedTensor) -> bool:
        return not tensor.coded and tensor.alias is None

    def _plain_bound(self, stays: Sequence[bool]) -> int:
        return sum(len(s.data) for s, stay in zip(self._sources, stays, strict=True) if stay)

    def _batches(self, stays: Sequence[bool]) -> Iterator[list[int]]:
        """Yield numbers of tensors that are coded at the same time: as many as a piece holds."""
        batch: list[int] = []
        size = 0
        for number, source in enumerate(self._sources):
            length = len(source.data)
            if batch and (self._threads == 1 or size + length > PIECE):
                yield batch
                batch, size = [], 0
            batch.append(number)
            size += 0 if stays[number] else length
        if batch:
            yield batch

    def _write_frames(self, numbers: Sequence[int], stays: Sequence[bool], end: int) -> int:
        """Write the frames of some tensors one after another from `end` on."""
        coded = []
        for number, crc in zip(numbers, self._checksums(numbers), strict=True):
            tensor = self._sources[number].tensor(crc)
            if (alias := self._equal(number, tensor)) is not None:
                tensor = PackedTensor(*tensor[:4], alias=alias)
            self._table.append(tensor)
            if tensor.alias is None and not stays[number]:
                coded.append(number)
        if (
            len(coded) == 1
            and len(self._sources[coded[0]].data) > PIECE
            and self._sources[coded[0]].quantized is None
        ):
            return self._write_large(coded[0], end)
        threads = self._threads if len(coded) == 1 else 1
        for number, frame in zip(coded, self._frames(coded, threads), strict=True):
            if self._keep(number, len(frame)):
                self._sink.seek(end)
                _write_all(self._sink, frame)
                end += len(frame)
        return end

    def _frames(self, numbers: Sequence[int], threads: int) -> Iterator[bytes]:
        def frame(number: int) -> bytes:
            if (made := self._sources[number].quantized) is not None:
                return made.frame
            return frame_of(self._sources[number], self._effort, threads)

        return self._of_each(frame, numbers)

    def _of_each(self, work: Callable[[int], _Result], numbers: Sequence[int]) -> Iterator[_Result]:
        """Do the work for several tensors at the same time, and while what is done is used."""
        if len(numbers) < 2 or self._threads == 1:
            yield from map(work, numbers)
            return
        with ThreadPoolExecutor(self._threads) as pool:
            yield from pool.map(work, numbers)

    def _write_large(self, number: int, end: int) -> int:
        start = end
        for part in frame_pieces(self._sources[number], self._effort, self._threads):
            self._sink.seek(end)
            _write_all(self._sink, part)
            end += len(part)
        return end if self._keep(number, end - start) else start

    def _keep(self, number: int, size: int) -> bool:
        """Note the size of a frame if it is to stand for its tensor."""
        if not saves_enough(self._sources[number], size):
            return False
        self._sizes[number] = size
        self._table[number] = self._table[number]._replace(coded=True)
        return True

    def _equal(self, number: int, tensor: PackedTensor) -> int | None:
        """Return the number of an equal tensor before this one; note this one if there is none."""
        source = self._sources[number]
        if len(source.data) == 0:
            return None
        owners = self._owners.setdefault((tensor.dtype.code, tensor.shape, tensor.crc32c), [])
        for owner in owners:
            if are_equal(self._sources[owner].data, source.data):
                return owner
        owners.append(number)
        return None

    def _checksums(self, numbers: Sequence[int]) -> list[int]:
        if self._hasher is not None:
            self._hashing += [self._hasher.submit(self._hash, number) for number in numbers]
        return list(self._of_each(self._checksum, numbers))

    def _hash(self, number: int) -> None:
        data = self._sources[number].data
        for begin in range(0, len(data), _HASHED):
            if self._sha is not None:
                self._sha.update(data[begin : begin + _HASHED].data)

    def _checksum(self, number: int) -> int:
        if (made := self._sources[number].quantized) is not None:
            return made.crc32c
        data = self._sources[number].data
        crc = 0
        for begin in range(0, len(data), _HASHED):
            part = data[begin : begin + _HASHED]
            crc = _core.crc32c(part, crc)
            if self._sha is not None and self._hasher is None:
                self._sha.update(part.data)
        return crc

    # -- Tensors as they are

    def _write_plain(self, numbers: Sequence[int], start: int) -> None:
        self._sink.seek(start)
        for number in numbers:
            crc = 0
            data = self._sources[number].data
            for begin in range(0, len(data), PIECE):
                part = data[begin : begin + PIECE]
                crc = _core.crc32c(part, crc)
                _write_all(self._sink, part)
            if crc != self._table[number].crc32c:
                raise RuntimeError(f"tensor {self._sources[number].name!r} changes meanwhile")

    def _move(self, start: int, end: int, to: int) -> int:
        """Move bytes of the output; return where they end."""
        step = _HASHED * 16
        places = range(start, end, step)
        for begin in places if to < start else reversed(places):
            self._sink.seek(begin)
            part = self._sink.read(min(step, end - begin))
            self._sink.seek(begin - start + to)
            _write_all(self._sink, part)
        return end - start + to


# -- One tensor


def frame_of(source: TensorSource, effort: int | None, threads: int = 1) -> bytes:
    """Return the frame of a tensor."""
    options, planes = _options(source, effort, threads)
    metadata = frame_layout(source.tensor(0)).metadata()
    return _core.compress(source.data, planes, metadata, *options, source.dtype.floats)


def frame_pieces(source: TensorSource, effort: int | None, threads: int = 1) -> Iterator[bytes]:
    """Yield the frame of a tensor of many blocks in pieces."""
    options, planes = _options(source, effort, threads)
    metadata = frame_layout(source.tensor(0)).metadata()
    items = len(source.data) // planes
    writer = _core.FrameWriter(planes, metadata, *options, source.dtype.floats, items)
    yield writer.header(source.data)
    step = max(1, PIECE // (options.chunk_items * planes)) * options.chunk_items * planes
    for begin in range(0, len(source.data), step):
        yield writer.write(source.data[begin : begin + step])
    yield writer.finish()


def _options(source: TensorSource, effort: int | None, threads: int) -> tuple[CoderOptions, int]:
    planes = source.dtype.itemsize
    block = min(_BLOCK, _CHUNK_BYTES // planes)
    return coder_options(planes, "auto", block, threads, effort), planes


def worth_coding(source: TensorSource, effort: int | None = None) -> bool:
    """Return whether a tensor is to be coded: whether that pays for a sample of a large one."""
    size = len(source.data)
    if size < _LEAST:
        return False
    if size < _SAMPLED_FROM:
        return True
    item = source.dtype.itemsize
    step = (size - _SAMPLE) // (_PLACES - 1) // item * item
    sample = np.concatenate([source.data[n * step : n * step + _SAMPLE] for n in range(_PLACES)])
    frame = frame_of(source._replace(shape=(len(sample) // item,), data=sample), effort)
    # What a sample of this size cannot show is less than what noise makes of it.
    return len(frame) < len(sample) - len(sample) // _GAIN


def saves_enough(source: TensorSource, size: int) -> bool:
    """Return whether a frame of so many bytes is to stand for a tensor."""
    if source.quantized is not None:
        return True
    length = len(source.data)
    # A frame of the tensor's own shape would pass for the tensor with loaders that know nothing of
    # frames.
    return size <= length - length // _GAIN and source.shape != (size,) and size < length


def are_equal(a: Bytes, b: Bytes) -> bool:
    """Return whether two tensors have the same bytes."""
    return len(a) == len(b) and all(
        np.array_equal(a[begin : begin + PIECE], b[begin : begin + PIECE])
        for begin in range(0, len(a), PIECE)
    )


def _write_all(sink: BinaryIO, data: Any) -> None:
    left = memoryview(data).cast("B") if len(data) else memoryview(b"")
    while len(left) > 0:
        left = left[sink.write(left) :]
