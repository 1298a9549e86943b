"""Which columns of a table tell most of a target, whatever types they have."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, SupportsIndex, TypeAlias

import numpy as np
import numpy.typing as npt

from pyinfo import _core
from pyinfo._samples.joint import Pair
from pyinfo._samples.labels import labelled
from pyinfo._samples.nullable import NullableArray
from pyinfo._samples.samples import read_samples
from pyinfo._samples.scales import on_a_scale
from pyinfo.arguments import integer, require_not_empty, require_same_number, units_per_nat
from pyinfo.arrays import columns_of
from pyinfo.continuous import bins as quantile_bins
from pyinfo.continuous import neighbours
from pyinfo.continuous.variables import Coordinates, coordinates, equal_share, scaled

FeatureEstimator: TypeAlias = Literal["ksg1", "ross", "plugin", "bins"]

_FEW_INTEGERS: Final = 20
_FEW_FLOATS: Final = 0.05
"""Floats with fewer different values than this share of the samples are labels."""
_MOST_EQUAL: Final = 0.1


@dataclass(frozen=True)
class RankedFeature:
    """What a column tells of the target.

    Attributes
    ----------
    name : str
        The column's name in a frame, else "x0", "x1" and so on.
    column : int
        Its place in the table.
    estimator : str
        "ksg1" of two continuous variables, "ross" if one of them is labels, "plugin" if both are;
        "bins" where a continuous one has many equal values.
    value : float
        The estimate of the mutual information.
    corrected : float
        The estimate without the mean of what shuffled targets give.
    p_value : float
        The share of shuffled targets, and of the target itself, that give at least as much; NaN
        without permutations.

    Examples
    --------
    >>> import numpy as np, pyinfo
    >>> table = np.array([[0, 1], [1, 1], [0, 0], [1, 0]] * 50)
    >>> best = pyinfo.rank_features(table, table[:, 1])[0]
    >>> best.name, best.column, best.estimator, round(best.value, 3), best.p_value
    ('x1', 1, 'plugin', 1.0, 0.01)
    """

    name: str
    column: int
    estimator: FeatureEstimator
    value: float
    corrected: float
    p_value: float


@dataclass(frozen=True)
class FeatureRanking:
    """Columns in falling order of what they tell of the target.

    To NumPy it is the corrected value of each column in the table's order: `rank_features` can be
    the ``score_func`` of scikit-learn's ``SelectKBest``.

    Attributes
    ----------
    features : tuple of RankedFeature
        The columns, the most informative first.

    Examples
    --------
    >>> import numpy as np, pyinfo
    >>> table = np.array([[0, 1], [1, 1], [0, 0], [1, 0]] * 50)
    >>> ranking = pyinfo.rank_features(table, table[:, 1], permutations=0)
    >>> len(ranking), ranking[0].name, [each.column for each in ranking]
    (2, 'x1', [1, 0])
    >>> int(ranking.scores.argmax())
    1
    """

    features: tuple[RankedFeature, ...]

    @property
    def scores(self) -> npt.NDArray[np.float64]:
        """The corrected value of each column, in the order of the table."""
        found = np.empty(len(self.features))
        for each in self.features:
            found[each.column] = each.corrected
        return found

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        return self.scores.astype(np.float64 if dtype is None else dtype)

    def __len__(self) -> int:
        return len(self.features)

    def __iter__(self) -> Iterator[RankedFeature]:
        return iter(self.features)

    def __getitem__(self, rank: int) -> RankedFeature:
        return self.features[rank]

    def __str__(self) -> str:
        width = max(len(each.name) for each in self.features)
        lines = [f"{'feature':{max(7, width)}}  estimator    value  corrected  p-value"]
        lines += [
            f"{each.name:{max(7, width)}}  {each.estimator:9}  {each.value:7.4f}"
            f"  {each.corrected:9.4f}  {each.p_value:7.4f}"
            for each in self.features
        ]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Variable:
    """A column as a continuous variable, as labels, or as both if many of its values are equal."""

    points: Coordinates | None
    labels: npt.NDArray[np.uint32] | None


def rank_features(
    X: Any,  # noqa: N803 - the name that tables of samples have everywhere
    y: npt.ArrayLike,
    *,
    k: SupportsIndex = 3,
    base: float = 2,
    permutations: SupportsIndex = 99,
    seed: SupportsIndex = 0,
    threads: SupportsIndex = 1,
) -> FeatureRanking:
    """Rank the columns of a table by what each tells of a target: by their mutual information.

    Columns and target may be continuous or labels, each of its own type; which estimator is right
    is chosen for each column. Texts, booleans and categories are labels, and so are integers and
    times with at most 20 different values and floats that are nearly all equal to others. Other
    numbers, dates and durations are continuous.

    Parameters
    ----------
    X : array_like, shape (samples, features)
        A frame of pandas or polars, a table of Arrow, a dict of columns, or an array.
    y : array_like, shape (samples,)
        The target.
    k : int, default 3
        Which neighbour estimators of continuous variables look for.
    base : float, default 2
        The unit of the result.
    permutations : int, default 99
        How often the target is shuffled, for corrections and p-values; each costs what an estimate
        does. With 0 the correction is that of chance for labels (exact), and 0 for others, whose
        estimators have no bias where there is no dependence.
    seed : int, default 0
        Of the shuffles, which are the same for every column.
    threads : int, default 1
        Threads for many samples, 0 for one per core. The result does not depend on it.

    Returns
    -------
    FeatureRanking
        A sequence of `RankedFeature`, by their corrected value.

    Raises
    ------
    ValueError
        If lengths differ, there are no samples, or a continuous value is missing or not finite.

    References
    ----------
    See `pyinfo.continuous.mutual_information`.

    Examples
    --------
    >>> import numpy as np, pyinfo
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 3, 500)
    >>> noise, told = rng.standard_normal(500), y + rng.standard_normal(500)
    >>> ranking = pyinfo.rank_features(np.c_[noise, told], y, permutations=19)
    >>> [each.name for each in ranking], ranking[0].estimator, ranking[0].p_value
    (['x1', 'x0'], 'ross', 0.05)
    """
    unit = units_per_nat(base)
    neighbour = integer(k, "k", least=1)
    count = integer(permutations, "permutations", least=0)
    columns, names = _columns(X)
    target = _variable(y, "y")
    size = _size(target)
    orders = [
        np.random.default_rng([integer(seed, "seed", least=0), i]).permutation(size)
        for i in range(count)
    ]
    found = []
    for i, (column, name) in enumerate(zip(columns, names, strict=True)):
        feature = _variable(column, name)
        require_same_number([_size(feature), size], [name, "y"])
        estimator, value, chance = _estimate(feature, target, neighbour, threads)
        null = [
            _estimate(feature, _shuffled(target, order), neighbour, threads)[1] for order in orders
        ]
        p_value = (1 + sum(each >= value for each in null)) / (1 + count) if null else math.nan
        if null:
            chance = sum(null) / count
        found.append(
            RankedFeature(name, i, estimator, value * unit, (value - chance) * unit, p_value)
        )
    return FeatureRanking(tuple(sorted(found, key=lambda each: -each.corrected)))


def _columns(table: Any) -> tuple[list[Any], list[str]]:
    columns = columns_of(table)
    if columns is not None:
        names = getattr(table, "column_names", None) or getattr(table, "columns", None)
        names = getattr(table, "colnames", names)
        require_not_empty(len(columns), "X")
        return columns, [str(name) for name in (range(len(columns)) if names is None else names)]
    if isinstance(table, Mapping):
        require_not_empty(len(table), "X")
        return list(table.values()), [str(name) for name in table]
    array = _read_array(table)
    return list(array.T), [f"x{i}" for i in range(array.shape[1])]


def _read_array(table: Any) -> npt.NDArray[Any]:
    """Return a table that is no frame as an array of two dimensions."""
    samples = read_samples(table, "X")
    if samples.masked is not None:
        raise TypeError("X must have no masked elements: leave out the rows that have some")
    if len(samples.shape) != 2:
        raise ValueError(
            f"X must have two dimensions, samples and features, not {len(samples.shape)}"
        )
    require_not_empty(samples.array.size, "X")
    return samples.array.reshape(samples.shape)


def _variable(data: Any, name: str) -> _Variable:
    samples = read_samples(data, name)
    require_not_empty(samples.array.size, name)
    if samples.masked is not None:
        raise TypeError(f"{name} must have no masked elements: leave out the rows that have some")
    if sum(n > 1 for n in samples.shape) > 1:
        raise ValueError(f"{name} must have one dimension, not {len(samples.shape)}")
    labels = labelled(samples.array)
    size = len(labels.array)
    array = _on_a_scale(samples.array)
    if array is None:
        return _Variable(None, labels.array)
    few = max(_FEW_INTEGERS, _FEW_FLOATS * size if array.dtype.kind == "f" else 0)
    if labels.size <= min(few, size / 2):
        return _Variable(None, labels.array)
    if len(array) < size:
        raise ValueError(f"{name} has nulls: fill or drop them first")
    points = scaled(coordinates(_since_the_first(array, name), name))
    if equal_share(points[0]) > _MOST_EQUAL:
        found = quantile_bins.quantile_labels(points[0], quantile_bins.default_bins(size))
        return _Variable(points, found.array)
    return _Variable(points, None)


def _on_a_scale(array: Any) -> npt.NDArray[Any] | None:
    """Return the numbers, dates or durations that are not missing; None if they are labels."""
    if isinstance(array, NullableArray):
        array = array.present
    elif array.dtype.kind == "O":
        array = on_a_scale(array[[each is not None for each in array]])
    return None if array is None or array.dtype.kind not in "iufmM" else np.asarray(array)


def _since_the_first(array: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    """Return times as numbers, of which only differences count."""
    if array.dtype.kind not in "mM":
        return array
    if np.isnat(array).any():
        raise ValueError(f"{name} has nulls: fill or drop them first")
    return np.asarray(array - array.min()).astype(np.int64)


def _size(variable: _Variable) -> int:
    given = variable.labels if variable.points is None else variable.points
    return 0 if given is None else int(given.shape[-1])


def _shuffled(variable: _Variable, order: npt.NDArray[np.intp]) -> _Variable:
    points, labels = variable.points, variable.labels
    return _Variable(
        None if points is None else points[:, order], None if labels is None else labels[order]
    )


def _estimate(
    a: _Variable, b: _Variable, k: int, threads: SupportsIndex
) -> tuple[FeatureEstimator, float, float]:
    """Return the estimator, what it gives in nats, and what it gives by chance."""
    tied = any(each.points is not None and each.labels is not None for each in (a, b))
    size = _size(a)
    if not tied and a.points is not None and b.points is not None and k < size:
        return "ksg1", neighbours.information(a.points, b.points, k, False, threads), 0.0
    for points, labels in ((a.points, b.labels), (b.points, a.labels)):
        if not tied and points is not None and labels is not None and k < size:
            return "ross", neighbours.class_information(points, labels, k, threads), 0.0
    pair = Pair(_labels_of(a), _labels_of(b))
    rows, columns = pair.margins
    chance = _core.expected_information(*_sizes(rows), *_sizes(columns), size)
    is_binned = a.points is not None or b.points is not None
    return "bins" if is_binned else "plugin", pair.mutual_information(), chance


def _labels_of(variable: _Variable) -> npt.NDArray[np.uint32]:
    if variable.labels is not None:
        return variable.labels
    if variable.points is None:
        raise AssertionError
    row = variable.points[0]
    return quantile_bins.quantile_labels(row, quantile_bins.default_bins(len(row))).array


def _sizes(margin: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the different sizes of labels, and how many labels have each."""
    sizes, times = np.unique(margin, return_counts=True)
    return sizes.astype(np.uint64), times.astype(np.uint64)
