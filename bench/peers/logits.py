"""Losses of logits as others compute them: torch as it is and compiled, NumPy, SciPy.

What everybody returns is the mean over rows, but for gradients: there the gradient of the mean is
checked. torch runs in one thread.
"""

import functools
import shutil
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

import pyinfo.logits
from bench.inputs.distributions import Array
from bench.inputs.logits import close_logits, labels, logits
from bench.peers.candidate import PYINFO, Candidate, Ways, installed
from pyinfo.testing.timing import Call

READING = "reading"
EAGER = "torch eager"
COMPILED = "torch.compile"
SCIPY = "scipy.special"

WITH_GRADIENT = "cross_entropy and gradient"
FUNCTIONS = ("cross_entropy", WITH_GRADIENT, "kl_divergence", "entropy")

Inputs = tuple[Any, ...]
Function = Callable[..., Any]


def loss(function: str, dtype: str, rows: int, classes: int) -> Ways:
    """One of FUNCTIONS on rows of float32 or bfloat16."""
    inputs = functools.partial(_inputs, function, dtype, rows, classes)
    found: dict[str, Callable[[], Candidate]] = {
        PYINFO: lambda: _own(function, dtype, inputs()),
    }
    if function == "cross_entropy":
        found[READING] = lambda: _reading(dtype, inputs())
    if dtype == "float32":
        others: Mapping[str, Mapping[str, Function]] = {"numpy": NUMPY_LINES, SCIPY: SCIPY_LINES}
        for name, lines in others.items():
            if name == "numpy" or installed("scipy"):
                found[name] = functools.partial(_line, lines[function], function, inputs)
    if installed("torch"):
        found[EAGER] = lambda: _torch(function, dtype, inputs(), compiled=False)
        if any(map(shutil.which, ("c++", "g++", "clang++"))):
            found[COMPILED] = lambda: _torch(function, dtype, inputs(), compiled=True)
    return found


def _inputs(function: str, dtype: str, rows: int, classes: int) -> Inputs:
    x = logits(dtype, rows, classes)
    if function == "kl_divergence":
        return x, close_logits(dtype, rows, classes)
    return (x, labels(rows, classes)) if function.startswith("cross_entropy") else (x,)


# -- pyinfo ---------------------------------------------------------------------------------------


def _as_floats(bits: Array, dtype: str) -> Array:
    """Logits as pyinfo is given them."""
    return bits.view(import_module("ml_dtypes").bfloat16) if dtype == "bfloat16" else bits


def _own(function: str, dtype: str, inputs: Inputs) -> Candidate:
    x, *others = inputs
    x = _as_floats(x, dtype)
    if len(x) == 1:  # as somebody with a single row has it
        x, others = x[0], [int(other[0]) for other in others]
    if function == WITH_GRADIENT:
        # In the place of the logits: from the second call on, these are gradients.
        place = x.copy()
        options = {"grad": place}
        return Candidate(Call(pyinfo.logits.cross_entropy, (place, *others), options))
    if function == "entropy":
        return Candidate(Call(pyinfo.logits.entropy, (x,), {"reduction": "mean"}))
    return Candidate(Call(getattr(pyinfo.logits, function), (x, *others)))


def _reading(dtype: str, inputs: Inputs) -> Candidate:
    """The largest of all, which memory takes longer for than arithmetic."""
    bits = inputs[0] if dtype == "float32" else inputs[0].view(np.int16)
    return Candidate(Call(np.max, (bits,)))


# -- NumPy and SciPy ------------------------------------------------------------------------------


def _shifted(x: Array) -> tuple[Array, Array]:
    shifted = x - x.max(axis=1, keepdims=True)
    return shifted, np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def _numpy_cross_entropy(x: Array, y: Array) -> Any:
    shifted, lse = _shifted(x)
    return (lse[:, 0] - shifted[np.arange(len(x)), y]).mean()


def _numpy_gradient(x: Array, y: Array) -> Array:
    p = np.exp(x - x.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(x)), y] -= 1
    p /= len(x)
    return p


def _numpy_kl(a: Array, b: Array) -> Any:
    (a, lse_a), (b, lse_b) = _shifted(a), _shifted(b)
    a = a - lse_a
    return (np.exp(a) * (a - (b - lse_b))).sum(axis=1).mean()


def _numpy_entropy(x: Array) -> Any:
    shifted, lse = _shifted(x)
    log_p = shifted - lse
    return -(np.exp(log_p) * log_p).sum(axis=1).mean()


