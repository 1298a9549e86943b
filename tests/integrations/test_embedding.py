"""The C interface as the package carries it: files, capsule, and the same bits as from Python."""

from __future__ import annotations

import ctypes
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pyinfo
from pyinfo import _core, embedding
from pyinfo.coding.array_layout import ArrayLayout
from support.c_interface import AS_IS, CHECK, DIVIDE, HEADER, MEMBERS, Api, Options, call, table

ROOT = Path(__file__).resolve().parents[2]
EMBED = ROOT / "tests/embed"


def test_table_states_its_size_and_version() -> None:
    assert table().size == ctypes.sizeof(Api)
    (version,) = re.findall(r"#define PYINFO_ABI_VERSION (\d+)", HEADER)
    assert table().version == int(version)
    assert ctypes.string_at(table().library_version).decode() == pyinfo.__version__


@pytest.mark.parametrize("n", [1, 2, 4, 7, 64, 1000, 100_003])
@pytest.mark.parametrize("base", [2.0, np.e, 10.0])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_measures_have_the_same_bits(n: int, base: float, dtype: Any) -> None:
    rng = np.random.default_rng(n)
    suffix = "f64" if dtype is np.float64 else "f32"
    p, q = (rng.dirichlet(np.ones(n)).astype(dtype) for _ in range(2))
    for normalization, normalize in ((CHECK, None), (DIVIDE, True), (AS_IS, False)):
        factor = dtype(1 if normalize is None else 3)
        operands = [p * factor, q * factor]
        for name, count in (
            ("entropy", 1), ("cross_entropy", 2), ("kl_divergence", 2), ("js_divergence", 2),
        ):  # fmt: skip
            result = np.zeros(1, dtype)
            call(f"{name}_{suffix}", *operands[:count], n, normalization, float(base), result)
            expected = getattr(pyinfo, name)(*operands[:count], base=base, normalize=normalize)
            assert result[0] == expected, name


def test_counts_have_the_same_bits() -> None:
    counts = np.random.default_rng(1).integers(0, 2**40, 300, dtype=np.uint64)
    result = np.zeros(1)
    call("entropy_u64", counts, len(counts), 2.0, result)
    assert result[0] == pyinfo.entropy(counts)

    items = np.random.default_rng(2).integers(0, 1000, 5000, dtype=np.uint32)
    planes = np.zeros((4, 256), np.uint64)
    call("byte_counts", items, len(items), 4, planes)
    assert np.array_equal(planes, _core.byte_counts(items, 4))

    a, b = np.random.default_rng(3).integers(0, 256, (2, 5000), dtype=np.uint8)
    joint = np.zeros((256, 256), np.uint64)
    call("joint_byte_counts", a, b, len(a), joint)
    expected = np.zeros((256, 256), np.uint64)
    np.add.at(expected, (a, b), 1)
    assert np.array_equal(joint, expected)


@pytest.mark.parametrize("kind", ["huffman", "rans"])
def test_messages_have_the_same_bytes(kind: str) -> None:
    symbols = np.random.default_rng(4).binomial(40, 0.2, 20_000).astype(np.uint8)
    counts = _core.byte_counts(symbols)[0]
    code = ctypes.c_void_p()
    limit = 11 if kind == "huffman" else 12
    call(f"{kind}_code_from_counts", counts, 256, ctypes.c_int(limit), ctypes.pointer(code))
    message = np.zeros(2 * len(symbols), np.uint8)
    size = np.zeros(1, np.uintp)
    call("code_encode", code, symbols, len(symbols), message, len(message), size)
    own: Any = pyinfo.HuffmanCode if kind == "huffman" else pyinfo.RansModel
    assert message[: int(size[0])].tobytes() == own.from_counts(counts).encode(symbols)
    decoded = np.zeros_like(symbols)
    call("code_decode", code, message, int(size[0]), decoded, len(decoded), size)
    assert np.array_equal(decoded, symbols)
    ctypes.CFUNCTYPE(None, ctypes.c_void_p)(table().code_destroy)(code)


@pytest.mark.parametrize("dtype", ["u1", "<f4", "<i8", "<c16", "V24"])
def test_frames_have_the_same_bytes(dtype: str) -> None:
    numbers = np.random.default_rng(6).binomial(9, 0.3, 480_000).astype(np.uint8)
    check_frames_are_the_same(numbers.view(dtype))


@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8"])
def test_frames_of_rotated_floats_have_the_same_bytes(dtype: str) -> None:
    array = np.random.default_rng(7).normal(0, 0.02, 300_000).astype(dtype)
    check_frames_are_the_same(array)


def check_frames_are_the_same(array: np.ndarray[Any, Any]) -> None:
    numbers = array.view(np.uint8)
    layout = ArrayLayout.of(array)
    metadata = layout.metadata()
    options = Options(
        ctypes.sizeof(Options),
        0,
        2,
        layout.planes,
        0,
        2,
        layout.floats,
        metadata or None,
        len(metadata),
    )
    frame = np.zeros(2 * array.nbytes, np.uint8)
    size = np.zeros(1, np.uintp)
    call(
        "frame_compress", numbers, numbers.nbytes, ctypes.pointer(options), frame, len(frame), size
    )  # fmt: skip
    assert frame[: int(size[0])].tobytes() == pyinfo.compress(array)
    decoded = np.zeros_like(numbers)
    call(
        "frame_decompress", frame, int(size[0]), decoded, decoded.nbytes, ctypes.c_int(1), size
    )  # fmt: skip
    assert np.array_equal(decoded, numbers)


@pytest.mark.once
def test_cython_declares_the_table_as_the_header_does() -> None:
    text = (ROOT / "pyinfo/cython_api.pxd").read_text("utf-8")
    declared = text[text.index("ctypedef struct pyinfo_api:") : text.index("cdef extern from *:")]
    names = re.findall(r"(?:\(\*|size_t |uint32_t |char\* )(\w+)(?:\)\(|\n)", declared)
    assert names == MEMBERS


@pytest.mark.once
def test_files_are_where_the_functions_say() -> None:
    assert Path(pyinfo.get_include(), "pyinfo/pyinfo.h").read_text("utf-8") == HEADER
    assert Path(embedding.get_cmake_dir(), "pyinfo-config.cmake").is_file()
    assert Path(embedding.get_pkgconfig_dir(), "pyinfo.pc").is_file()


@pytest.mark.once
def test_command_line_prints_where_files_are() -> None:
    command = [sys.executable, "-m", "pyinfo", "--cmakedir", "--includes", "--pkgconfigdir"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        f"-I{pyinfo.get_include()}",
        embedding.get_cmake_dir(),
        embedding.get_pkgconfig_dir(),
    ]


@pytest.mark.once
def test_documented_examples_are_the_consumers() -> None:
    page = (ROOT / "docs/embedding.md").read_text("utf-8")
    shown = re.findall(r"<!-- file: (\S+) -->\n```\w*\n(.*?)```\n", page, re.DOTALL)
    for name, text in shown:
        assert text == (EMBED / name).read_text("utf-8"), name
    assert {Path(name).parent.name for name, _ in shown} == {"c", "cpp", "cython"}
