"""Counts of floats: equal in any order, against NumPy's; pickles, sums, quantiles, threads."""

from __future__ import annotations

import copy
import pickle
import threading
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from pyinfo.quantization import FloatHistogram

RNG = np.random.default_rng(11)
TYPES = [np.float64, np.float32, np.float16, ml_dtypes.bfloat16]


def counted(x: Any, **options: Any) -> FloatHistogram:
    histogram = FloatHistogram(**options)
    histogram.update(x)
    return histogram


def by_numpy(x: Any, histogram: FloatHistogram) -> Any:
    """Values on an edge belong to the bin further from 0."""
    x = np.asarray(x, np.float64)
    x = x[np.isfinite(x)]
    place = np.floor(np.abs(x) / histogram.width).astype(np.int64)
    if not histogram.symmetric:
        half = histogram.bins // 2
        place = np.where(x < 0, half - 1 - place, half + place)
    return np.bincount(place, minlength=histogram.bins)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("size", [1, 3, 100, 4096, 10_001])
def test_counts(dtype: Any, symmetric: bool, size: int) -> None:
    x = (RNG.standard_t(2, size) * 10).astype(dtype)
    histogram = counted(x, bins=1024, symmetric=symmetric)
    assert np.array_equal(histogram.counts, by_numpy(x, histogram))
    assert histogram.total == size
    assert (histogram.min, histogram.max) == (x.astype(float).min(), x.astype(float).max())
    largest = np.abs(x.astype(float)).max()
    bins = histogram.bins // (1 if symmetric else 2)
    assert largest < histogram.width * bins <= 2 * largest or largest * 2 < 2.0**-100
    assert len(histogram.edges) == histogram.bins + 1
    numpys, _ = np.histogram(np.abs(x) if symmetric else x, histogram.edges)
    assert (
        np.abs(numpys.astype(int) - histogram.counts.astype(int)).sum()
        <= 2 * np.isin(x.astype(float) / histogram.width, np.arange(-512, 512)).sum()
    )


@pytest.mark.parametrize("symmetric", [False, True])
def test_any_order_and_any_batches(symmetric: bool) -> None:
    x = RNG.standard_normal(30_000) * np.exp(RNG.uniform(-20, 20, 30_000))
    x = x.astype(np.float32)
    x[::97], x[5::991], x[6::997], x[7::83] = np.nan, np.inf, -np.inf, 0
    wanted = counted(x, symmetric=symmetric)
    assert (wanted.nans, wanted.infinities) == (
        np.isnan(x).sum(), (np.isneginf(x).sum(), np.isposinf(x).sum())
    )  # fmt: skip
    for order in (np.arange(x.size)[::-1], RNG.permutation(x.size), np.argsort(np.abs(x))):
        parts = np.split(x[order], np.sort(RNG.integers(0, x.size, 20)))
        one_by_one = FloatHistogram(symmetric=symmetric)
        for part in parts:
            one_by_one.update(part)
        assert one_by_one == wanted
        merged = FloatHistogram(symmetric=symmetric)
        for part in parts:
            merged = counted(part, symmetric=symmetric) + merged
        assert merged == wanted
        mixed = [counted(p, symmetric=symmetric) if i % 2 else p for i, p in enumerate(parts)]
        assert FloatHistogram.from_chunks(mixed, symmetric=symmetric) == wanted


def test_types_mix() -> None:
    x = RNG.standard_normal(1000).astype(np.float16)
    wanted = counted(np.concatenate([x, x, x]))
    mixed = counted(x)
    mixed.update(x.astype(np.float64))
    mixed.update(x.astype(np.float32).reshape(10, 100).T)
    assert mixed == wanted
    assert counted(np.arange(-5, 6)) == counted(np.arange(-5.0, 6.0))
    torch = pytest.importorskip("torch", reason="torch is not installed")
    assert counted(torch.from_numpy(x).to(torch.bfloat16)) == counted(x.astype(ml_dtypes.bfloat16))


@pytest.mark.parametrize("threads", [2, 3, 0])
def test_threads_make_no_difference(threads: int) -> None:
    x = RNG.standard_normal(1_500_001).astype(np.float32)
    x[700_000] = 1e6
    histogram = FloatHistogram()
    histogram.update(x, threads=threads)
    assert histogram == counted(x)


