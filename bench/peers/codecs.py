"""Everything that codes the same bytes: pyinfo's coders and peers, each only if it is installed.

A codec is given the data once and prepares what its users would keep (compressor objects, models,
symbols in the type it wants). What `encode` and `decode` do is what is timed. Decoders fill one
output buffer again and again where their interface allows it.
"""

import functools
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

import pyinfo
from bench.inputs.coded_bytes import ALPHABET, BFLOAT16, RANDOM, Bytes, coding_data
from bench.peers.candidate import PYINFO, Candidate, installed
from pyinfo.testing.timing import Call

ZSTANDARD = "zstandard level 1"
ZSTANDARD_INTO = f"{ZSTANDARD}, readinto"
CONSTRICTION = "constriction"
ZIPNN = "zipnn"
COPY = "numpy.copyto"


@dataclass(frozen=True)
class Codec:
    """Both directions; `decode` is given what `encode` gave unless that is kept elsewhere."""

    encode: Call
    decode: Call
    size: int


def _codec(encode: Call, decode: Callable[[Any], Call], coded: Any = None) -> Codec:
    """A codec; `coded` is for what `encode` keeps itself."""
    coded = encode() if coded is None else coded
    return Codec(encode, decode(coded), memoryview(coded).nbytes)


PYINFO_CODERS: Mapping[str, Mapping[str, Any]] = {
    "auto": {},
    "huffman": {"coder": "huffman"},
    "rans": {"coder": "rans"},
    "rans, sampled histogram": {"coder": "rans", "effort": 1},
}


def _pyinfo(data: Bytes, options: Mapping[str, Any]) -> Codec:
    out = np.empty_like(data)
    return _codec(
        Call(pyinfo.compress, (data,), options),
        lambda coded: Call(pyinfo.decompress, (coded,), {"out": out}),
    )


def _zstandard(data: Bytes, level: int) -> Codec:
    """With checksum, into new bytes."""
    zstandard = import_module("zstandard")
    return _codec(
        Call(zstandard.ZstdCompressor(level=level, write_checksum=True).compress, (data,)),
        lambda coded: Call(zstandard.ZstdDecompressor().decompress, (coded,)),
    )


def _zstandard_into(data: Bytes) -> Codec:
    """Level 1 with checksum, into a buffer that is used again."""
    zstandard = import_module("zstandard")
    compressor = zstandard.ZstdCompressor(level=1, write_checksum=True)
    decompressor = zstandard.ZstdDecompressor()
    buffer = bytearray(data.size + data.size // 128 + 1024)
    out = np.empty_like(data)

    def compress_into() -> int:
        with compressor.stream_reader(data, size=data.size) as reader:
            return int(reader.readinto(buffer))

    def decompress_into(coded: bytes) -> Bytes:
        with decompressor.stream_reader(coded) as reader:
            if reader.readinto(out) != out.size or reader.read(1):
                raise AssertionError("zstandard ended elsewhere than the data")
        return out

    coded = bytes(memoryview(buffer)[: compress_into()])
    return _codec(Call(compress_into), lambda coded: Call(decompress_into, (coded,)), coded)


def _constriction(data: Bytes) -> Codec:
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

    return _codec(Call(encode), lambda coded: Call(decode, (coded,)))


def _zipnn(data: Bytes) -> Codec:
    """Given a copy of the bytes each time, for it changes what it is given."""
    zipnn = import_module("zipnn").ZipNN(input_format="byte", bytearray_dtype="bfloat16", threads=1)
    raw = data.tobytes()
    return _codec(
        Call(lambda: zipnn.compress(bytearray(raw))), lambda coded: Call(zipnn.decompress, (coded,))
    )


def _zlib(data: Bytes, level: int) -> Codec:
    return _codec(Call(zlib.compress, (data, level)), lambda coded: Call(zlib.decompress, (coded,)))


def _copy(data: Bytes) -> Codec:
    """No codec: what memory gives."""
    out = data.copy()
    return Codec(Call(np.copyto, (out, data)), Call(out.view), data.size)


# At several levels: for what size costs in time.
PARETO: Mapping[str, Callable[[Bytes], Codec]] = {
    **{f"zlib {level}": functools.partial(_zlib, level=level) for level in (1, 6)},
    **{f"zstd {level}": functools.partial(_zstandard, level=level) for level in (1, 3, 9)},
}
_CODECS: Mapping[str, Callable[[Bytes], Codec]] = {
    **{
        f"{PYINFO} {coder}": functools.partial(_pyinfo, options=options)
        for coder, options in PYINFO_CODERS.items()
    },
    COPY: _copy,
    ZSTANDARD: functools.partial(_zstandard, level=1),
    ZSTANDARD_INTO: _zstandard_into,
    CONSTRICTION: _constriction,
    ZIPNN: _zipnn,
    **PARETO,
}
# zipnn does not ask for torch, but cannot be imported without.
_NEEDS = {
    ZSTANDARD: ("zstandard",),
    ZSTANDARD_INTO: ("zstandard",),
    CONSTRICTION: ("constriction",),
    ZIPNN: ("zipnn", "torch"),
}


def rows(_: str, kind: str, __: int) -> list[str]:
    """pyinfo's coders and the peers that can be imported here."""
    own = [f"{PYINFO} auto"] if kind in (RANDOM, BFLOAT16) else [*map(own_row, PYINFO_CODERS)]
    peers = [ZIPNN, ZSTANDARD] if kind == BFLOAT16 else [ZSTANDARD, ZSTANDARD_INTO, CONSTRICTION]
    return [*own, *(peer for peer in peers if is_there(peer))]


def own_row(coder: str) -> str:
    return f"{PYINFO} {coder}"


def is_there(row: str) -> bool:
    needed = _NEEDS.get(row, ("zstandard",) if row.startswith("zstd") else ())
    return len(installed(*needed)) == len(needed)


def candidate(row: str, direction: str, kind: str, n: int) -> Candidate:
    """One direction of a codec on n bytes of a kind; it has to return the data."""
    codec = _prepared(row, kind, n)

    def check() -> None:
        decoded = np.asarray(memoryview(_plain(codec.decode())))
        if not np.array_equal(decoded, coding_data(kind, n)):
            raise AssertionError(f"{row} does not return what it was given")

    return Candidate(getattr(codec, direction), check, codec.size)


def _plain(decoded: Any) -> Any:
    """Decoded bfloat16 numbers as bytes: a memoryview knows no such type."""
    bfloat16 = isinstance(decoded, np.ndarray) and decoded.dtype.name == "bfloat16"
    return decoded.view(np.uint8) if bfloat16 else decoded


@functools.lru_cache(maxsize=10)
def _prepared(row: str, kind: str, n: int) -> Codec:
    data = coding_data(kind, n)
    if kind == BFLOAT16 and row.startswith(PYINFO):
        data = data.view(import_module("ml_dtypes").bfloat16)
    return _CODECS[row](data)
