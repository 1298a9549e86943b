"""Arguments in memory of every form, and such that are none: read, or refused in our words.

Seeded: a run tries some of what is hostile with each argument, ``PYINFO_HOSTILE=1000`` all of it.
"""

from __future__ import annotations

import os
import random
import re
import warnings
from typing import Any

import numpy as np
import pytest

from pyinfo import continuous, entropy_models, logits, quantization
from pyinfo.measures import entropy, js_divergence
from pyinfo.monitoring import drift
from support.hostile_arrays import CALLS, HOSTILE, SAME, Change

KINDS = int(os.environ.get("PYINFO_HOSTILE", "12"))
REFUSALS = (TypeError, ValueError, OverflowError)
FOREIGN = re.compile(
    r"inhomogeneous|float\(\) argument|Cannot cast|could not convert|has no len|not supported "
    r"between|not subscriptable|no attribute|unhashable|incompatible function|recursion"
)
BUFFERS = "a buffer", "strided", "backwards", "a tensor"
OTHER_TYPE = "of the other byte order", "without masked elements", "a buffer"
READ_OTHERWISE = {
    # A message or a patch is a buffer in one piece; an array has the dtype of its patch.
    ("models.decode", 0): BUFFERS,
    ("patches.apply", 0): OTHER_TYPE,
    ("patches.apply", 1): BUFFERS,
    ("patches.diff", 0): OTHER_TYPE,
    ("patches.diff", 1): OTHER_TYPE,
    # As by compress, a mask is refused even where it is empty.
    ("numcodecs", 0): ("without masked elements",),
    # A pair, and bins, are sequences.
    ("js_divergence", 2): ("a tensor",),
    ("logits.js_divergence", 2): ("a tensor",),
    ("drift", 2): ("a tensor", "a buffer"),
}


def cases() -> list[Any]:
    return [
        pytest.param(name, place, id=f"{name}-{place}")
        for name, (_, arrays) in CALLS.items()
        for place in range(len(arrays))
    ]


def result(name: str, place: int, change: Change) -> Any:
    call, arrays = CALLS[name]
    arguments = [array.copy() for array in arrays]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        arguments[place] = change(arrays[place])
        return call(*arguments)


@pytest.mark.once
@pytest.mark.parametrize(("name", "place"), cases())
def test_memory_makes_no_difference(name: str, place: int) -> None:
    expected = result(name, place, np.copy)
    for kind, change in SAME.items():
        if kind in READ_OTHERWISE.get((name, place), ()):
            continue
        found = result(name, place, change)
        np.testing.assert_equal(found, expected, kind)


@pytest.mark.once
@pytest.mark.parametrize(("name", "place"), cases())
def test_what_is_hostile_is_read_or_refused(name: str, place: int) -> None:
    chosen = random.Random(f"{name} {place}").sample(list(HOSTILE), min(KINDS, len(HOSTILE)))
    refused = {}
    for kind in chosen:
        try:
            result(name, place, HOSTILE[kind])
        except REFUSALS as error:
            refused[kind] = str(error)
    assert {kind: text for kind, text in refused.items() if FOREIGN.search(text)} == {}
    assert not any("\n" in text for text in refused.values())


@pytest.mark.once
@pytest.mark.parametrize(
    "call",
    [
        lambda a: js_divergence([0.5, 0.5], [0.1, 0.9], weights=a),
        lambda a: js_divergence([0.5, 0.5], [0.1, 0.9], [0.2, 0.8], weights=[*a, a[0]]),
        lambda a: logits.js_divergence([0.5, 0.5], [0.1, 0.9], weights=a),
        lambda a: quantization.quantize([1.0, 2.0], a[0]),
        lambda a: quantization.dequantize(np.int8([1]), a[0]),
        lambda a: quantization.optimal_scales([1.0, 2.0], importance=a),
        lambda a: quantization.rate_distortion([1.0, 2.0], steps=a),
        lambda a: quantization.FloatHistogram.from_chunks([[1.0, 2.0]]).quantile(a),
        lambda a: quantization.allocate([a], [[1.0, 2.0]], 9.0),
        lambda a: drift([1.0, 2.0, 3.0], [1.0, 2.0, 4.0], bins=a),
        lambda a: entropy_models.Gaussian(a),
        lambda a: entropy_models.Categorical([a]),
        lambda a: continuous.differential_entropy(a),
        lambda a: entropy([0.5, 0.5], base=a[0]),
    ],
)
@pytest.mark.parametrize("kind", ["complex128", "U9", "S9", "M8[s]"])
def test_what_is_no_real_number_is_refused(call: Any, kind: str) -> None:
    """Neither is an imaginary part dropped, nor a text read, nor a time taken for seconds."""
    array = np.array([1, 2]).astype(kind)
    with pytest.raises((TypeError, ValueError), match=r"must (be|hold) (a )?(real )?number"):
        call(array)


@pytest.mark.once
def test_integers_do_not_wrap() -> None:
    cdfs = [[0, 16384, 65536]]
    for offset in (2**31, 2**63 - 1, -(2**63)):
        with pytest.raises(ValueError, match="offsets must be from"):
            entropy_models.Cdfs(cdfs, offsets=np.array([offset]))
    with pytest.raises(ValueError, match="offsets must be from"):
        entropy_models.Cdfs(cdfs, offsets=np.array([2**64 - 1], np.uint64))
    with pytest.raises(ValueError, match=r"cdfs\[0\] must be from"):
        entropy_models.Cdfs([np.array([0, 2**63 - 1, -2, 5])])  # differences that wrap rise


@pytest.mark.once
def test_nothing_is_written_to_what_is_masked() -> None:
    out = np.ma.array(np.zeros(2), mask=[0, 1])
    with pytest.raises(TypeError, match="out must be a plain array, not MaskedArray"):
        entropy(np.full((2, 2), 0.5), out=out)


@pytest.mark.once
@pytest.mark.parametrize("method", ["vasicek", "ebrahimi", "correa", "van es"])
@pytest.mark.parametrize("exponent", [-1060, -1020, 1000, 1010])
def test_spacings_have_no_scale(method: Any, exponent: int) -> None:
    values = np.arange(1.0, 41) ** 2
    found = continuous.differential_entropy(np.ldexp(values, exponent), method=method)
    expected = continuous.differential_entropy(values, method=method) + exponent
    assert found == pytest.approx(expected, rel=1e-13)


@pytest.mark.once
@pytest.mark.parametrize("method", ["max", "percentile", "entropy", "mse"])
@pytest.mark.parametrize("symmetric", [True, False])
def test_ranges_above_all_floats_have_a_step(method: Any, symmetric: bool) -> None:
    values = 1.7 * np.cos(np.arange(1000.0))
    small, large = (
        quantization.calibrate(
            quantization.FloatHistogram.from_chunks([np.ldexp(values, exponent)]),
            method=method, symmetric=symmetric,
        )
        for exponent in (0, 1023)
    )  # fmt: skip
    assert large.scale == np.ldexp(small.scale, 1023)
    assert (large.low, large.high) == (np.ldexp(small.low, 1023), np.ldexp(small.high, 1023))
    assert large.zero_point == small.zero_point
    counted = quantization.FloatHistogram.from_chunks([np.ldexp(values, 1023)])
    assert counted.quantile([0.0, 1.0]).tolist() == [counted.min, counted.max]
    assert counted.edges.size == counted.bins + 1
