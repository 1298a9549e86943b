"""What arrays may look like: types, layouts, axes, broadcasting, out=, and whatever converts."""

from __future__ import annotations

import itertools
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import pyinfo
from support import oracle
from support.distributions import ALL_MEASURES, EPS, MEASURE_IDS, exact, measure, rng

EACH = pytest.mark.parametrize(("name", "alpha"), ALL_MEASURES, ids=MEASURE_IDS)
DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])
SOME = [("entropy", None), ("kl_divergence", None), ("js_divergence", None), ("renyi_entropy", 2.0)]
SELECTED = pytest.mark.parametrize(("name", "alpha"), SOME, ids=[name for name, _ in SOME])

Array = np.ndarray[Any, Any]


def distributions_of(shape: tuple[int, ...], seed: int) -> Array:
    """Return distributions along the last axis."""
    return rng(seed).dirichlet(np.ones(shape[-1]), shape[:-1])


def assert_same(got: Any, expected: Any, ulps: float = 4, dtype: Any = np.float64) -> None:
    """Within a few ULP: another path may add in another order."""
    assert np.shape(got) == np.shape(expected)
    rtol = ulps * EPS[np.float32 if dtype == np.float32 else np.float64]
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=1e-300)


def by_slices(
    name: str, p: Any, q: Any, alpha: float | None, axes: tuple[int, ...], **o: Any
) -> Array:
    """Reduce one contiguous slice at a time."""
    p, q = np.broadcast_arrays(p, q)
    axes = tuple(axis % p.ndim for axis in axes)
    outer = [axis for axis in range(p.ndim) if axis not in axes]
    shape = [p.shape[axis] for axis in outer]
    p, q = (np.transpose(x, (*outer, *axes)).reshape(*shape, -1) for x in (p, q))
    result = np.empty(shape)
    for index in np.ndindex(*shape):
        x, y = (np.ascontiguousarray(z[index]) for z in (p, q))
        result[index] = measure(name, x, y, alpha=alpha, normalize=True)
    return result


# -- Types -----------------------------------------------------------------------------------------

INTEGERS = ["b", "h", "i", "l", "q", "B", "H", "I", "L", "Q", "?"]
FLOATS = [np.float16, ml_dtypes.bfloat16, np.longdouble]


@EACH
@pytest.mark.parametrize("code", INTEGERS)
def test_integers_are_counts(name: str, alpha: float | None, code: str) -> None:
    for n in (1, 5, 40, 1500):
        high = 2 if code == "?" else 100
        p, q = rng(n).integers(0, high, n), rng(n, 1).integers(0, high, n)
        p[0] = q[0] = 1
        x, y = p.astype(code), q.astype(code)
        expected = measure(name, p.astype(float), q.astype(float), alpha=alpha, normalize=True)
        for order in ("=", ">", "<"):
            counts = [z.astype(z.dtype.newbyteorder(order)) for z in (x, y)]
            for normalize in (None, True):
                got = measure(name, *counts, alpha=alpha, normalize=normalize)
                assert type(got) is float
                assert_same(got, expected)
    as_is = measure(name, x[:3], y[:3], alpha=alpha, normalize=False)
    assert_same(as_is, measure(name, p[:3] * 1.0, q[:3] * 1.0, alpha=alpha, normalize=False))


@EACH
@pytest.mark.parametrize("dtype", FLOATS, ids=lambda d: np.dtype(d).name)
def test_other_floats_are_read_as_float64(name: str, alpha: float | None, dtype: Any) -> None:
    for shape in ((7,), (300,), (3, 50), (1500,)):
        p, q = (distributions_of(shape, seed).astype(dtype) for seed in (1, 2))
        wide = [x.astype(np.float64) for x in (p, q)]
        for normalize in (True, False):
            got = measure(name, p, q, alpha=alpha, normalize=normalize)
            expected = measure(name, *wide, alpha=alpha, normalize=normalize)
            assert np.asarray(got).dtype == np.float64
            assert_same(got, expected, ulps=16)
            got = measure(name, spread(p), q, alpha=alpha, normalize=normalize)
            assert_same(got, expected, ulps=16)


def test_all_half_values_convert() -> None:
    """Exhaustively: a slice of x and 1 - x for every value of 16-bit floats in [0, 1]."""
    for dtype in (np.float16, ml_dtypes.bfloat16):
        with np.errstate(invalid="ignore"):
            x = np.arange(2**16, dtype=np.uint16).view(dtype)
            x = x[(x >= 0) & (x <= 1)]
        wide = x.astype(np.float64)
        for axis in (0, 1):
            p = np.stack([x, x[::-1]], axis)
            expected = pyinfo.entropy(
                np.stack([wide, wide[::-1]], axis), axis=axis, normalize=False
            )
            got = pyinfo.entropy(p, axis=axis, normalize=False)
            np.testing.assert_array_equal(got, expected)
        got = pyinfo.entropy(x, normalize=True)
        assert_same(got, pyinfo.entropy(wide, normalize=True))


