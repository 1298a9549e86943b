"""The public measures, what they take, and how their cost is claimed to grow."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

import pyinfo
from bench.inputs.distributions.distributions import Array, Shape, distribution
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
        function: Callable[..., Any] = getattr(pyinfo, self.name)
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


_ALL = (
    Measure("information_content", elementwise=True),
    Measure("entropy"),
    Measure("cross_entropy", 2),
    Measure("kl_divergence", 2),
    Measure("js_divergence", 2),
    Measure("js_distance", 2),
    Measure("renyi_entropy", extra=(ALPHA,)),
    Measure("tsallis_entropy", extra=(ALPHA,)),
    Measure("renyi_divergence", 2, extra=(ALPHA,)),
    Measure("jeffreys_divergence", 2),
    Measure("hellinger_distance", 2),
    Measure("bhattacharyya_distance", 2),
    Measure("total_variation_distance", 2),
)
MEASURES: Mapping[str, Measure] = {measure.name: measure for measure in _ALL}
