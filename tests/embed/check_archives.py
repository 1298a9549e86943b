"""Check what the sdist and the wheel in a directory contain: `python check_archives.py DIST`."""

from __future__ import annotations

import sys
import tarfile
import zipfile
from pathlib import Path

# Name endings: the wheel's metadata directory and the extension's suffix hold version and platform.
WHEEL = [
    "pyinfo/__init__.py",
    "pyinfo/_core.pyi",
    "pyinfo/cmake/pyinfo-config.cmake",
    "pyinfo/cmake/pyinfo-config-version.cmake",
    "pyinfo/cmake/pyinfo-targets.cmake",
    "pyinfo/cython_api.pxd",
    "pyinfo/include/pyinfo/pyinfo.h",
    "pyinfo/pkgconfig/pyinfo.pc",
    "pyinfo/py.typed",
    "pyinfo/testing/__init__.py",
    "pytest_pyinfo/__init__.py",
    "dist-info/entry_points.txt",
    "dist-info/licenses/LICENSE",
]
SDIST = [
    "CMakeLists.txt",
    "LICENSE",
    "PKG-INFO",
    "README.md",
    "cmake/Embedding.cmake",
    "cmake/SimdKernels.cmake",
    "csrc/bindings/module.cpp",
    "csrc/include/pyinfo/pyinfo.h",
    "pyinfo/_core.pyi",
    "pyproject.toml",
    "tests/data/contract.json",
]


def only(directory: Path, pattern: str) -> Path:
    (path,) = directory.glob(pattern)
    return path


def missing(names: list[str], expected: list[str]) -> list[str]:
    return [end for end in expected if not any(name.endswith(end) for name in names)]


def main(directory: Path) -> None:
    with zipfile.ZipFile(only(directory, "pyinfo-*.whl")) as wheel:
        in_wheel = wheel.namelist()
    with tarfile.open(only(directory, "pyinfo-*.tar.gz")) as sdist:
        in_sdist = sdist.getnames()
    assert missing(in_wheel, WHEEL) == [], in_wheel
    assert missing(in_sdist, SDIST) == [], in_sdist
    assert any("/_core." in n and n.endswith((".so", ".pyd")) for n in in_wheel), in_wheel
    beyond = [n for n in in_wheel if not n.startswith(("pyinfo/", "pyinfo-", "pytest_pyinfo/"))]
    assert beyond == [], "the wheel installs more than the package and its plugin"
    sources = [n for n in in_wheel if n.endswith((".cpp", ".hpp", ".o", ".a"))]
    assert sources == [], "the wheel holds sources or objects"
    built = [n for n in in_sdist if n.endswith((".so", ".pyd", ".pyc")) or "/build/" in n]
    assert built == [], "the sdist holds built files"
    print(f"wheel: {len(in_wheel)} files, sdist: {len(in_sdist)} files")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
