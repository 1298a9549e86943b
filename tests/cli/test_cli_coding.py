"""The command line: `pyinfo compress`, `decompress`, `inspect` and `test`, and how they fail."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import pyinfo
from pyinfo import _core
from pyinfo.__main__ import main
from pyinfo.cli import compress as cli_compress
from pyinfo.cli import output as cli_output
from pyinfo.coding import FileSizes, compress_file, whole_files
from support.programs import DEADLINE, open_for_writing, run, run_on_terminal

pytestmark = pytest.mark.once

TEXT = b"abracadabra, said the magician, and the rabbit was gone\n" * 500


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text"
    path.write_bytes(TEXT)
    return path


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    path = tmp_path / "packed.pin"
    path.write_bytes(pyinfo.compress(TEXT, block_size=8192))
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def flip(path: Path, offset: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 1
    path.write_bytes(data)


def lines_of_errors(capsys: pytest.CaptureFixture[str]) -> list[str]:
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()


# -- compress and decompress ----------------------------------------------------------------------


def test_there_and_back(text: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compress", str(text)]) == 0
    coded = text.with_name("text.pin")
    assert pyinfo.decompress(coded.read_bytes()).tobytes() == TEXT
    assert names(text.parent) == ["text", "text.pin"]
    out, err = capsys.readouterr()
    assert err == ""
    size = coded.stat().st_size
    assert out.startswith(f"{text} -> {coded}: 28,000 bytes (27.3 KiB) to {size:,} bytes")
    assert f"compression rate {len(TEXT) / size:.4f}\n" in out

    text.unlink()
    assert main(["decompress", str(coded)]) == 0
    assert text.read_bytes() == TEXT
    assert names(text.parent) == ["text", "text.pin"]


def test_several_files_and_a_missing_one(
    text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other, missing = tmp_path / "other", tmp_path / "missing"
    other.write_bytes(b"")
    assert main(["compress", str(missing), str(text), str(other)]) == 2
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 2
    assert err == f"pyinfo: {missing}: No such file or directory\n"
    assert names(tmp_path) == ["other", "other.pin", "text", "text.pin"]
    assert pyinfo.decompress((tmp_path / "other.pin").read_bytes()).size == 0


def test_json(text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing, coded = str(tmp_path / "missing"), str(text) + ".pin"
    assert main(["compress", "--json", str(text), missing]) == 2
    size = Path(coded).stat().st_size
    assert json.loads(capsys.readouterr().out) == [
        {
            "path": str(text),
            "output": coded,
            "size": len(TEXT),
            "output_size": size,
            "compression_rate": len(TEXT) / size,
        },
        {"path": missing, "error": "No such file or directory"},
    ]
    assert main(["decompress", "--json", coded, "-o", str(tmp_path / "again")]) == 0
    (document,) = json.loads(capsys.readouterr().out)
    assert (document["size"], document["output_size"]) == (size, len(TEXT))
    assert document["compression_rate"] == len(TEXT) / size


@pytest.mark.parametrize("coder", ["auto", "huffman", "rans", "raw"])
@pytest.mark.parametrize("threads", ["0", "1", "2"])
def test_coders_and_threads(text: Path, coder: Any, threads: str) -> None:
    out = text.with_name("out")
    arguments = ["--coder", coder, "--threads", threads]
    assert main(["compress", str(text), "-o", str(out), *arguments]) == 0
    expected = pyinfo.Compressor(coder=coder)
    assert out.read_bytes() == expected.compress(TEXT) + expected.flush()
    again = text.with_name("again")
    assert main(["decompress", str(out), "-o", str(again), "--threads", threads]) == 0
    assert again.read_bytes() == TEXT


def test_itemsize(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, plain, planes = tmp_path / "a.npy", tmp_path / "plain", tmp_path / "planes"
    np.save(path, np.round(np.linspace(0, 900, 5000)).astype("<f4"))
    assert main(["compress", str(path), "-o", str(plain), "--itemsize", "1"]) == 0
    assert main(["compress", str(path), "-o", str(planes)]) == 0  # as the file's header says
    assert planes.stat().st_size < 0.8 * plain.stat().st_size
    assert main(["decompress", str(planes), "-o", str(tmp_path / "again")]) == 0
    assert (tmp_path / "again").read_bytes() == path.read_bytes()
    capsys.readouterr()
    assert pyinfo.Frame.open(planes).rotated
    for options in (["--itemsize", "4"], ["--itemsize", "4", "--floats"]):
        assert main(["compress", str(path), "-o", str(plain), "--force", *options]) == 0
        assert pyinfo.Frame.open(plain).rotated == ("--floats" in options)
    assert plain.read_bytes() == planes.read_bytes()
    capsys.readouterr()
    assert main(["compress", str(path), "--itemsize", "3"]) == 2
    assert lines_of_errors(capsys) == [f"pyinfo: {path}: the last item has 1 bytes, not 3"]
    assert names(tmp_path) == ["a.npy", "again", "plain", "planes"]


def test_arrays_become_their_bytes(tmp_path: Path) -> None:
    array = np.arange(1000, dtype="<f4").reshape(10, 100)
    (tmp_path / "array.pin").write_bytes(pyinfo.compress(array))
    assert main(["decompress", str(tmp_path / "array.pin")]) == 0
    assert (tmp_path / "array").read_bytes() == array.tobytes()


def test_permissions_and_times_are_kept(text: Path) -> None:
    text.chmod(0o640)
    os.utime(text, ns=(10**18, 10**18))
    assert main(["compress", str(text)]) == 0
    status = text.with_name("text.pin").stat()
    assert status.st_mtime_ns == 10**18
    if os.name == "posix":
        assert status.st_mode & 0o777 == 0o640


# -- What is refused ------------------------------------------------------------------------------


def test_files_are_not_overwritten(text: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = text.with_name("text.pin")
    there.write_bytes(b"mine")
    assert main(["compress", str(text)]) == 2
    assert lines_of_errors(capsys) == [
        f"pyinfo: {text}: {there} exists already: --force overwrites it"
    ]
    assert there.read_bytes() == b"mine"
    assert main(["compress", "--force", str(text)]) == 0
    assert pyinfo.decompress(there.read_bytes()).tobytes() == TEXT
    assert names(text.parent) == ["text", "text.pin"]


def test_a_file_that_appears_meanwhile_is_not_overwritten(
    text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*args: Any, **options: Any) -> Any:
        text.with_name("text.pin").write_bytes(b"mine")
        return compress_file(*args, **options)

    monkeypatch.setattr(cli_compress, "compress_file", slow)
    assert main(["compress", str(text)]) == 2
    assert text.with_name("text.pin").read_bytes() == b"mine"
    assert names(text.parent) == ["text", "text.pin"]


def test_the_file_itself_is_no_output(text: Path, capsys: pytest.CaptureFixture[str]) -> None:
    link = text.with_name("link")
    link.symlink_to(text)
    for output in (text, link):
        assert main(["compress", "--force", str(text), "-o", str(output)]) == 2
        assert lines_of_errors(capsys) == [f"pyinfo: {text}: the output is the file itself"]
    assert text.read_bytes() == TEXT


def test_a_link_stays_a_link(text: Path) -> None:
    link, target = text.with_name("link"), text.with_name("target")
    target.touch()
    link.symlink_to(target)
    assert main(["compress", "--force", str(text), "-o", str(link)]) == 0
    assert link.is_symlink()
    assert pyinfo.decompress(target.read_bytes()).tobytes() == TEXT


def test_usage(text: Path, packed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    two = [str(text), str(text)]
    for arguments, message in (
        (["compress", *two, "-o", "x"], "pyinfo: one output for 2 files: leave out -o"),
        (["compress", "-", "--json"], "pyinfo: --json cannot go to standard output together with"),
        (["compress", str(text), "-o", "-", "--rm"], "pyinfo: --rm needs files that can be read"),
        (["decompress", "-", "-o", "x", "--rm"], "pyinfo: --rm needs files that can be read"),
        (["decompress", str(text)], f"pyinfo: {text}: its name does not end in .pin: name the"),
        (["compress", str(text), "-o", str(text.parent)], f"pyinfo: {text.parent}: Is a directory"),
        (["decompress", str(packed), "--max-size", "1000"], f"pyinfo: {packed}: "),
        (["decompress", str(packed), "--max-size", "0.001MB"], f"pyinfo: {packed}: "),
    ):
        assert main(arguments) == 2
        (line,) = lines_of_errors(capsys)
        assert line.startswith(message)
    for arguments, message in (
        (["compress"], "required: FILE"),
        (["compress", "x", "--threads", "-1"], "--threads: must not be negative"),
        (["compress", "x", "--threads", "two"], "--threads: must be a whole number, not 'two'"),
        (["decompress", "x", "--max-size", "1e6"], "8MB or 8MiB, not '1e6'"),
        (["decompress", "x", "--max-size", "-1"], "--max-size"),
        (["test"], "required: FILE"),
    ):
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 2
        assert message in capsys.readouterr().err
    assert names(text.parent) == ["packed.pin", "text"]


def test_output_that_cannot_be_written(text: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = text.parent / "nowhere" / "out"
    assert main(["compress", str(text), "-o", str(output)]) == 2
    assert lines_of_errors(capsys) == [f"pyinfo: {output}: No such file or directory"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_full_disk(text: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compress", str(text), "-o", "/dev/full"]) == 2
    assert lines_of_errors(capsys) == ["pyinfo: /dev/full: No space left on device"]
    assert Path("/dev/full").is_char_device()
    with Path("/dev/full").open("wb") as full:
        done = run("compress", str(text), "-o", "-", stdout=full)
    assert (done.returncode, done.stderr) == (
        2,
        b"pyinfo: standard output: No space left on device\n",
    )


# -- --rm -----------------------------------------------------------------------------------------


def test_rm_removes_what_was_verified(text: Path) -> None:
    coded = text.with_name("text.pin")
    assert main(["compress", "--rm", str(text)]) == 0
    assert names(text.parent) == ["text.pin"]
    assert main(["decompress", "--rm", str(coded)]) == 0
    assert names(text.parent) == ["text"]
    assert text.read_bytes() == TEXT


@pytest.mark.parametrize("wrong", [b"", TEXT[:-1], TEXT + b"x", TEXT[:-1] + b"x"])
def test_rm_keeps_what_does_not_come_back(
    text: Path, wrong: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def miscompress(source: Any, sink: Any, **options: Any) -> FileSizes:
        sink.write(pyinfo.compress(wrong))
        return FileSizes(len(TEXT), 1)

    monkeypatch.setattr(cli_compress, "compress_file", miscompress)
    assert main(["compress", "--rm", str(text)]) == 2
    assert lines_of_errors(capsys) == [
        f"pyinfo: {text}: the result is not what the file holds now: the original is kept"
    ]
    assert names(text.parent) == ["text"]


def test_rm_keeps_the_file_if_anything_fails(packed: Path, text: Path) -> None:
    flip(packed, packed.stat().st_size // 2)
    assert main(["decompress", "--rm", "--force", str(packed), "-o", str(text)]) == 3
    assert names(text.parent) == ["packed.pin", "text"]
    assert text.read_bytes() == TEXT


def test_rm_leaves_links_and_devices_alone(text: Path, capsys: pytest.CaptureFixture[str]) -> None:
    link = text.with_name("link")
    link.symlink_to(text)
    assert main(["compress", "--rm", str(link)]) == 2
    assert lines_of_errors(capsys) == [f"pyinfo: {link}: --rm removes regular files only"]
    assert main(["compress", "--rm", str(text), "-o", os.devnull]) == 2
    assert lines_of_errors(capsys) == [
        f"pyinfo: {text}: --rm needs an output that can be read again"
    ]
    assert names(text.parent) == ["link", "text"]


# -- Damage ---------------------------------------------------------------------------------------


def test_damage_leaves_no_output(packed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = packed.read_bytes()
    for damaged in (whole[:-1], whole[: len(whole) // 2], whole + b"\0", b"", b"no frame at all"):
        packed.write_bytes(damaged)
        for threads in ("1", "2"):
            assert main(["decompress", str(packed), "--threads", threads]) == 3
            (line,) = lines_of_errors(capsys)
            assert line.startswith(f"pyinfo: {packed}: ")
            assert main(["test", str(packed), "--threads", threads]) == 3
            assert len(lines_of_errors(capsys)) >= 1
        assert names(packed.parent) == ["packed.pin"]


def test_test_names_all_damaged_blocks(packed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", str(packed)]) == 0
    assert capsys.readouterr() == (f"{packed}: ok, 28,000 bytes of data\n", "")
    blocks = pyinfo.Frame(packed.read_bytes()).blocks
    for number in (1, 3):
        flip(packed, blocks[number].offset + 200)
    assert main(["test", str(packed)]) == 3
    first, second = lines_of_errors(capsys)
    assert first.startswith(f"pyinfo: {packed}: block 1 at byte {blocks[1].offset}")
    assert second.startswith(f"pyinfo: {packed}: block 3 at byte {blocks[3].offset}")
    assert main(["test", "--json", str(packed)]) == 3
    (document,) = json.loads(capsys.readouterr().out)
    assert [damage["block"] for damage in document["damage"]] == [1, 3]
    assert (document["ok"], document["data_size"]) == (False, None)


def test_test_several(packed: Path, text: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = str(text) + "?"
    assert main(["test", "--json", str(packed), str(text), missing]) == 3
    good, damaged, absent = json.loads(capsys.readouterr().out)
    assert (good["ok"], good["data_size"], good["damage"]) == (True, len(TEXT), [])
    assert not damaged["ok"]
    assert absent == {"path": missing, "error": "No such file or directory"}
    assert main(["test", str(packed), missing]) == 2


def test_many_damaged_blocks_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "many.pin"
    path.write_bytes(pyinfo.compress(TEXT, coder="raw", block_size=1000))
    for block in pyinfo.Frame(path.read_bytes()).blocks:
        flip(path, block.offset + 100)
    assert main(["test", str(path)]) == 3
    lines = lines_of_errors(capsys)
    assert len(lines) == 11
    assert lines[-1] == f"pyinfo: {path}: 18 more damaged blocks"


# -- inspect --------------------------------------------------------------------------------------


def test_inspect(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "array.pin"
    array = np.round(np.linspace(0, 900, 60_000)).astype("<f4").reshape(3, 20_000)
    path.write_bytes(pyinfo.compress(array, block_size=4096))
    frame = pyinfo.Frame(path.read_bytes())
    assert main(["inspect", str(path)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert max(len(line) for line in out.splitlines() if line != str(path)) <= 80
    for shown in (
        "4, of rotated elements",
        "240,000 bytes",
        "float32",
        "(3, 20000)",
        "constant",
        "28 more: --blocks",
    ):
        assert shown in out
    assert main(["inspect", "--blocks", str(path)]) == 0
    listed = capsys.readouterr().out
    assert len(listed.splitlines()) == len(out.splitlines()) + 27

    assert main(["inspect", "--json", str(path)]) == 0
    (document,) = json.loads(capsys.readouterr().out)
    assert (document["dtype"], document["shape"]) == ("float32", [3, 20_000])
    assert (document["data_size"], document["size"]) == (240_000, path.stat().st_size)
    assert document["planes"] == 4
    assert document["rotated"] is frame.rotated is True
    assert sum(document["modes"].values()) == len(document["blocks"]) == 60
    assert [(block["offset"], block["mode"]) for block in document["blocks"]] == [
        (block.offset, block.mode) for block in frame.blocks
    ]


def test_inspect_small_and_damaged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "empty.pin"
    path.write_bytes(pyinfo.compress(b""))
    assert main(["inspect", str(path)]) == 0
    assert "0 bytes" in capsys.readouterr().out
    flip(path, 6)
    assert main(["inspect", str(path)]) == 3
    assert len(lines_of_errors(capsys)) == 1


def test_inspect_says_that_a_frame_breaks_off(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """How much data there were is not known then: those found are not passed off as all."""
    path = tmp_path / "cut.pin"
    compressor = pyinfo.Compressor(block_size=1000)
    whole = compressor.compress(TEXT[:4000]) + compressor.flush()
    third = pyinfo.Frame(whole).blocks[2].offset
    for length, found in ((third + 9, 2), (third, 2), (len(whole) - 1, 4)):
        path.write_bytes(whole[:length])
        assert main(["inspect", "--json", str(path)]) == 3
        (document,) = json.loads(capsys.readouterr().out)
        assert not document["ok"]
        assert len(document["blocks"]) == found
        assert main(["inspect", str(path)]) == 3
        assert document["damage"] in " ".join(capsys.readouterr().out.split())
    path.write_bytes(whole)
    assert main(["inspect", "--json", str(path)]) == 0
    (document,) = json.loads(capsys.readouterr().out)
    assert (document["ok"], document["damage"]) == (True, None)


# -- Progress -------------------------------------------------------------------------------------


def test_progress(
    text: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli_output, "LONG_INPUT", 0)
    assert main(["compress", str(text)]) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich then takes the stream for a terminal
    coded = str(text) + ".pin"
    for command in (["compress", "--force", str(text)], ["decompress", "--force", coded]):
        assert main(command) == 0
        assert "text" in capsys.readouterr().err
    assert main(["test", coded]) == 0
    assert "text.pin" in capsys.readouterr().err


# -- Real processes -------------------------------------------------------------------------------


def test_standard_input_and_output(text: Path) -> None:
    packed = run("compress", "-", input=TEXT)
    assert (packed.returncode, packed.stderr) == (0, b"")
    assert pyinfo.decompress(packed.stdout).tobytes() == TEXT
    again = run("decompress", "-", input=packed.stdout)
    assert (again.returncode, again.stdout, again.stderr) == (0, TEXT, b"")
    from_file = run("compress", str(text), "-o", "-")
    assert from_file.stdout == packed.stdout
    assert run("test", "-", input=packed.stdout).stdout == b"-: ok, 28,000 bytes of data\n"
    assert b"28,000 bytes" in run("inspect", "-", input=packed.stdout).stdout
    assert run("test", "-", input=packed.stdout[:-1]).returncode == 3
    assert run("decompress", "-", input=packed.stdout[:-1]).returncode == 3
    assert names(text.parent) == ["text"]


def test_standard_input_to_a_file(tmp_path: Path) -> None:
    out = tmp_path / "out.pin"
    assert run("compress", "-", "-o", str(out), input=TEXT).returncode == 0
    assert pyinfo.decompress(out.read_bytes()).tobytes() == TEXT
    assert names(tmp_path) == ["out.pin"]


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="the system has no pseudo-terminals")
def test_compressed_bytes_are_not_for_terminals(text: Path) -> None:
    refused = run_on_terminal("compress", "-o", "-", str(text))
    assert (refused.returncode, refused.stdout) == (2, b"")
    assert b"terminal" in refused.stderr
    forced = run_on_terminal("compress", "-o", "-", "--force", str(text))
    assert forced.returncode == 0
    assert pyinfo.decompress(forced.stdout).tobytes() == TEXT


def test_closed_output_pipe(packed: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = run("decompress", str(packed), "-o", "-", stdout=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("command", ["compress", "decompress"])
def test_interruption_leaves_nothing(tmp_path: Path, command: str, number: str) -> None:
    pipe_path, out = tmp_path / "pipe", tmp_path / "out"
    os.mkfifo(pipe_path)
    out.write_bytes(b"what was there before")
    arguments = [sys.executable, "-m", "pyinfo", command, str(pipe_path), "-o", str(out)]
    with subprocess.Popen(
        [*arguments, "--force"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        pipe = open_for_writing(str(pipe_path), process)
        os.write(pipe, TEXT if command == "compress" else pyinfo.compress(TEXT)[:-10])
        # The temporary file is there before anything is read.
        while not any(name.startswith(".pyinfo-") for name in names(tmp_path)):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(getattr(signal, number))
        stdout, stderr = process.communicate(timeout=DEADLINE)
        os.close(pipe)
    expected = 130 if number == "SIGINT" else 128 + getattr(signal, number)
    assert (process.returncode, stdout, stderr) == (expected, b"", b"")
    assert names(tmp_path) == ["out", "pipe"]
    assert out.read_bytes() == b"what was there before"


# -- Files that change, and files that are none ---------------------------------------------------


@pytest.mark.parametrize("change", ["replaced", "rewritten", "grown", "touched"])
@pytest.mark.parametrize("command", ["compress", "decompress"])
def test_rm_keeps_what_was_not_verified(
    tmp_path: Path,
    command: str,
    change: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What has the name in the end is another file, or another content."""
    path = tmp_path / "file.pin"
    before = pyinfo.compress(TEXT, block_size=8192)
    path.write_bytes(before)
    output = tmp_path / "output"

    def changed(*_: object) -> None:
        """When all has been read, and what was written is on its way to its name."""
        if change == "replaced":
            newer = tmp_path / "newer"
            newer.write_bytes(before)
            newer.replace(path)
        elif change == "rewritten":
            time.sleep(0.02)
            path.write_bytes(before)
        elif change == "grown":
            with path.open("ab") as file:
                file.write(b"more")
        else:
            os.utime(path, ns=(1, 1))

    place = whole_files._give_name

    def late(temporary: Path, target: Path, *, overwrite: bool) -> None:
        changed()
        place(temporary, target, overwrite=overwrite)

    monkeypatch.setattr(whole_files, "_give_name", late)
    assert main([command, "--rm", str(path), "-o", str(output)]) == 2
    (line,) = lines_of_errors(capsys)
    assert "has changed meanwhile" in line
    assert path.exists()
    assert output.exists()
    if command == "compress":
        assert pyinfo.decompress(output.read_bytes()).tobytes() == before


