"""Rows of logits in files: ``.npy``, ``.npz``, and the ``.kld`` files of llama.cpp.

Files are mapped, or read as they are decompressed: a few MiB of rows are in memory at a time, and
the labels.
"""

from __future__ import annotations

import contextlib
import lzma
import math
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Final, cast

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from pyinfo.cli.files import STANDARD, InputError, RefusalError, in_memory
from pyinfo.cli.kld_file import MAGIC as KLD_MAGIC
from pyinfo.cli.kld_file import KldFile
from pyinfo.cli.statistics_input import NpyHeader, Source, StatisticsError, read_npy_header
from pyinfo.errors import CorruptDataError

Array = NDArray[Any]
Labels = NDArray[np.int64]

STEP_BYTES: Final = 4 << 20
"""Of rows that are read at a time."""

_ZIP_MAGIC: Final = b"PK\3\4"
_EMPTY_ZIP_MAGIC: Final = b"PK\5\6"
_LONGEST_HEADER: Final = 1 << 17
_MOST_ROW_BYTES: Final = 1 << 30
_DAMAGED_ZIP: Final = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError)
_FLOATS: Final = {"f2": "float16", "f4": "float32", "f8": "float64", "V2": "bfloat16"}


@dataclass(frozen=True)
class LogitRows:
    """Rows of logits that are read one after the other.

    Attributes
    ----------
    rows, classes
        How many there are, and how long they are.
    dtype
        Its name; bfloat16 is read as float32.
    read
        Returns the next rows, as many as it is told.
    labels
        The class that came true in each row, if the file has them.
    tokens
        The text of a ``.kld`` file.
    """

    rows: int
    classes: int
    dtype: str
    read: Callable[[int], Array]
    labels: Labels | None = None
    tokens: Array | None = None

    @property
    def row_bytes(self) -> int:
        """Bytes of a row, more or less: of what progress is told."""
        return 4 * self.classes

    @property
    def step(self) -> int:
        """How many rows to read at a time."""
        return max(1, STEP_BYTES // self.row_bytes)


@contextlib.contextmanager
def opened_logits(path: str) -> Iterator[LogitRows]:
    """Open a file of logits; what is wrong with it raises InputError."""
    with _named(path), in_memory(path) as data:
        magic = bytes(data[:8])
        if magic == KLD_MAGIC:
            file = KldFile(data)
            rows = (file.rows, file.classes, "16 bits", file.read, file.labels, file.tokens)
            yield _naming(path, LogitRows(*rows))
        elif magic.startswith(npy_format.MAGIC_PREFIX):
            yield _naming(path, _mapped(data))
        elif magic.startswith((_ZIP_MAGIC, _EMPTY_ZIP_MAGIC)):
            with _opened_zip(path) as archive:
                yield from (_naming(path, found) for found in _archived(archive))
        else:
            raise RefusalError(
                "is none of .npy, .npz and .kld (llama.cpp): it does not start as they do"
            )


@contextlib.contextmanager
def opened_numbers(path: str) -> Iterator[Iterator[Array] | None]:
    """Open an array of real numbers of any kind and shape, for parts of it; None if it is no .npy.

    What is wrong with it raises InputError.
    """
    with _named(path), in_memory(path) as data:
        if not bytes(data[:8]).startswith(npy_format.MAGIC_PREFIX):
            if path == STANDARD:
                raise RefusalError("is no .npy file: it does not start as one")
            yield None
            return
        header, array = _array(data)
        if header.dtype.kind not in "fiub" and header.dtype.str[1:] not in _FLOATS:
            raise RefusalError(f"holds {header.dtype}: real numbers are to be counted")
        flat = array.reshape(-1, order="A")
        step = STEP_BYTES // header.dtype.itemsize
        yield (_as_floats(flat[i : i + step]) for i in range(0, flat.size, step))


def read_labels(path: str, rows: LogitRows, ignored: int) -> Labels:
    """Return the labels in a file: as many integers as there are rows, classes or ignored."""
    with _named(path), in_memory(path) as data:
        magic = bytes(data[:8])
        labels: Labels | None = None
        if magic.startswith(npy_format.MAGIC_PREFIX):
            labels = _labels(*_array(data), rows.rows)
        elif magic.startswith((_ZIP_MAGIC, _EMPTY_ZIP_MAGIC)):
            with _opened_zip(path) as archive:
                labels = _archived_labels(archive, rows.rows)
            if labels is None:
                raise RefusalError("has no array 'labels'")
        else:
            raise RefusalError("is neither .npy nor .npz: it does not start as they do")
        return checked_labels(labels, rows, ignored)


def checked_labels(labels: Labels, rows: LogitRows, ignored: int) -> Labels:
    """Return labels that are classes, or ignored; raise RefusalError if one is not."""
    wrong = ((labels < 0) | (labels >= rows.classes)) & (labels != ignored)
    if wrong.any():
        first = int(wrong.argmax())
        raise RefusalError(
            f"label {labels[first]} of row {first} is out of range for {rows.classes:,} classes"
        )
    return labels


@contextlib.contextmanager
def _named(path: str) -> Iterator[None]:
    """Let errors of a file say which one it is, and those of other packages what is damaged."""
    try:
        yield
    except InputError:
        raise
    except _DAMAGED_ZIP as error:
        raise InputError(path, CorruptDataError(f"damaged .npz: {error}")) from error
    except StatisticsError as error:
        raise InputError(path, CorruptDataError(str(error))) from error
    except (OSError, ValueError, RefusalError) as error:
        raise InputError(path, error) from error


def _naming(path: str, rows: LogitRows) -> LogitRows:
    """Let reading say which file is damaged, whatever others are open."""

    def read(count: int) -> Array:
        with _named(path):
            return rows.read(count)

    return replace(rows, read=read)


# .npy


def _array(data: memoryview) -> tuple[NpyHeader, Array]:
    """Return the header of an array in memory, and the array."""
    stream = BytesIO(bytes(data[len(npy_format.MAGIC_PREFIX) : _LONGEST_HEADER]))
    header, head = read_npy_header(Source(stream, None))
    _require_numbers(header)
    if len(data) - len(head) != header.nbytes:
        raise CorruptDataError(
            f"damaged: the .npy header promises {header.nbytes:,} bytes of data, "
            f"the file has {len(data) - len(head):,}"
        )
    flat = np.frombuffer(data, header.dtype, header.n_elements, len(head))
    return header, flat.reshape(header.shape, order="F" if header.fortran_order else "C")


def _mapped(data: memoryview) -> LogitRows:
    header, array = _array(data)
    rows, classes = _rows_of(header)
    if header.fortran_order and array.ndim > 2:
        raise RefusalError("is in Fortran order with more than two dimensions: save it in C order")
    return LogitRows(rows, classes, _name(header), _Mapped(array.reshape(rows, classes)).read)


class _Mapped:
    def __init__(self, array: Array) -> None:
        self._array = array
        self._next = 0

    def read(self, count: int) -> Array:
        begin, self._next = self._next, self._next + count
        return _as_floats(self._array[begin : self._next])


def _require_numbers(header: NpyHeader) -> None:
    if header.dtype.hasobject:
        raise RefusalError("is an array of Python objects, whose pickle is never loaded")


def _rows_of(header: NpyHeader) -> tuple[int, int]:
    """Return rows and classes of an array of logits."""
    if header.dtype.str[1:] not in _FLOATS:
        raise RefusalError(
            f"holds {header.dtype}: logits are float64, float32, float16 or bfloat16"
        )
    if not header.shape or header.n_elements == 0:
        raise RefusalError(f"has no rows of logits: its shape is {header.shape}")
    classes = header.shape[-1]
    if classes * header.dtype.itemsize > _MOST_ROW_BYTES:
        raise RefusalError(f"has rows of {classes:,} classes, more than are read at a time")
    return math.prod(header.shape[:-1]), classes


def _name(header: NpyHeader) -> str:
    return _FLOATS[header.dtype.str[1:]]


def _as_floats(stored: Array) -> Array:
    """Return rows in the machine's order; bfloat16, which NumPy writes as raw, as float32."""
    if stored.dtype.kind == "V":
        bits = np.ascontiguousarray(stored).view("<u2").astype(np.uint32) << 16
        return bits.view(np.float32)
    return np.ascontiguousarray(stored, stored.dtype.newbyteorder("="))


def _labels(header: NpyHeader, array: Array, rows: int) -> Labels:
    if header.dtype.kind not in "iu":
        raise RefusalError(f"labels must be integers, not {header.dtype}")
    if array.size != rows:
        raise RefusalError(f"has {array.size:,} labels for {rows:,} rows")
    flat = array.reshape(-1)
    if header.dtype.kind == "u" and flat.size and int(flat.max()) > np.iinfo(np.int64).max:
        raise RefusalError(f"label {flat.max()} is out of range")
    return flat.astype(np.int64)


# .npz


@contextlib.contextmanager
def _opened_zip(path: str) -> Iterator[zipfile.ZipFile]:
    if path == STANDARD:
        raise RefusalError("an .npz file is not read from standard input")
    with Path(path).open("rb") as file, zipfile.ZipFile(file) as archive:
        yield archive


def _archived(archive: zipfile.ZipFile) -> Iterator[LogitRows]:
    """Yield, once, the array 'logits' of an archive, or its only one, and its labels."""
    names = archive.namelist()
    name = "logits.npy" if "logits.npy" in names or len(names) != 1 else names[0]
    with _opened_member(archive, name) as stream:
        header = _member_header(archive, name, stream)
        rows, classes = _rows_of(header)
        if header.fortran_order and min(rows, classes) > 1:
            raise RefusalError("is compressed in Fortran order: save it in C order")

        def read(count: int) -> Array:
            shape = (count, classes)
            whole = _exactly(stream, math.prod(shape) * header.dtype.itemsize)
            return _as_floats(whole.view(header.dtype).reshape(shape))

        labels = _archived_labels(archive, rows)
        yield LogitRows(rows, classes, _name(header), read, labels)
        if stream.read(1):
            raise CorruptDataError("damaged .npz: bytes follow the logits")


def _archived_labels(archive: zipfile.ZipFile, rows: int) -> Labels | None:
    if "labels.npy" not in archive.namelist():
        return None
    with _opened_member(archive, "labels.npy") as stream:
        header = _member_header(archive, "labels.npy", stream)
        if header.n_elements != rows:
            raise RefusalError(f"has {header.n_elements:,} labels for {rows:,} rows")
        _require_numbers(header)
        values = _exactly(stream, header.nbytes).view(header.dtype)
        if stream.read(1):
            raise CorruptDataError("damaged .npz: bytes follow the labels")
    return _labels(header, values.reshape(header.shape), rows)


@contextlib.contextmanager
def _opened_member(archive: zipfile.ZipFile, name: str) -> Iterator[IO[bytes]]:
    try:
        member = archive.open(name)
    except KeyError as error:
        raise RefusalError(f"has no array {name.removesuffix('.npy')!r}") from error
    except (NotImplementedError, RuntimeError) as error:  # how it is compressed, or encrypted
        raise RefusalError(str(error)) from error
    with member:
        yield member


def _member_header(archive: zipfile.ZipFile, name: str, stream: IO[bytes]) -> NpyHeader:
    if stream.read(len(npy_format.MAGIC_PREFIX)) != npy_format.MAGIC_PREFIX:
        raise CorruptDataError(f"damaged .npz: {name} is no .npy file")
    header, head = read_npy_header(Source(cast(Any, stream), None))
    _require_numbers(header)
    if archive.getinfo(name).file_size != len(head) + header.nbytes:
        raise CorruptDataError(f"damaged .npz: {name} has not the size that its header says")
    return header


def _exactly(stream: IO[bytes], size: int) -> NDArray[np.uint8]:
    """Read so many bytes; memory grows with what there is, whatever a header says."""
    data = bytearray()
    while len(data) < size:
        piece = stream.read(min(size - len(data), STEP_BYTES))
        if not piece:
            raise CorruptDataError("damaged .npz: it ends early")
        data += piece
    return np.frombuffer(data, np.uint8)
