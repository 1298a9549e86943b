"""How the cost of coding is claimed to grow: by bytes, or by symbols where codes are built."""

import atexit
import functools
import tempfile
from pathlib import Path

import numpy as np

import pyinfo
from bench.growth.claim import Claim, Prepare, call
from bench.inputs.coded_bytes import Bytes, four_bits
from bench.inputs.distributions import Array
from bench.inputs.samples import alphabet
from pyinfo.testing import Growth, doublings
from pyinfo.testing.timing import Call

PIECE = 1 << 18  # of a stream, in bytes
LARGE = [k << 23 for k in range(1, 7)]  # what works in pieces of some MiB, works in several
STREAMED = doublings(20, 25)
ALPHABETS = doublings(9, 15)
Code = pyinfo.HuffmanCode | pyinfo.RansModel


def _room(n: int) -> Bytes:
    return np.empty(n, np.uint8)


def _coded(n: int, coder: str = "auto") -> bytes:
    return pyinfo.compress(four_bits(n), coder=coder)


def _whole_calls(coder: str) -> tuple[Claim, ...]:
    """Whole blocks: shorter input has fewer lanes, which is a matter of speed, not of growth."""
    sizes = doublings(18, 24), doublings(16, 21)

    def compress(n: int) -> Call:
        return call(pyinfo.compress, four_bits(n), coder=coder)

    def decompress(n: int) -> Call:
        return call(pyinfo.decompress, _coded(n, coder), out=_room(n))

    return (
        Claim(f"compress {coder}", compress, 1.5, *sizes, memory="n"),
        Claim(f"decompress {coder}", decompress, 1.5, *sizes),
    )


# -- Streams and files ----------------------------------------------------------------------------


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


def _blocks(n: int) -> Path:
    """A file of n blocks: their index is what is read."""
    return _file(f"{n} blocks", pyinfo.compress(four_bits(64 * n), block_size=64))


# -- Frames ---------------------------------------------------------------------------------------


def _frame(name: str, prepare: Prepare, time: str) -> Claim:
    """What is done with a frame that is open. One block and more: whole blocks are decoded."""
    return Claim(name, prepare, 1.5, doublings(18, 24), doublings(18, 23), time=time)


