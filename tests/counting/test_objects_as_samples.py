"""Samples of every kind of object against collections.Counter and arithmetic of Python's own."""

from __future__ import annotations

import datetime
import enum
import io
import math
from collections import Counter, UserList, deque
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import ml_dtypes
import mpmath
import numpy as np
import pyarrow
import pytest

import pyinfo
from pyinfo import Counts, JointCounts
from support.dlpack_producer import Producer

pandas = pytest.importorskip("pandas", reason="pandas is not installed (extra bench)")
polars = pytest.importorskip("polars", reason="polars is not installed (extra bench)")

pytestmark = pytest.mark.once

LARGE = [2**60 + 1, 2**60 + 2, 2**60 + 1]


class Colour(enum.Enum):
    """Values that have a hash and no order."""

    RED = 1
    BLUE = 2


def table(counts: Counts) -> Counter[Any]:
    """The counts as Python would have them; what is missing is None."""
    values = [None if value is None or value != value else value for value in counts.values]
    return Counter(dict(zip(values, counts.counts.tolist(), strict=True)))


def entropy(values: list[Any]) -> float:
    numbers = Counter(values).values()
    return math.fsum(n / len(values) * math.log2(len(values) / n) for n in numbers)


LISTS: list[list[Any]] = [
    [2**63 + 1, 2**63 + 2, 1],
    [2**63 + 1, 2**63 + 2, -1],
    [2**64, 2**64 + 1, 2**64],
    [np.uint64(2**63 + 1), np.int64(1), np.uint64(2**63 + 2)],
    [2**53, 2**53 + 1, 0.5],
    [b"\0", b"\0\0", b"", b"a"],
    ["\0", "\0\0", "", "a", "a\0"],
    [1, "1", 2, "1"],
    [True, "True", "True"],
    [(0, 1), (1, 0), (0, 1)],
    [(0, 1), (1,), None, "a", 2.5, Fraction(1, 3)],
    [Colour.RED, Colour.BLUE, Colour.RED],
    ["a", "b", None, "a", None],
    [1, 2, None],
    [frozenset({1}), frozenset({2}), frozenset({1, 2}), frozenset({1})],
    [1 + 2j, 1, 1 + 2j],
    [10**30, 1.5, 10**30],
]


@pytest.mark.parametrize("samples", LISTS, ids=repr)
def test_lists_that_numpy_would_guess_about(samples: list[Any]) -> None:
    expected = Counter(samples)
    for given in (samples, tuple(samples), deque(samples), UserList(samples)):
        counts = Counts.from_samples(given)
        assert table(counts) == expected
    assert counts == Counts.from_samples(samples[::-1])
    if None in samples:
        assert counts.values[-1] is None
    assert pyinfo.entropy_of(samples) == pytest.approx(entropy(samples), rel=1e-14)
    renamed = list(range(len(samples)))
    information = pyinfo.mutual_information(samples, renamed)
    assert information == pytest.approx(entropy(samples), rel=1e-14)


def test_what_is_missing_is_one_value_and_the_last() -> None:
    nan = float("nan")
    assert table(Counts.from_samples([1.5, None, nan, pandas.NA])) == {1.5: 1, None: 3}
    assert Counts.from_samples(np.array([nan, "a", nan], object)).counts.tolist() == [1, 2]
    nat = np.datetime64("NaT")
    assert Counts.from_samples([nat, nat, np.datetime64("2020")]).counts.tolist() == [1, 2]
    joint = JointCounts.from_samples(["a", None, None], [1, 1, 2])
    assert joint.conditional({0: None}) == Counts([1, 2], [1, 1])
    assert joint.conditional({0: "a"}) == Counts([1], [1])


COLUMNS: list[tuple[str, Callable[[list[Any]], Any]]] = [
    ("pandas Int64", lambda x: pandas.Series(x, dtype="Int64")),
    ("pandas array", lambda x: pandas.array(x, dtype="Int64")),
    ("pandas Arrow", lambda x: pandas.Series(x, dtype="int64[pyarrow]")),
    ("pandas category", lambda x: pandas.Series(x, dtype=object).astype("category")),
    ("pandas index", lambda x: pandas.Index(pandas.array(x, dtype="Int64"))),
    ("polars", polars.Series),
    ("Arrow", pyarrow.array),
    ("Arrow chunks", lambda x: pyarrow.chunked_array([x[:1], x[1:]], pyarrow.int64())),
    ("Arrow dictionary", lambda x: pyarrow.array(x).dictionary_encode()),
]


