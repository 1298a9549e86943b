"""What the sources promise about themselves: rooms, names, versions, objects, imports."""

from __future__ import annotations

import ast
import inspect
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import pyinfo
import pyinfo.safetensors

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
HOMES = (pyinfo, pyinfo.measures, pyinfo.safetensors)
PUBLIC = {name: getattr(home, name) for home in HOMES for name in home.__all__}
FUNCTIONS = [name for name, thing in PUBLIC.items() if inspect.isroutine(thing)]
CLASSES = [name for name, thing in PUBLIC.items() if inspect.isclass(thing)]

ROOMS = [
    "csrc",
    "pyinfo",
    "pytest_pyinfo",
    "examples",
    "tests",
    "bench",
    "tools",
    "cmake",
    "docs",
    ".ci",
    ".github",
]
TEXT = {".cpp", ".hpp", ".h", ".py", ".pyi", ".txt", ".cmake", ".md", ".json", ".toml", ".yml"}
TEXT_WITHOUT_SUFFIX = {"LICENSE", "run"}
LOCAL = {"compile_commands.json", "CMakeUserPresets.json"}
SOURCES = [
    path
    for path in [*ROOT.iterdir(), *(path for room in ROOMS for path in (ROOT / room).rglob("*"))]
    if path.is_file()
    and (path.suffix in TEXT or path.name in TEXT_WITHOUT_SUFFIX)
    and path.name not in LOCAL
]

# Files above 500 lines, each with the reason why it is one subject.
LONG: dict[str, str] = {
    "pyinfo/_core.pyi": "the types of one module",
    "csrc/include/pyinfo/pyinfo.h": "all of the C interface: embedders copy one header",
}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# -- Files ----------------------------------------------------------------------------------------


def test_no_file_is_long_without_a_reason() -> None:
    code = [path for path in SOURCES if path.parts[len(ROOT.parts)] in {"csrc", "pyinfo"}]
    lines = {relative(path): len(path.read_text("utf-8").splitlines()) for path in code}
    assert {name for name, count in lines.items() if count > 500} == set(LONG)


def test_names_say_what_files_hold() -> None:
    vague = re.compile(r"(^|_)(utils?|helpers?|common|misc)(_|$)")
    assert [relative(path) for path in SOURCES if vague.search(path.stem)] == []


def test_no_paths_of_one_machine() -> None:
    here = [str(path) + os.sep for path in (ROOT, Path.home()) if len(path.parts) > 1]
    found = re.compile("|".join([r"/(?:home|Users)/\w", *map(re.escape, here)]))
    assert [relative(p) for p in SOURCES if found.search(p.read_text("utf-8"))] == []


FLOORS: dict[str, float] = {
    "simd": 1,
    "memory": 1,
    "threads": 1,
    "elements": 1.5,
    "measures": 2,
    "logits": 2,
    "neighbours": 2,
    "dependence": 2.1,
    "quantization": 2.2,
    "counting": 2,
    "coding": 2.1,
    "coding/models": 2.11,
    "coding/lanes": 2.12,
    "coding/planes": 2.13,
    "coding/alphabets": 2.135,
    "coding/frames": 2.14,
    "coding/deltas": 2.145,
    "coding/messages": 2.15,
    "coding/serial": 2.16,
    "abi": 2.5,
    "bindings": 3,
}


def room_of(path: str) -> str:
    """The innermost room of a path below csrc/."""
    first, second, *_ = [*path.split("/"), ""]
    return f"{first}/{second}" if f"{first}/{second}" in FLOORS else first


def test_floors() -> None:
    """A file includes only what stands on its own floor or below."""
    upward = []
    for path in (ROOT / "csrc").rglob("*.[ch]pp"):
        room = room_of(path.relative_to(ROOT / "csrc").as_posix())
        text = path.read_text("utf-8")
        rooms = {room_of(other) for other in re.findall(r'#include "(\w+/[^"]+)"', text)}
        above = {other for other in rooms if FLOORS.get(other, 0) > FLOORS[room]}
        upward += [f"{relative(path)} includes {other}/" for other in sorted(above)]
        if FLOORS[room] < 3 and re.search(r"#include <(Python\.h|pybind11/|numpy/)", text):
            upward.append(f"{relative(path)} includes Python")
    assert upward == []


