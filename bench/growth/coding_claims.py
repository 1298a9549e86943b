"""How the cost of coding is claimed to grow: by bytes, or by symbols where codes are built."""

import atexit
import functools
import tempfile
from pathlib import Path

import numpy as np

import pyinfo
from bench.growth.claim import Claims, Cost, Prepare, call
from bench.inputs.coded_bytes import TWO_PER_CENT, Bytes, coding_data, four_bits
from bench.inputs.distributions import Array
from bench.inputs.samples import alphabet
from pyinfo.testing import Growth, doublings
from pyinfo.testing.timing import Call

PIECE = 1 << 18  # of a stream, in bytes
LARGE = [k << 23 for k in range(1, 7)]  # what works in pieces of some MiB, works in several
Code = pyinfo.HuffmanCode | pyinfo.RansModel

# Whole blocks: shorter input has fewer lanes, which is a matter of speed, not of growth.
COMPRESSED = Cost(1.5, doublings(18, 24), doublings(16, 21), memory="n")
DECOMPRESSED = Cost(1.5, doublings(18, 24), doublings(16, 21))
STREAMED = Cost(1.5, doublings(20, 25))
WRITTEN = Cost(3, LARGE)
# What is done with a frame that is open. One block and more: whole blocks are decoded.
VERIFIED = Cost(1.5, doublings(18, 24), doublings(18, 23))
READ = Cost(1.5, doublings(18, 24), doublings(18, 23), time="1")
OPENED = Cost(16, doublings(13, 18), memory=None)
REPORTED = Cost(2, doublings(17, 23), doublings(16, 21), memory="n")
# Messages: 128 lanes from where they are all in use. New memory for large results has a price of
# its own.
ENCODED = Cost(1.5, doublings(16, 21), memory="n")
DECODED = Cost(1.5, doublings(17, 24), doublings(16, 21))
SAMPLED = Cost(1, doublings(17, 24), doublings(16, 21))
EXPECTED = Cost(24, doublings(8, 15), doublings(8, 13), memory="n")
# Building a code for n symbols, or making it again from what is stored.
BUILT = Cost(32, doublings(9, 15), time="n log n", memory="n")
RESTORED = Cost(4, doublings(9, 15), memory=None)
# The decoder's tables: with 256 symbols the O(n L) of package-merge is not seen beside them.
LIMITED = Cost(0, range(9, 17), time=Growth("2^n", np.exp2))


def _coded(n: int, coder: str = "auto") -> bytes:
    return pyinfo.compress(four_bits(n), coder=coder)


def _compress(coder: str) -> Prepare:
    return lambda n: call(pyinfo.compress, four_bits(n), coder=coder)


def _decompress(coder: str) -> Prepare:
    return lambda n: call(pyinfo.decompress, _coded(n, coder), out=np.empty(n, np.uint8))


def _few(n: int) -> Bytes:
    """Two per cent of ones."""
    return coding_data(TWO_PER_CENT, n)


def _decompress_few(n: int) -> Call:
    return call(pyinfo.decompress, pyinfo.compress(_few(n)), out=np.empty(n, np.uint8))


# -- Streams, files and frames --------------------------------------------------------------------


def _in_pieces(coder: type[pyinfo.Compressor | pyinfo.Decompressor], data: Bytes | bytes) -> None:
    """Data that comes in pieces; what comes out is dropped, as if it were written."""
    stream, whole = coder(), memoryview(data)
    step = stream.compress if isinstance(stream, pyinfo.Compressor) else stream.decompress
    for start in range(0, len(whole), PIECE):
        step(whole[start : start + PIECE])
    if isinstance(stream, pyinfo.Compressor):
        stream.flush()


@functools.cache
def _folder() -> Path:
    """A folder for as long as the process lives, in memory where the system has such files."""
    shared = Path("/dev/shm")
    folder = tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None)
    atexit.register(folder.cleanup)
    return Path(folder.name)


def _file(name: str, data: Bytes | bytes) -> Path:
    path = _folder() / name
    path.write_bytes(data)
    return path


def _compress_file(n: int) -> Call:
    return call(pyinfo.compress_file, _file(f"{n}", four_bits(n)), _folder() / f"{n}.coded")


def _decompress_file(n: int) -> Call:
    return call(pyinfo.decompress_file, _file(f"{n}.in", _coded(n)), _folder() / f"{n}.out")


def _open(n: int) -> Call:
    """A file of n blocks: their index is what is read."""
    path = _file(f"{n} blocks", pyinfo.compress(four_bits(64 * n), block_size=64))
    return call(lambda path: pyinfo.Frame.open(path).close(), path)


