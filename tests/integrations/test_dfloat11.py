"""DFloat11's layout, decoded by what the package's kernel does, and compared with its encoder."""

from __future__ import annotations

import importlib.util
import os
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pyinfo.integrations import dfloat11
from support import dfloat11_decoder

pytestmark = pytest.mark.once

Bits = NDArray[np.uint16]
GROUP = 512 * 8 * 8  # bits of a block of threads


def bits_of(values: Any) -> Bits:
    """Return numbers as bits of bfloat16, cut off."""
    return (np.asarray(values, np.float32).view(np.uint32) >> 16).astype(np.uint16)


def normal(size: int, scale: float = 0.02, seed: int = 0) -> Bits:
    return bits_of(np.random.default_rng(seed).normal(0, scale, size))


def of_exponents(exponents: Any) -> Bits:
    """Return numbers of these exponents, with any signs and mantissas."""
    exponents = np.asarray(exponents, np.uint16)
    rest = np.random.default_rng(1).integers(0, 256, exponents.shape, np.uint16)
    return (rest >> 7) << 15 | exponents << 7 | rest & 127


def fibonacci(n: int) -> list[int]:
    numbers = [1, 1]
    while len(numbers) < n:
        numbers.append(numbers[-1] + numbers[-2])
    return numbers[:n]


def round_trip(weights: Bits) -> dfloat11.Tensors:
    tensors = dfloat11.encode(weights)
    assert np.array_equal(dfloat11_decoder.decode(tensors), weights.reshape(-1))
    return tensors


# -- Weights --------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1e-30, 0.02, 1.0, 1e30])
def test_normal_weights(scale: float) -> None:
    tensors = round_trip(normal(70_000, scale))
    size = sum(tensor.nbytes for tensor in tensors.values())
    assert size < 0.7 * 2 * 70_000


def test_layout() -> None:
    tensors = dfloat11.encode(normal(70_000).reshape(70, 1000))
    assert list(tensors) == [
        "luts", "encoded_exponent", "sign_mantissa", "output_positions", "gaps", "split_positions",
    ]  # fmt: skip
    dtypes = {name: tensor.dtype.name for name, tensor in tensors.items()}
    assert dtypes.pop("split_positions") == "int64"
    assert set(dtypes.values()) == {"uint8"}
    groups = -(-tensors["encoded_exponent"].size // 4096)
    assert tensors["output_positions"].shape == (4 * (groups + 1),)
    assert tensors["gaps"].shape == (320 * groups,)
    assert tensors["luts"].shape[1] == 256
    assert tensors["sign_mantissa"].shape == (70_000,)
    assert tensors["split_positions"].shape == (0,)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 24, 25, 511, 512, 513, 4095, 4096, 4097])
def test_sizes(size: int) -> None:
    round_trip(normal(size))


