"""The bytes of a patch of files: bodies, a manifest of what each file is made of, a footer."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, Final, NamedTuple

from pyinfo.coding.arrays import compress, decompress
from pyinfo.errors import CorruptDataError

MAGIC: Final = b"\x89PIF"
"""What patches of files begin with."""
ARRAY_MAGIC: Final = b"\x89PID"
"""What patches of arrays begin with."""

_HEADER: Final = MAGIC + b"\x01\0\0\0"
_END: Final = b"FIP\x89"
_FOOTER: Final = struct.Struct("<QQ4s")
_MOST_MANIFEST: Final = 1 << 28
_MOST_SIZE: Final = 1 << 62
_SHA256: Final = 64  # digits
_DIGITS: Final = frozenset("0123456789abcdef")


class FileState(NamedTuple):
    """What a file holds: its size and the SHA-256 of its contents, in hexadecimal."""

    size: int
    sha256: str


class Part(NamedTuple):
    """A run of bytes of a new file.

    Attributes
    ----------
    how
        ``"take"`` from the old file, ``"patch"`` the old file's, ``"frame"``: new ones.
    source
        The bytes of the old file, from and to; empty for a frame.
    body
        The bytes of the patch file that hold patch or frame, from and to; empty for take.
    tensor
        The name of the tensor, if it is one.
    """

    how: str
    source: tuple[int, int]
    body: tuple[int, int]
    tensor: str | None


class PatchedFile(NamedTuple):
    """One file: its path, what it was and what it becomes, and of what that is made.

    Attributes
    ----------
    path
        Relative to the folder, with ``/``; empty for a patch of a single file.
    old, new
        None if there is no such file before or after.
    parts
        Of the new file, in their order.
    """

    path: str
    old: FileState | None
    new: FileState | None
    parts: tuple[Part, ...]


class BodyWriter:
    """A patch of files that is being written: bodies one after another, then the manifest."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        self._at = 0
        self._write(_HEADER)

    def add(self, body: bytes) -> tuple[int, int]:
        """Write a patch or a frame; return from where to where it stands."""
        begin = self._at
        self._write(body)
        return begin, self._at

    def finish(self, files: Sequence[PatchedFile]) -> int:
        """Write manifest and footer; return the size of all."""
        manifest = {"files": [_described(file) for file in files]}
        text = json.dumps(manifest, ensure_ascii=False, separators=(",", ":"))
        begin, end = self.add(compress(text.encode("utf-8", "surrogateescape")))
        self._write(_FOOTER.pack(begin, end - begin, _END))
        return self._at

    def _write(self, data: bytes) -> None:
        self._sink.write(data)
        self._at += len(data)


def read_manifest(data: memoryview) -> tuple[PatchedFile, ...]:
    """Return what a patch of files says of each; CorruptDataError if it is none, or damaged."""
    end = len(data) - _FOOTER.size
    if end < len(_HEADER) or bytes(data[: len(_HEADER)]) != _HEADER:
        raise CorruptDataError("it is no patch of files: its first bytes are others", 0)
    begin, size, magic = _FOOTER.unpack(data[end:])
    if magic != _END or begin < len(_HEADER) or begin + size != end:
        raise CorruptDataError("the patch of files is cut off, or its end is damaged", end)
    try:
        text = decompress(data[begin:end], max_size=_MOST_MANIFEST).tobytes()
        manifest = json.loads(text.decode("utf-8", "surrogateescape"))
        files = tuple(_file(described, begin) for described in _list(manifest["files"]))
        if len({file.path for file in files}) < len(files):
            raise ValueError("a path is there twice")
        if len(files) > 1 and any(file.path == "" for file in files):
            raise ValueError("a single file is not alone")
    except CorruptDataError as error:
        raise CorruptDataError(f"the manifest is damaged: {error}", begin) from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CorruptDataError(f"the manifest is not valid: {error}", begin) from error
    return files


def _described(file: PatchedFile) -> dict[str, Any]:
    described: dict[str, Any] = {"path": file.path}
    for name, state in (("old", file.old), ("new", file.new)):
        described[name] = None if state is None else state._asdict()
    described["parts"] = [
        {
            key: value
            for key, value in part._asdict().items()
            if value is not None and value != (0, 0)
        }
        for part in file.parts
    ]
    return described


def _file(described: Mapping[str, Any], bodies_end: int) -> PatchedFile:
    path = described["path"]
    if not isinstance(path, str) or "\0" in path or "\\" in path:
        raise ValueError("a path is no text")
    if path and any(step in {"", ".", ".."} or ":" in step for step in path.split("/")):
        raise ValueError(f"the path {path!r} leads out of the folder")
    old, new = (_state(described[name]) for name in ("old", "new"))
    parts = tuple(
        _part(part, 0 if old is None else old.size, bodies_end)
        for part in _list(described["parts"])
    )
    if old is None and new is None:
        raise ValueError("a file is neither before nor after")
    return PatchedFile(path, old, new, parts)


def _list(given: Any) -> list[Any]:
    if type(given) is not list:
        raise ValueError("a list is missing")
    return given


def _state(described: Mapping[str, Any] | None) -> FileState | None:
    if described is None:
        return None
    size, sha256 = described["size"], described["sha256"]
    if type(size) is not int or not 0 <= size < _MOST_SIZE:
        raise ValueError("a size is not valid")
    if type(sha256) is not str or len(sha256) != _SHA256 or not _DIGITS.issuperset(sha256):
        raise ValueError("a SHA-256 is not valid")
    return FileState(size, sha256)


def _part(described: Mapping[str, Any], old_size: int, bodies_end: int) -> Part:
    how = described["how"]
    source = _range(described.get("source", (0, 0)), 0, old_size)
    body = _range(described.get("body", (0, 0)), 0, bodies_end)
    tensor = described.get("tensor")
    if how not in {"take", "patch", "frame"} or not (tensor is None or type(tensor) is str):
        raise ValueError("a part is not valid")
    return Part(how, source, body, tensor)


def _range(given: Any, least: int, most: int) -> tuple[int, int]:
    begin, end = given
    if type(begin) is not int or type(end) is not int or not least <= begin <= end <= most:
        raise ValueError("a part leads out of its file")
    return begin, end