def test_coding_has_files_in_its_rooms_only() -> None:
    files = (ROOT / "csrc" / "coding").rglob("*.[ch]pp")
    rooms = {room_of(path.relative_to(ROOT / "csrc").as_posix()) for path in files}
    assert rooms == {room for room in FLOORS if room.startswith("coding/")}


BINDINGS = [path for path in SOURCES if relative(path).startswith("csrc/bindings/")]


def test_one_file_releases_the_gil() -> None:
    release = re.compile(r"gil_scoped_release|PyEval_(Save|Restore)Thread|ALLOW_THREADS|call_guard")
    code = [path for path in SOURCES if relative(path).startswith("csrc/")]
    found = {relative(path) for path in code if release.search(path.read_text("utf-8"))}
    assert found == {"csrc/bindings/gil.hpp"}


# What loops in bindings count: axes, arguments, instruction sets, results per block, and the items
# of a list, whose types say who reads it.
LOOP_BOUNDS = re.compile(
    r"(\w+\.)?dimensions(\(\))?|PyArray_NDIM\(\w+\)|(\w+\.)?count|given|named|positional|"
    r"kParameterCount|kIsaCount|(blocks|damages)\.size\(\)|PySequence_Fast_GET_SIZE\(object\)|2"
)


def test_bindings_have_no_loops_over_data() -> None:
    loop = re.compile(r"\bfor \([^;{}]*; (?:same && )?\w+ < (?:\w+::)?([^;]+);")
    search = re.compile(r"std::(accumulate|(all|any)_of|count|find|(min|max)_element|sort)\w*\(")
    found = []
    for path in BINDINGS:
        if path.name == "plain_lists.cpp":  # items that Python's own interface alone can read
            continue
        text = path.read_text("utf-8")
        bounds = [bound for bound in loop.findall(text) if not LOOP_BOUNDS.fullmatch(bound)]
        calls = [call[0] for call in search.finditer(text)]
        found += [f"{relative(path)}: {what}" for what in (*bounds, *calls)]
    assert found == []


@pytest.mark.parametrize(
    ("words", "owner"),
    [
        ("threads must be", "arguments.cpp"),
        ("base must be", "arguments.cpp"),
        ("alpha must be", "arguments.cpp"),
        ("normalize must be", "arguments.cpp"),
        ("must not be empty", "arguments.cpp"),
        ("must have the same length", "arguments.cpp"),
        ("is no whole number of items", "arguments.cpp"),
        ("out must be an array", "result_array.cpp"),
        ("out has shape", "result_array.cpp"),
        ("out is read-only", "result_array.cpp"),
        ("out shares memory with", "result_array.cpp"),
    ],
)
def test_one_wording_for_wrong_arguments(words: str, owner: str) -> None:
    assert [path.name for path in BINDINGS if words in path.read_text("utf-8")] == [owner]


CHECKS = (ROOT / "noxfile.py").read_text("utf-8")
RUN = (ROOT / ".ci" / "run").read_text("utf-8")
WORKFLOW = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")


def test_ci_and_the_workflow_run_the_sessions_that_are_marked() -> None:
    marked: list[str] = []
    pattern = r'^@nox\.session\(.*tags=\["ci"\]\)\n(@nox\.parametrize\([^@]*\n\)\n)?def (\w+)'
    for parameters, name in re.findall(pattern, CHECKS, re.MULTILINE):
        ids = re.findall(r'id="(\w+)"', parameters)
        marked += [f"{name}({each})" for each in ids] or [name]
    lanes = " ".join(re.findall(r"^lane_\d=\((.*)\)$", RUN, re.MULTILINE))
    assert sorted(shlex.split(lanes)) == sorted(marked)
    assert sorted(re.findall(r"^ {10}- (\S+)$", WORKFLOW, re.MULTILINE)) == sorted(marked)


def test_one_list_names_the_tools() -> None:
    """With versions in pyproject.toml, and with arguments in noxfile.py."""
    hooks = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
    assert re.findall(r"entry: (.*)", hooks) == ["nox -s lint -- --fix"]
    tools = {name.partition("==")[0] for name in PROJECT["dependency-groups"]["lint"]}
    for tool in tools:
        assert f'"{tool}"' in CHECKS, tool
        assert [text for text in (RUN, WORKFLOW, hooks) if tool in text] == [], tool


