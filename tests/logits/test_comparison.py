"""Perplexity and the comparison of two models, against NumPy in float64."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pyinfo import logits

RNG = np.random.default_rng(11)
BASE = RNG.standard_normal((2, 50, 30)) * 3
OTHER = BASE + 0.05 * RNG.standard_normal(BASE.shape)
LABELS = RNG.integers(0, 30, (2, 50))


def log_p(x: np.ndarray) -> np.ndarray:
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


def test_comparison() -> None:
    found = logits.compare(BASE, OTHER, LABELS)
    p, q = log_p(BASE), log_p(OTHER)
    kl = (np.exp(p) * (p - q)).sum(-1).ravel()
    assert found.rows == 100
    assert math.isclose(found.kl_mean, kl.mean(), rel_tol=1e-9)
    assert math.isclose(found.kl_mean_error, kl.std(ddof=1) / 10, rel_tol=1e-9)
    assert math.isclose(found.kl_median, np.median(kl), rel_tol=1e-9)
    assert math.isclose(found.kl_999, np.quantile(kl, 0.999), rel_tol=1e-9)
    same = (p.argmax(-1) == q.argmax(-1)).mean()
    assert math.isclose(found.same_top, same)
    a = np.take_along_axis(p, LABELS[..., None], -1).ravel()
    b = np.take_along_axis(q, LABELS[..., None], -1).ravel()
    assert math.isclose(found.base_perplexity or 0, math.exp(-a.mean()), rel_tol=1e-9)
    assert math.isclose(found.other_perplexity or 0, math.exp(-b.mean()), rel_tol=1e-9)
    assert math.isclose(found.log_perplexity_ratio or 0, (a - b).mean(), rel_tol=1e-9)
    rms = math.sqrt(((np.exp(b) - np.exp(a)) ** 2).mean())
    assert math.isclose(found.rms_delta_p or 0, rms, rel_tol=1e-9)


def test_comparison_without_labels_and_with_itself() -> None:
    found = logits.compare(BASE, BASE)
    assert (found.kl_mean, found.kl_max, found.same_top) == (0, 0, 1)
    assert found.base_perplexity is None
    itself = logits.compare(BASE, BASE, LABELS)
    assert (itself.log_perplexity_ratio, itself.rms_delta_p, itself.rms_delta_p_error) == (0, 0, 0)


def test_ignored_rows_are_left_out() -> None:
    labels = LABELS.copy()
    labels[0] = -100
    assert logits.compare(BASE, OTHER, labels) == logits.compare(BASE[1], OTHER[1], LABELS[1])
    with pytest.raises(ValueError, match="no row is left"):
        logits.compare(BASE, OTHER, np.full((2, 50), -100))


def test_standard_errors_cover_what_they_should() -> None:
    """Of many samples of rows, about 95 % have the mean of all within two standard errors."""
    x = RNG.standard_normal((20000, 8))
    y = x + 0.3 * RNG.standard_normal(x.shape)
    labels = RNG.integers(0, 8, len(x))
    whole = logits.compare(x, y, labels)
    names = ("kl_mean", "kl_median", "same_top", "log_perplexity_ratio", "rms_delta_p")
    hits = dict.fromkeys(names, 0)
    for part in np.split(np.arange(len(x)), 100):
        found = logits.compare(x[part], y[part], labels[part])
        for name in names:
            error = getattr(found, f"{name}_error")
            hits[name] += abs(getattr(found, name) - getattr(whole, name)) <= 2 * error
    assert all(count >= 85 for count in hits.values()), hits


def test_perplexity() -> None:
    p = log_p(BASE)
    mean = -np.take_along_axis(p, LABELS[..., None], -1).mean()
    assert math.isclose(logits.perplexity(BASE, LABELS), math.exp(mean), rel_tol=1e-12)
    assert math.isclose(logits.perplexity(BASE, np.exp(p)), math.exp(-(np.exp(p) * p).sum() / 100))
    assert logits.perplexity(BASE, np.full((2, 50), -100)) == 1
    assert logits.perplexity([0.0, -1e4], 1) == math.inf
    assert logits.perplexity([0.0, -np.inf], 1) == math.inf


def test_infinite_divergences() -> None:
    """A few rows of a mask that the base does not have leave the median what it is."""
    masked = OTHER.copy()
    masked[0, :10, :3] = -math.inf
    found = logits.compare(BASE, masked, LABELS)
    kl = np.sort(logits.kl_divergence(BASE, masked, reduction="none"), axis=None)
    assert np.isinf(kl).sum() == 10
    assert (found.kl_mean, found.kl_99, found.kl_max) == (math.inf,) * 3
    assert math.isclose(found.kl_median, (kl[49] + kl[50]) / 2)
    assert math.isnan(found.kl_mean_error)
    nothing = BASE.copy()
    nothing[0, 0] = math.nan
    assert math.isnan(logits.compare(BASE, nothing).kl_median)


def test_a_row_without_distribution_leaves_no_error_of_zero() -> None:
    broken = OTHER.copy()
    broken[0, 3] = math.nan
    found = logits.compare(BASE, broken, LABELS)
    assert math.isnan(found.rms_delta_p or 0)
    assert math.isnan(found.rms_delta_p_error or 0)


def test_rows_that_are_all_ignored_are_named() -> None:
    with pytest.raises(ValueError, match="no row is left: labels are all ignore_index"):
        logits.compare(BASE, OTHER, np.full(LABELS.shape, -100))
