"""Floats that are nearly all different are no labels: every measure of labels says so, once."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import pyinfo

pytestmark = pytest.mark.once

X = np.random.default_rng(0).standard_normal(100)
LABELS = np.arange(100) % 4
CALLS: list[Any] = [
    lambda x: pyinfo.mutual_information(x, LABELS),
    lambda x: pyinfo.mutual_information(LABELS, x, estimator="miller-madow"),
    lambda x: pyinfo.conditional_mutual_information(LABELS, LABELS, [x, LABELS]),
    lambda x: pyinfo.conditional_entropy(LABELS, x),
    lambda x: pyinfo.joint_entropy(LABELS, x),
    lambda x: pyinfo.total_correlation(x, LABELS),
    lambda x: pyinfo.interaction_information(LABELS, LABELS, x),
    lambda x: pyinfo.normalized_mutual_information(x, LABELS),
    lambda x: pyinfo.adjusted_mutual_information(x, LABELS),
    lambda x: pyinfo.variation_of_information(x, LABELS),
    lambda x: pyinfo.transfer_entropy(x, LABELS),
    lambda x: pyinfo.pairwise_mutual_information(np.c_[x, LABELS]),
]


@pytest.mark.parametrize("call", CALLS)
def test_it_is_said_at_the_callers_line_and_names_what_is_right(call: Any) -> None:
    with pytest.warns(UserWarning, match=r"holds floats, 100 .*pyinfo\.continuous") as caught:
        call(X)
    assert [each.filename for each in caught] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        call(np.round(X))
        call(np.arange(100))
