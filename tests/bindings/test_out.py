"""out=, empty and 0-d arrays, and objects that convert to arrays."""

from __future__ import annotations

import array
import itertools
import mmap
from typing import Any

import numpy as np
import pytest

import pyinfo
from support import oracle
from support.distributions import ALL_MEASURES, MEASURE_IDS, measure, rng

EACH = pytest.mark.parametrize(("name", "alpha"), ALL_MEASURES, ids=MEASURE_IDS)
Array = np.ndarray[Any, Any]


def pair(shape: tuple[int, ...], dtype: Any = np.float64) -> tuple[Array, Array]:
    p, q = (rng(seed).random(shape) for seed in (1, 2))
    return tuple((x / x.sum(-1, keepdims=True)).astype(dtype) for x in (p, q))


# -- out= ------------------------------------------------------------------------------------------


@EACH
def test_out(name: str, alpha: float | None) -> None:
    for dtype in (np.float64, np.float32):
        p, q = pair((3, 4, 5), dtype)
        expected = measure(name, p, q, alpha=alpha)
        plain = np.full((3, 4), -1, dtype)
        assert measure(name, p, q, alpha=alpha, out=plain) is plain
        np.testing.assert_array_equal(plain, expected)

        wide = np.full((6, 12), -1, dtype)
        backwards = np.zeros((3, 4), dtype)[::-1, ::-1]
        for out in (wide[::2, 1::3], backwards, np.zeros((4, 3), dtype).T):
            assert measure(name, p, q, alpha=alpha, out=out) is out
            np.testing.assert_array_equal(out, expected)
        assert (np.delete(wide, np.s_[1::3], axis=1) == -1).all()
        assert (wide[1::2] == -1).all()

        kept = np.zeros((3, 4, 1), dtype)
        assert measure(name, p, q, alpha=alpha, out=kept, keepdims=True) is kept
        np.testing.assert_array_equal(kept[..., 0], expected)

        single = np.zeros((), dtype)
        assert measure(name, p[0, 0], q[0, 0], alpha=alpha, out=single) is single
        assert single == expected[0, 0]
        odd = np.frombuffer(bytearray(1 + 12 * p.itemsize), dtype, offset=1).reshape(3, 4)
        assert measure(name, p, q, alpha=alpha, out=odd) is odd
        np.testing.assert_array_equal(odd, expected)


@EACH
def test_out_none_is_no_out(name: str, alpha: float | None) -> None:
    p, q = pair((4,))
    assert measure(name, p, q, alpha=alpha, out=None) == measure(name, p, q, alpha=alpha)


@EACH
def test_out_over_the_operands(name: str, alpha: float | None) -> None:
    """The result is that of the values before the call."""
    p, q = pair((8, 8))
    for axis in (0, 1):
        expected = measure(name, p, q, alpha=alpha, axis=axis, normalize=True)
        views = [
            lambda x: x[0],
            lambda x: x[7],
            lambda x: x[:, 0],
            lambda x: x[:, 7],
            lambda x: x[::-1, 3],
            lambda x: x.ravel()[5:13],
            lambda x: x.diagonal(),
        ]
        for view, operand in itertools.product(views, (0, 1)):
            for threads in (1, 3):
                copies = p.copy(), q.copy()
                out = view(copies[operand])
                out.flags.writeable = True
                options = {"axis": axis, "normalize": True, "threads": threads}
                assert measure(name, *copies, alpha=alpha, out=out, **options) is out
                np.testing.assert_array_equal(out, expected)


def test_out_of_large_batches_over_the_operands() -> None:
    p = rng(1).random((3000, 40))
    expected = pyinfo.entropy(p, normalize=True, threads=2)
    for column in (0, 39):
        copy = p.copy()
        np.testing.assert_array_equal(
            pyinfo.entropy(copy, normalize=True, out=copy[:, column], threads=2), expected
        )


def test_wrong_out() -> None:
    p = np.full((3, 4), 0.25)
    single = p.astype(np.float32)
    for out in (np.zeros(4), np.zeros((3, 1)), np.zeros(()), np.zeros((1, 3)), np.zeros(0)):
        with pytest.raises(ValueError, match=r"out has shape \(.*\), the result has \(3,\)"):
            pyinfo.entropy(p, out=out)
    with pytest.raises(ValueError, match=r"out has shape \(3,\), the result has \(3, 1\)"):
        pyinfo.entropy(p, out=np.zeros(3), keepdims=True)
    wrong_types = [np.zeros(3, np.float32), np.zeros(3, int), np.zeros(3, np.float16)]
    wrong_types += [np.zeros(3, complex), np.zeros(3, object), np.zeros(3, ">f8"), [0.0] * 3, "x"]
    for out in wrong_types:
        with pytest.raises((TypeError, ValueError), match=r"^out "):
            pyinfo.entropy(p, out=out)
    with pytest.raises((TypeError, ValueError), match=r"^out "):
        pyinfo.entropy(single, out=np.zeros(3))
    fixed = np.zeros(3)
    fixed.flags.writeable = False
    with pytest.raises(ValueError, match="out is read-only"):
        pyinfo.entropy(p, out=fixed)
    for wrong in (np.zeros(5), np.zeros((4, 3))):
        with pytest.raises(ValueError, match="out has shape"):
            pyinfo.information_content(p, out=wrong)


# -- Empty and 0-d ---------------------------------------------------------------------------------


