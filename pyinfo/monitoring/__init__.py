"""Whether data that keep coming are still like those that there were."""

from pyinfo._namespace import publish
from pyinfo.monitoring.drift import Drift, DriftTable, DriftWarning, drift

__all__ = ["Drift", "DriftTable", "DriftWarning", "drift"]

publish(globals())


def __dir__() -> list[str]:
    return [*__all__]
