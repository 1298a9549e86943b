"""docs/entropy-models-format.md: its example and vectors, by the library and the plain decoder."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pyinfo.entropy_models import Categorical, Cdfs, Gaussian, Laplace, Logistic
from pyinfo.entropy_models.symbol_models import SymbolModels
from pyinfo.errors import CorruptDataError
from support import broken_models, plain_models_decoder
from support.plain_decoder import FormatError, crc, le32
from support.plain_models_decoder import Table, Tables

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "entropy-models-format.md"
EXAMPLE = re.compile(r"<!-- bytes: ([\w ]+) -->\n```text\n(.*?)```", re.DOTALL)
HEX = re.compile(r"^([0-9a-f]{2}(?: [0-9a-f]{2})*)(?:  |$)", re.MULTILINE)
EXAMPLES = {
    match[1]: bytes.fromhex(" ".join(HEX.findall(match[2])))
    for match in EXAMPLE.finditer(PAGE.read_text("utf-8"))
}
VECTORS = json.loads((ROOT / "tests" / "data" / "models_vectors.json").read_text("utf-8"))
Facts = dict[str, Any]
SMALL = Cdfs(broken_models.CDFS, offsets=broken_models.OFFSETS, precision=8)


def plain(models: SymbolModels) -> Tables:
    tables = (models.table(i) for i in range(len(models)))
    return Tables(models.precision, tuple(Table(least, tuple(f.tolist())) for least, f in tables))


def test_example() -> None:
    symbols, indexes = np.array([0, 0, 1, 9], np.int16), broken_models.INDEXES
    assert SMALL.encode(symbols, indexes) == EXAMPLES["four symbols"] == broken_models.good()
    assert plain(SMALL) == broken_models.TABLES
    decoded = plain_models_decoder.decode(broken_models.good(), broken_models.TABLES, indexes)
    assert decoded == symbols.tolist()


def models_of(vector: Facts) -> SymbolModels:
    kinds = {kind.__name__: kind for kind in (Gaussian, Laplace, Logistic, Categorical, Cdfs)}
    made: SymbolModels = kinds[vector["models"]](*vector["arguments"], **vector["options"])
    return made


@pytest.mark.parametrize("vector", [pytest.param(v, id=v["name"]) for v in VECTORS["decoded"]])
def test_vectors(vector: Facts) -> None:
    models, message = models_of(vector), bytes.fromhex(vector["message"])
    symbols, indexes = np.array(vector["symbols"], vector["dtype"]), vector["indexes"]
    assert models.fingerprint == vector["fingerprint"]
    means = vector.get("means")
    assert models.encode(symbols, indexes, means) == message
    decoded = models.decode(message, indexes, means)
    assert decoded.dtype == symbols.dtype
    assert decoded.tolist() == vector["symbols"]
    if means is None:
        assert plain_models_decoder.decode(message, plain(models), indexes) == vector["symbols"]


@pytest.mark.parametrize("vector", [pytest.param(v, id=v["rule"]) for v in VECTORS["refused"]])
def test_vectors_that_must_be_refused(vector: Facts) -> None:
    message, indexes = bytes.fromhex(vector["message"]), broken_models.INDEXES
    with pytest.raises(FormatError):
        plain_models_decoder.decode(message, broken_models.TABLES, indexes)
    with pytest.raises(CorruptDataError):
        SMALL.decode(message, indexes)


def test_stored_vectors_are_those_of_the_rules() -> None:
    stored = [(vector["rule"], vector["message"]) for vector in VECTORS["refused"]]
    assert stored == [(rule, message.hex()) for rule, message in broken_models.all_of_them()]


@pytest.mark.parametrize("n", [0, 1, 5, 300, 3000])
def test_plain_decoder_reads_what_is_written(n: int) -> None:
    models = Gaussian([0.3, 2, 20, 60], precision=10)
    rng = np.random.default_rng(n)
    indexes = rng.integers(0, 4, n)
    symbols = np.rint(rng.standard_normal(n) * models.scales[indexes] * 1.2).astype(np.int32)
    message = models.encode(symbols, indexes)
    decoded = plain_models_decoder.decode(message, plain(models), indexes.tolist())
    assert decoded == symbols.tolist()


@pytest.mark.parametrize("seed", range(4))
def test_mutations_have_one_verdict(seed: int) -> None:
    """A byte or more changed, with checks as they are and made right again."""
    rng = random.Random(seed)
    models = Gaussian([0.3, 2, 20, 60], precision=9)
    indexes = [rng.randrange(4) for _ in range(1200)]
    symbols = [round(rng.gauss(0, models.scales[i])) for i in indexes]
    message, tables = models.encode(symbols, indexes), plain(models)
    for turn in range(60):
        damaged = bytearray(message)
        for _ in range(rng.choice([1, 1, 2])):
            damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        if turn % 2:
            damaged = with_right_check(damaged)
        if turn % 7 == 0:
            del damaged[rng.randrange(len(damaged)) :]
        try:
            expected = plain_models_decoder.decode(bytes(damaged), tables, indexes)
        except FormatError:
            with pytest.raises(ValueError):  # noqa: PT011 - of flags and sizes, too
                models.decode(bytes(damaged), indexes)
        else:
            assert models.decode(bytes(damaged), indexes).tolist() == expected


def with_right_check(message: bytearray) -> bytearray:
    at = 6
    while message[at] & 128:
        at += 1
    begin = at = at + 5
    at += 1
    for _ in range(3):
        while at < len(message) - 9 and message[at] & 128:
            at += 1
        at += 1
    fields = bytes(message[begin : at + 4])
    check = crc(fields + bytes(message[at + 8 :]), crc(bytes(message[:begin])))
    message[at + 4 : at + 8] = le32(check)
    return message
