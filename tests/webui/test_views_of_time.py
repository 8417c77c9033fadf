"""Gantt, calendar and durations: what waited, what ran, what the run took its time for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa

from scheduler.store import Database
from scheduler.store.tables import attempt, dag_run
from scheduler.store.views.timelines import Bar, list_bars
from tests.webui import seed
from tests.webui.conftest import Browser
from tests.webui.test_pages import FAILED_RUN, FAILED_RUN_ID
from webui import timelines, year

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def second(count: float) -> datetime:
    return NOON + timedelta(seconds=count)


def test_a_bar_tells_waiting_for_room_from_waiting_for_a_worker():
    bar = Bar("load", 1, "success", second(2), second(4), second(5), second(10))
    [row] = timelines.draw([bar], ["load"], NOON, second(10)).rows
    assert [(part.what, part.x, part.width) for part in row.parts] == [
        ("room", 200, 200),
        ("pick-up", 400, 100),
        ("ran", 500, 500),
    ]
    assert (row.room_s, row.pick_up_s, row.ran_s, row.is_critical) == (2, 1, 5, True)


def test_what_still_runs_reaches_to_the_present():
    running = Bar("load", 1, "running", None, second(0), second(5), None)
    chart = timelines.draw([running], [], NOON, second(10))
    assert chart.rows[0].parts[-1].width == 500
    assert timelines.ends_of([running], second(10)) == {"load": second(10)}


def test_attempts_of_a_task_are_one_row_and_instances_of_a_mapped_one_are_one_bar(db: Database) -> None:
    with db.write() as session:
        run = session.execute(sa.select(dag_run).where(dag_run.c.run_id == FAILED_RUN_ID)).one()
        first = sa.select(attempt.c.ti_id).where(attempt.c.run_pk == run.id).order_by(attempt.c.id).limit(1)
        ti = session.execute(first).scalar_one()
        seed.add_attempt(session, run.id, ti, "success", second(1), end_date=second(3))
    with db.read() as session:
        bars = list_bars(session, run.id)
    assert [bar.task_id for bar in bars].count("extract") == 2
    assert bars[0].room_s == 0.002
    assert bars[0].pick_up_s == 0.006


def test_the_gantt_marks_the_critical_path(person: Browser) -> None:
    text = person.get(f"{FAILED_RUN}/gantt").text
    assert 'title="on the critical path"' in text
    assert "join" not in text.partition("<tbody>")[2]
    only = person.get(f"{FAILED_RUN}/gantt?only=critical").text
    assert only.count('<tr data-href="') == only.count('class="crit" title=')


def test_a_year_has_a_square_for_each_day_and_the_loudest_run_colours_it():
    drawn = year.draw(2026, {date(2026, 11, 21): {"success": 3, "failed": 1}})
    assert len(drawn.days) == 365
    assert (drawn.days[0].weekday, drawn.weeks) == (3, 53)
    [day] = [each for each in drawn.days if each.total]
    assert (day.state, day.total, drawn.most) == ("failed", 4, 4)


def test_a_day_of_the_calendar_leads_to_its_runs(person: Browser) -> None:
    text = person.get("/dags/orders_hourly/calendar").text
    assert "2026-11-21: 1 failed, 1 running, 11 success" in " ".join(text.split())
    assert text.count('class="some') == 1
    assert person.get("/dags/orders_hourly/runs?day=2026-11-21").text.count('<tr data-href="') == 13
    assert person.get("/dags/orders_hourly/runs?day=2026-11-20").text.count('<tr data-href="') == 0
    assert person.get("/dags/orders_hourly/runs?day=tomorrow").status_code == 400
    assert person.get("/dags/orders_hourly/calendar?year=10000").status_code == 400


def test_durations_of_the_run_and_of_a_task(person: Browser) -> None:
    assert "longest: 19 s" in person.get("/dags/orders_hourly/durations").text
    assert "longest: 1.2 s" in person.get("/dags/orders_hourly/durations?task=extract").text
    assert "None has ended yet." in person.get("/dags/carrier_fanout/durations").text
