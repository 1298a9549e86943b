"""Everything that codes bytes: pyinfo's coders and peers, each only if it is installed.

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
from bench.inputs.coded_bytes import (
    ALPHABET,
    BFLOAT16,
    RANDOM,
    TWO_EVEN,
    Bytes,
    coding_data,
    four_bits,
)
from bench.peers.candidate import PYINFO, Candidate, Ways, installed, is_own, returns
from pyinfo.testing.timing import Call

ZSTANDARD = "zstandard level 1"
ZSTANDARD_INTO = f"{ZSTANDARD}, readinto"
CONSTRICTION = "constriction"
ZIPNN = "zipnn"
GROUPED = "byte groups, zstandard level 1"
COPY = "numpy.copyto"
PACKBITS = "numpy.packbits"


@dataclass(frozen=True)
class Codec:
    """Both directions."""

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


def own_row(coder: str) -> str:
    return f"{PYINFO} {coder}"


def _pyinfo(data: Bytes, coder: str) -> Codec:
    out = np.empty_like(data)
    return _codec(
        Call(pyinfo.compress, (data,), PYINFO_CODERS[coder]),
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


def _grouped(data: Bytes) -> Codec:
    """The bytes of an element apart, by NumPy, then zstandard: what stores of models do."""
    zstandard = import_module("zstandard")
    compressor = zstandard.ZstdCompressor(level=1, write_checksum=True)
    decompressor = zstandard.ZstdDecompressor()
    out = np.empty_like(data)

    def encode() -> bytes:
        return bytes(compressor.compress(np.ascontiguousarray(data.reshape(-1, 2).T).data))

    def decode(coded: bytes) -> Bytes:
        groups = np.frombuffer(decompressor.decompress(coded), np.uint8).reshape(2, -1)
        np.copyto(out.reshape(-1, 2), groups.T)
        return out

    return _codec(Call(encode), lambda coded: Call(decode, (coded,)))


def _zlib(data: Bytes, level: int) -> Codec:
    return _codec(Call(zlib.compress, (data, level)), lambda coded: Call(zlib.decompress, (coded,)))


def _packbits(data: Bytes) -> Codec:
    """Zeros and ones as bits, without a checksum, into new memory."""
    n = data.size
    return _codec(
        Call(np.packbits, (data,)), lambda coded: Call(np.unpackbits, (coded,), {"count": n})
    )


def _copy(data: Bytes) -> Codec:
    """No codec: what memory gives."""
    out = data.copy()
    return Codec(Call(np.copyto, (out, data)), Call(out.view), data.size)


# What makes a codec, and the modules that it needs. zipnn does not ask for torch, but cannot be
# imported without.
_CODECS: Mapping[str, tuple[Callable[[Bytes], Codec], tuple[str, ...]]] = {
    **{own_row(each): (functools.partial(_pyinfo, coder=each), ()) for each in PYINFO_CODERS},
    COPY: (_copy, ()),
    PACKBITS: (_packbits, ()),  # of zeros and ones only
    ZSTANDARD: (functools.partial(_zstandard, level=1), ("zstandard",)),
    ZSTANDARD_INTO: (_zstandard_into, ("zstandard",)),
    CONSTRICTION: (_constriction, ("constriction",)),
    ZIPNN: (_zipnn, ("zipnn", "torch")),
    GROUPED: (_grouped, ("zstandard",)),
    **{f"zlib {each}": (functools.partial(_zlib, level=each), ()) for each in (1, 6)},
    **{
        f"zstd {each}": (functools.partial(_zstandard, level=each), ("zstandard",))
        for each in (1, 3, 9)
    },
}


def coding(direction: str, kind: str, n: int) -> Ways:
    """pyinfo's coders and the peers for such data, in one direction."""
    own = ["auto"] if kind in (RANDOM, BFLOAT16) else [*PYINFO_CODERS]
    peers = (
        [ZIPNN, ZSTANDARD, GROUPED]
        if kind == BFLOAT16
        else [ZSTANDARD, ZSTANDARD_INTO, CONSTRICTION]
    )
    every = every_codec(direction, kind, n)
    return {row: every[row] for row in (*map(own_row, own), *peers) if row in every}


