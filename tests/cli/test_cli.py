"""The command line: `pyinfo report`, `pyinfo info`, and how they fail."""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pyinfo.__main__ import main
from pyinfo.cli import main as main_module
from pyinfo.cli import output as cli_output
from pyinfo.cli import report as cli_report
from pyinfo.cli.exit_codes import EXIT_OK
from support.programs import DEADLINE, open_for_writing, run

pytestmark = pytest.mark.once

TEXT = b"abracadabra" * 100
TEXT_BITS = -sum(n / 11 * math.log2(n / 11) for n in (5, 2, 2, 1, 1))


@pytest.fixture
def text_file(tmp_path: Path) -> str:
    path = tmp_path / "text"
    path.write_bytes(TEXT)
    return str(path)


@pytest.fixture
def array_file(tmp_path: Path) -> str:
    path = tmp_path / "array.npy"
    np.save(path, np.arange(16.0))
    return str(path)


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict]:
    """Run `pyinfo report --json` in this process and parse its output as strict JSON."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    main(["report", "--json", *arguments])
    return json.loads(capsys.readouterr().out, parse_constant=refuse)


# The command


def test_table_fits_80_columns(
    text_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    many, wide = tmp_path / "many.npy", tmp_path / "wide.npy"
    np.save(many, np.arange(1e6))
    np.save(wide, np.zeros(300, [("a", "<f4"), ("b", "<i8", (9,))]))
    paths = [text_file, str(many), str(wide)]
    assert main(["report", *paths]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "\N{HORIZONTAL ELLIPSIS}" not in out
    assert "\x1b" not in out
    assert max(len(line) for line in out.splitlines() if line not in paths) <= 80
    for shown in (
        "1,100 bytes (1.1 KiB)",
        f"{TEXT_BITS:.6g} bits per byte",
        "8,000,128 bytes (7.6 MiB)",
        "(1000000,)",
        "19.9316 bits per element (1,000,000 different)",
        "entropy per byte plane",
        "0.0000 to 0.0000, mean 0.0000 bits (76 planes)",
    ):
        assert shown in out


def test_json_document(
    text_file: str, array_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = str(tmp_path / "missing")
    np.save(array_file, np.arange(8, dtype="<i2"))
    documents = run_json(capsys, text_file, missing, array_file)
    assert [document["path"] for document in documents][:2] == [text_file, missing]
    assert documents[0]["array"] is None
    assert documents[1] == {"path": missing, "error": "No such file or directory"}
    assert documents[2]["array"] == {
        "dtype": "int16",
        "shape": [8],
        "fortran_order": False,
        "plane_entropies": [3.0, 0.0],
        "element_entropy": 3.0,
        "distinct_elements": 8,
    }


def test_constant_file_in_both_forms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "zeros"
    path.write_bytes(bytes(5000))
    (document,) = run_json(capsys, str(path))
    assert (document["entropy"], document["compression_rate"]) == (0, None)
    assert main(["report", str(path)]) == 0
    assert "unlimited: all bytes are equal" in capsys.readouterr().out


def test_elements_can_be_left_out(array_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    (document,) = run_json(capsys, "--no-elements", array_file)
    assert document["array"]["element_entropy"] is None
    assert document["array"]["distinct_elements"] is None


def test_damaged_array_is_told_in_one_line(
    array_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(array_file)
    path.write_bytes(path.read_bytes()[:-1])
    assert main(["report", array_file]) == 2
    assert capsys.readouterr() == (
        "",
        f"pyinfo: {array_file}: truncated: the .npy header promises 128 bytes of data, "
        "the file has 127\n",
    )


def test_errors_leave_the_other_files_reported(
    text_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    missing = str(tmp_path / "missing")
    assert main(["report", missing, text_file, str(empty), str(tmp_path), text_file]) == 2
    out, err = capsys.readouterr()
    assert out.count(f"{TEXT_BITS:.6g} bits per byte") == 2
    assert err.splitlines() == [
        f"pyinfo: {missing}: No such file or directory",
        f"pyinfo: {empty}: is empty",
        f"pyinfo: {tmp_path}: Is a directory",
    ]


def test_unreadable_file(
    text_file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(self, *args, **options):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)
    assert main(["report", text_file]) == 2
    assert capsys.readouterr().err == f"pyinfo: {text_file}: Permission denied\n"


def test_names_are_printed_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "[red]line\nbreak\x1b[31m"
    path.write_bytes(TEXT)
    assert main(["report", str(path), str(path) + "\n"]) == 2
    out, err = capsys.readouterr()
    assert "[red]line\\nbreak\\x1b[31m\n" in out
    assert err.count("\n") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="needs file names that are any bytes")
def test_names_that_are_not_text(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff\xe9"
    Path(os.fsdecode(path)).write_bytes(TEXT)
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    plain = run("report", os.fsdecode(path), env=environment)
    assert plain.returncode == 0
    assert b"\\xff\\xe9" in plain.stdout
    document = json.loads(run("report", "--json", os.fsdecode(path), env=environment).stdout)
    assert document[0]["path"].endswith("\\xff\\xe9")


def test_info(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--json"]) == 0
    settings = json.loads(capsys.readouterr().out)
    assert settings["isa"] in settings["available_isas"]
    assert settings["numpy"] == np.__version__
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    for key in ("version", "compiler", "isa", "numpy", "python"):
        assert settings[key] in " ".join(out.split())
    for isa in settings["available_isas"]:
        assert isa in out
    for choice in settings["choices"].values():
        assert f"{choice['isa']}: {choice['reason']}" in " ".join(out.split())


def test_version_and_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out.startswith("pyinfo ")
    for arguments in ([], ["report"], ["unknown"]):
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 2
        assert "usage: pyinfo" in capsys.readouterr().err


def test_progress_goes_to_a_terminal_only(
    text_file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli_output, "LONG_INPUT", 0)
    main(["report", "--json", text_file])
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich then takes the stream for a terminal
    main(["report", "--json", text_file])
    out, err = capsys.readouterr()
    assert json.loads(out)[0]["size"] == 1100
    assert "text" in err
    monkeypatch.setattr(cli_output, "LONG_INPUT", 1101)
    main(["report", "--json", text_file])
    assert capsys.readouterr().err == ""


def test_interrupt_in_process(
    text_file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli_report, "file_statistics", interrupt)
    assert main(["report", text_file]) == 130
    assert capsys.readouterr() == ("", "")


# Real processes


def test_process_reads_standard_input(text_file: str) -> None:
    done = run("report", "-", "--json", input=TEXT)
    assert done.returncode == 0
    assert done.stderr == b""
    (document,) = json.loads(done.stdout)
    assert (document["path"], document["size"]) == ("-", 1100)


def test_process_reads_arrays_from_standard_input(array_file: str) -> None:
    piped = run("report", "-", "--json", input=Path(array_file).read_bytes())
    with Path(array_file).open("rb") as file:
        redirected = run("report", "-", "--json", stdin=file)
    assert json.loads(piped.stdout) == json.loads(redirected.stdout)
    assert json.loads(piped.stdout)[0]["array"]["element_entropy"] == 4.0


def test_empty_standard_input() -> None:
    done = run("report", "-", input=b"")
    assert (done.returncode, done.stderr) == (2, b"pyinfo: -: is empty\n")


def test_process_exit_codes(text_file: str, tmp_path: Path) -> None:
    done = run("report", str(tmp_path / "missing"), text_file)
    assert done.returncode == 2
    assert f"{TEXT_BITS:.6g} bits per byte" in done.stdout.decode()
    assert done.stderr.count(b"\n") == 1


def test_closed_output_pipe(text_file: str) -> None:
    for arguments in ([], ["--json"]):
        reader, writer = os.pipe()
        os.close(reader)
        done = run("report", *[text_file] * 5, *arguments, stdout=writer)
        os.close(writer)
        assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_full_disk(text_file: str, arguments) -> None:
    with Path("/dev/full").open("wb") as full:
        done = run("report", text_file, *arguments, stdout=full)
    assert done.returncode == 2
    assert done.stderr == b"pyinfo: standard output: No space left on device\n"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_interrupt_ends_quickly(tmp_path: Path) -> None:
    path = str(tmp_path / "pipe")
    os.mkfifo(path)
    command = [sys.executable, "-m", "pyinfo", "report", path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        pipe = open_for_writing(path, process)
        os.write(pipe, TEXT)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=DEADLINE)
        os.close(pipe)
    assert (process.returncode, out, err) == (130, b"", b"")


def test_without_rich() -> None:
    code = (
        "import sys; sys.modules['rich'] = None; "
        "from pyinfo.__main__ import main; sys.exit(main(['info']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, timeout=DEADLINE, check=False
    )
    assert done.returncode == 2
    hint = "pyinfo's command line needs the extra 'cli': pip install 'pyinfo[cli]'"
    assert done.stderr.decode().split("\n") == [hint, ""]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_signals_end_every_command(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an interrupt does, so that what it has begun to write is removed."""
    number = getattr(signal, name, None)
    if number is None:
        pytest.skip(f"the system has no {name}")

    def run(_: argparse.Namespace) -> int:
        assert signal.getsignal(number) not in {signal.SIG_DFL, signal.SIG_IGN}
        signal.raise_signal(number)
        return EXIT_OK

    (info,) = (command for command in main_module.COMMANDS if command.name == "info")
    monkeypatch.setattr(main_module, "COMMANDS", (replace(info, run=run),))
    before = signal.signal(number, signal.SIG_DFL)
    try:
        with pytest.raises(SystemExit) as ended:
            main(["info"])
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        signal.signal(number, before)
    assert ended.value.code == 128 + number
