"""What `.ci/run` does, a piece at a time: `nox -l` lists the sessions."""

from __future__ import annotations

import nox

nox.options.sessions = ["lint", "tests"]
nox.options.reuse_existing_virtualenvs = True
nox.needs_version = ">=2025.5"

PROJECT = nox.project.load_toml("pyproject.toml")
LINT = nox.project.dependency_groups(PROJECT, "lint")
CPP_ROOMS = ("csrc", "tests/native", "tests/fuzz", "bench/native")
BUILD = nox.project.dependency_groups(PROJECT, "build")


def install_editable(session: nox.Session, extras: str) -> None:
    """Install this checkout; an edited C++ file is compiled by the next import."""
    session.install(*BUILD)
    session.install("--no-build-isolation", "--editable", f".[{extras}]")


def tracked(session: nox.Session, *patterns: str) -> list[str]:
    listing = session.run("git", "ls-files", "--", *patterns, external=True, silent=True)
    return (listing or "").split()


@nox.session
def lint(session: nox.Session) -> None:
    """Formatting, style, spelling, types, and the type information against the extension."""
    session.install(*LINT)
    install_editable(session, "test")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    sources = tracked(session, *(f"{room}/*.[ch]pp" for room in CPP_ROOMS))
    session.run("clang-format", "--dry-run", "-Werror", *sources)
    session.run("gersemi", "--check", *tracked(session, "*CMakeLists.txt", "*.cmake"))
    session.run("codespell")
    session.run("mypy", "--strict", "pyinfo", "pytest_pyinfo")
    session.run(
        *("python", "-m", "mypy.stubtest", "--mypy-config-file", "pyproject.toml"),
        *("--allowlist", "tests/stubtest_allowlist.txt", "pyinfo"),
    )


@nox.session
def tests(session: nox.Session) -> None:
    """Run the test suite on every instruction set of this machine (or `nox -s tests -- ARGS`)."""
    install_editable(session, "test")
    program = "import pyinfo.config as c; print(*c.config()['available_isas'])"
    available = (session.run("python", "-c", program, silent=True) or "").split()
    for isa in available:
        session.run("pytest", *session.posargs, env={"PYINFO_ISA": isa})


def run_preset(session: nox.Session, preset: str) -> None:
    session.install("cmake>=3.26", "ninja")
    session.run("cmake", "--preset", preset)
    session.run("cmake", "--build", "--preset", preset)
    session.run("ctest", "--preset", preset)


@nox.session
def native(session: nox.Session) -> None:
    """Run the C++ tests as shipped."""
    run_preset(session, "release")


@nox.session
def sanitizers(session: nox.Session) -> None:
    """Run the C++ tests under the address, undefined behaviour and thread sanitizers."""
    run_preset(session, "asan-ubsan")
    run_preset(session, "tsan")


@nox.session
def fuzz(session: nox.Session) -> None:
    """Fuzz the decoders for a minute each (or `nox -s fuzz -- SECONDS`); needs clang."""
    session.install("cmake>=3.26", "ninja")
    install_editable(session, "test")
    session.run("python", "tests/fuzz/run_fuzzers.py", *(session.posargs or ["60"]))


@nox.session
def tidy(session: nox.Session) -> None:
    """Run clang-tidy on the C++ sources."""
    session.install("cmake>=3.26", "ninja", "clang-tidy")
    session.run("cmake", "--preset", "tidy")
    session.run("cmake", "--build", "--preset", "tidy")


@nox.session
def embed(session: nox.Session) -> None:
    """Build sdist and wheel, and build other projects on the wheel and on libpyinfo."""
    session.install("build", "cmake>=3.26", "ninja")
    dist = session.create_tmp()
    session.run("python", "-m", "build", "--outdir", dist)
    session.run("python", "tests/embed/check_archives.py", dist)
    session.run("python", "tests/embed/build_consumers.py", dist)
    session.install("--force-reinstall", "--no-index", "--no-deps", "--find-links", dist, "pyinfo")
    session.install("numpy")
    check = f"{session.invoked_from}/tests/embed/check_wheel.py"
    with session.chdir(dist):
        session.run("python", check)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure against NumPy, scipy and other coders, and print the table of ratios."""
    install_editable(session, "bench")
    session.run("cmake", "--preset", "bench")
    session.run("cmake", "--build", "--preset", "bench")
    session.run("python", "-m", "bench.report", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into site/, warnings are errors, and run all code in it."""
    install_editable(session, "test,bench,docs")
    session.run("mkdocs", "build", "--strict")
    session.run("pytest", "tests/project/test_docs.py", "tests/project/test_examples.py")
