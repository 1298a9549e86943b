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

# Of results in float64 on the same values. The bounds leave room for how the peers sum (float32
# sums in float32); a wrong formula or unit is far outside.
TOLERANCES: Mapping[str, float] = {"float64": 1e-9, "float32": 1e-3}


@dataclass(frozen=True)
class Way:
    """A function that computes one of pyinfo's measures, with its relative error by dtype.

    It is not used for dtypes without one.
    """

    name: str
    function: Callable[..., Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    to_measure: Callable[[Any], Any] = lambda result: result
    batches: bool = True
    tolerances: Mapping[str, float] = field(default_factory=lambda: TOLERANCES)


Offered = Iterator[tuple[str, Way]]


def _scipy() -> Offered:
    entropy = import_module("scipy.stats").entropy
    special = import_module("scipy.special")
    distance = import_module("scipy.spatial.distance")
    jensenshannon, cityblock = distance.jensenshannon, distance.cityblock

    def entr(p: Array, axis: int = -1) -> Any:
        return special.entr(p).sum(axis) * BITS_PER_NAT

    def rel_entr(p: Array, q: Array, axis: int = -1) -> Any:
        return special.rel_entr(p, q).sum(axis) * BITS_PER_NAT

    bits, half = {"base": 2}, functools.partial(np.multiply, 0.5)
    of = "scipy.spatial.distance"
    yield "entropy", Way("scipy.stats.entropy", entropy, bits)
    yield "entropy", Way("scipy.special.entr", entr)
    yield "kl_divergence", Way("scipy.stats.entropy", entropy, bits)
    yield "kl_divergence", Way("scipy.special.rel_entr", rel_entr)
    yield "js_divergence", Way(f"{of}.jensenshannon", jensenshannon, bits, np.square)
    yield "js_distance", Way(f"{of}.jensenshannon", jensenshannon, bits)
    yield "total_variation_distance", Way(f"{of}.cityblock", cityblock, {}, half, batches=False)


def _numkong() -> Offered:
    numkong = import_module("numkong")

    def bits(nats: Any) -> Any:
        return np.float64(nats) * BITS_PER_NAT

    def squared_in_bits(distance: Any) -> Any:
        return bits(np.square(distance))

    # In float32 its results differ in the third digit: that is not the same work.
    limits: Mapping[str, Any] = {"batches": False, "tolerances": {"float64": 1e-6}}
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
    offered = (each for package in installed(*PACKAGES) for each in PACKAGES[package]())
    return tuple(way for computed, way in offered if computed == measure)
