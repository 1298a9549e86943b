"""Observers for PyTorch's quantisation: of torch.ao, eager and FX, and of torchao's pt2e.

The two have base classes of their own, and refuse each other's observers: `observer_class` makes
one of the base class it is given.
"""

from __future__ import annotations

import functools
from typing import Any, Final

import torch

from pyinfo.arguments import choice
from pyinfo.quantization.calibration import CRITERIA, METHODS, Criterion, Method, calibrate
from pyinfo.quantization.histograms import FloatHistogram

__all__ = ["observer_class"]

_RANGES: Final = {
    torch.qint8: (-128, 127),
    torch.int8: (-128, 127),
    torch.quint8: (0, 255),
    torch.uint8: (0, 255),
    torch.quint4x2: (0, 15),
    torch.int16: (-32768, 32767),
    torch.uint16: (0, 65535),
}


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
        `quant_min`, `quant_max` and `reduce_range`, and ignores what tunes other observers (`eps`,
        `averaging_constant`, ...). What has been counted is part of the module's state_dict.
        Channels: NotImplementedError. Types without integers of at most 16 bits, and ranges that
        are empty, without 0 or beyond the type: ValueError.

    Notes
    -----
    `reduce_range` leaves out one bit. PyTorch's kernels for x86 need that for activations where the
    processor has no VNNI instructions: sums of products of 8 bits overflow otherwise.

    Examples
    --------
    >>> from torch.ao.quantization import ObserverBase, QConfig, default_weight_observer
    >>> activations = observer_class(ObserverBase, method="mse")
    >>> config = QConfig(activation=activations, weight=default_weight_observer)
    """
    return _observer_class(
        base,
        choice(method, "method", METHODS),
        choice(criterion, "criterion", CRITERIA),
        percentile,
        bins,
    )


@functools.cache
def _observer_class(
    base: Any, method: Method, criterion: Criterion, percentile: float, bins: int
) -> Any:
    made = (base, method, criterion, percentile, bins)

    class CalibratingObserver(base):  # type: ignore[misc]
        """Counts tensors, and calibrates what it has counted."""

        def __init__(
            self,
            dtype: torch.dtype = torch.quint8,
            qscheme: torch.qscheme = torch.per_tensor_affine,
            quant_min: int | None = None,
            quant_max: int | None = None,
            is_dynamic: bool = False,
            reduce_range: bool = False,
            **_: Any,
        ) -> None:
            super().__init__(dtype=dtype, is_dynamic=is_dynamic)
            if qscheme not in (torch.per_tensor_affine, torch.per_tensor_symmetric):
                raise NotImplementedError(f"{qscheme} has channels: observers of tensors have none")
            self.qscheme = qscheme
            self.quant_min, self.quant_max = _range(dtype, quant_min, quant_max, reduce_range)
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

        def __reduce__(self) -> tuple[Any, ...]:
            """Pickle what the class is made of, which has no name in a module."""
            return _blank, made, self.__dict__

    return CalibratingObserver


def _blank(*made: Any) -> Any:
    """Return an observer whose state is still to come."""
    kind = _observer_class(*made)
    return kind.__new__(kind)


def _range(
    dtype: torch.dtype, quant_min: int | None, quant_max: int | None, reduce_range: bool
) -> tuple[int, int]:
    """Return the least and the largest integer, by the rules of torch's observers."""
    if dtype not in _RANGES:
        raise ValueError(f"dtype must be a type of integers of at most 16 bits, not {dtype}")
    least, most = _RANGES[dtype]
    if reduce_range and (quant_min is None) == (quant_max is None):
        # Rounded down, as torch has it, which halves ranges that are given as well.
        half = [(least, most)[k] // 2 if end is None else end // 2
                for k, end in enumerate((quant_min, quant_max))]  # fmt: skip
        quant_min, quant_max = half
    low = least if quant_min is None else quant_min
    high = most if quant_max is None else quant_max
    if not (least <= low <= 0 <= high <= most and low < high):
        raise ValueError(
            f"quant_min and quant_max must be a range around 0 within {least} .. {most}, those of "
            f"{dtype}, not {low} .. {high}"
        )
    return low, high