@EACH
def test_empty_axis(name: str, alpha: float | None) -> None:
    for shape, axis in (((0,), -1), ((3, 0), 1), ((0, 3), 0), ((2, 0, 3), None), ((0, 0), 1)):
        p = np.zeros(shape)
        for normalize in (None, True, False):
            with pytest.raises(ValueError, match="empty"):
                measure(name, p, p, alpha=alpha, axis=axis, normalize=normalize)
    with pytest.raises(ValueError, match="empty"):
        measure(name, [], [], alpha=alpha)


@EACH
def test_no_slices(name: str, alpha: float | None) -> None:
    for dtype in (np.float64, np.float32, np.int64):
        for shape, axis, expected in (((0, 5), 1, (0,)), ((5, 0), 0, (0,)), ((2, 0, 5), 2, (2, 0))):
            p = np.zeros(shape, dtype)
            got = measure(name, p, p, alpha=alpha, axis=axis)
            assert got.shape == expected
            assert got.dtype == (np.float32 if dtype is np.float32 else np.float64)
            out = np.zeros(expected, got.dtype)
            assert measure(name, p, p, alpha=alpha, axis=axis, out=out) is out
    if name in oracle.TWO_OPERANDS:
        assert measure(name, np.zeros((0, 3)), [0.5, 0.25, 0.25], alpha=alpha).shape == (0,)


@EACH
def test_no_axis(name: str, alpha: float | None) -> None:
    for p in (1.0, np.float64(1), np.array(1.0), 1, True):
        for axis in (-1, None, 0, ()):
            with pytest.raises(ValueError, match=r"axis|dimension"):
                measure(name, p, p, alpha=alpha, axis=axis)


# -- Objects ---------------------------------------------------------------------------------------


class Subclass(np.ndarray):
    pass


class WithArray:
    def __init__(self, values: Array) -> None:
        self.values = values

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        return self.values


class WithInterface:
    def __init__(self, values: Array) -> None:
        self.values = values

    @property
    def __array_interface__(self) -> dict[str, Any]:
        return self.values.__array_interface__


class WithDlpack:
    """Speaks DLPack and nothing else, as tensors of some libraries do."""

    def __init__(self, values: Array) -> None:
        self.values = values

    def __dlpack__(self, **options: Any) -> Any:
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.values.__dlpack_device__()


def mapped(x: Array) -> mmap.mmap:
    memory = mmap.mmap(-1, x.nbytes)
    memory[:] = x.tobytes()
    return memory


OBJECTS = {
    "list": lambda x: x.tolist(),
    "tuple": lambda x: tuple(x.tolist()),
    "list of scalars": list,
    "subclass": lambda x: x.view(Subclass),
    "masked without a mask": np.ma.asarray,
    "__array__": WithArray,
    "__array_interface__": WithInterface,
    "DLPack": WithDlpack,
    "array.array": lambda x: array.array("d", x.tolist()),
    "memoryview": lambda x: memoryview(x),
    "memory map": lambda x: np.frombuffer(mapped(x)),
    "column of a record array": lambda x: np.rec.fromarrays([x, x], names="a,b").a,
}


@pytest.mark.once
@pytest.mark.parametrize("kind", OBJECTS)
@EACH
def test_objects(name: str, alpha: float | None, kind: str) -> None:
    convert = OBJECTS[kind]
    p, q = pair((9,))
    expected = measure(name, p, q, alpha=alpha)
    for x, y in ((convert(p), convert(q)), (convert(p), q), (p, convert(q))):
        got = measure(name, x, y, alpha=alpha)
        assert type(got) is float
        assert got == expected


def test_objects_in_two_dimensions() -> None:
    p, q = pair((4, 3))
    expected = pyinfo.kl_divergence(p, q)
    for convert in (np.ndarray.tolist, lambda x: x.view(Subclass), WithArray, WithDlpack, list):
        got = pyinfo.kl_divergence(convert(p), convert(q))
        assert type(got) is np.ndarray
        np.testing.assert_array_equal(got, expected)


def test_matrices_keep_their_numbers() -> None:
    table = np.array([[0.5, 0.5], [1.0, 0.0]])
    with pytest.warns(PendingDeprecationWarning):
        matrix = np.matrix(table)
    np.testing.assert_array_equal(pyinfo.entropy(matrix), [1, 0])


def test_bytes_are_counts() -> None:
    assert pyinfo.entropy(memoryview(b"\x01\x01\x02")) == 1.5
    assert pyinfo.entropy(bytearray(b"\x03\x03")) == 1
    assert pyinfo.entropy(array.array("Q", [1, 1, 1, 1])) == 2
    assert pyinfo.entropy(array.array("f", [0.5, 0.5])).dtype == np.float32


def test_arguments_are_left_alone() -> None:
    p, q = pair((4, 300))
    copies = p.copy(), q.copy()
    for name, alpha in ALL_MEASURES:
        measure(name, p, q, alpha=alpha, normalize=True)
        measure(name, p.T, q.T, alpha=alpha, axis=0, normalize=True)
    np.testing.assert_array_equal(p, copies[0])
    np.testing.assert_array_equal(q, copies[1])


def test_out_whose_elements_share_memory() -> None:
    """One would be written over another: the result would be wrong in silence."""
    p, q = pair((3, 4, 5))
    memory = np.zeros(64)
    step = memory.itemsize
    for strides in ((0, step), (step, 0), (step, step), (2 * step, step), (-step, step)):
        out = np.lib.stride_tricks.as_strided(memory[8:], (3, 4), strides)
        with pytest.raises(ValueError, match="out has elements that share memory"):
            pyinfo.kl_divergence(p, q, out=out)
    assert not memory.any()
    one = np.lib.stride_tricks.as_strided(memory, (1, 4), (0, step))
    pyinfo.kl_divergence(p[:1], q[:1], out=one)
    assert memory[:4].all()
