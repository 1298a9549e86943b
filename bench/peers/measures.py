"""The public measures on distributions: what they take, and everything that computes them."""

import functools
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

import pyinfo.measures
from bench.inputs.distributions import Array, Shape, distribution
from bench.peers.candidate import PYINFO, Candidate, Ways
from bench.peers.measure_peers import Way, peers
from bench.peers.reference import ALPHA, LINES
from pyinfo.testing.timing import Call


@dataclass(frozen=True)
class Measure:
    """One public measure of one or two distributions."""

    name: str
    distributions: int
    extra: tuple[float, ...]
    elementwise: bool

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


def measure(name: str, dtype: str, shape: Shape, axis: int | None) -> Ways:
    """pyinfo, the NumPy lines and the installed peers' functions; axis None names no axis."""
    of, given = MEASURES[name], {} if axis is None else {"axis": axis}

    def prepare(way: Way) -> Candidate:
        """It has to agree with the plainest line."""
        inputs = _inputs(name, dtype, shape, axis)
        if way.name == PYINFO:
            call = of.call(inputs, **given)
        else:
            call = Call(way.function, inputs, {**way.options, **given})

        def check() -> None:
            np.testing.assert_allclose(
                np.asarray(way.to_measure(call()), dtype=np.float64),
                _expected(name, dtype, shape, axis),
                rtol=way.tolerances[dtype],
                err_msg=f"{way.name} does not compute {name}",
            )

        return Candidate(call, check)

    return {
        way.name: functools.partial(prepare, way)
        for way in (Way(PYINFO, of.call), *of.ways())
        if dtype in way.tolerances and (axis is None or way.batches)
    }


@functools.lru_cache(maxsize=1)
def _inputs(name: str, dtype: str, shape: Shape, axis: int | None) -> tuple[Array, ...]:
    return MEASURES[name].inputs(shape, dtype, -1 if axis is None else axis)


@functools.lru_cache(maxsize=1)
def _expected(name: str, dtype: str, shape: Shape, axis: int | None) -> Any:
    """By the plainest line, in float64."""
    inputs = _inputs(name, dtype, shape, axis)
    exact = (values.astype(np.float64, copy=False) for values in inputs)
    return LINES[name][0].function(*exact, **({} if axis is None else {"axis": axis}))