@pytest.mark.parametrize("groups", [1, 2])
def test_ends_at_every_bit_around_a_block(groups: int) -> None:
    """Of two bits each but the last: blocks and words end within codewords, and between them."""
    values = np.tile(np.arange(100, 103, dtype=np.uint16), groups * GROUP // 3 + 20)
    lengths = dfloat11.encode(of_exponents(values))["luts"][-1]
    used = np.cumsum(lengths[values])
    middle = int(np.searchsorted(used, groups * GROUP))
    for size in range(middle - 9, middle + 9):
        round_trip(of_exponents(values[:size]))


@given(st.lists(st.integers(0, 239), min_size=1, max_size=300), st.integers(1, 60))
def test_any_exponents(exponents: list[int], times: int) -> None:
    round_trip(of_exponents(exponents * times))


def test_all_exponents_there_are() -> None:
    round_trip(of_exponents(np.arange(240)))
    # Half of them one exponent, the others rare: more tables than the kernel can tell apart.
    many = np.concatenate([np.repeat(np.arange(1, 240), 3), np.zeros(50_000)])
    assert len(round_trip(of_exponents(many))["luts"]) <= 18


def first_blocks(tensors: dfloat11.Tensors, blocks: int) -> dfloat11.Tensors:
    """Return what the weights of so many blocks would be stored as, with a block behind them."""
    n = int(tensors["output_positions"].view("<u4")[blocks])
    return {
        **tensors,
        "encoded_exponent": tensors["encoded_exponent"][: 4096 * (blocks + 1)],
        "sign_mantissa": tensors["sign_mantissa"][:n],
        "output_positions": tensors["output_positions"][: 4 * (blocks + 2)],
        "gaps": tensors["gaps"][: 320 * (blocks + 1)],
    }


@pytest.mark.parametrize("kinds", [32, 33])
def test_codewords_of_32_bits(kinds: int) -> None:
    """Counts that make the longest code, with an end that occurs once; and one that is too long."""
    counts = fibonacci(kinds + 1)[1:]
    exponents = np.repeat(np.arange(kinds, dtype=np.uint8), counts)
    np.random.default_rng(3).shuffle(exponents[4096:])  # the rare ones stay in front
    weights = of_exponents(exponents)
    tensors = dfloat11.encode(weights)
    assert tensors["luts"][-1].max() == 32
    decoded = dfloat11_decoder.decode(first_blocks(tensors, 9))
    assert np.array_equal(decoded, weights[: len(decoded)])
    assert len(decoded) > 50_000


def test_one_exponent_and_two() -> None:
    """What fits into a block's memory has codewords of a bit; what does not, of two."""
    few = round_trip(of_exponents(np.full(20_000, 120)))
    assert few["luts"][-1, 120] == 1
    many = round_trip(of_exponents(np.full(100_000, 120)))
    assert many["luts"][-1, 120] == 2
    random = np.random.default_rng(2)
    for share in (0.5, 0.01):
        round_trip(of_exponents(np.where(random.random(100_000) < share, 120, 90)))
    # The most that fit, and one more.
    assert round_trip(of_exponents(np.full(23_550, 120)))["luts"][-1, 120] == 1
    assert round_trip(of_exponents(np.full(23_551, 120)))["luts"][-1, 120] == 2


def test_zeros_and_denormals() -> None:
    weights = bits_of([0.0, -0.0, 1e-40, -1e-45, 1.0])
    round_trip(weights)


# -- Arrays ---------------------------------------------------------------------------------------


def test_several_weights_have_one_code() -> None:
    arrays = [normal(size, seed=size).reshape(-1, 10) for size in (1000, 10, 30_000)]
    tensors = dfloat11.encode_tensors(iter(arrays))
    assert tensors["split_positions"].tolist() == [1000, 1010]
    decoded = np.split(dfloat11_decoder.decode(tensors), tensors["split_positions"])
    for array, found in zip(arrays, decoded, strict=True):
        assert np.array_equal(found, array.reshape(-1))


def same(a: dfloat11.Tensors, b: dfloat11.Tensors) -> bool:
    return list(a) == list(b) and all(np.array_equal(a[name], b[name]) for name in a)


def test_kinds_of_arrays() -> None:
    weights = normal(6000).reshape(60, 100)
    expected = dfloat11.encode(weights)
    assert same(dfloat11.encode(weights.astype(">u2")), expected)
    assert same(dfloat11.encode(np.asfortranarray(weights)), expected)
    padded = np.zeros((60, 200), np.uint16)
    padded[:, ::2] = weights
    assert same(dfloat11.encode(padded[:, ::2]), expected)
    weights.flags.writeable = False
    assert same(dfloat11.encode(weights), expected)
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="needs ml_dtypes")
    assert same(dfloat11.encode(weights.view(ml_dtypes.bfloat16)), expected)


