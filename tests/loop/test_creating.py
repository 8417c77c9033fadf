"""Scheduled runs: created when they are due, once each, and no more of them than the DAG wants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from scheduler.core.timetables import Due, following
from scheduler.loop.creating import CreateDueRuns
from scheduler.store.dags import get_dag, set_next_dues, set_paused
from scheduler.store.plans import plan_as_stored
from scheduler.store.tables import dag, dag_run
from scheduler.wire import ScheduleSpec
from tests.loop.engine import NOW, spec, task

HOURLY = ScheduleSpec(kind="cron", cron="0 * * * *")


class Calendar:
    """DAGs with schedules, and the duty that creates their runs."""

    def __init__(self, engine):
        self.engine = engine
        self.create = CreateDueRuns(engine.graphs)

    def define(self, schedule=HOURLY, **fields):
        graph = spec(task("a"), schedule=schedule, **fields)
        self.engine.define(graph)
        self.set_due(following(graph, None, self.engine.now))

    def set_due(self, due):
        self.engine.db.transact(lambda session: set_next_dues(session, {"orders": due}))

    def tick(self, **later):
        """Let time pass, and the duty be done until it has nothing to do."""
        self.engine.now += timedelta(**later)
        while self.engine.db.transact(lambda session: self.create(session, self.engine.now, 100)):
            pass

    def runs(self):
        with self.engine.db.read() as session:
            return list(session.scalars(sa.select(dag_run.c.run_id).order_by(dag_run.c.id)))

    def next_run_at(self):
        with self.engine.db.read() as session:
            return get_dag(session, "orders").next_run_at

    def finish_runs(self):
        with self.engine.db.write() as session:
            session.execute(sa.update(dag_run).values(state="success"))


@pytest.fixture
def calendar(engine):
    return Calendar(engine)


OWN = ScheduleSpec(kind="own", own={"class": "Own", "data": {}})


def hours(*numbers):
    instants = [datetime(2026, 11, 21, number, tzinfo=UTC) for number in numbers]
    return [Due(each, each, each, each) for each in instants]


def plan(calendar, dues):
    """Store what a timetable asked for, to be asked again in a day."""
    values = {"planned": plan_as_stored(dues), "replan_at": NOW + timedelta(days=1)}
    with calendar.engine.db.write() as session:
        session.execute(sa.update(dag).values(values))
    calendar.set_due(dues[0])


def replan_at(calendar):
    with calendar.engine.db.read() as session:
        return session.scalar(sa.select(dag.c.replan_at))


def scheduled(*hours, day=21):
    return [f"scheduled__2026-11-{day}T{hour:02}:00:00+00:00" for hour in hours]


def test_a_run_is_created_at_its_instant_and_the_next_one_is_due_after_it(calendar):
    calendar.define()
    calendar.tick(minutes=59)
    assert calendar.runs() == []
    calendar.tick(minutes=1)
    assert calendar.runs() == scheduled(13)
    assert calendar.next_run_at() == NOW + timedelta(hours=2)
    calendar.tick()
    assert calendar.runs() == scheduled(13)


def test_without_catchup_a_scheduler_that_was_away_creates_only_the_newest_run(calendar):
    calendar.define()
    calendar.tick(hours=5, minutes=30)
    assert calendar.runs() == scheduled(17)
    calendar.tick(minutes=30)
    assert calendar.runs() == scheduled(17, 18)


def test_with_catchup_every_missed_run_comes_as_earlier_ones_leave_room(calendar):
    calendar.define(catchup=True, max_active_runs=2)
    calendar.tick(hours=5)
    assert calendar.runs() == scheduled(13, 14)
    calendar.finish_runs()
    calendar.tick()
    assert calendar.runs() == scheduled(13, 14, 15, 16)
    calendar.finish_runs()
    calendar.tick()
    assert calendar.runs() == scheduled(13, 14, 15, 16, 17)


def test_a_continuous_dag_has_one_run_at_a_time(calendar):
    calendar.define(ScheduleSpec(kind="continuous"), max_active_runs=1)
    calendar.tick(seconds=1)
    assert len(calendar.runs()) == 1
    calendar.tick(hours=1)
    assert len(calendar.runs()) == 1
    calendar.finish_runs()
    calendar.tick()
    assert len(calendar.runs()) == 2


def test_dags_that_wait_for_their_own_runs_do_not_hold_up_the_others(calendar, engine):
    for number in range(3):
        graph = spec(task("a"), dag_id=f"slow{number}", schedule=HOURLY, catchup=True, max_active_runs=1)
        engine.define(graph)
        due = following(graph, None, engine.now)
        with engine.db.write() as session:
            set_next_dues(session, {graph.dag_id: due})
    calendar.tick(hours=2)
    calendar.define()
    engine.now += timedelta(hours=1)
    with engine.db.write() as session:
        assert calendar.create(session, engine.now, 3) == 1
    assert scheduled(15)[0] in calendar.runs()


def test_a_paused_dag_creates_nothing(calendar):
    calendar.define()
    with calendar.engine.db.write() as session:
        set_paused(session, NOW, ["orders"], is_paused=True, actor="user:ada")
    calendar.tick(hours=3)
    assert calendar.runs() == []


def test_nothing_is_created_after_the_end(calendar):
    calendar.define(end_date="2026-11-21T13:30:00+00:00")
    calendar.tick(hours=1)
    calendar.tick(hours=1)
    assert calendar.runs() == scheduled(13)
    assert calendar.next_run_at() is None


def test_one_instant_is_one_run_even_when_it_is_due_twice(calendar):
    calendar.define()
    calendar.tick(hours=1)
    one = datetime(2026, 11, 21, 13, tzinfo=UTC)
    calendar.set_due(Due(one, one, one, one))
    calendar.tick()
    assert calendar.runs() == scheduled(13)
    assert calendar.next_run_at() == NOW + timedelta(hours=2)


def test_runs_of_a_timetable_of_its_own_are_made_as_planned_and_a_short_plan_is_asked_for(calendar):
    calendar.define(OWN, catchup=True)
    plan(calendar, hours(13, 15))
    calendar.tick(hours=1)
    assert calendar.runs() == scheduled(13)
    assert calendar.next_run_at() == NOW + timedelta(hours=3)
    assert replan_at(calendar) == calendar.engine.now
    calendar.tick(hours=6)
    assert calendar.runs() == scheduled(13, 15)
    assert calendar.next_run_at() is None


def test_a_plan_that_is_long_enough_is_not_asked_for(calendar):
    calendar.define(OWN, max_active_runs=100)
    later = [NOW + timedelta(hours=number + 1) for number in range(27)]
    plan(calendar, [Due(each, each, each, each) for each in later])
    calendar.tick(hours=1)
    assert replan_at(calendar) == NOW + timedelta(days=1)
    calendar.tick(hours=1)
    assert replan_at(calendar) == NOW + timedelta(days=1)
    calendar.tick(hours=1)
    assert replan_at(calendar) == calendar.engine.now


def test_without_catchup_the_newest_planned_run_that_is_due_is_made(calendar):
    calendar.define(OWN)
    plan(calendar, hours(13, 15, 16, 20))
    calendar.tick(hours=5)
    assert calendar.runs() == scheduled(16)
    assert calendar.next_run_at() == NOW + timedelta(hours=8)
