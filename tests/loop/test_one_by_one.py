"""One run, or one DAG, that cannot be gone on with is set aside; the others go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from scheduler.operations.explain import explain_task
from scheduler.operations.rerun import RerunRequest, rerun
from scheduler.store.engine import Database
from scheduler.store.leases import expire_worker
from scheduler.store.runs import flag_runs
from scheduler.store.setting_aside import AGAIN_IN, set_run_aside
from scheduler.store.tables import dag, dag_run, dag_version
from tests.loop.engine import spec, task
from tests.loop.leader import Leader, lead


@pytest.fixture
def leader(engine, tmp_path):
    for dag_id in ("bad", "good"):
        engine.define(spec(task("a"), dag_id=dag_id))
    return lead(engine, tmp_path)


def test_a_run_whose_graph_cannot_be_read_is_set_aside_and_the_others_go_on(leader):
    leader.break_graph("bad")
    bad, good = leader.engine.trigger("bad"), leader.engine.trigger("good")

    leader.tick()

    assert leader.engine.states(good) == {"a": "queued"}
    assert leader.engine.states(bad) == {"a": "none"}
    row = leader.run(bad)
    assert row.is_aside
    assert row.reason.startswith("Set aside: the scheduler cannot go on with it (")
    assert leader.told("run.set_aside") == [row.reason]
    with leader.engine.db.read() as session:
        assert explain_task(session, "bad", row.run_id, "a") == [row.reason]


def test_a_graph_of_a_newer_release_is_set_aside_with_the_remedy(leader):
    leader.break_graph("bad", '{"dag_id": "bad", "wire_version": 99}')
    bad, good = leader.engine.trigger("bad"), leader.engine.trigger("good")

    leader.tick()

    assert leader.engine.states(good) == {"a": "queued"}
    assert "The graph of DAG 'bad' was written by a newer Dirigent, in form 99" in leader.run(bad).reason
    assert "Upgrade it" in leader.run(bad).reason


def test_what_is_set_aside_costs_nothing_until_it_is_tried_again(leader):
    leader.break_graph("bad")
    bad = leader.engine.trigger("bad")
    leader.tick()
    leader.tick()
    assert len(leader.told("run.set_aside")) == 1

    leader.engine.now += AGAIN_IN
    leader.tick()
    assert len(leader.told("run.set_aside")) == 2

    leader.break_graph("bad", _graph_of(leader, "good").replace("good", "bad"))
    leader.engine.now += AGAIN_IN
    leader.tick()
    assert leader.engine.states(bad) == {"a": "queued"}
    assert (leader.run(bad).is_aside, leader.run(bad).reason) == (False, "")


def _graph_of(leader: Leader, dag_id: str) -> str:
    _, version, _ = leader.engine.specs[dag_id]
    with leader.engine.db.read() as session:
        return str(session.scalars(sa.select(dag_version.c.graph).where(dag_version.c.id == version)).one())


def test_a_rerun_on_the_code_of_now_takes_a_run_up_at_once(leader):
    leader.break_graph("bad")
    bad = leader.engine.trigger("bad", run_id="r1")
    leader.tick()
    leader.engine.redefine(spec(task("a"), task("b"), dag_id="bad"))

    request = RerunRequest(dag_id="bad", run_id="r1", code="now")
    leader.engine.db.transact(lambda session: rerun(session, leader.engine.now, request, actor="user:ada"))
    leader.tick()

    assert leader.engine.states(bad) == {"a": "queued", "b": "queued"}


def test_a_bad_run_neither_takes_the_place_of_others_of_its_dag_nor_holds_up_their_losses(leader):
    engine = leader.engine
    engine.define(spec(task("a"), dag_id="one", max_active_runs=1))
    leader.break_graph("one")
    bad = engine.trigger("one")
    leader.tick()
    engine.redefine(spec(task("a"), task("b"), dag_id="one", max_active_runs=1))
    good = engine.trigger("one")
    leader.tick()
    assert leader.run(bad).state == "queued"
    assert engine.states(good) == {"a": "queued", "b": "queued"}


def test_what_a_dead_worker_held_of_a_run_that_cannot_be_planned_is_given_free(leader, tmp_path):
    engine = leader.engine
    bad = engine.trigger("bad")
    leader.tick()
    engine.claim()
    leader.break_graph("bad")
    leader = lead(engine, tmp_path)
    with engine.db.write() as session:
        set_run_aside(session, engine.now, bad, "Set aside: by hand.")
        flag_runs(session, [bad])
        expire_worker(session, "w1")
    leader.tick()
    assert engine.attempts(bad) == [("a", 1, "running")]

    engine.now += AGAIN_IN
    leader.tick()

    assert engine.attempts(bad) == [("a", 1, "lost")]
    assert leader.run(bad).is_aside


def test_a_batch_that_fails_at_its_end_is_done_again_one_by_one(leader):
    """The events of a transaction are written before its commit: that, too, may fail for one run alone."""
    engine = leader.engine
    bad, good = engine.trigger("bad"), engine.trigger("good")
    leader.tick()
    with _refusing_its_end(engine.db, bad):
        engine.report(*engine.claim())
        leader.tick()

    assert engine.run_state(good) == "success"
    assert (engine.run_state(bad), leader.run(bad).is_aside) == ("running", True)


@contextmanager
def _refusing_its_end(db: Database, run_pk: int) -> Iterator[None]:
    """Have the database take no event about the state of a run."""
    is_sqlite = db.url.get_backend_name() == "sqlite"
    with db.write() as session:
        session.exec_driver_sql((_TRIGGER if is_sqlite else _CHECK).format(run=run_pk))
    yield
    with db.write() as session:
        session.exec_driver_sql(
            "DROP TRIGGER refuse" if is_sqlite else "ALTER TABLE event DROP CONSTRAINT refuse"
        )


_TRIGGER = """
CREATE TRIGGER refuse BEFORE INSERT ON event WHEN NEW.run_pk = {run} AND NEW.kind = 'run.state'
BEGIN SELECT RAISE(ABORT, 'refused'); END
"""
_CHECK = "ALTER TABLE event ADD CONSTRAINT refuse CHECK (run_pk <> {run} OR kind <> 'run.state') NOT VALID"


def test_a_dag_whose_next_run_cannot_be_created_is_set_aside_and_tried_again(leader):
    engine = leader.engine
    leader.break_graph("bad")
    with engine.db.write() as session:
        due = {"next_run_at": engine.now, "next_logical_date": engine.now}
        due |= {"next_interval_start": engine.now, "next_interval_end": engine.now}
        session.execute(sa.update(dag).values(due))

    leader.tick()

    assert _runs(leader) == ["good"]
    with engine.db.read() as session:
        row = session.execute(sa.select(dag).where(dag.c.dag_id == "bad")).one()
    assert row.aside_until == engine.now + AGAIN_IN
    assert leader.told("dag.set_aside") == [row.aside_reason]

    engine.now += timedelta(seconds=1)
    leader.tick()
    assert len(leader.told("dag.set_aside")) == 1

    leader.break_graph("bad", _graph_of(leader, "good").replace("good", "bad"))
    engine.now += AGAIN_IN
    leader.tick()
    assert _runs(leader) == ["bad", "good"]


def _runs(leader: Leader) -> list[str]:
    with leader.engine.db.read() as session:
        return sorted(session.scalars(sa.select(dag_run.c.dag_id)))
