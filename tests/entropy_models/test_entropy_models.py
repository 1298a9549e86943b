"""Models per symbol: tables against high precision, sizes against the cross-entropy, refusals."""

from __future__ import annotations

import copy
import pickle
import random
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt
import pytest

from pyinfo import CorruptDataError
from pyinfo.entropy_models import Categorical, Cdfs, Gaussian, Laplace, Logistic
from pyinfo.entropy_models.symbol_models import SymbolModels
from support import plain_models_decoder

SCALES = 0.11 * (256 / 0.11) ** (np.arange(64) / 63)
Array = npt.NDArray[Any]


def above_gaussian(x: Any, scale: Any) -> Any:
    return mpmath.erfc(x / scale / mpmath.sqrt(2)) / 2


def above_laplace(x: Any, scale: Any) -> Any:
    return mpmath.exp(-x / scale) / 2


def above_logistic(x: Any, scale: Any) -> Any:
    return 1 / (1 + mpmath.exp(x / scale))


FAMILIES: list[tuple[Any, Callable[[Any, Any], Any]]] = [
    (Gaussian, above_gaussian),
    (Laplace, above_laplace),
    (Logistic, above_logistic),
]


def reference_weights(
    above: Callable[[Any, Any], Any], scale: float, mean: float, precision: int
) -> tuple[int, list[int]]:
    """The least symbol and the weights, as docs/entropy-models-format.md defines them."""

    def rounded(x: Any) -> int:
        if x < 0:
            return 2**30 - rounded(-x)
        return int(mpmath.floor(above(x, mpmath.mpf(scale)) * 2**30 + mpmath.mpf(0.5)))

    def weight(k: int) -> int:
        return rounded(mpmath.mpf(k) - 0.5 - mean) - rounded(mpmath.mpf(k) + 0.5 - mean)

    threshold, most = int(0.15 / 2**precision * 2**30), 2 ** (precision - 2) - 1
    ends = []
    for sign in (-1, 1):
        k = 0
        while abs(k) < most and weight(k + sign) >= threshold:
            k += sign
        ends.append(k)
    low, high = ends
    weights = [max(1, weight(k)) for k in range(low, high + 1)]
    outside = rounded(mpmath.mpf(high) + 0.5 - mean) + 2**30 - rounded(mpmath.mpf(low) - 0.5 - mean)
    return low, [*weights, max(1, outside)]


@pytest.mark.parametrize(("kind", "above"), FAMILIES)
@pytest.mark.parametrize("precision", [8, 12, 14])
def test_tables_equal_those_of_high_precision(
    kind: Any, above: Callable[[Any, Any], Any], precision: int
) -> None:
    scales = [2.0**-20, 0.1, 0.5, 1.0, float(SCALES[30]), 31.7, 256.0]
    models = kind(scales, precision=precision)
    with mpmath.workprec(200):
        for i, scale in enumerate(scales):
            least, weights = reference_weights(above, scale, 0, precision)
            sums = np.cumsum([0, *weights])
            expected = Cdfs([sums], offsets=[least], precision=precision).table(0)
            found = models.table(i)
            assert found[0] == expected[0]
            assert np.array_equal(found[1], expected[1])


@pytest.mark.parametrize(("kind", "above"), FAMILIES)
def test_tables_of_means(kind: Any, above: Callable[[Any, Any], Any]) -> None:
    """Told by the message: the tables of means are those of a shifted variable."""
    scale, steps = 0.8, 4
    models = kind([scale], mean_steps=steps, precision=10)
    rows, leasts = [], []
    with mpmath.workprec(200):
        for step in range(steps):
            least, weights = reference_weights(above, scale, step / steps, 10)
            rows.append(np.cumsum([0, *weights]))
            leasts.append(least)
    expected = Cdfs(rows, offsets=leasts, precision=10)
    means = np.array([-1.25, 0.0, 7.5, 3.76, 0.12, -0.126])
    symbols, whole = np.array([-1, 0, 9, 2, 1, 0]), np.array([-2, 0, 7, 3, 0, -1])
    bits = models.expected_length(symbols, np.zeros(6, int), means, per_symbol=True)
    # 3.76 is 15 / 4 and a little, -0.126 is -1 / 4 and more.
    tables = np.array([3, 0, 2, 3, 0, 3])
    assert np.array_equal(bits, expected.expected_length(symbols - whole, tables, per_symbol=True))
    assert models.decode(models.encode(symbols, [0] * 6, means), [0] * 6, means).tolist() == list(
        symbols
    )


