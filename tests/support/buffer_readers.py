"""Every public function that reads a caller's buffer, and buffers for it; and those that read none.

A new public name belongs to one of the two: tests compare with what is public.
"""

from __future__ import annotations

import inspect
import io
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

import pyinfo
from pyinfo import (
    coding,
    config,
    counting,
    embedding,
    errors,
    estimators,
    measures,
    quantization,
)  # fmt: skip
from pyinfo.coding import Compressor, Decompressor, Frame, HuffmanCode, RansModel

NAMESPACES: tuple[ModuleType, ...] = (
    measures, estimators, counting, coding, errors, config, embedding, quantization,
)  # fmt: skip


@dataclass(frozen=True)
class Reader:
    """Arrays, and calls that are given their like in memory that changes.

    `coded`: the arrays are frames or messages, of which few bytes are changed at a time.
    `as_file`: what the calls are given is the path of a file that changes.
    """

    arrays: tuple[NDArray[Any], ...]
    calls: tuple[Callable[..., Any], ...]
    coded: bool = False
    as_file: bool = False


def public_names() -> Iterator[str]:
    """Yield every public function, class, and attribute of a class."""
    for name in dict.fromkeys((*pyinfo.__all__, *(n for m in NAMESPACES for n in m.__all__))):
        owners = (pyinfo, *NAMESPACES)
        found = next(getattr(owner, name) for owner in owners if hasattr(owner, name))
        if name.startswith("__"):
            continue
        yield name
        if inspect.isclass(found) and not issubclass(found, tuple | BaseException | dict):
            yield from (f"{name}.{part}" for part in dir(found) if not part.startswith("_"))


# Of no interest here: what these give is the object's own, or the caller hands over numbers.
READ_NO_BUFFER = {
    *("Choice", "Config", "config", "show_config"),
    *("get_include", "get_cmake_dir", "get_pkgconfig_dir"),
    *("CorruptDataError", "Block", "DamagedBlock", "FileSizes", "PlaneReport", "CodingReport"),
    *(f"CodingReport.{name}" for name in dir(coding.CodingReport)),
    *(f"{name}.{part}" for name in ("PlaneReport", "Block", "DamagedBlock", "FileSizes")
      for part in dir(getattr(coding, name))),
    *("Counts.counts", "Counts.entropy", "Counts.expected_length", "Counts.huffman_code"),
    *("Counts.merge", "Counts.probabilities", "Counts.rans_model", "Counts.symbol_counts"),
    *("Counts.total", "Counts.values"),
    *("JointCounts.cells", "JointCounts.conditional", "JointCounts.counts", "JointCounts.entropy"),
    *("JointCounts.marginal", "JointCounts.merge", "JointCounts.mutual_information"),
    *("JointCounts.table", "JointCounts.total", "JointCounts.variables", "JointCounts"),
    *("Drift", "Drift.notes", "DriftTable", "DriftWarning"),
    *(f"DriftTable.{name}" for name in dir(pyinfo.DriftTable)),
    *("Compressor", "Compressor.flush", "Decompressor", "Decompressor.eof"),
    *("Decompressor.needs_input", "Decompressor.unused_data"),
    *("Frame.close", "Frame.coded_size", "Frame.dtype", "Frame.nbytes", "Frame.order"),
    *("Frame.rotated", "Frame.shape"),
    *("HuffmanCode.alphabet_size", "HuffmanCode.codewords", "HuffmanCode.dtype"),
    *("HuffmanCode.kraft_sum", "HuffmanCode.lengths", "HuffmanCode.max_length"),
    *("RansModel.alphabet_size", "RansModel.dtype", "RansModel.frequencies"),
    *("RansModel.precision", "calibrate", "FloatHistogram", "fit"),
    *(f"FloatHistogram.{name}" for name in (
        "bins", "counts", "edges", "entropy", "infinities", "max", "merge", "min", "nans",
        "symmetric", "total", "width",
    )),
    *(f"{kind.__name__}{part}" for kind in (
        quantization.Allocation, quantization.Calibration, quantization.FittedModel,
        quantization.FittedTensor, quantization.RateDistortion, quantization.RatePoint,
    ) for part in ("", *(f".{name}" for name in dir(kind)))),
    *("FeatureRanking", "FeatureRanking.features", "FeatureRanking.scores", "RankedFeature"),
    *(f"RankedFeature.{name}" for name in measures.RankedFeature.__dataclass_fields__),
}  # fmt: skip

