"""Safetensors files and folders of them: where commands notice that they have some."""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, cast

from pyinfo.cli.conversion import SUFFIX
from pyinfo.cli.each_file import Document
from pyinfo.cli.files import (
    STANDARD,
    Comparison,
    Original,
    OutputError,
    RefusalError,
)
from pyinfo.cli.output import ProgressBar, printable
from pyinfo.coding.files import FileSizes
from pyinfo.coding.folder_contents import contents_of
from pyinfo.coding.whole_files import descriptor_of, resolved, sync_folder
from pyinfo.patches.file_patch import ARRAY_MAGIC, MAGIC
from pyinfo.safetensors.files import SUFFIX as FILE_SUFFIX
from pyinfo.safetensors.files import header_of, unpack_file
from pyinfo.safetensors.folders import is_convertible, pack, unpack
from pyinfo.safetensors.packing import Progress

PACKED_SUFFIX: Final = SUFFIX + FILE_SUFFIX


def weight_files(path: str, *, packed: bool | None = None) -> list[str]:
    """Return the safetensors files that a path stands for: none if it is neither one nor a folder.

    Parameters
    ----------
    packed
        Whether they must be packed, or must not; None: either.
    """
    if path == STANDARD:
        return []
    kinds = (True, False) if packed is None else (packed,)
    start = Path(path)
    names = [start / name for name in contents_of(start).files] if start.is_dir() else [start]
    return [
        os.fspath(name)
        for name in names
        if any(is_convertible(name, packed=kind) for kind in kinds)
    ]


def files_to_test(path: str) -> list[str]:
    """Return the packed files that a path stands for, and those whose headers cannot be read."""
    if path == STANDARD:
        return []
    start = Path(path)
    names = [start / name for name in contents_of(start).files] if start.is_dir() else [start]
    found = [
        os.fspath(name)
        for name in names
        if is_convertible(name, packed=True)
        or (name.suffix == FILE_SUFFIX and name.is_file() and header_of(name) is None)
    ]
    if not found:
        require_packed(path)
    return found


def is_patch(path: str) -> bool:
    """Return whether a file begins as a patch does, of an array or of files."""
    if path == STANDARD or not Path(path).is_file():
        return False
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read(len(MAGIC)) in (MAGIC, ARRAY_MAGIC)


def require_no_patch(path: str) -> None:
    """Raise RefusalError for a patch, which is no frame, and not damaged."""
    if is_patch(path):
        raise RefusalError(
            "it is a patch: pyinfo apply makes of its base what it says, and verifies that"
        )


def require_packed(path: str) -> None:
    """Raise RefusalError for what is not packed: a folder, a safetensors file, a patch."""
    require_no_patch(path)
    if Path(path).is_dir():
        raise RefusalError("there is no packed file in this folder")
    if weight_files(path, packed=False):
        raise RefusalError("it is not packed: pyinfo compress makes it smaller")


def is_weights(path: str, output: str | None, *, packed: bool) -> bool:
    """Return whether a path is to be converted tensor by tensor.

    Folders are, and files unless they go to standard output or another open file, which can only be
    written from its start to its end.
    """
    if path != STANDARD and Path(path).is_dir():
        return True
    if output is not None and (output == STANDARD or descriptor_of(output) is not None):
        return False
    return bool(weight_files(path, packed=packed))


def convert_weights(path: str, args: argparse.Namespace, *, packed: bool) -> Document:
    """Pack a file or a folder; or restore one that is `packed`."""
    output = args.output or (_original_name(path) if packed else _packed_name(path))
    if not Path(path).is_dir():
        return _convert_file(path, output, args, packed=packed)
    if args.output is not None and (output == STANDARD or descriptor_of(output) is not None):
        raise RefusalError("a folder needs a folder as output: name one with -o")
    originals = _Originals(Path(path)) if args.rm else None
    with errors_of(output), ProgressBar.of_file(path) as progress:
        sizes = _converted(path, output, args, progress, packed=packed)
        if originals is not None:
            originals.require_equal(Path(output), packed=packed, threads=args.threads)
    if originals is not None:
        originals.remove()
    return _document(path, output, sizes, packed=packed)


