"""How the cost of everything public is claimed to grow."""

import atexit
import functools
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import pyinfo
from bench.growth import count_claims
from bench.growth.claim import Claim
from bench.inputs.coding_inputs import FOUR_BITS, Bytes, coding_data
from bench.inputs.distributions import Array
from bench.peers.measures import MEASURES, Measure
from bench.processes.timing import Call
from pyinfo.testing import Growth, doublings

PIECE = 1 << 18  # of a stream, in bytes
LARGE = [k << 23 for k in range(1, 7)]  # what works in pieces of some MiB, works in several
Code = pyinfo.HuffmanCode | pyinfo.RansModel


# What has no input that grows.
NO_CLAIM = ("CodingReport", "CorruptDataError", "get_include", "show_config")


def _of_measure(measure: Measure) -> Claim:
    def prepare(n: int) -> Call:
        return measure.call_without_result(measure.inputs((n,)))

    touched = 8 * (measure.distributions + measure.elementwise)
    sizes, quick = doublings(8, 23), doublings(8, 18)
    return Claim(measure.name, prepare, touched, sizes, quick, measure.time, measure.memory)


def _compress(coder: str) -> Claim:
    """Whole blocks: shorter input has fewer lanes, which is a matter of speed, not of growth."""

    def prepare(n: int) -> Call:
        return Call(pyinfo.compress, (coding_data(FOUR_BITS, n),), {"coder": coder})

    sizes, quick = doublings(18, 24), doublings(16, 21)
    return Claim(f"compress {coder}", prepare, 1.5, sizes, quick, memory="n")


def _decompress(coder: str) -> Claim:
    def prepare(n: int) -> Call:
        coded = pyinfo.compress(coding_data(FOUR_BITS, n), coder=coder)
        return Call(pyinfo.decompress, (coded,), {"out": np.empty(n, np.uint8)})

    sizes, quick = doublings(18, 24), doublings(16, 21)
    return Claim(f"decompress {coder}", prepare, 1.5, sizes, quick)


def _pieces(data: Bytes) -> list[memoryview]:
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


def _stream(name: str, function: Callable[[list[memoryview]], None], *, coded: bool) -> Claim:
    """Data that comes in pieces; what comes out is dropped, as if it were written."""

    def prepare(n: int) -> Call:
        data = coding_data(FOUR_BITS, n)
        if coded:
            data = np.frombuffer(pyinfo.compress(data), np.uint8)
        return Call(function, (_pieces(data),))

    return Claim(name, prepare, 1.5, doublings(20, 25), doublings(20, 25))


@functools.cache
def _folder() -> Path:
    """A folder for as long as the process lives, in memory where the system has such files."""
    shared = Path("/dev/shm")
    folder = tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None)
    atexit.register(folder.cleanup)
    return Path(folder.name)


def _file(name: str, function: Callable[[Path, Path], object], *, coded: bool) -> Claim:
    def prepare(n: int) -> Call:
        data: Any = coding_data(FOUR_BITS, n)
        source, destination = _folder() / f"{name}-{n}", _folder() / f"{name}-{n}-out"
        source.write_bytes(pyinfo.compress(data) if coded else data)
        return Call(function, (source, destination))

    return Claim(name, prepare, 3, LARGE, LARGE)


def _frame(name: str, use: Callable[[pyinfo.Frame], object], time: str) -> Claim:
    """What is done with a frame that is open."""

    def prepare(n: int) -> Call:
        return Call(use, (pyinfo.Frame(pyinfo.compress(coding_data(FOUR_BITS, n))),))

    # One block and more: it is a whole block that is decoded.
    return Claim(name, prepare, 1.5, doublings(18, 24), doublings(18, 23), time=time)


def _read_part(frame: pyinfo.Frame) -> object:
    middle = len(frame) // 2
    return frame.read(middle, middle + 1000)


def _read_flat_part(frame: pyinfo.Frame) -> object:
    middle = len(frame) // 2
    return frame.read_flat(middle, middle + 1000)


def _open_and_close(path: Path) -> None:
    pyinfo.Frame.open(path).close()


def _open(blocks: int) -> Call:
    """A file of so many blocks: their index is what is read."""
    path = _folder() / f"{blocks} blocks"
    path.write_bytes(pyinfo.compress(coding_data(FOUR_BITS, 64 * blocks), block_size=64))
    return Call(_open_and_close, (path,))


