"""A safetensors file, packed or not, as bytes of tensors."""

from __future__ import annotations

import io
import mmap
import os
import stat
import threading
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np

from pyinfo import _core
from pyinfo.errors import CorruptDataError
from pyinfo.safetensors.coded_tensor import PIECE, Bytes, CodedTensor, naming
from pyinfo.safetensors.file_header import Entry, FileHeader, read_header
from pyinfo.safetensors.packed_table import KEY, PackedTable, PackedTensor
from pyinfo.safetensors.safetensor_error import SafetensorError

BACKENDS: Final = ("mmap", "pread")

_MAGIC: Final = b"\x89PIN"


class Stored(NamedTuple):
    """Where the bytes of a tensor are: start:stop of the file, as a frame or as they are."""

    tensor: PackedTensor
    start: int
    stop: int


class TensorFile:
    """What a file holds, by the names of the original.

    Parameters
    ----------
    source
        A path, or the bytes of a file.
    backend
        ``"mmap"`` maps the file to memory, ``"pread"`` reads what is asked for.
    max_size
        The most bytes that all tensors together may have.
    writable
        Whether what is mapped may be written to, which does not change the file.

    Attributes
    ----------
    header
        Of the file as it is.
    table
        None of an ordinary file.
    tensors
        In the order of their bytes in the original.
    metadata
        Of the original.
    """

    def __init__(
        self,
        source: str | os.PathLike[str] | bytes | memoryview,
        *,
        backend: str = "mmap",
        max_size: int | None = None,
        writable: bool = False,
    ) -> None:
        self._stream: io.FileIO | None = None
        self._data: Bytes | None = None
        self._lock = threading.Lock()
        self._coded: dict[str, CodedTensor] = {}
        if isinstance(source, (str, os.PathLike)):
            self._open(Path(source), backend, writable)
        else:
            self._data = np.frombuffer(source, np.uint8)
            self.size = len(self._data)
        try:
            self.header = read_header(lambda a, b: self.read(a, b).tobytes(), self.size)
            self._tell(max_size)
        except BaseException:
            self.close()
            raise

    def _open(self, path: Path, backend: str, writable: bool) -> None:
        file = path.open("rb", buffering=0)
        try:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise SafetensorError(f"{os.fspath(path)!r} is no regular file")
            self.size = status.st_size
            if backend == "pread":
                self._stream = file
            elif self.size == 0:
                self._data = np.empty(0, np.uint8)
            else:
                access = mmap.ACCESS_COPY if writable else mmap.ACCESS_READ
                self._data = np.frombuffer(mmap.mmap(file.fileno(), 0, access=access), np.uint8)
        finally:
            if self._stream is None:
                file.close()

    def _tell(self, max_size: int | None) -> None:
        header = self.header
        packed = header.metadata or {}
        self.table: PackedTable | None = None
        self.metadata = header.metadata
        if KEY in packed:
            self.table = PackedTable.parse(packed[KEY])
            self.metadata = self.table.metadata(packed)
            tensors = self._packed_tensors(self.table, header)
        else:
            self._refuse_lost_frames(header)
            begin = header.data_offset
            tensors = {
                name: Stored(
                    PackedTensor(name, entry.dtype, entry.shape, 0),
                    begin + entry.start,
                    begin + entry.stop,
                )
                for name, entry in header.tensors.items()
            }
        self.tensors: Mapping[str, Stored] = MappingProxyType(tensors)
        self.nbytes = sum(stored.tensor.size for stored in tensors.values())
        if max_size is not None and self.nbytes > max_size:
            raise ValueError(
                f"the tensors have {self.nbytes} bytes, more than the {max_size} allowed"
            )

    def _packed_tensors(self, table: PackedTable, header: FileHeader) -> dict[str, Stored]:
        """Return where each tensor of the table is; header and table must agree about it."""
        if len(header.tensors) != len(table.tensors):
            raise CorruptDataError("the header and the table have different tensors")
        begin = header.data_offset
        tensors: dict[str, Stored] = {}
        for tensor in table.tensors:
            entry = header.tensors.get(tensor.name)
            if entry is None or not _agree(entry, tensor):
                raise CorruptDataError(
                    f"tensor {tensor.name!r}: the header and the table do not agree about it"
                )
            owner = tensor if tensor.alias is None else table.tensors[tensor.alias]
            found = header.tensors.get(owner.name, entry)
            tensors[tensor.name] = Stored(
                owner._replace(name=tensor.name), begin + found.start, begin + found.stop
            )
        return tensors

    def _refuse_lost_frames(self, header: FileHeader) -> None:
        """Raise if tensors are frames of which nothing says so: they would pass for numbers."""
        for name, entry in header.tensors.items():
            if entry.dtype.code != "U8" or len(entry.shape) != 1:
                continue
            start = header.data_offset + entry.start
            begin = self.read(start, min(start + 4, header.data_offset + entry.stop))
            if begin.tobytes() == _MAGIC and self._is_frame(header, entry):
                raise CorruptDataError(
                    f"tensor {name!r} is a frame, but the metadata have no entry {KEY!r}: it was "
                    "damaged, or left out by what has copied the file (see recover)"
                )

    def _is_frame(self, header: FileHeader, entry: Entry) -> bool:
        data = self.read(header.data_offset + entry.start, header.data_offset + entry.stop)
        try:
            _core.FrameReader(data, 2**63).require_complete()
        except ValueError:
            return False
        return True

    def close(self) -> None:
        """Let go of the file; what has been taken from it lives on."""
        with self._lock:
            stream, self._stream, self._data = self._stream, None, None
            self._coded.clear()
            if stream is not None:
                stream.close()

    def __del__(self) -> None:  # as with the package of that name, files need not be closed
        if getattr(self, "_stream", None) is not None:
            self.close()

    @property
    def is_open(self) -> bool:
        """Whether tensors can be taken."""
        return self._data is not None or self._stream is not None

    def read(self, start: int, stop: int) -> Bytes:
        """Return bytes of the file: of a mapped one, those themselves."""
        data = self._data
        if data is not None:
            return data[start:stop]
        out: Bytes = np.empty(stop - start, np.uint8)
        with self._lock:
            if self._stream is None:
                raise SafetensorError("File is closed")
            self._stream.seek(start)
            done = 0
            while done < len(out):
                read = self._stream.readinto(out[done : done + PIECE].data)
                if not read:
                    raise SafetensorError("the file has become shorter")
                done += read
        return out

    def stored(self, name: str) -> Stored:
        """Return where a tensor is."""
        if not self.is_open:
            raise SafetensorError("File is closed")
        stored = self.tensors.get(name)
        if stored is None:
            raise SafetensorError(f"File does not contain tensor {name}")
        return stored

    def coded(self, stored: Stored) -> CodedTensor:
        """Return the frame that stands for a tensor."""
        coded = self._coded.get(stored.tensor.name)
        if coded is None:
            coded = CodedTensor(self.read(stored.start, stored.stop), stored.tensor)
            if self._data is not None:
                self._coded[stored.tensor.name] = coded
        return coded

    def whole(self, stored: Stored, threads: int = 1, *, shared: bool = False) -> Bytes:
        """Return the bytes of a tensor in new memory; `shared`: the file's, of an ordinary one.

        Raises
        ------
        CorruptDataError
            That names the tensor, if it is damaged.
        """
        tensor = stored.tensor
        if tensor.coded:
            return CodedTensor(self.read(stored.start, stored.stop), tensor).whole(threads)
        data = self.read(stored.start, stored.stop)
        if self.table is None and (shared or self._stream is not None):
            return data
        out: Bytes = np.empty(len(data), np.uint8)
        crc = 0
        for begin in range(0, len(data), PIECE):
            piece = slice(begin, begin + PIECE)
            crc = _core.crc32c_copy(data[piece], out[piece], crc)
        if self.table is not None:
            require_check(tensor, crc)
        return out


def require_check(tensor: PackedTensor, crc: int) -> None:
    """Raise CorruptDataError unless this is the checksum of the tensor."""
    if crc != tensor.crc32c:
        with naming(tensor.name):
            raise CorruptDataError("checksum does not match")


def _agree(entry: Entry, tensor: PackedTensor) -> bool:
    if tensor.alias is not None:
        return entry.dtype.code == "U8" and entry.shape == (0,)
    if tensor.coded:
        return entry.dtype.code == "U8" and len(entry.shape) == 1
    return (entry.dtype, entry.shape) == (tensor.dtype, tensor.shape)
