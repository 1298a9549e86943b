"""The bars: what counts as fast, small and exact. Every number that is aimed for stands here."""

from collections.abc import Mapping
from dataclasses import dataclass

from bench.inputs.distributions import Shape
from bench.inputs.samples import UNIFORM
from bench.peers import continuous
from bench.peers.candidate import NUMPY
from bench.peers.codecs import CONSTRICTION, ZSTANDARD
from bench.peers.dependence import SKLEARN
from bench.peers.logits import COMPILED, EAGER, READING, WITH_GRADIENT
from bench.peers.quantization import ALLOCATION, HIGHS, ONNXRUNTIME
from bench.peers.symbol_models import COMPRESSAI, TORCHAC

SCIPY = "scipy.stats.entropy"
JENSENSHANNON = "scipy.spatial.distance.jensenshannon"


@dataclass(frozen=True)
class Bar:
    """A bound on a measured value."""

    bound: float
    at_least: bool

    def met(self, value: float) -> bool:
        return value >= self.bound if self.at_least else value <= self.bound


def at_least(bound: float) -> Bar:
    return Bar(bound, at_least=True)


def at_most(bound: float) -> Bar:
    return Bar(bound, at_least=False)


# By whose way it is: how many times as fast to be as the fastest way of theirs. Where a tuple names
# several, the bar is on the fastest of them.
Bars = Mapping[str | tuple[str, ...], Bar]

_ENTROPY_FLOAT64: Bars = {SCIPY: at_least(12), "numpy": at_least(3)}
_ENTROPY_FLOAT32: Bars = {SCIPY: at_least(25), "numpy": at_least(4.5)}
_BATCH: Bars = {SCIPY: at_least(15), "numpy": at_least(4)}
_KL_FLOAT64: Bars = {SCIPY: at_least(18), "numpy": at_least(3)}
_KL_FLOAT32: Bars = {SCIPY: at_least(40)}
_JS: Bars = {JENSENSHANNON: at_least(18)}

# A measure on data of a dtype, of one shape, along an axis if one is named.
SPEED: tuple[tuple[str, str, Shape, int | None, Bars], ...] = (
    ("entropy", "float64", (1_000_000,), None, _ENTROPY_FLOAT64),
    ("entropy", "float64", (10_000_000,), None, _ENTROPY_FLOAT64),
    ("entropy", "float32", (1_000_000,), None, _ENTROPY_FLOAT32),
    ("entropy", "float32", (10_000_000,), None, _ENTROPY_FLOAT32),
    ("kl_divergence", "float64", (1_000_000,), None, _KL_FLOAT64),
    ("kl_divergence", "float64", (10_000_000,), None, _KL_FLOAT64),
    ("kl_divergence", "float32", (1_000_000,), None, _KL_FLOAT32),
    ("kl_divergence", "float32", (10_000_000,), None, _KL_FLOAT32),
    ("js_divergence", "float64", (1_000_000,), None, _JS),
    ("js_divergence", "float64", (10_000_000,), None, _JS),
    ("entropy", "float64", (10_000, 1000), 1, _BATCH),
    ("entropy", "float64", (10_000, 1000), 0, _BATCH),
)

# Seconds of one call on four elements.
CALL = {"entropy": at_most(60e-9), "kl_divergence": at_most(80e-9)}
CALL_FROM_C = at_most(30e-9)

# Speed of entropy float64, n = 1e6, with each instruction set against a peer in the same rounds.
BEST_ISA = "avx512"
ISA = {
    "avx2": (BEST_ISA, at_least(0.45)),
    "sse4": (SCIPY, at_least(2)),
    "portable": (SCIPY, at_least(2)),
}

NEAR_RELATIVE = 1e-8
NEAR_ERROR = at_most(1e-12)
NEAR_PAIRS = 100_000
WRONG_PAIRS = at_most(0)