_random = np.random.default_rng(0)
N = 20_400  # the GIL is released from 16384 on
WEIGHTS = _random.random(N) + 1e-9
OTHERS = _random.random(N) + 1e-9
COUNTS = _random.integers(0, 1000, N)
FLAT = np.full(4, 0.25)
WIDE = _random.integers(0, 2**62, N)
MANY = _random.integers(0, 2**62, 250_000)  # are sorted in parts
FEW = _random.integers(0, 40, N)
BYTES = (_random.geometric(0.1, 3 * N) % 256).astype(np.uint8)
SHORTS = _random.geometric(0.001, N).astype(np.uint16) % np.uint16(3000)
NAMES = _random.integers(0x30, 0x7A, 8 * N, dtype=np.uint8).view("S8")
LETTERS = _random.integers(0x30, 0x7A, N, dtype=np.uint32).view("U1")
RARE = np.zeros(70_000, np.uint8)
RARE[::900] = np.arange(78) + 1
RARE[::7] = 1


def _frame(data: NDArray[Any], **options: Any) -> NDArray[np.uint8]:
    return np.frombuffer(pyinfo.compress(data, **options), np.uint8)


FRAMES = tuple(
    _frame(data, coder=coder, block_size=block_size)
    for data, coder, block_size in (
        (RARE, "rans", None), (BYTES, "huffman", 20_000),
        (WEIGHTS.astype(np.float32), "auto", 9000),
    )
)  # fmt: skip
SEVERAL = np.concatenate([FRAMES[1], FRAMES[0]])


def _of_counts(values: Any) -> NDArray[Any]:
    """Return counts of 256 symbols, or of 3000, every one at least 1."""
    return np.bincount(values, minlength=256).astype(np.uint64) + np.uint64(1)


BYTE_COUNTS, SHORT_COUNTS = _of_counts(BYTES), _of_counts(SHORTS)
HUFFMAN = HuffmanCode.from_counts(BYTE_COUNTS), HuffmanCode.from_counts(SHORT_COUNTS, 16)
RANS = RansModel.from_counts(BYTE_COUNTS), RansModel.from_counts(SHORT_COUNTS, 14)


def _message(code: Any, symbols: NDArray[Any]) -> NDArray[np.uint8]:
    return np.frombuffer(code.encode(symbols), np.uint8)


def _measure(function: Callable[..., Any], operands: int, *numbers: float) -> list[Reader]:
    """Whole arrays, strided ones, and rows on two threads; numbers, counts, and what is written."""

    def rows(*arrays: Any, **options: Any) -> Any:
        matrices = (np.asarray(array).reshape(60, -1) for array in arrays)
        return function(*matrices, *numbers, normalize=True, **options)

    calls = (
        lambda *arrays: function(*arrays, *numbers, normalize=True),
        partial(rows, axis=0),
        partial(rows, threads=2),
        lambda *arrays: rows(*arrays[:-1], arrays[-1], out=np.zeros(60)),
    )
    weights = (WEIGHTS, OTHERS)[:operands]
    singles = tuple(array.astype(np.float32) for array in weights)
    counts = (COUNTS, COUNTS[::-1])[:operands]
    return [Reader(weights, calls), Reader(singles, calls[:3]), Reader(counts, calls)]


def _measures() -> dict[str, list[Reader]]:
    one = {"entropy": (), "renyi_entropy": (2.5,), "tsallis_entropy": (0.5,)}
    two = {
        "cross_entropy": (), "kl_divergence": (), "js_divergence": (), "renyi_divergence": (0.5,),
        "jeffreys_divergence": (), "js_distance": (), "hellinger_distance": (),
        "bhattacharyya_distance": (), "total_variation_distance": (),
    }  # fmt: skip
    readers = {
        name: _measure(getattr(pyinfo, name), operands, *numbers)
        for operands, names in ((1, one), (2, two))
        for name, numbers in names.items()
    }
    readers["information_content"] = [Reader((WEIGHTS / 2,), (pyinfo.information_content,))]
    more = (WEIGHTS, OTHERS, WEIGHTS[::-1], OTHERS[::-1], FLAT)
    for name in ("js_divergence", "js_distance"):
        function = getattr(pyinfo, name)
        readers[name].append(
            Reader(more, (lambda *a, f=function: f(*a[:4], weights=a[4], normalize=True),))
        )
    return readers


