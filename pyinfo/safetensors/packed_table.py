"""What the metadata of a packed file say about its tensors: see docs/weights-format.md."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, NoReturn

from pyinfo import _core
from pyinfo.errors import CorruptDataError
from pyinfo.safetensors.dtype_codes import CODES, DtypeCode
from pyinfo.safetensors.file_header import (
    METADATA,
    MOST_HEADER,
    Entry,
    FileHeader,
    checked_byte_count,
    header_text,
    in_write_order,
    padded,
    parse_header,
)
from pyinfo.safetensors.quantization import Quantization
from pyinfo.safetensors.safetensor_error import SafetensorError

KEY: Final = "pyinfo"
"""The entry's key."""

FORMAT: Final = "format"
"""Metadata that some loaders insist on."""

_VERSION: Final = 1
_VERSION_WITH_INTEGERS: Final = 2
"""Where a tensor is quantised: readers that know nothing of that refuse the table."""
_CHECKED: Final = '{"check":"'
_FIELDS: Final = frozenset({"check", "version", "tensors", "added", "sha256", "header"})


class PackedTensor(NamedTuple):
    """A tensor of the original file.

    Attributes
    ----------
    name, dtype, shape
        As in the original.
    crc32c
        Of its bytes.
    coded
        Whether a frame stands for it.
    alias
        Number of the tensor before it that has the same bytes, dtype and shape; None if it has
        bytes of its own.
    quantization
        How the integers of its frame stand for it; None if the frame is one of its own elements.
    """

    name: str
    dtype: DtypeCode
    shape: tuple[int, ...]
    crc32c: int
    coded: bool = False
    alias: int | None = None
    quantization: Quantization | None = None

    @property
    def size(self) -> int:
        """Bytes of the tensor."""
        return self.dtype.byte_count(self.shape)

    def document(self) -> dict[str, Any]:
        """Return what the table says of it."""
        document: dict[str, Any] = {
            "name": self.name,
            "dtype": self.dtype.code,
            "shape": list(self.shape),
            "crc32c": f"{self.crc32c:08x}",
        }
        if self.alias is not None:
            document["alias"] = self.alias
        elif self.coded:
            document["coded"] = True
            if self.quantization is not None:
                document["quantized"] = self.quantization.document()
        return document


@dataclass(frozen=True, slots=True)
class PackedTable:
    """The tensors of the original file in the order of their bytes, and what else restores it.

    Attributes
    ----------
    tensors
        In the order of their bytes in the original.
    added
        What the packed file's metadata have and the original's had not: ``"__metadata__"`` if it
        had none at all, ``"format"``.
    sha256
        Of the original file in hexadecimal; empty if there has never been one.
    header
        The header of the original; None where the rules of the package of that name give it.
    """

    tensors: tuple[PackedTensor, ...]
    added: tuple[str, ...] = ()
    sha256: str = ""
    header: bytes | None = field(default=None, repr=False)

    def text(self) -> str:
        """Return the entry's value."""
        document: dict[str, Any] = {
            "version": _version_of(self.tensors),
            "tensors": [tensor.document() for tensor in self.tensors],
        }
        if self.added:
            document["added"] = list(self.added)
        if self.sha256:
            document["sha256"] = self.sha256
        if self.header is not None:
            document["header"] = base64.b64encode(zlib.compress(self.header, 9)).decode()
        rest = json.dumps(document, ensure_ascii=False, separators=(",", ":"))[1:]
        return f'{_CHECKED}{_core.crc32c(rest.encode()):08x}",{rest}'

    @classmethod
    def parse(cls, text: str) -> PackedTable:
        """Read the entry's value; CorruptDataError unless it is one."""
        begin = len(_CHECKED)
        rest = text[begin + 10 :]
        check = text[begin : begin + 8]
        if not text.startswith(_CHECKED) or check != f"{_core.crc32c(rest.encode()):08x}":
            _damaged("its checksum does not match")
        try:
            document = json.loads(text)
            return cls._of(document)
        except (ValueError, KeyError, TypeError, RecursionError, MemoryError) as error:
            raise CorruptDataError(f"the table of tensors is damaged: {error}") from error

    @classmethod
    def _of(cls, document: dict[str, Any]) -> PackedTable:
        version = document["version"]
        if version not in (_VERSION, _VERSION_WITH_INTEGERS):
            raise ValueError(f"its version is {version!r:.20}, above {_VERSION_WITH_INTEGERS}")
        if unknown := set(document) - _FIELDS:
            raise ValueError(f"it has the unknown field {min(unknown)!r:.40}")
        tensors: list[PackedTensor] = []
        for number, stated in enumerate(document["tensors"]):
            tensors.append(_tensor(stated, number, tensors))
        if len({tensor.name for tensor in tensors}) < len(tensors):
            raise ValueError("a name occurs twice")
        if version != _version_of(tensors):
            raise ValueError(f"its version is {version}, not {_version_of(tensors)}")
        added = tuple(document.get("added", ()))
        if not set(added) <= {METADATA, FORMAT}:
            raise ValueError("it says that something unknown was added")
        sha256 = document.get("sha256", "")
        if type(sha256) is not str or len(sha256) not in {0, 64}:
            raise ValueError("its sha256 is none")
        header = document.get("header")
        return cls(tuple(tensors), added, sha256, None if header is None else _uncompressed(header))

    def metadata(self, packed: Mapping[str, str]) -> dict[str, str] | None:
        """Return the metadata of the original, given those of the packed file."""
        left_out = {KEY, *self.added}
        kept = {key: value for key, value in packed.items() if key not in left_out}
        return None if METADATA in self.added and not kept else kept

    def entries(self) -> dict[str, Entry]:
        """Return the tensors as they are in the original."""
        entries: dict[str, Entry] = {}
        end = 0
        for tensor in self.tensors:
            start, end = end, end + tensor.size
            entries[tensor.name] = Entry(tensor.dtype, tensor.shape, start, end)
        return entries

    def original_header(self, packed: Mapping[str, str]) -> FileHeader:
        """Return the original's header, given the metadata of the packed file.

        Raises
        ------
        CorruptDataError
            If it is not that of these tensors.
        """
        entries = self.entries()
        text = self.header
        if text is None:
            written = in_write_order({name: (e.dtype, e.shape) for name, e in entries.items()})
            if list(written) != list(entries):
                raise CorruptDataError("the tensors are in another order than the rules give")
            metadata = self.metadata(packed)
            return FileHeader(padded(header_text(entries, metadata)), entries, metadata)
        size = sum(tensor.size for tensor in self.tensors)
        try:
            header = parse_header(text, size)
        except SafetensorError as error:
            raise CorruptDataError(f"the header of the original is damaged: {error}") from error
        if dict(header.tensors) != entries:
            raise CorruptDataError("the header of the original is not that of these tensors")
        return header


