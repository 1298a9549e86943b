"""onnxruntime's own flow with pyinfo's ranges inside, beside what it finds alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed (group interop)")
ort = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed (group interop)")
from onnxruntime.quantization import CalibrationMethod, QuantType, create_calibrator  # noqa: E402
from onnxruntime.quantization import quantize_static as quantize_static  # noqa: E402

from pyinfo.integrations.onnxruntime import Collector, collect_ranges, save_ranges  # noqa: E402
from pyinfo.quantization import FloatHistogram, calibrate  # noqa: E402

pytestmark = [pytest.mark.once, pytest.mark.filterwarnings("ignore")]
RNG = np.random.default_rng(23)
WEIGHTS = RNG.standard_normal((16, 8)).astype(np.float32)


class Reader:
    """Batches of different sizes, at which onnxruntime's own collectors fail."""

    def __init__(self, batches: list[Any]) -> None:
        self.batches = iter(batches)

    def get_next(self) -> dict[str, Any] | None:
        batch = next(self.batches, None)
        return None if batch is None else {"x": batch}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    helper = onnx.helper
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "w"], ["hidden"]),
            helper.make_node("Relu", ["hidden"], ["y"]),
        ],
        "small",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["n", 16])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["n", 8])],
        [onnx.numpy_helper.from_array(WEIGHTS, "w")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path = tmp_path / "model.onnx"
    onnx.save(made, path)
    return path


def batches(*sizes: int) -> list[Any]:
    return [RNG.standard_t(4, (n, 16)).astype(np.float32) for n in sizes]


def run(path: Path, x: Any) -> Any:
    return ort.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]


def scale_of(path: Path, name: str) -> float:
    values = {each.name: each for each in onnx.load(path).graph.initializer}
    return float(onnx.numpy_helper.to_array(values[f"{name}_scale"]))


@pytest.mark.parametrize("method", ["mse", "entropy", "percentile", "max"])
def test_quantize_static_reads_the_ranges(model: Path, tmp_path: Path, method: str) -> None:
    seen = batches(64, 7, 200)
    cache = tmp_path / "ranges.json"
    found = collect_ranges(model, Reader(seen), cache, method=method)
    assert set(found) >= {"x", "hidden", "y"}
    target = tmp_path / "quantised.onnx"
    quantize_static(
        model, target, None,
        calibrate_method=CalibrationMethod.Entropy, calibration_cache_path=cache,
        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
    )  # fmt: skip
    assert scale_of(target, "x") == pytest.approx(found["x"].scale, rel=1e-5)
    x = np.concatenate(seen)
    wanted = run(model, x)
    assert np.mean((run(target, x) - wanted) ** 2) < 0.02 * np.mean(wanted**2)


def test_ours_beside_theirs(model: Path, tmp_path: Path) -> None:
    """Of equal batches, which theirs needs; the mean squared error of the inputs."""
    seen = batches(128, 128)
    x = np.concatenate(seen)

    def error(scale: float, zero: int) -> float:
        q = np.clip(np.rint(x / scale) + zero, 0, 255)
        return float(np.mean((x - (q - zero) * scale) ** 2))

    calibrator = create_calibrator(
        model, augmented_model_path=str(tmp_path / "augmented.onnx"),
        calibrate_method=CalibrationMethod.Entropy,
    )  # fmt: skip
    calibrator.collect_data(Reader(seen))
    low, high = (float(end) for end in calibrator.compute_data().data["x"].range_value)
    theirs = (high - low) / 255
    found = collect_ranges(model, Reader(seen), tmp_path / "r.json", method="mse")["x"]
    assert error(found.scale, found.zero_point) <= error(theirs, round(-low / theirs)) * 1.001


def test_collector_in_their_calibrator(model: Path, tmp_path: Path) -> None:
    calibrator = create_calibrator(
        model, augmented_model_path=str(tmp_path / "augmented.onnx"),
        calibrate_method=CalibrationMethod.Entropy,
    )  # fmt: skip
    calibrator.collector = Collector("max")
    seen = batches(5, 90)
    calibrator.collect_data(Reader(seen))
    data = calibrator.compute_data().data
    x = np.concatenate(seen)
    low, high = data["x"].range_value
    assert (float(low), float(high)) == (float(x.min()), float(x.max()))


def test_their_criterion_finds_their_threshold() -> None:
    """Their own function, given our bins."""
    from onnxruntime.quantization.calibrate import HistogramCollector

    x = RNG.standard_t(3, 20_000)
    histogram = FloatHistogram(1024)
    histogram.update(x)
    found = calibrate(histogram, criterion="onnxruntime")
    counts, edges = histogram.counts.astype(np.int64), histogram.edges
    used = np.flatnonzero(counts)
    half = int(max(used[-1] - 511, 512 - used[0]))
    theirs = HistogramCollector("entropy", False, 2 * half, 128, 99.99, None)
    window = slice(512 - half, 512 + half)
    result = theirs.get_entropy_threshold(
        (counts[window], edges[512 - half : 513 + half].astype(np.float32), x.min(), x.max(), 1.0),
        128,
    )
    assert float(result[1]) == pytest.approx(
        min(found.thresholds[found.scores.argmin()] + histogram.width, x.max()), rel=1e-6
    )


def test_saved_ranges(tmp_path: Path) -> None:
    path = tmp_path / "ranges.json"
    save_ranges({"x": (-1.0, 2.5)}, path, method="MinMax")
    document = json.loads(path.read_text())
    assert document["data"]["x"] == {"lowest": -1.0, "highest": 2.5, "CLS": "TensorData"}
    assert document["calibration_method"]["value"] == "CalibrationMethod.MinMax"
    assert [each.name for each in tmp_path.iterdir()] == ["ranges.json"]
    with pytest.raises(ValueError, match="method must be one of 'Entropy', 'MinMax'"):
        save_ranges({}, path, method="mse")


def test_what_is_wrong_is_said_before_the_model_runs(model: Path, tmp_path: Path) -> None:
    reader = Reader(batches(4))
    for target in (tmp_path, tmp_path / "missing" / "ranges.json"):
        with pytest.raises(OSError, match="directory") as caught:
            collect_ranges(model, reader, target)
        assert caught.value.filename == str(target)
    with pytest.raises(FileNotFoundError, match=r"other\.onnx"):
        collect_ranges(tmp_path / "other.onnx", reader, tmp_path / "ranges.json")
    with pytest.raises(TypeError, match=r"reader must have get_next\(\)"):
        collect_ranges(model, batches(4), tmp_path / "ranges.json")
    assert reader.get_next() is not None
    with pytest.raises(OSError, match="directory"):
        save_ranges({"x": (0.0, 1.0)}, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.onnx"]