def _of_samples() -> dict[str, list[Reader]]:
    ones = [WIDE, FEW, BYTES[:N], SHORTS, np.round(WEIGHTS, 3), NAMES, LETTERS]
    pairs = [(WIDE, FEW), (BYTES[:N], SHORTS), (NAMES, LETTERS), (FEW, FEW[::-1])]
    names = {
        1: ("entropy_of",),
        2: (
            "joint_entropy", "conditional_entropy", "mutual_information", "transfer_entropy",
            "normalized_mutual_information", "adjusted_mutual_information",
            "variation_of_information",
        ),
        3: ("conditional_mutual_information", "total_correlation", "interaction_information"),
    }  # fmt: skip
    readers: dict[str, list[Reader]] = {}
    for name in names[1]:
        readers[name] = [Reader((array,), (getattr(pyinfo, name),)) for array in ones]
    for name in names[2]:
        used = pairs[1:] if name == "adjusted_mutual_information" else pairs
        readers[name] = [Reader(pair, (getattr(pyinfo, name),)) for pair in used]
    for name in names[3]:
        readers[name] = [Reader((*pair, FEW), (getattr(pyinfo, name),)) for pair in pairs]
    columns = SHORTS.reshape(-1, 6)
    readers["pairwise_mutual_information"] = [
        Reader((array,), (partial(pyinfo.pairwise_mutual_information, threads=2),))
        for array in (columns, columns % 50, BYTES[:N].reshape(-1, 6))
    ]
    readers["rank_features"] = [
        Reader(
            (np.round(WEIGHTS, 1)[:6000].reshape(-1, 3), FEW[:2000]),
            (partial(pyinfo.rank_features, permutations=1),),
        )
    ]
    for name in ("block_entropy", "entropy_rate"):
        calls = tuple(partial(_with_length, getattr(pyinfo, name), n) for n in (1, 2, 3, 7))
        readers[name] = [Reader((BYTES,), calls)]
    of_counts = tuple(
        partial(pyinfo.estimate_entropy, estimator=name)
        for name in (
            "plugin", "miller-madow", "grassberger", "james-stein", "chao-shen", "chao-wang-jost",
            "nsb",
        )
    )  # fmt: skip
    readers["estimate_entropy"] = [Reader((COUNTS,), of_counts)]
    readers["drift"] = [
        Reader((a, b), (partial(_drift, bins=bins),))
        for a, b, bins in (
            (WEIGHTS, OTHERS, 10), (WIDE, FEW, 100), (SHORTS, FEW, None), (LETTERS, LETTERS, 10),
        )
    ]  # fmt: skip
    return readers


def _drift(reference: Any, current: Any, bins: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pyinfo.DriftWarning)
        return pyinfo.drift(reference, current, bins=bins)


def _with_length(function: Callable[..., Any], length: int, data: Any) -> Any:
    return function(data, length)


