"""What reads a caller's buffer beside Python's own functions: the C interface, and the codecs and
counts for other packages. As `buffer_readers`.
"""

from __future__ import annotations

import ctypes
import json
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import zarr
from dask import array as dask_array
from numpy.typing import NDArray
from zarr.core.buffer import default_buffer_prototype
from zarr.storage import MemoryStore

from pyinfo import continuous, entropy_models, logits, patches, safetensors
from pyinfo.integrations import arrow, compressai, dask, numcodecs
from pyinfo.integrations import zarr as zarr_codecs
from pyinfo.safetensors import numpy as numpy_files
from support import buffer_readers as own
from support.buffer_readers import Reader
from support.c_interface import DIVIDE, MEMBERS, Options, error_of, table

MODULES = {
    "arrow": arrow, "compressai": compressai, "continuous": continuous, "dask": dask,
    "entropy_models": entropy_models, "logits": logits, "numcodecs": numcodecs,
    "patches": patches, "safetensors": safetensors, "zarr": zarr_codecs,
}  # fmt: skip


def public_names() -> set[str]:
    names = {f"{module}.{name}" for module, found in MODULES.items() for name in found.__all__}
    return names | {f"c.{member}" for member in MEMBERS}


READ_NO_BUFFER = {
    *("c.size", "c.version", "c.library_version", "c.error_message", "c.last_error_detail"),
    *("c.last_error_offset", "c.isa", "c.code_destroy", "c.code_encode_bound"),
    *("c.frame_compress_bound", "c.patch_bound", "logits.LogitsComparison"),
    *("c.models_destroy", "c.models_encode_bound"),
    "continuous.Estimate",
    *("compressai.install", "compressai.uninstall"),
    *("patches.PatchedFiles", "safetensors.QuantizedTensor", "safetensors.RecoveredTensor"),
    *("safetensors.SafetensorError", "safetensors.TensorReport"),
    "arrow.parquet_counts",  # Arrow reads the file, and hands over what it made of it
}


def _c(name: str, *arguments: Any) -> None:
    """Call a C function; ValueError where it returns an error."""
    given = (np.asarray(a) if isinstance(a, memoryview | bytearray) else a for a in arguments)
    if error := error_of(name, *(np.frombuffer(a, np.uint8) if _is_map(a) else a for a in given)):
        raise ValueError(f"{name}: error {error}")


def _is_map(argument: Any) -> bool:
    return type(argument).__name__ == "mmap"


def _size() -> NDArray[np.uintp]:
    return np.zeros(1, np.uintp)


def _measures() -> dict[str, list[Reader]]:
    readers = {}
    for suffix, dtype in (("f64", np.float64), ("f32", np.float32)):
        arrays = own.WEIGHTS.astype(dtype), own.OTHERS.astype(dtype)
        result = np.zeros(1, dtype)
        for name, operands in (
            ("entropy", 1), ("cross_entropy", 2), ("kl_divergence", 2), ("js_divergence", 2),
        ):  # fmt: skip

            def call(*given: Any, name: str = f"{name}_{suffix}", result: Any = result) -> None:
                _c(name, *given, own.N, DIVIDE, 2.0, result)

            readers[f"c.{name}_{suffix}"] = [Reader(arrays[:operands], (call,))]
    return readers


def _counts() -> dict[str, list[Reader]]:
    planes, joint = np.zeros((2, 256), np.uint64), np.zeros((256, 256), np.uint64)
    counts = own.COUNTS.astype(np.uint64)
    return {
        "c.entropy_u64": [
            Reader((counts,), (lambda x: _c("entropy_u64", x, own.N, 2.0, np.zeros(1)),))
        ],
        "c.byte_counts": [
            Reader((own.SHORTS,), (lambda x: _c("byte_counts", x, own.N, 2, planes),))
        ],
        "c.joint_byte_counts": [
            Reader(
                (own.BYTES, own.BYTES[::-1]),
                (lambda x, y: _c("joint_byte_counts", x, y, len(own.BYTES), joint),),
            )
        ],
    }


def _with_code(make: str, *arguments: Any) -> None:
    """Make a code of what changes, and destroy it."""
    code = ctypes.c_void_p()
    _c(make, *arguments, ctypes.pointer(code))
    _destroy(code)


