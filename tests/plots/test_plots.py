"""The pictures: the values that are drawn, the units at the axes, and nothing set for others."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="pictures need matplotlib (extra plot)")

import matplotlib as mpl
from matplotlib.figure import Figure

import pyinfo
from pyinfo import plots, quantization, testing

pytestmark = pytest.mark.once

RNG = np.random.default_rng(5)
NORMAL = RNG.normal(size=3000)
SIZES = [1 << k for k in range(12, 20)]
COSTS, ERRORS = [[1, 2, 4], [1, 2, 4]], [[9.0, 4.0, 1.0], [5.0, 3.0, 2.0]]
BEFORE = {"age": np.arange(400), "plan": ["free", "paid"] * 200}
AFTER = {"age": np.arange(50, 450), "plan": ["free"] * 200 + ["paid"] * 200}
VERDICT = testing.check_time(SIZES, [1e-9 * n for n in SIZES], "n")

PICTURES = {
    "entropy_map": lambda **ax: plots.entropy_map(NORMAL, **ax),
    "byte_planes": lambda **ax: plots.byte_planes(NORMAL, **ax),
    "pairwise_mutual_information": lambda **ax: plots.pairwise_mutual_information(
        RNG.integers(0, 3, (100, 4)), **ax
    ),
    "divergence_over_batches": lambda **ax: plots.divergence_over_batches(
        NORMAL, [NORMAL[:500], NORMAL[:500] + 1], **ax
    ),
    "drift_intervals": lambda **ax: plots.drift_intervals(pyinfo.drift(BEFORE, AFTER), **ax),
    "code_tree": lambda **ax: plots.code_tree(pyinfo.HuffmanCode.from_counts([3, 2, 1]), **ax),
    "growth": lambda **ax: plots.growth(
        testing.Complexity("f", tuple(SIZES), VERDICT, costs=tuple(1e-9 * n for n in SIZES)), **ax
    ),
    "calibration": lambda **ax: plots.calibration(calibrated(NORMAL), **ax),
    "log_histogram": lambda **ax: plots.log_histogram(np.exp(NORMAL), **ax),
    "budget": lambda **ax: plots.budget(quantization.allocate(COSTS, ERRORS, 5), **ax),
    "rate_distortion": lambda **ax: plots.rate_distortion(
        quantization.rate_distortion(NORMAL, bits=[2, 4]), **ax
    ),
}


def calibrated(values: np.ndarray, method: str = "mse") -> quantization.Calibration:
    histogram = quantization.FloatHistogram.from_chunks([values])
    return quantization.calibrate(histogram, bits=4, method=method)


def title(axes: Any) -> str:
    return axes.get_title(loc="left")


def test_there_is_one_of_each() -> None:
    assert set(PICTURES) == set(plots.__all__)


@pytest.mark.parametrize("name", PICTURES)
def test_nothing_is_set_for_others(name: str) -> None:
    before = dict(mpl.rcParams)
    axes = PICTURES[name]()
    assert dict(mpl.rcParams) == before
    assert (
        "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()
    )
    for kind, magic in (("png", b"\x89PNG"), ("svg", b"<?xml")):
        drawn = io.BytesIO()
        axes.figure.savefig(drawn, format=kind)
        assert drawn.getvalue().startswith(magic)


@pytest.mark.parametrize("name", PICTURES)
def test_axes_that_are_given_are_drawn_on(name: str) -> None:
    figure = Figure()
    axes = figure.add_subplot()
    assert PICTURES[name](ax=axes) is axes
    assert axes.figure is figure
    assert title(axes)


@pytest.mark.parametrize("name", PICTURES)
def test_nothing_is_cut_off(name: str) -> None:
    """Titles and labels lie within the figure."""
    axes = PICTURES[name]()
    figure = axes.figure
    figure.canvas.draw()
    whole = figure.bbox
    for text in (axes._left_title, axes.xaxis.label, axes.yaxis.label):
        if not text.get_text():
            continue
        box = text.get_window_extent()
        assert box.x0 >= whole.x0 - 1, text
        assert box.x1 <= whole.x1 + 1, text
        assert box.y0 >= whole.y0 - 1, text
        assert box.y1 <= whole.y1 + 1, text


def test_pyplot_is_not_imported() -> None:
    program = (
        "import sys, pyinfo; assert 'matplotlib' not in sys.modules;"
        "pyinfo.plots.byte_planes([1.5, 2]);"
        "assert 'matplotlib' in sys.modules; assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_without_matplotlib_the_extra_is_named() -> None:
    program = "import sys; sys.modules['matplotlib'] = None; import pyinfo.plots"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "the extra 'plot': pip install 'pyinfo[plot]'" in run.stderr.splitlines()[-1]


# -- Bytes ----------------------------------------------------------------------------------------


def test_entropy_map(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    text = b"what is known tells nothing. " * 1000
    data = bytes(16384) + text[:16384] + rng.bytes(16384) + b"rest"
    axes = plots.entropy_map(data)
    values = axes.images[0].get_array()
    assert values.shape == (12, 16)
    zeros, words, noise = values.reshape(3, 64)
    assert zeros.max() == 0
    assert 3 < words.min() <= words.max() < 4.5
    assert noise.min() > 7.5
    assert noise.max() <= 8
    assert axes.images[0].get_clim() == (0, 8)
    assert axes.get_ylabel() == "offset, bytes"
    assert axes.get_xlabel() == "16 blocks of 256 bytes in a row"
    assert [label.get_text() for label in axes.get_yticklabels()][:3] == ["0", "8 KiB", "16 KiB"]
    bar = axes.figure.axes[1]
    assert bar.get_xlabel() == "entropy of a block, bits per byte"

    path = tmp_path / "data.bin"
    path.write_bytes(data)
    for source in (path, str(path), np.frombuffer(data, np.uint8)):
        assert np.array_equal(plots.entropy_map(source).images[0].get_array(), values)
    assert title(plots.entropy_map(path)).startswith("data.bin: ")


def test_entropy_map_of_few_and_of_many_bytes() -> None:
    (row,) = plots.entropy_map(b"hello world " * 20).images[0].get_array()
    assert row[0] == pytest.approx(2.85, abs=0.05)
    assert row[1:].mask.all()
    values = plots.entropy_map(np.zeros(1 << 22, np.uint8)).images[0].get_array()
    assert values.count() == 8192
    assert plots.entropy_map(bytes(64), block_size=16).images[0].get_array().count() == 4
    with pytest.raises(ValueError, match="data must not be empty"):
        plots.entropy_map(b"")
    for size in (15, 65):
        with pytest.raises(ValueError, match="block_size must be from 16 to 64"):
            plots.entropy_map(bytes(64), block_size=size)


@pytest.mark.parametrize("order", ["<", ">"])
def test_byte_planes(order: str) -> None:
    array = np.arange(1 << 16).astype(f"{order}i4")
    axes = plots.byte_planes(array)
    heights = [bar.get_height() for bar in axes.patches[4:]]
    assert heights == ([8, 8, 0, 0] if order == "<" else [0, 0, 8, 8])
    names = [label.get_text() for label in axes.get_xticklabels()]
    assert names[0 if order == "<" else 3].endswith("lowest")
    assert names[3 if order == "<" else 0].endswith("highest")
    assert axes.get_ylabel() == "entropy, bits per byte"
    assert title(axes).endswith("16.00 of 32 bits")


def test_byte_planes_of_a_report() -> None:
    report = pyinfo.compression_report(NORMAL.astype(np.float32))
    assert report.rotated
    axes = plots.byte_planes(report)
    assert [bar.get_height() for bar in axes.patches[4:]] == [p.entropy for p in report.planes]
    coded = [float(segment[0, 1]) for segment in axes.collections[0].get_segments()]
    assert coded == [8 * plane.coded_size / plane.size for plane in report.planes]
    assert title(axes).startswith("Rotated elements: ")


# -- Samples --------------------------------------------------------------------------------------


def test_pairwise_mutual_information() -> None:
    table = RNG.integers(0, 4, (200, 3))
    table[:, 2] = table[:, 0] % 2
    axes = plots.pairwise_mutual_information(table, base=4)
    expected = pyinfo.pairwise_mutual_information(table, base=4)
    drawn = axes.images[0].get_array()
    assert drawn.mask.diagonal().all()
    apart = ~np.eye(3, dtype=bool)
    assert np.array_equal(drawn.data[apart], expected[apart])
    shown = [text.get_text() for text in axes.texts]
    assert shown == [f"{value:.2f}" for value in expected.ravel()]
    assert axes.figure.axes[1].get_ylabel() == "mutual information, units of log 4"


def test_tables_name_their_columns() -> None:
    pandas = pytest.importorskip("pandas", reason="tables of pandas")
    frame = pandas.DataFrame({"x": [0, 0, 1, 1], "y": list("abab")})
    axes = plots.pairwise_mutual_information(frame)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["x", "y"]
    with pytest.raises(ValueError, match="X and names must have the same number of columns"):
        plots.pairwise_mutual_information(frame, names=["x"])


def test_divergence_over_batches() -> None:
    rng = np.random.default_rng(1)
    reference = rng.normal(size=3000)
    batches = {day: rng.normal(shift, 1, 400) for day, shift in zip("MTW", [0, 0, 1], strict=True)}
    axes = plots.divergence_over_batches(reference, batches, limit=0.1)
    found = [pyinfo.drift(reference, batch) for batch in batches.values()]
    line = axes.lines[0]
    assert line.get_ydata().tolist() == [each.corrected for each in found]
    band = axes.collections[0].get_paths()[0].vertices
    assert {each.low for each in found} | {each.high for each in found} <= set(band[:, 1])
    assert [label.get_text() for label in axes.get_xticklabels()] == list("MTW")
    assert title(axes) == "1 of 3 batches differ from the reference"
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["95% interval", "differs", "as the reference, or by chance", "limit 0.1"]
    axes = plots.divergence_over_batches(reference, batches.values(), measure="psi")
    assert axes.get_ylabel() == "population stability index, nats"
    with pytest.raises(ValueError, match="batches must not be empty"):
        plots.divergence_over_batches(reference, [])
    with pytest.raises(TypeError, match="choose a column"):
        plots.divergence_over_batches(BEFORE, [AFTER])


def test_drift_intervals() -> None:
    table = pyinfo.drift(BEFORE, AFTER)
    axes = plots.drift_intervals(table, limit=0.01)
    places = {label.get_text(): i for i, label in enumerate(axes.get_yticklabels())}
    for name, each in table.items():
        ((low, _), (high, _)) = axes.collections[places[name]].get_segments()[0]
        assert (low, high) == (each.low, each.high)
    assert title(axes) == "1 of 2 columns differ, 95% intervals"
    known = pyinfo.Counts(["a", "b"], [1.0, 0.0])
    infinite = pyinfo.drift(known, pyinfo.Counts(["a", "b"], [50, 50]), measure="kl")
    axes = plots.drift_intervals(pyinfo.DriftTable({"x": infinite}), measure="kl")
    assert title(axes).endswith("infinite: x")


# -- Codes and costs ------------------------------------------------------------------------------


def test_code_tree() -> None:
    text = np.frombuffer(b"she sells sea shells", np.uint8)
    counts = np.bincount(text, minlength=256)
    code = pyinfo.HuffmanCode.from_counts(counts)
    axes = plots.code_tree(code, counts=counts)
    written = {each.get_text() for each in axes.texts}
    for symbol, word in enumerate(code.codewords):
        if word:
            assert f"{word}\n{counts[symbol]}\u00d7" in written
            assert ("space" if symbol == 0x20 else chr(symbol)) in written
    # As many branches as nodes below the root; each ends a bit deeper than it begins.
    assert len(axes.lines) == 2 * len(set(text.tolist())) - 2
    assert all(np.diff(line.get_ydata()) == -1 for line in axes.lines)
    assert f"{code.expected_length(counts / 20):.3g} bits each" in title(axes)


def test_large_code_trees_have_a_shape_alone() -> None:
    code = pyinfo.HuffmanCode.from_counts(np.arange(1, 101))
    axes = plots.code_tree(code)
    assert not axes.texts
    assert len(axes.lines) == 198
    with pytest.raises(ValueError, match="code and counts must have the same number of symbols"):
        plots.code_tree(code, counts=[1, 2])
    with pytest.raises(ValueError, match="code and names must have the same number of symbols"):
        plots.code_tree(code, names=["a"])


@pytest.mark.parametrize("by", ["time", "instructions"])
def test_growth(by: testing.complexity.Cost) -> None:
    costs = tuple(5.0 + 2 * n for n in SIZES)
    verdict = testing.check_time(SIZES, costs, "n")
    found = testing.Complexity("f", tuple(SIZES), verdict, costs=costs, by=by)
    axes = plots.growth(found)
    line, points = axes.lines
    assert points.get_ydata().tolist() == list(costs)
    np.testing.assert_allclose(line.get_ydata(), costs, rtol=1e-6)
    assert title(axes) == "f: O(n) time holds"
    unit = {"time": "time of a call", "instructions": "instructions of a call"}[by]
    assert axes.get_ylabel() == unit
    if by == "time":
        assert axes.yaxis.get_major_formatter()(2e-6).replace("\N{MICRO SIGN}", "μ") == "2 μs"
    with pytest.raises(ValueError, match="no claim on memory"):
        plots.growth(found, of="memory")


def test_growth_of_memory_and_of_other_functions() -> None:
    found = testing.measure_complexity(bytes, lambda n: n, None, memory="1", sizes=SIZES)
    axes = plots.growth(found)
    assert title(axes) == "bytes: O(1) memory does not hold"
    assert axes.get_ylabel() == "extra memory, bytes"
    cubic = testing.check_time(
        SIZES, [1e-9 * n**3 for n in SIZES], testing.Growth("n^3", lambda n: n**3)
    )
    found = testing.Complexity("f", tuple(SIZES), cubic, costs=tuple(1e-9 * n**3 for n in SIZES))
    assert len(plots.growth(found).lines) == 1


def test_calibration() -> None:
    found = calibrated(NORMAL)
    axes = plots.calibration(found)
    curve, best = axes.lines
    assert np.array_equal(curve.get_xdata(), found.thresholds)
    assert np.array_equal(curve.get_ydata(), found.scores)
    assert best.get_ydata()[0] == found.scores.min()
    assert axes.get_xlabel() == "threshold"
    axes = plots.calibration({f"layer {i}": calibrated(NORMAL, "entropy") for i in range(12)})
    assert len(axes.lines) == 20
    assert axes.get_ylabel() == "divergence, nats"
    assert axes.get_legend().get_title().get_text() == "the first 10 of 12"
    with pytest.raises(ValueError, match="there is no curve"):
        plots.calibration(calibrated(NORMAL, "max"))
    with pytest.raises(ValueError, match="must be of one method, not entropy-nvidia and mse"):
        plots.calibration({"a": found, "b": calibrated(NORMAL, "entropy")})


def test_log_histogram() -> None:
    axes = plots.log_histogram([0.0, 1.0, 2.0, 4.0, np.inf], label="loss, nats", count="rows")
    assert sum(bar.get_height() for bar in axes.patches) == 3
    assert axes.get_xlabel() == "loss, nats"
    assert axes.get_ylabel() == "rows in a bin"
    assert title(axes) == "5 rows, of which 2 are 0 or not finite"
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["mean 1.75", "median 2"]
    assert not plots.log_histogram([0.0]).patches
    with pytest.raises(ValueError, match="must not be negative"):
        plots.log_histogram([-1.0])


def test_budget() -> None:
    found = quantization.allocate(COSTS, ERRORS, 5)
    axes = plots.budget(found)
    hull, budget, chosen = axes.lines
    assert np.array_equal(hull.get_xydata(), found.hull)
    assert list(budget.get_xdata()) == [5, 5]
    assert chosen.get_xydata().tolist() == [[found.cost, found.error]]
    assert axes.get_xlabel() == "cost"
    assert plots.budget(found, unit="MB").get_xlabel() == "cost, MB"
    assert plots.budget(found, unit="bytes").get_xlabel() == "size"


def test_rate_distortion() -> None:
    found = quantization.rate_distortion(NORMAL, bits=[2, 4], steps=[0.25, 0.5])
    axes = plots.rate_distortion(found)
    steps, plain, coded, bound = axes.lines
    assert set(steps.get_ydata()) == {point.error for point in found.steps}
    assert plain.get_xdata().tolist() == [2, 4]
    rates = [8 * point.coded_bytes / 3000 for point in found.widths]
    np.testing.assert_allclose(coded.get_xdata(), rates, rtol=1e-12)
    assert (np.array(bound.get_ydata()) > 0).all()
    assert axes.get_xlabel() == "bits per weight"
    weighted = quantization.rate_distortion(NORMAL, bits=[2], importance=np.ones(3000))
    assert len(plots.rate_distortion(weighted).lines) == 3


def test_what_no_picture_is_of() -> None:
    for name, words in (
        ("drift_intervals", "found must be of type DriftTable or dict, not int"),
        ("growth", "found must be of type Complexity, not int"),
        ("budget", "found must be of type Allocation or FittedModel, not int"),
        ("rate_distortion", "found must be of type RateDistortion, not int"),
        ("code_tree", "code must be of type HuffmanCode, not int"),
        ("calibration", "curves must be of type Calibration or Mapping, not int"),
    ):
        with pytest.raises(TypeError, match=words):
            getattr(plots, name)(3)
    with pytest.raises(ValueError, match="data must have at least 16 bytes, not 3"):
        plots.entropy_map(b"abc")
