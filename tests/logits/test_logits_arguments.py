"""What the losses of logits take: types, axes, places for results, labels; and what they refuse."""

from __future__ import annotations

import contextlib
import math
import threading
from typing import Any

import numpy as np
import pytest

import pyinfo
from pyinfo import logits

RNG = np.random.default_rng(3)
X = RNG.standard_normal((3, 4, 5)).astype(np.float32)
LABELS = RNG.integers(0, 5, (3, 4))


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
def test_any_axis(axis: int) -> None:
    x = np.moveaxis(X, -1, axis)
    for array in (x, np.ascontiguousarray(x), x.astype(">f4")):
        grad = np.empty(x.shape, array.dtype)
        each = logits.cross_entropy(array, LABELS, axis=axis, reduction="none", grad=grad)
        wanted = np.empty_like(X)
        assert np.array_equal(each, logits.cross_entropy(X, LABELS, reduction="none", grad=wanted))
        assert np.array_equal(np.moveaxis(grad, axis, -1), wanted)
        assert np.array_equal(logits.logsumexp(array, axis=axis), logits.logsumexp(X))
        logs = logits.log_softmax(array, axis=axis)
        assert np.array_equal(np.moveaxis(logs, axis, -1), logits.log_softmax(X))


@pytest.mark.parametrize("place", ["rows", "columns", "backwards"])
def test_parts_of_arrays(place: str) -> None:
    whole = RNG.standard_normal((9, 40)).astype(np.float32)
    part = {"rows": whole[::2], "columns": whole[:, 3:17], "backwards": whole[:, ::-1]}[place]
    labels = np.zeros(len(part), int)
    loss, grad = logits.cross_entropy(part, labels), np.zeros_like(whole)
    view = {"rows": grad[::2], "columns": grad[:, 3:17], "backwards": grad[:, ::-1]}[place]
    copy = np.empty(part.shape, np.float32)
    assert logits.cross_entropy(part, labels, grad=view) == loss
    assert logits.cross_entropy(part.copy(), labels, grad=copy) == loss
    assert np.array_equal(view, copy)


def test_gradients_in_place() -> None:
    for call in (
        lambda x, g: logits.cross_entropy(x, LABELS, grad=g),
        lambda x, g: logits.kl_divergence(X[::-1], x, grad=g),
        lambda x, g: logits.js_divergence(X[::-1], x, grad=g),
        lambda x, g: logits.entropy(x, grad=g, reduction="sum"),
    ):
        x, grad = X.copy(), np.empty_like(X)
        value = call(x, grad)
        assert call(x, x) == value
        assert np.array_equal(x, grad)
        memory = np.zeros(X.size + 3, np.float32)  # an overlap that is not the same place
        x, shifted = memory[:-3].reshape(X.shape), memory[3:].reshape(X.shape)
        x[:] = X
        assert call(x, shifted) == value
        assert np.array_equal(shifted, grad)


@pytest.mark.parametrize(
    "dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", ">i4", ">u2", object]
)
def test_labels_of_any_width(dtype: Any) -> None:
    labels = LABELS.astype(dtype) if dtype is not object else LABELS.tolist()
    assert logits.cross_entropy(X, labels) == logits.cross_entropy(X, LABELS)


def test_labels_that_look_ignored() -> None:
    with pytest.raises(ValueError, match=r"labels\[0\] = 18446744073709551516 is out of range"):
        logits.cross_entropy(X[0, :1], np.array([2**64 - 100], np.uint64))


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_distributions_as_labels(dtype: Any) -> None:
    one_hot = np.eye(5, dtype=dtype)[LABELS]
    x = X.astype(dtype)
    for options in ({}, {"label_smoothing": 0.2}):
        hard, soft = np.empty_like(x), np.empty_like(x)
        first = logits.cross_entropy(x, LABELS, grad=hard, **options)
        second = logits.cross_entropy(x, one_hot, grad=soft, **options)
        assert abs(first - second) <= 1e-6 * first
        assert np.allclose(hard, soft, rtol=0, atol=2e-3 if dtype is np.float16 else 1e-6)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_weights_of_classes_as_labels(dtype: Any) -> None:
    """As they are, or divided by their sums; the loss is linear in them."""
    x = X.astype(dtype)
    amounts = RNG.random(X.shape).astype(dtype) * 4
    sums = amounts.sum(-1)
    whole, scaled = np.empty_like(x), np.empty_like(x)
    options: dict[str, Any] = {"reduction": "none", "z_loss": 0.0}
    exact = logits.cross_entropy(x, amounts / sums[..., None], grad=whole, **options)
    divided = logits.cross_entropy(x, amounts, normalize=True, **options)
    as_is = logits.cross_entropy(x, amounts, normalize=False, grad=scaled, **options)
    eps = np.finfo(dtype).eps
    assert np.allclose(divided, exact, rtol=8 * eps, atol=0)
    assert np.allclose(as_is, exact * sums, rtol=16 * eps, atol=0)
    assert np.allclose(scaled, whole * sums[..., None], rtol=0, atol=32 * eps)
    assert logits.cross_entropy(x[0, 0], np.zeros(5, dtype), normalize=False) == 0
    assert math.isnan(logits.cross_entropy(x[0, 0], np.full(5, np.nan, dtype), normalize=True))


