"""The textbook examples of data/worked_examples.json, those of measures."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pyinfo
from support import oracle

EXAMPLES = json.loads(
    (Path(__file__).parents[1] / "data" / "worked_examples.json").read_text("utf-8")
)
MEASURES = ("information_content", "entropy", "cross_entropy", "kl_divergence")
CASES = [
    pytest.param(name, case, id=f"{name} {case.get('what', i)}")
    for name in MEASURES
    for i, case in enumerate(EXAMPLES[name])
    if "bits" in case
]


def test_all_measure_examples_are_run() -> None:
    left = [case for name in MEASURES for case in EXAMPLES[name] if "bits" not in case]
    assert len(CASES) == 10
    assert [set(case) for case in left] == [{"identity"}]


@pytest.mark.parametrize(("name", "case"), CASES)
def test_example(name: str, case: dict[str, Any]) -> None:
    arguments = [case["p"]] + ([case["q"]] if "q" in case else [])
    got = getattr(pyinfo, name)(*arguments)
    expected = np.asarray(case["bits"], float)
    assert np.shape(got) == expected.shape
    # The examples are rounded to a few digits less than 16.
    np.testing.assert_allclose(got, expected, rtol=1e-14, atol=0)
    if name != "information_content":
        # The oracle agrees with the book: the other tests rest on it.
        exact = oracle.evaluate(name, *arguments)
        np.testing.assert_allclose(float(exact), expected, rtol=1e-14, atol=0)
        oracle.assert_accurate(got, exact, 4 * 2.0**-52)


def test_identities() -> None:
    for case in EXAMPLES["kl_divergence"]:
        if "bits" not in case:
            continue
        p, q = case["p"], case["q"]
        gap = pyinfo.cross_entropy(p, q) - pyinfo.entropy(p)
        assert math.isclose(pyinfo.kl_divergence(p, q), gap, rel_tol=0, abs_tol=1e-15)
        assert pyinfo.kl_divergence(p, q) > 0
        assert pyinfo.kl_divergence(p, p) == 0
        assert pyinfo.kl_divergence(q, q) == 0
