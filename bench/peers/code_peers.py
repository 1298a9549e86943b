"""Code construction and messages as others do them: a reference in Python, and peers.

Each entry prepares its call on n symbols or bytes, once what it computes is seen to be right: a
Huffman code must cost what pyinfo's costs, a message must come back.
"""

import functools
import heapq
import itertools
from collections.abc import Callable, Mapping
from importlib import import_module

import numpy as np

import pyinfo
from bench.inputs.coding_inputs import FOUR_BITS, coding_data
from bench.inputs.distributions import Array
from bench.processes.timing import Call

Preparation = Callable[[int], Call]

REFERENCE = "heapq reference"


def huffman_lengths(counts: list[int]) -> list[int]:
    """Huffman's algorithm as textbooks have it: merge the two rarest until one tree is left."""
    order = itertools.count()
    trees = [(count, next(order), [symbol]) for symbol, count in enumerate(counts)]
    heapq.heapify(trees)
    lengths = [0] * len(counts)
    while len(trees) > 1:
        (first, _, some), (second, _, others) = heapq.heappop(trees), heapq.heappop(trees)
        for symbol in some + others:
            lengths[symbol] += 1
        heapq.heappush(trees, (first + second, next(order), some + others))
    return lengths


def _counts(n: int) -> Array:
    """Those of `bench.growth.claims`."""
    return np.random.default_rng(0).integers(1, 1000, n)


def _check_cost(name: str, counts: Array, lengths: Array) -> None:
    """Without a limit that binds, every Huffman code costs the same, and a limited one no less."""
    best = pyinfo.HuffmanCode.from_counts(counts, max_length=16)
    theirs, ours = (int((counts * each).sum()) for each in (lengths, best.lengths))
    if theirs > ours or (lengths.max() <= 16 and theirs != ours):
        raise AssertionError(f"{name} costs {theirs} bits, pyinfo's code {ours}")


def _heapq_code(n: int) -> Call:
    counts = _counts(n)
    _check_cost(REFERENCE, counts, np.array(huffman_lengths(counts.tolist())))
    return Call(huffman_lengths, (counts.tolist(),))


def _bitarray_code(n: int) -> Call:
    build = import_module("bitarray.util").huffman_code
    counts = _counts(n)
    given = dict(enumerate(counts.tolist()))
    code = build(given)
    _check_cost("bitarray", counts, np.array([len(code[symbol]) for symbol in range(n)]))
    return Call(build, (given,))


def _constriction_code(n: int) -> Call:
    build = import_module("constriction").symbol.huffman.EncoderHuffmanTree
    return Call(build, (_counts(n).astype(np.float32),))


def _bitarray_message(direction: str) -> Preparation:
    def prepare(n: int) -> Call:
        bitarray = import_module("bitarray").bitarray
        data = coding_data(FOUR_BITS, n)
        present = np.bincount(data, minlength=256)
        counts = {symbol: int(count) for symbol, count in enumerate(present) if count}
        code = import_module("bitarray.util").huffman_code(counts)
        symbols = data.tolist()
        message = bitarray()
        message.encode(code, symbols)
        if list(message.decode(code)) != symbols:
            raise AssertionError("bitarray does not return what it was given")
        if direction == "decode":
            return Call(lambda: list(message.decode(code)))
        return Call(lambda: bitarray().encode(code, symbols))

    return prepare


def _constriction_message(direction: str) -> Preparation:
    def prepare(n: int) -> Call:
        codec = import_module("bench.peers.codecs").peer_codecs(
            coding_data(FOUR_BITS, n), "constriction"
        )
        return codec[0].encode if direction == "encode" else codec[0].decode

    return prepare


def _numpy_counts(n: int) -> Call:
    return Call(functools.partial(np.bincount, minlength=256), (coding_data(FOUR_BITS, n),))


PEERS: Mapping[str, Mapping[str, Preparation]] = {
    "HuffmanCode.from_counts": {
        REFERENCE: _heapq_code,
        "bitarray": _bitarray_code,
        "constriction": _constriction_code,
    },
    "HuffmanCode.from_samples": {"numpy: bincount alone": _numpy_counts},
    "RansModel.from_samples": {"numpy: bincount alone": _numpy_counts},
    "HuffmanCode.encode": {"bitarray": _bitarray_message("encode")},
    "HuffmanCode.decode": {"bitarray": _bitarray_message("decode")},
    "RansModel.encode": {"constriction": _constriction_message("encode")},
    "RansModel.decode": {"constriction": _constriction_message("decode")},
}