def test_weights() -> None:
    weight = np.array([1, 0.5, 2, 0, 3.0])
    log_p = logits.log_softmax(X.astype(np.float64))
    each = -np.take_along_axis(log_p, LABELS[..., None], -1)[..., 0] * weight[LABELS]
    found = logits.cross_entropy(X, LABELS, weight=weight, reduction="none")
    assert np.allclose(found, each, rtol=1e-6)
    mean = logits.cross_entropy(X, LABELS, weight=weight)
    assert math.isclose(mean, each.sum() / weight[LABELS].sum(), rel_tol=1e-6)


def test_bases() -> None:
    grad, bits = np.empty_like(X), np.empty_like(X)
    nats = logits.cross_entropy(X, LABELS, grad=grad)
    assert math.isclose(
        logits.cross_entropy(X, LABELS, base=2, grad=bits), nats / math.log(2), rel_tol=1e-6
    )
    assert np.allclose(bits, grad / math.log(2), rtol=1e-6)


def test_out() -> None:
    each = np.empty((3, 4), np.float32)
    assert logits.cross_entropy(X, LABELS, reduction="none", out=each) is each
    scalar = np.empty((), np.float32)
    assert logits.cross_entropy(X, LABELS, out=scalar) is scalar
    assert scalar == logits.cross_entropy(X, LABELS)
    x = X.copy()
    assert logits.log_softmax(x, out=x) is x
    assert np.array_equal(x, logits.log_softmax(X))
    with pytest.raises(ValueError, match="out has shape"):
        logits.cross_entropy(X, LABELS, out=each)
    with pytest.raises(TypeError, match="out must be an array of float32"):
        logits.logsumexp(X, out=np.empty((3, 4)))


def test_bfloat16() -> None:
    types = pytest.importorskip("ml_dtypes", reason="bfloat16 needs the package ml_dtypes")
    x = X.astype(types.bfloat16)
    grad, as_integers = np.empty_like(x), np.empty(x.shape, np.int16)
    loss = logits.cross_entropy(x, LABELS, grad=grad)
    assert loss == logits.cross_entropy(x.astype(np.float32), LABELS)
    logits.cross_entropy(x, LABELS, grad=as_integers)
    assert np.array_equal(as_integers, grad.view(np.int16))
    moved = np.moveaxis(x, -1, 0)
    assert logits.cross_entropy(moved, LABELS, axis=0) == loss
    soft = np.eye(5).astype(types.bfloat16)[LABELS]
    assert abs(logits.cross_entropy(x, soft) - loss) < 1e-6


def test_integers_are_logits_of_float64() -> None:
    x = np.array([[1, 2, 3]])
    assert logits.cross_entropy(x, [0]) == logits.cross_entropy(x.astype(float), [0])


def test_threads_do_not_matter() -> None:
    x = RNG.standard_normal((700, 501)).astype(np.float32)
    labels = RNG.integers(0, 501, 700)
    one, many = np.empty_like(x), np.empty_like(x)
    assert logits.cross_entropy(x, labels, grad=one) == logits.cross_entropy(
        x, labels, grad=many, threads=5
    )
    assert np.array_equal(one, many)
    order = RNG.permutation(700)
    each = logits.cross_entropy(x, labels, reduction="none")
    again = logits.cross_entropy(x[order], labels[order], reduction="none", threads=3)
    assert np.array_equal(each[order], again)