def follows_rules(header: FileHeader) -> bool:
    """Return whether the package of that name writes this header for these tensors."""
    written = in_write_order({n: (e.dtype, e.shape) for n, e in header.tensors.items()})
    return list(written) == list(header.tensors) and header.text == padded(
        header_text(written, header.metadata)
    )


def _version_of(tensors: Iterable[PackedTensor]) -> int:
    is_quantized = any(tensor.quantization is not None for tensor in tensors)
    return _VERSION_WITH_INTEGERS if is_quantized else _VERSION


def _tensor(stated: Any, number: int, before: list[PackedTensor]) -> PackedTensor:
    name, shape, alias = stated["name"], stated["shape"], stated.get("alias")
    if type(name) is not str:
        raise ValueError(f"tensor {number} has no name")
    if type(shape) is not list or any(type(n) is not int or n < 0 for n in shape):
        raise ValueError(f"the shape of {name!r:.80} is none")
    crc = stated["crc32c"]
    if type(crc) is not str or len(crc) != 8:
        raise ValueError(f"the checksum of {name!r:.80} is none")
    dtype = CODES.get(stated["dtype"])
    if dtype is None:
        raise ValueError(f"the dtype of {name!r:.80} is unknown")
    tensor = PackedTensor(
        name, dtype, tuple(shape), int(crc, 16), stated.get("coded", False) is True, alias
    )
    checked_byte_count(dtype, shape)
    if "quantized" in stated:
        if not tensor.coded or alias is not None:
            raise ValueError(f"{name!r:.80} is quantised, but no frame")
        try:
            quantization = Quantization.parse(stated["quantized"], dtype)
        except ValueError as error:
            raise ValueError(f"{name!r:.80}: {error}") from error
        tensor = tensor._replace(quantization=quantization)
    if alias is None:
        return tensor
    if type(alias) is not int or not 0 <= alias < number:
        raise ValueError(f"{name!r:.80} is the alias of no tensor before it")
    owner = before[alias]
    if owner.alias is not None or (owner.dtype, owner.shape, owner.crc32c) != (
        tensor.dtype, tensor.shape, tensor.crc32c,
    ):  # fmt: skip
        raise ValueError(f"{name!r:.80} is the alias of a tensor that differs")
    return tensor


def _uncompressed(text: Any) -> bytes:
    try:
        engine = zlib.decompressobj()
        data = engine.decompress(base64.b64decode(text, validate=True), MOST_HEADER + 1)
    except (binascii.Error, zlib.error, TypeError) as error:
        raise ValueError(f"the original's header: {error}") from error
    if not engine.eof or len(data) > MOST_HEADER or engine.unused_data:
        raise ValueError("the original's header is cut off or too long")
    return data


def _damaged(what: str) -> NoReturn:
    raise CorruptDataError(f"the table of tensors is damaged: {what}")
