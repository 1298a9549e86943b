"""Observers for PyTorch's quantisation: of torch.ao, eager and FX, and of torchao's pt2e.

The two have base classes of their own, and refuse each other's observers: `observer_class` makes
one of the base class it is given.
"""

from __future__ import annotations

from typing import Any

import torch

from pyinfo.quantization.calibration import Criterion, Method, calibrate
from pyinfo.quantization.histograms import FloatHistogram

__all__ = ["observer_class"]


def observer_class(
    base: Any,
    *,
    method: Method = "mse",
    criterion: Criterion = "nvidia",
    percentile: float = 99.99,
    bins: int = 8192,
) -> Any:
    """Return a class of observers that calibrate by a histogram of all they have seen.

    Parameters
    ----------
    base : type
        ``ObserverBase`` of ``torch.ao.quantization`` or of ``torchao.quantization.pt2e``.
    method, criterion, percentile
        As for `pyinfo.quantization.calibrate`.
    bins : int, default 8192
        As for `pyinfo.quantization.FloatHistogram`.

    Returns
    -------
    type
        To be used like ``HistogramObserver``, with_args included. It takes `dtype`, `qscheme`,
        `quant_min` and `quant_max`, and ignores what else observers are given. What has been
        counted is part of the module's state_dict. Channels: NotImplementedError.

    Examples
    --------
    >>> from torch.ao.quantization import ObserverBase, QConfig, default_weight_observer
    >>> activations = observer_class(ObserverBase, method="mse")
    >>> config = QConfig(activation=activations, weight=default_weight_observer)
    """

    class CalibratingObserver(base):  # type: ignore[misc]
        """Counts tensors, and calibrates what it has counted."""

        def __init__(
            self,
            dtype: torch.dtype = torch.quint8,
            qscheme: torch.qscheme = torch.per_tensor_affine,
            quant_min: int | None = None,
            quant_max: int | None = None,
            is_dynamic: bool = False,
            **_: Any,
        ) -> None:
            super().__init__(dtype=dtype, is_dynamic=is_dynamic)
            if qscheme not in (torch.per_tensor_affine, torch.per_tensor_symmetric):
                raise NotImplementedError(f"{qscheme} has channels: observers of tensors have none")
            self.qscheme = qscheme
            low, high = (-128, 127) if dtype in (torch.qint8, torch.int8) else (0, 255)
            self.quant_min = low if quant_min is None else quant_min
            self.quant_max = high if quant_max is None else quant_max
            self._histogram = FloatHistogram(bins)
            self.register_buffer("counts", torch.zeros(bins, dtype=torch.int64))
            # exponent, NaNs, infinities below and above, least and most
            self.register_buffer("state", torch.zeros(6, dtype=torch.float64))
            self._keep()

        def forward(self, x_orig: Any) -> Any:
            """Count a tensor; return it."""
            if x_orig.numel():
                self._histogram.update(x_orig.detach().cpu())
                self._keep()
            return x_orig

        def calculate_qparams(self) -> tuple[Any, Any]:
            """Return scale and zero point of what has been counted; 1 and 0 of nothing."""
            symmetric = self.qscheme == torch.per_tensor_symmetric
            span = self.quant_max - self.quant_min
            scale, zero = 1.0, 0
            if self._histogram.total:
                found = calibrate(
                    self._histogram,
                    bits=max(2, span.bit_length()),
                    method=method,
                    criterion=criterion,
                    percentile=percentile,
                    symmetric=symmetric,
                )
                # The rules of torch, whose ranges of integers may be any.
                smallest = float(torch.finfo(torch.float32).eps)
                if symmetric:
                    scale = max(2 * found.threshold / span, smallest)
                    zero = 0 if self.quant_min < 0 else (self.quant_min + self.quant_max + 1) // 2
                else:
                    scale = max((found.high - found.low) / span, smallest)
                    zero = self.quant_min - round(found.low / scale)
                    zero = min(max(zero, self.quant_min), self.quant_max)
            return torch.tensor([scale], dtype=torch.float32), torch.tensor([zero])

        def _keep(self) -> None:
            exponent, counts, *others = self._histogram._counted.state()
            self.counts.copy_(torch.from_numpy(counts.view("int64")))
            self.state.copy_(torch.tensor([exponent, *others], dtype=torch.float64))

        def _load_from_state_dict(self, *arguments: Any, **options: Any) -> None:
            super()._load_from_state_dict(*arguments, **options)
            exponent, nans, below, above, least, most = self.state.tolist()
            counts = self.counts.cpu().numpy().view("uint64")
            self._histogram.__setstate__(
                (int(exponent), counts, int(nans), int(below), int(above), least, most)
            )

        def extra_repr(self) -> str:
            """Return the method, and what has been counted."""
            return f"method={method!r}, {self._histogram!r}"

    return CalibratingObserver
