"""`pyinfo perplexity` and `pyinfo compare`: formats, numbers, pictures, and what they refuse."""

from __future__ import annotations

import io
import json
import math
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pyinfo import logits
from pyinfo.__main__ import main
from pyinfo.cli import logit_files
from support.kld_writer import kld_file, log_softmax
from support.programs import run

pytestmark = pytest.mark.once

RNG = np.random.default_rng(4)
CHUNKS, LENGTH, CLASSES = 3, 17, 31
ROWS = LENGTH - 1 - LENGTH // 2
TOKENS = RNG.integers(0, CLASSES, (CHUNKS, LENGTH))
LABELS = TOKENS[:, LENGTH // 2 + 1 :]
BASE = (RNG.standard_normal((CHUNKS, ROWS, CLASSES)) * 2).astype(np.float32)
OTHER = BASE + np.float32(0.05) * RNG.standard_normal(BASE.shape).astype(np.float32)


@pytest.fixture(autouse=True)
def _few_rows_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logit_files, "STEP_BYTES", 5 * 4 * CLASSES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    np.save(tmp_path / "base.npy", BASE)
    np.save(tmp_path / "other.npy", OTHER)
    np.save(tmp_path / "labels.npy", LABELS)
    np.savez(tmp_path / "other.npz", logits=OTHER, labels=LABELS)
    np.savez_compressed(tmp_path / "base.npz", logits=BASE, labels=LABELS)
    (tmp_path / "base.kld").write_bytes(kld_file(BASE, TOKENS))
    (tmp_path / "other.kld").write_bytes(kld_file(OTHER, TOKENS))
    return tmp_path


Ask = Callable[..., Any]


@pytest.fixture
def ask(folder: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    def ask(command: str, *names: str, code: int = 0) -> Any:
        words = [name if name.startswith("-") else str(folder / name) for name in names]
        assert main([command, *words, "--json"]) == code
        [document] = json.loads(capsys.readouterr().out, parse_constant=refuse)
        return document

    return ask


# -- Numbers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names", [("base.npy", "labels.npy"), ("base.npz",), ("base.npy", "base.npz")]
)
def test_perplexity(ask: Ask, names: tuple[str, ...]) -> None:
    found = ask("perplexity", *names)
    losses = -np.take_along_axis(log_softmax(BASE.astype(float)), LABELS[..., None], -1).ravel()
    error = losses.std(ddof=1) / math.sqrt(losses.size)
    assert (found["rows"], found["ignored"], found["classes"]) == (CHUNKS * ROWS, 0, CLASSES)
    assert math.isclose(found["cross_entropy"], losses.mean(), rel_tol=1e-6)
    assert math.isclose(found["cross_entropy_error"], error, rel_tol=1e-6)
    assert math.isclose(found["bits"], losses.mean() / math.log(2), rel_tol=1e-6)
    assert math.isclose(found["perplexity"], math.exp(losses.mean()), rel_tol=1e-6)
    assert math.isclose(found["perplexity_error"], math.exp(losses.mean()) * error, rel_tol=1e-6)


def test_comparison_is_that_of_the_library(ask: Ask) -> None:
    wanted = asdict(logits.compare(BASE, OTHER, LABELS))
    for names in (("base.npy", "other.npy", "labels.npy"), ("base.npz", "other.npy")):
        found = ask("compare", *names)
        assert {key: found[key] for key in wanted} == wanted
    found = ask("compare", "base.npy", "other.npz")
    assert {key: found[key] for key in wanted} == wanted
    found = ask("compare", "base.npy", "other.npy")
    assert found["labels"] is False
    assert found["base_perplexity"] is None
    assert found["kl_mean"] == wanted["kl_mean"]


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["<f8", ">f4", "<f2", ">f2"])
def test_types_and_orders(ask: Ask, folder: Path, dtype: str, order: str) -> None:
    x = np.asarray(BASE.reshape(-1, CLASSES), dtype, order=order)
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", LABELS.ravel().astype(">i2"))
    found = ask("perplexity", "x.npy", "y.npy")
    assert math.isclose(found["perplexity"], logits.perplexity(x, LABELS.ravel()), rel_tol=1e-6)
    assert found["dtype"] == np.dtype(dtype).name


def test_bfloat16(ask: Ask, folder: Path) -> None:
    """As ml_dtypes' arrays are saved: raw elements of two bytes."""
    bits = (BASE.view(np.uint32) >> 16).astype(np.uint16)
    np.save(folder / "x.npy", bits.view("V2"))
    exact = (bits.astype(np.uint32) << 16).view(np.float32)
    found = ask("perplexity", "x.npy", "labels.npy")
    assert math.isclose(found["perplexity"], logits.perplexity(exact, LABELS), rel_tol=1e-6)
    assert found["dtype"] == "bfloat16"
    found = ask("compare", "x.npy", "base.npy", "labels.npy")
    assert found["kl_mean"] == logits.compare(exact, BASE).kl_mean


