"""How counting is claimed to grow: by samples where these are read, else by different values."""

import numpy as np

import pyinfo
from pyinfo.testing import doublings

from .claim import Claim
from .counting import SAMPLES
from .inputs import Array
from .timing import Call

ALL_DIFFERENT = "int64, nearly all distinct"
KINDS = (
    "uint8 uniform",
    "int64, 1000 distinct, dense",
    "int64, 1000 distinct, sparse",
    ALL_DIFFERENT,
    "str, 1000 distinct",
)


def _counting(kind: str) -> Claim:
    """In the memory of a table of the different values, which no number of samples makes larger."""

    def prepare(n: int) -> Call:
        return Call(pyinfo.Counts.from_samples, (SAMPLES[kind](n),))

    name = f"Counts.from_samples, {kind}"
    if kind == ALL_DIFFERENT:
        return Claim(name, prepare, 32, doublings(14, 20), doublings(13, 18), memory=None)
    touched = SAMPLES[kind](1).itemsize
    return Claim(name, prepare, touched, doublings(16, 22), doublings(13, 19))


def _pair(n: int) -> tuple[Array, Array]:
    x, y = np.random.default_rng(0).integers(0, 30, (2, n))
    return x, y


def _joint(n: int) -> Call:
    return Call(pyinfo.JointCounts.from_samples, _pair(n))


CLAIMS = (
    *map(_counting, KINDS),
    Claim("JointCounts.from_samples", _joint, 16, doublings(14, 22), doublings(14, 19)),
)
