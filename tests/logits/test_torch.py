"""torch's losses as a second oracle, in float64; and its tensors as arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pyinfo import logits

torch = pytest.importorskip("torch", reason="torch is not installed (group interop)")

RNG = np.random.default_rng(2)
X = RNG.standard_normal((6, 9))
LABELS = np.array([0, 8, -100, 3, 3, 1])
SOFT = RNG.dirichlet(np.ones(9), 6)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("labels", [LABELS, SOFT], ids=["labels", "distributions"])
def test_cross_entropy(labels: Any, weighted: bool, smoothing: float, reduction: str) -> None:
    weight = np.linspace(0.1, 2, 9) if weighted else None
    x = torch.tensor(X, requires_grad=True)
    wanted = torch.nn.functional.cross_entropy(
        x,
        torch.tensor(labels),
        weight=None if weight is None else torch.tensor(weight),
        label_smoothing=smoothing,
        reduction=reduction,
    )
    wanted.sum().backward()
    grad = np.empty_like(X)
    found = logits.cross_entropy(
        X, labels, weight=weight, label_smoothing=smoothing, reduction=reduction, grad=grad
    )
    assert np.allclose(found, wanted.detach().numpy(), rtol=1e-13, atol=0)
    assert np.allclose(grad, x.grad.numpy(), rtol=0, atol=1e-14)


def test_kl_divergence() -> None:
    y = torch.tensor(X[::-1].copy(), requires_grad=True)
    log_p, log_q = torch.log_softmax(torch.tensor(X) / 2, -1), torch.log_softmax(y / 2, -1)
    wanted = torch.nn.functional.kl_div(log_q, log_p, log_target=True, reduction="batchmean")
    wanted.backward()
    grad = np.empty_like(X)
    found = logits.kl_divergence(X, y.detach(), temperature=2, grad=grad)
    assert np.isclose(found, wanted.item(), rtol=1e-12)
    assert np.allclose(grad, y.grad.numpy(), rtol=0, atol=1e-15)


def test_bfloat16_tensors() -> None:
    x = torch.tensor(X, dtype=torch.bfloat16)
    labels = np.maximum(LABELS, 0)
    found = logits.cross_entropy(x, torch.tensor(labels))
    assert found == logits.cross_entropy(x.float(), labels)
    grad = torch.empty_like(x)
    logits.cross_entropy(x, labels, grad=grad.view(torch.int16).numpy())
    exact = np.empty(X.shape, np.float32)
    logits.cross_entropy(x.float(), labels, grad=exact)
    assert np.array_equal(grad.float().numpy(), torch.tensor(exact).bfloat16().float().numpy())
