"""A decoder of patches of files, written from docs/patch-format.md alone.

Files are given and returned by their paths. Anything the page does not allow raises `FormatError`,
and a folder that is not the one of the patch `WrongBaseError`.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from support import plain_patch_decoder
from support.plain_decoder import FormatError, read_frame, require
from support.plain_patch_decoder import WrongBaseError

Files = dict[str, bytes]


def written(target: Path, files: Files) -> Path:
    """Write files by their paths into a folder, or the one without a path as a file."""
    if "" in files:
        target.write_bytes(files[""])
        return target
    target.mkdir()
    for path, data in files.items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_bytes(data)
    return target


def apply(old: Files, patch: bytes) -> Files:
    begin, files = read_manifest(patch)
    made: Files = {}
    for file in files:
        before = old.get(file["path"])
        if file["new"] is None:
            if before is not None and not has_state(before, file["old"]):
                raise WrongBaseError(file["path"])
            continue
        if (before is None) != (file["old"] is None):
            raise WrongBaseError(file["path"])
        if before is not None and not has_state(before, file["old"]):
            raise WrongBaseError(file["path"])
        whole = b"".join(read_part(part, before or b"", patch[:begin]) for part in file["parts"])
        require(has_state(whole, file["new"]), "a file does not become what the patch says")
        made[file["path"]] = whole
    return made


def read_manifest(patch: bytes) -> tuple[int, list[dict[str, Any]]]:
    require(len(patch) >= 28, "it is too short")
    require(patch[:8] == b"\x89PIF\x01\0\0\0", "this is no patch of files")
    require(patch[-4:] == b"FIP\x89", "the end magic is not there")
    begin = int.from_bytes(patch[-20:-12], "little")
    size = int.from_bytes(patch[-12:-4], "little")
    require(begin >= 8 and begin + size + 20 == len(patch), "the manifest is out of place")
    text = read_frame(patch[begin : begin + size]).data
    require(len(text) <= 1 << 28, "the manifest is too large")
    try:
        manifest = json.loads(text.decode("utf-8", "surrogateescape"))
    except ValueError as error:
        raise FormatError(str(error)) from error
    require(isinstance(manifest, dict), "the manifest is no object")
    files = manifest.get("files")
    require(isinstance(files, list), "files is no list")
    for file in files:
        require(isinstance(file, dict), "a file is no object")
        require({"path", "old", "new", "parts"} <= set(file), "a key is missing")
        check_path(file["path"])
        require(file["path"] != "" or len(files) == 1, "a single file is not alone")
        for state in (file["old"], file["new"]):
            check_state(state)
        require(file["old"] is not None or file["new"] is not None, "a file is never there")
        require(isinstance(file["parts"], list), "parts is no list")
        for part in file["parts"]:
            check_part(part, 0 if file["old"] is None else file["old"]["size"], begin)
    require(len({file["path"] for file in files}) == len(files), "a path is there twice")
    return begin, files


def check_path(path: object) -> None:
    require(isinstance(path, str), "a path is no text")
    assert isinstance(path, str)
    for name in path.split("/") if path else []:
        require(name not in ("", ".", ".."), "a name is not valid")
        require(not set(name) & set(":\\\0"), "a name is not valid")


def whole_number(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def check_state(state: object) -> None:
    if state is None:
        return
    require(isinstance(state, dict), "a state is no object")
    assert isinstance(state, dict)
    require(whole_number(state.get("size"), (1 << 62) - 1), "a size is not valid")
    digits = state.get("sha256")
    require(isinstance(digits, str) and len(digits) == 64, "a SHA-256 is not valid")
    require(set(str(digits)) <= set("0123456789abcdef"), "a SHA-256 is not valid")


def check_part(part: object, old_size: int, bodies: int) -> None:
    require(isinstance(part, dict), "a part is no object")
    assert isinstance(part, dict)
    require(part.get("how") in ("take", "patch", "frame"), "a part is of no kind")
    tensor = part.get("tensor")
    require(tensor is None or isinstance(tensor, str), "a name is no text")
    for key, most in (("source", old_size), ("body", bodies)):
        place = part.get(key, [0, 0])
        require(isinstance(place, list) and len(place) == 2, "a place is no pair")
        require(all(whole_number(value, most) for value in place), "a place is out of range")
        require(place[0] <= place[1], "a place is out of range")


def read_part(part: dict[str, Any], old: bytes, bodies: bytes) -> bytes:
    source = old[slice(*part.get("source", [0, 0]))]
    body = bodies[slice(*part.get("body", [0, 0]))]
    if part["how"] == "take":
        return source
    if part["how"] == "frame":
        return read_frame(body).data
    try:
        return plain_patch_decoder.apply(source, body)
    except WrongBaseError as error:
        raise FormatError("a patch is not of the bytes it is for") from error


def has_state(data: bytes, state: dict[str, Any]) -> bool:
    return len(data) == state["size"] and hashlib.sha256(data).hexdigest() == state["sha256"]
