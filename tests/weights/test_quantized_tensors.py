"""Quantised tensors of packed files: read whole and in part, found in damage, refused by rules."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pyinfo
import pyinfo.safetensors.numpy
from pyinfo import CorruptDataError, safetensors
from pyinfo.quantization import fit
from pyinfo.safetensors import packed_table
from pyinfo.safetensors.dtype_codes import CODES
from pyinfo.safetensors.quantization import Quantization
from pyinfo.safetensors.tensor_file import TensorFile
from support.plain_decoder import FormatError
from support.plain_safetensors import floats, restore
from support.quantized_models import as_raw, file_of, model
from support.weights import Raw, framed, header_of


@pytest.fixture
def fitted(tmp_path: Path) -> Path:
    """A file with quantised tensors, one of them of 16-bit integers."""
    tensors = model(1)
    values = np.frombuffer(tensors["layer.1.weight"].data, "<f4").copy()
    values[7] = 50
    tensors["layer.1.weight"] = Raw("F32", (64, 300), values.tobytes())
    tensors["half"] = as_raw(np.random.default_rng(2).normal(size=(90, 80)), "BF16")
    (tmp_path / "o.safetensors").write_bytes(file_of(tensors))
    fit(tmp_path / "o.safetensors", "4bpw", destination=tmp_path / "f.safetensors")
    return tmp_path / "f.safetensors"


@pytest.mark.parametrize("dtype", ["F64", "F32", "BF16", "F16"])
@pytest.mark.parametrize("integers", ["U8", "U16"])
@pytest.mark.parametrize("step", [1.0, float(np.float32(0.1)), 2.0**-140, 2.0**120])
def test_floats_of_integers_are_those_of_the_page(dtype: str, integers: str, step: float) -> None:
    """For every integer: products, rounding to even, subnormal numbers, the largest ones."""
    limit = {"F16": 65504 / 70000, "BF16": 2.0**100, "F32": 2.0**100}.get(dtype, step)
    bits = 8 * int(integers[1:]) // 8
    every = np.arange(1 << bits, dtype=f"<u{bits // 8}").view(np.uint8)
    zero = 128 if bits == 8 else 32896
    quantization = Quantization(min(step, limit), zero, CODES[integers])
    quantization = quantization._replace(step=float(np.float32(quantization.step)))
    stated = {"step": quantization.step, "zero": zero, "dtype": integers}
    made = quantization.floats(every, CODES[dtype])
    assert made.tobytes() == floats(every.tobytes(), stated, dtype)
    assert quantization.floats(np.empty(0, np.uint8), CODES[dtype]).size == 0


def test_all_doors_give_the_same(fitted: Path) -> None:
    arrays = pyinfo.safetensors.numpy.load_file(fitted, raw_bits=True)
    with safetensors.safe_open(fitted, "np", raw_bits=True) as file:
        for name, array in arrays.items():
            assert np.array_equal(file.get_tensor(name), array)
            part = file.get_slice(name)
            assert (part.get_shape(), part.get_dtype()) == (
                list(array.shape),
                {"u2": "BF16", "f4": "F32", "i8": "I64"}[array.dtype.str[1:]],
            )
            assert np.array_equal(part[...], array)
            if array.ndim > 1:
                assert np.array_equal(part[3:7, 5:20:3], array[3:7, 5:20:3])
                assert np.array_equal(part[-1], array[-1])
            else:
                assert np.array_equal(part[2:9], array[2:9])
    again = pyinfo.safetensors.numpy.load(fitted.read_bytes(), raw_bits=True, threads=3)
    assert all(np.array_equal(again[name], array) for name, array in arrays.items())


def test_integers_and_steps(fitted: Path) -> None:
    arrays = pyinfo.safetensors.numpy.load_file(fitted, raw_bits=True)
    with safetensors.safe_open(fitted, "np") as file:
        for name, kind in (("layer.0.weight", np.int8), ("layer.1.weight", np.int16)):
            integers, step = file.get_quantized(name)
            assert integers.dtype == kind
            assert integers.shape == arrays[name].shape
            assert np.array_equal(integers * np.float32(step), arrays[name])
        tied = file.get_quantized("tied")
        assert np.array_equal(tied.integers, file.get_quantized("layer.2.weight").integers)
        with pytest.raises(ValueError, match="tensor 'steps' is not quantised"):
            file.get_quantized("steps")
        with pytest.raises(safetensors.SafetensorError, match="does not contain"):
            file.get_quantized("other")


def test_torch_gets_floats(fitted: Path) -> None:
    torch = pytest.importorskip("torch")
    with safetensors.safe_open(fitted, "pt") as file:
        assert file.get_tensor("half").dtype == torch.bfloat16
        assert file.get_tensor("layer.0.weight").dtype == torch.float32


def test_the_report_of_such_a_file(fitted: Path) -> None:
    found = {each.name: each for each in safetensors.report(fitted)}
    assert found["layer.0.weight"].stored == "quantized"
    assert found["layer.0.weight"].step is not None
    assert (found["tied"].stored, found["tied"].packed_size) == ("alias", 0)
    assert found["steps"].step is None


def test_frames_are_found_without_the_header(fitted: Path) -> None:
    data = bytearray(fitted.read_bytes())
    data[:8] = bytes(8)
    fitted.write_bytes(data)
    found = {each.name: each for each in safetensors.recover(fitted)}
    weight = found["layer.0.weight"]
    assert weight.is_intact
    assert (weight.dtype, weight.shape, weight.zero) == ("|u1", (80, 90), 128)
    integers = pyinfo.decompress(weight.data)
    assert integers.shape == (80, 90)
    assert weight.step is not None
    assert found["layer.1.weight"].zero == 32896
    assert found["zeros"].step is None
    lost = data.replace(b"quantized", b"quantizes")
    fitted.write_bytes(lost)
    assert {each.name for each in safetensors.recover(fitted)} == {None}


def test_damage_is_named(fitted: Path, tmp_path: Path) -> None:
    data = fitted.read_bytes()
    stored = TensorFile(data).stored("layer.1.weight")
    damaged = bytearray(data)
    damaged[(stored.start + stored.stop) // 2] ^= 4
    (tmp_path / "d.safetensors").write_bytes(damaged)
    with safetensors.safe_open(tmp_path / "d.safetensors", "np") as file:
        with pytest.raises(CorruptDataError, match=r"^tensor 'layer\.1\.weight': "):
            file.get_tensor("layer.1.weight")
        with pytest.raises(CorruptDataError, match=r"^tensor 'layer\.1\.weight': "):
            file.get_quantized("layer.1.weight")
        file.get_tensor("layer.0.weight")
    with pytest.raises(CorruptDataError, match=r"^tensor 'layer\.1\.weight': "):
        safetensors.unpack(tmp_path / "d.safetensors", tmp_path / "u.safetensors")


def changed(data: bytes, change: Any) -> bytes:
    """The file with another table, whose check is right."""
    header, rest = header_of(data)
    table = json.loads(header["__metadata__"]["pyinfo"])
    change(next(t for t in table["tensors"] if "quantized" in t), table)
    table.pop("check")
    text = json.dumps(table, separators=(",", ":"))[1:]
    check = f"{pyinfo._core.crc32c(text.encode()):08x}"
    header["__metadata__"]["pyinfo"] = f'{{"check":"{check}",{text}'
    return framed(json.dumps(header, separators=(",", ":")).encode()) + rest


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda _, table: table.update(version=1), "its version is 1, not 2"),
        (lambda _, table: table.update(version=3), "its version is 3, above 2"),
        (lambda tensor, _: tensor.pop("coded"), "is quantised, but no frame"),
        (lambda tensor, _: tensor.update(quantized=1), "other fields"),
        (lambda tensor, _: tensor["quantized"].pop("zero"), "other fields"),
        (lambda tensor, _: tensor["quantized"].update(step=0.0), "its step is none"),
        (lambda tensor, _: tensor["quantized"].update(step=-1.0), "its step is none"),
        (lambda tensor, _: tensor["quantized"].update(step=1), "its step is none"),
        (lambda tensor, _: tensor["quantized"].update(step=float("inf")), "its step is none"),
        (lambda tensor, _: tensor["quantized"].update(step=0.1), "its step is no float32"),
        (lambda tensor, _: tensor["quantized"].update(zero=256), "its zero is out of range"),
        (lambda tensor, _: tensor["quantized"].update(zero=-1), "its zero is out of range"),
        (lambda tensor, _: tensor["quantized"].update(zero=1.0), "its zero is out of range"),
        (lambda tensor, _: tensor["quantized"].update(dtype="I8"), "neither U8 nor U16"),
        (lambda tensor, _: tensor.update(dtype="I32"), "of type I32 cannot be quantised"),
        (lambda _, t: [e.pop("quantized", 0) for e in t["tensors"]], "its version is 2, not 1"),
    ],
)
def test_tables_that_break_a_rule(fitted: Path, change: Any, message: str) -> None:
    data = changed(fitted.read_bytes(), change)
    with pytest.raises(CorruptDataError, match=re.escape(message)):
        TensorFile(data)
    with pytest.raises((FormatError, TypeError, LookupError)):
        restore(data)


@pytest.mark.parametrize("field", [{"zero": 129}, {"step": 1.0}])
def test_the_checksum_is_that_of_the_floats(fitted: Path, field: Any, tmp_path: Path) -> None:
    data = changed(fitted.read_bytes(), lambda tensor, _: tensor["quantized"].update(field))
    (tmp_path / "d.safetensors").write_bytes(data)
    with pytest.raises(CorruptDataError, match="checksum does not match"):
        safetensors.unpack(tmp_path / "d.safetensors", tmp_path / "u.safetensors")
    with pytest.raises(FormatError, match="check of the tensor"):
        restore(data)


def test_readers_that_know_nothing_of_it_refuse_the_table(
    fitted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of version 1 look at the version before anything else of the table."""
    text = TensorFile(fitted).header.metadata["pyinfo"]  # type: ignore[index]
    assert json.loads(text)["version"] == 2
    assert text.index('"version"') < text.index('"tensors"')
    monkeypatch.setattr(packed_table, "_VERSION_WITH_INTEGERS", 1)
    with pytest.raises(CorruptDataError, match="its version is 2"):
        TensorFile(fitted)
