"""Write the test vectors of docs/entropy-models-format.md to tests/data/models_vectors.json.

`python tools/models_vectors.py` needs pyinfo installed. What must be refused is refused by the
plain decoder before it is stored.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from pyinfo import entropy_models

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support import broken_models, plain_models_decoder
from support.plain_decoder import FormatError

FILE = Path(__file__).resolve().parents[1] / "tests" / "data" / "models_vectors.json"
SCALES = [0.2, 1.0, 7.5, 90.0]
Facts = dict[str, Any]


def decoded() -> Iterator[Facts]:
    random = np.random.default_rng(17)
    indexes = random.integers(0, 4, 900)
    symbols = np.rint(random.standard_normal(900) * np.array(SCALES)[indexes]).astype(int)
    means = random.integers(-80, 80, 100) / 16
    edges = [0, 9, -9, 200, -200, 2**31 - 1, -(2**31), 40000, -1]
    cdfs = [[0, 16384, 49152, 62259, 65536], [0, 58982, 62259, 64225, 65536]]
    pmfs = [[0.5, 0.25, 0.25], [0.01, 0.99]]
    few = symbols[:200], indexes[:200]
    shifted = np.rint(symbols[:100] + means).astype(int)
    yield vector("nothing", "Gaussian", [[1.0]], {}, "int16", [], [])
    yield vector("one symbol", "Gaussian", [[1.0]], {}, "int16", [2], [0])
    yield vector(
        "escapes", "Gaussian", [[0.5, 3.0]], {}, "int32", edges, [0, 0, 1, 1, 0, 1, 0, 1, 1]
    )
    yield vector("lanes and a tail", "Gaussian", [SCALES], {}, "int16", symbols, indexes)
    yield vector("precision 14", "Laplace", [SCALES], {"precision": 14}, "int16", *few)
    yield vector("precision 8", "Logistic", [SCALES], {"precision": 8}, "int16", *few)
    options = {"mean_steps": 8}
    yield vector("means", "Gaussian", [SCALES], options, "int32", shifted, indexes[:100], means)
    yield vector("pmfs", "Categorical", [pmfs], {}, "int16", [0, 1, 2, 1, 1, 0], [0, 0, 0, 1, 1, 1])
    arguments = [cdfs, [5, 5], [-1, 0]]
    yield vector("cdfs", "Cdfs", arguments, {}, "int32", [-1, 0, 1, 0, 2, 9], [0, 0, 0, 1, 1, 1])


def vector(
    name: str,
    kind: str,
    arguments: list[Any],
    options: Facts,
    dtype: str,
    symbols: Any,
    indexes: Any,
    means: Any = None,
) -> Facts:
    models = getattr(entropy_models, kind)(*arguments, **options)
    values = np.array(symbols, dtype)
    return {
        "name": name,
        "models": kind,
        "arguments": arguments,
        "options": options,
        "dtype": dtype,
        "fingerprint": models.fingerprint,
        "symbols": values.tolist(),
        "indexes": np.array(indexes, int).tolist(),
        **({} if means is None else {"means": means.tolist()}),
        "message": models.encode(values, np.array(indexes, int), means).hex(),
    }


def refused() -> Iterator[Facts]:
    for rule, message in broken_models.all_of_them():
        try:
            plain_models_decoder.decode(message, broken_models.TABLES, broken_models.INDEXES)
        except FormatError:
            yield {"rule": rule, "message": message.hex()}
        else:
            raise AssertionError(f"not refused: {rule}")


if __name__ == "__main__":
    FILE.write_text(json.dumps({"decoded": list(decoded()), "refused": list(refused())}) + "\n")
