"""The header of a safetensors file: read with every rule of the format checked, and written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, NoReturn

from pyinfo.safetensors.dtype_codes import CODES, WRITE_ORDER, DtypeCode
from pyinfo.safetensors.safetensor_error import SafetensorError

MOST_HEADER: Final = 100_000_000
"""Bytes of a header; readers refuse longer ones."""

METADATA: Final = "__metadata__"

_ONCE: Final = (METADATA, "dtype", "shape", "data_offsets")
_LENGTH: Final = 8
_MOST_BYTES: Final = 2**63 - 1


class Entry(NamedTuple):
    """What a header says of a tensor: its bytes are start:stop of the data."""

    dtype: DtypeCode
    shape: tuple[int, ...]
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class FileHeader:
    """A header.

    Attributes
    ----------
    text
        Its bytes, as they are in the file.
    tensors
        By their names, in the order of their bytes.
    metadata
        None if there are none.
    """

    text: bytes
    tensors: Mapping[str, Entry]
    metadata: dict[str, str] | None

    @property
    def data_offset(self) -> int:
        """Where in the file the data begin."""
        return _LENGTH + len(self.text)

    @property
    def data_size(self) -> int:
        """Bytes of data."""
        return max((entry.stop for entry in self.tensors.values()), default=0)


def read_header(read: Callable[[int, int], bytes], size: int) -> FileHeader:
    """Read the header of a file of `size` bytes; read(start, stop) returns a part of it.

    Raises
    ------
    SafetensorError
        If a reader of the format must refuse the file.
    """
    if size < _LENGTH:
        _refuse("header too small")
    length = int.from_bytes(read(0, _LENGTH), "little")
    if length > MOST_HEADER:
        _refuse("header too large")
    if length > size - _LENGTH:
        _refuse("invalid header length")
    return parse_header(read(_LENGTH, _LENGTH + length), size - _LENGTH - length)


def parse_header(text: bytes, data_size: int) -> FileHeader:
    """Check a header that is followed by so many bytes."""
    document = _document(text)
    metadata = document.pop(METADATA, None)
    if metadata is not None:
        metadata = _checked_metadata(metadata)
    entries = {name: _entry(name, stated) for name, stated in document.items()}
    ordered = sorted(entries.items(), key=lambda item: item[1][2:])
    end = 0
    for name, entry in ordered:
        if entry.start != end:
            _refuse(f"invalid offset for tensor `{name}`")
        end = entry.stop
    if end != data_size:
        _refuse("incomplete metadata, file not fully covered")
    return FileHeader(text, dict(ordered), metadata)


def header_text(tensors: Mapping[str, Entry], metadata: Mapping[str, str] | None) -> bytes:
    """Return a header as it is written: without padding, in the order of the tensors."""
    document: dict[str, Any] = {} if metadata is None else {METADATA: dict(metadata)}
    for name, entry in tensors.items():
        document[name] = {
            "dtype": entry.dtype.code,
            "shape": list(entry.shape),
            "data_offsets": [entry.start, entry.stop],
        }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def padded(text: bytes, size: int | None = None) -> bytes:
    """Return the text with spaces up to a multiple of eight bytes, or to a size."""
    return text.ljust(-(-len(text) // 8) * 8 if size is None else size)


def with_length(text: bytes) -> bytes:
    """Return what a file begins with."""
    return len(text).to_bytes(_LENGTH, "little") + text


def in_write_order(
    tensors: Mapping[str, tuple[DtypeCode, tuple[int, ...]]],
) -> dict[str, Entry]:
    """Return the entries that the package of that name writes for these tensors."""
    names = sorted(tensors, key=lambda name: (WRITE_ORDER[tensors[name][0].code], name.encode()))
    entries: dict[str, Entry] = {}
    end = 0
    for name in names:
        dtype, shape = tensors[name]
        start, end = end, end + dtype.byte_count(shape)
        entries[name] = Entry(dtype, shape, start, end)
    return entries


def checked_names(names: Mapping[str, Any], metadata: Mapping[str, str] | None) -> None:
    """Raise TypeError or SafetensorError for names and metadata that no header can have."""
    if not isinstance(names, Mapping):
        raise TypeError(f"tensors must be a dict, by their names, not {type(names).__name__}")
    if metadata is not None and not isinstance(metadata, Mapping):
        raise TypeError(f"metadata must be a dict of str, not {type(metadata).__name__}")
    for text in (*names, *(metadata or {}), *(metadata or {}).values()):
        if not isinstance(text, str):
            raise TypeError(f"names and metadata must be str, not {type(text).__name__}")
        _require_text(text)
    if METADATA in names:
        raise SafetensorError(f"a tensor named {METADATA} would make a file that cannot be read")


def _document(text: bytes) -> dict[str, Any]:
    try:
        document = json.loads(text.decode(), parse_constant=_no_constant, object_pairs_hook=_object)
    except UnicodeDecodeError as error:
        _refuse(f"invalid UTF-8 in header: {error}")
    except (ValueError, RecursionError, MemoryError) as error:
        _refuse(f"invalid JSON in header: {str(error)[:100]}")
    if type(document) is not dict:
        _refuse("invalid JSON in header: it is no object")
    return document


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; of a tensor twice the last counts, but no part of one may be there twice.

    So the package reads it, and two readers must not see two files.
    """
    document = dict(pairs)
    if len(document) < len(pairs):
        keys = [key for key, _ in pairs]
        for key in _ONCE:
            if keys.count(key) > 1:
                raise ValueError(f"{key} is there twice")
    return document


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _checked_metadata(metadata: Any) -> dict[str, str]:
    if type(metadata) is not dict:
        _refuse("invalid JSON in header: metadata must be an object")
    for key, value in metadata.items():
        if type(value) is not str:
            _refuse("invalid JSON in header: metadata must be strings")
        _require_text(key)
        _require_text(value)
    return metadata


def _entry(name: str, stated: Any) -> Entry:
    _require_text(name)
    try:
        code, shape, offsets = stated["dtype"], stated["shape"], stated["data_offsets"]
    except (KeyError, TypeError, IndexError):
        _refuse(f"invalid JSON in header: tensor `{name}` lacks dtype, shape or data_offsets")
    dtype = CODES.get(code) if type(code) is str else None
    if dtype is None:
        _refuse(f"invalid JSON in header: tensor `{name}` has the unknown dtype {code!r:.40}")
    if not _are_sizes(shape):
        _refuse(f"invalid JSON in header: the shape of tensor `{name}` is none")
    if not _are_sizes(offsets) or len(offsets) != 2:
        _refuse(f"invalid JSON in header: the offsets of tensor `{name}` are none")
    start, stop = offsets
    try:
        size = checked_byte_count(dtype, shape)
    except ValueError as error:
        _refuse(f"tensor `{name}`: {error}")
    if start > stop or stop - start != size:
        _refuse(f"invalid shape, dtype or offset for tensor `{name}`")
    return Entry(dtype, tuple(shape), start, stop)


def checked_byte_count(dtype: DtypeCode, shape: Sequence[int]) -> int:
    """Return the bytes of a tensor; ValueError if they cannot be so many."""
    product = dtype.bits
    for extent in shape:
        product *= extent
        if product > _MOST_BYTES:
            raise ValueError("its size overflows")
    return dtype.byte_count(shape)


def _are_sizes(values: Any) -> bool:
    return type(values) is list and all(
        type(value) is int and 0 <= value <= _MOST_BYTES for value in values
    )


def _require_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        _refuse("invalid UTF-8 in header: a lone surrogate")


def _refuse(what: str) -> NoReturn:
    raise SafetensorError(f"Error while deserializing header: {what}")
