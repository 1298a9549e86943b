"""Hypothesis profiles, markers, and the instruction set in the header of a run."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

import pyinfo.config

# Tests start interpreters of their own; those, too, are to find the pyinfo that is installed, not
# the sources in the current folder.
os.environ["PYTHONSAFEPATH"] = "1"

# Nor are they workers of pytest-xdist: plugins ask the environment.
for name in [name for name in os.environ if name.startswith("PYTEST_XDIST_")]:
    del os.environ[name]

# A shell makes programs in its background ignore these, and what they start inherits that; tests
# send them to programs that are to end.
for name, handler in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
    number = getattr(signal, name, None)
    if number is not None and signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, handler)

settings.register_profile("dev", deadline=None, max_examples=50)
settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "dev"))


@pytest.fixture(scope="module", autouse=True)
def _small_heap() -> Iterator[None]:
    """Leave what is there already out of collections: tests for leaks make hundreds."""
    gc.freeze()
    yield
    gc.unfreeze()


def pytest_report_header(config: pytest.Config) -> str:
    facts = pyinfo.config.config()
    available = ", ".join(facts["available_isas"])
    return f"pyinfo {facts['version']}: instruction set {facts['isa']} of {available}"
