"""What a change must pass, a piece at a time: `nox -l` lists the sessions.

`.ci/run` and the GitHub workflow run those with the tag `ci`. Sessions that work on this checkout
share one environment, `.nox/development`: it is installed again when what pyproject.toml requires
has changed, and an edited C++ file is compiled by the next import.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import nox

nox.needs_version = ">=2025.5"
nox.options.sessions = ["lint", "types", "tests"]
nox.options.reuse_existing_virtualenvs = True

ROOT = Path(__file__).resolve().parent
PROJECT = nox.project.load_toml("pyproject.toml")
LINT = nox.project.dependency_groups(PROJECT, "lint")
TOOLS = nox.project.dependency_groups(PROJECT, "dev")
PROGRAMS = "Scripts" if os.name == "nt" else "bin"
DEVELOPMENT = ROOT / ".nox" / "development" / PROGRAMS
PARALLEL = ["-n", "logical", "--maxprocesses", "8", "--dist", "worksteal"]

# Each with what it is given: the files that git lists for these patterns, and how it mends them.
C_SOURCES = ["csrc/*.[ch]pp", "csrc/*.h", "*/native/*.[ch]pp"]
C_SOURCES += ["tests/embed/*.c", "tests/embed/*.cpp", "tests/fuzz/*.[ch]pp"]
FORMATTERS = [
    (["ruff", "check"], ["--fix"], [], None),
    (["ruff", "format"], [], ["--check"], None),
    (["clang-format"], ["-i"], ["--dry-run", "-Werror"], C_SOURCES),
    (["gersemi"], ["-i"], ["--check"], ["*CMakeLists.txt", "*.cmake"]),
    (["codespell"], [], [], None),
]
TYPES = [
    ["mypy", "--strict", "pyinfo", "pytest_pyinfo"],
    [
        *("stubtest", "--mypy-config-file", "pyproject.toml"),
        *("--allowlist", "tests/stubtest_allowlist.txt", "--ignore-unused-allowlist", "pyinfo"),
    ],
]

# Python tests that stand in the folder of another room, or outside of tests/.
ALSO = {
    "bench": ["bench"],
    "elements": ["tests/bindings/test_arrays.py"],
    "memory": ["tests/counting", "tests/coding/test_coding_threads.py"],
    "simd": ["tests/project/test_isa.py", "tests/project/test_codebase.py"],
    "threads": ["tests/measures/test_threads.py", "tests/coding/test_coding_threads.py"],
}

if shutil.which("ccache") is not None:
    os.environ.setdefault("CMAKE_CXX_COMPILER_LAUNCHER", "ccache")
    os.environ.setdefault("CCACHE_NOHASHDIR", "1")


def found_in(tree: Path) -> dict[str, str]:
    """Return the variables with which ccache finds what another tree of the same files compiled.

    Paths inside of the tree are relative for it, and no others: those of the system's headers would
    depend on how deep the tree lies. Builds are to stand in `build/<name>` of the tree.
    """
    return {"CCACHE_BASEDIR": str(tree.resolve())}


os.environ.update(found_in(ROOT))


# -- Environments ---------------------------------------------------------------------------------


def make_environment(session: nox.Session, folder: Path) -> None:
    session.run(sys.executable, "-m", "venv", str(folder), external=True)
    pip = [str(folder / PROGRAMS / "python"), "-m", "pip", "install", "-q"]
    session.run(*pip, "--upgrade", "pip>=25.1", external=True)


def develop(session: nox.Session, command: str, *arguments: str, **options: Any) -> str:
    """Run a program of the environment for development; make that first if need be."""
    wanted = repr([PROJECT[table] for table in ("build-system", "project", "dependency-groups")])
    stamp = DEVELOPMENT.parent / "installed"
    if not stamp.exists() or stamp.read_text("utf-8") != wanted:
        make_environment(session, DEVELOPMENT.parent)
        pip = [str(DEVELOPMENT / "python"), "-m", "pip", "install", "-q"]
        session.run(*pip, *TOOLS, external=True)
        editable = ["--config-settings=build-dir=build/nox-{wheel_tag}", "--no-build-isolation"]
        session.run(*pip, *editable, "--editable", ".[test,bench]", external=True)
        stamp.write_text(wanted, "utf-8")
    path = f"{DEVELOPMENT}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, **options.pop("env", {})}
    command = str(DEVELOPMENT / command)
    return session.run(command, *arguments, env=environment, external=True, **options) or ""


def available_isas(session: nox.Session) -> list[str]:
    """Return those of this machine, the default one first."""
    program = "import pyinfo.config as c; print(*c.config()['available_isas'])"
    return develop(session, "python", "-c", program, silent=True).split()[::-1]


def test_on_every_isa(session: nox.Session, *options: str) -> None:
    for number, isa in enumerate(available_isas(session)):
        # What is marked so does not depend on the instruction set.
        selected = [] if number == 0 else ["-m", "not once"]
        develop(
            *(session, "pytest", "-q", *PARALLEL, *selected, *options),
            env={"PYINFO_ISA": isa},
            success_codes=[0, 5],  # 5: there is nothing to select
        )


def run_preset(
    session: nox.Session, preset: str, *options: str, target: str = "", label: str = ""
) -> None:
    """Configure and build in build/PRESET, and run the C++ tests."""
    selected = ["--label-regex", f"^{label}$"] if label else []
    develop(session, "cmake", "--preset", preset, *options, silent=True)
    develop(session, "cmake", "--build", "--preset", preset, *(["--target", target] * bool(target)))
    develop(session, "ctest", "--preset", preset, *selected)


# -- While working --------------------------------------------------------------------------------


@nox.session(venv_backend="none")
def room(session: nox.Session) -> None:
    """Build and test one room on every instruction set: `nox -s room -- measures [PYTEST ARGS]`."""
    native = (ROOT / "tests" / "native" / "CMakeLists.txt").read_text("utf-8")
    labels = set(re.findall(r"^pyinfo_native_test\((\w+)", native, re.MULTILINE))
    folders = {path.parent.name for path in (ROOT / "tests").glob("*/test_*.py")}
    name, *options = session.posargs or [""]
    if name not in {*labels, *folders, *ALSO}:
        session.error(f"the rooms are {', '.join(sorted({*labels, *folders, *ALSO}))}")
    if name in labels:
        run_preset(session, "dev", target=f"tests_of_{name}", label=name)
    if name == "bench":
        return run_benchmarks_quickly(session)
    paths = [*([f"tests/{name}"] if name in folders else []), *ALSO.get(name, [])]
    if paths:
        test_on_every_isa(session, *paths, *options)
    return None


@nox.session(venv_backend="none")
def tests(session: nox.Session) -> None:
    """Run the test suite on every instruction set of this machine (or `nox -s tests -- ARGS`)."""
    test_on_every_isa(session, *session.posargs)


@nox.session(venv_backend="none")
def fuzz(session: nox.Session) -> None:
    """Fuzz the decoders for a minute each (or `nox -s fuzz -- SECONDS`); needs clang."""
    develop(session, "python", "tests/fuzz/run_fuzzers.py", *(session.posargs or ["60"]))


@nox.session
def tidy(session: nox.Session) -> None:
    """Run clang-tidy on the C++ sources."""
    session.install("cmake>=3.26", "ninja", "clang-tidy")
    session.run("cmake", "--preset", "tidy")
    session.run("cmake", "--build", "--preset", "tidy")


@nox.session(venv_backend="none")
def bench(session: nox.Session) -> None:
    """Measure against NumPy, scipy and other coders, and print the table of ratios."""
    build_benchmarks(session)
    develop(session, "python", "-m", "bench.report", *session.posargs)


# -- What a change must pass ----------------------------------------------------------------------


@nox.session(tags=["ci"])
def lint(session: nox.Session) -> None:
    """Check formatting, style and spelling (`nox -s lint -- --fix` mends what can be)."""
    session.install(*LINT)
    for command, mend, check, patterns in FORMATTERS:
        listed = ["git", "ls-files", "--", *(patterns or [])]
        files = session.run(*listed, external=True, silent=True) or "" if patterns else ""
        session.run(*command, *(mend if "--fix" in session.posargs else check), *files.split())


@nox.session(venv_backend="none", tags=["ci"])
def types(session: nox.Session) -> None:
    """Check the types, and the type information against the extension."""
    for command in TYPES:
        develop(session, *command)


@nox.session(venv_backend="none", tags=["ci"])
def editable(session: nox.Session) -> None:
    """Check that importing an editable installation compiles what has changed."""
    locate = "from pyinfo import _core; print(_core.__file__)"
    extension = Path(develop(session, "python", "-c", locate, silent=True).strip())
    before = extension.stat().st_mtime_ns
    (ROOT / "csrc" / "bindings" / "module.cpp").touch()
    develop(session, "python", "-c", "import pyinfo")
    if extension.stat().st_mtime_ns <= before:
        session.error("the import did not rebuild")


@nox.session(venv_backend="none", tags=["ci"])
@nox.parametrize(
    "command",
    [nox.param("install-and-report", id="report"), nox.param("install-and-test", id="test")],
)
def readme(session: nox.Session, command: str) -> None:
    """Run a command of README.md as it stands there, in a fresh copy of the clone."""
    text = (ROOT / "README.md").read_text("utf-8")
    found = re.search(rf"<!-- command: {command} -->\n```sh\n(.*?)```", text, re.DOTALL)
    if found is None:
        session.error(f"README.md has no command {command}")
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = session.run(*listed, "--deduplicate", external=True, silent=True) or ""
    with tempfile.TemporaryDirectory() as folder:
        for name in filter(os.path.isfile, names.split("\0")):
            (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(name, Path(folder) / name)
        with session.chdir(folder):
            environment = found_in(Path(folder))
            session.run("bash", "-euo", "pipefail", "-xc", found[1], env=environment, external=True)


@nox.session(venv_backend="none", tags=["ci"])
def packages(session: nox.Session) -> None:
    """Build sdist and wheel, use the wheel where NumPy is alone, and build other projects on it.

    Then test it on all instruction sets but the default one, which the README's command uses.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        dist, clean, empty = folder / "dist", folder / "clean", folder / "empty"
        # As `python -m build` does both, but where the compiler's cache finds the wheel's objects.
        develop(session, "python", "-m", "build", "--sdist", "--outdir", str(dist), ".")
        (sdist,) = dist.glob("*.tar.gz")
        shutil.unpack_archive(sdist, folder)
        tree = folder / sdist.name.removesuffix(".tar.gz")
        wheel_only = ["--wheel", "--outdir", str(dist), str(tree)]
        develop(session, "python", "-m", "build", *wheel_only, env=found_in(tree))
        develop(session, "python", "tests/embed/check_archives.py", str(dist))
        (wheel,) = dist.glob("*.whl")
        make_environment(session, clean)
        python = str(clean / PROGRAMS / "python")
        pip = [python, "-m", "pip", "install", "-q"]
        session.run(*pip, str(wheel), external=True)
        empty.mkdir()
        with session.chdir(empty):
            session.run(python, str(ROOT / "tests" / "embed" / "check_wheel.py"), external=True)
        develop(session, "python", "tests/embed/build_consumers.py", str(dist))

        session.run(*pip, f"{wheel}[test]", "pytest-xdist>=3.6", external=True)
        options = ["-q", *PARALLEL, "-m", "not once", "-p", "no:cacheprovider"]
        for isa in available_isas(session)[1:]:
            pytest = [str(clean / PROGRAMS / "pytest"), *options]
            session.run(*pytest, env={"PYINFO_ISA": isa}, external=True)