def _counting() -> dict[str, list[Reader]]:
    counts, joint = pyinfo.Counts, pyinfo.JointCounts
    ones = [WIDE, FEW, BYTES[:N], SHORTS, np.round(WEIGHTS, 3), NAMES, LETTERS]
    distinct = np.unique(WIDE)

    def updated(table: Any, *samples: Any) -> None:
        table.update(*samples)

    return {
        "Counts": [
            Reader((distinct, distinct & 63), (counts,)), Reader((NAMES, COUNTS), (counts,)),
        ],
        "Counts.from_samples": [
            *(Reader((array,), (counts.from_samples,)) for array in (*ones, MANY)),
            *(
                Reader((array, WEIGHTS), (lambda x, w: counts.from_samples(x, weights=w),))
                for array in (WIDE, FEW, NAMES)
            ),
        ],
        "Counts.from_chunks": [
            Reader((array,), (lambda x: counts.from_chunks([x, x]),)) for array in (WIDE, BYTES)
        ],
        "Counts.update": [
            Reader((array,), (lambda x: updated(counts.from_samples(x[:1]), x),))
            for array in (FEW, NAMES)
        ],
        "JointCounts.from_samples": [
            *(
                Reader(arrays, (joint.from_samples,))
                for arrays in ((WIDE, FEW), (SHORTS, NAMES), (MANY, MANY & 7))
            ),
            Reader((WIDE, FEW, BYTES[:N]), (joint.from_samples,)),
            Reader((WIDE, FEW, WEIGHTS), (lambda x, y, w: joint.from_samples(x, y, weights=w),)),
        ],
        "JointCounts.from_chunks": [
            Reader((WIDE, FEW), (lambda x, y: joint.from_chunks([(x, y), (x, y)]),))
        ],
        "JointCounts.update": [
            Reader((SHORTS, FEW), (lambda x, y: updated(joint.from_samples(x[:1], y[:1]), x, y),)),
        ],
    }  # fmt: skip


