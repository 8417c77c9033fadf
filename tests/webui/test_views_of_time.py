"""Gantt, calendar and durations: what waited, what ran, what the run took its time for."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
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


def test_a_day_is_one_by_the_clock_of_the_reader_also_where_the_clock_is_changed(
    db: Database, person: Browser
) -> None:
    hours = {
        "2026-03-28T22:59:59": 28,
        "2026-03-28T23:00:00": 29,
        "2026-03-29T21:59:59": 29,
        "2026-03-29T22:00:00": 30,
    }
    with db.write() as session:
        of_dag = sa.select(dag_run.c.id).where(dag_run.c.dag_id == "orders_hourly")
        pks = session.execute(of_dag.order_by(dag_run.c.id).limit(4)).scalars().all()
        for pk, at in zip(pks, hours, strict=True):
            due = datetime.fromisoformat(at).replace(tzinfo=UTC)
            session.execute(sa.update(dag_run).where(dag_run.c.id == pk).values(logical_date=due))
        seed.tell(session, None)
    person.client.set_cookie("dirigent_here", "Europe/Berlin", domain="127.0.0.1")
    text = " ".join(person.get("/dags/orders_hourly/calendar").text.split())
    assert "13 runs by day of the logical date (Europe/Berlin)" in text
    for day, count in Counter(hours.values()).items():
        assert re.search(rf'day=2026-03-{day}">2026-03-{day}</a></td><td class="num">{count}<', text), day
        assert (
            person.get(f"/dags/orders_hourly/runs?day=2026-03-{day}").text.count('<tr data-href="') == count
        )
    assert person.get("/dags/orders_hourly/runs?day=9999-12-31").status_code == 200


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "Africa/Casablanca", "America/Sao_Paulo", "Pacific/Apia", "UTC"]
)
def test_a_year_knows_how_far_from_utc_a_clock_is_at_each_instant(zone: str) -> None:
    for number in (1986, 2011, 2018):
        stretches = tuple(year.stretches(number, ZoneInfo(zone)))
        begin = year.midnight(date(number, 1, 1), ZoneInfo(zone))
        for until, _ in stretches:
            for at in (begin, until - timedelta(seconds=1)):
                far = next(off for end, off in stretches if at < end)
                assert far == at.astimezone(ZoneInfo(zone)).utcoffset()
            begin = until


def test_durations_of_the_run_and_of_a_task(person: Browser) -> None:
    assert "longest: 19 s" in person.get("/dags/orders_hourly/durations").text
    assert "longest: 1.2 s" in person.get("/dags/orders_hourly/durations?task=extract").text
    assert "None has ended yet" in person.get("/dags/carrier_fanout/durations").text
