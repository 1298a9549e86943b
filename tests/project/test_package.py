"""What the Python package promises about itself: rooms, public names, pickles, one owner each."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import io
import pickle
import re
import subprocess
import sys
import tempfile
import typing
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import pyinfo
import pyinfo.safetensors
from pyinfo import entropy_models, patches, quantization, testing

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "pyinfo").rglob("*.py"))


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in FILES}
TREES = {name: ast.parse(path.read_text("utf-8")) for name, path in MODULES.items()}


# -- Rooms ----------------------------------------------------------------------------------------

# What may import what: only rooms on lower floors, and one's own.
FLOORS = {
    "_core": 0,
    "_namespace": 0,
    "_startup": 0,
    "errors": 0,
    "elements": 0.5,
    "config": 1,
    "embedding": 1,
    "arguments": 1,
    "arrays": 1,
    "estimators": 2,
    "logits": 2,
    "_samples": 3,
    "coding": 4,
    "continuous": 4,
    "counting": 5,
    "safetensors": 5,
    "patches": 5.5,
    "quantization": 5.6,
    "entropy_models": 5.5,
    "measures": 6,
    "testing": 6,
    "monitoring": 6.5,
    "plots": 6.7,
    "integrations": 7,
    "cli": 7,
    "": 8,  # pyinfo itself
    "__main__": 9,
}


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def imported(tree: ast.AST) -> Iterator[str]:
    """The modules of pyinfo that a file imports, in functions and for type checkers as well."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative"
            base = node.module or ""
            names = [f"{base}.{alias.name}" for alias in node.names]
            names = [n if n in MODULES or n == "pyinfo._core" else base for n in names]
        yield from (name for name in names if name.split(".")[0] == "pyinfo")


IMPORTS = {name: set(imported(tree)) for name, tree in TREES.items()}


def test_every_room_has_a_floor() -> None:
    assert {room(name) for name in MODULES} | {"_core"} == set(FLOORS)


def test_imports_go_down() -> None:
    upward = [
        f"{name} imports {other}"
        for name, others in IMPORTS.items()
        for other in sorted(others)
        if room(other) != room(name) and FLOORS[room(other)] >= FLOORS[room(name)]
    ]
    assert upward == []


def test_imports_have_no_circle() -> None:
    left = {name: others - {"pyinfo._core", name} for name, others in IMPORTS.items()}
    while free := [name for name, others in left.items() if not others]:
        for name in free:
            del left[name]
        for others in left.values():
            others.difference_update(free)
    assert left == {}


def test_imports_stand_at_the_top() -> None:
    """Only the command line waits: what it prints and draws with are extras, perhaps missing."""
    inside = {
        name
        for name, tree in TREES.items()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in function.body
        if any(imported(node))
    }
    assert inside == {"pyinfo.__main__", "pyinfo.cli.pictures"}


OWNERS = {
    "integers": ("must be an integer, not", "pyinfo.arguments"),
    "ranges": (r"must be from \{", "pyinfo.arguments"),
    "conversion between bases": (r"1 / (math|np)\.log", "pyinfo.arguments"),
    "axis": ("is out of bounds for .* dimension", "pyinfo.arguments"),
    "empty input": (r'must not be empty"', "pyinfo.arguments"),
    "lengths that differ": ("must have the same number|must be equally many", "pyinfo.arguments"),
    "choices": ("must be one of", "pyinfo.arguments"),
    "mutual information": (
        r"_core\.(table_information|cell_information|kl_divergence)\(",
        "pyinfo._samples.joint",
    ),
    "small joint tables": (r"_core\.joint_table\(", "pyinfo._samples.joint"),
    "names of coders": (r'[\[(]"auto", "huffman"', "pyinfo.coding.coder_options"),
    "order of coders": (r"_core\.CODERS", "pyinfo.coding.coder_options"),
    "names of block modes": (r'[\[(]"raw", "constant"', "pyinfo.coding.coder_options"),
    "most planes": (r"PLANES: Final = 64", "pyinfo.coding.array_layout"),
}


