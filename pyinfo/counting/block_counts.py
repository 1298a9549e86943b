"""Counts of all runs of bytes of a stream up to some length, in bounded memory."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from pyinfo import _core
from pyinfo.counting.element_counts import Bytes, DenseCounts, ElementCounts, ShareCounts

LONGEST: Final = 8
"""The longest runs that are counted: as numbers of 64 bits."""


class BlockCounts:
    """Counts of the overlapping runs of 1 to `longest` bytes of a stream.

    Runs of one and two bytes have tables of their own. Of each longer length up to `max_distinct`
    different runs are held at a time; where there are more, the stream has to be read again, and
    every pass counts another share of them.

    Parameters
    ----------
    longest
        The length of the longest runs, at most 8.
    max_distinct
        How many different runs of one length to hold; each takes 16 bytes, and some more while
        counts are brought together.
    """

    def __init__(self, longest: int, max_distinct: int) -> None:
        self.longest = longest
        self._tallies = [_Tally(length, max_distinct) for length in range(1, longest + 1)]
        self._carry: Bytes = np.empty(0, np.uint8)
        self.size = 0
        """Bytes of the current pass."""
        self._passed = 0

    def add(self, chunk: Bytes) -> None:
        """Count the runs that end in the next bytes of the stream."""
        window = np.concatenate([self._carry, chunk])
        for tally in self._tallies:
            tally.add(window[max(0, len(self._carry) - tally.length + 1) :])
        self._carry = window[max(0, len(window) - self.longest + 1) :].copy()
        self.size += len(chunk)

    def end_pass(self) -> None:
        """Close a pass: what was left out of it waits for the next one, if there is one."""
        for tally in self._tallies:
            tally.end_share()
        self._carry = self._carry[:0]
        self._passed, self.size = self.size, 0

    @property
    def complete(self) -> bool:
        """Whether the passes so far have counted everything."""
        return all(tally.counts is None for tally in self._tallies)

    @property
    def covered(self) -> float:
        """The smallest part of the runs of one length that the passes so far have counted."""
        return min(tally.covered for tally in self._tallies)

    def conditional_entropies(self) -> tuple[float | None, ...]:
        """Return the entropy in bits of a byte given 0, 1, ... bytes before it.

        That of an order is the entropy of the runs one longer, without that of their beginnings,
        which are all runs but the last of the stream. None stands for what was not counted to the
        end; orders for which the stream is too short are not there.
        """
        result: list[float | None] = []
        contexts: _Tally | None = None
        for order, runs in enumerate(self._tallies[: self._passed]):
            if runs.counts is not None or (contexts is not None and contexts.counts is not None):
                result.append(None)
            else:
                bits = runs.entropy(self._passed - order)
                if contexts is not None:
                    bits -= contexts.entropy(self._passed - order, without_last=True)
                result.append(max(0.0, bits))
            contexts = runs
        return tuple(result)


class _Tally:
    """The counts of runs of one length: of the current share, and in sum of those before."""

    def __init__(self, length: int, max_distinct: int) -> None:
        self.length = length
        self.counts: ElementCounts | None
        if length <= 2:
            self.counts = DenseCounts(length)
        else:
            self.counts = ShareCounts(4 if length <= 4 else 8, max_distinct)
        self.covered = 0.0
        self._times: dict[int, int] = {}  # how many runs have each count
        self._last: Bytes = np.empty(0, np.uint8)
        self._last_count = 0

    def add(self, window: Bytes) -> None:
        """Count the runs in some bytes."""
        if self.counts is not None and len(window) >= self.length:
            keys = _core.ngram_keys(window, self.length)
            self.counts.add(keys.view(np.uint8))
            self._last = keys[-1:].view(np.uint8)

    def end_share(self) -> None:
        """Keep how many runs have each count, and begin the next share."""
        if self.counts is None:
            return
        values, times = np.unique(self.counts.counts, return_counts=True)
        for value, more in zip(values.tolist(), times.tolist(), strict=True):
            self._times[value] = self._times.get(value, 0) + more
        if len(self._last) > 0:
            self._last_count = self.counts.count_of(self._last) or self._last_count
        self.covered = self.counts.covered
        self.counts = self.counts.next_share()

    def entropy(self, total: int, *, without_last: bool = False) -> float:
        """Return the entropy in bits of `total` runs."""
        times = self._times
        if without_last:
            times = {0: 0, **times}
            times[self._last_count] -= 1
            times[self._last_count - 1] = times.get(self._last_count - 1, 0) + 1
        return math.fsum(
            more * count / total * math.log2(total / count)
            for count, more in times.items()
            if count > 0
        )
