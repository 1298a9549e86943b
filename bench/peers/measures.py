"""The public measures, what they take, and how their cost is claimed to grow."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

import pyinfo
from bench.inputs.distributions import Array, Shape, distribution
from bench.processes.timing import Call

ALPHA = 1.5  # no special case of any order


@dataclass(frozen=True)
class Measure:
    """One public measure of one or two distributions."""

    name: str
    distributions: int = 1
    extra: tuple[float, ...] = ()
    elementwise: bool = False
    time: str = "n"
    memory: str = "1"

    @property
    def function(self) -> Callable[..., Any]:
        function: Callable[..., Any] = getattr(pyinfo.measures, self.name)
        return function

    def inputs(self, shape: Shape, dtype: str = "float64", axis: int = -1) -> tuple[Array, ...]:
        """As many different distributions as the measure takes."""
        return tuple(
            distribution(shape, dtype, axis=axis, seed=seed) for seed in range(self.distributions)
        )

    def call(self, inputs: tuple[Array, ...], **options: Any) -> Call:
        """A call of pyinfo's function."""
        return Call(self.function, (*inputs, *self.extra), options)

    def call_without_result(self, inputs: tuple[Array, ...]) -> Call:
        """A call whose extra memory is the function's own: an elementwise one is given its out."""
        out = {"out": np.empty_like(inputs[0])} if self.elementwise else {}
        return self.call(inputs, **out)


def _of(name: str) -> Measure:
    """What the signature says."""
    parameters = inspect.signature(getattr(pyinfo.measures, name)).parameters
    return Measure(
        name,
        distributions=2 if "q" in parameters else 1,
        extra=(ALPHA,) if "alpha" in parameters else (),
        elementwise="axis" not in parameters,
    )


MEASURES: Mapping[str, Measure] = {name: _of(name) for name in pyinfo.measures.__all__}
