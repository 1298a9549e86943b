"""Model weights within a budget of bytes: the least squared error, with a bound and its proof."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal, SupportsFloat, SupportsIndex

import numpy.typing as npt

from pyinfo.arguments import real, thread_count
from pyinfo.coding.folder_contents import contents_of
from pyinfo.coding.whole_files import copy_file
from pyinfo.quantization.allocation import Allocation
from pyinfo.quantization.budget import budget_bytes
from pyinfo.quantization.fitting import Chosen, FitTensor, Fitting, Shard
from pyinfo.safetensors.files import SUFFIX, sources_of_file, written_file
from pyinfo.safetensors.folders import folder_made_from, require_new_folder
from pyinfo.safetensors.packing import FileSource, TensorSource, write_packed
from pyinfo.safetensors.tensor_file import TensorFile

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class FittedTensor:
    """What became of a tensor.

    Attributes
    ----------
    name, dtype, shape
        As in the file.
    stored
        ``"quantized"``; ``"lossless"``; ``"alias"`` if it is equal to one before it.
    step
        The distance of neighbouring values; None if it is not quantised.
    dead_zone
        What magnitudes were less by, in steps, before they were rounded; None likewise.
    size
        Bytes in the new file, its part of the header not counted.
    bits_per_weight
        Bits that an element takes.
    error
        Sum of importance times squared error, in the square of the unit of the weights.
    share
        Of the error of all tensors.

    Examples
    --------
    >>> import numpy as np
    >>> from pyinfo.quantization import fit
    >>> from safetensors.numpy import save_file
    >>> w = np.random.default_rng(1).normal(size=(200, 300)).astype(np.float32)
    >>> save_file({"bias": w[0], "w": w}, "model.safetensors")
    >>> for each in sorted(fit("model.safetensors", "40kB").tensors, key=lambda t: t.name):
    ...     print(each.name, each.dtype, each.shape, each.stored, each.share)
    bias F32 (300,) lossless 0.0
    w F32 (200, 300) quantized 1.0
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    stored: Literal["quantized", "lossless", "alias"]
    step: float | None
    dead_zone: float | None
    size: int
    bits_per_weight: float
    error: float
    share: float


@dataclass(frozen=True)
class FittedModel:
    """What became of a model, and how good that is.

    Attributes
    ----------
    budget, size, original_size : int
        Bytes that were allowed, of the new file, and of the old one; of a folder, of all its
        safetensors files.
    predicted_size : int
        What was expected when the last choice was made: real sizes of what had been coded by then,
        modelled ones of the rest.
    error : float
        Sum of importance times squared error over all weights: of the floats that the new file
        gives, measured.
    lower_bound : float
        No choice of steps has less error within the budget, among those that were tried, and where
        sizes and errors are those of `table`: measured ones of what was coded, modelled ones of the
        rest. `allocation` has the proof.
    gap : float
        ``(error - lower_bound) / error``.
    tensors : tuple of FittedTensor
        In the order of their bytes in the file, one file after the other.
    allocation : Allocation
        Of the budget that was left for tensors that may be quantised, with the certificate.
    table : dict
        What `allocate` was given last: ``names``, ``costs``, ``errors``, ``steps``, of which None
        is no quantisation, and their ``dead_zones``.

    Examples
    --------
    >>> import numpy as np
    >>> from pyinfo.quantization import fit
    >>> from safetensors.numpy import save_file
    >>> w = np.random.default_rng(1).normal(size=(200, 300)).astype(np.float32)
    >>> save_file({"w": w}, "model.safetensors")
    >>> found = fit("model.safetensors", "40kB")
    >>> found.size <= found.budget < found.original_size, found.lower_bound <= found.error
    (True, True)
    """

    budget: int
    size: int
    original_size: int
    predicted_size: int
    error: float
    lower_bound: float
    gap: float
    tensors: tuple[FittedTensor, ...]
    allocation: Allocation = field(repr=False)
    table: dict[str, Any] = field(repr=False)


