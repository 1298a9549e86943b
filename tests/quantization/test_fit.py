"""Models fitted to budgets: sizes and errors are what is said, bounds are proven."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pyinfo.safetensors.numpy
from pyinfo import quantization, safetensors
from pyinfo.quantization import FittedModel, fit, step_curves
from pyinfo.safetensors.tensor_file import TensorFile
from support.allocation_checker import certified_bound
from support.plain_safetensors import restore
from support.quantized_models import as_floats, elements, file_of, model
from support.weights import Raw

pytestmark = pytest.mark.once


def written(path: Path, tensors: dict[str, Raw]) -> Path:
    path.write_bytes(file_of(tensors))
    return path


def loaded(path: Path) -> dict[str, bytes]:
    file = TensorFile(path)
    return {name: file.whole(stored).tobytes() for name, stored in file.tensors.items()}


def require_honest(found: FittedModel, path: Path, tensors: dict[str, Raw]) -> None:
    """Size, errors, bound and every tensor are what the report says."""
    assert path.stat().st_size == found.size <= found.budget
    assert found.size == pytest.approx(found.predicted_size, rel=1e-3)
    got = loaded(path)
    total = 0.0
    for each in found.tensors:
        tensor = tensors[each.name]
        assert (each.dtype, each.shape) == (tensor.dtype, tensor.shape)
        if each.step is None:
            assert got[each.name] == tensor.data
            assert each.error == 0
            continue
        was, now = (as_floats(data, each.dtype) for data in (tensor.data, got[each.name]))
        error = float(((was - now) ** 2).sum())
        assert each.error == pytest.approx(error, rel=1e-5)
        assert each.dead_zone is not None
        most = each.step * (0.5 + each.dead_zone)
        assert abs(was - now).max() <= most * 1.01 + 0.01 * abs(was).max()
        total += error
    assert found.error == pytest.approx(total, rel=1e-5)
    assert sum(each.share for each in found.tensors) == pytest.approx(1 if total else 0)
    table = found.table
    proven = certified_bound(
        table["costs"], table["errors"], found.allocation.budget, found.allocation.certificate
    )
    assert Fraction(found.lower_bound) <= proven
    assert found.lower_bound <= found.error
    assert found.gap == ((found.error - found.lower_bound) / found.error if found.error else 0)
    chosen = [row[k] for row, k in zip(table["steps"], found.allocation.choice, strict=True)]
    by_name = {each.name: each.step for each in found.tensors}
    assert chosen == [by_name[name] for name in table["names"]]


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16", "F64"])
@pytest.mark.parametrize("budget", ["2.2bpw", "4bpw", "7bpw"])
def test_what_is_said_is_what_is_in_the_file(dtype: str, budget: str, tmp_path: Path) -> None:
    tensors = model(dtype=dtype)
    source = written(tmp_path / "m.safetensors", tensors)
    found = fit(source, budget, destination=tmp_path / "f.safetensors")
    assert found.budget == int(float(budget[:-3]) * elements(tensors) / 8)
    require_honest(found, tmp_path / "f.safetensors", tensors)
    assert found.gap < 1e-2
    assert found.size > 0.97 * found.budget
    stored = {each.name: each.stored for each in found.tensors}
    assert stored["layer.0.weight"] == "quantized"
    assert stored["layer.0.bias"] == stored["steps"] == stored["zeros"] == "lossless"
    assert stored["tied"] == "alias"
    restored = restore((tmp_path / "f.safetensors").read_bytes())
    safetensors.unpack(tmp_path / "f.safetensors", tmp_path / "u.safetensors")
    assert (tmp_path / "u.safetensors").read_bytes() == restored


def test_more_bytes_less_error(tmp_path: Path) -> None:
    source = written(tmp_path / "m.safetensors", model(2))
    errors = [fit(source, size).error for size in range(26_000, 120_000, 12_000)]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > 100 * errors[-1]


def test_everything_fits(tmp_path: Path) -> None:
    tensors = model(3)
    source = written(tmp_path / "m.safetensors", tensors)
    found = fit(source, source.stat().st_size, destination=tmp_path / "f.safetensors")
    assert (found.error, found.gap, found.lower_bound) == (0, 0, 0)
    require_honest(found, tmp_path / "f.safetensors", tensors)
    assert not any(each.stored == "quantized" for each in found.tensors)


def test_the_least_budget_is_told_and_is_enough(tmp_path: Path) -> None:
    tensors = model(4)
    source = written(tmp_path / "m.safetensors", tensors)
    with pytest.raises(ValueError, match="budget of 1,000 bytes is too small") as refused:
        fit(source, 1000, destination=tmp_path / "f.safetensors")
    assert not (tmp_path / "f.safetensors").exists()
    least = int(str(refused.value).split()[-2].replace(",", ""))
    found = fit(source, least, destination=tmp_path / "f.safetensors")
    require_honest(found, tmp_path / "f.safetensors", tensors)
    with pytest.raises(ValueError, match=f"{least:,} bytes$"):
        fit(source, least - 1)


def test_errors_that_count_the_same_get_the_same_step(tmp_path: Path) -> None:
    """Gish and Pierce: where each squared error counts 1, one step is best for all."""
    source = written(tmp_path / "m.safetensors", model(5))
    found = {each.name: each.step for each in fit(source, "6bpw").tensors}
    assert found["layer.2.weight"] == found["tied"]  # whose errors count twice
    steps = [found[f"layer.{i}.weight"] or 0.0 for i in (0, 1, 3)]
    assert max(steps) < 1.3 * min(steps)


def test_better_than_one_width_for_all(tmp_path: Path) -> None:
    """At most half of the error of absmax at 4 bits, at the bytes that its integers' entropy is."""
    tensors = model(6)
    size, error = 0.0, 0.0
    for name, tensor in tensors.items():
        if name.endswith("weight") or name == "tied":
            values = as_floats(tensor.data, "F32")
            curve = quantization.rate_distortion(values, bits=(), steps=[abs(values).max() / 7])
            error += curve.steps[0].error
            size += 0 if name == "tied" else curve.steps[0].coded_bytes
    source = written(tmp_path / "m.safetensors", tensors)
    others = sum(len(t.data) for n, t in tensors.items() if n.endswith("bias")) + 4500
    assert fit(source, int(size + others)).error < error / 2