def _destroy(code: ctypes.c_void_p) -> None:
    ctypes.CFUNCTYPE(None, ctypes.c_void_p)(table().code_destroy)(code)


def _lasting_code(make: str, *arguments: Any) -> ctypes.c_void_p:
    code = ctypes.c_void_p()
    _c(make, *arguments, ctypes.pointer(code))
    return code


def _codes() -> dict[str, list[Reader]]:
    both = (
        (own.BYTE_COUNTS, own.BYTES, own.HUFFMAN[0], own.RANS[0], 11, 12),
        (own.SHORT_COUNTS, own.SHORTS, own.HUFFMAN[1], own.RANS[1], 16, 14),
    )
    readers: dict[str, list[Reader]] = {}
    for counts, symbols, huffman, rans, longest, precision in both:
        size = len(counts)
        lengths, frequencies = huffman.lengths, rans.frequencies
        tables: dict[str, tuple[NDArray[Any], Callable[[Any], None]]] = {
            "huffman_lengths": (counts, lambda x, n=size, m=longest: _c(
                "huffman_lengths", x, n, m, np.zeros(n, np.uint8))),
            "rans_frequencies": (counts, lambda x, n=size, m=precision: _c(
                "rans_frequencies", x, n, m, np.zeros(n, np.uint32))),
            "huffman_code_from_counts": (counts, lambda x, n=size, m=longest: _with_code(
                "huffman_code_from_counts", x, n, m)),
            "rans_code_from_counts": (counts, lambda x, n=size, m=precision: _with_code(
                "rans_code_from_counts", x, n, m)),
            "huffman_code_from_lengths": (lengths, lambda x, n=size: _with_code(
                "huffman_code_from_lengths", x, n)),
            "rans_code_from_frequencies": (frequencies, lambda x, n=size: _with_code(
                "rans_code_from_frequencies", x, n)),
        }  # fmt: skip
        for name, (array, call) in tables.items():
            readers.setdefault(f"c.{name}", []).append(Reader((array,), (call,)))
        for code, own_code in (
            (_lasting_code("huffman_code_from_lengths", lengths, size), huffman),
            (_lasting_code("rans_code_from_frequencies", frequencies, size), rans),
        ):
            for name, reader in _of_code(code, symbols, own_code).items():
                readers.setdefault(f"c.{name}", []).append(reader)
    return readers


def _of_code(code: ctypes.c_void_p, symbols: NDArray[Any], own_code: Any) -> dict[str, Reader]:
    n = len(symbols)
    message = np.frombuffer(own_code.encode(symbols), np.uint8)
    space, decoded = np.zeros(4 * n + 2000, np.uint8), np.zeros_like(symbols)

    def encode(given: Any) -> None:
        _c("code_encode", code, given, n, space, len(space), _size())

    def count(given: Any) -> None:
        _c("code_symbol_count", code, given, len(message), _size())

    def decode(given: Any) -> None:
        _c("code_decode", code, given, len(message), decoded, n, _size())

    return {
        "code_encode": Reader((symbols,), (encode,)),
        "code_symbol_count": Reader((message,), (count,), coded=True),
        "code_decode": Reader((message,), (decode,), coded=True),
    }


def _frames() -> dict[str, list[Reader]]:
    options = Options(ctypes.sizeof(Options), 0, 2, 4, 3000, 2, 1, None, 0)
    space = np.zeros(8 * own.N + 10_000, np.uint8)
    info = np.zeros(32, np.uintp)
    info[0] = info.nbytes
    data = own.WEIGHTS.astype(np.float32)

    def compress(given: Any) -> None:
        pointer = ctypes.pointer(options)
        _c("frame_compress", given, 4 * own.N, pointer, space, len(space), _size())

    def decompress(given: Any, threads: int) -> None:
        size = np.asarray(given).nbytes
        _c("frame_decompress", given, size, space, len(space), ctypes.c_int(threads), _size())

    def decompress_items(given: Any) -> None:
        size = np.asarray(given).nbytes
        arguments = 100, 5000, space, len(space), ctypes.c_int(1), _size()
        _c("frame_decompress_items", given, size, *arguments)

    calls: dict[str, tuple[Callable[[Any], None], ...]] = {
        "frame_read_info": (lambda x: _c("frame_read_info", x, len(x), info),),
        "frame_decompressed_size": (lambda x: _c("frame_decompressed_size", x, len(x), _size()),),
        "frame_decompress": (partial(decompress, threads=1), partial(decompress, threads=2)),
        "frame_decompress_items": (decompress_items,),
    }
    return {
        "c.frame_compress": [Reader((data,), (compress,))],
        **{
            f"c.{name}": [Reader((frame,), functions, coded=True) for frame in own.FRAMES]
            for name, functions in calls.items()
        },
    }


