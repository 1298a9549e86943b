"""Weights of a neural network in bfloat16, whole calls next to zipnn."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from bench.peers.codecs import PYINFO, Codec
from bench.peers.weights_codecs import rows, weights_codec
from bench.processes.timing import Call, interleaved, ratio
from bench.report import bars
from bench.report.rows import Effort, Quantity, Row, Section, bytes_text

SIZE = 32 << 20
PEER = bars.ZIPNN


def weights(effort: Effort) -> Section:
    """`compress` and `decompress` of bfloat16 numbers."""
    section = Section(
        "bfloat16 weights",
        "Numbers from N(0, 0.02), whole calls in one thread, checksums included; `decompress` "
        "fills `out`. zipnn is given bytes, a copy of them each time, for it changes what it is "
        "given: the copy is timed as well, and takes a few percent. It makes no checksums.",
    )
    effort.progress("bfloat16 weights")
    size = SIZE // 64 if effort.quick else SIZE
    own = weights_codec(PYINFO, size)
    if PEER in rows():
        section.rows.extend(_against(weights_codec(PEER, size), own, size, effort))
        return section
    for direction in bars.WEIGHTS:
        seconds = interleaved({"": _call(own, direction).sampler()}, rounds=effort.rounds)[""]
        fast = _speed(size, seconds)
        section.rows.append(Row(direction, bytes_text(size), fast, f"{PEER} (not installed)"))
    return section


def _call(codec: Codec, direction: str) -> Call:
    return codec.encode if direction == "encode" else codec.decode


def _speed(size: int, seconds: NDArray[np.float64]) -> Quantity:
    return Quantity(size / float(np.median(seconds)) / 1e9, "GB/s")


def _against(peer: Codec, own: Codec, size: int, effort: Effort) -> Iterable[Row]:
    text = bytes_text(size)
    for direction, bar in bars.WEIGHTS.items():
        seconds = interleaved(
            {each.name: _call(each, direction).sampler() for each in (own, peer)},
            rounds=effort.rounds,
            sample_seconds=effort.sample_seconds,
        )
        yield Row(
            f"{direction} bfloat16",
            text,
            _speed(size, seconds[own.name]),
            PEER,
            _speed(size, seconds[PEER]),
            ratio(seconds[PEER], seconds[own.name]),
            bar,
        )
    parts = (Quantity(each.size / size, "%") for each in (own, peer))
    yield Row("coded size", text, next(parts), PEER, next(parts))
    yield Row("coded size, of zipnn's", text, Quantity(own.size / peer.size), bar=bars.WEIGHTS_SIZE)