@pytest.mark.parametrize("precision", [8, 10])
def test_frequencies_are_those_of_the_document(precision: int) -> None:
    rng = np.random.default_rng(precision)
    for size in (2, 3, 17, 100):
        weights = (rng.exponential(1, size) ** 4 * 1e5).astype(int) + 1
        found = Cdfs([np.cumsum([0, *weights])], precision=precision).table(0)[1]
        assert tuple(found) == plain_models_decoder.frequencies(weights.tolist(), precision)


def field(n: int, seed: int, image: bool = True) -> tuple[Array, Array]:
    """Gaussian symbols and their indexes; an image's scales are mostly small."""
    rng = np.random.default_rng(seed)
    if image:
        indexes = np.minimum(63, (-np.log(rng.random(n)) * 64 / 5.5).astype(int))
    else:
        indexes = rng.integers(0, 64, n)
    symbols = np.rint(rng.standard_normal(n) * SCALES[indexes]).astype(np.int16)
    return symbols, indexes.astype(np.uint8)


def cross_entropy(symbols: Array, indexes: Array) -> float:
    """Bytes, with the exact probabilities."""
    size = np.abs(symbols.astype(int))
    pairs, counts = np.unique(np.stack([size, indexes]), axis=1, return_counts=True)
    bits = 0.0
    for k, i, count in zip(*pairs.tolist(), counts.tolist(), strict=True):
        scale = mpmath.mpf(float(SCALES[i]))
        p = above_gaussian(k - mpmath.mpf(0.5), scale) - above_gaussian(k + mpmath.mpf(0.5), scale)
        bits -= count * float(mpmath.log(p, 2))
    return bits / 8


@pytest.mark.parametrize("image", [True, False])
@pytest.mark.parametrize("n", [100, 1000, 10000, 100000, 1 << 20])
def test_sizes(n: int, image: bool) -> None:
    models = Gaussian(SCALES)
    symbols, indexes = field(n, n, image)
    message = models.encode(symbols, indexes)
    assert np.array_equal(models.decode(message, indexes), symbols)
    predicted = models.expected_length(symbols, indexes) / 8
    assert abs(len(message) - predicted) <= 64 + 0.0005 * len(message)
    each = models.expected_length(symbols, indexes, per_symbol=True)
    assert abs(len(message) - each.sum() / 8) <= 64 + 0.001 * len(message)
    if n <= 100000:
        assert len(message) <= 64 + 1.002 * cross_entropy(symbols, indexes)


@pytest.mark.parametrize("dtype", [np.int16, np.int32])
@pytest.mark.parametrize("n", [*range(40), 255, 256, 257, 5000, 40001])
def test_every_size_and_type(n: int, dtype: Any) -> None:
    models = Gaussian(SCALES)
    symbols, indexes = field(n, n)
    symbols = symbols.astype(dtype)
    for kind in (np.uint8, np.uint16, np.int64):
        message = models.encode(symbols, indexes.astype(kind))
        assert message == models.encode(symbols, indexes)
        out = np.full(n, 77, dtype)
        assert models.decode(message, indexes.astype(kind), out=out) is out
        assert np.array_equal(out, symbols)


def test_many_tables_and_threads() -> None:
    rng = np.random.default_rng(0)
    models = Laplace(np.geomspace(0.1, 200, 1000))
    indexes = rng.integers(0, 1000, (1500, 1500)).astype(np.uint16)
    symbols = np.rint(rng.laplace(0, models.scales[indexes])).astype(np.int32)
    message = models.encode(symbols, indexes, threads=2)
    assert message == models.encode(symbols, indexes)
    assert np.array_equal(models.decode(message, indexes, threads=2), symbols)


def test_escapes_of_any_size() -> None:
    models = Cdfs([[0, 1, 256], [0, 100, 200, 256]], offsets=[-32767, 32765], precision=8)
    edges = [0, 1, -1, 32765, 32766, 32767, -32766, -32767, -32768, 2**31 - 1, -(2**31)]
    for dtype in (np.int16, np.int32):
        symbols = np.array([e for e in edges if np.iinfo(dtype).min <= e <= np.iinfo(dtype).max])
        for index in (0, 1):
            indexes = np.full(symbols.size, index)
            message = models.encode(symbols.astype(dtype), indexes)
            assert models.decode(message, indexes).tolist() == symbols.tolist()