def _patches() -> dict[str, list[Reader]]:
    old = own.WEIGHTS.astype(np.float32)
    new = old.copy()
    new[::9] *= np.float32(1.5)
    patch = np.frombuffer(patches.diff(old, new), np.uint8)
    space, out = np.zeros(8 * own.N + 10_000, np.uint8), np.zeros_like(old)
    info = np.zeros(8, np.uintp)
    info[0] = 48
    float32, one = ctypes.c_int(6), ctypes.c_int(1)

    def diff(before: Any, after: Any) -> None:
        nothing = ctypes.c_void_p(), 0
        _c("patch_diff", before, after, own.N, float32, *nothing, one, space, len(space), _size())

    def apply(base: Any, given: Any) -> None:
        _c("patch_apply", base, old.nbytes, given, len(patch), one, out)

    return {
        "c.patch_diff": [Reader((old, new), (diff,))],
        "c.patch_read_info": [
            Reader((patch,), (lambda x: _c("patch_read_info", x, len(x), info),), coded=True)
        ],
        "c.patch_apply": [Reader((old, patch), (apply,), coded=True)],
    }


def _models_of_c() -> dict[str, list[Reader]]:
    scales = np.geomspace(0.2, 50, 64)
    weights = np.random.default_rng(7).integers(1, 1000, 640).astype(np.uint64)
    sizes, leasts = np.full(64, 9, np.uintp), np.full(64, -4, np.int32)
    symbols = np.random.default_rng(8).integers(-9, 9, own.N).astype(np.int32)
    indexes, shifts = np.arange(own.N, dtype=np.uint16) % 64, np.arange(own.N, dtype=np.int32) % 3
    destroy = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(table().models_destroy)
    gaussian, twelve, one = ctypes.c_int(0), ctypes.c_int(12), ctypes.c_int(1)
    four = ctypes.c_int(4)
    made, info = _size(), np.zeros(3, np.uintp)
    info[0] = info.nbytes
    space, out = np.zeros(8 * own.N + 10_000, np.uint8), np.zeros_like(symbols)

    def from_scales(x: Any) -> None:
        found = _size()
        _c("models_from_scales", gaussian, x, len(scales), twelve, -1.0, one, found)
        destroy(int(found[0]))

    def from_weights(x: Any) -> None:
        found = _size()
        _c("models_from_weights", x, sizes, leasts, len(sizes), twelve, found)
        destroy(int(found[0]))

    # They live as long as the process: readers on threads use them.
    _c("models_from_scales", gaussian, scales, len(scales), twelve, -1.0, one, made)
    models = ctypes.c_void_p(int(made[0]))

    size = _size()

    def encode(x: Any, index: Any, shift: Any) -> None:
        room = space, len(space), size
        _c("models_encode", models, x, four, index, shift, own.N, one, *room)

    encode(symbols, indexes, shifts)
    message = space[: int(size[0])].copy()

    def read_info(x: Any) -> None:
        _c("models_read_info", x, len(message), info.copy())

    def decode(x: Any, index: Any, shift: Any) -> None:
        _c("models_decode", models, x, len(message), index, shift, own.N, one, out, four)

    return {
        "c.models_from_scales": [Reader((scales,), (from_scales,))],
        "c.models_from_weights": [Reader((weights,), (from_weights,))],
        "c.models_encode": [Reader((symbols, indexes, shifts), (encode,))],
        "c.models_read_info": [Reader((message,), (read_info,), coded=True)],
        "c.models_decode": [Reader((message, indexes, shifts), (decode,), coded=True)],
    }