def test_importance_buys_precision(tmp_path: Path) -> None:
    tensors = model(7)
    source = written(tmp_path / "m.safetensors", tensors)
    plain = fit(source, "4bpw")
    weighted = fit(source, "4bpw", importance={"layer.0.weight": 1e4, "layer.3.weight": 0})
    steps = [{each.name: each.step for each in found.tensors} for found in (plain, weighted)]
    ratio = 0.01 * steps[0]["layer.0.weight"] / steps[1]["layer.0.weight"]
    assert 1 <= ratio < 4  # what the other one leaves makes it finer still
    by_name = {each.name: each for each in weighted.tensors}
    assert by_name["layer.3.weight"].error == 0
    assert by_name["layer.3.weight"].size < 500


def test_importance_of_columns(tmp_path: Path) -> None:
    tensors = model(8)
    source = written(tmp_path / "m.safetensors", tensors)
    given = np.random.default_rng(1).uniform(0, 4, 300)
    found = fit(
        source, "4bpw", importance={"layer.1.weight": given}, destination=tmp_path / "f.safetensors"
    )
    tensor = next(each for each in found.tensors if each.name == "layer.1.weight")
    now = as_floats(loaded(tmp_path / "f.safetensors")["layer.1.weight"], "F32")
    was = as_floats(tensors["layer.1.weight"].data, "F32")
    error = float((((was - now) ** 2).reshape(64, 300) * given).sum())
    assert tensor.error == pytest.approx(error, rel=1e-5)


def test_importance_has_no_unit(tmp_path: Path) -> None:
    """Of all tensors times a power of two, it changes errors by that, and nothing else."""
    tensors = model(8)
    source = written(tmp_path / "m.safetensors", tensors)
    rng = np.random.default_rng(1)
    every = [name for name, raw in tensors.items() if raw.dtype == "F32" and len(raw.shape) > 1]
    one_each = {name: rng.uniform(0.1, 4, tensors[name].shape[-1]) for name in every[1:]}
    importance = {every[0]: 3.0, **one_each}
    usual = fit(source, "4bpw", importance=importance)
    for exponent in (-900, -140, -100, 100, 120):
        moved = fit(
            source,
            "4bpw",
            importance={name: np.ldexp(each, exponent) for name, each in importance.items()},
        )
        chosen = [(each.step, each.dead_zone, each.size) for each in moved.tensors]
        assert chosen == [(each.step, each.dead_zone, each.size) for each in usual.tensors]
        assert moved.error == math.ldexp(usual.error, exponent)
        assert moved.gap == pytest.approx(usual.gap, abs=1e-9)