def test_ignored_rows(ask: Ask, folder: Path) -> None:
    labels = LABELS.copy()
    labels[1:] = -1
    np.save(folder / "some.npy", labels)
    found = ask("perplexity", "base.npy", "some.npy", "--ignore-index=-1")
    assert (found["rows"], found["ignored"]) == (ROWS, (CHUNKS - 1) * ROWS)
    assert math.isclose(found["perplexity"], logits.perplexity(BASE[0], LABELS[0]), rel_tol=1e-6)
    found = ask("compare", "base.npy", "other.npy", "some.npy", "--ignore-index=-1")
    assert found["rows"] == ROWS
    np.save(folder / "none.npy", np.full_like(labels, -1))
    for names in (("perplexity", "base.npy"), ("compare", "base.npy", "other.npy")):
        found = ask(*names, "none.npy", "--ignore-index=-1", code=2)
        assert found["error"] == "every row is ignored"


def test_what_is_not_finite_is_null(ask: Ask, folder: Path) -> None:
    x = BASE.copy()
    np.put_along_axis(x, LABELS[..., None], -np.inf, -1)
    np.save(folder / "x.npy", x)
    found = ask("perplexity", "x.npy", "labels.npy")
    assert (found["perplexity"], found["cross_entropy"]) == (None, None)
    found = ask("compare", "base.npy", "x.npy", "labels.npy")
    assert (found["kl_mean"], found["other_perplexity"]) == (None, None)
    assert found["base_perplexity"] > 1


# -- llama.cpp -------------------------------------------------------------------------------------


def test_kld_files_have_rows_and_labels(ask: Ask) -> None:
    found = ask("perplexity", "base.kld")
    assert (found["rows"], found["classes"]) == (CHUNKS * ROWS, CLASSES)
    assert math.isclose(found["perplexity"], logits.perplexity(BASE, LABELS), rel_tol=2e-4)
    found = ask("compare", "base.kld", "other.kld")
    wanted = logits.compare(BASE, OTHER, LABELS)
    assert math.isclose(found["kl_mean"], wanted.kl_mean, rel_tol=0.01)
    assert math.isclose(found["rms_delta_p"], wanted.rms_delta_p or 0, rel_tol=0.02)
    assert ask("compare", "base.kld", "base.kld")["kl_max"] == 0
    found = ask("compare", "base.kld", "other.npy")
    assert math.isclose(found["kl_mean"], wanted.kl_mean, rel_tol=0.01)