EXTRA_BYTES = at_most(64 * 1024)
IMPORT_SECONDS = at_most(0.050)
IMPORT_SECONDS_WITH_NUMPY = at_most(0.150)

# -- Samples --------------------------------------------------------------------------------------

# mutual_information of two vectors of 1e6 int64 labels, by the number of labels.
MUTUAL_INFORMATION: Mapping[int, Bars] = {
    10: {SKLEARN: at_least(50)},
    256: {SKLEARN: at_least(50)},
    1000: {SKLEARN: at_least(10)},
}
# pairwise_mutual_information of 1e5 x 50 uint8, by the number of values; a loop over all pairs.
PAIRWISE: Mapping[int, Bars] = {16: {SKLEARN: at_least(100)}, 256: {SKLEARN: at_least(100)}}

_FRAMES = ("pandas value_counts", "polars value_counts")
_EVERYBODY = ("np.unique", *_FRAMES)
_NOT_SLOWER: Bars = {UNIFORM: at_least(0.7)}

# Samples of a kind, so many of them.
COUNTING: tuple[tuple[str, int, Bars], ...] = (
    (UNIFORM, 10_000_000, {("np.bincount", *_FRAMES): at_least(6), "np.unique": at_least(100)}),
    ("uint8 constant", 10_000_000, _NOT_SLOWER),
    ("uint8 skewed", 10_000_000, _NOT_SLOWER),
    ("uint16 uniform", 10_000_000, {}),
    ("int64, 1000 distinct, dense", 10_000_000, {_EVERYBODY: at_least(2.5)}),
    ("int64, 1000 distinct, sparse", 10_000_000, {_EVERYBODY: at_least(2.5)}),
    ("int64, 1e5 distinct, sparse", 1_000_000, {_EVERYBODY: at_least(1.8)}),
    ("int64, nearly all distinct", 1_000_000, {"np.unique": at_least(1)}),
    ("str, 1000 distinct", 1_000_000, {"pandas value_counts": at_least(1)}),
)

# Estimates by nearest neighbours; entropies of three and four dimensions next to a k-d tree.
CONTINUOUS: Mapping[str, Bars] = {
    "ksg1": {continuous.SKLEARN["ksg1"]: at_least(15)},
    "ross": {continuous.SKLEARN["ross"]: at_least(50)},
    "entropy 3": {continuous.SCIPY_TREE: at_least(5)},
    "entropy 4": {continuous.SCIPY_TREE: at_least(5)},
}

# -- Logits ---------------------------------------------------------------------------------------

# Rows and classes; by type, function, and what malloc does with memory.
LOGITS = ((2048, 32_000), (512, 128_000))
LOSSES: Mapping[str, Mapping[str, Mapping[str, Bars]]] = {
    "float32": {
        "cross_entropy": {
            "kept": {READING: at_least(1 / 1.2), EAGER: at_least(3), COMPILED: at_least(2)},
            "as it comes": {},
        },
        WITH_GRADIENT: {
            "kept": {EAGER: at_least(4.5), COMPILED: at_least(4)},
            "as it comes": {},
        },
        "kl_divergence": {
            "kept": {EAGER: at_least(5), COMPILED: at_least(2.3)},
            "as it comes": {},
        },
        "entropy": {"kept": {EAGER: at_least(10)}, "as it comes": {}},
    },
    "bfloat16": {
        "cross_entropy": {"kept": {}, "as it comes": {COMPILED: at_least(3)}},
        WITH_GRADIENT: {"kept": {}, "as it comes": {COMPILED: at_least(5)}},
    },
}
LOSS_BY_ISA: Mapping[str, Bar] = {"avx2": at_least(0.45)}  # of the speed with BEST_ISA
SMALL_LOSS = at_most(300e-9)

# -- Coding ---------------------------------------------------------------------------------------

