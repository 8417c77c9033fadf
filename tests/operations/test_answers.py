import base64
from datetime import timedelta
from typing import Any

import pytest

from scheduler.clock import SystemClock
from scheduler.core.graph import TaskGraph
from scheduler.core.states import RunType
from scheduler.dispatch.jobs import job_of
from scheduler.errors import Conflict, NotFound
from scheduler.operations.answers import Answers
from scheduler.operations.rerun import RerunRequest, rerun
from scheduler.security.encryption import FernetCipher
from scheduler.security.secret_key import SecretKey
from scheduler.store.artifacts import list_artifacts
from scheduler.store.connections import Connection, put_connection
from scheduler.store.new_runs import NewRun, create_run
from scheduler.store.runs import find_run
from tests.loop.engine import Engine, spec, task


@pytest.fixture
def engine(db):
    engine = Engine(db)
    engine.worker()
    engine.define(spec(task("extract"), task("load")))
    engine.trigger(run_id="first", logical_date=engine.now)
    engine.advance()
    return engine


@pytest.fixture
def cipher():
    return FernetCipher(SecretKey(("k" * 32,)))


@pytest.fixture
def answers(engine, cipher):
    return Answers(engine.db, cipher, SystemClock())


@pytest.fixture
def claims(engine):
    return {claim.task_id: claim for claim in engine.claim()}


@pytest.fixture
def jobs(engine, claims, tmp_path):
    with engine.db.read() as session:
        return {
            name: job_of(claim, engine.graphs.get(session, claim.version_id), tmp_path)
            for name, claim in claims.items()
        }


def xcom_of(answers, job, task_id, key, **more):
    asked = {"task_id": task_id, "key": key, "path": "", "run_id": None, "dag_id": None}
    return answers(job, "get_xcom", asked | more)


def test_a_value_that_one_task_sets_the_other_gets(answers, jobs):
    answers(jobs["extract"], "set_xcom", {"key": "rows", "value": [1, {"a": None}]})

    assert xcom_of(answers, jobs["load"], "extract", "rows") == [1, {"a": None}]
    assert xcom_of(answers, jobs["load"], "extract", "rows", run_id="first", dag_id="orders") == [
        1,
        {"a": None},
    ]
    assert xcom_of(answers, jobs["load"], "extract", "columns") is None
    assert xcom_of(answers, jobs["load"], "extract", "rows", run_id="another") is None


def test_variables_are_set_read_and_deleted(answers, jobs):
    answers(jobs["extract"], "set_variable", {"key": "day", "value": "mon"})
    assert answers(jobs["load"], "get_variable", {"key": "day"}) == "mon"

    answers(jobs["load"], "delete_variable", {"key": "day"})

    assert answers(jobs["extract"], "get_variable", {"key": "day"}) is None


def test_a_connection_comes_with_its_secrets(answers, jobs, engine, cipher):
    wanted = Connection(conn_id="db", conn_type="postgres", host="h", password="p", extra="{}")
    with engine.db.write() as session:
        put_connection(session, engine.now, cipher, wanted)

    found = answers(jobs["extract"], "get_connection", {"conn_id": "db"})

    assert (found["host"], found["password"], found["extra"]) == ("h", "p", "{}")
    assert answers(jobs["extract"], "get_connection", {"conn_id": "none"}) is None


def test_a_document_is_kept_with_its_task(answers, jobs, engine):
    data = base64.b64encode(b"<svg/>").decode()
    answers(jobs["load"], "publish_artifact", {"name": "a.svg", "media_type": "image/svg+xml", "data": data})

    with engine.db.read() as session:
        run = find_run(session, "orders", "first")
        assert run is not None
        found = list_artifacts(session, run.id)
    assert [(each.task_id, each.name, each.size) for each in found] == [("load", "a.svg", 6)]


def test_states_of_a_run_and_its_tasks_are_told(answers, jobs, engine):
    assert answers(jobs["load"], "run_state", {"dag_id": "orders", "run_id": "first"}) == "running"
    assert answers(jobs["load"], "run_state", {"dag_id": "orders", "run_id": "x"}) is None

    by_id: dict[str, Any] = {"dag_id": "orders", "run_id": "first", "logical_date": None, "task_ids": []}
    by_date = {
        "dag_id": "orders",
        "run_id": None,
        "logical_date": engine.now.isoformat(),
        "task_ids": ["load"],
    }
    assert answers(jobs["load"], "task_states", by_id) == {"extract": "running", "load": "running"}
    assert answers(jobs["load"], "task_states", by_date) == {"load": "running"}
    assert answers(jobs["load"], "task_states", by_id | {"run_id": "x"}) == {}


def test_another_dag_is_triggered(answers, jobs, engine):
    asked = {"dag_id": "orders", "conf": {"a": 1}, "run_id": "second", "logical_date": "2026-01-01T00:00:00Z"}

    assert answers(jobs["load"], "trigger_dag", asked) == "second"

    with engine.db.read() as session:
        run = find_run(session, "orders", "second")
    assert run is not None
    assert run.run_type == "operator_triggered"
    with pytest.raises(NotFound):
        answers(jobs["load"], "trigger_dag", asked | {"dag_id": "nothing"})