def _part(method: str) -> Prepare:
    return lambda n: call(getattr(pyinfo.Frame(_coded(n)), method), n // 2, n // 2 + 1000)


# -- Codes ----------------------------------------------------------------------------------------


def _of_each_code(code: type[pyinfo.HuffmanCode | pyinfo.RansModel], **limit: int) -> Claims:
    """Messages with a shared code."""

    def shared(n: int) -> Code:
        return code.from_samples(four_bits(n))

    def decode(n: int) -> Call:
        return call(shared(n).decode, shared(n).encode(four_bits(n)), out=np.empty(n, np.uint8))

    def expected(n: int) -> Call:
        return call(code.from_counts(alphabet(n), **limit).expected_length, alphabet(n))

    name = code.__name__
    return {
        f"{name}.encode": (ENCODED, lambda n: call(shared(n).encode, four_bits(n))),
        f"{name}.decode": (DECODED, decode),
        f"{name}.from_samples": (SAMPLED, lambda n: call(code.from_samples, four_bits(n))),
        f"{name}.expected_length": (EXPECTED, expected),
    }


def _huffman(counts: Array) -> Call:
    """With a limit that grows with n: the decoder's table has as many entries as it can tell."""
    return call(pyinfo.HuffmanCode.from_counts, counts, max_length=counts.size.bit_length())


def _rans(n: int) -> Call:
    return call(pyinfo.RansModel.from_counts, alphabet(n), precision=16)


def _of_shares(code: type[Code], n: int, **limit: int) -> Call:
    return call(code.from_probabilities, alphabet(n) / alphabet(n).sum(), **limit)


def _squares(n: int) -> Array:
    """Counts that fall with the square of the rank: the limit decides the lengths of most."""
    return np.ceil((n / np.arange(1, n + 1)) ** 2).astype(np.int64)


def _steep(longest: int) -> Call:
    """Counts so different that the limit is the length of the longest codeword."""
    counts = np.rint(1.09 ** np.arange(256)).astype(np.int64)
    return call(pyinfo.HuffmanCode.from_counts, counts, max_length=longest)


CLAIMS: Claims = {
    "compress huffman": (COMPRESSED, _compress("huffman")),
    "decompress huffman": (DECOMPRESSED, _decompress("huffman")),
    "compress rans": (COMPRESSED, _compress("rans")),
    "decompress rans": (DECOMPRESSED, _decompress("rans")),
    "compress few symbols": (COMPRESSED, lambda n: call(pyinfo.compress, _few(n))),
    "decompress few symbols": (DECOMPRESSED, _decompress_few),
    "Compressor": (STREAMED, lambda n: call(_in_pieces, pyinfo.Compressor, four_bits(n))),
    "Decompressor": (STREAMED, lambda n: call(_in_pieces, pyinfo.Decompressor, _coded(n))),
    "compress_file": (WRITTEN, _compress_file),
    "decompress_file": (WRITTEN, _decompress_file),
    "Frame.verify": (VERIFIED, lambda n: call(pyinfo.Frame(_coded(n)).verify)),
    "Frame.read (1000 elements)": (READ, _part("read")),
    "Frame.read_flat (1000 elements)": (READ, _part("read_flat")),
    "Frame.open": (OPENED, _open),
    "compression_report": (REPORTED, lambda n: call(pyinfo.compression_report, four_bits(n))),
    **_of_each_code(pyinfo.HuffmanCode, max_length=16),
    **_of_each_code(pyinfo.RansModel, precision=16),
    "HuffmanCode.from_counts": (BUILT, lambda n: _huffman(alphabet(n))),
    "HuffmanCode.from_counts (package-merge)": (BUILT, lambda n: _huffman(_squares(n))),
    "HuffmanCode.from_probabilities": (
        BUILT,
        lambda n: _of_shares(pyinfo.HuffmanCode, n, max_length=n.bit_length()),
    ),
    "HuffmanCode.from_counts (n = longest codeword)": (LIMITED, _steep),
    "HuffmanCode.from_lengths": (
        RESTORED,
        lambda n: call(pyinfo.HuffmanCode.from_lengths, _huffman(alphabet(n))().lengths),
    ),
    "RansModel.from_counts": (BUILT, _rans),
    "RansModel.from_probabilities": (
        BUILT,
        lambda n: _of_shares(pyinfo.RansModel, n, precision=16),
    ),
    "RansModel.from_frequencies": (
        RESTORED,
        lambda n: call(pyinfo.RansModel.from_frequencies, _rans(n)().frequencies),
    ),
}
