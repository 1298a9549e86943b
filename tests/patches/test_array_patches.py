"""Patches of arrays: bit by bit what was to be, of every type; what is refused."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pyinfo import patches
from pyinfo.config import config
from pyinfo.errors import CorruptDataError

Array = np.ndarray[Any, Any]

DTYPES = [
    *("|b1", "|i1", "|u1", "<i2", "<u2", ">u2", "<i4", "<u4", "<i8", "<u8"),
    *("<f2", "<f4", ">f4", "<f8", ">f8", "<c8", "<c16", "<M8[s]", "<m8[ns]", "|S5", "|V3", "<U2"),
    "[('a', '<i4'), ('b', '<f2')]",
]


def dtype_of(text: str) -> np.dtype[Any]:
    return np.dtype(eval(text) if text.startswith("[") else text)


def bits(array: Array) -> bytes:
    return np.ascontiguousarray(array).tobytes()


def of_bits(rng: np.random.Generator, dtype: np.dtype[Any], n: int) -> Array:
    """Any bits at all: NaNs with payloads, infinities, subnormals, zeros of both signs."""
    data = rng.integers(0, 256, n * dtype.itemsize, dtype=np.uint8)
    if dtype == np.bool_:
        data &= 1
    return data.view(dtype)


def changed_at(array: Array, where: Array, rng: np.random.Generator) -> Array:
    """The array with its lowest bytes changed at some places."""
    raw = array.copy().view(np.uint8).reshape(len(array), array.dtype.itemsize)
    if array.dtype == np.bool_:
        raw[where, 0] ^= 1
    else:
        raw[where, 0] += rng.integers(1, 4, len(array), dtype=np.uint8)[where]
    return raw.reshape(-1).view(array.dtype)


@pytest.mark.parametrize("text", DTYPES)
def test_every_type_and_tail(text: str) -> None:
    rng = np.random.default_rng(0)
    dtype = dtype_of(text)
    for n in [*range(70), 127, 1000, 4099]:
        old = of_bits(rng, dtype, n)
        new = changed_at(old, rng.random(n) < rng.choice([0, 0.03, 0.5, 1]), rng)
        patch = patches.diff(old, new)
        got = patches.apply(old, patch)
        assert got.dtype == dtype
        assert bits(got) == bits(new)
        assert len(patch) <= new.nbytes * 9 / 8 + 250


@pytest.mark.parametrize("name", ["bfloat16", "float8_e4m3fn", "float8_e5m2", "int4", "complex32"])
def test_types_of_ml_dtypes(name: str) -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    if not hasattr(ml_dtypes, name):
        pytest.skip(f"this ml_dtypes has no {name}")
    rng = np.random.default_rng(1)
    dtype = np.dtype(getattr(ml_dtypes, name))
    old = of_bits(rng, np.dtype(f"u{dtype.itemsize}"), 5000).view(dtype)
    new = changed_at(old.view(f"u{dtype.itemsize}"), rng.random(5000) < 0.1, rng).view(dtype)
    patch = patches.diff(old, new)
    assert patches.Patch(patch).dtype == dtype
    assert bits(patches.apply(old, patch)) == bits(new)
    # Also of the bits alone.
    raw = old.view(f"u{dtype.itemsize}").copy()
    patches.apply(raw, patch, out=raw)
    assert bits(raw) == bits(new)


def test_tensors() -> None:
    torch = pytest.importorskip("torch")
    old = torch.arange(1000, dtype=torch.float32).to(torch.bfloat16)
    new = old.clone()
    new[::9] += 16
    patch = patches.diff(old, new)
    got = patches.apply(old, patch).view(np.uint16)
    assert torch.equal(torch.from_numpy(got).view(torch.bfloat16), new)
    raw = old.view(torch.uint16).numpy()
    patches.apply(old, patch, out=raw)
    assert torch.equal(old, new)


WITHOUT_ML_DTYPES = """
import sys
sys.modules["ml_dtypes"] = None
import numpy as np, torch
from pyinfo import patches
old = torch.ones(100, dtype=torch.bfloat16)
new = old.clone(); new[7] = 2
patch = patches.diff(old, new)
got = patches.apply(old, patch)
assert got.dtype == np.uint16 and patches.Patch(patch).dtype == np.uint16, got.dtype
assert torch.equal(torch.from_numpy(got).view(torch.bfloat16), new)
indices, values = patches.Patch(patch).indices_and_values(old)
assert indices.tolist() == [7] and values.tolist() == [0x4000]
"""


@pytest.mark.once
def test_tensors_without_ml_dtypes() -> None:
    pytest.importorskip("torch")
    subprocess.run([sys.executable, "-c", WITHOUT_ML_DTYPES], check=True)


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        st.sampled_from([np.float32, np.float16, np.int64, np.uint8, np.complex64]),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=9),
    ),
    st.randoms(use_true_random=False),
    st.sampled_from(["C", "F", "reversed", "strided"]),
)
def test_any_shape_and_order(old: Array, random: Any, order: str) -> None:
    new = old.copy()
    for _ in range(random.randrange(4)):
        if new.size:
            new.reshape(-1)[random.randrange(new.size)] = random.randrange(9)
    if order == "F":
        old, new = np.asfortranarray(old), np.asfortranarray(new)
    elif order == "reversed":
        old = old[::-1] if old.ndim else old
        new = new[::-1] if new.ndim else new
    elif order == "strided":
        old = np.repeat(old[..., None], 2, axis=-1)[..., 0]
    patch = patches.Patch(patches.diff(old, new))
    got = patches.apply(old, patch)
    assert got.shape == new.shape
    assert bits(got) == bits(new)
    assert bits(patches.apply(np.ascontiguousarray(old).reshape(old.shape), patch)) == bits(new)
    out = old.copy()
    assert patches.apply(out, patch, out=out) is out
    assert bits(out) == bits(new)
    indices, values = patch.indices_and_values(old)
    flat = np.ascontiguousarray(old).reshape(-1).copy()
    flat[indices] = values
    assert bits(flat) == bits(new)
    assert len(indices) <= patch.changed


def test_a_number_counts_as_changed_by_its_bits() -> None:
    nans = np.array([0x7FC00000, 0x7FC00001, 0xFFC00000, 0, 0x80000000], "<u4").view("<f4")
    patch = patches.Patch(patches.diff(nans, nans))
    assert patch.changed == 0
    assert len(bytes(patch)) < 90
    other = np.roll(nans, 1)
    patch = patches.Patch(patches.diff(nans, other))
    assert patch.changed == 5
    assert bits(patches.apply(nans, patch)) == bits(other)


def steps_of_adam(n: int, rate: float, seed: int = 0) -> tuple[Array, Array]:
    """Weights in bfloat16, as their bits, before and after a step."""
    rng = np.random.default_rng(seed)
    weights = 0.02 * rng.standard_normal(n)
    moved = weights - rate * np.clip(0.7 * rng.standard_normal(n), -3, 3)
    return bfloat16_bits(weights), bfloat16_bits(moved)


def bfloat16_bits(numbers: Array) -> Array:
    wide = numbers.astype(np.float32).view(np.uint32).astype(np.uint64)
    return ((wide + 0x7FFF + (wide >> 16 & 1)) >> 16).astype(np.uint16)


def as_bfloat16(raw: Array) -> Array:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    return raw.view(ml_dtypes.bfloat16)


def bits_of_entropy(old: Array, new: Array) -> float:
    """Those of (changed, step) of all elements, given the exponent of the old ones."""

    def ordered(x: Array) -> Array:
        signed = x.astype(np.int32)
        return np.where(signed >= 0x8000, 0x7FFF - signed, signed)

    step = ordered(new) - ordered(old)
    total = 0.0
    for exponent in np.unique(old >> 7 & 255):
        _, counts = np.unique(step[(old >> 7 & 255) == exponent], return_counts=True)
        total += counts.sum() * np.log2(counts.sum()) - (counts * np.log2(counts)).sum()
    return total


@pytest.mark.parametrize("rate", [1e-6, 3e-6, 1e-5])
def test_size_is_within_a_tenth_of_the_entropy(rate: float) -> None:
    old, new = steps_of_adam(1 << 20, rate)
    patch = patches.diff(as_bfloat16(old), as_bfloat16(new))
    limit = bits_of_entropy(old, new) / 8
    assert limit <= len(patch) <= 1.1 * limit
    assert patches.Patch(patch).changed == np.count_nonzero(old != new)


def test_dense_changes_and_none_at_all() -> None:
    rng = np.random.default_rng(3)
    old, _ = steps_of_adam(1 << 18, 0)
    half = old + np.where(rng.random(old.size) < 0.5, rng.integers(-6, 7, old.size), 0)
    new = half.astype(np.uint16)
    dense = patches.diff(as_bfloat16(old), as_bfloat16(new))
    assert len(dense) < 0.2 * old.nbytes
    assert len(patches.diff(as_bfloat16(old), as_bfloat16(old))) < 100
    other = rng.permutation(old)
    assert len(patches.diff(as_bfloat16(old), as_bfloat16(other))) < 0.7 * old.nbytes
    noise = rng.integers(0, 65536, old.size, dtype=np.uint16)
    assert len(patches.diff(old, noise)) < old.nbytes + 250


@pytest.mark.parametrize("dtype", ["<u2", "<f4", "|u1"])
def test_threads_make_no_difference(dtype: str) -> None:
    rng = np.random.default_rng(4)
    n = (1 << 22) // max(2, np.dtype(dtype).itemsize) * 2 + 77
    old = rng.integers(0, 100, n).astype(dtype)
    new = old + (rng.random(n) < 0.02).astype(dtype)
    patch = patches.diff(old, new)
    assert patches.diff(old, new, threads=2) == patches.diff(old, new, threads=8) == patch
    for threads in (1, 2, 8):
        assert np.array_equal(patches.apply(old, patch, threads=threads), new)
    patches.apply(old, patch, out=old, threads=8)
    assert np.array_equal(old, new)


@pytest.mark.once
def test_instruction_sets_make_no_difference() -> None:
    program = (
        "import hashlib, sys; sys.path.insert(0, sys.argv[1]); import numpy as np\n"
        "from pyinfo import patches; from test_array_patches import steps_of_adam\n"
        "sums = hashlib.sha256()\n"
        "for rate in (1e-6, 1e-3):\n"
        "    for dtype in ('<f2', '<f4', '<u2', '<u8', '|u1'):\n"
        "        old, new = (x.view(dtype) for x in steps_of_adam(20000, rate))\n"
        "        sums.update(patches.diff(old, new))\n"
        "print(sums.hexdigest())"
    )
    found = set()
    for isa in config()["available_isas"]:
        run = subprocess.run(
            [sys.executable, "-c", program, str(Path(__file__).parent)],
            env={**os.environ, "PYINFO_ISA": isa},
            capture_output=True,
            text=True,
            check=True,
        )
        found.add(run.stdout)
    assert len(found) == 1


# -- What is refused ------------------------------------------------------------------------------


def test_wrong_base_is_refused_before_a_byte_is_changed() -> None:
    old, new = steps_of_adam(5_000_000, 1e-5)
    patch = patches.diff(old, new)
    wrong = old.copy()
    wrong[-1] ^= 1
    before = wrong.copy()
    for threads in (1, 4):
        with pytest.raises(ValueError, match="not the array that the patch was made from"):
            patches.apply(wrong, patch, out=wrong, threads=threads)
        assert np.array_equal(wrong, before)
        out = np.zeros_like(old)
        with pytest.raises(ValueError, match="not the array"):
            patches.apply(wrong, patch, out=out, threads=threads)
        assert not out.any()
        with pytest.raises(ValueError, match="not the array"):
            patches.apply(wrong, patch, threads=threads)
    with pytest.raises(ValueError, match="has been applied"):
        patches.apply(new, patch)


def test_arrays_that_do_not_fit() -> None:
    a = np.zeros((2, 3), np.float32)
    patch = patches.diff(a, a + 1)
    with pytest.raises(TypeError, match="same dtype, not <f4 and <f8"):
        patches.diff(a, a.astype(float))
    with pytest.raises(ValueError, match="same shape"):
        patches.diff(a, a.T)
    with pytest.raises(TypeError, match="dtype <i4, the patch is for arrays of <f4"):
        patches.apply(a.astype(np.int32), patch)
    with pytest.raises(ValueError, match="shape"):
        patches.apply(a.T, patch)
    with pytest.raises(TypeError, match="masked"):
        patches.diff(np.ma.array([1, 2]), np.ma.array([1, 2]))
    with pytest.raises(TypeError, match="Python objects"):
        patches.diff(np.array([None]), np.array([None]))
    with pytest.raises(TypeError, match="not str"):
        patches.diff("a", "b")
    with pytest.raises(ValueError, match="out is read-only"):
        patches.apply(a, patch, out=np.broadcast_to(np.float32(0), (2, 3)))
    with pytest.raises(ValueError, match="threads"):
        patches.diff(a, a, threads=-1)


def test_bytes() -> None:
    patch = patches.diff(b"abcdef", bytearray(b"abcxef"))
    assert bytes(patches.apply(memoryview(b"abcdef"), patch)) == b"abcxef"


@pytest.mark.parametrize("cut", [0, 3, 20, 60, -1])
def test_truncated_patches(cut: int) -> None:
    patch = patches.diff(np.arange(100), np.arange(100) // 2)
    with pytest.raises(CorruptDataError):
        patches.Patch(patch[:cut])
    with pytest.raises(CorruptDataError):
        patches.Patch(patch + patch)


# -- Chains, and arrays that change meanwhile -----------------------------------------------------


def test_compose() -> None:
    rng = np.random.default_rng(5)
    states = [rng.integers(0, 50, 3000, dtype=np.int16)]
    for _ in range(4):
        states.append(changed_at(states[-1], rng.random(3000) < 0.1, rng))
    chain = [patches.diff(a, b) for a, b in itertools.pairwise(states)]
    one = patches.compose(states[0], chain)
    assert one == patches.diff(states[0], states[-1])
    assert np.array_equal(patches.apply(states[0], one), states[-1])
    assert patches.compose(states[0], [patches.Patch(p) for p in chain[:1]]) == chain[0]
    assert patches.compose(states[0], iter(chain)) == one
    with pytest.raises(ValueError, match=r"patches\[1\] does not follow .* not the array"):
        patches.compose(states[0], [chain[0], chain[2]])
    with pytest.raises(TypeError, match=r"several: \[patch\]"):
        patches.compose(states[0], chain[0])
    with pytest.raises(ValueError, match="must not be empty"):
        patches.compose(states[0], [])


def test_arrays_that_change_meanwhile() -> None:
    """A patch of two states that there were, piece by piece; never more than an error."""
    old, new = steps_of_adam(400_000, 1e-4)
    patch = patches.diff(old, new)
    moving = old.copy()
    written, stop = threading.Event(), threading.Event()

    def write() -> None:
        rng = np.random.default_rng(6)
        while not stop.is_set():
            at = int(rng.integers(0, moving.size - 2000))
            moving[at : at + 2000] = rng.integers(0, 65536, 2000, dtype=np.uint16)
            written.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        written.wait()  # until then it is the base, which may be used
        for _ in range(30):
            made = patches.Patch(patches.diff(moving, new, threads=2))
            assert made.shape == new.shape
            for view in (moving, as_bfloat16(moving)):
                made = patches.Patch(patches.diff(as_bfloat16(new).view(view.dtype), view))
                assert made.nbytes == new.nbytes
            with pytest.raises(ValueError, match=r"base is not|chunk"):
                patches.apply(moving, patch)
            with pytest.raises(ValueError, match=r"base is not|chunk"):
                patches.apply(moving, patch, out=np.empty_like(old))
    finally:
        stop.set()
        writer.join()
