"""Packed model weights in vLLM: ``vllm serve FOLDER --load-format pyinfo``.

vLLM calls `register` by itself in each of its processes, since pyinfo has an entry point in the
group ``vllm.general_plugins``.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final

from pyinfo.arguments import thread_count
from pyinfo.integrations.packed_weights import WEIGHTS

__all__ = ["register"]

LOAD_FORMAT: Final = "pyinfo"

_registrars: list[Any] = []


def register() -> None:
    """Tell vLLM of the load format ``pyinfo``; to call it again changes nothing.

    It reads safetensors files, packed and ordinary ones, as vLLM's own format ``safetensors`` does:
    the same files in the same order, without the experts of other ranks. The key ``threads`` of
    ``model_loader_extra_config`` says how many threads decode a tensor (1 by default, 0 for one per
    core); all other keys are vLLM's.
    """
    # Here: a plugin may be imported while vLLM is not yet.
    from vllm.model_executor.model_loader import DefaultModelLoader, register_model_loader

    if register_model_loader not in _registrars:  # else vLLM warns
        register_model_loader(LOAD_FORMAT)(_loader_class(DefaultModelLoader))
        _registrars.append(register_model_loader)


def _loader_class(base: Any) -> type:
    """Return a loader made of vLLM's loader of safetensors files."""

    class PyinfoModelLoader(base):  # type: ignore[misc]
        """vLLM's loader of safetensors files, whose readers read packed files, too.

        Which files, in which order, which tensors of them, the progress bar and the clock: all that
        stays vLLM's.
        """

        def __init__(self, load_config: Any) -> None:
            # vLLM's loader refuses formats that it does not know, and keys of others.
            config = copy.copy(load_config)
            config.load_format = "safetensors"
            self._threads = 1
            if isinstance(config.model_loader_extra_config, dict):
                extra = dict(config.model_loader_extra_config)
                self._threads = thread_count(extra.pop("threads", 1))
                config.model_loader_extra_config = extra
            super().__init__(config)

        def _get_weights_iterator(self, source: Any) -> Iterator[tuple[str, Any]]:
            with WEIGHTS.reading(self._threads):
                yield from super()._get_weights_iterator(source)

    return PyinfoModelLoader
