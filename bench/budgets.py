"""Budgets: `allocate` beside HiGHS, and `fit` beside one width for all weights.

``python -m bench.budgets [TENSORS]``: tables of tensors (1000 by default) with 16 choices, one of
them with half the bytes; then a synthetic model of 90 MB in float32. Times are processor times of
this thread, medians of rounds; HiGHS runs once, for a gap of 1e-3, with a limit of a minute.
Uniform 6-bit integers of each tensor's largest magnitude are counted at their entropy, no tables:
`fit` gets these bytes.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

from pyinfo import safetensors
from pyinfo.quantization import allocate, fit, rate_distortion
from pyinfo.safetensors.numpy import save_file

ROUNDS = 9
CHOICES = 16
Table = NDArray[np.float64]


def table(tensors: int) -> tuple[Table, Table]:
    """Costs in whole bytes, and errors that fall by 6 dB a bit, with some noise."""
    random = np.random.default_rng(1)
    sizes = np.exp(random.normal(10, 1.5, tensors))[:, None]
    sizes[0] = sizes[1:].sum()
    bits = np.sort(random.uniform(1, 9, (tensors, CHOICES)), 1)
    spread = np.exp(random.normal(0, 1, (tensors, 1)))
    noise = np.exp(random.normal(0, 0.1, (tensors, CHOICES)))
    return np.round(sizes * bits / 8), sizes * spread * 4.0**-bits * noise


def highs(costs: Table, errors: Table, budget: float) -> float:
    """The error that HiGHS finds."""
    count = costs.size
    scale = float(errors.min(1).sum()) / 1000  # far above absolute tolerances
    one_each = sparse.kron(sparse.eye(len(costs)), np.ones((1, CHOICES)))
    found = optimize.milp(
        errors.ravel() / scale,
        integrality=np.ones(count),
        bounds=optimize.Bounds(0, 1),
        constraints=[
            optimize.LinearConstraint(one_each, 1, 1),
            optimize.LinearConstraint(costs.reshape(1, -1), 0, budget),
        ],
        options={"mip_rel_gap": 1e-3, "time_limit": 60},
    )
    return float("inf") if found.x is None else float(errors.ravel() @ np.round(found.x))


def timed(call: Callable[[], Any], rounds: int = ROUNDS) -> tuple[float, Any]:
    """Processor seconds, and what is returned."""
    taken, result = [], None
    for _ in range(rounds):
        begin = time.thread_time()
        result = call()
        taken.append(time.thread_time() - begin)
    return statistics.median(taken), result


def of_tables(tensors: int) -> None:
    """Print a line for each budget."""
    costs, errors = table(tensors)
    least, most = costs.min(1).sum(), costs.max(1).sum()
    for share in (0.1, 0.3, 0.5, 0.8):
        budget = float(np.floor(least + share * (most - least)))
        ours, found = timed(lambda budget=budget: allocate(costs, errors, budget))
        theirs, error = timed(lambda budget=budget: highs(costs, errors, budget), 1)
        print(
            f"allocate {tensors} x {CHOICES}, {share:.0%} of the range: {1e3 * ours:.2f} ms, gap "
            f"{found.gap:.1e}; HiGHS {theirs:.2f} s ({theirs / ours:.0f} x), error "
            f"{error / found.error:.5f} of ours"
        )


def model() -> dict[str, NDArray[np.float32]]:
    """22.6 million weights of a small encoder, whose spreads and outliers differ as real ones do.

    How much `fit` gains is decided by that: nothing where all tensors are alike, whatever they are.
    """
    random = np.random.default_rng(2)

    def weights(*shape: int) -> NDArray[np.float32]:
        spread = 0.04 * np.exp(random.normal(0, 0.5))
        tails = random.choice([4.0, 6.0, 10.0, 30.0])
        return (spread * random.standard_t(tails, size=shape)).astype(np.float32)

    tensors = {"embeddings": weights(30522, 384)}
    for i in range(6):
        tensors |= {f"layer.{i}.{part}": weights(384, 384) for part in ("q", "k", "v", "o")}
        tensors |= {f"layer.{i}.up": weights(1536, 384), f"layer.{i}.down": weights(384, 1536)}
        tensors |= {f"layer.{i}.norm": np.ones(384, np.float32)}
    return tensors


def of_a_model(folder: Path) -> None:
    """Print what `fit` takes and loses."""
    tensors = model()
    save_file(tensors, folder / "packed.safetensors")
    source = folder / "model.safetensors"
    safetensors.unpack(folder / "packed.safetensors", source)
    error, size = 0.0, 0.0
    for weights in tensors.values():
        if weights.ndim > 1:
            step = float(abs(weights).max()) / 31
            point = rate_distortion(weights, bits=(), steps=[step]).steps[0]
            error, size = error + point.error, size + point.coded_bytes
    for name, budget in (("8 MB", 8_000_000), ("the bytes of 6-bit absmax", int(size))):
        taken, found = timed(
            lambda budget=budget: fit(source, budget, destination=folder / "fitted.safetensors"), 3
        )
        print(
            f"fit {source.stat().st_size / 1e6:.1f} MB to {name}: {taken:.2f} s, "
            f"{found.size:,} of {budget:,} bytes, predicted {found.predicted_size:,}, error "
            f"{found.error:.5g}, gap {found.gap:.1e}"
        )
    print(f"6-bit absmax: {size:,.0f} bytes, error {error:.5g} ({found.error / error:.3f} of it)")


def main(tensors: int) -> None:
    """Run both."""
    of_tables(tensors)
    with tempfile.TemporaryDirectory() as folder:
        of_a_model(Path(folder))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
