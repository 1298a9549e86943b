"""A tensor quantised with one step, coded, and decoded again to see what it loses."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pyinfo import _core
from pyinfo.coding.coder_options import coder_options
from pyinfo.quantization.quantizers import quantize
from pyinfo.quantization.step_curves import BLOCK, Spread, float_values, importance_of
from pyinfo.safetensors.coded_tensor import Bytes, frame_layout
from pyinfo.safetensors.dtype_codes import CODES
from pyinfo.safetensors.packing import QuantizedForm, TensorSource
from pyinfo.safetensors.quantization import Quantization

# The integers next to 0 have one high byte, so that the plane of high bytes takes next to nothing.
_ZERO_8: Final = 128
_ZERO_16: Final = 32768 + 128
_MOST_8: Final = 127
_PIECE: Final = 4 * BLOCK


class QuantizedSource(NamedTuple):
    """A tensor that is ready to be written, and the sum of its weighted squared errors."""

    source: TensorSource
    error: float

    @property
    def size(self) -> int:
        """Bytes of the frame."""
        assert self.source.quantized is not None
        return len(self.source.quantized.frame)

    @property
    def step(self) -> float:
        """The step it was quantised with."""
        assert self.source.quantized is not None
        return self.source.quantized.quantization.step


def quantized_source(
    source: TensorSource,
    step: float,
    dead_zone: float,
    spread: Spread,
    importance: float | NDArray[np.float64],
    threads: int = 1,
) -> QuantizedSource:
    """Quantise a tensor: nearest integers but for a dead zone, nothing clipped."""
    small = round(spread.largest / step) < _MOST_8
    integers = CODES["U8" if small else "U16"]
    quantization = Quantization(step, _ZERO_8 if small else _ZERO_16, integers)
    dtype, size = source.dtype, len(source.data) // source.dtype.itemsize
    made: Bytes = np.empty(size * integers.itemsize, np.uint8)
    crc, error = 0, 0.0
    for first in range(0, size, _PIECE):
        last = min(first + _PIECE, size)
        part = source.data[first * dtype.itemsize : last * dtype.itemsize]
        values = float_values(part, dtype)
        wide = quantize(
            values, step, quantization.zero, bits=integers.bits, signed=False, dead_zone=dead_zone,
            threads=threads,
        )  # fmt: skip
        data = made[first * integers.itemsize : last * integers.itemsize]
        data[:] = wide.view(np.uint8)
        floats = quantization.floats(data, dtype)
        crc = _core.crc32c(floats, crc)
        error += _squared_error(
            values, float_values(floats, dtype), importance_of(importance, first, last - first)
        )
    scale = importance if isinstance(importance, float) else 1.0
    form = QuantizedForm(quantization, b"", crc)
    source = source._replace(quantized=form)
    layout = frame_layout(source.tensor(crc))
    options = coder_options(integers.itemsize, "auto", BLOCK, threads, None)
    frame = _core.compress(made, integers.itemsize, layout.metadata(), *options, False)
    return QuantizedSource(source._replace(quantized=form._replace(frame=frame)), error * scale)


def _squared_error(
    a: NDArray[np.floating], b: NDArray[np.floating], weights: NDArray[np.float64] | None
) -> float:
    total = []
    for first in range(0, len(a), BLOCK):
        part = slice(first, first + BLOCK)
        difference = a[part] - b[part]
        weighted = difference if weights is None else difference * weights[part]
        total.append(float(np.einsum("i,i->", difference, weighted, dtype=np.float64)))
    return math.fsum(total)
