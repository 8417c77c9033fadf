"""Backfills: runs for a range of the past, as many at a time as the backfill wants, and nobody else's places."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from scheduler.core.timetables import Due, following
from scheduler.errors import BadParams, Conflict
from scheduler.loop.backfilling import ContinueBackfills
from scheduler.loop.creating import CreateDueRuns
from scheduler.loop.one_by_one import one_by_one
from scheduler.operations.backfills import (
    BackfillRequest,
    cancel_backfill,
    create_backfill,
    pause_backfill,
    preview_backfill,
    resume_backfill,
)
from scheduler.operations.mark import mark_run
from scheduler.operations.rerun import RerunRequest, rerun
from scheduler.store.agenda import read_agenda
from scheduler.store.backfills import get_backfill, run_counts
from scheduler.store.dags import set_next_dues, set_paused
from scheduler.store.tables import dag_run
from scheduler.wire import ParamSpec, ScheduleSpec
from tests.loop.engine import NOW, Engine, spec, task
from tests.store.contention import met_by

DAILY = ScheduleSpec(kind="cron", cron="0 0 * * *")


class Past:
    """A daily DAG, and the duty that makes runs for its past."""

    def __init__(self, engine):
        self.engine = engine
        self.duty = ContinueBackfills(engine.graphs)

    def do(self, work, *arguments, **options):
        return self.engine.db.transact(lambda session: work(session, self.engine.now, *arguments, **options))

    def ask(self, first=1, last=5, **fields):
        return BackfillRequest(dag_id="orders", from_date=day(first), to_date=day(last), **fields)

    def begin(self, *days, **fields):
        return self.do(create_backfill, self.ask(*days, **fields), actor="ann").id

    def tick(self):
        """Do what the leader does until nothing is left to do."""
        while self.is_due():
            assert self.do(self.duty, 10)
        self.engine.advance()

    def is_due(self):
        with self.engine.db.read() as session:
            return read_agenda(session).has_backfills

    def finish(self, *days, state="success"):
        for each in days:
            run_id = f"backfill__2026-11-{each:02}T00:00:00+00:00"
            self.do(mark_run, "orders", run_id, to=state, actor="")
        self.tick()

    def states(self):
        query = sa.select(dag_run.c.logical_date, dag_run.c.state).order_by(dag_run.c.logical_date)
        with self.engine.db.read() as session:
            return {at.day: state for at, state in session.execute(query)}

    def row(self, backfill_id):
        with self.engine.db.read() as session:
            return get_backfill(session, backfill_id)


def day(number):
    return datetime(2026, 11, number, tzinfo=UTC)


@pytest.fixture
def past(engine):
    engine.define(spec(task("a"), schedule=DAILY, max_active_runs=1))
    return Past(engine)


def test_its_runs_come_a_few_at_a_time_until_the_last_has_ended(past):
    key = past.begin(max_active_runs=2)
    past.tick()
    assert past.states() == {1: "running", 2: "running"}
    past.finish(1)
    assert past.states() == {1: "success", 2: "running", 3: "running"}
    past.finish(2, 3)
    past.finish(4)
    assert past.row(key).state == "running"
    past.finish(5, state="failed")
    row = past.row(key)
    assert (row.state, row.total_count, row.left_count) == ("completed", 5, 0)
    with past.engine.db.read() as session:
        assert run_counts(session, [key]) == {key: {"success": 4, "failed": 1}}
    assert not past.is_due()


def test_backwards_the_newest_comes_first(past):
    past.begin(run_backwards=True, max_active_runs=2)
    past.tick()
    assert past.states() == {4: "running", 5: "running"}
    past.finish(5)
    assert past.states() == {3: "running", 4: "running", 5: "success"}


def test_it_takes_none_of_the_places_of_its_dag_and_the_schedule_goes_on(past):
    past.begin(max_active_runs=3)
    past.tick()
    with past.engine.db.write() as session:
        due = Due(NOW, NOW, NOW, NOW)
        set_next_dues(session, {"orders": due})
    past.do(CreateDueRuns(past.engine.graphs), 10)
    past.engine.advance()
    assert past.states() == {1: "running", 2: "running", 3: "running", NOW.day: "running"}


def test_a_paused_dag_lets_it_go_on_and_a_paused_backfill_waits(past):
    past.do(set_paused, ["orders"], is_paused=True, actor="")
    key = past.begin(max_active_runs=1)
    past.do(pause_backfill, key, actor="ann")
    past.tick()
    assert past.states() == {}
    past.do(resume_backfill, key, actor="ann")
    past.tick()
    assert past.states() == {1: "running"}
    past.do(pause_backfill, key, actor="ann")
    past.finish(1)
    assert past.states() == {1: "success"}


def test_cancelling_ends_what_waits_and_on_request_what_runs(past):
    key = past.begin(max_active_runs=2)
    past.tick()
    assert past.do(cancel_backfill, key, actor="ann") == 0
    past.tick()
    assert past.states() == {1: "running", 2: "running"}
    with pytest.raises(Conflict, match=f"Backfill {key} has ended: it was cancelled"):
        past.do(cancel_backfill, key, actor="ann")
    other = past.begin(3, 4)
    past.tick()
    assert past.do(cancel_backfill, other, stop_running=True, actor="ann") == 2
    assert past.states() == {1: "running", 2: "running", 3: "failed", 4: "failed"}


@pytest.mark.parametrize(
    ("behavior", "fates", "states"),
    [
        ("none", ["leave", "leave", "in_flight", "create"], ["success", "failed", "running", "running"]),
        ("failed", ["leave", "rerun", "in_flight", "create"], ["success", "running", "running", "running"]),
        (
            "completed",
            ["rerun", "rerun", "in_flight", "create"],
            ["running", "running", "running", "running"],
        ),
    ],
)
def test_runs_that_are_there_are_left_or_run_again_as_asked(past, behavior, fates, states):
    for each in (1, 2, 3):
        past.engine.now = NOW + timedelta(seconds=each)
        past.begin(each, each)
        past.tick()
        if each < 3:
            past.finish(each, state={1: "success", 2: "failed"}[each])
    with past.engine.db.write() as session:
        session.execute(sa.update(dag_run).values(backfill_id=None))
    past.tick()
    request = past.ask(1, 4, reprocess_behavior=behavior)
    preview = past.do(preview_backfill, request)
    assert [each.fate for each in preview.runs] == fates
    key = past.do(create_backfill, request, actor="ann").id
    past.tick()
    assert list(past.states().values()) == states
    assert past.row(key).left_count == fates.count("leave") + fates.count("in_flight")


def test_a_run_that_runs_again_takes_the_code_of_now_and_the_conf_of_the_backfill(past):
    past.begin(1, 1)
    past.tick()
    past.finish(1)
    past.engine.redefine(spec(task("a"), task("b"), schedule=DAILY, max_active_runs=1))
    past.begin(1, 1, reprocess_behavior="completed", conf={"day": "mon"})
    past.tick()
    with past.engine.db.read() as session:
        run_pk, conf, params = session.execute(
            sa.select(dag_run.c.id, dag_run.c.conf, dag_run.c.params)
        ).one()
    assert conf == params == {"day": "mon"}
    assert set(past.engine.states(run_pk)) == {"a", "b"}


def test_the_schedule_makes_no_second_run_of_a_date_that_a_backfill_made(past):
    past.begin(1, 2)
    past.tick()
    graph = spec(task("a"), schedule=DAILY, catchup=True, start_date=day(1).isoformat())
    past.do(lambda session, now: set_next_dues(session, {"orders": following(graph, None, now)}))
    past.engine.specs.clear()
    for _ in range(3):
        past.do(CreateDueRuns(past.engine.graphs), 10)
    with past.engine.db.read() as session:
        dates = list(session.scalars(sa.select(dag_run.c.logical_date).order_by(dag_run.c.id)))
    assert len(dates) == len(set(dates))


def test_a_dag_has_one_at_a_time(past):
    key = past.begin()
    with pytest.raises(Conflict, match=f"'orders' has backfill {key} going on"):
        past.begin(1, 2)


def test_one_that_cannot_go_on_is_paused_with_its_reason_and_the_others_go_on(past):
    past.engine.define(spec(task("a"), dag_id="parcels", schedule=DAILY))
    broken = past.begin()
    sound = past.do(
        create_backfill,
        BackfillRequest(dag_id="parcels", from_date=day(1), to_date=day(2)),
        actor="ann",
    ).id
    needy = ParamSpec(name="shop", schema={"type": "string"}, default=None, has_default=False)
    past.engine.redefine(spec(task("a"), schedule=DAILY, params=(needy,)))
    past.duty = ContinueBackfills(past.engine.graphs, one_by_one)
    past.tick()
    row = past.row(broken)
    assert row.state == "paused"
    assert "'shop' of DAG 'orders' has no default" in row.reason
    assert past.row(sound).is_drawn


@pytest.mark.parametrize(
    ("schedule", "fields", "fault"),
    [
        (ScheduleSpec(kind="none"), {}, "names no instants"),
        (DAILY, {"from_date": day(4), "to_date": day(3)}, "ends before it begins"),
        (DAILY, {"from_date": day(30), "to_date": day(30)}, "begins in the future"),
        (DAILY, {"max_active_runs": 0}, "max_active_runs=0"),
        (DAILY, {"reprocess_behavior": "all"}, "'all' is none of none, failed, completed"),
        (
            DAILY,
            {"from_date": day(1) + timedelta(1e-4), "to_date": day(1) + timedelta(1e-3)},
            "has no run from",
        ),
        (DAILY, {"run_backwards": True}, "'back' waits for the run before its own"),
    ],
)
def test_what_cannot_be_is_refused_in_words(engine, schedule, fields, fault):
    engine.define(spec(task("back", depends_on_past=True), schedule=schedule))
    asked = {"dag_id": "orders", "from_date": day(1), "to_date": day(5)} | fields
    with engine.db.write() as session, pytest.raises(BadParams, match=fault):
        create_backfill(session, engine.now, BackfillRequest(**asked), actor="")


@pytest.mark.postgres
@pytest.mark.parametrize(("stop_running", "count", "end"), [(False, 0, "running"), (True, 1, "failed")])
def test_a_run_that_starts_while_its_backfill_is_cancelled_counts_as_running(
    postgres_db, stop_running, count, end
):
    past = Past(Engine(postgres_db))
    past.engine.define(spec(task("a"), schedule=DAILY))
    key = past.begin(1, 1)
    past.do(past.duty, 10)
    cancelled = []
    with met_by(
        postgres_db,
        lambda: cancelled.append(past.do(cancel_backfill, key, stop_running=stop_running, actor="ann")),
    ) as start:
        past.engine.advance_in(start)
    assert (cancelled, past.states()) == ([count], {1: end})


@pytest.mark.postgres
def test_a_run_that_ends_while_its_backfill_is_cancelled_keeps_its_end(postgres_db):
    past = Past(Engine(postgres_db))
    past.engine.define(spec(task("a"), schedule=DAILY))
    key = past.begin(1, 2)
    past.tick()
    run_id = "backfill__2026-11-01T00:00:00+00:00"
    with met_by(postgres_db, lambda: past.do(cancel_backfill, key, stop_running=True, actor="ann")) as ending:
        mark_run(ending, NOW, "orders", run_id, to="success", actor="bob")
    assert (past.row(key).state, past.states()) == ("cancelled", {1: "success", 2: "failed"})


@pytest.mark.postgres
def test_a_run_that_somebody_has_run_again_meanwhile_is_left_to_run(postgres_db):
    past = Past(Engine(postgres_db))
    past.engine.define(spec(task("a"), schedule=DAILY))
    past.begin(1, 1)
    past.tick()
    past.finish(1, state="failed")
    key = past.begin(1, 1, reprocess_behavior="failed")
    run_id = "backfill__2026-11-01T00:00:00+00:00"
    with met_by(postgres_db, lambda: past.do(past.duty, 10)) as again:
        rerun(again, NOW, RerunRequest(dag_id="orders", run_id=run_id), actor="bob")
    assert past.row(key).left_count == 1