@nox.session(venv_backend="none", tags=["ci"])
def optional(session: nox.Session) -> None:
    """Test with what the extra `test` lacks: benchmarks, pictures, torch, JAX, and transformers.

    PyPI's torch for Linux brings gigabytes for GPUs along, so it is installed only where pip is set
    up for a build without; what loads model weights needs it and is installed with it.
    """
    groups = nox.project.dependency_groups(PROJECT, "interop")
    (torch,) = (name for name in groups if name.startswith("torch"))
    ask = ["-m", "pip", "install", "-q", "--dry-run", "--ignore-installed", "--no-deps"]
    report = develop(
        *(session, "python", *ask, "--report", "-", torch), silent=True, success_codes=range(256)
    )
    if not re.search(r'"version": "[0-9.]*\+cpu"', report):
        session.warn("torch and what needs it are not tested: pip finds no build for CPUs alone")
        groups = [name for name in groups if name != torch]
    else:
        groups += nox.project.dependency_groups(PROJECT, "loaders")
    develop(session, "python", "-m", "pip", "install", "-q", *groups)
    paths = ["integrations/test_foreign_arrays.py", "project/test_docs.py"]
    paths += ["project/test_examples.py", "testing/test_pytest_plugin.py"]
    paths += ["integrations/test_transformers.py", "integrations/test_vllm.py", "weights"]
    paths += ["integrations/test_torch_losses.py", "logits", "project/test_user_types.py"]
    # NVIDIA's Model-Optimizer is not installed: it needs more than all of this takes.
    paths += [f"integrations/test_{name}.py" for name in ("onnxruntime", "torch_observers")]
    paths += ["integrations/test_modelopt.py"]
    options = ["-q", "-p", "no:cacheprovider"]
    develop(session, "pytest", *options, *(f"tests/{path}" for path in paths))