def _report(n: int) -> Call:
    return Call(pyinfo.compression_report, (coding_data(FOUR_BITS, n),))


def _samples(build: Callable[[Bytes], object]) -> Callable[[int], Call]:
    def prepare(n: int) -> Call:
        data = coding_data(FOUR_BITS, n)
        return Call(build, (data,))

    return prepare


def _messages(code: type[Code]) -> tuple[Claim, ...]:
    """Messages with a shared code; 128 lanes from where they are all in use."""

    def encode(n: int) -> Call:
        data = coding_data(FOUR_BITS, n)
        return Call(code.from_samples(data).encode, (data,))

    def decode(n: int) -> Call:
        data = coding_data(FOUR_BITS, n)
        shared = code.from_samples(data)
        return Call(shared.decode, (shared.encode(data),), {"out": np.empty_like(data)})

    def expected(n: int) -> Call:
        counts = np.random.default_rng(0).integers(1, 1000, n)
        given = {"max_length": 16} if code is pyinfo.HuffmanCode else {"precision": 16}
        return Call(code.from_counts(counts, **given).expected_length, (counts,))

    name = code.__name__
    sizes, quick = doublings(17, 24), doublings(16, 21)
    return (
        # New memory for large results has a price of its own.
        Claim(f"{name}.encode", encode, 1.5, quick, quick, memory="n"),
        Claim(f"{name}.decode", decode, 1.5, sizes, quick),
        Claim(f"{name}.from_samples", _samples(code.from_samples), 1, sizes, quick),
        Claim(
            f"{name}.expected_length", expected, 24, doublings(8, 15), doublings(8, 13), memory="n"
        ),
    )


def _table(name: str, build: Callable[[Array], object], largest: int) -> Claim:
    """Building a code for n symbols whose counts lie within a factor of 1000."""

    def prepare(n: int) -> Call:
        return Call(build, (np.random.default_rng(0).integers(1, 1000, n),))

    sizes = doublings(largest - 6, largest)
    return Claim(name, prepare, 32, sizes, sizes, time="n log n", memory="n")


def _huffman_code(counts: Array) -> object:
    """With a limit that grows with n: the decoder's table has as many entries as it can tell."""
    return pyinfo.HuffmanCode.from_counts(counts, max_length=counts.size.bit_length())


def _rans_model(counts: Array) -> object:
    return pyinfo.RansModel.from_counts(counts, precision=16)


def _of_samples(name: str, touched: float, make: Callable[[int], Call], memory: str = "1") -> Claim:
    return Claim(name, make, touched, doublings(14, 22), doublings(12, 18), memory=memory)


def _labels(n: int, count: int) -> list[Array]:
    return list(np.random.default_rng(0).integers(0, 50, (count, n)))


def _adjusted(n: int) -> Call:
    """Few clusters: what is expected of them by chance costs about the root of n for each pair."""
    return Call(pyinfo.adjusted_mutual_information, tuple(np.minimum(_labels(n, 2), 4)))


def _of_labels(
    function: Callable[..., object], variables: int, *, given: bool = False, memory: str = "1"
) -> Claim:
    def prepare(n: int) -> Call:
        labels = _labels(n, variables)
        keywords = {"given": labels.pop()} if given else {}
        return Call(function, tuple(labels), keywords)

    # With memory come columns of places, which are written and read again.
    touched = 8 * variables * (1 if memory == "1" else 5)
    return _of_samples(function.__name__, touched, prepare, memory)


def _pairwise(n: int) -> Call:
    table = np.random.default_rng(0).integers(0, 20, (n, 8)).astype(np.uint8)
    return Call(pyinfo.pairwise_mutual_information, (table,))


def _block_entropy(n: int) -> Call:
    return Call(pyinfo.block_entropy, (coding_data(FOUR_BITS, n), 2))


def _entropy_rate(n: int) -> Call:
    return Call(pyinfo.entropy_rate, (coding_data(FOUR_BITS, n), 1))


def _estimate(estimator: str) -> Claim:
    """Of n symbols with a few different counts: what is left after looking at them once."""

    def prepare(n: int) -> Call:
        counts = np.random.default_rng(0).integers(0, 50, n)
        return Call(pyinfo.estimate_entropy, (counts,), {"estimator": estimator})

    sizes, quick = doublings(16, 22), doublings(14, 19)
    name = f"estimate_entropy {estimator}"
    return Claim(name, prepare, 8, sizes, quick, time="n log n", memory="n")