@pytest.mark.parametrize("decision", OWNERS)
def test_decisions_have_one_owner(decision: str) -> None:
    pattern, owner = OWNERS[decision]
    found = [name for name, path in MODULES.items() if re.search(pattern, path.read_text("utf-8"))]
    assert found == [owner]


@pytest.mark.parametrize("wording", ["all cores", "base must be", "out must be", "out has shape"])
def test_what_the_core_checks_is_left_to_it(wording: str) -> None:
    assert [path for path in FILES if wording in path.read_text("utf-8")] == []


# -- Public names ---------------------------------------------------------------------------------

NAMESPACES = {
    "pyinfo.coding",
    "pyinfo.config",
    "pyinfo.continuous",
    "pyinfo.counting",
    "pyinfo.embedding",
    "pyinfo.entropy_models",
    "pyinfo.errors",
    "pyinfo.estimators",
    "pyinfo.integrations",
    "pyinfo.logits",
    "pyinfo.measures",
    "pyinfo.monitoring",
    "pyinfo.patches",
    "pyinfo.plots",
    "pyinfo.quantization",
    "pyinfo.safetensors",
    "pyinfo.testing",
}
INTEGRATIONS = [
    f"pyinfo.integrations.{path.stem}"
    for path in (ROOT / "pyinfo" / "integrations").glob("*.py")
    if "__all__" in path.read_text("utf-8")
]


def namespaces() -> list[ModuleType]:
    modules = [importlib.import_module(name) for name in sorted(NAMESPACES)]
    return [pyinfo, *(module for module in modules if hasattr(module, "__all__"))]


def public() -> list[tuple[str, Any]]:
    """All public functions and classes, once for each place where they are public."""
    return [
        (f"{module.__name__}.{name}", getattr(module, name))
        for module in namespaces()
        for name in module.__all__
        if callable(getattr(module, name))
    ]


PUBLIC = public()
CLASSES = {
    thing for _, thing in PUBLIC if inspect.isclass(thing) and not typing.is_typeddict(thing)
}


def test_dir_shows_what_is_public() -> None:
    inside = {name.removeprefix("pyinfo.") for name in NAMESPACES}
    assert set(dir(pyinfo)) == {*pyinfo.__all__, *inside}
    for module in namespaces()[1:]:
        assert dir(module) == sorted(module.__all__), module