def test_means_shorten_messages_and_escape_rightly() -> None:
    models = Logistic([0.2, 1.0, 4.0], mean_steps=16)
    rng = np.random.default_rng(5)
    indexes, means = rng.integers(0, 3, 20000), rng.normal(0, 50, 20000).astype(np.float32)
    symbols = np.rint(rng.logistic(means, models.scales[indexes])).astype(np.int16)
    symbols[::1000] = 32767
    symbols[1::1000] = -32768
    message = models.encode(symbols, indexes, means)
    assert np.array_equal(models.decode(message, indexes, means), symbols)
    assert len(message) < 0.5 * len(models.encode(symbols, indexes))
    with pytest.raises(CorruptDataError, match="block 0 was coded with other indexes or means"):
        models.decode(message, indexes, np.where(np.arange(20000) == 19999, means + 0.2, means))
    with pytest.raises(ValueError, match="coded with means"):
        models.decode(message, indexes)


def test_means_are_rounded_to_the_grid_whatever_their_type() -> None:
    rng = np.random.default_rng(6)
    for steps, scales, index in ((1, 3, np.uint8), (4, 64, np.uint8), (64, 5, np.uint16)):
        models = Laplace(np.geomspace(0.2, 9, scales), mean_steps=steps)
        means = np.concatenate(
            [
                rng.normal(0, 50, 40000),  # more than one piece
                (np.arange(-200, 200) + 0.5) / steps,  # halves go to the even one
                [2.0**30, -(2.0**30), 0.0, -0.0, 5e-324],
            ]
        )
        indexes = rng.integers(0, scales, means.size).astype(index)
        symbols = np.rint(means + rng.laplace(0, models.scales[indexes])).astype(np.int32)
        whole, part = np.divmod(np.rint(means * steps).astype(np.int64), steps)
        fine = Laplace(models.scales, mean_steps=steps)
        expected = [
            _bits(fine, s - w, i, p / steps)
            for s, w, i, p in zip(
                symbols[-600:], whole[-600:], indexes[-600:], part[-600:], strict=True
            )
        ]
        found = models.expected_length(symbols, indexes, means, per_symbol=True)
        assert found[-600:].tolist() == expected
        grid = (whole + part / steps).astype(np.float64)
        message = models.encode(symbols, indexes, means)
        assert message == models.encode(symbols, indexes, grid)
        assert np.array_equal(models.decode(message, indexes, means), symbols)
        short = means.astype(np.float32)
        assert models.encode(symbols, indexes, short) == models.encode(
            symbols, indexes.astype(np.int64), short.astype(">f8")
        )


def _bits(models: SymbolModels, symbol: int, index: int, mean: float) -> float:
    each = models.expected_length([symbol], [index], [mean], per_symbol=True)
    return float(each[0])


def test_numbers_of_bfloat16() -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    short = np.array([0.5, 2.0, 8.0], ml_dtypes.bfloat16)
    models = Gaussian(short)
    assert models == Gaussian([0.5, 2.0, 8.0])
    means = np.array([0.30078125, -7.0, 100.5], ml_dtypes.bfloat16)
    message = models.encode([0, -8, 99], [0, 1, 2], means)
    assert message == models.encode([0, -8, 99], [0, 1, 2], means.astype(np.float64))
    halves = np.full((1, 2), 0.5, ml_dtypes.bfloat16)
    assert Categorical(halves) == Categorical([[0.5, 0.5]])


def test_mismatches_are_told_at_the_first_block() -> None:
    models = Gaussian(SCALES)
    symbols, indexes = field(50000, 3)
    message = models.encode(symbols, indexes)
    with pytest.raises(CorruptDataError, match="other tables"):
        Gaussian(SCALES * (1 + 1e-3)).decode(message, indexes)
    other = indexes.copy()
    other[49999] ^= 1
    with pytest.raises(CorruptDataError, match="block 0 was coded with other indexes") as raised:
        models.decode(message, other)
    assert raised.value.offset == 13


def test_mutated_messages() -> None:
    """No wrong answer without a word, among 25,000 on each instruction set."""
    rng = random.Random(1)
    models = Gaussian(SCALES)
    symbols, indexes = field(300, 8)
    message = models.encode(symbols, indexes)
    for _ in range(25000):
        damaged = bytearray(message)
        for _ in range(rng.choice([1, 1, 1, 2, 8])):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        if rng.random() < 0.2:
            del damaged[rng.randrange(len(damaged)) :]
        if damaged == message:
            continue
        with pytest.raises(ValueError):  # noqa: PT011 - of flags and sizes, too
            models.decode(bytes(damaged), indexes)


