"""CompressAI's entropy coder, some ten times as fast, with the same streams byte for byte.

`install` puts these classes where the package ``compressai`` looks for its own ones; or use them by
themselves. What differs from them: damaged and short streams raise `CorruptDataError`, and wrong
arguments ValueError, where ``compressai.ans`` returns something or crashes.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any, Final, SupportsIndex

import numpy as np
import numpy.typing as npt

from pyinfo import _core
from pyinfo.arguments import integer_from_to, reals
from pyinfo.integrations.replaced_names import ReplacedNames

__all__ = [
    "BufferedRansEncoder",
    "RansDecoder",
    "RansEncoder",
    "install",
    "pmf_to_quantized_cdf",
    "uninstall",
]

Integers = npt.NDArray[np.int32]
_REMEMBERED: Final = 8


_remembered: list[_core.CompressaiTables] = []


def _tables(cdfs: Any, sizes: Any, offsets: Any) -> _core.CompressaiTables:
    """Return the tables of these lists or arrays, made once for equal ones."""
    lengths, least = _integers(sizes, "cdfs_sizes"), _integers(offsets, "offsets")
    rows = cdfs if isinstance(cdfs, list | tuple) else _integers(cdfs, "cdfs")
    for known in _remembered.copy():
        if (tables := known.made_again(rows, lengths, least)) is not None:
            if tables is not known:
                _remembered[:] = [tables, *(each for each in _remembered if each is not known)]
            return tables
    tables = _core.compressai_tables(rows, lengths, least)
    if tables is None:
        tables = _core.compressai_tables(_matrix(cdfs), lengths, least)
        assert tables is not None
    _remembered[:] = [tables, *_remembered[: _REMEMBERED - 1]]
    return tables


def _matrix(cdfs: Any) -> Integers:
    """Return rows that are not lists of plain integers, or too short, as an array."""
    if isinstance(cdfs, list) and all(isinstance(row, list) for row in cdfs):
        width = max((len(row) for row in cdfs), default=0)
        cdfs = [[*row, *[0] * (width - len(row))] for row in cdfs]
    return _integers(cdfs, "cdfs")


def _integers(values: Any, name: str) -> Integers:
    """Return whole numbers of 32 bits."""
    vector = _core.int32_vector(values)
    if vector is not None:
        return vector
    array = _core.as_array(values, name)
    if array.size and array.dtype.kind not in "ui":
        raise TypeError(f"{name} must be integers, not {array.dtype}")
    if array.size and not np.can_cast(array.dtype, np.int32):
        for value in (int(array.min()), int(array.max())):
            integer_from_to(value, name, -(2**31), 2**31 - 1)
    return array.astype(np.int32, copy=False)


class RansEncoder:
    """Codes the symbols of one call to one stream.

    Examples
    --------
    >>> from pyinfo.integrations.compressai import RansDecoder, RansEncoder
    >>> tables = [[0, 16384, 49152, 62259, 65536]], [5], [0]
    >>> stream = RansEncoder().encode_with_indexes([0, 1, 2, 70], [0, 0, 0, 0], *tables)
    >>> RansDecoder().decode_with_indexes(stream, [0, 0, 0, 0], *tables)
    [0, 1, 2, 70]
    """

    def encode_with_indexes(
        self, symbols: Any, indexes: Any, cdfs: Any, cdfs_sizes: Any, offsets: Any, /
    ) -> bytes:
        """Code symbols, each with the table that its index names.

        Parameters
        ----------
        symbols, indexes : list of int, or array of integers
            Of one length.
        cdfs : list of lists of int, or array of integers
            For each table 0, rising to 65536; rows may be longer than their size.
        cdfs_sizes, offsets : list of int, or array of integers
            How many entries count, and the least symbol.

        Returns
        -------
        bytes
            The stream: that of ``compressai.ans.RansEncoder``. Without symbols, a state alone.

        Raises
        ------
        ValueError
            If an index names no table, a table does not rise, or a symbol is 2**27 or more beyond
            its table: the format has no number for that.
        """
        return _core.compressai_encode(
            _tables(cdfs, cdfs_sizes, offsets),
            _integers(symbols, "symbols"),
            _integers(indexes, "indexes"),
        )


class BufferedRansEncoder:
    """Codes the symbols of several calls to one stream, when `flush` is called."""

    def __init__(self) -> None:
        self._buffer = _core.CompressaiBuffer()

    def encode_with_indexes(
        self, symbols: Any, indexes: Any, cdfs: Any, cdfs_sizes: Any, offsets: Any, /
    ) -> None:
        """Take symbols, with arguments as for `RansEncoder.encode_with_indexes`."""
        self._buffer.add(
            _tables(cdfs, cdfs_sizes, offsets),
            _integers(symbols, "symbols"),
            _integers(indexes, "indexes"),
        )

    def flush(self) -> bytes:
        """Return the stream of all symbols since the last call."""
        return self._buffer.flush()


class RansDecoder:
    """Decodes streams, at once or in parts."""

    def __init__(self) -> None:
        self._stream: _core.CompressaiDecoder | None = None

    def decode_with_indexes(
        self, encoded: Any, indexes: Any, cdfs: Any, cdfs_sizes: Any, offsets: Any, /
    ) -> Any:
        """Decode a whole stream.

        Parameters
        ----------
        encoded : bytes-like
            The stream, all of it.
        indexes, cdfs, cdfs_sizes, offsets
            As for `RansEncoder.encode_with_indexes`.

        Returns
        -------
        list of int, or ndarray of int32
            The symbols; an array if `indexes` is one.

        Raises
        ------
        CorruptDataError
            If the stream ends too early, or does not end with the last symbol. There is no
            checksum: what damage has made the stream of other symbols decodes to these.
        """
        tables = _tables(cdfs, cdfs_sizes, offsets)
        as_list = not isinstance(indexes, np.ndarray)
        return _core.compressai_decode(tables, encoded, _integers(indexes, "indexes"), as_list)

    def set_stream(self, encoded: Any, /) -> None:
        """Begin with a stream, of which `decode_stream` decodes parts."""
        self._stream = _core.CompressaiDecoder(encoded)

    def decode_stream(self, indexes: Any, cdfs: Any, cdfs_sizes: Any, offsets: Any, /) -> Any:
        """Decode the next symbols of the stream that was set.

        As `decode_with_indexes`, but the stream may go on: damage is told where it ends too early.
        """
        if self._stream is None:
            raise ValueError("there is no stream: call set_stream first")
        tables = _tables(cdfs, cdfs_sizes, offsets)
        as_list = not isinstance(indexes, np.ndarray)
        return self._stream.decode(tables, _integers(indexes, "indexes"), as_list)


def pmf_to_quantized_cdf(pmf: Any, precision: SupportsIndex = 16, /) -> list[int]:
    """Return CompressAI's table of these probabilities, bit for bit.

    Parameters
    ----------
    pmf : list of float, or array_like
        Probabilities, which are read in single precision.
    precision : int, default 16
        The table rises from 0 to 2**precision, 1 to 16.

    Raises
    ------
    ValueError
        If there are none, one is negative or not finite, or all round to nothing; if they have
        more dimensions than one: a table is made of one distribution.

    Examples
    --------
    >>> from pyinfo.integrations.compressai import pmf_to_quantized_cdf
    >>> pmf_to_quantized_cdf([0.25, 0.5, 0.2, 0.05], 16)
    [0, 16384, 49152, 62259, 65536]
    """
    with np.errstate(over="ignore"):  # what is too large is refused as infinite
        array = reals(pmf, "pmf").astype(np.float32)
    if array.ndim != 1:
        raise ValueError(f"pmf must have one dimension, not {array.ndim}")
    return _core.compressai_cdf(array, integer_from_to(precision, "precision", 1, 16))


class _Coder(ModuleType):
    """What stands for the module ``compressai.ans``."""

    RansEncoder = RansEncoder
    RansDecoder = RansDecoder
    BufferedRansEncoder = BufferedRansEncoder


_installed: list[tuple[ReplacedNames, ModuleType]] = []


def install() -> None:
    """Let CompressAI use these classes, in all of its modules, those loaded later included.

    It replaces ``compressai.ans`` and the names that modules have bound to its classes, and
    ``pmf_to_quantized_cdf`` of ``compressai._CXX``. Coders that models have made already stay what
    they are: call it before models are made. To call it again changes nothing.
    """
    if _installed:
        return
    package = importlib.import_module("compressai")
    original = importlib.import_module("compressai.ans")
    cxx = importlib.import_module("compressai._CXX")
    coder = _Coder("compressai.ans", __doc__)
    pairs: list[tuple[Any, Any]] = [
        (getattr(original, kind.__name__), kind)
        for kind in (RansEncoder, RansDecoder, BufferedRansEncoder)
    ]
    pairs.append((cxx.pmf_to_quantized_cdf, pmf_to_quantized_cdf))
    names = ReplacedNames(pairs, package="compressai")
    names.replace()
    sys.modules["compressai.ans"] = coder
    package.ans = coder  # type: ignore[attr-defined]
    _installed.append((names, original))


def uninstall() -> None:
    """Undo `install`."""
    if not _installed:
        return
    names, original = _installed.pop()
    names.restore()
    sys.modules["compressai.ans"] = original
    sys.modules["compressai"].ans = original  # type: ignore[attr-defined]