@pytest.mark.parametrize(("kind", "make"), COLUMNS, ids=[kind for kind, _ in COLUMNS])
def test_columns_with_and_without_nulls(kind: str, make: Callable[[list[Any]], Any]) -> None:
    for samples in (LARGE, [*LARGE, None], [None, 1]):
        column = make(samples)
        assert table(Counts.from_samples(column)) == Counter(samples)
        assert pyinfo.entropy_of(column) == pytest.approx(entropy(samples), rel=1e-14)
        other = list(range(len(samples)))
        information = pyinfo.mutual_information(column, other)
        assert information == pytest.approx(entropy(samples), rel=1e-14)
        parts = [make(samples[:2]), make(samples[2:])] if len(samples) > 3 else [column]
        assert table(Counts.from_chunks(parts)) == Counter(samples)


def test_columns_of_other_types() -> None:
    words = ["b", None, "a", "b"]
    for column in (
        pandas.Series(words),
        pandas.Series(words, dtype="string"),
        pandas.Series(words, dtype="string[pyarrow]"),
        pandas.Series(words, dtype="category"),
        polars.Series(words),
        polars.Series(words, dtype=polars.Categorical),
        pyarrow.array(words),
        pyarrow.array(words).dictionary_encode(),
    ):
        assert table(Counts.from_samples(column)) == Counter(words)
    flags = [True, None, False, True]
    for column in (
        pandas.array(flags, dtype="boolean"),
        polars.Series(flags),
        pyarrow.array(flags),
    ):
        assert table(Counts.from_samples(column)) == Counter(flags)
    floats = [0.5, None, 1.5, 0.5]
    for column in (
        pandas.array(floats, dtype="Float64"),
        polars.Series(floats),
        pyarrow.array(floats),
    ):
        assert table(Counts.from_samples(column)) == Counter(floats)
    days = [datetime.datetime(2020, 1, 1), None]
    for column in (polars.Series(days, dtype=polars.Datetime("ms")), pyarrow.array(days)):
        assert Counts.from_samples(column).counts.tolist() == [1, 1]
    nested = pyarrow.array([[1, 2], [1], [1, 2], None])
    assert table(Counts.from_samples(nested)) == {(1, 2): 2, (1,): 1, None: 1}


def test_arrow_exporters_of_other_packages() -> None:
    class Exporter:
        """One that knows Arrow's protocol alone."""

        def __init__(self, column: Any) -> None:
            self.column = column

        def __arrow_c_array__(self, requested_schema: Any = None) -> Any:
            return self.column.__arrow_c_array__(requested_schema)

    class Stream:
        def __init__(self, table: Any) -> None:
            self.table = table

        def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
            return self.table.__arrow_c_stream__(requested_schema)

    column = Exporter(pyarrow.array([*LARGE, None]))
    assert table(Counts.from_samples(column)) == Counter([*LARGE, None])
    assert pyinfo.entropy(Exporter(pyarrow.array([0.5, 0.5]))) == 1
    stream = Stream(pyarrow.table({"a": [1, 2], "b": [2, 2]}))
    assert Counts.from_samples(stream) == Counts([1, 2], [1, 3])


def test_tensors_are_counted() -> None:
    tensor = Producer(np.array([1, 1, 2]))
    assert Counts.from_samples(tensor) == Counts([1, 2], [2, 1])
    assert pyinfo.entropy_of(Producer(np.array([1, 2]))) == 1
    weights = Producer(np.array([1.0, 2.0]))
    assert Counts.from_samples([1, 2], weights=weights) == Counts([1, 2], [1.0, 2.0])


@pytest.mark.parametrize(
    "make",
    [
        lambda: (value for value in [1, 2, 2]),
        lambda: map(int, [1, 2, 2]),
        lambda: zip([1], [2], strict=True),
        lambda: {1: 2}.values(),
        lambda: {1, 2},
        lambda: {1: 2},
        lambda: io.StringIO("a"),
        lambda: print,
        lambda: object(),
        lambda: Path("x"),
    ],
)
def test_what_is_no_array(make: Callable[[], Any]) -> None:
    for call in (
        pyinfo.entropy_of,
        Counts.from_samples,
        pyinfo.entropy,
        lambda given: pyinfo.normalized_mutual_information([1], given),
        lambda given: Counts.from_samples([1], weights=given),
        pyinfo.estimate_entropy,
        pyinfo.HuffmanCode.from_counts,
        pyinfo.pairwise_mutual_information,
    ):
        given = make()
        with pytest.raises(TypeError, match=r" must be an array or a list, not \w+"):
            call(given)
        if hasattr(given, "close"):
            given.close()


