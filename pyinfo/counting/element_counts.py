"""Exact counts of the elements of a streamed array, in bounded memory.

Elements are compared as the bytes that are stored. The entropy needs only how often each of them
occurs, so where there are too many different ones to be held at a time, the array is read several
times and a share of the elements, chosen by a hash, is counted each time.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pyinfo import _core

Bytes = NDArray[np.uint8]

_PENDING_BYTES: Final = 1 << 21


class DenseCounts:
    """Counts of all the values that elements of one or two bytes can have."""

    def __init__(self, itemsize: int) -> None:
        self._dtype = np.dtype(f"u{itemsize}")
        self._counts: NDArray[np.intp] = np.zeros(1 << 8 * itemsize, np.intp)

    def add(self, chunk: Bytes) -> None:
        """Count whole elements, given as bytes."""
        self._counts += np.bincount(chunk.view(self._dtype), minlength=len(self._counts))

    @property
    def counts(self) -> NDArray[np.intp]:
        """How often each of the different elements occurs."""
        return self._counts[self._counts > 0]

    def count_of(self, element: Bytes) -> int:
        """Return how often one element, given as bytes, occurs."""
        return int(self._counts[element.view(self._dtype)[0]])

    @property
    def covered(self) -> float:
        """The part of the elements that is covered: all."""
        return 1.0

    def next_share(self) -> None:
        """Return None: nothing is left to count."""


class ShareCounts:
    """Counts of the elements whose hash lies in a range [first, last].

    When more than `limit` different elements have been met, `last` moves down and the elements
    above it are dropped. Those that stay have been counted from the start of the array, so their
    counts are exact; the dropped ones belong to the next share. For elements of up to eight bytes
    the hash is a bijection; where a wider one has collisions, they merely share a range.

    Parameters
    ----------
    itemsize
        Bytes of an element, at least 3.
    max_distinct
        How many different elements of up to 8 bytes to hold; of wider ones so many fewer.
    first
        Where the range starts.
    """

    def __init__(self, itemsize: int, max_distinct: int, first: int = 0) -> None:
        self._itemsize = itemsize
        self._max_distinct = max_distinct
        self.limit = max(4, max_distinct * 8 // max(8, itemsize))
        self._first = first
        self._end = 1 << (32 if itemsize == 4 else 64)
        self._last = self._end - 1
        self._keys = self._as_keys(np.empty(0, np.uint8))
        self._counts: NDArray[np.intp] = np.empty(0, np.intp)
        self._pending: list[NDArray[Any]] = []
        self._pending_bytes = 0

    def add(self, chunk: Bytes) -> None:
        """Count whole elements, given as bytes."""
        keys = self._as_keys(chunk)
        if self._first > 0 or self._last < self._end - 1:
            hashes = self._hashes(keys)
            hashes -= hashes.dtype.type(self._first)  # wraps round: one comparison is enough
            keys = keys[hashes <= hashes.dtype.type(self._last - self._first)]
        else:
            keys = keys.copy()  # the caller will overwrite the chunk
        self._pending.append(keys)
        self._pending_bytes += keys.nbytes
        if self._pending_bytes >= _PENDING_BYTES:
            self._merge()

    @property
    def counts(self) -> NDArray[np.intp]:
        """How often each of the different elements of this share occurs."""
        self._merge()
        return self._counts

    def count_of(self, element: Bytes) -> int:
        """Return how often one element, given as bytes, occurs; 0 if it is of another share."""
        self._merge()
        key = self._as_keys(element)
        at = int(np.searchsorted(self._keys, key)[0])
        found = at < len(self._keys) and self._keys[at] == key[0]
        return int(self._counts[at]) if found else 0

    @property
    def covered(self) -> float:
        """The part of the range of hashes that this share and those before it cover."""
        self._merge()
        return (self._last + 1) / self._end

    def next_share(self) -> ShareCounts | None:
        """Return empty counts of what is not covered yet, for another pass; None if all is."""
        self._merge()
        if self._last == self._end - 1:
            return None
        return ShareCounts(self._itemsize, self._max_distinct, self._last + 1)

    def _as_keys(self, chunk: Bytes) -> NDArray[Any]:
        """Elements as something that NumPy sorts: unsigned integers, or bytes."""
        if self._itemsize == 4:
            return chunk.view(np.uint32)
        if self._itemsize <= 8:
            return _words(chunk, self._itemsize).reshape(-1)
        return chunk.view(np.dtype((np.void, self._itemsize)))

    def _hashes(self, keys: NDArray[Any]) -> NDArray[Any]:
        factor = np.uint64(0x9E3779B97F4A7C15)  # odd, so that multiplying loses nothing
        if self._itemsize == 4:
            return keys * np.uint32(0x9E3779B1)
        if self._itemsize <= 8:
            return keys * factor
        hashes = np.zeros(len(keys), np.uint64)
        for word in _words(keys.view(np.uint8), self._itemsize).T:
            hashes ^= word
            hashes *= factor
            hashes ^= hashes >> np.uint64(32)
        return hashes

    def _merge(self) -> None:
        if not self._pending:
            return
        keys, times = _counted(np.concatenate(self._pending))
        self._pending.clear()
        self._pending_bytes = 0
        at = np.searchsorted(self._keys, keys)
        known = at < len(self._keys)
        known[known] = self._keys[at[known]] == keys[known]
        self._counts[at[known]] += times[known]
        fresh = ~known
        self._keys = np.insert(self._keys, at[fresh], keys[fresh])
        self._counts = np.insert(self._counts, at[fresh], times[fresh])
        if len(self._keys) > self.limit:
            self._drop_upper_part()

    def _drop_upper_part(self) -> None:
        hashes = self._hashes(self._keys)
        kept = self.limit * 3 // 4  # room for what the rest of the array brings
        pivot = int(np.partition(hashes, kept)[kept])
        # A bijection puts the pivot above `first`; with collisions the range must not vanish.
        self._last = max(pivot - 1, self._first)
        stay = hashes <= hashes.dtype.type(self._last)
        self._keys = self._keys[stay]
        self._counts = self._counts[stay]


ElementCounts = DenseCounts | ShareCounts


def element_counts(itemsize: int, max_distinct: int) -> ElementCounts:
    """Return empty counts for elements of `itemsize` bytes."""
    return DenseCounts(itemsize) if itemsize <= 2 else ShareCounts(itemsize, max_distinct)


def _counted(keys: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return the different keys, sorted, and how often each occurs."""
    if keys.dtype.kind == "V":
        return np.unique(keys, return_counts=True)
    found, times = _core.count_values(keys)
    return found, times.astype(np.intp)


def _words(chunk: Bytes, itemsize: int) -> NDArray[np.uint64]:
    """Return the items as rows of 8-byte words, padded with zeros."""
    if itemsize % 8 == 0:
        return chunk.view(np.uint64).reshape(-1, itemsize // 8)
    padded = np.zeros((len(chunk) // itemsize, -(-itemsize // 8) * 8), np.uint8)
    padded[:, :itemsize] = chunk.reshape(-1, itemsize)
    return padded.view(np.uint64)
