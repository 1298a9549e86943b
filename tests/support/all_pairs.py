"""Estimators of continuous variables from their definitions, by loops over all pairs of samples."""

from __future__ import annotations

from typing import Any

import mpmath as mp
import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]  # of shape (coordinates, samples)


def distances(points: Points) -> npt.NDArray[np.float64]:
    """Of every two, in the maximum norm."""
    return np.abs(points[:, :, np.newaxis] - points[:, np.newaxis, :]).max(axis=0)


def digamma(counts: Any) -> float:
    """The mean of digamma over counts."""
    return float(mp.fsum(mp.digamma(int(c)) for c in np.ravel(counts)) / np.size(counts))


def radius(points: Points, k: int) -> npt.NDArray[np.float64]:
    return np.asarray(np.sort(distances(points), axis=1)[:, k])


def entropy(points: Points, k: int) -> float:
    d, n = points.shape
    with np.errstate(divide="ignore"):
        mean = np.log(radius(points, k)).mean()
    return float(digamma(n) - digamma(k) + d * np.log(2) + d * mean)


def _nearer(points: Points, r: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    return np.asarray((distances(points) <= np.nextafter(r, 0)[:, np.newaxis]).sum(axis=1))


def ksg1(x: Points, y: Points, k: int) -> float:
    r = radius(np.concatenate([x, y]), k)
    return digamma(x.shape[1]) + digamma(k) - digamma(_nearer(x, r)) - digamma(_nearer(y, r))


def ksg2(x: Points, y: Points, k: int) -> float:
    both = np.concatenate([x, y])
    within = distances(both) <= radius(both, k)[:, np.newaxis]
    found = digamma(x.shape[1]) + digamma(k) - 1 / k
    for part in (x, y):
        apart = distances(part)
        reach = np.where(within, apart, 0).max(axis=1)
        found -= digamma((apart <= reach[:, np.newaxis]).sum(axis=1) - 1)
    return found


def conditional(x: Points, y: Points, z: Points, k: int) -> float:
    r = radius(np.concatenate([x, y, z]), k)
    xz, yz = np.concatenate([x, z]), np.concatenate([y, z])
    return digamma(k) - digamma(_nearer(xz, r)) - digamma(_nearer(yz, r)) + digamma(_nearer(z, r))


def ross(x: Points, labels: npt.NDArray[Any], k: int) -> float:
    values, counts = np.unique(labels, return_counts=True)
    kept = np.isin(labels, values[counts > 1])
    x, labels = x[:, kept], labels[kept]
    n = len(labels)
    r, of_k, of_size = np.zeros(n), 0.0, 0.0
    for value in values[counts > 1]:
        own = labels == value
        size = int(own.sum())
        r[own] = radius(x[:, own], min(k, size - 1))
        of_k += size * digamma(min(k, size - 1)) / n
        of_size += size * digamma(size) / n
    return digamma(n) + of_k - of_size - digamma(_nearer(x, r))
