"""Options and shared parts of the pytest-benchmark files."""

import pytest

from bench.peers import codecs, functions, measure_peers
from bench.processes.machine import describe
from bench.processes.timing import pin_to_one_cpu

QUICK_LIMIT = 10_000
QUICK_SECONDS = 0.005
PACKAGES = (*measure_peers.PACKAGES, *codecs.PACKAGES, *functions.PACKAGES.values())


class Clock:
    """A clock that stands still until somebody moves it: for what other processes time."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


CLOCK = Clock()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--quick", action="store_true", help=f"benchmarks: only up to {QUICK_LIMIT:,} elements"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "elements(n): the size of a benchmark's input")
    if config.getoption("--quick"):
        config.option.benchmark_max_time = QUICK_SECONDS


@pytest.fixture(scope="session", autouse=True)
def one_cpu() -> None:
    pin_to_one_cpu()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--quick"):
        return
    large = [item for item in items if _elements(item) > QUICK_LIMIT]
    config.hook.pytest_deselected(items=large)
    items[:] = [item for item in items if _elements(item) <= QUICK_LIMIT]


def _elements(item: pytest.Item) -> int:
    marker = item.get_closest_marker("elements")
    return int(marker.args[0]) if marker else 0


def pytest_benchmark_update_machine_info(machine_info: dict[str, object]) -> None:
    machine_info.update(describe(*dict.fromkeys(PACKAGES)))
