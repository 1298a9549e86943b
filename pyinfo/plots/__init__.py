"""Pictures of what pyinfo measures. Needs matplotlib (extra ``plot``).

Every function takes the axes to draw on, or makes a figure of its own, and returns the axes. None
uses pyplot: nothing is shown, registered or set for other pictures.
"""

from pyinfo._namespace import publish

try:
    import matplotlib as _matplotlib  # noqa: F401
except ImportError as _error:
    raise ImportError(
        "pictures need matplotlib, the extra 'plot': pip install 'pyinfo[plot]'"
    ) from _error

# isort: split
from pyinfo.plots.byte_maps import byte_planes, entropy_map
from pyinfo.plots.codes import code_tree
from pyinfo.plots.costs import budget, calibration, growth, rate_distortion
from pyinfo.plots.dependence import pairwise_mutual_information
from pyinfo.plots.distributions import log_histogram
from pyinfo.plots.drifts import divergence_over_batches, drift_intervals

__all__ = [
    "budget",
    "byte_planes",
    "calibration",
    "code_tree",
    "divergence_over_batches",
    "drift_intervals",
    "entropy_map",
    "growth",
    "log_histogram",
    "pairwise_mutual_information",
    "rate_distortion",
]

publish(globals())


def __dir__() -> list[str]:
    return [*__all__]
