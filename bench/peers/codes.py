"""Code construction and messages as others do them: a reference in Python, and peers.

Each entry is given pyinfo's call and prepares a peer's on the same symbols or bytes. A Huffman code
must cost what pyinfo's costs, a message must come back.
"""

import functools
import heapq
import itertools
from collections.abc import Callable, Mapping
from importlib import import_module

import numpy as np

import pyinfo
from bench.inputs.coded_bytes import FOUR_BITS, four_bits
from bench.inputs.distributions import Array
from bench.peers import codecs
from bench.peers.candidate import Candidate
from pyinfo.testing.timing import Call

Preparation = Callable[[Call], Candidate]

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


def _check_cost(name: str, counts: Array, lengths: Array) -> None:
    """Without a limit that binds, every Huffman code costs the same, and a limited one no less."""
    best = pyinfo.HuffmanCode.from_counts(counts, max_length=16)
    theirs, ours = (int((counts * each).sum()) for each in (lengths, best.lengths))
    if theirs > ours or (lengths.max() <= 16 and theirs != ours):
        raise AssertionError(f"{name} costs {theirs} bits, pyinfo's code {ours}")


def _heapq_code(own: Call) -> Candidate:
    (counts,) = own.args
    call = Call(huffman_lengths, (counts.tolist(),))
    return Candidate(call, lambda: _check_cost(REFERENCE, counts, np.array(call())))


def _bitarray_code(own: Call) -> Candidate:
    (counts,) = own.args
    call = Call(import_module("bitarray.util").huffman_code, (dict(enumerate(counts.tolist())),))

    def check() -> None:
        code = call()
        lengths = np.array([len(code[symbol]) for symbol in range(counts.size)])
        _check_cost("bitarray", counts, lengths)

    return Candidate(call, check)


def _constriction_code(own: Call) -> Candidate:
    build = import_module("constriction").symbol.huffman.EncoderHuffmanTree
    return Candidate(Call(build, (own.args[0].astype(np.float32),)))


def _size(own: Call) -> int:
    """How many symbols a message has: those that are given, or the place for them."""
    return int(own.options["out"].size if "out" in own.options else own.args[0].size)


def _bitarray_message(direction: str) -> Preparation:
    def prepare(own: Call) -> Candidate:
        bitarray = import_module("bitarray").bitarray
        data = four_bits(_size(own))
        present = np.bincount(data, minlength=256)
        counts = {symbol: int(count) for symbol, count in enumerate(present) if count}
        code = import_module("bitarray.util").huffman_code(counts)
        symbols = data.tolist()
        message = bitarray()
        message.encode(code, symbols)

        def check() -> None:
            if list(message.decode(code)) != symbols:
                raise AssertionError("bitarray does not return what it was given")

        if direction == "decode":
            return Candidate(Call(lambda: list(message.decode(code))), check)
        return Candidate(Call(lambda: bitarray().encode(code, symbols)), check)

    return prepare


def _constriction_message(direction: str) -> Preparation:
    return lambda own: codecs.candidate(codecs.CONSTRICTION, direction, FOUR_BITS, _size(own))


def _numpy_counts(own: Call) -> Candidate:
    return Candidate(Call(functools.partial(np.bincount, minlength=256), own.args))


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
