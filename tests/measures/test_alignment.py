"""Distributions that say which values they count are aligned by value, never by place."""

from __future__ import annotations

import collections
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pyinfo
from pyinfo import Counts

pandas = pytest.importorskip("pandas", reason="pandas is not installed (extra bench)")
polars = pytest.importorskip("polars", reason="polars is not installed (extra bench)")
pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed (extra arrow)")
compute = pytest.importorskip("pyarrow.compute", reason="pyarrow is not installed (extra arrow)")

pytestmark = pytest.mark.once

A, B = list("aabbbcaaz"), list("ccbadzz")
MEASURES: dict[str, Callable[[Any, Any], Any]] = {
    "cross_entropy": pyinfo.cross_entropy,
    "kl_divergence": pyinfo.kl_divergence,
    "js_divergence": pyinfo.js_divergence,
    "js_distance": pyinfo.js_distance,
    "jeffreys_divergence": pyinfo.jeffreys_divergence,
    "hellinger_distance": pyinfo.hellinger_distance,
    "bhattacharyya_distance": pyinfo.bhattacharyya_distance,
    "total_variation_distance": pyinfo.total_variation_distance,
    "renyi_divergence": lambda p, q: pyinfo.renyi_divergence(p, q, 0.5),
    "js_divergence of three": lambda p, q: pyinfo.js_divergence(p, q, q),
}
TABLES: dict[str, Callable[[list[str]], Any]] = {
    "Counts": Counts.from_samples,
    "weighted Counts": lambda x: Counts.from_samples(x, weights=np.full(len(x), 0.25)),
    "pandas": lambda x: pandas.Series(x).value_counts(),
    "pandas, shares": lambda x: pandas.Series(x).value_counts(normalize=True),
    "pandas, categories": lambda x: pandas.Series(x, dtype="category").value_counts(),
    "pandas, a frame": lambda x: pandas.Series(x).value_counts().reset_index(),
    "polars": lambda x: polars.Series("x", x).value_counts(),
    "polars, shares": lambda x: polars.Series("x", x).value_counts(normalize=True),
    "polars, structures": lambda x: polars.DataFrame({"x": x}).select(
        polars.col("x").value_counts()
    )["x"],
    "pyarrow": lambda x: compute.value_counts(pyarrow.array(x)),
}


def by_hand(p: list[str], q: list[str]) -> tuple[list[int], list[int]]:
    a, b = collections.Counter(p), collections.Counter(q)
    values = sorted({*a, *b})
    return [a[value] for value in values], [b[value] for value in values]


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("of_p", TABLES)
def test_all_measures_align_by_value(measure: str, of_p: str) -> None:
    function = MEASURES[measure]
    for of_q in (of_p, "Counts", "pandas"):
        for p, q in ((A, B), (B, A), (A, A), (A, A[2:])):
            expected = function(*by_hand(p, q))
            found = function(TABLES[of_p](p), TABLES[of_q](q))
            assert found == pytest.approx(expected, rel=1e-12, abs=1e-15), of_q


@pytest.mark.parametrize("table", TABLES)
def test_one_distribution_needs_no_alignment(table: str) -> None:
    counts = sorted(collections.Counter(A).values())
    made = TABLES[table](A)
    assert pyinfo.entropy(made) == pytest.approx(pyinfo.entropy(counts), rel=1e-14)
    assert pyinfo.renyi_entropy(made, 2) == pytest.approx(pyinfo.renyi_entropy(counts, 2))


def test_values_of_all_kinds() -> None:
    for p, q in (([3, 1, 3], [1, 2]), ([0.5, np.nan], [np.nan, 2.5]), ([True], [False, True])):
        expected = pyinfo.js_divergence(Counts.from_samples(p), Counts.from_samples(q))
        a, b = (pandas.Series(x).value_counts(dropna=False) for x in (p, q))
        assert pyinfo.js_divergence(a, b) == pytest.approx(expected, rel=1e-14)
    pairs = pandas.DataFrame({"x": [1, 1, 2], "y": ["a", "a", "b"]})
    assert pyinfo.js_divergence(pairs.value_counts(), pairs.iloc[:2].value_counts()) > 0


def test_equal_indexes_are_read_as_they_stand() -> None:
    a, b = pandas.Series([0.5, 0.5], ["x", "y"]), pandas.Series([1.0, 0.0], ["x", "y"])
    assert pyinfo.kl_divergence(b, a) == 1.0
    assert pyinfo.kl_divergence(b, a[::-1]) == 1.0
    assert pyinfo.kl_divergence(b[::-1], [0.0, 1.0]) == 0.0  # an array has places alone
    columns = pandas.Series([1, 2, 3]), pandas.Series([3, 2, 1])
    assert pyinfo.js_divergence(*columns) == pyinfo.js_divergence([1, 2, 3], [3, 2, 1])


def test_what_cannot_be_aligned() -> None:
    counts = Counts.from_samples("aab")
    for p, q, name in ((counts, [2, 1], "p"), ([2, 1], counts, "q")):
        with pytest.raises(TypeError, match=f"{name} says which values it counts"):
            pyinfo.js_divergence(p, q)
    table = pandas.Series(["a", "a", "b"]).value_counts()
    for q in ([2, 1], np.array([2, 1])):
        with pytest.raises(TypeError, match="p says which values it counts, q does not"):
            pyinfo.kl_divergence(table, q)
        with pytest.raises(TypeError, match="q says which values it counts, p does not"):
            pyinfo.kl_divergence(q, table)
        assert pyinfo.kl_divergence(table.to_numpy(), q) == 0
    with pytest.raises(TypeError, match=r"distributions\[1\] does not"):
        pyinfo.js_divergence(counts, [2, 1], counts)
    twice = pandas.Series([1, 2], ["a", "a"])
    with pytest.raises(ValueError, match="q has a value twice"):
        pyinfo.js_divergence(pandas.Series([1, 2], ["a", "b"]), twice)
    with pytest.raises(TypeError, match="cannot be counted together"):
        pyinfo.js_divergence(counts, Counts.from_samples([1, 2]))
    frame = pandas.DataFrame({"a": [1, 2], "b": [3, 4]})
    with pytest.raises(ValueError, match="p and q have different columns"):
        pyinfo.js_divergence(frame, frame[["b", "a"]])


def test_samples_handed_over_as_counts_are_named() -> None:
    for p, q in (([0, 1, 1], [1, 1, 0, 0]), (pandas.Series([1, 2]), pandas.Series([1, 2, 3]))):
        with pytest.raises(ValueError, match=r"if these are samples.*Counts\.from_samples"):
            pyinfo.js_divergence(p, q)
    categories = pandas.Series([1, 2, 2]).astype("category")
    dictionary = pyarrow.array([1, 2, 2]).dictionary_encode()
    for labels in (categories, dictionary):
        with pytest.warns(UserWarning, match=r"p is a column of categories.*entropy_of") as caught:
            assert pyinfo.entropy(labels) == pyinfo.entropy([1, 2, 2])
        assert caught[0].filename == __file__


def test_counts_do_not_warn() -> None:
    table = np.bincount([0, 1, 1, 3])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for counts in (table, pandas.Series(table), polars.Series(table), pyarrow.array(table)):
            assert pyinfo.entropy(counts) == pyinfo.entropy(table)
            assert pyinfo.js_divergence(counts, counts) == 0
