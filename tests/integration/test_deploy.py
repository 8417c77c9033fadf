"""The processes of `deploy/compose`, with what its containers find around them, on private services."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deploy.started import NOWHERE, of_compose, with_files
from tests.integration.project import Project

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.redis]

ONE = """
from scheduler import DAG, task

with DAG("one", schedule=None):
    @task
    def only():
        print("in a container")

    only()
"""


def test_what_the_compose_file_starts_runs_a_dag(
    new_project: Callable[..., Project], postgres_url: str, redis_url: str, tmp_path: Path
):
    project = new_project(database_url=postgres_url)
    project.write("one.py", ONE)
    secrets = NOWHERE | {"database_url": postgres_url}
    for started in of_compose():
        home = tmp_path / f"home-{started.words[0]}"
        home.mkdir()
        home.chmod(0o2777)  # as a volume comes to a container
        environ = with_files(started.environ, tmp_path, secrets) | {
            "DIRIGENT_DATABASE_URL": "",  # from the file alone
            "DIRIGENT_BROKER_URL": redis_url,
            "DIRIGENT_HOME": str(home),
            "DIRIGENT_METRICS_PORT": "0",  # containers have ports of their own
            "DIRIGENT_DAGS_FOLDER": str(project.dags),
        }
        project.launch(*started.words, **environ)
    run = project.trigger("one").until(within=60)
    said = project.dirigent("tasks", "logs", "one", run.run_id, "only")
    assert "in a container" in said.stdout, said.stderr
