"""`safe_open`: a file of which tensors are taken, and parts of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Final, NoReturn, Protocol, Self, SupportsIndex

import numpy as np

from pyinfo.arguments import size_limit, thread_count
from pyinfo.coding.whole_files import path_of
from pyinfo.safetensors.coded_tensor import PIECE, Bytes
from pyinfo.safetensors.dtype_codes import DtypeCode
from pyinfo.safetensors.numpy_arrays import array_of
from pyinfo.safetensors.quantization import QuantizedTensor
from pyinfo.safetensors.safetensor_error import SafetensorError
from pyinfo.safetensors.tensor_boxes import box_of, read_coded, read_plain
from pyinfo.safetensors.tensor_file import BACKENDS, Stored, TensorFile
from pyinfo.safetensors.torch_tensors import checked_device, tensor_of

_NUMPY: Final = frozenset({"np", "numpy"})
_TORCH: Final = frozenset({"pt", "torch", "pytorch"})
_OTHERS: Final = frozenset({"tf", "tensorflow", "flax", "jax", "mlx", "paddle"})


class Framework(Protocol):
    """Makes what a framework calls a tensor."""

    shares: bool
    """Whether bytes of the file are handed out as they are mapped."""

    def make(self, data: Bytes, code: DtypeCode, shape: tuple[int, ...]) -> Any:
        """Return a tensor over contiguous bytes."""


class _NumPy:
    shares = False

    def __init__(self, raw_bits: bool) -> None:
        self._raw_bits = raw_bits

    def make(self, data: Bytes, code: DtypeCode, shape: tuple[int, ...]) -> Any:
        return array_of(data, code, shape, self._raw_bits)


class _Torch:
    shares = True

    def __init__(self, device: Any) -> None:
        self._device = checked_device(device)

    def make(self, data: Bytes, code: DtypeCode, shape: tuple[int, ...]) -> Any:
        return tensor_of(data, code, shape, self._device)


class safe_open:  # noqa: N801
    """Open a safetensors file, packed or not, and take tensors from it.

    Parameters
    ----------
    filename : str or path
        The file. It must stay as it is while it is open, and while tensors of an ordinary file are
        used that are PyTorch's: these lie in the mapped file.
    framework : {"np", "numpy", "pt", "torch", "pytorch"}
        Whose tensors are returned.
    device : optional
        Where PyTorch's tensors go.
    backend : {"mmap", "pread"}, optional
        Whether the file is mapped to memory or read.
    raw_bits : bool, optional
        Whether NumPy gets unsigned integers of the same width where it has no type of its own: for
        bfloat16 and the floats of 8 bits and less. By default these are types of ml_dtypes.
    threads : int, optional
        How many decode, 0 for one per core.
    max_size : int, optional
        The most bytes that all tensors together may have; ValueError beyond. A small frame can
        stand for a large tensor: set this for files from strangers.

    Raises
    ------
    SafetensorError
        If the file is none of this format; later, if it has no tensor of a name, or is closed.
    CorruptDataError
        If the table of a packed file is damaged; later, if a tensor is, which the message names.

    See Also
    --------
    pack : make such files smaller.

    Notes
    -----
    Several threads may take tensors and slices from one open file. What was taken stays when the
    file is closed.

    Examples
    --------
    >>> import pyinfo.safetensors.numpy
    >>> pyinfo.safetensors.numpy.save_file({"w": np.ones((300, 4))}, "ones.safetensors")
    >>> with pyinfo.safetensors.safe_open("ones.safetensors", "np") as file:
    ...     file.get_slice("w")[7:9, 1]
    array([1., 1.])
    """

    def __init__(
        self,
        filename: str | os.PathLike[str],
        framework: str,
        device: Any = "cpu",
        *,
        backend: str = "mmap",
        raw_bits: bool = False,
        threads: int = 1,
        max_size: int | None = None,
    ) -> None:
        path = path_of(filename, "filename")
        if backend not in BACKENDS:
            raise SafetensorError(f"backend {backend!r} is invalid: it must be 'mmap' or 'pread'")
        self._framework = framework_of(framework, device, raw_bits)
        self._threads = thread_count(threads)
        limit = None if max_size is None else size_limit(max_size)
        self._file = TensorFile(
            path, backend=backend, max_size=limit, writable=self._framework.shares
        )

    def keys(self) -> list[str]:
        """Return the names of the tensors, sorted."""
        return sorted(self._tensors())

    def offset_keys(self) -> list[str]:
        """Return the names of the tensors in the order of their bytes in the original."""
        return list(self._tensors())

    def metadata(self) -> dict[str, str] | None:
        """Return the metadata of the original file, None if it has none."""
        self._tensors()
        metadata = self._file.metadata
        return None if metadata is None else dict(metadata)

    def get_tensor(self, name: str) -> Any:
        """Return a tensor.

        Parameters
        ----------
        name : str
            One of `keys`.
        """
        return take(self._file, self._file.stored(name), self._framework, self._threads)

    def get_tensors(self) -> dict[str, Any]:
        """Return all tensors by their names, in the order of `offset_keys`."""
        return take_all(self._file, self._framework, self._threads)

    def get_quantized(self, name: str) -> QuantizedTensor:
        """Return the integers and the step that stand for a tensor of `pyinfo.quantization.fit`.

        Parameters
        ----------
        name : str
            One of `keys`.

        Returns
        -------
        QuantizedTensor
            ``integers * step`` are what `get_tensor` returns, but for rounding to the type of the
            elements. NumPy's arrays, whatever the framework.

        Raises
        ------
        ValueError
            If the tensor is not quantised.
        """
        stored = self._file.stored(name)
        quantization = stored.tensor.quantization
        if quantization is None:
            raise ValueError(f"tensor {name!r} is not quantised")
        data = self._file.coded(stored).integers(self._threads)
        return QuantizedTensor(quantization.signed(data, stored.tensor.shape), quantization.step)

    def get_slice(self, name: str) -> TensorSlice:
        """Return a tensor that is read when it is indexed, and no more of it than that takes.

        Parameters
        ----------
        name : str
            One of `keys`.
        """
        return TensorSlice(self._file, self._file.stored(name), self._framework)

    def _tensors(self) -> Sequence[str]:
        if not self._file.is_open:
            raise SafetensorError("File is closed")
        return list(self._file.tensors)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    def __reduce_ex__(self, _: SupportsIndex) -> NoReturn:
        raise TypeError("cannot pickle or copy 'safe_open' objects")


class TensorSlice:
    """A tensor of an open file: what `safe_open.get_slice` returns.

    ``slice[1:3, :, 0]`` decodes only the blocks that hold these elements. Any index is taken that
    the framework takes; for others than numbers, slices and an ellipsis all is decoded.
    """

    def __init__(self, file: TensorFile, stored: Stored, framework: Framework) -> None:
        self._file = file
        self._stored = stored
        self._framework = framework
        # Taken now: it may be read after the file is closed.
        self._coded = file.coded(stored) if stored.tensor.coded else None
        self._data = None if stored.tensor.coded else file.read(stored.start, stored.stop)

    @property
    def dtype(self) -> Any:
        """The framework's type of the elements."""
        code, empty = self._stored.tensor.dtype, np.empty(0, np.uint8)
        return self._framework.make(empty, code, (0,)).dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the tensor."""
        return self._stored.tensor.shape

    def is_floating_point(self) -> bool:
        """Return whether elements are floats."""
        code = self._stored.tensor.dtype.code
        return code.startswith(("F", "BF"))

    def get_shape(self) -> list[int]:
        """Return the shape of the tensor."""
        return list(self._stored.tensor.shape)

    def get_dtype(self) -> str:
        """Return the code of the elements' type, as the original file has it."""
        return self._stored.tensor.dtype.code

    def __getitem__(self, key: Any) -> Any:
        """Return a part of the tensor."""
        tensor = self._stored.tensor
        box = None if tensor.dtype.is_packed else box_of(key, tensor.shape)
        if box is None:
            return self._whole()[key]
        if self._coded is not None:
            data = read_coded(self._coded, box, tensor.shape, tensor.dtype.itemsize)
        else:
            data = read_plain(self._plain, box, tensor.shape, tensor.dtype.itemsize)
        return self._framework.make(data, tensor.dtype, box.shape)

    def _plain(self, start: int, stop: int) -> Bytes:
        assert self._data is not None
        return self._data[start:stop].copy()

    def _whole(self) -> Any:
        tensor = self._stored.tensor
        data = self._plain(0, tensor.size) if self._coded is None else self._coded.whole()
        return self._framework.make(data, tensor.dtype, tensor.shape)

    def __reduce_ex__(self, _: SupportsIndex) -> NoReturn:
        raise TypeError("cannot pickle or copy slices of open files")