def _patches_of_arrays() -> dict[str, list[Reader]]:
    """Arrays and patches, and the safetensors files that patches of files are made from."""
    readers = {}
    for old in (own.WEIGHTS.astype(np.float32), own.WIDE):
        new = old.copy()
        new[::9] *= 2
        patch = np.frombuffer(patches.diff(old, new), np.uint8)

        # Memoryviews are bytes to these functions, so arrays are made of them first.
        def apply(base: Any, given: Any, out: Any) -> None:
            patches.apply(np.asarray(base), given)
            patches.apply(np.asarray(base), given, out=np.asarray(out))

        def compose(base: Any, given: Any) -> None:
            patches.compose(np.asarray(base), [given])

        def ask(given: Any, base: Any) -> None:
            found, array = patches.Patch(given), np.asarray(base)
            found.is_base(array)
            found.is_result(array)
            found.indices_and_values(array, threads=2)

        made = {
            "diff": Reader((old, new), (patches.diff, partial(patches.diff, threads=2))),
            "apply": Reader((old, patch, np.zeros_like(old)), (apply,), coded=True),
            "compose": Reader((old, patch), (compose,), coded=True),
            "Patch": Reader((patch, old), (ask,), coded=True),
        }
        for name, reader in made.items():
            readers.setdefault(f"patches.{name}", []).append(reader)
    before, after = (_file_of(a) for a in (own.WEIGHTS, own.WEIGHTS * (own.FEW > 3)))

    def diff_files(path: Path) -> None:
        base = path.with_name("before.safetensors")
        base.write_bytes(before)
        patches.diff_files(base, path, path.with_name("patch"), overwrite=True)

    def apply_files(path: Path) -> None:
        to = path.with_name("after.safetensors")
        known = path.with_name("known.patch")
        if not known.exists():
            to.write_bytes(after)
            patches.diff_files(path, to, known)
        patches.apply_files(path, known, to, overwrite=True)

    return readers | {
        "patches.diff_files": [Reader((_bytes(after),), (diff_files,), coded=True, as_file=True)],
        "patches.apply_files": [
            Reader((_bytes(before),), (apply_files,), coded=True, as_file=True)
        ],
    }


def _file_of(array: Any) -> bytes:
    """A plain safetensors file of two tensors."""
    data = array.astype("<f4").tobytes()
    middle = 4 * 5000
    header = json.dumps(
        {
            "a": {"dtype": "F32", "shape": [50, 100], "data_offsets": [0, middle]},
            "b": {"dtype": "F32", "shape": [own.N - 5000], "data_offsets": [middle, 4 * own.N]},
        }
    ).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + data


def _bytes(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8)


def _safetensors() -> dict[str, list[Reader]]:
    plain = _file_of(own.WEIGHTS)
    single = own.WEIGHTS.astype(np.float32)
    packed = bytes(numpy_files.save({"a": single, "b": own.WIDE}))

    def opened(path: Path) -> None:
        for backend in ("mmap", "pread"):
            with safetensors.safe_open(path, "numpy", backend=backend) as file:
                for name in file.keys():  # noqa: SIM118 - it is no dict
                    file.get_tensor(name)
                    file.get_slice(name)[5:50]

    def beside(function: Any) -> Any:
        return lambda path: function(path, path.with_name("other.safetensors"))

    calls = {
        "pack": (plain, beside(safetensors.pack)),
        "unpack": (packed, beside(safetensors.unpack)),
        "is_packed": (packed, safetensors.is_packed),
        "recover": (packed, safetensors.recover),
        "report": (packed, safetensors.report),
        "safe_open": (packed, opened),
    }
    return {
        f"safetensors.{name}": [Reader((_bytes(data),), (call,), coded=True, as_file=True)]
        for name, (data, call) in calls.items()
    }


def _continuous() -> dict[str, list[Reader]]:
    """What a writer leaves may be a NaN, which is refused, or equal values, which are warned of."""

    def quietly(function: Any, **options: Any) -> Any:
        def call(*arrays: Any) -> None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                function(*arrays, **options)

        return call

    x, y, z = np.random.default_rng(0).standard_normal((3, 5000))
    labels = (y > 0).astype(np.int64)
    entropy, information = continuous.differential_entropy, continuous.mutual_information
    return {
        "continuous.differential_entropy": [
            Reader((x,), (quietly(entropy), quietly(entropy, method="vasicek"))),
        ],
        "continuous.mutual_information": [
            Reader(
                (x, y), tuple(quietly(information, method=m) for m in ("ksg1", "ksg2", "bins"))
            ),
            Reader((x, labels), (quietly(information, method="ross"),)),
        ],
        "continuous.conditional_mutual_information": [
            Reader((x, y, z), (quietly(continuous.conditional_mutual_information),)),
        ],
        "continuous.transfer_entropy": [
            Reader((x, y), (quietly(continuous.transfer_entropy),)),
        ],
    }  # fmt: skip


