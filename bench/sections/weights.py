"""Weights of a neural network in bfloat16, whole calls next to zipnn."""

from collections.abc import Iterable
from importlib import import_module, util

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

import pyinfo

from .. import bars
from ..coding_inputs import bfloat16_weights
from ..rows import Effort, Quantity, Row, Section, bytes_text
from ..timing import Call, interleaved, ratio

SIZE = 32 << 20
PEER = bars.ZIPNN

Weights = NDArray[ml_dtypes.bfloat16]


def weights(effort: Effort) -> Section:
    """`compress` and `decompress` of bfloat16 numbers."""
    section = Section(
        "bfloat16 weights",
        "Numbers from N(0, 0.02), whole calls in one thread, checksums included; `decompress` "
        "fills `out`. zipnn is given bytes, a copy of them each time, for it changes what it is "
        "given: the copy is timed as well, and takes a few percent. It makes no checksums.",
    )
    effort.progress("bfloat16 weights")
    bits = bfloat16_weights(SIZE // 64 if effort.quick else SIZE)
    data = bits.view(ml_dtypes.bfloat16)
    coded = pyinfo.compress(data)
    out = np.empty_like(data)
    own = {
        "encode": Call(pyinfo.compress, (data,)),
        "decode": Call(pyinfo.decompress, (coded,), {"out": out}),
    }
    if not np.array_equal(own["decode"]().view(np.uint16), bits):
        raise AssertionError("pyinfo does not return what it was given")
    if util.find_spec("zipnn") is None or util.find_spec("torch") is None:
        for direction in bars.WEIGHTS:
            seconds = interleaved({"": own[direction].sampler()}, rounds=effort.rounds)[""]
            fast = _speed(data, seconds)
            section.rows.append(
                Row(direction, bytes_text(data.nbytes), fast, f"{PEER} (not installed)")
            )
        return section
    section.rows.extend(_against_zipnn(data, coded, own, effort))
    return section


def _speed(data: Weights, seconds: np.ndarray) -> Quantity:
    return Quantity(data.nbytes / float(np.median(seconds)) / 1e9, "GB/s")


def _against_zipnn(
    data: Weights, coded: bytes, own: dict[str, Call], effort: Effort
) -> Iterable[Row]:
    zipnn = import_module("zipnn").ZipNN(input_format="byte", bytearray_dtype="bfloat16", threads=1)
    raw = data.tobytes()
    theirs = zipnn.compress(bytearray(raw))
    if bytes(zipnn.decompress(theirs)) != raw:
        raise AssertionError(f"{PEER} does not return what it was given")
    peer = {
        "encode": Call(lambda: zipnn.compress(bytearray(raw))),
        "decode": Call(zipnn.decompress, (theirs,)),
    }
    size = bytes_text(data.nbytes)
    for direction, bar in bars.WEIGHTS.items():
        seconds = interleaved(
            {"own": own[direction].sampler(), PEER: peer[direction].sampler()},
            rounds=effort.rounds,
            sample_seconds=effort.sample_seconds,
        )
        yield Row(
            f"{direction} bfloat16",
            size,
            _speed(data, seconds["own"]),
            PEER,
            _speed(data, seconds[PEER]),
            ratio(seconds[PEER], seconds["own"]),
            bar,
        )
    parts = (Quantity(len(each) / data.nbytes, "%") for each in (coded, theirs))
    yield Row("coded size", size, next(parts), PEER, next(parts))
    yield Row(
        "coded size, of zipnn's", size, Quantity(len(coded) / len(theirs)), bar=bars.WEIGHTS_SIZE
    )
