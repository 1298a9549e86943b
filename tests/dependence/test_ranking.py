"""Rankings of tables of mixed types: which estimator, what stands above noise, scikit-learn."""

from __future__ import annotations

import datetime
import decimal
import math
import warnings
from typing import Any

import numpy as np
import pytest

import pyinfo
from pyinfo import continuous

pytestmark = pytest.mark.once

RNG = np.random.default_rng(0)
N = 600
Y = RNG.integers(0, 3, N)
COLUMNS: dict[str, Any] = {
    "noise": RNG.standard_normal(N),
    "told": Y + RNG.standard_normal(N),
    "identifier": RNG.permutation(N),
    "name": [f"n{i}" for i in range(N)],
    "group": np.array(list("abc"))[(Y + (RNG.random(N) < 0.3)) % 3],
    "flag": RNG.random(N) < 0.5,
    "tied": np.where(RNG.random(N) < 0.5, 0.0, Y + RNG.random(N)),
}
ESTIMATORS = {
    "noise": "ross", "told": "ross", "identifier": "ross", "name": "plugin", "group": "plugin",
    "flag": "plugin", "tied": "bins",
}  # fmt: skip


def check(ranking: pyinfo.measures.FeatureRanking) -> None:
    assert {each.name: each.estimator for each in ranking} == ESTIMATORS
    assert {each.name for each in list(ranking)[:3]} == {"told", "group", "tied"}
    assert all(each.p_value == 0.05 for each in list(ranking)[:3])
    assert all(each.p_value > 0.05 for each in list(ranking)[3:])
    assert all(abs(each.corrected) < 0.05 for each in list(ranking)[3:])
    corrected = [each.corrected for each in ranking]
    assert corrected == sorted(corrected, reverse=True)
    assert [ranking.scores[each.column] for each in ranking] == corrected


def test_pandas_and_polars_and_what_stands_above_noise() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    polars = pytest.importorskip("polars", reason="polars is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first = pyinfo.rank_features(pandas.DataFrame(COLUMNS), Y, permutations=19)
        check(first)
        assert pyinfo.rank_features(polars.DataFrame(COLUMNS), Y, permutations=19) == first
        check(pyinfo.rank_features(pandas.DataFrame(COLUMNS), [f"y{y}" for y in Y],
                                   permutations=19, threads=2))  # fmt: skip
    assert str(first).splitlines()[0].split()[:2] == ["feature", "estimator"]
    assert len(str(first).splitlines()) == 1 + len(first) == 1 + len(COLUMNS)


def test_values_are_those_of_the_estimators() -> None:
    x = np.c_[COLUMNS["noise"], COLUMNS["told"]]
    target = COLUMNS["told"] + RNG.standard_normal(N)
    ranking = pyinfo.rank_features(x, target, permutations=0)
    for each in ranking:
        wanted = continuous.mutual_information(x[:, each.column], target)
        assert each.value == each.corrected == pytest.approx(wanted, abs=1e-12)
        assert math.isnan(each.p_value)
        assert each.name == f"x{each.column}"
    labels = pyinfo.rank_features(np.c_[Y, Y % 2], Y, permutations=0, base=math.e)
    assert labels[0].value == pytest.approx(pyinfo.entropy_of(Y, base=math.e))
    assert labels[0].corrected < labels[0].value


def test_it_scores_for_scikit_learn() -> None:
    selection = pytest.importorskip(
        "sklearn.feature_selection", reason="scikit-learn is not installed"
    )
    x = RNG.standard_normal((300, 6))
    y = (x[:, 4] + 0.5 * RNG.standard_normal(300) > 0).astype(int)

    def score(table: Any, target: Any) -> Any:
        return pyinfo.rank_features(table, target, permutations=5)

    chosen = selection.SelectKBest(score, k=1).fit(x, y)
    assert chosen.get_support().tolist() == [False] * 4 + [True, False]
    assert chosen.transform(x).shape == (300, 1)
    # The informative columns that scikit-learn's own tests have: the order of its estimates.
    both = np.c_[x, x[:, 4] + 0.1 * x[:, 0]]
    theirs = selection.mutual_info_classif(both, y, random_state=0)
    ours = pyinfo.rank_features(both, y, permutations=0, base=math.e)
    np.testing.assert_allclose(np.maximum(ours.scores, 0), theirs, atol=1e-6)


@pytest.mark.parametrize(
    ("x", "y", "error", "message"),
    [
        (np.ones((3, 2)), [1, 2], ValueError, "x0 and y must have the same number"),
        (np.ones(3), [1, 2, 3], ValueError, "X must have two dimensions"),
        (np.ones((0, 2)), [], ValueError, "empty"),
        (np.c_[np.r_[np.arange(30.0), math.nan]], np.arange(31) % 2, ValueError, "is nan"),
        (np.ones((3, 2)), np.ones((3, 2)), ValueError, "y must have one dimension"),
    ],
)  # fmt: skip
def test_refusals(x: Any, y: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        pyinfo.rank_features(x, y)


def test_times_and_decimals_are_continuous() -> None:
    """They tell of a target that follows them; as labels, all different, they would not."""
    y = np.arange(100.0)
    hours = [datetime.datetime(2024, 1, 1) + datetime.timedelta(hours=i) for i in range(100)]
    table: dict[str, Any] = {
        "dates": np.arange(100).astype("datetime64[D]"),
        "durations": np.arange(100).astype("timedelta64[s]"),
        "objects": np.array(hours, object),
        "decimals": [decimal.Decimal(i) / 4 for i in range(100)],
    }
    for each in pyinfo.rank_features(table, y, permutations=9):
        assert each.estimator == "ksg1"
        assert each.p_value == 0.1
        assert each.corrected > 4


def test_what_is_missing_is_refused_where_it_has_no_place() -> None:
    y = np.arange(100.0)
    columns: list[Any] = [
        np.array([None, *range(99)], object),
        np.array([None, *map(decimal.Decimal, range(99))], object),
        np.array(["NaT", *["2024-01-01"] * 2, *np.arange(97).astype("datetime64[D]")], "M8[D]"),
    ]
    for column in columns:
        with pytest.raises(ValueError, match="dated has nulls: fill or drop them first"):
            pyinfo.rank_features({"dated": column}, y, permutations=0)
    few = pyinfo.rank_features({"few": [None, 1] * 50}, [0, 1] * 50, permutations=0)
    assert few[0].estimator == "plugin"  # a label like others
    assert few[0].value == 1
