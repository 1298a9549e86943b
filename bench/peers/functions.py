"""Everything public, by its claim in `bench.growth`, next to references and what peers offer.

A peer is given pyinfo's call and prepares its own on the same symbols, samples or bytes. A Huffman
code must cost what pyinfo's costs, a message must come back.
"""

import functools
import heapq
import itertools
import re
from collections.abc import Mapping
from importlib import import_module

import numpy as np

import pyinfo
from bench.growth.claims import CLAIMS
from bench.inputs.coded_bytes import FOUR_BITS, four_bits
from bench.inputs.distributions import Array
from bench.inputs.samples import SAMPLES
from bench.peers import counting, dependence
from bench.peers.candidate import Candidate, Preparation, Ways, installed, returns, ways
from bench.peers.codecs import CONSTRICTION, coding
from pyinfo.testing.timing import Call

# Modules that may be missing; names of rows begin with them.
MODULES = ("bitarray", "constriction", "pandas", "polars", "sklearn")


def claim(name: str, n: int) -> Ways:
    """A function's call on n symbols or samples: pyinfo, references, peers that are installed."""
    peers = {
        row: prepare
        for row, prepare in PEERS.get(name, {}).items()
        if (module := re.split("[ .]", row)[0]) not in MODULES or installed(module)
    }
    return ways(lambda: CLAIMS[name][1](n), peers)


# -- Codes ----------------------------------------------------------------------------------------


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
    return Candidate(call, lambda: _check_cost("heapq", counts, np.array(call())))


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


def _bitarray_message(own: Call, direction: str) -> Candidate:
    bitarray = import_module("bitarray").bitarray
    data = four_bits(_size(own))
    present = np.bincount(data, minlength=256)
    counts = {symbol: int(count) for symbol, count in enumerate(present) if count}
    code = import_module("bitarray.util").huffman_code(counts)
    symbols, message = data.tolist(), bitarray()
    message.encode(code, symbols)
    encode = Call(lambda: bitarray().encode(code, symbols))
    decode = Call(lambda: list(message.decode(code)))
    call = encode if direction == "encode" else decode
    return Candidate(call, returns(decode, symbols, "bitarray"))


def _constriction_message(own: Call, direction: str) -> Candidate:
    return coding(direction, FOUR_BITS, _size(own))[CONSTRICTION]()


def _numpy_counts(own: Call) -> Candidate:
    return Candidate(Call(functools.partial(np.bincount, minlength=256), own.args))


PEERS: Mapping[str, Mapping[str, Preparation]] = {
    "HuffmanCode.from_counts": {
        "heapq reference": _heapq_code,
        "bitarray": _bitarray_code,
        "constriction": _constriction_code,
    },
    "HuffmanCode.from_samples": {"numpy: bincount alone": _numpy_counts},
    "RansModel.from_samples": {"numpy: bincount alone": _numpy_counts},
    **{
        f"{code}.{direction}": {peer: functools.partial(prepare, direction=direction)}
        for direction in ("encode", "decode")
        for code, peer, prepare in (
            ("HuffmanCode", "bitarray", _bitarray_message),
            ("RansModel", "constriction", _constriction_message),
        )
    },
    **{
        f"Counts.from_samples, {kind}": {
            row: functools.partial(counting.counted_by, row) for row in counting.peers(kind)
        }
        for kind in SAMPLES
    },
    **{
        name: {row: functools.partial(dependence.computed_by, each) for row, each in found.items()}
        for name, found in dependence.MEASURES.items()
    },
}
