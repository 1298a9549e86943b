"""`pyinfo drift`: tables in files, thresholds, pictures, errors."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pyinfo
from pyinfo.__main__ import main
from pyinfo.cli import exit_codes, table_files
from pyinfo.cli.main import COMMANDS
from support.programs import DEADLINE

pandas = pytest.importorskip("pandas", reason="pandas is not installed (extra bench)")
pytest.importorskip("pyarrow", reason="pyarrow is not installed (extra arrow)")

pytestmark = pytest.mark.once


@pytest.fixture
def frames() -> tuple[Any, Any]:
    random = np.random.default_rng(0)
    before = pandas.DataFrame(
        {
            "age": random.normal(40, 10, 2000),
            "plan": random.choice(["free", "paid", None], 2000),
            "visits": random.integers(0, 5, 2000),
        }
    )
    after = before.sample(frac=1, replace=True, random_state=1)
    after["age"] += 3
    return before, after


@pytest.fixture
def files(frames: tuple[Any, Any], tmp_path: Path) -> tuple[str, str]:
    before, after = tmp_path / "before.csv", tmp_path / "after.parquet"
    frames[0].to_csv(before, index=False)
    frames[1].to_parquet(after)
    return str(before), str(after)


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    assert main(["drift", "--json", *arguments]) == code
    out, err = capsys.readouterr()
    assert err == ""
    document: dict[str, Any] = json.loads(out, parse_constant=refuse)
    return document


def test_json_document(
    frames: tuple[Any, Any], files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    document = run_json(capsys, *files)
    assert (document["measure"], document["unit"], document["confidence"]) == ("js", "bits", 0.95)
    found = pyinfo.drift(*frames)
    assert [column["column"] for column in document["columns"]] == ["age", "plan", "visits"]
    for column in document["columns"]:
        each = found[column["column"]]
        for key in ("value", "corrected", "low", "high", "p_value"):
            assert column[key] == pytest.approx(getattr(each, key), rel=1e-9)
        total = sum(category["value"] for category in column["contributions"])
        assert total == pytest.approx(each.value)
    (only,) = run_json(capsys, *files, "--column", "plan", "--measure", "psi")["columns"]
    expected = pyinfo.drift(*(frame["plan"] for frame in frames), measure="psi")
    assert only["value"] == pytest.approx(expected.value)


def test_table(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drift", *files, "--confidence", "0.9", "--threads", "2"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    head, age, plan, visits = out.splitlines()
    assert "90% interval" in head
    assert age.split()[0] == "age"
    assert "> " in age  # the bin that has changed most
    assert plan.split()[2:5] == ["0", "to", plan.split()[4]]
    assert visits.startswith("visits")


def test_thresholds(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    for options, code in (
        (["--fail-above", "0.001"], 4),
        (["--fail-above", "0.5"], 0),
        (["--fail-below", "0.01"], 4),
        (["--fail-below", "1e-200"], 0),
        (["--fail-below", "0.01", "--column", "visits"], 0),
    ):
        document = run_json(capsys, *files, *options, code=code)
        assert any(column["beyond"] for column in document["columns"]) == (code == 4)


def test_notes_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "few.csv"
    path.write_text("x\n1\n2\n1\n", "utf-8")
    assert main(["drift", str(path), str(path)]) == 0
    out, err = capsys.readouterr()
    assert "note: x: 3 samples are fewer than the 50" in out
    assert err == ""


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_picture(files: tuple[str, str], tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra plot)")
    path = tmp_path / f"drift.{suffix}"
    assert main(["drift", *files, "--plot", str(path)]) == 0
    assert path.stat().st_size > 1000
    if suffix == "svg":
        assert "age" in path.read_text("utf-8")


def test_pandas_reads_the_same(
    files: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_arrow = pyinfo.drift(*(table_files.read_table(path) for path in files))
    found = importlib.util.find_spec

    def without_arrow(name: str, *more: Any) -> Any:
        return None if name == "pyarrow" else found(name, *more)

    monkeypatch.setattr(table_files.importlib.util, "find_spec", without_arrow)
    tables = [table_files.read_table(path) for path in files]
    assert all(isinstance(table, pandas.DataFrame) for table in tables)
    for name, each in pyinfo.drift(*tables).items():
        assert each.value == pytest.approx(by_arrow[name].value, rel=1e-9)
    monkeypatch.setattr(table_files.importlib.util, "find_spec", lambda *_: None)
    with pytest.raises(Exception, match=r"pip install 'pyinfo\[arrow\]'"):
        table_files.read_table(files[0])


def test_errors_take_one_line(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere, text = str(tmp_path / "nowhere.csv"), tmp_path / "text.parquet"
    text.write_text("no table", "utf-8")
    empty = tmp_path / "empty.csv"
    empty.write_text("", "utf-8")
    semicolons, latin, folder = tmp_path / "s.csv", tmp_path / "l.csv", tmp_path / "folder"
    semicolons.write_text("age;plan\n1;2\n", "utf-8")
    latin.write_bytes(b"\xe4ge\n1\n")
    folder.mkdir()
    for arguments, words in (
        ([files[0], nowhere], "No such file"),
        ([nowhere, files[0]], "No such file"),
        ([files[0], str(text)], "is no such table"),
        ([str(empty), files[0]], "is no such table"),
        ([*files, "--column", "height"], "has no column 'height': it has age, plan, visits"),
        ([*files, "--measure", "kl", "--weights", "size"], "--weights: measure kl has no mixture"),
        ([str(semicolons), files[0]], "are its fields separated by ';'?"),
        ([str(folder), files[0]], "a folder without files"),
        ([files[0], str(latin)], "its names are not UTF-8"),
        ([*files, "--plot", str(tmp_path / "nowhere" / "x.png")], "No such file"),
        ([*files, "--plot", str(tmp_path / "x.docx")], "no picture can be written"),
    ):
        assert main(["drift", *arguments]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert words in err
        assert err.count("\n") == 1


def test_numbers_that_no_table_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    for option, value, words in (
        ("--confidence", "95", "must be between 0 and 1"),
        ("--bins", "1", "must be from 2 to 1000"),
        ("--fail-above", "nan", "must be a number that is not negative"),
        ("--fail-above", "-1", "must be a number that is not negative"),
        ("--fail-below", "2", "must be between 0 and 1"),
        ("--fail-below", "nan", "must be between 0 and 1"),
    ):
        with pytest.raises(SystemExit) as stopped:
            main(["drift", "a.csv", "b.csv", option, value])
        assert stopped.value.code == 2
        assert f"argument {option}: {words}" in capsys.readouterr().err


def test_errors_are_documents_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drift", "--json", "nowhere.csv", "b.csv"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert found == {
        "reference": "nowhere.csv",
        "current": "b.csv",
        "error": "nowhere.csv: No such file or directory",
    }


def test_pipes_and_files_of_any_name(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "table").write_bytes(Path(files[1]).read_bytes())  # Parquet
    wanted = run_json(capsys, *files)["columns"]
    assert run_json(capsys, files[0], str(tmp_path / "table"))["columns"] == wanted
    code = "import sys; from pyinfo.__main__ import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, "drift", "--json", "-", files[1]],
        input=Path(files[0]).read_bytes(),
        capture_output=True,
        check=True,
        timeout=DEADLINE,
    )
    assert json.loads(done.stdout)["columns"] == wanted


def test_a_column_that_is_named_twice_and_what_is_missing(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    (plan,) = run_json(capsys, *files, "--column", "plan", "--column", "plan")["columns"]
    assert {each["category"] for each in plan["contributions"]} == {"free", "paid", "missing"}


def test_documentation_names_every_command() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "use" / "command-line.md").read_text()
    names = {command.name for command in COMMANDS}
    (table, _, completion) = page.partition("## Exit codes")
    assert {name for name in names if f"`{name}`" in table} == names
    for shown in re.findall(r'"(report [a-z ]+)"', completion):
        assert set(shown.split()) == names
    codes = {value for name, value in vars(exit_codes).items() if name.startswith("EXIT_")}
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)} == codes
