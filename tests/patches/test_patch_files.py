"""Patches of safetensors files and folders: byte for byte, refused as a whole, finished later."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pyinfo import patches
from pyinfo.cli.main import main
from pyinfo.errors import CorruptDataError

Tensors = dict[str, tuple[str, np.ndarray[Any, Any]]]


def written(path: Path, tensors: Tensors, metadata: dict[str, str] | None = None) -> None:
    """A safetensors file, in plain Python."""
    header: dict[str, Any] = {} if metadata is None else {"__metadata__": metadata}
    data = b""
    for name, (dtype, array) in tensors.items():
        begin = len(data)
        data += array.tobytes()
        header[name] = {
            "dtype": dtype, "shape": list(array.shape), "data_offsets": [begin, len(data)],
        }  # fmt: skip
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def model(seed: int = 0) -> Tensors:
    rng = np.random.default_rng(seed)
    raw = rng.normal(0, 0.02, 6000).astype(np.float32).view(np.uint32) >> 16
    return {
        "embedding": ("BF16", raw.astype("<u2").reshape(60, 100)),
        "norm": ("F32", rng.normal(1, 0.1, 300).astype("<f4")),
        "fp8": ("F8_E4M3", rng.integers(0, 256, 500, dtype=np.uint8)),
        "ids": ("I64", np.arange(50)),
        "empty": ("F16", np.zeros(0, "<f2")),
    }


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    old, new = tmp_path / "old", tmp_path / "new"
    before, after = model(), model()
    dtype, moved = after["embedding"]
    moved.reshape(-1)[::7] += 1
    after["norm"] = ("F16", after["norm"][1].astype("<f2"))
    after["added"] = (dtype, moved[:3].copy())
    del after["ids"]
    written(old / "model-1.safetensors", before, {"format": "pt"})
    written(new / "model-1.safetensors", after, {"format": "pt", "step": "2"})
    for folder in (old, new):
        written(folder / "model-2.safetensors", model(1))
        (folder / "config.json").write_text('{"same": 1}')
    (old / "removed.txt").write_text("gone")
    (new / "deeper").mkdir()
    (new / "deeper" / "notes é.txt").write_text("new")
    (new / "nothing").write_bytes(b"")
    (new / "noise.safetensors").write_bytes(b"\x05\0\0\0\0\0\0\0{]}[]")
    return old, new


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_folders(folders: tuple[Path, Path], tmp_path: Path) -> None:
    old, new = folders
    done = patches.diff_files(old, new, tmp_path / "patch")
    assert done.patch_size == (tmp_path / "patch").stat().st_size
    assert (done.files, done.tensors) == (6, 8)
    assert done.changed_tensors == 3
    assert done.size == sum(map(len, contents(new).values()))
    before = contents(old)
    assert patches.apply_files(old, tmp_path / "patch", tmp_path / "elsewhere") == done
    assert contents(tmp_path / "elsewhere") == contents(new)
    assert contents(old) == before
    for _ in range(2):  # the second time there is nothing to do
        assert patches.apply_files(old, tmp_path / "patch") == done
        assert contents(old) == contents(new)


def test_threads_and_files(folders: tuple[Path, Path], tmp_path: Path) -> None:
    old, new = (folder / "model-1.safetensors" for folder in folders)
    patches.diff_files(old, new, tmp_path / "one")
    patches.diff_files(old, new, tmp_path / "three", threads=3)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "three").read_bytes()
    patches.apply_files(old, tmp_path / "one", tmp_path / "result", threads=2)
    assert (tmp_path / "result").read_bytes() == new.read_bytes()
    with pytest.raises(FileExistsError):
        patches.diff_files(old, new, tmp_path / "one")
    with pytest.raises(FileExistsError):
        patches.apply_files(old, tmp_path / "one", folders[0] / "config.json")
    with pytest.raises(ValueError, match="both be folders"):
        patches.diff_files(folders[0], new, tmp_path / "other")
    with pytest.raises(ValueError, match="patch is for a file"):
        patches.apply_files(folders[0], tmp_path / "one")


def test_wrong_base_changes_nothing(folders: tuple[Path, Path], tmp_path: Path) -> None:
    old, new = folders
    patches.diff_files(old, new, tmp_path / "patch")
    target = old / "model-2.safetensors"
    data = bytearray(target.read_bytes())
    data[-1] ^= 1
    target.write_bytes(data)
    before = contents(old)
    with pytest.raises(ValueError, match=r"model-2.safetensors is not the file"):
        patches.apply_files(old, tmp_path / "patch")
    assert contents(old) == before
    target.unlink()
    with pytest.raises(FileNotFoundError, match="is missing"):
        patches.apply_files(old, tmp_path / "patch")


def test_damage_changes_nothing(folders: tuple[Path, Path], tmp_path: Path) -> None:
    old, new = folders
    patches.diff_files(old, new, tmp_path / "patch")
    whole = (tmp_path / "patch").read_bytes()
    before = contents(old)
    rng = np.random.default_rng(0)
    for at in [0, 5, len(whole) - 1, *rng.integers(8, len(whole), 30)]:
        damaged = bytearray(whole)
        damaged[at] ^= 1 << int(rng.integers(8))
        (tmp_path / "patch").write_bytes(damaged)
        with pytest.raises(CorruptDataError):
            patches.apply_files(old, tmp_path / "patch")
        assert contents(old) == before
    for cut in [0, 10, len(whole) // 2, len(whole) - 1]:
        (tmp_path / "patch").write_bytes(whole[:cut])
        with pytest.raises(CorruptDataError):
            patches.apply_files(old, tmp_path / "patch")
    assert contents(old) == before


@pytest.mark.parametrize("path", ["../out", "/etc/out", "a//b", "a/./b", "C:/x", "a\\b"])
def test_paths_that_lead_out_of_the_folder(path: str, tmp_path: Path) -> None:
    from pyinfo.patches.file_patch import BodyWriter, FileState, PatchedFile

    state = FileState(0, "0" * 64)
    with (tmp_path / "patch").open("wb") as sink:
        BodyWriter(sink).finish([PatchedFile(path, None, state, ())])
    (tmp_path / "folder").mkdir()
    with pytest.raises(CorruptDataError, match="path"):
        patches.apply_files(tmp_path / "folder", tmp_path / "patch")


KILLED = """
import os, sys
from pyinfo import patches
from pathlib import Path
left = int(sys.argv[3])
replace, link = Path.replace, os.link
def counted(function):
    def call(*arguments, **options):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), 9)
        return function(*arguments, **options)
    return call
