"""Model weights in safetensors files that are smaller, and are read as if they were not."""

from pyinfo._namespace import publish
from pyinfo.safetensors.files import is_packed
from pyinfo.safetensors.folders import pack, unpack
from pyinfo.safetensors.opened import safe_open
from pyinfo.safetensors.safetensor_error import SafetensorError

__all__ = ["SafetensorError", "is_packed", "pack", "safe_open", "unpack"]

publish(globals())


def __dir__() -> list[str]:
    return [*__all__]
