"""Estimators of continuous variables against loops over all pairs, and SciPy and scikit-learn."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from pyinfo import continuous
from support import all_pairs

Array = npt.NDArray[Any]
KINDS = ["normal", "tenths", "constant", "heavy", "clusters", "huge", "tiny"]
NATS = {"base": math.e}


@pytest.fixture(autouse=True)
def _ties_are_meant() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "pyinfo: ")
        yield


def samples(kind: str, d: int, n: int, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed + n)
    x = rng.standard_normal((d, n))
    if kind == "tenths":
        return np.asarray(np.round(x, 1))
    if kind == "constant":
        return np.full((d, n), 0.3)
    if kind == "heavy":
        return np.asarray(np.tan(1.5 * np.clip(x, -1, 1)))
    if kind == "clusters":
        return np.asarray(rng.integers(0, 3, (d, n)) + 1e-6 * x)
    return x * {"huge": 1e300, "tiny": 1e-300}.get(kind, 1.0)


def close(found: float, wanted: float) -> bool:
    return found == wanted or abs(found - wanted) <= 1e-12 * max(1.0, abs(wanted))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [5, 17, 200])
@pytest.mark.parametrize("k", [1, 3, 4])
def test_entropy(kind: str, n: int, k: int) -> None:
    for d in (1, 2, 3, 4, 5):
        x = samples(kind, d, n)
        found = continuous.differential_entropy(x.T, k=k, **NATS)
        assert close(found, all_pairs.entropy(x, k)), d


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [6, 33, 200])
@pytest.mark.parametrize("sizes", [(1, 1), (1, 2), (2, 2), (3, 1), (3, 3)])
def test_mutual_information(kind: str, n: int, sizes: tuple[int, int]) -> None:
    x, y = samples(kind, sizes[0], n), samples("tenths", sizes[1], n, 7)
    y = y + np.where(np.abs(x[:1]) < 1e6, x[:1], 0)
    for k in (1, 3):
        for method, oracle in (("ksg1", all_pairs.ksg1), ("ksg2", all_pairs.ksg2)):
            found = continuous.mutual_information(
                x.T,
                y.T,
                method=method,
                k=k,
                scale="none",
                **NATS,  # type: ignore[arg-type]
            )
            assert close(found, oracle(x, y, k)), (method, k)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [12, 150])
def test_conditional(kind: str, n: int) -> None:
    for sizes in ((1, 1, 1), (1, 1, 2), (2, 1, 1), (2, 2, 2)):
        x, y, z = (samples(kind, d, n, i) for i, d in enumerate(sizes))
        found = continuous.conditional_mutual_information(x.T, y.T, z.T, scale="none", **NATS)
        assert close(found, all_pairs.conditional(x, y, z, 3)), sizes


@pytest.mark.parametrize("kind", KINDS)
def test_ross(kind: str) -> None:
    labels = np.array(list("ab" + "cde" * 50 + "ff"))
    for d in (1, 2, 5):
        x = samples(kind, d, len(labels))
        found = continuous.mutual_information(x.T, labels, method="ross", scale="none", **NATS)
        assert close(found, all_pairs.ross(x, labels, 3)), d


def test_transfer_is_conditional_information() -> None:
    x, y = samples("normal", 2, 300)
    for history in (1, (1, 2), (2, 1)):
        source, target = history if isinstance(history, tuple) else (history, history)
        start = max(source, target)
        past = [np.stack([s[start - lag : 300 - lag] for lag in range(1, m + 1)])
                for s, m in ((x, source), (y, target))]  # fmt: skip
        wanted = all_pairs.conditional(y[np.newaxis, start:], *past, 3)
        found = continuous.transfer_entropy(x, y, history, scale="none", **NATS)
        assert close(found, wanted)


@pytest.mark.parametrize("method", ["vasicek", "van es", "ebrahimi", "correa", "auto"])
def test_spacings_are_those_of_scipy(method: Any) -> None:
    stats = pytest.importorskip("scipy.stats", reason="SciPy is not installed")
    for n in (5, 10, 11, 100, 1000, 1001):
        x = samples("normal", 1, n)[0]
        found = continuous.differential_entropy(x, method=method)
        assert close(found, stats.differential_entropy(x, method=method, base=2)), n
        if n > 10:
            found = continuous.differential_entropy(x, method=method, window_length=4, **NATS)
            wanted = stats.differential_entropy(x, method=method, window_length=4)
            assert close(found, wanted), n


def test_scikit_learn_agrees() -> None:
    module = pytest.importorskip(
        "sklearn.feature_selection._mutual_info", reason="scikit-learn is not installed"
    )
    x, y = samples("normal", 2, 500)
    y = y + x
    found = continuous.mutual_information(x, y, scale="none", **NATS)
    assert close(found, module._compute_mi_cc(x, y, 3))
    labels = (y > 0.5).astype(int) + (y > 1)
    found = continuous.mutual_information(x, labels, method="ross", scale="none", **NATS)
    assert close(found, module._compute_mi_cd(x, labels, 3))


@pytest.mark.parametrize("kind", ["normal", "tenths", "heavy"])
def test_order_and_threads_make_no_difference(kind: str) -> None:
    x, y, z = samples(kind, 3, 5000)
    order = np.random.default_rng(3).permutation(5000)
    calls = (
        lambda i, t: continuous.differential_entropy(np.stack([x, y, z], 1)[i], threads=t),
        lambda i, t: continuous.mutual_information(x[i], y[i], scale="none", threads=t),
        lambda i, t: continuous.mutual_information(
            x[i], y[i], method="ksg2", scale="none", threads=t
        ),
        lambda i, t: continuous.conditional_mutual_information(
            x[i], y[i], z[i], scale="none", threads=t
        ),
    )
    for call in calls:
        assert call(slice(None), 1) == call(order, 2)


def test_units_and_scale() -> None:
    x, y = samples("normal", 2, 1000)
    y = x + y
    bits = continuous.mutual_information(x, y)
    assert close(continuous.mutual_information(x, y, base=math.e), bits * math.log(2))
    assert close(continuous.mutual_information(1e-200 * x, 1e200 * y + 0.0), bits)
    assert continuous.mutual_information(np.ones(50), y[:50]) == pytest.approx(0, abs=1)
