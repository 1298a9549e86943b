"""Models per symbol, and the coders of learned compression whose streams pyinfo writes.

Symbols are of 64 Gaussians with scales from 0.11 to 256, the indexes as in images: narrow ones are
frequent. Others code the same symbols with the same scales, and their streams are checked to return
them.
"""

import functools
import math
from collections.abc import Callable
from importlib import import_module, util
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import pyinfo
from bench.inputs.distributions import Array
from bench.peers.candidate import PYINFO, Candidate, Ways, installed, returns
from bench.peers.codecs import CONSTRICTION
from pyinfo.entropy_models import Gaussian
from pyinfo.integrations import compressai
from pyinfo.testing.timing import Call

COMPRESSAI = "compressai"
TORCHAC = "torchac"
ONE_MODEL = f"{PYINFO}, one model"
MODELS = 64
SCALES = np.exp(np.linspace(math.log(0.11), math.log(256), MODELS))
ALPHABET = 16  # of torchac's symbols


class Symbols(NamedTuple):
    """What is coded, and the index of each symbol's scale."""

    symbols: Array
    indexes: Array


@functools.cache
def _symbols(n: int) -> Symbols:
    rng = np.random.default_rng(3)
    indexes = np.minimum(rng.exponential(MODELS / 5.5, n), MODELS - 1).astype(np.uint8)
    return Symbols(np.rint(rng.standard_normal(n) * SCALES[indexes]).astype(np.int16), indexes)


def symbol_models(direction: str, n: int) -> Ways:
    """n symbols of Gaussians, "encode" or "decode"."""
    found: dict[str, Callable[[], Candidate]] = {
        PYINFO: lambda: _gaussians(direction, n),
        ONE_MODEL: lambda: _one_model(direction, n),
    }
    if installed("constriction"):
        found[CONSTRICTION] = lambda: _constriction(direction, n)
    return found


def _both(direction: str, encode: Call, decode: Call, data: Array, name: str) -> Candidate:
    return Candidate(encode if direction == "encode" else decode, returns(decode, data, name))


def _gaussians(direction: str, n: int) -> Candidate:
    symbols, indexes = _symbols(n)
    models = Gaussian(SCALES)
    message, out = models.encode(symbols, indexes), np.empty_like(symbols)
    return _both(
        direction,
        Call(models.encode, (symbols, indexes)),
        Call(models.decode, (message, indexes), {"out": out}),
        symbols,
        PYINFO,
    )


def _one_model(direction: str, n: int) -> Candidate:
    """Bytes with one histogram: what models per symbol cost beyond that."""
    data = _symbols(n).symbols.astype(np.uint8)
    model = pyinfo.RansModel.from_counts(np.bincount(data, minlength=256))
    message, out = model.encode(data), np.empty_like(data)
    return _both(
        direction,
        Call(model.encode, (data,)),
        Call(model.decode, (message,), {"out": out}),
        data,
        ONE_MODEL,
    )


def _constriction(direction: str, n: int) -> Candidate:
    symbols, indexes = _symbols(n)
    stream = import_module("constriction").stream
    # A symbol of 16 bits is beyond what its fixed-point numbers can tell apart at these tails.
    reach = int(np.abs(symbols).max()) + 1
    model = stream.model.QuantizedGaussian(-reach, reach)
    wide, means, scales = symbols.astype(np.int32), np.zeros(n), SCALES[indexes]

    def encode() -> Any:
        coder = stream.stack.AnsCoder()
        coder.encode_reverse(wide, model, means, scales)
        return coder.get_compressed()

    words = encode()

    def decode() -> Any:
        return stream.stack.AnsCoder(words).decode(model, means, scales)

    return _both(direction, Call(encode), Call(decode), wide, CONSTRICTION)


# -- Streams of others ----------------------------------------------------------------------------


