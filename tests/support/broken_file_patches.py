"""Patches of files that break a rule of docs/patch-format.md each; all else of them is right."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

from pyinfo.coding.arrays import compress
from support.plain_file_patch_decoder import read_manifest

Manifest = dict[str, Any]


def manifest_of(patch: bytes) -> tuple[bytes, Manifest]:
    """The bytes before the manifest, and the manifest."""
    begin, files = read_manifest(patch)
    return patch[:begin], {"files": files}


def with_manifest(before: bytes, manifest: object) -> bytes:
    """A patch of files with these bodies."""
    frame = compress(json.dumps(manifest).encode("utf-8", "surrogateescape"))
    sizes = len(before).to_bytes(8, "little") + len(frame).to_bytes(8, "little")
    return before + frame + sizes + b"FIP\x89"


def _set(*path: str | int, value: object) -> Callable[[Manifest], None]:
    def change(manifest: Manifest) -> None:
        place: Any = manifest
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return change


def _twice(manifest: Manifest) -> None:
    manifest["files"].append(copy.deepcopy(manifest["files"][-1]))


def _no_part(manifest: Manifest) -> None:
    del manifest["files"][0]["parts"][-1]


def _no_key(manifest: Manifest) -> None:
    del manifest["files"][0]["old"]


FILE = ("files", 0)
PART = (*FILE, "parts", 0)
CHANGES: dict[str, Callable[[Manifest], None]] = {
    "files is a list": _set("files", value={}),
    "a file has all its keys": _no_key,
    "a path is text": _set(*FILE, "path", value=7),
    "a path stays in the folder": _set(*FILE, "path", value="../model"),
    "a path does not begin with /": _set(*FILE, "path", value="/model"),
    "a name holds no colon": _set(*FILE, "path", value="C:/model"),
    "a name holds no backslash": _set(*FILE, "path", value="a\\b"),
    "a path is there once": _twice,
    "an empty path is alone": _set(*FILE, "path", value=""),
    "a file is before or after": lambda manifest: manifest["files"][0].update(old=None, new=None),
    "a size is a whole number": _set(*FILE, "new", "size", value=1.0),
    "a size is not negative": _set(*FILE, "new", "size", value=-1),
    "a size is below 2^62": _set(*FILE, "new", "size", value=1 << 62),
    "a SHA-256 has 64 digits": _set(*FILE, "new", "sha256", value="0"),
    "digits are hexadecimal": _set(*FILE, "new", "sha256", value="g" * 64),
    "parts is a list": _set(*FILE, "parts", value=None),
    "a part is of a known kind": _set(*PART, "how", value="keep"),
    "a source is in the old file": _set(*PART, "source", value=[0, 1 << 40]),
    "a source does not end before it begins": _set(*PART, "source", value=[8, 0]),
    "a body is before the manifest": _set(*PART, "body", value=[0, 1 << 40]),
    "a source is two numbers": _set(*PART, "source", value=[0]),
    "a truth is no number": _set(*PART, "source", value=[False, 8]),
    "a name is text": _set(*PART, "tensor", value=[]),
    "the parts make the file": _no_part,
    "the file has its SHA-256": _set(*FILE, "new", "sha256", value="0" * 64),
    "a body is a frame": _set(*PART, value={"how": "frame", "body": [0, 8]}),
    "a body is a patch": _set(*PART, value={"how": "patch", "source": [0, 8], "body": [0, 8]}),
}


def all_of_them(patch: bytes) -> Iterator[tuple[str, bytes]]:
    """Rules and patches of files that break them, all made from one that is whole."""
    yield "the magic is there", b"\x89PIN" + patch[4:]
    yield "the version is 1", patch[:4] + b"\x02" + patch[5:]
    yield "the end magic is there", patch[:-4] + b"PIF\x89"
    yield "nothing follows", patch + b"\0"
    begin = int.from_bytes(patch[-20:-12], "little")
    yield "the manifest begins at 8 or later", patch[:-20] + bytes(8) + patch[-12:]
    yield (
        "the manifest ends before the footer",
        patch[:-12] + (1 << 40).to_bytes(8, "little") + (patch[-4:]),
    )
    yield "the manifest is a frame", patch[:begin] + b"\0" + patch[begin + 1 :]
    before, manifest = manifest_of(patch)
    yield "the manifest is an object", with_manifest(before, [manifest])
    for rule, change in CHANGES.items():
        changed = copy.deepcopy(manifest)
        change(changed)
        yield rule, with_manifest(before, changed)
