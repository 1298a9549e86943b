"""Losses of logits as operators of PyTorch, for tensors on the CPU.

They are `pyinfo.logits` with autograd: the gradient is computed beside the loss, in the same pass
over the logits, and kept for the way back. ``torch.compile`` calls them as they are.
"""

from __future__ import annotations

from typing import Any, Final

import torch
from torch.autograd import forward_ad

from pyinfo import logits as losses
from pyinfo.arguments import renamed

__all__ = ["cross_entropy", "kl_div_from_logits"]

_LOGITS: Final = (torch.float64, torch.float32, torch.float16, torch.bfloat16)


def cross_entropy(
    input: torch.Tensor,
    target: torch.Tensor,
    weight: torch.Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
    *,
    z_loss: float = 0.0,
) -> torch.Tensor:
    """Return the cross-entropy of logits and labels, as ``torch.nn.functional.cross_entropy`` does.

    Parameters
    ----------
    input : torch.Tensor
        Logits of shape (C,), (N, C) or (N, C, d1, ...), of float64, float32, float16 or bfloat16.
    target : torch.Tensor
        Integers of any width, the classes, of the shape of `input` without C; or probabilities of
        classes, of the shape of `input`.
    weight : torch.Tensor, optional
        A weight for each class, not negative.
    size_average : None
        Deprecated by torch, and refused.
    ignore_index : int, default -100
        Rows with this target have no loss and no gradient.
    reduce : None
        See `size_average`.
    reduction : {'mean', 'sum', 'none'}, default 'mean'
        What becomes of the rows' losses.
    label_smoothing : float, default 0.0
        How much of the label's probability is shared by all classes.
    z_loss : float, default 0.0
        This much times the square of log sum e^input is added to each row's loss.

    Returns
    -------
    torch.Tensor
        Of the dtype of `input`; float32 for narrower ones within ``torch.autocast``.

    Raises
    ------
    ValueError
        If shapes do not fit, a number is out of range, or `target` or `weight` requires a gradient.
    TypeError
        If an argument is no tensor, or `input` has another dtype.
    NotImplementedError
        If a tensor is not on the CPU, or `input` has a tangent (forward mode).

    Notes
    -----
    Where logits are -inf (masked classes) the loss and its gradient are finite wherever that makes
    sense, and differ from torch's:

    - with label smoothing, classes that are masked have no share of it, where torch gives inf, or a
      gradient of NaN;
    - probabilities of 0 for masked classes give 0, where torch has 0 times inf, NaN;
    - if every row is ignored, or there is none, the mean is 0, where torch gives NaN.

    Rows whose logits are all -inf, or with +inf or NaN, have no distribution and give NaN in both.
    Sums of float16 and bfloat16 are made in float32 and rounded once. A second derivative raises a
    RuntimeError: there is none.

    Examples
    --------
    >>> import torch
    >>> from pyinfo.integrations.torch import cross_entropy
    >>> x = torch.tensor([[2.0, 0.0, -1.0]], requires_grad=True)
    >>> cross_entropy(x, torch.tensor([0])).backward()
    >>> x.grad.round(decimals=3)
    tensor([[-0.1560,  0.1140,  0.0420]])
    """
    if size_average is not None or reduce is not None:
        raise ValueError("size_average and reduce are deprecated: use reduction")
    _require_reduction(reduction, ("mean", "sum", "none"))
    _require_tensors(input=input, target=target, weight=weight)
    _require_logits(input)
    _require_no_tangent(input)
    _require_constant(target, "target")
    if weight is not None:
        _require_constant(weight, "weight")
    each, _ = torch.ops.pyinfo.cross_entropy(
        input, target, weight, ignore_index, label_smoothing, z_loss, _is_followed(input)
    )
    if reduction != "none":
        each = each.sum()
    if reduction == "mean":
        each = each / _divisor(input, target, weight, ignore_index)
    return _in_type_of(input, each)


