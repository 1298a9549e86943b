"""What type checkers say of a user's program: mypy --strict and pyright, strict as well."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

PROGRAMS = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

PROGRAM = """
import numpy as np
import numpy.typing as npt
import pyinfo

one: float = pyinfo.entropy([0.5, 0.5])
of_counts: float = pyinfo.entropy((3, 1), base=10, normalize=True, threads=2)
of_vector: float = pyinfo.entropy(np.zeros(3))
two: float = pyinfo.js_divergence([1, 2], [2, 1]) + pyinfo.kl_divergence([1], [1])
three: float = pyinfo.js_divergence([1, 2], [2, 1], [1, 1], weights=[0.2, 0.3, 0.5])
order: float = pyinfo.renyi_entropy([0.5, 0.5], 2) + pyinfo.renyi_divergence([1], [1], 0.5)
far: float = pyinfo.hellinger_distance([1], [1]) + pyinfo.total_variation_distance([1], [1])
surprise: float = pyinfo.information_content(0.25)
counts = pyinfo.Counts.from_samples("mississippi")
aligned: float = pyinfo.js_divergence(counts, counts)
estimated: float = counts.entropy(estimator="nsb")
with_error: tuple[float, float] = counts.entropy(return_std=True)
samples: float = pyinfo.entropy_of("mississippi") + pyinfo.mutual_information([0, 1], ["a", "b"])
sure: tuple[float, float] = pyinfo.entropy_of([1, 2, 2], return_std=True)
joint = pyinfo.JointCounts.from_samples([0, 1], [1, 1])
marginal: pyinfo.Counts = joint.marginal(0)
both: pyinfo.JointCounts = joint.marginal(1, 0)
found: pyinfo.Drift = pyinfo.drift([1.0, 2.0], np.arange(3))
moved: float = found.corrected + found.high + found.p_value
by_name: pyinfo.DriftTable = pyinfo.drift({"x": [1, 2]}, {"x": np.arange(3)})
column: pyinfo.Drift = by_name["x"]
back: npt.NDArray[np.generic] = pyinfo.decompress(pyinfo.compress(np.arange(3)))
short: bytes = pyinfo.HuffmanCode.from_counts([3, 1]).encode(np.zeros(4, np.uint8))
"""

WRONG = """
import numpy as np
import pyinfo

text: str = pyinfo.entropy([0.5, 0.5])
batch: float = pyinfo.entropy([[0.5, 0.5]])
kept: float = pyinfo.entropy([0.5, 0.5], keepdims=True)
pair: float = pyinfo.entropy_of([1, 2], return_std=True)
unknown = pyinfo.drift([1], [2], measure="chi2")
"""

# Results are known: none is Any.
REVEALED = """
import numpy as np
import pyinfo

reveal_type(pyinfo.entropy([0.5, 0.5]))
reveal_type(pyinfo.entropy(np.eye(2).reshape(2, 2), axis=0))
reveal_type(pyinfo.js_divergence([0.5, 0.5], [0.5, 0.5]))
reveal_type(pyinfo.Counts("ab", [1, 2]).entropy())
reveal_type(pyinfo.JointCounts.from_samples([0], [1]).conditional({0: 0}))
reveal_type(pyinfo.entropy_of([1, 2]))
reveal_type(pyinfo.drift([1], [2]).contributions)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all programs: what mypy knows of NumPy is kept there."""
    return tmp_path_factory.mktemp("user")


def mypy(source: str, folder: Path) -> str:
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("mypy is not installed (group lint)")
    (folder / "program.py").write_text(source, "utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "program.py"]
    command += ["--cache-dir", str(folder / "cache")]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


def test_a_program_passes_mypy(folder: Path) -> None:
    assert mypy(PROGRAM, folder) == ""


def test_mypy_finds_what_is_wrong(folder: Path) -> None:
    found = re.findall(r"program\.py:(\d+): error", mypy(WRONG, folder))
    assert sorted({int(line) for line in found}) == [5, 6, 7, 8, 9]


def test_results_are_known(folder: Path) -> None:
    revealed = re.findall(r'Revealed type is "(.*)"', mypy(REVEALED, folder))
    assert len(revealed) == 7
    assert [text for text in revealed if re.fullmatch(r"Any|.*tuple\[Any, Any\].*", text)] == []
    assert revealed[0] == revealed[2] == revealed[3] == revealed[5] == "float"
    assert "float" in revealed[1]


def test_pyright_says_the_same(tmp_path: Path) -> None:
    """One run, which takes long to start: the program, what is wrong, and what results are."""
    program = shutil.which("pyright") or shutil.which("basedpyright", path=PROGRAMS)
    if program is None:
        pytest.skip("neither pyright nor basedpyright is installed (group dev)")
    sources = {"program.py": PROGRAM, "wrong.py": WRONG, "revealed.py": REVEALED}
    for name, source in sources.items():
        (tmp_path / name).write_text(source, "utf-8")
    (tmp_path / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}', "utf-8")
    command = [program, "--outputjson", "--pythonpath", sys.executable, *sources]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    said: dict[str, list[tuple[str, int, str]]] = {name: [] for name in sources}
    for each in json.loads(done.stdout)["generalDiagnostics"]:
        line = each["range"]["start"]["line"] + 1
        said[Path(each["file"]).name].append((each["severity"], line, each["message"]))
    assert said["program.py"] == []
    wrong = {line for severity, line, _ in said["wrong.py"] if severity == "error"}
    assert wrong >= {5, 6, 7, 8, 9}
    assert {severity for severity, _, _ in said["revealed.py"]} == {"information"}
    types = [message.rpartition(' is "')[2].rstrip('"') for _, _, message in said["revealed.py"]]
    assert len(types) == 7
    assert [text for text in types if re.search(r"Unknown|^Any$", text)] == []
    assert types[0] == types[2] == types[3] == types[5] == "float"
