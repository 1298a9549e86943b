"""What is said where pyinfo is imported from sources that are not compiled."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]

IMPORT = """
import sys

# An editable installation would be found first.
sys.meta_path[:] = [each for each in sys.meta_path if "editable" not in type(each).__module__]
sys.path.insert(0, sys.argv[1])
try:
    import pyinfo
except ImportError as error:
    print(error)
"""


def reason(folder: Path) -> str:
    shutil.copytree(ROOT / "pyinfo", folder / "pyinfo", ignore=shutil.ignore_patterns("_core.*"))
    command = [sys.executable, "-c", IMPORT, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_source_tree_says_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "CMakeLists.txt").touch()
    said = reason(tmp_path)
    assert f"this is the source tree of pyinfo, {tmp_path}" in said
    assert "start Python in another folder, or with -P" in said
    assert f"pip install {tmp_path}" in said


def test_a_broken_installation_says_so(tmp_path: Path) -> None:
    assert f"the installation of pyinfo in {tmp_path} has no pyinfo._core" in reason(tmp_path)
