"""A calibrator for NVIDIA's Model-Optimizer, for use in ``modelopt.torch.quantization.quantize``.

Of the entry of a quantiser in the list ``quant_cfg`` it is the ``"calibrator"``::

    {"quantizer_name": "*input_quantizer", "cfg": {
        "num_bits": 8, "calibrator": (HistogramCalibrator, (), {"method": "mse"})}}

with ``"algorithm": "max"``, which asks every calibrator for its own answer.
"""

from __future__ import annotations

from typing import Any

import torch
from modelopt.torch.quantization.calib.calibrator import _Calibrator

from pyinfo.quantization.calibration import Calibration, Criterion, Method, calibrate
from pyinfo.quantization.histograms import FloatHistogram

__all__ = ["HistogramCalibrator"]


class HistogramCalibrator(_Calibrator):  # type: ignore[misc]
    """Counts the magnitudes of tensors, and finds where to clip them.

    Parameters
    ----------
    num_bits : int, default 8
        Width of the integers.
    axis : None
        Channels are not supported: NotImplementedError.
    unsigned : bool, default False
        Integers without a sign, for values that have none: one bit more of magnitude.
    method, criterion, percentile
        As for `pyinfo.quantization.calibrate`, criterion "nvidia" only: magnitudes are counted.
    bins : int, default 8192
        As for `pyinfo.quantization.FloatHistogram`.
    """

    def __init__(
        self,
        num_bits: int = 8,
        axis: Any = None,
        unsigned: bool = False,
        *,
        method: Method = "mse",
        percentile: float = 99.99,
        criterion: Criterion = "nvidia",
        bins: int = 8192,
    ) -> None:
        if axis is not None:
            raise NotImplementedError("channels are not supported: axis must be None")
        if not isinstance(num_bits, int):
            raise NotImplementedError(f"num_bits must be a number of bits, not {num_bits!r}")
        super().__init__(num_bits, axis, unsigned)
        self._options: dict[str, Any] = {
            "bits": num_bits + bool(unsigned),
            "method": method,
            "criterion": criterion,
            "percentile": percentile,
        }
        self._bins = bins
        self.reset()

    def reset(self) -> None:
        """Forget what has been counted."""
        self._histogram = FloatHistogram(self._bins, symmetric=True)
        self._found: dict[str, Calibration] = {}

    def collect(self, x: Any) -> None:
        """Count a tensor."""
        if x.numel():
            self._histogram.update(x.detach().cpu())
            self._found = {}

    def calibration(self, method: Method | None = None) -> Calibration:
        """Return the calibration of all that has been counted, with its curve."""
        named = self._options["method"] if method is None else method
        if named not in self._found:
            self._found[named] = calibrate(self._histogram, **{**self._options, "method": named})
        return self._found[named]

    def compute_amax(self, method: Method | None = None, **_: Any) -> Any:
        """Return where to clip, a tensor without dimensions; None if nothing has been counted."""
        if not self._histogram.total:
            return None
        return torch.tensor(self.calibration(method).threshold, dtype=torch.float32)