def test_refusals() -> None:
    models = Gaussian([1.0, 2.0])
    with pytest.raises(ValueError, match="indexes has 2 at position 1, but there are 2 tables"):
        models.encode([1, 1], np.array([0, 2], np.uint8))
    with pytest.raises(ValueError, match="indexes must be from 0 to 1, not -1"):
        models.encode([1], [-1])
    with pytest.raises(TypeError, match="symbols must be integers, not float64"):
        models.encode([1.5], [0])
    with pytest.raises(ValueError, match="indexes has 7 at position 0, but there are 2 tables"):
        models.encode([1], np.array([7], np.uint8), [0.5])
    for symbols, means in (([1, 2], None), ([1], [0.5, 0.5])):
        with pytest.raises(ValueError, match="same number of elements"):
            models.encode(symbols, [0], means)
    with pytest.raises(ValueError, match=r"from -2\*\*30 to 2\*\*30, not nan"):
        models.encode([1, 2], [0, 0], [0.5, np.nan])
    for beyond, name in ((np.inf, "inf"), (-1e12, "-1e\\+12"), (2.0**30 + 1, "1.07374e\\+09")):
        with pytest.raises(ValueError, match=f"means must be finite, .* not {name}$"):
            models.encode([1] * 20000, [0] * 20000, [0.5] * 19999 + [beyond])
    for means, kind in (([True], "bool"), ([1j], "complex128"), (["a"], "<U1")):
        with pytest.raises(TypeError, match=f"means must be numbers, not {kind}"):
            models.encode([1], [0], means)
        with pytest.raises(TypeError, match=f"scales must be numbers, not {kind}"):
            Gaussian(means)
        with pytest.raises(TypeError, match=rf"pmfs\[0\] must be numbers, not {kind}"):
            Categorical([means])
    with pytest.raises(ValueError, match=r"scales must have one dimension .* shape \(1, 1\)"):
        Gaussian([[1.0]])
    with pytest.raises(ValueError, match=r"scales\[1\] must be from .*, not -2"):
        Gaussian([1.0, -2.0])
    for short in ([0], [0, 7]):
        with pytest.raises(ValueError, match=r"cdfs\[0\] must have at least 3 entries, not"):
            Cdfs([short])
    with pytest.raises(ValueError, match="symbols must be from"):
        models.encode([2**40], [0])
    with pytest.raises(ValueError, match="2 symbols, but there are 1 indexes"):
        models.decode(models.encode([1, 2], [0, 1]), [0])
    with pytest.raises(ValueError, match="out has 3 elements"):
        models.decode(models.encode([1], [0]), [0], out=np.zeros(3, np.int32))
    with pytest.raises(TypeError, match="have no means"):
        Categorical([[0.5, 0.5]]).encode([0], [0], [0.5])
    for wrong in ([], [0.0], [-1.0], [np.nan], [np.inf], [[1.0]]):
        with pytest.raises(ValueError, match="scales"):
            Gaussian(wrong)
    for options in ({"precision": 7}, {"precision": 15}, {"tail": -1}, {"tail": 1}):
        with pytest.raises(ValueError, match="must be"):
            Gaussian([1.0], **options)
    with pytest.raises(ValueError, match="power of two"):
        Gaussian([1.0], mean_steps=3)
    for rows in ([[0.5, 0.4]], [[np.nan, 1.0]], [[-0.5, 1.5]]):
        with pytest.raises(ValueError, match="pmfs"):
            Categorical(rows)
    for cdfs in ([[1, 2, 3]], [[0, 5, 5]], [[0, 7]]):
        with pytest.raises(ValueError, match=r"cdfs\[0\]|sizes\[0\]"):
            Cdfs(cdfs)


EVERY_KIND: list[SymbolModels] = [
    Gaussian([1.0, 2.0]),
    Laplace([1.0], tail=1e-4, mean_steps=8),
    Logistic([3.0], precision=14),
    Categorical([[0.25, 0.75]]),
    Cdfs([[0, 3, 4]], offsets=[7]),
]


@pytest.mark.parametrize("models", EVERY_KIND, ids=lambda models: type(models).__name__)
def test_copies_are_equal(models: SymbolModels) -> None:
    for again in (copy.deepcopy(models), pickle.loads(pickle.dumps(models))):
        assert again == models
        assert hash(again) == hash(models)
        assert again.fingerprint == models.fingerprint
    assert models != Gaussian([7.0])
    assert type(models).__name__ in repr(models)