def kl_div_from_logits(
    input: torch.Tensor,
    target: torch.Tensor,
    reduction: str = "batchmean",
    *,
    temperature: float = 1.0,
    dim: int = -1,
) -> torch.Tensor:
    """Return KL(softmax(target / T) || softmax(input / T)): the loss of distillation.

    Like ``kl_div(log_softmax(input / T), log_softmax(target / T), log_target=True)`` of torch, but
    it is never negative, and keeps its digits where the two are close.

    Parameters
    ----------
    input : torch.Tensor
        Logits of the student, of float64, float32, float16 or bfloat16.
    target : torch.Tensor
        Logits of the teacher, of the shape and dtype of `input`.
    reduction : {'batchmean', 'mean', 'sum', 'none'}, default 'batchmean'
        What becomes of the rows' divergences: 'batchmean' divides their sum by the length of the
        first axis, as torch does, 'mean' by the number of rows (torch: by that of elements).
        'none' leaves a divergence for each row (torch: the terms of its sum).
    temperature : float, default 1.0
        T. The result is not multiplied by its square.
    dim : int, default -1
        The axis of the classes.

    Returns
    -------
    torch.Tensor
        Of the dtype of `input`; float32 for narrower ones within ``torch.autocast``.

    Raises
    ------
    ValueError
        If shapes do not fit, a number is out of range, or `target` requires a gradient.
    IndexError
        If `dim` is out of range.
    TypeError
        If the dtypes differ, or an argument is no tensor.
    NotImplementedError
        If a tensor is not on the CPU, or `input` has a tangent (forward mode).

    Notes
    -----
    Classes that are masked (-inf) in both, or in `target`, count as probabilities of 0: torch gives
    NaN for them. Where only `input` is masked, the divergence is infinite. Of no rows it is 0.

    Examples
    --------
    >>> import torch
    >>> from pyinfo.integrations.torch import kl_div_from_logits
    >>> teacher = torch.tensor([[4.0, 1.0, 0.0]])
    >>> student = torch.tensor([[2.0, 1.0, 0.0]], requires_grad=True)
    >>> round(kl_div_from_logits(student, teacher, temperature=2).item(), 4)
    0.11
    """
    _require_reduction(reduction, ("batchmean", "mean", "sum", "none"))
    _require_tensors(input=input, target=target)
    _require_logits(input)
    if not -input.dim() <= dim < input.dim():
        raise IndexError(f"dim {dim} is out of range for {input.dim()} dimensions")
    _require_no_tangent(input)
    _require_constant(target, "target")
    if target.shape != input.shape:
        raise ValueError(f"target has shape {(*target.shape,)}, input has {(*input.shape,)}")
    if target.dtype != input.dtype and not torch.is_autocast_enabled("cpu"):
        raise TypeError(f"target must have the type of input, {input.dtype}, not {target.dtype}")
    each, _ = torch.ops.pyinfo.kl_div_from_logits(
        input, target, temperature, dim, _is_followed(input)
    )
    rows = each.numel()
    if reduction != "none":
        each = each.sum()
    if reduction == "batchmean":
        each = each / max(input.shape[0] if input.dim() > 1 else 1, 1)
    elif reduction == "mean":
        each = each / max(rows, 1)
    return _in_type_of(input, each)


def _require_reduction(reduction: str, known: tuple[str, ...]) -> None:
    if reduction not in known:
        raise ValueError(f"{reduction!r} is no reduction: there are {', '.join(known)}")


def _require_tensors(**tensors: torch.Tensor | None) -> None:
    for name, tensor in tensors.items():
        if not isinstance(tensor, torch.Tensor) and (name != "weight" or tensor is not None):
            raise TypeError(f"{name} must be a torch.Tensor, not {type(tensor).__name__}")


def _require_logits(input: torch.Tensor) -> None:
    if input.dtype not in _LOGITS:
        raise TypeError(
            f"input must be of float64, float32, float16 or bfloat16, not {input.dtype}"
        )
    if input.dim() == 0:
        raise ValueError("input must have a dimension, that of the classes")


def _require_constant(tensor: torch.Tensor, name: str) -> None:
    if tensor.requires_grad and torch.is_grad_enabled():
        raise ValueError(
            f"{name} requires a gradient, and there is only that of input: detach() it"
        )


def _require_no_tangent(input: torch.Tensor) -> None:
    # Operators without a forward derivative pass on a tangent of 0, in silence.
    if torch.compiler.is_compiling():
        return
    if forward_ad.unpack_dual(input).tangent is not None:
        raise NotImplementedError("there is no derivative in forward mode: use backward()")


def _in_type_of(input: torch.Tensor, result: torch.Tensor) -> torch.Tensor:
    """Return a result in the type of the logits: of those that autocast computes with."""
    return result if torch.is_autocast_enabled("cpu") else result.to(input.dtype)


def _is_followed(input: torch.Tensor) -> bool:
    return bool(torch.is_grad_enabled() and input.requires_grad)