def test_what_builds_is_what_develops() -> None:
    required = set(PROJECT["build-system"]["requires"])
    assert required <= set(PROJECT["dependency-groups"]["build"])


# -- The public interface -------------------------------------------------------------------------


def test_version() -> None:
    assert pyinfo.__version__ == PROJECT["project"]["version"]


def test_changelog_names_the_version_or_what_comes() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert "## [Unreleased]" in changes or f"## [{pyinfo.__version__}]" in changes


@pytest.mark.parametrize("name", [*FUNCTIONS, *CLASSES])
def test_docstring(name: str) -> None:
    documentation = inspect.getdoc(PUBLIC[name])
    assert documentation
    first = documentation.splitlines()[0]
    assert first.endswith(".")
    assert len(first) <= 100


def test_type_information_has_every_function() -> None:
    typed: set[str] = set()
    for source in (ROOT / "pyinfo").rglob("*.py*"):
        if source.suffix in {".py", ".pyi"}:
            tree = ast.parse(source.read_text("utf-8"))
            typed |= {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert set(FUNCTIONS) <= typed


def test_measures_are_builtins_with_signatures() -> None:
    """Those of distributions: a layer of Python would cost more than they do."""
    measures = {name: getattr(pyinfo.measures, name) for name in pyinfo.measures.__all__}
    signatures = {name: inspect.signature(measure) for name, measure in measures.items()}
    of_distributions = {name for name, found in signatures.items() if "p" in found.parameters}
    assert {name for name in measures if inspect.isbuiltin(measures[name])} == of_distributions
    assert "base=2" in str(signatures["entropy"])


def test_documentation_lists_everything() -> None:
    page = (ROOT / "docs" / "api.md").read_text("utf-8")
    headings = re.findall(r"^### `(\w+)`$", page, re.MULTILINE)
    assert sorted(headings) == sorted([*FUNCTIONS, *CLASSES])
    signatures = re.findall(r"^```text\n(.*)\n```$", page, re.MULTILINE)
    parameters = {signature.partition("(")[0]: signature for signature in signatures}
    for name in [*FUNCTIONS, *CLASSES]:
        shown = ast.parse(f"def {parameters[name]}: ...").body[0]
        assert isinstance(shown, ast.FunctionDef)
        positional = (*shown.args.posonlyargs, *shown.args.args)
        several = () if shown.args.vararg is None else (shown.args.vararg,)
        names = [a.arg for a in (*positional, *several, *shown.args.kwonlyargs)]
        assert names == list(inspect.signature(PUBLIC[name]).parameters), name


def test_import_needs_numpy_alone() -> None:
    program = (
        "import sys, numpy; before = set(sys.modules); import pyinfo;"
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=os.sep
    )
    imported = set(run.stdout.split()) - set(sys.stdlib_module_names) - {"numpy"}
    assert imported == {"pyinfo"}


# -- Kernel objects -------------------------------------------------------------------------------

X86 = platform.machine() in {"x86_64", "AMD64"}
ISA_LIST = ROOT / "csrc" / "simd" / "isa_list.hpp"
ISA_ROWS = re.findall(r"X\(([a-z0-9]+), ([a-z0-9]+),", ISA_LIST.read_text())
INSTRUCTION_SETS = [
    isa for isa, processor in ISA_ROWS if processor in {"any", "x86" if X86 else "aarch64"}
]


def test_one_list_of_instruction_sets() -> None:
    """No source names the table of one instruction set: PYINFO_KERNEL_TABLES makes the names."""
    assert [isa for isa, _ in ISA_ROWS] == ["portable", "sse4", "avx2", "avx512", "neon"]
    table = re.compile(rf"\w+_kernels_({'|'.join(isa for isa, _ in ISA_ROWS)})\b")
    for path in SOURCES:
        if path.suffix in {".cpp", ".hpp"}:
            assert not table.search(path.read_text("utf-8")), relative(path)


# What the compiler may call on its own; everything else would be code of another object.
FREESTANDING = {
    "memcpy",
    "memmove",
    "memset",
    "memcmp",
    "_GLOBAL_OFFSET_TABLE_",
    "__stack_chk_fail",
    "__trunctfdf2",  # long double to double, where it has 128 bits: compiled for every processor
}


# As in CMakeLists.txt: an object library per area and instruction set.
KERNEL_AREAS = ["measures", "logits", "neighbours", "quantization", "counting"]
KERNEL_AREAS += ["checksum", "coding"]
KERNELS = sorted((ROOT / "csrc").rglob("*_kernels.cpp"))


def kernel_targets(isa: str) -> list[str]:
    return [f"pyinfo_core_{area}_{isa}" for area in KERNEL_AREAS]


def kernel_objects(build: Path) -> dict[str, list[Path]]:
    """The kernel objects of each instruction set in a CMake build directory."""
    return {
        isa: [
            path
            for target in kernel_targets(isa)
            for path in sorted((build / "CMakeFiles" / f"{target}.dir").rglob("*.o"))
        ]
        for isa in INSTRUCTION_SETS
    }


def up_to_date(objects: dict[str, list[Path]]) -> bool:
    """Whether every kernel source has an object, newer than it and all it may include."""
    kernels = len(KERNELS)
    headers = [
        path
        for path in (ROOT / "csrc").rglob("*.hpp")
        if path.relative_to(ROOT / "csrc").parts[0] not in {"bindings", "abi"}
    ]
    newest = max(path.stat().st_mtime for path in (*KERNELS, *headers))
    return all(
        len(files) == kernels and all(file.stat().st_mtime > newest for file in files)
        for files in objects.values()
    )


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Those that installing this checkout has left in build/, or else compiled here."""
    if not sys.platform.startswith("linux") or shutil.which("nm") is None:
        pytest.skip("needs ELF objects and nm")
    for build in sorted((ROOT / "build").glob("*cp*")):
        found = kernel_objects(build)
        if up_to_date(found):
            return found
    if shutil.which("cmake") is None or shutil.which("c++") is None:
        pytest.skip("no kernel objects in build/, and no cmake and c++ to make them")
    build = tmp_path_factory.mktemp("kernels")
    subprocess.run(
        ["cmake", "-S", ROOT, "-B", build, "-DCMAKE_BUILD_TYPE=Release"], check=True, timeout=120
    )
    targets = [target for isa in INSTRUCTION_SETS for target in kernel_targets(isa)]
    command = ["cmake", "--build", build, "--parallel", "2", "--target", *targets]
    subprocess.run(command, check=True, timeout=1200)
    found = kernel_objects(build)
    assert up_to_date(found)
    return found


def symbols(path: Path) -> list[tuple[str, str]]:
    """Pairs of symbol type and name, as nm prints them."""
    run = subprocess.run(["nm", path], capture_output=True, text=True, check=True)
    return [(line.split()[-2], line.split()[-1]) for line in run.stdout.splitlines()]


def test_kernel_objects_have_no_weak_symbols(objects: dict[str, list[Path]]) -> None:
    """The linker keeps one copy of a weak symbol: perhaps that of another instruction set."""
    weak = {
        f"{path.name}: {name}"
        for files in objects.values()
        for path in files
        for kind, name in symbols(path)
        if kind in "wWvVu"
    }
    assert weak == set()


def test_kernel_objects_export_one_table_each(objects: dict[str, list[Path]]) -> None:
    for isa, files in objects.items():
        for path in files:
            exported = [(kind, name) for kind, name in symbols(path) if kind in "ABCDGRST"]
            assert len(exported) == 1, f"{isa}/{path.name}: {exported}"
            kind, name = exported[0]
            assert kind in "RD", f"{isa}/{path.name}: {name} is not constant data"
            assert f"_{isa}" in name or isa in name


def test_kernel_objects_are_freestanding(objects: dict[str, list[Path]]) -> None:
    needed = {
        name
        for files in objects.values()
        for path in files
        for kind, name in symbols(path)
        if kind == "U"
    }
    assert needed <= FREESTANDING


def test_kernel_objects_have_no_static_initialisers(objects: dict[str, list[Path]]) -> None:
    for files in objects.values():
        for path in files:
            data = path.read_bytes()
            assert b".init_array" not in data, path.name
            assert b".ctors" not in data, path.name
