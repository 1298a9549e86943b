"""`pyinfo.safetensors.torch`, beside the package whose signatures it has."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.once

torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")
package: Any = pytest.importorskip(
    "safetensors.torch", reason="safetensors is not installed (extra test)"
)

from pyinfo import CorruptDataError, safetensors  # noqa: E402
from pyinfo.safetensors import torch as door  # noqa: E402

DTYPES = [
    "float4_e2m1fn_x2", "float8_e8m0fnu", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz",
    "float8_e5m2fnuz", "bfloat16", "float16", "float32", "float64", "complex64", "bool", "uint8",
    "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64",
]  # fmt: skip


def tensors() -> dict[str, Any]:
    generator = torch.Generator().manual_seed(1)
    few = torch.randint(0, 2, (16, 256), dtype=torch.uint8, generator=generator)
    found = {
        name: few.clone().view(getattr(torch, name)) for name in DTYPES if hasattr(torch, name)
    }
    return found | {"scalar": torch.tensor(2.5), "empty": torch.zeros(0, 3)}


def same(found: Any, expected: Any) -> bool:
    if (found.dtype, found.shape) != (expected.dtype, expected.shape):
        return False
    if found.numel() == 0:
        return True
    one, two = (each.contiguous().reshape(-1).view(torch.uint8) for each in (found, expected))
    return bool(torch.equal(one, two))


def test_signatures_are_those_of_the_package() -> None:
    for name in door.__all__:
        own = list(inspect.signature(getattr(door, name)).parameters.values())
        for given, parameter in zip(
            inspect.signature(getattr(package, name)).parameters.values(), own, strict=False
        ):
            assert (given.name, given.default) == (parameter.name, parameter.default)
            assert given.kind == parameter.kind


def test_every_type(tmp_path: Path) -> None:
    expected = tensors()
    package.save_file(expected, tmp_path / "o.safetensors")
    door.save_file(expected, tmp_path / "p.safetensors")
    safetensors.unpack(tmp_path / "p.safetensors", tmp_path / "u.safetensors")
    original = (tmp_path / "o.safetensors").read_bytes()
    assert (tmp_path / "u.safetensors").read_bytes() == original
    assert door.save(expected) == (tmp_path / "p.safetensors").read_bytes()
    for found in (
        door.load_file(tmp_path / "p.safetensors"),
        door.load_file(tmp_path / "p.safetensors", "cpu", backend="pread", threads=2),
        door.load_file(tmp_path / "o.safetensors"),
        door.load_file(tmp_path / "o.safetensors", backend="pread"),
        door.load(original),
        door.load(door.save(expected)),
    ):
        assert set(found) == set(expected)
        assert all(same(found[name], tensor) for name, tensor in expected.items())


KEYS: list[Any] = [
    ..., (), 3, -1, np.s_[2:9], np.s_[:5, ..., 1:3], np.s_[:, 3], np.s_[-3:], [1, 2], None,
    np.s_[4:12, 64:128], np.s_[3:1],
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=map(str, range(len(KEYS))))
def test_slices(key: Any, tmp_path: Path) -> None:
    one = {"w": torch.randn(64, 256).to(torch.bfloat16), "f": torch.randn(64, 9)}
    door.save_file(one, tmp_path / "p.safetensors")
    with safetensors.safe_open(tmp_path / "p.safetensors", framework="pt") as file:
        for name, tensor in one.items():
            found = file.get_slice(name)[key]
            assert isinstance(found, torch.Tensor)
            assert same(found, tensor[key])
        assert file.get_slice("w").dtype == torch.bfloat16
        with pytest.raises(IndexError):
            file.get_slice("w")[99]


def test_tensors_of_ordinary_files_are_private(tmp_path: Path) -> None:
    path = tmp_path / "o.safetensors"
    package.save_file({"w": torch.zeros(1000)}, path)
    before = path.read_bytes()
    found = door.load_file(path)
    found["w"] += 1
    assert path.read_bytes() == before


def test_what_is_refused(tmp_path: Path) -> None:
    base = torch.zeros(10, 10)
    shared = {"a": base, "b": base[2:5]}
    cases: list[tuple[Any, type[Exception], str]] = [
        ({"a": base.T[:, 1:]}, ValueError, "contiguous"),
        (shared, RuntimeError, "share memory"),
        ({"a": base.to_sparse()}, ValueError, "sparse"),
        ({"a": np.zeros(3)}, ValueError, "torch.Tensor"),
        ([base], ValueError, "dict"),
        ({1: base}, TypeError, "str"),
        ({"a": torch.zeros(2, dtype=torch.complex128)}, safetensors.SafetensorError, "supported"),
    ]
    for given, kind, match in cases:
        with pytest.raises(kind, match=match):
            door.save(given)
    assert set(door.load(door.save({"a": base[:3], "b": base[3:]}))) == {"a", "b"}  # disjoint
    package.save_file({"w": base}, tmp_path / "o.safetensors")
    for device in ("meta", "nowhere"):
        with pytest.raises(safetensors.SafetensorError, match="device"):
            door.load_file(tmp_path / "o.safetensors", device=device)


class Tied(torch.nn.Module):  # type: ignore[misc]
    """A model whose layers share weights."""

    def __init__(self, more: bool = False) -> None:
        super().__init__()
        self.first, self.last = torch.nn.Linear(30, 30), torch.nn.Linear(30, 30)
        self.last.weight = self.first.weight
        if more:
            self.more = torch.nn.Linear(3, 3)


def test_models(tmp_path: Path) -> None:
    model, own, other = Tied(), tmp_path / "p.safetensors", tmp_path / "o.safetensors"
    door.save_model(model, own, {"k": "v"})
    package.save_model(model, other, {"k": "v"})
    safetensors.unpack(own, tmp_path / "u.safetensors")
    with (
        package.safe_open(tmp_path / "u.safetensors", "pt") as found,
        package.safe_open(other, "pt") as expected,
    ):
        assert (found.keys(), found.metadata()) == (expected.keys(), expected.metadata())
    for path in (own, other):
        copy = Tied()
        assert door.load_model(copy, path) == (set(), [])
        assert all(same(copy.state_dict()[n], t) for n, t in model.state_dict().items())
        for kind, match in ((Tied(more=True), "Missing"), (torch.nn.Linear(2, 2), "Unexpected")):
            with pytest.raises(RuntimeError, match=match):
                door.load_model(kind, path)
            assert [sorted(n) for n in door.load_model(kind, path, strict=False)] == [
                sorted(n) for n in package.load_model(kind, other, strict=False)
            ]


def test_damage_names_the_tensor(tmp_path: Path) -> None:
    data = bytearray(door.save({"model.w": torch.randn(300, 300)}))
    data[-5000] ^= 4
    with pytest.raises(CorruptDataError, match=r"tensor 'model\.w': block"):
        door.load(bytes(data))


def test_views_that_are_conjugates_or_negatives() -> None:
    """Their bytes are those of other numbers, which the package writes."""
    w = torch.tensor([1 + 2j, 3 - 4j])
    for view in (w.conj(), w.conj().imag.clone().conj(), torch._neg_view(w.real.clone())):
        (found,) = door.load(door.save({"w": view})).values()
        assert torch.equal(found, view)


def test_names_of_the_framework(tmp_path: Path) -> None:
    door.save_file({"w": torch.ones(3)}, tmp_path / "w")
    for name in ("pt", "torch", "pytorch"):
        with safetensors.safe_open(tmp_path / "w", name) as file:
            assert torch.equal(file.get_tensor("w"), torch.ones(3))