@pytest.mark.parametrize(
    ("importance", "error", "message"),
    [
        ({"other": 1}, ValueError, "importance names the tensor 'other', which the file has not"),
        ({"layer.0.weight": -1}, ValueError, "must be finite and not negative"),
        ({"layer.0.weight": math.nan}, ValueError, "must be finite and not negative"),
        ({"layer.0.weight": np.ones(80)}, ValueError, r"one for each of the last axis .* \(80,\)"),
        ({"layer.0.weight": np.ones((80, 90))}, ValueError, "of the last axis"),
        ([1.0], TypeError, "importance must be a dict by names, not list"),
    ],
)
def test_importance_that_is_none(
    importance: Any, error: type[Exception], message: str, tmp_path: Path
) -> None:
    source = written(tmp_path / "m.safetensors", model(9))
    with pytest.raises(error, match=message):
        fit(source, "4bpw", importance=importance)


@pytest.mark.parametrize(
    ("budget", "size"),
    [
        (300_000, 300_000),
        ("300kB", 300_000),
        (" 0.3 MB", 300_000),
        ("293KiB", 300_032),
        ("0.3e", 0),
    ],
)
def test_budgets(budget: Any, size: int, tmp_path: Path) -> None:
    source = written(tmp_path / "m.safetensors", model(10))
    if size:
        assert fit(source, budget).budget == size
        return
    with pytest.raises(ValueError, match=r"budget must be bytes.* 4\.5bpw: '0\.3e'"):
        fit(source, budget)


@pytest.mark.parametrize(
    ("budget", "refused"),
    [
        *((each, "budget must be") for each in (-1, "-1MB", "nan", "1e400", "", "MB")),
        *((each, "budget is beyond the range of floats") for each in (10**400, "9" * 400)),
    ],
)
def test_budgets_that_are_none(budget: Any, refused: str, tmp_path: Path) -> None:
    source = written(tmp_path / "m.safetensors", model(10))
    with pytest.raises(ValueError, match=refused):
        fit(source, budget)


def test_lossless(tmp_path: Path) -> None:
    tensors = model(11)
    source = written(tmp_path / "m.safetensors", tensors)
    found = fit(source, "12bpw", lossless=["layer.0.*"], destination=tmp_path / "f.safetensors")
    require_honest(found, tmp_path / "f.safetensors", tensors)
    stored = {each.name: each.stored for each in found.tensors}
    assert stored["layer.0.weight"] == "lossless"
    assert stored["layer.1.weight"] == "quantized"
    every = fit(source, "3bpw", lossless=False)
    assert "quantized" in {e.stored for e in every.tensors if e.name.endswith("bias")}
    packed = safetensors.pack(source, tmp_path / "p.safetensors")
    whole = fit(source, "32bpw", lossless=True)
    assert (whole.error, whole.gap) == (0, 0)
    assert whole.size == pytest.approx(packed.written, abs=200)  # which has a SHA-256
    with pytest.raises(ValueError, match=f"smallest file .* has {whole.size:,} bytes"):
        fit(source, whole.size - 1, lossless=True)
    assert fit(source, whole.size, lossless=True).size == whole.size


@pytest.mark.parametrize("bad", [math.nan, math.inf, 6e4])
def test_what_cannot_be_quantised_stays(bad: float, tmp_path: Path) -> None:
    """NaNs and infinities, and what rounding up would make infinite."""
    tensors = model(12, "F16")
    values = np.frombuffer(tensors["layer.1.weight"].data, "<f2").copy()
    values[77] = bad
    tensors["layer.1.weight"] = Raw("F16", (64, 300), values.tobytes())
    source = written(tmp_path / "m.safetensors", tensors)
    found = fit(source, "9bpw", destination=tmp_path / "f.safetensors")
    require_honest(found, tmp_path / "f.safetensors", tensors)
    assert {e.name: e.stored for e in found.tensors}["layer.1.weight"] == "lossless"


