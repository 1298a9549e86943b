"""CompressAI's and torchac's streams: stored vectors of the packages, and damage of every kind."""

from __future__ import annotations

import hashlib
import json
import random
import sys
from collections.abc import Iterator
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from pyinfo import CorruptDataError
from pyinfo.integrations import compressai
from pyinfo.integrations.compressai import (
    BufferedRansEncoder,
    RansDecoder,
    RansEncoder,
    pmf_to_quantized_cdf,
)

pytestmark = pytest.mark.once

PEERS = json.loads((Path(__file__).parents[1] / "data" / "peer_vectors.json").read_text("utf-8"))
VECTORS = PEERS["compressai"]
TABLES = VECTORS["streams"][0]["cdfs"], VECTORS["streams"][0]["sizes"], [0, -1]
Facts = dict[str, Any]


def tables_of(vector: Facts) -> tuple[Any, Any, Any]:
    return vector["cdfs"], vector["sizes"], vector["offsets"]


@pytest.mark.parametrize("as_arrays", [False, True])
@pytest.mark.parametrize("vector", VECTORS["streams"], ids=lambda vector: vector["label"])
def test_streams_of_the_package(vector: Facts, as_arrays: bool) -> None:
    convert = np.array if as_arrays else list
    symbols, indexes = convert(vector["symbols"]), convert(vector["indexes"])
    tables = [convert(part) for part in tables_of(vector)]
    stream = RansEncoder().encode_with_indexes(symbols, indexes, *tables)
    assert stream.hex() == vector["hex"]
    for kind in (bytes, bytearray, memoryview):
        decoded = RansDecoder().decode_with_indexes(kind(stream), indexes, *tables)
        assert isinstance(decoded, np.ndarray if as_arrays else list)
        assert list(decoded) == vector["symbols"]


def test_several_calls_are_one_stream() -> None:
    (vector,) = VECTORS["buffered"]
    encoder = BufferedRansEncoder()
    for _ in range(2):  # flush begins anew
        for symbols, indexes in vector["calls"]:
            assert encoder.encode_with_indexes(symbols, indexes, *tables_of(vector)) is None
        stream = encoder.flush()
        assert stream.hex() == vector["hex"]
    decoder = RansDecoder()
    decoder.set_stream(stream)
    assert decoder.decode_stream([], *tables_of(vector)) == []
    for symbols, indexes in vector["calls"]:  # one at a time, as autoregressive models do
        for symbol, index in zip(symbols, indexes, strict=True):
            assert decoder.decode_stream([index], *tables_of(vector)) == [symbol]
    with pytest.raises(CorruptDataError, match="ends too early"):
        decoder.decode_stream([0] * 100, *tables_of(vector))


def long_stream() -> tuple[list[int], list[int]]:
    """As the vector says."""
    x = 12345

    def following() -> int:
        nonlocal x
        x = (1103515245 * x + 12345) % 2**31
        return x >> 16

    symbols, indexes = [], []
    for _ in range(2000):
        indexes.append(following() % 2)
        v = following()
        symbols.append(v % 3 if v % 16 else v % 4001 - 2000)
    return symbols, indexes


def test_long_stream() -> None:
    vector = VECTORS["long_stream"]
    symbols, indexes = long_stream()
    assert symbols[:12] == vector["first_symbols"]
    assert indexes[:12] == vector["first_indexes"]
    stream = RansEncoder().encode_with_indexes(symbols, indexes, *tables_of(vector))
    assert hashlib.sha256(stream).hexdigest() == vector["sha256"]
    assert RansDecoder().decode_with_indexes(stream, indexes, *tables_of(vector)) == symbols


def test_long_lists_are_what_arrays_are() -> None:
    tables = tables_of(VECTORS["long_stream"])
    symbols, indexes = (20 * part for part in long_stream())
    arrays = np.array(symbols, np.int32), np.array(indexes, np.int32)
    stream = RansEncoder().encode_with_indexes(symbols, indexes, *tables)
    assert stream == RansEncoder().encode_with_indexes(*arrays, *tables)
    found = RansDecoder().decode_with_indexes(stream, indexes, *tables)
    assert type(found) is list
    assert found == symbols
    assert np.array_equal(RansDecoder().decode_with_indexes(stream, arrays[1], *tables), symbols)
    decoder = RansDecoder()
    decoder.set_stream(stream)
    for part in (slice(0, 3000), slice(3000, None)):
        assert decoder.decode_stream(indexes[part], *tables) == symbols[part]


