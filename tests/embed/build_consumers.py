"""Build and run what others build on pyinfo: `python build_consumers.py DIST`.

The C++ and the Cython consumer are built in isolation from the wheel in DIST, the program in C
against an install tree of libpyinfo that was moved after the installation. That is built in
build/libpyinfo, where a compiler's cache finds what was compiled for other builds.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def run(*command: str | Path, cwd: Path | None = None, **environment: str) -> str:
    """Run a command; return what it printed, and show that if it fails."""
    done = subprocess.run(
        [*map(str, command)],
        cwd=cwd,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"{done.stdout}\nfailed: {' '.join(map(str, command))}")
    return done.stdout


def build_extensions(wheel: Path, work: Path) -> Path:
    """Install the wheel and the consumers that are extension modules; return the interpreter."""
    venv.create(work / "venv", with_pip=True)
    python = work / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    # The isolated environments, too, are to have this pyinfo and no other.
    constraint = work / "constraint.txt"
    constraint.write_text(f"pyinfo @ {wheel.as_uri()}\n")
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    run(*pip, "--upgrade", "pip>=25.3")
    run(*pip, wheel, "pkgconf")
    # Builds leave files in the source tree.
    consumers = [shutil.copytree(HERE / name, work / name) for name in ("cpp", "cython")]
    run(*pip, "--no-deps", "--build-constraint", constraint, *consumers)
    empty = work / "empty"
    empty.mkdir()
    print(run(python, HERE / "check_consumers.py", cwd=empty), end="")
    # In the checkout, `python -m` would find its pyinfo before the wheel's.
    version = run(python, "-m", "pkgconf", "--modversion", "pyinfo", cwd=empty).strip()
    assert f"-{version}-" in wheel.name, version
    return python


def build_programs(python: Path, work: Path) -> None:
    """Build libpyinfo, install it, move it, and build the C program in three ways."""
    first, tree = work / "first", work / "moved"
    library, consumer = ROOT / "build" / "libpyinfo", work / "consumer"
    run("cmake", "-S", ROOT, "-B", library, "-G", "Ninja", "-DPYINFO_PYTHON=OFF")
    run("cmake", "--build", library)
    run("cmake", "--install", library, "--prefix", first)
    first.rename(tree)

    run("cmake", "-S", HERE / "c", "-B", consumer, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={tree}")
    run("cmake", "--build", consumer)
    outputs = [run(consumer / "with_pyinfo"), run(consumer / "with_pyinfo_static")]

    (package,) = tree.glob("lib*/pkgconfig")
    ask = [python, "-m", "pkgconf", "--cflags", "--libs", "pyinfo"]
    flags = run(*ask, cwd=work, PKG_CONFIG_PATH=str(package)).split()
    assert str(tree) in str(flags), flags
    program = work / "by_pkg_config"
    strict = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"]
    run("cc", *strict, HERE / "c" / "main.c", "-o", program, *flags)
    outputs.append(run(program, LD_LIBRARY_PATH=str(package.parent)))
    assert len(set(outputs)) == 1, outputs
    print(outputs[0], end="")


def main(dist: Path) -> None:
    (wheel,) = dist.resolve().glob("pyinfo-*.whl")
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        build_programs(build_extensions(wheel, work), work)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
