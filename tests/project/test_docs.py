"""The code in README.md and docs/ runs, and prints what the comments beside it say."""

from __future__ import annotations

import importlib.util
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
                [pytest.mark.skip(reason=f"{package} is not installed (group interop)")]
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
def test_code_prints_what_it_says(code: str, capsys: pytest.CaptureFixture[str]) -> None:
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


def test_adding_a_measure_still_applies(tmp_path: Path) -> None:
    blocks = PATCH.findall((ROOT / "docs" / "adding-a-measure.md").read_text("utf-8"))
    changed = re.findall(r"^[+-](?![+-]{2} )", "".join(blocks), re.MULTILINE)
    assert 0 < len(changed) < 60
    if shutil.which("git") is None:
        pytest.skip("needs git, which applies patches")
    for name in re.findall(r"^--- a/(.*)$", "".join(blocks), re.MULTILINE):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    command = ["git", "apply", "--check", "-"]
    subprocess.run(command, input="".join(blocks), text=True, cwd=tmp_path, check=True)


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
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert "://" in target or (page.parent / target).exists(), f"{page.name}: {target}"
