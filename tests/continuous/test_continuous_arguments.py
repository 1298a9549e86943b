"""What continuous variables may be, and what is said of those that are not."""

from __future__ import annotations

import math
import os
import signal
import threading
import warnings
from typing import Any

import numpy as np
import pytest

from pyinfo import continuous

pytestmark = pytest.mark.once

RNG = np.random.default_rng(0)
X, Y, Z = RNG.standard_normal((3, 400))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_refused(value: float) -> None:
    x = X.copy()
    x[7] = value
    with pytest.raises(ValueError, match=r"x\[7\] is .*must be finite"):
        continuous.differential_entropy(x)
    with pytest.raises(ValueError, match=r"y\[7\] is "):
        continuous.mutual_information(X, x)
    with pytest.raises(ValueError, match=r"given\[3, 1\] is "):
        continuous.conditional_mutual_information(
            X[:8], Y[:8], np.c_[X[:8], np.r_[Y[:3], value, Y[:4]]]
        )
    with pytest.raises(ValueError, match=r"source\[7\] is "):
        continuous.transfer_entropy(x, X)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: continuous.differential_entropy([1, 2], method="van es"),
            ValueError, "at least 3 samples",
        ),
        (lambda: continuous.differential_entropy([]), ValueError, "x must not be empty"),
        (lambda: continuous.differential_entropy(list("abcdef")), TypeError, "real numbers"),
        (lambda: continuous.differential_entropy(X * 1j), TypeError, "real numbers"),
        (lambda: continuous.differential_entropy(X.reshape(4, 10, 10)), ValueError, "dimension"),
        (lambda: continuous.differential_entropy(X[:3]), ValueError, "k = 3 needs at least 4"),
        (lambda: continuous.differential_entropy(X, k=0), ValueError, "k must be at least 1"),
        (lambda: continuous.differential_entropy(X, k=1.5), TypeError, "k must be an integer"),
        (lambda: continuous.differential_entropy(X, method="knn"), ValueError, "method must be"),
        (lambda: continuous.differential_entropy(X, base=1), ValueError, "base must be"),
        (lambda: continuous.differential_entropy(X, threads=-1), ValueError, "threads must be"),
        (
            lambda: continuous.differential_entropy(X, method="vasicek", window_length=200),
            ValueError, "window_length must be from 1 to 199",
        ),
        (
            lambda: continuous.differential_entropy(X.reshape(-1, 2), method="vasicek"),
            ValueError, "one coordinate",
        ),
        (lambda: continuous.differential_entropy([-1e308, 0, 1, 1e308]), ValueError, "spans more"),
        (lambda: continuous.mutual_information(X, Y[:9]), ValueError, "same number of samples"),
        (lambda: continuous.mutual_information(X, Y, permutations=9), ValueError, "details=True"),
        (lambda: continuous.mutual_information(X, Y, scale="max"), ValueError, "scale must be"),
        (lambda: continuous.mutual_information(X, Y, bins=1, method="bins"), ValueError, "bins"),
        (lambda: continuous.mutual_information(X, ["a"] * 400), TypeError, "y must be real"),
        (lambda: continuous.transfer_entropy(X, Y, 0), ValueError, "history must be at least 1"),
        (lambda: continuous.transfer_entropy(X, Y, (1, 2, 3)), TypeError, "history must be"),
        (lambda: continuous.transfer_entropy(X[:3], Y[:3], 2), ValueError, "longer than history"),
    ],
)  # fmt: skip
def test_refusals(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda x: continuous.differential_entropy(x),
        lambda x: continuous.differential_entropy(x, method="vasicek"),
        lambda x: continuous.mutual_information(x, X),
        lambda x: continuous.mutual_information(x, X > 0, method="ross"),
        lambda x: continuous.conditional_mutual_information(X, Y, x),
        lambda x: continuous.transfer_entropy(Y, x),
    ],
)
def test_discrete_values_are_warned_of_at_the_callers_line(call: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        call(X)
        call(np.r_[X[:-10], X[:10]])  # a few
    with pytest.warns(UserWarning, match=r"pyinfo: \d+% of the values of .*discrete") as caught:
        call(np.round(X, 1))
    assert [each.filename for each in caught] == [__file__]


def test_equal_values_have_no_density() -> None:
    with pytest.warns(UserWarning, match="discrete"):
        assert continuous.differential_entropy(np.zeros(100)) == -math.inf
    with pytest.warns(UserWarning, match="discrete"):
        assert continuous.differential_entropy(np.zeros(100), method="correa") == -math.inf


def test_kinds_of_data() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    polars = pytest.importorskip("polars", reason="polars is not installed")
    wanted = continuous.differential_entropy(np.c_[X, Y])
    frame = {"x": X, "y": Y}
    for given in (pandas.DataFrame(frame), polars.DataFrame(frame), np.asfortranarray(np.c_[X, Y])):
        assert continuous.differential_entropy(given) == wanted
    narrow = X.astype(np.float32)
    assert continuous.differential_entropy(narrow) == continuous.differential_entropy(
        narrow.astype(float).tolist()
    )
    with pytest.raises(ValueError, match="null"):
        continuous.differential_entropy(polars.Series([1.0, None, 2.0, 3.0, 4.0]))


def test_a_call_hears_an_interrupt() -> None:
    x = RNG.standard_normal((4, 100_000))

    def many() -> None:
        for _ in range(1000):
            continuous.differential_entropy(x.T)

    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        many()
    timer.join()


def test_no_more_bins_than_samples() -> None:
    """As many as are asked for have their memory."""
    x = np.arange(50.0)
    assert continuous.mutual_information(x, x, method="bins", bins=50) > 0
    for bins in (1, 51, 10**9, 10**30):
        with pytest.raises(ValueError, match="bins must be from 2 to 50"):
            continuous.mutual_information(x, x, method="bins", bins=bins)
