"""How often values occur: alone, together, and in streams."""

from pyinfo._namespace import publish
from pyinfo.counting.counts import Counts
from pyinfo.counting.joint_counts import JointCounts

__all__ = ["Counts", "JointCounts"]

publish(globals())


def __dir__() -> list[str]:
    return [*__all__]
