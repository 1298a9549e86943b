"""How the cost of coding is claimed to grow: by bytes, or by symbols where codes are built."""

import atexit
import functools
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

import pyinfo
from bench.growth.claim import Claim, calling, calling_method
from bench.inputs.coded_bytes import Bytes, four_bits
from bench.inputs.distributions import Array
from bench.inputs.samples import alphabet
from pyinfo.testing import Growth, doublings

PIECE = 1 << 18  # of a stream, in bytes
LARGE = [k << 23 for k in range(1, 7)]  # what works in pieces of some MiB, works in several
Code = pyinfo.HuffmanCode | pyinfo.RansModel
ALPHABETS = (doublings(9, 15), doublings(9, 15))


def _room(n: int) -> Bytes:
    return np.empty(n, np.uint8)


def _coded(n: int) -> bytes:
    return pyinfo.compress(four_bits(n))


def _whole_calls(coder: str) -> tuple[Claim, ...]:
    """Whole blocks: shorter input has fewer lanes, which is a matter of speed, not of growth."""
    sizes = doublings(18, 24), doublings(16, 21)
    compress = calling(pyinfo.compress, four_bits, coder=coder)
    decompress = calling(
        pyinfo.decompress, lambda n: pyinfo.compress(four_bits(n), coder=coder), out=_room
    )
    return (
        Claim(f"compress {coder}", compress, 1.5, *sizes, memory="n"),
        Claim(f"decompress {coder}", decompress, 1.5, *sizes),
    )


# -- Streams and files ----------------------------------------------------------------------------


def _pieces(data: Bytes | bytes) -> list[memoryview]:
    whole = memoryview(data)
    return [whole[start : start + PIECE] for start in range(0, len(whole), PIECE)]


def _compress_pieces(pieces: list[memoryview]) -> None:
    compressor = pyinfo.Compressor()
    for piece in pieces:
        compressor.compress(piece)
    compressor.flush()


def _decompress_pieces(pieces: list[memoryview]) -> None:
    decompressor = pyinfo.Decompressor()
    for piece in pieces:
        decompressor.decompress(piece)


def _stream(
    name: str, function: Callable[[list[memoryview]], None], source: Callable[[int], Bytes | bytes]
) -> Claim:
    """Data that comes in pieces; what comes out is dropped, as if it were written."""
    prepare = calling(function, lambda n: _pieces(source(n)))
    return Claim(name, prepare, 1.5, doublings(20, 25), doublings(20, 25))


@functools.cache
def _folder() -> Path:
    """A folder for as long as the process lives, in memory where the system has such files."""
    shared = Path("/dev/shm")
    folder = tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None)
    atexit.register(folder.cleanup)
    return Path(folder.name)


def _file(
    name: str, function: Callable[[Path, Path], object], source: Callable[[int], Bytes | bytes]
) -> Claim:
    def written(n: int) -> Path:
        path = _folder() / f"{name}-{n}"
        path.write_bytes(source(n))
        return path

    prepare = calling(function, written, lambda n: _folder() / f"{name}-{n}-out")
    return Claim(name, prepare, 3, LARGE, LARGE)


# -- Frames ---------------------------------------------------------------------------------------


def _frame(name: str, use: Callable[[pyinfo.Frame], object], time: str) -> Claim:
    """What is done with a frame that is open. One block and more: whole blocks are decoded."""
    prepare = calling(use, lambda n: pyinfo.Frame(_coded(n)))
    return Claim(name, prepare, 1.5, doublings(18, 24), doublings(18, 23), time=time)


def _read_part(frame: pyinfo.Frame) -> object:
    middle = len(frame) // 2
    return frame.read(middle, middle + 1000)


def _read_flat_part(frame: pyinfo.Frame) -> object:
    middle = len(frame) // 2
    return frame.read_flat(middle, middle + 1000)


def _open_and_close(path: Path) -> None:
    pyinfo.Frame.open(path).close()


def _file_of_blocks(blocks: int) -> Path:
    """Their index is what is read."""
    path = _folder() / f"{blocks} blocks"
    path.write_bytes(pyinfo.compress(four_bits(64 * blocks), block_size=64))
    return path


# -- Codes ----------------------------------------------------------------------------------------


