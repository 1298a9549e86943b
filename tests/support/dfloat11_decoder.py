"""What the CUDA kernel of the package dfloat11 0.5.0 does, all threads side by side.

Written from its PTX, instruction by instruction where the width of a register matters. What would
read or write beyond memory on a GPU, or never end, is an error here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

THREADS = 512  # per block
WORD = 8  # bytes of a thread
POINTERS = 240
SHARED_MEMORY = 48 << 10

U64 = np.uint64


class KernelError(Exception):
    """The kernel would not have survived this."""


def decode(tensors: Mapping[str, NDArray[Any]]) -> NDArray[np.uint16]:
    """Return the bits of the bfloat16 numbers that the kernel makes of these tensors."""
    luts, encoded = tensors["luts"], tensors["encoded_exponent"]
    sign_mantissa, gaps = tensors["sign_mantissa"], tensors["gaps"]
    for array in (luts, encoded, sign_mantissa, gaps, tensors["output_positions"]):
        assert array.dtype == np.uint8
    positions = tensors["output_positions"].view("<u4").astype(np.int64)
    n, n_bytes = sign_mantissa.size, encoded.size
    blocks = -(-n_bytes // (THREADS * WORD))
    if len(positions) != blocks + 1:
        raise KernelError(f"{blocks} blocks read {blocks + 1} positions, not {len(positions)}")
    if gaps.size * 8 < 5 * blocks * THREADS:
        raise KernelError("gaps end too early")
    most = int((positions[1:] - positions[:-1]).max())
    if THREADS * 4 + 4 + 2 * most > SHARED_MEMORY:
        raise KernelError(f"{most} weights of a block do not fit into its shared memory")

    threads = np.arange(blocks * THREADS)
    padded = np.zeros(blocks * THREADS * WORD + 4, np.uint8)  # bytes behind the end are not read
    padded[:n_bytes] = encoded
    words = padded[:-4].view(">u8").astype(U64)
    following = np.zeros_like(words)
    for i in range(4):
        following = following << U64(8) | padded[threads * WORD + WORD + i]
    # The kernel reads a byte behind the last gap, which it shifts out.
    pair = np.append(gaps, np.uint8(255)).astype(np.uint32)
    bit = 5 * threads
    gap = (pair[bit // 8] << 8 | pair[bit // 8 + 1]) >> (11 - bit % 8) & 31

    walk = Walk(luts, words, following, gap)
    counts = np.zeros(len(threads), np.int64)
    while (active := walk.position < 64).any():
        walk.step(active)
        counts += active
    in_blocks = counts.reshape(blocks, THREADS)
    before = np.cumsum(in_blocks, axis=1) - in_blocks
    first = ((positions[:-1, None] + before) & 0xFFFFFFFF).reshape(-1)
    last = np.minimum((first + counts) & 0xFFFFFFFF, n)

    begins, ends = np.repeat(positions[:-1], THREADS), np.repeat(positions[1:], THREADS)
    out = np.zeros(n, np.uint16)
    written = np.zeros(n, np.int64)
    walk = Walk(luts, words, following, gap)
    at = first.copy()
    while (active := at < last).any():
        exponents = walk.step(active)[active].astype(np.uint16)
        where = at[active]
        if (where < begins[active]).any() or (where >= ends[active]).any():
            raise KernelError("a thread writes beyond its block's shared memory")
        byte = sign_mantissa[where].astype(np.uint16)
        out[where] = (byte & 128) << 8 | exponents << 7 | byte & 127
        np.add.at(written, where, 1)
        at += active
    if not (written == 1).all():
        raise KernelError("not every weight is written once")
    return out


class Walk:
    """Where every thread is in its 96 bits."""

    def __init__(
        self,
        luts: NDArray[np.uint8],
        words: NDArray[np.uint64],
        following: NDArray[np.uint64],
        gap: NDArray[np.uint32],
    ) -> None:
        self.tables = luts.reshape(-1).astype(np.int64)
        self.lengths = luts[-1].astype(np.int64)
        self.following = following
        self.position = gap.astype(np.int64)
        self.window = words << gap.astype(U64)
        self.in_first_loop = np.ones(len(words), bool)

    def step(self, active: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Decode an exponent in each active thread."""
        value = self._look_up(self.window >> U64(56), active)
        for shift in (48, 40, 32):  # three levels ask whether it is a pointer, the last does not
            byte = (self.window >> U64(shift) & U64(255)).astype(np.int64)
            further = active & (value >= POINTERS)
            place = (65536 - (value << 8)) | byte
            value = np.where(further, self._look_up(place, further), value)
        length = self.lengths[value]
        if (length[active] == 0).any():
            raise KernelError("an exponent without a length: the loop never ends")
        if (length[active] > 32).any():
            raise KernelError("a codeword of more than 32 bits")
        moved = self.window << np.minimum(length, 63).astype(U64)
        self.window = np.where(active, moved, self.window)
        self.position = np.where(active, self.position + length, self.position)
        # Behind the first loop, once: the next four bytes are put behind what is left.
        leaves = active & self.in_first_loop & (self.position >= 32)
        shift = np.where(leaves, self.position - 32, 0).astype(U64)
        self.window = np.where(leaves, self.window | self.following << shift, self.window)
        self.in_first_loop &= ~leaves
        return value

    def _look_up(self, place: NDArray[Any], active: NDArray[np.bool_]) -> NDArray[np.int64]:
        place = np.where(active, place.astype(np.int64), 0)
        if (place >= len(self.tables)).any():
            raise KernelError("a table that is not there")
        return self.tables[place]