def _logits() -> dict[str, list[Reader]]:
    rows, classes = 60, own.N // 60
    p, q = own.WEIGHTS.astype(np.float32), own.OTHERS.astype(np.float32)
    labels = own.FEW[:rows].astype(np.int64)
    values, gradient = np.zeros(rows), np.zeros_like(p)
    float32, one = ctypes.c_int(1), ctypes.c_int(1)
    result = one, values, gradient

    def cross_entropy(x: Any, y: Any) -> None:
        ignored = ctypes.c_int64(-100)
        options = float32, rows, classes, y, ignored, 0.1, 0.0
        _c("logits_cross_entropy", x, *options, *result)

    def of_two(name: str) -> Callable[..., None]:
        return lambda x, y: _c(name, x, y, float32, rows, classes, 1.0, *result)

    def entropy(x: Any) -> None:
        _c("logits_entropy", x, float32, rows, classes, 1.0, *result)

    def logsumexp(x: Any) -> None:
        _c("logits_logsumexp", x, float32, rows, classes, one, values)

    return {
        "c.logits_cross_entropy": [Reader((p, labels), (cross_entropy,))],
        "c.logits_kl_divergence": [Reader((p, q), (of_two("logits_kl_divergence"),))],
        "c.logits_js_divergence": [Reader((p, q), (of_two("logits_js_divergence"),))],
        "c.logits_entropy": [Reader((p,), (entropy,))],
        "c.logits_logsumexp": [Reader((p,), (logsumexp,))],
    }


def _of_logits() -> dict[str, list[Reader]]:
    """pyinfo.logits on rows, with gradients beside them, and in their place where they change."""
    p, q = (a.astype(np.float32).reshape(60, -1) for a in (own.WEIGHTS, own.OTHERS))
    labels, halves = own.FEW[: len(p)], p.astype(np.float16)
    slope, weight = np.empty_like(p), own.OTHERS[: p.shape[1]]
    two: dict[str, Any] = {"grad": slope, "threads": 2}

    def cross_entropy(x: Any, y: Any, w: Any) -> None:
        logits.cross_entropy(x, y, weight=w, label_smoothing=0.1, **two)

    def in_place(x: Any, y: Any) -> None:
        logits.cross_entropy(x, y, grad=np.asarray(x))

    def targets(x: Any, y: Any) -> None:
        for normalize in (None, True, False):
            logits.cross_entropy(x, y, normalize=normalize, **two)

    readers = {
        "cross_entropy": [
            Reader((p, labels, weight), (cross_entropy,)),
            Reader((p, labels), (in_place,)),
            Reader((p, q / q.sum(1, keepdims=True)), (targets,)),
            Reader((p.T, labels), (lambda x, y: logits.cross_entropy(x, y, axis=0),)),
        ],
        "kl_divergence": [Reader((p, q), (lambda x, y: logits.kl_divergence(x, y, **two),))],
        "js_divergence": [Reader((p, q), (lambda x, y: logits.js_divergence(x, y, **two),))],
        "entropy": [Reader((p,), (lambda x: logits.entropy(x, **two),))],
        "logsumexp": [Reader((p,), (logits.logsumexp,)), Reader((halves,), (logits.logsumexp,))],
        "log_softmax": [Reader((p,), (logits.log_softmax,))],
        "perplexity": [Reader((p, labels), (logits.perplexity,))],
        "compare": [Reader((p, q, labels), (logits.compare,))],
    }
    return {f"logits.{name}": found for name, found in readers.items()}


