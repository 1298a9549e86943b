"""What arguments of quantisation may be, and the sentences that say so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pyinfo import quantization as q
from pyinfo.quantization import FloatHistogram

pytestmark = pytest.mark.once

X = np.linspace(-1, 1, 32).reshape(4, 8)


def test_arrays_without_dimensions_stay_so() -> None:
    integers = q.quantize(np.float32(3.0), 0.5)
    assert integers.shape == ()
    assert integers == 6
    assert q.dequantize(integers, 0.5).shape == ()
    assert q.quantize(3.0, 0.5, packed=True, bits=4).tolist() == [6]


FLAGS: dict[str, Any] = {
    "signed": lambda no: q.quantize(X, 0.5, signed=no),
    "narrow": lambda no: q.quantize(X, 0.5, narrow=no),
    "packed": lambda no: q.quantize(X, 0.5, bits=4, packed=no),
    "signed of packed": lambda no: q.dequantize(
        np.zeros(2, np.uint8), 1, packed_shape=(4,), signed=no
    ),
    "symmetric": lambda no: q.calibrate(FloatHistogram.from_chunks([X]), symmetric=no),
    "symmetric of a histogram": lambda no: FloatHistogram(symmetric=no),
}


@pytest.mark.parametrize("name", FLAGS)
def test_flags_are_no_texts(name: str) -> None:
    with pytest.raises(TypeError, match=f"{name.split()[0]} must be True or False, not str"):
        FLAGS[name]("no")


@pytest.mark.parametrize("symmetric", [True, False, np.True_])
def test_flags_may_be_those_of_numpy(symmetric: Any) -> None:
    found = q.calibrate(FloatHistogram.from_chunks([X]), method="mse", symmetric=symmetric)
    assert found.symmetric is bool(symmetric)


def test_integers_of_the_other_order_of_bytes_are_read() -> None:
    integers = np.array([-300, 7], np.int16)
    swapped = integers.astype(integers.dtype.newbyteorder())
    assert np.array_equal(q.dequantize(swapped, 0.5), q.dequantize(integers, 0.5))


@pytest.mark.parametrize("dtype", [int, complex, bool, object, "S4"])
def test_only_floats_come_back(dtype: Any) -> None:
    with pytest.raises(TypeError, match="dtype must be a type of floats, not"):
        q.dequantize(np.ones(3, np.int8), 0.5, dtype=dtype)


SENTENCES: dict[str, tuple[Any, type[Exception], str]] = {
    "dequantize nothing": (
        lambda: q.dequantize(np.empty(0, np.int8), 1.0), ValueError, "q must not be empty"),
    "packed_shape": (
        lambda: q.dequantize(np.zeros(2, np.uint8), 1, packed_shape=4),  # type: ignore[arg-type]
        TypeError, "packed_shape must have several values, not int"),
    "bits": (
        lambda: q.rate_distortion(X, bits=4),  # type: ignore[arg-type]
        TypeError, "bits must have several values, not int"),
    "dead_zone": (
        lambda: q.quantize(X, 1, dead_zone="a"),  # type: ignore[arg-type]
        TypeError, "dead_zone must be a real number, not str"),
    "bins": (lambda: FloatHistogram(1 << 70), ValueError, "bins must be a power of two"),
    "negative bins": (lambda: FloatHistogram(-1 << 70), ValueError, "bins must be a power of two"),
    "candidates": (
        lambda: q.calibrate(FloatHistogram.from_chunks([X]), method="mse", candidates=10**9),
        ValueError, "candidates must be from 1 to 262144, not 1000000000"),
    "long budget": (
        lambda: q.allocate([[1]], [[1]], 10**400), ValueError, "budget is beyond the range of"),
    "gap": (lambda: q.allocate([[1]], [[1]], 1, gap=np.nan), ValueError, "gap must be a number"),
    "importance": (
        lambda: q.optimal_scales(X, importance=np.full(8, 1e300)), ValueError, "float32's range"),
    "long costs": (
        lambda: q.allocate([[10**400, 1]], [[1, 2]], 5), ValueError, r"\[0\]\[0\] is infinite"),
}  # fmt: skip


@pytest.mark.parametrize("name", SENTENCES)
def test_sentences(name: str) -> None:
    call, kind, words = SENTENCES[name]
    with pytest.raises(kind, match=words):
        call()


def test_costs_may_be_long_integers() -> None:
    assert q.allocate([[10**30, 2]], [[1, 2]], 5).choice == (1,)
    assert q.allocate([[10**30, 2]], [[1, 2]], 1e31).choice == (0,)


def test_bins_of_a_histogram_do_not_change() -> None:
    histogram = FloatHistogram(16)
    for name in ("bins", "symmetric"):
        with pytest.raises(AttributeError):
            setattr(histogram, name, 32)


@pytest.mark.parametrize("method", ["max", "mse", "percentile", "entropy"])
@pytest.mark.parametrize("symmetric", [True, False])
def test_a_range_of_zeros_has_no_sign(method: Any, symmetric: bool) -> None:
    found = q.calibrate(
        FloatHistogram.from_chunks([np.zeros(4)]), method=method, symmetric=symmetric
    )
    assert not np.signbit([found.low, found.high, found.threshold]).any()