@pytest.mark.parametrize(
    ("dtype", "good", "bad"),
    [
        (np.float64, 1.4e-8, 1.6e-8),
        (np.longdouble, 1.4e-8, 1.6e-8),
        (np.float32, 3.3e-4, 3.7e-4),
        (np.float16, 2.9e-2, 3.3e-2),
        (ml_dtypes.bfloat16, 0.08, 0.1),
    ],
    ids=lambda d: np.dtype(d).name if isinstance(d, type) else None,
)
def test_tolerance_of_each_type(dtype: Any, good: float, bad: float) -> None:
    for sign in (-1, 1):
        pyinfo.entropy(np.array([0.5, 0.5 + sign * good]).astype(dtype))
        pyinfo.kl_divergence(np.array([0.5, 0.5 + sign * good]).astype(dtype), [0.5, 0.5])
        with pytest.raises(ValueError, match="p sums to"):
            pyinfo.entropy(np.array([0.5, 0.5 + sign * bad]).astype(dtype))
        with pytest.raises(ValueError, match="q sums to"):
            pyinfo.kl_divergence([0.5, 0.5], np.array([0.5, 0.5 + sign * bad]).astype(dtype))


@EACH
def test_type_of_the_result(name: str, alpha: float | None) -> None:
    half = np.array([0.5, 0.5])
    single = half.astype(np.float32)
    cases = [(half, half), (single, half), (half, single), (single, single), ([1, 1], single)]
    for p, q in cases:
        narrow = all(isinstance(x, np.ndarray) and x.dtype == np.float32 for x in (p, q))
        if name in oracle.ONE_OPERAND:
            narrow = isinstance(p, np.ndarray) and p.dtype == np.float32
        got = measure(name, p, q, alpha=alpha)
        assert type(got) is (np.float32 if narrow else float)
        for options in ({"keepdims": True}, {"axis": (0,), "keepdims": True}):
            got = measure(name, p, q, alpha=alpha, **options)
            assert type(got) is np.ndarray
            assert got.shape == (1,)
            assert got.dtype == (np.float32 if narrow else np.float64)
        for axis in (None, 0, (0,)):
            assert np.shape(measure(name, p, q, alpha=alpha, axis=axis)) == ()
        swapped = [np.asarray(x).astype(np.asarray(x).dtype.newbyteorder()) for x in (p, q)]
        got = measure(name, np.stack([swapped[0]] * 2), swapped[1], alpha=alpha)
        assert got.dtype == (np.float32 if narrow else np.float64)
        assert got.dtype.isnative


# -- Axes ------------------------------------------------------------------------------------------

AXES = [
    *[(axis,) for axis in (0, 1, 2, -1, -2, -3)],
    *[axes for k in (2, 3) for axes in itertools.permutations(range(3), k)],
    (-1, 0),
    (1, -1),
]


@DTYPES
@pytest.mark.parametrize("axes", AXES, ids=str)
@SELECTED
def test_axes(name: str, alpha: float | None, axes: tuple[int, ...], dtype: Any) -> None:
    p, q = (rng(seed).random((3, 17, 5)).astype(dtype) for seed in (1, 2))
    expected = by_slices(name, p, q, alpha, axes)
    forms: list[Any] = [axes, list(axes), tuple(np.int64(a) for a in axes)]
    if len(axes) == 1:
        forms += [axes[0], np.int8(axes[0])]
    if len(axes) == 3:
        forms += [None]
    for axis in forms:
        for x, y in ((p, q), (np.asfortranarray(p), q), (p, np.asfortranarray(q))):
            got = measure(name, x, y, alpha=alpha, axis=axis, normalize=True)
            assert_same(got, expected, dtype=dtype)
            kept = measure(name, x, y, alpha=alpha, axis=axis, normalize=True, keepdims=True)
            shape = [1 if i in {a % 3 for a in axes} else n for i, n in enumerate(p.shape)]
            assert kept.shape == tuple(shape)
            np.testing.assert_array_equal(kept.ravel(), np.ravel(got))


@DTYPES
@EACH
def test_columns_agree_with_rows(name: str, alpha: float | None, dtype: Any) -> None:
    """Every number of columns up to a few registers, and the ends of wide blocks."""
    rows = 23
    for columns in (*range(1, 36), 63, 64, 65, 255, 256, 257, 515):
        p, q = (rng(seed, columns).random((rows, columns)).astype(dtype) for seed in (1, 2))
        p[3, ::2] = 0
        got = measure(name, p, q, alpha=alpha, axis=0, normalize=True)
        turned = [np.ascontiguousarray(x.T) for x in (p, q)]
        expected = measure(name, *turned, alpha=alpha, axis=1, normalize=True)
        assert_same(got, expected, ulps=8, dtype=dtype)