# How many times as fast as each peer one of pyinfo's coders has to be on the 4-bit data: whole
# calls with checksums. The histogram is exact, but for the last coder's.
CODERS: Mapping[str, Mapping[str, Bars]] = {
    "huffman": {"decode": {ZSTANDARD: at_least(2.3)}, "encode": {ZSTANDARD: at_least(2)}},
    "rans": {
        "decode": {ZSTANDARD: at_least(1.9), CONSTRICTION: at_least(120)},
        "encode": {ZSTANDARD: at_least(1.35), CONSTRICTION: at_least(8)},
    },
    "rans, sampled histogram": {"decode": {}, "encode": {ZSTANDARD: at_least(2)}},
}

# Decoding the 4-bit data with weaker kernels, each in a process of its own. That Huffman's portable
# kernel has a bar in GB/s stands with `KERNELS`.
DECODE_BY_ISA: Mapping[str, Mapping[str, Bars]] = {
    "huffman": {"sse4": {ZSTANDARD: at_least(0.9)}, "avx2": {ZSTANDARD: at_least(1.2)}},
    "rans": {"portable": {CONSTRICTION: at_least(14)}},
}

# Sizes. An excess is coded size / entropy - 1 of a block of 256 KiB, the largest of all blocks.
HUFFMAN_OF_ZSTANDARD = at_most(1)
RANS_EXCESS = at_most(0.005)
BELOW_ONE_BIT_EXCESS = at_most(0.03)
ALMOST_INCOMPRESSIBLE_SIZE = at_most(0.995)  # of the input's, for 7.9 bits: the entropy is 0.9875


def largest_growth(size: int) -> Bar:
    """What incompressible input of that many bytes may grow by, in bytes."""
    return at_most(size / 1000 + 64)


# bfloat16 numbers next to zipnn, at no more than its size.
WEIGHTS = {"encode": at_least(2.5), "decode": at_least(2)}
WEIGHTS_SIZE = at_most(1)

# Whole files of such numbers, and patches next to XOR through zstandard.
WEIGHT_FILES = {"load": at_least(3), "save": at_least(2.5)}  # times as fast as zipnn
WEIGHT_THREADS = at_least(1.6)
WEIGHT_FILE_LESS = at_least(0.002)  # than zipnn's, of the weights
WEIGHT_FILE_MEMORY = at_most(64 << 20)
WEIGHT_ROW_SECONDS = at_most(1e-3)
PATCH_SPEED = {"diff": at_least(5), "apply": at_least(6)}
PATCH_SIZE = at_most(0.36)
DENSE_PATCH_SIZE = at_most(0.6)
PATCH_OF_ENTROPY = at_most(1.1)
DFLOAT11_SPEED = at_least(100)

# Few symbols, 32 MiB, in GB/s: decode and encode. AVX2 and better.
FEW_SYMBOLS: Mapping[str, tuple[Bar, Bar]] = {
    "2 equal symbols": (at_least(15), at_least(8)),
    "4 equal symbols": (at_least(11), at_least(8)),
    "16 equal symbols": (at_least(6.75), at_least(8)),
    "3 equal symbols": (at_least(9), at_least(8)),
    "2 % ones": (at_least(6), at_least(3.5)),
    "mask with runs": (at_least(6.5), at_least(3.5)),
    "6 symbols, 0.9 bits": (at_least(4.1), at_least(1.6)),
}

INCOMPRESSIBLE_SPEED = at_least(5)  # GB/s, both ways
MESSAGE_SPEED = at_least(0.7)  # GB/s, both ways, 4 KiB with a shared code
MESSAGE_OVERHEAD = at_most(16)  # bytes of a message of 64 symbols beyond what the code predicts
TWO_THREADS = at_least(1.7)

# Of the time that coding a block of 256 KiB takes.
TABLE_SHARE = at_most(0.1)

