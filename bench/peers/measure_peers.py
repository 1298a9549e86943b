"""What other packages offer for the same measures, each only if it is installed.

To add a package, write a function that imports it and lists its functions by measure, and name it
in `PACKAGES`. Results that come in other units or as a distance are converted by `to_measure`,
which is applied to the result when it is checked and is no part of the time.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np

from bench.inputs.distributions import Array
from bench.peers.candidate import installed

BITS_PER_NAT = 1 / np.log(2)


def unchanged(result: Any) -> Any:
    return result


@dataclass(frozen=True)
class Way:
    """A function that computes one of pyinfo's measures.

    The errors are for those known to be less exact than others are, in float32 or in general.
    """

    name: str
    function: Callable[..., Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    to_measure: Callable[[Any], Any] = unchanged
    batches: bool = True
    dtypes: tuple[str, ...] = ("float64", "float32")
    relative_error: float = 0.0
    float32_error: float = 0.0

    def fits(self, dtype: str, batch: bool) -> bool:
        return dtype in self.dtypes and (self.batches or not batch)

    def error(self, dtype: str) -> float:
        return max(self.relative_error, self.float32_error if dtype == "float32" else 0.0)


Offered = Iterator[tuple[str, Way]]


def _scipy() -> Offered:
    entropy = import_module("scipy.stats").entropy
    special = import_module("scipy.special")
    distance = import_module("scipy.spatial.distance")

    def entr(p: Array, axis: int = -1) -> Any:
        return special.entr(p).sum(axis) * BITS_PER_NAT

    def rel_entr(p: Array, q: Array, axis: int = -1) -> Any:
        return special.rel_entr(p, q).sum(axis) * BITS_PER_NAT

    bits = {"base": 2}
    jensenshannon = functools.partial(
        Way, "scipy.spatial.distance.jensenshannon", distance.jensenshannon, bits
    )
    cityblock = "scipy.spatial.distance.cityblock", distance.cityblock
    yield "entropy", Way("scipy.stats.entropy", entropy, bits)
    yield "entropy", Way("scipy.special.entr", entr)
    yield "kl_divergence", Way("scipy.stats.entropy", entropy, bits)
    yield "kl_divergence", Way("scipy.special.rel_entr", rel_entr)
    yield "js_divergence", jensenshannon(to_measure=np.square)
    yield "js_distance", jensenshannon()
    yield (
        "total_variation_distance",
        Way(*cityblock, to_measure=lambda result: result / 2, batches=False),
    )


def _numkong() -> Offered:
    numkong = import_module("numkong")

    def bits(nats: Any) -> Any:
        return np.float64(nats) * BITS_PER_NAT

    def squared_in_bits(distance: Any) -> Any:
        return bits(np.square(distance))

    # In float32 its results differ in the third digit: that is not the same work.
    limits: dict[str, Any] = {"batches": False, "dtypes": ("float64",), "relative_error": 1e-6}
    yield "kl_divergence", Way("numkong.kld", numkong.kld, to_measure=bits, **limits)
    yield "js_divergence", Way("numkong.jsd", numkong.jsd, to_measure=squared_in_bits, **limits)


def _polars() -> Offered:
    series = import_module("polars").Series

    def entropy(p: Array) -> Any:
        return series(p).entropy(base=2, normalize=False)

    yield "entropy", Way("polars.Series.entropy", entropy, batches=False)


def _torch() -> Offered:
    """Tensors that share the arrays' memory, one thread."""
    torch = import_module("torch")
    torch.set_num_threads(1)
    tensor, entr = torch.from_numpy, torch.special.entr
    divergence = torch.nn.functional.kl_div

    def entropy(p: Array, axis: int = -1) -> Any:
        return entr(tensor(p)).sum(axis).numpy() * BITS_PER_NAT

    def kl_divergence(p: Array, q: Array, axis: int = -1) -> Any:
        terms = divergence(tensor(q).log(), tensor(p), reduction="none")
        return terms.sum(axis).numpy() * BITS_PER_NAT

    yield "entropy", Way("torch.special.entr", entropy)
    yield "kl_divergence", Way("torch.nn.functional.kl_div", kl_divergence)


PACKAGES: Mapping[str, Callable[[], Offered]] = {
    "numkong": _numkong,
    "polars": _polars,
    "scipy": _scipy,
    "torch": _torch,
}


@functools.cache
def peers(measure: str) -> tuple[Way, ...]:
    """What the installed peers offer for a measure."""
    return tuple(
        way
        for package in installed(*PACKAGES)
        for computed, way in PACKAGES[package]()
        if computed == measure
    )