def fit(
    source: str | os.PathLike[str],
    budget: SupportsIndex | str,
    *,
    importance: Mapping[str, SupportsFloat | npt.ArrayLike] | None = None,
    destination: str | os.PathLike[str] | None = None,
    lossless: bool | Iterable[str] | None = None,
    gap: SupportsFloat = 1e-4,
    threads: SupportsIndex = 1,
    overwrite: bool = True,
    progress: Progress | None = None,
) -> FittedModel:
    """Make a safetensors file that has at most so many bytes, with the least squared error.

    Each tensor is quantised with a step of its own and nothing clipped, and its integers are
    entropy-coded. `allocate` chooses the steps. The result is a file as `pyinfo.safetensors.pack`
    writes them: `pyinfo.safetensors` reads it as if it were the original, with arrays of the
    original dtypes and shapes.

    Parameters
    ----------
    source : path
        A safetensors file that is not packed; or a folder of such files, as large models have them,
        which share the budget.
    budget : int or str
        What the new file may have: bytes, ``"8MB"`` (8,000,000), ``"8MiB"`` (8,388,608), or
        ``"4.5bpw"``, bits per weight: of all elements of the file, its header included. Other files
        of a folder do not count.
    importance : dict, optional
        What a squared error counts, by the name of the tensor: a number, or one for each index
        along the last axis; mean squares of the inputs of a linear layer, say. 1 if not given.
    destination : path, optional
        The new file, which appears when it is whole; None: nothing is written, what comes of it is
        told all the same. For a folder, a new folder, to which its other files are copied.
    lossless : bool or list of str, optional
        Which tensors are not quantised. None: those of less than two axes (norms, biases) or less
        than 4096 elements; names, or patterns with ``*`` and ``?``: these as well. False: none of
        floats. True: all. Integers, floats of 8 bits, and tensors with infinities or NaNs are never
        quantised, nor those so near the ends of their type that rounding may leave it.
    gap : float, optional
        As in `allocate`.
    threads : int, optional
        How many to use, 0 for one per core. The result does not depend on it; instruction sets
        differ in the last digits of the curves, which may tip a choice.
    overwrite : bool, optional
        Whether an older file is replaced; a folder never is.
    progress : callable, optional
        Called again and again with the bytes done so far, and the bytes to do in all passes.

    Returns
    -------
    FittedModel
        Sizes, errors, the bound, and what became of each tensor.

    Raises
    ------
    SafetensorError
        If the source is no safetensors file.
    ValueError
        If it is packed already, or a folder without such files; if the budget is too small, and the
        message says how small the file can be made; if a pattern of `lossless` is no tensor's name;
        if importance has unknown names, other shapes,
        or is negative or not finite.

    Notes
    -----
    What is certified is the sum of weighted squared errors of weights, under the stated model; not
    the accuracy of the network, which `pyinfo.logits.compare` measures.

    All steps that are equal by themselves are the best ones where errors count the same [1]_; the
    search finds that where it is so.

    Memory: the coded tensors, which are the budget, and one tensor's integers for each thread.

    References
    ----------
    .. [1] H. Gish and J. N. Pierce, "Asymptotically efficient quantizing", IEEE Transactions on
       Information Theory 14 (1968), 676-683.

    Examples
    --------
    >>> import numpy as np
    >>> import pyinfo.safetensors.numpy
    >>> from pyinfo.quantization import fit
    >>> rng = np.random.default_rng(1)
    >>> weights = {"a": rng.normal(0, 1, (200, 300)), "b": rng.normal(0, 0.02, (200, 300))}
    >>> data = {name: w.astype(np.float32) for name, w in weights.items()}
    >>> from safetensors.numpy import save_file
    >>> save_file(data, "model.safetensors")
    >>> found = fit("model.safetensors", "60kB", destination="small.safetensors")
    >>> found.size <= 60_000, found.gap < 1e-3
    (True, True)
    >>> pyinfo.safetensors.numpy.load_file("small.safetensors")["a"].dtype
    dtype('float32')
    """
    folder = Path(source) if Path(source).is_dir() else None
    names = [Path(source)] if folder is None else _models_in(folder)
    if folder is not None and destination is not None:
        require_new_folder(folder, destination)
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(contextlib.closing(TensorFile(name))) for name in names]
        for name, file in zip(names, files, strict=True):
            if file.table is not None:
                raise ValueError(f"{os.fspath(name)!r} is packed already: unpack it first")
        shards = [
            Shard(sources_of_file(file), FileSource(file.header, hashed=False)) for file in files
        ]
        weights = sum(math.prod(source.shape) for shard in shards for source in shard.sources)
        count = thread_count(threads)
        fitting = Fitting(
            shards,
            budget_bytes(budget, weights),
            lossless=lossless,
            importance=importance,
            gap=real(gap, "gap"),
            threads=count,
            progress=progress,
        )
        chosen = fitting.run()
        size = fitting.size()
        if destination is not None:
            made = list(zip(fitting.results(), shards, strict=True))
            if folder is None:
                with written_file(source, destination, overwrite=overwrite) as sink:
                    written = _write(made[0], sink, count)
            else:
                written = _write_folder(
                    folder, destination, dict(zip(names, made, strict=True)), count
                )
            if written != size:
                raise RuntimeError(f"the result has {written} bytes, not {size}: files changed")
        return _result(sum(file.size for file in files), fitting, chosen, size)