@nox.session(venv_backend="none", tags=["ci"])
def native(session: nox.Session) -> None:
    """Run the C++ tests as shipped; a warning is an error.

    Not by the compiler's option: with it, nothing that was compiled before would be found again.
    """
    develop(session, "cmake", "--preset", "release", silent=True)
    printed = develop(session, "cmake", "--build", "--preset", "release", silent=True)
    if "warning:" in printed:
        session.error(printed)
    develop(session, "ctest", "--preset", "release")


@nox.session(venv_backend="none", tags=["ci"])
def aarch64(session: nox.Session) -> None:
    """Cross-compile for 64-bit ARM and run the C++ tests by an emulator (Linux)."""
    needed = {"aarch64-linux-gnu-g++": "g++-aarch64-linux-gnu", "qemu-aarch64": "qemu-user"}
    missing = [package for program, package in needed.items() if shutil.which(program) is None]
    if missing:
        session.skip(f"this machine lacks what Debian has in {' and '.join(missing)}")
    run_preset(session, "aarch64")


@nox.session(venv_backend="none", tags=["ci"])
def sanitizers(session: nox.Session) -> None:
    """Run the C++ tests under the address and undefined behaviour sanitizers, and fuzz shortly.

    Both from one build by clang. Without it, the tests have gcc's sanitizers.
    """
    develop(session, "python", "tests/fuzz/run_fuzzers.py", *(session.posargs or ["20"]))
    if (ROOT / "build" / "fuzz" / "build.ninja").exists():
        develop(session, "ctest", "--preset", "fuzz")
    else:
        run_preset(session, "asan-ubsan", "-DPYINFO_WERROR=ON")