def _part(method: str, n: int) -> Call:
    read = getattr(pyinfo.Frame(_coded(n)), method)
    return call(read, n // 2, n // 2 + 1000)


# -- Codes ----------------------------------------------------------------------------------------


def _messages(code: type[Code], limit: dict[str, int]) -> tuple[Claim, ...]:
    """Messages with a shared code; 128 lanes from where they are all in use."""

    def encode(n: int) -> Call:
        return call(code.from_samples(four_bits(n)).encode, four_bits(n))

    def decode(n: int) -> Call:
        shared = code.from_samples(four_bits(n))
        return call(shared.decode, shared.encode(four_bits(n)), out=_room(n))

    def expected(n: int) -> Call:
        return call(code.from_counts(alphabet(n), **limit).expected_length, alphabet(n))

    name, sizes, quick = code.__name__, doublings(17, 24), doublings(16, 21)
    tables = doublings(8, 15), doublings(8, 13)
    return (
        # New memory for large results has a price of its own.
        Claim(f"{name}.encode", encode, 1.5, quick, quick, memory="n"),
        Claim(f"{name}.decode", decode, 1.5, sizes, quick),
        Claim(
            f"{name}.from_samples", lambda n: call(code.from_samples, four_bits(n)), 1, sizes, quick
        ),
        Claim(f"{name}.expected_length", expected, 24, *tables, memory="n"),
    )


def _built(name: str, prepare: Prepare) -> Claim:
    """Building a code for n symbols."""
    return Claim(name, prepare, 32, ALPHABETS, ALPHABETS, time="n log n", memory="n")


def _restored(name: str, prepare: Prepare) -> Claim:
    return Claim(name, prepare, 4, ALPHABETS, ALPHABETS, memory=None)


def _huffman(counts: Array) -> Call:
    """With a limit that grows with n: the decoder's table has as many entries as it can tell."""
    return call(pyinfo.HuffmanCode.from_counts, counts, max_length=counts.size.bit_length())


def _rans(n: int) -> Call:
    return call(pyinfo.RansModel.from_counts, alphabet(n), precision=16)


def _shares(n: int) -> Array:
    return alphabet(n) / alphabet(n).sum()


def _squares(n: int) -> Array:
    """Counts that fall with the square of the rank: the limit decides the lengths of most."""
    return np.ceil((n / np.arange(1, n + 1)) ** 2).astype(np.int64)


def _steep(longest: int) -> Call:
    """Counts so different that the limit is the length of the longest codeword."""
    counts = np.rint(1.09 ** np.arange(256)).astype(np.int64)
    return call(pyinfo.HuffmanCode.from_counts, counts, max_length=longest)


CLAIMS = (
    *_whole_calls("huffman"),
    *_whole_calls("rans"),
    Claim(
        "Compressor",
        lambda n: call(_in_pieces, pyinfo.Compressor, four_bits(n)),
        *(1.5, STREAMED, STREAMED),
    ),
    Claim(
        "Decompressor",
        lambda n: call(_in_pieces, pyinfo.Decompressor, _coded(n)),
        *(1.5, STREAMED, STREAMED),
    ),
    Claim(
        "compress_file",
        lambda n: call(pyinfo.compress_file, _file(f"{n}", four_bits(n)), _folder() / f"{n}.coded"),
        *(3, LARGE, LARGE),
    ),
    Claim(
        "decompress_file",
        lambda n: call(pyinfo.decompress_file, _file(f"{n}.in", _coded(n)), _folder() / f"{n}.out"),
        *(3, LARGE, LARGE),
    ),
    _frame("Frame.verify", lambda n: call(pyinfo.Frame(_coded(n)).verify), "n"),
    _frame("Frame.read (1000 elements)", functools.partial(_part, "read"), "1"),
    _frame("Frame.read_flat (1000 elements)", functools.partial(_part, "read_flat"), "1"),
    Claim(
        "Frame.open",
        lambda n: call(lambda path: pyinfo.Frame.open(path).close(), _blocks(n)),
        *(16, doublings(13, 18), doublings(13, 18)),
        memory=None,
    ),
    Claim(
        "compression_report",
        lambda n: call(pyinfo.compression_report, four_bits(n)),
        *(2, doublings(17, 23), doublings(16, 21)),
        memory="n",
    ),
    *_messages(pyinfo.HuffmanCode, {"max_length": 16}),
    *_messages(pyinfo.RansModel, {"precision": 16}),
    _built("HuffmanCode.from_counts", lambda n: _huffman(alphabet(n))),
    _built("HuffmanCode.from_counts (package-merge)", lambda n: _huffman(_squares(n))),
    _built(
        "HuffmanCode.from_probabilities",
        lambda n: call(
            pyinfo.HuffmanCode.from_probabilities, _shares(n), max_length=n.bit_length()
        ),
    ),
    # The decoder's tables: with 256 symbols the O(n L) of package-merge is not seen beside them.
    Claim(
        "HuffmanCode.from_counts (n = longest codeword)",
        _steep,
        *(0, range(9, 17), range(9, 17)),
        time=Growth("2^n", np.exp2),
    ),
    _restored(
        "HuffmanCode.from_lengths",
        lambda n: call(pyinfo.HuffmanCode.from_lengths, _huffman(alphabet(n))().lengths),
    ),
    _built("RansModel.from_counts", _rans),
    _built(
        "RansModel.from_probabilities",
        lambda n: call(pyinfo.RansModel.from_probabilities, _shares(n), precision=16),
    ),
    _restored(
        "RansModel.from_frequencies",
        lambda n: call(pyinfo.RansModel.from_frequencies, _rans(n)().frequencies),
    ),
)