def test_labels_that_change_meanwhile() -> None:
    """They are used from a copy: whatever another thread writes, no other memory is touched."""
    x = np.zeros((2000, 50), np.float32)
    labels = np.zeros(2000, np.int64)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            labels[:] = 2**62
            labels[:] = 0

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for _ in range(30):
            grad = np.empty_like(x)
            with contextlib.suppress(ValueError):  # of labels that are out of range
                loss = logits.cross_entropy(x, labels, grad=grad, threads=2)
                assert math.isclose(loss, math.log(50), rel_tol=1e-6)
    finally:
        stop.set()
        thread.join()


WRONG: list[tuple[type[Exception], str, Any]] = [
    (ValueError, "labels[1] = 5 is out of range for 5 classes", lambda: ce([0, 5])),
    (ValueError, "labels[0] = -1 is out of range for 5 classes", lambda: ce([-1, 0])),
    (ValueError, "labels must have shape (2,), as the rows of the logits", lambda: ce([0, 1, 2])),
    (ValueError, "distributions must be floats", lambda: ce(np.zeros((2, 5), int))),
    (TypeError, "labels must be integers of shape (2,)", lambda: ce([0.0, 1.0])),
    (ValueError, "row 1 of labels is no distribution", lambda: ce(np.eye(5)[:2] * [[1], [2]])),
    (ValueError, "no distribution", lambda: ce(np.array([[2, -1, 0, 0, 0], [1, 0, 0, 0, 0.0]]))),
    (ValueError, "no distribution", lambda: ce(np.eye(5)[:2] * 2, normalize=None)),
    (
        ValueError,
        "row 0 of labels must be non-negative",
        lambda: ce(-np.eye(5)[:2], normalize=False),
    ),
    (ValueError, "have a positive sum", lambda: ce(np.zeros((2, 5)), normalize=True)),
    (ValueError, "must be non-negative and", lambda: ce(-np.eye(5)[:2], normalize=True)),
    (TypeError, "normalize must be None, True or False", lambda: ce(normalize="yes")),
    (ValueError, "label_smoothing must be from 0 to 1", lambda: ce(label_smoothing=1.5)),
    (ValueError, "label_smoothing must be from 0 to 1", lambda: ce(label_smoothing=math.nan)),
    (ValueError, "z_loss must be finite and at least 0", lambda: ce(z_loss=-1)),
    (
        ValueError,
        "reduction must be 'mean', 'sum' or 'none', not 'all'",
        lambda: ce(reduction="all"),
    ),
    (ValueError, "base must be positive", lambda: ce(base=1)),
    (TypeError, "ignore_index must be an integer", lambda: ce(ignore_index=1.5)),
    (ValueError, "ignore_index must be an integer of 64 bits", lambda: ce(ignore_index=1 << 70)),
    (ValueError, "weight must have one element for each of 5", lambda: ce(weight=[1, 2])),
    (ValueError, "weight[2] = -1", lambda: ce(weight=[1, 2, -1, 0, 0])),
    (TypeError, "grad must be an array", lambda: ce(grad=[1])),
    (TypeError, "grad must have the type of the logits", lambda: ce(grad=np.empty((2, 5)))),
    (ValueError, "grad has shape (5, 2)", lambda: ce(grad=np.empty((5, 2), np.float32))),
    (ValueError, "axis 2 is out of bounds", lambda: ce(axis=2)),
    (ValueError, "threads must be", lambda: ce(threads=-1)),
    (ValueError, "must have at least one dimension", lambda: logits.entropy(1.0)),
    (ValueError, "logits must not be empty along axis 1", lambda: logits.entropy(np.ones((2, 0)))),
    (ValueError, "temperature must be positive", lambda: logits.entropy(X, temperature=0)),
    (ValueError, "temperature must be positive", lambda: logits.entropy(X, temperature=-1)),
    (ValueError, "temperature must be positive", lambda: kl(temperature=math.inf)),
    (ValueError, "q_logits has shape (3, 4)", lambda: logits.kl_divergence(X, X[..., 0])),
    (TypeError, "q_logits must have the type", lambda: logits.kl_divergence(X, X.astype(float))),
    (ValueError, "weights must be non-negative", lambda: js(weights=(0.5, 0.6))),
    (TypeError, "logits must hold real numbers", lambda: logits.entropy(X.astype(complex))),
    (TypeError, "unexpected keyword", lambda: ce(no_such=2)),
]


