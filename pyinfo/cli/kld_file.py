"""The files that the perplexity tool of llama.cpp writes: a text, and a model's log-probabilities.

All little-endian: ``_logits_``, then as int32 the length of a chunk of text, the number of classes,
the number of chunks, and the tokens of all chunks. Then a row for every position from the middle of
a chunk to the last but one: two float32, a scale and the smallest value, and a code of 16 bits for
each class, padded to an even number. A log-probability is scale * code + smallest. Values more than
16 below the largest have code 0.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pyinfo import logits
from pyinfo.errors import CorruptDataError

MAGIC: Final = b"_logits_"

_HEADER_BYTES: Final = 20
RANGE: Final = 15.999
"""How far below the largest value others are cut off, and some more than that is rounded."""

_LEAST_LEFT: Final = 1e-7
"""The least that these have together: sums in float32 hide it."""


class KldFile:
    """The rows of such a file in memory, read one after the other."""

    def __init__(self, data: memoryview) -> None:
        if len(data) < _HEADER_BYTES:
            raise CorruptDataError("truncated: the header of a .kld file is incomplete")
        header = np.frombuffer(data, "<i4", 3, len(MAGIC))
        length, self.classes, chunks = (int(value) for value in header)
        if length < 4 or self.classes < 1 or chunks < 1:
            raise CorruptDataError(
                f"damaged .kld header: {chunks} chunks of {length} tokens, {self.classes} classes"
            )
        first = length // 2
        per_chunk = length - 1 - first
        width = 4 + 2 * ((self.classes + 1) // 2)
        self.rows = chunks * per_chunk
        size = _HEADER_BYTES + 4 * chunks * length + 2 * self.rows * width
        if len(data) != size:
            raise CorruptDataError(
                f"damaged: the .kld header promises {size:,} bytes, the file has {len(data):,}"
            )
        tokens = np.frombuffer(data, "<i4", chunks * length, _HEADER_BYTES)
        wrong = (tokens < 0) | (tokens >= self.classes)
        if wrong.any():
            place = int(wrong.argmax())
            raise CorruptDataError(
                f"damaged: token {place} is {tokens[place]}, with {self.classes:,} classes"
            )
        self.tokens = tokens.reshape(chunks, length)
        self.labels = self.tokens[:, first + 1 :].astype(np.int64).reshape(-1)
        codes = np.frombuffer(data, "<u2", self.rows * width, _HEADER_BYTES + 4 * tokens.size)
        self._codes = codes.reshape(self.rows, width)
        self._next = 0

    def read(self, count: int) -> NDArray[Any]:
        """Return the next log-probabilities, as float32.

        Classes below the range are only known to be unlikely. With the smallest value for each,
        tens of thousands of them would weigh too much: they share, evenly, what the others leave
        of 1. Less than two standard deviations of what rounding makes of the others' sum is taken
        for so much, or two files would differ by the noise in it.
        """
        begin, self._next = self._next, self._next + count
        stored = self._codes[begin : self._next]
        scales = np.ascontiguousarray(stored[:, :4]).view("<f4").astype(np.float32)
        wrong = ~np.isfinite(scales).all(1) | (scales[:, 0] < 0)
        if wrong.any():
            row = int(wrong.argmax())
            scale, least = scales[row]
            raise CorruptDataError(
                f"damaged: row {begin + row} has the scale {scale} and the smallest value {least}"
            )
        codes = stored[:, 4 : 4 + self.classes]
        below = (codes == 0) & (scales[:, :1] > RANGE / 65535)
        values = codes.astype(np.float32)
        values *= scales[:, :1]
        values += scales[:, 1:]
        values[below] = -np.inf
        noise = scales[:, 0] / math.sqrt(12) * np.exp(logits.logsumexp(2 * values) / 2)
        left = np.maximum(-np.expm1(logits.logsumexp(values)), 2 * noise)
        share = np.log(np.maximum(left, _LEAST_LEFT) / np.maximum(below.sum(axis=1), 1))
        share = np.minimum(share, scales[:, 1]).astype(np.float32)
        return np.where(below, share[:, None], values)