def _from_lengths(n: int) -> Call:
    counts = np.random.default_rng(0).integers(1, 1000, n)
    code = pyinfo.HuffmanCode.from_counts(counts, max_length=n.bit_length())
    return Call(pyinfo.HuffmanCode.from_lengths, (code.lengths,))


def _from_frequencies(n: int) -> Call:
    counts = np.random.default_rng(0).integers(1, 1000, n)
    model = pyinfo.RansModel.from_counts(counts, precision=16)
    return Call(pyinfo.RansModel.from_frequencies, (model.frequencies,))


def _limited_code(n: int) -> Call:
    """Counts that fall with the square of the rank: the limit decides the lengths of most."""
    counts = (n / np.arange(1, n + 1)) ** 2
    given = np.ceil(counts).astype(np.int64)
    return Call(pyinfo.HuffmanCode.from_counts, (given,), {"max_length": n.bit_length()})


def _tables(longest: int) -> Call:
    """A code of 256 symbols, so different that the limit is the length of the longest codeword."""
    counts = np.rint(1.09 ** np.arange(256)).astype(np.int64)
    return Call(pyinfo.HuffmanCode.from_counts, (counts,), {"max_length": longest})


_ALPHABETS = (doublings(9, 15), doublings(9, 15))

_ALL = (
    *map(_of_measure, MEASURES.values()),
    *(_compress(coder) for coder in ("huffman", "rans")),
    *(_decompress(coder) for coder in ("huffman", "rans")),
    _of_labels(pyinfo.entropy_of, 1),
    _of_labels(pyinfo.joint_entropy, 2, memory="n"),
    _of_labels(pyinfo.conditional_entropy, 2, given=True, memory="n"),
    _of_labels(pyinfo.mutual_information, 2),
    _of_labels(pyinfo.normalized_mutual_information, 2),
    _of_samples("adjusted_mutual_information", 16, _adjusted),
    _of_labels(pyinfo.variation_of_information, 2),
    _of_labels(pyinfo.conditional_mutual_information, 3, given=True, memory="n"),
    _of_labels(pyinfo.total_correlation, 3, memory="n"),
    _of_labels(pyinfo.interaction_information, 3, memory="n"),
    _of_labels(pyinfo.transfer_entropy, 2, memory="n"),
    _of_samples("pairwise_mutual_information", 8, _pairwise, memory="n"),
    _of_samples("block_entropy", 1, _block_entropy, memory="n"),
    _of_samples("entropy_rate", 1, _entropy_rate, memory="n"),
    _estimate("chao-wang-jost"),
    _stream("Compressor", _compress_pieces, coded=False),
    _stream("Decompressor", _decompress_pieces, coded=True),
    _file("compress_file", pyinfo.compress_file, coded=False),
    _file("decompress_file", pyinfo.decompress_file, coded=True),
    _frame("Frame.verify", pyinfo.Frame.verify, "n"),
    _frame("Frame.read (1000 elements)", _read_part, "1"),
    _frame("Frame.read_flat (1000 elements)", _read_flat_part, "1"),
    Claim("Frame.open", _open, 16, doublings(13, 18), doublings(13, 18), memory=None),
    Claim("compression_report", _report, 2, doublings(17, 23), doublings(16, 21), memory="n"),
    *_messages(pyinfo.HuffmanCode),
    *_messages(pyinfo.RansModel),
    _table("HuffmanCode.from_counts", _huffman_code, 15),
    Claim(
        "HuffmanCode.from_counts (package-merge)",
        _limited_code,
        32,
        doublings(9, 15),
        doublings(9, 15),
        time="n log n",
        memory="n",
    ),
    # The decoder's tables: with 256 symbols the O(n L) of package-merge is not seen beside them.
    Claim(
        "HuffmanCode.from_counts (n = longest codeword)",
        _tables,
        0,
        range(9, 17),
        range(9, 17),
        time=Growth("2^n", np.exp2),
    ),
    Claim("HuffmanCode.from_lengths", _from_lengths, 4, *_ALPHABETS, memory=None),
    _table("RansModel.from_counts", _rans_model, 15),
    Claim("RansModel.from_frequencies", _from_frequencies, 4, *_ALPHABETS, memory=None),
    *count_claims.CLAIMS,
)
CLAIMS: Mapping[str, Claim] = {claim.name: claim for claim in _ALL}