# Kernels alone on 256 KiB in cache, GB/s of symbols (decode, encode) on a core at 4 GHz.
KERNEL_CLOCK = 4.0
KERNELS = {
    ("huffman", "portable"): (at_least(1.0), at_least(1.1)),
    ("rans", "portable"): (at_least(0.55), at_least(0.75)),
    ("huffman", "sse4"): (at_least(2.4), at_least(1.9)),
    ("rans", "sse4"): (at_least(2.3), at_least(1.1)),
    ("huffman", "avx2"): (at_least(3.3), at_least(2.8)),
    ("rans", "avx2"): (at_least(3.2), at_least(2.0)),
    ("huffman", "avx512"): (at_least(7), at_least(11)),
    ("rans", "avx512"): (at_least(6), at_least(3.7)),
}

# -- Zarr -----------------------------------------------------------------------------------------

ZARR_WRITE = at_least(1)  # times as fast as numcodecs.Zstd(level=1)
ZARR_SIZE_OF_HUFFMAN_ONLY = at_most(1)  # of zstd's size by Huffman coding alone, bytes shuffled
ZARR_TWO_THREADS = at_least(1.6)

# Parts of quantisation, of so many floats.
_FLOATS = 1 << 22
QUANTIZATION: Mapping[str, tuple[int, Bars]] = {
    "histogram": (_FLOATS, {NUMPY: at_least(8)}),
    "entropy of NVIDIA": (_FLOATS, {NUMPY: at_least(60)}),
    "entropy of onnxruntime": (_FLOATS, {ONNXRUNTIME: at_least(500)}),
    "scales, 4 bits, groups of 32": (_FLOATS, {NUMPY: at_least(35)}),
    "scales, 4 bits, groups of 64": (_FLOATS, {NUMPY: at_least(35)}),
    "scales, 4 bits, groups of 128": (_FLOATS, {NUMPY: at_least(35)}),
    "rate and distortion, 7 widths": (_FLOATS, {NUMPY: at_least(25)}),
    ALLOCATION: (1000, {HIGHS: at_least(50)}),
}
ALLOCATION_SECONDS = at_most(0.005)

# A model of 90 MB that is to have 8 MB, and what is lost next to integers of six bits that clip
# nothing, at the bytes that an entropy coder makes of these.
FIT_WEIGHTS = 22_713_728
FIT_SECONDS = at_most(2)
FIT_GAP = at_most(1e-3)
FIT_PREDICTION = at_most(1e-3)
FIT_OF_SIX_BITS = at_most(0.4)

# Models per symbol, by the instruction set that is used.
SYMBOL_MODELS: Mapping[str, Mapping[str, Bars]] = {
    "avx512": {"encode": {CONSTRICTION: at_least(60)}, "decode": {CONSTRICTION: at_least(100)}},
    "avx2": {"encode": {CONSTRICTION: at_least(40)}, "decode": {CONSTRICTION: at_least(80)}},
    "portable": {"encode": {CONSTRICTION: at_least(12)}, "decode": {CONSTRICTION: at_least(30)}},
}
# Next to rANS with one model of bytes.
SHARE_OF_ONE_MODEL = {"encode": at_least(0.6), "decode": at_least(0.27)}
# Streams of other packages, by what is handed over and how many symbols.
LEARNED_STREAMS: Mapping[tuple[str, int], Mapping[str, Bars]] = {
    ("arrays", 1 << 18): {
        "encode": {COMPRESSAI: at_least(14)},
        "decode": {COMPRESSAI: at_least(7)},
    },
    ("lists", 1 << 18): {
        "encode": {COMPRESSAI: at_least(9)},
        "decode": {COMPRESSAI: at_least(4.5)},
    },
    ("lists", 192): {
        "encode": {COMPRESSAI: at_least(25)},
        "decode": {COMPRESSAI: at_least(25)},
    },
    ("tensors", 1 << 16): {"encode": {TORCHAC: at_least(1)}, "decode": {TORCHAC: at_least(1)}},
}
