"""Thresholds against the loops of the peers, squared errors against the values themselves."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from pyinfo.quantization import FloatHistogram, calibrate
from support import calibration_oracle as oracle

RNG = np.random.default_rng(13)
N = 20_000
DATA = {
    "normal": RNG.standard_normal(N),
    "heavy": RNG.standard_t(3, N),
    "rectified": np.maximum(RNG.standard_normal(N), 0),
    "outlier": np.append(RNG.standard_normal(N), 60.0),
    "uniform": RNG.uniform(-1, 3, N),
    "few": np.array([0.5, 1.0, 1.0, -2.0, 7.75]),
    "lattice": np.rint(RNG.standard_normal(N) * 9) / 8,
    "tiny": RNG.standard_normal(N) * 1e-30,
}


def counted(x: Any, bins: int, symmetric: bool = False) -> FloatHistogram:
    histogram = FloatHistogram(bins, symmetric)
    histogram.update(x)
    return histogram


def magnitudes(histogram: FloatHistogram) -> Any:
    counts = histogram.counts.astype(np.float64)
    half = len(counts) // 2
    folded = counts if histogram.symmetric else counts[half:] + counts[:half][::-1]
    return folded[: int(np.flatnonzero(folded)[-1]) + 1]


def _nvidia_cases() -> list[tuple[str, int, int, bool]]:
    """Those with as many bins in use as levels, and few enough for plain loops."""
    cases = []
    for name, (bits, bins), symmetric in itertools.product(
        DATA, [(8, 512), (4, 128), (3, 2048)], [False, True]
    ):
        used = len(magnitudes(counted(DATA[name], bins, symmetric)))
        if 1 << (bits - 1) <= used <= 400:
            cases.append((name, bits, bins, symmetric))
    return cases


@pytest.mark.parametrize(("name", "bits", "bins", "symmetric"), _nvidia_cases())
def test_nvidias_entropy(name: str, bits: int, bins: int, symmetric: bool) -> None:
    histogram = counted(DATA[name], bins, symmetric)
    folded = magnitudes(histogram)
    levels = 1 << (bits - 1)
    found = calibrate(histogram, bits=bits)
    wanted = oracle.nvidia_divergences(folded, levels)
    assert np.allclose(found.scores, wanted, rtol=1e-9, atol=1e-11, equal_nan=True)
    best = len(wanted) - 1 - int(np.argmin(wanted[::-1]))
    assert wanted[np.argmin(found.scores)] <= wanted[best] + 1e-11
    largest = np.abs(DATA[name]).max()
    assert found.threshold in (found.thresholds[int(np.argmin(found.scores))], largest) or (
        found.scores.min() < 1e-11
    )
    assert found.scale == found.threshold / (levels - 1)
    assert (found.method, found.zero_point) == ("entropy-nvidia", 0)


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize(("bits", "bins"), [(8, 1024), (4, 256), (2, 64)])
def test_onnxruntimes_entropy(name: str, bits: int, bins: int) -> None:
    histogram = counted(DATA[name], bins)
    half = len(magnitudes(histogram))
    middle = bins // 2
    window = histogram.counts[middle - half : middle + half].astype(np.float64)
    levels = 1 << (bits - 1)
    wanted = oracle.onnxruntime_divergences(window, levels)
    found = calibrate(histogram, bits=bits, criterion="onnxruntime")
    assert np.allclose(found.scores, wanted, rtol=1e-7, atol=1e-9)
    assert found.scores.argmin() == wanted.argmin()
    best = found.thresholds[found.scores.argmin()]
    assert found.threshold == min(best, np.abs(DATA[name]).max())


@pytest.mark.parametrize(
    "name", sorted(set(DATA) - {"few", "lattice"})
)  # which do not fill their bins
@pytest.mark.parametrize("bits", [8, 4])
def test_squared_errors(name: str, bits: int) -> None:
    x = DATA[name]
    found = calibrate(counted(x, 16384), bits=bits, method="mse")
    q = (1 << (bits - 1)) - 1
    picked = np.linspace(len(found.thresholds) // 8, len(found.thresholds) - 1, 9).astype(int)
    for i in picked:
        step = found.thresholds[i] / q
        wanted = oracle.squared_error(x, step, -q, q) / x.size
        floor = (found.thresholds[-1] / len(found.thresholds)) ** 2  # of a bin
        assert found.scores[i] == pytest.approx(wanted, rel=4e-3, abs=floor)
    # As good as the best of a fine grid, but for the width of the bins.
    grid = np.abs(x).max() * np.linspace(0.02, 1, 200)
    best = min(oracle.squared_error(x, t / q, -q, q) for t in grid) / x.size
    reached = oracle.squared_error(x, found.scale, -q, q) / x.size
    assert reached <= best * 1.01 + floor


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("bits", [8, 3])
def test_ranges_that_are_not_symmetric(name: str, bits: int) -> None:
    x = DATA[name]
    histogram = counted(x, 16384)
    levels = (1 << bits) - 1
    errors = {}
    for method in ("max", "mse", "percentile", "entropy"):
        found = calibrate(histogram, bits=bits, method=method, symmetric=False, percentile=99.9)
        assert found.low <= 0 <= found.high
        assert found.scale == pytest.approx((found.high - found.low) / levels)
        assert 0 <= found.zero_point <= levels
        assert found.zero_point == min(max(round(-found.low / found.scale), 0), levels)
        low, high = -found.zero_point, levels - found.zero_point
        errors[method] = oracle.squared_error(x, found.scale, low, high) / x.size
        assert min(x.min(), 0) <= found.low
        assert found.high <= max(x.max(), 0)
    grain = (2 * histogram.width) ** 2
    assert errors["mse"] <= min(errors.values()) * 1.02 + grain


def test_percentile_and_max() -> None:
    x = DATA["heavy"]
    for symmetric in (False, True):
        histogram = counted(x, 8192, symmetric)
        found = calibrate(histogram, method="max")
        assert found.threshold == np.abs(x).max()
        for percent in (99.0, 99.99):
            found = calibrate(histogram, method="percentile", percentile=percent)
            exact = np.quantile(np.abs(x), percent / 100, method="inverted_cdf")
            assert exact <= found.threshold <= exact + 2 * histogram.width
        assert calibrate(histogram, method="percentile", percentile=100) == calibrate(
            histogram, method="percentile", percentile=100.0
        )
        assert found != calibrate(histogram, method="max")
        assert found != "a calibration"


def test_zeros_alone() -> None:
    for method in ("entropy", "mse", "percentile", "max"):
        for symmetric in (False, True):
            found = calibrate(counted(np.zeros(9), 64), method=method, symmetric=symmetric)
            assert (found.threshold, found.scale, found.zero_point) == (0, 1, 0)


def test_fewer_candidates() -> None:
    histogram = counted(DATA["normal"], 8192)
    few = calibrate(histogram, method="mse", candidates=50)
    assert len(few.thresholds) == len(few.scores) == 50
    assert few.scores.min() >= calibrate(histogram, method="mse").scores.min()


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("exponent", [-100, 400, 524])
def test_squared_errors_are_in_the_square_of_the_unit(exponent: int, symmetric: bool) -> None:
    """The square of a width is no double beyond 2^511, the error may be one."""
    x = RNG.uniform(-1, 1, 2000)
    usual = calibrate(counted(x, 8192), bits=16, method="mse", symmetric=symmetric, candidates=50)
    moved = calibrate(
        counted(np.ldexp(x, exponent), 8192),
        bits=16, method="mse", symmetric=symmetric, candidates=50,
    )  # fmt: skip
    with np.errstate(over="ignore"):
        assert np.array_equal(moved.scores, np.ldexp(usual.scores, 2 * exponent))
    assert np.isfinite(moved.scores.min())


@pytest.mark.parametrize(("options", "error", "words"), [
    ({"method": "best"}, ValueError, "method must be one of 'entropy', 'mse'"),
    ({"criterion": "mine"}, ValueError, "criterion must be one of 'nvidia', 'onnxruntime'"),
    ({"bits": 1}, ValueError, "bits must be from 2 to 16, not 1"),
    ({"bits": 12}, ValueError, "the entropy of 12 bits needs 2048: use a histogram of more bins"),
    ({"method": "percentile", "percentile": 0}, ValueError, "percentile must be above 0"),
    ({"method": "percentile", "percentile": 101}, ValueError, "percentile must be above 0"),
    ({"method": "mse", "candidates": 0}, ValueError, "candidates must be from 1 to 262144, not 0"),
])  # fmt: skip
def test_bad_arguments(options: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        calibrate(counted(DATA["normal"], 512), **options)


def test_bad_histograms() -> None:
    with pytest.raises(TypeError, match="histogram must be a FloatHistogram, not ndarray"):
        calibrate(np.ones(3))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="the histogram must not be empty"):
        calibrate(FloatHistogram())
    folded = counted(DATA["normal"], 512, True)
    with pytest.raises(ValueError, match="symmetric=False needs a histogram of values"):
        calibrate(folded, symmetric=False)
    with pytest.raises(ValueError, match='criterion="onnxruntime" needs a histogram of values'):
        calibrate(folded, criterion="onnxruntime")
