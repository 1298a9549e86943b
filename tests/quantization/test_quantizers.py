"""Floats to integers and back, against the formula in NumPy and against PyTorch."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from pyinfo import quantization
from pyinfo.quantization import dequantize, quantize

RNG = np.random.default_rng(7)
TYPES = [np.float64, np.float32, np.float16, ml_dtypes.bfloat16]


def formula(x: Any, scale: Any, zero: Any, low: int, high: int) -> Any:
    compute = np.float64 if x.dtype == np.float64 else np.float32
    with np.errstate(over="ignore"):
        quotient = x.astype(compute) / np.asarray(scale, compute)
    return np.clip(np.rint(quotient.astype(np.float64)) + zero, low, high)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(("bits", "signed", "narrow"), [
    (8, True, False), (8, False, False), (8, True, True), (4, True, False), (4, False, False),
    (2, True, True), (3, True, False), (12, True, False), (16, True, False), (16, False, False),
])  # fmt: skip
def test_formula(dtype: Any, bits: int, signed: bool, narrow: bool) -> None:
    x = (RNG.standard_normal(4133) * 40).astype(dtype)
    x[:64] = (np.arange(64) / 2 - 16).astype(dtype)  # ties
    x[64], x[65] = np.inf, -np.inf
    low, high = quantization.quantizers.integer_range(bits, signed, narrow)
    zero = 0 if signed else high // 3
    for scale in (1.0, 0.1, 3.7):
        q = quantize(x, scale, zero, bits=bits, signed=signed, narrow=narrow)
        assert q.dtype == np.dtype(f"{'i' if signed else 'u'}{1 if bits <= 8 else 2}")
        assert np.array_equal(q, formula(x, scale, zero, low, high))
        back = dequantize(q, scale, zero)
        assert back.dtype == np.float32
        wanted = (q.astype(np.int64) - zero).astype(np.float32) * np.float32(scale)
        assert np.array_equal(back, wanted)
        exact = dequantize(q, scale, zero, dtype=np.float64)
        assert np.array_equal(exact, (q.astype(np.float64) - zero) * scale)
        if np.abs(wanted).max() < 60_000:
            assert dequantize(q, scale, zero, dtype=dtype).dtype == dtype


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("dead_zone", [0.0, 0.125, 0.4375])
def test_dead_zone(dtype: Any, dead_zone: float) -> None:
    x = (RNG.standard_normal(4133) * 20).astype(dtype)
    x[:64] = (np.arange(64) / 2 - 16).astype(dtype)
    x[64], x[65], x[66] = np.inf, -np.inf, -0.0
    compute = np.float64 if dtype is np.float64 else np.float32
    for scale in (1.0, 0.25, 3.0):
        quotient = x.astype(compute) / compute(scale)
        less = np.maximum(np.abs(quotient) - compute(dead_zone), 0)
        wanted = np.clip(np.rint(np.copysign(less, quotient)) + 5, -128, 127)
        assert np.array_equal(quantize(x, scale, 5, dead_zone=dead_zone), wanted)


@pytest.mark.parametrize("dead_zone", [-0.1, 0.5, np.nan, np.inf])
def test_dead_zones_that_are_none(dead_zone: float) -> None:
    with pytest.raises(ValueError, match=r"must be from 0 up to 0\.5"):
        quantize([1.0], 1.0, dead_zone=dead_zone)
    with pytest.raises(ValueError, match=r"must be from 0 up to 0\.5"):
        quantization.rate_distortion([1.0, 2.0], steps=[0.5], dead_zone=dead_zone)


@pytest.mark.parametrize("shape", [(6, 8, 10), (1, 4, 2), (3, 4, 5)])
@pytest.mark.parametrize("axis", [0, 1, 2, -2])
def test_channels(shape: tuple[int, ...], axis: int) -> None:
    x = RNG.standard_normal(shape).astype(np.float32)
    channels = shape[axis]
    scale = RNG.random(channels).astype(np.float32) + 0.01
    zero = RNG.integers(-3, 4, channels)
    along = [1] * 3
    along[axis] = channels
    wanted = formula(x, scale.reshape(along), zero.reshape(along), -128, 127)
    for array in (x, np.asfortranarray(x), x.astype(">f4"), x[::-1][::-1]):
        q = quantize(array, scale, zero, axis=axis)
        assert q.shape == shape
        assert np.array_equal(q, wanted)
    back = dequantize(q, scale, zero, axis=axis)
    expected = (q - zero.reshape(along)).astype(np.float32) * scale.reshape(along)
    assert np.array_equal(back, expected)


@pytest.mark.parametrize(("axis", "group"), [(0, 2), (1, 4), (2, 5), (None, 5), (None, 1), (1, 8)])
@pytest.mark.parametrize("packed", [False, True])
def test_blocks(axis: int | None, group: int, packed: bool) -> None:
    x = RNG.standard_normal((6, 8, 15)).astype(np.float32)
    at = 2 if axis is None else axis
    shape = list(x.shape)
    shape[at] //= group
    scale = RNG.random(shape) + 0.01
    each = np.repeat(scale, group, axis=at)
    wanted = formula(x, each.astype(np.float32), 0, -8, 7)
    q = quantize(x, scale, bits=4, axis=axis, group=group, packed=packed)
    if packed:
        assert q.shape == ((x.size + 1) // 2,)
        flat = wanted.ravel().astype(np.int64) & 15
        assert np.array_equal(q, flat[::2] | flat[1::2] << 4)
    else:
        assert np.array_equal(q, wanted)
    back = dequantize(q, scale, axis=axis, group=group, packed_shape=x.shape if packed else None)
    assert np.array_equal(back, wanted.astype(np.float32) * each.astype(np.float32))


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("size", [1, 2, 7, 4096, 4097, 131073])
def test_packed(size: int, signed: bool) -> None:
    x = RNG.standard_normal(size) * 5
    packed = quantize(x, 0.7, bits=4, signed=signed, packed=True)
    plain = quantize(x, 0.7, bits=4, signed=signed)
    assert packed.size == (size + 1) // 2
    back = dequantize(packed, 0.7, packed_shape=[size], signed=signed)
    assert np.array_equal(back, dequantize(plain, 0.7))
    if size % 2:
        assert packed[-1] < 16


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor, torch.quantize_per_channel")
def test_pytorch_agrees() -> None:
    """But next to ties, where it multiplies by the inverse."""
    torch = pytest.importorskip("torch", reason="torch is not installed")
    x = RNG.standard_normal((12, 501)).astype(np.float32)
    for scale in (0.25, 0.03):
        theirs = torch.quantize_per_tensor(torch.from_numpy(x), scale, 7, torch.qint8)
        ours = quantize(x, scale, 7)
        off = theirs.int_repr().numpy().astype(int) - ours
        tie = np.abs(np.abs(x / scale) % 1 - 0.5) < 1e-4
        assert np.abs(off).max() <= 1
        assert not off[~tie].any()
        if scale == 0.25:
            assert not off.any()
        same = torch.from_numpy(ours)
        made = torch._make_per_tensor_quantized_tensor(same, scale, 7)
        assert np.array_equal(made.dequantize().numpy(), dequantize(ours, scale, 7))
    scales = torch.rand(12) + 0.01
    theirs = torch.quantize_per_channel(
        torch.from_numpy(x), scales, torch.zeros(12), 0, torch.qint8
    )
    ours = quantize(x, scales, axis=0)
    assert np.mean(theirs.int_repr().numpy() != ours) < 1e-3
    assert np.array_equal(quantize(torch.from_numpy(x), 0.1), quantize(x, 0.1))


def test_scale_of_zero_gives_the_zero_point() -> None:
    assert quantize([1.0, -2.0, 0.0], 0, 5).tolist() == [5, 5, 5]
    q = quantize(np.ones((2, 3)), [0, 0.5], axis=0)
    assert q.tolist() == [[0] * 3, [2] * 3]
    assert quantize([1.0, -1.0], 1e-320, bits=4).tolist() == [7, -8]
    assert quantize(np.float32([1, -1, 0]), 1e-60, bits=4).tolist() == [7, -8, 0]


@pytest.mark.parametrize("threads", [2, 0])
def test_threads_make_no_difference(threads: int) -> None:
    x = RNG.standard_normal((700, 1024)).astype(np.float32)
    scale = RNG.random(700) + 0.1
    q = quantize(x, scale, axis=0)
    assert np.array_equal(quantize(x, scale, axis=0, threads=threads), q)
    assert np.array_equal(
        dequantize(q, scale, axis=0, threads=threads), dequantize(q, scale, axis=0)
    )


@pytest.mark.parametrize(("arguments", "options", "error", "words"), [
    (([], 1.0), {}, ValueError, "x must not be empty"),
    (([1.0, np.nan], 1.0), {}, ValueError, "x must not hold NaNs"),
    (([1.0], -1.0), {}, ValueError, "scale must be finite and not negative"),
    (([1.0], np.nan), {}, ValueError, "scale must be finite and not negative"),
    (([1.0], np.inf), {}, ValueError, "scale must be finite and not negative"),
    (([1.0], 1.0, 128), {}, ValueError, "zero_point must be from -128 to 127"),
    (([1.0], 1.0, 0.5), {}, TypeError, "zero_point must be integers, not float64"),
    (([1.0, 2.0], [1.0, 1.0]), {}, ValueError, r"scale must have shape \(\), not \(2,\)"),
    (([1.0, 2.0], [1.0] * 3), {"axis": 0}, ValueError, r"scale must have shape \(2,\), not \(3,\)"),
    (([1.0, 2.0], 1.0), {"axis": 1}, ValueError, "axis 1 is out of bounds"),
    (([1.0, 2.0, 3.0], 1.0), {"group": 2}, ValueError, "group must divide the 3 elements"),
    (([1.0], 1.0), {"group": 0}, ValueError, "group must be at least 1, not 0"),
    (([1.0], 1.0), {"bits": 17}, ValueError, "bits must be from 2 to 16, not 17"),
    (([1.0], 1.0), {"packed": True}, ValueError, "bits must be at most 4"),
    (([1j], 1.0), {}, TypeError, "x"),
])  # fmt: skip
def test_bad_input(arguments: Any, options: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        quantize(*arguments, **options)


def test_bad_integers() -> None:
    with pytest.raises(TypeError, match="q must be int8, uint8, int16 or uint16, not int64"):
        dequantize([1, 2], 1.0)
    with pytest.raises(TypeError, match="packed integers must be uint8, not int8"):
        dequantize(np.zeros(2, np.int8), 1.0, packed_shape=[4])
    with pytest.raises(ValueError, match="q must have 3 bytes, not 2"):
        dequantize(np.zeros(2, np.uint8), 1.0, packed_shape=[5])
    with pytest.raises(ValueError, match="packed_shape must be at least 0, not -1"):
        dequantize(np.zeros(2, np.uint8), 1.0, packed_shape=[-1])
