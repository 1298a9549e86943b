"""Estimators by nearest neighbours in the maximum norm, in nats.

In up to four dimensions together by the kernels of the core; in more by SciPy's k-d tree.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Final, SupportsIndex

import numpy as np
import numpy.typing as npt

from pyinfo import _core
from pyinfo.continuous.estimates import Variable
from pyinfo.continuous.variables import Coordinates

MOST_DIMENSIONS: Final = 4


def entropy(points: Coordinates, k: int, threads: SupportsIndex) -> float:
    """Return the estimate of Kozachenko and Leonenko."""
    dimensions, samples = points.shape
    if dimensions <= MOST_DIMENSIONS:
        logarithm = _core.neighbour_log_distance(points, k, threads)
    else:
        with np.errstate(divide="ignore"):
            logarithm = float(np.log(_distances(points, k, threads)).mean())
    constant = _core.digamma(samples) - _core.digamma(k) + dimensions * math.log(2)
    return float(constant + dimensions * logarithm)


def information(
    x: Coordinates, y: Coordinates, k: int, second: bool, threads: SupportsIndex
) -> float:
    """Return the first or the second estimate of Kraskov, Stoegbauer and Grassberger."""
    means = _mean_digammas([x, y], [(0,), (1,)], k, second, threads)
    constant = _core.digamma(x.shape[1]) + _core.digamma(k) - (1 / k if second else 0)
    return constant - float(means.sum())


def conditional_information(
    x: Coordinates, y: Coordinates, known: Coordinates, k: int, threads: SupportsIndex
) -> float:
    """Return the estimate of Frenzel and Pompe."""
    means = _mean_digammas([x, y, known], [(0, 2), (1, 2), (2,)], k, False, threads)
    return _core.digamma(k) - float(means[0] + means[1] - means[2])


def class_information(x: Coordinates, labels: Variable, k: int, threads: SupportsIndex) -> float:
    """Return the estimate of Ross, of labels in one row."""
    classes = labels.reshape(-1)
    if len(x) <= MOST_DIMENSIONS:
        size = int(classes.max()) + 1
        count, near, of_k, of_size = _core.class_digammas(x, classes, size, k, threads)
    else:
        count, near, of_k, of_size = _class_digammas(x, classes, k, threads)
    return _core.digamma(count) + of_k - of_size - near if count else 0.0


def _mean_digammas(
    groups: Sequence[Coordinates],
    spaces: Sequence[tuple[int, ...]],
    k: int,
    second: bool,
    threads: SupportsIndex,
) -> npt.NDArray[np.float64]:
    """Return what `neighbour_digammas` does for spaces made of groups of coordinates."""
    points = np.concatenate(groups)
    if len(points) <= MOST_DIMENSIONS:
        ends = np.cumsum([len(group) for group in groups]).tolist()
        bits = [(1 << end) - (1 << (end - len(g))) for end, g in zip(ends, groups, strict=True)]
        masks = np.array([sum(bits[i] for i in space) for space in spaces], np.uint32)
        return _core.neighbour_digammas(points, k, masks, second, threads)
    radius = _distances(points, k, threads)
    found = []
    for space in spaces:
        part = np.concatenate([groups[i] for i in space])
        if second:
            reach = _extents(points, part, radius, threads)
            found.append(_mean_digamma(_counts(part, reach, threads) - 1))
        else:
            found.append(_mean_digamma(_counts(part, np.nextafter(radius, 0), threads)))
    return np.array(found)


# -- More dimensions ------------------------------------------------------------------------------


def _tree_class() -> Callable[[npt.NDArray[Any]], Any]:
    try:
        found: Callable[[npt.NDArray[Any]], Any] = import_module("scipy.spatial").cKDTree
    except ImportError:
        raise ImportError(
            "more than four dimensions together are searched by SciPy, which is not installed: "
            "pip install 'pyinfo[continuous]'"
        ) from None
    return found


def _workers(threads: SupportsIndex) -> int:
    return _core.thread_count(threads)


def _distances(points: Coordinates, k: int, threads: SupportsIndex) -> npt.NDArray[np.float64]:
    tree = _tree_class()(points.T)
    found, _ = tree.query(points.T, [k + 1], p=np.inf, workers=_workers(threads))
    return np.asarray(found[:, 0])


def _counts(
    points: Coordinates, radius: npt.NDArray[np.float64], threads: SupportsIndex
) -> npt.NDArray[np.intp]:
    tree = _tree_class()(points.T)
    return np.asarray(
        tree.query_ball_point(
            points.T, radius, p=np.inf, workers=_workers(threads), return_length=True
        )
    )


def _extents(
    points: Coordinates,
    part: Coordinates,
    radius: npt.NDArray[np.float64],
    threads: SupportsIndex,
) -> npt.NDArray[np.float64]:
    tree = _tree_class()(points.T)
    inside = tree.query_ball_point(points.T, radius, p=np.inf, workers=_workers(threads))
    sizes = np.fromiter(map(len, inside), np.intp, len(inside))
    others = np.concatenate(inside).astype(np.intp)
    apart = np.abs(part[:, others] - np.repeat(part, sizes, axis=1)).max(axis=0)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    return np.asarray(np.maximum.reduceat(apart, starts))


def _mean_digamma(counts: npt.NDArray[np.intp]) -> float:
    times = np.bincount(counts)
    present = np.flatnonzero(times)
    total = sum(int(times[i]) * _core.digamma(float(i)) for i in present.tolist())
    return total / len(counts)


def _class_digammas(
    x: Coordinates, labels: Variable, k: int, threads: SupportsIndex
) -> tuple[int, float, float, float]:
    sizes = np.bincount(labels)
    kept = sizes[labels] > 1
    points, classes = x[:, kept], labels[kept]
    count = len(classes)
    if count == 0:
        return 0, 0.0, 0.0, 0.0
    radius, of_k, of_size = np.empty(count), 0.0, 0.0
    for label in np.flatnonzero(sizes > 1).tolist():
        own, size = classes == label, int(sizes[label])
        limited = min(k, size - 1)
        radius[own] = _distances(points[:, own], limited, threads)
        of_k += size * _core.digamma(limited)
        of_size += size * _core.digamma(size)
    near = _mean_digamma(_counts(points, np.nextafter(radius, 0), threads))
    return count, near, of_k / count, of_size / count