def _divisor(
    input: torch.Tensor, target: torch.Tensor, weight: torch.Tensor | None, ignore_index: int
) -> Any:
    """Return what a mean is divided by: the weight of the labels, or the number of rows."""
    if target.is_floating_point():
        return max(input.numel() // max(input.shape[_class_axis(input)], 1), 1)
    counted = target != ignore_index
    if weight is None:
        return counted.sum().clamp(min=1)
    # In a type that the sum of many weights has room in.
    wide = weight if weight.dtype == torch.float64 else weight.float()
    total = torch.where(counted, wide[torch.where(counted, target, 0).long()], 0).sum()
    return torch.where(total == 0, 1, total)


def _class_axis(input: torch.Tensor) -> int:
    return 0 if input.dim() == 1 else 1


# ---- The operators. Each gives a value for each row, and the gradient of their sum: dividing by a
# number of rows, or scaling a loss, is done later and in a wider type, so that gradients of float16
# do not fall below its smallest number.


def _empty_results(input: torch.Tensor, axis: int, gradient: bool) -> tuple[Any, Any]:
    shape = [*input.shape]
    del shape[axis]
    wide = torch.float64 if input.dtype == torch.float64 else torch.float32
    each = input.new_empty(shape, dtype=wide)
    return each, torch.empty_like(input) if gradient else input.new_empty(0)


def _memory(tensor: torch.Tensor) -> Any:
    """Return an array on the memory of a tensor: of bits, if the type is unknown to NumPy."""
    bits = tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor
    return bits.numpy()


def _results(input: torch.Tensor, axis: int, gradient: bool) -> tuple[Any, Any, dict[str, Any]]:
    each, slope = _empty_results(input, axis, gradient)
    options = {
        "reduction": "none",
        "axis": axis,
        "threads": torch.get_num_threads(),
        "out": each.numpy(),
        "grad": _memory(slope) if gradient else None,
    }
    return each, slope, options


def _compute_cross_entropy(
    input: torch.Tensor,
    target: torch.Tensor,
    weight: torch.Tensor | None,
    ignore_index: int,
    label_smoothing: float,
    z_loss: float,
    gradient: bool,
) -> tuple[torch.Tensor, torch.Tensor]:
    each, slope, options = _results(input, _class_axis(input), gradient)
    with renamed(labels="target", logits="input"):
        losses.cross_entropy(
            input.detach(),
            target.detach(),
            weight=None if weight is None else weight.detach(),
            ignore_index=ignore_index,
            label_smoothing=label_smoothing,
            z_loss=z_loss,
            normalize=False,
            **options,
        )
    return each, slope


def _compute_kl_divergence(
    input: torch.Tensor, target: torch.Tensor, temperature: float, dim: int, gradient: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    each, slope, options = _results(input, dim, gradient)
    with renamed(p_logits="target", q_logits="input"):
        losses.kl_divergence(target.detach(), input.detach(), temperature=temperature, **options)
    return each, slope


def _compute_backward(
    input: torch.Tensor, slope: torch.Tensor, axis: int, change: torch.Tensor
) -> torch.Tensor:
    if slope.shape != input.shape:
        raise RuntimeError("the gradient was not asked for when the loss was computed")
    # In the wider of the two types, rounded once.
    return torch.mul(slope, change.unsqueeze(axis), out=torch.empty_like(slope))


_cross_entropy = torch.library.custom_op(
    "pyinfo::cross_entropy",
    _compute_cross_entropy,
    mutates_args=(),
    device_types="cpu",
    schema="(Tensor input, Tensor target, Tensor? weight, SymInt ignore_index, "
    "float label_smoothing, float z_loss, bool gradient) -> (Tensor, Tensor)",
)
_kl_divergence = torch.library.custom_op(
    "pyinfo::kl_div_from_logits",
    _compute_kl_divergence,
    mutates_args=(),
    device_types="cpu",
    schema="(Tensor input, Tensor target, float temperature, int dim, bool gradient) "
    "-> (Tensor, Tensor)",
)
# Without a derivative, so that a second one raises instead of being silently 0. It takes the input
# for that: the gradient that was kept is a constant.
_backward = torch.library.custom_op(
    "pyinfo::losses_backward",
    _compute_backward,
    mutates_args=(),
    device_types="cpu",
    schema="(Tensor input, Tensor slope, int axis, Tensor change) -> Tensor",
)


def _keep(ctx: Any, inputs: tuple[Any, ...], output: tuple[Any, Any]) -> None:
    ctx.mark_non_differentiable(output[1])
    ctx.save_for_backward(inputs[0], output[1])


def _keep_cross_entropy(ctx: Any, inputs: tuple[Any, ...], output: tuple[Any, Any]) -> None:
    _keep(ctx, inputs, output)
    ctx.axis = _class_axis(inputs[0])


def _keep_kl_divergence(ctx: Any, inputs: tuple[Any, ...], output: tuple[Any, Any]) -> None:
    _keep(ctx, inputs, output)
    ctx.axis = inputs[3]


def _go_back(ctx: Any, change: torch.Tensor, _: Any) -> tuple[Any, ...]:
    input, slope = ctx.saved_tensors
    others = len(ctx.needs_input_grad) - 1
    return (torch.ops.pyinfo.losses_backward(input, slope, ctx.axis, change), *[None] * others)


_cross_entropy.register_fake(
    lambda input, target, weight, ignore_index, label_smoothing, z_loss, gradient: _empty_results(
        input, _class_axis(input), gradient
    )
)
_kl_divergence.register_fake(
    lambda input, target, temperature, dim, gradient: _empty_results(input, dim, gradient)
)
_backward.register_fake(lambda input, slope, axis, change: torch.empty_like(slope))
_cross_entropy.register_autograd(_go_back, setup_context=_keep_cross_entropy)
_kl_divergence.register_autograd(_go_back, setup_context=_keep_kl_divergence)
# Losses are computed in float32 within an autocast region, as torch's own are.
for _operator in (_cross_entropy, _kl_divergence):
    _operator.register_autocast("cpu", torch.float32)