def test_rm_syncs_the_folder_before_it_removes(text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order = []
    sync, unlink = whole_files.sync_folder, Path.unlink
    monkeypatch.setattr(
        whole_files, "sync_folder", lambda folder: (order.append(folder), sync(folder))
    )

    def removed(path: Path, **options: Any) -> None:
        order.append(path)
        unlink(path, **options)

    monkeypatch.setattr(Path, "unlink", removed)
    assert main(["compress", "--rm", str(text)]) == 0
    assert order[0] == text.parent
    assert order[-1] == text


def test_a_file_that_appears_at_the_last_moment_stays(
    text: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = text.with_name("output")
    place = whole_files._give_name

    def late(temporary: Path, target: Path, *, overwrite: bool) -> None:
        target.write_bytes(b"theirs")
        place(temporary, target, overwrite=overwrite)

    monkeypatch.setattr(whole_files, "_give_name", late)
    assert main(["compress", str(text), "-o", str(output)]) == 2
    assert "exists already" in lines_of_errors(capsys)[0]
    assert output.read_bytes() == b"theirs"
    assert names(text.parent) == ["output", "text"]
    assert main(["compress", str(text), "-o", str(output), "--force"]) == 0
    assert pyinfo.decompress(output.read_bytes()).tobytes() == TEXT


@pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX has them")
def test_nobody_else_can_read_the_copy_of_a_private_file(
    text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text.chmod(0o644)
    seen = []

    def watched(*args: Any, **options: Any) -> FileSizes:
        (part,) = text.parent.glob(".pyinfo-*.part")
        seen.append(part.stat().st_mode & 0o777)
        return compress_file(*args, **options)

    monkeypatch.setattr(cli_compress, "compress_file", watched)
    assert main(["compress", str(text)]) == 0
    assert seen == [0o600]
    assert text.with_name("text.pin").stat().st_mode & 0o777 == 0o644


@pytest.mark.skipif(os.name != "posix", reason="groups as POSIX has them")
def test_what_a_group_may_is_not_for_another_group(
    text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError

    status = text.stat()
    for mode, expected in ((0o640, 0o600), (0o664, 0o644), (0o600, 0o600), (0o750, 0o700)):
        other_group: Any = SimpleNamespace(
            st_mode=status.st_mode & ~0o777 | mode,
            st_uid=status.st_uid,
            st_gid=status.st_gid + 1,
            st_atime_ns=1,
            st_mtime_ns=2,
        )
        with monkeypatch.context() as patched:
            patched.setattr(os, "fchown", refused)
            target = text.with_name(f"copy_{mode:o}")
            with whole_files.whole_file(target, overwrite=False, source=other_group) as file:
                file.write(b"x")
        assert target.stat().st_mode & 0o777 == expected


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="no name for standard output")
def test_outputs_that_are_open_already(text: Path, tmp_path: Path) -> None:
    frame = pyinfo.Compressor()
    expected = frame.compress(TEXT) + frame.flush()
    for name in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"):
        if Path(name).parent.exists():
            done = run("compress", str(text), "-o", name, text=False)
            assert (done.returncode, done.stdout) == (0, expected)
    archive = tmp_path / "archive"
    archive.write_bytes(b"kept ")
    with archive.open("ab") as file:
        command = [sys.executable, "-m", "pyinfo", "compress", str(text), "--force"]
        subprocess.run([*command, "-o", "/dev/stdout"], stdout=file, check=True, timeout=DEADLINE)
    assert archive.read_bytes() == b"kept " + expected
    done = run("compress", "--json", str(text), "-o", "/dev/stdout")
    assert done.returncode == 2
    read, write = os.pipe()
    with os.fdopen(read, "rb") as pipe:
        command = [sys.executable, "-m", "pyinfo", "compress", str(text)]
        subprocess.run(
            [*command, "-o", f"/dev/fd/{write}"],
            pass_fds=[write], capture_output=True, check=True, timeout=DEADLINE,
        )  # fmt: skip
        os.close(write)
        assert pipe.read() == expected


@pytest.mark.skipif(os.name != "posix", reason="links as POSIX has them")
def test_outputs_through_links_in_a_circle(text: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = text.with_name("one"), text.with_name("two")
    one.symlink_to(two)
    two.symlink_to(one)
    for options in ([], ["--force"]):
        assert main(["compress", str(text), "-o", str(one), *options]) == 2
        (line,) = lines_of_errors(capsys)
        assert "symbolic links" in line


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
@pytest.mark.parametrize("command", ["inspect", "test"])
def test_pipes_are_read(tmp_path: Path, packed: Path, command: str) -> None:
    expected = run(command, str(packed))
    data = packed.read_bytes()
    for name in ("/dev/stdin", "-"):
        done = subprocess.run(
            [sys.executable, "-m", "pyinfo", command, name],
            input=data, capture_output=True, timeout=DEADLINE, check=True,
        )  # fmt: skip
        assert len(done.stdout.splitlines()) == len(expected.stdout.splitlines())
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with subprocess.Popen(
        [sys.executable, "-m", "pyinfo", command, str(fifo)], stdout=subprocess.PIPE
    ) as reader:
        fifo.write_bytes(data)
        out, _ = reader.communicate(timeout=DEADLINE)
    assert reader.returncode == 0
    assert len(out.splitlines()) == len(expected.stdout.splitlines())


def test_frames_one_after_another(
    tmp_path: Path, packed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, array = packed.read_bytes(), np.arange(500, dtype="<f4")
    second = pyinfo.compress(array, block_size=100)
    both = tmp_path / "both.pin"
    both.write_bytes(first + second + first)
    assert main(["decompress", str(both)]) == 0
    assert (tmp_path / "both").read_bytes() == TEXT + array.tobytes() + TEXT
    capsys.readouterr()
    assert main(["test", str(both)]) == 0
    assert f"ok, {2 * len(TEXT) + 2000:,} bytes of data" in capsys.readouterr().out
    assert main(["inspect", "--json", str(both)]) == 0
    documents = json.loads(capsys.readouterr().out)
    assert [(d["frame"], d["frames"], d["offset"], d["dtype"]) for d in documents] == [
        (0, 3, 0, "uint8"),
        (1, 3, len(first), "float32"),
        (2, 3, len(first + second), "uint8"),
    ]
    assert documents[1]["blocks"][0]["offset"] > len(first)
    assert main(["inspect", str(both)]) == 0
    assert f"{both}, frame 2 of 3" in capsys.readouterr().out
    flip(both, len(first) + len(second) + 60)
    flip(both, 60)
    assert main(["test", str(both)]) == 3
    found = lines_of_errors(capsys)
    assert len(found) == 2
    assert f"frame at byte {len(first + second)}: block 0" in found[1]
    both.write_bytes(first + b"garbage")
    for command in ("test", "inspect", "decompress"):
        assert main([command, str(both), *(["--force"] if command == "decompress" else [])]) == 3
        assert "follow" in capsys.readouterr().err


def test_metadata_are_tested_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.pin"
    for text in (b"bfloat17", b"=f4", b"nonsense"):
        metadata = b"\1\0" + bytes([len(text), 0]) + text + b"\1\x0a"
        path.write_bytes(_core.compress(bytes(40), 4, metadata, 10, 0, 2, 1, False))
        for command in ("test", "inspect", "decompress"):
            for threads in ([], ["--threads", "2"]) if command != "inspect" else ([],):
                assert main([command, str(path), *threads]) == 3
                (line,) = lines_of_errors(capsys)
                assert "describes no array" in line
        assert names(tmp_path) == ["a.pin"]


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_interrupts_while_the_command_starts() -> None:
    """Whenever Ctrl-C comes, from the first import of the package on."""
    program = (
        "import os, signal, sys\n"
        "wanted = sys.argv[1]\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == wanted:\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "sys.orig_argv, sys.argv = ['python', '-m', 'pyinfo', 'info'], ['-m', 'info']\n"
        "import pyinfo.__main__\n"
        "sys.exit(pyinfo.__main__.main(['info']))\n"
    )
    for name in ("numpy", "numpy._core._multiarray_umath", "pyinfo._core", "pyinfo.measures"):
        command = [sys.executable, "-P", "-c", program, name]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=DEADLINE, check=False
        )
        assert (done.returncode, done.stdout, done.stderr) == (130, "", ""), name
    for name in ("rich.console", "pyinfo.cli.main"):
        command = [sys.executable, "-P", "-c", program, name]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=DEADLINE, check=False
        )
        assert (done.returncode, done.stdout, done.stderr) == (130, "", ""), name
    library = "import signal, sys, pyinfo; assert signal.getsignal(2) is signal.default_int_handler"
    subprocess.run([sys.executable, "-P", "-c", library], check=True, timeout=DEADLINE)