def test_an_attempt_after_a_lost_one_is_given_the_runs_that_this_had_started(answers, jobs, engine, tmp_path):
    asked: dict[str, Any] = {
        "dag_id": "orders",
        "conf": {},
        "run_id": None,
        "logical_date": None,
        "ordinal": 0,
    }
    started = [answers(jobs["load"], "trigger_dag", asked | {"ordinal": each}) for each in (0, 1)]
    assert len(set(started)) == 2

    engine.kill("w1")
    engine.worker("w2")
    engine.advance()
    claimed = engine.claim("w2")  # of the runs that were triggered, too
    again = next(each for each in claimed if (each.run_id, each.task_id) == ("first", "load"))
    with engine.db.read() as session:
        job = job_of(again, engine.graphs.get(session, again.version_id), tmp_path)
    assert [answers(job, "trigger_dag", asked | {"ordinal": each}) for each in (0, 1)] == started
    assert answers(job, "trigger_dag", asked | {"conf": {"a": 1}}) not in started


WRITES = {
    "set_xcom": {"key": "k", "value": 1},
    "set_variable": {"key": "k", "value": "v"},
    "delete_variable": {"key": "k"},
    "publish_artifact": {"name": "a", "media_type": "text/plain", "data": ""},
    "trigger_dag": {"dag_id": "orders", "conf": {}, "run_id": "x", "logical_date": None},
}


@pytest.mark.parametrize("verb", WRITES)
def test_an_attempt_that_is_no_longer_live_writes_nothing(answers, jobs, claims, engine, verb):
    engine.report(claims["extract"])

    with pytest.raises(Conflict, match="no longer the live one"):
        answers(jobs["extract"], verb, WRITES[verb])


def test_a_cleared_task_begins_without_values_of_the_attempt_that_still_stops(answers, jobs, engine):
    request = RerunRequest(dag_id="orders", run_id="first", tasks=("extract",))
    engine.db.transact(lambda session: rerun(session, engine.now, request, actor="user:ada"))

    answers(jobs["extract"], "set_xcom", {"key": "rows", "value": 1})

    assert xcom_of(answers, jobs["load"], "extract", "rows") is None


@pytest.mark.parametrize("verb", [*WRITES, "get_xcom", "run_state", "task_states", "set_rendered"])
def test_a_file_that_is_imported_reads_variables_and_connections_only(answers, verb):
    with pytest.raises(Conflict, match="is for running tasks"):
        answers(None, verb, {})

    assert answers(None, "get_variable", {"key": "k"}) is None


def test_an_unknown_request_is_refused(answers, jobs):
    with pytest.raises(Conflict, match="no request 'drop'"):
        answers(jobs["load"], "drop", {})


def test_runs_and_tasks_of_other_dags_are_told(answers, jobs, engine):
    date = engine.now.isoformat()
    asked = answers(jobs["load"], "states_of_runs", {"dag_id": "orders", "logical_date": date})
    assert asked == {"first": "running"}
    assert answers(jobs["load"], "states_of_runs", {"dag_id": "none", "logical_date": date}) == {}
    assert answers(jobs["load"], "tasks_of_dag", {"dag_id": "orders"}) == {"extract": [], "load": []}
    assert answers(jobs["load"], "tasks_of_dag", {"dag_id": "none"}) is None
    assert answers(jobs["load"], "is_latest_run", {}) is True


def test_a_task_is_told_of_the_last_run_before_its_own_that_ended_well(answers, engine, tmp_path):
    engine.run_to_end()
    ended = engine.now
    engine.wait(days=1)
    engine.trigger(run_id="second", logical_date=engine.now)
    engine.trigger(run_id="dateless")
    job, *_, dateless = _claimed(engine, tmp_path)
    told = answers(job, "previous_success", {})
    assert (told["start_date"], told["end_date"]) == (ended.isoformat(), ended.isoformat())
    assert answers(dateless, "previous_success", {}) == {}


def test_a_task_is_told_how_often_this_try_was_put_off(engine, answers, tmp_path):
    def outcome(state, **more):
        (claim,) = engine.claim(limit=1)
        engine.report(claim, state=state, **more)
        engine.wait(minutes=10)
        engine.advance()

    engine.define(spec(task("only", retries=1), dag_id="alone"))
    engine.run_to_end()
    engine.trigger("alone", run_id="x")
    engine.advance()
    for _ in range(2):
        outcome("reschedule", reschedule_at=engine.now.isoformat())
    outcome("failed")
    outcome("reschedule", reschedule_at=engine.now.isoformat())
    (job,) = _claimed(engine, tmp_path)
    assert answers(job, "reschedule_count", {}) == 1


def _claimed(engine, tmp_path):
    engine.advance()
    with engine.db.read() as session:
        return [
            job_of(claim, engine.graphs.get(session, claim.version_id), tmp_path) for claim in engine.claim()
        ]


def test_a_task_runs_another_run_again(answers, jobs, engine):
    engine.define(spec(task("other"), dag_id="others"))
    run = engine.trigger("others", run_id="second")
    engine.run_to_end()
    assert engine.run_state(run) == "success"
    answers(jobs["load"], "rerun_dag", {"dag_id": "others", "run_id": "second"})
    assert engine.run_state(run) == "queued"


def test_a_file_that_is_imported_is_told_the_newest_run_of_its_schedule(answers, engine):
    assert answers(None, "last_scheduled", {"dag_id": "orders"}) is None
    start, end = engine.now, engine.now + timedelta(hours=1)
    new = NewRun(
        dag_id="orders",
        run_id="scheduled__1",
        trigger_key="schedule:1",
        run_type=RunType.SCHEDULED,
        version_id=engine.specs["orders"][1],
        snapshot_id=engine.specs["orders"][2],
        run_after=end,
        logical_date=start,
        data_interval_start=start,
        data_interval_end=end,
        conf={},
        params={},
    )
    with engine.db.write() as session:
        create_run(session, engine.now, new, TaskGraph(engine.specs["orders"][0]))
    last = {"run_at": end.isoformat(), "start": start.isoformat(), "end": end.isoformat()}
    assert answers(None, "last_scheduled", {"dag_id": "orders"}) == last
