"""The load format for vLLM, against a stand-in of its interface: vLLM itself is not installed."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import pyinfo.safetensors
from pyinfo import CorruptDataError
from support import vllm_stand_in as vllm

torch = pytest.importorskip("torch", reason="needs torch, of the group interop")
safetensors = pytest.importorskip("safetensors.torch", reason="needs safetensors, extra weights")

from pyinfo.integrations.vllm import register  # noqa: E402

pytestmark = pytest.mark.once

SHARDS = 11  # in the order of their names, 10 would come before 2


class Original:
    """Not in a name of this module, which would be replaced as well."""

    safe_open = safetensors.safe_open


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    package = vllm.install(monkeypatch)
    register()
    return package


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, Any]]:
    """The folder of a model, that of its packed files, and its tensors in the order of files."""
    folder = tmp_path_factory.mktemp("vllm")
    plain, packed = folder / "plain", folder / "packed"
    plain.mkdir()
    torch.manual_seed(0)
    tensors, where = {}, {}
    for number in range(1, SHARDS + 1):
        shard = {
            f"layers.{number}.experts.{expert}.up": torch.randn(24, 64).bfloat16()
            for expert in range(3)
        }
        shard[f"layers.{number}.norm"] = torch.ones(64)
        name = f"model-{number}-of-{SHARDS}.safetensors"
        safetensors.save_file(shard, plain / name, {"format": "pt"})
        where |= dict.fromkeys(shard, name)
        tensors |= dict(sorted(shard.items()))
    # The same again in one file, which the index does not name.
    safetensors.save_file(tensors, plain / "consolidated.safetensors")
    index = json.dumps({"weight_map": where})
    (plain / "model.safetensors.index.json").write_text(index, "utf-8")
    pyinfo.safetensors.pack(plain, packed)
    return plain, packed, tensors


def loader_of(package: ModuleType, **options: Any) -> Any:
    return package.get_model_loader(vllm.LoadConfig("PyInfo", **options))  # type: ignore[attr-defined]


def require_same(found: list[tuple[str, Any]], expected: dict[str, Any]) -> None:
    assert [name for name, _ in found] == list(expected)
    for name, tensor in found:
        assert tensor.dtype == expected[name].dtype
        assert tensor.device.type == "cpu"
        assert torch.equal(tensor, expected[name])


def test_packed_and_ordinary_files(
    package: ModuleType, model: tuple[Path, Path, dict[str, Any]]
) -> None:
    plain, packed, tensors = model
    first = next(packed.glob("model-1-*"))
    assert safetensors.load_file(first)["layers.1.experts.0.up"].dtype == torch.uint8
    for folder in (packed, plain):
        for strategy in ("lazy", "eager"):
            loader = loader_of(package, safetensors_load_strategy=strategy)
            found = list(loader._get_weights_iterator(vllm.Source(str(folder))))
            assert len({name for name, _ in found}) == len(found)
            require_same(sorted(found, key=lambda item: list(tensors).index(item[0])), tensors)
            # Natural order of the files, each with a line of progress.
            layers = [vllm.numbers(name)[0] for name, _ in found]
            assert layers == sorted(layers)
            assert len(package.weight_utils.shown) == SHARDS  # type: ignore[attr-defined]
            package.weight_utils.shown.clear()  # type: ignore[attr-defined]
    assert safetensors.safe_open is Original.safe_open


def test_prefix_counter_and_threads(
    package: ModuleType, model: tuple[Path, Path, dict[str, Any]]
) -> None:
    _, packed, tensors = model
    extra = {"threads": 2, "enable_multithread_load": True}
    loader = loader_of(package, model_loader_extra_config=extra)
    assert extra == {"threads": 2, "enable_multithread_load": True}
    assert loader.counter_before_loading_weights == 0
    found = dict(loader._get_weights_iterator(vllm.Source(str(packed), prefix="draft.")))
    assert loader.counter_before_loading_weights > 0
    require_same(
        sorted(found.items()), {f"draft.{name}": tensors[name] for name in sorted(tensors)}
    )


def test_experts_of_other_ranks_are_not_decoded(
    package: ModuleType,
    model: tuple[Path, Path, dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, packed, tensors = model
    taken: list[str] = []
    opened = pyinfo.safetensors.safe_open
    get = opened.get_tensor

    def recorded(self: Any, name: str) -> Any:
        taken.append(name)
        return get(self, name)

    monkeypatch.setattr(opened, "get_tensor", recorded)
    loader = loader_of(package)
    loader.local_expert_ids = {1}
    found = list(loader._get_weights_iterator(vllm.Source(str(packed))))
    local = [name for name in tensors if "experts" not in name or "experts.1." in name]
    require_same(found, {name: tensors[name] for name in local})
    assert taken == local


def test_files_of_unused_weights_are_left_out(
    package: ModuleType, model: tuple[Path, Path, dict[str, Any]]
) -> None:
    _, packed, tensors = model
    source = vllm.Source(str(packed), is_unused_weight=lambda name: not name.startswith("layers.4"))
    found = list(loader_of(package)._get_weights_iterator(source))
    require_same(found, {n: t for n, t in tensors.items() if n.startswith("layers.4")})


def test_one_file_in_a_subfolder(package: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "text").mkdir()
    tensors = {"w": torch.randn(30, 50)}
    pyinfo.safetensors.torch.save_file(tensors, tmp_path / "text" / "w.safetensors")
    source = vllm.Source(str(tmp_path), subfolder="text")
    require_same(list(loader_of(package)._get_weights_iterator(source)), tensors)


def test_damage_is_told_as_such(package: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    pyinfo.safetensors.torch.save_file({"w": torch.randn(30, 50)}, path)
    data = bytearray(path.read_bytes())
    data[-9] ^= 1
    path.write_bytes(data)
    weights = loader_of(package)._get_weights_iterator(vllm.Source(str(tmp_path)))
    with pytest.raises(CorruptDataError, match="tensor 'w'"):
        list(weights)
    assert safetensors.safe_open is Original.safe_open


def test_weights_that_are_not_all_taken(
    package: ModuleType, model: tuple[Path, Path, dict[str, Any]]
) -> None:
    _, packed, _ = model
    weights = loader_of(package)._get_weights_iterator(vllm.Source(str(packed)))
    next(weights)
    assert safetensors.safe_open is not Original.safe_open
    weights.close()
    assert safetensors.safe_open is Original.safe_open


def test_vllm_sees_a_format_that_it_knows(package: ModuleType) -> None:
    config = vllm.LoadConfig("pyinfo", {"threads": 2, "num_threads": 3})
    loader = package.get_model_loader(config)  # type: ignore[attr-defined]
    assert loader.load_config.load_format == "safetensors"
    assert loader.load_config.model_loader_extra_config == {"num_threads": 3}
    assert config == vllm.LoadConfig("pyinfo", {"threads": 2, "num_threads": 3})


@pytest.mark.parametrize("extra", [{"depth": 1}, "text", None])
def test_what_vllm_refuses_is_refused(package: ModuleType, extra: Any) -> None:
    with pytest.raises(ValueError, match="config"):
        loader_of(package, model_loader_extra_config=extra)


@pytest.mark.parametrize("threads", [-1, "two"])
def test_threads_are_checked_at_once(package: ModuleType, threads: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="threads"):
        loader_of(package, model_loader_extra_config={"threads": threads})


def test_registered_once_for_each_process(
    package: ModuleType, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with caplog.at_level(logging.WARNING):
        register()
        register()
    assert caplog.records == []
    again = vllm.install(monkeypatch)
    register()
    loader_of(again)


def test_found_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = (
        each for each in entry_points(group="vllm.general_plugins") if each.name == "pyinfo"
    )
    plugin: Callable[[], None] = found.load()
    package = vllm.install(monkeypatch)
    plugin()
    assert loader_of(package).load_config.load_format == "safetensors"
