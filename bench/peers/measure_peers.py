"""What other packages offer for the same measures, each only if it is installed.

To add a package, write a function that imports it and lists its functions, and name it in
`PACKAGES`. Results that come in other units or as a distance are converted by `to_measure`, which
is applied to the result when it is checked and is no part of the time.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module, util
from typing import Any

import numpy as np

from bench.inputs.distributions import Array
from bench.peers.reference import BITS_PER_NAT


def unchanged(result: Any) -> Any:
    return result


@dataclass(frozen=True)
class PeerFunction:
    """One function of a peer that computes one of pyinfo's measures.

    `relative_error` is for a peer known to be less exact than others are.
    """

    name: str
    measure: str
    function: Callable[..., Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    to_measure: Callable[[Any], Any] = unchanged
    batches: bool = True
    dtypes: tuple[str, ...] = ("float64", "float32")
    relative_error: float = 0.0


def _scipy() -> list[PeerFunction]:
    stats = import_module("scipy.stats")
    special = import_module("scipy.special")
    distance = import_module("scipy.spatial.distance")

    def entr(p: Array, axis: int = -1) -> Any:
        return special.entr(p).sum(axis) * BITS_PER_NAT

    def rel_entr(p: Array, q: Array, axis: int = -1) -> Any:
        return special.rel_entr(p, q).sum(axis) * BITS_PER_NAT

    bits = {"base": 2}
    jensenshannon = "scipy.spatial.distance.jensenshannon"
    return [
        PeerFunction("scipy.stats.entropy", "entropy", stats.entropy, bits),
        PeerFunction("scipy.special.entr", "entropy", entr),
        PeerFunction("scipy.stats.entropy", "kl_divergence", stats.entropy, bits),
        PeerFunction("scipy.special.rel_entr", "kl_divergence", rel_entr),
        PeerFunction(
            jensenshannon, "js_divergence", distance.jensenshannon, bits, to_measure=np.square
        ),
        PeerFunction(jensenshannon, "js_distance", distance.jensenshannon, bits),
        PeerFunction(
            "scipy.spatial.distance.cityblock",
            "total_variation_distance",
            distance.cityblock,
            to_measure=lambda result: result / 2,
            batches=False,
        ),
    ]


def _numkong() -> list[PeerFunction]:
    numkong = import_module("numkong")

    def bits(nats: Any) -> Any:
        return np.float64(nats) * BITS_PER_NAT

    def squared_in_bits(distance: Any) -> Any:
        return bits(np.square(distance))

    # In float32 its results differ in the third digit: that is not the same work.
    limits: dict[str, Any] = {"batches": False, "dtypes": ("float64",), "relative_error": 1e-6}
    return [
        PeerFunction("numkong.kld", "kl_divergence", numkong.kld, to_measure=bits, **limits),
        PeerFunction(
            "numkong.jsd", "js_divergence", numkong.jsd, to_measure=squared_in_bits, **limits
        ),
    ]


def _polars() -> list[PeerFunction]:
    series = import_module("polars").Series

    def entropy(p: Array) -> Any:
        return series(p).entropy(base=2, normalize=False)

    return [PeerFunction("polars.Series.entropy", "entropy", entropy, batches=False)]


def _torch() -> list[PeerFunction]:
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

    return [
        PeerFunction("torch.special.entr", "entropy", entropy),
        PeerFunction("torch.nn.functional.kl_div", "kl_divergence", kl_divergence),
    ]


PACKAGES: Mapping[str, Callable[[], list[PeerFunction]]] = {
    "numkong": _numkong,
    "polars": _polars,
    "scipy": _scipy,
    "torch": _torch,
}


@functools.cache
def installed() -> tuple[str, ...]:
    """Names of the peers that are installed."""
    return tuple(package for package in PACKAGES if util.find_spec(package) is not None)


@functools.cache
def functions(measure: str) -> tuple[PeerFunction, ...]:
    """What the installed peers offer for a measure."""
    offered = (function for package in installed() for function in PACKAGES[package]())
    return tuple(function for function in offered if function.measure == measure)
