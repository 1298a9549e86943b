"""The bytes that coders are measured on: the same ones in every run, but for the text."""

import functools
import itertools
import math
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

ALPHABET = 256


def entropy_of(data: Bytes) -> float:
    """Bits per byte, by NumPy alone: what sizes are compared with is not pyinfo's own figure."""
    counts = np.bincount(data, minlength=ALPHABET)
    p = counts[counts > 0] / data.size
    return float(-(p * np.log2(p)).sum())


def _gaussian(bits: float, n: int) -> Bytes:
    """Rounded normal values with an entropy of about `bits` (2 to 6): a bell of a few symbols."""
    deviation = 2**bits / math.sqrt(2 * math.pi * math.e)
    values = np.random.default_rng(0).standard_normal(n, dtype=np.float32)
    return np.rint(values * deviation + ALPHABET / 2).clip(0, ALPHABET - 1).astype(np.uint8)


def geometric(bits: float, n: int) -> Bytes:
    """Bytes whose probabilities fall by a constant factor, with an entropy of `bits`."""
    low, high = 0.0, 1.0  # the factor: all mass on one symbol, all symbols equal
    for _ in range(60):
        ratio = (low + high) / 2
        p = _falling(ratio)
        seen = p[p > 0]
        low, high = (ratio, high) if -(seen * np.log2(seen)).sum() < bits else (low, ratio)
    uniform = np.random.default_rng(0).random(n)
    ranks = np.searchsorted(np.cumsum(_falling(low))[:-1], uniform, side="right")
    # Neighbouring probabilities do not belong to neighbouring bytes.
    return np.random.default_rng(1).permutation(ALPHABET).astype(np.uint8)[ranks]


def _falling(ratio: float) -> NDArray[np.float64]:
    p = ratio ** np.arange(ALPHABET, dtype=np.float64)
    return p / p.sum()


def _weights(n: int) -> Bytes:
    """The high bytes of bfloat16 numbers from N(0, 0.02), as in weights: sign and exponent."""
    return (bfloat16_weights(2 * n) >> 8).astype(np.uint8)


def bfloat16_weights(size: int) -> NDArray[np.uint16]:
    """Weights from N(0, 0.02) of that many bytes, as the bits of bfloat16 numbers."""
    normal = np.random.default_rng(0).standard_normal(size // 2, dtype=np.float32)
    bits = (normal * np.float32(0.02)).view(np.uint32)
    bits += 0x7FFF + (bits >> 16 & 1)  # to the nearest bfloat16, ties to even
    return (bits >> 16).astype(np.uint16)


def _text(n: int) -> Bytes:
    """The sources of Python's standard library, in sorted order, until there are n bytes.

    Every machine has them, though their words depend on the version of Python. Repeated from the
    start if they are too few.
    """
    library = Path(sysconfig.get_paths()["stdlib"])
    foreign = {"site-packages", "dist-packages"}
    sources = sorted(path for path in library.rglob("*.py") if not foreign & {*path.parts})
    pieces: list[bytes] = []
    size = 0
    for path in itertools.cycle(sources):
        pieces.append(path.read_bytes())
        size += len(pieces[-1])
        if size >= n:
            break
    return np.frombuffer(b"".join(pieces), np.uint8)[:n]


def _few(probabilities: Sequence[float], n: int) -> Bytes:
    """So many symbols as there are probabilities, 0 the first."""
    uniform = np.random.default_rng(0).random(n, dtype=np.float32)
    bounds = np.cumsum(probabilities[:-1]).astype(np.float32)
    return np.searchsorted(bounds, uniform, side="right").astype(np.uint8)


def _even(k: int, n: int) -> Bytes:
    return np.random.default_rng(0).integers(0, k, n, dtype=np.uint8)


def _mask(n: int) -> Bytes:
    """Ones in runs of 60 and zeros in runs of 20 on average."""
    lengths = np.random.default_rng(0).geometric(np.tile([1 / 60, 1 / 20], n // 60 + 1))
    return np.repeat(np.arange(1, lengths.size + 1) % 2, lengths)[:n].astype(np.uint8)


FOUR_BITS = "4.0 bits"
WEIGHTS = "2.7 bits (bfloat16 high byte)"
ALMOST_RANDOM = "7.9 bits"
HALF_A_BIT = "0.5 bit"
TEXT = "text (Python sources)"
RANDOM = "incompressible"
BFLOAT16 = "bfloat16 weights"
TWO_EVEN = "2 equal symbols"
FEW_EVEN = (TWO_EVEN, "4 equal symbols", "16 equal symbols", "3 equal symbols")
TWO_PER_CENT = "2 % ones"
GEOMETRIC = "geometric"  # followed by the entropy

_MADE: Mapping[str, Callable[[int], Bytes]] = {
    FOUR_BITS: functools.partial(_gaussian, 4.0),
    WEIGHTS: _weights,
    ALMOST_RANDOM: functools.partial(geometric, 7.9),
    HALF_A_BIT: functools.partial(geometric, 0.5),
    TEXT: _text,
    RANDOM: functools.partial(_even, ALPHABET),
}
KINDS = tuple(_MADE)

_FEW_MADE: Mapping[str, Callable[[int], Bytes]] = {
    **{kind: functools.partial(_even, int(kind.split()[0])) for kind in FEW_EVEN},
    TWO_PER_CENT: functools.partial(_few, (0.98, 0.02)),
    "mask with runs": _mask,
    "6 symbols, 0.9 bits": functools.partial(_few, [0.8 * 0.2**i for i in range(5)] + [0.2**5]),
}
FEW_KINDS = tuple(_FEW_MADE)


@functools.lru_cache(maxsize=2)
def coding_data(kind: str, n: int) -> Bytes:
    """n bytes of a kind; not to be written to."""
    if kind == BFLOAT16:
        data = bfloat16_weights(n).view(np.uint8)
    elif kind.startswith(GEOMETRIC):
        data = geometric(float(kind.split()[1]), n)
    else:
        data = {**_MADE, **_FEW_MADE}[kind](n)
    data.flags.writeable = False
    return data


def four_bits(n: int) -> Bytes:
    return coding_data(FOUR_BITS, n)
