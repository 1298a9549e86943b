"""Coding of a network's weights in bfloat16: pyinfo, and peers that are installed."""

from collections.abc import Callable, Mapping
from importlib import import_module, util

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

import pyinfo
from bench.inputs.coding_inputs import bfloat16_weights
from bench.peers.codecs import PYINFO, Codec, peer_codecs
from bench.processes.timing import Call
from bench.report import bars

KIND = "bfloat16 weights"

Bits = NDArray[np.uint16]


def _pyinfo(bits: Bits) -> Codec:
    data = bits.view(ml_dtypes.bfloat16)
    coded, out = pyinfo.compress(data), np.empty_like(data)
    decode = Call(pyinfo.decompress, (coded,), {"out": out})
    if not np.array_equal(decode().view(np.uint16), bits):
        raise AssertionError(f"{PYINFO} does not return what it was given")
    return Codec(PYINFO, PYINFO, Call(pyinfo.compress, (data,)), decode, len(coded))


def _zipnn(bits: Bits) -> Codec:
    """Given a copy of the bytes each time, for it changes what it is given."""
    zipnn = import_module("zipnn").ZipNN(input_format="byte", bytearray_dtype="bfloat16", threads=1)
    raw = bits.tobytes()
    coded = zipnn.compress(bytearray(raw))
    if bytes(zipnn.decompress(coded)) != raw:
        raise AssertionError(f"{bars.ZIPNN} does not return what it was given")
    encode = Call(lambda: zipnn.compress(bytearray(raw)))
    return Codec(bars.ZIPNN, bars.ZIPNN, encode, Call(zipnn.decompress, (coded,)), len(coded))


def _zstandard(bits: Bits) -> Codec:
    return peer_codecs(bits.view(np.uint8), "zstandard")[0]


_CODECS: Mapping[str, Callable[[Bits], Codec]] = {
    PYINFO: _pyinfo,
    bars.ZIPNN: _zipnn,
    bars.ZSTANDARD: _zstandard,
}
# zipnn does not ask for torch, but cannot be imported without.
_NEEDS = {PYINFO: (), bars.ZIPNN: ("zipnn", "torch"), bars.ZSTANDARD: ("zstandard",)}


def rows() -> list[str]:
    """pyinfo, and the peers that can be imported here."""
    return [row for row in _CODECS if all(util.find_spec(package) for package in _NEEDS[row])]


def weights_codec(row: str, size: int) -> Codec:
    """One way to code that many bytes of weights, once it is seen to return them."""
    return _CODECS[row](bfloat16_weights(size))
