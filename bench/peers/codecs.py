"""Everything that codes the same bytes: pyinfo's coders and peers, each only if it is installed.

A codec is given the data once and prepares what its users would keep (compressor objects, models,
symbols in the type it wants). What `encode` and `decode` do is what is timed. Decoders fill one
output buffer again and again where their interface allows it.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module, util
from typing import Any

import numpy as np

import pyinfo
from bench.inputs.coding_inputs import ALPHABET, Bytes
from bench.processes.timing import Call
from bench.report import bars

PYINFO = "pyinfo"


@dataclass(frozen=True)
class Codec:
    """One way to code given bytes; a bar on `owner` is judged against its fastest codec."""

    name: str
    owner: str
    encode: Call
    decode: Call
    size: int


def _codec(
    name: str,
    owner: str,
    data: Bytes,
    encode: Call,
    decode: Callable[[Any], Call],
    *,
    coded: Any = None,
) -> Codec:
    """The codec, once it is seen to return the data; `coded` is for what `encode` keeps itself."""
    coded = encode() if coded is None else coded
    codec = Codec(name, owner, encode, decode(coded), memoryview(coded).nbytes)
    if not np.array_equal(np.asarray(memoryview(codec.decode())), data):
        raise AssertionError(f"{name} does not return what it was given")
    return codec


PYINFO_CODERS: Mapping[str, Mapping[str, Any]] = {
    "auto": {},
    "huffman": {"coder": "huffman"},
    "rans": {"coder": "rans"},
    "rans, sampled histogram": {"coder": "rans", "effort": 1},
}


def pyinfo_codec(coder: str, data: Bytes) -> Codec:
    """`pyinfo.compress` and `pyinfo.decompress` with one of `PYINFO_CODERS`."""
    out = np.empty_like(data)
    return _codec(
        f"{PYINFO} {coder}",
        f"{PYINFO} {coder}",
        data,
        Call(pyinfo.compress, (data,), PYINFO_CODERS[coder]),
        lambda coded: Call(pyinfo.decompress, (coded,), {"out": out}),
    )


def _zstandard(data: Bytes) -> list[Codec]:
    """Level 1 with checksum, into new bytes and into a buffer that is used again."""
    zstandard = import_module("zstandard")
    compressor = zstandard.ZstdCompressor(level=1, write_checksum=True)
    decompressor = zstandard.ZstdDecompressor()
    room = bytearray(data.size + data.size // 128 + 1024)
    out = np.empty_like(data)

    def compress_into() -> int:
        with compressor.stream_reader(data, size=data.size) as reader:
            return int(reader.readinto(room))

    def decompress_into(coded: bytes) -> Bytes:
        with decompressor.stream_reader(coded) as reader:
            if reader.readinto(out) != out.size or reader.read(1):
                raise AssertionError("zstandard ended elsewhere than the data")
        return out

    return [
        _codec(
            bars.ZSTANDARD,
            bars.ZSTANDARD,
            data,
            Call(compressor.compress, (data,)),
            lambda coded: Call(decompressor.decompress, (coded,)),
        ),
        _codec(
            f"{bars.ZSTANDARD}, readinto",
            bars.ZSTANDARD,
            data,
            Call(compress_into),
            lambda coded: Call(decompress_into, (coded,)),
            coded=bytes(memoryview(room)[: compress_into()]),
        ),
    ]


def _constriction(data: Bytes) -> list[Codec]:
    """Its rANS with one model for all symbols, the fastest calls: the model is not timed.

    It knows neither bytes nor checksums; symbols are converted to int32 before the clock starts.
    """
    stream = import_module("constriction").stream
    stack, model_of = stream.stack, stream.model.Categorical
    symbols = data.astype(np.int32)
    counts = np.bincount(data, minlength=ALPHABET)
    model = model_of((counts / data.size).astype(np.float32), perfect=False)

    def encode() -> Any:
        coder = stack.AnsCoder()
        coder.encode_reverse(symbols, model)
        return coder.get_compressed()

    def decode(coded: Any) -> Any:
        return stack.AnsCoder(coded).decode(model, symbols.size)

    name = bars.CONSTRICTION
    return [_codec(name, name, data, Call(encode), lambda coded: Call(decode, (coded,)))]


PACKAGES: Mapping[str, Callable[[Bytes], list[Codec]]] = {
    "zstandard": _zstandard,
    "constriction": _constriction,
}


@functools.cache
def installed() -> tuple[str, ...]:
    """Names of the peers that are installed."""
    return tuple(package for package in PACKAGES if util.find_spec(package) is not None)


def peer_codecs(data: Bytes, *packages: str) -> list[Codec]:
    """The codecs of these peers, those that are installed (default: all peers)."""
    chosen = packages or tuple(PACKAGES)
    return [codec for name in chosen if name in installed() for codec in PACKAGES[name](data)]
