"""Drift of counts, arrays and tables: values, categories, bins, notes, errors."""

from __future__ import annotations

import datetime
import decimal
import fractions
import math
import warnings
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import pyinfo
from pyinfo import Counts, Drift, DriftTable, DriftWarning, drift

pandas = pytest.importorskip("pandas", reason="pandas is not installed (extra bench)")
polars = pytest.importorskip("polars", reason="polars is not installed (extra bench)")
pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed (extra arrow)")

pytestmark = pytest.mark.once

A, B = Counts(["a", "b", "c"], [300, 400, 300]), Counts(["b", "c", "d"], [380, 280, 240])
OF_A, OF_B = [300, 400, 300, 0], [0, 380, 280, 240]


def smoothed(counts: list[int]) -> np.ndarray:
    return (np.array(counts) + 0.5) / (sum(counts) + 2)


def test_values_are_those_of_the_measures() -> None:
    n, m = sum(OF_A), sum(OF_B)
    p, q = smoothed(OF_A), smoothed(OF_B)
    js_by_size = pyinfo.js_divergence(OF_A, OF_B, weights=[n / (n + m), m / (n + m)], base=math.e)
    for found, expected in (
        (drift(A, B), pyinfo.js_divergence(OF_A, OF_B)),
        (drift(A, B, base=10), pyinfo.js_divergence(OF_A, OF_B, base=10)),
        (drift(A, B, weights="size", base=math.e), js_by_size),
        (drift(A, B, measure="g"), 2 * (n + m) * js_by_size),
        (drift(A, B, measure="kl"), pyinfo.kl_divergence(q, p)),
        (drift(A, B, measure="psi"), pyinfo.jeffreys_divergence(p, q, base=math.e)),
    ):
        assert found.value == pytest.approx(expected, rel=1e-12)
        assert sum(found.contributions.values()) == pytest.approx(expected, rel=1e-9)
        assert min(found.contributions.values()) >= 0
        assert set(found.contributions) == set("abcd")
        shown = list(found.contributions.values())
        assert shown == sorted(shown, reverse=True)
        assert 0 < found.low < found.corrected < found.high
        assert found.p_value < 1e-10


def test_g_is_that_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    a, b = [30, 40, 30], [33, 28, 41]
    found = drift(Counts("abc", a), Counts("abc", b), measure="g")
    expected = stats.chi2_contingency([a, b], correction=False, lambda_="log-likelihood")
    assert found.value == pytest.approx(expected.statistic, rel=1e-12)
    assert found.p_value == pytest.approx(expected.pvalue, abs=0.005)


def test_reference_that_is_known() -> None:
    known = Counts(["x", "y"], [0.25, 0.75])
    found = drift(known, ["x"] * 30 + ["y"] * 70, measure="kl")
    assert found.value == pytest.approx(pyinfo.kl_divergence([0.3, 0.7], [0.25, 0.75]))
    assert found.low == 0
    assert 0.2 < found.p_value < 0.3
    new = drift(known, ["x"] * 30 + ["z"] * 70, measure="kl")
    assert (new.value, new.low, new.high, new.p_value) == (math.inf, math.inf, math.inf, 0)
    for options in ({}, {"measure": "psi"}):
        with pytest.raises(TypeError, match="weighted counts do not say"):
            drift(known, A, **options)
    with pytest.raises(TypeError, match="weighted counts do not say"):
        drift(Counts("xy", [2.5, 1.5]), Counts("xy", [2, 1]), measure="kl")


def test_equal_samples() -> None:
    for measure in ("js", "kl", "psi", "g"):
        found = drift(A, A, measure=measure)
        assert found.value == pytest.approx(0, abs=1e-15)
        assert found.p_value == pytest.approx(1, abs=1e-3)
        assert found.corrected == found.low == 0 < found.high


def test_a_single_category_has_nothing_to_differ_in() -> None:
    for measure in ("js", "kl", "psi", "g"):
        found = drift(["a"] * 60, ["a"] * 80, measure=measure)
        assert found == Drift(found.value, 0, 0, 0, 1, {"a": 0}, ())
        assert found.value == 0


