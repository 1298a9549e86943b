"""Options and shared parts of the pytest-benchmark files."""

import pytest

from bench.processes.machine import describe, pin_to_one_cpu

QUICK_LIMIT = 10_000
QUICK_SECONDS = 0.005


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--quick", action="store_true", help=f"benchmarks: only up to {QUICK_LIMIT:,} elements"
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--quick"):
        config.option.benchmark_max_time = QUICK_SECONDS


@pytest.fixture(scope="session", autouse=True)
def one_cpu() -> None:
    pin_to_one_cpu()


def pytest_benchmark_update_machine_info(machine_info: dict[str, object]) -> None:
    machine_info.update(describe())
