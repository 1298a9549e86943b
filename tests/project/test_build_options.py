"""PYINFO_ISAS: which instruction sets a build has kernels for."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support.programs import DEADLINE

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
OF_THIS_PROCESSOR = (
    ["portable", "sse4", "avx2", "avx512"]
    if platform.machine() in {"x86_64", "AMD64"}
    else ["portable", "neon"]
)


def configure(build: Path, isas: str) -> tuple[int, str]:
    """Configure a build of the library; return CMake's exit code and what it printed."""
    for program in ("cmake", "c++"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}")
    command = ["cmake", "-S", str(ROOT), "-B", str(build), "-DPYINFO_PYTHON=OFF"]
    done = subprocess.run(
        [*command, f"-DPYINFO_ISAS={isas}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def test_the_list_of_instruction_sets(tmp_path: Path) -> None:
    best = OF_THIS_PROCESSOR[-1]
    for isas, built in (
        ("", OF_THIS_PROCESSOR),
        ("portable", ["portable"]),
        (best, ["portable", best]),  # portable is always there
        (f"{best};portable", ["portable", best]),
        (",".join(reversed(OF_THIS_PROCESSOR)), OF_THIS_PROCESSOR),
    ):
        code, printed = configure(tmp_path, isas)
        assert code == 0, printed
        found = re.search(r"Instruction sets: (\w+(?:, \w+)*)", printed)
        assert found is not None
        assert found[1].split(", ")[: len(built)] == built, isas


@pytest.mark.parametrize("wrong", ["nonsense", "AVX2", "portable;sse3", "altivec"])
def test_unknown_names_are_refused(tmp_path: Path, wrong: str) -> None:
    code, printed = configure(tmp_path, wrong)
    assert code != 0
    name = wrong.rpartition(";")[2]
    assert f"PYINFO_ISAS: '{name}' is not one of {', '.join(OF_THIS_PROCESSOR)}" in printed
