"""`pyinfo.safetensors.numpy` and `safe_open`, beside the package whose signatures they have."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pyinfo
from pyinfo import safetensors
from pyinfo.safetensors import SafetensorError, numpy, safe_open
from support.weights import of_every_code, ordinary

pytestmark = pytest.mark.once

Array = np.ndarray[Any, Any]


def arrays() -> dict[str, Array]:
    rng = np.random.default_rng(1)
    return {
        "w": rng.normal(0, 0.02, (90, 70)).astype(np.float32),
        "h": rng.normal(0, 0.02, (50, 7, 9)).astype(np.float16),
        "mask": rng.random((40, 40)) < 0.1,
        "scalar": np.array(3, np.int16),
        "empty": np.zeros((3, 0), np.uint64),
        "complex": np.full(99, 1 + 2j, np.complex64),
    }


def test_signatures_are_those_of_the_package() -> None:
    """With more keyword-only arguments behind."""
    package = pytest.importorskip(
        "safetensors.numpy", reason="safetensors is not installed (extra test)"
    )
    for name in numpy.__all__:
        own = list(inspect.signature(getattr(numpy, name)).parameters.values())
        for given, parameter in zip(
            inspect.signature(getattr(package, name)).parameters.values(), own, strict=False
        ):
            assert (given.name, given.default) == (parameter.name, parameter.default)
            assert given.kind == parameter.kind


@pytest.mark.parametrize("backend", ["mmap", "pread"])
@pytest.mark.parametrize("is_packed", [True, False])
def test_a_file_is_as_the_package_shows_it(is_packed: bool, backend: str, tmp_path: Path) -> None:
    package = pytest.importorskip(
        "safetensors.numpy", reason="safetensors is not installed (extra test)"
    )
    ordinary_path, path = tmp_path / "o.safetensors", tmp_path / "p.safetensors"
    package.save_file(arrays(), ordinary_path, {"a": "b"})
    if is_packed:
        numpy.save_file(arrays(), path, {"a": "b"})
    else:
        path.write_bytes(ordinary_path.read_bytes())
    with (
        safe_open(path, framework="np", backend=backend) as own,
        package.safe_open(ordinary_path, framework="np") as other,
    ):
        assert own.keys() == other.keys()
        assert own.offset_keys() == other.offset_keys()
        assert own.metadata() == other.metadata() == {"a": "b"}
        tensors = own.get_tensors()
        assert list(tensors) == own.offset_keys()
        for name in other.keys():  # noqa: SIM118
            expected = other.get_tensor(name)
            for found in (own.get_tensor(name), tensors[name]):
                np.testing.assert_array_equal(found, expected, strict=True)
                assert found.flags.writeable
            one, two = own.get_slice(name), other.get_slice(name)
            assert (one.get_shape(), one.get_dtype()) == (two.get_shape(), two.get_dtype())


def test_errors(tmp_path: Path) -> None:
    path = tmp_path / "p.safetensors"
    numpy.save_file(arrays(), path)
    with pytest.raises(FileNotFoundError):
        safe_open(tmp_path / "none", "np")
    with pytest.raises(TypeError, match="path"):
        safe_open(b"bytes", "np")  # type: ignore[arg-type]
    for wrong in ({"framework": "none"}, {"framework": "jax"}):
        with pytest.raises(SafetensorError, match="framework"):
            safe_open(path, **wrong)
    with pytest.raises(SafetensorError, match="backend"):
        safe_open(path, "np", backend="none")
    with pytest.raises(SafetensorError, match="device"):
        safe_open(path, "np", "cuda")
    with safe_open(path, "np") as file:
        with pytest.raises(SafetensorError, match="File does not contain tensor none"):
            file.get_tensor("none")
        kept = file.get_slice("w")
    for use in (file.keys, file.metadata, file.get_tensors, lambda: file.get_tensor("w")):
        with pytest.raises(SafetensorError, match="File is closed"):
            use()
    assert kept[0].shape == (70,)
    assert len({file, file}) == 1
    for metadata in ({"a": 1}, {1: "a"}):
        with pytest.raises(TypeError, match="str"):
            numpy.save({}, metadata)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="str"):
        numpy.save({1: np.zeros(1)})  # type: ignore[dict-item]
    for dtype in ("M8[s]", "S3", "c16"):
        with pytest.raises(SafetensorError, match="not supported"):
            numpy.save({"x": np.zeros(1, dtype)})
    with pytest.raises(TypeError, match="objects"):
        numpy.save({"x": np.array([None])})
    with pytest.raises(SafetensorError, match="__metadata__"):
        numpy.save({"__metadata__": np.zeros(1)})


def test_errors_are_caught_as_those_of_the_package() -> None:
    package = pytest.importorskip("safetensors", reason="safetensors is not installed (extra test)")
    assert issubclass(SafetensorError, package.SafetensorError)


def test_limits(tmp_path: Path) -> None:
    data = numpy.save({"x": np.zeros(1 << 20, np.uint8)})
    assert numpy.load(data, max_size=1 << 20)["x"].size == 1 << 20
    with pytest.raises(ValueError, match="allowed"):
        numpy.load(data, max_size=(1 << 20) - 1)
    with pytest.raises(ValueError, match="max_size"):
        numpy.load(data, max_size=-1)


def test_types_of_ml_dtypes(tmp_path: Path) -> None:
    """Also the floats of 8 bits, which that package writes and does not read."""
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="ml_dtypes is not installed (extra test)")
    given = {
        name: np.arange(4000).astype(np.uint8).view(getattr(ml_dtypes, name)).reshape(40, -1)
        for name in (
            "bfloat16",
            "float8_e4m3fn",
            "float8_e5m2",
            "float8_e8m0fnu",
            "float8_e4m3fnuz",
        )
    }
    found = numpy.load(numpy.save(given))
    for name, array in given.items():
        assert found[name].dtype == array.dtype
        assert found[name].tobytes() == array.tobytes()


def test_without_ml_dtypes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    tensors = of_every_code(np.random.default_rng(2))
    (tmp_path / "o.safetensors").write_bytes(ordinary(tensors))
    pyinfo.safetensors.pack(tmp_path / "o.safetensors", tmp_path / "p.safetensors")
    for name in ("o.safetensors", "p.safetensors"):
        found = numpy.load_file(tmp_path / name, raw_bits=True)
        for key, tensor in tensors.items():
            assert found[key].tobytes() == tensor.data
        assert (found["BF16.w"].dtype, found["BF16.w"].shape) == (np.uint16, (40, 24))
        assert (found["F4.w"].dtype, found["F4.w"].shape) == (np.uint8, (40, 12))
        assert (found["F6_E3M2.w"].dtype, found["F6_E3M2.w"].shape) == (np.uint8, (40, 18))
        with safe_open(tmp_path / name, "np") as file:
            assert file.get_tensor("F32.w").dtype == np.float32
            with pytest.raises(ImportError, match=r"pip install ml_dtypes.*raw_bits"):
                file.get_tensor("BF16.w")
            with pytest.raises(SafetensorError, match="raw_bits"):
                file.get_tensor("F4.w")


def test_needs_numpy_alone() -> None:
    """Neither safetensors nor PyTorch nor ml_dtypes."""
    program = (
        "import sys\n"
        "for name in ('safetensors', 'torch', 'ml_dtypes'): sys.modules[name] = None\n"
        "import numpy as np, pyinfo.safetensors.numpy as door\n"
        "assert door.load(door.save({'a': np.ones((9, 99))}))['a'].sum() == 891\n"
        "from pyinfo.safetensors import SafetensorError\n"
        "print(SafetensorError.__mro__[1].__name__)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "Exception"


def test_arguments_of_another_kind(tmp_path: Path) -> None:
    """What is wrong is said with its name; a number is no open file to be read."""
    w = np.ones(3, np.float32)
    for tensors, metadata, message in (
        ([w], None, "tensors must be a dict"),
        (None, None, "tensors must be a dict"),
        ({"w": w}, ["a"], "metadata must be a dict of str"),
        ({"w": w}, "ab", "metadata must be a dict of str"),
        ({"w": np.array([None])}, None, "tensor 'w': .* Python objects"),
        ({"w": np.ma.array(w, mask=[0, 1, 0])}, None, "tensor 'w': .* mask"),
    ):
        with pytest.raises(TypeError, match=message):
            numpy.save(tensors, metadata)  # type: ignore[arg-type]
    with (tmp_path / "open").open("wb") as file:
        for function in (
            numpy.load_file, safetensors.report, safetensors.recover, safetensors.is_packed,
            lambda path: safetensors.pack(path, tmp_path / "made"),
            lambda path: safetensors.unpack(path, tmp_path / "made"),
        ):  # fmt: skip
            with pytest.raises(TypeError, match="must be a path, not int"):
                function(file.fileno())
            with pytest.raises(TypeError, match="must be a path, not bytes"):
                function(b"open")
            with pytest.raises(FileNotFoundError, match="is an empty path"):
                function("")
