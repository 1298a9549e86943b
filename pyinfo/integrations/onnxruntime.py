"""Calibration of ONNX models: ranges for ``quantize_static`` of onnxruntime.

The official seam is a file of ranges that ``quantize_static`` reads instead of running the model:
`save_ranges` writes it, `collect_ranges` makes it by running the model in onnxruntime. `Collector`
takes the place of onnxruntime's own in a calibrator.
"""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from onnxruntime.quantization import CalibrationMethod, create_calibrator
from onnxruntime.quantization.calibrate import TensorData

from pyinfo.arguments import choice
from pyinfo.coding.whole_files import resolved, whole_file
from pyinfo.quantization.calibration import Calibration, Criterion, Method, calibrate
from pyinfo.quantization.histograms import FloatHistogram

__all__ = ["Collector", "collect_ranges", "save_ranges"]

_METHODS: Final = ("Entropy", "MinMax", "Percentile", "Distribution")


class Collector:
    """Histograms of a model's tensors, for the calibrators of onnxruntime.

    Assign one to ``calibrator.collector`` before ``calibrator.collect_data(reader)``, for a
    calibrator of ``CalibrationMethod.Entropy`` or ``Percentile``; then ``compute_data()`` has the
    ranges. Batches may have different sizes.

    Parameters
    ----------
    method, criterion, percentile
        As for `pyinfo.quantization.calibrate`.
    bits : int, default 8
        Width of the integers.
    symmetric : bool, default False
        Ranges of equal ends.
    bins : int, default 8192
        As for `pyinfo.quantization.FloatHistogram`.

    Examples
    --------
    >>> calibrator = create_calibrator("model.onnx", calibrate_method=CalibrationMethod.Entropy)
    ... # doctest: +SKIP
    >>> calibrator.collector = Collector("mse")  # doctest: +SKIP
    """

    def __init__(
        self,
        method: Method = "entropy",
        *,
        criterion: Criterion = "nvidia",
        percentile: float = 99.99,
        bits: int = 8,
        symmetric: bool = False,
        bins: int = 8192,
    ) -> None:
        self._options: dict[str, Any] = {
            "method": method,
            "criterion": criterion,
            "percentile": percentile,
            "bits": bits,
            "symmetric": symmetric,
        }
        self._bins = bins
        self.histograms: dict[str, FloatHistogram] = {}

    def collect(self, name_to_arr: Mapping[str, Iterable[Any]]) -> None:
        """Count the tensors of some batches: a list of arrays for each name."""
        for name, batches in name_to_arr.items():
            histogram = self.histograms.setdefault(name, FloatHistogram(self._bins))
            for batch in batches:
                array = np.asarray(batch)
                if array.dtype.kind == "f":  # others are not quantised
                    histogram.update(array)

    def calibrations(self) -> dict[str, Calibration]:
        """Return the calibration of each tensor of which something has been counted."""
        return {
            name: calibrate(histogram, **self._options)
            for name, histogram in self.histograms.items()
            if histogram.total
        }

    def compute_collection_result(self) -> dict[str, Any]:
        """Return the ranges, as onnxruntime has them."""
        return {
            name: TensorData(lowest=np.float32(found.low), highest=np.float32(found.high))
            for name, found in self.calibrations().items()
        }


def save_ranges(
    ranges: Mapping[str, Calibration | tuple[float, float]],
    path: str | os.PathLike[str],
    *,
    method: str = "Entropy",
) -> None:
    """Write ranges to a file for ``quantize_static(..., calibration_cache_path=path)``.

    Parameters
    ----------
    ranges : mapping
        Of every input and output of a quantised node: a calibration, or the ends.
    path : path
        Replaced as a whole once all is written.
    method : {"Entropy", "MinMax", "Percentile", "Distribution"}, default "Entropy"
        What ``quantize_static`` is given as ``calibrate_method``: it refuses files of another one.
    """
    named = choice(method, "method", _METHODS)
    ends = {
        name: (found.low, found.high) if isinstance(found, Calibration) else found
        for name, found in ranges.items()
    }
    document = {
        "CLS": "TensorsData",
        "data": {
            name: {"lowest": float(low), "highest": float(high), "CLS": "TensorData"}
            for name, (low, high) in ends.items()
        },
        "calibration_method": {
            "CLS": "CalibrationMethod",
            "value": f"CalibrationMethod.{named}",
        },
        "smooth_quant": False,
    }
    with whole_file(resolved(path), overwrite=True) as file:
        file.write(json.dumps(document).encode())


def collect_ranges(
    model: str | os.PathLike[str], reader: Any, path: str | os.PathLike[str], **options: Any
) -> dict[str, Calibration]:
    """Run a model in onnxruntime, calibrate all of its tensors, and write their ranges.

    Parameters
    ----------
    model : path
        The ONNX model of floats.
    reader : object
        Anything with ``get_next()``, which returns a dict of inputs, and None at the end.
    path : path
        Where the ranges go: ``quantize_static(model, out, None, calibration_cache_path=path,
        calibrate_method=CalibrationMethod.Entropy)`` reads them.
    **options
        As for `Collector`.

    Returns
    -------
    dict
        The calibration of each tensor, with its curve.

    Raises
    ------
    OSError
        If the model is no file, or there is no place for the ranges, before anything is run.
    TypeError
        If the reader has no ``get_next()``.
    """
    _require_place(resolved(path))
    if not Path(model).is_file():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), os.fspath(model))
    if not callable(getattr(reader, "get_next", None)):
        raise TypeError(
            f"reader must have get_next(), which returns a dict of inputs, or None at the end: "
            f"{type(reader).__name__} has not"
        )
    collector = Collector(**options)
    with tempfile.TemporaryDirectory() as folder:
        calibrator = create_calibrator(
            os.fspath(model),
            augmented_model_path=os.fspath(Path(folder, "augmented.onnx")),
            calibrate_method=CalibrationMethod.Entropy,
        )
        calibrator.collector = collector
        calibrator.collect_data(reader)
    found = collector.calibrations()
    save_ranges(found, path)
    return found


def _require_place(target: Path) -> None:
    """Raise OSError where no file can be: sooner than after the model has run."""
    wrong = errno.EISDIR if target.is_dir() else 0 if target.parent.is_dir() else errno.ENOENT
    if wrong:
        raise OSError(wrong, os.strerror(wrong), str(target))
