"""Patches of safetensors files and of folders with them, and of what else is in these."""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import numpy as np

from pyinfo import _core
from pyinfo.arguments import thread_count
from pyinfo.coding.array_layout import layout_metadata
from pyinfo.coding.arrays import compress
from pyinfo.coding.dtype_text import item_size
from pyinfo.coding.frames import Frame
from pyinfo.coding.whole_files import path_of, resolved, whole_file
from pyinfo.errors import CorruptDataError
from pyinfo.patches.elements import ElementKind, as_bytes
from pyinfo.patches.file_patch import BodyWriter, FileState, Part, PatchedFile, read_manifest
from pyinfo.patches.file_places import (
    made_folders,
    paths_of,
    remove_if_empty,
    require_other_file,
    require_places,
)
from pyinfo.patches.tensor_layout import TensorRange, tensor_layout

Path_ = str | os.PathLike[str]
Progress = Callable[[int, int | None], None]

_PIECE: Final = 1 << 24
_NOTHING: Final = (0, 0)


class PatchedFiles(NamedTuple):
    """What was done.

    Attributes
    ----------
    files, changed_files
        How many files there are afterwards, and how many of them are new or others than before.
    tensors, changed_tensors
        The same of tensors.
    size
        Bytes of all files afterwards.
    patch_size
        Bytes of the patch.

    Examples
    --------
    >>> import pyinfo.safetensors.numpy
    >>> pyinfo.safetensors.numpy.save_file({"w": np.zeros(99)}, "a.safetensors")
    >>> pyinfo.safetensors.numpy.save_file({"w": np.ones(99)}, "b.safetensors")
    >>> pyinfo.patches.diff_files("a.safetensors", "b.safetensors", "ab.patch").changed_tensors
    1
    """

    files: int
    changed_files: int
    tensors: int
    changed_tensors: int
    size: int
    patch_size: int


