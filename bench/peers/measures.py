"""The public measures on distributions, what they take and how their cost is claimed to grow."""

import functools
import inspect
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

import pyinfo.measures
from bench.inputs.distributions import Array, Shape, distribution
from bench.peers.candidate import PYINFO, Candidate
from bench.peers.measure_peers import Way, peers
from bench.peers.reference import ALPHA, LINES
from pyinfo.testing.timing import Call

# In float64 on the same values. The bounds leave room for how the peers sum (float32 sums in
# float32); a wrong formula or unit is far outside.
TOLERANCE: Mapping[str, float] = {"float64": 1e-9, "float32": 1e-3}


@dataclass(frozen=True)
class Measure:
    """One public measure of one or two distributions."""

    name: str
    distributions: int = 1
    extra: tuple[float, ...] = ()
    elementwise: bool = False
    time: str = "n"
    memory: str = "1"

    def inputs(self, shape: Shape, dtype: str = "float64", axis: int = -1) -> tuple[Array, ...]:
        """As many different distributions as the measure takes."""
        return tuple(
            distribution(shape, dtype, axis=axis, seed=seed) for seed in range(self.distributions)
        )

    def call(self, inputs: tuple[Array, ...], **options: Any) -> Call:
        """A call of pyinfo's function."""
        return Call(getattr(pyinfo.measures, self.name), (*inputs, *self.extra), options)

    def ways(self) -> tuple[Way, ...]:
        """NumPy's lines and what the installed peers offer."""
        return (*LINES[self.name], *peers(self.name))


def _of(name: str) -> Measure:
    """What the signature says."""
    parameters = inspect.signature(getattr(pyinfo.measures, name)).parameters
    return Measure(
        name,
        distributions=2 if "q" in parameters else 1,
        extra=(ALPHA,) if "alpha" in parameters else (),
        elementwise="axis" not in parameters,
    )


MEASURES: Mapping[str, Measure] = {name: _of(name) for name in LINES}


def rows(measure: str, dtype: str, shape: Shape, axis: int | None) -> list[str]:
    """pyinfo, the NumPy lines and the installed peers' functions; axis None names no axis."""
    fitting = (way for way in MEASURES[measure].ways() if way.fits(dtype, axis is not None))
    return [PYINFO, *(way.name for way in fitting)]


def candidate(row: str, measure: str, dtype: str, shape: Shape, axis: int | None) -> Candidate:
    """One way to compute a measure; it has to agree with the plainest line."""
    inputs = _inputs(measure, dtype, shape, axis)
    given = {} if axis is None else {"axis": axis}
    if row == PYINFO:
        way, call = Way(row, int), MEASURES[measure].call(inputs, **given)
    else:
        way = next(way for way in MEASURES[measure].ways() if way.name == row)
        call = Call(way.function, inputs, {**way.options, **given})

    def check() -> None:
        np.testing.assert_allclose(
            np.asarray(way.to_measure(call()), dtype=np.float64),
            _expected(measure, dtype, shape, axis),
            rtol=max(TOLERANCE[dtype], way.error(dtype)),
            err_msg=f"{row} does not compute {measure}",
        )

    return Candidate(call, check)


@functools.lru_cache(maxsize=1)
def _inputs(measure: str, dtype: str, shape: Shape, axis: int | None) -> tuple[Array, ...]:
    return MEASURES[measure].inputs(shape, dtype, -1 if axis is None else axis)


@functools.lru_cache(maxsize=1)
def _expected(measure: str, dtype: str, shape: Shape, axis: int | None) -> Any:
    inputs = _inputs(measure, dtype, shape, axis)
    exact = (values.astype(np.float64, copy=False) for values in inputs)
    return LINES[measure][0].function(*exact, **({} if axis is None else {"axis": axis}))


def touched(measure: str, dtype: str, shape: Shape) -> int:
    """Bytes that are read."""
    return math.prod(shape) * np.dtype(dtype).itemsize * MEASURES[measure].distributions
