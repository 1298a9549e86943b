"""The calibrator inside Model-Optimizer's own flow, beside its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
try:
    import modelopt.torch.quantization as mtq
except ImportError as error:  # of the package, or of one that it needs: the reason says which
    pytest.skip(f"nvidia-modelopt cannot be imported: {error}", allow_module_level=True)

from pyinfo.integrations.modelopt import HistogramCalibrator  # noqa: E402

pytestmark = [pytest.mark.once, pytest.mark.filterwarnings("ignore")]


def inputs() -> Any:
    return torch.from_numpy(np.random.default_rng(3).standard_t(4, (512, 16)).astype(np.float32))


def quantised(calibrator: Any) -> tuple[Any, float]:
    torch.manual_seed(5)
    model = torch.nn.Sequential(torch.nn.Linear(16, 32), torch.nn.ReLU(), torch.nn.Linear(32, 4))
    x = inputs()
    wanted = model(x)
    cfg = {"num_bits": 8, "axis": None}
    if calibrator is not None:
        cfg["calibrator"] = calibrator
    config = {
        "quant_cfg": [
            {"quantizer_name": "*weight_quantizer", "cfg": {"num_bits": 8, "axis": 0}},
            {"quantizer_name": "*input_quantizer", "cfg": cfg},
        ],
        "algorithm": "max",
    }
    made = mtq.quantize(model, config, forward_loop=lambda m: [m(part) for part in x.split(100)])
    return made, float(((made(x) - wanted) ** 2).mean() / (wanted**2).mean())


@pytest.mark.parametrize("method", ["mse", "entropy", "percentile", "max"])
def test_flow(method: str) -> None:
    made, error = quantised((HistogramCalibrator, (), {"method": method}))
    _, theirs = quantised(None)
    assert error < 0.02
    assert error < 2 * theirs + 1e-3
    amax = float(made[0].input_quantizer.amax)
    alone = HistogramCalibrator(method=method)
    alone.collect(inputs())
    assert amax == pytest.approx(float(alone.compute_amax()))
    if method == "max":
        assert amax == float(inputs().abs().max())


def test_calls() -> None:
    calibrator = HistogramCalibrator()
    assert calibrator.compute_amax() is None
    calibrator.collect(inputs())
    calibrator.collect(inputs()[:0])
    first = calibrator.compute_amax()
    assert first.shape == ()
    assert calibrator.compute_amax() == first
    assert calibrator.compute_amax("max") == inputs().abs().max()
    assert calibrator.calibration().scores.size
    calibrator.reset()
    assert calibrator.compute_amax() is None
    for options in ({"axis": 0}, {"num_bits": (4, 3)}):
        with pytest.raises(NotImplementedError):
            HistogramCalibrator(**options)
