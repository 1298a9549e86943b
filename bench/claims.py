"""How the cost of everything public is claimed to grow."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

import pyinfo

from .coding_inputs import FOUR_BITS, coding_data
from .inputs import Array
from .measures import MEASURES, Measure
from .scaling import doublings
from .timing import Call


@dataclass(frozen=True)
class Claim:
    """Time and memory of one function; `prepare` makes its call on n elements or symbols."""

    name: str
    prepare: Callable[[int], Call]
    touched: float  # bytes per n
    sizes: Sequence[int]
    quick_sizes: Sequence[int]
    time: str = "n"
    memory: str = "1"


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


def _table(name: str, build: Callable[[Array], object], largest: int) -> Claim:
    """Building a code for n symbols whose counts lie within a factor of 1000."""

    def prepare(n: int) -> Call:
        return Call(build, (np.random.default_rng(0).integers(1, 1000, n),))

    sizes = doublings(largest - 6, largest)
    return Claim(name, prepare, 32, sizes, sizes[:-1], time="n log n", memory="n")


def _huffman_code(counts: Array) -> object:
    return pyinfo.HuffmanCode.from_counts(counts, max_length=15)


def _rans_model(counts: Array) -> object:
    return pyinfo.RansModel.from_counts(counts, precision=16)


def _of_samples(name: str, touched: float, make: Callable[[int], Call], memory: str = "1") -> Claim:
    return Claim(name, make, touched, doublings(14, 22), doublings(12, 18), memory=memory)


def _labels(n: int, count: int) -> list[Array]:
    return list(np.random.default_rng(0).integers(0, 50, (count, n)))


def _mutual_information(n: int) -> Call:
    return Call(pyinfo.mutual_information, tuple(_labels(n, 2)))


def _conditional_information(n: int) -> Call:
    return Call(pyinfo.conditional_mutual_information, tuple(_labels(n, 3)))


def _pairwise(n: int) -> Call:
    table = np.random.default_rng(0).integers(0, 20, (n, 8)).astype(np.uint8)
    return Call(pyinfo.pairwise_mutual_information, (table,))


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


def _counting(distinct: int) -> Claim:
    """Samples of so many different values, far apart."""

    def prepare(n: int) -> Call:
        random = np.random.default_rng(0)
        values = random.integers(0, 2**62, distinct)
        return Call(pyinfo.Counts.from_samples, (values[random.integers(0, distinct, n)],))

    sizes, quick = doublings(16, 23), doublings(14, 20)
    return Claim(f"Counts.from_samples, {distinct} distinct", prepare, 8, sizes, quick)


def _all_different(n: int) -> Call:
    values = np.random.default_rng(0).integers(0, 2**62, n)
    return Call(pyinfo.Counts.from_samples, (values,))


def _joint(n: int) -> Call:
    x, y = np.random.default_rng(0).integers(0, 30, (2, n))
    return Call(pyinfo.JointCounts.from_samples, (x, y))


_ALL = (
    *map(_of_measure, MEASURES.values()),
    *(_compress(coder) for coder in ("huffman", "rans")),
    *(_decompress(coder) for coder in ("huffman", "rans")),
    _of_samples("mutual_information", 16, _mutual_information),
    _of_samples("conditional_mutual_information", 24, _conditional_information, memory="n"),
    _of_samples("pairwise_mutual_information", 8, _pairwise, memory="n"),
    _of_samples("entropy_rate", 1, _entropy_rate, memory="n"),
    _estimate("chao-wang-jost"),
    _table("HuffmanCode.from_counts", _huffman_code, 14),
    _table("RansModel.from_counts", _rans_model, 15),
    _counting(1000),
    Claim(
        "Counts.from_samples, all distinct",
        _all_different,
        32,
        doublings(14, 20),
        doublings(13, 18),
        memory="n",
    ),
    Claim("JointCounts.from_samples", _joint, 16, doublings(14, 22), doublings(14, 19)),
)
CLAIMS: Mapping[str, Claim] = {claim.name: claim for claim in _ALL}
