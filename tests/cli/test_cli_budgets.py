"""The commands that spend budgets: ``pyinfo fit`` and ``pyinfo allocate``."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pyinfo.safetensors.numpy
from pyinfo.__main__ import main
from pyinfo.quantization import allocate, fit
from pyinfo.safetensors import is_packed
from support.allocation_checker import certified_bound
from support.quantized_models import file_of, model

pytestmark = pytest.mark.once

TABLE = {
    "names": ["a", "b", "c"],
    "costs": [[100, 200, 400], [100, 200, 400], [50, 150]],
    "errors": [[90.0, 20.0, 1.0], [30.0, 8.0, 0.5], [60.0, 9.0]],
}


def documents(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> list[Any]:
    assert main([*arguments, "--json"]) == code
    found: list[Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "m.safetensors"
    path.write_bytes(file_of(model(1)))
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.json"
    path.write_text(json.dumps(TABLE))
    return path


# -- fit


def test_fit(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [document] = documents(capsys, "fit", str(source), "--budget", "4bpw")
    output = source.with_name("m.fit.safetensors")
    assert document["output"] == str(output)
    assert output.stat().st_size == document["size"] <= document["budget"]
    found = fit(source, "4bpw")
    for key in ("size", "predicted_size", "original_size", "error", "lower_bound", "gap"):
        assert document[key] == getattr(found, key)
    assert [each["step"] for each in document["tensors"]] == [each.step for each in found.tensors]
    table, allocation = document["table"], document["allocation"]
    proven = certified_bound(
        table["costs"], table["errors"], allocation["budget"], allocation["certificate"]
    )
    assert document["lower_bound"] <= proven


def test_fit_prints_what_became_of_each_tensor(
    source: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["fit", str(source), "--budget", "40kB", "--dry-run", "--threads", "2"]) == 0
    printed = capsys.readouterr().out
    assert "layer.3.weight" in printed
    assert "quantized" in printed
    assert "lower bound" in printed
    assert "written to" not in printed
    assert not source.with_name("m.fit.safetensors").exists()


def test_fit_keeps_older_files(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = source.with_name("q.safetensors")
    output.write_bytes(b"old")
    arguments = ["fit", str(source), "--budget", "4bpw", "-o", str(output)]
    assert main(arguments) == 2
    assert "exists already: --force" in capsys.readouterr().err
    assert output.read_bytes() == b"old"
    assert main([*arguments, "--force"]) == 0
    assert is_packed(output)
    assert main([*arguments[:-1], str(source)]) == 2
    assert "the output is the file itself" in capsys.readouterr().err
    assert main([*arguments[:-1], str(source.parent)]) == 2
    assert "is a folder" in capsys.readouterr().err
    assert main([*arguments[:-1], str(source.parent / "absent" / "q.safetensors")]) == 2
    assert "q.safetensors: No such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--budget", "1kB"], "the budget of 1,000 bytes is too small: the smallest file"),
        (["--budget", "much"], "budget must be bytes, as 8000000, 8MB or 8MiB, or bits per weight"),
        (["--budget", "4bpw", "--gap", "-1"], "gap must be a number that is not negative"),
    ],
)
def test_fit_says_what_is_wrong(
    arguments: list[str], message: str, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fit", str(source), *arguments]) == 2
    assert message in capsys.readouterr().err
    assert [path.name for path in source.parent.iterdir()] == ["m.safetensors"]


def test_fit_of_a_folder(source: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "sharded"
    folder.mkdir()
    source.rename(folder / source.name)
    (folder / "config.json").write_text("{}")
    [document] = documents(capsys, "fit", f"{folder}{os.sep}", "--budget", "4bpw")
    assert document["output"] == f"{folder}.fit"
    assert sorted(path.name for path in Path(document["output"]).iterdir()) == [
        "config.json", source.name,
    ]  # fmt: skip
    assert document["size"] == (tmp_path / "sharded.fit" / source.name).stat().st_size
    assert main(["fit", str(folder), "--budget", "4bpw", "--force"]) == 2
    assert "exists already" in capsys.readouterr().err


def test_fit_of_what_is_no_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "t.txt").write_text("text")
    for name in ("t.txt", "absent.safetensors"):
        [document] = documents(capsys, "fit", str(tmp_path / name), "--budget", "8MB", code=2)
        assert document["error"]


@pytest.mark.parametrize("kind", ["json", "safetensors"])
def test_fit_with_importance(kind: str, source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = {"layer.1.weight": np.linspace(0, 2, 300), "layer.0.weight": np.float64(100)}
    path = source.with_name(f"importance.{kind}")
    if kind == "json":
        path.write_text(json.dumps({name: each.tolist() for name, each in given.items()}))
    else:
        arrays = {name: np.asarray(each) for name, each in given.items()}
        pyinfo.safetensors.numpy.save_file(arrays, path)
    arguments = ["fit", str(source), "--budget", "4bpw", "--dry-run", "--importance", str(path)]
    [document] = documents(capsys, *arguments)
    assert document["error"] == fit(source, "4bpw", importance=given).error
    path.write_text("[1]")
    assert main(arguments) == 2
    assert "importance must be an object" in capsys.readouterr().err
    path.write_text("{")
    assert main(arguments) == 2
    assert "neither safetensors nor JSON" in capsys.readouterr().err


@pytest.mark.parametrize("stated", ["a", ["a"], {"a": 1}])
def test_importance_that_is_no_numbers(
    stated: Any, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "texts.json"
    path.write_text(json.dumps({"layer.0.weight": stated}))
    arguments = ["--budget", "4bpw", "--dry-run", "--importance", str(path)]
    assert main(["fit", str(source), *arguments]) == 2
    error = capsys.readouterr().err
    assert "texts.json: importance['layer.0.weight']" in " ".join(error.split())


def test_fit_leaves_some_tensors_as_they_are(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--lossless", "layer.0.*", "--lossless", "*.1.weight"]
    [document] = documents(capsys, "fit", str(source), "--budget", "11bpw", *arguments)
    stored = {each["name"]: each["stored"] for each in document["tensors"]}
    assert stored["layer.0.weight"] == stored["layer.1.weight"] == "lossless"
    assert stored["layer.3.weight"] == "quantized"


def test_other_commands_understand_such_files(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fit", str(source), "--budget", "4bpw"]) == 0
    path = source.with_name("m.fit.safetensors")
    capsys.readouterr()
    [tested] = documents(capsys, "test", str(path))
    assert tested["ok"]
    [inspected] = documents(capsys, "inspect", str(path))
    kinds = {each["name"]: each["stored"] for each in inspected["tensors"]}
    assert (kinds["layer.0.weight"], kinds["tied"]) == ("quantized", "alias")
    assert inspected["tensors"][-1]["step"] is None or inspected["tensors"][-1]["step"] > 0
    assert main(["inspect", str(path)]) == 0
    assert "quantized" in capsys.readouterr().out
    assert documents(capsys, "report", str(path))
    plain = source.with_name("plain.safetensors")
    assert main(["decompress", str(path), "-o", str(plain)]) == 0
    was = pyinfo.safetensors.numpy.load_file(path)
    now = pyinfo.safetensors.numpy.load_file(plain)
    assert not is_packed(plain)
    assert all(np.array_equal(was[name], now[name]) for name in was)
    data = bytearray(path.read_bytes())
    data[-30] ^= 1
    path.write_bytes(data)
    [tested] = documents(capsys_cleared(capsys), "test", str(path), code=3)
    assert tested["damage"][0]["tensor"] in was


def capsys_cleared(capsys: pytest.CaptureFixture[str]) -> pytest.CaptureFixture[str]:
    capsys.readouterr()
    return capsys


PROGRAM = """
import sys
from pyinfo.cli.main import main
print("imported", flush=True)
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals to other processes are POSIX")
def test_a_fit_that_is_ended_leaves_nothing(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    weights = {f"w{i}": rng.normal(size=(2000, 1000)).astype(np.float32) for i in range(20)}
    packed = pyinfo.safetensors.numpy.save(weights)
    (tmp_path / "p.safetensors").write_bytes(packed)
    pyinfo.safetensors.unpack(tmp_path / "p.safetensors", tmp_path / "m.safetensors")
    (tmp_path / "p.safetensors").unlink()
    command = [sys.executable, "-c", PROGRAM, "fit", str(tmp_path / "m.safetensors")]
    process = subprocess.Popen([*command, "--budget", "4bpw", "--gap", "0"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"imported\n"  # before, Python itself hears the signal
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    process.communicate()
    code = process.returncode
    if code != 0:  # it may have been quick
        assert code == 130
        assert [path.name for path in tmp_path.iterdir()] == ["m.safetensors"]


# -- allocate


def test_allocate(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [document] = documents(capsys, "allocate", str(table), "--budget", "0.6kB", "--gap", "0")
    found = allocate(TABLE["costs"], TABLE["errors"], 600, gap=0)
    assert {key: document[key] for key in found.document()} == found.document()
    assert document["names"] == ["a", "b", "c"]
    assert document["costs"] == [200, 200, 150]
    assert document["errors"] == [20, 8, 9]
    proven = certified_bound(
        TABLE["costs"], TABLE["errors"], 600, document["certificate"]  # type: ignore[arg-type]
    )  # fmt: skip
    assert document["lower_bound"] <= proven
    assert main(["allocate", str(table), "--budget", "600"]) == 0
    printed = capsys.readouterr().out
    assert "550 of 600" in printed
    assert "54.05%" in printed


def test_allocate_with_groups_and_fixed_choices(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stated = {**TABLE, "groups": ["x", "x", None], "fixed": {"c": 0}, "budget": 700}
    table.write_text(json.dumps(stated))
    [document] = documents(capsys, "allocate", str(table))
    assert document["choice"] == [1, 1, 0]
    assert document["budget"] == 700


def test_the_budget_of_a_table_may_have_a_unit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "units.json"
    path.write_text(json.dumps({**TABLE, "budget": "0.7kB"}))
    [document] = documents(capsys, "allocate", str(path))
    assert document["budget"] == 700


def test_allocate_reads_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = io.TextIOWrapper(io.BytesIO(json.dumps(TABLE).encode()))
    monkeypatch.setattr(sys, "stdin", data)
    [document] = documents(capsys, "allocate", "-", "--budget", "250", "--max-nodes", "1")
    assert document["choice"] == [0, 0, 0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"budget": 200}, "the budget of 200 is too small: the least that can be spent is 250"),
        ({}, "there is no budget: name one with --budget"),
        ({"budget": [700]}, "budget must be a number, or a text such as 8MB"),
        ({"budget": True}, "budget must be a number, or a text such as 8MB"),
        ({"budget": "700 apples"}, "budget must be bytes, as 8000000, 8MB or 8MiB"),
        ({"budget": 10**400}, "budget is beyond the range of floats"),
        ({"budget": 600, "costs": None}, "costs must be a list of rows"),
        ({"budget": 600, "costs": [["a"], [1], [2]]}, "costs[0] must be real numbers"),
        ({"budget": 600, "costs": [1, 2, 3]}, "costs[0] must have 1 dimension, not 0"),
        ({"budget": 600, "costs": [None, [1], [2]]}, "costs[0]"),
        ({"budget": 600, "groups": [[], [], []]}, "groups must be labels"),
        ({"budget": 600, "groups": 5}, "groups must be"),
        ({"budget": 600, "fixed": {"a": "b"}}, "fixed[0] must be an integer"),
        ({"budget": 600, "more": 1}, "unknown field 'more'"),
        ({"budget": 600, "names": ["a", "b"]}, "must have the same number of tensors"),
        ({"budget": 600, "names": ["a", "a", "b"]}, "a name occurs twice"),
        ({"budget": 600, "names": [1, 2, 3]}, "names must be a list of strings"),
        ({"budget": 600, "fixed": {"d": 1}}, "fixed names the tensor 'd', which the table has not"),
        ({"budget": 600, "fixed": [1]}, "fixed must be an object"),
        (
            {"budget": 600, "costs": [[100, -1, 400], *TABLE["costs"][1:]]},
            "costs[0][1] is negative",
        ),
    ],
)
def test_allocate_says_what_is_wrong(
    changes: dict[str, Any], message: str, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table.write_text(json.dumps({**TABLE, **changes}))
    assert main(["allocate", str(table)]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"costs": [[1]]}', "\xff", "[" * 10000])
def test_allocate_of_what_is_no_table(
    text: str, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table.write_bytes(text.encode("latin-1"))
    assert main(["allocate", str(table), "--budget", "1"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_fit_of_the_folder_one_is_in_goes_beside_it(
    source: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = source.parent / "model"
    folder.mkdir()
    source.rename(folder / source.name)
    monkeypatch.chdir(folder)
    (found,) = documents(capsys, "fit", ".", "--budget", "4bpw")
    assert found["output"] == f"{folder.resolve()}.fit"
    assert (folder.parent / "model.fit" / source.name).is_file()


def test_fit_knows_the_tensors_that_patterns_name(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["fit", str(source), "--budget", "4bpw", "--dry-run", "--lossless", "laye.*"])
    assert code == 2
    assert "lossless has 'laye.*', which is no tensor's name" in capsys.readouterr().err