# -- Masks ----------------------------------------------------------------------------------------

MASKED = np.ma.array([10, 10, 20, 20], mask=[0, 0, 0, 1])


def test_masked_samples_are_left_out() -> None:
    left = [10, 10, 20]
    for samples in (MASKED, [10, 10, 20, np.ma.masked], MASKED.reshape(2, 2)):
        assert table(Counts.from_samples(samples)) == Counter(left)
        assert pyinfo.entropy_of(samples) == pytest.approx(entropy(left), rel=1e-15)
    weighted = Counts.from_samples(MASKED, weights=[1, 2, 3, 4])
    assert weighted == Counts([10, 20], [3.0, 3.0])
    counts = Counts.from_samples(MASKED)
    counts.update(MASKED, weights=[1, 1, 1, 1])
    assert counts == Counts([10, 20], [4.0, 2.0])
    y = np.ma.array([1, 2, 1, 2], mask=[1, 0, 0, 0])
    joint = JointCounts.from_samples(MASKED, y)
    assert joint == JointCounts.from_samples([10, 20], [2, 1])
    assert pyinfo.mutual_information(MASKED, y) == 1
    assert pyinfo.conditional_entropy(MASKED, y) == 0
    assert Counts.from_chunks([MASKED, MASKED]).total == 6


def test_masked_elements_of_what_is_no_sample_are_refused() -> None:
    for call in (
        pyinfo.entropy,
        lambda x: pyinfo.kl_divergence([0.5, 0.5], x),
        pyinfo.information_content,
        pyinfo.estimate_entropy,
        lambda x: Counts.from_samples([1, 2, 3, 4], weights=x),
        lambda x: Counts([1, 2, 3, 4], x),
        lambda x: Counts(x, [1, 2, 3, 4]),
        pyinfo.HuffmanCode.from_counts,
        lambda x: pyinfo.HuffmanCode.from_samples(x.astype(np.uint8)),
        lambda x: pyinfo.HuffmanCode.from_counts([1] * 30).encode(x.astype(np.uint8)),
        lambda x: pyinfo.Compressor().compress(x),
        pyinfo.compress,
        lambda x: pyinfo.block_entropy(x, 1),
        lambda x: pyinfo.entropy_of(x, axis=0),
        lambda x: pyinfo.transfer_entropy(x, x),
        lambda x: pyinfo.pairwise_mutual_information(x.reshape(2, 2)),
    ):
        with pytest.raises(TypeError, match="mask"):
            call(MASKED)
    nothing_masked = np.ma.array([0.5, 0.5], mask=[0, 0])
    assert pyinfo.entropy(nothing_masked) == 1
    assert pyinfo.entropy([nothing_masked, nothing_masked]).tolist() == [1, 1]
    with pytest.raises(TypeError, match="mask"):
        pyinfo.entropy([MASKED, MASKED])


# -- Types ----------------------------------------------------------------------------------------

TYPES = [
    ml_dtypes.bfloat16,
    ml_dtypes.float8_e4m3fn,
    ml_dtypes.float8_e5m2,
    ml_dtypes.int4,
    ml_dtypes.uint4,
    np.longdouble,
    np.complex64,
    np.complex128,
    np.clongdouble,
]


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.__name__)
def test_types_of_every_package(kind: Any) -> None:
    plain = np.random.default_rng(0).integers(0, 6, 300)
    samples = plain.astype(kind)
    counts = Counts.from_samples(samples)
    assert counts.values.dtype == samples.dtype
    assert counts.values.astype(complex).real.tolist() == list(range(6))
    assert counts.counts.tolist() == np.bincount(plain).tolist()
    assert counts == Counts.from_chunks([samples[:100], samples[100:]])
    assert pyinfo.mutual_information(samples, plain) == pytest.approx(entropy(plain.tolist()))
    weights = np.random.default_rng(1).random(300)
    weighted = Counts.from_samples(samples, weights=weights)
    np.testing.assert_array_equal(weighted.counts, np.bincount(plain, weights))
    if np.dtype(kind).kind in "fc":
        nans = np.array([math.nan, -math.nan, 1, 0.0, -0.0]).astype(kind)
        assert Counts.from_samples(nans).counts.tolist() == [2, 1, 2]


def test_long_doubles_keep_their_digits() -> None:
    one = np.longdouble(1)
    samples = np.array([one, one + np.finfo(np.longdouble).eps, one])
    assert Counts.from_samples(samples).counts.tolist() == [2, 1]


