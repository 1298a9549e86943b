"""Every instruction set of the machine gives the same answers, and PYINFO_ISA chooses one."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pyinfo
from pyinfo.config import config
from support.distributions import (
    ALL_MEASURES,
    EPS,
    MEASURE_IDS,
    exact,
    measure,
    random,
    rng,
    skewed,
)
from support.programs import DEADLINE

pytestmark = pytest.mark.once

AVAILABLE = config()["available_isas"]
TABLES = {"portable", "sse4", "avx2", "avx512", "neon"}

# Where a child process finds this file, and what it imports.
FOLDERS = [str(folder) for folder in Path(__file__).parents[:2]]

SCRIPT = """
import json, sys
sys.path[:0] = sys.argv[1:]
import numpy as np
import test_isa
print(json.dumps([test_isa.config()["isa"], test_isa.answers()]))
"""


def inputs(dtype: type) -> list[tuple[np.ndarray, np.ndarray, dict[str, object]]]:
    few = rng(1).dirichlet(np.ones(7), 40).astype(dtype)
    many = rng(2).dirichlet(np.ones(40), 7).astype(dtype)
    return [
        (exact(1000, dtype, 1), exact(1000, dtype, 2), {}),
        (skewed(333, dtype, 1), random(333, dtype), {"normalize": True}),
        (few, few[::-1], {"axis": 1, "normalize": True}),
        (many.T.copy(), many[::-1].T.copy(), {"axis": 0, "normalize": True}),
        (exact(20_000, dtype, 3)[::2], exact(20_000, dtype, 4)[1::2], {"normalize": True}),
    ]


def answers() -> list[list[float]]:
    """Return the results of all measures in hexadecimal-exact form: lists of floats."""
    results = []
    for dtype in (np.float64, np.float32):
        for name, alpha in ALL_MEASURES:
            for p, q, options in inputs(dtype):
                got = measure(name, p, q, alpha=alpha, **options)
                results.append(np.ravel(got).astype(float).tolist())
        p = rng(3).random(4097).astype(dtype)
        results.append(pyinfo.information_content(p).astype(float).tolist())
    return results


def run(isa: str | None, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "PYINFO_ISA"}
    if isa is not None:
        environment["PYINFO_ISA"] = isa
    command = [sys.executable, "-P", *arguments]  # not what lies in the current directory
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=DEADLINE
    )


def test_what_is_available() -> None:
    assert AVAILABLE[0] == "portable"
    assert len(set(AVAILABLE)) == len(AVAILABLE)
    assert set(AVAILABLE) <= TABLES
    assert config()["isa"] in AVAILABLE
    wanted = os.environ.get("PYINFO_ISA")
    assert config()["isa"] == (wanted or AVAILABLE[-1])


@pytest.fixture(scope="module")
def here() -> list[list[float]]:
    return answers()


@pytest.mark.parametrize("isa", AVAILABLE)
def test_same_answers(isa: str, here: list[list[float]]) -> None:
    done = run(isa, "-c", SCRIPT, *FOLDERS)
    assert done.returncode == 0, done.stderr
    active, there = json.loads(done.stdout)
    assert active == isa
    labels = [
        f"{dtype.__name__} {label}"
        for dtype in (np.float64, np.float32)
        for label in [*(name for name in MEASURE_IDS for _ in inputs(dtype)), "information"]
    ]
    for label, one, other in zip(labels, here, there, strict=True):
        eps = EPS[np.float32 if label.startswith("float32") else np.float64]
        # Each is within 4 eps of the exact value (orders of Rényi within 8).
        np.testing.assert_allclose(one, other, rtol=16 * eps, atol=0, err_msg=label)


CHOICES = "import json; from pyinfo.config import config; print(json.dumps(config()['choices']))"


def test_the_best_is_the_default() -> None:
    for unset in (None, ""):
        chosen = json.loads(run(unset, "-c", CHOICES).stdout)
        assert chosen["kernels"]["isa"] == AVAILABLE[-1]
        assert chosen["kernels"]["reason"].startswith("the best that this ")


@pytest.mark.parametrize("isa", AVAILABLE)
def test_choices_have_reasons(isa: str) -> None:
    chosen = json.loads(run(isa, "-c", CHOICES).stdout)
    assert list(chosen) == ["kernels", "coders", "checksums"]
    assert chosen["kernels"] == {"isa": isa, "reason": "PYINFO_ISA names it"}
    others = [chosen["coders"], chosen["checksums"]]
    for choice, one_above in zip(others, [chosen["kernels"], chosen["coders"]], strict=True):
        is_same = choice["isa"] == one_above["isa"]
        assert AVAILABLE.index(choice["isa"]) <= AVAILABLE.index(one_above["isa"])
        assert choice["reason"].startswith("as ") == is_same


# A name that is none, and those of the sets that this machine lacks.
@pytest.mark.parametrize(
    "wrong", ["nonsense", "AVX2", "avx", " avx2", "NEON", *sorted(TABLES - set(AVAILABLE))]
)
def test_wrong_name(wrong: str) -> None:
    done = run(wrong, "-c", "import pyinfo")
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: ")
    assert f"PYINFO_ISA={wrong}" in last
    for isa in AVAILABLE:
        assert isa in last


def test_show_config_prints_it() -> None:
    text = io.StringIO()
    pyinfo.show_config(file=text)
    for isa in AVAILABLE:
        assert isa in text.getvalue()
    for kernels, choice in config()["choices"].items():
        assert f"\n{kernels:<15} {choice['isa']}: {choice['reason']}\n" in text.getvalue()