@pytest.mark.parametrize("rows", [1, 2, 15, 16, 17, 31, 32, 33, 100, 2000])
@DTYPES
def test_tall_columns(dtype: Any, rows: int) -> None:
    p, q = (np.stack([exact(rows, dtype, 9 * k + i) for i in range(9)], 1) for k in (0, 1))
    for name in ("entropy", "kl_divergence", "js_divergence", "hellinger_distance"):
        got = measure(name, p, q, axis=0)
        for i in (0, 4, 8):
            wanted = oracle.evaluate(name, p[:, i], q[:, i])
            oracle.assert_accurate(got[i], wanted, 4 * EPS[dtype])


@pytest.mark.parametrize("shape", [(100_000, 3), (3, 100_000), (1000, 1000), (40_000, 1), (1, 9)])
@SELECTED
def test_shapes(name: str, alpha: float | None, shape: tuple[int, int]) -> None:
    p, q = (rng(seed).random(shape) for seed in (1, 2))
    for axis in (0, 1):
        got = measure(name, p, q, alpha=alpha, axis=axis, normalize=True)
        turned = [np.ascontiguousarray(np.moveaxis(x, axis, 1)) for x in (p, q)]
        assert got.shape == turned[0].shape[:1]
        assert_same(got, measure(name, *turned, alpha=alpha, normalize=True), ulps=8)
        picked = rng(3).integers(0, len(got), 20)
        for i in picked:
            one = measure(name, *(x[i] for x in turned), alpha=alpha, normalize=True)
            assert_same(got[i], one, ulps=8)


@EACH
def test_high_dimensions(name: str, alpha: float | None) -> None:
    p, q = (rng(seed).random((2,) * 10 + (3,)) for seed in (1, 2))
    for axes in ((0,), (3, 7), (10,), (0, 2, 4, 6, 8, 10), tuple(range(11))):
        expected = by_slices(name, p, q, alpha, axes)
        got = measure(name, p, q, alpha=alpha, axis=axes, normalize=True)
        assert_same(got, expected, ulps=8)
    many = p.reshape((1,) * 53 + p.shape)  # 64, the most that NumPy has
    got = measure(name, many, q, alpha=alpha, axis=-1, normalize=True)
    assert got.shape == many.shape[:-1]


# -- Layouts ---------------------------------------------------------------------------------------


def unaligned(x: Array) -> Array:
    return np.frombuffer(b"?" + x.tobytes(), x.dtype, offset=1).reshape(x.shape)


def read_only(x: Array) -> Array:
    x = x.copy()
    x.flags.writeable = False
    return x


def spread(x: Array) -> Array:
    """Leave gaps between elements in every axis."""
    wide = np.full([3 * n + 1 for n in x.shape], 77).astype(x.dtype)
    view = wide[tuple(slice(1, 3 * n + 1, 3) for n in x.shape)]
    view[...] = x
    return view


def reversed_axes(x: Array) -> Array:
    everything = (slice(None, None, -1),) * x.ndim
    return np.ascontiguousarray(x[everything])[everything]


def field(x: Array) -> Array:
    """Return a field of a packed record: strides that are no multiple of the element size."""
    records = np.zeros(x.shape, [("a", "u1"), ("x", x.dtype), ("b", "u2")])
    records["x"] = x
    return records["x"]


def swapped(x: Array) -> Array:
    return x.astype(x.dtype.newbyteorder())


LAYOUTS = {
    "fortran": np.asfortranarray,
    "unaligned": unaligned,
    "read-only": read_only,
    "spread": spread,
    "reversed": reversed_axes,
    "field": field,
    "swapped": swapped,
    "swapped and spread": lambda x: spread(swapped(x)),
    "matrix of one more axis": lambda x: np.stack([x, x * 0], -1)[..., 0],
}


@pytest.mark.parametrize(
    "dtype", [np.float64, np.float32, np.int32, np.float16], ids=lambda d: d.__name__
)
@pytest.mark.parametrize("layout", LAYOUTS)
@EACH
def test_layouts(name: str, alpha: float | None, layout: str, dtype: Any) -> None:
    arrange = LAYOUTS[layout]
    for shape in ((1,), (5,), (1100,), (6, 9), (3, 4, 5)):
        p, q = ((rng(seed).random(shape) * 50 + 1).astype(dtype) for seed in (1, 2))
        for axis in (0, -1):
            expected = measure(name, p, q, alpha=alpha, axis=axis, normalize=True)
            for x, y in ((arrange(p), arrange(q)), (arrange(p), q), (p, arrange(q))):
                np.testing.assert_array_equal(x, x.copy())
                got = measure(name, x, y, alpha=alpha, axis=axis, normalize=True)
                assert_same(got, expected, ulps=8, dtype=dtype)