def test_outliers_need_wide_integers(tmp_path: Path) -> None:
    tensors = model(13)
    values = np.frombuffer(tensors["layer.1.weight"].data, "<f4").copy()
    values[[5, 500]] = 100, -30
    tensors["layer.1.weight"] = Raw("F32", (64, 300), values.tobytes())
    source = written(tmp_path / "m.safetensors", tensors)
    found = fit(source, "5bpw", destination=tmp_path / "f.safetensors")
    require_honest(found, tmp_path / "f.safetensors", tensors)
    with safetensors.safe_open(tmp_path / "f.safetensors", "np") as file:
        integers, step = file.get_quantized("layer.1.weight")
    assert integers.dtype == np.int16
    assert integers.ravel()[5] == round(100 / step)


def test_empty_files_and_tensors(tmp_path: Path) -> None:
    tensors = {"empty": Raw("F32", (0, 5), b""), "scalar": Raw("F32", (), b"\0\0\x80?")}
    source = written(tmp_path / "m.safetensors", tensors)
    found = fit(source, 2000, lossless=False, destination=tmp_path / "f.safetensors")
    require_honest(found, tmp_path / "f.safetensors", tensors)
    source = written(tmp_path / "n.safetensors", {})
    assert fit(source, 2000, destination=tmp_path / "g.safetensors").error == 0
    assert loaded(tmp_path / "g.safetensors") == {}


def test_a_frame_never_has_the_tensors_own_shape(tmp_path: Path) -> None:
    """Else loaders that know nothing of frames would take its bytes for the tensor."""
    values = np.random.default_rng(14).normal(size=5000).astype("<f4")
    source = written(tmp_path / "m.safetensors", {"w": Raw("F32", (5000,), values.tobytes())})
    for budget in range(5500, 5900, 20):
        found = fit(source, budget, lossless=False, destination=tmp_path / "f.safetensors")
        assert found.tensors[0].size != 5000


def test_the_result_does_not_depend_on_threads(tmp_path: Path) -> None:
    source = written(tmp_path / "m.safetensors", model(15))
    files = []
    for threads in (1, 2, 5):
        fit(source, "4bpw", destination=tmp_path / "f.safetensors", threads=threads)
        files.append((tmp_path / "f.safetensors").read_bytes())
    assert files[0] == files[1] == files[2]


def test_progress_rises_to_its_end(tmp_path: Path) -> None:
    source = written(tmp_path / "m.safetensors", model(16))
    told: list[tuple[int, int | None]] = []
    fit(source, "4bpw", progress=lambda done, total: told.append((done, total)))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert {total for _, total in told} == {told[-1][0]}


def test_files_that_are_none(tmp_path: Path) -> None:
    source = written(tmp_path / "m.safetensors", model(17))
    before = source.read_bytes()
    with pytest.raises(ValueError, match="same file"):
        fit(source, "4bpw", destination=source)
    assert source.read_bytes() == before
    (tmp_path / "f.safetensors").write_bytes(b"old")
    with pytest.raises(FileExistsError):
        fit(source, "4bpw", destination=tmp_path / "f.safetensors", overwrite=False)
    assert (tmp_path / "f.safetensors").read_bytes() == b"old"
    fit(source, "4bpw", destination=tmp_path / "f.safetensors")
    with pytest.raises(ValueError, match="packed already"):
        fit(tmp_path / "f.safetensors", "4bpw")
    (tmp_path / "n.safetensors").write_bytes(b"none")
    with pytest.raises(safetensors.SafetensorError):
        fit(tmp_path / "n.safetensors", "4bpw")
    with pytest.raises(FileNotFoundError):
        fit(tmp_path / "absent.safetensors", "4bpw")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "f.safetensors", "m.safetensors", "n.safetensors",
    ]  # fmt: skip


def test_results_are_pickled(tmp_path: Path) -> None:
    found = fit(written(tmp_path / "m.safetensors", model(18)), "4bpw")
    assert pickle.loads(pickle.dumps(found)) == found


def test_original_dtypes_and_shapes(tmp_path: Path) -> None:
    source = written(tmp_path / "m.safetensors", model(19, "F16"))
    fit(source, "4bpw", destination=tmp_path / "f.safetensors")
    was = pyinfo.safetensors.numpy.load_file(source)
    now = pyinfo.safetensors.numpy.load_file(tmp_path / "f.safetensors")
    assert {n: (a.dtype, a.shape) for n, a in was.items()} == {
        n: (a.dtype, a.shape) for n, a in now.items()
    }