def _models_in(folder: Path) -> list[Path]:
    found = [folder / name for name in contents_of(folder).files if name.suffix == SUFFIX]
    if not found:
        raise ValueError(f"{os.fspath(folder)!r} has no safetensors file in it")
    return found


_Made = tuple[list[TensorSource], Shard]


def _write(made: _Made, sink: BinaryIO, threads: int) -> int:
    sources, shard = made
    return write_packed(sources, sink, shard.original, threads=threads)


def _write_folder(
    folder: Path, destination: str | os.PathLike[str], made: Mapping[Path, _Made], threads: int
) -> int:
    written = 0
    with folder_made_from(folder, destination) as temporary:
        contents = contents_of(folder)
        for name in contents.folders:
            (temporary / name).mkdir(parents=True)
        for name in contents.files:
            target = temporary / name
            if folder / name in made:
                with written_file(folder / name, target) as sink:
                    written += _write(made[folder / name], sink, threads)
            else:
                copy_file(folder / name, target)
    return written


def _result(original_size: int, fitting: Fitting, chosen: Chosen, size: int) -> FittedModel:
    errors = [tensor.expected().error for tensor in fitting.free]
    error = sum(errors)
    bound = min(chosen.allocation.lower_bound, error)
    return FittedModel(
        budget=fitting.budget,
        size=size,
        original_size=original_size,
        predicted_size=fitting.predicted_size,
        error=error,
        lower_bound=bound,
        gap=(error - bound) / error if error > 0 else 0.0,
        tensors=tuple(_tensors(fitting, error)),
        allocation=chosen.allocation,
        table={
            "names": [tensor.source.name for tensor in fitting.free],
            "costs": chosen.costs,
            "errors": chosen.errors,
            "steps": [[*(p.step for p in t.points), None] for t in fitting.free],
            "dead_zones": [[*(p.dead_zone for p in t.points), None] for t in fitting.free],
        },
    )


def _tensors(fitting: Fitting, error: float) -> list[FittedTensor]:
    found: list[FittedTensor] = []
    seen: set[int] = set()
    for source, owner in zip(fitting.sources, fitting.owners, strict=True):
        tensor = fitting.tensors[owner]
        is_alias = owner in seen
        seen.add(owner)
        size, own = (tensor.lossless_size, 0.0) if tensor.spread is None else tensor.expected()
        own /= tensor.count
        size = 0 if is_alias else size
        step, dead_zone = _step(tensor)
        found.append(
            FittedTensor(
                source.name,
                source.dtype.code,
                source.shape,
                "alias" if is_alias else "lossless" if step is None else "quantized",
                step,
                dead_zone,
                size,
                8 * size / tensor.elements if tensor.elements > 0 else 0.0,
                own,
                own / error if error > 0 else 0.0,
            )
        )
    return found


def _step(tensor: FitTensor) -> tuple[float, float] | tuple[None, None]:
    """Return the step and the dead zone that a tensor was quantised with."""
    if tensor.chosen is None or tensor.spread is None:
        return None, None
    assert tensor.made is not None
    return tensor.made.step, tensor.point(tensor.chosen).dead_zone
