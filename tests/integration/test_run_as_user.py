"""Tasks as other users of the system, through a server that runs as root."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.project import Project, project
from tests.reachable import REACHABLE

WHO = """
import os, pwd
from pathlib import Path
from scheduler import DAG, BaseOperator, BaseTrigger, TriggerEvent, Variable, task

IMPORTED_BY = pwd.getpwuid(os.getuid()).pw_name

def reads(path):
    try:
        return bool(Path(path).read_bytes())
    except PermissionError:
        return False

def show(home):
    print("runs as", pwd.getpwuid(os.getuid()).pw_name, "imported by", IMPORTED_BY)
    for name in ("dirigent.db", "secret_key"):
        print(name, "read:", reads(f"{home}/{name}"))
    try:
        print("home:", os.listdir(home))
    except PermissionError:
        print("home: closed")

class Tells(BaseTrigger):
    def __init__(self, home):
        super().__init__()
        self.home = home

    def serialize(self):
        return f"{__name__}.Tells", {"home": self.home}

    async def run(self):
        yield TriggerEvent([pwd.getpwuid(os.getuid()).pw_name, reads(f"{self.home}/secret_key")])

class Waits(BaseOperator):
    def execute(self, context):
        self.defer(trigger=Tells(context["params"]["home"]), method_name="tell")

    def tell(self, context, event):
        print("watched by", *event)

with DAG("who", schedule=None, params={"home": ""}):
    @task
    def plain(params=None):
        show(params["home"])

    @task(run_as_user="nobody", memory_limit="200MB")
    def named(params=None):
        show(params["home"])
        Variable.set("by", "nobody")
        return "handed on"

    @task(run_as_user="nobody", isolation="fresh")
    def fresh(before, params=None):
        show(params["home"])
        print(before, Variable.get("by"))

    @task(run_as_user="bin")
    def forbidden():
        pass

    Waits(task_id="waits", run_as_user="nobody")
    plain()
    fresh(named())
    forbidden()
"""

# It takes root; what everybody else is told stands in tests/runtime/test_run_as_user.py.
if os.getuid() == 0:

    @pytest.fixture
    def shared_host() -> Iterator[Project]:
        """Give a project in a folder that all users may enter, unlike those of pytest."""
        with tempfile.TemporaryDirectory() as name:
            Path(name).chmod(0o755)
            folder = Path(name) / "shop"
            with project(folder, run_as_users="nobody", run_as_default="daemon") as made:
                made.start(before=REACHABLE)
                yield made

    def test_tasks_run_as_the_users_they_name_and_reach_no_secret_of_the_server(shared_host: Project) -> None:
        shared_host.write("who.py", WHO)
        run = shared_host.trigger("who", {"home": str(shared_host.home)}).until("failed")
        assert run.tasks == {
            "plain": "success",
            "named": "success",
            "fresh": "success",
            "forbidden": "failed",
            "waits": "success",
        }
        assert "runs as daemon imported by daemon" in run.log("plain")
        assert "runs as nobody imported by nobody" in run.log("named")
        assert "runs as nobody imported by nobody" in run.log("fresh")
        assert "handed on nobody" in run.log("fresh")
        assert "watched by daemon False" in run.log("waits")
        for task_id in ("plain", "named", "fresh"):
            assert "dirigent.db read: False" in run.log(task_id)
            assert "secret_key read: False" in run.log(task_id)
            assert "home: closed" in run.log(task_id)
        assert (
            "may not run tasks as that user (DIRIGENT_RUN_AS_USERS: nobody)" in run.task("forbidden").reason
        )