def test_dead_zones_pay_where_bits_are_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = written(tmp_path / "m.safetensors", model(20))
    budgets = ("2.4bpw", "3bpw", "8bpw")
    found = [fit(source, budget) for budget in budgets]
    zones = [[each.dead_zone for each in one.tensors if each.step is not None] for one in found]
    assert max(zones[0]) > 0.1
    assert set(zones[2]) <= {0.0}
    monkeypatch.setattr(step_curves, "_DEAD_ZONES", (0.0,))
    without = [fit(source, budget) for budget in budgets]
    ratios = [one.error / other.error for one, other in zip(found, without, strict=True)]
    assert ratios[0] < 0.95
    assert ratios[0] < ratios[1] < ratios[2]
    assert ratios[2] == pytest.approx(1, abs=0.01)


# -- Folders


def shards(folder: Path, seed: int = 21) -> dict[str, dict[str, Raw]]:
    """A model in two files, with an index, and a folder below with a third one."""
    tensors = list(model(seed).items())
    parts = {
        "model-1.safetensors": dict(tensors[:5]),
        "model-2.safetensors": dict(tensors[5:]),
        "more/extra.safetensors": {"extra.weight": model(seed + 1)["layer.1.weight"]},
    }
    (folder / "more").mkdir(parents=True)
    for name, part in parts.items():
        written(folder / name, part)
    (folder / "index.json").write_text('{"weight_map": {}}')
    return parts


def test_files_of_a_folder_share_the_budget(tmp_path: Path) -> None:
    parts = shards(tmp_path / "model")
    destination = tmp_path / "small"
    found = fit(tmp_path / "model", "4bpw", destination=destination)
    everything = {name: tensor for part in parts.values() for name, tensor in part.items()}
    assert found.budget == elements(everything) // 2
    names = sorted(path.relative_to(destination).as_posix() for path in destination.rglob("*.*"))
    assert names == ["index.json", *parts]
    assert (destination / "index.json").read_text() == '{"weight_map": {}}'
    assert found.original_size == sum((tmp_path / "model" / name).stat().st_size for name in parts)
    size = sum((destination / name).stat().st_size for name in parts)
    assert size == found.size <= found.budget
    assert size == pytest.approx(found.predicted_size, rel=1e-3)
    in_order = [key for name in parts for key in loaded(tmp_path / "model" / name)]
    assert [each.name for each in found.tensors] == in_order
    error = 0.0
    for name, part in parts.items():
        now = loaded(destination / name)
        for key, tensor in part.items():
            if tensor.dtype == "F32":
                was = as_floats(tensor.data, "F32")
                error += float(((was - as_floats(now[key], "F32")) ** 2).sum())
    assert found.error == pytest.approx(error, rel=1e-5)
    table = found.table
    proven = certified_bound(
        table["costs"], table["errors"], found.allocation.budget, found.allocation.certificate
    )
    assert Fraction(found.lower_bound) <= proven
    assert fit(tmp_path / "model", "4bpw", threads=2) == found


def test_one_file_in_a_folder_is_as_it_is_alone(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    source = written(tmp_path / "model" / "m.safetensors", model(22))
    fit(source, "4bpw", destination=tmp_path / "f.safetensors")
    fit(source.parent, "4bpw", destination=tmp_path / "small")
    assert (tmp_path / "small" / "m.safetensors").read_bytes() == (
        tmp_path / "f.safetensors"
    ).read_bytes()


def test_folders_that_are_none(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shards(folder)
    with pytest.raises(ValueError, match=r"the smallest files .* have [\d,]+ bytes$"):
        fit(folder, 1000, destination=tmp_path / "small")
    with pytest.raises(ValueError, match="the destination is inside the source"):
        fit(folder, "4bpw", destination=folder / "small")
    with pytest.raises(FileExistsError):
        fit(folder, "4bpw", destination=tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="has no safetensors file in it"):
        fit(tmp_path / "empty", "4bpw")
    fit(folder, "4bpw", destination=tmp_path / "small")
    with pytest.raises(ValueError, match=r"model-1.safetensors' is packed already"):
        fit(tmp_path / "small", "4bpw")
    (folder / "more" / "extra.safetensors").write_bytes(b"none")
    with pytest.raises(safetensors.SafetensorError):
        fit(folder, "4bpw", destination=tmp_path / "other")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "model", "small"]
