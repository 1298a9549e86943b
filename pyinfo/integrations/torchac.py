"""torchac's functions with the same streams byte for byte, without a compiler at the first import.

What differs: streams that are not those of the symbols they decode to raise `CorruptDataError`, and
symbols and tables that cannot be coded, NaN among them, raise ValueError. Needs torch.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pyinfo import _core

__all__ = [
    "decode_float_cdf",
    "decode_int16_normalized_cdf",
    "encode_float_cdf",
    "encode_int16_normalized_cdf",
]

PRECISION: Final = 16


def encode_float_cdf(
    cdf_float: Any, sym: Any, needs_normalization: bool = True, check_input_bounds: bool = False
) -> bytes:
    """Code symbols with cumulative distributions of floats.

    Parameters
    ----------
    cdf_float : Tensor of float32
        Of shape (..., L + 1) for L symbols, rising from 0 to 1.
    sym : Tensor of int16
        Of shape (...), 0 to L - 1.
    needs_normalization : bool, default True
        Whether every symbol is to get one of the 2**16 slots at least.
    check_input_bounds : bool, default False
        Whether to raise ValueError for numbers outside of 0 to 1. (Symbols are always checked.)

    Returns
    -------
    bytes
        What ``torchac.encode_float_cdf`` returns.

    Raises
    ------
    ValueError
        If a symbol is none of the L, its distribution does not rise there, or there are NaN.
    """
    if check_input_bounds:
        floats, _ = _on_cpu(cdf_float, "cdf")
        if not ((floats >= 0) & (floats <= 1)).all():  # not so for NaN
            raise ValueError("cdf_float must be from 0 to 1")
    return encode_int16_normalized_cdf(_normalized(cdf_float, needs_normalization), sym)


def decode_float_cdf(cdf_float: Any, byte_stream: Any, needs_normalization: bool = True) -> Any:
    """Decode what `encode_float_cdf` returned for the same cumulative distributions.

    Raises
    ------
    CorruptDataError
        If the stream is not that of the symbols it decodes to, as it is when it is cut off or goes
        on. There is no checksum: damage, or other distributions, that make it the stream of other
        symbols cannot be told.
    ValueError
        If `cdf_float` has NaN.
    """
    return decode_int16_normalized_cdf(_normalized(cdf_float, needs_normalization), byte_stream)


def encode_int16_normalized_cdf(cdf_int: Any, sym: Any) -> bytes:
    """Code symbols with cumulative frequencies of 16 bits, whose last one stands for 2**16.

    Parameters
    ----------
    cdf_int : Tensor of int16
        Of shape (..., L + 1): the bits of unsigned numbers.
    sym : Tensor of int16
        Of shape (...).
    """
    _, torch = _on_cpu(cdf_int, "cdf")
    symbols, _ = _on_cpu(sym, "sym")
    if sym.dtype != torch.int16:
        raise ValueError(f"sym must be int16, not {sym.dtype}")
    if tuple(cdf_int.shape[:-1]) != tuple(sym.shape):
        raise ValueError(
            f"cdf must have the shape of sym and one dimension more, not {tuple(cdf_int.shape)} "
            f"for {tuple(sym.shape)}"
        )
    return _core.torchac_encode(_rows(cdf_int), symbols.numpy().reshape(-1))


def decode_int16_normalized_cdf(cdf_int: Any, byte_stream: Any) -> Any:
    """Decode what `encode_int16_normalized_cdf` returned for the same frequencies.

    Returns
    -------
    Tensor of int16
        The symbols, of shape (...).
    """
    _, torch = _on_cpu(cdf_int, "cdf")
    symbols = _core.torchac_decode(_rows(cdf_int), byte_stream)
    return torch.from_numpy(symbols).reshape(cdf_int.shape[:-1])


def _rows(cdf_int: Any) -> npt.NDArray[np.uint16]:
    table, torch = _on_cpu(cdf_int, "cdf")
    if table.dtype != torch.int16:
        raise ValueError(f"cdf must be a tensor of int16, not {table.dtype}")
    rows = table.contiguous().reshape(-1, table.shape[-1]).numpy()
    unsigned: npt.NDArray[np.uint16] = rows.view(np.uint16)
    return unsigned


def _normalized(cdf_float: Any, needs_normalization: bool) -> Any:
    """Return floats as frequencies, in torch's own arithmetic, as torchac does."""
    floats, torch = _on_cpu(cdf_float, "cdf")
    if floats.sum().isnan():
        raise ValueError("cdf_float must be numbers from 0 to 1, not nan")
    entries = floats.shape[-1]
    slots = 2**PRECISION - (entries - 1 if needs_normalization else 0)
    whole = floats.mul(torch.tensor(float(slots), dtype=torch.float32)).round_()
    # By way of 32 bits, of which the lower 16 are taken: 2**16 has no int16.
    cdf_int = whole.to(torch.int32).to(torch.int16)
    return (
        cdf_int.add_(torch.arange(entries, dtype=torch.int16)) if needs_normalization else cdf_int
    )


def _on_cpu(tensor: Any, name: str) -> tuple[Any, Any]:
    """Return a tensor in this machine's memory, without a gradient, and torch."""
    import torch

    if not isinstance(tensor, torch.Tensor):
        raise TypeError(f"{name} must be a tensor, not {type(tensor).__name__}")
    if tensor.is_meta:
        raise ValueError(f"{name} is on the device meta, where tensors have no elements")
    if name == "cdf" and tensor.ndim < 1:
        raise ValueError("cdf must have the shape of sym and one dimension more, not ()")
    return tensor.detach().cpu(), torch