def test_namespaces_are_attributes() -> None:
    """Also those that `import pyinfo` does not need to load."""
    program = (
        "import sys, pyinfo; loaded = 'pyinfo.testing' in sys.modules;"
        "print(loaded, *(getattr(pyinfo, name) is not None for name in dir(pyinfo)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    first, *others = run.stdout.split()
    assert first == "False"
    assert set(others) == {"True"}
    with pytest.raises(AttributeError, match="no attribute 'frames'"):
        pyinfo.frames  # noqa: B018


def test_every_name_of_the_top_is_that_of_a_namespace() -> None:
    below = {name for module in namespaces()[1:] for name in module.__all__}
    assert set(pyinfo.__all__) - {"__version__"} <= below


@pytest.mark.parametrize(("name", "thing"), PUBLIC, ids=[name for name, _ in PUBLIC])
def test_names_know_their_home(name: str, thing: Any) -> None:
    home = importlib.import_module(thing.__module__)
    assert thing.__module__ in {"pyinfo", *NAMESPACES}
    assert name.rpartition(".")[2] == thing.__name__ == thing.__qualname__
    assert getattr(home, thing.__name__) is thing
    assert thing.__name__ in home.__all__
    if getattr(pyinfo, thing.__name__, None) is thing:
        assert thing.__module__ == "pyinfo"


@pytest.mark.parametrize(("name", "thing"), PUBLIC, ids=[name for name, _ in PUBLIC])
def test_tools_can_read_them(name: str, thing: Any) -> None:
    """Types are resolved, sources found."""
    typing.get_type_hints(thing)
    typing.get_type_hints(thing.__init__)
    for member in vars(thing).values() if inspect.isclass(thing) else [thing]:
        function = getattr(member, "fget", member)
        function = getattr(function, "__func__", function)
        if inspect.isfunction(function) and Path(function.__code__.co_filename) in FILES:
            typing.get_type_hints(function)
            assert f"def {function.__name__}(" in inspect.getsource(function)


@pytest.mark.parametrize(("name", "thing"), PUBLIC, ids=[name for name, _ in PUBLIC])
def test_examples_run(
    name: str, thing: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    finder, runner = doctest.DocTestFinder(recurse=False), doctest.DocTestRunner()
    names = {**vars(pyinfo), "pyinfo": pyinfo, "np": np}
    source = sys.modules[thing.__module__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for test in finder.find(thing, name, source, globs=names):
            runner.run(test)
    assert runner.summarize(verbose=False).failed == 0
    assert ">>> " in (thing.__doc__ or "")


# -- Pickles --------------------------------------------------------------------------------------

WRITTEN = pyinfo.compress(np.arange(10, dtype=np.int32))
FRAME = pyinfo.Frame(WRITTEN)
REPORT = pyinfo.compression_report(np.arange(10, dtype=np.int32))
DRIFT = pyinfo.drift(np.arange(100), np.arange(100))
HISTOGRAM = quantization.FloatHistogram.from_chunks([np.arange(9.0)], bins=16)
CURVE = quantization.rate_distortion(np.arange(9.0))
VERDICT = testing.check_time(testing.doublings(1, 8), testing.doublings(1, 8), "n")

FITTED = quantization.FittedModel(
    100, 90, 200, 90, 1.5, 1.25, 1 / 6,
    (quantization.FittedTensor("w", "F32", (2, 3), "quantized", 0.5, 0.1, 90, 120.0, 1.5, 1.0),),
    quantization.allocate([[1, 2]], [[1, 0]], 2), {"names": ["w"]},
)  # fmt: skip

KEPT = [
    pyinfo.Counts.from_samples("mississippi"),
    pyinfo.JointCounts.from_samples("aabb", [1, 1, 1, 2]),
    DRIFT,
    pyinfo.DriftTable({"x": DRIFT}),
    pyinfo.DriftWarning("few counts"),
    pyinfo.HuffmanCode.from_counts([3, 1, 1]),
    pyinfo.RansModel.from_counts([3, 1, 1]),
    REPORT,
    REPORT.planes[0],
    FRAME,
    FRAME.blocks[0],
    entropy_models.Gaussian([1.0, 2.0]),
    entropy_models.Laplace([1.0]),
    entropy_models.Logistic([1.0]),
    entropy_models.Categorical([[0.5, 0.5]]),
    entropy_models.Cdfs([[0, 3, 4]]),
    patches.Patch(patches.diff(np.arange(10), np.arange(10) // 2)),
    patches.PatchedFiles(6, 2, 8, 3, 1 << 20, 5000),
    pyinfo.coding.DamagedBlock(1, 2, "it is damaged"),
    pyinfo.compress_file(io.BytesIO(b"abc"), io.BytesIO()),
    pyinfo.CorruptDataError("it is damaged", 3),
    pyinfo.logits.compare(np.eye(3), 2 * np.eye(3), [0, 1, 2]),
    quantization.allocate([[1, 2]], [[1, 0]], 2),
    FITTED,
    FITTED.tensors[0],
    HISTOGRAM,
    quantization.calibrate(HISTOGRAM, method="mse"),
    CURVE,
    CURVE.steps[0],
    pyinfo.continuous.Estimate(0.5, 0.1, (0.0, 0.1), 0.2),
    pyinfo.measures.RankedFeature("x0", 0, "ksg1", 0.5, 0.4, 0.05),
    pyinfo.measures.FeatureRanking((pyinfo.measures.RankedFeature("a", 0, "bins", 1, 1, 1),)),
    testing.Memory(8, (1 << 20,), 1e-10),
    VERDICT,
    testing.Complexity("sorted", (1, 2, 4, 8), VERDICT),
    testing.GROWTHS[0],
    pyinfo.safetensors.SafetensorError("it is none"),
    pyinfo.safetensors.TensorReport("w", "BF16", (2, 3), 12, 8, "frame"),
    pyinfo.safetensors.QuantizedTensor(1, 0.5),
    pyinfo.safetensors.RecoveredTensor("w", "bfloat16", (2, 3), 100, 8, True, b"a frame"),
]


def opened() -> pyinfo.safetensors.safe_open:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "empty.safetensors")
        path.write_bytes(b"\2\0\0\0\0\0\0\0{}")
        with pyinfo.safetensors.safe_open(path, "np") as file:
            return file


REFUSED = [pyinfo.Compressor(), pyinfo.Decompressor(), opened()]

# What pickles may name beside public names.
OTHERS = {"_codecs", "builtins", "copyreg", "numpy"}  # with protocol 2, bytes are encoded text


class Recorder(pickle.Unpickler):
    """Reads a pickle and remembers the names in it."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))
        self.names: set[tuple[str, str]] = set()

    def find_class(self, module: str, name: str) -> Any:
        self.names.add((module, name))
        return super().find_class(module, name)


def is_public(module: str, name: str) -> bool:
    if module.partition(".")[0] in OTHERS:
        return True
    return module in {"pyinfo", *NAMESPACES, *INTEGRATIONS} and name in sys.modules[module].__all__


def unpickled(thing: Any, protocol: int) -> Any:
    written = io.BytesIO()
    pickler = pickle.Pickler(written, protocol)
    # Not as other packages have arranged for everybody: tblib, which distributed brings, takes over
    # all exceptions.
    pickler.dispatch_table = {}
    pickler.dump(thing)
    recorder = Recorder(written.getvalue())
    copied = recorder.load()
    assert [name for name in sorted(recorder.names) if not is_public(*name)] == []
    return copied


def test_every_class_is_pickled_here() -> None:
    assert {type(thing) for thing in [*KEPT, *REFUSED]} == CLASSES


@pytest.mark.parametrize("protocol", [2, pickle.HIGHEST_PROTOCOL])
@pytest.mark.parametrize("thing", KEPT, ids=[type(thing).__name__ for thing in KEPT])
def test_pickles_name_public_places(thing: Any, protocol: int) -> None:
    copied = unpickled(thing, protocol)
    assert type(copied) is type(thing)
    if isinstance(thing, Exception):
        assert (str(copied), vars(copied)) == (str(thing), vars(thing))
    elif isinstance(thing, pyinfo.Frame):
        assert np.array_equal(copied.read(), thing.read())
    else:
        assert copied == thing
    if isinstance(thing, pyinfo.Counts | pyinfo.JointCounts):
        assert not copied.counts.flags.writeable


@pytest.mark.parametrize("thing", REFUSED, ids=[type(thing).__name__ for thing in REFUSED])
def test_what_holds_memory_or_locks_is_not_pickled(thing: Any) -> None:
    with pytest.raises((TypeError, AttributeError, pickle.PicklingError), match="pickle"):
        pickle.dumps(thing)


@pytest.mark.parametrize("module", ["zarr", "numcodecs"])
def test_pickles_of_codecs_name_public_places(module: str) -> None:
    pytest.importorskip(module)
    namespace = importlib.import_module(f"pyinfo.integrations.{module}")
    for name in namespace.__all__:
        codec = getattr(namespace, name)(coder="rans")
        assert unpickled(codec, pickle.HIGHEST_PROTOCOL) == codec
