"""`dirigent runs export` and `replay`, of a run that the real store, loop and report made."""

import json
from datetime import datetime, timedelta

import pytest

from scheduler.clock import SystemClock
from scheduler.store import Database
from scheduler.store.migrate import upgrade
from scheduler.store.tallies import count_attempts
from tests.loop.engine import Engine, spec, task

FILE = """
from scheduler import DAG, task

with DAG("orders") as dag:
    @task
    def extract(): return 20

    @task
    def load(extracted): return extracted + 1

    load(extract())
"""


@pytest.fixture
def run(project):
    """A run of two tasks, of which the first handed on a password too."""
    (project / ".dirigent").mkdir()
    (project / "dags" / "orders.py").write_text(FILE)
    database = Database(f"sqlite:///{project}/.dirigent/dirigent.db")
    upgrade(database)
    engine = Engine(database, now=SystemClock().now())
    engine.worker()
    engine.define(spec(task("extract"), task("load", "extract")))
    engine.trigger(run_id="first")
    engine.advance()
    engine.report(*engine.claim(), xcoms={"return_value": 20, "how": "with s3cr3t-word", "much": "x" * 100})
    engine.advance()
    yield engine
    database.close()


instant = datetime.fromisoformat


def end(engine, value):
    engine.report(*engine.claim(), xcoms={"return_value": value})
    engine.advance()


def test_a_run_is_exported_with_its_values_and_without_secrets(dirigent, project, run, monkeypatch):
    monkeypatch.setenv("DIRIGENT_CONN_SHOP", "http://ada:0ther-word@shop")
    end(run, "for 0ther-word")
    dirigent("variables", "set", "api_password", "s3cr3t-word")

    said = dirigent("runs", "export", "orders", "first", "--limit", "50")

    extract, load = said.json["tasks"]
    assert (said.json["run"]["run_id"], said.json["state"]) == ("first", "success")
    assert extract["values"] == {"return_value": 20, "how": "with ***"}
    assert extract["left_out"] == {"much": 102}
    assert (load["state"], load["values"]) == ("success", {"return_value": "for ***"})


def test_an_exported_run_is_replayed_and_what_differs_is_exit_1(dirigent, project, run):
    end(run, 22)
    assert dirigent("runs", "export", "orders", "first", "--to", "first.json").code == 0
    assert json.loads((project / "first.json").read_text())["dirigent_recording"] == 1

    said = dirigent("runs", "replay", "first.json", "--task", "load")

    assert said.code == 1
    assert "load: differs\n  load handed on 22 as 'return_value', and hands on 21 now.\n" in said.out
    assert dirigent("runs", "replay", "first.json", "--task", "load", "--ignore", "load").code == 0


def test_a_run_that_goes_on_is_not_exported(dirigent, project, run):
    said = dirigent("runs", "export", "orders", "first")
    assert (said.code, "still running" in said.err) == (1, True)


def test_a_simulation_takes_what_tasks_took_on_average(dirigent, project, run):
    (project / "dags" / "orders.py").write_text(
        FILE.replace('DAG("orders")', 'DAG("orders", schedule="@daily")')
    )
    claims, began = run.claim(), run.now
    run.wait(seconds=90)
    run.report(*claims, started_at=began.isoformat(), ended_at=run.now.isoformat())
    run.db.transact(lambda session: count_attempts(session, run.now, 100))

    span = ("--from", "2026-01-01T12:00Z", "--until", "2026-01-02T12:00Z")
    (simulated,) = dirigent("dags", "simulate", *span, "--as-usual", "--each", "600", "-o", "json").json
    took = {
        each["task_id"]: instant(each["ended_at"]) - instant(each["started_at"])
        for each in simulated["tasks"]
    }

    assert took == {"extract": timedelta(0), "load": timedelta(seconds=90)}
