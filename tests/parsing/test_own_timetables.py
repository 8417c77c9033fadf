"""Timetables of authors: asked in children, planned ahead, and no trouble to other DAGs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from scheduler.core.timetables import Due
from scheduler.store.plans import ask_for_plans, planned_runs
from scheduler.store.tables import dag
from tests.parsing.conftest import LAST

HEAD = """\
from scheduler import DAG, DagRunInfo, EmptyOperator, Timetable, Variable
from datetime import UTC, datetime, timedelta

class Own(Timetable):
    def next_dagrun_info(self, *, last_automated_data_interval, restriction):
        {body}

with DAG("own", schedule=Own(), start_date=datetime(2026, 12, 1, tzinfo=UTC){more}):
    EmptyOperator(task_id="a")
with DAG("plain", schedule="@daily"):
    EmptyOperator(task_id="a")
"""
DAYS = (
    "last = last_automated_data_interval; "
    "start = last.end if last else restriction.earliest; "
    "return DagRunInfo.interval(start, start + timedelta(days=1))"
)


def day(number, month=12):
    return datetime(2026, month, number, tzinfo=UTC)


@pytest.fixture
def own(lite_yard):
    """Write a file with such a timetable, have it read, and return the DAG's row."""

    def write(body=DAYS, more=""):
        lite_yard.write("own.py", HEAD.format(body=body, more=more))
        lite_yard.sweep()
        return lite_yard.dag("own")

    yield write
    LAST.clear()


def plan(yard):
    with yard.db.read() as session:
        return planned_runs(session, "own")


def why(yard):
    with yard.db.read() as session:
        return session.scalar(sa.select(dag.c.aside_reason).where(dag.c.dag_id == "own"))


def test_the_next_runs_are_planned_when_the_file_is_parsed(own, lite_yard):
    assert own().next_run_at == day(2)
    planned = plan(lite_yard)
    assert planned[0] == Due(day(2), day(1), day(1), day(2))
    assert len(planned) == 50
    assert lite_yard.dag("plain").next_run_at is not None


def test_a_parse_goes_on_after_the_last_run_that_was_made(own, lite_yard):
    LAST["own"] = {"run_at": day(5).isoformat(), "start": day(4).isoformat(), "end": day(5).isoformat()}
    own()
    assert plan(lite_yard)[0].run_at == day(6)


def test_a_timetable_is_asked_again_when_its_plan_is_short_and_each_hour(own, lite_yard):
    own()
    assert lite_yard.sweep() == 0
    lite_yard.db.transact(lambda session: ask_for_plans(session, lite_yard.now, ["own"]))
    LAST["own"] = {"run_at": day(5).isoformat(), "start": day(4).isoformat(), "end": day(5).isoformat()}
    assert (lite_yard.sweep(), lite_yard.sweep()) == (1, 0)
    assert plan(lite_yard)[0].run_at == day(6)
    assert lite_yard.dag("own").next_run_at == day(2), "what is due is not passed over by a look ahead"
    lite_yard.now += timedelta(hours=1)
    assert lite_yard.sweep() == 1


def test_other_code_is_planned_anew(own):
    assert own().next_run_at == day(2)
    assert own(DAYS.replace("timedelta(days=1)", "timedelta(days=3)")).next_run_at == day(4)


def test_a_timetable_may_end_and_the_end_of_the_dag_bounds_it(own, lite_yard):
    row = own("return None if last_automated_data_interval else DagRunInfo.exact(restriction.earliest)")
    assert row.next_run_at == day(1)
    assert len(plan(lite_yard)) == 1
    assert (
        own(
            "return DagRunInfo.exact(restriction.latest + timedelta(1))",
            ", end_date=datetime(2026, 12, 9, tzinfo=UTC)",
        ).next_run_at
        is None
    )
    assert own("return None").next_run_at is None
    assert why(lite_yard) == ""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise KeyError('moon')", "KeyError: 'moon' (dags/own.py:6 in next_dagrun_info)"),
        ("return DagRunInfo.exact(datetime(2026, 1, 1))", "return datetimes with a time zone"),
        ("return 'tomorrow'", "answered 'tomorrow'; return a DagRunInfo, or None"),
        ("__import__('threading').Event().wait()", "It did not answer within"),
    ],
)
def test_one_that_cannot_be_asked_stops_its_own_dag_alone_and_the_page_says_why(own, lite_yard, body, said):
    assert own().next_run_at is not None
    assert own(body).next_run_at is None
    assert lite_yard.error("own.py") == ""
    assert said in why(lite_yard)
    assert why(lite_yard).startswith("No run comes by itself, as its timetable cannot be asked: ")
    assert lite_yard.dag("plain").next_run_at is not None
    assert own().next_run_at == day(2)
    assert why(lite_yard) == ""


def test_one_that_failed_is_asked_again_after_five_minutes(own, lite_yard):
    own("return DagRunInfo.exact(datetime.fromisoformat(Variable.get('moon')))")
    assert "moon" in why(lite_yard)
    for _ in range(4):
        assert lite_yard.sweep() == 0
    assert lite_yard.sweep() == 1


def test_a_run_no_later_than_the_last_one_is_refused(own, lite_yard):
    LAST["own"] = {"run_at": day(5).isoformat(), "start": day(4).isoformat(), "end": day(5).isoformat()}
    own("return DagRunInfo.exact(restriction.earliest)")
    assert "answered 2026-12-01T00:00:00+00:00, no later than its last run, 2026-12-05" in why(lite_yard)


def test_another_schedule_forgets_the_plan(own, lite_yard):
    own()
    lite_yard.write_dag("own.py", "own", schedule="'@daily'")
    lite_yard.sweep()
    assert plan(lite_yard) == ()
    lite_yard.now += timedelta(hours=2)
    assert lite_yard.sweep() == 0


def test_a_paused_dag_is_not_asked(own, lite_yard):
    own(more=", is_paused_upon_creation=True")
    lite_yard.now += timedelta(hours=2)
    assert lite_yard.sweep() == 0
