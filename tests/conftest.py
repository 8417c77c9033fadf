"""What every test may ask for: a database, a broker, a browser. And the rule that CI skips nothing."""

import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from tests.distributing import Sharing
from tests.services import KINDS, ProgramMissing, Server, postgres, rabbitmq, redis, shared
from tests.statements import shared_statements

#: Databases with tables and without, for the suites that run on each kind.
pytest_plugins = ("tests.store.databases",)

#: A test that asks for one of these carries the marker of that name, so `-m "not rabbitmq"` leaves it out.
MARKED = {
    "postgres_server": "postgres",
    "redis_url": "redis",
    "rabbitmq_url": "rabbitmq",
    "chromium": "browser",
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
#: What Chromium leaves out. For each window it would make two pages of its own, below an address bar that nobody sees,
#: and they take more time than ours. Only the last list counts, so this one repeats what Playwright turns off.
LEFT_OUT = (
    "WebUIOmniboxPopup,WebUIOmniboxAimPopup,"
    "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,"
    "LensOverlay,MediaRouter,PaintHolding,ThirdPartyStoragePartitioning,AvoidCorsURLLoaderRestartOnRedirect,"
    "OptimizationHints,NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch"
)


@pytest.fixture(autouse=True)
def import_path() -> Iterator[None]:
    """Commands and loaders that run in this process put folders of DAG files on the path: none outlives its test."""
    before = list(sys.path)
    yield
    sys.path[:] = before


@pytest.fixture(autouse=True, scope="session")
def statements() -> Iterator[None]:
    """Every database of this process finds what another one has compiled."""
    with shared_statements():
        yield


def _drives_the_run(config: pytest.Config) -> bool:
    return not hasattr(config, "workerinput")  # what pytest-xdist gives its workers


def _forget_own_settings() -> None:
    """Tests say themselves what is set: the home folder of whoever runs them is none of theirs."""
    for name in [*os.environ]:
        if name.startswith("DIRIGENT_") and not name.startswith("DIRIGENT_TEST_"):
            del os.environ[name]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Leave the hundred thousands of objects that stay for the whole run out of each search for garbage."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_configure(config: pytest.Config) -> None:
    """Open the folder in which servers start when a test first asks for one."""
    _forget_own_settings()
    if _drives_the_run(config):
        shared.open_run()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the servers, after an interrupt too."""
    if _drives_the_run(config):
        shared.close_run()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Mark each test by what it asks for; have the long ones begin early, so that none runs alone at the end."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        for fixture in MARKED.keys() & fixtures:
            item.add_marker(MARKED[fixture])
    yield
    places = {item: place for place, item in enumerate(items)}
    items.sort(key=lambda item: places[item] / (2 if item.get_closest_marker("slow") else 1))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Sharing:
    """Say which tests go to which process."""
    return Sharing(config, log)


def _forbid_skip(report: Any) -> None:
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"CI skips nothing, but this was skipped: {report.longrepr[2]}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """Fail a skipped test where CI=true."""
    report = yield
    _forbid_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    """Fail a skipped module where CI=true."""
    report = yield
    _forbid_skip(report)
    return report


def _server(kind: str) -> str:
    try:
        return shared.shared_url(kind)
    except ProgramMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """The address of the run's PostgreSQL server: its database `postgres`, as a superuser."""
    return _server("postgres")


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """An empty PostgreSQL database of this test's own."""
    with postgres.database(postgres_server) as url:
        yield url


@pytest.fixture
def redis_url() -> Iterator[str]:
    """An empty numbered Redis database of this test's own."""
    with redis.database(_server("redis")) as url:
        yield url


@pytest.fixture
def rabbitmq_url() -> Iterator[str]:
    """A RabbitMQ virtual host of this test's own."""
    with rabbitmq.virtual_host(_server("rabbitmq")) as url:
        yield url


@pytest.fixture
def new_server() -> Iterator[Callable[[str], Server]]:
    """Start a server for this test alone, by its kind: one that it may stop, kill and start again."""
    with ExitStack() as servers:

        def start(kind: str) -> Server:
            try:
                server = KINDS[kind](shared.new_folder(kind))
            except ProgramMissing as missing:
                pytest.skip(str(missing))
            return servers.enter_context(server)

        yield start


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The path of an installed Chromium."""
    for name in BROWSERS:
        if found := which(name):
            return Path(found)
    pytest.skip("chromium is not installed: sudo apt-get install --no-install-recommends chromium")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any], chromium: Path) -> dict[str, Any]:
    """Have pytest-playwright drive the installed Chromium: none is downloaded."""
    switches = [*browser_type_launch_args.get("args", []), f"--disable-features={LEFT_OUT}"]
    return browser_type_launch_args | {"executable_path": str(chromium), "args": switches}