def _quantization() -> dict[str, list[Reader]]:
    w = own.WEIGHTS.astype(np.float32)
    importance = own.OTHERS[:340].astype(np.float32)
    float32, one = ctypes.c_int(1), ctypes.c_int(1)
    histogram = np.zeros(
        9, np.uint64
    )  # of 64 bits each, but for three ints in the second and third
    histogram[0], histogram[1] = 1024, 1
    counts, scales = np.zeros(1024, np.uint64), np.zeros(60, np.float32)
    steps, errors, bits = np.array([0.1, 0.01]), np.zeros(2), np.zeros(2)
    nothing = ctypes.c_void_p()

    def add(x: Any) -> None:
        _c("histogram_add", x, float32, own.N, one, histogram.copy(), counts.copy())

    counted = histogram.copy()
    _c("histogram_add", w, float32, own.N, one, counted, counts)

    def calibrate(x: Any) -> None:
        _c("calibrate", counted, x, ctypes.c_int(4), one, errors, nothing)

    def optimal_scales(x: Any, y: Any) -> None:
        _c("optimal_scales", x, float32, 60, 340, y, 340, ctypes.c_int(4), one, scales, nothing)

    def rate_distortion(x: Any, y: Any) -> None:
        _c("rate_distortion", x, float32, 60, 340, y, 340, steps, 2, one, errors, bits)

    places = np.arange(1201, dtype=np.uintp) * 17
    units, fixed = np.arange(1200, dtype=np.uintp), np.full(1200, -1)
    choice, found = np.zeros(1200, np.uintp), np.zeros(5)
    found.view(np.uintp)[0] = found.nbytes

    def allocate(c: Any, e: Any, first: Any, unit: Any, only: Any) -> None:
        numbers = ctypes.c_double(600), ctypes.c_double(1e-4), 3
        _c("allocate", c, e, first, 1200, unit, only, *numbers, choice, found, nothing, 0)

    return {
        "c.allocate": [Reader((own.OTHERS, own.WEIGHTS, places, units, fixed), (allocate,))],
        "c.histogram_add": [Reader((w,), (add,))],
        "c.calibrate": [Reader((counts,), (calibrate,))],
        "c.optimal_scales": [Reader((w, importance), (optimal_scales,))],
        "c.rate_distortion": [Reader((w, importance), (rate_distortion,))],
    }


def _codecs() -> dict[str, list[Reader]]:
    codec = numcodecs.Pyinfo(block_size=9000, threads=2)
    values = own.WEIGHTS.astype(np.float32)
    encoded = np.frombuffer(codec.encode(values), np.uint8)
    readers = {
        "numcodecs.Pyinfo": [
            Reader((values,), (codec.encode,)),
            Reader(
                (encoded, np.zeros_like(values)),
                (lambda x, out: codec.decode(x), lambda x, out: codec.decode(x, np.asarray(out))),
                coded=True,
            ),
        ]
    }
    for name, way in (
        ("zarr.ArrayCodec", {"serializer": zarr_codecs.ArrayCodec(), "compressors": None}),
        ("zarr.BytesCodec", {"compressors": zarr_codecs.BytesCodec()}),
    ):
        chunked = _chunked(values, way)
        (key,) = (key for key in chunked.store._store_dict if not key.endswith("zarr.json"))
        stored = chunked.store._store_dict[key].as_numpy_array().copy()
        readers[name] = [
            Reader((values,), (partial(_chunked, way=way),)),
            Reader((stored,), (partial(_read_chunk, chunked, key),), coded=True),
        ]
    return readers


def _chunked(values: Any, way: dict[str, Any]) -> Any:
    values = np.asarray(values)
    array = zarr.create_array(
        MemoryStore(), shape=values.shape, dtype=values.dtype, chunks=values.shape, **way
    )
    array[...] = values
    return array


def _read_chunk(array: Any, key: str, stored: Any) -> None:
    buffer = default_buffer_prototype().buffer.from_array_like(np.frombuffer(stored, np.uint8))
    array.store._store_dict[key] = buffer
    array[...]
    array[10:2000]


def _arrow(values: Any) -> Any:
    values = np.asarray(values)
    memory = pyarrow.foreign_buffer(values.ctypes.data, values.nbytes, values)
    return pyarrow.Array.from_buffers(pyarrow.from_numpy_dtype(values.dtype), own.N, [None, memory])


def _dask(values: Any) -> Any:
    return dask_array.from_array(np.asarray(values), chunks=7000, name=False)


