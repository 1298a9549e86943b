"""The pytest plugin of pyinfo: the fixture and the marker ``complexity``.

pytest loads it in every run where pyinfo is installed, so it imports nothing at start-up: NumPy and
`pyinfo.testing` come with the first claim that is checked. That is why it is a package of its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pyinfo.testing import Complexity, Verdict

_MARKER = (
    'complexity(claim="n", *, parameter="n", **options): how cost grows; options are those of '
    "pyinfo.testing.assert_complexity. With the fixture `complexity` they are its defaults; on a "
    "test that uses pytest-benchmark and is parametrized by `parameter`, its times are judged."
)
_BUSY = "the machine is busy"
_NOT_JUDGED = "not judged"
_FEWEST_SIZES = 6  # as in pyinfo.testing.growth, which is not imported to know it
_BENCHMARKS = pytest.StashKey["dict[str, _Benchmarks]"]()
_CHECKED = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that switches from times to counted instructions."""
    parser.getgroup("pyinfo").addoption(
        "--complexity-by",
        choices=("time", "instructions"),
        help="what the fixture `complexity` measures, unless a test says it (default: time)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line("markers", _MARKER)
    config.stash[_BENCHMARKS] = {}
    config.stash[_CHECKED] = []


@pytest.fixture
def complexity(request: pytest.FixtureRequest) -> Callable[..., Complexity]:
    """Assert how cost grows: `pyinfo.testing.assert_complexity`, with the marker's defaults."""
    marked = _marked(request.node)
    marked.pop("parameter", None)
    by = request.config.getoption("--complexity-by")
    defaults = {"by": by} if by else {}

    def check(
        func: Callable[..., Any], make_input: Callable[[int], Any], *claim: Any, **options: Any
    ) -> Complexity:
        __tracebackhide__ = True
        from pyinfo.testing import measure_complexity

        if claim:
            (options["claim"],) = claim
        found = measure_complexity(func, make_input, **{**defaults, **marked, **options})
        request.config.stash[_CHECKED].append(str(found).partition("\n")[0])
        request.node.add_report_section("call", "complexity", str(found))
        if not found.judged:
            _leave_unjudged(str(found))
        if not found.passed:
            raise AssertionError(str(found))
        return found

    return check


class _Benchmarks:
    """The tests of one function that differ in n alone, and what pytest-benchmark found."""

    def __init__(self) -> None:
        self.waiting = 0
        self.seconds: dict[int, float] = {}
        self.records: list[dict[str, Any]] = []  # what goes to pytest-benchmark's JSON
        self.disturbed = 0.0  # the largest share of the time that others took
        self.name = ""


def pytest_collection_finish(session: pytest.Session) -> None:
    """Count the sizes of every benchmark with a claim, to know which is the last to run."""
    groups = session.config.stash[_BENCHMARKS]
    for item in session.items:
        if _judged_by_benchmark(item):
            groups.setdefault(_key(item), _Benchmarks()).waiting += 1


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Note a benchmark's time; the last size of a group is where the claim is judged."""
    group = item.config.stash[_BENCHMARKS].get(_key(item)) if _judged_by_benchmark(item) else None
    if group is None:
        checked = item.config.stash[_CHECKED]
        before = len(checked)
        yield
        if len(checked) == before and any(own.name == "complexity" for own in item.own_markers):
            checked.append(f"{item.name}: not judged, the test has called no fixture that measures")
        return
    from pyinfo.testing.clocks import Disturbance

    group.waiting -= 1
    group.name = item.nodeid.partition("[")[0].rpartition("::")[2]
    with Disturbance() as others:
        yield
    benchmark = item.funcargs["benchmark"]  # type: ignore[attr-defined]
    if benchmark.stats is not None:  # it is None when benchmarks are disabled
        group.seconds[_size(item)] = benchmark.stats["min"]
        group.records.append(benchmark.extra_info)
        group.disturbed = max(group.disturbed, others.share)
    if group.waiting == 0 and group.seconds:
        _judge_group(item, group)


def _judge_group(item: pytest.Item, group: _Benchmarks) -> None:
    checked = item.config.stash[_CHECKED]
    if len(group.seconds) < _FEWEST_SIZES:
        count = len(group.seconds)
        sizes = f"{count} size{'s'[: count != 1]} of at least {_FEWEST_SIZES}"
        checked.append(f"{group.name}: not judged, {sizes}")
        _record(group, {"outcome": "not judged", "reasons": [sizes]})
        return
    verdict = _judge(item, group)
    outcome = "holds" if verdict.passed else "does not hold"
    if not verdict.judged:
        outcome = f"not judged, {_BUSY}"
    text = f"{group.name}: O({verdict.claim}) time, {outcome}"
    checked.append(text)
    reasons = list(verdict.reasons)
    _record(
        group,
        {"claim": verdict.claim, "outcome": outcome.partition(",")[0], "reasons": reasons},
    )
    if not verdict.judged:
        _leave_unjudged("\n".join([text, *(f"  {why}" for why in reasons)]))
    if not verdict.passed:
        pytest.fail("\n".join([text, *(f"  {why}" for why in reasons)]), pytrace=False)


def _record(group: _Benchmarks, verdict: dict[str, Any]) -> None:
    """Write the verdict into pytest-benchmark's JSON, beside each of the times it is about."""
    for record in group.records:
        record["complexity"] = verdict


def _leave_unjudged(text: str) -> None:
    pytest.skip(f"{_BUSY}, {_NOT_JUDGED}: {text}")


def pytest_report_teststatus(
    report: pytest.TestReport | pytest.CollectReport,
) -> tuple[str, str, str] | None:
    """Let tests whose claims were not judged have an outcome of their own."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
    if report.skipped and f"{_BUSY}, {_NOT_JUDGED}" in reason:
        return _NOT_JUDGED, "B", "NOT JUDGED"
    return None


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let what a process of pytest-xdist has checked be printed by the one that started it."""
    config = session.config
    if not hasattr(config, "workeroutput"):
        return
    checked = config.stash[_CHECKED]
    checked += [
        f"{group.name}: not judged, pytest-xdist does not run all sizes in one process"
        for group in config.stash[_BENCHMARKS].values()
        if group.name and (group.waiting > 0 or not group.seconds)
    ]
    config.workeroutput["pyinfo_checked"] = checked


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a process of pytest-xdist has checked."""
    checked = node.config.stash[_CHECKED]
    found = getattr(node, "workeroutput", {}).get("pyinfo_checked", [])
    checked += [line for line in found if line not in checked]


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """List what was checked."""
    checked = config.stash[_CHECKED]
    if checked:
        terminalreporter.section("complexity")
        for line in checked:
            terminalreporter.write_line(line)


def _marked(node: Any) -> dict[str, Any]:
    """Return the options of a node's marker."""
    marker = node.get_closest_marker("complexity")
    if marker is None:
        return {}
    if len(marker.args) > 1:
        raise pytest.UsageError(f"{node.nodeid}: the marker complexity takes one claim")
    return {**({"claim": marker.args[0]} if marker.args else {}), **marker.kwargs}


def _judged_by_benchmark(item: pytest.Item) -> bool:
    names = getattr(item, "fixturenames", ())
    marked = item.get_closest_marker("complexity") is not None
    return marked and "benchmark" in names and "complexity" not in names


def _parameter(item: pytest.Item) -> str:
    return str(_marked(item).get("parameter", "n"))


def _size(item: pytest.Item) -> int:
    params = item.callspec.params if hasattr(item, "callspec") else {}
    name = _parameter(item)
    if name not in params:
        raise pytest.UsageError(f"{item.nodeid}: a claim on benchmarks needs a parameter {name!r}")
    return int(params[name])


def _key(item: pytest.Item) -> str:
    """Return the test and all of its parameters but the size."""
    _size(item)
    others = {k: v for k, v in item.callspec.params.items() if k != _parameter(item)}  # type: ignore[attr-defined]
    return f"{item.nodeid.partition('[')[0]} {sorted((k, repr(v)) for k, v in others.items())}"


def _judge(item: pytest.Item, group: _Benchmarks) -> Verdict:
    from pyinfo.testing.complexity import judge_seconds

    options = _marked(item)
    options.pop("parameter", None)
    options["disturbed"] = group.disturbed
    allowed = inspect.signature(judge_seconds).parameters
    unknown = sorted(set(options) - set(allowed))
    if unknown:
        raise pytest.UsageError(
            f"{item.nodeid}: {', '.join(unknown)} makes no sense for times that are measured"
        )
    return judge_seconds(dict(sorted(group.seconds.items())), **options)