def few_symbols(direction: str, kind: str, n: int) -> Ways:
    """pyinfo's choice for data of few symbols; bits where there are two even ones."""
    rows = [own_row("auto"), ZSTANDARD, ZSTANDARD_INTO, *([PACKBITS] if kind == TWO_EVEN else [])]
    every = every_codec(direction, kind, n)
    every[PACKBITS] = functools.partial(_candidate, PACKBITS, direction, kind, n)
    return {row: every[row] for row in rows if row in every}


def every_codec(direction: str, kind: str, n: int) -> Ways:
    """Whatever the data: among them several levels, for what size costs in time, and a copy."""
    return {
        row: functools.partial(_candidate, row, direction, kind, n)
        for row, (_, needed) in _CODECS.items()
        if len(installed(*needed)) == len(needed)
        and row != PACKBITS
        and (row != GROUPED or kind == BFLOAT16)
    }


def _candidate(row: str, direction: str, kind: str, n: int) -> Candidate:
    codec = _prepared(row, kind, n)

    def decoded() -> Any:
        found = codec.decode()
        # As bytes: a memoryview knows no bfloat16 numbers.
        return found.view(np.uint8) if is_own(row) else memoryview(found)

    check = returns(decoded, coding_data(kind, n), row)
    return Candidate(getattr(codec, direction), check, codec.size)


@functools.lru_cache(maxsize=10)
def _prepared(row: str, kind: str, n: int) -> Codec:
    data = coding_data(kind, n)
    if kind == BFLOAT16 and row.startswith(PYINFO):
        data = data.view(import_module("ml_dtypes").bfloat16)
    return _CODECS[row][0](data)


# -- Short messages with a code that both sides have ----------------------------------------------

MESSAGE = 4096
CODES = ("HuffmanCode", "RansModel")
Code = pyinfo.HuffmanCode | pyinfo.RansModel


def messages() -> Bytes:
    """What the code is made for; messages are parts of it."""
    return four_bits(1 << 20)


@functools.cache
def shared_code(name: str) -> Code:
    code: Code = getattr(pyinfo, name).from_samples(messages())
    return code


def message(direction: str, code: str) -> Ways:
    """pyinfo alone codes a message of 4 KiB."""

    def prepare() -> Candidate:
        shared, symbols = shared_code(code), messages()[:MESSAGE]
        encode = Call(shared.encode, (symbols,))
        decode = Call(shared.decode, (encode(),), {"out": np.empty_like(symbols)})
        return Candidate(
            {"encode": encode, "decode": decode}[direction], returns(decode, symbols, code)
        )

    return {PYINFO: prepare}


# -- One thread and two ---------------------------------------------------------------------------

ONE, TWO = f"{PYINFO}, 1 thread", f"{PYINFO}, 2 threads"


def threads(direction: str, coder: str, n: int, repeated: int) -> Ways:
    """Bytes of n that are repeated until they are as many as `repeated`."""

    def prepare(count: int) -> Candidate:
        data, coded, out = _coded_in_threads(coder, n, repeated)
        encode = Call(pyinfo.compress, (data,), {"coder": coder, "threads": count})
        decode = Call(pyinfo.decompress, (coded,), {"out": out, "threads": count})
        return Candidate(encode if direction == "encode" else decode)

    return {ONE: lambda: prepare(1), TWO: lambda: prepare(2)}


@functools.lru_cache(maxsize=1)
def _coded_in_threads(coder: str, n: int, repeated: int) -> tuple[Bytes, bytes, Bytes]:
    data = np.resize(four_bits(n), repeated)
    coded = pyinfo.compress(data, coder=coder, threads=2)
    if coded != pyinfo.compress(data, coder=coder):
        raise AssertionError("the result depends on the number of threads")
    return data, coded, np.empty_like(data)
