"""DFloat11: bfloat16 weights as the package dfloat11 0.5.0 decodes them on GPUs.

That package's encoder is a loop of Python; this one writes the same layout some hundred times as
fast, or says in a sentence what the package's kernel could not decode. It needs neither torch nor a
GPU.

T. Zhang et al., "70% Size, 100% Accuracy: Lossless LLM Compression for Efficient GPU Inference via
Dynamic-Length Float (DFloat11)", arXiv:2504.11651 (2025).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pyinfo import _core
from pyinfo.coding.whole_files import whole_file, whole_folder
from pyinfo.integrations.safetensors_folders import (
    NewTensor,
    StoredTensor,
    check_file,
    copy_other_files,
    stored_tensors,
    write_file,
)

__all__ = ["ConvertedModule", "convert", "encode", "encode_tensors"]

Tensors: TypeAlias = dict[str, NDArray[Any]]

_VERSION: Final = "0.5.0"
_THREADS_PER_BLOCK: Final = 512
_BYTES_PER_THREAD: Final = 8
_NAME: Final = re.compile(r"[\w.-]+")
_LONGEST_NAME: Final = 200  # of a module that becomes the name of a file
_CONFIG: Final = "config.json"


class ConvertedModule(NamedTuple):
    """What has become of a module.

    Attributes
    ----------
    name : str
        Its full name in the model.
    weights : tuple of str
        The tensors that were encoded together.
    original_size, size : int
        Bytes of these tensors, and of those that they have become.
    """

    name: str
    weights: tuple[str, ...]
    original_size: int
    size: int


def encode(array: Any) -> Tensors:
    """Encode an array of bfloat16 numbers.

    Parameters
    ----------
    array : array_like
        Of bfloat16: a tensor of torch or another package that exports DLPack, an array of the
        package ml_dtypes, or the numbers' bits as an array of uint16. Of any shape, which the
        result does not hold.

    Returns
    -------
    dict of str to ndarray
        The tensors that a module of the package has, all uint8 except for the last:
        ``luts`` (tables, 256), ``encoded_exponent``, ``sign_mantissa`` (one for each number),
        ``output_positions`` (uint32 as bytes), ``gaps``, and ``split_positions`` (int64, empty
        here).

    Raises
    ------
    TypeError
        If the array holds anything else.
    ValueError
        If the package's kernel could not decode the numbers: none; infinities, NaN or magnitudes
        of 2**113 or more; more than 2**32 - 65536 of them; more than 2**31 - 4096 bytes of coded
        exponents.

    Notes
    -----
    The exponents get a Huffman code, with an end that occurs once. Its codewords have at most 32
    bits, fewer where the code would take more than the 17 tables that the kernel can tell apart,
    and at least 2 bits where a block of threads would have more weights than its 48 KiB of shared
    memory hold.

    Examples
    --------
    >>> import numpy as np
    >>> from pyinfo.integrations import dfloat11
    >>> ones = np.full(10_000, 0x3F80, np.uint16)  # 1.0 as bfloat16
    >>> tensors = dfloat11.encode(ones)
    >>> sum(tensor.nbytes for tensor in tensors.values()) / ones.nbytes < 0.75
    True
    """
    return _encoded([array], ["array"])


def encode_tensors(arrays: Iterable[Any]) -> Tensors:
    """Encode the weights of a module with one code for all.

    Parameters
    ----------
    arrays : iterable of array_like
        Of bfloat16, as for `encode`.

    Returns
    -------
    dict of str to ndarray
        As of `encode`; ``split_positions`` says where the second array begins among the weights
        of all, where the third, and so on.

    Raises
    ------
    TypeError
        If an array holds anything else than bfloat16.
    ValueError
        If the package's kernel could not decode the numbers: see `encode`.

    Examples
    --------
    >>> import numpy as np
    >>> from pyinfo.integrations import dfloat11
    >>> ones, twos = np.full(3, 0x3F80, np.uint16), np.full(5, 0x4000, np.uint16)
    >>> dfloat11.encode_tensors([ones, twos, ones])["split_positions"]
    array([3, 8])
    """
    listed = list(arrays)
    return _encoded(listed, [f"arrays[{i}]" for i in range(len(listed))])


def convert(
    source: str | os.PathLike[str],
    destination: str | os.PathLike[str],
    pattern_dict: Mapping[str, Sequence[str]],
    *,
    tied: Mapping[str, str] | None = None,
) -> list[ConvertedModule]:
    r"""Convert a folder with a model in safetensors files to one that the package loads.

    It gets what `compress_model` of the package writes: a file for each module that is encoded,
    with its other tensors, one or more files for the rest, and ``config.json`` with the entry
    ``dfloat11_config``; tokenizers and whatever else the folder holds beside weights are copied.

    Parameters
    ----------
    source : path
        A folder with ``config.json`` and a file ``model.safetensors``, or several and their
        ``model.safetensors.index.json``, as transformers saves them.
    destination : path
        A folder that is not there yet. It appears when it is complete.
    pattern_dict : mapping of str to sequence of str
        Which modules to encode, as the package has it: regular expressions for full names of
        modules, and, for each, the submodules whose weights are encoded together, an empty list if
        the modules have the weight themselves. Weights are those of torch's Linear and Embedding.
    tied : mapping of str to str, optional
        Tensors that the files do not hold since they are others: ``{"lm_head.weight":
        "model.embed_tokens.weight"}``. Must be given, be it empty, if ``config.json`` says that
        word embeddings are tied, which the package itself does not care for: either both tensors
        are encoded, each with its module, or none.

    Returns
    -------
    list of ConvertedModule

    Raises
    ------
    FileExistsError
        If the destination is there.
    ValueError
        If the folder is not one of that kind, a pattern fits no module, a weight is missing, not a
        matrix, not bfloat16 or cannot be decoded by the package's kernel. Nothing is left behind.

    Notes
    -----
    Memory holds the weights of one module at a time.

    Examples
    --------
    >>> from pyinfo.integrations import dfloat11
    >>> layer = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
    ...          "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"]
    >>> patterns = {r"model\.embed_tokens": [], r"model\.layers\.\d+": layer, r"lm_head": []}
    >>> dfloat11.convert("Qwen3-8B", "Qwen3-8B-DF11", patterns)  # doctest: +SKIP
    """
    folder = Path(source)
    patterns = _checked_patterns(pattern_dict)
    config = _read_config(folder / _CONFIG)
    tensors = stored_tensors(folder)
    aliases = _checked_aliases(tied, tensors, config)
    modules = _find_modules(patterns, {**tensors, **aliases})
    encoded = {name for weights in modules.values() for name in weights}
    for alias, stored in aliases.items():
        if (alias in encoded) != (stored.name in encoded):
            raise ValueError(
                f"{alias} and {stored.name} are tied: patterns must fit both or neither"
            )
    config["dfloat11_config"] = {
        "version": _VERSION,
        "threads_per_block": [_THREADS_PER_BLOCK],
        "bytes_per_thread": _BYTES_PER_THREAD,
        "pattern_dict": patterns,
    }
    rest = [tensor for tensor in tensors.values() if tensor.name not in encoded]
    files = _file_names(modules, rest)
    converted = []
    with whole_folder(Path(destination)) as new:
        copy_other_files(folder, new)
        with whole_file(new / _CONFIG, overwrite=True) as sink:
            sink.write((json.dumps(config, indent=2) + "\n").encode())
        for module, weights in modules.items():
            stored_weights = [aliases.get(name) or tensors[name] for name in weights]
            made = _encode_module(module, stored_weights)
            others = [tensor for tensor in rest if files[tensor.name] == files[module]]
            write_file(new / files[module], [*made, *others])
            original_size = sum(tensor.size for tensor in stored_weights)
            size = sum(tensor.data.nbytes for tensor in made)
            converted.append(ConvertedModule(module, weights, original_size, size))
        of_modules = {files[module] for module in modules}
        for file in dict.fromkeys(files[tensor.name] for tensor in rest):
            if file not in of_modules:
                write_file(new / file, [each for each in rest if files[each.name] == file])
        for path in sorted(new.glob("*.safetensors")):
            check_file(path)
    return converted


def _encoded(arrays: list[Any], names: list[str]) -> Tensors:
    luts, encoded, sign_mantissa, positions, gaps, begins = _core.dfloat11_encode(arrays, names)
    return {
        "luts": luts,
        "encoded_exponent": encoded,
        "sign_mantissa": sign_mantissa,
        "output_positions": positions.astype("<u4", copy=False).view(np.uint8),
        "gaps": gaps,
        "split_positions": begins[1:],
    }


def _checked_patterns(pattern_dict: Any) -> dict[str, list[str]]:
    if not isinstance(pattern_dict, Mapping):
        kind = type(pattern_dict).__name__
        raise TypeError(f"pattern_dict must be a mapping of patterns to names, not {kind}")
    patterns = {}
    for pattern, names in pattern_dict.items():
        if (
            not isinstance(pattern, str)
            or isinstance(names, str)
            or not all(isinstance(name, str) and name for name in names)
        ):
            raise TypeError("pattern_dict must map each pattern to a list of names of submodules")
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
        patterns[pattern] = list(names)
    return patterns


def _read_config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no JSON: {error}") from error
    if not isinstance(config, dict):
        raise ValueError(f"{path} must hold an object of JSON")
    if "dfloat11_config" in config:
        raise ValueError(f"{path} says that the model is encoded already")
    return config


def _checked_aliases(
    tied: Mapping[str, str] | None, tensors: Mapping[str, StoredTensor], config: Mapping[str, Any]
) -> dict[str, StoredTensor]:
    if tied is None:
        text = config.get("text_config")
        if any(
            isinstance(part, dict) and part.get("tie_word_embeddings") is True
            for part in (config, text)
        ):
            raise ValueError(
                "the model ties its word embeddings: say by `tied` which tensor is which other one"
            )
        return {}
    for alias, name in tied.items():
        if name not in tensors:
            raise ValueError(f"tied tensor {name!r} is in none of the files")
        if alias in tensors:
            raise ValueError(f"tied tensor {alias!r} is in the files itself")
    return {alias: tensors[name] for alias, name in tied.items()}


def _find_modules(
    patterns: Mapping[str, list[str]], tensors: Mapping[str, StoredTensor]
) -> dict[str, tuple[str, ...]]:
    """Return the weights of each module that a pattern fits."""
    names: dict[str, None] = {}
    for tensor in tensors:
        parts = tensor.split(".")
        names.update(dict.fromkeys(".".join(parts[:i]) for i in range(1, len(parts))))
    modules: dict[str, tuple[str, ...]] = {}
    owners: dict[str, str] = {}
    for pattern, submodules in patterns.items():
        found = [name for name in names if re.fullmatch(pattern, name)]
        if not found:
            raise ValueError(f"pattern {pattern!r} fits no module")
        for module in found:
            if module in modules:
                raise ValueError(f"two patterns fit module {module!r}")
            within = [f"{module}.{name}" for name in submodules] or [module]
            modules[module] = tuple(f"{name}.weight" for name in within)
            for weight in modules[module]:
                _check_weight(weight, module, tensors)
                if weight in owners:
                    raise ValueError(
                        f"tensor {weight!r} is a weight of {owners[weight]!r} and of {module!r}"
                    )
                owners[weight] = module
    return modules


def _check_weight(name: str, module: str, tensors: Mapping[str, StoredTensor]) -> None:
    if name not in tensors:
        raise ValueError(f"module {module!r} has no tensor {name!r}")
    tensor = tensors[name]
    if tensor.dtype != "BF16":
        raise ValueError(f"tensor {name!r} must be of type BF16, not {tensor.dtype}")
    if len(tensor.shape) != 2:
        raise ValueError(
            f"tensor {name!r} must be a matrix, as those of Linear and Embedding are: it has "
            f"{len(tensor.shape)} dimensions"
        )


def _file_names(
    modules: Mapping[str, tuple[str, ...]], rest: Sequence[StoredTensor]
) -> dict[str, str]:
    """Return the file of each module, and of each tensor that is not encoded."""
    files = {}
    for module in modules:
        if not _NAME.fullmatch(module) or len(module) > _LONGEST_NAME:
            raise ValueError(f"module {module[:_LONGEST_NAME]!r} cannot be the name of a file")
        files[module] = module.replace(".", "_") + ".safetensors"
    of_rest = {tensor.path.name for tensor in rest}
    lowered = [name.lower() for name in (*files.values(), *of_rest)]
    if len(set(lowered)) < len(lowered):
        raise ValueError("two modules have names that would be the same file")
    for tensor in rest:
        parts = tensor.name.split(".")
        within = [".".join(parts[:i]) for i in range(len(parts) - 1, 0, -1)]
        owner = next((module for module in within if module in modules), None)
        files[tensor.name] = tensor.path.name if owner is None else files[owner]
    return files


def _encode_module(module: str, weights: Sequence[StoredTensor]) -> list[NewTensor]:
    try:
        tensors = encode_tensors(weight.read().view("<u2") for weight in weights)
    except ValueError as error:
        raise ValueError(f"module {module!r} cannot be encoded: {error}") from error
    return [NewTensor(f"{module}.{name}", data) for name, data in tensors.items()]
