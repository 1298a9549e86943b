"""A stand-in of what vLLM 0.33 offers to plugins that load weights: its interface, and no model.

Modules, names and rules are those of that version: which load formats and keys are refused, which
files are read in which order, how a plugin's loader is registered and found.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest

KEYS = {"enable_multithread_load", "num_threads", "enable_weights_track"}


@dataclass
class LoadConfig:
    load_format: str = "auto"
    model_loader_extra_config: Any = field(default_factory=dict)
    safetensors_load_strategy: str = "lazy"
    use_tqdm_on_load: bool = True

    def __post_init__(self) -> None:
        self.load_format = self.load_format.lower()


@dataclass
class Source:
    model_or_path: str
    revision: str | None = None
    subfolder: str | None = None
    prefix: str = ""
    fall_back_to_pt: bool = True
    allow_patterns_overrides: list[str] | None = None
    is_unused_weight: Callable[[str], bool] | None = None


class BaseModelLoader:
    def __init__(self, load_config: LoadConfig) -> None:
        self.load_config = load_config


WEIGHT_UTILS = """
from safetensors.torch import load, load_file, safe_open

shown = []

def natural(path):
    import re
    return [int(part) if part.isdigit() else part for part in re.split(r"(\\d+)", path)]

def without_unused(files, is_unused):
    kept = []
    for path in files:
        with safe_open(path, framework="pt") as file:
            if not all(is_unused(name) for name in file.keys()):
                kept.append(path)
    return kept

def is_elsewhere(name, local_expert_ids):
    import re
    found = re.search(r"experts\\.(\\d+)\\.", name)
    return local_expert_ids is not None and found and int(found[1]) not in local_expert_ids

def iterate(files, use_tqdm_on_load, strategy, local_expert_ids):
    for path in sorted(files, key=natural):
        if use_tqdm_on_load:
            shown.append(path)
        if strategy == "eager":
            with open(path, "rb") as file:
                tensors = load(file.read())
            yield from ((n, t) for n, t in tensors.items() if not is_elsewhere(n, local_expert_ids))
            continue
        with safe_open(path, framework="pt") as file:
            for name in file.keys():
                if not is_elsewhere(name, local_expert_ids):
                    yield name, file.get_tensor(name)

def iterate_by_threads(files, num_threads):
    for path in files:
        yield from load_file(path, device="cpu").items()
"""


def install(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Put the package ``vllm`` into sys.modules; return its ``model_executor.model_loader``."""
    modules = {
        name: ModuleType(name)
        for name in ("vllm", "vllm.model_executor", "vllm.model_executor.model_loader")
    }
    utils = ModuleType("vllm.model_executor.model_loader.weight_utils")
    exec(WEIGHT_UTILS, vars(utils))
    modules[utils.__name__] = utils
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    package = modules["vllm.model_executor.model_loader"]
    loaders: dict[str, type] = {}

    class DefaultModelLoader(BaseModelLoader):
        Source: ClassVar = Source
        counter_before_loading_weights = 0.0

        def __init__(self, load_config: LoadConfig) -> None:
            super().__init__(load_config)
            self.local_expert_ids: set[int] | None = None
            if not isinstance(load_config.model_loader_extra_config, dict):
                raise ValueError("model_loader_extra_config must be a dict")
            if unexpected := set(load_config.model_loader_extra_config) - KEYS:
                raise ValueError(f"Unexpected extra config keys: {unexpected}")

        def _prepare_weights(
            self,
            model_name_or_path: str,
            subfolder: str | None,
            revision: str | None,
            fall_back_to_pt: bool,
            allow_patterns_overrides: list[str] | None,
        ) -> tuple[str, list[str], bool, str]:
            if self.load_config.load_format != "safetensors":
                raise ValueError(f"Unknown load_format: {self.load_config.load_format}")
            folder = Path(model_name_or_path, subfolder or "")
            patterns = allow_patterns_overrides or ["*.safetensors"]
            files = [path for pattern in patterns for path in folder.glob(pattern)]
            index = folder / "model.safetensors.index.json"
            if index.exists():
                wanted = set(json.loads(index.read_text("utf-8"))["weight_map"].values())
                files = [path for path in files if path.name in wanted]
            if not files:
                raise RuntimeError("Cannot find any model weights")
            return str(folder), [str(path) for path in files], True, index.name

        def _get_weights_iterator(self, source: Source) -> Iterator[tuple[str, Any]]:
            _, files, _, _ = self._prepare_weights(
                source.model_or_path,
                source.subfolder,
                source.revision,
                source.fall_back_to_pt,
                source.allow_patterns_overrides,
            )
            if source.is_unused_weight is not None:
                files = utils.without_unused(files, source.is_unused_weight)
            config = self.load_config
            if config.model_loader_extra_config.get("enable_multithread_load"):
                tensors = utils.iterate_by_threads(files, 8)
            else:
                tensors = utils.iterate(
                    files,
                    config.use_tqdm_on_load,
                    config.safetensors_load_strategy,
                    self.local_expert_ids,
                )
            if self.counter_before_loading_weights == 0.0:
                self.counter_before_loading_weights = time.perf_counter()
            return ((source.prefix + name, tensor) for name, tensor in tensors)

    def register_model_loader(load_format: str) -> Callable[[type], type]:
        def register(loader: type) -> type:
            if load_format in loaders:
                logging.getLogger("vllm").warning("%s is overwritten", load_format)
            if not issubclass(loader, BaseModelLoader):
                raise ValueError("The model loader must be a subclass of BaseModelLoader")
            loaders[load_format] = loader
            return loader

        return register

    def get_model_loader(load_config: LoadConfig) -> Any:
        if load_config.load_format not in loaders:
            raise ValueError(f"Load format {load_config.load_format!r} is not supported")
        return loaders[load_config.load_format](load_config)

    package.DefaultModelLoader = DefaultModelLoader  # type: ignore[attr-defined]
    package.register_model_loader = register_model_loader  # type: ignore[attr-defined]
    package.get_model_loader = get_model_loader  # type: ignore[attr-defined]
    package.weight_utils = utils  # type: ignore[attr-defined]
    return package


def numbers(text: str) -> list[int]:
    """Return the numbers in a text."""
    return [int(each) for each in re.findall(r"\d+", text)]
