"""The bars: what counts as fast, small and exact. Every number that is aimed for stands here."""

from collections.abc import Mapping
from dataclasses import dataclass

from .inputs import Shape

SCIPY_ENTROPY = "scipy.stats.entropy"
SCIPY_JENSENSHANNON = "scipy.spatial.distance.jensenshannon"


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


@dataclass(frozen=True)
class Workload:
    """A measure on data of one shape; `bars` name the peer and how many times faster to be."""

    measure: str
    dtype: str
    shape: Shape
    bars: Mapping[str, Bar]
    axis: int | None = None


def _entropy(n: int, dtype: str, scipy: float, numpy: float) -> Workload:
    bars = {SCIPY_ENTROPY: at_least(scipy), "numpy": at_least(numpy)}
    return Workload("entropy", dtype, (n,), bars)


def _batch(axis: int) -> Workload:
    bars = {SCIPY_ENTROPY: at_least(15), "numpy": at_least(4)}
    return Workload("entropy", "float64", (10_000, 1000), bars, axis)


_KL_FLOAT64 = {SCIPY_ENTROPY: at_least(18), "numpy": at_least(3)}
_KL_FLOAT32 = {SCIPY_ENTROPY: at_least(40)}
_JS = {SCIPY_JENSENSHANNON: at_least(18)}

SPEED = (
    _entropy(1_000_000, "float64", 12, 3),
    _entropy(10_000_000, "float64", 12, 3),
    _entropy(1_000_000, "float32", 25, 4.5),
    _entropy(10_000_000, "float32", 25, 4.5),
    Workload("kl_divergence", "float64", (1_000_000,), _KL_FLOAT64),
    Workload("kl_divergence", "float64", (10_000_000,), _KL_FLOAT64),
    Workload("kl_divergence", "float32", (1_000_000,), _KL_FLOAT32),
    Workload("kl_divergence", "float32", (10_000_000,), _KL_FLOAT32),
    Workload("js_divergence", "float64", (1_000_000,), _JS),
    Workload("js_divergence", "float64", (10_000_000,), _JS),
    _batch(axis=1),
    _batch(axis=0),
)

# Seconds of one call on four elements.
CALL = {"entropy": at_most(60e-9), "kl_divergence": at_most(80e-9)}

# Speed of entropy float64, n = 1e6, with each instruction set against a peer in the same rounds.
BEST_ISA = "avx512"
ISA = {
    "avx2": (BEST_ISA, at_least(0.45)),
    "sse4": (SCIPY_ENTROPY, at_least(2)),
    "portable": (SCIPY_ENTROPY, at_least(2)),
}

NEAR_RELATIVE = 1e-8
NEAR_ERROR = at_most(1e-12)
NEAR_PAIRS = 100_000
WRONG_PAIRS = at_most(0)

EXTRA_BYTES = at_most(64 * 1024)
IMPORT_SECONDS = at_most(0.050)