def test_updates_from_many_threads() -> None:
    parts = [RNG.standard_normal(20_000) * 2.0**i for i in range(16)]
    histogram = FloatHistogram()
    threads = [threading.Thread(target=histogram.update, args=(part,)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert histogram == counted(np.concatenate(parts))


def test_merging_with_itself() -> None:
    histogram = counted([1.0, 2.0, np.nan])
    histogram.merge(histogram)
    assert histogram == counted([1.0, 2.0, np.nan] * 2)


def test_copies() -> None:
    histogram = counted([1.0, -3.0, np.inf], bins=32)
    for same in (
        pickle.loads(pickle.dumps(histogram)),
        copy.copy(histogram),
        copy.deepcopy(histogram),
    ):
        assert same == histogram
        same.update([7.0])
        assert same != histogram
    assert histogram != counted([1.0, -3.0, np.inf], bins=64)
    assert histogram != "a histogram"
    assert repr(histogram) == ("FloatHistogram(bins=32, symmetric=False): 2 values, bins of 0.25")


def test_nothing_and_zeros() -> None:
    histogram = FloatHistogram(16)
    histogram.update([])
    assert (histogram.total, histogram.min, histogram.max) == (0, np.inf, -np.inf)
    with pytest.raises(ValueError, match="the histogram must not be empty"):
        histogram.entropy()
    with pytest.raises(ValueError, match="the histogram must not be empty"):
        histogram.quantile(0.5)
    histogram.update([0.0, -0.0])
    assert histogram.counts[8] == 2
    assert histogram.quantile(1) == 0
    histogram.update([1.0])
    assert histogram.counts[8] == 2
    assert histogram.entropy() == pytest.approx(0.9182958340544896, rel=1e-12)


@pytest.mark.parametrize("symmetric", [False, True])
def test_quantiles(symmetric: bool) -> None:
    x = RNG.standard_normal(50_000)
    histogram = counted(x, symmetric=symmetric)
    q = np.array([0, 0.001, 0.25, 0.5, 0.9, 0.9999, 1])
    in_order = np.sort(np.abs(x) if symmetric else x)
    found = histogram.quantile(q)
    # Values that follow each other may be further apart than bins are wide.
    rank = q * (x.size - 1)
    before = in_order[np.maximum(np.floor(rank).astype(int) - 1, 0)]
    after = in_order[np.minimum(np.ceil(rank).astype(int) + 1, x.size - 1)]
    assert (before - 2 * histogram.width <= found).all()
    assert (found <= after + 2 * histogram.width).all()
    assert found[-1] == in_order[-1]
    assert isinstance(histogram.quantile(0.5), float)
    with pytest.raises(ValueError, match="q must be from 0 to 1"):
        histogram.quantile(1.5)


def test_entropy_is_that_of_the_bins() -> None:
    histogram = counted(RNG.standard_normal(10_000), bins=64)
    share = histogram.counts[histogram.counts > 0] / histogram.total
    assert histogram.entropy() == pytest.approx(-np.sum(share * np.log2(share)), rel=1e-12)
    assert histogram.entropy(base=4) == pytest.approx(histogram.entropy() / 2, rel=1e-12)


@pytest.mark.parametrize("bins", [0, 8, 17, 1000, 1 << 19, -16])
def test_bad_bins(bins: int) -> None:
    with pytest.raises(ValueError, match="bins must be a power of two from 16 to 262144"):
        FloatHistogram(bins)


def test_bad_input() -> None:
    histogram = FloatHistogram(16)
    with pytest.raises(TypeError, match="x"):
        histogram.update(["a"])
    with pytest.raises(ValueError, match="histograms must have the same bins to be merged"):
        histogram.merge(FloatHistogram(32))
    with pytest.raises(ValueError, match="histograms must have the same bins to be merged"):
        histogram.merge(FloatHistogram(16, symmetric=True))
    with pytest.raises(TypeError, match="other must be a FloatHistogram, not list"):
        histogram.merge([1])  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        histogram + 1  # type: ignore[operator]
    assert histogram == FloatHistogram(16)


def test_dask_chunks() -> None:
    dask_array = pytest.importorskip("dask.array", reason="dask is not installed")
    x = RNG.standard_normal((300, 50))
    blocks = dask_array.from_array(x, chunks=(70, 20)).to_delayed().ravel()
    assert FloatHistogram.from_chunks(block.compute() for block in blocks) == counted(x)