@pytest.mark.parametrize("vector", VECTORS["pmf_to_quantized_cdf"], ids=lambda v: str(v["pmf"]))
def test_quantized_cdfs(vector: Facts) -> None:
    assert pmf_to_quantized_cdf(vector["pmf"], 16) == vector["cdf"]


@pytest.mark.parametrize("pmf", VECTORS["pmf_to_quantized_cdf_errors"]["ValueError"], ids=str)
def test_pmfs_that_are_refused(pmf: list[Any]) -> None:
    with pytest.raises(ValueError, match="pmf"):
        pmf_to_quantized_cdf([float(p) for p in pmf], 16)


@pytest.mark.parametrize(
    ("pmf", "precision", "words"),
    [
        ([], 16, "pmf has no entries"),
        ([1e-4, 2e-4], 8, r"no entry that is not 0 in units of 2\*\*-8"),
        ([0.0, 1e-9], 16, r"no entry that is not 0 in units of 2\*\*-16"),
        ([0.5, 1e39], 16, r"pmf\[1\] must be a probability"),  # no warning of float32 before
    ],
)
def test_why_pmfs_are_refused(pmf: list[float], precision: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        pmf_to_quantized_cdf(pmf, precision)


def test_a_table_is_made_of_one_distribution() -> None:
    with pytest.raises(ValueError, match="pmf must have one dimension, not 2"):
        pmf_to_quantized_cdf([[0.5, 0.5], [0.1, 0.9]], 16)


def test_cdfs_are_those_of_the_definition() -> None:
    """Against the rule in plain Python, with NumPy's single precision."""
    rng = np.random.default_rng(4)
    for size in (1, 2, 5, 50, 700):
        pmf = (rng.exponential(1, size) ** 5).astype(np.float32)
        pmf /= pmf.sum()
        scaled = (pmf * np.float32(65536)).astype(np.float64)
        whole = np.floor(scaled + 0.5).astype(int).tolist()  # halves away from zero
        cdf = [0]
        for f in whole:
            cdf.append(cdf[-1] + 65536 * f // sum(whole))
        cdf[-1] = 65536
        for i in range(size):
            if cdf[i] == cdf[i + 1]:
                steps = [cdf[j + 1] - cdf[j] for j in range(size)]
                _, best = min((f, j) for j, f in enumerate(steps) if f > 1)
                for j in range(best + 1, i + 1):
                    cdf[j] -= 1
                for j in range(i + 1, best + 1):
                    cdf[j] += 1
        assert pmf_to_quantized_cdf(pmf, 16) == cdf


def test_no_symbols_and_one() -> None:
    for symbols in ([], [1], [1000]):
        stream = RansEncoder().encode_with_indexes(symbols, [0] * len(symbols), *TABLES)
        assert (len(stream) == 8) == (symbols != [1000] or len(stream) == 8)
        decoded = RansDecoder().decode_with_indexes(stream, [0] * len(symbols), *TABLES)
        assert decoded == symbols
    assert BufferedRansEncoder().flush() == bytes.fromhex("0000008000000000")


def test_refusals() -> None:
    encode = RansEncoder().encode_with_indexes
    decoder = RansDecoder()
    with pytest.raises(ValueError, match=r"symbols\[0\] = 134217731 is 2\*\*27 or more beyond"):
        encode([2**27 + 3], [0], *TABLES)
    for index in (-1, 2):
        with pytest.raises(ValueError, match=rf"indexes\[1\] = {index}, but there are 2 cdfs"):
            encode([0, 0], [0, index], *TABLES)
        with pytest.raises(ValueError, match=rf"indexes\[0\] = {index}, but there are 2 cdfs"):
            decoder.decode_with_indexes(encode([0], [0], *TABLES), [index], *TABLES)
    with pytest.raises(ValueError, match="symbols and indexes"):
        encode([0, 0], [0], *TABLES)
    with pytest.raises(TypeError, match="symbols must be integers"):
        encode([0.5], [0], *TABLES)
    for cdf in ([0, 5, 5, 65536], [1, 65536], [0, 65535], [0, 70000, 65536]):
        with pytest.raises(ValueError, match=r"cdfs\[0\]"):
            encode([0], [0], [cdf], [len(cdf)], [0])
    for cdfs in ([[0, 65536]], np.array([[0, 65536]])):
        with pytest.raises(ValueError, match=r"cdfs_sizes\[0\] must be at most 2, not 3"):
            encode([0], [0], cdfs, [3], [0])
        for size in (1, 0, -1):
            with pytest.raises(
                ValueError, match=rf"cdfs_sizes\[0\] must be at least 2, not {size}"
            ):
                encode([0], [0], cdfs, [size], [0])
    with pytest.raises(TypeError):
        encode(symbols=[0], indexes=[0], cdfs=[], cdfs_sizes=[], offsets=[])  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="set_stream"):
        decoder.decode_stream([0], *TABLES)


def test_tables_that_changed_are_not_remembered() -> None:
    cdfs = [[0, 16384, 49152, 62259, 65536]]
    first = RansEncoder().encode_with_indexes([1] * 50, [0] * 50, cdfs, [5], [0])
    cdfs[0][1] = 100
    second = RansEncoder().encode_with_indexes([1] * 50, [0] * 50, cdfs, [5], [0])
    assert first != second
    assert RansDecoder().decode_with_indexes(second, [0] * 50, cdfs, [5], [0]) == [1] * 50


def made(cdfs: Any, sizes: Any = (5,), offsets: Any = (0,)) -> Any:
    """Tables of lists, as the classes find them."""
    return compressai._tables(cdfs, list(sizes), list(offsets))


def test_equal_tables_are_made_once() -> None:
    row = [0, 16384, 49152, 62259, 65536]
    cdfs = [row]
    first = made(cdfs)
    assert made(cdfs) is first, "the same lists"
    assert made([row]) is first, "the same row"
    assert made(tuple(cdfs)) is first
    assert made([tuple(row)]) is first
    equal = [[int(str(entry)) for entry in row]]
    other = made(equal)
    assert made(equal) is other, "lists that were found to be equal are known from then on"
    assert made([[*equal[0], 7, "what is beyond does not count"]]) is other
    matrix = np.array([[*row, 0, 0]])
    assert made(matrix) is other
    matrix[0, 1] += 1
    assert made(matrix) is not other
    for changed in ([0, 16385, 49152, 62259, 65536], [0, 16384, 49152, 65536], []):
        before = cdfs[0][:]
        cdfs[0][:] = changed
        if len(changed) == 5:
            assert made(cdfs) is not other
        else:
            with pytest.raises(ValueError, match="cdfs"):
                made(cdfs)
        cdfs[0][:] = before
    assert made(cdfs, offsets=[1]) is not made(cdfs)
    assert made([row, row], (5, 5), (0, 0)) is not made(cdfs)


@pytest.mark.parametrize(
    "cdfs",
    [
        [[np.int64(0), 16384, 49152, 62259, 65536]],
        [np.array([0, 16384, 49152, 62259, 65536])],
        (np.array([0, 16384, 49152, 62259, 65536]),),
        [[False, 16384, 49152, 62259, 65536, 0]],
    ],
    ids=repr,
)
def test_rows_of_other_integers(cdfs: Any) -> None:
    plain = [[0, 16384, 49152, 62259, 65536]]
    encode = RansEncoder().encode_with_indexes
    wanted = encode([1, 70, -3], [0] * 3, plain, [5], [0])
    assert encode([1, 70, -3], [0] * 3, cdfs, [5], [0]) == wanted


def test_rows_too_large_for_32_bits() -> None:
    with pytest.raises(ValueError, match="cdfs"):
        RansEncoder().encode_with_indexes([1], [0], [[0, 2**40, 65536]], [3], [0])


def test_buffered_symbols_are_copies() -> None:
    symbols, indexes = np.array([1, 2, 70], np.int32), np.zeros(3, np.int32)
    encoder = BufferedRansEncoder()
    encoder.encode_with_indexes(symbols, indexes, *TABLES)
    symbols[:], indexes[:] = -5, 9
    assert encoder.flush() == RansEncoder().encode_with_indexes([1, 2, 70], [0] * 3, *TABLES)


@pytest.mark.parametrize("seed", range(3))
def test_random_streams_of_the_package(seed: int) -> None:
    """Against the package's own coder, which loads without the package."""
    package = util.find_spec("compressai")
    if package is None or package.origin is None:
        pytest.skip("the package compressai is not installed")
    (path,) = Path(package.origin).parent.glob("ans.*")
    spec = util.spec_from_file_location("ans", path)
    assert spec is not None
    assert spec.loader is not None
    theirs = util.module_from_spec(spec)
    spec.loader.exec_module(theirs)
    rng = np.random.default_rng(seed)
    rows = [
        pmf_to_quantized_cdf(rng.exponential(1, size) ** 3 + 1e-9, 16) for size in (2, 3, 40, 5000)
    ]
    tables = rows, [len(row) for row in rows], [-1, 0, -20, -2500]
    indexes = rng.integers(0, 4, 4000).tolist()
    symbols = [
        int(rng.integers(-(2**20), 2**20)) if rng.random() < 0.02 else int(rng.integers(-4, 5))
        for _ in indexes
    ]
    stream = RansEncoder().encode_with_indexes(symbols, indexes, *tables)
    assert stream == theirs.RansEncoder().encode_with_indexes(symbols, indexes, *tables)
    assert RansDecoder().decode_with_indexes(stream, indexes, *tables) == symbols


@pytest.mark.parametrize("seed", range(4))
def test_damaged_streams(seed: int) -> None:
    rng = random.Random(seed)
    symbols, indexes = long_stream()
    symbols, indexes, undetected = symbols[:300], indexes[:300], 0
    stream = RansEncoder().encode_with_indexes(symbols, indexes, *TABLES)
    for _ in range(6000):
        damaged = bytearray(stream)
        if rng.random() < 0.3:
            del damaged[rng.randrange(len(damaged)) :]
        else:
            damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        try:  # the stream of other symbols is one, too: there is no checksum
            decoded = RansDecoder().decode_with_indexes(bytes(damaged), indexes, *TABLES)
        except CorruptDataError:
            continue
        assert RansEncoder().encode_with_indexes(decoded, indexes, *TABLES) == damaged
        undetected += 1
    assert undetected < 600
    with pytest.raises(CorruptDataError):
        RansDecoder().decode_with_indexes(stream, [*indexes, 0], *TABLES)
    with pytest.raises(CorruptDataError):
        RansDecoder().decode_with_indexes(stream, indexes[:-1], *TABLES)


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A stand-in for the package, with the seams of version 1.2.8."""
    root, ans, cxx = (ModuleType(f"compressai{end}") for end in ("", ".ans", "._CXX"))
    for name in ("RansEncoder", "RansDecoder", "BufferedRansEncoder"):
        setattr(ans, name, type(name, (), {}))
    cxx.pmf_to_quantized_cdf = lambda pmf, precision: None  # type: ignore[attr-defined]
    root.ans, root._CXX = ans, cxx  # type: ignore[attr-defined]
    google = ModuleType("compressai.models.google")
    google.RansDecoder = ans.RansDecoder  # type: ignore[attr-defined]
    google.BufferedRansEncoder = ans.BufferedRansEncoder  # type: ignore[attr-defined]
    google.pmf_to_quantized_cdf = cxx.pmf_to_quantized_cdf  # type: ignore[attr-defined]
    for module in (root, ans, cxx, google):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    yield root
    compressai.uninstall()


def test_install(package: Any) -> None:
    google, original = sys.modules["compressai.models.google"], package.ans
    compressai.install()
    compressai.install()
    assert google.RansDecoder is RansDecoder
    assert google.BufferedRansEncoder is BufferedRansEncoder
    assert google.pmf_to_quantized_cdf is pmf_to_quantized_cdf
    assert package.ans.RansEncoder is RansEncoder
    assert sys.modules["compressai.ans"] is package.ans
    compressai.uninstall()
    compressai.uninstall()
    assert package.ans is sys.modules["compressai.ans"] is original
    assert google.RansDecoder is original.RansDecoder
    for kind in (RansDecoder, RansEncoder, BufferedRansEncoder):
        assert getattr(compressai, kind.__name__) is kind, "what is ours stays ours"
        assert kind.__module__ == "pyinfo.integrations.compressai"


# -- torchac --------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", PEERS["torchac"]["streams"], ids=lambda v: v["label"])
def test_torchac(vector: Facts) -> None:
    torch = pytest.importorskip("torch")
    from pyinfo.integrations import torchac

    floats = vector.get("cdf_float32", [i / 256 for i in range(257)])
    whole = vector.get("cdf_uint16", [256 * i % 65536 for i in range(257)])
    symbols = torch.tensor(vector["symbols"], dtype=torch.int16)
    n = len(symbols)
    cdf_float = torch.tensor(floats, dtype=torch.float32).expand(n, -1)
    cdf = torch.from_numpy(np.array([whole] * n, np.uint16).view(np.int16))
    assert torchac.encode_int16_normalized_cdf(cdf, symbols).hex() == vector["hex"]
    stream = torchac.encode_float_cdf(cdf_float, symbols, check_input_bounds=True)
    assert stream.hex() == vector["hex"]
    assert torch.equal(torchac.decode_float_cdf(cdf_float, stream), symbols)
    square = cdf.reshape(1, n, -1)
    decoded = torchac.decode_int16_normalized_cdf(square, stream)
    assert decoded.dtype == torch.int16
    assert torch.equal(decoded, symbols.reshape(1, n))


def test_torchac_refusals() -> None:
    torch = pytest.importorskip("torch")
    from pyinfo.integrations import torchac

    rng = random.Random(3)
    generator = torch.Generator().manual_seed(1)
    cdf = torch.softmax(torch.randn(200, 9, generator=generator), -1).cumsum(-1)
    cdf = torch.cat([torch.zeros(200, 1), cdf / cdf[:, -1:]], -1)
    symbols = torch.randint(0, 9, (200,), generator=generator).to(torch.int16)
    stream = torchac.encode_float_cdf(cdf, symbols)
    assert torch.equal(torchac.decode_float_cdf(cdf, stream), symbols)
    for _ in range(3000):
        damaged = bytearray(stream)
        if rng.random() < 0.3:
            del damaged[rng.randrange(len(damaged)) :]
        else:
            damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        try:  # the stream of other symbols is one, too
            decoded = torchac.decode_float_cdf(cdf, bytes(damaged))
        except CorruptDataError:
            continue
        assert torchac.encode_float_cdf(cdf, decoded) == damaged
    none = torch.zeros(0, dtype=torch.int16)
    assert torchac.encode_float_cdf(torch.zeros(0, 3), none) == b"@"
    with pytest.raises(ValueError, match="int16"):
        torchac.encode_float_cdf(cdf, symbols.to(torch.int32))
    with pytest.raises(ValueError, match="sym has 9 at position 0"):
        torchac.encode_float_cdf(cdf[:1], torch.tensor([9], dtype=torch.int16))
    with pytest.raises(ValueError, match="one dimension more"):
        torchac.encode_float_cdf(cdf, symbols[:5])
    with pytest.raises(TypeError, match="tensor"):
        torchac.encode_float_cdf([0.0, 1.0], symbols)
    with pytest.raises(TypeError, match="cdf must be a tensor, not list"):
        torchac.encode_float_cdf([0.0, 1.0], symbols, check_input_bounds=True)
    with pytest.raises(TypeError, match="sym must be a tensor, not list"):
        torchac.encode_float_cdf(cdf, [0, 1])
    with pytest.raises(ValueError, match=r"cdf must have .* one dimension more"):
        torchac.encode_float_cdf(torch.tensor(0.5), symbols[0])
    for tensors in ((cdf.to("meta"), symbols), (cdf, symbols.to("meta"))):
        with pytest.raises(ValueError, match="on the device meta"):
            torchac.encode_float_cdf(*tensors)
    with pytest.raises(ValueError, match="not nan"):
        torchac.encode_float_cdf(cdf * torch.nan, symbols)
    with pytest.raises(ValueError, match="not nan"):
        torchac.decode_float_cdf(torch.where(cdf == 0, torch.nan, cdf), stream)
    for outside in (cdf * 2, cdf - 0.1, cdf * torch.nan):
        with pytest.raises(ValueError, match="from 0 to 1"):
            torchac.encode_float_cdf(outside, symbols, check_input_bounds=True)
    checked = torchac.encode_float_cdf(torch.zeros(0, 3), none, check_input_bounds=True)
    assert checked == b"@"