def test_disjoint_samples_have_the_largest_divergence() -> None:
    found = drift(list("ab") * 40, list("cd") * 40)
    assert found.value == 1 == found.high
    assert found.low > 0.8


def test_zero_is_inside_where_the_p_value_is_large() -> None:
    random = np.random.default_rng(0)
    for k in (2, 5, 40):
        for _ in range(40):
            a, b = random.multinomial(200, np.ones(k) / k, 2)
            for measure in ("js", "kl", "psi", "g"):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", DriftWarning)
                    values = np.arange(k)
                    met = Counts(values, a), Counts(values, b)
                    found = drift(*met, measure=measure, confidence=0.8)
                assert (found.low == 0) == (found.p_value >= 0.2), (measure, a, b)


# -- Columns --------------------------------------------------------------------------------------


def bins_by_hand(a: np.ndarray, b: np.ndarray, bins: int) -> float:
    ordered = sorted(a.tolist())
    edges = np.unique([ordered[math.ceil(Fraction(len(a) * i, bins)) - 1] for i in range(1, bins)])
    tables = [
        np.bincount(np.searchsorted(edges, each), minlength=len(edges) + 1) for each in (a, b)
    ]
    return pyinfo.js_divergence(*tables)


@pytest.mark.parametrize("bins", [2, 7, 10, 100])
def test_numbers_have_bins_at_quantiles_of_the_reference(bins: int) -> None:
    random = np.random.default_rng(bins)
    for a, b in (
        (random.normal(size=70_000), random.normal(0.1, size=50_000)),
        (random.integers(0, 5, 3000), random.integers(0, 6, 3000)),
        (random.integers(0, 5, 3000).astype(np.uint8), random.normal(2, size=3000)),
        (random.normal(size=3000).astype(np.float32), random.normal(size=3000)),
    ):
        found = drift(a, b, bins=bins)
        assert found.value == pytest.approx(bins_by_hand(a, b, bins), rel=1e-12)
        assert len(found.contributions) <= bins


def test_edges_of_bins() -> None:
    found = drift(np.arange(100), np.arange(100), bins=[9.5, 49.5])
    assert set(found.contributions) == {"<= 9.5", "(9.5, 49.5]", "> 49.5"}
    by_value = drift(np.arange(300) % 3, np.arange(300) % 3, bins=None)
    assert set(by_value.contributions) == {0, 1, 2}
    with pytest.raises(ValueError, match="bins must be increasing"):
        drift([1, 2], [1, 2], bins=[2.0, 1.0])
    with pytest.raises(ValueError, match="bins must be from 2 to 1000"):
        drift([1, 2], [1, 2], bins=1)
    for wrong in ("10", 2.5):
        with pytest.raises(TypeError, match="bins"):
            drift([1, 2], [1, 2], bins=wrong)  # type: ignore[call-overload]


def test_missing_values_are_a_category() -> None:
    whole = np.arange(200.0)
    holes = np.where(whole < 100, np.nan, whole)
    expected = drift(whole, holes)
    for with_holes in (
        holes.tolist(),
        pandas.Series(holes),
        pandas.Series(holes).astype("Int64"),
        pandas.Series(holes).astype("int64[pyarrow]"),
        polars.Series([None if math.isnan(x) else int(x) for x in holes]),
        pyarrow.array(holes, from_pandas=True),
    ):
        found = drift(whole, with_holes)
        assert next(iter(found.contributions)) == "missing"
        assert found.value == expected.value
    left_out = np.ma.array(whole, mask=whole < 100)
    assert "missing" not in drift(whole, left_out).contributions
    found = drift(whole, holes)
    assert next(iter(found.contributions)) == "missing"
    assert drift(["a", None] * 50, ["a"] * 100).p_value < 1e-6
    assert drift([None] * 90, [None] * 90).p_value == 1
    assert drift([1.0, 2.0] * 50, [None] * 100).p_value < 1e-6


def test_dates_have_bins() -> None:
    days = np.datetime64("2026-01-01") + np.arange(400)
    found = drift(days, days + np.timedelta64(40), bins=4)
    assert found.p_value < 1e-3
    assert any("2026-04-10" in name for name in map(str, found.contributions))
    assert drift(days, days.astype("datetime64[s]")).value == 0
    with pytest.raises(TypeError, match="cannot be compared"):
        drift(days, np.arange(400))
    with pytest.raises(TypeError, match="bins must be a number"):
        drift(days, days, bins=[1.0])
    today = [datetime.date(2026, 1, 1), None] * 40
    assert drift(today, today).value == 0


