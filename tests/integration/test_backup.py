"""A backup made under load, the loss of everything, and a start from the backup."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from scheduler.store.tables import task_instance
from tests.integration.ledger import KEEPS_LEDGER, counted
from tests.integration.project import Project
from tests.integration.waiting import eventually
from tests.services.postgres import Postgres

pytestmark = pytest.mark.slow

DAGS = """
from scheduler import Variable

with DAG("short", schedule=None):
    @task
    def greet():
        print("colour is", Variable.get("colour"))

    greet()

with DAG("held", schedule=None):
    @task
    def hold():
        note("began")
        wait_for("gate")
        note("ended")

    hold()
"""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def shop(request: pytest.FixtureRequest, new_project: Callable[..., Project]) -> Project:
    """A project on each kind of database."""
    if request.param == "sqlite":
        return new_project(lease_s="6")
    return new_project(database_url=request.getfixturevalue("postgres_url"), lease_s="6")


def back_up(shop: Project, file: Path) -> None:
    if shop.db.url.get_backend_name() == "sqlite":
        said = shop.dirigent("db", "backup", str(file))
        assert said.returncode == 0, said.stderr
    else:
        run("pg_dump", "--format=custom", f"--file={file}", plain(shop))


def restore(shop: Project, file: Path) -> None:
    if shop.db.url.get_backend_name() == "sqlite":
        said = shop.dirigent("db", "restore", str(file), "--yes")
        assert said.returncode == 0, said.stderr
    else:
        run("pg_restore", "--clean", "--if-exists", f"--dbname={plain(shop)}", str(file))


def run(program: str, *words: str) -> None:
    subprocess.run([Postgres.program().with_name(program), *words], check=True, capture_output=True)


def plain(shop: Project) -> str:
    return shop.db.url.set(drivername="postgresql").render_as_string(hide_password=False)


def test_an_installation_comes_back_from_its_backup_and_goes_on(shop, tmp_path):
    shop.write("dags.py", KEEPS_LEDGER.format(ledger=str(shop.folder / "ledger")) + DAGS)
    server = shop.start()
    assert shop.dirigent("variables", "set", "colour", "green").returncode == 0
    done = shop.trigger("short").until(within=60)
    held = shop.trigger("held")
    eventually(lambda: counted(shop.folder / "ledger") == {"began": 1}, told=shop.told)
    back_up(shop, tmp_path / "backup")
    shutil.copy(shop.home / "secret_key", tmp_path / "key")
    later = shop.trigger("short").until(within=60)
    server.kill()
    shop.db.close()
    shutil.rmtree(shop.home)

    shop.home.mkdir(mode=0o700)
    shutil.copy(tmp_path / "key", shop.home / "secret_key")
    restore(shop, tmp_path / "backup")
    (shop.folder / "gate").touch()
    shop.start()

    held.until(within=60)
    assert [row.state for row in held.attempts("hold")] == ["lost", "success"]
    known = {row.run_id for row in shop.record.runs("short")}
    assert (done.run_id in known, later.run_id in known) == (True, False)
    again = shop.trigger("short").until(within=60)
    assert "colour is green" in again.log("greet")
    unfinished = sa.select(task_instance.c.id).where(task_instance.c.state != "success")
    assert shop.record.rows(unfinished) == []