def ce(labels: Any = (0, 1), **options: Any) -> Any:
    return logits.cross_entropy(X[0, :2], labels, **options)


def kl(**options: Any) -> Any:
    return logits.kl_divergence(X, X, **options)


def js(**options: Any) -> Any:
    return logits.js_divergence(X, X, **options)


@pytest.mark.once
@pytest.mark.parametrize(("error", "says", "call"), WRONG)
def test_wrong_arguments(error: type[Exception], says: str, call: Any) -> None:
    with pytest.raises(error) as caught:
        call()
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_read_only_gradients() -> None:
    grad = np.empty_like(X)
    grad.flags.writeable = False
    with pytest.raises(ValueError, match="grad is read-only"):
        logits.cross_entropy(X, LABELS, grad=grad)


@pytest.mark.parametrize("name", ["entropy", "cross_entropy", "kl_divergence", "js_divergence"])
def test_measures_of_logits_name_the_room(name: str) -> None:
    measure = getattr(pyinfo, name)
    for x in ([2.0, -1.0, 0.5], [3.0, 1.0, 0.5]):
        arguments = [x] if name == "entropy" else [x, x]
        with pytest.raises(ValueError, match=r"pyinfo\.logits"):
            measure(*arguments)
    with pytest.raises(ValueError, match="sums to") as caught:
        measure(*([[0.5, 0.4]] * (1 if name == "entropy" else 2)))
    assert "logits" not in str(caught.value)


@pytest.mark.parametrize("dtype", [np.int64, np.longdouble])
def test_gradients_are_of_the_type_that_is_computed_in(dtype: Any) -> None:
    x = np.array([[2, 0, 1]], dtype)
    with pytest.raises(TypeError, match="grad must have the type of the logits"):
        logits.cross_entropy(x, [0], grad=np.empty_like(x))
    slope = np.empty(x.shape)
    logits.cross_entropy(x, [0], grad=slope)
    assert slope[0, 0] < 0


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("temperature", [1e-30, 1e-20, 1e20, 1e30])
def test_temperatures_of_any_size(dtype: Any, temperature: float) -> None:
    x = np.array([[1.0, 1.0], [1.0, 0.0], [100.0, -100.0]], dtype)
    flat = np.full(3, math.log(2))
    wanted = flat if temperature > 1 else [math.log(2), 0, 0]
    assert np.allclose(logits.entropy(x, temperature=temperature), wanted)
    kl = logits.kl_divergence(x, x[:, ::-1], temperature=temperature, reduction="none")
    assert np.allclose(kl, [0, 0, 0] if temperature > 1 else np.array([0, 1, 200]) / temperature)
    js = logits.js_divergence(x, x[:, ::-1], temperature=temperature, reduction="none")
    assert np.allclose(js, [0, 0, 0] if temperature > 1 else [0, *flat[1:]])


@pytest.mark.parametrize("temperature", [5e-324, 1e-31, 1e31, 1e300])
def test_temperatures_without_an_inverse_are_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match="temperature must be from 1e-30 to 1e30"):
        logits.entropy(np.float32([1, 0]), temperature=temperature)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("value", [-0.01, 1e-4, 0.00123, 0.5, -3.7])
def test_logsumexp_of_one_class_is_its_logit(dtype: Any, value: float) -> None:
    x = dtype(value)
    assert logits.logsumexp(np.array([x])) == x
    assert logits.logsumexp(np.array([-np.inf, x, -np.inf], dtype)) == x
    assert logits.logsumexp(np.array([x, -200], dtype)) == x


def test_logits_of_another_type_or_shape_name_both() -> None:
    pair = X[0], X[0].astype(np.float64)
    with pytest.raises(TypeError, match="q_logits must have the type of p_logits, float32, not"):
        logits.kl_divergence(*pair)
    with pytest.raises(ValueError, match=r"q_logits has shape \(5,\), p_logits has \(4, 5\)"):
        logits.kl_divergence(X[0], X[0, 0])