def learned_stream(what: str, direction: str, n: int) -> Ways:
    """CompressAI's streams of "arrays" or "lists", or torchac's of "tensors"."""
    if what == "tensors":
        return _torchac_ways(direction, n)
    found: dict[str, Callable[[], Candidate]] = {
        PYINFO: lambda: _compressai(what, direction, n, compressai)
    }
    if installed("compressai"):
        found[COMPRESSAI] = lambda: _compressai(what, direction, n, _their_coder())
    return found


def _their_coder() -> Any:
    """The package's coder without the package, which imports all of its models."""
    found = util.find_spec("compressai")
    assert found is not None
    assert found.origin is not None
    (path,) = Path(found.origin).parent.glob("ans.*")
    spec = util.spec_from_file_location("ans", path)
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@functools.cache
def _tables() -> tuple[Array, Array, Array]:
    """Rows of cumulative frequencies, how many of each count, and the least symbols."""
    half = math.sqrt(0.5)
    rows, least = [], []
    for scale in SCALES:
        reach = math.ceil(6.1 * scale)
        above = [math.erfc(half * (k - 0.5) / scale) / 2 for k in range(reach + 2)]
        side = [above[k] - above[k + 1] for k in range(1, reach + 1)]
        pmf = [*side[::-1], 1 - 2 * above[1], *side, max(2 * above[-1], 1e-9)]
        rows.append(compressai.pmf_to_quantized_cdf(pmf, 16))
        least.append(-reach)
    width = max(map(len, rows))
    padded = np.array([row + [0] * (width - len(row)) for row in rows], np.int32)
    return padded, np.array([*map(len, rows)], np.int32), np.array(least, np.int32)


def _compressai(what: str, direction: str, n: int, coder: Any) -> Candidate:
    """As the package's models call it, from arrays: its own coder takes lists alone."""
    symbols, indexes = (part.astype(np.int32) for part in _symbols(n))
    arrays = symbols, indexes, *_tables()
    is_ours = coder is compressai
    lists = [array.tolist() for array in arrays]
    takes_arrays = what == "arrays" and is_ours
    stream = coder.RansEncoder().encode_with_indexes(*lists)

    def given() -> Any:
        if what == "lists":
            return lists
        return arrays if takes_arrays else [array.tolist() for array in arrays]

    def encode() -> Any:
        return coder.RansEncoder().encode_with_indexes(*given())

    def decode() -> Any:
        if what == "arrays" and not takes_arrays:
            given_lists = [array.tolist() for array in arrays[1:]]
            return np.array(coder.RansDecoder().decode_with_indexes(stream, *given_lists))
        return coder.RansDecoder().decode_with_indexes(stream, *given()[1:])

    return _both(direction, Call(encode), Call(decode), symbols, COMPRESSAI)


def _torchac_ways(direction: str, n: int) -> Ways:
    if not installed("torch"):
        return {}
    found = {PYINFO: lambda: _torchac(direction, n, "pyinfo.integrations.torchac")}
    if installed("torchac", "ninja") == ["torchac", "ninja"]:
        found[TORCHAC] = lambda: _torchac(direction, n, "torchac")
    return found


def _torchac(direction: str, n: int, module: str) -> Candidate:
    torch = import_module("torch")
    coder = import_module(module)
    rng = np.random.default_rng(5)
    frequencies = rng.integers(1, 4000, (n, ALPHABET))
    cdf = np.zeros((n, ALPHABET + 1))
    np.cumsum(frequencies, axis=1, out=cdf[:, 1:])
    cdf *= 65536 / cdf[:, -1:]
    whole = cdf.astype(np.int64).astype(np.uint16)  # 65536 is stored as 0
    drawn = (rng.random((n, 1)) * 65536 >= cdf[:, 1:-1]).sum(axis=1)
    table = torch.from_numpy(whole.view(np.int16))
    symbols = torch.from_numpy(drawn.astype(np.int16))
    stream = coder.encode_int16_normalized_cdf(table, symbols)
    return _both(
        direction,
        Call(coder.encode_int16_normalized_cdf, (table, symbols)),
        Call(coder.decode_int16_normalized_cdf, (table, stream)),
        drawn,
        module,
    )
