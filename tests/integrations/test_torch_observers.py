"""Observers inside the flows of torch.ao and of torchao, beside their own histogram observer."""

from __future__ import annotations

import copy
import io
import warnings
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from pyinfo.integrations.torch_observers import observer_class  # noqa: E402
from pyinfo.quantization import FloatHistogram  # noqa: E402

pytestmark = [pytest.mark.once, pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def ao() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("torch.ao.quantization", reason="torch.ao is not installed")


def module() -> Any:
    torch.manual_seed(5)
    return torch.nn.Sequential(torch.nn.Linear(16, 32), torch.nn.ReLU(), torch.nn.Linear(32, 4))


def inputs(n: int = 256) -> Any:
    return torch.from_numpy(np.random.default_rng(n).standard_t(4, (n, 16)).astype(np.float32))


def error(model: Any, wanted: Any, x: Any) -> float:
    return float(((model(x) - wanted) ** 2).mean() / (wanted**2).mean())


@pytest.mark.parametrize("method", ["mse", "entropy", "percentile", "max"])
def test_eager(ao: Any, method: str) -> None:
    x, errors = inputs(), {}
    for name in ("ours", "theirs"):
        model = torch.nn.Sequential(ao.QuantStub(), *module(), ao.DeQuantStub())
        wanted = model(x)
        observer = ao.HistogramObserver
        if name == "ours":
            observer = observer_class(ao.ObserverBase, method=method)
        model.qconfig = ao.QConfig(
            activation=observer.with_args(reduce_range=True, quant_max=127),
            weight=ao.default_weight_observer,
        )
        ao.prepare(model, inplace=True)
        for part in x.split(100):
            model(part)
        ao.convert(model, inplace=True)
        errors[name] = error(model, wanted, x)
    assert errors["ours"] < 0.02
    assert errors["ours"] < 2 * errors["theirs"] + 1e-3


def test_fx(ao: Any) -> None:
    from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

    x, model = inputs(), module().eval()
    observer = observer_class(ao.ObserverBase)
    config = ao.QConfig(activation=observer.with_args(quant_max=127),
                        weight=ao.default_weight_observer)  # fmt: skip
    prepared = prepare_fx(model, ao.QConfigMapping().set_global(config), (x,))
    prepared(x)
    assert error(convert_fx(prepared), model(x), x) < 0.02


def test_pt2e() -> None:
    pytest.importorskip("torchao", reason="torchao is not installed")
    from torchao.quantization.pt2e import ObserverBase
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e
    from torchao.quantization.pt2e.quantizer import (
        QuantizationAnnotation,
        QuantizationSpec,
        Quantizer,
    )

    observer = observer_class(ObserverBase)
    spec = QuantizationSpec(
        dtype=torch.int8, quant_min=-128, quant_max=127, qscheme=torch.per_tensor_affine,
        is_dynamic=False, observer_or_fake_quant_ctr=observer.with_args(eps=2**-12),
    )  # fmt: skip

    class OfLinear(Quantizer):
        def annotate(self, model: Any) -> Any:
            for node in model.graph.nodes:
                if node.op == "call_function" and "linear" in str(node.target):
                    node.meta["quantization_annotation"] = QuantizationAnnotation(
                        input_qspec_map={node.args[0]: spec, node.args[1]: spec},
                        output_qspec=spec, _annotated=True,
                    )  # fmt: skip
            return model

        def validate(self, model: Any) -> None:
            pass

    x, model = inputs(), module().eval()
    exported = torch.export.export(model, (x,)).module()
    prepared = prepare_pt2e(exported, OfLinear())
    prepared(x)
    assert error(convert_pt2e(prepared), model(x), x) < 0.02


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("symmetric", [False, True])
def test_parameters(ao: Any, dtype: Any, symmetric: bool) -> None:
    scheme = torch.per_tensor_symmetric if symmetric else torch.per_tensor_affine
    observer = observer_class(ao.ObserverBase, method="max")(dtype=torch.qint8, qscheme=scheme)
    assert [p.tolist() for p in observer.calculate_qparams()] == [[1.0], [0]]
    x = inputs().to(dtype)
    assert observer(x) is x
    observer(x[:0])
    plain = ao.MinMaxObserver(dtype=torch.qint8, qscheme=scheme)
    plain(x.float())
    for ours, theirs in zip(observer.calculate_qparams(), plain.calculate_qparams(), strict=True):
        assert ours.shape == (1,)
        assert torch.allclose(ours.double(), theirs.double(), rtol=1e-6)


def test_state_is_kept(ao: Any) -> None:
    made = observer_class(ao.ObserverBase)
    observer = made()
    observer(inputs())
    observer(torch.tensor([float("nan"), float("inf")]))
    file = io.BytesIO()
    torch.save(observer.state_dict(), file)
    file.seek(0)
    other = made()
    other.load_state_dict(torch.load(file, weights_only=True))
    assert other._histogram == observer._histogram
    assert other.calculate_qparams() == observer.calculate_qparams()
    assert copy.deepcopy(observer)._histogram == observer._histogram
    assert made()._histogram == FloatHistogram()
    assert "method='mse'" in repr(observer)


def test_channels_are_refused(ao: Any) -> None:
    with pytest.raises(NotImplementedError, match="has channels"):
        observer_class(ao.ObserverBase)(qscheme=torch.per_channel_affine)


RANGES: list[dict[str, Any]] = [
    {"dtype": torch.quint8},
    {"dtype": torch.quint8, "reduce_range": True},
    {"dtype": torch.qint8, "reduce_range": True},
    {"dtype": torch.qint8, "quant_min": -8, "quant_max": 7},
    {"dtype": torch.quint8, "quant_min": 0, "quant_max": 255, "reduce_range": True},
    {"dtype": torch.uint8, "quant_min": 0, "quant_max": 99},
    {"dtype": torch.int16},
]


@pytest.mark.parametrize("options", RANGES, ids=str)
def test_ranges_of_integers_are_those_of_torch(ao: Any, options: dict[str, Any]) -> None:
    ours = observer_class(ao.ObserverBase, method="max")(**options)
    theirs = ao.MinMaxObserver(**options)
    assert (ours.quant_min, ours.quant_max) == (theirs.quant_min, theirs.quant_max)
    x = torch.linspace(-1, 3, 1000)
    ours(x), theirs(x)
    (scale, zero), (their_scale, their_zero) = ours.calculate_qparams(), theirs.calculate_qparams()
    assert float(scale) == pytest.approx(float(their_scale), rel=1e-6)
    assert abs(int(zero) - int(their_zero)) <= 1  # ties: what they round is in float32


@pytest.mark.parametrize(
    "options",
    [
        {"dtype": torch.qint32},
        {"dtype": torch.float16},
        {"dtype": torch.qint8, "quant_min": 5, "quant_max": 7},
        {"dtype": torch.qint8, "quant_min": 7, "quant_max": -8},
        {"dtype": torch.qint8, "quant_min": 0, "quant_max": 255},
        {"dtype": torch.quint8, "quant_min": 0, "quant_max": 0},
    ],
    ids=str,
)
def test_ranges_that_cannot_be_are_refused(ao: Any, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"dtype must be|must be a range around 0"):
        observer_class(ao.ObserverBase)(**options)


def test_pickled_modules_have_their_observers(ao: Any) -> None:
    import pickle

    observer = observer_class(ao.ObserverBase, method="percentile")(dtype=torch.qint8)
    observer(torch.linspace(-1, 3, 1000))
    for copied in (pickle.loads(pickle.dumps(observer)), copy.deepcopy(observer)):
        assert type(copied) is type(observer)
        assert copied.calculate_qparams() == observer.calculate_qparams()
        copied(torch.tensor([100.0]))
        assert copied.calculate_qparams() != observer.calculate_qparams()


def test_methods_are_checked_at_once(ao: Any) -> None:
    for options in ({"method": "other"}, {"criterion": "other"}):
        with pytest.raises(ValueError, match="must be one of"):
            observer_class(ao.ObserverBase, **options)