# Calls a C function with a size that is not the array's. The extension must die of it, or nothing
# that the sanitizers do not say means anything.
OVERFLOW = """
import numpy as np
from support.c_interface import call
call("byte_counts", np.zeros(100_000, np.uint8), 100_001, 1, np.zeros(256, np.uint64))
"""


# What the sanitizers change by being there: object files, instructions counted by a program that
# does not know them, how soon Python's caches are full where no freed memory is used again (after
# 4000 calls in place of 1000), and how much of three gigabytes is done in a second.
CHANGED_BY_SANITIZERS = [
    "coding/test_frames.py::test_interrupts_are_heard",
    "project/test_codebase.py::test_kernel_objects_export_one_table_each",
    "project/test_codebase.py::test_kernel_objects_are_freestanding",
    "project/test_codebase.py::test_kernel_objects_have_no_static_initialisers",
    "project/test_docs.py::test_suites_pass[testing.md:test_instructions.py]",
    "project/test_docs.py::test_suites_pass[testing.md:test_scaling.py]",
    "project/test_leaks.py::test_memory",
    "testing/test_complexity.py::test_instructions_tell_n_from_n_squared",
    "testing/test_complexity.py::test_counted_instructions_hardly_differ_between_runs",
    "testing/test_complexity.py::test_a_failing_function_shows_its_error",
]