def _messages(code: type[Code], limit: dict[str, int]) -> tuple[Claim, ...]:
    """Messages with a shared code; 128 lanes from where they are all in use."""

    def shared(n: int) -> Code:
        return code.from_samples(four_bits(n))

    def of_alphabet(n: int) -> Code:
        return code.from_counts(alphabet(n), **limit)

    name = code.__name__
    sizes, quick = doublings(17, 24), doublings(16, 21)
    tables = doublings(8, 15), doublings(8, 13)
    encode = calling_method("encode", shared, four_bits)
    decode = calling_method("decode", shared, lambda n: shared(n).encode(four_bits(n)), out=_room)
    expected = calling_method("expected_length", of_alphabet, alphabet)
    return (
        # New memory for large results has a price of its own.
        Claim(f"{name}.encode", encode, 1.5, quick, quick, memory="n"),
        Claim(f"{name}.decode", decode, 1.5, sizes, quick),
        Claim(f"{name}.from_samples", calling(code.from_samples, four_bits), 1, sizes, quick),
        Claim(f"{name}.expected_length", expected, 24, *tables, memory="n"),
    )


def _built(name: str, build: Callable[[Array], object], counts: Callable[[int], Array]) -> Claim:
    """Building a code for n symbols."""
    return Claim(name, calling(build, counts), 32, *ALPHABETS, time="n log n", memory="n")


def _huffman_code(counts: Array) -> pyinfo.HuffmanCode:
    """With a limit that grows with n: the decoder's table has as many entries as it can tell."""
    return pyinfo.HuffmanCode.from_counts(counts, max_length=counts.size.bit_length())


def _rans_model(counts: Array) -> pyinfo.RansModel:
    return pyinfo.RansModel.from_counts(counts, precision=16)


def _squares(n: int) -> Array:
    """Counts that fall with the square of the rank: the limit decides the lengths of most."""
    return np.ceil((n / np.arange(1, n + 1)) ** 2).astype(np.int64)


def _steep(longest: int) -> Array:
    """Counts so different that the limit is the length of the longest codeword."""
    del longest
    return np.rint(1.09 ** np.arange(256)).astype(np.int64)


CLAIMS = (
    *_whole_calls("huffman"),
    *_whole_calls("rans"),
    _stream("Compressor", _compress_pieces, four_bits),
    _stream("Decompressor", _decompress_pieces, _coded),
    _file("compress_file", pyinfo.compress_file, four_bits),
    _file("decompress_file", pyinfo.decompress_file, _coded),
    _frame("Frame.verify", pyinfo.Frame.verify, "n"),
    _frame("Frame.read (1000 elements)", _read_part, "1"),
    _frame("Frame.read_flat (1000 elements)", _read_flat_part, "1"),
    Claim(
        "Frame.open",
        calling(_open_and_close, _file_of_blocks),
        16,
        doublings(13, 18),
        doublings(13, 18),
        memory=None,
    ),
    Claim(
        "compression_report",
        calling(pyinfo.compression_report, four_bits),
        2,
        doublings(17, 23),
        doublings(16, 21),
        memory="n",
    ),
    *_messages(pyinfo.HuffmanCode, {"max_length": 16}),
    *_messages(pyinfo.RansModel, {"precision": 16}),
    _built("HuffmanCode.from_counts", _huffman_code, alphabet),
    _built("HuffmanCode.from_counts (package-merge)", _huffman_code, _squares),
    # The decoder's tables: with 256 symbols the O(n L) of package-merge is not seen beside them.
    Claim(
        "HuffmanCode.from_counts (n = longest codeword)",
        calling(pyinfo.HuffmanCode.from_counts, _steep, max_length=lambda longest: longest),
        0,
        range(9, 17),
        range(9, 17),
        time=Growth("2^n", np.exp2),
    ),
    Claim(
        "HuffmanCode.from_lengths",
        calling(pyinfo.HuffmanCode.from_lengths, lambda n: _huffman_code(alphabet(n)).lengths),
        4,
        *ALPHABETS,
        memory=None,
    ),
    _built("RansModel.from_counts", _rans_model, alphabet),
    Claim(
        "RansModel.from_frequencies",
        calling(pyinfo.RansModel.from_frequencies, lambda n: _rans_model(alphabet(n)).frequencies),
        4,
        *ALPHABETS,
        memory=None,
    ),
)