def framework_of(name: str, device: Any = "cpu", raw_bits: bool = False) -> Framework:
    """Return what makes the tensors of a framework; SafetensorError if there is none."""
    if name in _NUMPY:
        if device != "cpu":
            raise SafetensorError(f"device {device!r} is invalid for NumPy")
        return _NumPy(raw_bits)
    if name in _TORCH:
        return _Torch(device)
    if name in _OTHERS:
        raise SafetensorError(f"framework {name!r} is not supported: take NumPy's arrays")
    raise SafetensorError(f"framework {name!r} is invalid")


def take(file: TensorFile, stored: Stored, framework: Framework, threads: int) -> Any:
    """Return a tensor."""
    data = file.whole(stored, threads, shared=framework.shares)
    return framework.make(data, stored.tensor.dtype, stored.tensor.shape)


def take_all(file: TensorFile, framework: Framework, threads: int) -> dict[str, Any]:
    """Return all tensors: large ones one after another, several small ones at a time."""
    if not file.is_open:
        raise SafetensorError("File is closed")
    tensors = {}
    if threads == 1:
        return {name: take(file, each, framework, 1) for name, each in file.tensors.items()}
    small = {n: s for n, s in file.tensors.items() if s.tensor.size <= PIECE // 8}
    with ThreadPoolExecutor(threads) as pool:
        taken = pool.map(lambda stored: take(file, stored, framework, 1), small.values())
        tensors = dict(zip(small, taken, strict=True))
    for name, stored in file.tensors.items():
        if name not in tensors:
            tensors[name] = take(file, stored, framework, threads)
    return {name: tensors[name] for name in file.tensors}