def _collections() -> dict[str, list[Reader]]:
    readers: dict[str, list[Reader]] = {
        f"{package}.counts": [Reader((a,), (counts,)) for a in (own.WIDE, own.FEW)]
        for package, counts in (
            ("arrow", lambda x: arrow.counts(_arrow(x))),
            ("dask", lambda x: dask.counts(_dask(x)).compute(scheduler="threads")),
        )
    }
    pair = (own.WIDE, own.FEW)
    readers["arrow.joint_counts"] = [
        Reader(pair, (lambda x, y: arrow.joint_counts(_arrow(x), _arrow(y)),))
    ]
    for name in ("joint_counts", "mutual_information"):
        function = getattr(dask, name)
        readers[f"dask.{name}"] = [
            Reader(
                pair,
                (lambda x, y, f=function: f(_dask(x), _dask(y)).compute(scheduler="threads"),),
            )
        ]
    readers["dask.drift"] = [
        Reader(
            (own.FEW, own.FEW[::-1]),
            (lambda x, y: dask.drift(_dask(x), _dask(y)).compute(scheduler="threads"),),
        )
    ]
    readers["dask.entropy"] = [
        Reader((own.FEW,), (lambda x: dask.entropy(_dask(x)).compute(scheduler="threads"),))
    ]
    return readers


def _models() -> dict[str, list[Reader]]:
    """Models per symbol, and CompressAI's coder: symbols, indexes, means, tables, streams."""
    n = 40000
    indexes = np.arange(n, dtype=np.uint8) % 3
    symbols = (np.arange(n) % 50 - 25).astype(np.int16)
    means = (np.arange(n) % 77 / 7).astype(np.float32)
    models = entropy_models.Gaussian([1.0, 5.0, 20.0])
    message = np.frombuffer(models.encode(symbols, indexes), np.uint8)
    with_means = np.frombuffer(models.encode(symbols, indexes, means), np.uint8)
    out = np.zeros(n, np.int16)
    coders = [
        Reader((symbols, indexes), (models.encode, models.expected_length)),
        Reader((symbols, indexes, means), (models.encode, models.expected_length)),
        Reader((message, indexes), (lambda *a: models.decode(*a, out=out),), coded=True),
        Reader((with_means, indexes, means), (models.decode,), coded=True),
        Reader((message, indexes), (models.decode,)),
    ]
    scales, pmfs = np.geomspace(0.5, 20, 30), np.full((20, 8), 0.125)
    cdfs = np.tile(np.array([0, 16384, 49152, 62259, 65536], np.int32), (3, 1))
    rest = np.full(3, 5, np.int32), np.zeros(3, np.int32)
    tables = (cdfs, *rest)
    stream = compressai.RansEncoder().encode_with_indexes(symbols, indexes, *tables)

    def buffered(*given: Any) -> None:
        encoder = compressai.BufferedRansEncoder()
        encoder.encode_with_indexes(*given)
        encoder.flush()

    def in_parts(encoded: Any, *given: Any) -> None:
        decoder = compressai.RansDecoder()
        decoder.set_stream(encoded)
        decoder.decode_stream(*given)

    coded = np.frombuffer(stream, np.uint8)
    wide, chosen = symbols.astype(np.int32), indexes.astype(np.int32)
    decode = compressai.RansDecoder().decode_with_indexes
    return {
        "entropy_models.Gaussian": [*coders, Reader((scales,), (entropy_models.Gaussian,))],
        "entropy_models.Laplace": [Reader((scales,), (entropy_models.Laplace,))],
        "entropy_models.Logistic": [Reader((scales,), (entropy_models.Logistic,))],
        "entropy_models.Categorical": [Reader((pmfs,), (entropy_models.Categorical,))],
        "entropy_models.Cdfs": [Reader(tables, (entropy_models.Cdfs,))],
        "compressai.RansEncoder": [
            Reader((wide, chosen, *tables), (compressai.RansEncoder().encode_with_indexes,))
        ],
        "compressai.BufferedRansEncoder": [Reader((wide, chosen, *tables), (buffered,))],
        "compressai.RansDecoder": [
            Reader((coded, chosen, *tables), (decode, in_parts), coded=True)
        ],
        "compressai.pmf_to_quantized_cdf": [
            Reader((pmfs[0].astype(np.float32),), (compressai.pmf_to_quantized_cdf,))
        ],
    }


READERS: dict[str, list[Reader]] = {
    **_measures(), **_counts(), **_codes(), **_frames(), **_patches(), **_logits(), **_codecs(),
    **_patches_of_arrays(), **_safetensors(), **_of_logits(), **_quantization(), **_continuous(),
    **_models(), **_models_of_c(), **_collections(),
}  # fmt: skip
