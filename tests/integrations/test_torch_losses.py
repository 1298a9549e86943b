"""`pyinfo.integrations.torch`: torch's samples, checks of operators, autograd, compilers."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from support.programs import DEADLINE

torch = pytest.importorskip("torch", reason="torch is not installed (group interop)")

from pyinfo.integrations.torch import cross_entropy, kl_div_from_logits  # noqa: E402

pytestmark = pytest.mark.once

F = torch.nn.functional
TOLERANCE = {
    torch.float64: (1e-12, 1e-13),
    torch.float32: (1e-5, 1e-6),
    torch.float16: (2e-3, 2e-3),
    torch.bfloat16: (2e-2, 2e-2),
}


def tensor(*shape: int, seed: int = 0, dtype: Any = torch.float64, followed: bool = True) -> Any:
    values = np.random.default_rng(seed).standard_normal(shape)
    return torch.tensor(values).to(dtype).requires_grad_(followed)


def run_python(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)


def assert_same(ours: Any, theirs: Any, *inputs: Any) -> None:
    """Compare values and, backwards from a random change, gradients."""
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    rtol, atol = TOLERANCE[ours.dtype]
    torch.testing.assert_close(ours, theirs, rtol=rtol, atol=atol)
    change = torch.linspace(0.5, 2, max(ours.numel(), 1)).to(ours.dtype).reshape(ours.shape)
    found = torch.autograd.grad(ours, inputs, change)
    wanted = torch.autograd.grad(theirs, inputs, change)
    for a, b in zip(found, wanted, strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        torch.testing.assert_close(a, b, rtol=rtol, atol=atol)


def samples(name: str, dtype: Any) -> list[Any]:
    """torch's own inputs for tests of a function."""
    pytest.importorskip("expecttest", reason="torch's samples need expecttest")
    from torch.testing._internal.common_methods_invocations import op_db

    (info,) = [op for op in op_db if op.name == f"nn.functional.{name}"]
    return list(info.sample_inputs("cpu", dtype, requires_grad=True))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_samples_of_cross_entropy(dtype: Any) -> None:
    found = samples("cross_entropy", dtype)
    assert len(found) > 15
    for sample in found:
        target = sample.args[0].detach()
        options = dict(sample.kwargs)
        if "weight" in options:  # some of the samples' are negative
            options["weight"] = options["weight"].abs()
        # torch rounds to half precision on the way to a mean of many; so does the sample's weight.
        ours = cross_entropy(sample.input, target, **options)
        assert_same(ours, F.cross_entropy(sample.input, target, **options), sample.input)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_samples_of_nll_loss(dtype: Any) -> None:
    found = samples("nll_loss", dtype)
    assert len(found) > 50
    for sample in found:
        x, (target,), options = sample.input, sample.args, dict(sample.kwargs)
        if "weight" in options:
            options["weight"] = options["weight"].abs()
        log_p = F.log_softmax(x, 0 if x.dim() == 1 else 1)
        theirs = F.nll_loss(log_p, target, **options)
        ours = cross_entropy(x, target, **options)
        if torch.isnan(theirs).any():  # the mean of nothing
            assert ours == 0
            continue
        assert_same(ours, theirs, x)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_samples_of_kl_div(dtype: Any) -> None:
    found = samples("kl_div", dtype)
    assert len(found) >= 16
    for sample in found:
        x, target = sample.input, sample.args[0].detach()
        log_q, log_p = F.log_softmax(x, -1), F.log_softmax(target, -1)
        terms = F.kl_div(log_q, log_p, reduction="none", log_target=True)
        reduction = sample.kwargs["reduction"]
        theirs = {
            "none": terms.sum(-1),
            "mean": terms.sum(-1).mean(),
            "sum": terms.sum(),
            "batchmean": terms.sum() / (len(x) if x.dim() > 1 else 1),
        }[reduction]
        assert_same(kl_div_from_logits(x, target, reduction), theirs, x)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("soft", [False, True], ids=["labels", "probabilities"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_cross_entropy_is_that_of_torch(
    dtype: Any, reduction: str, soft: bool, smoothing: float
) -> None:
    x = tensor(5, 7, 2, dtype=dtype)
    labels = torch.tensor([[0, 6], [-100, 2], [3, 3], [1, -100], [5, 4]])
    probabilities = torch.softmax(tensor(5, 7, 2, seed=1, followed=False), 1).to(dtype)
    options = {"reduction": reduction, "label_smoothing": smoothing}
    for weight in (None, torch.linspace(0.1, 2, 7).to(dtype)):
        target = probabilities if soft else labels
        ours = cross_entropy(x, target, weight, **options)
        assert_same(ours, F.cross_entropy(x, target, weight, **options), x)


@pytest.mark.parametrize("kind", ["transposed", "sliced", "expanded", "empty", "of one class"])
def test_any_layout(kind: str) -> None:
    base = tensor(6, 9)
    x, labels = base, torch.arange(6) % 2
    if kind == "transposed":
        x, labels = base.t(), torch.arange(9) % 6
    elif kind == "sliced":
        x, labels = base[::2, 1::3], torch.arange(3)
    elif kind == "expanded":
        x = base[:1].expand(6, 9)
    elif kind == "empty":
        x, labels = base[:0], labels[:0]
    elif kind == "of one class":
        x, labels = base[:, :1], labels * 0
    assert_same(
        cross_entropy(x, labels, reduction="sum"), F.cross_entropy(x, labels, reduction="sum"), base
    )


@pytest.mark.parametrize("dtype", [torch.int32, torch.uint8, torch.int16, torch.int8])
def test_labels_of_any_width(dtype: Any) -> None:
    x, labels = tensor(5, 7), torch.arange(5)
    weight = torch.linspace(0.5, 2, 7, dtype=torch.float64)
    found = cross_entropy(x, labels.to(dtype), weight, ignore_index=2)
    assert found == cross_entropy(x, labels, weight, ignore_index=2)


def test_z_loss() -> None:
    x, labels = tensor(5, 7), torch.arange(5)
    theirs = F.cross_entropy(x, labels) + 1e-2 * torch.logsumexp(x, -1).square().mean()
    assert_same(cross_entropy(x, labels, z_loss=1e-2), theirs, x)


@pytest.mark.parametrize("temperature", [1.0, 2.5])
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_kl_of_any_axis(temperature: float, dim: int) -> None:
    x, y = tensor(4, 5, 3), tensor(4, 5, 3, seed=1, followed=False)
    log_q, log_p = (F.log_softmax(each / temperature, dim) for each in (x, y))
    theirs = F.kl_div(log_q, log_p, reduction="batchmean", log_target=True)
    assert_same(kl_div_from_logits(x, y, temperature=temperature, dim=dim), theirs, x)


def test_kl_of_close_logits_keeps_its_digits() -> None:
    """torch's float32 is off by more than its value, and negative in half of the rows."""
    x = tensor(100, 50, dtype=torch.float32, followed=False)
    y = x + 1e-4 * tensor(100, 50, seed=1, dtype=torch.float32, followed=False)
    found = kl_div_from_logits(y, x, "none")
    log_q, log_p = F.log_softmax(y.double(), -1), F.log_softmax(x.double(), -1)
    exact = F.kl_div(log_q, log_p, reduction="none", log_target=True).sum(-1)
    assert (found > 0).all()
    torch.testing.assert_close(found.double(), exact, rtol=1e-5, atol=0)


# -- What is masked, ignored or missing: as documented ---------------------------------------------


def test_masked_classes() -> None:
    inf = math.inf
    x = torch.tensor([[1.0, -inf, 0.5], [-inf, 2.0, -inf]], requires_grad=True)
    labels = torch.tensor([0, 1])
    assert_same(cross_entropy(x, labels), F.cross_entropy(x, labels), x)
    # With smoothing, torch's loss is inf and its gradient has NaN; here the others share it.
    assert F.cross_entropy(x, labels, label_smoothing=0.1).isinf()
    loss = cross_entropy(x, labels, label_smoothing=0.1)
    (slope,) = torch.autograd.grad(loss, x)
    part = F.cross_entropy(x[:1, ::2], labels[:1], label_smoothing=0.1) / 2
    torch.testing.assert_close(loss, part)
    assert torch.isfinite(slope).all()
    # Probabilities of 0 for what is masked: 0 times inf is NaN in torch.
    target = torch.tensor([[0.25, 0.0, 0.75], [0.0, 1.0, 0.0]])
    assert F.cross_entropy(x, target).isnan()
    torch.testing.assert_close(
        cross_entropy(x, target), F.cross_entropy(x[:1, ::2], target[:1, ::2]) / 2
    )
    # The same masks on both sides of a divergence.
    log_q, log_p = F.log_softmax(x, -1), F.log_softmax(2 * x, -1)
    assert F.kl_div(log_q, log_p, reduction="sum", log_target=True).isnan()
    found = kl_div_from_logits(x, (2 * x).detach(), "sum")
    wanted = kl_div_from_logits(x[:1, ::2], (2 * x[:1, ::2]).detach(), "sum")
    torch.testing.assert_close(found, wanted)
    assert torch.isfinite(torch.autograd.grad(found, x)[0]).all()
    assert kl_div_from_logits(x, torch.zeros(2, 3)).isinf()
    assert cross_entropy(torch.full((1, 3), -inf), labels[:1]).isnan()


def test_means_of_nothing_are_0() -> None:
    x = tensor(2, 3)
    ignored = torch.full((2,), -100)
    assert F.cross_entropy(x, ignored).isnan()
    loss = cross_entropy(x, ignored)
    assert loss == 0
    assert (torch.autograd.grad(loss, x)[0] == 0).all()
    assert cross_entropy(x, ignored, torch.ones(3, dtype=torch.float64)) == 0
    assert cross_entropy(x[:0], ignored[:0]) == 0
    assert kl_div_from_logits(x[:0], x[:0].detach()) == 0


def test_scaled_losses_of_float16_keep_small_gradients() -> None:
    """Their scale is applied before they are rounded."""
    x = torch.zeros(4096, 4, dtype=torch.float16, requires_grad=True)
    with torch.no_grad():
        x[:, 0] = 12
    (cross_entropy(x, torch.zeros(4096, dtype=torch.long)).float() * 2**14).backward()
    exact = 2**14 / 4096 * math.exp(-12) / (1 + 3 * math.exp(-12))
    assert abs(x.grad[0, 1].item() - exact) < 0.02 * exact


# -- Autograd --------------------------------------------------------------------------------------


def arguments(name: str) -> list[tuple[Any, ...]]:
    """Of the operators."""
    x, y = tensor(4, 5), tensor(4, 5, seed=1, followed=False)
    labels, weight = torch.tensor([0, 4, -100, 2]), torch.linspace(0.5, 2, 5, dtype=torch.float64)
    if name == "kl_div_from_logits":
        return [(x, y, 1.0, -1, True), (x, y, 2.0, 0, True), (x.detach(), y, 1.0, 1, False)]
    return [
        (x, labels, None, -100, 0.0, 0.0, True),
        (x, labels, weight, -100, 0.1, 0.01, True),
        (x, torch.softmax(y, -1), None, -100, 0.1, 0.0, True),
        (tensor(5), labels[0], None, -100, 0.0, 0.0, True),
        (tensor(2, 5, 3), torch.zeros(2, 3, dtype=torch.long), None, -100, 0.0, 0.0, True),
        (x.detach(), labels, None, -100, 0.0, 0.0, False),
    ]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("name", ["cross_entropy", "kl_div_from_logits"])
def test_checks_of_operators(name: str) -> None:
    for each in arguments(name):
        torch.library.opcheck(getattr(torch.ops.pyinfo, name).default, each)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_checks_of_the_backward_operator() -> None:
    x, slope = tensor(4, 5, followed=False), tensor(4, 5, seed=1, followed=False)
    torch.library.opcheck(
        torch.ops.pyinfo.losses_backward.default, (x, slope, 1, tensor(4, followed=False))
    )


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_gradients_by_differences(reduction: str) -> None:
    x, y = tensor(4, 5), tensor(4, 5, seed=1, followed=False)
    labels, weight = torch.tensor([0, 4, -100, 2]), torch.linspace(0.5, 2, 5, dtype=torch.float64)
    for target in (labels, torch.softmax(y, -1), 2 * torch.softmax(y, -1)):
        for options in ({}, {"weight": weight, "label_smoothing": 0.2, "z_loss": 0.1}):

            def loss(x: Any, target: Any = target, options: Any = options) -> Any:
                return cross_entropy(x, target, reduction=reduction, **options)

            assert torch.autograd.gradcheck(loss, (x,))
    assert torch.autograd.gradcheck(
        lambda x: kl_div_from_logits(x, y, reduction, temperature=2.0), (x,)
    )


def test_second_derivatives_raise() -> None:
    x = tensor(4, 5)
    for loss in (
        cross_entropy(x, torch.arange(4)),
        cross_entropy(x, torch.arange(4)) ** 2,
        kl_div_from_logits(x, tensor(4, 5, seed=1, followed=False)),
    ):
        (slope,) = torch.autograd.grad(loss, x, create_graph=True)
        with pytest.raises(RuntimeError, match="losses_backward"):
            slope.sum().backward()


def test_without_autograd_no_gradient_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    from pyinfo.integrations import torch as module

    given: list[Any] = []

    class Losses:
        @staticmethod
        def cross_entropy(*_: Any, grad: Any, out: Any, **__: Any) -> None:
            given.append(grad)
            out[...] = 0

    monkeypatch.setattr(module, "losses", Losses)
    x = tensor(4, 5)
    with torch.no_grad():
        cross_entropy(x, torch.arange(4))
    cross_entropy(x.detach(), torch.arange(4))
    assert given == [None, None]
    assert cross_entropy(x, torch.arange(4)).requires_grad
    assert given[-1].shape == (4, 5)
    loss, _ = torch.ops.pyinfo.cross_entropy(x, torch.arange(4), None, -100, 0.0, 0.0, False)
    with pytest.raises(RuntimeError, match="was not asked for"):
        loss.sum().backward()


def test_a_model_learns_as_with_torch() -> None:
    steps = []
    for loss in (cross_entropy, F.cross_entropy):
        x, labels = tensor(64, 8, followed=False), torch.arange(64) % 3
        torch.manual_seed(0)
        model = torch.nn.Linear(8, 3, dtype=torch.float64)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
        for _ in range(20):
            optimizer.zero_grad()
            value = loss(model(x), labels)
            value.backward()
            optimizer.step()
        steps.append(value.item())
    assert math.isclose(*steps, rel_tol=1e-12)


def test_vmap() -> None:
    x, labels = tensor(3, 4, 5, followed=False), torch.arange(12).reshape(3, 4) % 5
    found = torch.func.vmap(lambda a, b: cross_entropy(a, b, reduction="sum"))(x, labels)
    wanted = torch.stack(
        [cross_entropy(a, b, reduction="sum") for a, b in zip(x, labels, strict=True)]
    )
    torch.testing.assert_close(found, wanted)


# -- Compilers -------------------------------------------------------------------------------------

COMPILED = """
import sys, warnings
import torch
from pyinfo.integrations.torch import cross_entropy, kl_div_from_logits
warnings.simplefilter("ignore")

def step(x, labels, y):
    return (2 * cross_entropy(3 * x, labels, label_smoothing=0.1).square()
            + kl_div_from_logits(x + 1, y, temperature=2.0))

compiled = torch.compile(step, fullgraph=True, backend=sys.argv[1], dynamic=True)
for n in (4, 7, 5):
    torch.manual_seed(n)
    x, y = torch.randn(n, 9, requires_grad=True), torch.randn(n, 9)
    labels = torch.arange(n) % 9
    results = []
    for function in (step, compiled):
        x.grad = None
        loss = function(x, labels, y)
        loss.backward()
        results += [loss.detach(), x.grad]
    torch.testing.assert_close(results[0], results[2])
    torch.testing.assert_close(results[1], results[3])
    with torch.no_grad():
        torch.testing.assert_close(step(x, labels, y), compiled(x, labels, y))
print("compiled")
"""


@pytest.mark.parametrize("backend", ["eager", "aot_eager", "inductor"])
def test_compiled(backend: str) -> None:
    """In one graph, with shapes that change, in a process of its own."""
    found = run_python(COMPILED, backend)
    if backend == "inductor" and found.returncode != 0 and "compiler" in found.stderr.lower():
        pytest.skip(f"inductor finds no compiler: {found.stderr[-300:]}")
    assert found.returncode == 0, found.stderr[-3000:]
    assert found.stdout.strip() == "compiled"


def test_fake_and_meta_tensors() -> None:
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode():
        x = torch.empty(4, 5, 3, dtype=torch.bfloat16, requires_grad=True)
        loss = cross_entropy(x, torch.zeros(4, 3, dtype=torch.long), reduction="none")
        assert (loss.shape, loss.dtype) == ((4, 3), torch.bfloat16)
        loss.sum().backward()
        assert x.grad.shape == x.shape
    meta = torch.empty(4, 5, device="meta")
    assert kl_div_from_logits(meta, meta).shape == ()


# -- What is refused -------------------------------------------------------------------------------


def test_refused() -> None:
    x, y, labels = tensor(4, 5), tensor(4, 5, seed=1), torch.arange(4)
    with pytest.raises(ValueError, match="target requires a gradient"):
        cross_entropy(x, torch.softmax(y, -1))
    with pytest.raises(ValueError, match="target requires a gradient"):
        kl_div_from_logits(x, y)
    with pytest.raises(ValueError, match="weight requires a gradient"):
        cross_entropy(x, labels, y[0])
    with pytest.raises(ValueError, match="'average' is no reduction"):
        cross_entropy(x, labels, reduction="average")
    with pytest.raises(ValueError, match="'average' is no reduction"):
        kl_div_from_logits(x, y.detach(), "average")
    with pytest.raises(ValueError, match="deprecated: use reduction"):
        cross_entropy(x, labels, None, True)
    with pytest.raises(ValueError, match=r"target\[3\] = 5 is out of range for 5 classes"):
        cross_entropy(x, torch.tensor([0, 1, 2, 5]))
    with pytest.raises(ValueError, match=r"target must have shape \(4,\), as the rows of"):
        cross_entropy(x, labels[:3])
    with pytest.raises(ValueError, match="weight must have one element for each of 5"):
        cross_entropy(x, labels, torch.ones(4, dtype=torch.float64))
    with pytest.raises(ValueError, match=r"weight\[0\] = -1 must be finite"):
        cross_entropy(x, labels, -torch.ones(5, dtype=torch.float64))
    with pytest.raises(ValueError, match="row 0 of target must be non-negative"):
        cross_entropy(x, -torch.ones(4, 5, dtype=torch.float64))
    with pytest.raises(ValueError, match="target must not be empty along axis 1"):
        kl_div_from_logits(x[:, :0], y.detach()[:, :0])
    with pytest.raises(TypeError, match="target must have the type of input"):
        kl_div_from_logits(x, y.detach().float())
    with pytest.raises(ValueError, match="temperature must be positive"):
        kl_div_from_logits(x, y.detach(), temperature=0)


def test_imported_only_on_request() -> None:
    program = (
        "import sys, pyinfo, pyinfo.logits, pyinfo.integrations; print('torch' in sys.modules)"
    )
    assert run_python(program).stdout.strip() == "False"


def test_autocast_computes_in_float32_as_torch_does() -> None:
    x = torch.linspace(-3, 3, 12).reshape(3, 4).requires_grad_()
    factor, target = torch.linspace(0, 1, 16).reshape(4, 4), torch.tensor([0, 1, 2])
    slopes = []
    for loss in (cross_entropy, torch.nn.functional.cross_entropy):
        x.grad = None
        with torch.autocast("cpu"):
            logits = x @ factor
            value = loss(logits, target)
        assert logits.dtype == torch.bfloat16
        assert value.dtype == torch.float32
        value.backward()
        slopes.append((value.detach(), x.grad))
    torch.testing.assert_close(slopes[0], slopes[1], rtol=1e-2, atol=1e-3)
    torch.testing.assert_close(slopes[0][0], slopes[1][0])
    with torch.autocast("cpu"):
        assert cross_entropy(x.double(), target).dtype == torch.float64
        assert kl_div_from_logits(x @ factor, factor[:3].bfloat16()).dtype == torch.float32


def test_what_is_no_tensor_of_logits_is_refused_in_a_sentence() -> None:
    x, target = torch.zeros(3, 4), torch.tensor([0, 1, 2])
    for loss in (cross_entropy, kl_div_from_logits):
        with pytest.raises(TypeError, match="input must be of float64"):
            loss(x.long(), x)
        with pytest.raises(TypeError, match=r"input must be a torch\.Tensor, not ndarray"):
            loss(x.numpy(), x)
        with pytest.raises(TypeError, match=r"target must be a torch\.Tensor, not list"):
            loss(x, [0, 1, 2])
        with pytest.raises(ValueError, match="input must have a dimension"):
            loss(torch.tensor(1.0), target[0])
    with pytest.raises(TypeError, match=r"weight must be a torch\.Tensor, not list"):
        cross_entropy(x, target, [1.0])
    for dim in (2, -3):
        with pytest.raises(IndexError, match=f"dim {dim} is out of range for 2 dimensions"):
            kl_div_from_logits(x, x, dim=dim)


@pytest.mark.filterwarnings("ignore:.torch.jit.script:DeprecationWarning")  # of torch.func
def test_forward_mode_is_refused_instead_of_silently_zero() -> None:
    x, labels = tensor(4, 6, followed=False), torch.tensor([0, 1, 2, 3])
    for loss in (lambda x: cross_entropy(x, labels), lambda x: kl_div_from_logits(x, x + 1)):
        with pytest.raises(NotImplementedError, match="no derivative in forward mode"):
            torch.func.jvp(loss, (x,), (torch.ones_like(x),))
        with torch.autograd.forward_ad.dual_level():
            dual = torch.autograd.forward_ad.make_dual(x, torch.ones_like(x))
            with pytest.raises(NotImplementedError, match="no derivative in forward mode"):
                loss(dual)


def test_a_teacher_of_another_shape_is_named_as_torch_names_it() -> None:
    x = tensor(4, 6)
    with pytest.raises(ValueError, match=r"target has shape \(6,\), input has \(4, 6\)"):
        kl_div_from_logits(x, x.detach()[0])
