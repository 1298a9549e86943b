"""Hypothesis profiles, markers, and the instruction set in the header of a run."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

import pyinfo.config

# Tests start interpreters of their own; those, too, are to find the pyinfo that is installed, not
# the sources in the current folder.
os.environ["PYTHONSAFEPATH"] = "1"

settings.register_profile("dev", deadline=None, max_examples=50)
settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "dev"))


def pytest_report_header(config: pytest.Config) -> str:
    facts = pyinfo.config.config()
    available = ", ".join(facts["available_isas"])
    return f"pyinfo {facts['version']}: instruction set {facts['isa']} of {available}"