def test_complex_numbers_and_structures() -> None:
    samples = [complex(a, b) for a in range(3) for b in range(a + 1)] * 2
    counts = Counts.from_samples(samples)
    assert table(counts) == Counter(samples)
    nan = math.nan
    odd = np.array([complex(nan, 1), complex(1, nan), complex(0.0, -0.0), complex(-0.0, 0.0)])
    assert Counts.from_samples(odd).counts.tolist() == [2, 2]
    records = np.array([(1, nan, b"a"), (1, nan, b"a"), (0, 2.0, b"b")], "i4,f8,S3")
    counts = Counts.from_samples(records)
    assert counts.counts.tolist() == [1, 2]
    assert counts.values[0].item() == (0, 2.0, b"b")
    assert counts == Counts.from_samples(records[::-1])
    assert pyinfo.mutual_information(records, [1, 1, 2]) == pytest.approx(entropy([1, 1, 2]))
    fields = np.array([([1, 2],), ([1, 3],), ([1, 2],)], [("v", "i2", 2)])
    assert Counts.from_samples(fields).counts.tolist() == [2, 1]
    assert Counts.from_samples(np.array([b"ab", b"cd", b"ab"]).view("V2")).counts.tolist() == [2, 1]


# -- Weights and totals ---------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1e-320, 1e-300, 1e-200, 1e-154, 1.0, 1e154, 1e200, 1e307])
def test_weights_have_no_scale(scale: float) -> None:
    x, y = [0, 0, 1, 1, 2], [0, 1, 0, 1, 1]
    weights = np.array([8.0, 4.0, 2.0, 1.0, 1.0]) * scale
    joint = JointCounts.from_samples(x, y, weights=weights)
    plain = JointCounts.from_samples(x, y, weights=[8.0, 4.0, 2.0, 1.0, 1.0])
    near = {"rel": 1e-2 if scale < 1e-310 else 1e-13}
    assert joint.mutual_information() == pytest.approx(plain.mutual_information(), **near)
    assert joint.entropy() == pytest.approx(plain.entropy(), **near)
    assert joint.marginal(0).entropy() == pytest.approx(plain.marginal(0).entropy(), **near)


def test_information_of_weights_far_apart() -> None:
    mpmath.mp.dps = 400
    for small in (1e-160, 1e-200, 1e-300):
        joint = JointCounts.from_samples([0, 1], [0, 1], weights=[1.0, small])
        p = mpmath.mpf(small) / (1 + mpmath.mpf(small))
        expected = -(p * mpmath.log(p, 2) + (1 - p) * mpmath.log(1 - p, 2))
        # The other share is 1 in floats: what its cell adds, small / ln 2, cannot be seen.
        seen = float(expected) - small / math.log(2)
        assert joint.mutual_information() == pytest.approx(seen, rel=1e-12, abs=0)
    weights = np.exp([-400, -400.5])
    p = mpmath.mpf(1) / (1 + mpmath.exp(mpmath.mpf(-0.5)))
    expected = -(p * mpmath.log(p, 2) + (1 - p) * mpmath.log(1 - p, 2))
    found = JointCounts.from_samples([0, 1], [0, 1], weights=weights).mutual_information()
    assert found == pytest.approx(float(expected), rel=1e-12)


def test_totals_never_wrap() -> None:
    half = Counts([1], np.array([2**63], np.uint64))
    for call in (
        lambda: half.merge(half),
        lambda: half + half,
        lambda: Counts([0, 1], np.array([2**63, 2**63], np.uint64)),
        lambda: Counts.from_chunks([half, half]),
        lambda: Counts([1], np.array([2**64 - 1], np.uint64)).update([1]),
    ):
        with pytest.raises(OverflowError, match="more than 64 bits hold"):
            call()
    full = Counts([1, 2], np.array([2**63, 2**63 - 1], np.uint64))
    assert full.total == 2**64 - 1
    assert full.entropy() == pytest.approx(1)
    joint = JointCounts.from_samples([1], [1])
    for _ in range(63):
        joint = joint.merge(joint)
    with pytest.raises(OverflowError, match="more than 64 bits hold"):
        joint.merge(joint)
    assert joint.total == 2**63
    assert pyinfo.estimate_entropy(np.full(4, 2**63, np.uint64)) == 2
    assert pyinfo.entropy(np.full(4, 2**63, np.uint64)) == 2
    for call in (
        lambda: Counts.from_samples([1, 1, 2], weights=[1e308] * 3),
        lambda: JointCounts.from_samples([1, 2], [1, 2], weights=[1e308] * 2),
        lambda: Counts([1, 2], [1e308, 1e308]),
        lambda: Counts([1], [1e308]) + Counts([1], [1e308]),
    ):
        with pytest.raises(ValueError, match="more than a float64 holds"):
            call()