def test_classes_below_the_range_of_a_kld_file(ask: Ask, folder: Path) -> None:
    """Tens of thousands of them would weigh 1 % if each had the smallest value."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1, 8, 50_001)) - 25
    x[..., :40] += 25
    y = x + 0.01 * rng.standard_normal(x.shape)
    tokens = rng.integers(0, 40, (1, LENGTH))
    (folder / "x.kld").write_bytes(kld_file(x, tokens))
    (folder / "y.kld").write_bytes(kld_file(y, tokens))
    exact = logits.compare(x, y, tokens[:, 9:])
    found = ask("compare", "x.kld", "y.kld")
    assert math.isclose(found["kl_mean"], exact.kl_mean, rel_tol=0.05)
    assert math.isclose(found["base_perplexity"], exact.base_perplexity or 0, rel_tol=1e-4)


def test_rows_of_equal_or_extreme_values(ask: Ask, folder: Path) -> None:
    x = np.zeros((1, ROWS, CLASSES))
    x[0, 0, 3] = 500
    (folder / "x.kld").write_bytes(kld_file(x, TOKENS[:1]))
    np.save(folder / "x.npy", x)
    found = ask("compare", "x.kld", "x.npy")
    assert found["kl_max"] < 1e-2  # e^-16 for each of 30 classes, where the other has e^-500
    assert found["kl_median"] == 0
    x[0, 0, :3] = -np.inf  # masked: nothing of a .kld file says so
    np.save(folder / "x.npy", x)
    assert ask("compare", "x.kld", "x.npy")["kl_max"] < 1e-2
    x[0, 1, :3] = -np.inf
    np.save(folder / "x.npy", x)
    assert ask("compare", "x.kld", "x.npy")["kl_max"] is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda data: data[:15], "the header of a .kld file is incomplete"),
        (lambda data: data[:-1], "damaged: the .kld header promises"),
        (lambda data: data + b"\0", "damaged: the .kld header promises"),
        (lambda data: data[:8] + struct.pack("<i", 3) + data[12:], "damaged .kld header"),
        (lambda data: data[:8] + struct.pack("<i", -1) + data[12:], "damaged .kld header"),
        (lambda data: data[:12] + struct.pack("<i", 0) + data[16:], "damaged .kld header"),
        (lambda data: data[:16] + struct.pack("<i", 2**31 - 1) + data[20:], "header promises"),
        (lambda data: data[:20] + struct.pack("<i", CLASSES) + data[24:], "token 0 is 31"),
        (lambda data: data[:20] + struct.pack("<i", -5) + data[24:], "token 0 is -5"),
    ],
)
def test_damaged_kld_files(
    ask: Ask, folder: Path, change: Callable[[bytes], bytes], reason: str
) -> None:
    (folder / "base.kld").write_bytes(change((folder / "base.kld").read_bytes()))
    assert reason in ask("perplexity", "base.kld", code=3)["error"]
    assert reason in ask("compare", "base.kld", "other.kld", code=3)["error"]


@pytest.mark.parametrize("scale", [math.nan, math.inf, -1.0])
def test_damaged_rows_of_kld_files(
    ask: Ask, folder: Path, scale: float, capsys: pytest.CaptureFixture[str]
) -> None:
    data = bytearray((folder / "base.kld").read_bytes())
    row = 7
    begin = 20 + 4 * TOKENS.size + row * 2 * (4 + CLASSES + 1)
    data[begin : begin + 4] = struct.pack("<f", scale)
    (folder / "bad.kld").write_bytes(data)
    assert "damaged: row 7 has the scale" in ask("perplexity", "bad.kld", code=3)["error"]
    assert main(["compare", str(folder / "bad.kld"), str(folder / "base.kld")]) == 3
    assert "bad.kld: damaged: row 7" in capsys.readouterr().err


# -- What is refused -------------------------------------------------------------------------------


def npz(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return stream.getvalue()


def npy(array: Any, **options: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :]


BAD_LOGITS = {
    "text": (b"some text", 2, "is none of .npy, .npz and .kld"),
    "empty": (b"", 2, "is none of .npy, .npz and .kld"),
    "integers": (npy(np.zeros((2, 3), int)), 2, "holds int64: logits are float64"),
    "objects": (npy(np.array([None]), allow_pickle=True), 2, "Python objects"),
    "a number": (npy(np.float32(3)), 2, "has no rows of logits"),
    "no rows": (npy(np.zeros((0, 3))), 2, "has no rows of logits: its shape is (0, 3)"),
    "cut off": (npy(BASE)[:-1], 3, "the .npy header promises"),
    "longer": (npy(BASE) + b"\0", 3, "the .npy header promises"),
    "no header": (npy(BASE)[:40], 3, "the .npy header is incomplete"),
    "Fortran": (npy(np.asfortranarray(BASE)), 2, "Fortran order with more than two"),
    "no array": (npz(other=npy(BASE), labels=npy(LABELS)), 2, "has no array 'logits'"),
    "no members": (npz(), 2, "has no array 'logits'"),
    "other labels": (npz(logits=npy(BASE), labels=npy(LABELS[:2])), 2, "has 16 labels for 24 rows"),
    "soft labels": (npz(logits=npy(BASE), labels=npy(LABELS * 1.0)), 2, "labels must be integers"),
    "zipped text": (npz(logits=b"some text"), 3, "damaged .npz: logits.npy is no .npy file"),
    "short member": (npz(logits=npy(BASE)[:-4]), 3, "has not the size that its header says"),
    "zipped Fortran": (npz(logits=npy(np.asfortranarray(BASE))), 2, "Fortran order"),
    "wrong bits": (flipped(npz(logits=npy(BASE)), 1500), 3, "damaged .npz: Bad CRC-32"),
    "half a zip": (npz(logits=npy(BASE))[:3000], 3, "damaged .npz: File is not a zip file"),
}


@pytest.mark.parametrize("name", BAD_LOGITS)
def test_files_that_hold_no_logits(ask: Ask, folder: Path, name: str) -> None:
    data, code, reason = BAD_LOGITS[name]
    (folder / "bad").write_bytes(data)
    assert reason in ask("perplexity", "bad", "labels.npy", code=code)["error"]
    assert reason in ask("compare", "base.npy", "bad", code=code)["error"]


BAD_LABELS = {
    "text": (b"some text", 2, "is neither .npy nor .npz"),
    "floats": (npy(LABELS * 1.0), 2, "labels must be integers, not float64"),
    "fewer": (npy(LABELS[:2]), 2, "has 16 labels for 24 rows"),
    "large": (npy(LABELS + CLASSES), 2, "is out of range for 31 classes"),
    "negative": (npy(LABELS - 50), 2, "is out of range for 31 classes"),
    "huge": (npy(LABELS.astype(np.uint64) + 2**63), 2, "is out of range"),
    "cut off": (npy(LABELS)[:-3], 3, "the .npy header promises"),
    "unnamed": (npz(other=npy(LABELS)), 2, "has no array 'labels'"),
}


@pytest.mark.parametrize("name", BAD_LABELS)
def test_files_that_hold_no_labels(
    folder: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data, code, reason = BAD_LABELS[name]
    (folder / "bad").write_bytes(data)
    assert main(["perplexity", str(folder / "base.npy"), str(folder / "bad")]) == code
    printed = capsys.readouterr().err
    assert printed.startswith(f"pyinfo: {folder / 'bad'}: ")
    assert printed.count("\n") == 1
    assert reason in printed


def test_files_that_do_not_fit(ask: Ask, folder: Path) -> None:
    np.save(folder / "fewer.npy", BASE[:2])
    np.save(folder / "narrow.npy", BASE[..., :30])
    (folder / "text.kld").write_bytes(kld_file(BASE, (TOKENS + 1) % CLASSES))
    for name, reason in (
        ("fewer.npy", "has 16 rows, the base has 24"),
        ("narrow.npy", "has 30 classes, the base has 31"),
    ):
        assert ask("compare", "base.npy", name, code=2)["error"] == reason
    found = ask("compare", "base.kld", "text.kld", code=2)
    assert found["error"] == "is of another text than the base: their tokens differ"
    found = ask("perplexity", "base.npy", code=2)
    assert found["error"] == "has no labels: name a file that has them, too"
    found = ask("perplexity", "missing.npy", code=2)
    assert found["error"] == "No such file or directory"


def test_memory_is_bounded(tmp_path: Path) -> None:
    """Rows of 40 MB are read in steps; a compressed array of zeros is no bomb."""
    rows, classes = 10_000, 1000
    path = tmp_path / "zeros.npz"
    np.savez_compressed(
        path, logits=np.zeros((rows, classes), np.float32), labels=np.zeros(rows, np.uint8)
    )
    tracemalloc.start()
    try:
        with logit_files.opened_logits(str(path)) as found:
            for begin in range(0, rows, found.step):
                found.read(min(found.step, rows - begin))
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (4, 1099511627776)}\n"
    claim = b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header
    path.write_bytes(npz(logits=claim))
    assert main(["perplexity", str(path)]) == 3


# -- Tables and pictures ---------------------------------------------------------------------------


def test_tables(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["perplexity", str(folder / "base.kld")]) == 0
    printed = capsys.readouterr().out
    assert "24 of 31 classes" in printed
    assert "±" in printed
    assert main(["compare", str(folder / "base.npy"), str(folder / "other.npy")]) == 0
    printed = capsys.readouterr().out
    assert "mean KL divergence" in printed
    assert "ln of their ratio" not in printed
    assert main(["compare", str(folder / "base.kld"), str(folder / "other.kld")]) == 0
    printed = capsys.readouterr().out
    assert "ln of their ratio" in printed
    assert max(map(len, printed.splitlines()[1:])) <= 80


def test_standard_input(folder: Path) -> None:
    arguments = ("perplexity", "-", str(folder / "labels.npy"), "--json")
    with (folder / "base.npy").open("rb") as file:
        done = run(*arguments, stdin=file)
    assert json.loads(done.stdout)[0]["rows"] == CHUNKS * ROWS
    with (folder / "base.npz").open("rb") as file:
        done = run(*arguments, stdin=file)
    assert done.returncode == 2
    assert b"not read from standard input" in done.stderr


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_pictures(ask: Ask, folder: Path, kind: str) -> None:
    pytest.importorskip("matplotlib", reason="the picture needs matplotlib (extra plot)")
    magic = {"png": b"\x89PNG", "svg": b"<?xml"}[kind]
    for command in (("perplexity", "base.kld"), ("compare", "base.npy", "other.npy")):
        picture = folder / f"{command[0]}.{kind}"
        ask(*command, f"--plot={picture}")
        assert picture.read_bytes().startswith(magic)
        assert "exists" in ask(*command, f"--plot={picture}", code=2)["error"]
        ask(*command, f"--plot={picture}", "--force")
    assert (
        "no picture" in ask("perplexity", "base.kld", f"--plot={folder / 'x.xyz'}", code=2)["error"]
    )
    ask("compare", "base.npy", "base.npy", f"--plot={folder / 'zeros'}.{kind}")
    assert not list(folder.glob(".pyinfo*"))


def test_labels_of_two_archives_must_be_the_same(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = LABELS.copy()
    wrong[1, 2] = (wrong[1, 2] + 1) % CLASSES
    np.savez(folder / "wrong.npz", logits=OTHER, labels=wrong)
    names = [str(folder / name) for name in ("base.npz", "wrong.npz", "labels.npy")]
    assert main(["compare", *names[:2]]) == 2
    assert f"has other labels than the base, first in row {ROWS + 2}" in capsys.readouterr().err
    assert main(["compare", *names]) == 0
