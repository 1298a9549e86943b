"""Messages of HuffmanCode and RansModel: back and forth, damaged, shared, on every machine."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pyinfo
from pyinfo import CorruptDataError, HuffmanCode, RansModel
from pyinfo.config import config
from support.programs import DEADLINE
from support.ticker import Ticker

Code = HuffmanCode | RansModel

KINDS = pytest.mark.parametrize("kind", [HuffmanCode, RansModel])


def skewed_counts(alphabet: int, ratio: float) -> np.ndarray:
    return np.maximum(1, 1e6 * ratio ** np.arange(alphabet)).astype(np.int64)


def codes() -> dict[str, Code]:
    few = [45, 13, 12, 16, 9, 5]
    gaps = np.arange(256) * (np.arange(256) % 3 == 1)
    fibonacci = [1, 1]
    while len(fibonacci) < 30:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    return {
        "huffman two": HuffmanCode.from_counts([1, 1]),
        "huffman few": HuffmanCode.from_counts(few),
        "huffman gaps": HuffmanCode.from_counts(gaps),
        "huffman bytes": HuffmanCode.from_counts(skewed_counts(256, 0.93)),
        "huffman equal": HuffmanCode.from_counts([1] * 256),
        "huffman deep": HuffmanCode.from_counts(fibonacci, 16),
        "huffman fibonacci": HuffmanCode.from_counts(fibonacci, 11),
        "huffman one": HuffmanCode.from_counts([0, 0, 7]),
        "huffman incomplete": HuffmanCode.from_lengths([2, 0, 5, 3]),
        "huffman wide": HuffmanCode.from_counts(skewed_counts(3000, 0.99), 15),
        "huffman widest": HuffmanCode.from_counts([1] * 65536, 16),
        "rans two": RansModel.from_counts([1, 1]),
        "rans few": RansModel.from_counts(few),
        "rans gaps": RansModel.from_counts(gaps),
        "rans bytes": RansModel.from_counts(skewed_counts(256, 0.93)),
        "rans equal": RansModel.from_counts([1] * 256),
        "rans any layout": RansModel.from_frequencies([4096 - 1275, *range(1, 51)]),
        "rans low": RansModel.from_counts(few, 8),
        "rans high": RansModel.from_counts(skewed_counts(256, 0.93), 16),
        "rans 0.01 bit": RansModel.from_counts([999, 1]),
        "rans one": RansModel.from_counts([0, 0, 7]),
        "rans wide": RansModel.from_counts(skewed_counts(3000, 0.99), 14),
        "rans widest": RansModel.from_counts([1] * 65536, 16),
    }


CODES = codes()
EACH = pytest.mark.parametrize("name", CODES)


def table(code: Code) -> np.ndarray:
    return code.lengths if isinstance(code, HuffmanCode) else code.frequencies


def implied(code: Code) -> np.ndarray:
    """The probabilities that a code is made for."""
    if isinstance(code, RansModel):
        return code.frequencies / code.frequencies.sum()
    weights = np.where(code.lengths > 0, 0.5**code.lengths, 0)
    return weights / weights.sum()


def draw(code: Code, n: int, seed: int = 0) -> np.ndarray:
    p = implied(code)
    return np.random.default_rng(seed).choice(len(p), n, p=p).astype(code.dtype)


def check(code: Code, symbols: np.ndarray) -> bytes:
    message = code.encode(symbols)
    back = code.decode(message)
    assert back.dtype == code.dtype
    np.testing.assert_array_equal(back, symbols.reshape(-1))
    return message


# -- Round trips ----------------------------------------------------------------------------------


@EACH
def test_every_length_up_to_2000(name: str) -> None:
    code = CODES[name]
    symbols = draw(code, 2000)
    for n in range(2001):
        check(code, symbols[n // 3 : n // 3 + n] if n < 1400 else symbols[:n])


@EACH
def test_long_messages(name: str) -> None:
    code = CODES[name]
    for n in (16_384, 16_385, 99_991, 600_000):
        symbols = draw(code, n, n)
        message = check(code, symbols)
        length = code.expected_length(np.bincount(symbols, minlength=code.alphabet_size))
        # At most 256 lanes of three bytes each; rANS rounds a little down at every step.
        assert len(message) <= (n * length / 8) * 1.002 + 3 * 256 + 16
        assert len(message) >= n * length / 8 - 2 * 256


@pytest.mark.once
@given(st.data())
def test_any_code_any_symbols(data: st.DataObject) -> None:
    counts = data.draw(st.lists(st.integers(0, 2**40), min_size=1, max_size=300).filter(any))
    present = np.flatnonzero(counts)
    kind = data.draw(st.sampled_from([HuffmanCode, RansModel]))
    code = kind.from_counts(counts, data.draw(st.integers(9, 16)))
    n = data.draw(st.integers(0, 5000))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    few = present[: data.draw(st.integers(1, len(present)))]
    check(code, rng.choice(few, n).astype(code.dtype))


@pytest.mark.once
@given(st.binary(min_size=1, max_size=3000))
def test_codes_of_the_symbols_themselves(data: bytes) -> None:
    for kind in (HuffmanCode, RansModel):
        code = kind.from_samples(data)
        assert code.decode(code.encode(data)).tobytes() == data


@pytest.mark.once
@pytest.mark.parametrize("bits", [7.99, 7.94, 4.0, 0.01])
def test_size_is_that_of_the_cross_entropy(bits: float) -> None:
    rng = np.random.default_rng(7)
    n = 1 << 18
    if bits > 7:
        slope = 0.2 if bits > 7.95 else 0.5
        p = np.linspace(1 - slope, 1 + slope, 256) / 256
        symbols = rng.choice(256, n, p=p).astype(np.uint8)
    elif bits > 1:
        symbols = np.clip(rng.normal(128, 4, n), 0, 255).astype(np.uint8)
    else:
        symbols = (rng.random(n) < 0.0008).astype(np.uint8)
    counts = np.bincount(symbols, minlength=256)
    for kind in (HuffmanCode, RansModel):
        code = kind.from_counts(counts)
        size = len(check(code, symbols))
        predicted = code.expected_length(counts) * n / 8
        assert abs(size - predicted) <= 0.0005 * predicted + 512
        if bits == 7.94:
            assert size < n * 0.998


@pytest.mark.once
@KINDS
def test_overhead_of_short_messages(kind: type[Code]) -> None:
    code = kind.from_counts([1] * 16)
    for n in range(1, 65):
        assert len(code.encode(draw(code, n, n))) <= -(-n // 2) + 16
    assert len(code.encode(b"")) == 6


@pytest.mark.once
def test_memory_for_symbols_that_take_no_space() -> None:
    model = RansModel.from_counts([1])
    with pytest.raises(ValueError, match="a message of this code has at most 268435456 symbols"):
        model.encode(np.broadcast_to(np.uint8(0), (2**28 + 1,)))


# -- What goes in and what comes out --------------------------------------------------------------


@KINDS
def test_inputs(kind: type[Code]) -> None:
    code = kind.from_counts(range(1, 257))
    data = bytes(range(40))
    expected = code.encode(data)
    array = np.frombuffer(data, np.uint8)
    backwards = array[::-1].copy()[::-1]
    grid = np.asfortranarray(array.reshape(5, 8))
    for symbols in (bytearray(data), memoryview(data), array, backwards, grid, array.reshape(8, 5)):
        assert code.encode(symbols) == expected
    for message in (bytearray(expected), memoryview(expected), np.frombuffer(expected, np.uint8)):
        np.testing.assert_array_equal(code.decode(message), array)
    one = code.encode(np.uint8(7))
    assert code.decode(one).tolist() == [7]
    assert code.encode([]) == code.encode(b"")


@KINDS
def test_wide_inputs(kind: type[Code]) -> None:
    code = kind.from_counts([1] * 300)
    symbols = np.array([0, 299, 256, 5], np.uint16)
    expected = code.encode(symbols)
    assert code.encode(symbols.astype(">u2")) == expected
    assert code.encode(np.repeat(symbols, 2)[::2]) == expected
    unaligned = np.frombuffer(b"\0" + symbols.tobytes(), np.uint8)[1:].view(np.uint16)
    assert code.encode(unaligned) == expected
    assert code.decode(expected).dtype == np.uint16


@KINDS
def test_out(kind: type[Code]) -> None:
    code = kind.from_counts(range(1, 257))
    symbols = np.arange(24, dtype=np.uint8)
    message = code.encode(symbols)
    for shape in [(24,), (4, 6), (2, 3, 4)]:
        out = np.zeros(shape, np.uint8)
        assert code.decode(message, out=out) is out
        np.testing.assert_array_equal(out.reshape(-1), symbols)
    shared = np.zeros(len(message) + 24, np.uint8)
    shared[: len(message)] = np.frombuffer(message, np.uint8)
    code.decode(shared[: len(message)], out=shared[len(message) :])
    wrong: list[tuple[Any, type[Exception], str]] = [
        (np.zeros(23, np.uint8), ValueError, "out has 23 elements, the result has 24"),
        (np.zeros(24, np.int8), TypeError, "out must be an array of uint8, not of int8"),
        (np.zeros(48, np.uint8)[::2], ValueError, "out must be C-contiguous and aligned"),
        (np.zeros((6, 4), np.uint8).T, ValueError, "out must be C-contiguous and aligned"),
        (np.frombuffer(bytes(24), np.uint8), ValueError, "out is read-only"),
        (bytearray(24), TypeError, "out must be an array of uint8, not bytearray"),
        (shared[len(message) - 1 : -1], ValueError, "out shares memory with data"),
    ]
    for bad, error, what in wrong:
        with pytest.raises(error, match=what):
            code.decode(shared[: len(message)], out=bad)


@pytest.mark.once
@KINDS
@pytest.mark.parametrize(
    ("symbols", "error", "message"),
    [
        ([0, 4], ValueError, "symbols must be from 0 to 3, not 4"),
        ([0.0], TypeError, "symbols of an alphabet of 4 must be uint8, not float64"),
        ("text", TypeError, "must be uint8, not <U4"),
        (np.array([0, 256], np.uint16), ValueError, "symbols must be from 0 to 3, not 256"),
        (np.array([0, -1], np.int8), ValueError, "symbols must be from 0 to 3, not -1"),
        (np.zeros(3), TypeError, "must be uint8, not float64"),
        (b"\0\1\2", ValueError, r"symbols\[2\] = 2 has no code"),
        (b"\0" * 5000 + b"\7", ValueError, r"symbols\[5000\] = 7 has no code"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_bad_symbols(kind: type[Code], symbols: Any, error: type[Exception], message: str) -> None:
    code = kind.from_counts([5, 1, 0, 3])
    with pytest.raises(error, match=message):
        code.encode(symbols)


@pytest.mark.once
@KINDS
def test_bad_wide_symbols(kind: type[Code]) -> None:
    code = kind.from_counts([1] * 300)
    with pytest.raises(TypeError, match="an alphabet of 300 must be uint16, not bytes"):
        code.encode(b"abc")
    assert code.encode([0, 299]) == code.encode(np.array([0, 299], np.uint16))
    for dtype in (np.uint8, np.int8, np.uint32, np.int64, np.bool_):
        symbols = np.array([0, 1, 1, 0], dtype)
        assert code.encode(symbols) == code.encode(symbols.astype(np.uint16))
    with pytest.raises(ValueError, match=r"symbols\[1\] = 300 has no code"):
        code.encode(np.array([1, 300], np.uint16))


# -- Damage ---------------------------------------------------------------------------------------


@pytest.mark.once
@EACH
def test_damaged_messages(name: str) -> None:
    code = CODES[name]
    message = code.encode(draw(code, 150))
    for size in range(len(message)):
        with pytest.raises(CorruptDataError):
            code.decode(message[:size])
    for bit in range(8 * len(message)):
        damaged = bytearray(message)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CorruptDataError):
            code.decode(damaged)
    with pytest.raises(CorruptDataError, match="checksum does not match") as caught:
        code.decode(message + b"\0")
    assert caught.value.offset is not None
    assert 0 <= caught.value.offset < len(message)


@pytest.mark.once
def test_messages_of_another_code() -> None:
    for name, code in CODES.items():
        message = code.encode(draw(code, 50))
        for other_name, other in CODES.items():
            if other_name != name:
                with pytest.raises(CorruptDataError, match="of another code"):
                    other.decode(message)


@pytest.mark.once
@KINDS
def test_bad_data(kind: type[Code]) -> None:
    code = kind.from_counts([3, 1])
    with pytest.raises(TypeError, match="data must support the buffer protocol, not str"):
        code.decode("text")
    with pytest.raises(ValueError, match="data must be a C-contiguous buffer"):
        code.decode(np.zeros(9, np.uint8)[::2])
    for data in (b"", b"\0", bytes(5), b"\x11" + b"\xff" * 30):
        with pytest.raises(CorruptDataError, match="has no complete header") as caught:
            code.decode(data)
        assert caught.value.offset == 0
    assert issubclass(CorruptDataError, ValueError)
    assert CorruptDataError.__module__ == "pyinfo"


@pytest.mark.once
@given(st.binary(max_size=100))
def test_random_bytes_are_no_messages(data: bytes) -> None:
    for code in CODES.values():
        with pytest.raises(CorruptDataError):
            code.decode(data)


# -- Threads --------------------------------------------------------------------------------------


@KINDS
def test_eight_threads_share_a_code(kind: type[Code]) -> None:
    code = kind.from_counts(skewed_counts(256, 0.95))
    inputs = [draw(code, n, n) for n in (10, 500, 4096, 70_000)]
    expected = [code.encode(symbols) for symbols in inputs]
    start = threading.Barrier(8)

    def work(part: int) -> None:
        start.wait()
        for i in range(40):
            symbols, message = inputs[(i + part) % 4], expected[(i + part) % 4]
            assert code.encode(symbols) == message
            np.testing.assert_array_equal(code.decode(message), symbols)

    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(work, part) for part in range(8)]:
            future.result()


@pytest.mark.once
@KINDS
def test_other_threads_run_meanwhile(kind: type[Code]) -> None:
    code = kind.from_counts(skewed_counts(2000, 0.99), 14)
    symbols = draw(code, 3_000_000)
    message = code.encode(symbols)
    with Ticker() as ticker:
        assert ticker.gets_to_count_during(lambda: code.encode(symbols))
        assert ticker.gets_to_count_during(lambda: code.decode(message))


# -- Every instruction set ------------------------------------------------------------------------

# Where a child process finds this file, and what it imports.
FOLDERS = [str(folder) for folder in Path(__file__).parents[:2]]

SCRIPT = """
import json, sys
sys.path[:0] = sys.argv[1:]
import test_messages
print(json.dumps(test_messages.digests()))
"""


def digests() -> dict[str, str]:
    """Encode with each code, check that it decodes, and say what came out."""
    return {
        name: hashlib.sha256(
            b"".join(check(code, draw(code, n, n)) for n in (1, 77, 3000, 20_000, 150_001))
        ).hexdigest()
        for name, code in CODES.items()
    }


@pytest.mark.once
@pytest.mark.parametrize("isa", config()["available_isas"])
def test_same_messages_on_every_instruction_set(isa: str) -> None:
    """And as every one decodes its own, every one decodes any other's."""
    run = subprocess.run(
        [sys.executable, "-P", "-c", SCRIPT, *FOLDERS],
        env={**os.environ, "PYINFO_ISA": isa},
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == digests()


# -- The exception --------------------------------------------------------------------------------


@pytest.mark.once
def test_exception_by_hand() -> None:
    error = pyinfo.CorruptDataError("what", 7)
    assert str(error) == "what"
    assert error.offset == 7
    assert pyinfo.CorruptDataError("what").offset is None


@KINDS
def test_max_size(kind: type[Code]) -> None:
    for code, itemsize in ((kind.from_counts([3, 1]), 1), (kind.from_counts([3] * 300, 12), 2)):
        symbols = np.zeros(1000, code.dtype)
        message = code.encode(symbols)
        size = 1000 * itemsize
        for limit in (size, 10**400, None):
            assert np.array_equal(code.decode(message, max_size=limit), symbols)
        for limit in (0, size - 1):
            with pytest.raises(ValueError, match=f"decodes to {size} bytes, more than the {limit}"):
                code.decode(message, max_size=limit)
            with pytest.raises(ValueError, match="allowed"):
                code.decode(message, out=np.empty(1000, code.dtype), max_size=limit)
        with pytest.raises(ValueError, match="max_size"):
            code.decode(message, max_size=-1)
    free = RansModel.from_frequencies([4096])
    with pytest.raises(ValueError, match="more than the 1000000 allowed"):  # of 14 bytes
        free.decode(free.encode(np.zeros(1 << 28, np.uint8)), max_size=10**6)