def test_sanitized(session: nox.Session, *arguments: str, kernels: str) -> None:
    """Install an extension with gcc's sanitizers and checked preconditions, and run Python tests.

    Python itself has no sanitizer, so their runtime is loaded before all else. Its allocator is
    the one of C, whose memory is watched; what an interpreter leaves behind is no leak of ours.
    `kernels`: "all", or "portable" alone, which are compiled in a fraction of the time.
    """
    if shutil.which("g++") is None:
        session.skip("there is no g++ on this machine")
    session.install(*nox.project.dependency_groups(PROJECT, "build"), "pytest-xdist>=3.6")
    options = {
        "build-dir": f"build/sanitized-{kernels}-{{wheel_tag}}",
        "cmake.build-type": "RelWithDebInfo",
        "install.strip": "false",
        "cmake.define.PYINFO_SANITIZE": "address,undefined",
        "cmake.define.PYINFO_CHECKED": "ON",
        "cmake.define.PYINFO_ISAS": "portable" if kernels == "portable" else "",
        # gcc needs ten times as long for it in the kernels.
        "cmake.define.CMAKE_CXX_FLAGS": "-fno-sanitize-address-use-after-scope",
    }
    settings = [f"--config-settings={name}={value}" for name, value in options.items()]
    compilers = {"CC": "gcc", "CXX": "g++"}
    # CMake's files are looked for in what is installed: the last extension would end the program.
    session.run("python", "-m", "pip", "uninstall", "-q", "-y", "pyinfo")
    session.install("--no-build-isolation", *settings, ".[test]", env=compilers)
    # libstdc++, too: the runtime looks for what throws exceptions when it is loaded.
    libraries = [
        (session.run("g++", f"-print-file-name={name}", external=True, silent=True) or "").strip()
        for name in ("libasan.so", "libstdc++.so")
    ]
    environment = {
        "LD_PRELOAD": " ".join(libraries),
        "ASAN_OPTIONS": "detect_leaks=0",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "PYTHONMALLOC": "malloc",
        "PYTHONPATH": "tests",
        "PYTHONSAFEPATH": "1",
    }
    codes = {"silent": True, "success_codes": range(1, 256)}
    died = session.run("python", "-c", OVERFLOW, env=environment, **codes) or ""
    if "heap-buffer-overflow" not in died:
        session.error(f"an overflow was not reported: {died}")
    pytest = ["python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    changed = [f"--deselect=tests/{name}" for name in CHANGED_BY_SANITIZERS]
    session.run(*pytest, *changed, env=environment)


@nox.session
def sanitized_extension(session: nox.Session) -> None:
    """Run the Python tests under the address and undefined behaviour sanitizers (Linux, gcc).

    `nox -s sanitized_extension -- ARGS` gives pytest its arguments.
    """
    test_sanitized(session, *(session.posargs or ["-n", "logical"]), kernels="all")


@nox.session
def sanitized_hostile(session: nox.Session) -> None:
    """The same, of the tests whose data is hostile or changes; the kernels are the portable ones.

    Those of all instruction sets are tried by the session `sanitizers`. No part of what a change
    must pass: it compiles for more than ten minutes.
    """
    paths = ["bindings", "coding/test_damaged_data.py", "coding/test_one_verdict.py"]
    paths += ["coding/test_patches.py", "counting/test_changing_samples.py"]
    arguments = ["-n", "logical", *(f"tests/{path}" for path in paths)]
    test_sanitized(session, *arguments, kernels="portable")


@nox.session(venv_backend="none", tags=["ci"])
def tsan(session: nox.Session) -> None:
    """Run the threaded C++ tests under the thread sanitizer."""
    run_preset(session, "tsan", "-DPYINFO_WERROR=ON")


def build_benchmarks(session: nox.Session) -> None:
    develop(session, "cmake", "--preset", "bench", silent=True)
    develop(session, "cmake", "--build", "--preset", "bench")


@nox.session(venv_backend="none", tags=["ci"])
def bench_smoke(session: nox.Session) -> None:
    """Run every benchmark on small inputs: what it prints is no measurement."""
    run_benchmarks_quickly(session)


def run_benchmarks_quickly(session: nox.Session) -> None:
    build_benchmarks(session)
    develop(session, "python", "-m", "pytest", "bench", "--quick", "--benchmark-disable", "-q")
    develop(session, "python", "-m", "bench.report", "--quick")


@nox.session(venv_backend="none", tags=["ci"])
def docs(session: nox.Session) -> None:
    """Build the site, offline and with warnings as errors; its code and the examples are tests.

    Pages have pictures that pyinfo draws, so it is built where pyinfo is.
    """
    needed = PROJECT["project"]["optional-dependencies"]["docs"]
    packages = [name for name in needed if not name.startswith("pyinfo")]
    develop(session, "python", "-m", "pip", "install", "-q", *packages)
    develop(session, "mkdocs", "build", "--strict", "--quiet")