def frame(n: int = 400) -> dict[str, Any]:
    return {
        "number": np.arange(float(n)),
        "text": ["x", "y"] * (n // 2),
        "flag": np.arange(n) % 3 == 0,
    }


@pytest.mark.parametrize(
    "made",
    [dict, pandas.DataFrame, polars.DataFrame, pyarrow.table],
    ids=lambda made: made.__name__,
)
def test_tables_have_a_row_for_each_column(made: Any) -> None:
    current = frame()
    current["number"] = current["number"] + 150
    found = drift(made(frame()), made(current))
    assert isinstance(found, DriftTable)
    assert list(found) == ["number", "text", "flag"]
    assert found["number"] == drift(frame()["number"], current["number"])
    assert found["text"].value == found["flag"].value == 0
    assert [row["column"] for row in found.rows()] == list(found)
    assert found.rows()[0]["p_value"] == found["number"].p_value
    lines = repr(found).splitlines()
    assert len(lines) == 4
    assert "p_value" in lines[0]
    assert drift(made(frame()), made(current), threads=2) == found


def test_columns_that_do_not_fit() -> None:
    for table in (frame(), pandas.DataFrame(frame())):
        with pytest.raises(ValueError, match="current has no column 'number'"):
            drift(table, {"text": ["x"]})
    with pytest.raises(TypeError, match="column 'text': values of type"):
        drift({"text": ["x"]}, {"text": [1]})
    with pytest.raises(TypeError, match="must both be tables"):
        drift(frame(), [1, 2])  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="different names"):
        drift(*[pandas.DataFrame([[1, 2]], columns=["a", "a"])] * 2)


def test_tables_of_counts_are_not_taken_for_samples() -> None:
    column = pandas.Series(list("aab"))
    for counts in (column.value_counts(), polars.Series("x", ["a", "b"]).value_counts()):
        with pytest.raises(TypeError, match=r"pass pyinfo\.Counts"):
            drift(counts, counts)


def test_text_that_is_none() -> None:
    broken = np.full(80, 0x7FFFFFFF, np.uint32).view("U1")
    with pytest.raises(ValueError, match="numbers that are no characters"):
        drift(broken, broken)


def test_wrong_arguments() -> None:
    for wrong, words in (
        ({"confidence": 95}, r"between 0 and 1, not 95 \(pass 0.95\)"),
        ({"confidence": 0}, "between 0 and 1, not 0"),
        ({"measure": "chi2"}, "measure must be one of 'js', 'kl', 'psi', 'g'"),
        ({"weights": "none"}, "weights must be one of"),
        ({"measure": "psi", "weights": "size"}, "weights are those of a mixture"),
        ({"base": 1}, "base must be"),
    ):
        with pytest.raises(ValueError, match=words):
            drift(A, B, **wrong)
    for empty in ([], np.empty(0)):
        with pytest.raises(ValueError, match="reference must not be empty"):
            drift(empty, [1.0])
        with pytest.raises(ValueError, match="current must not be empty"):
            drift([1.0], empty)
    with pytest.raises(ValueError, match="must have one dimension, not 2"):
        drift(np.eye(2), np.eye(2))


# -- Where nothing is promised --------------------------------------------------------------------


def test_it_warns_where_nothing_is_promised() -> None:
    values = np.arange(100)
    few, many = np.full(100, 3), np.full(100, 300)
    for a, b, options, words in (
        ([20, 20], [10, 30], {}, "40 samples are fewer than the 50"),
        (few, many, {}, "100 categories have 3 counts on average"),
        ([400, 2], [390, 3], {"measure": "psi"}, r"expects 2.5 counts.*'psi'"),
        ([400, 2], [390, 3], {"measure": "kl"}, r"expects 2.5 counts.*'kl'"),
    ):
        tables = [Counts(values[: len(x)], x) for x in (a, b)]
        with pytest.warns(DriftWarning, match=words) as caught:
            found = drift(*tables, **options)  # type: ignore[call-overload]
        assert caught[0].filename == __file__
        assert len(found.notes) == 1
    with pytest.warns(DriftWarning, match=r"x, y: 4 samples are fewer"):
        drift({"x": [1] * 3 + [2], "y": [1] * 3 + [2]}, {"x": [1] * 3 + [2], "y": [1] * 3 + [2]})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drift(A, B)


