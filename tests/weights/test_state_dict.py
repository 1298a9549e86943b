"""The state of PyTorch's modules, in packed files and back, bit for bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs torch, of the group interop")

from pyinfo import CorruptDataError  # noqa: E402
from pyinfo.safetensors import is_packed, pack, safe_open, unpack  # noqa: E402
from pyinfo.safetensors.torch import (  # noqa: E402
    load,
    load_file,
    load_model,
    save,
    save_file,
    save_model,
)

pytestmark = pytest.mark.once

FLOATS = [
    "bfloat16", "float16", "float32", "float64", "float8_e4m3fn", "float8_e5m2",
    "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu",
]  # fmt: skip
OTHERS = ["bool", "uint8", "int8", "int16", "int32", "int64", "complex64"]
DTYPES = [getattr(torch, name) for name in [*FLOATS, *OTHERS] if hasattr(torch, name)]


def bits(tensor: Any) -> Any:
    return tensor.detach().contiguous().reshape(-1).view(torch.uint8)


def require_same(found: Any, expected: Any) -> None:
    assert set(found) == set(expected)
    for name, tensor in expected.items():
        assert found[name].dtype == tensor.dtype, name
        assert found[name].shape == tensor.shape, name
        assert torch.equal(bits(found[name]), bits(tensor)), name


def normal(dtype: Any, *shape: int) -> Any:
    torch.manual_seed(len(shape))
    values = torch.randn(shape)
    if dtype == torch.bool:
        return values > 1
    if not dtype.is_floating_point and not dtype.is_complex:
        return (values * 9).abs().to(dtype)
    return (values * 0.02).to(dtype)


class Layers(torch.nn.Module):
    """Parameters of one type, buffers, and what is easily lost."""

    def __init__(self, dtype: Any) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(normal(dtype, 70, 40), requires_grad=False)
        self.inner = torch.nn.ParameterDict(
            {"bias": torch.nn.Parameter(normal(dtype, 300), requires_grad=False)}
        )
        self.register_buffer("scale", normal(dtype, 1, 1)[0, 0])
        self.register_buffer("empty", torch.empty((0, 3), dtype=dtype))
        self.register_buffer("steps", torch.tensor(12345))
        self.register_buffer("derived", torch.ones(3), persistent=False)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_through_files(dtype: Any, tmp_path: Path) -> None:
    module, path = Layers(dtype), tmp_path / "m.safetensors"
    state = module.state_dict()
    save_file(dict(state), path)
    assert is_packed(path)
    require_same(load_file(path), state)
    require_same(load(save(dict(state))), state)
    other = Layers(dtype)
    for tensor in other.state_dict().values():
        bits_of = tensor.reshape(-1).view(torch.uint8)
        bits_of.zero_()
    result = other.load_state_dict(load_file(path, threads=2))
    assert result.missing_keys == result.unexpected_keys == []
    require_same(other.state_dict(), state)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_pattern_of_bits(dtype: Any) -> None:
    """NaNs with payloads, infinities, subnormals, negative zeros."""
    raw = torch.arange(1 << 16, dtype=torch.int32).to(torch.int16).view(torch.uint8)
    tensor = (raw % 2).bool() if dtype == torch.bool else raw.view(dtype)
    require_same(load(save({"w": tensor})), {"w": tensor})


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_files_of_the_package(dtype: Any, tmp_path: Path) -> None:
    """What that package has written is packed, read and restored; it reads what is unpacked."""
    theirs = pytest.importorskip("safetensors.torch", reason="needs safetensors, of extra weights")
    state = dict(Layers(dtype).state_dict())
    plain, packed, restored = (tmp_path / f"{name}.safetensors" for name in ("a", "b", "c"))
    theirs.save_file(state, plain, {"format": "pt"})
    pack(plain, packed)
    require_same(load_file(packed), theirs.load_file(plain))
    unpack(packed, restored)
    assert restored.read_bytes() == plain.read_bytes()
    save_file(state, packed)
    unpack(packed, restored)
    require_same(theirs.load_file(restored), state)


class Tied(torch.nn.Module):
    """An embedding that is the output's weight as well, as language models have it."""

    def __init__(self, dtype: Any) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(50, 24, dtype=dtype)
        self.middle = torch.nn.Linear(24, 24, dtype=dtype)
        self.output = torch.nn.Linear(24, 50, bias=False, dtype=dtype)
        self.output.weight = self.embedding.weight


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32], ids=str)
def test_tied_weights(dtype: Any, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    torch.manual_seed(1)
    model = Tied(dtype)
    with pytest.raises(RuntimeError, match="share memory"):
        save_file(model.state_dict(), path)
    save_model(model, path, {"made by": "a test"})
    with safe_open(path, "pt") as file:
        (left_out,) = set(model.state_dict()) - set(file.keys())
        metadata = file.metadata()
    assert metadata is not None
    assert metadata["made by"] == "a test"
    assert {left_out, metadata[left_out]} == {"embedding.weight", "output.weight"}
    torch.manual_seed(2)
    other = Tied(dtype)
    assert load_model(other, path) == (set(), [])
    require_same(other.state_dict(), model.state_dict())
    assert other.output.weight is other.embedding.weight


def test_files_of_save_model_are_exchanged_with_the_package(tmp_path: Path) -> None:
    theirs = pytest.importorskip("safetensors.torch", reason="needs safetensors, of extra weights")
    path, packed = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    model, other, third = Tied(torch.float32), Tied(torch.float32), Tied(torch.float32)
    theirs.save_model(model, str(path))
    pack(path, packed)
    assert load_model(other, packed) == (set(), [])
    require_same(other.state_dict(), model.state_dict())
    save_model(other, packed)
    unpack(packed, path)
    assert theirs.load_model(third, path) == (set(), [])
    require_same(third.state_dict(), model.state_dict())


def test_names_that_do_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save_model(torch.nn.Linear(8, 9), path)
    other = torch.nn.Linear(8, 9, bias=False)
    with pytest.raises(RuntimeError, match=r"Unexpected key.*\"bias\""):
        load_model(other, path)
    assert load_model(other, path, strict=False) == (set(), ["bias"])
    save_model(other, path)
    with pytest.raises(RuntimeError, match=r"Missing key.*\"bias\""):
        load_model(torch.nn.Linear(8, 9), path)
    assert load_model(torch.nn.Linear(8, 9), path, strict=False) == ({"bias"}, [])


def test_memory_is_ones_own(tmp_path: Path) -> None:
    """Tensors can be trained on, and are no views of one another or of the file."""
    path = tmp_path / "m.safetensors"
    zeros = {"a": torch.zeros(400), "b": torch.zeros(400)}  # equal: stored once
    save_file(zeros, path)
    written = path.read_bytes()
    found = load_file(path)
    found["a"].add_(1)
    assert found["b"].sum() == 0
    assert path.read_bytes() == written
    model = torch.nn.Linear(400, 1, bias=False)
    model.load_state_dict({"weight": found["b"][None]}, assign=True)
    model(torch.ones(400)).sum().backward()
    with pytest.raises(ValueError, match="not contiguous"):
        save_file({"w": torch.zeros(4, 6).T}, path)
    assert path.read_bytes() == written


def test_the_state_of_an_optimizer(tmp_path: Path) -> None:
    """A step after loading is the step that would have been made."""
    path = tmp_path / "m.safetensors"
    torch.manual_seed(3)
    model = torch.nn.Linear(60, 30)
    adam = torch.optim.Adam(model.parameters())
    batch = torch.randn(5, 60)

    def step(of: Any, by: Any) -> None:
        by.zero_grad()
        of(batch).square().sum().backward()
        by.step()

    step(model, adam)
    moments = adam.state_dict()["state"]
    state = {f"{n}.{key}": value for n, part in moments.items() for key, value in part.items()}
    save_file({**model.state_dict(), **state}, path)
    step(model, adam)

    found = load_file(path)
    other = torch.nn.Linear(60, 30)
    other.load_state_dict({name: found[name] for name in other.state_dict()})
    again = torch.optim.Adam(other.parameters())
    loaded = {n: {key: found[f"{n}.{key}"] for key in part} for n, part in moments.items()}
    again.load_state_dict({**again.state_dict(), "state": loaded})
    step(other, again)
    require_same(other.state_dict(), model.state_dict())


def test_damage_names_the_tensor(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save_file({"weight": torch.randn(64, 64)}, path)
    data = bytearray(path.read_bytes())
    data[-40] ^= 4
    path.write_bytes(data)
    model = torch.nn.Linear(64, 64, bias=False)
    before = model.weight.detach().clone()
    with pytest.raises(CorruptDataError, match="tensor 'weight'"):
        load_model(model, path)
    assert torch.equal(model.weight, before)
