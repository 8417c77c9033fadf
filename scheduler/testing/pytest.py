"""Fixtures for tests of DAGs: `pytest -p scheduler.testing.pytest`, or that in `addopts`.

Asked for, not an entry point: pytest would load it in every project of an environment that has Dirigent
(docs/decisions/016-fixtures.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from scheduler.errors import NotFound
from scheduler.sdk.dag import DAG
from scheduler.sdk.variables import reading_from
from scheduler.testing.local_channel import LocalChannel
from scheduler.testing.result import RunResult
from scheduler.testing.run_info import zoned

if TYPE_CHECKING:
    from scheduler.testing.folder import LoadedFolder

_EACH: Final = "each_dag"
_LOADED: Final = pytest.StashKey["LoadedFolder"]()
_NEW_YEAR: Final = datetime(2026, 1, 1, tzinfo=UTC)


class VirtualTime:
    """The time in which `run_dag` runs: each run begins `now`, and leaves it at its end."""

    def __init__(self, now: datetime) -> None:
        self.now = zoned("now", now)

    def set(self, now: datetime) -> None:
        """Go to an instant."""
        self.now = zoned("now", now)

    def advance(self, by: timedelta) -> None:
        """Go on by so much."""
        self.now += by


def pytest_addoption(parser: pytest.Parser) -> None:
    """Know the setting that names the folder."""
    parser.addini(
        "dag_folder", "The folder whose files declare the DAGs, below the project's root.", default="dags"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for `each_dag` once for each DAG, and once for each file that does not load."""
    if _EACH in metafunc.fixturenames:
        loaded = _loaded(metafunc.config)
        found = [*loaded.dags, *loaded.broken]
        metafunc.parametrize(_EACH, found, indirect=True)


@pytest.fixture(scope="session")
def dag_folder(pytestconfig: pytest.Config) -> Path:
    """The folder of the DAG files: `dag_folder` of pytest's settings, or `dags`."""
    return _folder(pytestconfig)


@pytest.fixture(scope="session")
def dags(pytestconfig: pytest.Config) -> dict[str, DAG]:
    """All DAGs of the folder, by id; fails where a file does not load."""
    loaded = _loaded(pytestconfig)
    for file in loaded.broken:
        _fail(loaded, file)
    return loaded.dags


@pytest.fixture
def each_dag(request: pytest.FixtureRequest) -> DAG:
    """One DAG of the folder: the test is run for each of them."""
    loaded = _loaded(request.config)
    if request.param not in loaded.dags:
        _fail(loaded, request.param)
    return loaded.dags[request.param]


@pytest.fixture
def dag_variables() -> dict[str, Any]:
    """The variables that DAGs read in the test: add to it, or override the fixture."""
    return {}


@pytest.fixture
def dag_connections() -> dict[str, Any]:
    """The connections that DAGs read in the test, by id: a Connection, a dict of its fields, or a URI."""
    return {}


@pytest.fixture
def virtual_time() -> VirtualTime:
    """Have runs begin at an instant of the test's own, 2026-01-01 at first, and pass no time but their waits."""
    return VirtualTime(_NEW_YEAR)


@pytest.fixture
def run_dag(
    request: pytest.FixtureRequest, dag_variables: dict[str, Any], dag_connections: dict[str, Any]
) -> Callable[..., RunResult]:
    """Run a DAG, or the one of that id in the folder, with what `DAG.test` takes."""
    time = request.getfixturevalue("virtual_time") if "virtual_time" in request.fixturenames else None

    def run(dag: DAG | str, **given: Any) -> RunResult:
        found = _find(_loaded(request.config).dags, dag) if isinstance(dag, str) else dag
        arguments = {**({"now": time.now} if time else {}), **given}
        arguments["variables"] = {**dag_variables, **given.get("variables", {})}
        arguments["connections"] = {**dag_connections, **given.get("connections", {})}
        result = found.test(**arguments)
        if time is not None:
            time.now = max([time.now, *(each.ended_at for each in result.attempts)])
        return result

    return run


@pytest.fixture
def dag_secrets(dag_variables: dict[str, Any], dag_connections: dict[str, Any]) -> Iterator[None]:
    """Let code that a test calls itself, such as `load.function()`, read these variables and connections."""
    with reading_from(_Given(dag_variables, dag_connections)):
        yield


class _Given:
    """Answers with what the fixtures hold when they are asked."""

    def __init__(self, variables: dict[str, Any], connections: dict[str, Any]) -> None:
        self._variables = variables
        self._connections = connections

    def get_variable(self, key: str) -> str | None:
        return self._channel().get_variable(key)

    def get_connection(self, conn_id: str) -> dict[str, Any] | None:
        return self._channel().get_connection(conn_id)

    def hide(self, secret: object, name: str | None) -> None:
        """Do nothing: what a test prints is masked by nobody."""

    def _channel(self) -> LocalChannel:
        return LocalChannel("", self._variables, self._connections)


def _find(dags: dict[str, DAG], dag_id: str) -> DAG:
    if dag_id not in dags:
        raise NotFound("DAG", dag_id, hint=f"The folder has {', '.join(sorted(dags)) or 'none'}.")
    return dags[dag_id]


def _folder(config: pytest.Config) -> Path:
    return Path(config.rootpath, config.getini("dag_folder")).resolve()


def _loaded(config: pytest.Config) -> LoadedFolder:
    if _LOADED not in config.stash:
        # By name: it brings what watches folders, which tests that look at no folder need not load.
        folder: Any = import_module("scheduler.testing.folder")
        variables: Any = import_module("scheduler.sdk.variables")
        config.stash[_LOADED] = folder.load_folder(_folder(config), variables.EnvironmentReader())
    return config.stash[_LOADED]


def _fail(loaded: LoadedFolder, file: str) -> None:
    error = loaded.broken[file]
    pytest.fail(f"{file} does not load: {type(error).__name__}: {error}", pytrace=False)