Path.replace, os.link, Path.unlink = map(counted, (replace, link, Path.unlink))
patches.apply_files(sys.argv[1], sys.argv[2])
"""


@pytest.mark.once
@pytest.mark.skipif(sys.platform == "win32", reason="the system has no SIGKILL")
def test_killed_and_called_again(folders: tuple[Path, Path], tmp_path: Path) -> None:
    old, new = folders
    patches.diff_files(old, new, tmp_path / "patch")
    for steps in (0, 3, 6):
        folder = tmp_path / f"killed_{steps}"
        shutil.copytree(old, folder)
        arguments = [str(folder), str(tmp_path / "patch"), str(steps)]
        run = subprocess.run([sys.executable, "-c", KILLED, *arguments], check=False)
        assert run.returncode == -9
        patches.apply_files(folder, tmp_path / "patch")
        left = {k: v for k, v in contents(folder).items() if k.rpartition("/")[2][0] != "."}
        assert left == contents(new)


# -- The command line -----------------------------------------------------------------------------


def test_commands(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("rich")
    old, new = map(str, folders)
    patch = str(tmp_path / "patch")
    assert main(["diff", old, new, "-o", patch]) == 0
    assert "3 of 8 tensors" in capsys.readouterr().out
    assert main(["diff", old, new, "-o", patch]) == 2
    assert f"{patch}: it exists already" in capsys.readouterr().err  # not what it is made from
    assert main(["diff", old, new, "-o", patch, "--force", "--json", "--threads", "0"]) == 0
    document = json.loads(capsys.readouterr().out)[0]
    assert (document["changed_tensors"], document["output"]) == (3, patch)
    assert main(["apply", old, patch, "-o", str(tmp_path / "made")]) == 0
    assert contents(tmp_path / "made") == contents(folders[1])
    assert main(["apply", old, patch, "--json"]) == 0
    assert contents(folders[0]) == contents(folders[1])
    capsys.readouterr()
    Path(patch).write_bytes(b"nothing of the kind, but long enough to be one")
    assert main(["apply", old, patch]) == 3
    assert f"{patch}: it is no patch of files" in capsys.readouterr().err
    assert main(["apply", old, f"{patch}2"]) == 2
    assert f"{patch}2: No such file" in capsys.readouterr().err
    assert main(["diff", old, str(tmp_path / "none"), "-o", patch, "--force"]) == 2


def test_progress(folders: tuple[Path, Path], tmp_path: Path) -> None:
    calls: list[tuple[int, int | None]] = []
    done = patches.diff_files(
        *folders, tmp_path / "patch", progress=lambda at, of: calls.append((at, of))
    )
    assert calls[-1] == (done.size, done.size)
    calls.clear()
    patches.apply_files(
        folders[0], tmp_path / "patch", progress=lambda at, of: calls.append((at, of))
    )
    assert calls[-1] == (done.size, done.size)
    assert sorted(calls) == calls


@pytest.mark.parametrize(("before", "after"), [("a", "a/b"), ("a/b", "a")])
def test_a_file_that_becomes_a_folder(before: str, after: str, tmp_path: Path) -> None:
    """Names are taken one by one, so it cannot be done in place; elsewhere it can."""
    old, new, other = (tmp_path / name for name in ("old", "new", "other"))
    written(old / before, model())
    written(new / after, model(1))
    patches.diff_files(old, new, tmp_path / "patch")
    with pytest.raises(ValueError, match="becomes a folder, or a folder a file: name another"):
        patches.apply_files(old, tmp_path / "patch")
    assert [path for path in old.rglob("*") if path.is_file()] == [old / before]
    patches.apply_files(old, tmp_path / "patch", other)
    assert (other / after).read_bytes() == (new / after).read_bytes()


def test_a_patch_never_replaces_what_it_is_about(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = folders
    for name in (old / "model-1.safetensors", new / "model-1.safetensors"):
        before = name.read_bytes()
        with pytest.raises(ValueError, match="is the patch, and one of the files"):
            patches.diff_files(old, new, name, overwrite=True)
        with pytest.raises(ValueError, match="is the patch, and one of the files"):
            patches.diff_files(old / name.name, new / name.name, name, overwrite=True)
        assert name.read_bytes() == before
    one, patch = old / "model-1.safetensors", tmp_path / "patch"
    patches.diff_files(one, new / "model-1.safetensors", patch)
    before = patch.read_bytes()
    with pytest.raises(ValueError, match="is the patch, and one of the files"):
        patches.apply_files(one, patch, patch, overwrite=True)
    assert patch.read_bytes() == before
    assert main(["diff", str(old), str(new), "-o", str(one), "--force"]) == 2
    assert "is the patch, and one of the files" in capsys.readouterr().err


def test_destinations_of_another_kind(folders: tuple[Path, Path], tmp_path: Path) -> None:
    old, new = folders
    one = old / "model-1.safetensors"
    patches.diff_files(old, new, tmp_path / "of folders")
    patches.diff_files(one, new / one.name, tmp_path / "of files")
    with pytest.raises(ValueError, match="is a file: the patch makes a folder"):
        patches.apply_files(old, tmp_path / "of folders", one, overwrite=True)
    with pytest.raises(ValueError, match="is a folder: the patch makes a file"):
        patches.apply_files(one, tmp_path / "of files", new, overwrite=True)


def test_nothing_is_left_of_a_new_folder(folders: tuple[Path, Path], tmp_path: Path) -> None:
    old, new = folders
    (new / "a" / "b").mkdir(parents=True)
    (new / "a" / "b" / "first.txt").write_text("first")
    patches.diff_files(old, new, tmp_path / "patch")
    (old / "model-1.safetensors").write_bytes(b"another")
    with pytest.raises(ValueError, match="is not the file"):
        patches.apply_files(old, tmp_path / "patch", tmp_path / "made" / "here")
    assert not (tmp_path / "made").exists()
    with pytest.raises(ValueError, match="is not the file"):
        patches.apply_files(old, tmp_path / "patch")
    assert not (old / "a").exists()


def test_links_that_lead_out_of_the_folder(folders: tuple[Path, Path], tmp_path: Path) -> None:
    old, new = folders
    (new / "a").mkdir()
    (new / "a" / "new.txt").write_text("new")
    patches.diff_files(old, new, tmp_path / "patch")
    (tmp_path / "elsewhere").mkdir()
    try:
        (old / "a").symlink_to("../elsewhere")
    except OSError as error:
        pytest.skip(f"links cannot be made here: {error}")
    with pytest.raises(ValueError, match="is a link"):
        patches.apply_files(old, tmp_path / "patch")
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("path", ["", "-"])
def test_paths_that_commands_refuse(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An empty one is no name for the current folder, and "-" is none for a file."""
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "a", model())
    for arguments in (
        ("diff", path, "a", "-o", "p"), ("diff", "a", path, "-o", "p"),
        ("diff", "a", "a", "-o", path), ("apply", path, "p"), ("apply", "a", path),
        ("apply", "a", "p", "-o", path),
    ):  # fmt: skip
        if path:
            assert main(arguments) == 2
            assert "files with names" in capsys.readouterr().err
        else:
            with pytest.raises(SystemExit):
                main(arguments)
            assert "names no file" in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ["a"]


def test_paths_that_are_none(tmp_path: Path) -> None:
    written(tmp_path / "a", model())
    for paths in (("", "a", "p"), ("a", "", "p"), ("a", "a", "")):
        with pytest.raises(FileNotFoundError, match="is an empty path"):
            patches.diff_files(*paths)
    with pytest.raises(TypeError, match="patch must be a path, not int"):
        patches.apply_files(tmp_path / "a", 3)  # type: ignore[arg-type]