NUMPY_LINES: Mapping[str, Function] = {
    "cross_entropy": _numpy_cross_entropy,
    WITH_GRADIENT: _numpy_gradient,
    "kl_divergence": _numpy_kl,
    "entropy": _numpy_entropy,
}


def _special(name: str, *arguments: Any, **options: Any) -> Any:
    return getattr(import_module("scipy.special"), name)(*arguments, **options)


def _scipy_cross_entropy(x: Array, y: Array) -> Any:
    return (_special("logsumexp", x, axis=1) - x[np.arange(len(x)), y]).mean()


def _scipy_gradient(x: Array, y: Array) -> Array:
    p: Array = _special("softmax", x, axis=1)
    p[np.arange(len(x)), y] -= 1
    p /= len(x)
    return p


def _scipy_kl(a: Array, b: Array) -> Any:
    return (
        _special("rel_entr", _special("softmax", a, axis=1), _special("softmax", b, axis=1))
        .sum(axis=1)
        .mean()
    )


def _scipy_entropy(x: Array) -> Any:
    return _special("entr", _special("softmax", x, axis=1)).sum(axis=1).mean()


SCIPY_LINES: Mapping[str, Function] = {
    "cross_entropy": _scipy_cross_entropy,
    WITH_GRADIENT: _scipy_gradient,
    "kl_divergence": _scipy_kl,
    "entropy": _scipy_entropy,
}


def _line(line: Function, function: str, inputs: Callable[[], Inputs]) -> Candidate:
    arguments = inputs()
    return _checked(Call(line, arguments), function, "float32", arguments)


# -- torch ----------------------------------------------------------------------------------------


def _torch_function(function: str) -> Function:
    """What a training loop or an evaluation says, on tensors."""
    f = import_module("torch.nn.functional")

    def gradient(x: Any, y: Any) -> Any:
        x.grad = None
        f.cross_entropy(x, y).backward()
        return x.grad

    def kl(a: Any, b: Any) -> Any:
        log_p, log_q = f.log_softmax(a, -1), f.log_softmax(b, -1)
        return f.kl_div(log_q, log_p, reduction="batchmean", log_target=True)

    def entropy(x: Any) -> Any:
        log_p = f.log_softmax(x, -1)
        return -(log_p.exp() * log_p).sum(-1).mean()

    named: Mapping[str, Function] = {
        "cross_entropy": f.cross_entropy,
        WITH_GRADIENT: gradient,
        "kl_divergence": kl,
        "entropy": entropy,
    }
    return named[function]


def _torch(function: str, dtype: str, inputs: Inputs, *, compiled: bool) -> Candidate:
    torch = import_module("torch")
    torch.set_num_threads(1)
    x, *others = (torch.from_numpy(array.copy()) for array in inputs)
    if dtype == "bfloat16":
        x = x.view(torch.bfloat16)
    call = _torch_function(function)
    if function == WITH_GRADIENT:
        x.requires_grad_()
        if compiled:  # the loss with its backward pass, as a compiled training step has it
            loss_of = torch.compile(import_module("torch.nn.functional").cross_entropy)

            def call(x: Any, y: Any) -> Any:
                x.grad = None
                loss_of(x, y).backward()
                return x.grad

    elif compiled:
        call = torch.compile(call)
    return _checked(Call(call, (x, *others)), function, dtype, inputs)


# -- Checks ---------------------------------------------------------------------------------------


def _checked(call: Call, function: str, dtype: str, inputs: Inputs) -> Candidate:
    """Everybody agrees with pyinfo, as far as sums in their types go."""

    def check() -> None:
        x, *others = inputs
        x = _as_floats(x, dtype)
        found = call()
        found = np.asarray(found.float() if hasattr(found, "float") else found, np.float64)
        if function == WITH_GRADIENT:
            wanted: Any = np.empty_like(x)
            pyinfo.logits.cross_entropy(x, *others, grad=wanted)
            wanted = wanted.astype(np.float32)
            near = np.abs(found - wanted).max() <= 1e-2 * np.abs(wanted).max()
        else:
            options = {"reduction": "mean"}
            wanted = getattr(pyinfo.logits, function)(x, *others, **options)
            near = np.isclose(found, wanted, rtol=1e-3 if dtype == "float32" else 2e-2, atol=0)
        if not near:
            raise AssertionError(f"{function} of {dtype}: {found} instead of {wanted}")

    return Candidate(call, check)
