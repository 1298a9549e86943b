"""A minimal user of the installed wheel: every public function once, in an environment with NumPy.

Run it from a directory that is not the checkout: `python /path/to/check_wheel.py`.
"""

from __future__ import annotations

import importlib.util
import io
import math
import sys
from pathlib import Path

import numpy as np

import pyinfo
import pyinfo.config
from pyinfo import _core

HALF = np.array([0.5, 0.5])
SKEW = np.array([0.25, 0.75])
X = [0, 0, 1, 1]  # samples: a bit each, independent of each other
Y = ["a", "b", "a", "b"]

RESULTS = {
    "information_content": (pyinfo.information_content(0.125), 3.0),
    "entropy": (pyinfo.entropy(HALF), 1.0),
    "cross_entropy": (pyinfo.cross_entropy(HALF, SKEW), 2 - math.log2(3) / 2),
    "kl_divergence": (pyinfo.kl_divergence(HALF, SKEW), 1 - math.log2(3) / 2),
    "js_divergence": (pyinfo.js_divergence([1.0, 0.0], [0.0, 1.0]), 1.0),
    "js_distance": (pyinfo.js_distance([1.0, 0.0], [0.0, 1.0], base=16), 0.5),
    "renyi_entropy": (pyinfo.renyi_entropy(SKEW, math.inf), math.log2(4 / 3)),
    "tsallis_entropy": (pyinfo.tsallis_entropy(SKEW, 2), 0.375),
    "renyi_divergence": (pyinfo.renyi_divergence(HALF, SKEW, 2), math.log2(4 / 3)),
    "jeffreys_divergence": (pyinfo.jeffreys_divergence(SKEW, SKEW[::-1]), math.log2(3)),
    "hellinger_distance": (pyinfo.hellinger_distance([1.0, 0.0], SKEW), math.sqrt(0.5)),
    "bhattacharyya_distance": (pyinfo.bhattacharyya_distance([1.0, 0.0], SKEW), 1.0),
    "total_variation_distance": (pyinfo.total_variation_distance(SKEW, HALF), 0.25),
    "entropy_of": (pyinfo.entropy_of(X), 1.0),
    "estimate_entropy": (pyinfo.estimate_entropy([3, 3], estimator="plugin"), 1.0),
    "joint_entropy": (pyinfo.joint_entropy(X, Y), 2.0),
    "conditional_entropy": (pyinfo.conditional_entropy(X, given=Y), 1.0),
    "mutual_information": (pyinfo.mutual_information(X, X), 1.0),
    "conditional_mutual_information": (pyinfo.conditional_mutual_information(X, X, given=Y), 1.0),
    "normalized_mutual_information": (pyinfo.normalized_mutual_information(X, X), 1.0),
    "adjusted_mutual_information": (pyinfo.adjusted_mutual_information(X, X), 1.0),
    "variation_of_information": (pyinfo.variation_of_information(X, Y), 2.0),
    "total_correlation": (pyinfo.total_correlation(X, X, X), 2.0),
    "interaction_information": (pyinfo.interaction_information(X, X, X), -1.0),
    "transfer_entropy": (pyinfo.transfer_entropy(X, X), 0.0),
    "pairwise_mutual_information": (pyinfo.pairwise_mutual_information(np.c_[X, X])[0, 1], 1.0),
    "block_entropy": (pyinfo.block_entropy(b"abcd", 1), 2.0),
    "entropy_rate": (pyinfo.entropy_rate(b"abab", 1), 0.0),
}


def check_coding() -> set[str]:
    """Use every name of the coders; return them."""
    array = np.arange(1000, dtype=np.int32).reshape(10, 100)
    frame = pyinfo.compress(array)
    assert np.array_equal(pyinfo.decompress(frame), array)
    assert np.array_equal(pyinfo.Frame(frame)[3:5], array[3:5])
    report = pyinfo.compression_report(array)
    assert isinstance(report, pyinfo.CodingReport)
    assert report.coded_size == len(frame)

    compressor = pyinfo.Compressor()
    stream = compressor.compress(array.tobytes()) + compressor.flush()
    assert pyinfo.Decompressor().decompress(stream) == array.tobytes()
    coded, plain = io.BytesIO(), io.BytesIO()
    pyinfo.compress_file(io.BytesIO(array.tobytes()), coded)
    coded.seek(0)
    pyinfo.decompress_file(coded, plain)
    assert plain.getvalue() == array.tobytes()

    text = b"DFEADEEDE"
    for kind in (pyinfo.HuffmanCode, pyinfo.RansModel):
        code = kind.from_samples(text)
        message = code.encode(text)
        assert code.decode(message).tobytes() == text
        try:
            code.decode(message[:-1])
        except pyinfo.CorruptDataError:
            continue
        raise AssertionError("a message that is cut off was decoded")
    return {
        *("CodingReport", "Compressor", "CorruptDataError", "Decompressor", "Frame", "HuffmanCode"),
        *("RansModel", "compress", "compress_file", "compression_report", "decompress"),
        "decompress_file",
    }


def check_counting() -> set[str]:
    """Use every name of counting; return them."""
    counts = pyinfo.Counts.from_samples(Y)
    assert counts.counts.tolist() == [2, 2]
    assert pyinfo.JointCounts.from_samples(X, Y).table().tolist() == [[1, 1], [1, 1]]
    return {"Counts", "JointCounts"}


def check_tables() -> set[str]:
    """Use every name of what compares and ranks samples; return them."""
    same = pyinfo.drift(X * 50, X * 50)
    assert isinstance(same, pyinfo.Drift)
    assert same.value == 0
    table = pyinfo.drift({"x": np.array(X * 50)}, {"x": np.array(X * 50)})
    assert isinstance(table, pyinfo.DriftTable)
    assert issubclass(pyinfo.DriftWarning, UserWarning)
    target = np.random.default_rng(0).normal(size=200)
    ranking = pyinfo.rank_features(np.c_[target[::-1], target], target, permutations=0)
    assert ranking.features[0].column == 1
    return {"Drift", "DriftTable", "DriftWarning", "drift", "rank_features"}


def main() -> None:
    installed = Path(pyinfo.__file__).parent
    assert "site-packages" in installed.parts, f"not the installed package: {installed}"
    assert (installed / "py.typed").is_file()
    assert (installed / "_core.pyi").is_file()

    assert importlib.util.find_spec("rich") is None, "this environment should hold NumPy alone"
    assert "rich" not in sys.modules

    for name, (got, expected) in RESULTS.items():
        assert math.isclose(got, expected, rel_tol=1e-14), f"{name}: {got} is not {expected}"
    used = set(RESULTS) | check_coding() | check_counting() | check_tables()
    assert set(pyinfo.__all__) <= used | {"get_include", "show_config", "config", "__version__"}

    counts = _core.byte_counts(b"abca")
    assert counts.shape == (1, 256)
    assert counts[0, ord("a")] == 2

    header = Path(pyinfo.get_include(), "pyinfo", "pyinfo.h")
    assert header.is_relative_to(installed), header
    assert header.is_file()

    text = io.StringIO()
    pyinfo.show_config(file=text)
    assert pyinfo.__version__ in text.getvalue()
    isa = pyinfo.config.config()["isa"]
    print(f"pyinfo {pyinfo.__version__} from the wheel: {len(used)} names on {isa}")


if __name__ == "__main__":
    main()
