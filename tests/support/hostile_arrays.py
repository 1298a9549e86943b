"""Arrays as nobody expects them, and calls of small arrays that are given them in turn."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

import pyinfo
from pyinfo import continuous, entropy_models, logits, patches, quantization
from pyinfo.integrations import compressai, numcodecs
from support.dlpack_producer import Producer

Array = NDArray[Any]
Change = Callable[[Array], Any]


def _unaligned(array: Array) -> Array:
    made = np.zeros(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    made[...] = array
    return made


def _strided(array: Array) -> Array:
    room = np.zeros([2 * n + 1 for n in array.shape], array.dtype)
    made = room[..., *(slice(0, 2 * n, 2) for n in array.shape)]
    made[...] = array
    return made


def _backwards(array: Array) -> Array:
    back = ..., *(slice(None, None, -1) for _ in array.shape)
    return np.array(array[back], order="C")[back]


def _read_only(array: Array) -> Array:
    made = array.copy()
    made.flags.writeable = False
    return made


class _Derived(np.ndarray[Any, Any]):
    """A class of somebody else."""


SAME: MappingProxyType[str, Change] = MappingProxyType({
    "read-only": _read_only,
    "unaligned": _unaligned,
    "strided": _strided,
    "backwards": _backwards,
    "of the other byte order": lambda a: a.astype(a.dtype.newbyteorder()),
    "in Fortran's order": lambda a: np.array(a, order="F"),
    "a tensor": Producer,
    "a buffer": lambda a: memoryview(np.array(a, order="C")),
    "of a class": lambda a: a.view(_Derived),
    "without masked elements": lambda a: np.ma.array(a),
})  # fmt: skip
"""The same numbers in other memory."""


def _with(array: Array, value: float) -> Array:
    made = array.astype(array.dtype if array.dtype.kind == "f" else np.float64)
    made.reshape(-1)[-1] = value
    return made


def _first(array: Array, value: Any) -> Any:
    made = array.astype(object)
    made.reshape(-1)[0] = value
    return made.tolist()


def _holds_itself(_: Array) -> list[Any]:
    items: list[Any] = []
    items.append(items)
    return items


def _nested(_: Array) -> list[Any]:
    items: list[Any] = [1]
    for _level in range(70):
        items = [items]
    return items


HOSTILE: MappingProxyType[str, Change] = MappingProxyType({
    "empty": lambda a: np.empty(0, a.dtype),
    "without rows": lambda a: np.empty((0, *a.shape[1:]), a.dtype),
    "without columns": lambda a: np.empty((*a.shape[:-1], 0), a.dtype),
    "0-d": lambda a: np.array(a.reshape(-1)[0]),
    "a number": lambda a: a.reshape(-1)[0].item(),
    "of five dimensions": lambda a: a.reshape(*a.shape, 1, 1, 1),
    "longer": lambda a: np.concatenate([np.atleast_1d(a)] * 2),
    "shorter": lambda a: np.atleast_1d(a)[:-1],
    "transposed": lambda a: a.T,
    "texts": lambda a: a.astype(str),
    "bytes": lambda a: a.astype("S8"),
    "a text": lambda _: "text",
    "its memory": lambda a: bytearray(a.tobytes()),
    "None": lambda _: None,
    "a type": lambda _: int,
    "a path": lambda _: Path("x"),
    "numbers as objects": lambda a: a.astype(object),
    "objects": lambda a: np.array([object() for _ in range(a.size)], object).reshape(a.shape),
    "an object": lambda _: object(),
    "complex": lambda a: a.astype(np.complex128),
    "bool": lambda a: a.astype(np.bool_),
    "times": lambda a: a.astype(np.int64).astype("M8[s]"),
    "records": lambda a: np.zeros(a.shape, "i4,f4"),
    "long doubles": lambda a: a.astype(np.longdouble),
    "halves": lambda a: a.astype(np.float16),
    "masked": lambda a: np.ma.array(a, mask=np.arange(a.size).reshape(a.shape) == 0),
    "with a NaN": lambda a: _with(a, math.nan),
    "all NaN": lambda a: np.full(a.shape, math.nan),
    "with infinity": lambda a: _with(a, math.inf),
    "with less than all": lambda a: _with(a, -math.inf),
    "denormal": lambda a: np.full(a.shape, 5e-324),
    "huge": lambda a: _with(a.astype(np.float64), 1.7e308),
    "all huge": lambda a: np.where(np.arange(a.size).reshape(a.shape) % 2, 1.7e308, -1.7e308),
    "zeros": np.zeros_like,
    "ones": np.ones_like,
    "negative": lambda a: -a.astype(np.float64 if a.dtype.kind == "f" else np.int64),
    "large integers": lambda a: np.full(a.shape, 2**63 - 1),
    "larger integers": lambda a: np.full(a.shape, 2**64 - 1, np.uint64),
    "least integers": lambda a: np.full(a.shape, -(2**63)),
    "an integer of 100 bits": lambda a: _first(a, 10**30),
    "a number missing": lambda a: _first(a, None),
    "one in all places": lambda a: np.broadcast_to(a.reshape(-1)[0], a.shape),
    "generated": lambda a: (value for value in a.reshape(-1)),
    "a dict": lambda _: {1: 2},
    "a set": lambda _: {1, 2},
    "rows of several lengths": lambda _: [[1, 2], [3]],
    "of several types": lambda _: [1, "a", None, 2.5],
    "nested deep": _nested,
    "a list of itself": _holds_itself,
})  # fmt: skip
"""Something else, which is read, or refused in words that are ours."""


def _calls() -> dict[str, tuple[Callable[..., Any], tuple[Array, ...]]]:
    random = np.random.default_rng(0)

    def singles(*shape: int) -> Array:
        return random.standard_normal(shape).astype(np.float32)

    p, q, labels = singles(6, 5), singles(6, 5), random.integers(0, 5, 6)
    x, y, z = random.standard_normal((3, 40))
    kinds = (y > 0).astype(np.int64)
    w, importance = singles(8, 16), np.abs(singles(16))
    integers = quantization.quantize(w, 0.05)
    models = entropy_models.Gaussian([1.0, 5.0, 20.0])
    symbols = random.integers(-5, 6, 50).astype(np.int16)
    indexes = random.integers(0, 3, 50).astype(np.uint8)
    message = np.frombuffer(models.encode(symbols, indexes), np.uint8)
    cdfs = np.tile(np.array([0, 16384, 49152, 62259, 65536], np.int32), (3, 1))
    tables = cdfs, np.full(3, 5, np.int32), np.zeros(3, np.int32)
    new = w.copy()
    new[3] = 9
    patch = np.frombuffer(patches.diff(w, new), np.uint8)
    costs, errors = np.abs(singles(2, 5, 3)).astype(np.float64)
    counted = quantization.FloatHistogram.from_chunks([singles(500)])
    codec = numcodecs.Pyinfo()
    shares, steps = np.array([0.25, 0.75]), np.array(0.05)

    def calibrated(a: Any, **options: Any) -> Any:
        return quantization.calibrate(quantization.FloatHistogram.from_chunks([a]), **options)

    def information(a: Any, b: Any, method: Any) -> Any:
        return continuous.mutual_information(a, b, method=method)

    return {
        "entropy": (lambda a: pyinfo.entropy(a, normalize=True), (costs,)),
        "js_divergence": (lambda a, b, c: pyinfo.js_divergence(a, b, weights=c, normalize=True),
                          (costs, errors, shares)),
        "cross_entropy": (lambda a, b, c: logits.cross_entropy(a, b, weight=c),
                          (p, labels, np.ones(5))),
        "logits.kl_divergence": (logits.kl_divergence, (p, q)),
        "logits.js_divergence": (lambda a, b, c: logits.js_divergence(a, b, weights=c),
                                 (p, q, shares)),
        "logits.entropy": (logits.entropy, (p,)),
        "log_softmax": (logits.log_softmax, (p,)),
        "perplexity": (logits.perplexity, (p, labels)),
        "compare": (logits.compare, (p, q, labels)),
        "FloatHistogram": (
            lambda a: quantization.FloatHistogram.from_chunks([a]).entropy(), (w,)),
        "quantile": (counted.quantile, (shares,)),
        "calibrate": (calibrated, (w,)),
        "calibrate mse": (lambda a: calibrated(a, method="mse", symmetric=False), (w,)),
        "optimal_scales": (
            lambda a, b: quantization.optimal_scales(a, importance=b), (w, importance)),
        "quantize": (quantization.quantize, (w, steps, np.array(3))),
        "dequantize": (quantization.dequantize, (integers, steps, np.array(3))),
        "rate_distortion": (
            lambda a, b, c: quantization.rate_distortion(a, importance=b, steps=c, bits=[4]),
            (w, importance, np.array([0.1, 0.2]))),
        "allocate": (lambda a, b: quantization.allocate(a, b, 9.0), (costs, errors)),
        "differential_entropy": (continuous.differential_entropy, (x,)),
        "vasicek": (lambda a: continuous.differential_entropy(a, method="vasicek"), (x,)),
        "ksg": (lambda a, b: information(a, b, "ksg1"), (x, y)),
        "ross": (lambda a, b: information(a, b, "ross"), (x, kinds)),
        "bins": (lambda a, b: information(a, b, "bins"), (x, y)),
        "conditional": (continuous.conditional_mutual_information, (x, y, z)),
        "transfer_entropy": (continuous.transfer_entropy, (x, y)),
        "rank_features": (lambda a, b: pyinfo.rank_features(a, b, permutations=1).scores,
                          (np.stack([x, y, z], axis=1), kinds)),
        "drift": (lambda a, b, c: pyinfo.drift(a, b, bins=c), (x, y, np.array([-1.0, 0, 1]))),
        "Gaussian": (lambda a: entropy_models.Gaussian(a).fingerprint, (np.array([1.0, 2, 9]),)),
        "Categorical": (
            lambda a: entropy_models.Categorical(a).fingerprint, (np.full((3, 4), 0.25),)),
        "Cdfs": (lambda *a: entropy_models.Cdfs(*a).fingerprint, tables),
        "models.encode": (models.encode, (symbols, indexes, singles(50))),
        "models.decode": (models.decode, (message, indexes)),
        "RansEncoder": (compressai.RansEncoder().encode_with_indexes,
                        (symbols.astype(np.int32), indexes.astype(np.int32), *tables)),
        "pmf_to_quantized_cdf": (
            compressai.pmf_to_quantized_cdf, (np.full(8, 0.125, np.float32),)),
        "patches.apply": (patches.apply, (w, patch)),
        "patches.diff": (lambda a, b: len(patches.diff(a, b)), (w, new)),
        "numcodecs": (lambda a: codec.decode(codec.encode(a)).sum(), (np.round(w),)),
    }  # fmt: skip


CALLS = _calls()
