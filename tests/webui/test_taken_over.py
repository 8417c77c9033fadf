"""What was taken over from another system stands on the page of the DAG."""

from __future__ import annotations

from datetime import timedelta

from scheduler.core.timetables import Due
from scheduler.store.events import Event, append
from scheduler.store.origins import DagOrigin, put_origins
from tests.webui.seed import NOW

DETAILS = "/dags/orders_hourly/details"
LAST = NOW - timedelta(days=3)


def take_over(db, **known):
    with db.write() as session:
        put_origins(session, [DagOrigin(dag_id="orders_hourly", last=Due(LAST, LAST, LAST, LAST), **known)])


def test_the_page_says_what_was_taken_over_when_and_by_whom(person, db):
    assert "Taken over" not in person.get(DETAILS).text
    take_over(db, schedule_meaning="interval")
    with db.write() as session:
        for dag_id in ("orders_hourly", "x"):
            append(session, [Event(at=NOW, kind="dag.taken_over", dag_id=dag_id, actor=f"user:{dag_id}")])
    text = person.get(DETAILS).text
    assert "Taken over from Airflow" in text
    assert "by user:orders_hourly" in text
    assert "2026-11-18" in text
    assert "a run at the end of each interval" in text


def test_where_the_event_is_gone_the_rest_is_told(person, db):
    take_over(db)
    text = person.get(DETAILS).text
    assert "scheduled runs go on after it" in text
    assert "Its schedule means" not in text