def test_merged_counts_are_those_of_all_samples() -> None:
    random = np.random.default_rng(0)
    parts = [random.integers(0, 6, 100) for _ in range(5)]
    streamed = Counts.from_samples(parts[0])
    for part in parts[1:]:
        streamed.update(part)
    assert drift(streamed, A_COUNTS) == drift(np.concatenate(parts), A_COUNTS)
    assert drift(Counts.from_chunks(parts), A_COUNTS) == drift(streamed, A_COUNTS)


A_COUNTS = Counts(range(6), [100] * 6)


def test_dask_counts_where_the_data_are() -> None:
    array = pytest.importorskip("dask.array", reason="dask is not installed (extra dask)")
    from pyinfo.integrations import dask

    a, b = np.arange(900) % 6, np.arange(600) % 5
    lazy = dask.drift(array.from_array(a, chunks=100), array.from_array(b, chunks=100))
    expected = drift(Counts.from_samples(a), Counts.from_samples(b))
    assert lazy.compute(scheduler="synchronous") == expected
    kept = dask.drift(Counts.from_samples(a), array.from_array(b, chunks=100), measure="psi")
    expected = drift(Counts.from_samples(a), Counts.from_samples(b), measure="psi")
    assert kept.compute(scheduler="synchronous") == expected


def test_many_values_that_hardly_differ() -> None:
    """A column of names, all different, in both tables."""
    names = [f"n{i}" for i in range(30_000)]
    with pytest.warns(DriftWarning, match="30000 categories"):
        assert drift(names, names).p_value == 1


@pytest.mark.parametrize(
    "objects",
    [
        [datetime.date(2024, 1, 1) + datetime.timedelta(i) for i in range(300)],
        [datetime.datetime(2024, 1, 1) + datetime.timedelta(hours=i) for i in range(300)],
        [datetime.timedelta(minutes=i) for i in range(300)],
        [decimal.Decimal(i) / 10 for i in range(300)],
        [fractions.Fraction(i, 7) for i in range(300)],
    ],
    ids=lambda objects: type(objects[0]).__name__,
)
def test_objects_on_a_scale_have_bins(objects: list[Any]) -> None:
    found = drift(objects, [*objects[30:], *[None] * 30])
    assert found.notes == ()
    assert len(found.contributions) == 11
    assert next(iter(found.contributions)).startswith("<= ")
    assert list(found.contributions)[1] == "missing"


def test_times_with_a_zone_are_those_of_utc() -> None:
    zone = datetime.timezone(datetime.timedelta(hours=5))
    there = [datetime.datetime(2024, 1, 1, tzinfo=zone) + datetime.timedelta(i) for i in range(99)]
    utc = [each.astimezone(datetime.UTC) for each in there]
    naive = [each.replace(tzinfo=None) for each in utc]
    assert drift(there, utc) == drift(there, naive) == drift(naive, naive)
    both = [*there, *naive] * 12  # which cannot be ordered
    mixed = drift(both, both)
    assert not any(str(each).startswith("<=") for each in mixed.contributions)


def test_times_of_pandas() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed (extra bench)")
    times = pandas.Series(pandas.date_range("2024", periods=300, tz="Europe/Berlin"))
    later = times.copy()
    later[:30] = pandas.NaT
    found = drift({"t": times}, {"t": later})["t"]
    assert list(found.contributions)[1] == "missing"
    assert len(found.contributions) == 11


def test_large_integers_and_booleans_are_no_numbers() -> None:
    large = [10**30 + i for i in range(60)] * 12
    assert set(drift(large, large).contributions) == set(large)
    flags = np.array([True, False] * 60, object)
    assert set(drift(flags, flags).contributions) == {True, False}


def test_threads_are_checked_of_arrays_as_well() -> None:
    with pytest.raises(ValueError, match="threads must be"):
        drift(A, B, threads=-1)