# -- Several variables ----------------------------------------------------------------------------


def test_trials_are_rows() -> None:
    assert pyinfo.transfer_entropy([[0, 1], [1, 0]], [[0, 0], [1, 1]]) == 0
    random = np.random.default_rng(0)
    x, y = random.integers(0, 3, (2, 40, 9))
    future, before, source = (a.reshape(-1) for a in (y[:, 1:], y[:, :-1], x[:, :-1]))
    expected = pyinfo.conditional_mutual_information(future, source, before)
    assert pyinfo.transfer_entropy(x, y) == pytest.approx(expected, rel=1e-13)


def test_shapes_agree() -> None:
    a = np.array([[0, 1, 2], [0, 1, 2]])
    for call in (
        pyinfo.mutual_information,
        pyinfo.joint_entropy,
        pyinfo.conditional_entropy,
        pyinfo.normalized_mutual_information,
        pyinfo.transfer_entropy,
        JointCounts.from_samples,
        lambda x, y: Counts.from_samples(x, weights=y),
    ):
        with pytest.raises(ValueError, match=r"the same shape, not \(2, 3\) and \(3, 2\)"):
            call(a, a.T)
    assert pyinfo.mutual_information(a[0], a[0][:, None]) == pytest.approx(math.log2(3))
    for call in (pyinfo.total_correlation, pyinfo.joint_entropy):
        with pytest.raises(ValueError, match=r"pass the columns of a table, \*table\.T"):
            call(np.array([[0, 0], [1, 1]]))
    frame = pandas.DataFrame({"a": [0, 1], "b": ["x", "y"]})
    assert pyinfo.total_correlation(frame) == pytest.approx(1)


def test_given_as_columns_or_a_table() -> None:
    x, a, b = [1, 2, 1, 2], [1, 1, 2, 2], ["x", "y", "x", "x"]
    expected = pyinfo.conditional_entropy(x, [a, b])
    frame = {"a": a, "b": b}
    for given in (
        [polars.Series(a), polars.Series(b)],
        [pandas.Series(a), pandas.Series(b)],
        pandas.DataFrame(frame),
        polars.DataFrame(frame),
        pyarrow.table(frame),
    ):
        assert pyinfo.conditional_entropy(x, given) == expected
    matrix = pyinfo.pairwise_mutual_information(pandas.DataFrame({"x": x, **frame}))
    assert matrix[0, 2] == pytest.approx(pyinfo.mutual_information(x, b))
    assert pyinfo.pairwise_mutual_information([(1, 2), (2, 3)]).tolist() == [[1, 1], [1, 1]]
    nulls = pandas.DataFrame({"x": pandas.array([1, None, 1], dtype="Int64"), "y": [1, 2, 1]})
    assert pyinfo.pairwise_mutual_information(nulls)[0, 1] == pytest.approx(entropy([1, 2, 1]))


def test_frames_in_measures() -> None:
    ints = {"a": [1, 3], "b": [1, 1]}
    expected = [entropy([0, 1, 1, 1]), 1]
    for frame in (
        pandas.DataFrame(ints),
        pandas.DataFrame(ints, dtype="Int64"),
        pandas.DataFrame(ints).convert_dtypes(dtype_backend="pyarrow"),
        polars.DataFrame(ints),
        pyarrow.table(ints),
    ):
        np.testing.assert_allclose(pyinfo.entropy(frame, axis=0), expected, rtol=1e-15)
    for column in (
        pandas.Series([0.5, None], dtype="Float64"),
        pandas.Series([1, None], dtype="int64[pyarrow]"),
        polars.Series([1, None]),
        pyarrow.array([1, None]),
        [0.5, None],
    ):
        with pytest.raises(ValueError, match="p has nulls: fill or drop them first"):
            pyinfo.entropy(column)
        with pytest.raises(ValueError, match="weights has nulls"):
            Counts.from_samples([1, 2], weights=column)
    assert pyinfo.entropy([2**63, 2**63]) == 1
    assert pyinfo.entropy([2**63, 1]) == pyinfo.entropy(np.array([2**63, 1], np.uint64))