def diff_files(
    old: Path_,
    new: Path_,
    destination: Path_,
    *,
    threads: int = 1,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> PatchedFiles:
    """Write the patch that turns a file, or all files of a folder, into others.

    Parameters
    ----------
    old, new : path-like
        Two files or two folders. The tensors of safetensors files are compared by their names:
        those that have changed become patches, added ones and such of another type are coded as
        they are. Other files are kept, or coded as a whole. Files of folders are compared by their
        names, too.
    destination : path-like
        The patch; there when it is whole, or not at all.
    threads : int, optional
        How many to use, 0 for one per core. The result does not depend on it.
    overwrite : bool, default False
        Whether it may replace an older file.
    progress : callable, optional
        Called with the bytes of `new` done, and how many there are.

    Returns
    -------
    PatchedFiles

    Raises
    ------
    FileExistsError
        If there is a file `destination`, and `overwrite` is false.
    ValueError
        If one is a folder and the other is not; if a link in them leads to a folder; if the patch
        would replace one of the files that it is made from.

    Notes
    -----
    Memory: a tensor's patch at a time. The files are mapped and must not be cut off meanwhile.

    See Also
    --------
    apply_files : the way back.

    Examples
    --------
    >>> import pyinfo.safetensors.numpy
    >>> pyinfo.safetensors.numpy.save_file({"w": np.zeros(99)}, "c.safetensors")
    >>> pyinfo.safetensors.numpy.save_file({"w": np.ones(99)}, "d.safetensors")
    >>> pyinfo.patches.diff_files("c.safetensors", "d.safetensors", "cd.patch").tensors
    1
    """
    count = thread_count(threads)
    old, new = path_of(old, "old"), path_of(new, "new")
    goal = resolved(path_of(destination, "destination"))
    if old.is_dir() != new.is_dir():
        raise ValueError(f"{old} and {new} must both be files, or both be folders")
    paths = paths_of(old, new) if new.is_dir() else [""]
    require_other_file(goal, [folder / path for folder in (old, new) for path in paths])
    total = sum((new / path).stat().st_size for path in paths if (new / path).is_file())
    done = 0

    def advance(size: int) -> None:
        nonlocal done
        done += size
        if progress is not None:
            progress(done, total)

    with whole_file(goal, overwrite=overwrite) as sink:
        writer = BodyWriter(sink)
        files = [_diff_file(path, old / path, new / path, writer, count, advance) for path in paths]
        patch_size = writer.finish(files)
    return _summary(files, patch_size)


def apply_files(
    base: Path_,
    patch: Path_,
    destination: Path_ | None = None,
    *,
    threads: int = 1,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> PatchedFiles:
    """Make of a file or folder what a patch says.

    Parameters
    ----------
    base : path-like
        The file or folder that the patch was made from.
    patch : path-like
        As `diff_files` has written it.
    destination : path-like, optional
        Where the new file goes, or the new folder; `base` itself by default.
    threads : int, optional
        How many to use, 0 for one per core.
    overwrite : bool, default False
        Whether files in `destination`, if it is not `base`, may be replaced.
    progress : callable, optional
        Called with the bytes written, and how many there are.

    Returns
    -------
    PatchedFiles

    Raises
    ------
    ValueError
        If a file of `base` is not the one that the patch was made from, by its SHA-256, nor the one
        that it makes; if a file is to be where a folder is, or the other way round. No file has
        been changed then.
    CorruptDataError
        If the patch is damaged. No file has been changed then.
    FileExistsError
        If there is another file in `destination`, and `overwrite` is false.

    Notes
    -----
    All new files are written beside the old ones and verified before the first gets its name, and
    files that are no more are removed last. If the process is killed meanwhile, some files are new
    and the others old: calling it again makes the rest. Files that are as they should be are left
    alone, and so are files that the patch does not know.

    See Also
    --------
    diff_files

    Examples
    --------
    >>> import pyinfo.safetensors.numpy
    >>> pyinfo.safetensors.numpy.save_file({"w": np.zeros(99)}, "e.safetensors")
    >>> pyinfo.safetensors.numpy.save_file({"w": np.ones(99)}, "f.safetensors")
    >>> _ = pyinfo.patches.diff_files("e.safetensors", "f.safetensors", "ef.patch")
    >>> _ = pyinfo.patches.apply_files("e.safetensors", "ef.patch", "g.safetensors")
    >>> pyinfo.safetensors.numpy.load_file("g.safetensors")["w"].sum()
    np.float64(99.0)
    """
    count = thread_count(threads)
    base, patch = path_of(base, "base"), path_of(patch, "patch")
    target = base if destination is None else path_of(destination, "destination")
    in_place = resolved(target) == resolved(base)
    with _mapped(patch) as bodies:
        files = read_manifest(bodies)
        if base.is_dir() == (len(files) == 1 and files[0].path == ""):
            raise ValueError(f"the patch is for a {'file' if base.is_dir() else 'folder'}")
        require_places(target, files)
        require_other_file(patch, [target / file.path for file in files])
        total = sum(file.new.size for file in files if file.new is not None)
        done = 0

        def advance(size: int) -> None:
            nonlocal done
            done += size
            if progress is not None:
                progress(done, total)

        with contextlib.ExitStack() as finished:
            for file in files:
                if file.new is None:
                    _require_state(base / file.path, (file.old, None))
                    continue
                goal = target / file.path
                if _has_state(goal, file.new):
                    advance(file.new.size)
                    continue
                for folder in made_folders(goal.parent):
                    finished.callback(remove_if_empty, folder)
                _require_state(base / file.path, (file.old,))
                # Not where a link leads: stores keep files under many names.
                writing = whole_file(goal, overwrite=overwrite or in_place, durable=True)
                sink = finished.enter_context(writing)
                _write_file(file, base / file.path, bodies, sink, count, advance)
        if in_place:
            for file in files:
                if file.new is None:
                    (base / file.path).unlink(missing_ok=True)
        return _summary(files, len(bodies))


# -- Files ----------------------------------------------------------------------------------------


@contextlib.contextmanager
def _mapped(path: Path) -> Iterator[memoryview]:
    """Map a file into memory; an empty one has no memory."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            yield memoryview(b"")
            return
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    view = memoryview(mapped)
    try:
        yield view
    finally:
        # Parts that somebody still holds, such as an error's traceback, are closed with these.
        with contextlib.suppress(BufferError):
            view.release()
            mapped.close()


def _state_of(data: memoryview) -> FileState:
    digest = hashlib.sha256()
    for at in range(0, len(data), _PIECE):
        digest.update(data[at : at + _PIECE])
    return FileState(len(data), digest.hexdigest())


def _has_state(path: Path, state: FileState) -> bool:
    if not path.is_file() or path.stat().st_size != state.size:
        return False
    with _mapped(path) as data:
        return _state_of(data) == state


def _require_state(path: Path, states: tuple[FileState | None, ...]) -> None:
    if not path.is_file():
        if None in states:
            return
        raise FileNotFoundError(f"{path} is missing: the patch was made from a folder that has it")
    if not any(state is not None and _has_state(path, state) for state in states):
        raise ValueError(f"{path} is not the file that the patch was made from")


def _summary(files: list[PatchedFile] | tuple[PatchedFile, ...], patch_size: int) -> PatchedFiles:
    after = [file for file in files if file.new is not None]
    tensors = [part for file in after for part in file.parts if part.tensor is not None]
    return PatchedFiles(
        len(after),
        sum(file.old != file.new for file in files),
        len(tensors),
        sum(part.how != "take" for part in tensors),
        sum(file.new.size for file in after if file.new is not None),
        patch_size,
    )


# -- Making ---------------------------------------------------------------------------------------


def _diff_file(
    path: str,
    old: Path,
    new: Path,
    writer: BodyWriter,
    threads: int,
    advance: Callable[[int], None],
) -> PatchedFile:
    with contextlib.ExitStack() as opened:
        before = opened.enter_context(_mapped(old)) if old.is_file() else None
        after = opened.enter_context(_mapped(new)) if new.is_file() else None
        old_state = None if before is None else _state_of(before)
        new_state = None if after is None else _state_of(after)
        parts: tuple[Part, ...] = ()
        if after is not None:
            parts = tuple(_parts(before, after, old_state == new_state, writer, threads, advance))
        return PatchedFile(path, old_state, new_state, parts)


def _parts(
    before: memoryview | None,
    after: memoryview,
    same: bool,
    writer: BodyWriter,
    threads: int,
    advance: Callable[[int], None],
) -> Iterator[Part]:
    layout = tensor_layout(after)
    older = None if before is None else tensor_layout(before)
    if before is None or layout is None or (older is None and not same):
        if len(after) > 0:
            yield _bytes(before, after, (0, len(after)), same, writer, threads)
            advance(len(after))
        return
    tensors = {} if older is None else {tensor.name: tensor for tensor in older.tensors}
    at = layout.header
    same_header = bytes(before[:at]) == bytes(after[:at])
    yield _bytes(before, after, (0, at), same_header, writer, threads)
    advance(at)
    for tensor in layout.tensors:
        if tensor.begin > at:
            yield _bytes(before, after, (at, tensor.begin), False, writer, threads)
        if tensor.end > tensor.begin:
            base = tensors.get(tensor.name)
            yield _tensor(before, after, base, tensor, writer, threads)
        advance(tensor.end - at)
        at = tensor.end
    if at < len(after):
        yield _bytes(before, after, (at, len(after)), False, writer, threads)
        advance(len(after) - at)


def _bytes(
    before: memoryview | None,
    after: memoryview,
    place: tuple[int, int],
    same: bool,
    writer: BodyWriter,
    threads: int,
) -> Part:
    """Return bytes that are those at the same place of the old file, or new ones."""
    if same and before is not None:
        return Part("take", place, _NOTHING, None)
    frame = compress(after[slice(*place)], threads=threads)
    return Part("frame", _NOTHING, writer.add(frame), None)


def _tensor(
    before: memoryview,
    after: memoryview,
    base: TensorRange | None,
    tensor: TensorRange,
    writer: BodyWriter,
    threads: int,
) -> Part:
    new = after[tensor.begin : tensor.end]
    if base is None or base.dtype != tensor.dtype or base.end - base.begin != len(new):
        kind = ElementKind.of(tensor.dtype)
        options = (1 << 18, 0, 2, threads, kind.mantissa > 0)
        frame = _core.compress(new, kind.size, b"", *options)
        return Part("frame", _NOTHING, writer.add(frame), tensor.name)
    source = (base.begin, base.end)
    old = before[slice(*source)]
    kind = ElementKind.of(tensor.dtype)
    body = _core.patch_diff(old, new, *kind, _flat_metadata(tensor.dtype, len(new)), threads)
    if _core.PatchReader(body).changed == 0:
        return Part("take", source, _NOTHING, tensor.name)
    return Part("patch", source, writer.add(body), tensor.name)


def _flat_metadata(dtype: str, size: int) -> bytes:
    item = item_size(dtype)
    return layout_metadata(dtype, (size // item,), False)


# -- Applying -------------------------------------------------------------------------------------


def _write_file(
    file: PatchedFile,
    old: Path,
    bodies: memoryview,
    sink: BinaryIO,
    threads: int,
    advance: Callable[[int], None],
) -> None:
    new = file.new
    if new is None:
        return
    digest = hashlib.sha256()
    written = 0
    with contextlib.ExitStack() as opened:
        data = opened.enter_context(_mapped(old)) if file.old is not None else memoryview(b"")
        for part in file.parts:
            for piece in _pieces(part, data, bodies, new.size - written, threads):
                digest.update(piece)
                sink.write(piece)
                written += len(piece)
                advance(len(piece))
    if FileState(written, digest.hexdigest()) != new:
        raise CorruptDataError(f"{file.path or old.name} does not become what the patch says", None)


def _pieces(
    part: Part, old: memoryview, bodies: memoryview, left: int, threads: int
) -> Iterator[memoryview]:
    """Return the bytes of a part; at most so many."""
    source, body = old[slice(*part.source)], bodies[slice(*part.body)]
    try:
        if part.how == "take":
            view = source
        elif part.how == "frame":
            frame = Frame(body, threads=threads, max_size=left)
            if frame.coded_size != len(body):
                raise CorruptDataError("data follows the frame", frame.coded_size)
            view = as_bytes(frame.read()).data
        else:
            reader = _core.PatchReader(body)
            made = np.empty(len(source), np.uint8)
            reader.apply(source, made, True, threads)
            view = made.data
    except CorruptDataError as error:
        name = "" if part.tensor is None else f"tensor {part.tensor!r}: "
        raise CorruptDataError(f"{name}{error}", part.body[0] + (error.offset or 0)) from error
    except ValueError as error:
        name = "" if part.tensor is None else f"tensor {part.tensor!r}: "
        raise CorruptDataError(f"{name}{error}", part.body[0]) from error
    if len(view) > left:
        raise CorruptDataError("the parts of a file are larger than the file", part.body[0])
    for at in range(0, len(view), _PIECE):
        yield view[at : at + _PIECE]