@DTYPES
def test_layouts_of_long_slices(dtype: Any) -> None:
    """Elements that pass through blocks give the same bits as those that do not."""
    p, q = (rng(seed).random(70_001).astype(dtype) for seed in (1, 2))
    for name in ("entropy", "kl_divergence", "total_variation_distance"):
        expected = measure(name, p, q, normalize=True)
        for layout, arrange in LAYOUTS.items():
            got = measure(name, arrange(p), arrange(q), normalize=True)
            assert_same(got, expected, ulps=4, dtype=dtype)
            if layout == "read-only":
                assert got == expected


@DTYPES
def test_start_at_any_element(dtype: Any) -> None:
    p, q = (rng(seed).random(200).astype(dtype) for seed in (1, 2))
    for first in range(18):
        for n in (1, 7, 64, 150):
            x, y = p[first : first + n], q[17 - first : 17 - first + n]
            for name in ("entropy", "kl_divergence", "js_divergence"):
                got = measure(name, x, y, normalize=True)
                assert got == measure(name, x.copy(), y.copy(), normalize=True)


# -- Broadcasting ----------------------------------------------------------------------------------

SHAPES = [
    ((7,), (4, 7)),
    ((4, 7), (7,)),
    ((4, 7), (1, 7)),
    ((5, 1, 7), (4, 7)),
    ((5, 1, 7), (1, 4, 7)),
    ((4, 1), (1, 7)),
    ((4, 1), (7,)),
    ((1, 7), (4, 1)),
    ((1,), (4, 7)),
    ((3, 4, 7), (4, 1)),
    ((1, 1), (4, 7)),
    ((3, 1, 1), (1, 4, 7)),
    ((2000,), (3, 2000)),
    ((2000, 1), (1, 3)),
]


@pytest.mark.parametrize(("p_shape", "q_shape"), SHAPES, ids=str)
@pytest.mark.parametrize("name", oracle.TWO_OPERANDS)
def test_broadcasting(name: str, p_shape: tuple[int, ...], q_shape: tuple[int, ...]) -> None:
    shape = np.broadcast_shapes(p_shape, q_shape)
    own = [(*[1] * (len(shape) - len(each)), *each) for each in (p_shape, q_shape)]
    for dtype in (np.float64, np.float32):
        p, q = rng(1).random(p_shape).astype(dtype), rng(2).random(q_shape).astype(dtype)
        whole = np.broadcast_arrays(p, q)
        for axis in (-1, 0, (-2, -1), None):
            along = range(len(shape)) if axis is None else np.atleast_1d(axis).tolist()
            expected = measure(name, *(x.copy() for x in whole), axis=axis, normalize=True)
            assert_same(measure(name, *whole, axis=axis, normalize=True), expected, 8, dtype)
            # Batches are broadcast; a distribution of one value is none of several.
            if all(own[0][d] == own[1][d] for d in along):
                for x, y in ((p, q), (p, whole[1]), (whole[0], q)):
                    got = measure(name, x, y, axis=axis, normalize=True)
                    assert_same(got, expected, ulps=8, dtype=dtype)
                kept = measure(name, p, q, axis=axis, normalize=True, keepdims=True)
                assert kept.size == np.size(expected)
                continue
            with pytest.raises(
                ValueError, match=r"^p has \d+ elements? along axis -\d, q has \d+$"
            ):
                measure(name, p, q, axis=axis, normalize=True)


def test_a_distribution_of_one_value_is_not_spread() -> None:
    for p, q, message in (
        ([[30], [70]], [50, 50], "p has 1 element along axis -1, q has 2"),
        ([0.5], [0.1, 0.9], "p has 1 element along axis -1, q has 2"),
        ([0.5, 0.5], [1.0], "p has 2 elements along axis -1, q has 1"),
    ):
        for name in oracle.TWO_OPERANDS:
            with pytest.raises(ValueError, match=f"^{message}$"):
                measure(name, p, q)


@EACH
def test_zero_strides(name: str, alpha: float | None) -> None:
    row = rng(1).dirichlet(np.ones(6))
    other = rng(2).dirichlet(np.ones(6))
    p = np.broadcast_to(row, (50, 6))
    expected = measure(name, row, other, alpha=alpha)
    assert_same(measure(name, p, other, alpha=alpha), np.full(50, expected))
    assert_same(measure(name, p.T, other[:, None], alpha=alpha, axis=0), np.full(50, expected))
    uniform = np.broadcast_to(np.float64(0.25), (3, 4))
    plain = np.full((3, 4), 0.25)
    assert_same(
        measure(name, uniform, uniform, alpha=alpha), measure(name, plain, plain, alpha=alpha)
    )