def test_tensors_of_torch() -> None:
    torch = pytest.importorskip("torch", reason="needs torch (group interop)")
    weights = normal(6000)
    tensor = torch.from_numpy(weights.view(np.int16).copy()).view(torch.bfloat16)
    assert same(dfloat11.encode(tensor), dfloat11.encode(weights))
    # What the package's loader does with it.
    positions = torch.from_numpy(dfloat11.encode(tensor)["output_positions"]).view(torch.uint32)
    assert positions.tolist() == [0, 6000]


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(3, np.float32), "array must hold bfloat16 numbers, .* not float32"),
        (np.zeros(3, np.int16), "array must hold bfloat16 numbers, .* not int16"),
        ([1.0, 2.0], "array must hold bfloat16 numbers, .* not float64"),
        (np.array(["a"]), "array must hold real numbers"),
        (np.zeros(3, object), "array"),
        (np.ma.masked_array(np.zeros(3, np.uint16), [0, 1, 0]), "array has masked elements"),
    ],
)
def test_other_arrays_are_refused(array: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        dfloat11.encode(array)
    with pytest.raises(TypeError, match=message.replace("array", r"arrays\[1\]", 1)):
        dfloat11.encode_tensors([normal(3), array])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.inf, "infinities or NaN"),
        (-np.inf, "infinities or NaN"),
        (np.nan, "infinities or NaN"),
        (2.0**113, r"magnitudes of 2\*\*113 or more, .* not 240"),
        (-3.0e38, r"magnitudes of 2\*\*113 or more, .* not 254"),
    ],
)
def test_what_the_kernel_cannot_decode_is_refused(value: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dfloat11.encode(bits_of([1.0, value, 2.0]))
    round_trip(bits_of([1.0, 1.5 * 2.0**112, 2.0]))


@pytest.mark.parametrize("arrays", [[], [np.zeros(0, np.uint16)]])
def test_nothing_is_refused(arrays: Sequence[Bits]) -> None:
    with pytest.raises(ValueError, match="there are no weights to encode"):
        dfloat11.encode_tensors(arrays)


def test_memory_of_results() -> None:
    weights = normal(1 << 20)
    dfloat11.encode(weights[:1000])
    tracemalloc.start()
    try:
        tensors = dfloat11.encode(weights)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < sum(tensor.nbytes for tensor in tensors.values()) + (1 << 16)


# -- The package itself ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def package() -> ModuleType:
    """The package's encoder alone: its other module needs a GPU."""
    for needed in ("torch", "tqdm", "dahuffman"):
        pytest.importorskip(needed, reason=f"the encoder of dfloat11 needs {needed}")
    # Found without an import, which would fail for want of cupy.
    found = importlib.util.find_spec("dfloat11")
    folders = [*((found and found.submodule_search_locations) or []), os.getenv("DFLOAT11", "")]
    paths = [Path(folder, "dfloat11_utils.py") for folder in folders if folder]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        pytest.skip("dfloat11 is not installed, nor where the variable DFLOAT11 says")
    spec = importlib.util.spec_from_file_location("dfloat11_utils", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def encoded_by(package: ModuleType, arrays: Sequence[Bits]) -> dfloat11.Tensors:
    import torch

    weights = [torch.from_numpy(a.view(np.int16)).view(torch.bfloat16) for a in arrays]
    _, counter = package.get_codec(torch.cat(weights))
    codec, _, table = package.get_32bit_codec(counter)
    luts = package.get_luts(table)
    encoded, signs, positions, gaps, splits = package.encode_weights(weights, codec, 8, 512)
    return {
        "luts": luts.numpy(),
        "encoded_exponent": encoded.numpy(),
        "sign_mantissa": signs.numpy(),
        "output_positions": positions.numpy().view(np.uint8),
        "gaps": gaps.numpy(),
        "split_positions": splits.numpy(),
    }


PACKAGE_CASES = {
    "normal": [normal(40_000)],
    "few": [normal(100)],
    "wide": [normal(30_000) * 0 + of_exponents(np.random.default_rng(5).integers(90, 130, 30_000))],
    "skewed": [of_exponents(np.repeat(np.arange(100, 122), fibonacci(22)))],
    "three": [of_exponents(np.random.default_rng(6).integers(100, 103, 30_000))],
    "several": [normal(20_000, seed=1), normal(9, 1e-3), normal(5000, 3.0)],
}


@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable:UserWarning")
@pytest.mark.parametrize("case", PACKAGE_CASES)
def test_against_the_package(case: str, package: ModuleType) -> None:
    arrays = PACKAGE_CASES[case]
    theirs = encoded_by(package, arrays)
    ours = dfloat11.encode_tensors(arrays)
    weights = np.concatenate(arrays)
    assert np.array_equal(dfloat11_decoder.decode(theirs), weights)
    assert np.array_equal(dfloat11_decoder.decode(ours), weights)
    for name in ours:
        assert ours[name].dtype == theirs[name].dtype, name
        assert ours[name].ndim == theirs[name].ndim, name
    # Of several best codes, one has a longer codeword for the end, by which the weights gain.
    assert abs(ours["encoded_exponent"].size - theirs["encoded_exponent"].size) <= 4
    for name in ("sign_mantissa", "split_positions"):
        assert np.array_equal(ours[name], theirs[name]), name
    for name in ("output_positions", "gaps"):
        assert ours[name].shape == theirs[name].shape, name
    # Codes of the same lengths give the same marks.
    if np.array_equal(ours["luts"][-1], theirs["luts"][-1]):
        assert np.array_equal(ours["output_positions"], theirs["output_positions"])
        assert np.array_equal(ours["gaps"], theirs["gaps"])
