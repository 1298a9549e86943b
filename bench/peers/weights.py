"""Weights in files, patches between checkpoints, DFloat11's layout."""

import contextlib
import functools
import io
import tempfile
from collections.abc import Callable
from importlib import import_module, util
from pathlib import Path
from typing import Any

import numpy as np

import pyinfo.safetensors.numpy as coded
from bench.inputs.weights import Bits, step, tensors
from bench.peers.candidate import PYINFO, Candidate, Ways, installed, returns
from bench.peers.codecs import ZIPNN
from pyinfo import patches
from pyinfo.integrations import dfloat11
from pyinfo.safetensors import safe_open
from pyinfo.testing.timing import Call

XOR = "XOR + zstandard level 1"
DFLOAT11 = "dfloat11"

made = functools.lru_cache(maxsize=1)(tensors)


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="pyinfo-bench-")


@functools.cache
def path_of(row: str, count: int, elements: int) -> Path:
    """A file of these tensors, written in one of the ways."""
    path = Path(_folder().name, f"{row} {count} {elements}.safetensors")
    if row == PYINFO:
        _save(made(count, elements), path, 1)
    else:
        _save_zipnn(made(count, elements), path)
    return path


def _save(arrays: dict[str, Bits], path: Path, threads: int) -> None:
    bfloat16 = import_module("ml_dtypes").bfloat16
    given = {name: each.view(bfloat16) for name, each in arrays.items()}
    coded.save_file(given, path, threads=threads)


def _zipnn() -> Any:
    return import_module("zipnn").ZipNN(input_format="byte", bytearray_dtype="bfloat16", threads=1)


def _save_zipnn(arrays: dict[str, Bits], path: Path) -> None:
    """Each tensor's bytes, of which it is given a copy, for it changes what it is given."""
    zipnn = _zipnn()
    frames = {
        name: np.frombuffer(zipnn.compress(bytearray(each.data.cast("B"))), np.uint8)
        for name, each in arrays.items()
    }
    import_module("safetensors.numpy").save_file(frames, path)


def _load_zipnn(path: Path) -> dict[str, Any]:
    zipnn = _zipnn()
    frames = import_module("safetensors.numpy").load_file(path)
    return {
        name: np.frombuffer(zipnn.decompress(each.tobytes()), np.uint16)
        for name, each in frames.items()
    }


def _row(path: Path, name: str, row: int) -> Any:
    with safe_open(path, "np", raw_bits=True) as file:
        return file.get_slice(name)[row : row + 1]


def weight_file(direction: str, threads: int, count: int, elements: int) -> Ways:
    """Save or load a file of tensors, or take one row of the last one, file opened and all."""
    arrays = made(count, elements)
    name = next(reversed(arrays))

    def own() -> Candidate:
        if direction == "save":  # the first one of a fresh process, where memory is measured
            path = Path(_folder().name, f"new {threads}.safetensors")
            save = Call(_save, (arrays, path, threads))
            return Candidate(save, _same(lambda: save() or coded.load_file(path), arrays, PYINFO))
        path = path_of(PYINFO, count, elements)
        load = Call(coded.load_file, (path,), {"raw_bits": True, "threads": threads})
        if direction == "load":
            return Candidate(load, _same(load, arrays, PYINFO), path.stat().st_size)
        middle = len(arrays[name]) // 2
        row = Call(_row, (path, name, middle))
        return Candidate(row, returns(row, arrays[name][middle : middle + 1], PYINFO))

    def zipnn() -> Candidate:
        path = path_of(ZIPNN, count, elements)
        load = Call(_load_zipnn, (path,))
        call = Call(_save_zipnn, (arrays, path.with_suffix(".new")))
        return Candidate(
            call if direction == "save" else load, _same(load, arrays, ZIPNN), path.stat().st_size
        )

    needed = ("zipnn", "torch", "safetensors")
    there = len(installed(*needed)) == len(needed) and direction != "row" and threads == 1
    return {PYINFO: own, **({ZIPNN: zipnn} if there else {})}


def _same(load: Callable[[], Any], arrays: dict[str, Bits], name: str) -> Callable[[], None]:
    def check() -> None:
        loaded = load()
        for key, each in arrays.items():
            returns(loaded[key].view(np.uint16).reshape(each.shape).copy, each, name)()

    return check


stepped = functools.lru_cache(maxsize=1)(step)


def patch(direction: str, kind: str, elements: int) -> Ways:
    """The patch of a step, or what it makes; in Python, XOR goes through zstandard.

    Both check what they read: zstandard's frames have a checksum.
    """
    old, new = stepped(kind, elements)

    def own() -> Candidate:
        bfloat16 = import_module("ml_dtypes").bfloat16
        before, after = old.view(bfloat16), new.view(bfloat16)
        data = patches.diff(before, after)
        diff, apply = Call(patches.diff, (before, after)), Call(patches.apply, (before, data))
        check = returns(lambda: apply().view(np.uint16), new, PYINFO)
        return Candidate(diff if direction == "diff" else apply, check, len(data))

    def xor() -> Candidate:
        zstandard = import_module("zstandard")

        def diff() -> bytes:
            compressor = zstandard.ZstdCompressor(level=1, write_checksum=True)
            return bytes(compressor.compress(np.bitwise_xor(old, new).data))

        data = diff()

        def apply() -> Bits:
            plain = zstandard.ZstdDecompressor().decompress(data)
            return np.bitwise_xor(old, np.frombuffer(plain, np.uint16))

        call = Call(diff if direction == "diff" else apply)
        return Candidate(call, returns(apply, new, XOR), len(data))

    return {PYINFO: own, **({XOR: xor} if installed("zstandard") else {})}


def dfloat11_layout(elements: int) -> Ways:
    """Encode a matrix; the package's encoder is read from its file, for it imports CUDA's CuPy."""
    (weights,) = made(1, elements).values()

    def own() -> Candidate:
        return Candidate(Call(dfloat11.encode, (weights,)))

    def package() -> Candidate:
        (folder,) = util.find_spec("dfloat11").submodule_search_locations  # type: ignore[union-attr,misc]
        spec = util.spec_from_file_location("utils", Path(folder, "dfloat11_utils.py"))
        module = util.module_from_spec(spec)  # type: ignore[arg-type]
        spec.loader.exec_module(module)  # type: ignore[union-attr]
        torch = import_module("torch")
        tensor = torch.from_numpy(weights.view(np.int16)).view(torch.bfloat16).flatten()

        def encode() -> Any:
            with (
                contextlib.redirect_stdout(io.StringIO()),
                contextlib.redirect_stderr(io.StringIO()),
            ):
                codec, _, table = module.get_32bit_codec(module.get_codec(tensor)[1])
                module.get_luts(table)
                return module.encode_weights([tensor], codec, 8, 512)

        expected = encode()[0].numpy()
        own_bytes = dfloat11.encode(weights)["encoded_exponent"]
        check = returns(lambda: [expected.size], [own_bytes.size], DFLOAT11)
        return Candidate(Call(encode), check)

    needed = ("dfloat11", "dahuffman", "torch", "tqdm")
    there = len(installed(*needed)) == len(needed)
    return {PYINFO: own, **({DFLOAT11: package} if there else {})}
