"""Every row of docs/contract.md, run; and the page shows exactly the rows that are run."""

from __future__ import annotations

import array
import importlib.util
import inspect
import json
import math
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import pyinfo

ROOT = Path(__file__).resolve().parents[2]
SECTIONS = json.loads((ROOT / "tests" / "data" / "contract.json").read_text("utf-8"))
CASES = [(part["section"], case) for part in SECTIONS for case in part["cases"]]

NAMES = {
    name: getattr(home, name) for home in (pyinfo, pyinfo.measures) for name in home.__all__
} | {
    "array": array,
    "bfloat16": ml_dtypes.bfloat16,
    "inf": math.inf,
    "math": math,
    "nan": math.nan,
    "np": np,
    "TypeError": TypeError,
    "ValueError": ValueError,
}


def evaluate(expression: str) -> Any:
    return eval(expression, dict(NAMES))


def assert_same(got: Any, expected: Any) -> None:
    """Numbers agree within 4 eps of float64; zeros, infinities and NaN exactly; zeros are +0."""
    if not isinstance(expected, float | list | np.ndarray):
        assert got == expected
        return
    got = np.asarray(got)
    expected = np.asarray(expected)
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=4 * np.finfo(float).eps, atol=0, equal_nan=True)
    assert not np.signbit(got[got == 0]).any(), "a negative zero"


@pytest.mark.parametrize("case", [pytest.param(c, id=f"{s}: {c['call']}") for s, c in CASES])
def test_case(case: dict[str, Any]) -> None:
    with np.errstate(all="raise"):
        if "raises" not in case:
            assert_same(evaluate(case["call"]), evaluate(case["gives"]))
            return
        with pytest.raises(evaluate(case["raises"])) as caught:
            evaluate(case["call"])
    message = str(caught.value)
    assert case["says"] in message
    assert "\n" not in message.strip()


@pytest.mark.once
def test_page_shows_these_cases() -> None:
    path = ROOT / "tools" / "contract_table.py"
    spec = importlib.util.spec_from_file_location("contract_table", path)
    assert spec is not None
    assert spec.loader is not None
    contract_table = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(contract_table)
    page = (ROOT / "docs" / "contract.md").read_text("utf-8")
    assert page == contract_table.render(page), "run `python tools/contract_table.py`"


@pytest.mark.once
def test_every_function_has_a_case() -> None:
    calls = " ".join(case["call"] for _, case in CASES)
    functions = [name for name in pyinfo.__all__ if inspect.isbuiltin(getattr(pyinfo, name))]
    assert functions
    assert [name for name in functions if f"{name}(" not in calls] == []
