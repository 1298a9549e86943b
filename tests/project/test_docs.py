"""The code in README.md and docs/ runs, and prints what the comments beside it say."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from pyinfo.testing import counters

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").rglob("*.md"))]

BLOCK = re.compile(r"(?:^<!-- needs: (\w+) -->\n)?^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
TEST_FILE = re.compile(r'^```python title="(test_\w+\.py)"\n(.*?)^```', re.DOTALL | re.MULTILINE)
PATCH = re.compile(r"^```diff\n(.*?)^```", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"<!-- command: ([\w-]+) -->\n```sh\n(.*?)```", re.DOTALL)
PRINTED = re.compile(r"^ *print\(.*\)\s+# (.*)$", re.MULTILINE)
pytestmark = pytest.mark.once


def blocks() -> Iterator[ParameterSet]:
    for page in PAGES:
        text = page.read_text("utf-8")
        for match in BLOCK.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            package = match[1]
            marks = (
                [pytest.mark.skip(reason=f"{package} is not installed (group interop or loaders)")]
                if package is not None and importlib.util.find_spec(package) is None
                else []
            )
            name = f"{page.relative_to(ROOT).as_posix()}:{line}"
            yield pytest.param(match[2], id=name, marks=marks)


def suites() -> Iterator[ParameterSet]:
    for page in PAGES:
        for name, code in TEST_FILE.findall(page.read_text("utf-8")):
            yield pytest.param(name, code, id=f"{page.name}:{name}")


@pytest.mark.parametrize("code", list(blocks()))
def test_code_prints_what_it_says(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if "pyinfo.plots" in code:
        pytest.importorskip("matplotlib", reason="pictures need matplotlib (extra plot)")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "<page>", "exec"), {})
    assert capsys.readouterr().out.splitlines() == PRINTED.findall(code)


@pytest.mark.parametrize(("name", "code"), list(suites()))
def test_suites_pass(name: str, code: str, tmp_path: Path) -> None:
    """By counted instructions, and with benchmarks disabled: tests look at no clock."""
    options = ["-q", "-p", "no:cacheprovider", "--strict-markers"]
    if "(benchmark" in code:
        pytest.importorskip("pytest_benchmark", reason="the suite uses pytest-benchmark")
        options.append("--benchmark-disable")
    elif counters():
        options.append("--complexity-by=instructions")
    else:
        options.append("--collect-only")
    (tmp_path / name).write_text(code, "utf-8")
    command = [sys.executable, "-m", "pytest", *options, name]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


ADDED = re.findall(
    r"^## (.*?)\n(.*?)(?=^## )",
    (ROOT / "docs" / "adding-a-measure.md").read_text("utf-8"),
    re.S | re.M,
)
PATCHES = {title: "".join(PATCH.findall(text)) for title, text in ADDED if PATCH.search(text)}

TRY_ADDED_MEASURES = """
import sys

# An editable installation would be found first.
sys.meta_path[:] = [each for each in sys.meta_path if "editable" not in type(each).__module__]

import numpy as np
import pyinfo
from pyinfo.measures import bhattacharyya_angle, perplexity

assert pyinfo.__file__.startswith(sys.argv[1]), pyinfo.__file__
rng = np.random.default_rng(7)
for shape in [(4,), (300,), (40, 5), (3, 1000)]:
    p, q = (rng.dirichlet(np.ones(shape[-1]), shape[:-1]) for _ in range(2))
    entropy = -(p * np.log2(p)).sum(-1)
    overlap = np.sqrt(p * q).sum(-1)
    np.testing.assert_allclose(perplexity(p), 2**entropy, rtol=1e-12)
    np.testing.assert_allclose(perplexity(p * 7, normalize=True), 2**entropy, rtol=1e-12)
    np.testing.assert_allclose(bhattacharyya_angle(p, q), np.arccos(overlap), rtol=1e-9)
    np.testing.assert_allclose(bhattacharyya_angle(p.T, q.T, axis=0), np.arccos(overlap), rtol=1e-9)
    assert np.all(bhattacharyya_angle(p, p) == 0)