def _quantization() -> dict[str, list[Reader]]:
    histogram = quantization.FloatHistogram
    weights = WEIGHTS.astype(np.float32) - np.float32(0.5)
    rows = weights.reshape(60, -1)
    importance = OTHERS[: rows.shape[1]].astype(np.float32)
    integers = quantization.quantize(rows, 0.01)

    def updated(x: Any) -> None:
        histogram(64).update(np.asarray(x), threads=2)

    def of_rows(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
        return lambda x, w: function(x, importance=w, **options)

    scales, rates = quantization.optimal_scales, quantization.rate_distortion
    return {
        "FloatHistogram.update": [Reader((a,), (updated,)) for a in (weights, WEIGHTS)],
        "FloatHistogram.from_chunks": [
            Reader((weights,), (lambda x: histogram.from_chunks([x, x]),))
        ],
        "FloatHistogram.quantile": [
            Reader((WEIGHTS / 2,), (histogram.from_chunks([weights]).quantile,))
        ],
        "quantize": [
            Reader((x, COUNTS[:60] / 1000), (lambda x, s: quantization.quantize(x, s, axis=0),))
            for x in (rows, rows.astype(np.float64))
        ],
        "allocate": [
            Reader(
                (OTHERS.reshape(1200, -1), WEIGHTS.reshape(1200, -1)),
                (lambda c, e: quantization.allocate(c, e, 600.0, max_nodes=3),),
            )
        ],
        "dequantize": [Reader((integers,), (lambda q: quantization.dequantize(q, 0.1),))],
        "optimal_scales": [
            Reader((rows, importance), (of_rows(scales, group=20), of_rows(scales, axis=0)))
        ],
        "rate_distortion": [
            Reader((rows, importance), (of_rows(rates), of_rows(rates, axis=0, threads=2)))
        ],
    }


def _coding() -> dict[str, list[Reader]]:
    def compressed(data: Any) -> Any:
        compressor = Compressor(block_size=9000)
        return compressor.compress(data), compressor.flush()

    def in_pieces(data: Any) -> Any:
        decompressor = Decompressor()
        decompressor.decompress(data, 1000)
        while not decompressor.eof and not decompressor.needs_input:
            decompressor.decompress(b"", 30_000)

    plain = [BYTES, RARE, WEIGHTS.astype(np.float32), SHORTS.reshape(60, -1)]
    coders = tuple(
        partial(pyinfo.compress, coder=coder, effort=effort, threads=threads, block_size=size)
        for coder, effort, threads, size in (
            ("auto", 2, 1, None), ("rans", 1, 2, 20_000), ("huffman", 2, 1, 7000),
            ("raw", 1, 1, None),
        )
    )  # fmt: skip
    decoders = (
        pyinfo.decompress,
        partial(pyinfo.decompress, threads=2),
        lambda data: Frame(data).read(),
    )
    of_frames: dict[str, tuple[Callable[..., Any], ...]] = {
        "decompress": decoders[:2],
        "Frame": (Frame,),
        "Frame.read": (lambda x: Frame(x).read(), lambda x: Frame(x, threads=2).read()),
        "Frame.read_flat": (lambda x: Frame(x).read_flat(10_000, 50_000),),
        "Frame.verify": (lambda x: Frame(x).verify(),),
        "Frame.blocks": (lambda x: Frame(x).blocks,),
        "Decompressor.decompress": (
            lambda x: Decompressor().decompress(x), lambda x: Decompressor().decompress(x, 5000),
            in_pieces,
        ),
    }  # fmt: skip
    readers = {
        name: [Reader((frame,), calls, coded=True) for frame in FRAMES]
        for name, calls in of_frames.items()
    }
    readers["decompress"].append(
        Reader(
            (FRAMES[0], np.zeros_like(RARE)),
            (lambda x, out: pyinfo.decompress(x, out=np.asarray(out)),),
            coded=True,
        )
    )
    readers["compress"] = [Reader((array,), coders) for array in plain]
    readers["compression_report"] = [Reader((a,), (pyinfo.compression_report,)) for a in plain]
    readers["Compressor.compress"] = [Reader((array,), (compressed,)) for array in plain[:2]]
    readers["Frame.open"] = [
        Reader((f,), (_opened,), coded=True, as_file=True) for f in FRAMES
    ]  # fmt: skip
    readers["compress_file"] = [
        Reader((BYTES,), tuple(partial(_to_memory, pyinfo.compress_file, n) for n in (1, 2)),
               as_file=True)
    ]  # fmt: skip
    readers["decompress_file"] = [
        Reader((data,), tuple(partial(_to_memory, pyinfo.decompress_file, n) for n in (1, 2)),
               coded=True, as_file=True)
        for data in (FRAMES[0], SEVERAL)
    ]  # fmt: skip
    return readers


def _opened(path: Path) -> Any:
    with Frame.open(path) as frame:
        return frame.read(), frame.verify(), frame[100:5000]


def _to_memory(function: Callable[..., Any], threads: int, path: Path) -> int:
    target = io.BytesIO()
    function(path, target, threads=threads)
    return len(target.getvalue())


def _codes() -> dict[str, list[Reader]]:
    readers: dict[str, list[Reader]] = {}
    both = ((BYTE_COUNTS, BYTES), (SHORT_COUNTS, SHORTS))
    for kind, codes, most in ((HuffmanCode, HUFFMAN, (11, 16)), (RansModel, RANS, (12, 14))):
        name = kind.__name__
        shares = [counts / counts.sum() for counts, _ in both]
        tables = [code.lengths if kind is HuffmanCode else code.frequencies for code in codes]
        from_table = "from_lengths" if kind is HuffmanCode else "from_frequencies"
        readers |= {
            name: [Reader((table,), (kind,)) for table in tables],
            f"{name}.{from_table}": [
                Reader((table,), (getattr(kind, from_table),)) for table in tables
            ],
            f"{name}.from_counts": [
                Reader((counts,), (lambda x, k=kind, m=m: k.from_counts(x, m),))
                for (counts, _), m in zip(both, most, strict=True)
            ],
            f"{name}.from_samples": [
                Reader((samples,), (lambda x, k=kind, m=m: k.from_samples(x, m),))
                for (_, samples), m in zip(both, most, strict=True)
            ],
            f"{name}.from_probabilities": [
                Reader((p,), (lambda x, k=kind, m=m: k.from_probabilities(x, m, normalize=True),))
                for p, m in zip(shares, most, strict=True)
            ],
            f"{name}.expected_length": [
                Reader((p,), (code.expected_length,)) for p, code in zip(shares, codes, strict=True)
            ],
            f"{name}.encode": [
                Reader((symbols,), (code.encode,))
                for (_, symbols), code in zip(both, codes, strict=True)
            ],
            f"{name}.decode": [
                Reader((_message(code, symbols), np.zeros_like(symbols)), (
                    lambda x, out, c=code: c.decode(x),
                    lambda x, out, c=code: c.decode(x, out=np.asarray(out)),
                ), coded=True)
                for (_, symbols), code in zip(both, codes, strict=True)
            ],
        }  # fmt: skip
    return readers


READERS: dict[str, list[Reader]] = {
    **_measures(), **_quantization(), **_of_samples(), **_counting(), **_coding(), **_codes(),
}  # fmt: skip
