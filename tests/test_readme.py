"""The code in README.md and docs/ runs, and prints what the comments beside it say."""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]

BLOCK = re.compile(r"(?:^<!-- needs: (\w+) -->\n)?^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"<!-- command: ([\w-]+) -->\n```sh\n(.*?)```", re.DOTALL)
PRINTED = re.compile(r"^print\(.*\)\s+# (.*)$", re.MULTILINE)


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
            yield pytest.param(match[2], id=f"{page.name}:{line}", marks=marks)


@pytest.mark.parametrize("code", list(blocks()))
def test_code_prints_what_it_says(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(code, "<page>", "exec"), {})
    assert capsys.readouterr().out.splitlines() == PRINTED.findall(code)


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
