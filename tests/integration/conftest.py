"""Installations for tests: one that many tests share, and new ones for those that stop or starve it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration.project import Project, project


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A running `dirigent up`, shared by tests that use DAGs of their own."""
    with project(tmp_path_factory.mktemp("embedded") / "shop", parallelism="8") as made:
        made.start()
        yield made


@pytest.fixture
def new_project(tmp_path: Path) -> Iterator[Callable[..., Project]]:
    """Make a project with settings; nothing is started yet."""
    with ExitStack() as projects:
        yield lambda **settings: projects.enter_context(project(tmp_path / "shop", **settings))