def _convert_file(path: str, output: str, args: argparse.Namespace, *, packed: bool) -> Document:
    if args.rm and (Path(path).is_symlink() or not Path(path).is_file()):
        raise RefusalError("--rm removes regular files only")
    if Path(output).is_dir():
        raise RefusalError(f"{printable(output)} is a folder: name a file with -o")
    if Path(output).exists():
        if Path(output).samefile(path):
            raise RefusalError("the output is the file itself")
        if not args.force:
            raise RefusalError(f"{printable(output)} exists already: --force overwrites it")
    with ProgressBar.of_file(path) as progress, open(path, "rb") as file:  # noqa: PTH123
        original = Original(path, file) if args.rm else None
        with errors_of(output):
            sizes = _converted(path, output, args, progress, packed=packed)
        if original is not None:
            _sync(output)
            sync_folder(resolved(output).parent)
            if not packed:  # of the other direction every checksum has been right
                _require_original(output, path, args.threads)
    if original is not None:
        original.remove()
    return _document(path, output, sizes, packed=packed)


def _converted(
    path: str, output: str, args: argparse.Namespace, progress: Progress, *, packed: bool
) -> FileSizes:
    if packed:
        return unpack(path, output, threads=args.threads, progress=progress)
    return pack(path, output, threads=args.threads, progress=progress)


@contextlib.contextmanager
def errors_of(output: str | None) -> Iterator[None]:
    """Let errors of a file that is written name it; None: nothing is written."""
    try:
        yield
    except FileExistsError:
        if output is None:
            raise
        raise RefusalError(f"{printable(output)} exists already") from None
    except OSError as error:
        if output is None or not isinstance(error.filename, str):
            raise
        if resolved(error.filename) == resolved(output):
            raise OutputError(output, error) from error
        raise


def _document(path: str, output: str, sizes: FileSizes, *, packed: bool) -> Document:
    data_size, coded_size = reversed(sizes) if packed else sizes
    return {
        "path": path,
        "output": output,
        "size": sizes.read,
        "output_size": sizes.written,
        "compression_rate": data_size / coded_size if coded_size > 0 else None,
    }


def _packed_name(path: str) -> str:
    if Path(path).is_dir():
        return path.rstrip(os.sep) + SUFFIX
    return path.removesuffix(FILE_SUFFIX) + PACKED_SUFFIX


def _original_name(path: str) -> str:
    if Path(path).is_dir():
        name = path.rstrip(os.sep)
        if not name.endswith(SUFFIX) or not Path(name).stem:
            raise RefusalError(f"its name does not end in {SUFFIX}: name the output with -o")
        return name.removesuffix(SUFFIX)
    if not path.endswith(PACKED_SUFFIX) or not Path(path).name.removesuffix(PACKED_SUFFIX):
        raise RefusalError(f"its name does not end in {PACKED_SUFFIX}: name the output with -o")
    return path.removesuffix(PACKED_SUFFIX) + FILE_SUFFIX


# -- What --rm may remove


class _Originals:
    """The files of a folder as they are now."""

    def __init__(self, folder: Path) -> None:
        if folder.is_symlink():
            raise RefusalError("--rm removes regular files and folders only")
        self._folder = folder
        self._files: dict[Path, Original] = {}
        self._folders, files = contents_of(folder)
        for name in files:
            if (folder / name).is_symlink():
                raise RefusalError(f"--rm removes regular files only: {name} is a link")
            with (folder / name).open("rb") as file:
                self._files[name] = Original(os.fspath(folder / name), file)

    def require_equal(self, output: Path, *, packed: bool, threads: int) -> None:
        """Compare each file with what became of it, which is safe from a loss of power then."""
        for name in self._files:
            original, result = self._folder / name, output / name
            _sync(os.fspath(result))
            if is_convertible(original, packed=packed):
                if not packed:
                    _require_original(os.fspath(result), os.fspath(original), threads)
                continue
            with original.open("rb") as file, result.open("rb") as copy:
                comparison = Comparison(file)
                while piece := copy.read(1 << 20):
                    comparison.write(piece)
                comparison.finish()
        for folder in (*reversed(self._folders), Path()):
            sync_folder(output / folder)
        sync_folder(resolved(output).parent)

    def remove(self) -> None:
        """Remove the files, and folders that are empty then."""
        for original in self._files.values():
            original.require_unchanged()
        for original in self._files.values():
            original.remove()
        for name in (*reversed(self._folders), Path()):
            with contextlib.suppress(OSError):  # not empty: something was put there meanwhile
                (self._folder / name).rmdir()


def _require_original(packed: str, original: str, threads: int) -> None:
    with open(original, "rb") as file:  # noqa: PTH123
        comparison = Comparison(file)
        unpack_file(packed, cast(BinaryIO, comparison), threads=threads)
        comparison.finish()


def _sync(path: str) -> None:
    number = os.open(path, os.O_RDWR)
    try:
        os.fsync(number)
    finally:
        os.close(number)
