"""A subinterpreter is refused at once: pybind11 would wait in it for ever."""

from __future__ import annotations

import subprocess
import sys

import pytest

import pyinfo

# The file of the extension itself, since the finder of an editable installation starts programs,
# which subinterpreters may not.
PROGRAM = """
import _xxsubinterpreters as interpreters
code = '''
import importlib.machinery, importlib.util
loader = importlib.machinery.ExtensionFileLoader("pyinfo._core", PATH)
spec = importlib.util.spec_from_loader("pyinfo._core", loader)
try:
    loader.exec_module(importlib.util.module_from_spec(spec))
except ImportError as error:
    print("refused:", error, flush=True)
'''
interpreters.run_string(interpreters.create(), code)
"""


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="CPython refuses it itself from 3.12 on")
def test_import() -> None:
    program = PROGRAM.replace("PATH", repr(pyinfo._core.__file__))
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.startswith("refused: pyinfo cannot be imported in a subinterpreter")