np.testing.assert_allclose(perplexity([1, 1, 1, 1, 1, 1]), 6, rtol=1e-15)
np.testing.assert_allclose(bhattacharyya_angle([1.0, 0.0], [0.0, 1.0]), np.pi / 2, rtol=1e-15)
assert perplexity.__text_signature__ == (
    "($module, /, p, *, axis=-1, keepdims=False, normalize=None, out=None, threads=1)"
)
"""


def test_adding_a_measure_is_short() -> None:
    assert len(PATCHES) == 2
    for title, patch in PATCHES.items():
        changed = re.findall(r"^[+-](?![+-]{2} )", patch, re.MULTILINE)
        files = re.findall(r"^--- a/(.*)$", patch, re.MULTILINE)
        assert 0 < len(changed) <= 60, title
        assert len(set(files)) <= 9, title


def test_adding_a_measure_compiles_and_runs(tmp_path: Path) -> None:
    """With the kernels of one instruction set: what is new is the same on all of them."""
    for program in ("git", "cmake", "c++"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}")
    if not (ROOT / ".git").exists():
        pytest.skip("needs the repository, which says what belongs to it")
    pytest.importorskip("scikit_build_core", reason="needs the group dev of the dependencies")
    tree, site = tmp_path / "tree", tmp_path / "site"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, os.fsdecode(listed.stdout).split("\0")):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
    for patch in PATCHES.values():
        command = ["git", "apply", "--unsafe-paths", "-"]
        subprocess.run(command, input=patch, text=True, cwd=tree, check=True)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--target", str(site), str(tree)]
    # Not optimised, which takes most of the time.
    for setting in (
        f"build-dir={tmp_path / 'build'}",
        "cmake.define.PYINFO_ISAS=portable",
        "cmake.define.CMAKE_CXX_FLAGS_RELEASE=-O0",
    ):
        command += ["-C", setting]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    environment = {**os.environ, "PYTHONPATH": str(site), "PYINFO_ISA": "portable"}
    command = [sys.executable, "-c", TRY_ADDED_MEASURES, str(site)]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_learn_figures_are_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra docs")
    program = ROOT / "tools" / "learn_figures.py"
    subprocess.run([sys.executable, program, tmp_path], check=True)
    drawn = {path.name for path in tmp_path.iterdir()}
    assert drawn == {path.name for path in (ROOT / "docs" / "figures").glob("learn_*.svg")}
    shown = {
        name
        for page in PAGES
        for name in re.findall(r"figures/(learn_\w+\.svg)", page.read_text("utf-8"))
    }
    assert drawn == shown


def test_pages_draw_their_pictures() -> None:
    """With the hook of MkDocs, which also makes MathML of formulas."""
    pytest.importorskip("matplotlib", reason="pictures need matplotlib (extra plot)")
    for package in ("mkdocs", "latex2mathml"):
        pytest.importorskip(package, reason="needs MkDocs and latex2mathml (extra docs)")
    spec = importlib.util.spec_from_file_location("docs_hooks", ROOT / "tools" / "docs_hooks.py")
    assert spec is not None
    assert spec.loader is not None
    hooks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hooks)
    text = (ROOT / "docs" / "use" / "pictures.md").read_text("utf-8")
    found = hooks.pictures(text)
    assert set(found) == set(re.findall(r"\]\((\S+\.svg)\)", text))
    for address, code in found.items():
        assert re.search(rf"pyinfo\.plots\.{Path(address).stem}\(", code), address
    assert hooks.drawn(found["../figures/pictures/code_tree.svg"]).startswith(b"<?xml")
    formula = r'<p><span class="arithmatex">\(p_i &lt; 1\)</span></p>'
    assert re.fullmatch(r"<p><math.*&#x0003C;.*</math></p>", hooks.on_page_content(formula))


def test_the_site_fetches_nothing() -> None:
    """Fonts and scripts are its own, so that it is read and searched from files as well."""
    settings = (ROOT / "mkdocs.yml").read_text("utf-8")
    assert re.search(r"^plugins: \[search, offline\]$", settings, re.MULTILINE)
    assert "font: false" in settings
    (worker,) = re.findall(r"polyfills: \[(.*iframe-worker.*)\]", settings)
    assert (ROOT / "docs" / worker).is_file()
    assert "://" not in re.sub(r"^site_.*$", "", settings, flags=re.MULTILINE)


def test_usage_example_is_short() -> None:
    ((_, usage),) = BLOCK.findall(README.read_text("utf-8"))
    assert len(usage.strip().splitlines()) <= 10


def test_two_commands() -> None:
    commands = dict(COMMAND.findall(README.read_text("utf-8")))
    assert list(commands) == ["install-and-report", "install-and-test"]
    files = shlex.split(commands["install-and-report"])
    files = files[files.index("report") + 1 :]
    assert files
    assert [name for name in files if not (ROOT / name).is_file()] == []


def test_links_lead_to_files() -> None:
    for page in PAGES:
        text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", text):
            drawn = "figures/pictures/" in target  # when the site is made
            exists = drawn or (page.parent / target).exists()
            assert "://" in target or exists, f"{page.name}: {target}"
