"""Model weights in safetensors files that are smaller, and are read as if they were not."""

from pyinfo._namespace import publish
from pyinfo.safetensors.files import is_packed
from pyinfo.safetensors.folders import pack, unpack
from pyinfo.safetensors.opened import safe_open
from pyinfo.safetensors.quantization import QuantizedTensor
from pyinfo.safetensors.recovery import RecoveredTensor, recover
from pyinfo.safetensors.safetensor_error import SafetensorError
from pyinfo.safetensors.tensor_report import TensorReport, report

__all__ = [
    "QuantizedTensor",
    "RecoveredTensor",
    "SafetensorError",
    "TensorReport",
    "is_packed",
    "pack",
    "recover",
    "report",
    "safe_open",
    "unpack",
]

publish(globals())


def __dir__() -> list[str]:
    return [*__all__]
